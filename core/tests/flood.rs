//! A flood of ten million random app ids: memory stays where it was, and no known app that keeps to
//! its limit is refused meanwhile. In a debug build the flood is shorter.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::num::NonZeroU32;
use std::time::Duration;

use tokensmith::{Charge, LimitKey, MemoryLimiter, Quota, SourceKey, Tick, Verdict};

const FLOOD: u64 = if cfg!(debug_assertions) { 300_000 } else { 10_000_000 };

/// Nanoseconds between two requests of the flood: a hundred thousand a second.
const GAP: u64 = 10_000;

/// Known apps. Each asks every 12 s, half of what its quota allows. Its pair's bucket is then not
/// full for half of the time, its source's for a twelfth and its own for a 24th, so that 6,250 of
/// their buckets are live at a time: nearly a tenth of the reserved quarter of the default table.
const KNOWN: u64 = 10_000;

fn quota(per_minute: u32, burst: u32) -> Quota {
    let n = |tokens| NonZeroU32::new(tokens).unwrap();
    Quota::new(n(per_minute), Duration::from_secs(60), n(burst)).unwrap()
}

fn charges<'a>(id: &'a str, source: SourceKey<'a>, known: bool) -> [Charge<'a>; 3] {
    let charge = |key, quota| Charge { key, quota, cost: NonZeroU32::MIN, known };
    [
        charge(LimitKey::Source(source), quota(60, 30)),
        charge(LimitKey::ClientAtSource(id, source), quota(10, 5)),
        charge(LimitKey::Client(id), quota(120, 60)),
    ]
}

/// A generator that is good enough to be a flood (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn draw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Bytes of memory that the process has, as Linux counts them.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1_024)
}

#[test]
fn a_flood_takes_no_memory_and_refuses_no_known_app() {
    let limiter = MemoryLimiter::new();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let known: Vec<String> = (0..KNOWN).map(|i| format!("known-{i}")).collect();
    let victim = charges("victim", SourceKey::V4([192, 0, 2, 7]), false);
    let victim = victim.get(1..2).unwrap();
    // A drained bucket of an hour: the flood must not give it back a token.
    let drained = [Charge {
        quota: Quota::new(NonZeroU32::MIN, Duration::from_secs(3_600), NonZeroU32::MIN).unwrap(),
        ..victim[0]
    }];
    assert!(matches!(limiter.take_now(Tick::from_nanos(0), &drained), Verdict::Allow { .. }));

    let (mut granted, mut refused, mut known_asked, mut known_refused) =
        (0_u64, 0_u64, 0_u64, 0_u64);
    let known_gap = 12_000_000_000 / KNOWN;
    let mut next_known = 0;
    let mut before = None;
    let mut id = String::with_capacity(32);
    for i in 0..FLOOD {
        let now = i * GAP;
        while next_known <= now {
            let turn = next_known / known_gap % KNOWN;
            let source = SourceKey::V4((0x0A00_0000 + turn as u32).to_be_bytes());
            let charges = charges(&known[turn as usize], source, true);
            let verdict = limiter.take_now(Tick::from_nanos(now), &charges);
            known_asked += 1;
            known_refused += u64::from(!matches!(verdict, Verdict::Allow { .. }));
            next_known += known_gap;
        }
        id.clear();
        std::fmt::Write::write_fmt(&mut id, format_args!("{:016x}{:08x}", random.draw(), i))
            .unwrap();
        let source = SourceKey::V6(u128::from(random.draw()).to_be_bytes());
        match limiter.take_now(Tick::from_nanos(now), &charges(&id, source, false)) {
            Verdict::Allow { .. } => granted += 1,
            Verdict::Deny { .. } => refused += 1,
        }
        if i == 1_000 {
            before = resident();
        }
    }
    let grown = resident().zip(before).map(|(after, before)| after.saturating_sub(before));
    println!(
        "flood of {FLOOD} ids: {granted} granted, {refused} refused, {} charges overflowed; \
         known apps: {known_refused} of {known_asked} refused; memory grew by {grown:?} bytes",
        limiter.health().overflows,
    );
    assert!(refused > FLOOD / 2, "the flood did not fill the table");
    assert_eq!(known_refused, 0);
    assert!(known_asked >= FLOOD / 121, "{known_asked}");
    let now = Tick::from_nanos(FLOOD * GAP);
    assert!(matches!(limiter.take_now(now, &drained), Verdict::Deny { degraded: false, .. }));
    // A page or two may come from the test's own harness.
    assert!(grown.is_none_or(|bytes| bytes < 256 * 1_024), "{grown:?}");
}
