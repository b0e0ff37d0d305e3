//! What an authenticator gives for right credentials: the tokens and their life.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

macro_rules! token {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// Takes the token's text as its issuer made it. Whether it may be answered is judged
            /// by [`TokenSet::defect`].
            pub fn new(token: impl Into<SecretString>) -> Self {
                Self(token.into())
            }

            /// The token's text. Never log it.
            pub fn expose_secret(&self) -> &str {
                self.0.expose_secret()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[REDACTED]")
            }
        }
    };
}

token! {
    /// The token that calls of an API carry (RFC 6749 section 1.4).
    AccessToken
}
token! {
    /// The token that a new access token is fetched with (RFC 6749 section 1.5).
    RefreshToken
}
token! {
    /// The token that says who the caller is (OpenID Connect Core section 2).
    IdToken
}

impl RefreshToken {
    /// The longest refresh token that is redeemed, in bytes: 16 KiB.
    pub const MAX_BYTES: usize = TokenSet::MAX_TOKEN;

    /// Whether any issuer gives such a token: one that is empty, too long, or holds a control
    /// character is refused without a question.
    pub(crate) fn is_possible(&self) -> bool {
        let text = self.expose_secret();
        (1..=Self::MAX_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
    }
}

/// How an access token is shown to an API (RFC 6749 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// RFC 6750: whoever bears the token may use it.
    Bearer,
}

impl TokenType {
    /// The type's name as it stands in a response.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
        }
    }

    /// Reads a type's name in any case (RFC 6749 section 5.1); `None` for one that is not known.
    pub fn parse(name: &str) -> Option<Self> {
        name.eq_ignore_ascii_case("bearer").then_some(Self::Bearer)
    }
}

/// The tokens of one answer.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "these five are the contract's whole answer")]
pub struct TokenSet {
    /// The token that calls of an API carry.
    pub access_token: AccessToken,
    /// How long it is good for, as of the call's one reading of the wall clock. Answered in whole
    /// seconds, rounded down; below 1 s is a defect.
    pub expires_in: Duration,
    /// How it is shown to an API.
    pub token_type: TokenType,
    /// The contract demands one: `None` is a 502 unless the service was built with
    /// [`Presence::Omit`].
    pub refresh_token: Option<RefreshToken>,
    /// Absent from the answer when `None`, never null.
    pub id_token: Option<IdToken>,
}

/// Whether the answer carries a refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it is there or it is not")]
pub enum Presence {
    /// As the contract says: an answer without one is a 502.
    #[default]
    Require,
    /// A breach of the contract that the host chose: no answer carries one, even if the
    /// authenticator gave it (RFC 6749 section 4.4.3).
    Omit,
}

/// Why a [`TokenSet`] cannot be answered. It never says what the tokens are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenDefect {
    /// A token is empty or holds something besides visible ASCII (RFC 6750 section 2.1).
    #[error("a token is empty or not visible ASCII")]
    Characters,
    /// A token is longer than [`TokenSet::MAX_TOKEN`].
    #[error("a token is over 16 KiB")]
    Length,
    /// The access token has less than a second to live, or more than ten years.
    #[error("the life of the access token is out of bounds")]
    Life,
    /// There is no refresh token, and the contract demands one.
    #[error("the refresh token is missing")]
    RefreshTokenMissing,
}

impl TokenSet {
    /// The longest life of an access token that is believed: ten years.
    pub const MAX_LIFE: Duration = Duration::from_secs(315_360_000);

    /// The longest token that is answered, in bytes: 16 KiB, as long as a refresh token may be when it
    /// comes back. Nobody's header takes a longer one.
    pub const MAX_TOKEN: usize = 16 * 1_024;

    /// What keeps these tokens from being answered, if anything does.
    pub fn defect(&self, refresh_token: Presence) -> Option<TokenDefect> {
        let refresh = match (refresh_token, &self.refresh_token) {
            (Presence::Require, None) => return Some(TokenDefect::RefreshTokenMissing),
            (Presence::Require, Some(token)) => Some(token.expose_secret()),
            (Presence::Omit, _) => None,
        };
        let id = self.id_token.as_ref().map(IdToken::expose_secret);
        let tokens = [Some(self.access_token.expose_secret()), refresh, id];
        // First, for it costs the same however long they are.
        if tokens.into_iter().flatten().any(|token| token.len() > Self::MAX_TOKEN) {
            return Some(TokenDefect::Length);
        }
        if !tokens.into_iter().flatten().all(is_visible_ascii) {
            return Some(TokenDefect::Characters);
        }
        let believed = Duration::from_secs(1)..=Self::MAX_LIFE;
        (!believed.contains(&self.expires_in)).then_some(TokenDefect::Life)
    }
}

fn is_visible_ascii(text: &str) -> bool {
    // Every byte is looked at, which the compiler does 16 at a time; to stop at the first would
    // take them one by one.
    !text.is_empty() && text.bytes().fold(true, |all, byte| all & byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> TokenSet {
        TokenSet {
            access_token: AccessToken::new("a.b.c"),
            expires_in: Duration::from_secs(3_600),
            token_type: TokenType::Bearer,
            refresh_token: Some(RefreshToken::new("r")),
            id_token: None,
        }
    }

    #[test]
    fn a_life_is_between_a_second_and_ten_years() {
        for (life, defect) in [
            (Duration::from_millis(999), Some(TokenDefect::Life)),
            (Duration::from_secs(1), None),
            (TokenSet::MAX_LIFE, None),
            (TokenSet::MAX_LIFE.saturating_add(Duration::from_nanos(1)), Some(TokenDefect::Life)),
        ] {
            let tokens = TokenSet { expires_in: life, ..tokens() };
            assert_eq!(tokens.defect(Presence::Require), defect, "{life:?}");
        }
    }

    #[test]
    fn every_token_is_visible_ascii() {
        for bad in ["", "a b", "a\r\nSet-Cookie: x", "ü", "\u{7f}"] {
            let all = [
                TokenSet { access_token: AccessToken::new(bad), ..tokens() },
                TokenSet { refresh_token: Some(RefreshToken::new(bad)), ..tokens() },
                TokenSet { id_token: Some(IdToken::new(bad)), ..tokens() },
            ];
            for tokens in all {
                assert_eq!(tokens.defect(Presence::Require), Some(TokenDefect::Characters));
            }
        }
    }

    #[test]
    fn no_token_is_over_16_kib() {
        for (length, defect) in [(16_384, None), (16_385, Some(TokenDefect::Length))] {
            let long = "x".repeat(length);
            let all = [
                TokenSet { access_token: AccessToken::new(&*long), ..tokens() },
                TokenSet { refresh_token: Some(RefreshToken::new(&*long)), ..tokens() },
                TokenSet { id_token: Some(IdToken::new(&*long)), ..tokens() },
            ];
            for tokens in all {
                assert_eq!(tokens.defect(Presence::Require), defect, "{length}");
            }
        }
    }

    #[test]
    fn a_refresh_token_is_required_unless_omitted() {
        let without = TokenSet { refresh_token: None, ..tokens() };
        assert_eq!(without.defect(Presence::Require), Some(TokenDefect::RefreshTokenMissing));
        assert_eq!(without.defect(Presence::Omit), None);
    }

    #[test]
    fn no_token_is_printed() {
        let shown = format!("{:?}", tokens());
        assert!(!shown.contains("a.b.c") && !shown.contains("\"r\""), "{shown}");
    }
}
