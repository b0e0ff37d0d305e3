//! A body in and a body out, without limits and signatures: ours, and a derived type of
//! `serde_json`, which accepts what the contract does not (an array for the object, a key twice,
//! nesting without end).

use futures_executor::block_on;
use serde::{Deserialize, Serialize};
use tokensmith::{
    AccessToken, LimitPolicy, Presented, RefreshToken, TokenRequest, TokenResponse, TokenService,
    TokenSet, TokenType, authenticator_fn,
};

pub(crate) const BODY: &[u8] =
    br#"{"appClientId": "appcl-1234", "appSecret": "34wegskgheaorht359ynklbnv"}"#;

pub(crate) fn request(body: &[u8]) -> TokenRequest<'_> {
    TokenRequest { body, content_type: Some("application/json"), source: None, request_id: None }
}

pub(crate) fn parse(body: &[u8]) -> Presented {
    request(body).parse().unwrap()
}

/// A service that limits nobody and gives everyone the same tokens.
pub(crate) fn service() -> TokenService {
    let authenticator = authenticator_fn(|_cx, _credentials| async {
        Ok(TokenSet {
            access_token: AccessToken::new(token()),
            expires_in: std::time::Duration::from_secs(3_600),
            token_type: TokenType::Bearer,
            refresh_token: Some(RefreshToken::new("r".repeat(121))),
            id_token: None,
        })
    });
    let unlimited = LimitPolicy {
        source: None,
        client_at_source: None,
        client: None,
        global: None,
        ..LimitPolicy::default()
    };
    TokenService::builder(authenticator).limit_policy(unlimited).build().unwrap()
}

pub(crate) fn answer(service: &TokenService, body: &[u8]) -> TokenResponse {
    block_on(service.handle(request(body)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Body {
    pub(crate) app_client_id: String,
    pub(crate) app_secret: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Answer<'a> {
    pub(crate) access_token: &'a str,
    pub(crate) expires_in: u64,
    pub(crate) token_type: &'a str,
    pub(crate) refresh_token: &'a str,
}

pub(crate) fn plain_parse(body: &[u8]) -> Body {
    serde_json::from_slice(body).unwrap()
}

pub(crate) fn plain_answer(body: &[u8]) -> Vec<u8> {
    let body = plain_parse(body);
    assert!(!body.app_client_id.is_empty() && !body.app_secret.is_empty());
    let answer = Answer {
        access_token: &token(),
        expires_in: 3_600,
        token_type: "Bearer",
        refresh_token: &"r".repeat(121),
    };
    serde_json::to_vec(&answer).unwrap()
}

/// As long as an access token is.
fn token() -> String {
    "t".repeat(520)
}
