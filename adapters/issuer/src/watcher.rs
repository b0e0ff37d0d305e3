//! The thread that sees what other processes change.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::state::State;
use crate::store::{OpenStore, StoreError};

/// How often the store is asked. A change is in force within 1 s, reading included.
const INTERVAL: Duration = Duration::from_millis(250);

/// Looks after the store until it is dropped.
pub(crate) struct Watcher {
    state: Arc<State>,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Watcher {
    pub(crate) fn start(state: Arc<State>) -> io::Result<Self> {
        let stop = Arc::new(Stop::default());
        let watch = Watch { state: Arc::clone(&state), store: None, failing: false };
        let thread = thread::Builder::new().name("tokensmith-watch".to_owned()).spawn({
            let stop = Arc::clone(&stop);
            move || watch.run(&stop)
        })?;
        Ok(Self { state, stop, thread: Some(thread) })
    }
}

impl Drop for Watcher {
    /// Waits for the thread, so that afterwards the store's files are closed.
    fn drop(&mut self) {
        *self.stop.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.changed.notify_all();
        // An observer may drop the issuer on the watcher's own thread, which cannot wait for
        // itself; in a forked child there is no such thread, and nothing would end the wait.
        let Some(thread) = self.thread.take() else { return };
        if !self.state.is_at_home() {
            std::mem::forget(thread);
        } else if thread.thread().id() != thread::current().id() {
            // No panic ends the thread, and there would be nobody to tell of it.
            let _ = thread.join();
        }
    }
}

struct Watch {
    state: Arc<State>,
    store: Option<OpenStore>,
    failing: bool,
}

impl Watch {
    fn run(mut self, stop: &Stop) {
        let mut stopped = stop.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        while !*stopped {
            let waited = stop.changed.wait_timeout(stopped, INTERVAL);
            stopped = waited.unwrap_or_else(PoisonError::into_inner).0;
            if !*stopped {
                drop(stopped);
                self.look();
                stopped = stop.stopped.lock().unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn look(&mut self) {
        // The clock and the observer are the host's. A panic in either is a look that failed: what
        // the look held is dropped, and the next one opens the store anew.
        let looked = panic::catch_unwind(AssertUnwindSafe(|| {
            let reloaded = self.reload();
            self.state.note_look();
            reloaded
        }));
        let failed = !matches!(looked, Ok(Ok(())));
        // Told when it begins, not at each look.
        self.failing = failed && (self.failing || self.state.tell_reload_failed());
    }

    fn reload(&mut self) -> Result<(), StoreError> {
        // Taken out, and put back after success alone: the next look opens another.
        let mut store = self.state.store(self.store.take())?;
        // Asked before the store is read, so that a commit in between is seen at the next look.
        if store.has_changed()? {
            self.state.reload(&mut store.connection)?;
        }
        self.store = Some(store);
        Ok(())
    }
}
