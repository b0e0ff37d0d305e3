//! What a host's source of claims adds to tokens, and what becomes of one that errs.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::future::pending;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_executor::block_on;
use rusqlite::Connection;
use tokensmith::{
    AppClientId, AppCredentials, AuthenticateError, Authenticator as _, Context, LimitPolicy,
    RefreshToken, Refresher as _, RejectReason, Sleep, Source, Timer, TokenError, TokenService,
    TokenSet, UpstreamKind,
};
use tokensmith_issuer::{AppPolicy, ClaimsSource, ClaimsSourceError, ExtraClaims, Issuer, Scope};

mod support;
use support::{LEDGER, ask, claims, credentials, now, settings, shown};

/// Does what it is told, and notes for whom it was asked.
#[derive(Clone, Default)]
struct Told {
    answer: Arc<Mutex<Answer>>,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Default)]
enum Answer {
    #[default]
    Nothing,
    Claims(String),
    Failure,
    Silence,
    Panic,
}

#[async_trait]
impl ClaimsSource for Told {
    async fn claims(
        &self,
        cx: &Context,
        app: &AppClientId,
    ) -> Result<ExtraClaims, ClaimsSourceError> {
        self.asked.lock().unwrap().push(format!("{app} {:?}", cx.source));
        let answer = self.answer.lock().unwrap().clone();
        match answer {
            Answer::Nothing => Ok(ExtraClaims::default()),
            Answer::Claims(json) => Ok(ExtraClaims::parse(&json)?),
            Answer::Failure => Err(ClaimsSourceError::failed("the directory is down")),
            Answer::Silence => pending().await,
            Answer::Panic => panic!("as it was told"),
        }
    }
}

impl Told {
    fn say(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

struct Scene {
    told: Told,
    issuer: Arc<Issuer>,
    app: AppCredentials,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let told = Told::default();
        let issuer = open(folder.path(), &told);
        let app = credentials(&issuer.admin().create_app("one").unwrap());
        Self { told, issuer: Arc::new(issuer), app, folder }
    }

    fn set_policy(&self, change: impl FnOnce(&mut AppPolicy)) {
        let mut policy = AppPolicy::default();
        change(&mut policy);
        self.issuer.admin().set_app_policy(&self.app.id, &policy).unwrap();
    }

    fn kind(&self) -> UpstreamKind {
        match ask(&self.issuer, &self.app) {
            Err(AuthenticateError::Upstream { kind, .. }) => kind,
            other => panic!("{other:?}"),
        }
    }

    /// Of how many families a token was redeemed.
    fn redeemed(&self) -> i64 {
        let ledger = Connection::open(self.folder.path().join(LEDGER)).unwrap();
        ledger.query_row("SELECT count(*) FROM families", [], |row| row.get(0)).unwrap()
    }

    fn redeem(&self, token: &RefreshToken) -> Result<TokenSet, AuthenticateError> {
        block_on(self.issuer.redeem(&now(), &self.app, token))
    }
}

fn open(folder: &Path, told: &Told) -> Issuer {
    Issuer::builder(settings(folder)).claims(told.clone()).open().unwrap()
}

/// Whose time is always up: whoever has to wait for anything is late.
#[derive(Debug)]
struct Up;

impl Timer for Up {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(async {})
    }
}

