//! A ledger on its bench, with an issuer that asks it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_executor::block_on;
use tokensmith::{
    AppClientId, AppCredentials, AuthenticateError, Authenticator as _, Clock, Context,
    ManualClock, Presented, RefreshToken, Refresher as _, RejectReason, TokenSet, UnixTime,
};
use tokensmith_issuer::ledger::{LedgerError, Outcome, RefreshLedger, Step};
use tokensmith_issuer::{CreatedApp, Issuer, IssuerSettings};

use super::Workbench;

/// When a ledger is made.
pub(super) const START: u64 = 1_700_000_000;
pub(super) const DAY: u64 = 86_400;
/// How long a token lies unused, by the issuer's settings as they are.
pub(super) const IDLE: u64 = 7 * DAY;
/// How long a family lives.
pub(super) const LIFE: u64 = 30 * DAY;
/// How long a retry gives the same successor.
pub(super) const GRACE: u64 = 10;

/// What a redemption came to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    Next(String),
    Refused(String),
    Failed,
}

/// An issuer on a ledger that is tested, at a time of its own, with two apps.
pub(super) struct Scene {
    _folder: tempfile::TempDir,
    pub(super) clock: ManualClock,
    pub(super) issuer: Issuer,
    pub(super) ledger: Arc<Tapped>,
    pub(super) app: AppCredentials,
    pub(super) other: AppCredentials,
}

/// The ledger that is tested; it keeps the steps too, for another ledger to take.
pub(super) struct Tapped {
    pub(super) inner: Arc<dyn RefreshLedger>,
    steps: Mutex<Vec<Step>>,
}

impl Scene {
    pub(super) fn new<W: Workbench>(bench: &W) -> Self {
        let folder = made(tempfile::tempdir());
        let clock = ManualClock::new(UnixTime::from_secs(START));
        let ledger =
            Arc::new(Tapped { inner: bench.ledger(clock.wall()), steps: Mutex::default() });
        let settings = IssuerSettings::new(folder.path().join("tokensmith.db"));
        let builder = Issuer::builder(settings).clock(clock.clone());
        let issuer = made(builder.ledger(Arc::clone(&ledger)).open());
        let admin = issuer.admin();
        let [app, other] = ["app", "other"].map(|name| shown(&made(admin.create_app(name))));
        Self { _folder: folder, clock, issuer, ledger, app, other }
    }

    /// So many seconds after the ledger was made.
    pub(super) fn at(&self, seconds: u64) {
        self.clock.set_wall(UnixTime::from_secs(START.saturating_add(seconds)));
    }

    pub(super) fn cx(&self) -> Context {
        Context::new(self.clock.wall(), self.clock.tick())
    }

    pub(super) fn issue(&self) -> String {
        self.issue_to(&self.app)
    }

    pub(super) fn issue_to(&self, app: &AppCredentials) -> String {
        text(&made(block_on(self.issuer.authenticate(&self.cx(), app))))
    }

    pub(super) fn told(&self, token: &str) -> Told {
        self.told_to(&self.app, token)
    }

    pub(super) fn told_to(&self, app: &AppCredentials, token: &str) -> Told {
        let token = RefreshToken::new(token);
        told(block_on(self.issuer.redeem(&self.cx(), app, &token)))
    }

    /// The successor of a token that is good.
    pub(super) fn next(&self, token: &str, law: &str) -> String {
        match self.told(token) {
            Told::Next(next) => next,
            other => broken(law, &other),
        }
    }

    pub(super) fn refuses(&self, token: &str, reason: RejectReason, law: &str) {
        let answer = self.told(token);
        assert_eq!(answer, refused(reason), "{law}");
    }

    pub(super) fn revoke(&self, token: &str) -> bool {
        let token = RefreshToken::new(token);
        block_on(self.issuer.admin().revoke_refresh_token(&self.app.id, &token)).is_ok()
    }

    /// Whether the token is active, as its app is told.
    pub(super) fn is_active(&self, token: &str) -> bool {
        made(block_on(self.issuer.admin().introspect(&self.app.id, token))).is_some()
    }

    /// The last step that was taken.
    pub(super) fn last_step(&self) -> Step {
        let steps = self.ledger.steps.lock().unwrap_or_else(PoisonError::into_inner);
        match steps.last() {
            Some(step) => step.clone(),
            None => broken("the issuer asks its ledger", &Told::Failed),
        }
    }
}

#[async_trait]
impl RefreshLedger for Tapped {
    async fn take(&self, step: &Step) -> Result<Outcome, LedgerError> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step.clone());
        self.inner.take(step).await
    }

    async fn weigh(&self, step: &Step) -> Result<Outcome, LedgerError> {
        self.inner.weigh(step).await
    }

    async fn refuse_issued(
        &self,
        app: Option<&AppClientId>,
        now: UnixTime,
    ) -> Result<(), LedgerError> {
        self.inner.refuse_issued(app, now).await
    }

    async fn reset(&self, now: UnixTime) -> Result<(), LedgerError> {
        self.inner.reset(now).await
    }

    async fn purge(&self, now: UnixTime) -> Result<u64, LedgerError> {
        self.inner.purge(now).await
    }
}

/// What a ledger says to a step of another's.
pub(super) fn taken(ledger: &dyn RefreshLedger, step: &Step) -> Outcome {
    made(block_on(ledger.take(step)))
}

pub(super) fn told(answer: Result<TokenSet, AuthenticateError>) -> Told {
    match answer {
        Ok(tokens) => Told::Next(text(&tokens)),
        Err(AuthenticateError::Rejected(reason)) => refused(reason),
        Err(_) => Told::Failed,
    }
}

pub(super) fn refused(reason: RejectReason) -> Told {
    Told::Refused(format!("{reason:?}"))
}

fn text(tokens: &TokenSet) -> String {
    let token = tokens.refresh_token.as_ref();
    token.map_or_else(String::new, |token| token.expose_secret().to_owned())
}

fn shown(app: &CreatedApp) -> AppCredentials {
    let shown = Presented::new(app.id.as_str(), app.secret.expose_secret().into());
    match shown.credentials() {
        Ok(credentials) => credentials.clone(),
        Err(impossible) => broken("an app's own credentials are possible", &impossible),
    }
}

/// What a bench, or a ledger that is not to fail now, gives.
pub(super) fn made<T, E: std::fmt::Debug>(made: Result<T, E>) -> T {
    match made {
        Ok(made) => made,
        Err(error) => broken("a ledger that is tested does not fail unasked", &error),
    }
}

#[expect(clippy::panic, reason = "a law that is broken ends by a panic")]
pub(super) fn broken(law: &str, found: &dyn std::fmt::Debug) -> ! {
    panic!("{law}: {found:?}")
}
