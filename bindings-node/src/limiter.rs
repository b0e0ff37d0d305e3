//! The limiter alone, for whatever a host limits besides tokens.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{Error, Result, Status};
use napi_derive::napi;
use tokensmith::{Charge, Clock, LimitKey, MemoryLimiter, Quota, SystemClock, Verdict};

use crate::reply::wait_in_seconds;

/// One quota and the buckets of all its keys. Its buckets are no service's.
#[napi]
pub struct Limiter {
    limiter: MemoryLimiter,
    quota: Quota,
    clock: Arc<dyn Clock>,
}

/// What a bucket says.
#[napi(object, object_from_js = false)]
pub struct Acquired {
    /// Whether the cost was taken.
    pub allowed: bool,
    /// If it was not: how long to wait, in whole seconds, rounded up.
    pub retry_after: Option<f64>,
}

#[napi]
impl Limiter {
    /// A message begins with the name of the argument that it is about.
    #[napi(constructor, catch_unwind)]
    pub fn new(per_minute: u32, burst: u32, slots: Option<u32>) -> Result<Self> {
        Self::on(Arc::new(SystemClock::new()), per_minute, burst, slots)
    }

    /// Takes the cost from the key's bucket, or nothing.
    #[napi(catch_unwind)]
    pub fn try_acquire(&self, key: String, cost: u32) -> Result<Acquired> {
        let bounds =
            || invalid("cost", "at least 1 and at most `burst`: no wait can grant another");
        let cost = NonZeroU32::new(cost).filter(|cost| *cost <= self.quota.burst());
        let cost = cost.ok_or_else(bounds)?;
        let key = LimitKey::Client(&key);
        let charge = Charge { key, quota: self.quota, cost, known: false };
        Ok(match self.limiter.take_now(self.clock.tick(), &[charge]) {
            Verdict::Allow { .. } => Acquired { allowed: true, retry_after: None },
            Verdict::Deny { retry_after, .. } => {
                Acquired { allowed: false, retry_after: Some(wait_in_seconds(retry_after)) }
            }
        })
    }
}

impl Limiter {
    /// A limiter on that clock.
    pub(crate) fn on(
        clock: Arc<dyn Clock>,
        per_minute: u32,
        burst: u32,
        slots: Option<u32>,
    ) -> Result<Self> {
        let refill =
            NonZeroU32::new(per_minute).ok_or_else(|| invalid("perMinute", "at least 1"))?;
        let burst = NonZeroU32::new(burst).ok_or_else(|| invalid("burst", "at least 1"))?;
        let quota = Quota::new(refill, Duration::from_secs(60), burst)
            .map_err(|error| Error::new(Status::InvalidArg, format!("`burst`: {error}")))?;
        let limiter = match slots {
            None => Ok(MemoryLimiter::new()),
            Some(slots) => MemoryLimiter::with_slots(slots as usize),
        };
        let limiter =
            limiter.map_err(|error| Error::new(Status::InvalidArg, format!("`slots`: {error}")))?;
        Ok(Self { limiter, quota, clock })
    }
}

fn invalid(name: &str, bounds: &str) -> Error {
    Error::new(Status::InvalidArg, format!("`{name}` must be {bounds}"))
}
