//! The redeeming of refresh tokens walks the same path as the issuing of tokens.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod scene;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_executor::block_on;
use scene::{SECRET, Scene, poll_once, source, tokens};
use tokensmith::{
    AppCredentials, AuthenticateError, Context, Invalid, Member, Presented, RefreshError,
    RefreshToken, Refresher, RejectReason, TokenError, TokenRequest, TokenResponse, TokenSet,
};

const TOKEN: &str = "a-good-token";

/// Redeems [`TOKEN`] for the app that shows the right secret, and counts how often it is asked.
#[derive(Clone, Default)]
struct Exchange(Arc<AtomicU32>);

#[async_trait]
impl Refresher for Exchange {
    async fn redeem(
        &self,
        _: &Context,
        credentials: &AppCredentials,
        token: &RefreshToken,
    ) -> Result<TokenSet, AuthenticateError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        match (credentials.secret.expose_secret(), token.expose_secret()) {
            (SECRET, TOKEN) => Ok(tokens()),
            (SECRET, "hang") => std::future::pending().await,
            (SECRET, _) => Err(AuthenticateError::Rejected(RejectReason::RefreshUnknown)),
            _ => Err(AuthenticateError::Rejected(RejectReason::WrongSecret)),
        }
    }
}

struct Refreshing {
    scene: Scene,
    exchange: Exchange,
}

impl Refreshing {
    fn new() -> Self {
        let exchange = Exchange::default();
        let one = NonZeroU32::MIN;
        let scene = Scene::new(|b| b.refresher(exchange.clone()).max_in_flight(one));
        Self { scene, exchange }
    }

    fn asked(&self) -> u32 {
        self.exchange.0.load(Ordering::SeqCst)
    }

    /// Waits until no bucket remembers anything.
    fn calm(&self) {
        self.scene.clock.advance(Duration::from_secs(600));
    }

    fn refresh(&self, app: &str, secret: &str, token: &str) -> Result<(), RefreshError> {
        let presented = Presented::new(app, secret.into());
        let token = RefreshToken::new(token);
        block_on(self.scene.service.refresh(presented, token, Some(source(1)))).map(drop)
    }

    fn handle(&self, body: &str) -> TokenResponse {
        handle(&self.scene, body)
    }
}

fn handle(scene: &Scene, body: &str) -> TokenResponse {
    block_on(scene.service.handle_refresh(TokenRequest {
        body: body.as_bytes(),
        content_type: Some("application/json"),
        source: Some(source(1)),
        request_id: None,
    }))
}