#[test]
fn its_claims_stand_beside_those_of_the_policy_and_come_before_them() {
    let scene = Scene::new();
    scene.set_policy(|policy| {
        policy.scope = Some(Scope::parse("read").unwrap());
        policy.claims = ExtraClaims::parse(r#"{"tenant": "static", "tier": 1}"#).unwrap();
        policy.id_token = Some(ExtraClaims::default());
    });
    scene.told.say(Answer::Claims(r#"{"tenant": "live", "more": [true]}"#.to_owned()));
    let tokens = ask(&scene.issuer, &scene.app).unwrap();
    let said = claims(&tokens);
    assert_eq!(said["tenant"], "live", "the source's own comes before the policy's");
    assert_eq!((said["tier"].as_u64(), &said["more"][0]), (Some(1), &true.into()));
    assert_eq!(said["scope"], "read");
    assert_eq!(said.as_object().unwrap().len(), 7 + 4);
    let id_token = tokens.id_token.unwrap();
    assert!(support::part(id_token.expose_secret(), 1).get("tenant").is_none());
    scene.told.say(Answer::Nothing);
    assert_eq!(claims(&ask(&scene.issuer, &scene.app).unwrap())["tenant"], "static");
}

#[test]
fn a_refresh_gives_the_claims_of_its_own_moment() {
    let scene = Scene::new();
    scene.told.say(Answer::Claims(r#"{"plan": "then"}"#.to_owned()));
    let tokens = ask(&scene.issuer, &scene.app).unwrap();
    assert_eq!(claims(&tokens)["plan"], "then");
    scene.told.say(Answer::Claims(r#"{"plan": "now"}"#.to_owned()));
    let tokens = scene.redeem(&tokens.refresh_token.unwrap()).unwrap();
    assert_eq!(claims(&tokens)["plan"], "now");
}

#[test]
fn it_is_asked_for_right_credentials_alone_and_with_what_the_call_carries() {
    let scene = Scene::new();
    let wrong = shown(scene.app.id.as_str(), "wrong");
    assert!(ask(&scene.issuer, &wrong).is_err());
    assert!(ask(&scene.issuer, &shown("nobody", "wrong")).is_err());
    let forged = scene.redeem(&RefreshToken::new("tsrt_forged"));
    assert!(matches!(forged, Err(AuthenticateError::Rejected(RejectReason::RefreshUnknown))));
    assert_eq!(scene.told.asked(), 0);
    let cx = now().with_source(Some(Source::ip("192.0.2.7".parse().unwrap())));
    block_on(scene.issuer.authenticate(&cx, &scene.app)).unwrap();
    let asked = scene.told.asked.lock().unwrap().join(" ");
    assert!(asked.starts_with(scene.app.id.as_str()) && asked.contains("192.0.2.7"), "{asked}");
}

#[test]
fn what_only_the_issuer_says_is_a_fault_of_configuration() {
    let scene = Scene::new();
    let refresh = ask(&scene.issuer, &scene.app).unwrap().refresh_token.unwrap();
    for name in ["iss", "aud", "sub", "client_id", "iat", "exp", "nbf", "jti", "scope"] {
        scene.told.say(Answer::Claims(format!(r#"{{"{name}": "mine"}}"#)));
        assert_eq!(scene.kind(), UpstreamKind::Config, "{name}");
        let refreshed = scene.redeem(&refresh);
        let is_config = |kind| kind == UpstreamKind::Config;
        let refused =
            matches!(refreshed, Err(AuthenticateError::Upstream { kind, .. }) if is_config(kind));
        assert!(refused, "{name}");
    }
    scene.told.say(Answer::Claims("[]".to_owned()));
    assert_eq!(scene.kind(), UpstreamKind::Config);
    scene.set_policy(|policy| {
        let claims = format!(r#"{{"a": "{}"}}"#, "x".repeat(4_000));
        policy.claims = ExtraClaims::parse(&claims).unwrap();
    });
    scene.told.say(Answer::Claims(format!(r#"{{"b": "{}"}}"#, "x".repeat(4_000))));
    assert_eq!(scene.kind(), UpstreamKind::Config, "too long together");
    scene.told.say(Answer::Failure);
    assert_eq!(scene.kind(), UpstreamKind::Other);
    scene.told.say(Answer::Nothing);
    scene.redeem(&refresh).unwrap();
}

#[test]
fn one_that_hangs_panics_or_fails_is_a_502_and_spends_no_refresh_token() {
    let scene = Scene::new();
    // More calls than a caller may make at once.
    let policy = LimitPolicy { source: None, client_at_source: None, ..LimitPolicy::default() };
    let service = TokenService::builder(Arc::clone(&scene.issuer))
        .limit_policy(policy)
        .refresher(Arc::clone(&scene.issuer))
        .deadline(Duration::from_secs(5), Up)
        .build()
        .unwrap();
    let issue = || block_on(service.issue(scene.app.clone(), None));
    let refresh =
        |token: &RefreshToken| block_on(service.refresh(scene.app.clone(), token.clone(), None));
    for (redeemed, bad) in (0..).zip([Answer::Silence, Answer::Panic, Answer::Failure]) {
        let token = issue().unwrap().refresh_token.unwrap();
        scene.told.say(bad);
        assert!(matches!(issue(), Err(TokenError::Downstream { .. })));
        let refused = refresh(&token).unwrap_err();
        assert_eq!(refused, TokenError::Downstream { retry_after: None }.into());
        assert_eq!(scene.redeemed(), redeemed, "the ledger was not asked");
        assert_eq!(service.in_flight(), 0);
        scene.told.say(Answer::Nothing);
        scene.redeem(&token).unwrap();
    }
}
