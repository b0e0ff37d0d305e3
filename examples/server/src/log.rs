//! Where and how events are logged.

use std::error::Error;
use std::io::{IsTerminal, stderr};

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt::Subscriber;

use crate::arguments::LogFormat;

/// A filter that cannot be read.
#[derive(Debug, Error)]
#[error("the log filter cannot be read")]
struct FilterError(#[source] ParseError);

/// Starts logging to stderr: what `filter` says, else the variable `RUST_LOG`, else `info`.
pub(crate) fn start(filter: Option<&str>, format: LogFormat) -> Result<(), Box<dyn Error>> {
    let filter = match (filter, std::env::var("RUST_LOG")) {
        (Some(filter), _) => EnvFilter::try_new(filter),
        (None, Ok(filter)) if !filter.is_empty() => EnvFilter::try_new(filter),
        (None, _) => EnvFilter::try_new("info"),
    };
    let builder = Subscriber::builder()
        .with_env_filter(filter.map_err(FilterError)?)
        .with_ansi(stderr().is_terminal())
        // A line that cannot be written is lost; to say so on the same stderr would be a panic.
        .log_internal_errors(false)
        .with_writer(stderr);
    match format {
        LogFormat::Text => tracing::subscriber::set_global_default(builder.finish())?,
        LogFormat::Json => {
            tracing::subscriber::set_global_default(builder.json().flatten_event(true).finish())?;
        }
    }
    Ok(())
}
