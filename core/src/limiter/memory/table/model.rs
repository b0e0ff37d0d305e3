//! Every order in which threads may meet in a slot, by loom:
//! `RUSTFLAGS="--cfg loom" cargo test --release -p tokensmith --lib model`.
//!
//! The table has two sets of one slot here, so that each key may live in either, and buckets of one
//! token a second.

use std::num::NonZeroU32;
use std::time::Duration;

use loom::sync::Arc;
use loom::thread;

use super::*;
use crate::limiter::bucket::Quota;

const SECOND: u64 = 1_000_000_000;
const NOW: Tick = Tick::from_nanos(30 * SECOND);

const A: u64 = 1 << 8;
const B: u64 = 2 << 8;
/// Of the other stripe than A and B.
const C: u64 = 1 << 58 | 3 << 8;
const D: u64 = 4 << 8 | 1;

fn owner(tag: u64) -> Owner {
    Owner { tag: Tag::new(tag), scope: Scope::Client, known: false }
}

fn quota() -> Quota {
    Quota::new(NonZeroU32::MIN, Duration::from_secs(1), NonZeroU32::MIN).unwrap().with_debt(3)
}

fn take(table: &Table, tag: u64, now: Tick) -> usize {
    let taking = |bucket: Bucket, now| bucket.take_or_wait(now, quota(), NonZeroU32::MIN);
    let look = table.look(now, owner(tag), taking);
    usize::from(match look {
        Ok(seen) => Table::settle(&seen) || table.apply(now, owner(tag), taking).is_ok(),
        Err(_) => false,
    })
}

fn at(tenths: u64) -> Tick {
    Tick::from_nanos(tenths * SECOND / 10)
}

/// A table whose second slot holds D's live bucket, and whose first one A's, if it was taken from.
fn table(a_taken_at: Option<Tick>) -> Arc<Table> {
    let table = Table::new(2, Vec::new());
    let penalize = |bucket: Bucket, now| Ok(bucket.penalize(now, quota(), NonZeroU32::MAX));
    assert!(table.apply(at(280), owner(D), penalize).is_ok());
    if let Some(tick) = a_taken_at {
        assert_eq!(take(&table, A, tick), 1);
    }
    Arc::new(table)
}

/// Runs each work on a thread of its own, the last on this one, and gives what each counted.
fn at_once<const N: usize>(table: &Arc<Table>, works: [fn(&Table) -> usize; N]) -> [usize; N] {
    let mut counts = [0; N];
    let threads: Vec<_> = works[..N - 1]
        .iter()
        .map(|&work| {
            let table = Arc::clone(table);
            thread::spawn(move || work(&table))
        })
        .collect();
    counts[N - 1] = works[N - 1](table);
    for (count, thread) in counts.iter_mut().zip(threads) {
        *count = thread.join().unwrap();
    }
    counts
}

/// All orders of two threads.
fn explore(model: impl Fn() + Sync + Send + 'static) {
    explore_within(None, model);
}

/// All orders of three threads in which the scheduler steps in at most three times: beyond that their
/// number is past what a test can wait for.
fn explore_three(model: impl Fn() + Sync + Send + 'static) {
    explore_within(Some(3), model);
}

fn explore_within(preemptions: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.max_branches = 100_000;
    builder.preemption_bound = preemptions;
    builder.check(model);
}

#[test]
fn two_takers() {
    explore(|| {
        let table = table(Some(at(290)));
        let counts = at_once(&table, [|table| take(table, A, NOW), |table| take(table, A, NOW)]);
        assert_eq!(counts.iter().sum::<usize>(), 1);
    });
}

#[test]
fn a_taker_and_a_claimer_of_its_slot() {
    explore(|| {
        let table = table(Some(at(290)));
        let [a, c] = at_once(&table, [|table| take(table, A, NOW), |table| take(table, C, NOW)]);
        // Each has its one token, or shares the one of its stripe.
        assert_eq!((a, c), (1, 1));
        assert_eq!((take(&table, A, NOW), take(&table, C, NOW)), (0, 0));
    });
}

