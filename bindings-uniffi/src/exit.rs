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
/// Whether what comes later may go on where the process stays.
static GOES_ON: AtomicBool = AtomicBool::new(false);
/// Whether the process was waited for, and stayed.
static STAYS: AtomicBool = AtomicBool::new(false);
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

/// Does a piece of work. If the process is about to exit, waits for that; there is nothing where it stays.
pub(crate) fn work<T>(job: impl FnOnce() -> T) -> Option<T> {
    // Of another piece: an observer may call us again.
    if HERE.get() {
        return Some(job());
    }
    let _place = Place::taken()?;
    Some(job())
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
        if ENDS.get() || work(|| self.0.wake_by_ref()).is_none() {
            self.0.wake_by_ref();
        }
    }
}

/// The process is about to exit: waits for the pieces of work that are being done, and lets none
/// begin. What would have begun waits for the end, or fails after five seconds without one if it
/// `goes_on`: a host's own exit may wait for it. It must not where threads cannot come back to the
/// host's language while that goes away.
#[uniffi::export(default(goes_on = false))]
pub fn stop_work(goes_on: bool) {
    ENDS.set(true);
    GOES_ON.store(goes_on, Ordering::SeqCst);
    STOPPED.store(true, Ordering::SeqCst);
    // The host may end the process in an observer, and so in the midst of a piece of its own.
    let own = usize::from(HERE.get());
    let guard = DONE.0.lock().unwrap_or_else(PoisonError::into_inner);
    let is_busy = |(): &mut ()| AT_WORK.load(Ordering::SeqCst) > own;
    drop(DONE.1.wait_timeout_while(guard, PATIENCE, is_busy));
}

/// Waits for the end of the process, and only once if there is none.
fn until_gone() {
    static NEVER: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
    while !GOES_ON.load(Ordering::SeqCst) {
        thread::park();
    }
    let guard = NEVER.0.lock().unwrap_or_else(PoisonError::into_inner);
    let is_unknown = |(): &mut ()| !STAYS.load(Ordering::SeqCst);
    drop(NEVER.1.wait_timeout_while(guard, PATIENCE, is_unknown));
    STAYS.store(true, Ordering::SeqCst);
}

/// A thread's, while it is at work.
struct Place;

impl Place {
    /// Counted before it looks, so that whoever stops the work sees it, or is seen.
    fn taken() -> Option<Self> {
        AT_WORK.fetch_add(1, Ordering::SeqCst);
        if STOPPED.load(Ordering::SeqCst) {
            AT_WORK.fetch_sub(1, Ordering::SeqCst);
            until_gone();
            return None;
        }
        HERE.set(true);
        Some(Self)
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
