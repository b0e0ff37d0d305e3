//! The end of the process. The C library's `exit` takes away what our threads stand on while they go
//! on: one that first draws a random number then, to make an app or to sign, ends the process by an
//! abort. So a host that ends like that says so first: no work is begun then, and what was begun is
//! done.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

static STOPPED: AtomicBool = AtomicBool::new(false);
/// On how many threads there is work.
static AT_WORK: AtomicUsize = AtomicUsize::new(0);
/// Told when a piece is done, once the work is stopped.
static DONE: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
    /// Whether this thread is the one that ends the process. To park it would be to hang the process.
    static ENDS: Cell<bool> = const { Cell::new(false) };
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

/// The future, whose end the host is told of as a piece of work: a thread of ours that is in the host's
/// language while that goes away would not survive it.
pub(crate) async fn told<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut last: Option<(Waker, Waker)> = None;
    poll_fn(|cx| {
        let fresh = || (cx.waker().clone(), Waker::from(Arc::new(Tells(cx.waker().clone()))));
        let known = last.take().filter(|(host, _)| host.will_wake(cx.waker()));
        let (_, ours) = last.insert(known.unwrap_or_else(fresh));
        future.as_mut().poll(&mut Context::from_waker(ours))
    })
    .await
}

/// Wakes the host's task, unless the process is about to exit.
struct Tells(Waker);

impl Wake for Tells {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if ENDS.get() { self.0.wake_by_ref() } else { work(|| self.0.wake_by_ref()) }
    }
}

/// The process is about to exit: waits for the pieces of work that are being done, and lets none
/// begin.
#[uniffi::export]
pub fn stop_work() {
    ENDS.set(true);
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
