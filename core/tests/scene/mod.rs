//! What the tests of the public API are played with: a scripted authenticator, a clock that is
//! moved by hand, an observer that remembers.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use futures_executor::block_on;
use tokensmith::{
    AccessToken, AppCredentials, AuthenticateError, Authenticator, Context, Event, ManualClock,
    Observer, Presented, RefreshToken, RejectReason, Source, TokenError, TokenService,
    TokenServiceBuilder, TokenSet, TokenType, UnixTime, authenticator_fn,
};

pub const SECRET: &str = "right";

/// Gives tokens to whoever shows [`SECRET`]. Shown `panic` it panics, shown `hang` it never ends.
pub fn keeper() -> impl Authenticator + 'static {
    authenticator_fn(|_cx: Context, credentials: AppCredentials| async move {
        match credentials.secret.expose_secret() {
            SECRET => Ok(tokens()),
            "panic" => panic!("an authenticator's own text"),
            "hang" => std::future::pending().await,
            _ => Err(AuthenticateError::Rejected(RejectReason::WrongSecret)),
        }
    })
}

pub fn tokens() -> TokenSet {
    TokenSet {
        access_token: AccessToken::new("access"),
        expires_in: Duration::from_secs(3_600),
        token_type: TokenType::Bearer,
        refresh_token: Some(RefreshToken::new("refresh")),
        id_token: None,
    }
}

/// Remembers the names of events.
#[derive(Clone, Default)]
pub struct Names(Arc<Mutex<Vec<String>>>);

impl Names {
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Observer for Names {
    fn on_event(&self, _: &Context, event: &Event<'_>) {
        let name = match event {
            Event::DownstreamFailed { kind, .. } => format!("downstream_failed {kind}"),
            other => other.name().to_owned(),
        };
        self.0.lock().unwrap().push(name);
    }
}

pub struct Scene {
    pub service: TokenService,
    pub clock: ManualClock,
    pub names: Names,
}

impl Scene {
    pub fn new(set: impl FnOnce(TokenServiceBuilder) -> TokenServiceBuilder) -> Self {
        let clock = ManualClock::new(UnixTime::from_secs(1_700_000_000));
        let names = Names::default();
        let builder = TokenService::builder(keeper()).clock(clock.clone()).observer(names.clone());
        Self { service: set(builder).build().unwrap(), clock, names }
    }

    /// The status, and for a 429 the exact wait.
    pub fn ask(&self, app: &str, secret: &str, from: u8) -> Result<(), TokenError> {
        let presented = Presented::new(app, secret.into());
        block_on(self.service.issue(presented, Some(source(from)))).map(drop)
    }

    pub fn wait(&self, app: &str, secret: &str, from: u8) -> Option<Duration> {
        match self.ask(app, secret, from) {
            Err(TokenError::RateLimited { retry_after, .. }) => Some(retry_after),
            _ => None,
        }
    }
}

pub fn source(last: u8) -> Source {
    Source::ip([192, 0, 2, last].into())
}

/// Polls a future once, and drops it.
pub fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    std::pin::pin!(future).poll(&mut TaskContext::from_waker(Waker::noop()))
}
