//! The issuer: judges an app's credentials by the directory, and signs its tokens.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;
use tokensmith::{
    AppCredentials, AuthenticateError, Authenticator, Clock, Context, Observer, TokenSet,
    UpstreamKind,
};

use crate::admin::Admin;
use crate::builder::{Host, IssuerBuilder};
use crate::given_key::KeyError;
use crate::grid::Grid;
use crate::imported::pool::HashingPool;
use crate::random::Random;
use crate::refresh::ledger::RefreshLedger;
use crate::refresh::token::{FamilyId, Fields};
use crate::settings::{IssuerSettings, SettingError};
use crate::state::State;
use crate::store::StoreError;
use crate::watcher::Watcher;

/// Issues tokens to apps of its own. It keeps apps, secrets and the signing key in an SQLite file,
/// which other processes may have open too, and needs no other service.
///
/// For an app with a generated secret its [`authenticate`](Authenticator::authenticate) never waits: the
/// apps are in memory, and what it computes, one signature for the most part, takes microseconds. A
/// secret that was imported is verified in milliseconds, on threads of the issuer's own
/// ([`IssuerSettings::hashing_threads`]). Another thread watches the store for changes by other
/// processes. All end when the issuer is dropped.
///
/// Where a process forks, each child opens its own issuer, after the fork: one that was opened
/// before answers in the child with a fault, and goes on in the parent.
pub struct Issuer {
    pub(crate) state: Arc<State>,
    pub(crate) hashing: HashingPool,
    pub(crate) grid: Grid,
    _watcher: Watcher,
}

/// Why an issuer cannot be opened. It never goes on with less than it should have: a root key that
/// is missing or another, or a damaged signing key, is an error here and never a new key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A setting is out of its bounds.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The root key, or another key that the host gives, is not to be had.
    #[error(transparent)]
    Key(KeyError),
    /// The store, or the ledger beside it, cannot be used.
    #[error("the store `{}` cannot be used", .path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The process was forked off one that has an issuer open: SQLite cannot be used then. Open
    /// issuers after the fork.
    #[error("the process was forked after an issuer was opened; open issuers after the fork")]
    Forked,
    /// The system's random source failed.
    #[error("the system's random source failed")]
    Random,
    /// The thread that watches the store cannot be started.
    #[error("the thread that watches the store cannot be started")]
    Thread(#[source] std::io::Error),
}

impl Issuer {
    /// Puts an issuer together from more than [`open`](Self::open) takes.
    pub fn builder(settings: IssuerSettings) -> IssuerBuilder {
        IssuerBuilder::new(settings)
    }

