//! A timer whose waits end when its clock is moved.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use tokensmith::{Clock, ManualClock, Sleep, Tick, Timer};

/// A [`Timer`] on a [`ManualClock`]: its waits end when [`advance`](Self::advance) has moved the
/// clock to their end. Clones share one clock.
///
/// ```
/// use std::time::Duration;
/// use tokensmith::{ManualClock, UnixTime};
/// use tokensmith_testkit::ManualTimer;
///
/// let timer = ManualTimer::new(ManualClock::new(UnixTime::from_secs(1_700_000_000)));
/// timer.advance(Duration::from_millis(1_500));
/// assert_eq!(timer.elapsed(), Duration::from_millis(1_500));
/// ```
#[derive(Clone, Debug)]
pub struct ManualTimer {
    clock: ManualClock,
    start: Tick,
    waiting: Arc<Mutex<Vec<Waker>>>,
}

impl ManualTimer {
    /// A timer on that clock.
    pub fn new(clock: ManualClock) -> Self {
        let start = clock.tick();
        Self { clock, start, waiting: Arc::default() }
    }

    /// The clock.
    pub const fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// How far the clock's tick has come since the timer was made.
    pub fn elapsed(&self) -> Duration {
        self.clock.tick().since(self.start)
    }

    /// Moves the clock, and wakes whatever waits.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        let woken =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        woken.into_iter().for_each(Waker::wake);
    }

    /// Moves the clock until so much has [elapsed](Self::elapsed).
    pub fn advance_to(&self, elapsed: Duration) {
        self.advance(elapsed.saturating_sub(self.elapsed()));
    }
}

impl Timer for ManualTimer {
    fn sleep(&self, duration: Duration) -> Sleep {
        let timer = self.clone();
        let end = self.elapsed().saturating_add(duration);
        Sleep::new(poll_fn(move |cx| {
            if timer.elapsed() >= end {
                return Poll::Ready(());
            }
            let mut waiting = timer.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(cx.waker().clone());
            Poll::Pending
        }))
    }
}
