//! One check of one key: ours, and governor's on a `DashMap`, with the same clock.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::DefaultKeyedRateLimiter;
use governor::clock::{Clock, QuantaClock, QuantaInstant, Reference};
use tokensmith::{Charge, LimitKey, MemoryLimiter, Quota, Tick, Verdict};

pub(crate) struct Ours {
    pub(crate) limiter: MemoryLimiter,
    clock: QuantaClock,
    zero: QuantaInstant,
    quota: Quota,
}

impl Ours {
    /// One that grants all that is asked of it, or one token an hour.
    pub(crate) fn new(granting: bool) -> Self {
        let quota = if granting {
            Quota::new(n(1), Duration::from_secs(1), n(1_000_000_000))
        } else {
            Quota::new(n(1), Duration::from_secs(3_600), n(1))
        };
        let clock = QuantaClock::default();
        let zero = clock.now();
        Self { limiter: MemoryLimiter::new(), clock, zero, quota: quota.unwrap() }
    }

    pub(crate) fn check(&self, key: &str) -> bool {
        let now = Tick::from_nanos(self.clock.now().duration_since(self.zero).as_u64());
        let charge =
            Charge { key: LimitKey::Client(key), quota: self.quota, cost: n(1), known: false };
        matches!(self.limiter.take_now(now, &[charge]), Verdict::Allow { .. })
    }
}

pub(crate) struct Governors(DefaultKeyedRateLimiter<String>);

impl Governors {
    /// As ours.
    pub(crate) fn new(granting: bool) -> Self {
        Self(DefaultKeyedRateLimiter::keyed(if granting {
            governor::Quota::per_second(n(1)).allow_burst(n(1_000_000_000))
        } else {
            governor::Quota::per_hour(n(1))
        }))
    }

    pub(crate) fn check(&self, key: &String) -> bool {
        self.0.check_key(key).is_ok()
    }
}

/// Keys of 26 characters.
pub(crate) fn keys(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("app-{:022x}", i as u128 * 0x9E37_79B9_7F4A_7C15)).collect()
}

fn n(tokens: u32) -> NonZeroU32 {
    NonZeroU32::new(tokens).unwrap()
}
