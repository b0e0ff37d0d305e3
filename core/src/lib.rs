#![doc = include_str!("../README.md")]

mod authenticator;
mod clock;
mod context;
mod credentials;
mod errand;
pub mod guide;
mod invalid;
mod limiter;
mod observer;
mod outcome;
mod refresher;
mod request;
mod response;
mod service;
mod source;
mod timer;
mod token;

// The public interface is:
pub use authenticator::{
    AuthenticateError, Authenticator, AuthenticatorFn, RejectReason, ThrottleReason, UpstreamKind,
    authenticator_fn,
};
pub use clock::{Clock, ManualClock, SystemClock, Tick, UnixTime};
pub use context::Context;
pub use credentials::{AppClientId, AppCredentials, AppSecret, Impossible, Presented};
pub use errand::Errand;
pub use invalid::{Invalid, Member};
pub use limiter::bucket::{Bucket, Quota, QuotaError};
pub use limiter::memory::{MemoryLimiter, SlotsError};
pub use limiter::policy::{LimitPolicy, LimiterOutage};
pub use limiter::{Charge, LimitKey, LimiterError, LimiterHealth, RateLimiter, Scope, Verdict};
#[cfg(feature = "tracing")]
pub use observer::TracingObserver;
pub use observer::{DownstreamKind, Event, NoObserver, Observer};
pub use outcome::{Limited, RefreshError, TokenError, retry_after_seconds};
pub use refresher::Refresher;
pub use request::TokenRequest;
pub use response::{KeyCase, ResponseOptions, ResponseOptionsError, Status, TokenResponse};
pub use secrecy::SecretString;
pub use service::{BuildError, TokenService, TokenServiceBuilder};
pub use source::{Source, SourceError, SourceKey};
#[cfg(feature = "tokio")]
pub use timer::TokioTimer;
pub use timer::{Elapsed, Sleep, Timer, within};
pub use token::{AccessToken, IdToken, Presence, RefreshToken, TokenDefect, TokenSet, TokenType};
