//! What crosses the border by value. Each of these holds a secret, a token or a body, so none prints
//! what it holds, in any of the languages.

use std::fmt;
use std::time::Duration;

/// A request, as it came.
#[derive(uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct TokenRequest {
    /// The bytes of the body.
    pub body: Vec<u8>,
    /// The header `Content-Type` as it came (RFC 9110 section 8.3).
    pub content_type: Option<String>,
    /// Where it came from: an address, or 1 to 128 bytes of text.
    pub source: Option<String>,
    /// The host's own name for the request.
    pub request_id: Option<String>,
}

/// The answer to give.
#[derive(Clone, uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct TokenResponse {
    /// 200, 401, 422, 429 or 502.
    pub status: i32,
    /// Names, in lower case and each once, and values in turn: a map would lose their order.
    pub headers: Vec<String>,
    /// UTF-8.
    pub body: Vec<u8>,
}

/// The credentials of a call without HTTP.
#[derive(uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct Credentials {
    /// The app's id.
    pub app_client_id: String,
    /// Its secret, in UTF-8.
    pub app_secret: Vec<u8>,
    /// As in `TokenRequest`.
    pub source: Option<String>,
}

/// A refresh token to redeem, and the credentials of the app that has it.
#[derive(uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct Redemption {
    /// The app's id.
    pub app_client_id: String,
    /// Its secret, in UTF-8.
    pub app_secret: Vec<u8>,
    /// The refresh token.
    pub refresh_token: String,
    /// As in `TokenRequest`.
    pub source: Option<String>,
}

/// What an authenticator is asked.
#[derive(uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct AuthRequest {
    /// The app's id, 1 to 128 bytes.
    pub app_client_id: String,
    /// The secret that came with it, 1 to 1,024 bytes.
    pub app_secret: String,
    /// Where the request came from, if the host said so.
    pub source: Option<String>,
    /// The host's own name for the request.
    pub request_id: Option<String>,
    /// What is left of the deadline.
    pub budget: Option<Duration>,
}

/// The tokens of one answer (RFC 6749 section 5.1), also as an authenticator gives them.
#[derive(uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct TokenSet {
    /// Visible ASCII, and not empty.
    pub access_token: String,
    /// The life of the access token; a fraction of a second is cut off.
    pub expires_in: Duration,
    /// `Bearer`, in any case (RFC 6750).
    pub token_type: String,
    /// Without it the answer is a 502, unless `response.refresh_token` is `omit`.
    pub refresh_token: Option<String>,
    /// The id token, if there is one.
    pub id_token: Option<String>,
}

/// A new app. Its secret is shown this once and cannot be read again.
#[derive(uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct CreatedApp {
    /// `appcl-` and 20 letters or digits.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

/// A new secret of an app. It is shown this once and cannot be read again.
#[derive(uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct CreatedSecret {
    /// Its own id, which is no secret: 12 letters or digits.
    pub id: String,
    /// The secret.
    pub secret: String,
}

macro_rules! redacted {
    ($($record:ident)*) => {$(
        impl fmt::Debug for $record {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($record), "([REDACTED])"))
            }
        }

        impl fmt::Display for $record {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self, f)
            }
        }
    )*};
}

redacted! {
    TokenRequest TokenResponse Credentials Redemption AuthRequest TokenSet CreatedApp CreatedSecret
}
