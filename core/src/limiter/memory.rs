//! The limiter in the memory of this process: a fixed table of buckets that no flood of keys makes
//! grow, and none makes forget.

mod slot;
mod sync;
mod table;
mod take;

use std::fmt;

use async_trait::async_trait;
use thiserror::Error;

use crate::clock::Tick;
use crate::context::Context;
use crate::limiter::bucket::{Bucket, Quota};
use crate::limiter::tag::Tagger;
use crate::limiter::{Charge, LimitKey, LimiterError, LimiterHealth, RateLimiter, Verdict};
use table::{Owner, Table};

/// Limits callers within one process, in memory that is allocated at the start and never grows.
///
/// A key has a bucket of its own while the table has a free slot for it; a bucket is forgotten only
/// when it is full, which changes no answer. When a flood holds every slot where a key may live, a
/// stranger shares a bucket with the flood; a known caller has room reserved. Keys are hashed with
/// `SipHash` under keys drawn for each limiter, and only the hash is kept.
///
/// ```
/// use std::num::NonZeroU32;
/// use tokensmith::{Charge, LimitKey, MemoryLimiter, Quota, Tick, Verdict};
///
/// let limiter = MemoryLimiter::new();
/// let charge = Charge {
///     key: LimitKey::Client("appcl-1234"),
///     quota: Quota::per_minute(NonZeroU32::MIN)?,
///     cost: NonZeroU32::MIN,
///     known: false,
/// };
/// let now = Tick::from_nanos(0);
/// assert!(matches!(limiter.take_now(now, &[charge]), Verdict::Allow { .. }));
/// assert!(matches!(limiter.take_now(now, &[charge]), Verdict::Deny { .. }));
/// # Ok::<(), tokensmith::QuotaError>(())
/// ```
pub struct MemoryLimiter {
    tagger: Tagger,
    table: Table,
}

/// A number of slots that no table can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SlotsError {
    /// Fewer than 16 or more than 2^28.
    #[error("a limiter has from 16 to 268435456 slots")]
    OutOfRange,
    /// There is no memory for that many.
    #[error("no memory for that many slots")]
    OutOfMemory,
}

impl MemoryLimiter {
    /// The slots of [`new`](Self::new): room for 147,000 strangers with a bucket that is not full,
    /// in 4 MiB.
    pub const DEFAULT_SLOTS: usize = 1 << 18;

    /// The fewest slots: the two sets that a key may live in.
    pub const FEWEST_SLOTS: usize = 16;

    /// The most slots: 4 GiB.
    pub const MOST_SLOTS: usize = 1 << 28;

    /// A limiter of [`Self::DEFAULT_SLOTS`].
    pub fn new() -> Self {
        let table = Table::new(Self::DEFAULT_SLOTS / slot::LANES, Vec::new());
        Self { tagger: Tagger::default(), table }
    }

    /// A limiter of so many slots, rounded up to a power of two. A slot is 16 bytes. Three quarters
    /// of the slots are for strangers, the rest for known callers; plan for at most three quarters
    /// of them holding a bucket that is not full at one time.
    ///
    /// # Errors
    /// [`SlotsError`] for fewer than [`Self::FEWEST_SLOTS`], more than [`Self::MOST_SLOTS`], or more
    /// than there is memory for.
    pub fn with_slots(slots: usize) -> Result<Self, SlotsError> {
        if !(Self::FEWEST_SLOTS..=Self::MOST_SLOTS).contains(&slots) {
            return Err(SlotsError::OutOfRange);
        }
        let sets = slots.next_power_of_two() / slot::LANES;
        let mut room = Vec::new();
        room.try_reserve_exact(sets).map_err(|_| SlotsError::OutOfMemory)?;
        Ok(Self { tagger: Tagger::default(), table: Table::new(sets, room) })
    }

    /// How many slots it has.
    pub fn slots(&self) -> usize {
        self.table.slots()
    }

