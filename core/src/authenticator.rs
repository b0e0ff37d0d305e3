//! The port that judges credentials and gives tokens for them, and the ways in which it says no.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::context::Context;
use crate::credentials::AppCredentials;
use crate::token::TokenSet;

/// Judges an app's credentials, and gives tokens for them if they are right.
///
/// It is called after the limiter has let the request through, with credentials that an app may
/// have ([`Presented::credentials`](crate::Presented::credentials)), at most once a request and at
/// most [`max_in_flight`](crate::TokenServiceBuilder::max_in_flight) times at once. It knows
/// nothing of limits. Its future may be dropped at any await, when the deadline has passed or the
/// host lost interest; it must not block the thread that polls it.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// Gives tokens for right credentials.
    ///
    /// # Errors
    /// [`AuthenticateError`] says whose fault it is, and with that the status of the answer.
    async fn authenticate(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<TokenSet, AuthenticateError>;
}

#[async_trait]
impl<A: Authenticator + ?Sized> Authenticator for Arc<A> {
    async fn authenticate(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<TokenSet, AuthenticateError> {
        (**self).authenticate(cx, credentials).await
    }
}

/// Why an authenticator gave no tokens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AuthenticateError {
    /// It concerns this caller, and to repeat is useless: 401, charged as a failure.
    Rejected(RejectReason),
    /// The upstream asks for patience, or locked the app out: 429.
    Throttled {
        /// What for.
        reason: ThrottleReason,
        /// How long to wait, if the upstream said so: answered within 1 to 3,600 s.
        retry_after: Option<Duration>,
    },
    /// It would hit every caller, or may pass when repeated: 502.
    Upstream {
        /// What went wrong.
        kind: UpstreamKind,
        /// How long to wait, if the upstream said so: answered within 1 to 3,600 s.
        retry_after: Option<Duration>,
        /// The error beneath, for the host's own eyes: no response or event carries its text.
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl AuthenticateError {
    /// An upstream fault of that kind, with the error beneath it.
    pub fn upstream(kind: UpstreamKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Upstream { kind, retry_after: None, source: Arc::from(source.into()) }
    }
}

impl fmt::Display for AuthenticateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(reason) => write!(f, "the credentials were rejected: {reason}"),
            Self::Throttled { reason, .. } => write!(f, "the upstream throttles: {reason}"),
            Self::Upstream { kind, .. } => write!(f, "the upstream failed: {kind}"),
        }
    }
}

impl Error for AuthenticateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Upstream { source, .. } => Some(source.as_ref()),
            Self::Rejected(_) | Self::Throttled { .. } => None,
        }
    }
}

/// Declares a closed list of reasons with the word that stands for each in logs.
macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// The word that stands for it in logs and metrics.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

reasons! {
    /// Why credentials were rejected. The observer hears it; the caller never does.
    RejectReason {
        /// They are wrong, and the authenticator cannot or will not say how.
        BadCredentials = "bad_credentials",
        /// The upstream has the app disabled.
        AppDisabled = "app_disabled",
        /// The upstream wants something done before the app may have tokens.
        AppNotReady = "app_not_ready",
        /// The upstream asks for a further proof, which this contract cannot carry.
        Challenge = "challenge",
        /// A policy of the upstream says no.
        PolicyDenied = "policy_denied",
        /// The app may not use this grant.
        GrantNotAllowed = "grant_not_allowed",
        /// The issuer has no such app.
        UnknownClient = "unknown_client",
        /// The issuer has the app, and the secret is another.
        WrongSecret = "wrong_secret",
        /// The issuer has the app, the secret is right, and the app is disabled.
        Disabled = "disabled",
        /// The refresh token is none, or another app's or issuer's.
        RefreshUnknown = "refresh_unknown",
        /// The refresh token's time is past, or it was issued before a time that the host set.
        RefreshExpired = "refresh_expired",
        /// The refresh token's family was revoked.
        RefreshRevoked = "refresh_revoked",
        /// The refresh token was redeemed before, by another: its family is revoked with it.
        RefreshReused = "refresh_reused",
        /// The refresh token is later than what the ledger knows of it, so the ledger has lost
        /// something: the token's family is revoked with it.
        LedgerBehind = "ledger_behind",
    }
}

reasons! {
    /// Why an upstream asks for patience. The observer hears it; the caller never does.
    ThrottleReason {
        /// Too many requests.
        Throttled = "throttled",
        /// Too many failures: the app is locked out for a while.
        Lockout = "lockout",
        /// The upstream, or the part before it, takes no more at the moment.
        Busy = "busy",
    }
}

reasons! {
    /// What went wrong downstream. The observer hears it; the caller never does.
    UpstreamKind {
        /// No connection.
        Unreachable = "unreachable",
        /// It took too long.
        Timeout = "timeout",
        /// The connection is not to be trusted.
        Tls = "tls",
        /// The upstream pointed elsewhere.
        Redirect = "redirect",
        /// The answer is larger than is believed.
        TooLarge = "too_large",
        /// The answer is not one.
        Contract = "contract",
        /// Something is configured wrong on our side.
        Config = "config",
        /// A firewall stands between.
        WafBlocked = "waf_blocked",
        /// The upstream failed by its own account.
        ServerError = "server_error",
        /// Calls are held back after too many faults.
        BreakerOpen = "breaker_open",
        /// A store of records cannot be read or trusted.
        Store = "store",
        /// No signature could be made.
        Signer = "signer",
        /// The system's random source failed (there is no weaker one).
        Random = "random",
        /// Something else: what a host's own authenticator says of its faults.
        Other = "other",
    }
}

/// Makes an [`Authenticator`] of an async function that takes its arguments by value.
///
/// ```
/// use std::time::Duration;
/// use tokensmith::{
///     AccessToken, AuthenticateError, RefreshToken, RejectReason, TokenSet, TokenType,
///     authenticator_fn,
/// };
///
/// let authenticator = authenticator_fn(|_cx, credentials| async move {
///     if credentials.secret.expose_secret() != "34wegskgheaorht359ynklbnv" {
///         return Err(AuthenticateError::Rejected(RejectReason::WrongSecret));
///     }
///     Ok(TokenSet {
///         access_token: AccessToken::new("an-access-token"),
///         expires_in: Duration::from_secs(3_600),
///         token_type: TokenType::Bearer,
///         refresh_token: Some(RefreshToken::new("a-refresh-token")),
///         id_token: None,
///     })
/// });
/// # let _ = authenticator;
/// ```
pub fn authenticator_fn<F, Fut>(f: F) -> AuthenticatorFn<F>
where
    F: Fn(Context, AppCredentials) -> Fut + Send + Sync,
    Fut: Future<Output = Result<TokenSet, AuthenticateError>> + Send,
{
    AuthenticatorFn(f)
}

/// An [`Authenticator`] made of a function by [`authenticator_fn`].
#[derive(Clone)]
pub struct AuthenticatorFn<F>(F);

impl<F> fmt::Debug for AuthenticatorFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticatorFn")
    }
}

#[async_trait]
impl<F, Fut> Authenticator for AuthenticatorFn<F>
where
    F: Fn(Context, AppCredentials) -> Fut + Send + Sync,
    Fut: Future<Output = Result<TokenSet, AuthenticateError>> + Send,
{
    async fn authenticate(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<TokenSet, AuthenticateError> {
        (self.0)(cx.clone(), credentials.clone()).await
    }
}
