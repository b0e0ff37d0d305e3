//! What is asked for, once the gate has let a caller through: tokens, or an errand.

use super::TokenService;
use super::failure::Failure;
use crate::authenticator::{AuthenticateError, UpstreamKind};
use crate::context::Context;
use crate::credentials::{AppClientId, AppCredentials, Presented};
use crate::errand::Errand;
use crate::observer::Event;
use crate::outcome::RefreshError;
use crate::token::{Presence, RefreshToken, TokenSet};

/// Who asks, and what for.
pub(super) struct Asked<W> {
    pub(super) presented: Presented,
    pub(super) work: W,
}

/// What is done for right credentials. It judges them.
pub(super) trait Work: Sync {
    type Done: Send;

    /// Whether it could be done for anybody.
    fn is_possible(&self) -> bool {
        true
    }

    fn ask(
        &self,
        service: &TokenService,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> impl Future<Output = Result<Self::Done, AuthenticateError>> + Send;

    /// What may be answered of it.
    fn fit(done: Self::Done, service: &TokenService) -> Result<Self::Done, Failure>;

    /// The event that ends a call which came to this.
    fn event<'a>(done: &Self::Done, app: &'a AppClientId) -> Event<'a>;
}

/// A right to tokens (RFC 6749 section 1.3).
pub(super) enum Grant {
    /// The app's credentials alone.
    Credentials,
    /// A refresh token besides.
    RefreshToken(RefreshToken),
}

impl Work for Grant {
    type Done = TokenSet;

    fn is_possible(&self) -> bool {
        match self {
            Self::Credentials => true,
            Self::RefreshToken(token) => token.is_possible(),
        }
    }

    async fn ask(
        &self,
        service: &TokenService,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<TokenSet, AuthenticateError> {
        match (self, &service.refresher) {
            (Self::Credentials, _) => service.authenticator.authenticate(cx, credentials).await,
            (Self::RefreshToken(token), Some(refresher)) => {
                refresher.redeem(cx, credentials, token).await
            }
            (Self::RefreshToken(_), None) => {
                let kind = UpstreamKind::Config;
                Err(AuthenticateError::upstream(kind, RefreshError::NotConfigured))
            }
        }
    }

    /// Tokens that the contract lets be answered.
    fn fit(mut tokens: TokenSet, service: &TokenService) -> Result<TokenSet, Failure> {
        if let Some(defect) = tokens.defect(service.refresh_token) {
            return Err(defect.into());
        }
        if service.refresh_token == Presence::Omit {
            tokens.refresh_token = None;
        }
        Ok(tokens)
    }

    fn event<'a>(tokens: &TokenSet, app: &'a AppClientId) -> Event<'a> {
        Event::Issued { app, expires_in: tokens.expires_in }
    }
}

/// An errand of the host's.
pub(super) struct OnErrand<E>(pub(super) E);

impl<E: Errand> Work for OnErrand<E> {
    type Done = E::Done;

    async fn ask(
        &self,
        _: &TokenService,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<E::Done, AuthenticateError> {
        self.0.run(cx, credentials).await
    }

    fn fit(done: E::Done, _: &TokenService) -> Result<E::Done, Failure> {
        Ok(done)
    }

    fn event<'a>(_: &E::Done, app: &'a AppClientId) -> Event<'a> {
        Event::Served { app }
    }
}
