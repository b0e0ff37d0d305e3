//! One bucket of a limiter in memory.

use std::num::NonZeroU32;
use std::time::Duration;

use tokensmith::{Charge, LimitKey, MemoryLimiter, Quota, Tick, Verdict};

use super::bucket::Keeper;

const KEY: LimitKey<'static> = LimitKey::Client("appcl-1234");

/// A [`Keeper`] that keeps one bucket of a [`MemoryLimiter`].
#[derive(Debug)]
pub struct InMemory(MemoryLimiter);

impl InMemory {
    /// The limiter must be new.
    pub const fn new(limiter: MemoryLimiter) -> Self {
        Self(limiter)
    }
}

const fn charge(quota: Quota, cost: NonZeroU32) -> [Charge<'static>; 1] {
    [Charge { key: KEY, quota, cost, known: false }]
}

impl Keeper for InMemory {
    fn take(&mut self, at: Duration, quota: Quota, cost: NonZeroU32) -> Result<(), Duration> {
        match self.0.take_now(Tick::from_duration(at), &charge(quota, cost)) {
            Verdict::Allow { .. } => Ok(()),
            Verdict::Deny { retry_after, .. } => Err(retry_after),
        }
    }

    fn penalize(&mut self, at: Duration, quota: Quota, tokens: NonZeroU32) {
        self.0.penalize_now(Tick::from_duration(at), &charge(quota, tokens));
    }

    fn refund(&mut self, at: Duration, quota: Quota, tokens: NonZeroU32) {
        self.0.refund(Tick::from_duration(at), &charge(quota, tokens));
    }

    fn peek(&mut self, at: Duration, quota: Quota) -> u32 {
        // A key without a bucket has a full one.
        self.0.peek(Tick::from_duration(at), KEY, quota).unwrap_or(quota.burst().get())
    }

    fn reset(&mut self, at: Duration, _: Quota) {
        self.0.reset(Tick::from_duration(at), KEY);
    }
}
