//! The verifying of the issuer's own access tokens, as a host of an API does that has the issuer in its
//! process (RFC 9068 section 4). It asks no network, and takes no word of a token for granted.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;
use tokensmith::{AppClientId, UnixTime};

use crate::key_ring::KeyRing;
use crate::minter::MAX_BYTES;
use crate::policy::audience::Audience;
use crate::policy::claims::ExtraClaims;
use crate::policy::scope::Scope;

/// How far two clocks may be apart.
const SKEW: u64 = 60;

/// What an access token says, once its signature was found right and its time come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessClaims {
    /// Whose token it is: `client_id` (RFC 8693 section 4.3).
    pub app: AppClientId,
    /// `sub`: `app:` and the app's id.
    pub subject: String,
    /// `jti`: the token's own id.
    pub token_id: String,
    /// `iat`: when it was issued.
    pub issued: UnixTime,
    /// `exp`: from when it is not good.
    pub expires: UnixTime,
    /// `aud`: whom it is for.
    pub audience: Audience,
    /// `scope`: what it allows, if it says so.
    pub scope: Option<Scope>,
    /// The claims besides.
    pub claims: ExtraClaims,
}

/// Why an access token is not good. It says nothing of what the token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidAccessToken {
    /// It is no JWT of this issuer's making.
    #[error("the access token is not one of this issuer's")]
    Malformed,
    /// No key that is published now has signed it.
    #[error("the access token is signed by no key that is published")]
    UnknownKey,
    /// The signature is another's.
    #[error("the signature of the access token is wrong")]
    Signature,
    /// It is of another issuer, or for another audience.
    #[error("the access token is of another issuer or for another audience")]
    Issuer,
    /// Its time is past, or has not come.
    #[error("the access token's time is past, or has not come")]
    Expired,
}

impl InvalidAccessToken {
    /// The code that stands for the error in every language.
    pub const fn code(self) -> &'static str {
        "ERR_ACCESS_TOKEN_INVALID"
    }

    /// The word that stands for what is wrong with it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Expired => "expired",
        }
    }
}

/// The header has these members and no other: none by which a token could name a key of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    client_id: String,
    iat: u64,
    exp: u64,
    jti: String,
    /// It may be absent, but not null.
    #[serde(default, deserialize_with = "given")]
    scope: Option<Scope>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Scope>, D::Error> {
    Scope::deserialize(from).map(Some)
}

/// Verifies a token at that second, for that audience; for `None` whomever it is for, which only who
/// tells others of a token may ask.
pub(crate) fn verify(
    token: &str,
    audience: Option<&str>,
    keys: &KeyRing,
    issuer: &str,
    now: u64,
) -> Result<AccessClaims, InvalidAccessToken> {
    let malformed = InvalidAccessToken::Malformed;
    // Before anything is taken apart: a token may be long, and all dots.
    if token.len() > MAX_BYTES || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
        return Err(malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(malformed)?;
    let header: Header = read(header).ok_or(malformed)?;
    if header.typ != "at+jwt" {
        return Err(malformed);
    }
    // The algorithm is the key's; that of the token must be the same.
    let key = keys.find(&header.kid).ok_or(InvalidAccessToken::UnknownKey)?;
    if header.alg != key.algorithm.as_str() {
        return Err(malformed);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed)?;
    if !key.verifies(signed.as_bytes(), &signature) {
        return Err(InvalidAccessToken::Signature);
    }
    let claims: Claims = read(claims).ok_or(malformed)?;
    let is_for = audience.is_none_or(|audience| claims.aud.includes(audience));
    if claims.iss != issuer || !is_for {
        return Err(InvalidAccessToken::Issuer);
    }
    if now >= claims.exp.saturating_add(SKEW) || claims.iat > now.saturating_add(SKEW) {
        return Err(InvalidAccessToken::Expired);
    }
    Ok(AccessClaims {
        app: AppClientId::new(&claims.client_id).map_err(|_| malformed)?,
        subject: claims.sub,
        token_id: claims.jti,
        issued: UnixTime::from_secs(claims.iat),
        expires: UnixTime::from_secs(claims.exp),
        audience: claims.aud,
        scope: claims.scope,
        claims: ExtraClaims::of_token(claims.others).map_err(|_| malformed)?,
    })
}

fn read<T: for<'a> Deserialize<'a>>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests;
