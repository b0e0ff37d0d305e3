//! The arithmetic of a token bucket, pure: no clock, no lock, no key.

use std::num::NonZeroU32;
use std::time::Duration;

use thiserror::Error;

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
    burst: NonZeroU32,
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
        if token_nanos.saturating_mul(burst.get() as u128) > 1 << 62 {
            return Err(QuotaError::TooSlow);
        }
        Ok(Self { token_nanos: token_nanos as u64, burst, debt: 0 })
    }

    /// `n` tokens a minute, all of which may be taken at once.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub const fn per_minute(n: NonZeroU32) -> Result<Self, QuotaError> {
        Self::new(n, Duration::from_secs(60), n)
    }

    /// The most tokens that the bucket holds.
    pub const fn burst(self) -> NonZeroU32 {
        self.burst
    }
}
