//! The arithmetic of a bucket against the definition of one, in exact rational numbers.

use std::time::Duration;

use num_bigint::BigInt;
use num_rational::Ratio;
use proptest::prelude::*;
use tokensmith::{Bucket, Quota};

use super::{at, n};

/// A token bucket as it is defined: a level that rises with time up to the burst.
struct Oracle {
    level: Ratio<BigInt>,
    seen: u64,
    burst: Ratio<BigInt>,
    debt: Ratio<BigInt>,
    /// Tokens a nanosecond.
    rate: Ratio<BigInt>,
}

impl Oracle {
    fn new(quota: Quota, rate: Ratio<BigInt>) -> Self {
        let burst = whole(quota.burst().get());
        Self { level: burst.clone(), seen: 0, burst, debt: whole(quota.debt()), rate }
    }

    fn refill(&mut self, now: u64) {
        let passed = Ratio::from_integer(BigInt::from(now - self.seen));
        self.level = (&self.level + passed * &self.rate).min(self.burst.clone());
        self.seen = now;
    }

    /// The wait in whole nanoseconds, rounded up, or `None` for never.
    fn take(&mut self, now: u64, cost: u32) -> Result<(), Option<BigInt>> {
        self.refill(now);
        if whole(cost) > self.burst {
            return Err(None);
        }
        let missing = whole(cost) - &self.level;
        if missing > whole(0) {
            return Err(Some((missing / &self.rate).ceil().to_integer()));
        }
        self.level -= whole(cost);
        Ok(())
    }

    fn penalize(&mut self, now: u64, tokens: u32) {
        self.refill(now);
        self.level = (&self.level - whole(tokens)).max(-self.debt.clone());
    }

    fn refund(&mut self, now: u64, tokens: u32) {
        self.refill(now);
        self.level = (&self.level + whole(tokens)).min(self.burst.clone());
    }

    fn peek(&mut self, now: u64) -> BigInt {
        self.refill(now);
        self.level.clone().max(whole(0)).floor().to_integer()
    }
}

fn whole(tokens: u32) -> Ratio<BigInt> {
    Ratio::from_integer(BigInt::from(tokens))
}

#[derive(Clone, Debug)]
enum Step {
    Take(u32),
    Penalize(u32),
    Refund(u32),
    Peek,
    Reset,
    /// So many takes of one, so far apart.
    Poll(u32, u64),
    /// A take of one at the wait that the last refusal gave, and one nanosecond before it.
    Wait,
}

fn steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let idle = prop_oneof![
        4 => Just(0_u64),
        4 => 1_u64..1_000,
        4 => 1_000_u64..10_000_000_000,
        1 => 10_000_000_000_u64..10_000_000_000_000_000,
    ];
    let step = prop_oneof![
        6 => (1_u32..6).prop_map(Step::Take),
        1 => any::<u32>().prop_map(|cost| Step::Take(cost.max(1))),
        2 => (1_u32..300).prop_map(Step::Penalize),
        1 => (1_u32..9).prop_map(Step::Refund),
        1 => Just(Step::Peek),
        1 => Just(Step::Reset),
        2 => (1_u32..40, 1_u64..2_000_000_000).prop_map(|(count, gap)| Step::Poll(count, gap)),
        3 => Just(Step::Wait),
    ];
    prop::collection::vec((idle, step), 1..40)
}

fn quotas() -> impl Strategy<Value = (u32, Duration, Quota)> {
    let n_of = prop_oneof![1_u32..100, 1_u32..1_000_000];
    let nanos = prop_oneof![
        (1_u64..4_000).prop_map(|seconds| seconds * 1_000_000_000),
        1_u64..1_000_000_000_000,
    ];
    let burst = prop_oneof![1_u32..20, 1_u32..100_000];
    (n_of, nanos, burst, prop_oneof![Just(0), 0_u32..1_000]).prop_filter_map(
        "a quota that is refused",
        |(tokens, nanos, burst, debt)| {
            let period = Duration::from_nanos(nanos);
            let quota = Quota::new(n(tokens), period, n(burst)).ok()?;
            Some((tokens, period, quota.with_debt(debt)))
        },
    )
}

