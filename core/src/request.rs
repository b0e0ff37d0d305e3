//! From the bytes of a request to what its caller presented. Here, and in the files below, is all
//! that the core knows of reading JSON.

mod content_type;
mod members;

use std::fmt;

use crate::credentials::Presented;
use crate::invalid::Invalid;
use crate::source::Source;
use crate::token::RefreshToken;

/// A `POST /token` as the host received it.
///
/// ```
/// use tokensmith::{Invalid, Member, TokenRequest};
///
/// let request = TokenRequest {
///     body: br#"{"appClientId": "appcl-1234", "appSecret": 12345678}"#,
///     content_type: Some("application/json"),
///     source: None,
///     request_id: None,
/// };
/// // The phrase names the member, never its value.
/// assert_eq!(request.parse().unwrap_err(), Invalid::NotAString(Member::AppSecret));
/// ```
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "written out by the host, field by field")]
pub struct TokenRequest<'a> {
    /// The body, whole; of one that is too large, at least the first
    /// [`MAX_BODY_BYTES`](Self::MAX_BODY_BYTES) + 1 bytes.
    pub body: &'a [u8],
    /// The value of `Content-Type`, if there is one.
    pub content_type: Option<&'a str>,
    /// Where the request came from, as far as the host can tell. Without it all callers share one
    /// bucket.
    pub source: Option<Source>,
    /// The host's name for the request, for its own logs.
    pub request_id: Option<&'a str>,
}

impl TokenRequest<'_> {
    /// The longest body that conforms. A host need not read further than one byte more.
    pub const MAX_BODY_BYTES: usize = 8 * 1_024;

    /// The longest body that conforms where a refresh token is redeemed.
    pub const MAX_REFRESH_BODY_BYTES: usize = 24 * 1_024;

    /// How deep a body may nest, values that are ignored included. The body's own object counts.
    pub const MAX_DEPTH: usize = 8;

    /// Reads what the caller presented.
    ///
    /// The body must be an object in JSON (RFC 8259) with the string members `appClientId` and
    /// `appSecret`. Other members are ignored, but must be JSON too: without a lone surrogate, a
    /// repeated name (RFC 7493 section 2.3), or nesting beyond [`MAX_DEPTH`](Self::MAX_DEPTH).
    ///
    /// # Errors
    /// [`Invalid`] if and only if the request does not conform.
    pub fn parse(&self) -> Result<Presented, Invalid> {
        members::read(self.text(Self::MAX_BODY_BYTES)?)
    }

    /// Reads what the caller presented to redeem a refresh token: the same two members, and the string
    /// `refreshToken`.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), but that the body may have
    /// [`MAX_REFRESH_BODY_BYTES`](Self::MAX_REFRESH_BODY_BYTES).
    pub fn parse_refresh(&self) -> Result<(Presented, RefreshToken), Invalid> {
        members::read_refresh(self.text(Self::MAX_REFRESH_BODY_BYTES)?)
    }

    /// The body, if it is text that may be JSON and is not longer than that.
    fn text(&self, max_bytes: usize) -> Result<&str, Invalid> {
        if !self.content_type.is_some_and(content_type::is_json_in_utf8) {
            return Err(Invalid::ContentType);
        }
        if self.body.len() > max_bytes {
            return Err(Invalid::TooLarge);
        }
        let body = std::str::from_utf8(self.body).map_err(|_| Invalid::Encoding)?;
        if body.starts_with('\u{feff}') {
            return Err(Invalid::Encoding);
        }
        Ok(body)
    }
}

impl fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("body", &format_args!("[REDACTED; {} bytes]", self.body.len()))
            .field("source", &self.source)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}
