//! The port that redeems refresh tokens.

use std::sync::Arc;

use async_trait::async_trait;

use crate::authenticator::AuthenticateError;
use crate::context::Context;
use crate::credentials::AppCredentials;
use crate::token::{RefreshToken, TokenSet};

/// Redeems a refresh token for new tokens (RFC 6749 section 6). It judges the app's credentials too,
/// as an [`Authenticator`](crate::Authenticator) does, and is called as that is: after the limiter,
/// inside the deadline, with credentials that an app may have. Its future may be dropped at any
/// await.
///
/// Give it to a service by [`TokenServiceBuilder::refresher`](crate::TokenServiceBuilder::refresher).
#[async_trait]
pub trait Refresher: Send + Sync {
    /// Gives new tokens for right credentials and a refresh token of theirs.
    ///
    /// # Errors
    /// [`AuthenticateError`], as of an authenticator. A token that is not known, not this app's, past
    /// its time or revoked is [`Rejected`](AuthenticateError::Rejected), as wrong credentials are.
    async fn redeem(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
        token: &RefreshToken,
    ) -> Result<TokenSet, AuthenticateError>;
}

#[async_trait]
impl<R: Refresher + ?Sized> Refresher for Arc<R> {
    async fn redeem(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
        token: &RefreshToken,
    ) -> Result<TokenSet, AuthenticateError> {
        (**self).redeem(cx, credentials, token).await
    }
}
