//! What a check of the limiter takes, for who works on it.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing to measure")]
#![expect(clippy::arithmetic_side_effects, reason = "its numbers are its own")]

#[path = "sides/limiter.rs"]
mod sides;

use divan::{Bencher, black_box};
use sides::{Governors, Ours, keys};

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 1_000, 100_000], threads = [1, 2])]
fn ours_granted(bencher: Bencher<'_, '_>, count: usize) {
    let (ours, keys) = (Ours::new(true), keys(count));
    check(bencher, &keys, |key| ours.check(key));
}

#[divan::bench(args = [1, 1_000, 100_000], threads = [1, 2])]
fn ours_refused(bencher: Bencher<'_, '_>, count: usize) {
    let (ours, keys) = (Ours::new(false), keys(count));
    keys.iter().for_each(|key| assert!(ours.check(key)));
    check(bencher, &keys, |key| ours.check(key));
}

#[divan::bench(args = [1, 1_000, 100_000], threads = [1, 2])]
fn governors_granted(bencher: Bencher<'_, '_>, count: usize) {
    let (governors, keys) = (Governors::new(true), keys(count));
    check(bencher, &keys, |key| governors.check(key));
}

#[divan::bench(args = [1, 1_000, 100_000], threads = [1, 2])]
fn governors_refused(bencher: Bencher<'_, '_>, count: usize) {
    let (governors, keys) = (Governors::new(false), keys(count));
    keys.iter().for_each(|key| assert!(governors.check(key)));
    check(bencher, &keys, |key| governors.check(key));
}

/// A hundred checks an iteration, of keys that lie one after the other.
fn check(bencher: Bencher<'_, '_>, keys: &[String], check: impl Fn(&String) -> bool + Sync) {
    let turn = std::sync::atomic::AtomicUsize::new(0);
    bencher.counter(divan::counter::ItemsCount::new(100_usize)).bench(|| {
        let from = turn.fetch_add(100, std::sync::atomic::Ordering::Relaxed) % keys.len();
        for key in keys.iter().cycle().skip(from).take(100) {
            black_box(check(key));
        }
    });
}
