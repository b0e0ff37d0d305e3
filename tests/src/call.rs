//! A future that is polled step by step, so that a test decides what happens between two polls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A future under way. It is polled only when it was woken: one that forgets to have itself woken
/// stands still here as it would in a host.
///
/// ```
/// use std::time::Duration;
/// use tokensmith::{Timer, UnixTime, ManualClock};
/// use tokensmith_testkit::{Call, ManualTimer};
///
/// let timer = ManualTimer::new(ManualClock::new(UnixTime::from_secs(0)));
/// let mut call = Call::new(timer.sleep(Duration::from_secs(1)));
/// assert_eq!(call.proceed(), None);
/// timer.advance(Duration::from_secs(1));
/// assert_eq!(call.proceed(), Some(()));
/// ```
pub struct Call<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    woken: Arc<Woken>,
    polls: usize,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'a, T> Call<'a, T> {
    /// A call that has not begun: the first poll is [`proceed`](Self::proceed)'s.
    pub fn new(future: impl Future<Output = T> + Send + 'a) -> Self {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        Self { future: Box::pin(future), woken, polls: 0 }
    }

    /// Polls for as long as the future is woken. `None` if it waits for something.
    pub fn proceed(&mut self) -> Option<T> {
        while self.is_woken() {
            if let Some(output) = self.step() {
                return Some(output);
            }
        }
        None
    }

    /// Polls once, if the future is woken. `None` if it is not done.
    pub fn step(&mut self) -> Option<T> {
        if !self.woken.0.swap(false, Ordering::SeqCst) {
            return None;
        }
        self.polls = self.polls.saturating_add(1);
        let waker = Waker::from(Arc::clone(&self.woken));
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    /// Whether a poll would be of use.
    pub fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::SeqCst)
    }

    /// How many times it was polled.
    pub const fn polls(&self) -> usize {
        self.polls
    }
}

impl<T> fmt::Debug for Call<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("polls", &self.polls).finish_non_exhaustive()
    }
}