    /// Opens an issuer, as [`IssuerBuilder::open`] does. `clock` dates records; `observer` hears when a
    /// change by another process cannot be put in force.
    ///
    /// # Errors
    /// [`OpenError`] says what is missing, damaged, open to others or another user's.
    pub fn open(
        settings: IssuerSettings,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, OpenError> {
        Self::builder(settings).clock(clock).observer(observer).open()
    }

    pub(crate) fn open_with(
        settings: IssuerSettings,
        random: Box<dyn Random>,
        host: Host,
    ) -> Result<Self, OpenError> {
        settings.check()?;
        let (store, ledger_file) = (settings.store.clone(), settings.ledger());
        let timer = host.timer.clone();
        let state = State::open(settings, random, host);
        let state = Arc::new(state.map_err(|error| match error {
            StoreError::Ledger(error) => OpenError::of(ledger_file, *error),
            error => OpenError::of(store, error),
        })?);
        let watcher = Watcher::start(Arc::clone(&state)).map_err(OpenError::Thread)?;
        let hashing = HashingPool::new(state.settings.hashing_threads);
        let grid = Grid::new(Arc::clone(&state.clock), timer);
        Ok(Self { state, hashing, grid, _watcher: watcher })
    }

    /// The administration of this issuer. It goes on when the issuer is dropped.
    pub fn admin(&self) -> Admin {
        Admin::new(Arc::clone(&self.state))
    }

    /// The ledger that it asks: the one beside its store, or the one that it was given.
    pub fn ledger(&self) -> Arc<dyn RefreshLedger> {
        Arc::clone(&self.state.ledger)
    }

    async fn issue(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<TokenSet, AuthenticateError> {
        let in_force = self.judge(cx, credentials).await?;
        let app = credentials.id.as_str();
        // Each draw is a system call: one for all that is random in the two tokens.
        let mut drawn = [[0_u8; 8]; 5];
        if let Err(error) = self.state.random.fill(drawn.as_flattened_mut()) {
            return Err(AuthenticateError::upstream(UpstreamKind::Random, error));
        }
        let [id_high, id_low, family_high, family_low, branch] = drawn;
        let settings = &self.state.settings;
        let mut family = [0; 16];
        family.as_chunks_mut().0.copy_from_slice(&[family_high, family_low]);
        let issued_at = cx.wall.as_secs();
        let Some(fields) = Fields::first(FamilyId(family), branch, issued_at, settings) else {
            return failed(UpstreamKind::Config, "the wall clock is out of bounds");
        };
        let refresh_token = self.written(app, &fields)?;
        let minted = self.mint(cx, &credentials.id, &in_force, &[id_high, id_low]).await?;
        Ok(minted.with(refresh_token))
    }
}

#[async_trait]
impl Authenticator for Issuer {
    async fn authenticate(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<TokenSet, AuthenticateError> {
        self.issue(cx, credentials).await
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("store", &self.state.settings.store).finish_non_exhaustive()
    }
}

impl OpenError {
    fn of(path: PathBuf, error: StoreError) -> Self {
        match error {
            StoreError::Key(error) => Self::Key(error),
            StoreError::Forked(_) => Self::Forked,
            StoreError::Random(_) => Self::Random,
            error => Self::Store { path, source: Box::new(error) },
        }
    }
}

pub(crate) fn failed<T>(kind: UpstreamKind, what: &'static str) -> Result<T, AuthenticateError> {
    Err(AuthenticateError::upstream(kind, what))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_executor::block_on;
    use tokensmith::{ManualClock, Presented, RefreshToken, Refresher as _, UnixTime};

    use super::*;
    use crate::random::{OsRandom, RandomError};

    /// Counts its draws, and fails from the n-th on.
    struct Counted {
        drawn: Arc<AtomicUsize>,
        fails_at: Arc<AtomicUsize>,
    }

    impl Random for Counted {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
            let draw = self.drawn.fetch_add(1, Ordering::SeqCst);
            if draw >= self.fails_at.load(Ordering::SeqCst) {
                return Err(RandomError);
            }
            OsRandom::warm()?.fill(bytes)
        }
    }

    struct Scene {
        folder: tempfile::TempDir,
        drawn: Arc<AtomicUsize>,
        fails_at: Arc<AtomicUsize>,
        clock: ManualClock,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                folder: tempfile::tempdir().unwrap(),
                drawn: Arc::default(),
                fails_at: Arc::new(AtomicUsize::new(usize::MAX)),
                clock: ManualClock::new(UnixTime::from_secs(1_700_000_000)),
            }
        }

        fn open(&self) -> Result<Issuer, OpenError> {
            let random =
                Counted { drawn: Arc::clone(&self.drawn), fails_at: Arc::clone(&self.fails_at) };
            let settings = IssuerSettings::new(self.folder.path().join("a.db"));
            let host = Host { clock: Arc::new(self.clock.clone()), ..Host::default() };
            Issuer::open_with(settings, Box::new(random), host)
        }

        fn cx(&self) -> Context {
            Context::new(self.clock.wall(), self.clock.tick())
        }

        fn fail_from_now(&self, draws: usize) {
            let drawn = self.drawn.load(Ordering::SeqCst);
            self.fails_at.store(drawn.saturating_add(draws), Ordering::SeqCst);
        }
    }

    fn is_fault(answer: &Result<TokenSet, AuthenticateError>, expected: UpstreamKind) -> bool {
        matches!(answer, Err(AuthenticateError::Upstream { kind, .. }) if *kind == expected)
    }

    #[test]
    fn a_token_draws_once_and_without_randomness_there_is_none() {
        let scene = Scene::new();
        let issuer = scene.open().unwrap();
        let app = issuer.admin().create_app("a").unwrap();
        let shown = Presented::new(app.id.as_str(), app.secret.expose_secret().into());
        let shown = shown.credentials().unwrap();
        let before = scene.drawn.load(Ordering::SeqCst);
        assert!(block_on(issuer.issue(&scene.cx(), shown)).is_ok());
        assert_eq!(scene.drawn.load(Ordering::SeqCst), before + 1);
        scene.fail_from_now(0);
        assert!(is_fault(&block_on(issuer.issue(&scene.cx(), shown)), UpstreamKind::Random));
        scene.fails_at.store(usize::MAX, Ordering::SeqCst);
        assert!(block_on(issuer.issue(&scene.cx(), shown)).is_ok());
    }

