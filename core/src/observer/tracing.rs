//! Events as structured log lines.

use tracing::{info, warn};

use super::{Event, Observer};
use crate::context::Context;
use crate::credentials::AppClientId;

/// Logs each event through `tracing`, target `tokensmith`, with the fields `event`, `app`,
/// `request_id` and `source`, and those of the event. No secret, token or text of an upstream is in
/// any of them.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to set")]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn on_event(&self, cx: &Context, event: &Event<'_>) {
        // As texts, which a line of text shows in quotes and escaped: an id may hold spaces, or turn
        // the direction of the line.
        let app = event.app().map(AppClientId::as_str);
        let source = cx.source.as_ref().map(ToString::to_string);
        let source = source.as_deref();
        let request_id = cx.request_id.as_deref();
        macro_rules! say {
            ($level:ident $(, $field:ident = $value:expr)*) => {
                $level!(target: "tokensmith", event = event.name(), app, source, request_id
                    $(, $field = $value)*)
            };
        }
        match event {
            Event::Issued { expires_in, .. } => say!(info, expires_in = expires_in.as_secs()),
            Event::Invalid { reason } => say!(info, reason = tracing::field::display(reason)),
            Event::RateLimited { by, retry_after, .. } => {
                say!(info, by = by.as_str(), retry_after = tracing::field::debug(retry_after));
            }
            Event::Rejected { reason, .. } => say!(info, reason = reason.as_str()),
            Event::DownstreamFailed { kind, .. } => say!(warn, kind = kind.as_str()),
            Event::LimiterHealth { health } => say!(warn, health = tracing::field::debug(health)),
            Event::ReloadFailed { part } | Event::StartedEmpty { part } => say!(warn, part = *part),
            Event::SecretExpiring { secret, expires_in, .. } => {
                say!(warn, secret = *secret, expires_in = expires_in.as_secs());
            }
            Event::ClockBehind { by } => say!(warn, behind_by = by.as_secs()),
            Event::KeyRotated { kid } => say!(info, kid = *kid),
            Event::Served { .. } | Event::Cancelled { .. } | Event::SecretRotated { .. } => {
                say!(info)
            }
            Event::TimedOut { .. } | Event::LimiterFailed { .. } | Event::SourceUnknown => {
                say!(warn)
            }
        }
    }
}
