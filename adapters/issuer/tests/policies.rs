//! What the tokens of an app say by its policy, and how long they live.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use futures_executor::block_on;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokensmith::{AppClientId, Refresher as _, TokenSet};
use tokensmith_issuer::{AdminError, AppPolicy, Audience, ExtraClaims, Issuer, Scope};

mod support;
use support::other::Other;
use support::{STORE, ask, claims, credentials, now, open, within_a_second};

fn policy(change: impl FnOnce(&mut AppPolicy)) -> AppPolicy {
    let mut policy = AppPolicy::default();
    change(&mut policy);
    policy
}

fn scope(text: &str) -> AppPolicy {
    policy(|policy| policy.scope = Some(Scope::parse(text).unwrap()))
}

/// By a verifier that others wrote.
fn verified(issuer: &Issuer, tokens: &TokenSet, audience: &str) -> Option<Value> {
    verified_text(issuer, tokens.access_token.expose_secret(), audience)
}

fn verified_text(issuer: &Issuer, token: &str, audience: &str) -> Option<Value> {
    let set: JwkSet = serde_json::from_str(&issuer.admin().jwks()).unwrap();
    let key = DecodingKey::from_jwk(&set.keys[0]).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[audience]);
    Some(decode(token, &key, &validation).ok()?.claims)
}

fn lives_as_it_says(tokens: &TokenSet, seconds: u64) {
    let claims = claims(tokens);
    assert_eq!(tokens.expires_in, Duration::from_secs(seconds));
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), seconds);
}

#[test]
fn a_token_says_what_the_policy_says_to_a_verifier_that_others_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let admin = issuer.admin();
    let [app, other] = ["one", "two"].map(|name| credentials(&admin.create_app(name).unwrap()));
    assert_eq!(admin.app_policy(&app.id).unwrap(), AppPolicy::default());
    let full = policy(|policy| {
        policy.audience = Some(Audience::new(["https://a.example", "https://b.example"]).unwrap());
        policy.scope = Some(Scope::parse("read write").unwrap());
        policy.claims = ExtraClaims::parse(r#"{"tenant": "acme", "roles": ["x"]}"#).unwrap();
        policy.token_life = Some(Duration::from_mins(5));
    });
    admin.set_app_policy(&app.id, &full).unwrap();
    assert_eq!(admin.app_policy(&app.id).unwrap(), full);
    let tokens = ask(&issuer, &app).unwrap();
    lives_as_it_says(&tokens, 300);
    for audience in ["https://a.example", "https://b.example"] {
        let claims = verified(&issuer, &tokens, audience).unwrap();
        assert_eq!(claims["scope"], "read write");
        assert_eq!((&claims["tenant"], &claims["roles"]), (&json!("acme"), &json!(["x"])));
        assert_eq!(claims["sub"], format!("app:{}", app.id));
    }
    assert_eq!(verified(&issuer, &tokens, "https://api.example"), None, "the issuer's own");
    let token = tokens.access_token.expose_secret();
    assert!(admin.verify_access_token(token).is_err());
    let ours = admin.verify_access_token_for("https://b.example", token).unwrap();
    assert_eq!(ours.scope, full.scope);
    assert_eq!(ours.audience, full.audience.clone().unwrap());
    assert_eq!(ours.claims, full.claims);
    let plain = ask(&issuer, &other).unwrap();
    lives_as_it_says(&plain, 3_600);
    let names: Vec<_> = claims(&plain).as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["aud", "client_id", "exp", "iat", "iss", "jti", "sub"]);
    admin.set_app_policy(&app.id, &AppPolicy::default()).unwrap();
    assert_eq!(claims(&ask(&issuer, &app).unwrap())["aud"], "https://api.example");
}

