//! The vectors of one bucket, on the pure arithmetic and on the limiter in memory.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends by a panic, and tells what it saw"
)]

use std::num::NonZeroU32;
use std::time::Duration;

use tokensmith::{Bucket, Charge, LimitKey, MemoryLimiter, Quota, Tick, Verdict};
use tokensmith_testkit::vectors;
use tokensmith_testkit::vectors::bucket::{self, Keeper};

struct Pure(Bucket);

impl Keeper for Pure {
    fn take(&mut self, at: Duration, quota: Quota, cost: NonZeroU32) -> Result<(), Duration> {
        self.0 = self.0.take(Tick::from_duration(at), quota, cost)?;
        Ok(())
    }

    fn penalize(&mut self, at: Duration, quota: Quota, tokens: NonZeroU32) {
        self.0 = self.0.penalize(Tick::from_duration(at), quota, tokens);
    }

    fn refund(&mut self, at: Duration, quota: Quota, tokens: NonZeroU32) {
        self.0 = self.0.refund(Tick::from_duration(at), quota, tokens);
    }

    fn peek(&mut self, at: Duration, quota: Quota) -> u32 {
        self.0.peek(Tick::from_duration(at), quota)
    }

    fn reset(&mut self, at: Duration, _: Quota) {
        self.0 = self.0.reset(Tick::from_duration(at));
    }
}

const KEY: LimitKey<'static> = LimitKey::Client("appcl-1234");

fn charge(quota: Quota, cost: NonZeroU32) -> [Charge<'static>; 1] {
    [Charge { key: KEY, quota, cost, known: false }]
}

struct InMemory(MemoryLimiter);

impl Keeper for InMemory {
    fn take(&mut self, at: Duration, quota: Quota, cost: NonZeroU32) -> Result<(), Duration> {
        match self.0.take_now(Tick::from_duration(at), &charge(quota, cost)) {
            Verdict::Allow { .. } => Ok(()),
            Verdict::Deny { retry_after, .. } => Err(retry_after),
        }
    }

    fn penalize(&mut self, at: Duration, quota: Quota, tokens: NonZeroU32) {
        self.0.penalize_now(Tick::from_duration(at), &charge(quota, tokens));
    }

    fn refund(&mut self, at: Duration, quota: Quota, tokens: NonZeroU32) {
        self.0.refund(Tick::from_duration(at), &charge(quota, tokens));
    }

    fn peek(&mut self, at: Duration, quota: Quota) -> u32 {
        // A key without a bucket has a full one.
        self.0.peek(Tick::from_duration(at), KEY, quota).unwrap_or(quota.burst().get())
    }

    fn reset(&mut self, at: Duration, _: Quota) {
        self.0.reset(Tick::from_duration(at), KEY);
    }
}

#[test]
fn every_bucket_lives_as_its_case_says() {
    let subject = bucket::load(&bucket::path(&vectors::folder())).unwrap();
    let mut mismatches = Vec::new();
    for case in &subject.cases {
        mismatches.extend(bucket::run(case, &mut Pure(Bucket::FULL)).err());
        let memory = MemoryLimiter::with_slots(16).unwrap();
        mismatches.extend(bucket::run(case, &mut InMemory(memory)).err());
    }
    println!("{} cases, twice", subject.cases.len());
    assert!(mismatches.is_empty(), "{mismatches:#?}");
}
