//! Why a body does not conform: the closed phrases of a 422.

use thiserror::Error;

/// A member that the contract demands of a request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the contract names these")]
pub enum Member {
    /// `appClientId`
    AppClientId,
    /// `appSecret`
    AppSecret,
}

impl Member {
    /// The member's name in the body.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppClientId => "appClientId",
            Self::AppSecret => "appSecret",
        }
    }
}

/// Why a request does not conform to the contract. Each phrase is constant, but for the name of the
/// member at fault; no value of the request is in it.
///
/// A body with several faults is told of the first in the order of these variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Error)]
#[non_exhaustive]
pub enum Invalid {
    /// The content type is missing or is not JSON in UTF-8 (RFC 8259 section 11).
    #[error("the content type must be application/json with charset utf-8")]
    ContentType,
    /// The body is longer than [`TokenRequest::MAX_BODY_BYTES`](crate::TokenRequest::MAX_BODY_BYTES).
    #[error("the body is too large")]
    TooLarge,
    /// The body is not UTF-8, or opens with a byte-order mark (RFC 8259 section 8.1).
    #[error("the body is not UTF-8")]
    Encoding,
    /// The body is not JSON, is empty, has bytes after the value, or holds a lone surrogate
    /// (RFC 8259 sections 2 and 8.2).
    #[error("the body is not valid JSON")]
    Syntax,
    /// The body is JSON, but not an object.
    #[error("the body is not an object")]
    NotAnObject,
    /// The body nests deeper than [`TokenRequest::MAX_DEPTH`](crate::TokenRequest::MAX_DEPTH).
    #[error("the body nests too deep")]
    TooDeep,
    /// An object in the body names a member twice (RFC 7493 section 2.3).
    #[error("the body repeats a member")]
    Repeated,
    /// A member that the contract demands is not there.
    #[error("`{}` is missing", .0.name())]
    Missing(Member),
    /// A member that the contract demands is null, or something else than a string.
    #[error("`{}` is not a string", .0.name())]
    NotAString(Member),
}
