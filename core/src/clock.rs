//! Time: what a clock tells, and the one place that reads the system's.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment of the wall clock, as the time since 1970-01-01T00:00:00Z without leap seconds. Tokens
/// are dated by it; it may step in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(Duration);

impl UnixTime {
    /// The moment so long after the epoch.
    pub const fn since_epoch(duration: Duration) -> Self {
        Self(duration)
    }

    /// The moment so many whole seconds after the epoch.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Whole seconds since the epoch, rounded down: a JWT's `NumericDate` (RFC 7519 section 2).
    pub const fn as_secs(self) -> u64 {
        self.0.as_secs()
    }

    /// The time since the epoch.
    pub const fn as_duration(self) -> Duration {
        self.0
    }
}

/// A reading of the monotonic clock, in nanoseconds since a moment that the clock chose. Limits and
/// deadlines are measured by it; it never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(u64);

impl Tick {
    /// The latest tick, 292 years: whatever is later counts as this.
    pub const MAX: Self = Self(u64::MAX >> 1);

    /// The tick at so many nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        if nanos > Self::MAX.0 { Self::MAX } else { Self(nanos) }
    }

    /// The tick so long after the clock's zero.
    pub const fn from_duration(duration: Duration) -> Self {
        let nanos = duration.as_nanos();
        if nanos > Self::MAX.0 as u128 { Self::MAX } else { Self(nanos as u64) }
    }

    /// Nanoseconds since the clock's zero.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to this tick, or zero if it is not earlier.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Tells the time. A host that must count the time a device sleeps gives its own (`CLOCK_BOOTTIME`,
/// `mach_continuous_time`).
pub trait Clock: Debug + Send + Sync {
    /// The wall clock.
    fn wall(&self) -> UnixTime;

    /// The monotonic clock. It must not go back; if it jumps ahead by an hour, every limit has an
    /// hour's tokens more.
    fn tick(&self) -> Tick;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn wall(&self) -> UnixTime {
        (**self).wall()
    }

    fn tick(&self) -> Tick {
        (**self).tick()
    }
}

/// The clocks of the operating system. The monotonic one stands still while a Linux or macOS
/// machine sleeps, which makes waits longer and never shorter.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    zero: Instant,
}

impl SystemClock {
    /// A clock whose ticks count from now.
    #[expect(clippy::disallowed_methods, reason = "the door by which time enters")]
    pub fn new() -> Self {
        Self { zero: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the door by which time enters")]
    fn wall(&self) -> UnixTime {
        // A clock set before 1970 reads as 1970: tokens made then are expired everywhere.
        UnixTime(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    fn tick(&self) -> Tick {
        Tick::from_duration(self.zero.elapsed())
    }
}

/// A clock that moves when it is told to, for tests. Clones share one time.
///
/// ```
/// use std::time::Duration;
/// use tokensmith::{Clock, ManualClock, UnixTime};
///
/// let clock = ManualClock::new(UnixTime::from_secs(1_700_000_000));
/// let before = clock.tick();
/// clock.advance(Duration::from_secs(2));
/// assert_eq!(clock.wall().as_secs(), 1_700_000_002);
/// assert_eq!(clock.tick().since(before), Duration::from_secs(2));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    times: Arc<ManualTimes>,
}

#[derive(Debug)]
struct ManualTimes {
    wall_nanos: AtomicU64,
    tick_nanos: AtomicU64,
}

impl ManualClock {
    /// A clock that stands at `wall`, with a tick of zero.
    pub fn new(wall: UnixTime) -> Self {
        let clock = Self {
            times: Arc::new(ManualTimes {
                wall_nanos: AtomicU64::new(0),
                tick_nanos: AtomicU64::new(0),
            }),
        };
        clock.set_wall(wall);
        clock
    }

    /// Moves both clocks ahead.
    pub fn advance(&self, by: Duration) {
        let nanos = saturating_nanos(by);
        advance(&self.times.wall_nanos, nanos);
        advance(&self.times.tick_nanos, nanos);
    }

    /// Steps the wall clock alone, as NTP or an operator does.
    pub fn set_wall(&self, wall: UnixTime) {
        self.times.wall_nanos.store(saturating_nanos(wall.as_duration()), Ordering::SeqCst);
    }

    /// Sets the monotonic clock alone.
    pub fn set_tick(&self, tick: Tick) {
        self.times.tick_nanos.store(tick.as_nanos(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> UnixTime {
        UnixTime(Duration::from_nanos(self.times.wall_nanos.load(Ordering::SeqCst)))
    }

    fn tick(&self) -> Tick {
        Tick::from_nanos(self.times.tick_nanos.load(Ordering::SeqCst))
    }
}

fn advance(time: &AtomicU64, nanos: u64) {
    let moved = |now: u64| Some(now.saturating_add(nanos));
    // INVARIANT: `moved` never gives None, so the update cannot fail.
    let _ = time.fetch_update(Ordering::SeqCst, Ordering::SeqCst, moved);
}

fn saturating_nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_saturates() {
        assert_eq!(Tick::from_duration(Duration::MAX), Tick::MAX);
        assert_eq!(Tick::from_nanos(u64::MAX), Tick::MAX);
        assert_eq!(Tick::from_nanos(1).since(Tick::from_nanos(2)), Duration::ZERO);
    }

    #[test]
    fn the_system_clock_goes_on() {
        let clock = SystemClock::new();
        let (tick, wall) = (clock.tick(), clock.wall());
        assert!(clock.tick() >= tick);
        assert!(wall.as_secs() > 1_700_000_000);
    }

    #[test]
    fn a_step_of_the_wall_clock_leaves_the_ticks() {
        let clock = ManualClock::new(UnixTime::from_secs(100));
        clock.advance(Duration::from_secs(5));
        clock.set_wall(UnixTime::from_secs(1));
        assert_eq!(clock.tick().as_nanos(), 5_000_000_000);
        assert_eq!(clock.wall(), UnixTime::from_secs(1));
    }
}
