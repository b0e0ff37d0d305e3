//! The fixed table of buckets: finds, claims and changes them without a lock where the key has a
//! slot, and under its stripe's lock where it has none yet.
//!
//! A slot may be reclaimed if and only if its bucket is full. Every operation reads the later of
//! the bucket's time and now, so a full bucket answers like one never seen, and forgetting it
//! changes nothing; forgetting any other would give its missing tokens back. So nothing is ever
//! evicted by age, use or chance.

use super::slot::{LANES, Set, Slot};
use super::sync::{AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};
use crate::clock::Tick;
use crate::limiter::bucket::{Bucket, Wait};
use crate::limiter::tag::{Tag, Tagger};
use crate::limiter::{Charge, Scope};

/// How many locks, and shared buckets a scope, the keys are spread over.
const STRIPES: usize = if cfg!(all(loom, test)) { 2 } else { 64 };

/// So many of a set's six open slots free. At a load of three quarters 0.07 % of the keys then find
/// both sets full, against 0.04 % if the emptier one were always taken, and a third fewer are in
/// their second set.
const RATHER_EMPTY: usize = 4;

/// A fixed number of buckets for any number of keys.
pub(super) struct Table {
    /// A power of two of sets; a key may live in two of them.
    sets: Box<[Set]>,
    stripes: Box<[Stripe; STRIPES]>,
    /// The latest tick at which a slot was reclaimed. A request with an older one finds the slot's
    /// former key absent; judged at its own tick it would be granted what that key had spent.
    latest: AtomicU64,
    overflows: AtomicU64,
}

/// What the keys of one stripe share.
#[repr(align(128))]
struct Stripe {
    /// Held while a key that has no slot is given one, so that none is given two.
    claiming: Mutex<()>,
    /// The buckets of keys that find every slot live: of strangers by scope, then of known callers
    /// by scope. Written under the lock.
    overflow: [AtomicU64; 8],
}

/// Whose bucket an operation is on.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    pub(super) tag: Tag,
    pub(super) scope: Scope,
    pub(super) known: bool,
}

impl Owner {
    #[inline]
    pub(super) fn of(charge: &Charge<'_>, tagger: &Tagger) -> Self {
        let tag = tagger.tag(&charge.key);
        Self { tag, scope: charge.key.scope(), known: charge.known }
    }
}

/// A bucket that was seen or changed.
#[derive(Clone, Copy)]
pub(super) struct Change<'t> {
    pub(super) place: Place<'t>,
    pub(super) before: Bucket,
    pub(super) after: Bucket,
}

/// Where a bucket is.
#[derive(Clone, Copy)]
pub(super) enum Place<'t> {
    /// In a slot of the key's own.
    Own(&'t Slot),
    /// In the bucket that the stripe's keys without a slot share; or, if it was only seen, in a slot
    /// that is still to be claimed.
    Shared,
}

/// Why an operation was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) wait: Wait,
    /// It was the shared bucket that refused.
    pub(super) shared: bool,
}

/// What a look for a key's slot gives.
pub(super) enum Found<'t> {
    Own(&'t Slot, Bucket),
    Absent,
    /// A slot with this tag is being given to this key, or taken from it.
    Changing,
}

impl Table {
    /// Of so many sets, a power of two and at least 2, in the room that is given. They are written
    /// here and now, so the memory is the process's from the start.
    pub(super) fn new(sets: usize, mut room: Vec<Set>) -> Self {
        room.resize_with(sets, Set::default);
        Self {
            sets: room.into_boxed_slice(),
            stripes: Box::new(std::array::from_fn(|_| Stripe::new())),
            latest: AtomicU64::new(0),
            overflows: AtomicU64::new(0),
        }
    }

    pub(super) fn slots(&self) -> usize {
        self.sets.len().saturating_mul(LANES)
    }

    /// How many charges went to a shared bucket.
    pub(super) fn overflows(&self) -> u64 {
        self.overflows.load(Ordering::Relaxed)
    }

    /// The bucket of the key's own, if it has one.
    pub(super) fn bucket(&self, tag: Tag) -> Option<Bucket> {
        self.own(tag).map(|(_, bucket)| bucket)
    }

