//! The rows of the limiter.

use std::hint::black_box;

use tokensmith::MemoryLimiter;

use crate::rounds::row;
use crate::sides::limiter::{Governors, Ours, keys};

/// Of each round.
const CHECKS: u32 = 200_000;
const KEYS: usize = 100_000;

pub(super) fn compare() {
    let keys = keys(KEYS);
    for threads in [1, 2] {
        pair("limiter, 100,000 keys, granted", threads, &keys, true);
        pair("limiter, 100,000 keys, refused", threads, &keys, false);
        pair("limiter, 1 hot key, granted", threads, &keys[..1], true);
        pair("limiter, 1 hot key, refused", threads, &keys[..1], false);
    }
}

fn pair(what: &str, threads: usize, keys: &[String], granting: bool) {
    let (ours, governors) = (Ours::new(granting), Governors::new(granting));
    // A request's id was just read, so it is in the cache, and the keys are gone through in the order
    // in which they lie. What the limiters keep of them came in another order, as it would.
    let mut shuffled: Vec<&String> = keys.iter().collect();
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for i in (1..shuffled.len()).rev() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        shuffled.swap(i, (random % (i as u64 + 1)) as usize);
    }
    for key in shuffled {
        assert!(ours.check(key));
        assert!(governors.check(key));
    }
    assert_eq!(ours.check(&keys[0]), granting);
    assert_eq!(governors.check(&keys[0]), granting);
    let asked =
        |thread: usize| keys.iter().cycle().skip(thread * keys.len() / 2).take(CHECKS as usize);
    row(
        what,
        threads,
        CHECKS,
        |thread| asked(thread).for_each(|key| assert_eq!(black_box(ours.check(key)), granting)),
        |thread| {
            asked(thread).for_each(|key| assert_eq!(black_box(governors.check(key)), granting))
        },
    );
}

/// Bytes a key of a million, by what the process has in memory.
pub(super) fn memory() {
    const MANY: usize = 1_000_000;
    let keys = keys(MANY);
    // Three quarters of the slots are for strangers, and three quarters of those may be in use.
    let before = resident();
    let mut ours = Ours::new(true);
    ours.limiter = MemoryLimiter::with_slots(MANY * 16 / 9).unwrap();
    keys.iter().for_each(|key| assert!(ours.check(key)));
    let mine = resident() - before;
    let shared = ours.limiter.health().overflows;
    let before = resident();
    let governors = Governors::new(true);
    keys.iter().for_each(|key| assert!(governors.check(key)));
    let theirs = resident() - before;
    let [mine, theirs] = [mine, theirs].map(|bytes| bytes as f64 / MANY as f64);
    println!(
        "| limiter, bytes a key at 1,000,000 keys ({shared} share a bucket) | | {mine:.1} | \
         {theirs:.1} | {:.1} |",
        theirs / mine
    );
}

/// Bytes of memory that the process has, as Linux counts them.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok())
        .map_or(0, |kib: u64| kib * 1_024)
}
