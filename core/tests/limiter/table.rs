//! The fixed table against a map without bounds, with so few slots that keys claim, reclaim and
//! overflow all the time.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use tokensmith::{Bucket, Charge, LimitKey, MemoryLimiter, Verdict};

use super::{at, n, quota};

const SLOTS: usize = 16;
const TOKEN_NANOS: u64 = 1_000_000_000;
const BURST: u32 = 3;

#[derive(Clone, Debug)]
enum Step {
    Take(Vec<usize>, u32),
    Penalize(usize, u32),
    Pass(u64),
}

fn steps(keys: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (prop::collection::vec(0..keys, 1..4), 1_u32..3).prop_map(|(keys, cost)| {
            Step::Take(keys, cost)
        }),
        1 => (0..keys, 1_u32..9).prop_map(|(key, cost)| Step::Penalize(key, cost)),
        2 => (0..TOKEN_NANOS).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..300)
}

/// What the keys of a map without bounds would have.
struct Map {
    ids: Vec<String>,
    buckets: HashMap<usize, Bucket>,
}

impl Map {
    fn new(keys: usize) -> Self {
        Self { ids: (0..keys).map(|key| format!("key-{key}")).collect(), buckets: HashMap::new() }
    }

    /// Every third key is known, for good.
    fn charge(&self, key: usize, cost: u32) -> Charge<'_> {
        let quota = quota(1, Duration::from_nanos(TOKEN_NANOS), BURST).with_debt(2);
        Charge {
            key: LimitKey::Client(&self.ids[key]),
            quota,
            cost: n(cost),
            known: key.is_multiple_of(3),
        }
    }

    /// All or none, one charge after the other.
    fn take(&mut self, now: u64, keys: &[usize], cost: u32) -> bool {
        let mut after = self.buckets.clone();
        for &key in keys {
            let bucket = after.entry(key).or_default();
            let charge = self.charge(key, cost);
            match bucket.take(at(now), charge.quota, charge.cost) {
                Ok(taken) => *bucket = taken,
                Err(_) => return false,
            }
        }
        self.buckets = after;
        true
    }

    fn penalize(&mut self, now: u64, key: usize, cost: u32) {
        let quota = self.charge(key, cost).quota;
        let bucket = self.buckets.entry(key).or_default();
        *bucket = bucket.penalize(at(now), quota, n(cost));
    }
}

/// Runs the steps on both, and gives how many charges overflowed. A table that has not overflowed
/// answers as the map does; one that has never grants what the map, given the same grants, would
/// not.
fn run(keys: usize, steps: &[Step]) -> Result<u64, TestCaseError> {
    let limiter = MemoryLimiter::with_slots(SLOTS).unwrap();
    let mut map = Map::new(keys);
    let mut now = 0;
    for step in steps {
        match step {
            Step::Pass(nanos) => now += nanos,
            Step::Penalize(key, cost) => {
                limiter.penalize_now(at(now), &[map.charge(*key, *cost)]);
                map.penalize(now, *key, *cost);
            }
            Step::Take(taken, cost) => {
                let charges: Vec<_> = taken.iter().map(|key| map.charge(*key, *cost)).collect();
                let verdict = limiter.take_now(at(now), &charges);
                let granted = matches!(verdict, Verdict::Allow { .. });
                if granted || limiter.health().overflows == 0 {
                    let mapped = map.take(now, taken, *cost);
                    prop_assert_eq!(granted, mapped, "{:?} at {}", step, now);
                }
            }
        }
        for key in 0..keys {
            let charge = map.charge(key, 1);
            let full = Bucket::FULL;
            let level = map.buckets.get(&key).unwrap_or(&full).peek(at(now), charge.quota);
            if let Some(peeked) = limiter.peek(at(now), charge.key, charge.quota) {
                prop_assert!(peeked <= level, "key {} has {} of {}", key, peeked, level);
            }
        }
    }
    Ok(limiter.health().overflows)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_table_that_holds_its_keys_is_a_map(steps in steps(5)) {
        // Five keys, a third of them known, always fit.
        prop_assert_eq!(run(5, &steps)?, 0);
    }

    #[test]
    fn a_table_that_overflows_never_grants_more_than_a_map(steps in steps(60)) {
        run(60, &steps)?;
    }

    /// Ticks that come out of order by less than a token's time, as those of threads do, win no
    /// more than that time, though slots are reclaimed in between.
    #[test]
    fn an_older_tick_wins_no_burst(
        calls in prop::collection::vec((0..40_usize, 0_u64..200_000_000, 0_u64..100_000_000), 1..400),
    ) {
        let limiter = MemoryLimiter::with_slots(SLOTS).unwrap();
        let map = Map::new(40);
        let (mut time, jitter) = (1_000_000_000, 100_000_000);
        let mut grants: HashMap<usize, Vec<u64>> = HashMap::new();
        for (key, passed, late) in calls {
            time += passed;
            let now = time - late;
            let verdict = limiter.take_now(at(now), &[map.charge(key, 1)]);
            if matches!(verdict, Verdict::Allow { .. }) {
                grants.entry(key).or_default().push(now);
            }
        }
        for ticks in grants.values_mut() {
            ticks.sort_unstable();
            for (i, first) in ticks.iter().enumerate() {
                for (j, last) in ticks.iter().enumerate().skip(i) {
                    let most = u64::from(BURST) + (last - first + jitter) / TOKEN_NANOS;
                    prop_assert!((j - i + 1) as u64 <= most, "{} in {}", j - i + 1, last - first);
                }
            }
        }
    }
}

/// The tests above would prove nothing if nothing overflowed or was reclaimed in them.
#[test]
fn sixty_keys_overflow_sixteen_slots() {
    let steps: Vec<_> = (0..600)
        .map(|i| if i % 30 == 29 { Step::Pass(TOKEN_NANOS) } else { Step::Take(vec![i % 60], 1) })
        .collect();
    assert!(run(60, &steps).unwrap() > 20);
}
