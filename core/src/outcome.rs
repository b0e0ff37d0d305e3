//! The ways a request ends badly, and how long to wait then. What each looks like on the wire is
//! [`response`](crate::TokenResponse)'s.

use std::time::Duration;

use thiserror::Error;

use crate::authenticator::ThrottleReason;
use crate::invalid::Invalid;
use crate::limiter::Scope;

/// Who said "not so fast".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a caller must handle each")]
pub enum Limited {
    /// A bucket of the limiter.
    Scope(Scope),
    /// As many authentications as may be are under way.
    Capacity,
    /// The upstream.
    Upstream(ThrottleReason),
}

impl Limited {
    /// The word that stands for it in logs and metrics: the bucket's scope, `capacity`, or what the
    /// upstream said.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scope(scope) => scope.as_str(),
            Self::Capacity => "capacity",
            Self::Upstream(reason) => reason.as_str(),
        }
    }
}

/// How a request ended badly. Each has one status and one constant sentence; what is behind it goes
/// to the [`Observer`](crate::Observer) alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{}", self.sentence())]
#[expect(clippy::exhaustive_enums, reason = "a caller must handle each")]
pub enum TokenError {
    /// The credentials are not right: unknown or disabled app, wrong or impossible secret. 401.
    Unauthorized,
    /// The request does not conform. 422.
    Invalid(Invalid),
    /// Too many requests. 429.
    RateLimited {
        /// Who says so. Not for the caller's eyes: it may tell of another's traffic.
        by: Limited,
        /// How long to wait.
        retry_after: Duration,
    },
    /// What issues the tokens failed, or took too long. 502.
    Downstream {
        /// How long to wait, if that is known.
        retry_after: Option<Duration>,
    },
}

impl TokenError {
    /// What the caller is told: one constant sentence for each error, and a closed phrase for a
    /// request that does not conform.
    pub const fn sentence(&self) -> &'static str {
        match self {
            Self::Unauthorized => "the app id or the secret is not valid",
            Self::Invalid(reason) => reason.phrase(),
            Self::RateLimited { .. } => "too many requests",
            Self::Downstream { .. } => "the authentication service failed",
        }
    }

    /// The code that stands for the error in every language.
    ///
    /// ```
    /// assert_eq!(tokensmith::TokenError::Unauthorized.code(), "ERR_TOKEN_UNAUTHORIZED");
    /// ```
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized => "ERR_TOKEN_UNAUTHORIZED",
            Self::Invalid(_) => "ERR_TOKEN_INVALID_REQUEST",
            Self::RateLimited { .. } => "ERR_TOKEN_RATE_LIMITED",
            Self::Downstream { .. } => "ERR_TOKEN_DOWNSTREAM",
        }
    }
}

/// How a refresh ended badly, in [`TokenService::refresh`](crate::TokenService::refresh).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[expect(clippy::exhaustive_enums, reason = "a caller must handle each")]
pub enum RefreshError {
    /// The service was built without a [`Refresher`](crate::Refresher): nothing was asked or charged.
    #[error("no refresher is configured")]
    NotConfigured,
    /// As a request for tokens ends.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// A wait in whole seconds as `Retry-After` tells it: rounded up, at least one (RFC 9110 section
/// 10.2.3), so that who comes at it is not refused for coming too early.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(tokensmith::retry_after_seconds(Duration::from_millis(5_001)), 6);
/// assert_eq!(tokensmith::retry_after_seconds(Duration::ZERO), 1);
/// ```
pub fn retry_after_seconds(wait: Duration) -> u64 {
    let up = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(up).max(1)
}
