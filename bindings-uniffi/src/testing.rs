//! What the tests of the packages have in their hands, and no package carries: a clock that they
//! move, and panics that they plant.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokensmith::{
    AppCredentials, AuthenticateError, Context, ManualClock, RejectReason, SystemClock, TokenSet,
    TokioTimer, UnixTime,
};
use tokensmith_testkit::ManualTimer;

use crate::authenticator::{Authenticator, HostAuthenticator};
use crate::failure::TokenError;
use crate::limiter::Limiter;
use crate::observer::Observer;
use crate::service::TokenService;

/// A clock and a timer that stand still until they are moved.
#[derive(uniffi::Object)]
pub struct ManualHost {
    timer: ManualTimer,
}

#[uniffi::export(async_runtime = "tokio")]
impl ManualHost {
    /// At that time of the wall clock, in seconds.
    #[uniffi::constructor]
    pub fn new(start: i64) -> Arc<Self> {
        let clock = ManualClock::new(UnixTime::from_secs(start.unsigned_abs()));
        Arc::new(Self { timer: ManualTimer::new(clock) })
    }

    /// Moves both clocks by so many microseconds, and wakes what waits.
    pub fn advance(&self, micros: i64) {
        self.timer.advance(Duration::from_micros(micros.unsigned_abs()));
    }

    /// A limiter on this clock.
    pub fn create_limiter(
        &self,
        per_minute: i64,
        burst: i64,
        slots: Option<i64>,
    ) -> Result<Arc<Limiter>, TokenError> {
        Limiter::on(Arc::new(self.timer.clock().clone()), per_minute, burst, slots)
    }

    /// A service on this clock and timer.
    pub async fn create_service(
        &self,
        config: String,
        authenticator: Option<Arc<dyn Authenticator>>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Arc<TokenService>, TokenError> {
        let clock = Arc::new(self.timer.clock().clone());
        let authenticator = authenticator.map(|host| Arc::new(HostAuthenticator(host)) as Arc<_>);
        let timer = Arc::new(self.timer.clone());
        TokenService::create(config, clock, timer, authenticator, observer).await
    }
}

/// A service whose authenticator panics.
#[uniffi::export(async_runtime = "tokio")]
pub async fn create_panicking_service(
    config: String,
    observer: Option<Arc<dyn Observer>>,
) -> Result<Arc<TokenService>, TokenError> {
    let (clock, timer) = (Arc::new(SystemClock::new()), Arc::new(TokioTimer));
    TokenService::create(config, clock, timer, Some(Arc::new(Panics)), observer).await
}

/// Panics at once.
#[uniffi::export]
pub fn panic_at_once() -> Result<(), TokenError> {
    planted();
    Ok(())
}

/// Panics when it is polled.
#[uniffi::export(async_runtime = "tokio")]
pub async fn panic_later() -> Result<(), TokenError> {
    tokio::task::yield_now().await;
    planted();
    Ok(())
}

struct Panics;

#[async_trait]
impl tokensmith::Authenticator for Panics {
    async fn authenticate(
        &self,
        _: &Context,
        _: &AppCredentials,
    ) -> Result<TokenSet, AuthenticateError> {
        planted();
        Err(AuthenticateError::Rejected(RejectReason::BadCredentials))
    }
}

fn planted() {
    // Past the panic hook: a planted panic is no news.
    std::panic::resume_unwind(Box::new("planted"))
}
