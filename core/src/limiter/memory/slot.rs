//! One slot of the table, and the set of slots that lie together.

use super::sync::{AtomicU64, Ordering};
use crate::clock::Tick;
use crate::limiter::bucket::Bucket;
use crate::limiter::tag::Tag;

/// Slots in a set.
pub(super) const LANES: usize = 8;

/// Slots of a set that only a known caller may claim.
const RESERVED: usize = 2;

/// Stands in for a bucket while its slot is given to another key. No bucket is full that late.
const LOCKED: u64 = u64::MAX;

/// Eight slots in two cache lines: a search reads the tags, and of the buckets only the one it
/// wants.
#[repr(align(128))]
#[derive(Default)]
pub(super) struct Set {
    tags: [AtomicU64; LANES],
    full_at: [AtomicU64; LANES],
}

/// One bucket and the tag of its key.
#[derive(Clone, Copy)]
pub(super) struct Slot<'t> {
    tag: &'t AtomicU64,
    full_at: &'t AtomicU64,
}

/// The slots of a set that could be claimed: how many, and one of them.
pub(super) struct Vacancy<'t> {
    pub(super) count: usize,
    pub(super) slot: Slot<'t>,
    pub(super) bucket: Bucket,
}

impl Set {
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot<'_>> {
        self.tags.iter().zip(&self.full_at).map(|(tag, full_at)| Slot { tag, full_at })
    }

    /// The full buckets among the reserved slots, or among the others.
    pub(super) fn vacancy(&self, reserved: bool, judged: Tick) -> Option<Vacancy<'_>> {
        let (skipped, taken) = if reserved { (0, RESERVED) } else { (RESERVED, LANES) };
        let mut vacant = self
            .slots()
            .skip(skipped)
            .take(taken)
            .filter_map(|slot| Some((slot, slot.bucket()?)))
            .filter(|(_, bucket)| bucket.is_full(judged));
        let (slot, bucket) = vacant.next()?;
        Some(Vacancy { count: vacant.count().saturating_add(1), slot, bucket })
    }
}

impl Slot<'_> {
    /// The tag of its key, or zero if it never had one. INVARIANT: read before the bucket and again
    /// after it; only between two readings of one tag is the bucket known to be that key's.
    pub(super) fn tag(self) -> u64 {
        self.tag.load(Ordering::Acquire)
    }

    /// The bucket, unless the slot is locked.
    pub(super) fn bucket(self) -> Option<Bucket> {
        match self.full_at.load(Ordering::Acquire) {
            LOCKED => None,
            nanos => Some(Bucket::full_at(nanos)),
        }
    }

    /// Changes the bucket if it is still as it was seen. Each swap that fails means that another
    /// one went through.
    ///
    /// It goes through on a slot reclaimed meanwhile only if a reset or refund brought the new
    /// key's bucket to the nanosecond of the old one's.
    pub(super) fn swap(self, seen: Bucket, new: Bucket) -> bool {
        let (seen, new) = (seen.full_at_nanos(), new.full_at_nanos());
        self.full_at.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Gives the slot to another key if its bucket is still the full one that was seen.
    pub(super) fn reclaim(self, full: Bucket, tag: Tag, bucket: Bucket) -> bool {
        let seen = full.full_at_nanos();
        if self.full_at.compare_exchange(seen, LOCKED, Ordering::AcqRel, Ordering::Relaxed).is_err()
        {
            return false;
        }
        // From here to the end nothing can panic.
        self.tag.store(tag.bits(), Ordering::Release);
        self.full_at.store(bucket.full_at_nanos(), Ordering::Release);
        true
    }
}
