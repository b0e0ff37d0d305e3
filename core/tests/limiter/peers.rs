//! What other limiters got wrong, each as a test of what this one does.

use std::net::IpAddr;
use std::time::Duration;

use futures_executor::block_on;
use tokensmith::{
    Charge, Context, LimitKey, MemoryLimiter, Quota, QuotaError, RateLimiter, Source, SourceKey,
    UnixTime, Verdict,
};

use super::{One, SECOND, at, burst, client, granted, n, quota};

/// throttlecrab clamps the arrival time a burst into the past: an idle key is given nearly two.
#[test]
fn an_idle_key_has_one_burst() {
    let limiter = MemoryLimiter::new();
    let charges = [client("a", quota(1, Duration::from_secs(1), 10))];
    assert_eq!(burst(&limiter, at(0), &charges, 20), 10);
    assert_eq!(burst(&limiter, at(17 * SECOND), &charges, 100), 10);
}

/// ratelimit moves "last refill" forward while it truncates the credit: polling starves the key.
#[test]
fn polling_costs_nothing() {
    // In a debug build the finer polling covers a tenth of the time.
    let fine = if cfg!(debug_assertions) { 600 } else { 6_000 };
    for (gap, seconds) in [(1_000_000, 6_000), (59_999, fine)] {
        // A bucket of two, or each poll would come a little late to a full one.
        let mut one = One::empty(quota(1, Duration::from_secs(60), 2), 0);
        let polls = 1..=seconds * SECOND / gap + 1;
        let count = polls.filter(|poll| one.take(poll * gap).is_ok()).count() as u64;
        assert_eq!(count, seconds / 60, "each {gap} ns");
    }
}

/// governor's product of 64 bits wraps in release builds.
#[test]
fn a_year_times_a_thousand_does_not_wrap() {
    // Such a burst takes 1,000 years to refill, which this limiter refuses to promise; the longest
    // it takes is 146.
    let year = Duration::from_secs(31_536_000);
    assert_eq!(Quota::new(n(1), year, n(1_000)), Err(QuotaError::TooSlow));
    let limiter = MemoryLimiter::new();
    assert_eq!(burst(&limiter, at(0), &[client("a", quota(1, year, 146))], 2_000), 146);
    assert_eq!(burst(&limiter, at(0), &[client("b", quota(1_000, year, 1_000))], 2_000), 1_000);
}

/// governor truncates the interval: 700,000,000 a second become 10^9.
#[test]
fn a_rate_is_never_rounded_up() {
    let second = Duration::from_secs(1);
    assert_eq!(Quota::new(n(700_000_000), second, n(1)), Err(QuotaError::TooFast));
    let theirs = governor::Quota::per_second(n(700_000_000));
    assert_eq!(theirs.replenish_interval(), Duration::from_nanos(1));

    let mut one = One::new(quota(3, second, 5));
    let (mut now, mut count) = (0, 0);
    while now < 1_000_000 * SECOND {
        match one.take(now) {
            Ok(()) => count += 1,
            Err(wait) => now += wait.as_nanos() as u64,
        }
    }
    assert!((2_999_000..=3_000_005).contains(&count), "{count}");
}

/// tower_governor's `per_second(2)` is one per two seconds.
#[test]
fn the_names_of_quotas_mean_what_they_say() {
    let ten = Quota::per_minute(n(10)).unwrap();
    assert_eq!((ten.token_time(), ten.burst().get()), (Duration::from_secs(6), 10));
}

/// Envoy's table evicts the least recently used, moka and others by chance and age: a flood gives a
/// drained key a full bucket.
#[test]
fn no_flood_refills_a_drained_key() {
    for slots in [16, 10_000] {
        let limiter = MemoryLimiter::with_slots(slots).unwrap();
        let capacity = limiter.slots();
        let slow = quota(1, Duration::from_secs(3_600), 3);
        let drained = [client("drained", slow)];
        assert_eq!(burst(&limiter, at(0), &drained, 5), 3);
        for i in 0..10 * capacity {
            let id = format!("flood-{i}");
            limiter.take_now(at(1), &[client(&id, slow)]);
            if [20, capacity].contains(&i) {
                assert!(!granted(limiter.take_now(at(1), &drained)));
            }
        }
        assert!(limiter.health().overflows > 0);
        assert_eq!(burst(&limiter, at(1), &drained, 5), 0);
    }
}

/// Windows grant twice the limit around their edge.
#[test]
fn no_interval_of_a_period_has_more_than_the_burst_and_a_period() {
    let mut one = One::new(quota(10, Duration::from_secs(60), 10));
    let mut grants = Vec::new();
    for tenth in 0..6_000_u64 {
        let now = tenth * SECOND / 10;
        while one.take(now).is_ok() {
            grants.push(now);
        }
    }
    for first in &grants {
        let within = first..&(first + 60 * SECOND);
        assert!(grants.iter().filter(|grant| within.contains(grant)).count() <= 20);
    }
}

/// Upstash writes a refused cost back as a negative level: refused calls dig deeper.
#[test]
fn a_refused_cost_digs_no_hole() {
    let limiter = MemoryLimiter::new();
    let one = [client("a", quota(1, Duration::from_secs(1), 5))];
    let five = [Charge { cost: n(5), ..one[0] }];
    assert_eq!(burst(&limiter, at(0), &one, 4), 4);
    for _ in 0..10 {
        assert!(!granted(limiter.take_now(at(0), &five)));
        assert_eq!(limiter.peek(at(0), one[0].key, one[0].quota), Some(1));
    }
    assert!(granted(limiter.take_now(at(0), &one)));
}

