//! Whether an app's credentials are right: in memory for a generated secret, on the hashing pool for
//! any other.

use std::sync::Arc;
use std::time::Duration;

use tokensmith::{
    AppCredentials, AppSecret, AuthenticateError, Context, ThrottleReason, UpstreamKind,
};

use crate::directory::{Directory, Judgement, SlowHash};
use crate::imported::argon2id::Argon2id;
use crate::imported::pool::NotTaken;
use crate::in_force::InForce;
use crate::issuer::{Issuer, failed};
use crate::rewrites::Rewrite;
use crate::secret::{self, ShownDigests};
use crate::state::State;

/// What a caller is asked to wait when too many hashes wait already.
const PATIENCE: Duration = Duration::from_secs(1);

impl Issuer {
    /// What is in force, for an app whose credentials are right. Which work is done for that is decided
    /// by the shape of the secret that is shown and by the directory, never by the app's own record: an
    /// unknown app costs what a known one does. What became of it is told at the next moment of the grid,
    /// if there is one.
    pub(crate) async fn judge(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<Arc<InForce>, AuthenticateError> {
        if let Err(forked) = self.state.check_watched(cx.tick) {
            return Err(AuthenticateError::upstream(UpstreamKind::Config, forked));
        }
        let in_force = self.state.in_force();
        let (directory, shown) = (&in_force.directory, credentials.secret.expose_secret());
        let slow = directory.slow_step().filter(|_| !secret::is_generated(shown));
        let step = slow.or(self.state.settings.completion_grid);
        let begun = step.map(|_| self.grid.now());
        // Whatever is wrong is found out after the same work.
        let now = cx.wall.as_secs();
        let judgement = if slow.is_some() {
            self.judge_slow(directory, credentials, now).await
        } else {
            Ok(self.judge_digest(directory, credentials, now))
        };
        // Who is not let in at all has caused no work that could be timed.
        let is_busy = matches!(judgement, Err(AuthenticateError::Throttled { .. }));
        if let (Some(step), Some(begun), false) = (step, begun, is_busy) {
            let waited = self.grid.next(step, begun).await;
            waited.map_err(|error| AuthenticateError::upstream(UpstreamKind::Other, error))?;
        }
        let judgement = judgement?;
        match judgement {
            Judgement::Right => Ok(in_force),
            Judgement::Refused(reason) => Err(AuthenticateError::Rejected(reason)),
            Judgement::Damaged => failed(UpstreamKind::Store, "the app's record is damaged"),
        }
    }

    async fn judge_slow(
        &self,
        directory: &Directory,
        credentials: &AppCredentials,
        now: u64,
    ) -> Result<Judgement, AuthenticateError> {
        let Some(chosen) = directory.choose_slow(credentials.id.as_str()) else {
            return Ok(Judgement::Damaged);
        };
        let verified = self.verify(chosen.slow, &credentials.secret).await?;
        Ok(directory.judge_slow(&chosen, verified, now))
    }

    fn judge_digest(
        &self,
        directory: &Directory,
        credentials: &AppCredentials,
        now: u64,
    ) -> Judgement {
        let (app, peppers) = (credentials.id.as_str(), &self.state.keys.peppers);
        let shown = ShownDigests::of(peppers, app, credentials.secret.expose_secret());
        let judged = directory.judge(app, shown.as_slice(), now);
        if let Some((secret, place)) = judged.found
            && let Some(rewrite) = shown.rewrite(peppers, &secret.id, place)
        {
            self.state.rewrites.note(&secret.id, rewrite);
        }
        judged.judgement
    }

    /// Verifies a secret on the pool. A right one whose hash shall give way makes a better one there,
    /// once the caller has its answer.
    async fn verify(&self, slow: &SlowHash, secret: &AppSecret) -> Result<bool, AuthenticateError> {
        let is_allowed = self.state.settings.verify_legacy_hashes || !slow.hash.is_legacy();
        let (state, slow, secret) = (Arc::clone(&self.state), slow.clone(), secret.clone());
        let answer = self.hashing.run(move |answer| {
            let secret = secret.expose_secret().as_bytes();
            let verified = slow.hash.verify(secret).map(|right| right & is_allowed);
            let _ = answer.send(verified);
            if verified == Ok(true) && slow.hash.is_weak() {
                rewrite(&state, &slow, secret);
            }
        });
        let answer = answer.map_err(|refused| match refused {
            NotTaken::Full => AuthenticateError::Throttled {
                reason: ThrottleReason::Busy,
                retry_after: Some(PATIENCE),
            },
            error @ NotTaken::Thread(_) => AuthenticateError::upstream(UpstreamKind::Other, error),
        })?;
        match answer.await {
            Ok(Ok(verified)) => Ok(verified),
            Ok(Err(error)) => Err(AuthenticateError::upstream(UpstreamKind::Other, error)),
            Err(_) => failed(UpstreamKind::Other, "the hash of a secret was not finished"),
        }
    }
}

impl Drop for Issuer {
    /// Before the watcher ends, which writes what the pool has made.
    fn drop(&mut self) {
        if self.state.is_at_home() {
            self.hashing.end();
            self.grid.end();
        } else {
            self.hashing.abandon();
            self.grid.abandon();
        }
    }
}

/// Makes the better hash, which the watcher writes. The secret is at hand now, and perhaps never again.
fn rewrite(state: &State, slow: &SlowHash, secret: &[u8]) {
    if state.rewrites.has(&slow.secret) {
        return;
    }
    // One that cannot be made is tried again at the next use.
    if let Ok(hash) = Argon2id::make(secret, state.random.as_ref()) {
        let rewrite = Rewrite { from: slow.hash.to_string(), to: hash.to_string() };
        state.rewrites.note(&slow.secret, rewrite);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures_executor::block_on;
    use tokensmith::{Clock as _, Presented, SystemClock};

    use super::*;
    use crate::builder::Host;
    use crate::imported::app::ImportedApp;
    use crate::random::{OsRandom, Random, RandomError};
    use crate::settings::IssuerSettings;

    const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";

    /// Fails as long as it is told to.
    struct Failing(Arc<AtomicBool>);

    impl Random for Failing {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
            if self.0.load(Ordering::SeqCst) {
                return Err(RandomError);
            }
            OsRandom::warm()?.fill(bytes)
        }
    }

    #[test]
    fn a_better_hash_that_cannot_be_made_fails_no_call_and_is_made_at_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = IssuerSettings::new(folder.path().join("a.db"));
        settings.verify_legacy_hashes = true;
        settings.hashing_threads = NonZeroUsize::MIN;
        let fails = Arc::new(AtomicBool::new(false));
        let random = Box::new(Failing(Arc::clone(&fails)));
        let issuer = Issuer::open_with(settings, random, Host::default()).unwrap();
        issuer.admin().import_app(ImportedApp::with_secret_hash("a", BCRYPT)).unwrap();
        let shown = Presented::new("a", "correct horse battery staple".into());
        let judge = || {
            let clock = SystemClock::new();
            let cx = Context::new(clock.wall(), clock.tick());
            block_on(issuer.judge(&cx, shown.credentials().unwrap())).is_ok()
        };
        let state = Arc::clone(&issuer.state);
        let kept = || {
            let id = &shown.credentials().unwrap().id;
            state.look(|records| Ok(records.secrets_of(id)?.remove(0).stored)).unwrap()
        };
        fails.store(true, Ordering::SeqCst);
        // On the one thread what the first left to do is done before the second.
        assert!(judge() && judge());
        assert!(state.rewrites.take().is_empty());
        fails.store(false, Ordering::SeqCst);
        assert!(judge());
        drop(issuer);
        assert!(kept().starts_with("$argon2id$"), "{}", kept());
    }
}
