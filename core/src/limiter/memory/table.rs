//! The fixed table of buckets: finds, claims and changes them without a lock where the key has a
//! slot, and under its stripe's lock where it has none yet.
//!
//! A slot may be reclaimed if and only if its bucket is full. Every operation reads the later of
//! the bucket's time and now, so a full bucket answers like one never seen, and forgetting it
//! changes nothing; forgetting any other would give its missing tokens back. So nothing is ever
//! evicted by age, use or chance.

use std::time::Duration;

use super::slot::{LANES, Set, Slot};
use super::sync::{AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};
use crate::clock::Tick;
use crate::limiter::Scope;
use crate::limiter::bucket::Bucket;
use crate::limiter::tag::Tag;

/// How many locks, and shared buckets a scope, the keys are spread over.
const STRIPES: usize = if cfg!(all(loom, test)) { 2 } else { 64 };

/// A fixed number of buckets for any number of keys.
pub(super) struct Table {
    /// A power of two of sets; a key may live in two of them.
    sets: Box<[Set]>,
    stripes: Box<[Stripe]>,
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
    Own(Slot<'t>),
    /// Nowhere yet: the key has no slot.
    Unplaced,
    /// In the bucket that the stripe's keys without a slot share.
    Shared,
}

/// Why an operation was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) wait: Duration,
    /// It was the shared bucket that refused.
    pub(super) shared: bool,
}

/// What a look for a key's slot gives.
enum Found<'t> {
    Own(Slot<'t>, Bucket),
    Absent,
    /// A slot with this tag is being given to a key: to this one, or from this one to another.
    Changing,
}

