//! The user's guide.
//!
//! # What happens to a request
//!
//! ```text
//! TokenRequest ─ parse ─┐
//!                       ├─ limiter ─ 422? ─ capacity ─ Authenticator ─ table ─ TokenResponse
//! Source ───────────────┘    429       401      429      401 429 502    200
//! ```
//!
//! [`TokenService::handle`] walks this path once for each request. The body is read first, since
//! the limiter wants to know whose request it is; but nothing of it is acted on before the limiter
//! has answered. One call of the limiter takes every charge that applies, or none. Hence the order
//! of refusals: 429 before 422 before 401 before 502.
//!
//! # Writing an authenticator
//!
//! An [`Authenticator`] gets credentials that an app may have, and gives tokens or says whose fault
//! it is that there are none. [`authenticator_fn`] makes one of an async closure; implement the
//! trait where there is state.
//!
//! | it says | the caller gets | it costs |
//! |---|---|---|
//! | [`Rejected`](AuthenticateError::Rejected): wrong credentials, disabled app | 401 | the failure cost, 5 tokens |
//! | [`Throttled`](AuthenticateError::Throttled): come back later | 429 with `Retry-After` | 1 token |
//! | [`Upstream`](AuthenticateError::Upstream): it would fail for anyone | 502 | 1 token |
//! | a panic | 502 | 1 token |
//! | nothing, until the deadline | 502 | 1 token |
//!
//! Reasons are constants for the [`Observer`]; no text of an error ever reaches a caller. Say
//! `Rejected` for an unknown app and for a wrong secret alike, and take the same time for both: the
//! core gives both the same bytes, but only you can give them the same time.
//!
//! # Deadlines
//!
//! The core has no timer, so a service has **no deadline** until
//! [`deadline`](TokenServiceBuilder::deadline) is called with one. With the feature `tokio` there
//! is `TokioTimer`; for another runtime implement [`Timer`], whose one method gives a future.
//!
//! ```
//! use std::time::Duration;
//! use tokensmith::{Sleep, Timer};
//!
//! /// A timer for a runtime that has none: a thread for each wait.
//! #[derive(Debug)]
//! struct ThreadTimer;
//!
//! impl Timer for ThreadTimer {
//!     fn sleep(&self, duration: Duration) -> Sleep {
//!         let (done, wait) = futures_channel_like();
//!         std::thread::spawn(move || {
//!             std::thread::park_timeout(duration);
//!             done();
//!         });
//!         Sleep::new(wait)
//!     }
//! }
//! # use std::future::Future;
//! # use std::sync::{Arc, Mutex};
//! # use std::task::{Poll, Waker};
//! # fn futures_channel_like() -> (impl FnOnce() + Send, impl Future<Output = ()> + Send) {
//! #     let state = Arc::new(Mutex::new((false, None::<Waker>)));
//! #     let theirs = Arc::clone(&state);
//! #     let done = move || {
//! #         let mut state = theirs.lock().unwrap();
//! #         state.0 = true;
//! #         if let Some(waker) = state.1.take() { waker.wake() }
//! #     };
//! #     let wait = std::future::poll_fn(move |cx| {
//! #         let mut state = state.lock().unwrap();
//! #         if state.0 { return Poll::Ready(()) }
//! #         state.1 = Some(cx.waker().clone());
//! #         Poll::Pending
//! #     });
//! #     (done, wait)
//! # }
//! # futures_executor::block_on(ThreadTimer.sleep(Duration::from_millis(1)));
//! ```
//!
//! # Limits
//!
//! [`LimitPolicy`] has a [`Quota`] for each scope, or `None` for a scope that is not limited.
//!
//! | scope | a bucket for each | default | charged |
//! |---|---|---|---|
//! | [`Source`](Scope::Source) | place that requests come from | 60 a minute, burst 30 | always |
//! | [`ClientAtSource`](Scope::ClientAtSource) | app at a place | 10 a minute, burst 5 | once the body conforms |
//! | [`Client`](Scope::Client) | app | 120 a minute, burst 60 | the same, but for a pair of app and place that has succeeded |
//! | [`Global`](Scope::Global) | – | none | once the body conforms |
//!
//! A failed authentication costs its source, and its app at that source, five tokens, one before
//! and four after, into debt if need be: so parallel guesses cannot outrun their count. The app's
//! own bucket is charged one token by strangers only. Whoever knows an app's id can empty it, but
//! not for the app's owner at a place from which the owner has succeeded.
//!
//! Tell the service where a request comes from ([`TokenRequest::source`]): an address that your
//! proxies vouch for, or any text of your own. Without one all callers share one bucket, 60 a minute.
//! The library never reads a forwarding header.
//!
//! A wait is exact: a nanosecond earlier the request is refused, at it it is granted, if nothing
//! else was charged meanwhile. `Retry-After` is that wait rounded up to a whole second.
//!
//! ```
//! use std::num::NonZeroU32;
//! use std::time::Duration;
//! use tokensmith::{LimitPolicy, Quota};
//!
//! let n = |n| NonZeroU32::new(n).unwrap();
//! let policy = LimitPolicy {
//!     client_at_source: Some(Quota::new(n(30), Duration::from_secs(60), n(10))?),
//!     global: Some(Quota::new(n(500), Duration::from_secs(1), n(1_000))?),
//!     ..LimitPolicy::default()
//! };
//! # let _ = policy;
//! # Ok::<(), tokensmith::QuotaError>(())
//! ```
//!
//! The [`MemoryLimiter`] is 4 MiB from its first day to its last, whatever keys arrive. Limits
//! that several servers share are a [`RateLimiter`] of their own; while it is out, the
//! [`LimiterOutage`] policy decides.
//!
//! # Beside tokens
//!
//! What else an app asks with its id and secret is an [`Errand`]: to be told what a token is, or to
//! revoke one. [`TokenService::errand`] does it by the same path, so that a guess costs there what it
//! costs where tokens are given.
//!
//! New settings need no restart: [`TokenServiceBuilder::succeeding`] makes a service that goes on with
//! the buckets, the marks and the places of another.
//!
//! # Listening
//!
//! Each call ends in exactly one terminal [`Event`]. An [`Observer`] hears it, on the path of the
//! request: it must be fast and must not block.
//!
//! | event | status | what it tells |
//! |---|---|---|
//! | `issued` | 200 | the app, the life of its token |
//! | `served` | the host's | the app whose errand was done |
//! | `invalid` | 422 | the phrase that the caller got |
//! | `rate_limited` | 429 | whose bucket, or `Capacity`, or the upstream; the wait |
//! | `rejected` | 401 | why: the caller never learns |
//! | `downstream_failed` | 502 | what failed |
//! | `timed_out` | 502 | the deadline passed |
//! | `cancelled` | – | the call's future was dropped |
//!
//! Beside these, which are no end of a call:
//!
//! | event | what it tells |
//! |---|---|
//! | `limiter_failed` | the limiter is out; a terminal event follows |
//! | `limiter_health` | a counter of the limiter has risen; at most once a minute for each |
//! | `source_unknown` | all callers share one bucket; once |
//! | `reload_failed` | what is in force stays, because a newer state cannot be read or trusted |
//! | `started_empty` | there was an earlier start, and nothing is left of it: is its store lost? |
//! | `clock_behind` | how far the clock is behind what the ledger of refresh tokens has seen; once, until it is right |
//! | `secret_rotated` | an app was given a new secret |
//! | `key_rotated` | a signing key was made, and will sign once every verifier may know it |
//! | `secret_expiring` | a secret is good for seven more days at most: has its owner the new one? |
//!
//! With the feature `tracing`, `TracingObserver` logs them all.
//!
//! # Testing your own code
//!
//! Give the service a [`ManualClock`] and move it: no test needs to wait for a limit.
//!
//! ```
//! use std::time::Duration;
//! use tokensmith::{
//!     AuthenticateError, ManualClock, Presented, RejectReason, TokenError, TokenService, UnixTime,
//!     authenticator_fn,
//! };
//! # futures_executor::block_on(async {
//! let clock = ManualClock::new(UnixTime::from_secs(1_700_000_000));
//! let nobody = authenticator_fn(|_cx, _credentials| async {
//!     Err(AuthenticateError::Rejected(RejectReason::UnknownClient))
//! });
//! let service = TokenService::builder(nobody).clock(clock.clone()).build()?;
//! let ask = || service.issue(Presented::new("app", "secret".into()), None);
//!
//! assert_eq!(ask().await.unwrap_err(), TokenError::Unauthorized);
//! // The failure has cost all five tokens.
//! assert!(matches!(ask().await.unwrap_err(), TokenError::RateLimited { .. }));
//! clock.advance(Duration::from_secs(6));
//! assert_eq!(ask().await.unwrap_err(), TokenError::Unauthorized);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `tokio` | `TokioTimer` |
//! | `tracing` | `TracingObserver` |
//!
//! Neither changes a default.

// Named here for the links above.
#[allow(unused_imports, reason = "rustdoc's links are their only use")]
use crate::*;
