//! The native addon of the npm package `tokensmith`: the core as Node calls it.
//!
//! Conversions only: arguments in, one call of the core, its outcome out. What a host sees is the
//! facade in `lib/`, which checks arguments, has the error classes and knows `AbortSignal`; no
//! decision and no default is made on either side. A call of the addon never fails with a text of
//! the host's or the caller's: it resolves with what became of it, or throws a constant one.

#![expect(
    missing_debug_implementations,
    unreachable_pub,
    reason = "no Rust calls it, and JavaScript prints the facade's own classes"
)]

mod admin;
mod answers;
mod authenticator;
mod cancel;
mod event;
mod exit;
mod keys;
mod limiter;
mod policies;
mod refresh;
mod refresh_tokens;
mod reply;
mod runtime;
mod secrets;
mod service;
#[cfg(feature = "testing")]
mod testing;
mod tokens;
