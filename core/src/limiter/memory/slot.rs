//! One slot of the table, and the set of slots that lie together.

use super::sync::{AtomicU64, Ordering};
use crate::clock::Tick;
use crate::limiter::bucket::Bucket;
use crate::limiter::tag::Tag;

/// Slots in a set; one for the model checker, which goes through every order of events.
pub(super) const LANES: usize = if cfg!(all(loom, test)) { 1 } else { 8 };

/// Slots in a cache line.
const LINE: usize = LANES.div_ceil(2);

/// Slots of a set that only a known caller may claim.
const RESERVED: usize = LANES / 4;

/// Stands in for a bucket while its slot is given to another key. No bucket is full that late.
const LOCKED: u64 = u64::MAX;

/// Eight slots in two cache lines.
#[repr(align(128))]
#[derive(Default)]
pub(super) struct Set([Slot; LANES]);

/// One bucket and the tag of its key, side by side: who has read the tag has the bucket too.
#[derive(Default)]
pub(super) struct Slot {
    tag: AtomicU64,
    full_at: AtomicU64,
}

/// The slots of a set that could be claimed: how many, and the one that has been full the longest,
/// whose key is the least likely to come again.
pub(super) struct Vacancy<'t> {
    pub(super) count: usize,
    pub(super) slot: &'t Slot,
    pub(super) bucket: Bucket,
}

impl Set {
    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.0.iter()
    }

    /// The slot with this tag. All slots of a cache line are read whatever comes: there is no telling
    /// which it will be, and a wrongly predicted branch costs more than the rest.
    #[inline]
    pub(super) fn with_tag(&self, tag: Tag) -> Option<&Slot> {
        let (lines, _) = self.0.as_chunks::<LINE>();
        lines.iter().find_map(|line| {
            let mut found = LINE;
            for (lane, slot) in line.iter().enumerate() {
                found = if slot.tag() == tag.bits() { lane } else { found };
            }
            line.get(found)
        })
    }

    /// The full buckets among the reserved slots, or among the others.
    pub(super) fn vacancy(&self, reserved: bool, judged: Tick) -> Option<Vacancy<'_>> {
        // The open ones come first: in a set that is rather empty one line has all there is.
        let open = LANES.saturating_sub(RESERVED);
        let (skipped, taken) = if reserved { (open, RESERVED) } else { (0, open) };
        let slots = self.slots().skip(skipped).take(taken);
        let seen = slots.filter_map(|slot| Some((slot, slot.bucket()?)));
        let mut vacant = seen.filter(|(_, bucket)| bucket.is_full(judged));
        let mut best = vacant.next()?;
        let mut count: usize = 1;
        for other in vacant {
            count = count.saturating_add(1);
            if other.1.full_at_nanos() < best.1.full_at_nanos() {
                best = other;
            }
        }
        let (slot, bucket) = best;
        Some(Vacancy { count, slot, bucket })
    }
}

impl Slot {
    /// The tag of its key, or zero if it never had one. INVARIANT: read before the bucket and again
    /// after it; only between two readings of one tag is the bucket known to be that key's.
    pub(super) fn tag(&self) -> u64 {
        self.tag.load(Ordering::Acquire)
    }

    /// The bucket, unless the slot is locked.
    pub(super) fn bucket(&self) -> Option<Bucket> {
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
    pub(super) fn swap(&self, seen: Bucket, new: Bucket) -> bool {
        let (seen, new) = (seen.full_at_nanos(), new.full_at_nanos());
        self.full_at.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Gives the slot to another key if its bucket is still the full one that was seen.
    pub(super) fn reclaim(&self, full: Bucket, tag: Tag, bucket: Bucket) -> bool {
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
