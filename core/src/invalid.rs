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
    /// `refreshToken`, where one is redeemed
    RefreshToken,
}

impl Member {
    /// The member's name in the body.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppClientId => "appClientId",
            Self::AppSecret => "appSecret",
            Self::RefreshToken => "refreshToken",
        }
    }
}

/// Why a request does not conform to the contract. Each phrase is constant, but for the name of the
/// member at fault; no value of the request is in it.
///
/// A body with several faults is told of the first in the order of these variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Error)]
#[error("{}", self.phrase())]
#[non_exhaustive]
pub enum Invalid {
    /// The content type is missing or is not JSON in UTF-8 (RFC 8259 section 11).
    ContentType,
    /// The body is longer than [`TokenRequest::MAX_BODY_BYTES`](crate::TokenRequest::MAX_BODY_BYTES),
    /// or where a refresh token is redeemed,
    /// [`TokenRequest::MAX_REFRESH_BODY_BYTES`](crate::TokenRequest::MAX_REFRESH_BODY_BYTES).
    TooLarge,
    /// The body is not UTF-8, or opens with a byte-order mark (RFC 8259 section 8.1).
    Encoding,
    /// The body is not JSON, is empty, has bytes after the value, or holds a lone surrogate
    /// (RFC 8259 sections 2 and 8.2).
    Syntax,
    /// The body is JSON, but not an object.
    NotAnObject,
    /// The body nests deeper than [`TokenRequest::MAX_DEPTH`](crate::TokenRequest::MAX_DEPTH).
    TooDeep,
    /// An object in the body names a member twice (RFC 7493 section 2.3).
    Repeated,
    /// A member that the contract demands is not there.
    Missing(Member),
    /// A member that the contract demands is null, or something else than a string.
    NotAString(Member),
    /// The request of an [errand](crate::Errand) cannot be read. The host knows how.
    Errand,
}

impl Invalid {
    /// The phrase that the caller is told.
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::ContentType => "the content type must be application/json with charset utf-8",
            Self::TooLarge => "the body is too large",
            Self::Encoding => "the body is not UTF-8",
            Self::Syntax => "the body is not valid JSON",
            Self::NotAnObject => "the body is not an object",
            Self::TooDeep => "the body nests too deep",
            Self::Repeated => "the body repeats a member",
            Self::Errand => "the request cannot be read",
            Self::Missing(Member::AppClientId) => "`appClientId` is missing",
            Self::Missing(Member::AppSecret) => "`appSecret` is missing",
            Self::Missing(Member::RefreshToken) => "`refreshToken` is missing",
            Self::NotAString(Member::AppClientId) => "`appClientId` is not a string",
            Self::NotAString(Member::AppSecret) => "`appSecret` is not a string",
            Self::NotAString(Member::RefreshToken) => "`refreshToken` is not a string",
        }
    }
}
