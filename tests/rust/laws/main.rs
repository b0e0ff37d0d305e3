//! The laws of the ports, on the implementations at hand, and on some with a flaw planted: a law
//! that lets its flaw pass is none.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test ends by a panic, and counts small numbers"
)]

mod ledgers;
mod one_app;
mod plain;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use one_app::{OneApp, RIGHT, SLIPS, Slip};
use plain::{FLAWS, Flaw, Plain};
use tokensmith::{
    Authenticator, Clock, Context, ManualClock, MemoryLimiter, NoObserver, SystemClock, UnixTime,
};
use tokensmith_issuer::{Issuer, IssuerSettings};
use tokensmith_testkit::laws::{authenticator, rate_limiter};

/// Is pending once.
async fn one_moment() {
    let mut polled = false;
    std::future::poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut polled, true) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

fn clock() -> ManualClock {
    ManualClock::new(UnixTime::from_secs(1_700_000_000))
}

#[test]
fn the_limiter_in_memory_keeps_the_laws() {
    rate_limiter::all(&rate_limiter::ByTick::new(clock(), MemoryLimiter::new));
    rate_limiter::all(&rate_limiter::ByTick::new(clock(), || Arc::new(MemoryLimiter::new())));
}

#[test]
fn a_plain_limiter_keeps_the_laws_and_each_flaw_breaks_one() {
    rate_limiter::all(&rate_limiter::ByTick::new(clock(), || Plain::new(Flaw::None)));
    assert_each_breaks_a_law(&FLAWS, |flaw| {
        rate_limiter::all(&rate_limiter::ByTick::new(clock(), || Plain::new(flaw)));
    });
}

/// Runs the laws on an implementation with each of those flaws.
fn assert_each_breaks_a_law<T: Copy + std::fmt::Debug + PartialEq>(flaws: &[T], laws: impl Fn(T)) {
    // The hook is everyone's: what breaks a law here is expected, and told of by what comes of it.
    static QUIET: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _quiet = QUIET.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let keeps_them = |flaw: &T| catch_unwind(AssertUnwindSafe(|| laws(*flaw))).is_ok();
    let missed: Vec<T> = flaws.iter().copied().filter(keeps_them).collect();
    std::panic::set_hook(hook);
    assert!(missed.is_empty(), "these broke no law: {missed:?}");
}

struct Bench<A> {
    authenticator: A,
    id: String,
    secret: String,
}

impl<A: Authenticator> authenticator::Workbench for Bench<A> {
    type Authenticator = A;

    fn authenticator(&self) -> &A {
        &self.authenticator
    }

    fn right(&self) -> (&str, &str) {
        (&self.id, &self.secret)
    }

    fn context(&self) -> Context {
        let clock = SystemClock::new();
        Context::new(clock.wall(), clock.tick())
    }
}

#[test]
fn the_embedded_issuer_keeps_the_laws() {
    let folder = tempfile::tempdir().unwrap();
    let settings = IssuerSettings::new(folder.path().join("tokensmith.db"));
    let issuer =
        Issuer::open(settings, Arc::new(SystemClock::new()), Arc::new(NoObserver)).unwrap();
    let app = issuer.admin().create_app("laws").unwrap();
    let (id, secret) = (app.id.to_string(), app.secret.expose_secret().to_owned());
    authenticator::all(&Bench { authenticator: issuer, id, secret });
}

fn one_app(slip: Slip) -> Bench<OneApp> {
    Bench { authenticator: OneApp::new(slip), id: RIGHT.0.into(), secret: RIGHT.1.into() }
}

#[test]
fn an_authenticator_of_one_app_keeps_the_laws_and_each_slip_breaks_one() {
    authenticator::all(&one_app(Slip::None));
    assert_each_breaks_a_law(&SLIPS, |slip| authenticator::all(&one_app(slip)));
}
