//! The end of the process. The C library's `exit` takes away what our threads stand on while they go
//! on: one that first draws a random number then, to make an app or to sign, ends the process by an
//! abort. So a host that ends like that says so first: no work is begun then, and what was begun is
//! done.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

static STOPPED: AtomicBool = AtomicBool::new(false);
/// On how many threads there is work.
static AT_WORK: AtomicUsize = AtomicUsize::new(0);
/// Told when a piece is done, once the work is stopped.
static DONE: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
}

/// A piece of work is a step of a call, or waits for a disk: what takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Does a piece of work, or waits for ever if the process is about to exit.
pub(crate) fn work<T>(job: impl FnOnce() -> T) -> T {
    // Of another piece: an observer may call us again.
    if HERE.get() {
        return job();
    }
    let _place = Place::taken();
    job()
}

/// The process is about to exit: waits for the pieces of work that are being done, and lets none
/// begin.
#[uniffi::export]
pub fn stop_work() {
    STOPPED.store(true, Ordering::SeqCst);
    // The host may end the process in an observer, and so in the midst of a piece of its own.
    let own = usize::from(HERE.get());
    let guard = DONE.0.lock().unwrap_or_else(PoisonError::into_inner);
    let is_busy = |(): &mut ()| AT_WORK.load(Ordering::SeqCst) > own;
    drop(DONE.1.wait_timeout_while(guard, PATIENCE, is_busy));
}

/// A thread's, while it is at work.
struct Place;

impl Place {
    /// Counted before it looks, so that whoever stops the work sees it, or is seen.
    fn taken() -> Self {
        AT_WORK.fetch_add(1, Ordering::SeqCst);
        if STOPPED.load(Ordering::SeqCst) {
            AT_WORK.fetch_sub(1, Ordering::SeqCst);
            loop {
                thread::park();
            }
        }
        HERE.set(true);
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        HERE.set(false);
        AT_WORK.fetch_sub(1, Ordering::SeqCst);
        if STOPPED.load(Ordering::SeqCst) {
            let _guard = DONE.0.lock().unwrap_or_else(PoisonError::into_inner);
            DONE.1.notify_all();
        }
    }
}
