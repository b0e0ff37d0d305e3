//! Authentications in flight: a count, and the guard that gives a place back.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Debug)]
pub(super) struct Capacity {
    in_flight: Arc<AtomicU32>,
    max: NonZeroU32,
}

/// A place, given back when dropped: by the end of the authentication, or with its future.
#[derive(Debug)]
pub(super) struct Place<'a>(&'a AtomicU32);

impl Capacity {
    pub(super) fn new(max: NonZeroU32) -> Self {
        Self { in_flight: Arc::default(), max }
    }

    /// Of those that are under way already, and at most so many.
    pub(super) fn following(&self, max: NonZeroU32) -> Self {
        Self { in_flight: Arc::clone(&self.in_flight), max }
    }

    /// Takes a place at once, or finds that all are taken.
    pub(super) fn enter(&self) -> Option<Place<'_>> {
        let one_more = |n: u32| n.checked_add(1).filter(|&n| n <= self.max.get());
        let entered = self.in_flight.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
        entered.is_ok().then(|| Place(&self.in_flight))
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Acquire)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // INVARIANT: this place was counted, so the count is at least one.
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_and_come_back() {
        let capacity = Capacity::new(NonZeroU32::new(2).unwrap());
        let (a, b) = (capacity.enter(), capacity.enter());
        assert!(a.is_some() && b.is_some() && capacity.enter().is_none());
        drop(a);
        assert_eq!(capacity.in_flight(), 1);
        assert!(capacity.enter().is_some());
    }
}
