//! The ports, wrapped: each call of one is a point that can be struck.

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokensmith::{
    AccessToken, AppClientId, AppCredentials, AuthenticateError, Authenticator, Charge, Clock,
    Context, Event, LimiterError, LimiterHealth, ManualClock, MemoryLimiter, Observer, RateLimiter,
    RefreshToken, Refresher, RejectReason, Sleep, ThrottleReason, Tick, Timer, TokenSet, TokenType,
    UnixTime, UpstreamKind, Verdict,
};
use tokensmith_issuer::ledger::{LedgerError, MemoryLedger, Outcome, RefreshLedger, Step};
use tokensmith_testkit::{ManualTimer, Recorder};

/// How a point fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It says so, or something absurd where it cannot.
    Error,
    /// It never returns.
    Hang,
    /// It panics.
    Panic,
    /// The caller goes away while it waits there.
    Drop,
}

pub const KINDS: [Kind; 4] = [Kind::Error, Kind::Hang, Kind::Panic, Kind::Drop];

/// Counts the points of a call, and strikes those that are planned.
#[derive(Debug, Default)]
pub struct Torture {
    is_armed: AtomicBool,
    passed: Mutex<Vec<&'static str>>,
    plan: Mutex<Vec<(usize, Kind)>>,
    struck: AtomicUsize,
    wants_drop: AtomicBool,
}

impl Torture {
    /// From here on points count; those of the plan are struck, counted from 1.
    pub fn arm(&self, plan: &[(usize, Kind)]) {
        *self.plan.lock().unwrap() = plan.to_vec();
        self.passed.lock().unwrap().clear();
        self.struck.store(0, Ordering::SeqCst);
        self.is_armed.store(true, Ordering::SeqCst);
    }

    pub fn disarm(&self) {
        self.is_armed.store(false, Ordering::SeqCst);
        self.wants_drop.store(false, Ordering::SeqCst);
    }

    /// The points that were passed, by name.
    pub fn passed(&self) -> Vec<&'static str> {
        self.passed.lock().unwrap().clone()
    }

    /// How many were struck.
    pub fn struck(&self) -> usize {
        self.struck.load(Ordering::SeqCst)
    }

    /// Whether the call waits where it is to be dropped.
    pub fn wants_drop(&self) -> bool {
        self.wants_drop.load(Ordering::SeqCst)
    }

    /// A point that can fail in these ways.
    fn point(&self, name: &'static str, kinds: &[Kind]) -> Option<Kind> {
        if !self.is_armed.load(Ordering::SeqCst) {
            return None;
        }
        let number = {
            let mut passed = self.passed.lock().unwrap();
            passed.push(name);
            passed.len()
        };
        let plan = self.plan.lock().unwrap();
        let planned = plan.iter().find(|(at, _)| *at == number).map(|&(_, kind)| kind);
        let kind = planned.filter(|kind| kinds.contains(kind))?;
        self.struck.fetch_add(1, Ordering::SeqCst);
        Some(kind)
    }

    /// A point of a plain function: whether it gives an absurd answer.
    fn plain(&self, name: &'static str, kinds: &[Kind]) -> bool {
        let kind = self.point(name, kinds);
        if kind == Some(Kind::Panic) {
            resume_unwind(Box::new("struck")); // past the hook: it is no news
        }
        kind == Some(Kind::Error)
    }

    /// A point of a function that may wait: whether it fails.
    async fn waiting(&self, name: &'static str) -> bool {
        match self.point(name, &KINDS) {
            None => false,
            Some(Kind::Error) => true,
            Some(Kind::Hang) => pending().await,
            Some(Kind::Panic) => resume_unwind(Box::new("struck")),
            Some(Kind::Drop) => {
                self.wants_drop.store(true, Ordering::SeqCst);
                pending().await
            }
        }
    }
}

#[derive(Debug)]
pub struct TorturedClock(pub Arc<Torture>, pub ManualClock);

impl Clock for TorturedClock {
    fn wall(&self) -> UnixTime {
        let is_absurd = self.0.plain("clock: wall", &[Kind::Error, Kind::Panic]);
        if is_absurd { UnixTime::since_epoch(Duration::MAX) } else { self.1.wall() }
    }

    fn tick(&self) -> Tick {
        // Its promise is not to go back; it goes back.
        let is_absurd = self.0.plain("clock: tick", &[Kind::Error, Kind::Panic]);
        if is_absurd { Tick::from_nanos(0) } else { self.1.tick() }
    }
}

#[derive(Debug)]
pub struct TorturedTimer(pub Arc<Torture>, pub ManualTimer);

impl Timer for TorturedTimer {
    fn sleep(&self, duration: Duration) -> Sleep {
        if self.0.plain("timer: begins", &[Kind::Error, Kind::Panic]) {
            return Sleep::new(async {}); // over at once
        }
        let (torture, sleep) = (Arc::clone(&self.0), self.1.sleep(duration));
        Sleep::new(async move {
            if !torture.waiting("timer: waits").await {
                sleep.await;
            }
        })
    }
}

pub struct TorturedLimiter(pub Arc<Torture>, pub MemoryLimiter);

