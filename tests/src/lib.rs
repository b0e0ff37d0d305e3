//! What whoever builds on Tokensmith tests with: the conformance vectors and what performs them,
//! the laws that every implementation of a port must keep, and doubles for time and credentials.
//!
//! - [`vectors`]: the contract as data, one corpus for every language, and [`vectors::run`];
//! - [`laws`]: for whoever writes an [`Authenticator`](tokensmith::Authenticator), a
//!   [`RateLimiter`](tokensmith::RateLimiter) or a
//!   [`RefreshLedger`](tokensmith_issuer::ledger::RefreshLedger);
//! - [`succession`]: tokens by keys that have followed one another, for JWT libraries to verify;
//! - [`ManualTimer`], [`ScriptedAuthenticator`], [`Recorder`], [`Call`]: time that moves when it is
//!   told to, answers that are known beforehand, events that are kept, futures polled step by step.

mod call;
pub mod laws;
mod recorder;
mod scripted;
mod succession;
mod timer;
pub mod vectors;

pub use call::Call;
pub use recorder::{Heard, Recorder};
pub use scripted::{Answer, ScriptedAuthenticator, Unscripted};
pub use succession::succession;
pub use timer::ManualTimer;
