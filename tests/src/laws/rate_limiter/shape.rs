//! What a decision is about: which keys, all of them or none, whoever asks at the same time.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use tokensmith::{Charge, LimitKey, RateLimiter, SourceKey, Verdict};

use super::{APP, OTHER, Subject, Workbench, at_least_one, charge, quota};
use crate::call::Call;

const HERE: SourceKey<'static> = SourceKey::V4([192, 0, 2, 1]);

/// A refusal writes nothing: no level falls, no wait grows.
pub fn a_refusal_changes_nothing<W: Workbench>(bench: &W) {
    let subject = Subject::new(bench);
    let app = charge(APP, quota(1, 3_600, 2));
    subject.drain(&[app]);
    let wait = subject.wait(&[app]);
    let costly = Charge { cost: at_least_one(2), ..app };
    for _ in 0..100 {
        assert!(!subject.is_granted(&[app]) && !subject.is_granted(&[costly]), "it is refused");
    }
    assert!(subject.wait(&[app]) <= wait, "refusals make no wait longer");
    let subject = Subject::new(bench);
    let one_left = charge(OTHER, quota(1, 3_600, 1));
    let five = Charge { cost: at_least_one(5), ..charge(OTHER, quota(1, 3_600, 1)) };
    for _ in 0..10 {
        assert!(!subject.is_granted(&[five]), "a cost of five from a level of one is refused");
    }
    assert_eq!(subject.drain(&[one_left]), 1, "and the level is still one");
}

/// All charges of a call are taken, or none is, in whatever order they come.
pub fn all_charges_or_none<W: Workbench>(bench: &W) {
    let wide = [
        charge(LimitKey::Source(HERE), quota(1, 3_600, 9)),
        charge(LimitKey::ClientAtSource("appcl-1234", HERE), quota(1, 3_600, 9)),
        charge(LimitKey::Client("appcl-1234"), quota(1, 3_600, 9)),
        charge(LimitKey::Global, quota(1, 3_600, 9)),
    ];
    for narrow in 0..wide.len() {
        let subject = Subject::new(bench);
        let mut charges = wide;
        if let Some(charge) = charges.get_mut(narrow) {
            charge.quota = quota(1, 3_600, 2);
        }
        assert_eq!(subject.drain(&charges), 2, "the narrowest bucket decides");
        for _ in 0..20 {
            assert!(!subject.is_granted(&charges), "it is refused");
        }
        for (n, charge) in charges.iter().enumerate() {
            let left = if n == narrow { 0 } else { 7 };
            assert_eq!(subject.drain(&[*charge]), left, "a refusal took nothing of charge {n}");
        }
    }
}

/// What costs more than a burst is never granted, and takes nothing.
pub fn a_cost_above_the_burst_is_never_granted<W: Workbench>(bench: &W) {
    let subject = Subject::new(bench);
    let app = charge(APP, quota(1, 1, 3));
    let dear = Charge { cost: at_least_one(4), ..app };
    let wait = subject.wait(&[dear]);
    let year = std::time::Duration::from_secs(31_536_000);
    assert!(wait > year, "no wait makes it possible: {wait:?}");
    assert_eq!(subject.drain(&[app]), 3, "it took nothing");
}

/// Every key has a bucket of its own: two that differ anywhere are two.
pub fn keys_are_kept_apart<W: Workbench>(bench: &W) {
    let subject = Subject::new(bench);
    let sources = [
        SourceKey::Unknown,
        SourceKey::V4([1, 2, 3, 4]),
        SourceKey::V4([4, 3, 2, 1]),
        SourceKey::V6([0; 16]),
        SourceKey::V6([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4]),
        SourceKey::Opaque("1.2.3.4"),
        SourceKey::Opaque("\u{1}\u{2}\u{3}\u{4}"),
        SourceKey::Opaque("c"),
        SourceKey::Opaque("bc"),
        SourceKey::Opaque("bC"),
        SourceKey::Opaque("c\0"),
    ];
    let apps = ["", "a", "ab", "abc", "A", "a\0", "\u{e9}", "e\u{301}", "global", "1.2.3.4"];
    let mut keys = vec![LimitKey::Global];
    keys.extend(sources.map(LimitKey::Source));
    keys.extend(apps.map(LimitKey::Client));
    keys.extend(apps.iter().flat_map(|app| sources.map(|at| LimitKey::ClientAtSource(app, at))));
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "the keys differ");
    for key in keys {
        assert_eq!(
            subject.drain(&[charge(key, quota(1, 3_600, 2))]),
            2,
            "{key:?} has its own bucket"
        );
    }
}

