//! How calls end badly: what each facade makes its own errors of.

use std::time::Duration;

use tokensmith::{RefreshError, retry_after_seconds};
use tokensmith_assembly::{AdminError as IssuerError, ConfigError, InvalidAccessToken};

/// How a call ends badly. The text of each is the core's own sentence, and holds nothing of a call.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum TokenError {
    /// 401.
    #[error("{detail}")]
    Unauthorized {
        /// The sentence.
        detail: String,
    },
    /// 422.
    #[error("{detail}")]
    InvalidRequest {
        /// The sentence.
        detail: String,
    },
    /// 429.
    #[error("{detail}")]
    RateLimited {
        /// The sentence.
        detail: String,
        /// The wait, in whole seconds, as `Retry-After` has it.
        retry_after: Duration,
    },
    /// 502.
    #[error("{detail}")]
    Downstream {
        /// The sentence.
        detail: String,
        /// The wait in whole seconds, if it is known.
        retry_after: Option<Duration>,
    },
    /// A configuration of which nothing can be made.
    #[error("{detail}")]
    Config {
        /// What is wrong. It names the setting, and not its value.
        detail: String,
        /// The path of the setting, if it is one.
        key: Option<String>,
    },
    /// An argument of the host's that is none.
    #[error("{detail}")]
    Argument {
        /// What it must be; it begins with its name.
        detail: String,
    },
    /// The call was cancelled.
    #[error("the call was cancelled")]
    Cancelled,
    /// The service is closed.
    #[error("the service is closed")]
    Closed,
}

/// How a call of the administration ends badly. Nothing was changed; but where a call about refresh
/// tokens ends with `ERR_ADMIN_STORE`, they may still be good or not.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum AdminError {
    /// What the store or its rules refuse.
    #[error("{detail}")]
    Failed {
        /// The code that stands for it in every language.
        code: String,
        /// What is wrong.
        detail: String,
    },
    /// An access token that is not good.
    #[error("{detail}")]
    Token {
        /// The code that stands for it in every language.
        code: String,
        /// What is wrong with it, in a word.
        reason: String,
        /// The same in a sentence, which says nothing of what the token is.
        detail: String,
    },
    /// The service is closed.
    #[error("the service is closed")]
    Closed,
    /// The service has no embedded issuer.
    #[error("there is no embedded issuer")]
    Absent,
}

impl TokenError {
    /// What a host passes for a source must be one.
    pub(crate) fn source() -> Self {
        Self::argument("`source` must be an address, or 1 to 128 bytes of text")
    }

    pub(crate) fn argument(detail: &str) -> Self {
        Self::Argument { detail: detail.to_owned() }
    }
}

impl From<tokensmith::TokenError> for TokenError {
    fn from(error: tokensmith::TokenError) -> Self {
        use tokensmith::TokenError as E;
        let detail = error.sentence().to_owned();
        match error {
            E::Unauthorized => Self::Unauthorized { detail },
            E::Invalid(_) => Self::InvalidRequest { detail },
            E::RateLimited { retry_after, .. } => {
                Self::RateLimited { detail, retry_after: on_the_wire(retry_after) }
            }
            E::Downstream { retry_after } => {
                Self::Downstream { detail, retry_after: retry_after.map(on_the_wire) }
            }
        }
    }
}

impl From<RefreshError> for TokenError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::NotConfigured => Self::Config { detail: error.to_string(), key: None },
            RefreshError::Token(error) => error.into(),
        }
    }
}

impl From<ConfigError> for TokenError {
    fn from(error: ConfigError) -> Self {
        Self::Config { detail: error.to_string(), key: error.key().map(str::to_owned) }
    }
}

impl From<IssuerError> for AdminError {
    fn from(error: IssuerError) -> Self {
        Self::Failed { code: error.code().to_owned(), detail: error.to_string() }
    }
}

impl From<InvalidAccessToken> for AdminError {
    fn from(error: InvalidAccessToken) -> Self {
        let [code, reason] = [error.code(), error.as_str()].map(str::to_owned);
        Self::Token { code, reason, detail: error.to_string() }
    }
}

/// A wait as `Retry-After` tells it: the same in every language, and never too short.
pub(crate) fn on_the_wire(wait: Duration) -> Duration {
    Duration::from_secs(retry_after_seconds(wait))
}
