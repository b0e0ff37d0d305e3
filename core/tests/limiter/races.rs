//! Many threads at once: never one token more, and all charges of a request or none.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tokensmith::{Charge, LimitKey, MemoryLimiter, SourceKey};

use super::{SECOND, at, client, granted, n, quota};

const THREADS: usize = 4;
const ROUNDS: u64 = if cfg!(debug_assertions) { 10_000 } else { 1_000_000 };

/// Runs the same on every thread at once, and adds up what they give.
fn at_once(work: impl Fn(usize) -> u64 + Sync) -> u64 {
    let barrier = Barrier::new(THREADS);
    let (work, barrier) = (&work, &barrier);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    barrier.wait();
                    work(thread)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

#[test]
fn parallel_admission_on_one_key_is_its_limit() {
    let limiter = MemoryLimiter::new();
    let slow = quota(1, Duration::from_secs(1_000_000), 7);
    let rounds = ROUNDS / 20;
    let ids: Vec<String> = (0..rounds).map(|round| format!("key-{round}")).collect();
    let total = at_once(|_| {
        let takes = |id: &String| {
            (0..7).filter(|_| granted(limiter.take_now(at(1), &[client(id, slow)]))).count() as u64
        };
        ids.iter().map(takes).sum()
    });
    assert_eq!(total, 7 * rounds);
    assert_eq!(limiter.health().overflows, 0);
}

#[test]
fn parallel_admission_while_time_passes_is_the_limit() {
    let limiter = MemoryLimiter::new();
    let charges = [client("a", quota(1, Duration::from_nanos(1_000), 3))];
    let time = AtomicU64::new(SECOND);
    let total = at_once(|_| {
        let take = |_: &u64| {
            let now = time.fetch_add(100, Ordering::SeqCst);
            granted(limiter.take_now(at(now), &charges))
        };
        (0..ROUNDS).filter(take).count() as u64
    });
    let passed = time.load(Ordering::SeqCst) - SECOND;
    assert!(total <= 3 + passed / 1_000, "{total} in {passed} ns");
}

#[test]
fn a_request_takes_all_its_charges_or_none() {
    let limiter = MemoryLimiter::new();
    let slow = |burst| quota(1, Duration::from_secs(1_000), burst);
    let source = SourceKey::V4([192, 0, 2, 1]);
    let wide = ROUNDS as u32 / 2;
    let total = at_once(|thread| {
        // Two threads share an app, and all share the source, whose bucket runs dry first.
        let id = if thread % 2 == 0 { "even" } else { "odd" };
        let charges = [
            Charge { key: LimitKey::Source(source), ..client("", slow(wide)) },
            client(id, slow(2 * wide)),
            Charge { key: LimitKey::ClientAtSource(id, source), ..client("", slow(3 * wide)) },
        ];
        (0..ROUNDS).filter(|_| granted(limiter.take_now(at(1), &charges))).count() as u64
    });
    assert_eq!(total, u64::from(wide));
    let level = |key, burst| u64::from(limiter.peek(at(1), key, slow(burst)).unwrap_or(burst));
    let spent =
        |burst: u32, even, odd| 2 * u64::from(burst) - level(even, burst) - level(odd, burst);
    assert_eq!(level(LimitKey::Source(source), wide), 0);
    let [even, odd] = ["even", "odd"].map(LimitKey::Client);
    assert_eq!(spent(2 * wide, even, odd), total);
    let [even, odd] = ["even", "odd"].map(|id| LimitKey::ClientAtSource(id, source));
    assert_eq!(spent(3 * wide, even, odd), total);
}

/// Few slots, many keys, time that passes: claims, reclaims and overflow race with takes.
#[test]
fn no_key_has_more_than_its_limit_while_slots_change_hands() {
    let limiter = MemoryLimiter::with_slots(64).unwrap();
    let token = 1_000;
    let short = quota(1, Duration::from_nanos(token), 2);
    let time = AtomicU64::new(SECOND);
    let ids: Vec<String> = (0..100).map(|key| format!("key-{key}")).collect();
    let counts: Vec<AtomicU64> = ids.iter().map(|_| AtomicU64::new(0)).collect();
    at_once(|thread| {
        for round in 0..ROUNDS as usize {
            // Most threads are at one key at a time.
            let key = (round / 50 * 7 + thread / 3 * 13) % ids.len();
            let now = time.fetch_add(7, Ordering::SeqCst);
            if granted(limiter.take_now(at(now), &[client(&ids[key], short)])) {
                counts[key].fetch_add(1, Ordering::SeqCst);
            }
        }
        0
    });
    let passed = time.load(Ordering::SeqCst) - SECOND;
    let most = 2 + passed / token;
    for (id, count) in ids.iter().zip(&counts) {
        let count = count.load(Ordering::SeqCst);
        assert!(count <= most, "{id}: {count} > {most}");
    }
}

#[test]
fn penalties_are_not_lost_in_a_race() {
    let limiter = MemoryLimiter::new();
    let debt = THREADS as u32 * ROUNDS as u32;
    let slow = quota(1, Duration::from_secs(1), 1).with_debt(debt);
    let charges = [client("a", slow)];
    at_once(|_| {
        (0..ROUNDS).for_each(|_| limiter.penalize_now(at(0), &charges));
        0
    });
    limiter.refund(at(0), &[Charge { cost: n(debt - 1), ..charges[0] }]);
    assert_eq!(limiter.peek(at(0), charges[0].key, slow), Some(0));
    limiter.refund(at(0), &charges);
    assert_eq!(limiter.peek(at(0), charges[0].key, slow), Some(1));
}
