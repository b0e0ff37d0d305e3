//! How a call failed: the typed reason, of which the observer hears all and the caller the least.

use std::time::Duration;

use crate::authenticator::{AuthenticateError, RejectReason, ThrottleReason};
use crate::credentials::AppClientId;
use crate::invalid::Invalid;
use crate::observer::{DownstreamKind, Event};
use crate::outcome::{Limited, TokenError};
use crate::token::TokenDefect;

#[derive(Clone, Copy, Debug)]
pub(super) enum Failure {
    Invalid(Invalid),
    Limited { by: Limited, retry_after: Duration },
    Rejected(RejectReason),
    Downstream { kind: DownstreamKind, retry_after: Option<Duration> },
    TimedOut,
}

impl Failure {
    /// As many authentications as may be are under way. They are short, so a second is long enough.
    pub(super) const CAPACITY: Self =
        Self::Limited { by: Limited::Capacity, retry_after: Duration::from_secs(1) };

    pub(super) const fn downstream(kind: DownstreamKind) -> Self {
        Self::Downstream { kind, retry_after: None }
    }

    pub(super) const fn event<'a>(&self, app: Option<&'a AppClientId>) -> Event<'a> {
        match *self {
            Self::Invalid(reason) => Event::Invalid { reason },
            Self::Limited { by, retry_after } => Event::RateLimited { app, by, retry_after },
            Self::Rejected(reason) => Event::Rejected { app, reason },
            Self::Downstream { kind, .. } => Event::DownstreamFailed { app, kind },
            Self::TimedOut => Event::TimedOut { app },
        }
    }
}

impl From<Failure> for TokenError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Invalid(reason) => Self::Invalid(reason),
            Failure::Limited { by, retry_after } => Self::RateLimited { by, retry_after },
            Failure::Rejected(_) => Self::Unauthorized,
            Failure::Downstream { retry_after, .. } => Self::Downstream { retry_after },
            Failure::TimedOut => Self::Downstream { retry_after: None },
        }
    }
}

impl From<AuthenticateError> for Failure {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Rejected(reason) => Self::Rejected(reason),
            AuthenticateError::Throttled { reason, retry_after } => Self::Limited {
                by: Limited::Upstream(reason),
                retry_after: believed(retry_after.unwrap_or_else(|| patience(reason))),
            },
            AuthenticateError::Upstream { kind, retry_after, .. } => Self::Downstream {
                kind: DownstreamKind::Upstream(kind),
                retry_after: retry_after.map(believed),
            },
        }
    }
}

impl From<TokenDefect> for Failure {
    fn from(defect: TokenDefect) -> Self {
        Self::downstream(DownstreamKind::Tokens(defect))
    }
}

/// How long to wait when the upstream does not say.
const fn patience(reason: ThrottleReason) -> Duration {
    match reason {
        ThrottleReason::Lockout => Duration::from_secs(60),
        ThrottleReason::Throttled | ThrottleReason::Busy => Duration::from_secs(1),
    }
}

/// A wait that an upstream named: no caller is sent away for longer than an hour, or for no time.
fn believed(wait: Duration) -> Duration {
    wait.clamp(Duration::from_secs(1), Duration::from_secs(3_600))
}
