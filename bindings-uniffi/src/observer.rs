//! The host's observer: an object of its language that hears what became of each call.

use std::sync::Arc;
use std::time::Duration;

use tokensmith::Context;
use tokensmith_assembly::EventRecord;

use crate::failure::on_the_wire;

/// Hears events, on whatever thread they happen. It must return soon.
#[uniffi::export(foreign)]
pub trait Observer: Send + Sync {
    /// What it throws is let go.
    fn on_event(&self, event: TokenEvent) -> Result<(), ObserverError>;
}

/// The host's observer failed.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum ObserverError {
    /// How, nobody asks.
    #[error("the observer failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ObserverError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// What became of a call, or of a part of the service. It holds nothing private.
#[derive(Debug, uniffi::Record)]
pub struct TokenEvent {
    /// Which event: `issued`, `rejected`, …
    pub name: String,
    /// Whether the call ended with it.
    pub terminal: bool,
    /// The host's own name for the request.
    pub request_id: Option<String>,
    /// Where the request came from.
    pub source: Option<String>,
    /// The app's id, where it is well formed.
    pub app_client_id: Option<String>,
    /// `issued`: the life of the access token. `secret_expiring`: how long the secret has left.
    pub expires_in: Option<Duration>,
    /// Why, where there is a reason.
    pub reason: Option<String>,
    /// `rate_limited`: who limits.
    pub by: Option<String>,
    /// `rate_limited`: the wait in whole seconds.
    pub retry_after: Option<Duration>,
    /// `downstream_failed`: what failed.
    pub kind: Option<String>,
    /// Which part of the service.
    pub part: Option<String>,
    /// `secret_expiring`: the id of the secret, which is no secret.
    pub secret_id: Option<String>,
    /// `key_rotated`: the thumbprint of the new key.
    pub kid: Option<String>,
    /// `limiter_health`: the counters.
    pub health: Option<LimiterHealth>,
}

/// What the limiter counts, since it was made.
#[derive(Debug, uniffi::Record)]
pub struct LimiterHealth {
    /// Keys for which there was no room of their own.
    pub overflows: i64,
    /// Entries that had to be mended.
    pub repaired: i64,
    /// Decisions that the limiter in memory took for another.
    pub degraded: i64,
}

/// The host's observer as the core tells it.
pub(crate) struct HostObserver(pub(crate) Arc<dyn Observer>);

impl tokensmith::Observer for HostObserver {
    fn on_event(&self, cx: &Context, event: &tokensmith::Event<'_>) {
        // Its failure is the host's own: the facade has told it.
        let _ = self.0.on_event(EventRecord::new(cx, event).into());
    }
}

impl From<EventRecord> for TokenEvent {
    fn from(record: EventRecord) -> Self {
        Self {
            name: record.name.to_owned(),
            terminal: record.is_terminal,
            request_id: record.request_id,
            source: record.source,
            app_client_id: record.app_client_id,
            expires_in: record.expires_in,
            reason: record.reason,
            by: record.by.map(str::to_owned),
            retry_after: record.retry_after.map(on_the_wire),
            kind: record.kind.map(str::to_owned),
            part: record.part.map(str::to_owned),
            secret_id: record.secret_id,
            kid: record.kid,
            health: record.health.map(|health| LimiterHealth {
                overflows: count(health.overflows),
                repaired: count(health.repaired),
                degraded: count(health.degraded),
            }),
        }
    }
}

/// Unsigned numbers are a burden in Kotlin, and none of these comes near the bound.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
