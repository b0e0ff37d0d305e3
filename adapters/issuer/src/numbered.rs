//! Keys of one use, each with a number, by which what was made with one finds it again.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac::{self, HMAC_SHA256};

use crate::derived::DerivedKeys;

/// How many keys of one use there may be, the root's among them.
pub(crate) const MOST_KEYS: usize = 4;

/// The keys of one use. With one of them new things are made; the others check what they made.
pub(crate) struct NumberedKeys {
    in_use: (u16, hmac::Key),
    others: Vec<(u16, hmac::Key)>,
    ids: Arc<[u16]>,
}

impl NumberedKeys {
    /// The root's key alone.
    pub(crate) fn of_root(key: hmac::Key) -> Self {
        let id = DerivedKeys::FROM_ROOT;
        Self { in_use: (id, key), others: Vec::new(), ids: Arc::from([id]) }
    }

    /// The same with more of them. INVARIANT: the numbers differ, and `in_use` is one of them; the
    /// settings were checked.
    pub(crate) fn with(self, more: Vec<(u16, hmac::Key)>, in_use: u16) -> Self {
        let mut others = more;
        others.push(self.in_use);
        others.extend(self.others);
        let place = others.iter().position(|(id, _)| *id == in_use);
        let in_use = others.swap_remove(place.unwrap_or(0));
        let ids = [in_use.0].into_iter().chain(others.iter().map(|(id, _)| *id)).collect();
        Self { in_use, others, ids }
    }

    /// The one that new things are made with.
    pub(crate) fn in_use(&self) -> &(u16, hmac::Key) {
        &self.in_use
    }

    /// The one in use first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(u16, hmac::Key)> {
        std::iter::once(&self.in_use).chain(&self.others)
    }

    pub(crate) fn find(&self, id: u16) -> Option<&hmac::Key> {
        self.iter().find(|(known, _)| *known == id).map(|(_, key)| key)
    }

    /// All their numbers.
    pub(crate) fn ids(&self) -> Arc<[u16]> {
        Arc::clone(&self.ids)
    }
}

/// A key of HMAC-SHA-256.
pub(crate) fn hmac_key(bytes: &[u8; 32]) -> hmac::Key {
    hmac::Key::new(HMAC_SHA256, bytes)
}

impl fmt::Debug for NumberedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NumberedKeys").field("ids", &self.ids).finish_non_exhaustive()
    }
}