#[test]
fn two_claimers_of_one_key() {
    explore(|| {
        let table = table(None);
        let counts = at_once(&table, [|table| take(table, A, NOW), |table| take(table, A, NOW)]);
        assert_eq!(counts.iter().sum::<usize>(), 1);
        assert_eq!(take(&table, A, NOW), 0);
    });
}

#[test]
fn two_claimers_of_one_slot() {
    explore(|| {
        let table = table(None);
        let [a, c] = at_once(&table, [|table| take(table, A, NOW), |table| take(table, C, NOW)]);
        assert_eq!((a, c), (1, 1));
        assert_eq!((take(&table, A, NOW), take(&table, C, NOW)), (0, 0));
    });
}

#[test]
fn an_older_tick_and_a_reclaim() {
    explore(|| {
        // A had its token at 29.0 and is full at 30.0; at 29.9 it has none.
        let table = table(Some(at(290)));
        let [a, _] =
            at_once(&table, [|table| take(table, A, at(299)), |table| take(table, C, NOW)]);
        // Refused in its own slot. If that was gone it was judged at 30.0, and has spent the token
        // of that second: at 30.95 there is none yet, though 29.9 is more than a second ago.
        if a == 1 {
            assert_eq!(take(&table, A, Tick::from_nanos(30_950_000_000)), 0);
        }
    });
}

#[test]
fn a_penalty_and_a_claim() {
    explore(|| {
        let table = table(Some(at(290)));
        let penalize = |table: &Table| {
            let penalty = |bucket: Bucket, now| Ok(bucket.penalize(now, quota(), NonZeroU32::MAX));
            usize::from(table.apply(NOW, owner(A), penalty).is_ok())
        };
        let [penalized, _] = at_once(&table, [penalize, |table| take(table, C, NOW)]);
        assert_eq!(penalized, 1);
        assert_eq!(take(&table, A, at(339)), 0, "the penalty was lost");
    });
}

#[test]
fn a_change_taken_back_and_a_taker() {
    explore(|| {
        let table = table(Some(at(290)));
        let there_and_back = |table: &Table| {
            let taking = |bucket: Bucket, now| bucket.take_or_wait(now, quota(), NonZeroU32::MIN);
            let Ok(done) = table.apply(NOW, owner(A), taking) else { return 0 };
            table.undo(owner(A), &done);
            1
        };
        let [_, taken] = at_once(&table, [there_and_back, |table| take(table, A, NOW)]);
        assert_eq!(taken + take(&table, A, NOW), 1);
    });
}

#[test]
fn two_takers_and_a_claimer() {
    explore_three(|| {
        let table = table(Some(at(290)));
        let counts = at_once(
            &table,
            [|table| take(table, A, NOW), |table| take(table, A, NOW), |table| take(table, C, NOW)],
        );
        assert_eq!(counts[0] + counts[1], 1);
        assert_eq!(counts[2], 1);
        assert_eq!((take(&table, A, NOW), take(&table, C, NOW)), (0, 0));
    });
}

#[test]
fn a_taker_and_two_claimers() {
    explore_three(|| {
        let table = table(Some(at(290)));
        let counts = at_once(
            &table,
            [
                |table| take(table, A, at(299)),
                |table| take(table, B, NOW),
                |table| take(table, C, NOW),
            ],
        );
        assert!(counts[0] + take(&table, A, NOW) <= 1);
        assert!(counts[1] + take(&table, B, NOW) <= 1);
        assert!(counts[2] + take(&table, C, NOW) <= 1);
    });
}

/// The models would prove nothing if loom did not find a token that is spent twice.
#[test]
#[should_panic = "spent twice"]
fn a_check_and_a_store_are_found_out() {
    explore(|| {
        let place = Arc::new(AtomicU64::new(0));
        let spend = |place: &AtomicU64| {
            let free = place.load(Ordering::Acquire) == 0;
            place.store(1, Ordering::Release);
            usize::from(free)
        };
        let other = Arc::clone(&place);
        let thread = thread::spawn(move || spend(&other));
        let spent = spend(&place) + thread.join().unwrap();
        assert!(spent == 1, "spent twice");
    });
}