    /// All that can fail comes before the ledger is asked.
    #[test]
    fn without_randomness_nothing_is_redeemed_and_the_token_stays_good() {
        let scene = Scene::new();
        let issuer = scene.open().unwrap();
        let app = issuer.admin().create_app("a").unwrap();
        let shown = Presented::new(app.id.as_str(), app.secret.expose_secret().into());
        let shown = shown.credentials().unwrap();
        let redeem = |token: &RefreshToken| block_on(issuer.redeem(&scene.cx(), shown, token));
        let mut token = block_on(issuer.issue(&scene.cx(), shown)).unwrap().refresh_token.unwrap();
        for _ in 0..2 {
            scene.fail_from_now(0);
            assert!(is_fault(&redeem(&token), UpstreamKind::Random));
            scene.fails_at.store(usize::MAX, Ordering::SeqCst);
            let [next, again] = [redeem(&token), redeem(&token)]
                .map(|tokens| tokens.unwrap().refresh_token.unwrap());
            assert_eq!(next.expose_secret(), again.expose_secret());
            token = next;
        }
    }

    #[test]
    fn an_app_is_made_whole_or_not_at_all_whichever_draw_fails() {
        let scene = Scene::new();
        let admin = scene.open().unwrap().admin();
        let mut draws = 0;
        loop {
            scene.fail_from_now(draws);
            match admin.create_app("a") {
                Ok(_) => break,
                Err(error) => assert_eq!(error.code(), "ERR_ADMIN_STORE"),
            }
            assert_eq!(admin.list_apps().unwrap().len(), 0, "after {draws} draws");
            draws += 1;
        }
        // The id, the secret's id and bits, and the new directory's.
        assert!(draws >= 5, "{draws}");
        assert_eq!(admin.list_apps().unwrap().len(), 1);
    }

    #[test]
    fn a_first_start_resumes_whichever_draw_failed() {
        let scene = Scene::new();
        let mut draws = 0;
        loop {
            scene.fail_from_now(draws);
            match scene.open() {
                Ok(_) => break,
                Err(error) => assert!(
                    matches!(
                        error,
                        OpenError::Random | OpenError::Key(_) | OpenError::Store { .. }
                    ),
                    "{error:?}"
                ),
            }
            draws += 1;
        }
        assert!(draws >= 3, "{draws}");
        scene.fails_at.store(usize::MAX, Ordering::SeqCst);
        assert!(scene.open().unwrap().admin().create_app("a").is_ok());
    }

    #[test]
    fn records_are_dated_by_the_clock() {
        let scene = Scene::new();
        let admin = scene.open().unwrap().admin();
        admin.create_app("first").unwrap();
        scene.clock.set_wall(UnixTime::from_secs(1_600_000_000));
        admin.create_app("second").unwrap();
        let names: Vec<_> = admin.list_apps().unwrap().into_iter().map(|app| app.name).collect();
        assert_eq!(names, ["second", "first"], "by the date that is stored");
    }

    #[test]
    fn a_name_is_short_and_without_control_characters() {
        let scene = Scene::new();
        let admin = scene.open().unwrap().admin();
        for bad in ["", "a\nb", "\u{1b}[2J", &"n".repeat(129)] {
            assert_eq!(admin.create_app(bad).unwrap_err().code(), "ERR_ADMIN_INVALID", "{bad:?}");
        }
        admin.create_app(&"n".repeat(128)).unwrap();
        let nobody = tokensmith::AppClientId::new("appcl-nobody").unwrap();
        assert_eq!(admin.disable_app(&nobody).unwrap_err().code(), "ERR_ADMIN_NOT_FOUND");
    }

    #[test]
    fn an_id_is_its_prefix_and_twenty_letters_or_digits() {
        let scene = Scene::new();
        let app = scene.open().unwrap().admin().create_app("a").unwrap();
        let rest = app.id.as_str().strip_prefix("appcl-").unwrap();
        assert_eq!(rest.len(), 20);
        assert!(rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    }
}