    /// Takes all charges, or none: [`RateLimiter::take`] without a future. Up to four charges are
    /// decided without allocating, and a denial writes nothing.
    ///
    /// Two charges of one key are both taken or both refused, but the wait is then that of each
    /// alone.
    pub fn take_now(&self, now: Tick, charges: &[Charge<'_>]) -> Verdict {
        take::take(&self.tagger, &self.table, now, charges)
    }

    /// Charges what a failure costs, down to each quota's depth of debt:
    /// [`RateLimiter::penalize`] without a future.
    pub fn penalize_now(&self, now: Tick, charges: &[Charge<'_>]) {
        for charge in charges {
            self.charge_one(now, charge, charge.quota);
        }
    }

    /// Charges without asking, down to an empty bucket and never into debt: for a service that keeps
    /// this limiter beside a shared one, which has granted the charges.
    pub fn charge_now(&self, now: Tick, charges: &[Charge<'_>]) {
        for charge in charges {
            self.charge_one(now, charge, charge.quota.with_debt(0));
        }
    }

    /// Gives tokens back, up to a full bucket. What was charged to a bucket shared by strangers is
    /// not given back.
    pub fn refund(&self, now: Tick, charges: &[Charge<'_>]) {
        for charge in charges {
            self.table.adjust(self.tagger.tag(&charge.key), |bucket| {
                bucket.refund(now, charge.quota, charge.cost)
            });
        }
    }

    /// Whole tokens in the key's bucket. `None` when it has none of its own: it is full, or memory
    /// is and the key shares one.
    pub fn peek(&self, now: Tick, key: LimitKey<'_>, quota: Quota) -> Option<u32> {
        Some(self.table.bucket(self.tagger.tag(&key))?.peek(now, quota))
    }

    /// Fills the key's bucket, if it has one of its own.
    pub fn reset(&self, now: Tick, key: LimitKey<'_>) {
        self.table.adjust(self.tagger.tag(&key), |bucket| bucket.reset(now));
    }

    /// Counters since it was made.
    pub fn health(&self) -> LimiterHealth {
        LimiterHealth { overflows: self.table.overflows(), ..LimiterHealth::default() }
    }

    fn charge_one(&self, now: Tick, charge: &Charge<'_>, quota: Quota) {
        let penalized = |bucket: Bucket, now: Tick| Ok(bucket.penalize(now, quota, charge.cost));
        // INVARIANT: the operation refuses nothing, so neither does the table.
        let _ = self.table.apply(now, Owner::of(charge, &self.tagger), penalized);
    }
}

impl Default for MemoryLimiter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLimiter")
            .field("slots", &self.slots())
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl RateLimiter for MemoryLimiter {
    async fn take(&self, cx: &Context, charges: &[Charge<'_>]) -> Result<Verdict, LimiterError> {
        Ok(self.take_now(cx.tick, charges))
    }

    async fn penalize(&self, cx: &Context, charges: &[Charge<'_>]) -> Result<(), LimiterError> {
        self.penalize_now(cx.tick, charges);
        Ok(())
    }

    fn health(&self) -> LimiterHealth {
        self.health()
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::*;
    use crate::limiter::Scope;

    const NOW: Tick = Tick::from_nanos(1_000_000_000);

    fn n(tokens: u32) -> NonZeroU32 {
        NonZeroU32::new(tokens).unwrap()
    }

    fn charge(key: LimitKey<'_>, burst: u32) -> Charge<'_> {
        let quota = Quota::new(n(1), Duration::from_secs(1), n(burst)).unwrap();
        Charge { key, quota, cost: n(1), known: false }
    }

    #[test]
    fn a_burst_is_granted_and_the_next_is_refused_for_an_exact_time() {
        let limiter = MemoryLimiter::new();
        let charges = [charge(LimitKey::Client("a"), 3)];
        for _ in 0..3 {
            assert!(matches!(limiter.take_now(NOW, &charges), Verdict::Allow { .. }));
        }
        let Verdict::Deny { scope, retry_after, degraded } = limiter.take_now(NOW, &charges) else {
            panic!("a fourth token of three");
        };
        assert_eq!((scope, degraded), (Scope::Client, false));
        assert_eq!(retry_after, Duration::from_secs(1));
        let early = Tick::from_nanos(NOW.as_nanos() + 999_999_999);
        assert!(matches!(limiter.take_now(early, &charges), Verdict::Deny { .. }));
        let then = Tick::from_nanos(NOW.as_nanos() + 1_000_000_000);
        assert!(matches!(limiter.take_now(then, &charges), Verdict::Allow { .. }));
    }

    #[test]
    fn a_refusal_by_any_scope_takes_nothing_and_says_the_longest_wait() {
        use crate::source::SourceKey;
        let source = SourceKey::V4([192, 0, 2, 1]);
        let slow = Quota::new(n(1), Duration::from_secs(60), n(1)).unwrap();
        let all = [
            charge(LimitKey::Source(source), 2),
            Charge { quota: slow, ..charge(LimitKey::Client("a"), 1) },
            charge(LimitKey::ClientAtSource("a", source), 5),
            charge(LimitKey::Global, 9),
            charge(LimitKey::Client("b"), 9),
        ];
        for count in 2..=all.len() {
            let limiter = MemoryLimiter::new();
            let charges = &all[..count];
            let allow = Verdict::Allow { source_remaining: Some(1) };
            assert_eq!(limiter.take_now(NOW, charges), allow);
            let level = |charge: &Charge<'_>| limiter.peek(NOW, charge.key, charge.quota);
            let before: Vec<_> = charges.iter().map(level).collect();
            for _ in 0..10 {
                let denied = Verdict::Deny {
                    scope: Scope::Client,
                    retry_after: Duration::from_secs(60),
                    degraded: false,
                };
                assert_eq!(limiter.take_now(NOW, charges), denied);
            }
            assert_eq!(charges.iter().map(level).collect::<Vec<_>>(), before);
        }
    }

    #[test]
    fn one_key_twice_is_taken_twice_or_not_at_all() {
        let limiter = MemoryLimiter::new();
        let charges = [charge(LimitKey::Client("a"), 3); 2];
        assert!(matches!(limiter.take_now(NOW, &charges), Verdict::Allow { .. }));
        for _ in 0..10 {
            assert!(matches!(limiter.take_now(NOW, &charges), Verdict::Deny { .. }));
        }
        assert_eq!(limiter.peek(NOW, charges[0].key, charges[0].quota), Some(1));
    }

    #[test]
    fn administration_changes_the_keys_own_bucket() {
        let limiter = MemoryLimiter::new();
        let charges = [charge(LimitKey::Client("a"), 3)];
        let (key, quota) = (charges[0].key, charges[0].quota.with_debt(2));
        let penalty = [Charge { quota, cost: n(9), ..charges[0] }];
        assert_eq!(limiter.peek(NOW, key, quota), None);
        limiter.charge_now(NOW, &penalty);
        assert_eq!(limiter.peek(NOW, key, quota), Some(0));
        limiter.refund(NOW, &charges);
        assert_eq!(limiter.peek(NOW, key, quota), Some(1));
        limiter.penalize_now(NOW, &penalty);
        limiter.refund(NOW, &[Charge { cost: n(2), ..charges[0] }]);
        assert_eq!(limiter.peek(NOW, key, quota), Some(0));
        limiter.refund(NOW, &[Charge { cost: n(1), ..charges[0] }]);
        assert_eq!(limiter.peek(NOW, key, quota), Some(1));
        limiter.reset(NOW, key);
        assert_eq!(limiter.peek(NOW, key, quota), Some(3));
        limiter.refund(NOW, &charges);
        assert_eq!(limiter.peek(NOW, key, quota), Some(3));
    }

    #[test]
    fn the_number_of_slots_is_checked() {
        for slots in [0, 15, (1 << 28) + 1, usize::MAX] {
            assert_eq!(MemoryLimiter::with_slots(slots).err(), Some(SlotsError::OutOfRange));
        }
        assert_eq!(MemoryLimiter::with_slots(16).unwrap().slots(), 16);
        assert_eq!(MemoryLimiter::with_slots(17).unwrap().slots(), 32);
        assert_eq!(MemoryLimiter::new().slots(), 1 << 18);
    }
}
