//! The limiter held to what it promises, from outside.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod oracle;
mod peers;
mod promises;
mod races;
mod table;

use std::num::NonZeroU32;
use std::time::Duration;

use tokensmith::{Bucket, Charge, LimitKey, MemoryLimiter, Quota, Tick, Verdict};

const SECOND: u64 = 1_000_000_000;

fn n(tokens: u32) -> NonZeroU32 {
    NonZeroU32::new(tokens).unwrap()
}

fn quota(tokens: u32, period: Duration, burst: u32) -> Quota {
    Quota::new(n(tokens), period, n(burst)).unwrap()
}

fn at(nanos: u64) -> Tick {
    Tick::from_nanos(nanos)
}

fn client(id: &str, quota: Quota) -> Charge<'_> {
    Charge { key: LimitKey::Client(id), quota, cost: n(1), known: false }
}

fn granted(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Allow { .. })
}

/// How many of so many attempts are granted at one tick.
fn burst(limiter: &MemoryLimiter, now: Tick, charges: &[Charge<'_>], attempts: usize) -> usize {
    (0..attempts).filter(|_| granted(limiter.take_now(now, charges))).count()
}

/// One bucket that is asked for one token at a time.
struct One {
    quota: Quota,
    bucket: Bucket,
}

impl One {
    fn new(quota: Quota) -> Self {
        Self { quota, bucket: Bucket::FULL }
    }

    fn empty(quota: Quota, now: u64) -> Self {
        let mut one = Self::new(quota);
        while one.take(now).is_ok() {}
        one
    }

    fn take(&mut self, now: u64) -> Result<(), Duration> {
        self.bucket = self.bucket.take(at(now), self.quota, n(1))?;
        Ok(())
    }
}