#[async_trait]
impl RateLimiter for TorturedLimiter {
    async fn take(&self, cx: &Context, charges: &[Charge<'_>]) -> Result<Verdict, LimiterError> {
        if self.0.waiting("limiter: before a take").await {
            return Err(LimiterError::new("struck"));
        }
        let verdict = self.1.take_now(cx.tick, charges);
        if self.0.waiting("limiter: after a take").await {
            return Err(LimiterError::new("struck"));
        }
        Ok(verdict)
    }

    async fn penalize(&self, cx: &Context, charges: &[Charge<'_>]) -> Result<(), LimiterError> {
        if self.0.waiting("limiter: before a penalty").await {
            return Err(LimiterError::new("struck"));
        }
        self.1.penalize_now(cx.tick, charges);
        if self.0.waiting("limiter: after a penalty").await {
            return Err(LimiterError::new("struck"));
        }
        Ok(())
    }

    fn health(&self) -> LimiterHealth {
        let mut health = self.1.health();
        if self.0.plain("limiter: health", &[Kind::Error, Kind::Panic]) {
            health.overflows = u64::MAX;
            health.repaired = u64::MAX;
        }
        health
    }
}

/// Canaries: no answer but a 200 may hold one, and no event any.
pub const SECRET: &str = "canary-secret-5b4a3c2d";
pub const ACCESS: &str = "canary-access-9f8e7d6c";
pub const REFRESH: &str = "canary-refresh-1a2b3c4d";

/// Knows apps by what it does for them.
pub struct TorturedAuthenticator(pub Arc<Torture>, pub ManualTimer);

#[async_trait]
impl Authenticator for TorturedAuthenticator {
    async fn authenticate(
        &self,
        _: &Context,
        credentials: &AppCredentials,
    ) -> Result<TokenSet, AuthenticateError> {
        if credentials.id.as_str() == "crowd" {
            pending().await
        }
        let fault = || AuthenticateError::upstream(UpstreamKind::Other, SECRET);
        if self.0.waiting("authenticator: begins").await {
            return Err(fault());
        }
        self.1.sleep(Duration::from_millis(10)).await;
        if self.0.waiting("authenticator: after its wait").await {
            return Err(fault());
        }
        let life = if credentials.id.as_str() == "dead-tokens" { 0 } else { 3_600 };
        match credentials.id.as_str() {
            "broken" => return Err(fault()),
            "slow" => pending().await,
            "throttled" => {
                let retry_after = Some(Duration::from_secs(7));
                return Err(AuthenticateError::Throttled {
                    reason: ThrottleReason::Busy,
                    retry_after,
                });
            }
            _ if credentials.secret.expose_secret() != SECRET => {
                return Err(AuthenticateError::Rejected(RejectReason::WrongSecret));
            }
            _ => {}
        }
        Ok(tokens(life))
    }
}

/// Redeems [`REFRESH`], for the app that shows [`SECRET`].
pub struct TorturedRefresher(pub Arc<Torture>, pub ManualTimer);

#[async_trait]
impl Refresher for TorturedRefresher {
    async fn redeem(
        &self,
        _: &Context,
        credentials: &AppCredentials,
        token: &RefreshToken,
    ) -> Result<TokenSet, AuthenticateError> {
        let fault = || AuthenticateError::upstream(UpstreamKind::Store, REFRESH);
        if self.0.waiting("refresher: begins").await {
            return Err(fault());
        }
        self.1.sleep(Duration::from_millis(10)).await;
        if self.0.waiting("refresher: after its wait").await {
            return Err(fault());
        }
        match (credentials.secret.expose_secret(), token.expose_secret()) {
            (SECRET, "broken") => Err(fault()),
            (SECRET, "slow") => pending().await,
            (SECRET, REFRESH) => Ok(tokens(3_600)),
            (SECRET, _) => Err(AuthenticateError::Rejected(RejectReason::RefreshReused)),
            _ => Err(AuthenticateError::Rejected(RejectReason::WrongSecret)),
        }
    }
}

fn tokens(life: u64) -> TokenSet {
    TokenSet {
        access_token: AccessToken::new(ACCESS),
        expires_in: Duration::from_secs(life),
        token_type: TokenType::Bearer,
        refresh_token: Some(RefreshToken::new(REFRESH)),
        id_token: None,
    }
}

/// A ledger in memory, of a real issuer, that takes its time.
pub struct TorturedLedger(pub Arc<Torture>, pub ManualTimer, pub MemoryLedger);

#[async_trait]
impl RefreshLedger for TorturedLedger {
    async fn take(&self, step: &Step) -> Result<Outcome, LedgerError> {
        if self.0.waiting("ledger: before a step").await {
            return Err(LedgerError("struck".into()));
        }
        let outcome = self.2.take(step).await;
        self.1.sleep(Duration::from_millis(10)).await;
        if self.0.waiting("ledger: after a step").await {
            return Err(LedgerError("struck".into()));
        }
        outcome
    }

    async fn weigh(&self, step: &Step) -> Result<Outcome, LedgerError> {
        if self.0.waiting("ledger: weighs").await {
            return Err(LedgerError("struck".into()));
        }
        self.2.weigh(step).await
    }

    async fn refuse_issued(
        &self,
        app: Option<&AppClientId>,
        now: UnixTime,
    ) -> Result<(), LedgerError> {
        self.2.refuse_issued(app, now).await
    }

    async fn reset(&self, now: UnixTime) -> Result<(), LedgerError> {
        self.2.reset(now).await
    }

    async fn purge(&self, now: UnixTime) -> Result<u64, LedgerError> {
        self.2.purge(now).await
    }
}

pub struct TorturedObserver(pub Arc<Torture>, pub Recorder);

impl Observer for TorturedObserver {
    fn on_event(&self, cx: &Context, event: &Event<'_>) {
        self.1.on_event(cx, event);
        self.0.plain("observer", &[Kind::Panic]);
    }
}
