//! An event as a plain record, for hosts that cannot borrow: what every language's observer is told.

use std::time::Duration;

use tokensmith::{Context, DownstreamKind, Event, Limited, LimiterHealth};

/// An [`Event`] with its [`Context`], flat and owned. What an event has not is `None`. Like the
/// event, it holds nothing of the request but the app's id, where that is one an app may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventRecord {
    /// [`Event::name`].
    pub name: &'static str,
    /// Whether the call ended with it: [`Event::is_terminal`].
    pub is_terminal: bool,
    /// The host's own name for the request.
    pub request_id: Option<String>,
    /// Where the request came from, with what could forge a log line escaped.
    pub source: Option<String>,
    /// The app's id.
    pub app_client_id: Option<String>,
    /// `issued`: the life of the access token. `secret_expiring`: how long the secret has left.
    pub expires_in: Option<Duration>,
    /// Why: the phrase of a 422, the word of a rejection or of an upstream's throttle, the defect of
    /// tokens that cannot be answered.
    pub reason: Option<String>,
    /// `rate_limited`: who limits: a bucket's scope, `capacity` or `upstream`.
    pub by: Option<&'static str>,
    /// `rate_limited`: how long to wait.
    pub retry_after: Option<Duration>,
    /// `downstream_failed`: what failed.
    pub kind: Option<&'static str>,
    /// `reload_failed` and `started_empty`: which part of the service.
    pub part: Option<&'static str>,
    /// `secret_expiring`: the id of the secret, which is no secret.
    pub secret_id: Option<String>,
    /// `key_rotated`: the thumbprint of the new key.
    pub kid: Option<String>,
    /// `clock_behind`: how far the clock is behind.
    pub behind_by: Option<Duration>,
    /// `limiter_health`: the counters now.
    pub health: Option<LimiterHealth>,
}

impl EventRecord {
    /// The event, as it was heard with that context.
    pub fn new(cx: &Context, event: &Event<'_>) -> Self {
        let record = Self {
            name: event.name(),
            is_terminal: event.is_terminal(),
            request_id: cx.request_id.as_deref().map(str::to_owned),
            source: cx.source.as_ref().map(ToString::to_string),
            app_client_id: event.app().map(ToString::to_string),
            ..Self::default()
        };
        match event {
            Event::Issued { expires_in, .. } => Self { expires_in: Some(*expires_in), ..record },
            Event::Invalid { reason } => Self { reason: Some(reason.to_string()), ..record },
            Event::Rejected { reason, .. } => Self { reason: Some(reason.to_string()), ..record },
            Event::RateLimited { by, retry_after, .. } => {
                let (by, reason) = match by {
                    Limited::Upstream(reason) => ("upstream", Some(reason.to_string())),
                    own => (own.as_str(), None),
                };
                Self { by: Some(by), reason, retry_after: Some(*retry_after), ..record }
            }
            Event::DownstreamFailed { kind, .. } => {
                let reason = match kind {
                    DownstreamKind::Tokens(defect) => Some(defect.to_string()),
                    _ => None,
                };
                Self { kind: Some(kind.as_str()), reason, ..record }
            }
            Event::SecretExpiring { secret, expires_in, .. } => {
                let secret_id = Some((*secret).to_owned());
                Self { secret_id, expires_in: Some(*expires_in), ..record }
            }
            Event::KeyRotated { kid } => Self { kid: Some((*kid).to_owned()), ..record },
            Event::ClockBehind { by } => Self { behind_by: Some(*by), ..record },
            Event::LimiterHealth { health } => Self { health: Some(*health), ..record },
            Event::ReloadFailed { part } | Event::StartedEmpty { part } => {
                Self { part: Some(part), ..record }
            }
            _ => record,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokensmith::{
        RejectReason, Scope, Source, ThrottleReason, Tick, TokenDefect, UnixTime, UpstreamKind,
    };

    use super::*;

    fn record(event: &Event<'_>) -> EventRecord {
        let cx = Context::new(UnixTime::from_secs(0), Tick::from_nanos(0))
            .with_source(Source::opaque("tenant\n17").ok())
            .with_request_id(Some("r-1"));
        EventRecord::new(&cx, event)
    }

    #[test]
    fn the_context_goes_with_every_event() {
        let record = record(&Event::SourceUnknown);
        assert_eq!((record.name, record.is_terminal), ("source_unknown", false));
        assert_eq!(record.request_id.as_deref(), Some("r-1"));
        assert_eq!(record.source.as_deref(), Some("tenant\\n17"));
    }

    #[test]
    fn a_key_is_named_by_its_thumbprint() {
        assert_eq!(record(&Event::KeyRotated { kid: "a-kid" }).kid.as_deref(), Some("a-kid"));
    }

    #[test]
    fn who_limits_is_a_scope_or_the_capacity_or_the_upstream() {
        let retry_after = Duration::from_millis(5_500);
        for (by, word, reason) in [
            (Limited::Scope(Scope::ClientAtSource), "client_at_source", None),
            (Limited::Capacity, "capacity", None),
            (Limited::Upstream(ThrottleReason::Lockout), "upstream", Some("lockout")),
        ] {
            let record = record(&Event::RateLimited { app: None, by, retry_after });
            assert_eq!((record.by, record.reason.as_deref()), (Some(word), reason));
            assert_eq!(record.retry_after, Some(retry_after));
        }
    }

    #[test]
    fn what_failed_is_a_kind_and_for_tokens_their_defect() {
        let failed = |kind| record(&Event::DownstreamFailed { app: None, kind });
        let store = failed(DownstreamKind::Upstream(UpstreamKind::Store));
        assert_eq!((store.kind, store.reason), (Some("store"), None));
        let life = failed(DownstreamKind::Tokens(TokenDefect::Life));
        assert_eq!(life.kind, Some("tokens"));
        assert_eq!(life.reason, Some(TokenDefect::Life.to_string()));
        let rejected = Event::Rejected { app: None, reason: RejectReason::WrongSecret };
        assert_eq!(record(&rejected).reason.as_deref(), Some("wrong_secret"));
    }
}
