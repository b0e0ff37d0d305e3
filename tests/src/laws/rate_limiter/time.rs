//! How tokens come back, and what a wait is worth.

use std::time::Duration;

use tokensmith::{
    Charge, Clock, Context, LimitKey, ManualClock, RateLimiter, Scope, SourceKey, UnixTime, Verdict,
};

use super::{APP, OTHER, Subject, Workbench, at_least_one, charge, quota};

/// A full bucket grants its burst, and not one more.
pub fn a_burst_and_no_more<W: Workbench>(bench: &W) {
    for burst in [1, 2, 7, 60] {
        let subject = Subject::new(bench);
        let app = charge(APP, quota(1, 3_600, burst));
        assert_eq!(subject.drain(&[app]), burst, "a burst and no more");
        assert_eq!(subject.drain(&[app]), 0, "an empty bucket is empty");
    }
}

/// A refusal's wait is exact: one grain earlier it is refused, when the wait is over it is granted,
/// once.
pub fn a_wait_is_exact<W: Workbench>(bench: &W) {
    for (n, seconds, burst, cost) in
        [(1, 1, 1, 1), (3, 10, 2, 1), (3, 10, 2, 2), (7, 2, 5, 3), (1, 2, 3, 3)]
    {
        let subject = Subject::new(bench);
        let app = charge(APP, quota(n, seconds, burst));
        let costly = Charge { cost: at_least_one(cost), ..app };
        subject.drain(&[app]);
        let wait = subject.wait(&[costly]);
        assert!(wait > Duration::ZERO, "an empty bucket makes wait");
        let early = bench.grain().saturating_add(bench.lag().saturating_mul(2));
        bench.pass(wait.saturating_sub(early));
        assert!(!subject.is_granted(&[costly]), "one grain before the wait is over it is refused");
        bench.pass(early);
        assert!(subject.is_granted(&[costly]), "when the wait is over it is granted");
        assert!(!subject.is_granted(&[app]), "and it is granted once");
    }
}

/// Refused by several, the longest wait is told, and whose it is.
pub fn the_longest_wait_is_told<W: Workbench>(bench: &W) {
    let source = charge(LimitKey::Source(SourceKey::V4([192, 0, 2, 1])), quota(1, 10, 1));
    let app = charge(APP, quota(1, 60, 1));
    for charges in [[source, app], [app, source]] {
        let subject = Subject::new(bench);
        assert!(subject.is_granted(&charges), "full buckets grant");
        let refusal = subject.refusal(&charges);
        assert!(
            refusal.is_some_and(|(scope, wait)| {
                scope == Scope::Client && subject.is_about(wait, Duration::from_secs(60))
            }),
            "the longest wait is the app's: {refusal:?}"
        );
        let refusal = subject.refusal(&[source]);
        assert!(
            refusal.is_some_and(|(scope, wait)| {
                scope == Scope::Source && subject.is_about(wait, Duration::from_secs(10))
            }),
            "the only wait is the source's: {refusal:?}"
        );
    }
}

/// A penalty is charged whatever the level is, down to the quota's debt, and debt is paid off before
/// the next grant.
pub fn a_penalty_never_refuses_and_is_paid_off<W: Workbench>(bench: &W) {
    let indebted = quota(1, 10, 3).with_debt(8);
    let app = charge(APP, indebted);
    let penalty = |cost| Charge { cost: at_least_one(cost), ..app };
    let seconds = Duration::from_secs;
    for (penalties, wait) in [
        (&[2][..], Duration::ZERO),
        (&[3], seconds(10)),
        (&[5], seconds(30)),
        (&[2, 4], seconds(40)),
        (&[11], seconds(90)),
        (&[12], seconds(90)),
        (&[1_000, 1_000], seconds(90)),
    ] {
        let subject = Subject::new(bench);
        penalties.iter().for_each(|&cost| subject.penalize(&[penalty(cost)]));
        let found = subject.wait(&[app]);
        assert!(subject.is_about(found, wait), "after {penalties:?}: {found:?}, not {wait:?}");
        assert!(subject.is_granted(&[charge(OTHER, indebted)]), "a penalty is one key's");
    }
    let without_debt = charge(APP, quota(1, 10, 3));
    let subject = Subject::new(bench);
    subject.penalize(&[Charge { cost: at_least_one(1_000), ..without_debt }]);
    let found = subject.wait(&[without_debt]);
    assert!(subject.is_about(found, seconds(10)), "without debt a level is never below zero");
    let subject = Subject::new(bench);
    subject.penalize(&[penalty(1), charge(OTHER, indebted)]);
    assert_eq!(subject.drain(&[charge(OTHER, indebted)]), 2, "every key of a penalty is charged");
    assert_eq!(subject.drain(&[app]), 2, "every key of a penalty is charged");
}

/// However long a bucket is idle, it holds its burst and no more.
pub fn idleness_is_no_credit<W: Workbench>(bench: &W) {
    let subject = Subject::new(bench);
    let app = charge(APP, quota(20, 1, 4));
    for idle_ms in [0, 210, 340, 3_000] {
        subject.drain(&[app]);
        bench.pass(Duration::from_millis(idle_ms));
        let granted = subject.drain(&[app]);
        let expected = match idle_ms {
            0 => 0..=1,
            _ => 4..=5,
        };
        // A clock that goes on by itself may bring one more while it is drained.
        let expected =
            if bench.lag().is_zero() { *expected.start()..=*expected.start() } else { expected };
        assert!(expected.contains(&granted), "after {idle_ms} ms: {granted}");
    }
}

/// Asking early and often neither costs tokens nor loses a part of one.
pub fn polling_costs_nothing<W: Workbench>(bench: &W) {
    if !bench.lag().is_zero() {
        return; // Only a clock that stands still between two calls makes this exact.
    }
    let subject = Subject::new(bench);
    let app = charge(APP, quota(3, 1, 1));
    let mut granted = 0_u32;
    for _ in 0..1_000 {
        granted = granted.saturating_add(u32::from(subject.is_granted(&[app])));
        bench.pass(Duration::from_millis(7));
    }
    // 999 x 7 ms = 6,993 ms: 20 tokens of 333.3 ms have come back after the first.
    assert_eq!(
        granted, 21,
        "a token each third of a second, asked each 7 ms, granted up to 7 ms late"
    );
}

/// A tick that goes back refuses more, never less.
pub fn time_that_goes_back_only_refuses_more<W: Workbench>(bench: &W) {
    if !bench.is_by_tick() {
        return;
    }
    let clock = ManualClock::new(UnixTime::from_secs(1_700_000_000));
    clock.advance(Duration::from_secs(100));
    let before = Context::new(clock.wall(), clock.tick());
    clock.advance(Duration::from_secs(50));
    let now = Context::new(clock.wall(), clock.tick());
    let limiter = bench.limiter();
    let app = charge(APP, quota(1, 10, 5));
    let is_granted = |cx: &Context| {
        let verdict = bench.block_on(limiter.take(cx, &[app]));
        matches!(verdict, Ok(Verdict::Allow { .. }))
    };
    assert_eq!((0..9).filter(|_| is_granted(&now)).count(), 5, "a burst");
    assert!((0..9).all(|_| !is_granted(&before)), "an earlier time brings nothing back");
    assert!(!is_granted(&now), "and what it was refused brings nothing back");
    assert!((0..9).all(|_| !is_granted(&before)), "however often time goes to and fro");
}
