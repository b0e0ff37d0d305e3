//! The arithmetic of a token bucket, pure: no clock, no lock, no key.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use thiserror::Error;

use crate::clock::Tick;

/// The longest time that a bucket may take to fill, debt included: 146 years. With a tick below
/// 2^63 no sum of the two reaches 2^64.
const LONGEST_FILL_NANOS: u64 = 1 << 62;

/// How many tokens a bucket holds and how fast it refills.
///
/// ```
/// use std::num::NonZeroU32;
/// use tokensmith::Quota;
///
/// let quota = Quota::per_minute(NonZeroU32::new(10).unwrap())?;
/// assert_eq!(quota.burst().get(), 10);
/// # Ok::<(), tokensmith::QuotaError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    /// T: nanoseconds that one token takes, rounded up. Never zero.
    token_nanos: u64,
    /// BT.
    burst_nanos: u64,
    /// B.
    burst: NonZeroU32,
    /// D. INVARIANT: (B + D) T is at most [`LONGEST_FILL_NANOS`].
    debt: u32,
}

/// A quota that cannot be counted exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QuotaError {
    /// The period is zero.
    #[error("the period of a quota is zero")]
    ZeroPeriod,
    /// More than a million tokens a second.
    #[error("a quota of more than a million tokens a second")]
    TooFast,
    /// The whole burst takes more than 146 years to refill.
    #[error("a quota whose burst takes more than 146 years to refill")]
    TooSlow,
}

impl Quota {
    /// `n` tokens a period, of which `burst` may be taken at once.
    ///
    /// # Errors
    /// [`QuotaError`] for a rate over a million tokens a second, and for a burst that takes more
    /// than 2^62 ns to refill.
    pub const fn new(
        n: NonZeroU32,
        period: Duration,
        burst: NonZeroU32,
    ) -> Result<Self, QuotaError> {
        let period_nanos = period.as_nanos();
        if period_nanos == 0 {
            return Err(QuotaError::ZeroPeriod);
        }
        let token_nanos = period_nanos.div_ceil(n.get() as u128);
        if period_nanos < (n.get() as u128).saturating_mul(1_000) {
            return Err(QuotaError::TooFast);
        }
        let burst_nanos = token_nanos.saturating_mul(burst.get() as u128);
        if burst_nanos > LONGEST_FILL_NANOS as u128 {
            return Err(QuotaError::TooSlow);
        }
        let (token_nanos, burst_nanos) = (token_nanos as u64, burst_nanos as u64);
        Ok(Self { token_nanos, burst_nanos, burst, debt: 0 })
    }

    /// `n` tokens a minute, all of which may be taken at once.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub const fn per_minute(n: NonZeroU32) -> Result<Self, QuotaError> {
        Self::new(n, Duration::from_secs(60), n)
    }

    /// The same, with a bucket that a penalty may push so many tokens below empty. The depth stops
    /// where an indebted bucket would take more than 2^62 ns to fill.
    #[must_use]
    pub const fn with_debt(self, tokens: u32) -> Self {
        let deepest = match LONGEST_FILL_NANOS.checked_div(self.token_nanos) {
            Some(tokens) => tokens.saturating_sub(self.burst.get() as u64),
            None => 0,
        };
        let debt = if tokens as u64 > deepest { deepest as u32 } else { tokens };
        Self { debt, ..self }
    }

    /// What one of so many servers keeps to by itself: all of them together stay within this quota.
    /// The burst is shared out, at least one token each, and refills so many times more slowly.
    #[must_use]
    pub fn shared_by(self, servers: NonZeroU32) -> Self {
        let burst = NonZeroU32::new(self.burst.get() / servers).unwrap_or(NonZeroU32::MIN);
        // A share that would fill more slowly than can be counted fills as slowly as can be.
        let slowest = LONGEST_FILL_NANOS / NonZeroU64::from(burst);
        let token_nanos = self.token_nanos.saturating_mul(servers.get().into()).min(slowest);
        let burst_nanos = token_nanos.saturating_mul(burst.get().into());
        Self { token_nanos, burst_nanos, burst, debt: 0 }.with_debt(self.debt)
    }

    /// The most tokens that the bucket holds.
    pub const fn burst(self) -> NonZeroU32 {
        self.burst
    }

    /// How long one token takes to refill: the period over the tokens, rounded up to the
    /// nanosecond, so that a limit may be late by less than 1 ns a token and is never early.
    pub const fn token_time(self) -> Duration {
        Duration::from_nanos(self.token_nanos)
    }

    /// How long an empty bucket takes to be full.
    pub const fn time_to_full(self) -> Duration {
        Duration::from_nanos(self.burst_nanos)
    }

    /// How many tokens below empty a penalty may push the bucket.
    pub const fn debt(self) -> u32 {
        self.debt
    }

    /// cT, saturating.
    const fn nanos_of(self, tokens: u32) -> u64 {
        self.token_nanos.saturating_mul(tokens as u64)
    }
}

/// The state of one token bucket: the tick at which it is full again (GCRA's theoretical arrival
/// time), which is a token bucket exactly. It refills by itself as ticks pass.
///
/// Time is an argument of each operation. A tick that goes back can only refuse more.
///
/// ```
/// use std::{num::NonZeroU32, time::Duration};
/// use tokensmith::{Bucket, Quota, Tick};
///
/// let one = NonZeroU32::MIN;
/// let quota = Quota::new(one, Duration::from_secs(1), NonZeroU32::new(2).unwrap())?;
/// let start = Tick::from_nanos(0);
/// let bucket = Bucket::FULL.take(start, quota, one).unwrap().take(start, quota, one).unwrap();
/// assert_eq!(bucket.take(start, quota, one), Err(Duration::from_secs(1)));
/// assert!(bucket.take(Tick::from_duration(Duration::from_secs(1)), quota, one).is_ok());
/// # Ok::<(), tokensmith::QuotaError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Bucket {
    full_at_nanos: u64,
}

