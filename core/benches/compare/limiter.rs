//! The limiter against governor's keyed one, which keeps a `DashMap`.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::DefaultKeyedRateLimiter;
use governor::clock::{Clock, QuantaClock, QuantaInstant, Reference};
use tokensmith::{Charge, LimitKey, MemoryLimiter, Quota, Tick, Verdict};

use crate::rounds::row;

/// Of each row and round.
const CHECKS: u32 = 200_000;
const KEYS: usize = 100_000;

pub(super) fn compare() {
    let keys = keys(KEYS);
    let hot = keys.get(..1).unwrap();
    for threads in [1, 2] {
        pair("limiter: 100,000 keys, granted", threads, &keys, true);
        pair("limiter: 100,000 keys, refused", threads, &keys, false);
        pair("limiter: 1 hot key, granted", threads, hot, true);
        pair("limiter: 1 hot key, refused", threads, hot, false);
    }
}

fn pair(what: &str, threads: usize, keys: &[String], granted: bool) {
    let mine = Mine::new(granted);
    let governors = Governors::new(granted);
    // A request's id was just read, so it is in the cache, and the keys are gone through in the order
    // in which they lie. What the limiters keep of them lies in another order, as it would.
    let mut at = 0;
    for _ in keys {
        at = (at + 48_271) % keys.len();
        assert!(mine.check(&keys[at]));
        assert!(governors.check(&keys[at]));
    }
    assert_eq!(mine.check(&keys[0]), granted);
    assert_eq!(governors.check(&keys[0]), granted);
    let each = |thread: usize, check: &dyn Fn(&String)| {
        let ahead = || keys.iter().cycle().skip(thread * keys.len() / 2);
        ahead().take(CHECKS as usize).for_each(check);
    };
    row(
        what,
        threads,
        CHECKS,
        |thread| each(thread, &|key| assert_eq!(black_box(mine.check(key)), granted)),
        |thread| each(thread, &|key| assert_eq!(black_box(governors.check(key)), granted)),
    );
}

struct Mine {
    limiter: MemoryLimiter,
    clock: QuantaClock,
    zero: QuantaInstant,
    quota: Quota,
}

impl Mine {
    fn new(granted: bool) -> Self {
        let quota = if granted {
            Quota::new(n(1), Duration::from_secs(1), n(1_000_000_000))
        } else {
            Quota::new(n(1), Duration::from_secs(3_600), n(1))
        };
        let clock = QuantaClock::default();
        let zero = clock.now();
        Self { limiter: MemoryLimiter::new(), clock, zero, quota: quota.unwrap() }
    }

    fn check(&self, key: &str) -> bool {
        let charge =
            Charge { key: LimitKey::Client(key), quota: self.quota, cost: n(1), known: false };
        // The clock that governor reads, as often as governor does.
        let now = Tick::from_nanos(self.clock.now().duration_since(self.zero).as_u64());
        matches!(self.limiter.take_now(now, &[charge]), Verdict::Allow { .. })
    }
}

struct Governors(DefaultKeyedRateLimiter<String>);

impl Governors {
    fn new(granted: bool) -> Self {
        Self(DefaultKeyedRateLimiter::keyed(if granted {
            governor::Quota::per_second(n(1)).allow_burst(n(1_000_000_000))
        } else {
            governor::Quota::per_hour(n(1))
        }))
    }

    fn check(&self, key: &String) -> bool {
        self.0.check_key(key).is_ok()
    }
}

fn keys(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("app-{:022x}", i as u128 * 0x9E37_79B9_7F4A_7C15)).collect()
}

fn n(tokens: u32) -> NonZeroU32 {
    NonZeroU32::new(tokens).unwrap()
}
