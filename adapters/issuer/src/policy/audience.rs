//! Whom an app's access tokens are for.

use std::collections::BTreeSet;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::Value;
use thiserror::Error;

use crate::settings::is_name;

/// Whom access tokens are for (RFC 7519 section 4.1.3): one or several different names of 1 to 512
/// visible ASCII characters. One is written as a string, several as an array.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Audience(Vec<String>);

/// Names that are no audience.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("`audience` must be one or more different names of 1 to 512 visible ASCII characters")]
#[expect(clippy::exhaustive_structs, reason = "it says all there is to say")]
pub struct InvalidAudience;

impl Audience {
    /// An audience of these names.
    ///
    /// # Errors
    /// [`InvalidAudience`] for none, for one twice, and for what is no such name.
    pub fn new(
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, InvalidAudience> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let mut known = BTreeSet::new();
        let are_names = names.iter().all(|name| is_name(name) && known.insert(name));
        if are_names && !names.is_empty() { Ok(Self(names)) } else { Err(InvalidAudience) }
    }

    /// Its names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether that name is one of its.
    pub fn includes(&self, name: &str) -> bool {
        self.names().any(|one| one == name)
    }

    /// As it stands in a token.
    pub(crate) fn to_json(&self) -> String {
        match self.0.as_slice() {
            [name] => Value::from(name.as_str()).to_string(),
            names => Value::from(names).to_string(),
        }
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let names = match Value::deserialize(from)? {
            Value::String(name) => vec![name],
            Value::Array(names) => {
                let text = |name| if let Value::String(name) = name { Some(name) } else { None };
                names.into_iter().map(text).collect::<Option<_>>().unwrap_or_default()
            }
            _ => Vec::new(),
        };
        // INVARIANT: the message quotes nothing.
        Self::new(names).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_is_a_string_and_several_are_an_array() {
        for (names, json) in [
            (&["a"][..], r#""a""#),
            (&["a", "b\"\\"], r#"["a","b\"\\"]"#),
            (&["https://a.example"], r#""https://a.example""#),
        ] {
            let audience = Audience::new(names.iter().copied()).unwrap();
            assert_eq!(audience.to_json(), json);
            assert_eq!(serde_json::from_str::<Audience>(json).unwrap(), audience);
            assert!(names.iter().all(|name| audience.includes(name)) && !audience.includes("c"));
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(513);
        for bad in [&[][..], &[""], &["a", "a"], &["a b"], &["ü"], &["a\n"], &[&long]] {
            assert_eq!(Audience::new(bad.iter().copied()), Err(InvalidAudience), "{bad:?}");
        }
        for bad in ["null", "7", "{}", "[]", "[7]", r#"["a",7]"#, r#"["a","a"]"#, r#""""#] {
            assert!(serde_json::from_str::<Audience>(bad).is_err(), "{bad}");
        }
    }
}
