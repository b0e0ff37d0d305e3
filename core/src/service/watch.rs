//! What the gate says seldom: a counter of the limiter that has risen, a host that names no source.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Tick;
use crate::limiter::LimiterHealth;

/// A risen counter is told of at most this often.
const INTERVAL: Duration = Duration::from_secs(60);

pub(super) struct Watch {
    overflows: Told,
    repaired: Told,
    degraded: Told,
    source_missed: AtomicBool,
}

/// What was last told of a counter, and when.
struct Told {
    count: AtomicU64,
    at_nanos: AtomicU64,
}

/// Later than any tick.
const NEVER: u64 = u64::MAX;

impl Watch {
    pub(super) const fn new() -> Self {
        Self {
            overflows: Told::nothing(),
            repaired: Told::nothing(),
            degraded: Told::nothing(),
            source_missed: AtomicBool::new(false),
        }
    }

    /// Whether this is the first request without a source.
    pub(super) fn first_without_source(&self) -> bool {
        !self.source_missed.load(Ordering::Relaxed)
            && !self.source_missed.swap(true, Ordering::Relaxed)
    }

    /// Whether a counter has risen that was not told of within the last minute.
    pub(super) fn has_risen(&self, now: Tick, health: LimiterHealth) -> bool {
        // Each is looked at, so that one event tells of all.
        self.overflows.is_due(now, health.overflows)
            | self.repaired.is_due(now, health.repaired)
            | self.degraded.is_due(now, health.degraded)
    }
}

impl Told {
    const fn nothing() -> Self {
        Self { count: AtomicU64::new(0), at_nanos: AtomicU64::new(NEVER) }
    }

    /// Reads alone but once a minute: in a flood every request asks.
    fn is_due(&self, now: Tick, count: u64) -> bool {
        if count <= self.count.load(Ordering::Relaxed) {
            return false;
        }
        let at = self.at_nanos.load(Ordering::Relaxed);
        if at != NEVER && now.since(Tick::from_nanos(at)) < INTERVAL {
            return false;
        }
        // Of several requests that find it due, one tells.
        let tells = self
            .at_nanos
            .compare_exchange(at, now.as_nanos(), Ordering::Relaxed, Ordering::Relaxed)
            .is_ok();
        if tells {
            self.count.store(count, Ordering::Relaxed);
        }
        tells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(overflows: u64, repaired: u64) -> LimiterHealth {
        LimiterHealth { overflows, repaired, ..LimiterHealth::default() }
    }

    fn at(seconds: u64) -> Tick {
        Tick::from_duration(Duration::from_secs(seconds))
    }

    #[test]
    fn each_counter_is_told_of_once_a_minute() {
        let watch = Watch::new();
        assert!(!watch.has_risen(at(0), health(0, 0)));
        assert!(watch.has_risen(at(0), health(1, 0)));
        assert!(!watch.has_risen(at(1), health(1, 0)));
        assert!(!watch.has_risen(at(59), health(9, 0)));
        assert!(watch.has_risen(at(59), health(9, 1)), "another counter has its own minute");
        assert!(watch.has_risen(at(60), health(9, 1)), "what was held back is told");
        assert!(!watch.has_risen(at(200), health(9, 1)));
    }

    #[test]
    fn a_missing_source_is_told_of_once() {
        let watch = Watch::new();
        assert!(watch.first_without_source());
        assert!(!watch.first_without_source());
    }
}
