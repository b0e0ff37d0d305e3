//! The tokens, as one who did not make them sees them; and who gets none.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use futures_executor::block_on;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;
use tokensmith::{
    AuthenticateError, Authenticator as _, Context, NoObserver, RejectReason, SystemClock, Tick,
    TokenSet, TokenType, UnixTime,
};
use tokensmith_issuer::Issuer;

mod support;
use support::{ask, credentials, now, open, shown};

fn verified(issuer: &Issuer, tokens: &TokenSet) -> Value {
    verified_by(Algorithm::ES256, issuer, tokens)
}

/// By a verifier that others wrote.
fn verified_by(algorithm: Algorithm, issuer: &Issuer, tokens: &TokenSet) -> Value {
    let token = tokens.access_token.expose_secret();
    let set: JwkSet = serde_json::from_str(&issuer.admin().jwks()).unwrap();
    let header = decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&["https://issuer.example"]);
    validation.set_audience(&["https://api.example"]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    decode::<Value>(token, &key, &validation).unwrap().claims
}

#[test]
fn a_token_verifies_against_the_published_keys() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let app = issuer.admin().create_app("billing").unwrap();
    let cx = now();
    let tokens = block_on(issuer.authenticate(&cx, &credentials(&app))).unwrap();
    let claims = verified(&issuer, &tokens);
    assert_eq!(claims["sub"], format!("app:{}", app.id));
    assert_eq!(claims["client_id"], app.id.as_str());
    assert_eq!(claims["iat"], cx.wall.as_secs());
    assert_eq!(claims["exp"], cx.wall.as_secs() + 3_600);
    assert_eq!(tokens.expires_in, Duration::from_secs(3_600));
    assert_eq!(tokens.token_type, TokenType::Bearer);
    assert!(tokens.refresh_token.as_ref().unwrap().expose_secret().starts_with("tsrt_"));
    assert!(tokens.defect(tokensmith::Presence::Require).is_none());
}

#[test]
fn each_algorithm_verifies_against_its_published_key() {
    for (algorithm, theirs) in [
        (tokensmith_issuer::Algorithm::Es256, Algorithm::ES256),
        (tokensmith_issuer::Algorithm::EdDsa, Algorithm::EdDSA),
        (tokensmith_issuer::Algorithm::Rs256, Algorithm::RS256),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = support::settings(folder.path());
        settings.algorithm = algorithm;
        let open = || {
            let clock = Arc::new(SystemClock::new());
            Issuer::open(settings.clone(), clock, Arc::new(NoObserver)).unwrap()
        };
        let issuer = open();
        let app = credentials(&issuer.admin().create_app("billing").unwrap());
        let tokens = ask(&issuer, &app).unwrap();
        assert_eq!(verified_by(theirs, &issuer, &tokens)["client_id"], app.id.as_str());
        let jwks = issuer.admin().jwks();
        let set: Value = serde_json::from_str(&jwks).unwrap();
        assert_eq!(set["keys"][0]["alg"], algorithm.as_str());
        let private = ["d", "p", "q", "dp", "dq", "qi", "k"];
        assert!(private.iter().all(|name| set["keys"][0].get(name).is_none()), "{set}");
        drop(issuer);
        assert_eq!(open().admin().jwks(), jwks, "it is kept");
    }
}

#[test]
fn no_two_tokens_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let app = credentials(&issuer.admin().create_app("billing").unwrap());
    let (one, two) = (ask(&issuer, &app).unwrap(), ask(&issuer, &app).unwrap());
    assert_ne!(verified(&issuer, &one)["jti"], verified(&issuer, &two)["jti"]);
    let refresh = |tokens: &TokenSet| tokens.refresh_token.clone().unwrap();
    assert_ne!(refresh(&one).expose_secret(), refresh(&two).expose_secret());
}

#[test]
fn each_reason_to_refuse_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let admin = issuer.admin();
    let (app, other) = (admin.create_app("a").unwrap(), admin.create_app("b").unwrap());
    let reason = |id: &str, secret: &str| match ask(&issuer, &shown(id, secret)) {
        Err(AuthenticateError::Rejected(reason)) => Some(reason),
        Ok(_) => None,
        Err(error) => panic!("{error}"),
    };
    let (id, secret) = (app.id.as_str(), app.secret.expose_secret());
    assert_eq!(reason(id, secret), None);
    assert_eq!(reason("appcl-00000000000000000000", secret), Some(RejectReason::UnknownClient));
    assert_eq!(reason(id, other.secret.expose_secret()), Some(RejectReason::WrongSecret));
    assert_eq!(reason(&id.to_uppercase(), secret), Some(RejectReason::UnknownClient));
    assert_eq!(reason(id, &format!("{secret} ")), Some(RejectReason::WrongSecret));
    assert_eq!(reason(id, &"x".repeat(1_024)), Some(RejectReason::WrongSecret));
    admin.disable_app(&app.id).unwrap();
    assert_eq!(reason(id, secret), Some(RejectReason::Disabled));
    assert_eq!(reason(id, "wrong"), Some(RejectReason::WrongSecret));
    admin.enable_app(&app.id).unwrap();
    assert_eq!(reason(id, secret), None);
}

#[test]
fn the_wall_clock_of_the_call_dates_its_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let app = credentials(&issuer.admin().create_app("billing").unwrap());
    for seconds in [0, 1, 4_000_000_000] {
        let cx = Context::new(UnixTime::from_secs(seconds), Tick::from_nanos(0));
        let tokens = block_on(issuer.authenticate(&cx, &app)).unwrap();
        let claims = tokens.access_token.expose_secret().split('.').nth(1).unwrap().to_owned();
        let claims =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims);
        let claims: Value = serde_json::from_slice(&claims.unwrap()).unwrap();
        assert_eq!(claims["iat"], seconds);
        assert_eq!(claims["exp"], seconds + tokens.expires_in.as_secs());
    }
    let end = Context::new(UnixTime::from_secs(u64::MAX - 1), Tick::from_nanos(0));
    let refused = block_on(issuer.authenticate(&end, &app));
    assert!(matches!(refused, Err(AuthenticateError::Upstream { .. })), "{refused:?}");
}
