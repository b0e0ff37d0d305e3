//! Secrets that are to be stored anew, since they were shown: by today's pepper and no longer by a
//! former one, or by a better hash than they were imported with. It is done a moment later, so that no caller waits, and many together.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many may be due. One more is left for its next use.
const MOST: usize = 4_096;

/// What the store holds of a secret, and is to hold instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rewrite {
    /// Nothing is done if the store holds something else by then.
    pub(crate) from: String,
    pub(crate) to: String,
}

/// What is due, by the ids of the secrets.
#[derive(Debug, Default)]
pub(crate) struct Rewrites(Mutex<BTreeMap<String, Rewrite>>);

impl Rewrites {
    pub(crate) fn note(&self, secret: &str, rewrite: Rewrite) {
        let mut due = self.due();
        if due.len() < MOST || due.contains_key(secret) {
            due.insert(secret.to_owned(), rewrite);
        }
    }

    /// Whether that of a secret is due already.
    pub(crate) fn has(&self, secret: &str) -> bool {
        self.due().contains_key(secret)
    }

    /// All that is due, which is due no more: what is not done is noted at the next use.
    pub(crate) fn take(&self) -> BTreeMap<String, Rewrite> {
        std::mem::take(&mut *self.due())
    }

    fn due(&self) -> MutexGuard<'_, BTreeMap<String, Rewrite>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
