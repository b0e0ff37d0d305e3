//! A timer of the issuer's own, for a host that lends it none: one thread that wakes who waits.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use futures_channel::oneshot;
use tokensmith::{Clock as _, Sleep, SystemClock, Tick};

/// Its thread starts with the first wait.
pub(crate) struct ThreadTimer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    waits: Mutex<Waits>,
    changed: Condvar,
    clock: SystemClock,
}

#[derive(Default)]
struct Waits {
    /// By when each is due; the number tells apart those of one moment.
    due: BTreeMap<(Tick, u64), oneshot::Sender<()>>,
    next: u64,
    ended: bool,
}

impl ThreadTimer {
    pub(crate) fn new() -> Self {
        let (waits, changed) = Default::default();
        let clock = SystemClock::new();
        Self { shared: Arc::new(Shared { waits, changed, clock }), thread: Mutex::default() }
    }

    /// A future that is ready once so much time has passed, or the timer has ended.
    pub(crate) fn sleep(&self, duration: Duration) -> io::Result<Sleep> {
        self.start()?;
        let (sender, receiver) = oneshot::channel();
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let due = Tick::from_nanos(self.shared.clock.tick().as_nanos().saturating_add(nanos));
        let mut waits = self.shared.waits();
        if !waits.ended {
            let number = waits.next;
            waits.next = number.wrapping_add(1);
            waits.due.insert((due, number), sender);
        }
        drop(waits);
        self.shared.changed.notify_one();
        Ok(Sleep::new(async {
            let _ = receiver.await;
        }))
    }

    fn start(&self) -> io::Result<()> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let shared = Arc::clone(&self.shared);
            let builder = thread::Builder::new().name("tokensmith-time".to_owned());
            *thread = Some(builder.spawn(move || shared.wake_until_the_end())?);
        }
        Ok(())
    }

    /// Ends the thread. Who waits is woken.
    pub(crate) fn end(&self) {
        let mut waits = self.shared.waits();
        waits.ended = true;
        let due = std::mem::take(&mut waits.due);
        drop(waits);
        drop(due);
        self.shared.changed.notify_all();
        if let Some(thread) = self.taken()
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }

    /// Leaves the thread alone: in a forked child there is none, and nothing would end a wait for it, or
    /// for a lock that one of the parent's had.
    pub(crate) fn abandon(&self) {
        if let Ok(mut thread) = self.thread.try_lock() {
            std::mem::forget(thread.take());
        }
    }

    fn taken(&self) -> Option<JoinHandle<()>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Shared {
    fn wake_until_the_end(&self) {
        let mut waits = self.waits();
        while !waits.ended {
            let now = self.clock.tick();
            let later =
                waits.due.split_off(&(Tick::from_nanos(now.as_nanos().saturating_add(1)), 0));
            let due = std::mem::replace(&mut waits.due, later);
            if !due.is_empty() {
                drop(waits);
                // To wake is to run the host's code.
                for wait in due.into_values() {
                    let _ = wait.send(());
                }
                waits = self.waits();
                continue;
            }
            let first = waits.due.keys().next().map(|(due, _)| due.since(now));
            waits = match first {
                None => self.changed.wait(waits).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    let waited = self.changed.wait_timeout(waits, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;

    use super::*;

    #[test]
    fn a_wait_is_as_long_as_it_was_asked_to_be_and_the_shorter_is_first() {
        let timer = ThreadTimer::new();
        let clock = SystemClock::new();
        let start = clock.tick();
        let long = timer.sleep(Duration::from_millis(40)).unwrap();
        let short = timer.sleep(Duration::from_millis(10)).unwrap();
        block_on(short);
        let first = clock.tick().since(start);
        block_on(long);
        assert!(first >= Duration::from_millis(10));
        assert!(clock.tick().since(start) >= Duration::from_millis(40));
        timer.end();
    }

    #[test]
    fn its_end_wakes_who_waits() {
        let timer = ThreadTimer::new();
        let long = timer.sleep(Duration::from_hours(1)).unwrap();
        timer.end();
        block_on(long);
        assert!(timer.thread.lock().unwrap().is_none());
    }
}