/// Runs the steps on both, and holds each answer to the oracle's.
fn run(quota: Quota, rate: Ratio<BigInt>, steps: &[(u64, Step)]) -> Result<(), TestCaseError> {
    let mut oracle = Oracle::new(quota, rate);
    let mut bucket = Bucket::FULL;
    let mut now = 1_000_000_000;
    oracle.refill(now);
    let mut wait = 0;
    for (idle, step) in steps {
        now += idle;
        match *step {
            Step::Take(cost) => take(&mut bucket, &mut oracle, quota, now, cost, &mut wait)?,
            Step::Poll(count, gap) => {
                for _ in 0..count {
                    take(&mut bucket, &mut oracle, quota, now, 1, &mut wait)?;
                    now += gap;
                }
            }
            Step::Wait => {
                if wait > 1 {
                    take(&mut bucket, &mut oracle, quota, now + wait - 1, 1, &mut 0)?;
                }
                now += wait;
                wait = 0;
                take(&mut bucket, &mut oracle, quota, now, 1, &mut wait)?;
            }
            Step::Penalize(tokens) => {
                bucket = bucket.penalize(at(now), quota, n(tokens));
                oracle.penalize(now, tokens);
            }
            Step::Refund(tokens) => {
                bucket = bucket.refund(at(now), quota, n(tokens));
                oracle.refund(now, tokens);
            }
            Step::Peek => {}
            Step::Reset => {
                bucket = bucket.reset(at(now));
                oracle.level = oracle.burst.clone();
            }
        }
        prop_assert_eq!(BigInt::from(bucket.peek(at(now), quota)), oracle.peek(now));
    }
    Ok(())
}

fn take(
    bucket: &mut Bucket,
    oracle: &mut Oracle,
    quota: Quota,
    now: u64,
    cost: u32,
    wait: &mut u64,
) -> Result<(), TestCaseError> {
    let expected = oracle.take(now, cost).map_err(|wait| wait.unwrap_or(BigInt::from(u64::MAX)));
    let answer = bucket.take(at(now), quota, n(cost));
    prop_assert_eq!(answer.map(|_| ()).map_err(|wait| BigInt::from(wait.as_nanos())), expected);
    match answer {
        Ok(taken) => *bucket = taken,
        Err(refused) if refused != Bucket::NEVER => *wait = refused.as_nanos() as u64,
        Err(_) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A bucket is a token bucket whose tokens take the quota's token time each.
    #[test]
    fn a_bucket_is_a_token_bucket((_, _, quota) in quotas(), steps in steps()) {
        let token = Ratio::from_integer(BigInt::from(quota.token_time().as_nanos()));
        run(quota, token.recip(), &steps)?;
    }

    /// Where the tokens divide the period, that is the very rate that was asked for.
    #[test]
    fn a_rate_that_divides_is_exact(
        (tokens, _, quota) in quotas(),
        token_nanos in 1_000_u64..10_000_000_000,
        steps in steps(),
    ) {
        let period = Duration::from_nanos(token_nanos * u64::from(tokens));
        let Ok(exact) = Quota::new(n(tokens), period, quota.burst()) else { return Ok(()) };
        let rate = Ratio::new(BigInt::from(tokens), BigInt::from(period.as_nanos()));
        run(exact.with_debt(quota.debt()), rate, &steps)?;
    }

    /// Where they do not, no interval holds one token more than the rate that was asked for.
    #[test]
    fn a_rate_that_does_not_divide_is_never_exceeded(
        (tokens, period, quota) in quotas(),
        gaps in prop::collection::vec(0_u64..3_000_000_000, 1..200),
    ) {
        let mut bucket = Bucket::FULL;
        let (mut now, mut grants) = (0, Vec::new());
        for gap in gaps {
            now += gap;
            match bucket.take(at(now), quota, n(1)) {
                Ok(taken) => {
                    bucket = taken;
                    grants.push(now);
                }
                Err(wait) => now += wait.as_nanos() as u64 - gap.min(1),
            }
        }
        for (i, first) in grants.iter().enumerate() {
            for (j, last) in grants.iter().enumerate().skip(i) {
                // So many beyond the burst take so many periods' part, in whole numbers.
                let beyond = (j - i + 1) as i128 - i128::from(quota.burst().get());
                let passed = i128::from(last - first) * i128::from(tokens);
                prop_assert!(beyond * period.as_nanos() as i128 <= passed, "{} too many", beyond);
            }
        }
    }

    /// A tick that goes back refuses whatever the later one refused.
    #[test]
    fn an_older_tick_grants_nothing_more(
        (_, _, quota) in quotas(),
        full_in in 0_u32..2_000,
        back in 0_u64..1_000_000_000_000,
        cost in 1_u32..100,
    ) {
        let now = 2_000_000_000_000;
        let bucket = Bucket::FULL.penalize(at(now), quota, n(full_in.max(1)));
        let (late, early) =
            (bucket.take(at(now), quota, n(cost)), bucket.take(at(now - back), quota, n(cost)));
        prop_assert!(late.is_ok() || early.is_err());
        prop_assert!(bucket.peek(at(now - back), quota) <= bucket.peek(at(now), quota));
    }
}
