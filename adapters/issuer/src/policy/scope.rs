//! The scope of an app's access tokens.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use thiserror::Error;

/// What access tokens allow, as the APIs that take them understand it (RFC 6749 section 3.3): different
/// words of visible ASCII without `"` and `\`, with one space between two.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope(Box<str>);

/// A text that is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "`scope` must be different words of visible ASCII without \" and \\, with one space between two"
)]
#[expect(clippy::exhaustive_structs, reason = "it says all there is to say")]
pub struct InvalidScope;

impl Scope {
    /// Reads a scope.
    ///
    /// # Errors
    /// [`InvalidScope`] for any other text, an empty one among them.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let mut known = BTreeSet::new();
        let are_words = text.split(' ').all(|word| is_word(word) && known.insert(word));
        if are_words { Ok(Self(text.into())) } else { Err(InvalidScope) }
    }

    /// As it stands in a token: with spaces between.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its words.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
    }

    /// Whether that word is one of its.
    pub fn allows(&self, word: &str) -> bool {
        self.words().any(|one| one == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // INVARIANT: the message quotes nothing.
        Self::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// RFC 6749 section 3.3: a `scope-token`.
fn is_word(word: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    !word.is_empty() && word.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_one_space_between_are_a_scope() {
        for good in ["a", "a b", "invoices:read https://api.example/x", "!#[]~"] {
            let scope = Scope::parse(good).unwrap();
            assert_eq!(scope.as_str(), good);
            assert_eq!(scope.words().collect::<Vec<_>>().join(" "), good);
        }
        for bad in ["", " ", " a", "a ", "a  b", "a\tb", "a\"", "a\\", "ü", "a\n", "a a", "a b a"]
        {
            assert_eq!(Scope::parse(bad), Err(InvalidScope), "{bad:?}");
        }
        let scope = Scope::parse("ab c").unwrap();
        assert!(scope.allows("ab") && scope.allows("c"));
        assert!(!scope.allows("a") && !scope.allows("") && !scope.allows("ab c"));
    }
}
