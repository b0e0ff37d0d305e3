//! When a secret was last used, to the hour: enough to tell whether an old one may be revoked.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const HOUR: u64 = 3_600;

/// The last use of the secret with that id. It outlives the directory that it is noted through, so
/// that no use is lost when that is replaced.
#[derive(Clone, Debug, Default)]
pub(crate) struct SecretUse {
    pub(crate) id: String,
    last: Arc<LastUse>,
}

impl Deref for SecretUse {
    type Target = LastUse;

    fn deref(&self) -> &LastUse {
        &self.last
    }
}

/// The last uses of a directory's secrets, by their ids.
#[derive(Default)]
pub(crate) struct KnownUses<'a>(HashMap<&'a str, &'a SecretUse>);

impl KnownUses<'_> {
    /// That of a secret, which goes on in what is known of it.
    pub(crate) fn of(&self, id: &str) -> SecretUse {
        let known = self.0.get(id).map(|known| (*known).clone());
        known.unwrap_or_else(|| SecretUse { id: id.to_owned(), last: Arc::default() })
    }
}

impl<'a> FromIterator<&'a SecretUse> for KnownUses<'a> {
    fn from_iter<I: IntoIterator<Item = &'a SecretUse>>(uses: I) -> Self {
        Self(uses.into_iter().map(|last_use| (&*last_use.id, last_use)).collect())
    }
}

/// The hour of a last use, in seconds since 1970, and how much of that is in the store.
#[derive(Debug, Default)]
pub(crate) struct LastUse {
    noted: AtomicU64,
    stored: AtomicU64,
}

impl LastUse {
    /// The secret was used at that second. Only the first use of an hour writes, so that what every
    /// token reads stays shared between the cores.
    pub(crate) fn note(&self, now: u64) {
        let hour = now.saturating_sub(now.checked_rem(HOUR).unwrap_or(0));
        if hour > self.noted.load(Ordering::Relaxed) {
            self.noted.fetch_max(hour, Ordering::Relaxed);
        }
    }

    /// The store holds that hour, by whichever process.
    pub(crate) fn note_stored(&self, hour: u64) {
        self.noted.fetch_max(hour, Ordering::Relaxed);
        self.stored.fetch_max(hour, Ordering::Relaxed);
    }

    /// The hour; `None` if it was never used.
    pub(crate) fn hour(&self) -> Option<u64> {
        Some(self.noted.load(Ordering::Relaxed)).filter(|hour| *hour > 0)
    }

    /// The hour, if the store does not have it.
    pub(crate) fn unstored(&self) -> Option<u64> {
        self.hour().filter(|hour| *hour > self.stored.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_noted_to_the_hour_and_never_back() {
        let last = LastUse::default();
        assert_eq!((last.hour(), last.unstored()), (None, None));
        last.note(7_199);
        assert_eq!((last.hour(), last.unstored()), (Some(3_600), Some(3_600)));
        last.note(3_599);
        assert_eq!(last.hour(), Some(3_600));
        last.note_stored(3_600);
        assert_eq!((last.hour(), last.unstored()), (Some(3_600), None));
        last.note_stored(0);
        last.note(7_200);
        assert_eq!(last.unstored(), Some(7_200));
    }
}
