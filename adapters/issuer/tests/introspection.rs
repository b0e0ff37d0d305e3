//! What an app is told of a token, and what it may revoke.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use futures_executor::block_on;
use rusqlite::Connection;
use tokensmith::{
    AppClientId, AppCredentials, AuthenticateError, Authenticator as _, Errand, RejectReason,
    SecretString, TokenSet, UnixTime, UpstreamKind,
};
use tokensmith_issuer::{
    ActiveToken, AppPolicy, Audience, ExtraClaims, Introspect, Revocation, Revoke, Scope, TokenKind,
};

mod support;
use support::LEDGER;
use support::redeeming::{BOTH, DAY, Kind, NOW, SECOND, Scene, open, text};

fn issue(scene: &Scene, app: &AppCredentials) -> TokenSet {
    block_on(scene.issuer.authenticate(&scene.cx(), app)).unwrap()
}

fn told(scene: &Scene, app: &AppCredentials, token: &str) -> Option<ActiveToken> {
    block_on(scene.issuer.admin().introspect(&app.id, token)).unwrap()
}

#[test]
fn an_access_token_is_told_of_to_any_app_until_its_end() {
    let scene = Scene::new(Kind::Memory);
    let token = issue(&scene, &scene.app).access_token;
    let token = token.expose_secret();
    for app in [&scene.app, &scene.other] {
        let active = told(&scene, app, token).unwrap();
        assert_eq!((active.kind, &active.app), (TokenKind::Access, &scene.app.id));
        assert_eq!(active.subject, format!("app:{}", scene.app.id));
        assert_eq!(active.issuer, "https://issuer.example");
        assert!(active.audience.unwrap().includes("https://api.example"));
        assert_eq!(active.token_id.unwrap().len(), 22);
        assert_eq!(active.issued, UnixTime::from_secs(NOW));
        assert_eq!(active.expires, UnixTime::from_secs(NOW.saturating_add(3_600)));
    }
    scene.at(3_599 * SECOND);
    assert!(told(&scene, &scene.app, token).is_some());
    scene.at(3_600 * SECOND);
    assert_eq!(told(&scene, &scene.app, token), None, "no minute more");
}

