//! What LIMITER promises of one limiter: exact limits, exact waits, failures that cost more.

use std::num::NonZeroU32;
use std::time::Duration;

use tokensmith::{
    Bucket, Charge, LimitKey, MemoryLimiter, Quota, QuotaError, Scope, SourceKey, Tick, Verdict,
};

use super::{SECOND, at, burst, client, granted, n, quota};

#[test]
fn a_wait_is_exact_to_the_nanosecond() {
    let limiter = MemoryLimiter::new();
    let charges = [client("a", quota(7, Duration::from_secs(3), 4))];
    let mut now = 0;
    for _ in 0..1_000 {
        let Verdict::Deny { retry_after, .. } = limiter.take_now(at(now), &charges) else {
            continue;
        };
        let wait = retry_after.as_nanos() as u64;
        assert!(!granted(limiter.take_now(at(now + wait - 1), &charges)));
        now += wait;
        assert!(granted(limiter.take_now(at(now), &charges)));
    }
    assert!(now > 400 * SECOND);
}

#[test]
fn the_longest_wait_is_answered_and_is_enough() {
    let source = SourceKey::V4([192, 0, 2, 1]);
    let limiter = MemoryLimiter::new();
    let charge = |key, seconds| Charge {
        key,
        quota: quota(1, Duration::from_secs(seconds), 1),
        cost: n(1),
        known: false,
    };
    let charges = [
        charge(LimitKey::Source(source), 5),
        charge(LimitKey::Client("a"), 60),
        charge(LimitKey::ClientAtSource("a", source), 7),
        charge(LimitKey::Global, 1),
    ];
    assert!(granted(limiter.take_now(at(0), &charges)));
    for now in [0, SECOND, 6 * SECOND, 59 * SECOND] {
        let wait = Duration::from_nanos(60 * SECOND - now);
        let denied = Verdict::Deny { scope: Scope::Client, retry_after: wait, degraded: false };
        assert_eq!(limiter.take_now(at(now), &charges), denied);
    }
    assert!(granted(limiter.take_now(at(60 * SECOND), &charges)));
}

#[test]
fn the_source_is_told_whole_tokens_as_of_the_take() {
    let limiter = MemoryLimiter::new();
    let source = LimitKey::Source(SourceKey::V6([7; 16]));
    let charge = Charge { key: source, ..client("", quota(1, Duration::from_secs(2), 3)) };
    let other = client("a", quota(1, Duration::from_secs(1), 9));
    let left = |now, charges: &[Charge<'_>]| match limiter.take_now(at(now), charges) {
        Verdict::Allow { source_remaining } => source_remaining,
        Verdict::Deny { .. } => panic!("refused"),
    };
    assert_eq!(left(0, &[other]), None);
    assert_eq!(left(0, &[charge]), Some(2));
    assert_eq!(left(0, &[other, charge]), Some(1));
    assert_eq!(left(2 * SECOND - 1, &[charge]), Some(0));
    assert_eq!(left(2 * SECOND, &[charge]), Some(0));
    assert_eq!(left(100 * SECOND, &[charge, other]), Some(2));
}

/// One that guesses as soon as it may, one at a time, is granted B + t/T tokens of which each
/// failure costs five: 121 guesses an hour with the default quota.
#[test]
fn an_address_fails_at_most_121_times_an_hour_at_one_app() {
    assert_eq!(failures_in_an_hour(1), 121);
}

/// Guesses in flight at once have each paid 1 before they ran, and the debt of the rest is paid off
/// before the next is granted.
#[test]
fn parallel_guesses_cannot_outrun_the_count() {
    for in_flight in [2, 5, 64] {
        let (burst, refilled, cost) = (5, 600, 5);
        let bound = (burst + refilled).min((burst + refilled + (cost - 1) * in_flight) / cost);
        let failures = failures_in_an_hour(in_flight);
        assert!(failures <= bound, "{failures} > {bound}");
        assert!(failures >= 100, "{failures}: the test guesses too lamely");
    }
}