#[test]
fn a_refresh_gives_what_the_policy_says_by_then() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let app = credentials(&issuer.admin().create_app("one").unwrap());
    issuer.admin().set_app_policy(&app.id, &scope("read write")).unwrap();
    let tokens = ask(&issuer, &app).unwrap();
    let less = policy(|policy| {
        policy.scope = Some(Scope::parse("read").unwrap());
        policy.token_life = Some(Duration::from_secs(60));
    });
    issuer.admin().set_app_policy(&app.id, &less).unwrap();
    let token = tokens.refresh_token.unwrap();
    let tokens = block_on(issuer.redeem(&now(), &app, &token)).unwrap();
    assert_eq!(claims(&tokens)["scope"], "read");
    lives_as_it_says(&tokens, 60);
}

#[test]
fn an_id_token_comes_by_policy_alone_and_at_a_refresh_too() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let app = credentials(&issuer.admin().create_app("one").unwrap());
    assert!(ask(&issuer, &app).unwrap().id_token.is_none());
    let with = policy(|policy| {
        policy.id_token = Some(ExtraClaims::parse(r#"{"name": "Billing"}"#).unwrap());
        policy.token_life = Some(Duration::from_mins(5));
    });
    issuer.admin().set_app_policy(&app.id, &with).unwrap();
    let tokens = ask(&issuer, &app).unwrap();
    let again = tokens.refresh_token.clone().unwrap();
    let again = block_on(issuer.redeem(&now(), &app, &again)).unwrap();
    for tokens in [tokens, again] {
        let id_token = tokens.id_token.as_ref().unwrap().expose_secret();
        let claims = verified_text(&issuer, id_token, app.id.as_str()).unwrap();
        assert_eq!(claims["sub"], format!("app:{}", app.id));
        assert_eq!(claims["name"], "Billing");
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 300);
        assert!(issuer.admin().verify_access_token_for(app.id.as_str(), id_token).is_err());
    }
}

#[test]
fn tokens_by_a_policy_are_one_of_a_kind() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let app = credentials(&issuer.admin().create_app("one").unwrap());
    issuer.admin().set_app_policy(&app.id, &scope("read")).unwrap();
    let ids: BTreeSet<_> = (0..100)
        .map(|_| claims(&ask(&issuer, &app).unwrap())["jti"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 100);
}

#[test]
fn a_policy_by_another_process_is_in_force_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let app = credentials(&issuer.admin().create_app("one").unwrap());
    Other::start(folder.path(), &format!("allow {} read", app.id)).end();
    assert!(within_a_second(|| claims(&ask(&issuer, &app).unwrap())["scope"] == "read"));
}

#[test]
fn what_is_out_of_bounds_or_of_nobody_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let admin = issuer.admin();
    let app = admin.create_app("one").unwrap().id;
    for (bad, wanted) in [
        (policy(|policy| policy.token_life = Some(Duration::from_secs(59))), "token_life"),
        (policy(|policy| policy.token_life = Some(Duration::from_hours(25))), "token_life"),
        (scope(&"x".repeat(AppPolicy::MAX_BYTES + 1)), "policy"),
    ] {
        match admin.set_app_policy(&app, &bad) {
            Err(AdminError::Invalid { name, .. }) => assert_eq!(name, wanted),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(admin.app_policy(&app).unwrap(), AppPolicy::default());
    let nobody = AppClientId::new("appcl-00000000000000000000").unwrap();
    assert!(matches!(admin.app_policy(&nobody), Err(AdminError::NotFound)));
    let set = admin.set_app_policy(&nobody, &AppPolicy::default());
    assert!(matches!(set, Err(AdminError::NotFound)));
}

#[test]
fn the_policy_of_an_app_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let admin = open(folder.path()).admin();
    let app = admin.create_app("one").unwrap().id;
    let rows = || {
        let connection = Connection::open(folder.path().join(STORE)).unwrap();
        let sql = "SELECT count(*) FROM app_policies";
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(rows(), 1);
    admin.delete_app(&app).unwrap();
    assert_eq!(rows(), 0);
}
