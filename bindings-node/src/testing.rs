//! What the tests of this package have in their hands, and no package carries: a clock that they
//! move, and panics that they plant.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use napi::bindgen_prelude::{ClassInstance, Either, Env, Object, PromiseRaw, Result};
use napi_derive::napi;
use tokensmith::{
    AppCredentials, AuthenticateError, Authenticator, Context, ManualClock, TokenSet, UnixTime,
};
use tokensmith_testkit::ManualTimer;

use crate::answers::{Answer, Answers};
use crate::authenticator::AuthenticateArg;
use crate::event::ObserveArg;
use crate::limiter::Limiter;
use crate::service::{Brought, NativeService, create};

/// A clock and a timer that stand still until they are moved.
#[napi]
pub struct ManualHost {
    timer: ManualTimer,
}

#[napi]
impl ManualHost {
    /// At that time of the wall clock, in seconds.
    #[napi(constructor, catch_unwind)]
    pub fn new(start: u32) -> Self {
        let clock = ManualClock::new(UnixTime::from_secs(u64::from(start)));
        Self { timer: ManualTimer::new(clock) }
    }

    /// Moves both clocks by so many microseconds, and wakes what waits.
    #[napi(catch_unwind)]
    pub fn advance(&self, micros: i64) {
        self.timer.advance(Duration::from_micros(micros.unsigned_abs()));
    }

    /// A limiter on this clock.
    #[napi(catch_unwind)]
    pub fn create_limiter(
        &self,
        per_minute: u32,
        burst: u32,
        slots: Option<u32>,
    ) -> Result<Limiter> {
        Limiter::on(Arc::new(self.timer.clock().clone()), per_minute, burst, slots)
    }

    /// A service on this clock and timer.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeService | object>")]
    pub fn create_service<'env>(
        &self,
        env: &'env Env,
        config: String,
        authenticate: Option<AuthenticateArg<'env>>,
        observe: Option<ObserveArg<'env>>,
    ) -> Result<PromiseRaw<'env, Either<ClassInstance<'env, NativeService>, Object<'env>>>> {
        let clock = Arc::new(self.timer.clock().clone());
        let brought = Brought { clock, timer: Arc::new(self.timer.clone()), authenticator: None };
        create(env, brought, config, authenticate, observe)
    }
}

/// Resolves once all that was woken before has been polled: there is one thread, which polls in that
/// order.
#[napi(catch_unwind, ts_return_type = "Promise<void>")]
pub fn settle(env: &Env) -> Result<PromiseRaw<'_, ()>> {
    env.spawn_future(async {
        tokio::task::yield_now().await;
        Ok(())
    })
}

/// A service whose authenticator panics.
#[napi(catch_unwind, ts_return_type = "Promise<NativeService | object>")]
pub fn create_panicking_service<'env>(
    env: &'env Env,
    config: String,
    observe: Option<ObserveArg<'env>>,
) -> Result<PromiseRaw<'env, Either<ClassInstance<'env, NativeService>, Object<'env>>>> {
    let brought = Brought { authenticator: Some(Arc::new(Panics)), ..Brought::default() };
    create(env, brought, config, None, observe)
}

/// Panics on the thread of the host.
#[napi(catch_unwind)]
pub fn panic_at_once() {
    planted();
}

/// Panics on a thread of ours.
#[napi(catch_unwind, ts_return_type = "Promise<void>")]
pub fn panic_later(env: &Env) -> Result<PromiseRaw<'_, ()>> {
    env.spawn_future(async {
        planted();
        Ok(())
    })
}

/// Panics on a thread of ours in a call that is to be answered.
#[napi(catch_unwind)]
pub fn panic_in_call(answers: &Answers) -> u32 {
    answers.begin(async {
        planted();
        Answer::Cancelled
    })
}

struct Panics;

#[async_trait]
impl Authenticator for Panics {
    async fn authenticate(
        &self,
        _: &Context,
        _: &AppCredentials,
    ) -> std::result::Result<TokenSet, AuthenticateError> {
        planted();
        Err(AuthenticateError::Rejected(tokensmith::RejectReason::BadCredentials))
    }
}

fn planted() {
    // Past the panic hook: a planted panic is no news.
    std::panic::resume_unwind(Box::new("planted"))
}