/// To be known or not is no other bucket.
pub fn a_known_caller_has_the_same_bucket<W: Workbench>(bench: &W) {
    let subject = Subject::new(bench);
    let stranger = charge(APP, quota(1, 3_600, 4));
    let known = Charge { known: true, ..stranger };
    assert!(subject.is_granted(&[stranger]) && subject.is_granted(&[known]), "two of four");
    assert!(subject.is_granted(&[stranger]) && subject.is_granted(&[known]), "four of four");
    assert!(!subject.is_granted(&[known]) && !subject.is_granted(&[stranger]), "and no fifth");
}

/// Whoever tells how many tokens the source has left tells it as of the take.
pub fn tokens_left_are_told_exactly<W: Workbench>(bench: &W) {
    let subject = Subject::new(bench);
    let source = charge(LimitKey::Source(HERE), quota(1, 3_600, 3));
    let app = charge(APP, quota(1, 3_600, 9));
    for left in [2, 1, 0] {
        match subject.take(&[source, app]) {
            Verdict::Allow { source_remaining } => {
                assert!(source_remaining.is_none_or(|told| told == left), "{source_remaining:?}");
            }
            Verdict::Deny { .. } => assert_eq!(left, u32::MAX, "the burst is three"),
        }
    }
    if let Verdict::Allow { source_remaining } = subject.take(&[app]) {
        assert_eq!(source_remaining, None, "where no source is charged, none is told of");
    }
}

/// A call that charges nothing is granted.
pub fn nothing_charged_is_nothing_refused<W: Workbench>(bench: &W) {
    assert!(Subject::new(bench).is_granted(&[]), "nothing is charged");
    Subject::new(bench).penalize(&[]);
}

/// A `take` that is dropped at any of its awaits, or forgotten, leaves others served.
pub fn a_dropped_take_holds_nobody_up<W: Workbench>(bench: &W) {
    let subject = Subject::new(bench);
    let charges = [charge(APP, quota(1, 3_600, 9)), charge(LimitKey::Global, quota(1, 3_600, 99))];
    let cx = bench.context();
    let mut under_way = 0_u32;
    for polls in 1..=4 {
        for forget in [false, true] {
            let mut call = Call::new(subject.limiter.take(&cx, &charges));
            let is_done = (0..polls).any(|_| call.step().is_some());
            under_way = under_way.saturating_add(1);
            match (is_done, forget) {
                (true, _) => {}
                (false, false) => drop(call),
                (false, true) => std::mem::forget(call),
            }
        }
    }
    let granted = subject.drain(&charges);
    let least = 9_u32.saturating_sub(under_way);
    assert!((least..=9).contains(&granted), "{under_way} calls took at most as many: {granted}");
}

/// However many ask at once, what is granted is the limit: of one bucket exactly, of several never
/// more.
pub fn concurrent_admissions_are_the_limit<W: Workbench>(bench: &W) {
    let one = [charge(APP, quota(1, 3_600, 50))];
    assert_eq!(admitted(bench, &one), 50, "one bucket grants its burst under a race");
    let several = [
        charge(LimitKey::Source(HERE), quota(1, 3_600, 70)),
        charge(LimitKey::ClientAtSource("appcl-1234", HERE), quota(1, 3_600, 60)),
        charge(APP, quota(1, 3_600, 50)),
    ];
    let granted = admitted(bench, &several);
    assert!(granted <= 50, "several buckets never grant more than the narrowest: {granted}");
}

fn admitted<W: Workbench>(bench: &W, charges: &[Charge<'_>]) -> u32 {
    let subject = Subject::new(bench);
    let (limiter, cx, granted) = (&subject.limiter, &bench.context(), &AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..40 {
                    let verdict = bench.block_on(limiter.take(cx, charges));
                    if matches!(verdict, Ok(Verdict::Allow { .. })) {
                        granted.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    granted.load(Ordering::SeqCst)
}
