//! The one place that says whose atomics and locks the table is built on: the standard library's,
//! or those of the model checker.

#[cfg(all(loom, test))]
pub(super) use loom::sync::{Mutex, MutexGuard, atomic::AtomicU64};
#[cfg(not(all(loom, test)))]
pub(super) use std::sync::{Mutex, MutexGuard, atomic::AtomicU64};

pub(super) use std::sync::PoisonError;
pub(super) use std::sync::atomic::Ordering;
