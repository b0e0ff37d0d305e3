//! The end of the process. `process.exit` runs the C library's `exit` while our threads go on, and
//! its destructors take away what these stand on: a thread that first draws a random number then,
//! to make an app or to sign, ends the process by an abort. So no work is begun once the process is
//! about to exit, and what was begun is done: a commit is whole or was never started.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Once, PoisonError, RwLock};

use napi_derive::napi;

/// Read by all work; written once, at the end, and never given back.
static WORK: RwLock<()> = RwLock::new(());

/// Does a piece of work, or waits for ever if the process is about to exit. It must not be called
/// by what it runs.
pub(crate) fn work<T>(job: impl FnOnce() -> T) -> T {
    let _at_work = WORK.read().unwrap_or_else(PoisonError::into_inner);
    job()
}

/// A future of which every step is such a piece.
pub(crate) async fn worked<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| work(|| future.as_mut().poll(cx))).await
}

/// The process is about to exit: waits for the pieces of work that are being done, a disk's time at
/// most, and lets none begin.
#[napi(catch_unwind)]
pub fn stop_work() {
    static STOPPED: Once = Once::new();
    STOPPED.call_once(|| {
        let guard = WORK.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::forget(guard);
    });
}
