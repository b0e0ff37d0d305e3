//! One bucket as data: operations in the order of time, for whatever keeps buckets.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokensmith::{Quota, QuotaError, retry_after_seconds};

use super::LoadError;

/// Something that keeps one bucket, full at the start.
pub trait Keeper {
    /// Takes so many tokens, or says how long to wait.
    ///
    /// # Errors
    /// The wait of a refusal.
    fn take(&mut self, at: Duration, quota: Quota, cost: NonZeroU32) -> Result<(), Duration>;

    /// Charges a penalty.
    fn penalize(&mut self, at: Duration, quota: Quota, tokens: NonZeroU32);

    /// Gives tokens back.
    fn refund(&mut self, at: Duration, quota: Quota, tokens: NonZeroU32);

    /// Whole tokens left.
    fn peek(&mut self, at: Duration, quota: Quota) -> u32;

    /// Fills the bucket.
    fn reset(&mut self, at: Duration, quota: Quota);
}

/// The cases.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BucketSubject {
    /// Its name.
    pub subject: String,
    /// What it is about.
    pub what: String,
    /// Its cases.
    pub cases: Vec<BucketCase>,
}

/// One bucket's life, or a quota that cannot be made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BucketCase {
    /// Its name.
    pub name: String,
    /// The rule that it holds to.
    pub why: String,
    /// What a driver must be able to do besides.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The bucket's size and refill.
    pub quota: Size,
    /// What is done to it.
    #[serde(default)]
    pub steps: Vec<Operation>,
    /// There can be no such quota.
    #[serde(default)]
    pub refused: bool,
}

/// So many tokens a period, so many at once, so deep in debt.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Size {
    /// Tokens a period.
    pub tokens: NonZeroU32,
    /// The period in microseconds.
    pub period_us: u64,
    /// Tokens at once.
    pub burst: NonZeroU32,
    /// The deepest debt in tokens.
    pub debt: u32,
}

/// What is done to a bucket, and what comes of it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Operation {
    /// Attempts, one after the other.
    Take {
        /// When the first is made, in microseconds.
        at_us: u64,
        /// Tokens each asks for.
        cost: NonZeroU32,
        /// How many.
        times: u64,
        /// The time between two.
        every_us: u64,
        /// How many are granted.
        granted: u64,
        /// The wait that the last one is told. Absent if it is granted or can never be.
        #[serde(default)]
        wait_us: Option<u64>,
    },
    /// A penalty.
    Penalize {
        /// When, in microseconds.
        at_us: u64,
        /// Tokens.
        cost: NonZeroU32,
    },
    /// Tokens given back.
    Refund {
        /// When, in microseconds.
        at_us: u64,
        /// Tokens.
        cost: NonZeroU32,
    },
    /// A look.
    Peek {
        /// When, in microseconds.
        at_us: u64,
        /// Whole tokens seen.
        left: u32,
    },
    /// The bucket is filled.
    Reset {
        /// When, in microseconds.
        at_us: u64,
    },
}

/// Where the vectors of buckets are, below the folder of all.
pub fn path(folder: &Path) -> PathBuf {
    folder.join("limiter").join("bucket.json")
}

/// Reads them.
///
/// # Errors
/// [`LoadError`] when the file cannot be read.
pub fn load(path: &Path) -> Result<BucketSubject, LoadError> {
    super::read(path)
}

/// What came of one step; a penalty, a refund and a reset have no outcome. Its members are written in
/// this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BucketLine {
    /// The case's name.
    pub case: String,
    /// The step, from 1; 0 for the making of the quota.
    pub step: usize,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of an operation, as a host hears of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Outcome {
    /// Of a quota that cannot be made.
    Refused {
        /// It was not made.
        refused: bool,
    },
    /// Of attempts.
    Taken {
        /// How many were granted.
        granted: u64,
        /// The wait that the last one was told, in whole seconds. Absent if it was granted or can never be.
        retry_after_s: Option<u64>,
    },
    /// Of a look.
    Seen {
        /// Whole tokens.
        left: u32,
    },
}

/// Performs a case on a bucket that is full. Gives what came of each step.
///
/// # Errors
/// What was expected, and what was found.
pub fn run(case: &BucketCase, keeper: &mut dyn Keeper) -> Result<Vec<BucketLine>, String> {
    let about = |what| format!("case `{}`: {what}", case.name);
    let line = |step, outcome| BucketLine { case: case.name.clone(), step, outcome };
    match (case.quota.quota(), case.refused) {
        (Err(_), true) => Ok(vec![line(0, Outcome::Refused { refused: true })]),
        (Ok(_), true) => Err(about("a quota that cannot be counted was made".into())),
        (Err(error), false) => Err(about(error.to_string())),
        (Ok(quota), false) => {
            let mut lines = Vec::new();
            for (number, step) in (1..).zip(&case.steps) {
                let outcome = step.perform(quota, keeper);
                let outcome = outcome.map_err(|what| about(format!("step {number}: {what}")))?;
                lines.extend(outcome.map(|outcome| line(number, outcome)));
            }
            Ok(lines)
        }
    }
}

impl Size {
    fn quota(self) -> Result<Quota, QuotaError> {
        let period = Duration::from_micros(self.period_us);
        Ok(Quota::new(self.tokens, period, self.burst)?.with_debt(self.debt))
    }
}

impl Operation {
    fn perform(self, quota: Quota, keeper: &mut dyn Keeper) -> Result<Option<Outcome>, String> {
        let micros = Duration::from_micros;
        match self {
            Self::Penalize { at_us, cost } => keeper.penalize(micros(at_us), quota, cost),
            Self::Refund { at_us, cost } => keeper.refund(micros(at_us), quota, cost),
            Self::Reset { at_us } => keeper.reset(micros(at_us), quota),
            Self::Peek { at_us, left } => {
                let found = keeper.peek(micros(at_us), quota);
                if found != left {
                    return Err(format!("{left} tokens are left, found {found}"));
                }
                return Ok(Some(Outcome::Seen { left }));
            }
            Self::Take { at_us, cost, times, every_us, granted, wait_us } => {
                let (mut found, mut last) = (0_u64, Ok(()));
                for n in 0..times {
                    let at = micros(at_us.saturating_add(n.saturating_mul(every_us)));
                    last = keeper.take(at, quota, cost);
                    found = found.saturating_add(u64::from(last.is_ok()));
                }
                if found != granted {
                    return Err(format!("{granted} of {times} are granted, found {found}"));
                }
                let told = last.err().filter(|_| cost <= quota.burst());
                if told != wait_us.map(micros) {
                    return Err(format!("the wait is {wait_us:?} us, found {told:?}"));
                }
                let retry_after_s = told.map(retry_after_seconds);
                return Ok(Some(Outcome::Taken { granted, retry_after_s }));
            }
        }
        Ok(None)
    }
}
