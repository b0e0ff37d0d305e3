//! The host's authenticator: an object of its language, awaited on the thread that polls.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Polled, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use tokensmith::{
    AccessToken, AppCredentials, AuthenticateError as Refused, Context, IdToken, RefreshToken,
    RejectReason, ThrottleReason, TokenType, UpstreamKind,
};

use crate::records::{AuthRequest, TokenSet};

/// Judges credentials. Each facade hands over one of its own, which asks the host's and never fails
/// but with one of the four below.
#[uniffi::export(foreign)]
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// Gives tokens for credentials that are right.
    async fn authenticate(&self, request: AuthRequest) -> Result<TokenSet, AuthenticateError>;
}

/// Why there are no tokens. Nothing of the host's own error comes along.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum AuthenticateError {
    /// The credentials are not right: a 401.
    #[error("rejected")]
    Rejected,
    /// Not so fast: a 429.
    #[error("throttled")]
    Throttled {
        /// For how long, if the host said so.
        retry_after: Option<Duration>,
    },
    /// What the host gave has the wrong shape: a 502.
    #[error("contract")]
    Contract,
    /// Anything else: a 502.
    #[error("failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for AuthenticateError {
    /// Its text may be that of the host's error.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// The host's authenticator as the core asks it.
pub(crate) struct HostAuthenticator(pub(crate) Arc<dyn Authenticator>);

#[async_trait]
impl tokensmith::Authenticator for HostAuthenticator {
    /// In place: on a thread of ours Python has no event loop, and the JVM attaches one each time.
    async fn authenticate(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<tokensmith::TokenSet, Refused> {
        let tokens = Asked(Some(self.0.authenticate(request(cx, credentials)))).await?;
        given(tokens).ok_or_else(|| upstream(UpstreamKind::Contract))
    }
}

/// A question under way. An answer may come at the very moment when nobody waits for it any more, and
/// uniffi frees the memory of one that is fetched, and of no other: so this fetches it at the latest
/// when it is dropped.
struct Asked<'a>(Option<Pin<Box<dyn Future<Output = Answer> + Send + 'a>>>);

type Answer = Result<TokenSet, AuthenticateError>;

impl Future for Asked<'_> {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Polled<'_>) -> Poll<Answer> {
        // Gone where this panics, or after its end: it is polled no more then.
        let Some(mut asked) = self.0.take() else { return Poll::Pending };
        let answer = asked.as_mut().poll(cx);
        if answer.is_pending() {
            self.0 = Some(asked);
        }
        answer
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let Some(mut asked) = self.0.take() else { return };
        let mut nobody = Polled::from_waker(Waker::noop());
        // What it panics with is of no interest either.
        drop(catch_unwind(AssertUnwindSafe(|| asked.as_mut().poll(&mut nobody).map(drop))));
    }
}

fn request(cx: &Context, credentials: &AppCredentials) -> AuthRequest {
    AuthRequest {
        app_client_id: credentials.id.as_str().to_owned(),
        app_secret: credentials.secret.expose_secret().to_owned(),
        source: cx.source.as_ref().map(ToString::to_string),
        request_id: cx.request_id.as_deref().map(str::to_owned),
        budget: cx.budget,
    }
}

fn given(tokens: TokenSet) -> Option<tokensmith::TokenSet> {
    Some(tokensmith::TokenSet {
        access_token: AccessToken::new(tokens.access_token),
        expires_in: tokens.expires_in,
        token_type: TokenType::parse(&tokens.token_type)?,
        refresh_token: tokens.refresh_token.map(RefreshToken::new),
        id_token: tokens.id_token.map(IdToken::new),
    })
}

impl From<AuthenticateError> for Refused {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Rejected => Self::Rejected(RejectReason::BadCredentials),
            AuthenticateError::Throttled { retry_after } => {
                Self::Throttled { reason: ThrottleReason::Throttled, retry_after }
            }
            AuthenticateError::Contract => upstream(UpstreamKind::Contract),
            AuthenticateError::Failed => upstream(UpstreamKind::Other),
        }
    }
}

/// The host's own error stays on its side of the border.
fn upstream(kind: UpstreamKind) -> Refused {
    Refused::upstream(kind, "the host's authenticator failed")
}
