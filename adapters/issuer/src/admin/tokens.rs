//! The administration of tokens.

use tokensmith::{AppClientId, RefreshToken};

use super::{Admin, AdminError};
use crate::refresh::ledger::LedgerError;
use crate::verification::{AccessClaims, InvalidAccessToken, verify};

/// These wait for the ledger without blocking their thread, unlike the other calls. Access tokens
/// that were given stay good until they expire.
impl Admin {
    /// Revokes a refresh token of that app's, and with it all that come before and after it. A text
    /// that is none, or another app's, is revoked already: that is a success too (RFC 7009 section
    /// 2.2).
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if there is no such app, [`AdminError::Store`] if the ledger failed: the
    /// token may still be good.
    pub async fn revoke_refresh_token(
        &self,
        app: &AppClientId,
        token: &RefreshToken,
    ) -> Result<(), AdminError> {
        self.revoke_token(app, token.expose_secret()).await.map(drop)
    }

    /// Refuses all refresh tokens of an app that were issued up to now, those of the present second
    /// among them.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if there is no such app, [`AdminError::Store`] if the ledger failed: they may still be good.
    pub async fn revoke_refresh_tokens_of(&self, app: &AppClientId) -> Result<(), AdminError> {
        self.known(app)?;
        Ok(self.state.ledger.refuse_issued(Some(app), self.state.clock.wall()).await?)
    }

    /// Refuses all refresh tokens of all apps that were issued up to now: after a backup was restored,
    /// since it may have forgotten which were redeemed.
    ///
    /// # Errors
    /// [`AdminError::Store`] if the ledger failed: they may still be good.
    pub async fn revoke_all_refresh_tokens(&self) -> Result<(), AdminError> {
        Ok(self.state.ledger.refuse_issued(None, self.state.clock.wall()).await?)
    }

    /// Forgets what is past its time in the ledger, and tells how many families that were. It is done
    /// by the way too, a few at each redemption.
    ///
    /// # Errors
    /// [`AdminError::Store`] if the ledger failed: some may be forgotten.
    pub async fn purge_refresh_tokens(&self) -> Result<u64, AdminError> {
        Ok(self.state.ledger.purge(self.state.clock.wall()).await?)
    }

    /// Takes up the time after the system's clock was ahead while refresh tokens were redeemed: until
    /// then those that the wrong clock was past are refused. All that were issued up to now are
    /// revoked, and what was revoked by the wrong clock stays so, up to its time.
    ///
    /// # Errors
    /// [`AdminError::Store`] if the ledger failed: nothing was changed.
    pub async fn reset_refresh_clock(&self) -> Result<(), AdminError> {
        Ok(self.state.ledger.reset(self.state.clock.wall()).await?)
    }

    /// Of a misspelt id nothing would be revoked, and nobody would know.
    pub(crate) fn known(&self, app: &AppClientId) -> Result<(), AdminError> {
        let is_known = self.state.in_force().directory.is_enabled(app.as_str()).is_some();
        if is_known { Ok(()) } else { Err(AdminError::NotFound) }
    }
}

impl Admin {
    /// Verifies an access token of this issuer's that is for the audience of its settings, as
    /// [`verify_access_token_for`](Self::verify_access_token_for) does.
    ///
    /// # Errors
    /// [`InvalidAccessToken`] for any other text.
    pub fn verify_access_token(&self, token: &str) -> Result<AccessClaims, InvalidAccessToken> {
        self.verify_access_token_for(self.state.settings.audience(), token)
    }

    /// Verifies an access token of this issuer's by the keys that are published now, without a network:
    /// its signature, issuer and time, give or take a minute, and that it is for that audience: for the
    /// API that asks, by the name that the [policies](crate::AppPolicy) of its apps call it. Whether
    /// its app is still enabled it does not ask: an access token lives to its end.
    ///
    /// # Errors
    /// [`InvalidAccessToken`] for any other text.
    pub fn verify_access_token_for(
        &self,
        audience: &str,
        token: &str,
    ) -> Result<AccessClaims, InvalidAccessToken> {
        let now = self.state.clock.wall().as_secs();
        let (keys, issuer) = (&self.state.in_force().keys, &self.state.settings.issuer);
        verify(token, Some(audience), keys, issuer, now)
    }
}

impl From<LedgerError> for AdminError {
    fn from(error: LedgerError) -> Self {
        Self::Store(Box::new(error))
    }
}
