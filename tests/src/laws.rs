//! What every implementation of a port must keep to, as suites for implementors to run.
//!
//! A suite is given a `Workbench`, which says how to make the implementation and how its time
//! passes, and ends by a panic that names the law when one is broken:
//!
//! ```
//! use tokensmith::{ManualClock, MemoryLimiter, UnixTime};
//! use tokensmith_testkit::laws::rate_limiter::{self, ByTick};
//!
//! let clock = ManualClock::new(UnixTime::from_secs(1_700_000_000));
//! rate_limiter::all(&ByTick::new(clock, MemoryLimiter::new));
//! ```

pub mod authenticator;
pub mod rate_limiter;
pub mod refresh_ledger;
