//! What both ways to tokens have in common once the credentials are right: the making of tokens.

use tokensmith::{
    AppClientId, AuthenticateError, Context, RefreshToken, TokenSet, TokenType, UpstreamKind,
};

use crate::in_force::InForce;
use crate::issuer::{Issuer, failed};
use crate::minter::{About, MintError, Minted};
use crate::wording::Wording;

impl Issuer {
    /// Makes an app's tokens but for the refresh token, by the key that signs now, the policy that the
    /// app has now, and what the host's source of claims says now.
    pub(crate) async fn mint(
        &self,
        cx: &Context,
        app: &AppClientId,
        in_force: &InForce,
        id: &[[u8; 8]; 2],
    ) -> Result<Minted, AuthenticateError> {
        let Some(minter) = in_force.keys.minter(cx.wall.as_secs()) else {
            return failed(UpstreamKind::Signer, "there is no key to sign with");
        };
        let wording = in_force.wordings.of(app.as_str());
        let extended = self.extended(cx, app, wording).await?;
        let about = About { app: app.as_str(), id };
        let minted = minter.mint(cx, about, extended.as_ref().unwrap_or(wording)).await;
        minted.map_err(|error| AuthenticateError::upstream(error.kind(), error))
    }

    /// The wording with what the source of claims adds to it; `None` if that is nothing.
    async fn extended(
        &self,
        cx: &Context,
        app: &AppClientId,
        wording: &Wording,
    ) -> Result<Option<Wording>, AuthenticateError> {
        let Some(source) = &self.state.claims else { return Ok(None) };
        match source.claims(cx, app).await {
            Ok(claims) if claims.is_empty() => Ok(None),
            Ok(claims) => Ok(Some(wording.with(claims))),
            Err(error) => Err(AuthenticateError::upstream(error.kind(), error)),
        }
    }
}

impl MintError {
    const fn kind(&self) -> UpstreamKind {
        match self {
            Self::Signing(_) => UpstreamKind::Signer,
            Self::Clock | Self::TooLong => UpstreamKind::Config,
        }
    }
}

impl Minted {
    pub(crate) fn with(self, refresh_token: RefreshToken) -> TokenSet {
        TokenSet {
            access_token: self.access_token,
            expires_in: self.life,
            token_type: TokenType::Bearer,
            refresh_token: Some(refresh_token),
            id_token: self.id_token,
        }
    }
}
