//! What the gate says seldom: a counter of the limiter that has risen, a host that names no source.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Tick;
use crate::limiter::LimiterHealth;

/// A risen counter is told of at most this often.
const INTERVAL: Duration = Duration::from_secs(60);

pub(super) struct Watch {
    /// The sum of the counters as told: while it stands still there is nothing to look at.
    total: AtomicU64,
    told: Mutex<[Told; 3]>,
    source_missed: AtomicBool,
}

#[derive(Clone, Copy, Default)]
struct Told {
    count: u64,
    at: Option<Tick>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            total: AtomicU64::new(0),
            told: Mutex::new([Told::default(); 3]),
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
        let counts = [health.overflows, health.repaired, health.degraded];
        let total = counts.into_iter().fold(0_u64, u64::wrapping_add);
        if total == self.total.load(Ordering::Relaxed) {
            return false;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut risen = false;
        for (told, count) in told.iter_mut().zip(counts) {
            let is_due = told.at.is_none_or(|at| now.since(at) >= INTERVAL);
            if count > told.count && is_due {
                *told = Told { count, at: Some(now) };
                risen = true;
            }
        }
        let total = told.iter().map(|told| told.count).fold(0_u64, u64::wrapping_add);
        self.total.store(total, Ordering::Relaxed);
        risen
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
