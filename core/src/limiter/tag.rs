//! The keyed hash that stands for a limit's key wherever a limiter keeps one.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::num::NonZeroU64;

use super::LimitKey;
use crate::source::SourceKey;

/// What is kept of a key: 64 bits that tell nothing of it without the keys of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag(NonZeroU64);

impl Tag {
    pub(crate) const fn new(bits: u64) -> Self {
        Self(match NonZeroU64::new(bits) {
            Some(bits) => bits,
            // Zero marks an empty place. That one hash in 2^64 shares a tag is no loss.
            None => NonZeroU64::MIN,
        })
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0.get()
    }
}

/// Makes tags: `SipHash` with keys drawn at random for each maker, so that nobody outside can look
/// for two keys that meet. Each scope has keys of its own, so two scopes never share a tag.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tagger {
    source: RandomState,
    client: RandomState,
    client_at_source: RandomState,
    global: RandomState,
}

impl Tagger {
    #[inline]
    pub(crate) fn tag(&self, key: &LimitKey<'_>) -> Tag {
        match key {
            LimitKey::Client(id) => digest(&self.client, &[id.as_bytes()]),
            LimitKey::Source(source) => with_source(&self.source, "", source),
            LimitKey::ClientAtSource(id, source) => with_source(&self.client_at_source, id, source),
            LimitKey::Global => digest(&self.global, &[]),
        }
    }
}

fn with_source(keys: &RandomState, id: &str, source: &SourceKey<'_>) -> Tag {
    let (kind, place): (u64, &[u8]) = match source {
        SourceKey::Unknown => (0, &[]),
        SourceKey::V4(octets) => (1, octets),
        SourceKey::V6(octets) => (2, octets),
        SourceKey::Opaque(text) => (3, text.as_bytes()),
    };
    // The end says where the parts before it begin, so that ("ab", "c") and ("a", "bc") differ.
    let end = ((id.len() as u64) << 8 | kind).to_le_bytes();
    digest(keys, &[id.as_bytes(), place, &end])
}

/// The one place that writes to a hasher, so that the compiler keeps its state in registers.
fn digest(keys: &RandomState, parts: &[&[u8]]) -> Tag {
    let mut hasher = keys.build_hasher();
    for part in parts {
        hasher.write(part);
    }
    Tag::new(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_run_together() {
        let keys = [
            LimitKey::Global,
            LimitKey::Client(""),
            LimitKey::Client("abc"),
            LimitKey::Client("ab"),
            LimitKey::Source(SourceKey::Unknown),
            LimitKey::Source(SourceKey::Opaque("abc")),
            LimitKey::Source(SourceKey::Opaque("\0\0\0\0")),
            LimitKey::Source(SourceKey::V4([0; 4])),
            LimitKey::Source(SourceKey::V6([0; 16])),
            LimitKey::ClientAtSource("", SourceKey::Opaque("abc")),
            LimitKey::ClientAtSource("a", SourceKey::Opaque("bc")),
            LimitKey::ClientAtSource("ab", SourceKey::Opaque("c")),
            LimitKey::ClientAtSource("abc", SourceKey::Unknown),
            LimitKey::ClientAtSource("abcd", SourceKey::V4(*b"efgh")),
            LimitKey::ClientAtSource("abcdefgh", SourceKey::Unknown),
        ];
        let tagger = Tagger::default();
        for (i, a) in keys.iter().enumerate() {
            for (j, b) in keys.iter().enumerate() {
                assert_eq!(tagger.tag(a) == tagger.tag(b), i == j, "{i} {j}");
            }
        }
    }

    #[test]
    fn each_maker_has_keys_of_its_own() {
        let key = LimitKey::Client("abc");
        assert_ne!(Tagger::default().tag(&key), Tagger::default().tag(&key));
    }
}
