//! A response, and what a host may choose about it. Here, and in the [`table`] that makes them, is
//! all that the core knows of a status and a header.

mod table;

use std::fmt;
use std::sync::Arc;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::outcome::TokenError;
use crate::token::Presence;
pub(crate) use table::{SourceBucket, Table};

/// The statuses of the contract, and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the contract names these")]
pub enum Status {
    /// The tokens are in the body.
    Ok = 200,
    /// The app id or the secret is not valid.
    Unauthorized = 401,
    /// The request does not conform.
    UnprocessableEntity = 422,
    /// Too many requests.
    TooManyRequests = 429,
    /// What issues the tokens failed.
    BadGateway = 502,
}

impl Status {
    /// The status code (RFC 9110 section 15).
    pub const fn code(self) -> u16 {
        self as u16
    }
}

impl From<&TokenError> for Status {
    fn from(error: &TokenError) -> Self {
        match error {
            TokenError::Unauthorized => Self::Unauthorized,
            TokenError::Invalid(_) => Self::UnprocessableEntity,
            TokenError::RateLimited { .. } => Self::TooManyRequests,
            TokenError::Downstream { .. } => Self::BadGateway,
        }
    }
}

/// How the members of a token response are spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the contract knows these two")]
pub enum KeyCase {
    /// `AccessToken`, as the contract's schema demands.
    #[default]
    Pascal,
    /// `accessToken`, as the contract's example has it.
    Camel,
}

/// What a host may choose about responses.
///
/// ```
/// use tokensmith::{KeyCase, ResponseOptions};
///
/// let options = ResponseOptions { key_case: KeyCase::Camel, ..ResponseOptions::default() };
/// assert_eq!(options.scheme, "AppSecret");
/// ```
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written with `..ResponseOptions::default()`")]
pub struct ResponseOptions {
    /// How the members of a token response are spelled: Pascal.
    pub key_case: KeyCase,
    /// The authentication scheme that a 401 names: `AppSecret`. A token (RFC 9110 section 11.1).
    pub scheme: String,
    /// The realm that a 401 names: `token`. Visible ASCII and spaces (RFC 9110 section 11.5).
    pub realm: String,
    /// Whether responses tell of the source's bucket in `RateLimit` and `RateLimit-Policy`
    /// (draft-ietf-httpapi-ratelimit-headers-10): no.
    pub rate_limit_fields: bool,
    /// Whether the answer carries a refresh token: the contract requires one.
    pub refresh_token: Presence,
}

impl Default for ResponseOptions {
    fn default() -> Self {
        Self {
            key_case: KeyCase::default(),
            scheme: "AppSecret".into(),
            realm: "token".into(),
            rate_limit_fields: false,
            refresh_token: Presence::default(),
        }
    }
}

impl ResponseOptions {
    /// Whether responses can carry them. [`build`](crate::TokenServiceBuilder::build) asks too.
    ///
    /// # Errors
    /// [`ResponseOptionsError`] names the option that they cannot.
    pub fn check(&self) -> Result<(), ResponseOptionsError> {
        if !is_token(&self.scheme) {
            return Err(ResponseOptionsError::Scheme);
        }
        if !self.realm.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(ResponseOptionsError::Realm);
        }
        Ok(())
    }
}

/// A token (RFC 9110 section 5.6.2).
fn is_token(text: &str) -> bool {
    let is_token_char = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !text.is_empty() && text.chars().all(is_token_char)
}

/// An option that no response can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ResponseOptionsError {
    /// The scheme is not a token.
    #[error("`scheme` is not a token of RFC 9110")]
    Scheme,
    /// The realm holds something besides visible ASCII and spaces.
    #[error("`realm` holds something besides visible ASCII and spaces")]
    Realm,
}

/// A response, whole: the host copies status, headers and body onto the wire as they are.
pub struct TokenResponse {
    status: Status,
    body: Body,
    challenge: Option<Arc<str>>,
    retry_after: Option<Box<str>>,
    rate_limit_policy: Option<Arc<str>>,
    rate_limit: Option<Box<str>>,
}

enum Body {
    Tokens(Zeroizing<Vec<u8>>),
    Sentence(&'static str),
}

impl TokenResponse {
    /// The status.
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The header fields: lower-case names, each at most once, and values in visible ASCII and
    /// spaces. `content-length` is the host's.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let content_type = match self.body {
            Body::Tokens(_) => "application/json",
            Body::Sentence(_) => "text/plain; charset=utf-8",
        };
        [
            ("content-type", Some(content_type)),
            ("cache-control", Some("no-store")),
            ("pragma", Some("no-cache")),
            ("x-content-type-options", Some("nosniff")),
            ("www-authenticate", self.challenge.as_deref()),
            ("retry-after", self.retry_after.as_deref()),
            ("ratelimit-policy", self.rate_limit_policy.as_deref()),
            ("ratelimit", self.rate_limit.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// The body. That of a 200 holds the tokens, and is wiped when the response is dropped.
    pub fn body(&self) -> &[u8] {
        match &self.body {
            Body::Tokens(json) => json,
            Body::Sentence(text) => text.as_bytes(),
        }
    }

    /// The body, for a host that needs its own: from here on, wiping it is the host's.
    pub fn into_body(self) -> Vec<u8> {
        match self.body {
            Body::Tokens(mut json) => std::mem::take(&mut *json),
            Body::Sentence(text) => text.as_bytes().to_vec(),
        }
    }
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers().collect();
        f.debug_struct("TokenResponse")
            .field("status", &self.status)
            .field("headers", &headers)
            .field("body", &format_args!("[REDACTED; {} bytes]", self.body().len()))
            .finish()
    }
}
