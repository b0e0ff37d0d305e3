//! So many checks and nothing else, for callgrind to count: `docs/performance.md` has the command.
#![expect(clippy::print_stdout, reason = "it says what it did")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing to measure")]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use tokensmith::{Charge, LimitKey, MemoryLimiter, Quota, Tick};

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let what = args.next().unwrap_or_default();
    let count: u64 = args.next().map_or(0, |count| count.parse().unwrap());
    let keys: Vec<String> = (0..1_000).map(|i| format!("app-{i:022}")).collect();
    let limiter = MemoryLimiter::new();
    let burst = if what == "refused" { 1 } else { 1_000_000_000 };
    let quota = Quota::new(n(1_000), Duration::from_secs(1), n(burst)).unwrap();
    let hasher = RandomState::new();
    let check = |key: &str, now| {
        let charge = Charge { key: LimitKey::Client(key), quota, cost: n(1), known: false };
        limiter.take_now(Tick::from_nanos(now), &[charge])
    };
    let wide = governor::Quota::per_second(n(1)).allow_burst(n(1_000_000_000));
    let governor = governor::DefaultKeyedRateLimiter::keyed(wide);
    for key in &keys {
        black_box(check(key, 0));
        black_box(governor.check_key(key).is_ok());
    }
    for (key, at) in keys.iter().cycle().zip(0..count) {
        match what.as_str() {
            "hash" => {
                let mut hasher = hasher.build_hasher();
                hasher.write(black_box(key).as_bytes());
                black_box(hasher.finish());
            }
            "governor" => {
                black_box(governor.check_key(black_box(key)).is_ok());
            }
            "loop" => {
                black_box(key);
            }
            _ => {
                black_box(check(black_box(key), at / 1_000));
            }
        }
    }
    println!("{what} {count}");
}

fn n(tokens: u32) -> NonZeroU32 {
    NonZeroU32::new(tokens).unwrap()
}
