//! The port for what an app asks beside tokens.

use async_trait::async_trait;

use crate::authenticator::AuthenticateError;
use crate::context::Context;
use crate::credentials::AppCredentials;

/// What an app asks with its credentials, and that is not for tokens: to revoke one (RFC 7009), to be
/// told what one is (RFC 7662). It judges the credentials, as an
/// [`Authenticator`](crate::Authenticator) does, and is called as that is: after the limiter, inside
/// the deadline, with credentials that an app may have. Its future may be dropped at any await.
///
/// Give it to [`TokenService::errand`](crate::TokenService::errand).
#[async_trait]
pub trait Errand: Send + Sync {
    /// What comes of it.
    type Done: Send;

    /// Does it, for right credentials.
    ///
    /// # Errors
    /// [`AuthenticateError`], as of an authenticator.
    async fn run(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<Self::Done, AuthenticateError>;
}
