//! The server as a caller meets it: the real binary, on real sockets, killed with real signals.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "these tests wait for a real server on a real clock")]

mod apps;
mod bodies;
#[path = "../../../../adapters/issuer/tests/support/canary.rs"]
mod canary;
mod command_line;
mod connections;
mod ending;
mod errands;
mod forwarded;
mod given_keys;
mod import;
mod keys;
mod kills;
mod logs;
mod metrics;
mod policies;
mod refresh;
mod reload;
mod routes;
mod running;
mod secrecy;
mod secrets;
mod token;
mod wire;
