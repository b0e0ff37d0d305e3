//! A call that its caller may lose interest in, where dropping it is not in the caller's hands: Swift
//! does not carry the end of a task over the border.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;

/// Cancels the calls that it was given to.
#[derive(Debug, uniffi::Object)]
pub struct CancelHandle {
    sender: watch::Sender<bool>,
}

#[uniffi::export]
impl CancelHandle {
    /// One that is not cancelled.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::new(Self { sender: watch::Sender::new(false) })
    }

    /// Cancels, for good. A call that has not begun yet will not.
    pub fn cancel(&self) {
        self.sender.send_replace(true);
    }
}

/// The work's end, or `None` if it was cancelled before that, and then it is dropped.
pub(crate) async fn unless_cancelled<T>(
    handle: Option<Arc<CancelHandle>>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let Some(handle) = handle else { return Some(work.await) };
    let mut receiver = handle.sender.subscribe();
    tokio::select! {
        biased;
        // The handle is held here, so it is not gone before it is cancelled.
        _ = receiver.wait_for(|cancelled| *cancelled) => None,
        done = work => Some(done),
    }
}
