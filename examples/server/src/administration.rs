//! The administration that the commands call, on the store that the command line names.

use std::error::Error;
use std::io::{Write, stderr};
use std::sync::Arc;
use std::time::SystemTime;

use thiserror::Error;
use tokensmith::{Context, Event, Observer, TokioTimer, UnixTime};
use tokensmith_assembly::{Admin, Host, ServiceConfig, build};

/// The configuration has no embedded issuer, so there are no apps here.
#[derive(Debug, Error)]
#[error("the configuration has no embedded issuer, and so no apps")]
pub(crate) struct NoIssuer;

pub(crate) fn open(config: ServiceConfig) -> Result<Admin, Box<dyn Error>> {
    let mut host = Host::new(TokioTimer);
    host.observer = Arc::new(OnStderr);
    let assembled = build(config, host)?;
    Ok(assembled.issuer.ok_or(NoIssuer)?)
}

/// Says what a server would have logged and never will: the store is whole afterwards.
struct OnStderr;

impl Observer for OnStderr {
    fn on_event(&self, _: &Context, event: &Event<'_>) {
        if let Event::StartedEmpty { .. } = event {
            let line = "tokensmith-server: there was a root key and nothing in the store, which is \
                        made anew; if it held apps, it is lost: stop, and put a copy back";
            // A command whose stderr is closed goes on.
            let _ = writeln!(stderr(), "{line}");
        }
    }
}

/// A time as people read it, in UTC (RFC 9110 section 5.6.7).
pub(crate) fn date(time: UnixTime) -> String {
    SystemTime::UNIX_EPOCH
        .checked_add(time.as_duration())
        .map_or_else(|| time.as_secs().to_string(), httpdate::fmt_http_date)
}
