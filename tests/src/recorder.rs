//! An observer that keeps what it heard.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokensmith::{Context, DownstreamKind, Event, Limited, Observer};

/// An event as the vectors write it. What an event has not is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Heard {
    /// [`Event::name`].
    pub event: String,
    /// The host's name for the request.
    pub request_id: Option<String>,
    /// Where the request came from.
    pub source: Option<String>,
    /// The app's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The life of the access token, in whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_s: Option<u64>,
    /// Why: the phrase of a 422, the word of a rejection or a throttle, the defect of tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who limits: a scope, `capacity` or `upstream`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The wait as `Retry-After` tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
    /// What failed downstream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether the call ended with it.
    #[serde(skip)]
    pub is_terminal: bool,
}

impl Heard {
    /// The event, in the words of the vectors.
    pub fn new(cx: &Context, event: &Event<'_>) -> Self {
        let mut heard = Self {
            event: event.name().to_owned(),
            request_id: cx.request_id.as_deref().map(str::to_owned),
            source: cx.source.as_ref().map(ToString::to_string),
            app: event.app().map(ToString::to_string),
            is_terminal: event.is_terminal(),
            ..Self::default()
        };
        match event {
            Event::Issued { expires_in, .. } => heard.expires_in_s = Some(expires_in.as_secs()),
            Event::Invalid { reason } => heard.reason = Some(reason.to_string()),
            Event::Rejected { reason, .. } => heard.reason = Some(reason.to_string()),
            Event::RateLimited { by, retry_after, .. } => {
                let whole = retry_after.as_secs();
                let partial = u64::from(retry_after.subsec_nanos() > 0);
                heard.retry_after_s = Some(whole.saturating_add(partial).max(1));
                heard.by = Some(match by {
                    Limited::Scope(scope) => scope.to_string(),
                    Limited::Capacity => "capacity".to_owned(),
                    Limited::Upstream(_) => "upstream".to_owned(),
                });
                if let Limited::Upstream(reason) = by {
                    heard.reason = Some(reason.to_string());
                }
            }
            Event::DownstreamFailed { kind, .. } => {
                heard.kind = Some(kind.to_string());
                if let DownstreamKind::Tokens(defect) = kind {
                    heard.reason = Some(defect.to_string());
                }
            }
            _ => {}
        }
        heard
    }
}

/// An [`Observer`] that keeps every event. Clones share one memory.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Recorder {
    /// What was heard, in order, since it was last taken.
    pub fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.heard())
    }

    /// What was heard of the calls with that request id, in order. The rest is kept.
    pub fn take_of(&self, request_id: Option<&str>) -> Vec<Heard> {
        let mut heard = self.heard();
        let (of_it, rest) =
            heard.drain(..).partition(|event| event.request_id.as_deref() == request_id);
        *heard = rest;
        of_it
    }

    fn heard(&self) -> MutexGuard<'_, Vec<Heard>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Recorder {
    fn on_event(&self, cx: &Context, event: &Event<'_>) {
        self.heard().push(Heard::new(cx, event));
    }
}