    /// What `operation` would do, without doing it.
    #[inline]
    pub(super) fn look(
        &self,
        now: Tick,
        owner: Owner,
        operation: impl Fn(Bucket, Tick) -> Result<Bucket, Wait>,
    ) -> Result<Change<'_>, Refusal> {
        let Some((slot, before)) = self.own(owner.tag) else {
            return self.look_without(now, owner, operation);
        };
        match operation(before, now) {
            Ok(after) => Ok(Change { place: Place::Own(slot), before, after }),
            Err(wait) => Err(Refusal { wait, shared: false }),
        }
    }

    #[cold]
    fn look_without(
        &self,
        now: Tick,
        owner: Owner,
        operation: impl Fn(Bucket, Tick) -> Result<Bucket, Wait>,
    ) -> Result<Change<'_>, Refusal> {
        let before = self.stripe(owner.tag).overflow(owner);
        let after = self.newcomer(now, before, operation)?;
        Ok(Change { place: Place::Shared, before, after })
    }

    /// Does what a look saw, if the slot has not changed since.
    #[inline]
    pub(super) fn settle(seen: &Change<'_>) -> bool {
        match seen.place {
            Place::Own(slot) => slot.swap(seen.before, seen.after),
            Place::Shared => false,
        }
    }

    /// Does `operation` on the key's bucket, or on a shared one if the key has none and there is no
    /// room for one.
    #[cold]
    pub(super) fn apply(
        &self,
        now: Tick,
        owner: Owner,
        operation: impl Fn(Bucket, Tick) -> Result<Bucket, Wait>,
    ) -> Result<Change<'_>, Refusal> {
        while let Found::Own(slot, before) = self.find(owner.tag) {
            let after = operation(before, now).map_err(|wait| Refusal { wait, shared: false })?;
            if slot.swap(before, after) {
                return Ok(Change { place: Place::Own(slot), before, after });
            }
        }
        let stripe = self.stripe(owner.tag);
        let guard = stripe.lock();
        loop {
            if let Some((slot, before)) = self.find_held(owner.tag, &guard) {
                let after =
                    operation(before, now).map_err(|wait| Refusal { wait, shared: false })?;
                if slot.swap(before, after) {
                    return Ok(Change { place: Place::Own(slot), before, after });
                }
            } else if let Some(done) = self.claim(now, owner, stripe, &guard, &operation)? {
                return Ok(done);
            }
        }
    }

    /// Changes the key's own bucket; nothing if it has none.
    pub(super) fn adjust(&self, tag: Tag, change: impl Fn(Bucket) -> Bucket) {
        while let Some((slot, before)) = self.own(tag) {
            let after = change(before);
            if before == after || slot.swap(before, after) {
                return;
            }
        }
    }

    /// Takes a change back, unless somebody has changed the bucket since. Then it stays: had the
    /// bucket been full in between, what was charged has come back by itself, and to give it back
    /// once more would mint it.
    pub(super) fn undo(&self, owner: Owner, done: &Change<'_>) {
        match done.place {
            Place::Own(slot) => {
                slot.swap(done.after, done.before);
            }
            Place::Shared => {
                let stripe = self.stripe(owner.tag);
                let guard = stripe.lock();
                if stripe.overflow(owner) == done.after {
                    stripe.set_overflow(owner, done.before, &guard);
                }
            }
        }
    }

    /// Gives a key without a slot one, or charges the shared bucket. `None` when a slot that was
    /// free is no longer so: look again.
    fn claim(
        &self,
        now: Tick,
        owner: Owner,
        stripe: &Stripe,
        guard: &MutexGuard<'_, ()>,
        operation: impl Fn(Bucket, Tick) -> Result<Bucket, Wait>,
    ) -> Result<Option<Change<'_>>, Refusal> {
        // Not a full bucket: a slot that falls free in a flood must not bring a fresh burst.
        let before = stripe.overflow(owner);
        let after = self.newcomer(now, before, operation)?;
        let judged = self.no_earlier(now);
        let Some((slot, full)) = self.vacant(owner, judged) else {
            stripe.set_overflow(owner, after, guard);
            self.overflows.fetch_add(1, Ordering::Relaxed);
            return Ok(Some(Change { place: Place::Shared, before, after }));
        };
        // Before the slot is locked, so that whoever finds its key gone finds this tick too.
        if self.latest.load(Ordering::Acquire) < judged.as_nanos() {
            self.latest.fetch_max(judged.as_nanos(), Ordering::AcqRel);
        }
        if !slot.reclaim(full, owner.tag, after) {
            return Ok(None);
        }
        Ok(Some(Change { place: Place::Own(slot), before, after }))
    }

    /// The operation on the bucket that a key without a slot starts from.
    fn newcomer(
        &self,
        now: Tick,
        start: Bucket,
        operation: impl Fn(Bucket, Tick) -> Result<Bucket, Wait>,
    ) -> Result<Bucket, Refusal> {
        let judged = self.no_earlier(now);
        operation(start, judged).map_err(|wait| Refusal {
            // The caller waits from its own tick.
            wait: wait.longer_by(judged.as_nanos().saturating_sub(now.as_nanos())),
            shared: !start.is_full(judged),
        })
    }

    /// The tick by which a key without a slot is judged.
    fn no_earlier(&self, now: Tick) -> Tick {
        now.max(Tick::from_nanos(self.latest.load(Ordering::Acquire)))
    }

    #[inline]
    fn own(&self, tag: Tag) -> Option<(&Slot, Bucket)> {
        match self.find(tag) {
            Found::Own(slot, bucket) => Some((slot, bucket)),
            Found::Absent => None,
            Found::Changing => self.own_held(tag),
        }
    }

    #[cold]
    fn own_held(&self, tag: Tag) -> Option<(&Slot, Bucket)> {
        let guard = self.stripe(tag).lock();
        self.find_held(tag, &guard)
    }

    /// Looks in all slots where the key may be.
    #[inline(always)]
    pub(super) fn find(&self, tag: Tag) -> Found<'_> {
        let first = self.first_set(tag).and_then(|set| set.with_tag(tag));
        let Some(slot) = first.or_else(|| self.second_set(tag)?.with_tag(tag)) else {
            return Found::Absent;
        };
        match slot.bucket() {
            Some(bucket) if slot.tag() == tag.bits() => Found::Own(slot, bucket),
            _ => Found::Changing,
        }
    }

    /// Looks with the stripe's lock held: no slot is being given to this key, so one that is locked
    /// under its tag is being taken from it. Its bucket was full then, and the key is not there.
    fn find_held(&self, tag: Tag, _held: &MutexGuard<'_, ()>) -> Option<(&Slot, Bucket)> {
        self.sets_of(tag).into_iter().flatten().flat_map(Set::slots).find_map(|slot| {
            if slot.tag() != tag.bits() {
                return None;
            }
            let bucket = slot.bucket()?;
            (slot.tag() == tag.bits()).then_some((slot, bucket))
        })
    }

    /// A slot that the key may claim: a reserved one first for a known caller; in the key's first
    /// set while that is rather empty, since it is there that it will be looked for first, and then
    /// in the emptier one.
    fn vacant(&self, owner: Owner, judged: Tick) -> Option<(&Slot, Bucket)> {
        let choose = |reserved: bool| {
            let first = self.first_set(owner.tag)?.vacancy(reserved, judged);
            if first.as_ref().is_some_and(|first| first.count >= RATHER_EMPTY) {
                return first;
            }
            let second = self.second_set(owner.tag)?.vacancy(reserved, judged);
            match (first, second) {
                (Some(first), Some(second)) if second.count > first.count => Some(second),
                (first, second) => first.or(second),
            }
        };
        let reserved = if owner.known { choose(true) } else { None };
        reserved.or_else(|| choose(false)).map(|vacancy| (vacancy.slot, vacancy.bucket))
    }

    /// The two sets that the key may live in.
    fn sets_of(&self, tag: Tag) -> [Option<&Set>; 2] {
        [self.first_set(tag), self.second_set(tag)]
    }

    fn first_set(&self, tag: Tag) -> Option<&Set> {
        self.sets.get(tag.bits() as usize & self.mask())
    }

    fn second_set(&self, tag: Tag) -> Option<&Set> {
        let first = tag.bits() as usize & self.mask();
        let second = (tag.bits() >> 29) as usize & self.mask();
        self.sets.get(if first == second { first ^ 1 } else { second })
    }

    fn mask(&self) -> usize {
        self.sets.len().wrapping_sub(1)
    }

    fn stripe(&self, tag: Tag) -> &Stripe {
        // INVARIANT: six bits count to 63.
        #[expect(clippy::indexing_slicing, reason = "the index is below the array's length")]
        &self.stripes[(tag.bits() >> 58) as usize % STRIPES]
    }
}

impl Stripe {
    fn new() -> Self {
        Self { claiming: Mutex::new(()), overflow: std::array::from_fn(|_| AtomicU64::new(0)) }
    }

    /// A panic under the lock leaves nothing half done, so a poisoned lock is taken over.
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.claiming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn overflow(&self, owner: Owner) -> Bucket {
        let place = self.overflow.get(overflow_of(owner));
        Bucket::full_at(place.map_or(0, |place| place.load(Ordering::Acquire)))
    }

    fn set_overflow(&self, owner: Owner, bucket: Bucket, _held: &MutexGuard<'_, ()>) {
        if let Some(place) = self.overflow.get(overflow_of(owner)) {
            place.store(bucket.full_at_nanos(), Ordering::Release);
        }
    }
}

const fn overflow_of(owner: Owner) -> usize {
    let known = if owner.known { 4 } else { 0 };
    known | owner.scope as usize
}

#[cfg(test)]
#[cfg(loom)]
mod model;
#[cfg(test)]
#[cfg(not(loom))]
mod tests;