fn body(secret: &str, token: &str) -> String {
    format!(r#"{{"appClientId":"app","appSecret":"{secret}","refreshToken":"{token}"}}"#)
}

const UNAUTHORIZED: RefreshError = RefreshError::Token(TokenError::Unauthorized);

#[test]
fn a_good_token_gives_tokens_and_another_does_not() {
    let refreshing = Refreshing::new();
    assert!(refreshing.scene.service.can_refresh());
    assert_eq!(refreshing.refresh("app", SECRET, TOKEN), Ok(()));
    assert_eq!(refreshing.scene.names.take(), ["issued"]);
    let response = refreshing.handle(&body(SECRET, TOKEN));
    assert_eq!(response.status().code(), 200);
    refreshing.scene.names.take();
    for (secret, token) in [("wrong", TOKEN), (SECRET, "another")] {
        refreshing.calm();
        assert_eq!(refreshing.refresh("app", secret, token), Err(UNAUTHORIZED));
        assert_eq!(refreshing.scene.names.take(), ["rejected"]);
    }
}

#[test]
fn a_refusal_is_the_same_bytes_as_that_of_wrong_credentials() {
    let refreshing = Refreshing::new();
    let refused = [(SECRET, "another"), ("wrong", TOKEN), ("", TOKEN), (SECRET, "")];
    let answers = refused.map(|(secret, token)| {
        refreshing.calm();
        refreshing.handle(&body(secret, token))
    });
    for answer in &answers {
        assert_eq!(answer.status().code(), 401);
        assert_eq!(answer.body(), answers[0].body());
        assert!(answer.headers().eq(answers[0].headers()));
    }
}

#[test]
fn a_token_that_nobody_gives_is_refused_without_a_question_and_charged_as_a_failure() {
    let refreshing = Refreshing::new();
    let long = "t".repeat(RefreshToken::MAX_BYTES + 1);
    for token in ["", "two\nlines", "\u{7f}", "\u{85}", &long] {
        assert_eq!(refreshing.refresh("app", SECRET, token), Err(UNAUTHORIZED), "{token:.9}");
        assert_eq!(refreshing.scene.names.take(), ["rejected"]);
        // Each failure empties the bucket of the app at this source.
        let limited = refreshing.refresh("app", SECRET, TOKEN);
        assert!(
            matches!(limited, Err(RefreshError::Token(TokenError::RateLimited { .. }))),
            "{limited:?}"
        );
        refreshing.scene.names.take();
        refreshing.calm();
    }
    assert_eq!(refreshing.asked(), 0);
    let longest = "t".repeat(RefreshToken::MAX_BYTES);
    assert_eq!(refreshing.refresh("app", SECRET, &longest), Err(UNAUTHORIZED));
    assert_eq!(refreshing.asked(), 1);
}

#[test]
fn refreshing_and_issuing_share_their_limits() {
    let refreshing = Refreshing::new();
    for _ in 0..5 {
        assert_eq!(refreshing.refresh("app", SECRET, TOKEN), Ok(()));
    }
    assert!(refreshing.scene.wait("app", SECRET, 1).is_some(), "five of five are spent");
    refreshing.scene.clock.advance(Duration::from_secs(60));
    assert_eq!(refreshing.refresh("app", "wrong", TOKEN), Err(UNAUTHORIZED));
    assert!(refreshing.scene.wait("app", SECRET, 1).is_some(), "a failure costs as many");
    assert_eq!(refreshing.asked(), 6);
}

#[test]
fn refreshing_and_issuing_share_their_places() {
    let refreshing = Refreshing::new();
    let service = &refreshing.scene.service;
    let hanging = service.refresh(
        Presented::new("app", SECRET.into()),
        RefreshToken::new("hang"),
        Some(source(1)),
    );
    let mut hanging = Box::pin(hanging);
    assert!(poll_once(hanging.as_mut()).is_pending());
    assert_eq!(service.in_flight(), 1);
    assert!(matches!(
        refreshing.scene.ask("app", SECRET, 2),
        Err(TokenError::RateLimited { retry_after, .. }) if retry_after == Duration::from_secs(1)
    ));
    drop(hanging);
    assert_eq!(service.in_flight(), 0);
    assert_eq!(refreshing.scene.names.take(), ["rate_limited", "cancelled"]);
}

#[test]
fn a_body_that_does_not_conform_is_a_422_and_costs_only_its_source() {
    let refreshing = Refreshing::new();
    for (body, reason) in [
        (r#"{"appClientId":"app","appSecret":"right"}"#, Invalid::Missing(Member::RefreshToken)),
        (
            r#"{"appClientId":"app","appSecret":"right","refreshToken":null}"#,
            Invalid::NotAString(Member::RefreshToken),
        ),
        (r#"{"refreshToken":"t","appSecret":"right"}"#, Invalid::Missing(Member::AppClientId)),
        (r#"{"refreshToken":1}"#, Invalid::Missing(Member::AppClientId)),
        (
            r#"{"appClientId":"a","appSecret":"b","refreshToken":"c","refreshToken":"c"}"#,
            Invalid::Repeated,
        ),
    ] {
        let response = refreshing.handle(body);
        assert_eq!(response.status().code(), 422);
        assert_eq!(response.body(), reason.phrase().as_bytes(), "{body}");
        assert_eq!(refreshing.scene.names.take(), ["invalid"]);
    }
    assert_eq!(refreshing.asked(), 0);
}

#[test]
fn the_longest_body_is_24_kib() {
    let refreshing = Refreshing::new();
    let fill = |length: usize| {
        let mut body = body(SECRET, TOKEN);
        body.push_str(&" ".repeat(length.checked_sub(body.len()).unwrap()));
        body
    };
    let longest = fill(TokenRequest::MAX_REFRESH_BODY_BYTES);
    assert_eq!(refreshing.handle(&longest).status().code(), 200);
    let response = refreshing.handle(&format!("{longest} "));
    assert_eq!(response.body(), Invalid::TooLarge.phrase().as_bytes());
    // The token's own bound is within it, and that of a body without one stays.
    let token = "t".repeat(RefreshToken::MAX_BYTES + 1);
    assert_eq!(refreshing.handle(&body(SECRET, &token)).status().code(), 401);
    let request = TokenRequest {
        body: longest.as_bytes(),
        content_type: Some("application/json"),
        source: None,
        request_id: None,
    };
    assert_eq!(request.parse().unwrap_err(), Invalid::TooLarge);
}

#[test]
fn without_a_refresher_nothing_is_redeemed() {
    let scene = Scene::new(|builder| builder);
    assert!(!scene.service.can_refresh());
    let refresh = || {
        let presented = Presented::new("app", SECRET.into());
        block_on(scene.service.refresh(presented, RefreshToken::new(TOKEN), Some(source(1))))
    };
    for _ in 0..9 {
        assert_eq!(refresh().unwrap_err(), RefreshError::NotConfigured);
    }
    assert_eq!(scene.names.take(), [""; 0]);
    assert_eq!(scene.ask("app", SECRET, 1), Ok(()), "nothing was charged");
    scene.names.take();
    assert_eq!(handle(&scene, &body(SECRET, TOKEN)).status().code(), 502);
    assert_eq!(scene.names.take(), ["downstream_failed config"]);
}
