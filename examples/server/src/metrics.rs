//! What became of the calls, counted, in the text format of Prometheus. The labels are words of
//! Tokensmith's own: nothing of a caller is in them, so their number is fixed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokensmith::{Context, Event, Limited, Observer};

use crate::live::Live;

/// Counts events, and hands them on.
pub(crate) struct Metrics<O> {
    next: O,
    counts: Arc<Counts>,
}

/// How often each event happened, by its name and the word of its reason.
#[derive(Default)]
pub(crate) struct Counts(Mutex<BTreeMap<(&'static str, &'static str), u64>>);

impl<O> Metrics<O> {
    pub(crate) fn new(next: O) -> (Self, Arc<Counts>) {
        let counts = Arc::new(Counts::default());
        (Self { next, counts: Arc::clone(&counts) }, counts)
    }
}

impl<O: Observer> Observer for Metrics<O> {
    fn on_event(&self, cx: &Context, event: &Event<'_>) {
        let reason = match event {
            Event::Rejected { reason, .. } => reason.as_str(),
            Event::RateLimited { by: Limited::Upstream(_), .. } => "upstream",
            Event::RateLimited { by, .. } => by.as_str(),
            Event::DownstreamFailed { kind, .. } => kind.as_str(),
            _ => "",
        };
        let mut counts = self.counts.held();
        let count = counts.entry((event.name(), reason)).or_default();
        *count = count.saturating_add(1);
        drop(counts);
        self.next.on_event(cx, event);
    }
}

impl Counts {
    fn held(&self) -> MutexGuard<'_, BTreeMap<(&'static str, &'static str), u64>> {
        // A count is whole at any moment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self, in_flight: u32) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let mut text = format!(
            "# HELP tokensmith_build_info What runs.\n\
             # TYPE tokensmith_build_info gauge\n\
             tokensmith_build_info{{version=\"{version}\"}} 1\n\
             # HELP tokensmith_in_flight Authentications under way.\n\
             # TYPE tokensmith_in_flight gauge\n\
             tokensmith_in_flight {in_flight}\n\
             # HELP tokensmith_events_total What became of calls, and of parts of the service.\n\
             # TYPE tokensmith_events_total counter\n"
        );
        for ((event, reason), count) in &*self.held() {
            // INVARIANT: writing to a string never fails, and the words need no escapes.
            let _ = writeln!(
                text,
                "tokensmith_events_total{{event=\"{event}\",reason=\"{reason}\"}} {count}"
            );
        }
        text
    }
}

/// `GET /metrics`, for a listener of its own.
pub(crate) fn routes(live: Arc<Live>, counts: Arc<Counts>) -> Router {
    Router::new().route("/metrics", get(answer)).with_state((live, counts))
}

async fn answer(State((live, counts)): State<(Arc<Live>, Arc<Counts>)>) -> impl IntoResponse {
    let content_type = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (content_type, counts.text(live.now().service.in_flight()))
}
