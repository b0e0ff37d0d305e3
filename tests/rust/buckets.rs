//! The vectors of one bucket, on the pure arithmetic and on the limiter in memory.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends by a panic, and tells what it saw"
)]

use std::num::NonZeroU32;
use std::time::Duration;

use tokensmith::{Bucket, MemoryLimiter, Quota, Tick};
use tokensmith_testkit::vectors::bucket::{self, Keeper};
use tokensmith_testkit::vectors::{self, InMemory};

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

#[test]
fn every_bucket_lives_as_its_case_says() {
    let subject = bucket::load(&bucket::path(&vectors::folder())).unwrap();
    let mut mismatches = Vec::new();
    for case in &subject.cases {
        mismatches.extend(bucket::run(case, &mut Pure(Bucket::FULL)).err());
        let memory = MemoryLimiter::with_slots(16).unwrap();
        mismatches.extend(bucket::run(case, &mut InMemory::new(memory)).err());
    }
    println!("{} cases, twice", subject.cases.len());
    assert!(mismatches.is_empty(), "{mismatches:#?}");
}
