//! The completion grid: the moments at which it may be told what became of credentials.

use std::fmt;
use std::hint;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokensmith::{Clock, Tick, Timer};

use crate::thread_timer::ThreadTimer;

/// Below it a wait spins: a timer's own step is longer.
const SPUN: Duration = Duration::from_millis(1);
/// How often a clock may be asked that stands still. None of the system does; one that a test moves
/// would hold the thread for ever.
const PATIENCE: u32 = 100_000;

/// Waits for the next moment of a grid.
pub(crate) struct Grid {
    clock: Arc<dyn Clock>,
    timer: Option<Arc<dyn Timer>>,
    own: ThreadTimer,
}

impl Grid {
    pub(crate) fn new(clock: Arc<dyn Clock>, timer: Option<Arc<dyn Timer>>) -> Self {
        Self { clock, timer, own: ThreadTimer::new() }
    }

    pub(crate) fn now(&self) -> Tick {
        self.clock.tick()
    }

    /// Ready at the next multiple of `step`, counted from `begun`.
    pub(crate) async fn next(&self, step: Duration, begun: Tick) -> io::Result<()> {
        let left = left(step, self.now().since(begun));
        if step < SPUN {
            self.spin(left);
            return Ok(());
        }
        match &self.timer {
            Some(timer) => timer.sleep(left).await,
            None => self.own.sleep(left)?.await,
        }
        Ok(())
    }

    fn spin(&self, left: Duration) {
        let start = self.now();
        let (mut last, mut still) = (start, 0_u32);
        while still < PATIENCE && last.since(start) < left {
            hint::spin_loop();
            let now = self.now();
            still = if now == last { still.saturating_add(1) } else { 0 };
            last = now;
        }
    }

    pub(crate) fn end(&self) {
        self.own.end();
    }

    /// As [`ThreadTimer::abandon`].
    pub(crate) fn abandon(&self) {
        self.own.abandon();
    }
}

impl fmt::Debug for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grid").field("timer", &self.timer).finish_non_exhaustive()
    }
}

/// How long it is to the next multiple; a whole step from one.
fn left(step: Duration, elapsed: Duration) -> Duration {
    let over = elapsed.as_nanos().checked_rem(step.as_nanos()).unwrap_or(0);
    let over = Duration::from_nanos(u64::try_from(over).unwrap_or(0));
    step.saturating_sub(over)
}

#[cfg(test)]
mod tests {
    use futures_executor::block_on;
    use tokensmith::{ManualClock, SystemClock, UnixTime};

    use super::*;

    #[test]
    fn what_is_left_is_to_the_next_multiple() {
        let ms = Duration::from_millis;
        for (elapsed, expected) in [(0, 50), (1, 49), (49, 1), (50, 50), (51, 49), (149, 1)] {
            assert_eq!(left(ms(50), ms(elapsed)), ms(expected), "{elapsed}");
        }
        let nearly = Duration::from_nanos(4_999);
        assert_eq!(left(Duration::from_micros(5), nearly), Duration::from_nanos(1));
    }

    #[test]
    fn a_short_wait_spins_by_the_clock_and_not_for_ever_by_one_that_stands_still() {
        let clock = SystemClock::new();
        let grid = Grid::new(Arc::new(clock), None);
        for step in [5, 200] {
            let step = Duration::from_micros(step);
            let begun = clock.tick();
            block_on(grid.next(step, begun)).unwrap();
            assert!(clock.tick().since(begun) >= step);
        }
        let still = Arc::new(ManualClock::new(UnixTime::from_secs(1)));
        let grid = Grid::new(still.clone(), None);
        block_on(grid.next(Duration::from_micros(5), still.tick())).unwrap();
    }
}