/// How many nanoseconds until a bucket has what was asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wait(NonZeroU64);

impl Wait {
    pub(crate) const fn duration(self) -> Duration {
        Duration::from_nanos(self.0.get())
    }

    /// So much longer, if it ends at all.
    pub(crate) const fn longer_by(self, nanos: u64) -> Self {
        Self(self.0.saturating_add(nanos))
    }
}

impl Bucket {
    /// A bucket that nothing was taken from.
    pub const FULL: Self = Self { full_at_nanos: 0 };

    /// The wait of a cost above the burst: it can never be granted.
    pub const NEVER: Duration = Duration::from_nanos(u64::MAX);

    pub(crate) const fn full_at(nanos: u64) -> Self {
        Self { full_at_nanos: nanos }
    }

    pub(crate) const fn full_at_nanos(self) -> u64 {
        self.full_at_nanos
    }

    /// Whether it holds all its tokens. A full bucket and one never seen are the same.
    pub const fn is_full(self, now: Tick) -> bool {
        self.full_at_nanos <= now.as_nanos()
    }

    /// Takes tokens: the bucket without them.
    ///
    /// # Errors
    /// How long until that many are there, if none is taken meanwhile: exact, one nanosecond
    /// earlier is refused. [`Self::NEVER`] for a cost above the burst.
    pub const fn take(self, now: Tick, quota: Quota, cost: NonZeroU32) -> Result<Self, Duration> {
        match self.take_or_wait(now, quota, cost) {
            Ok(bucket) => Ok(bucket),
            Err(wait) => Err(wait.duration()),
        }
    }

    #[inline]
    pub(crate) const fn take_or_wait(
        self,
        now: Tick,
        quota: Quota,
        cost: NonZeroU32,
    ) -> Result<Self, Wait> {
        if cost.get() > quota.burst.get() {
            return Err(Wait(NonZeroU64::MAX));
        }
        let full_at_nanos = self.charged(now, quota, cost.get());
        let from_full = full_at_nanos.saturating_sub(now.as_nanos());
        let wait = from_full.saturating_sub(quota.burst_nanos);
        match NonZeroU64::new(wait) {
            None => Ok(Self { full_at_nanos }),
            Some(wait) => Err(Wait(wait)),
        }
    }

    /// Takes tokens whether they are there or not, down to the quota's depth of debt and never
    /// beyond.
    pub const fn penalize(self, now: Tick, quota: Quota, tokens: NonZeroU32) -> Self {
        let charged = self.charged(now, quota, tokens.get());
        let deepest = quota.nanos_of(quota.burst.get().saturating_add(quota.debt));
        let stop = now.as_nanos().saturating_add(deepest);
        let charged = if charged < stop { charged } else { stop };
        Self { full_at_nanos: later(self.full_at_nanos, charged) }
    }

    /// Puts tokens back, up to the burst and never beyond.
    pub const fn refund(self, now: Tick, quota: Quota, tokens: NonZeroU32) -> Self {
        if self.is_full(now) {
            return self;
        }
        let refunded = self.full_at_nanos.saturating_sub(quota.nanos_of(tokens.get()));
        Self { full_at_nanos: later(refunded, now.as_nanos()) }
    }

    /// Whole tokens that are there.
    pub const fn peek(self, now: Tick, quota: Quota) -> u32 {
        let from_full = self.full_at_nanos.saturating_sub(now.as_nanos());
        let level = quota.burst_nanos.saturating_sub(from_full);
        match level.checked_div(quota.token_nanos) {
            // INVARIANT: the level is at most BT, so the tokens are at most B and fit.
            Some(tokens) => tokens as u32,
            None => 0,
        }
    }

    /// Fills it.
    pub const fn reset(self, now: Tick) -> Self {
        if self.is_full(now) { self } else { Self { full_at_nanos: now.as_nanos() } }
    }

    /// max(TAT, now) + cT.
    const fn charged(self, now: Tick, quota: Quota, tokens: u32) -> u64 {
        later(self.full_at_nanos, now.as_nanos()).saturating_add(quota.nanos_of(tokens))
    }
}

const fn later(a: u64, b: u64) -> u64 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn n(tokens: u32) -> NonZeroU32 {
        NonZeroU32::new(tokens).unwrap()
    }

    #[test]
    fn the_token_time_is_rounded_up() {
        let third = Quota::new(n(3), Duration::from_secs(1), n(1)).unwrap();
        assert_eq!(third.token_time(), Duration::from_nanos(333_333_334));
        let exact = Quota::new(n(4), Duration::from_secs(1), n(1)).unwrap();
        assert_eq!(exact.token_time(), Duration::from_nanos(250_000_000));
    }

    /// The exact model of `tests/limiter/oracle.rs` knows no ticks that go back.
    #[test]
    fn an_older_tick_wins_nothing_by_a_penalty_or_a_refund() {
        let quota = Quota::new(n(1), Duration::from_secs(1), n(1)).unwrap().with_debt(2);
        let (now, older) = (Tick::from_nanos(30 * SECOND), Tick::from_nanos(20 * SECOND));
        let indebted = Bucket::FULL.penalize(now, quota, n(9));
        assert_eq!(indebted.penalize(older, quota, n(9)), indebted);
        let refunded = Bucket::full_at(30 * SECOND + SECOND / 2).refund(now, quota, n(1));
        assert_eq!(refunded, Bucket::full_at(30 * SECOND));
    }
}
