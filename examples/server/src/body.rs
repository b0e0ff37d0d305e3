//! Reads the body of a request, up to a limit and a deadline.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use tokio::time::timeout;

/// How much of a body that is too large is read and dropped, and for how long: so that a caller who
/// writes it all before reading finds the answer, and not a connection that was reset.
const DROPPED_BYTES: usize = 64 * 1_024;
const DROPPED_FOR: Duration = Duration::from_secs(1);

/// As much of a body as a request may have.
pub(crate) struct Read {
    /// The body, or one byte more of it than it may have.
    pub(crate) bytes: Vec<u8>,
    /// What is left of a body that is too large; it was not waited for.
    pub(crate) rest: Option<Rest>,
}

/// The unread part of a body that is too large.
pub(crate) struct Rest {
    body: Body,
    dropped: usize,
}

/// Why there is no body to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It was not whole within the deadline.
    Late,
    /// The connection or its framing broke.
    Broken,
}

impl Unread {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Broken => "broken",
        }
    }
}

/// Reads a body until its end or the first byte that is too much. No more than the limit and what
/// one read of the connection brings is ever held.
pub(crate) async fn read(body: Body, max_bytes: usize, deadline: Duration) -> Result<Read, Unread> {
    timeout(deadline, read_to_limit(body, max_bytes)).await.unwrap_or(Err(Unread::Late))
}

async fn read_to_limit(mut body: Body, max_bytes: usize) -> Result<Read, Unread> {
    let too_much = max_bytes.saturating_add(1);
    let mut bytes = Vec::new();
    while let Some(data) = next_data(&mut body).await? {
        let room = too_much.saturating_sub(bytes.len());
        let (taken, dropped) = data.split_at(room.min(data.len()));
        bytes.extend_from_slice(taken);
        if bytes.len() == too_much {
            let dropped = dropped.len();
            return Ok(Read { bytes, rest: Some(Rest { body, dropped }) });
        }
    }
    Ok(Read { bytes, rest: None })
}

/// The next bytes of a body, trailers left out; `None` at its end.
async fn next_data(body: &mut Body) -> Result<Option<Bytes>, Unread> {
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(Unread::Broken) };
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

impl Rest {
    /// Reads and drops what may be read and dropped.
    pub(crate) async fn drop_some(mut self) {
        let dropping = async {
            while self.dropped < DROPPED_BYTES {
                match next_data(&mut self.body).await {
                    Ok(Some(data)) => self.dropped = self.dropped.saturating_add(data.len()),
                    Ok(None) | Err(_) => return,
                }
            }
        };
        // Whether it came to its end or the time was up makes no difference: the answer follows.
        let _ = timeout(DROPPED_FOR, dropping).await;
    }
}
