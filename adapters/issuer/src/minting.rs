//! What both ways to tokens have in common once the credentials are right: the making of tokens.

use tokensmith::{AuthenticateError, Context, RefreshToken, TokenSet, TokenType, UpstreamKind};

use crate::in_force::InForce;
use crate::issuer::failed;
use crate::minter::{About, MintError, Minted};

/// Makes an app's tokens but for the refresh token, by the key that signs now and the policy that the
/// app has now.
pub(crate) fn mint(
    in_force: &InForce,
    cx: &Context,
    app: &str,
    id: &[[u8; 8]; 2],
) -> Result<Minted, AuthenticateError> {
    let Some(minter) = in_force.keys.minter(cx.wall.as_secs()) else {
        return failed(UpstreamKind::Signer, "there is no key to sign with");
    };
    let minted = minter.mint(About { app, now: cx.wall, id }, in_force.wordings.of(app));
    minted.map_err(|error| {
        let kind = match error {
            MintError::Signing(_) => UpstreamKind::Signer,
            MintError::Clock | MintError::TooLong => UpstreamKind::Config,
        };
        AuthenticateError::upstream(kind, error)
    })
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
