//! What is done when a limiter that several servers share cannot say.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod scene;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use scene::{SECRET, Scene};
use tokensmith::{
    Charge, Context, LimitPolicy, LimiterError, LimiterOutage, MemoryLimiter, RateLimiter,
    TokenError, Verdict,
};

/// A limiter that can be out, and one that can panic.
struct Faulty {
    limiter: MemoryLimiter,
    out: Arc<AtomicBool>,
    panics: bool,
}

#[async_trait]
impl RateLimiter for Faulty {
    async fn take(&self, cx: &Context, charges: &[Charge<'_>]) -> Result<Verdict, LimiterError> {
        self.answer()?;
        self.limiter.take(cx, charges).await
    }

    async fn penalize(&self, cx: &Context, charges: &[Charge<'_>]) -> Result<(), LimiterError> {
        self.answer()?;
        self.limiter.penalize(cx, charges).await
    }
}

impl Faulty {
    fn answer(&self) -> Result<(), LimiterError> {
        if !self.out.load(Ordering::SeqCst) {
            return Ok(());
        }
        assert!(!self.panics, "a limiter's own text");
        Err(LimiterError::new("connection refused"))
    }
}

fn scene(outage: LimiterOutage, servers: u32, panics: bool) -> (Scene, Arc<AtomicBool>) {
    let out = Arc::new(AtomicBool::new(false));
    let limiter = Faulty { limiter: MemoryLimiter::new(), out: Arc::clone(&out), panics };
    let servers = servers.try_into().unwrap();
    let policy = LimitPolicy { outage, servers, ..LimitPolicy::default() };
    (Scene::new(|builder| builder.limiter(limiter).limit_policy(policy)), out)
}

const DOWNSTREAM: Result<(), TokenError> = Err(TokenError::Downstream { retry_after: None });

#[test]
fn a_degraded_service_goes_on_from_what_it_has_seen() {
    let (scene, out) = scene(LimiterOutage::Degrade, 1, false);
    for _ in 0..3 {
        assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
    }
    out.store(true, Ordering::SeqCst);
    scene.names.take();
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
    assert_eq!(scene.names.take(), ["limiter_failed", "issued"]);
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
    assert_eq!(scene.wait("app", SECRET, 1), Some(Duration::from_secs(6)), "five in all");
}

#[test]
fn a_failure_while_degraded_is_charged_too() {
    let (scene, out) = scene(LimiterOutage::Degrade, 1, false);
    out.store(true, Ordering::SeqCst);
    assert_eq!(scene.ask("app", "wrong", 1), Err(TokenError::Unauthorized));
    assert_eq!(scene.names.take(), ["limiter_failed", "limiter_failed", "rejected"]);
    assert_eq!(scene.wait("app", SECRET, 1), Some(Duration::from_secs(6)));
}

#[test]
fn each_of_several_servers_keeps_to_its_share() {
    let (scene, out) = scene(LimiterOutage::Degrade, 5, false);
    out.store(true, Ordering::SeqCst);
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
    assert_eq!(scene.wait("app", SECRET, 1), Some(Duration::from_secs(30)), "a fifth of ten");
}

#[test]
fn a_service_that_refuses_says_502_and_never_asks_the_authenticator() {
    let (scene, out) = scene(LimiterOutage::Refuse, 1, false);
    out.store(true, Ordering::SeqCst);
    assert_eq!(scene.ask("app", "panic", 1), DOWNSTREAM);
    assert_eq!(scene.names.take(), ["limiter_failed", "downstream_failed limiter"]);
    out.store(false, Ordering::SeqCst);
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
}

#[test]
fn a_service_that_admits_lets_everything_through() {
    let (scene, out) = scene(LimiterOutage::Admit, 1, false);
    out.store(true, Ordering::SeqCst);
    for _ in 0..100 {
        assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
    }
    assert_eq!(scene.names.take().len(), 200, "each is told of");
}

#[test]
fn a_limiter_that_panics_is_a_502() {
    let (scene, out) = scene(LimiterOutage::Admit, 1, true);
    out.store(true, Ordering::SeqCst);
    assert_eq!(scene.ask("app", SECRET, 1), DOWNSTREAM);
    assert_eq!(scene.names.take(), ["downstream_failed panic"]);
    out.store(false, Ordering::SeqCst);
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()));
}
