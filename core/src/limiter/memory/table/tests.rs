use std::num::NonZeroU32;
use std::time::Duration;

use super::*;
use crate::limiter::bucket::Quota;

const NOW: Tick = Tick::from_nanos(10_000_000_000);
const SECOND: u64 = 1_000_000_000;

fn table() -> Table {
    Table::new(2, Vec::new())
}

/// A tag whose first set is `first`, of stripe 0.
fn owner(number: u64, first: u64, known: bool) -> Owner {
    Owner { tag: Tag::new(number << 8 | first), scope: Scope::Client, known }
}

/// A take of one from a bucket of so many, at one a second.
fn taking(burst: u32) -> impl Fn(Bucket, Tick) -> Result<Bucket, Wait> {
    let quota = quota(burst);
    move |bucket, now| bucket.take_or_wait(now, quota, NonZeroU32::MIN)
}

fn quota(burst: u32) -> Quota {
    let burst = NonZeroU32::new(burst).unwrap();
    Quota::new(NonZeroU32::MIN, Duration::from_secs(1), burst).unwrap()
}

/// Every word that the table holds.
fn words(table: &Table) -> Vec<u64> {
    let slots = table.sets.iter().flat_map(Set::slots);
    let slots = slots.flat_map(|slot| [slot.tag(), slot.bucket().map_or(1, Bucket::full_at_nanos)]);
    let shared = table.stripes.iter().flat_map(|stripe| &stripe.overflow);
    let counts = [&table.latest, &table.overflows];
    slots.chain(shared.chain(counts).map(|word| word.load(Ordering::SeqCst))).collect()
}

fn is_own(change: Result<Change<'_>, Refusal>) -> bool {
    matches!(change, Ok(Change { place: Place::Own(_), .. }))
}

#[test]
fn a_refusal_writes_nothing() {
    let table = table();
    let drained = owner(1, 0, false);
    table.apply(NOW, drained, taking(1)).map_err(|refusal| refusal.wait).unwrap();
    for number in 2..60 {
        let _ = table.apply(NOW, owner(number, number & 1, false), taking(1));
    }
    let before = words(&table);
    // With a slot of its own, without one, and in its own slot found under the lock.
    for owner in [drained, owner(99, 0, false)] {
        assert!(table.look(NOW, owner, taking(1)).is_err());
        assert!(table.apply(NOW, owner, taking(1)).is_err());
    }
    assert_eq!(words(&table), before);
}

#[test]
fn only_a_full_bucket_is_forgotten() {
    let table = table();
    let all: Vec<_> = (0..12).map(|number| owner(number + 1, number & 1, false)).collect();
    assert!(all.iter().all(|owner| is_own(table.apply(NOW, *owner, taking(1)))));
    // Twelve of sixteen are for strangers: the thirteenth finds no slot, then one after a second.
    let next = owner(13, 0, false);
    assert!(!is_own(table.apply(NOW, next, taking(1))));
    assert_eq!(table.overflows(), 1);
    assert!(all.iter().all(|owner| table.bucket(owner.tag).is_some()));
    let later = Tick::from_nanos(NOW.as_nanos() + SECOND);
    assert!(is_own(table.apply(later, next, taking(1))));
    assert_eq!(all.iter().filter(|owner| table.bucket(owner.tag).is_none()).count(), 1);
}

#[test]
fn reserved_slots_are_for_known_callers() {
    let table = table();
    for number in 1..100 {
        let _ = table.apply(NOW, owner(number, number & 1, false), taking(1));
    }
    // Four reserved slots, in either of two sets, whatever the strangers did.
    for number in 100..104 {
        assert!(is_own(table.apply(NOW, owner(number, 0, true), taking(1))), "{number}");
    }
    let overflows = table.overflows();
    let fifth = table.apply(NOW, owner(104, 0, true), taking(1));
    assert!(fifth.is_ok(), "the shared bucket of the known is not that of the strangers");
    assert!(!is_own(fifth));
    assert_eq!(table.overflows(), overflows + 1);
}

#[test]
fn a_slot_that_falls_free_brings_no_fresh_burst() {
    let table = table();
    for number in 1..13 {
        assert!(is_own(table.apply(NOW, owner(number, number & 1, false), taking(3))));
    }
    let key = owner(50, 0, false);
    for _ in 0..3 {
        assert!(table.apply(NOW, key, taking(3)).is_ok());
    }
    // A second later the others' buckets are full, and this key may have one of its slots: with
    // the one token that the shared bucket has, not with three.
    let later = Tick::from_nanos(NOW.as_nanos() + SECOND);
    assert!(is_own(table.apply(later, key, taking(3))));
    assert!(table.apply(later, key, taking(3)).is_err());
}