/// The greediest caller: guesses as often as it is let, with so many unanswered at a time.
fn failures_in_an_hour(in_flight: u64) -> u64 {
    let limiter = MemoryLimiter::new();
    let debt = 4 * in_flight as u32;
    let quota = quota(10, Duration::from_secs(60), 5).with_debt(debt);
    let charge = [client("victim", quota)];
    let failure = [Charge { cost: n(4), ..charge[0] }];
    let (mut now, mut failures) = (0, 0);
    while now <= 3_600 * SECOND {
        let mut flying = 0;
        let wait = loop {
            match limiter.take_now(at(now), &charge) {
                Verdict::Allow { .. } if flying < in_flight => flying += 1,
                Verdict::Allow { .. } => break 0,
                Verdict::Deny { retry_after, .. } => break retry_after.as_nanos() as u64,
            }
        };
        if wait == 0 {
            // The one beyond what may fly was never sent.
            limiter.refund(at(now), &charge);
        }
        (0..flying).for_each(|_| limiter.penalize_now(at(now), &failure));
        failures += flying;
        now += if flying == 0 { wait } else { 0 };
    }
    failures
}

#[test]
fn a_penalty_never_refuses_and_stops_at_the_debt() {
    let limiter = MemoryLimiter::new();
    let quota = quota(1, Duration::from_secs(1), 3).with_debt(2);
    let charges = [client("a", quota)];
    for _ in 0..1_000 {
        limiter.penalize_now(at(0), &[Charge { cost: NonZeroU32::MAX, ..charges[0] }]);
    }
    let Verdict::Deny { retry_after, .. } = limiter.take_now(at(0), &charges) else {
        panic!("granted in debt")
    };
    assert_eq!(retry_after, Duration::from_secs(3));
    assert_eq!(burst(&limiter, at(5 * SECOND), &charges, 9), 3);
}

#[test]
fn a_charge_without_asking_makes_no_debt() {
    let limiter = MemoryLimiter::new();
    let charges = [client("a", quota(1, Duration::from_secs(1), 3).with_debt(9))];
    for _ in 0..10 {
        limiter.charge_now(at(0), &charges);
    }
    assert_eq!(burst(&limiter, at(SECOND), &charges, 9), 1);
}

#[test]
fn a_cost_above_the_burst_is_never_granted() {
    let limiter = MemoryLimiter::new();
    let charges = [Charge { cost: n(4), ..client("a", quota(1, Duration::from_secs(1), 3)) }];
    for now in [0, SECOND, Tick::MAX.as_nanos()] {
        let Verdict::Deny { retry_after, .. } = limiter.take_now(at(now), &charges) else {
            panic!("granted")
        };
        assert_eq!(retry_after, Bucket::NEVER);
    }
}

#[test]
fn the_longest_quota_and_the_latest_tick_do_not_wrap() {
    let day = Duration::from_secs(86_400);
    let long = quota(1, day * 366, 145).with_debt(u32::MAX);
    assert_eq!(long.debt(), 0);
    let limiter = MemoryLimiter::new();
    for now in [0, 1, u64::MAX / 4, u64::MAX / 2, u64::MAX] {
        let charges = [client("a", long)];
        limiter.reset(at(now), charges[0].key);
        assert_eq!(burst(&limiter, at(now), &charges, 300), 145, "at {now}");
        limiter.penalize_now(at(now), &[Charge { cost: NonZeroU32::MAX, ..charges[0] }]);
        assert!(!granted(limiter.take_now(at(now), &charges)));
        assert!(!granted(limiter.take_now(at(0), &charges)));
    }
}

#[test]
fn a_quota_that_cannot_be_counted_is_refused() {
    let new = |tokens, period, burst| Quota::new(n(tokens), period, n(burst)).err();
    let second = Duration::from_secs(1);
    assert_eq!(new(1, Duration::ZERO, 1), Some(QuotaError::ZeroPeriod));
    assert_eq!(new(1_000_001, second, 1), Some(QuotaError::TooFast));
    assert_eq!(new(1_000_000, second, 1), None);
    assert_eq!(new(1, Duration::MAX, 1), Some(QuotaError::TooSlow));
    assert_eq!(new(1, Duration::from_nanos((1 << 62) + 1), 1), Some(QuotaError::TooSlow));
    assert_eq!(new(1, Duration::from_nanos(1 << 62), 1), None);
    assert_eq!(new(1, Duration::from_nanos(1 << 62), 2), Some(QuotaError::TooSlow));
    let quota = Quota::new(n(1), Duration::from_nanos(1 << 60), n(1)).unwrap();
    assert_eq!(quota.with_debt(u32::MAX).debt(), 3);
    assert_eq!(quota.with_debt(2).debt(), 2);
}
