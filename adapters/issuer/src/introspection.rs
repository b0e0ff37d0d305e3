//! What a token is, and whether it is good now: introspection (RFC 7662), and revocation (RFC 7009),
//! as library calls and as errands of the core.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use tokensmith::{
    AppClientId, AppCredentials, AuthenticateError, Context, Errand, SecretString, UnixTime,
    UpstreamKind,
};

use crate::admin::{Admin, AdminError};
use crate::issuer::Issuer;
use crate::policy::audience::Audience;
use crate::policy::claims::ExtraClaims;
use crate::policy::scope::Scope;
use crate::refresh::ledger::LedgerError;
use crate::refresh::step::{Outcome, Step, StepKind};
use crate::refresh::token;
use crate::state::State;
use crate::verification::verify;

/// What a token that is good now says (RFC 7662 section 2.2). Of one that is not, nothing is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActiveToken {
    /// Which of the two it is.
    pub kind: TokenKind,
    /// `client_id`: whose it is.
    pub app: AppClientId,
    /// `sub`.
    pub subject: String,
    /// `iss`: this issuer.
    pub issuer: String,
    /// `aud`: none for a refresh token, which is good here alone.
    pub audience: Option<Audience>,
    /// `scope` of an access token that has one. What a refresh token gives is read from the app's record
    /// when it is redeemed.
    pub scope: Option<Scope>,
    /// The claims of an access token besides.
    pub claims: ExtraClaims,
    /// `jti` of an access token.
    pub token_id: Option<String>,
    /// `iat`.
    pub issued: UnixTime,
    /// `exp`.
    pub expires: UnixTime,
}

/// The two kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an issuer gives these two")]
pub enum TokenKind {
    /// An access token.
    Access,
    /// A refresh token.
    Refresh,
}

/// What came of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
pub enum Revocation {
    /// The token is not good, now or never was.
    Done,
    /// It is an access token, which lives to its end: `unsupported_token_type` (RFC 7009 section 2.2.1).
    Unsupported,
}

impl TokenKind {
    /// The word that stands for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

impl Revocation {
    /// The word that stands for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unsupported => "unsupported",
        }
    }
}

impl Admin {
    /// Tells what a token is, and `None` of a text that is no token of this issuer's, or of one that is
    /// not good now: past its time, revoked, used up, or of an app that is disabled or was removed. Of
    /// refresh tokens, those of `app` are known alone: others are none to it. Nothing is changed by it.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if there is no such app, [`AdminError::Store`] if the ledger failed.
    pub async fn introspect(
        &self,
        app: &AppClientId,
        token: &str,
    ) -> Result<Option<ActiveToken>, AdminError> {
        self.known(app)?;
        Ok(introspect(&self.state, app, token, self.state.clock.wall()).await?)
    }

    /// Revokes whatever token of that app's it is, as RFC 7009 has it: a text that is none, or another
    /// app's, is revoked already, and an access token cannot be.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if there is no such app, [`AdminError::Store`] if the ledger failed: the
    /// token may still be good.
    pub async fn revoke_token(
        &self,
        app: &AppClientId,
        token: &str,
    ) -> Result<Revocation, AdminError> {
        self.known(app)?;
        Ok(revoke(&self.state, app, token, self.state.clock.wall()).await?)
    }
}

/// Tells an app what a token is: [`Admin::introspect`], for whoever shows the app's id and secret.
#[derive(Debug)]
pub struct Introspect {
    issuer: Arc<Issuer>,
    token: SecretString,
}

/// Revokes a token of an app's: [`Admin::revoke_token`], for whoever shows the app's id and secret.
#[derive(Debug)]
pub struct Revoke {
    issuer: Arc<Issuer>,
    token: SecretString,
}

impl Introspect {
    /// The errand.
    pub const fn new(issuer: Arc<Issuer>, token: SecretString) -> Self {
        Self { issuer, token }
    }
}

impl Revoke {
    /// The errand.
    pub const fn new(issuer: Arc<Issuer>, token: SecretString) -> Self {
        Self { issuer, token }
    }
}

