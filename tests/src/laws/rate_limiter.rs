//! The laws of a [`RateLimiter`]: exact, all or nothing, and never kinder under a race.

mod shape;
mod time;

use std::future::Future;
use std::num::NonZeroU32;
use std::time::Duration;

use tokensmith::{
    Charge, Clock, Context, LimitKey, ManualClock, Quota, RateLimiter, Scope, Verdict,
};

pub use shape::{
    a_cost_above_the_burst_is_never_granted, a_dropped_take_holds_nobody_up,
    a_known_caller_has_the_same_bucket, a_refusal_changes_nothing, all_charges_or_none,
    concurrent_admissions_are_the_limit, keys_are_kept_apart, nothing_charged_is_nothing_refused,
    tokens_left_are_told_exactly,
};
pub use time::{
    a_burst_and_no_more, a_penalty_never_refuses_and_is_paid_off, a_wait_is_exact,
    idleness_is_no_credit, polling_costs_nothing, the_longest_wait_is_told,
    time_that_goes_back_only_refuses_more,
};

/// Where a limiter is put to the test.
pub trait Workbench: Sync {
    /// What is tested.
    type Limiter: RateLimiter;

    /// A limiter in which every bucket is full.
    fn limiter(&self) -> Self::Limiter;

    /// What a call that begins now carries.
    fn context(&self) -> Context;

    /// Lets so much time pass.
    fn pass(&self, time: Duration);

    /// The least time that the limiter tells apart: 1 ns.
    fn grain(&self) -> Duration {
        Duration::from_nanos(1)
    }

    /// How much time may pass unseen between two calls: none. A limiter that reads a clock of its
    /// own needs some.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether time is [`Context::tick`], and may be told wrong by it.
    fn is_by_tick(&self) -> bool {
        true
    }

    /// Runs a future to its end, on this thread.
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        futures_executor::block_on(future)
    }
}

/// A [`Workbench`] for limiters that know the time by [`Context::tick`] alone.
#[derive(Clone, Debug)]
pub struct ByTick<F> {
    clock: ManualClock,
    make: F,
}

impl<F> ByTick<F> {
    /// A bench whose limiters `make` makes.
    pub const fn new(clock: ManualClock, make: F) -> Self {
        Self { clock, make }
    }
}

impl<L: RateLimiter, F: Fn() -> L + Sync> Workbench for ByTick<F> {
    type Limiter = L;

    fn limiter(&self) -> L {
        (self.make)()
    }

    fn context(&self) -> Context {
        Context::new(self.clock.wall(), self.clock.tick())
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

/// Every law, one after the other.
pub fn all<W: Workbench>(bench: &W) {
    a_burst_and_no_more(bench);
    a_wait_is_exact(bench);
    the_longest_wait_is_told(bench);
    a_penalty_never_refuses_and_is_paid_off(bench);
    idleness_is_no_credit(bench);
    polling_costs_nothing(bench);
    time_that_goes_back_only_refuses_more(bench);
    a_refusal_changes_nothing(bench);
    all_charges_or_none(bench);
    a_cost_above_the_burst_is_never_granted(bench);
    keys_are_kept_apart(bench);
    a_known_caller_has_the_same_bucket(bench);
    tokens_left_are_told_exactly(bench);
    nothing_charged_is_nothing_refused(bench);
    a_dropped_take_holds_nobody_up(bench);
    concurrent_admissions_are_the_limit(bench);
}

const APP: LimitKey<'static> = LimitKey::Client("appcl-1234");
const OTHER: LimitKey<'static> = LimitKey::Client("appcl-5678");

/// `n` tokens in so many seconds, `burst` at once.
fn quota(n: u32, seconds: u64, burst: u32) -> Quota {
    let (n, burst) = (at_least_one(n), at_least_one(burst));
    let quota = Quota::new(n, Duration::from_secs(seconds), burst);
    assert!(quota.is_ok(), "the laws' own quotas can be counted");
    quota.unwrap_or(const { FALLBACK })
}

const FALLBACK: Quota = match Quota::per_minute(NonZeroU32::MIN) {
    Ok(quota) => quota,
    Err(_) => panic!("one a minute can be counted"),
};

fn at_least_one(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)
}

fn charge(key: LimitKey<'_>, quota: Quota) -> Charge<'_> {
    Charge { key, quota, cost: NonZeroU32::MIN, known: false }
}

/// A limiter on its bench.
struct Subject<'a, W: Workbench> {
    bench: &'a W,
    limiter: W::Limiter,
}

impl<'a, W: Workbench> Subject<'a, W> {
    fn new(bench: &'a W) -> Self {
        Self { bench, limiter: bench.limiter() }
    }

    fn take(&self, charges: &[Charge<'_>]) -> Verdict {
        let cx = self.bench.context();
        let verdict = self.bench.block_on(self.limiter.take(&cx, charges));
        assert!(verdict.is_ok(), "a limiter that is tested is not out: {verdict:?}");
        verdict.unwrap_or(Verdict::Allow { source_remaining: None })
    }

    fn penalize(&self, charges: &[Charge<'_>]) {
        let cx = self.bench.context();
        let charged = self.bench.block_on(self.limiter.penalize(&cx, charges));
        assert!(charged.is_ok(), "a limiter that is tested is not out: {charged:?}");
    }

    fn is_granted(&self, charges: &[Charge<'_>]) -> bool {
        matches!(self.take(charges), Verdict::Allow { .. })
    }

    /// The scope that refuses, and its wait; `None` if it is granted.
    fn refusal(&self, charges: &[Charge<'_>]) -> Option<(Scope, Duration)> {
        match self.take(charges) {
            Verdict::Allow { .. } => None,
            Verdict::Deny { scope, retry_after, .. } => Some((scope, retry_after)),
        }
    }

    fn wait(&self, charges: &[Charge<'_>]) -> Duration {
        self.refusal(charges).map_or(Duration::ZERO, |(_, wait)| wait)
    }

    /// Takes until it is refused: how many were granted.
    fn drain(&self, charges: &[Charge<'_>]) -> u32 {
        let granted = (0..10_000_u32).take_while(|_| self.is_granted(charges)).count();
        u32::try_from(granted).unwrap_or(u32::MAX)
    }

    /// Whether a wait is the one that is expected, up to the time that passes unseen.
    fn is_about(&self, wait: Duration, expected: Duration) -> bool {
        let grain = self.bench.grain();
        let slack = self.bench.lag();
        wait <= expected.saturating_add(grain)
            && wait.saturating_add(slack).saturating_add(grain) >= expected
    }
}