impl Table {
    /// Of so many sets, a power of two and at least 2, in the room that is given. They are written
    /// here and now, so the memory is the process's from the start.
    pub(super) fn new(sets: usize, mut room: Vec<Set>) -> Self {
        room.resize_with(sets, Set::default);
        Self {
            sets: room.into_boxed_slice(),
            stripes: std::iter::repeat_with(Stripe::new).take(STRIPES).collect(),
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
    pub(super) fn look(
        &self,
        now: Tick,
        owner: Owner,
        operation: impl Fn(Bucket, Tick) -> Result<Bucket, Duration>,
    ) -> Result<Change<'_>, Refusal> {
        if let Some((slot, before)) = self.own(owner.tag) {
            return match operation(before, now) {
                Ok(after) => Ok(Change { place: Place::Own(slot), before, after }),
                Err(wait) => Err(Refusal { wait, shared: false }),
            };
        }
        let before = self.stripe(owner.tag).map_or(Bucket::FULL, |stripe| stripe.overflow(owner));
        let after = self.newcomer(now, before, operation)?;
        Ok(Change { place: Place::Unplaced, before, after })
    }

    /// Does what a look saw, if the slot has not changed since.
    pub(super) fn settle<'t>(&self, seen: &Change<'t>) -> Option<Change<'t>> {
        match seen.place {
            Place::Own(slot) if slot.swap(seen.before, seen.after) => Some(*seen),
            _ => None,
        }
    }

    /// Does `operation` on the key's bucket, or on a shared one if the key has none and there is no
    /// room for one.
    pub(super) fn apply(
        &self,
        now: Tick,
        owner: Owner,
        operation: impl Fn(Bucket, Tick) -> Result<Bucket, Duration>,
    ) -> Result<Change<'_>, Refusal> {
        while let Found::Own(slot, before) = self.find(owner.tag, None) {
            let after = operation(before, now).map_err(|wait| Refusal { wait, shared: false })?;
            if slot.swap(before, after) {
                return Ok(Change { place: Place::Own(slot), before, after });
            }
        }
        let Some(stripe) = self.stripe(owner.tag) else {
            // INVARIANT: there are STRIPES stripes, so this cannot be reached.
            return Err(Refusal { wait: Bucket::NEVER, shared: true });
        };
        let guard = stripe.lock();
        loop {
            match self.find(owner.tag, Some(&guard)) {
                Found::Own(slot, before) => {
                    let after =
                        operation(before, now).map_err(|wait| Refusal { wait, shared: false })?;
                    if slot.swap(before, after) {
                        return Ok(Change { place: Place::Own(slot), before, after });
                    }
                }
                Found::Absent | Found::Changing => {
                    if let Some(done) = self.claim(now, owner, stripe, &guard, &operation)? {
                        return Ok(done);
                    }
                }
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

    /// Takes a change back, where `refund` is what to do if others have charged the bucket since.
    pub(super) fn undo(&self, owner: Owner, done: &Change<'_>, refund: impl Fn(Bucket) -> Bucket) {
        match done.place {
            Place::Own(slot) => {
                if !slot.swap(done.after, done.before) {
                    self.adjust(owner.tag, refund);
                }
            }
            Place::Shared => {
                if let Some(stripe) = self.stripe(owner.tag) {
                    let guard = stripe.lock();
                    stripe.set_overflow(owner, refund(stripe.overflow(owner)), &guard);
                }
            }
            Place::Unplaced => {}
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
        operation: impl Fn(Bucket, Tick) -> Result<Bucket, Duration>,
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
        operation: impl Fn(Bucket, Tick) -> Result<Bucket, Duration>,
    ) -> Result<Bucket, Refusal> {
        let judged = self.no_earlier(now);
        operation(start, judged).map_err(|wait| Refusal {
            // The caller waits from its own tick.
            wait: wait.saturating_add(judged.since(now)),
            shared: !start.is_full(judged),
        })
    }

    /// The tick by which a key without a slot is judged.
    fn no_earlier(&self, now: Tick) -> Tick {
        now.max(Tick::from_nanos(self.latest.load(Ordering::Acquire)))
    }

    fn own(&self, tag: Tag) -> Option<(Slot<'_>, Bucket)> {
        let found = match self.find(tag, None) {
            Found::Changing => {
                let guard = self.stripe(tag)?.lock();
                self.find(tag, Some(&guard))
            }
            found => found,
        };
        match found {
            Found::Own(slot, bucket) => Some((slot, bucket)),
            Found::Absent | Found::Changing => None,
        }
    }

    /// Looks in all slots where the key may be. With the stripe's lock held no slot is being given
    /// to this key; one that is locked under its tag is being taken from it, so its bucket was full
    /// and the key counts as not there.
    fn find(&self, tag: Tag, held: Option<&MutexGuard<'_, ()>>) -> Found<'_> {
        'anew: loop {
            for slot in self.sets_of(tag).into_iter().flatten().flat_map(Set::slots) {
                if slot.tag() != tag.bits() {
                    continue;
                }
                let bucket = slot.bucket();
                if slot.tag() != tag.bits() {
                    continue 'anew;
                }
                match bucket {
                    Some(bucket) => return Found::Own(slot, bucket),
                    None if held.is_some() => {}
                    None => return Found::Changing,
                }
            }
            return Found::Absent;
        }
    }

    /// A slot that the key may claim: in its emptier set, and reserved ones first for a known
    /// caller.
    fn vacant(&self, owner: Owner, judged: Tick) -> Option<(Slot<'_>, Bucket)> {
        let emptier = |reserved: bool| {
            let [first, second] = self.sets_of(owner.tag).map(|set| set?.vacancy(reserved, judged));
            match (first, second) {
                (Some(first), Some(second)) if second.count > first.count => Some(second),
                (first, second) => first.or(second),
            }
        };
        let reserved = if owner.known { emptier(true) } else { None };
        reserved.or_else(|| emptier(false)).map(|vacancy| (vacancy.slot, vacancy.bucket))
    }

    /// The two sets that the key may live in.
    fn sets_of(&self, tag: Tag) -> [Option<&Set>; 2] {
        let mask = self.sets.len().wrapping_sub(1);
        let first = tag.bits() as usize & mask;
        let second = (tag.bits() >> 29) as usize & mask;
        let second = if first == second { first ^ 1 } else { second };
        [self.sets.get(first), self.sets.get(second)]
    }

    fn stripe(&self, tag: Tag) -> Option<&Stripe> {
        self.stripes.get((tag.bits() >> 58) as usize % STRIPES)
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
