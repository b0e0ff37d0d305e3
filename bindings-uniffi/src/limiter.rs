//! The limiter alone, for whatever a host limits besides tokens.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokensmith::{Charge, Clock, LimitKey, MemoryLimiter, Quota, SystemClock, Verdict};

use crate::failure::{TokenError, on_the_wire};

/// One quota and the buckets of all its keys. Its buckets are no service's.
#[derive(uniffi::Object)]
pub struct Limiter {
    limiter: MemoryLimiter,
    quota: Quota,
    clock: Arc<dyn Clock>,
}

/// What a bucket says.
#[derive(Debug, uniffi::Record)]
pub struct Acquired {
    /// Whether the cost was taken.
    pub allowed: bool,
    /// If it was not: how long to wait, in whole seconds, rounded up.
    pub retry_after: Option<Duration>,
}

#[uniffi::export]
impl Limiter {
    /// A failure names the argument as its key.
    #[uniffi::constructor]
    pub fn new(per_minute: i64, burst: i64, slots: Option<i64>) -> Result<Arc<Self>, TokenError> {
        Self::on(Arc::new(SystemClock::new()), per_minute, burst, slots)
    }

    /// Takes the cost from the key's bucket, or nothing.
    pub fn try_acquire(&self, key: String, cost: i64) -> Result<Acquired, TokenError> {
        let burst = self.quota.burst();
        let cost = number("cost", cost)?;
        if cost > burst {
            return Err(config("cost", "at most `burst`: no wait can grant another"));
        }
        let key = LimitKey::Client(&key);
        let charge = Charge { key, quota: self.quota, cost, known: false };
        Ok(match self.limiter.take_now(self.clock.tick(), &[charge]) {
            Verdict::Allow { .. } => Acquired { allowed: true, retry_after: None },
            Verdict::Deny { retry_after, .. } => {
                Acquired { allowed: false, retry_after: Some(on_the_wire(retry_after)) }
            }
        })
    }
}

impl Limiter {
    /// A limiter on that clock.
    pub(crate) fn on(
        clock: Arc<dyn Clock>,
        per_minute: i64,
        burst: i64,
        slots: Option<i64>,
    ) -> Result<Arc<Self>, TokenError> {
        let refill = number("per_minute", per_minute)?;
        let burst = number("burst", burst)?;
        let quota = Quota::new(refill, Duration::from_secs(60), burst)
            .map_err(|error| wrong("burst", &error.to_string()))?;
        let limiter = match slots.map(|slots| number("slots", slots)).transpose()? {
            None => Ok(MemoryLimiter::new()),
            Some(slots) => MemoryLimiter::with_slots(slots.get() as usize),
        };
        let limiter = limiter.map_err(|error| wrong("slots", &error.to_string()))?;
        Ok(Arc::new(Self { limiter, quota, clock }))
    }
}

fn number(name: &str, value: i64) -> Result<NonZeroU32, TokenError> {
    let fitting = u32::try_from(value).ok().and_then(NonZeroU32::new);
    fitting.ok_or_else(|| config(name, "a whole number from 1 to 4294967295"))
}

fn config(name: &str, bounds: &str) -> TokenError {
    TokenError::Config { detail: format!("`{name}` must be {bounds}"), key: Some(name.to_owned()) }
}

fn wrong(name: &str, error: &str) -> TokenError {
    TokenError::Config { detail: format!("`{name}`: {error}"), key: Some(name.to_owned()) }
}
