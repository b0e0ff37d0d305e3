//! The thread that sees what other processes change.

use std::collections::BTreeSet;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokensmith::Event;

use crate::in_force::Ending;
use crate::state::State;
use crate::store::{OpenStore, StoreError};

/// How often the store is asked. A change is in force within 1 s, reading included.
const INTERVAL: Duration = Duration::from_millis(250);
/// The uses of secrets are written once a minute.
const LOOKS_A_WRITE: u32 = 240;
/// How long before its end a secret is told of.
const SOON: Duration = Duration::from_hours(7 * 24);

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
        let watch = Watch::new(Arc::clone(&state));
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
    looks: u32,
    /// The secrets whose end is near, of which the host knows.
    told: BTreeSet<Ending>,
}

impl Watch {
    fn new(state: Arc<State>) -> Self {
        Self { state, store: None, failing: false, looks: 0, told: BTreeSet::new() }
    }

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
        drop(stopped);
        self.rewrite();
        self.write_uses();
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
        self.tell_of_ends();
        self.tend_keys();
        self.rewrite();
        self.looks = self.looks.wrapping_add(1);
        if self.looks.is_multiple_of(LOOKS_A_WRITE) {
            self.write_uses();
        }
    }

    /// Tells of each secret whose end has come near, once.
    fn tell_of_ends(&mut self) {
        // By the host's clock, whose panic leaves it for the next look.
        let Ok(now) = panic::catch_unwind(AssertUnwindSafe(|| self.state.clock.wall().as_secs()))
        else {
            return;
        };
        let in_force = self.state.in_force();
        let left = |end: &Ending| Duration::from_secs(end.at.saturating_sub(now));
        let near = in_force
            .ending
            .iter()
            .filter(|end| (1..=SOON.as_secs()).contains(&left(end).as_secs()));
        let told = near.filter(|end| {
            let (app, secret) = (&end.app, end.secret.as_str());
            let event = Event::SecretExpiring { app, secret, expires_in: left(end) };
            self.told.contains(end) || self.state.tell(&event)
        });
        self.told = told.cloned().collect();
    }

    /// Does what is due about the signing keys, if no other process was first.
    fn tend_keys(&self) {
        let _ = panic::catch_unwind(AssertUnwindSafe(|| {
            let now = self.state.clock.wall().as_secs();
            for chore in self.state.in_force().keys.chores(now, &self.state.settings) {
                // What fails is due at the next look too.
                let _ = self.state.tend(&chore);
            }
        }));
    }

    fn rewrite(&self) {
        let _ = panic::catch_unwind(AssertUnwindSafe(|| self.state.rewrite()));
    }

    /// A failure is left for the next time: when a secret was used is a hint, and no more.
    fn write_uses(&mut self) {
        let _ = panic::catch_unwind(AssertUnwindSafe(|| {
            let mut store = self.state.store(self.store.take())?;
            self.state.write_uses(&mut store.connection)?;
            self.store = Some(store);
            Ok::<_, StoreError>(())
        }));
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