#[test]
fn what_an_app_s_policy_adds_is_told_too() {
    let scene = Scene::new(Kind::Memory);
    let mut policy = AppPolicy::default();
    policy.audience = Some(Audience::new(["https://a.example", "https://b.example"]).unwrap());
    policy.scope = Some(Scope::parse("read write").unwrap());
    policy.claims = ExtraClaims::parse(r#"{"tenant":"acme"}"#).unwrap();
    scene.issuer.admin().set_app_policy(&scene.app.id, &policy).unwrap();
    let token = issue(&scene, &scene.app).access_token;
    let active = told(&scene, &scene.other, token.expose_secret()).unwrap();
    assert_eq!((active.audience, active.scope), (policy.audience, policy.scope));
    assert_eq!(active.claims.to_json(), r#"{"tenant":"acme"}"#);
    let revoked = block_on(scene.issuer.admin().revoke_token(&scene.app.id, token.expose_secret()));
    assert_eq!(revoked.unwrap(), Revocation::Unsupported, "whomever it is for");
}

#[test]
fn a_token_of_an_app_that_may_have_none_is_not_active() {
    for kind in BOTH {
        let scene = Scene::new(kind);
        let admin = scene.issuer.admin();
        let tokens = issue(&scene, &scene.app);
        let (access, refresh) = (tokens.access_token.expose_secret(), text(&tokens));
        let both = || {
            let access = told(&scene, &scene.other, access).is_some();
            let refresh = block_on(admin.introspect(&scene.app.id, &refresh));
            (access, refresh.map(|active| active.is_some()).map_err(|error| error.code()))
        };
        assert_eq!(both(), (true, Ok(true)), "{kind:?}");
        admin.disable_app(&scene.app.id).unwrap();
        assert_eq!(both(), (false, Ok(false)), "{kind:?}");
        admin.enable_app(&scene.app.id).unwrap();
        assert_eq!(both(), (true, Ok(true)), "{kind:?}");
        admin.delete_app(&scene.app.id).unwrap();
        assert_eq!(both(), (false, Err("ERR_ADMIN_NOT_FOUND")), "{kind:?}");
    }
}

#[test]
fn a_refresh_token_is_told_of_to_its_own_app_alone_as_long_as_it_would_be_redeemed() {
    for kind in BOTH {
        let scene = Scene::new(kind);
        let first = scene.issue();
        let active = told(&scene, &scene.app, &first).unwrap();
        assert_eq!((active.kind, &active.app), (TokenKind::Refresh, &scene.app.id));
        assert_eq!(active.expires.as_secs(), NOW.saturating_add((7 * DAY).as_secs()));
        assert_eq!((active.audience, active.scope, active.token_id), (None, None, None));
        assert_eq!(told(&scene, &scene.other, &first), None, "{kind:?}: another's is none");
        let second = scene.redeem(&first).unwrap();
        let third = scene.redeem(&second).unwrap();
        assert_eq!(told(&scene, &scene.app, &first), None, "{kind:?}: used up");
        assert!(told(&scene, &scene.app, &third).is_some(), "{kind:?}: to ask ends no family");
        scene.at(7 * DAY);
        assert_eq!(told(&scene, &scene.app, &third), None, "{kind:?}: past its time");
        for text in ["", "tsrt_", "a.b.c", &"x".repeat(100_000), "\u{0}"] {
            assert_eq!(told(&scene, &scene.app, text), None, "{text:.9}");
        }
    }
}

#[test]
fn a_revocation_is_of_a_refresh_token_and_of_its_own_app() {
    for kind in BOTH {
        let scene = Scene::new(kind);
        let admin = scene.issuer.admin();
        let tokens = issue(&scene, &scene.app);
        let (access, refresh) = (tokens.access_token.expose_secret(), text(&tokens));
        let revoke = |app: &AppCredentials, token: &str| {
            block_on(admin.revoke_token(&app.id, token)).unwrap()
        };
        assert_eq!(revoke(&scene.other, &refresh), Revocation::Done);
        assert!(told(&scene, &scene.app, &refresh).is_some(), "{kind:?}: not by another");
        assert_eq!(revoke(&scene.app, "nothing"), Revocation::Done);
        assert_eq!(revoke(&scene.app, access), Revocation::Unsupported);
        assert!(told(&scene, &scene.app, access).is_some(), "{kind:?}: it lives to its end");
        assert_eq!(revoke(&scene.app, &refresh), Revocation::Done);
        assert_eq!(told(&scene, &scene.app, &refresh), None);
        assert_eq!(scene.redeem(&refresh), Err(RejectReason::RefreshRevoked));
        scene.at(Duration::from_secs(7_200));
        assert_eq!(revoke(&scene.app, access), Revocation::Done, "{kind:?}: past its end");
        let nobody = AppClientId::new("appcl-nobody").unwrap();
        let refused = block_on(admin.revoke_token(&nobody, access)).unwrap_err();
        assert_eq!(refused.code(), "ERR_ADMIN_NOT_FOUND");
    }
}

#[test]
fn a_ledger_that_fails_is_no_answer() {
    let scene = Scene::new(Kind::Sqlite);
    let admin = scene.issuer.admin();
    let first = scene.issue();
    scene.redeem(&first).unwrap();
    let connection = Connection::open(scene.folder.path().join(LEDGER)).unwrap();
    connection.execute("UPDATE families SET tag = zeroblob(32)", []).unwrap();
    let asked = block_on(admin.introspect(&scene.app.id, &first)).unwrap_err();
    assert_eq!(asked.code(), "ERR_ADMIN_STORE");
    let asked = block_on(admin.revoke_token(&scene.app.id, &first)).unwrap_err();
    assert_eq!(asked.code(), "ERR_ADMIN_STORE", "a storage error is never a success");
}

/// Both errands judge whoever asks, before anything else.
#[test]
fn an_errand_is_for_the_app_with_its_secret() {
    let scene = Scene::new(Kind::Sqlite);
    let token = scene.issue();
    let Scene { folder, clock, issuer, app, other } = scene;
    drop(issuer);
    let issuer = Arc::new(open(folder.path(), &clock));
    let secret = || SecretString::from(token.as_str());
    let introspect = || Introspect::new(Arc::clone(&issuer), secret());
    let revoke = || Revoke::new(Arc::clone(&issuer), secret());
    let cx = support::now();
    let cx = tokensmith::Context::new(UnixTime::from_secs(NOW), cx.tick);
    let wrong = support::shown(app.id.as_str(), "not its secret");
    let nobody = support::shown("appcl-nobody", "x");
    for (shown, reason) in
        [(&wrong, RejectReason::WrongSecret), (&nobody, RejectReason::UnknownClient)]
    {
        assert_eq!(refused(block_on(introspect().run(&cx, shown))), reason);
        assert_eq!(refused(block_on(revoke().run(&cx, shown))), reason);
    }
    assert!(block_on(introspect().run(&cx, &app)).unwrap().is_some());
    assert!(block_on(introspect().run(&cx, &other)).unwrap().is_none());
    issuer.admin().disable_app(&app.id).unwrap();
    assert_eq!(refused(block_on(revoke().run(&cx, &app))), RejectReason::Disabled);
    issuer.admin().enable_app(&app.id).unwrap();
    assert_eq!(block_on(revoke().run(&cx, &app)).unwrap(), Revocation::Done);
    assert!(block_on(introspect().run(&cx, &app)).unwrap().is_none());
    let said = format!("{:?} {:?}", introspect(), revoke());
    assert!(!said.contains(&token), "{said}");
    let connection = Connection::open(folder.path().join(LEDGER)).unwrap();
    connection.execute("UPDATE ledger SET tag = zeroblob(32)", []).unwrap();
    for answer in [
        block_on(introspect().run(&cx, &app)).map(drop),
        block_on(revoke().run(&cx, &app)).map(drop),
    ] {
        let error = answer.unwrap_err();
        let is_fault =
            matches!(error, AuthenticateError::Upstream { kind: UpstreamKind::Store, .. });
        assert!(is_fault, "{error:?}");
    }
}

fn refused<T>(answer: Result<T, AuthenticateError>) -> RejectReason {
    match answer {
        Err(AuthenticateError::Rejected(reason)) => reason,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was done"),
    }
}
