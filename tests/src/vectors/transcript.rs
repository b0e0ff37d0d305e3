//! What came of the calls, as a text that is the same in every language.

use serde::Serialize;
use tokensmith::{MemoryLimiter, TokenResponse};

use super::bucket::{self, BucketSubject};
use super::{Bytes, InMemory, Mismatch, Subject, run};
use crate::recorder::Heard;

/// What came of one call. Its members are written in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Line {
    /// The case's name.
    pub case: String,
    /// The step, from 1.
    pub step: usize,
    /// The status; a call that was dropped has none.
    pub status: Option<u16>,
    /// All headers, in the order of the answer.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Bytes>,
    /// All events of the call.
    pub events: Vec<Heard>,
}

impl Line {
    pub(super) fn new(
        case: &str,
        step: usize,
        response: Option<&TokenResponse>,
        body: Option<Vec<u8>>,
        events: Vec<Heard>,
    ) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let headers = response.map(|response| response.headers().map(owned).collect());
        Self {
            case: case.to_owned(),
            step,
            status: response.map(|response| response.status().code()),
            headers: headers.unwrap_or_default(),
            body: body.map(|body| Bytes::from_slice(&body)),
            events,
        }
    }
}

/// Performs all cases, those of buckets on a [`MemoryLimiter`]: one line of JSON for each call, in the
/// order of the corpus.
///
/// # Errors
/// [`Mismatch`] of the first case that does not come out as it says.
pub fn transcript(subjects: &[Subject], buckets: &BucketSubject) -> Result<String, Mismatch> {
    let mut text = String::new();
    for subject in subjects {
        for case in &subject.cases {
            for line in run(case, subject.clock_start_s)? {
                push(&mut text, &line).map_err(|what| outside(&case.name, what))?;
            }
        }
    }
    for case in &buckets.cases {
        let lines = MemoryLimiter::with_slots(16).map_err(|error| error.to_string());
        let lines = lines.and_then(|limiter| bucket::run(case, &mut InMemory::new(limiter)));
        for line in lines.map_err(|what| outside(&case.name, what))? {
            push(&mut text, &line).map_err(|what| outside(&case.name, what))?;
        }
    }
    Ok(text)
}

fn push(text: &mut String, line: &impl Serialize) -> Result<(), String> {
    text.push_str(&serde_json::to_string(line).map_err(|error| error.to_string())?);
    text.push('\n');
    Ok(())
}

fn outside(case: &str, what: String) -> Mismatch {
    Mismatch { case: case.to_owned(), step: 0, what }
}