#[async_trait]
impl Errand for Introspect {
    type Done = Option<ActiveToken>;

    async fn run(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<Self::Done, AuthenticateError> {
        self.issuer.judge(cx, credentials).await?;
        let (state, token) = (&self.issuer.state, self.token.expose_secret());
        introspect(state, &credentials.id, token, cx.wall).await.map_err(fault)
    }
}

#[async_trait]
impl Errand for Revoke {
    type Done = Revocation;

    async fn run(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<Revocation, AuthenticateError> {
        self.issuer.judge(cx, credentials).await?;
        let (state, token) = (&self.issuer.state, self.token.expose_secret());
        revoke(state, &credentials.id, token, cx.wall).await.map_err(fault)
    }
}

fn fault(error: LedgerError) -> AuthenticateError {
    AuthenticateError::upstream(UpstreamKind::Store, error)
}

async fn introspect(
    state: &State,
    app: &AppClientId,
    token: &str,
    now: UnixTime,
) -> Result<Option<ActiveToken>, LedgerError> {
    match access(state, token, now) {
        Some(active) => Ok(Some(active)),
        None => refresh(state, app, token, now).await,
    }
}

fn access(state: &State, token: &str, now: UnixTime) -> Option<ActiveToken> {
    let in_force = state.in_force();
    let claims = verify(token, None, &in_force.keys, &state.settings.issuer, now.as_secs()).ok()?;
    // By the clock that it was made by, so without the minute that verifiers allow.
    let is_enabled = in_force.directory.is_enabled(claims.app.as_str()) == Some(true);
    if now.as_secs() >= claims.expires.as_secs() || !is_enabled {
        return None;
    }
    Some(ActiveToken {
        kind: TokenKind::Access,
        app: claims.app,
        subject: claims.subject,
        issuer: state.settings.issuer.clone(),
        audience: Some(claims.audience),
        scope: claims.scope,
        claims: claims.claims,
        token_id: Some(claims.token_id),
        issued: claims.issued,
        expires: claims.expires,
    })
}

/// It is good if and only if it would be redeemed now.
async fn refresh(
    state: &State,
    app: &AppClientId,
    token: &str,
    now: UnixTime,
) -> Result<Option<ActiveToken>, LedgerError> {
    let issuer = &state.settings.issuer;
    let Some(shown) = token::read(&state.keys.refresh, issuer, app.as_str(), token) else {
        return Ok(None);
    };
    let is_enabled = state.in_force().directory.is_enabled(app.as_str()) == Some(true);
    if now.as_secs() >= shown.expires_at || !is_enabled {
        return Ok(None);
    }
    let kind = StepKind::redeem([0; 8], &state.keys.refresh, &state.settings);
    let step = Step { app: app.clone(), shown, now, kind };
    let Outcome::Granted(_) = state.ledger.weigh(&step).await? else { return Ok(None) };
    Ok(Some(ActiveToken {
        kind: TokenKind::Refresh,
        app: app.clone(),
        subject: format!("app:{app}"),
        issuer: issuer.clone(),
        audience: None,
        scope: None,
        claims: ExtraClaims::default(),
        token_id: None,
        issued: UnixTime::from_secs(shown.issued_at),
        expires: UnixTime::from_secs(shown.expires_at),
    }))
}

async fn revoke(
    state: &State,
    app: &AppClientId,
    token: &str,
    now: UnixTime,
) -> Result<Revocation, LedgerError> {
    let (keys, issuer) = (&state.keys.refresh, &state.settings.issuer);
    if let Some(shown) = token::read(keys, issuer, app.as_str(), token) {
        let step = Step { app: app.clone(), shown, now, kind: StepKind::Revoke };
        state.ledger.take(&step).await?;
        return Ok(Revocation::Done);
    }
    Ok(match verify(token, None, &state.in_force().keys, issuer, now.as_secs()) {
        Ok(_) => Revocation::Unsupported,
        Err(_) => Revocation::Done,
    })
}
