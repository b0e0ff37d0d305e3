//! Waiting: what a runtime lends, and the deadline that is made of it.

use std::fmt::{self, Debug};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use thiserror::Error;

/// Waits. The core has no runtime of its own, so a deadline comes with the timer that enforces it:
/// to compare instants when polled would not help a future that nothing polls.
pub trait Timer: Debug + Send + Sync {
    /// A future that is ready once so much time has passed.
    fn sleep(&self, duration: Duration) -> Sleep;
}

impl<T: Timer + ?Sized> Timer for Arc<T> {
    fn sleep(&self, duration: Duration) -> Sleep {
        (**self).sleep(duration)
    }
}

/// A wait that a [`Timer`] has begun.
pub struct Sleep(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Sleep {
    /// Wraps a runtime's own future.
    pub fn new(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }
}

impl Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sleep")
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

/// The time was up first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the time is up")]
#[expect(clippy::exhaustive_structs, reason = "it says all there is to say")]
pub struct Elapsed;

/// Runs a future until it is done or the time that `remaining` tells is up, whichever is first; a
/// future that is late is dropped by the caller's own return. `remaining` is asked when the future first
/// has to wait: one that never waits costs no timer.
///
/// # Errors
/// [`Elapsed`] when the time was up first.
pub async fn within<F: Future>(
    timer: &dyn Timer,
    remaining: impl FnOnce() -> Duration,
    future: F,
) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let mut remaining = Some(remaining);
    let mut sleep = None;
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(output));
        }
        if let Some(remaining) = remaining.take() {
            sleep = Some(timer.sleep(remaining()));
        }
        match sleep.as_mut().map(|sleep| Pin::new(sleep).poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Err(Elapsed)),
            _ => Poll::Pending,
        }
    })
    .await
}

/// Waits on tokio's clock. Its futures must be polled inside a tokio runtime with time enabled.
#[cfg(feature = "tokio")]
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to set")]
pub struct TokioTimer;

#[cfg(feature = "tokio")]
impl Timer for TokioTimer {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(tokio::time::sleep(duration))
    }
}
