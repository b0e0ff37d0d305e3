//! A panic of whatever is plugged in, turned into a value.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

/// Something panicked. The payload is not kept: it may quote anything.
pub(super) struct Panicked;

/// Runs a future to its end or to its panic. What the panicking code shared is the same after as
/// after an error: every lock of this library is taken over when poisoned.
///
/// It takes the future where it lies: a future that is handed over is copied, more than once.
pub(super) async fn caught<F: Future>(mut future: Pin<&mut F>) -> Result<F::Output, Panicked> {
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(_) => Poll::Ready(Err(Panicked)),
    })
    .await
}
