//! A call that its caller may lose interest in.

use std::future::Future;

use napi_derive::napi;
use tokio::sync::watch;

/// Cancels the calls that it was given to. It is not napi's `AbortSignal`, which overwrites the
/// host's `onabort` and does not see a signal that was aborted before.
#[napi]
pub struct CancelHandle {
    sender: watch::Sender<bool>,
}

#[napi]
impl CancelHandle {
    /// One that is not cancelled.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self { sender: watch::Sender::new(false) }
    }

    /// Cancels, for good. A call that has not begun yet will not.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.sender.send_replace(true);
    }
}

/// What a call knows of its caller's interest.
pub(crate) struct Cancelled(Option<watch::Receiver<bool>>);

impl Cancelled {
    pub(crate) fn of(handle: Option<&CancelHandle>) -> Self {
        Self(handle.map(|handle| handle.sender.subscribe()))
    }

    /// The work's end, or `None` if it was cancelled before that, and then it is dropped.
    pub(crate) async fn or<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let Some(mut receiver) = self.0 else { return Some(work.await) };
        let cancelled = async {
            if receiver.wait_for(|cancelled| *cancelled).await.is_err() {
                // The handle is gone, so nobody can cancel any more.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = cancelled => None,
            done = work => Some(done),
        }
    }
}
