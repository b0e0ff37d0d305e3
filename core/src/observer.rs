//! Who is told what became of a call: the events, and the port that hears them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::authenticator::{RejectReason, UpstreamKind};
use crate::context::Context;
use crate::credentials::AppClientId;
use crate::invalid::Invalid;
use crate::limiter::{LimiterError, LimiterHealth};
use crate::outcome::Limited;
use crate::token::TokenDefect;

#[cfg(feature = "tracing")]
mod tracing;
#[cfg(feature = "tracing")]
pub use self::tracing::TracingObserver;

/// Hears what became of each call. It is called on the path of the request: it must be fast, must
/// not block and must not call the service. A panic in it is caught and forgotten.
pub trait Observer: Send + Sync {
    /// Something happened. Exactly one event of each call [is terminal](Event::is_terminal).
    fn on_event(&self, cx: &Context, event: &Event<'_>);
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn on_event(&self, cx: &Context, event: &Event<'_>) {
        (**self).on_event(cx, event);
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to set")]
pub struct NoObserver;

impl Observer for NoObserver {
    fn on_event(&self, _: &Context, _: &Event<'_>) {}
}

/// What happened. Of the request it carries the app's id, where that is one an app may have, and
/// nothing else; the [`Context`] beside it has the source and the request id that the host gave.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Terminal: tokens were given. 200.
    Issued {
        /// To whom.
        app: &'a AppClientId,
        /// The life of the access token.
        expires_in: Duration,
    },
    /// Terminal: an [errand](crate::Errand) was done. The host answers it.
    Served {
        /// For whom.
        app: &'a AppClientId,
    },
    /// Terminal: the request does not conform. 422.
    Invalid {
        /// How.
        reason: Invalid,
    },
    /// Terminal: too many requests. 429.
    RateLimited {
        /// Whose request, if its body conforms.
        app: Option<&'a AppClientId>,
        /// Who says so.
        by: Limited,
        /// How long to wait.
        retry_after: Duration,
    },
    /// Terminal: the credentials are not right. 401.
    Rejected {
        /// Whose request, if an app may have that id.
        app: Option<&'a AppClientId>,
        /// Why.
        reason: RejectReason,
    },
    /// Terminal: what issues the tokens failed. 502.
    DownstreamFailed {
        /// Whose request, if its body conforms.
        app: Option<&'a AppClientId>,
        /// How.
        kind: DownstreamKind,
    },
    /// Terminal: the deadline passed. 502.
    TimedOut {
        /// Whose request, if its body conforms.
        app: Option<&'a AppClientId>,
    },
    /// Terminal: the call's future was dropped before it was done. No answer.
    Cancelled {
        /// Whose request, if its body conforms.
        app: Option<&'a AppClientId>,
    },
    /// The limiter could not say; the outage policy decides. A terminal event follows.
    LimiterFailed {
        /// What the limiter said.
        error: &'a LimiterError,
    },
    /// A counter of the limiter has risen. At most once a minute for each counter.
    LimiterHealth {
        /// The counters now.
        health: LimiterHealth,
    },
    /// The host names no source, so all callers share one bucket. Said once.
    SourceUnknown,
    /// A part of the service keeps what it has, because a newer state cannot be read or trusted.
    ReloadFailed {
        /// Which part: a constant word.
        part: &'static str,
    },
    /// A part of the service has made itself anew although something of an earlier start is there:
    /// what it had stored may be lost. Said once, at the start. A first start that was interrupted
    /// looks the same, and so does one with a key that was kept on purpose.
    StartedEmpty {
        /// Which part: a constant word.
        part: &'static str,
    },
    /// The clock is behind what the ledger of refresh tokens has seen by more than a minute: that clock
    /// was ahead, or this one is not right. Until it is there again, refresh tokens that are issued now
    /// may be past their time. Said once, until it is right again.
    ClockBehind {
        /// How far.
        by: Duration,
    },
    /// An app was given a new secret.
    SecretRotated {
        /// Which app.
        app: &'a AppClientId,
    },
    /// A signing key was made, and will sign once every verifier may know it.
    KeyRotated {
        /// The key's id (RFC 7517 section 4.5).
        kid: &'a str,
    },
    /// A secret comes to its end. Said once by each process, when it has at most seven days left.
    SecretExpiring {
        /// Whose secret.
        app: &'a AppClientId,
        /// The secret's id, which is no secret.
        secret: &'a str,
        /// How long it has left.
        expires_in: Duration,
    },
}

/// What failed downstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DownstreamKind {
    /// The authenticator said so.
    Upstream(UpstreamKind),
    /// The limiter is out, and the policy is to refuse.
    Limiter,
    /// The authenticator gave tokens that cannot be answered.
    Tokens(TokenDefect),
    /// Something panicked.
    Panic,
}

impl DownstreamKind {
    /// The word that stands for it in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upstream(kind) => kind.as_str(),
            Self::Limiter => "limiter",
            Self::Tokens(_) => "tokens",
            Self::Panic => "panic",
        }
    }
}

impl fmt::Display for DownstreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Event<'_> {
    /// Whether the call ends with this event.
    pub const fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::Issued { .. }
                | Self::Served { .. }
                | Self::Invalid { .. }
                | Self::RateLimited { .. }
                | Self::Rejected { .. }
                | Self::DownstreamFailed { .. }
                | Self::TimedOut { .. }
                | Self::Cancelled { .. }
        )
    }

    /// The word that stands for it in logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Issued { .. } => "issued",
            Self::Served { .. } => "served",
            Self::Invalid { .. } => "invalid",
            Self::RateLimited { .. } => "rate_limited",
            Self::Rejected { .. } => "rejected",
            Self::DownstreamFailed { .. } => "downstream_failed",
            Self::TimedOut { .. } => "timed_out",
            Self::Cancelled { .. } => "cancelled",
            Self::LimiterFailed { .. } => "limiter_failed",
            Self::LimiterHealth { .. } => "limiter_health",
            Self::SourceUnknown => "source_unknown",
            Self::ReloadFailed { .. } => "reload_failed",
            Self::StartedEmpty { .. } => "started_empty",
            Self::ClockBehind { .. } => "clock_behind",
            Self::SecretRotated { .. } => "secret_rotated",
            Self::SecretExpiring { .. } => "secret_expiring",
            Self::KeyRotated { .. } => "key_rotated",
        }
    }

    /// The app that the event is about, if there is one.
    pub const fn app(&self) -> Option<&AppClientId> {
        match self {
            Self::Issued { app, .. }
            | Self::Served { app }
            | Self::SecretRotated { app }
            | Self::SecretExpiring { app, .. } => Some(app),
            Self::RateLimited { app, .. }
            | Self::Rejected { app, .. }
            | Self::DownstreamFailed { app, .. }
            | Self::TimedOut { app }
            | Self::Cancelled { app } => *app,
            _ => None,
        }
    }
}
