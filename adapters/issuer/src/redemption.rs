//! The redeeming of a refresh token: credentials, the token, all that is minted, and last the ledger.

use async_trait::async_trait;
use tokensmith::{
    AppCredentials, AuthenticateError, Context, RefreshToken, Refresher, RejectReason, TokenSet,
    UpstreamKind,
};

use crate::issuer::{Issuer, failed};
use crate::minter::Minted;
use crate::refresh::step::{Outcome, Step, StepKind};
use crate::refresh::token::{self, Fields};

/// What is ready before the ledger is asked: whatever can fail has not.
struct Prepared {
    step: Step,
    minted: Minted,
}

#[async_trait]
impl Refresher for Issuer {
    /// Gives a new access token, and the refresh token that comes after the one that was shown. The
    /// ledger has it before the answer goes out.
    ///
    /// A caller that lost the answer shows the same token again: within the grace it gets the same
    /// successor, and later a new one, as long as the former was not used. A token whose successor was
    /// used is [`RefreshReused`](RejectReason::RefreshReused), and ends its family: one of the two who
    /// have it is a thief.
    async fn redeem(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
        token: &RefreshToken,
    ) -> Result<TokenSet, AuthenticateError> {
        let Prepared { step, minted } = self.prepare(cx, credentials, token).await?;
        let taken = self.state.ledger.take(&step).await;
        match taken.map_err(|error| AuthenticateError::upstream(UpstreamKind::Store, error))? {
            Outcome::Granted(successor) => {
                // A successor is issued at the ledger's time.
                self.state.note_ledger_time(successor.0.issued_at, cx.wall.as_secs());
                Ok(minted.with(self.written(credentials.id.as_str(), &successor.0)?))
            }
            Outcome::Rejected(reason) => Err(AuthenticateError::Rejected(reason)),
            Outcome::Expired { time } => {
                self.state.note_ledger_time(time, cx.wall.as_secs());
                Err(AuthenticateError::Rejected(RejectReason::RefreshExpired))
            }
            Outcome::Revoked => failed(UpstreamKind::Store, "the ledger took another step"),
        }
    }
}

impl Issuer {
    /// INVARIANT: a step grants only what a key that is there can write.
    pub(crate) fn written(
        &self,
        app: &str,
        fields: &Fields,
    ) -> Result<RefreshToken, AuthenticateError> {
        let written =
            token::write(&self.state.keys.refresh, &self.state.settings.issuer, app, fields);
        written.map_or_else(|| failed(UpstreamKind::Config, "a refresh key is missing"), Ok)
    }

    async fn prepare(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
        token: &RefreshToken,
    ) -> Result<Prepared, AuthenticateError> {
        let in_force = self.judge(cx, credentials).await?;
        let (keys, settings) = (&self.state.keys.refresh, &self.state.settings);
        let app = credentials.id.as_str();
        // What was forged, or has ended, never reaches the ledger.
        let Some(shown) = token::read(keys, &settings.issuer, app, token.expose_secret()) else {
            return Err(AuthenticateError::Rejected(RejectReason::RefreshUnknown));
        };
        if cx.wall.as_secs() >= shown.expires_at {
            return Err(AuthenticateError::Rejected(RejectReason::RefreshExpired));
        }
        let mut drawn = [[0_u8; 8]; 3];
        if let Err(error) = self.state.random.fill(drawn.as_flattened_mut()) {
            return Err(AuthenticateError::upstream(UpstreamKind::Random, error));
        }
        let [id_high, id_low, branch] = drawn;
        let minted = self.mint(cx, &credentials.id, &in_force, &[id_high, id_low]).await?;
        let kind = StepKind::redeem(branch, keys, settings);
        let step = Step { app: credentials.id.clone(), shown, now: cx.wall, kind };
        Ok(Prepared { step, minted })
    }
}
