//! The bridge of the packages for Kotlin, Swift and Python: the core as uniffi carries it.
//!
//! Conversions only, and by value: arguments in, one call of the core, its outcome out. What a host
//! sees is the facade of its language, which has the error classes and knows how calls are
//! cancelled there; no decision and no default is made on either side. No text of the host's or the
//! caller's is in an error, and no record prints what it holds.

#![expect(unreachable_pub, reason = "the languages call it, and no Rust does")]

mod admin;
mod authenticator;
mod cancel;
mod exit;
mod failure;
mod keys;
mod limiter;
mod observer;
mod policies;
mod records;
mod service;
#[cfg(feature = "testing")]
mod testing;
mod tokens;

uniffi::setup_scaffolding!("_bridge");
