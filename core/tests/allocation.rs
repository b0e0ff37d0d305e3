//! What is decided without allocating. A test binary of its own: it counts what the allocator does.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use allocation_counter::measure;
use tokensmith::{Charge, LimitKey, MemoryLimiter, Quota, Scope, SourceKey, Tick, Verdict};

fn charges<'a>(id: &'a str, source: SourceKey<'a>) -> [Charge<'a>; 4] {
    let one = NonZeroU32::MIN;
    let quota = Quota::new(one, Duration::from_secs(60), one).unwrap();
    let charge = |key| Charge { key, quota, cost: one, known: false };
    [
        charge(LimitKey::Source(source)),
        charge(LimitKey::Client(id)),
        charge(LimitKey::ClientAtSource(id, source)),
        charge(LimitKey::Global),
    ]
}

#[test]
fn a_take_allocates_nothing() {
    // Small enough to overflow, so that every way through the table is counted.
    let limiter = MemoryLimiter::with_slots(16).unwrap();
    let ids: Vec<String> = (0..1_000).map(|i| format!("app-{i}")).collect();
    let (mut granted, mut denied) = (0, 0);
    let counted = measure(|| {
        for (second, id) in (0_u64..).zip(&ids) {
            let now = Tick::from_nanos(second * 1_000_000_000);
            let all = charges(id, SourceKey::Opaque(id));
            for count in 1..=all.len() {
                match limiter.take_now(now, &all[..count]) {
                    Verdict::Allow { .. } => granted += 1,
                    Verdict::Deny { .. } => denied += 1,
                }
            }
            limiter.penalize_now(now, &all);
        }
    });
    assert_eq!(counted.count_total, 0);
    assert!(granted > 300 && denied > 300, "{granted} {denied}");
    assert!(limiter.health().overflows > 500);
}

#[test]
fn the_counter_counts() {
    let counted = measure(|| drop(black_box(Box::new(Scope::Global))));
    assert_eq!(counted.count_total, 1);
}
