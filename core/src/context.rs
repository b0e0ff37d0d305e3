//! What one call carries from room to room: its time, its deadline, where it came from.

use std::time::Duration;

use crate::clock::{Tick, UnixTime};
use crate::source::Source;

/// What one call carries. Both clocks are read once, at its start, so that all decisions of the
/// call see one time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Context {
    /// The wall clock at the start of the call: tokens are dated by it.
    pub wall: UnixTime,
    /// The monotonic clock at the start of the call: limits are judged by it.
    pub tick: Tick,
    /// The time that the whole call may take, if the service has a deadline.
    pub budget: Option<Duration>,
    /// Where the request came from, if the host said so.
    pub source: Option<Source>,
    /// The host's name for the request, if it gave one.
    pub request_id: Option<Box<str>>,
}

impl Context {
    /// A context of that time, with neither deadline, source nor request id.
    pub const fn new(wall: UnixTime, tick: Tick) -> Self {
        Self { wall, tick, budget: None, source: None, request_id: None }
    }

    /// The same with a deadline.
    #[must_use]
    pub fn with_budget(self, budget: Option<Duration>) -> Self {
        Self { budget, ..self }
    }

    /// The same with a source.
    #[must_use]
    pub fn with_source(self, source: Option<Source>) -> Self {
        Self { source, ..self }
    }

    /// The same with a request id.
    #[must_use]
    pub fn with_request_id(self, request_id: Option<&str>) -> Self {
        Self { request_id: request_id.map(Into::into), ..self }
    }
}