/// Stripe's gist cannot do a burst of one at ten a second; rate-limiter-flexible counts whole
/// seconds.
#[test]
fn limits_and_waits_below_a_second_work() {
    let limiter = MemoryLimiter::new();
    let charges = [client("a", quota(10, Duration::from_secs(1), 1))];
    let granted = (0..1_000).filter(|ms| granted(limiter.take_now(at(ms * 1_000_000), &charges)));
    assert_eq!(granted.count(), 10);

    let charges = [client("b", quota(1, Duration::from_millis(300), 1))];
    assert_eq!(burst(&limiter, at(0), &charges, 2), 1);
    assert_eq!(burst(&limiter, at(299_999_999), &charges, 2), 0);
    assert_eq!(burst(&limiter, at(300_000_000), &charges, 2), 1);
}

/// leaky-bucket: a forgotten future blocks everyone.
#[test]
fn a_take_that_is_dropped_or_forgotten_holds_nothing() {
    let limiter = MemoryLimiter::new();
    let cx = Context::new(UnixTime::from_secs(0), at(0));
    let charges = [client("a", quota(1, Duration::from_secs(1), 1))];
    drop(limiter.take(&cx, &charges));
    std::mem::forget(limiter.take(&cx, &charges));
    assert!(granted(block_on(limiter.take(&cx, &charges)).unwrap()));
    assert!(!granted(block_on(limiter.take(&cx, &charges)).unwrap()));
}

/// CVE-2026-30827: express-rate-limit put all mapped IPv4 addresses in one bucket.
#[test]
fn an_ipv4_address_is_one_source_however_it_is_written_and_no_other() {
    let limiter = MemoryLimiter::new();
    let quota = quota(1, Duration::from_secs(1), 1);
    let take = |address: &str| {
        let source = Source::ip(address.parse::<IpAddr>().unwrap());
        let charge = Charge { key: LimitKey::Source(source.key(64)), ..client("", quota) };
        granted(limiter.take_now(at(0), &[charge]))
    };
    assert!(take("192.0.2.1"));
    assert!(!take("::ffff:192.0.2.1"));
    assert!(take("::ffff:192.0.2.2"));
    assert!(take("2001:db8::1"));
    assert!(!take("2001:db8::ffff"));
    assert!(take("2001:db8:0:1::1"));
}

/// leodip/goiabada#107: with one key of app and address, each new address brings a fresh budget.
#[test]
fn a_thousand_addresses_share_an_apps_bucket() {
    let limiter = MemoryLimiter::new();
    let granted = (0..1_000_u32).filter(|i| {
        let source = SourceKey::V4(i.to_be_bytes());
        let at_source = LimitKey::ClientAtSource("app", source);
        let charges = [
            Charge { key: LimitKey::Source(source), ..client("", quota(60, MINUTE, 30)) },
            Charge { key: at_source, ..client("", quota(10, MINUTE, 5)) },
            client("app", quota(120, MINUTE, 60)),
        ];
        granted(limiter.take_now(at(0), &charges))
    });
    assert_eq!(granted.count(), 60);
}

/// immich-folio #62: a full table rejects new keys for ever.
#[test]
fn a_new_key_is_served_once_the_shared_bucket_has_a_token() {
    let limiter = MemoryLimiter::with_slots(16).unwrap();
    let slow = quota(1, Duration::from_secs(10), 2);
    let flood = |now| {
        (0..2_000).for_each(|i| {
            limiter.take_now(at(now), &[client(&format!("flood-{i}"), slow)]);
        });
    };
    flood(0);
    let fresh: Vec<String> = (0..200).map(|i| format!("fresh-{i}")).collect();
    let mut refused = 0;
    for id in &fresh {
        let charges = [client(id, slow)];
        if let Verdict::Deny { retry_after, degraded, .. } = limiter.take_now(at(0), &charges) {
            refused += 1;
            assert!(degraded && retry_after <= Duration::from_secs(10), "{retry_after:?}");
        }
    }
    assert!(refused > 100, "{refused}: the flood did not fill the table");
    // One refill time later the slots are full buckets again, and anyone is served.
    for id in fresh.iter().take(12) {
        assert!(granted(limiter.take_now(at(20 * SECOND), &[client(id, slow)])));
    }
}

/// Two of governor's limiters in a row: the first is charged when the second refuses.
#[test]
fn a_refusal_by_any_scope_leaves_every_level() {
    let source = SourceKey::V4([192, 0, 2, 1]);
    let keys = [
        LimitKey::Source(source),
        LimitKey::Client("a"),
        LimitKey::ClientAtSource("a", source),
        LimitKey::Global,
    ];
    for narrow in 0..keys.len() {
        let limiter = MemoryLimiter::new();
        let charges: Vec<_> = (0..keys.len())
            .map(|i| {
                let burst = if i == narrow { 1 } else { 9 };
                Charge { key: keys[i], ..client("", quota(1, Duration::from_secs(9), burst)) }
            })
            .collect();
        assert_eq!(burst(&limiter, at(0), &charges, 50), 1);
        for (i, charge) in charges.iter().enumerate() {
            let expected = if i == narrow { 0 } else { 8 };
            assert_eq!(limiter.peek(at(0), charge.key, charge.quota), Some(expected));
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);
