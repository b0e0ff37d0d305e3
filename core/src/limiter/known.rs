//! The marks of known callers: who has succeeded in this process's life.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::LimitKey;
use super::tag::{Tag, Tagger};

/// Tags in a set: one cache line.
const SET: usize = 8;

/// Most sets: 128 MiB of marks.
const MOST_SETS: usize = 1 << 21;

/// The marks of callers that have succeeded, in a fixed amount of memory. A set that is full
/// forgets its oldest mark; that makes a stranger of a caller, never more.
pub(crate) struct KnownCallers {
    tagger: Tagger,
    /// A power of two of sets. In each the newest tag stands first.
    sets: Box<[MarkSet]>,
    /// Held while a set is shifted. Only a first success, or one after its mark was lost, waits
    /// here.
    marking: Mutex<()>,
}

#[repr(align(64))]
#[derive(Default)]
struct MarkSet([AtomicU64; SET]);

impl KnownCallers {
    /// A caller has two or three marks; these take 512 KiB.
    pub(crate) const DEFAULT_MARKS: usize = 65_536;

    /// Room for so many marks, rounded up to a power of two; at least 8, at most 2^24.
    pub(crate) fn new(marks: usize) -> Self {
        let sets = marks.div_ceil(SET).clamp(1, MOST_SETS).next_power_of_two();
        Self {
            tagger: Tagger::default(),
            sets: std::iter::repeat_with(MarkSet::default).take(sets).collect(),
            marking: Mutex::new(()),
        }
    }

    /// How many marks there is room for.
    pub(crate) fn marks(&self) -> usize {
        self.sets.len().saturating_mul(SET)
    }

    /// Whether the key was marked and is not forgotten.
    pub(crate) fn is_known(&self, key: LimitKey<'_>) -> bool {
        let tag = self.tagger.tag(&key);
        self.set(tag).is_some_and(|set| set.holds(tag))
    }

    /// Marks the key.
    pub(crate) fn mark(&self, key: LimitKey<'_>) {
        let tag = self.tagger.tag(&key);
        let Some(set) = self.set(tag) else { return };
        if set.holds(tag) {
            return;
        }
        // A panic cannot happen under this lock; a poisoned one guards nothing that could be half
        // done but a set's order.
        let _marking = self.marking.lock().unwrap_or_else(PoisonError::into_inner);
        if !set.holds(tag) {
            set.put_first(tag);
        }
    }

    fn set(&self, tag: Tag) -> Option<&MarkSet> {
        let mask = self.sets.len().wrapping_sub(1);
        self.sets.get(tag.bits() as usize & mask)
    }
}

impl fmt::Debug for KnownCallers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownCallers").field("marks", &self.marks()).finish_non_exhaustive()
    }
}

impl MarkSet {
    /// Read from the first place to the last: [`put_first`](Self::put_first) moves a tag to a later
    /// place before it leaves the earlier one, so a tag on the move is not missed.
    fn holds(&self, tag: Tag) -> bool {
        self.0.iter().any(|place| place.load(Ordering::Acquire) == tag.bits())
    }

    fn put_first(&self, tag: Tag) {
        for (to, from) in self.0.iter().skip(1).zip(&self.0).rev() {
            to.store(from.load(Ordering::Relaxed), Ordering::Release);
        }
        if let Some(first) = self.0.first() {
            first.store(tag.bits(), Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_for_its_key_alone() {
        let known = KnownCallers::new(1_024);
        known.mark(LimitKey::Client("a"));
        assert!(known.is_known(LimitKey::Client("a")));
        assert!(!known.is_known(LimitKey::Client("b")));
        assert!(!known.is_known(LimitKey::Global));
    }

    #[test]
    fn a_full_set_forgets_its_oldest() {
        let known = KnownCallers::new(0);
        let ids: Vec<String> = (0..20).map(|i| format!("app-{i}")).collect();
        for (count, id) in ids.iter().enumerate() {
            known.mark(LimitKey::Client(id));
            known.mark(LimitKey::Client(id));
            let oldest = (count + 1).saturating_sub(SET);
            for (i, id) in ids.iter().enumerate() {
                let expected = (oldest..=count).contains(&i);
                assert_eq!(known.is_known(LimitKey::Client(id)), expected, "{i} of {count}");
            }
        }
    }

    #[test]
    fn the_room_is_fixed_and_bounded() {
        assert_eq!(KnownCallers::new(0).sets.len(), 1);
        assert_eq!(KnownCallers::new(65_536).sets.len(), 8_192);
        assert_eq!(KnownCallers::new(65_537).sets.len(), 16_384);
        assert_eq!(KnownCallers::new(usize::MAX).sets.len(), MOST_SETS);
        assert_eq!(std::mem::size_of::<MarkSet>(), 64);
    }

    #[test]
    fn a_tag_on_the_move_is_not_missed() {
        let known = KnownCallers::new(8);
        known.mark(LimitKey::Client("held"));
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                (0..100_000).filter(|_| !known.is_known(LimitKey::Client("held"))).count()
            });
            // Each round pushes it from the first place to the last, and never out.
            for i in 0..7 {
                known.mark(LimitKey::Client(&i.to_string()));
                std::thread::yield_now();
            }
            assert_eq!(reader.join().unwrap(), 0);
        });
    }
}