#[test]
fn scopes_overflow_apart() {
    let table = table();
    for number in 1..13 {
        assert!(table.apply(NOW, owner(number, number & 1, false), taking(1)).is_ok());
    }
    for scope in [Scope::Source, Scope::Client, Scope::ClientAtSource, Scope::Global] {
        for known in [false, true] {
            let key = |number| Owner { scope, ..owner(number, 0, known) };
            let charge = |number| table.apply(NOW, key(number), taking(1)).is_ok();
            // The known ones have four reserved slots before they share.
            let mut numbers = 1_000 * (scope as u64 + 1)..;
            let shared =
                numbers.by_ref().find(|&number| !is_own(table.apply(NOW, key(number), taking(1))));
            assert!(shared.is_some() && !charge(numbers.start), "{scope} {known}");
        }
    }
}

#[test]
fn a_reclaimed_slot_is_judged_by_the_latest_tick() {
    let table = table();
    let key = owner(1, 0, false);
    assert!(table.apply(NOW, key, taking(1)).is_ok());
    let later = Tick::from_nanos(NOW.as_nanos() + SECOND);
    for number in 2..14 {
        assert!(is_own(table.apply(later, owner(number, number & 1, false), taking(1))));
    }
    assert!(table.bucket(key.tag).is_none(), "its slot was not reclaimed");
    // At its own tick the key would find itself never seen, and have a second token within 0.1 s.
    let older = Tick::from_nanos(NOW.as_nanos() + SECOND / 10);
    assert!(
        table
            .look(older, key, taking(1))
            .is_ok_and(|seen| seen.after.is_full(Tick::from_nanos(later.as_nanos() + SECOND))
                && !seen.after.is_full(Tick::from_nanos(later.as_nanos() + SECOND - 1)))
    );
}

#[test]
fn a_wait_is_counted_from_the_callers_own_tick() {
    let table = table();
    let later = Tick::from_nanos(NOW.as_nanos() + SECOND);
    for number in 1..14 {
        assert!(table.apply(later, owner(number, number & 1, false), taking(1)).is_ok());
    }
    for tick in [NOW, later] {
        let refused = table.look(tick, owner(99, 0, false), taking(1)).map(|_| ());
        let wait = Duration::from_nanos(later.as_nanos() + SECOND - tick.as_nanos());
        let refusal = refused.map_err(|refusal| (refusal.wait.duration(), refusal.shared));
        assert_eq!(refusal, Err((wait, true)));
    }
}

#[test]
fn a_change_is_taken_back_whole() {
    let table = table();
    let key = owner(1, 0, false);
    let levels = || table.bucket(key.tag).map_or(5, |bucket| bucket.peek(NOW, quota(5)));
    let done = table.apply(NOW, key, taking(5)).map_err(|refusal| refusal.wait).unwrap();
    table.undo(key, &done);
    assert_eq!(levels(), 5);
    // With another one's charge in between both stay.
    let done = table.apply(NOW, key, taking(5)).map_err(|refusal| refusal.wait).unwrap();
    assert!(table.apply(NOW, key, taking(5)).is_ok());
    table.undo(key, &done);
    assert_eq!(levels(), 3);
}

/// A burst of one at one token a second. X takes it at 0 s; it is back at 1 s, and Y takes it then.
/// X, refused elsewhere, takes its charge back: that must not bring a second token at 1 s.
#[test]
fn a_charge_taken_back_late_mints_nothing() {
    let table = table();
    let key = owner(1, 0, false);
    let (zero, one) = (Tick::from_nanos(0), Tick::from_nanos(SECOND));
    let done = table.apply(zero, key, taking(1)).map_err(|refusal| refusal.wait).unwrap();
    assert!(table.apply(one, key, taking(1)).is_ok());
    table.undo(key, &done);
    assert!(table.apply(one, key, taking(1)).is_err(), "two tokens of a burst of one");
}

#[test]
fn a_poisoned_lock_is_taken_over() {
    let table = table();
    let key = owner(1, 0, false);
    std::thread::scope(|scope| {
        let panics = scope.spawn(|| {
            let _guard = table.stripe(key.tag).lock();
            panic!("on purpose");
        });
        assert!(panics.join().is_err());
    });
    assert!(is_own(table.apply(NOW, key, taking(1))));
}

#[test]
fn a_slot_is_sixteen_bytes() {
    assert_eq!(std::mem::size_of::<Set>(), 16 * LANES);
    assert_eq!(std::mem::align_of::<Set>(), 128);
}
