//! An authenticator that knows one app, and how one may slip.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use tokensmith::{
    AccessToken, AppCredentials, AuthenticateError, Authenticator, Context, RefreshToken,
    RejectReason, TokenSet, TokenType, UpstreamKind,
};

use crate::one_moment;

/// Knows one app, with a flaw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slip {
    None,
    Trims,
    IgnoresCase,
    JoinsIdAndSecret,
    TakesAPrefix,
    FaultsOnUnknown,
    TellsTheSecret,
    EmptyToken,
    TooShortALife,
    ReadsTheRequestId,
    OnceOnly,
}

pub(crate) const SLIPS: [Slip; 10] = [
    Slip::Trims,
    Slip::IgnoresCase,
    Slip::JoinsIdAndSecret,
    Slip::TakesAPrefix,
    Slip::FaultsOnUnknown,
    Slip::TellsTheSecret,
    Slip::EmptyToken,
    Slip::TooShortALife,
    Slip::ReadsTheRequestId,
    Slip::OnceOnly,
];

pub(crate) struct OneApp {
    slip: Slip,
    calls: Mutex<u32>,
}

impl OneApp {
    pub(crate) fn new(slip: Slip) -> Self {
        Self { slip, calls: Mutex::default() }
    }
}

pub(crate) const RIGHT: (&str, &str) = ("appcl-1234", "34wegskgheaorht359ynklbnv");

#[async_trait]
impl Authenticator for OneApp {
    async fn authenticate(
        &self,
        cx: &Context,
        credentials: &AppCredentials,
    ) -> Result<TokenSet, AuthenticateError> {
        let calls = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        one_moment().await;
        let (id, secret) = (credentials.id.as_str(), credentials.secret.expose_secret());
        let is_right = match self.slip {
            Slip::Trims => (id.trim(), secret.trim()) == RIGHT,
            Slip::IgnoresCase => id == RIGHT.0 && secret.eq_ignore_ascii_case(RIGHT.1),
            Slip::JoinsIdAndSecret => format!("{id}{secret}") == RIGHT.0.to_owned() + RIGHT.1,
            Slip::TakesAPrefix => id == RIGHT.0 && secret.starts_with(RIGHT.1),
            Slip::ReadsTheRequestId => (id, secret) == RIGHT && cx.request_id.is_none(),
            Slip::OnceOnly => (id, secret) == RIGHT && calls == 1,
            _ => (id, secret) == RIGHT,
        };
        match self.slip {
            Slip::FaultsOnUnknown if id != RIGHT.0 => {
                return Err(AuthenticateError::upstream(UpstreamKind::Store, "no such row"));
            }
            Slip::TellsTheSecret if secret.starts_with("canary") => {
                return Err(AuthenticateError::upstream(
                    UpstreamKind::Other,
                    format!("not {secret}"),
                ));
            }
            _ if !is_right => {
                return Err(AuthenticateError::Rejected(RejectReason::BadCredentials));
            }
            _ => {}
        }
        let life = if self.slip == Slip::TooShortALife { 0 } else { 3_600 };
        Ok(TokenSet {
            access_token: AccessToken::new(if self.slip == Slip::EmptyToken { "" } else { "a" }),
            expires_in: Duration::from_secs(life),
            token_type: TokenType::Bearer,
            refresh_token: Some(RefreshToken::new("r")),
            id_token: None,
        })
    }
}
