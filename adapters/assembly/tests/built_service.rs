//! What a configuration says is what the service built of it does.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_executor::block_on;
use tokensmith::{
    AccessToken, AuthenticateError, Authenticator, Event, ManualClock, Observer, RefreshToken,
    RejectReason, Sleep, Source, Timer, TokenRequest, TokenResponse, TokenService, TokenSet,
    TokenType, UnixTime, authenticator_fn,
};
use tokensmith_assembly::{Assembled, Host, ServiceConfig, build};

/// Writes down how long it is asked to wait, and waits for ever or not at all.
#[derive(Clone, Debug, Default)]
struct NotedTimer {
    rings_at_once: bool,
    asked: Arc<Mutex<Vec<Duration>>>,
}

impl Timer for NotedTimer {
    fn sleep(&self, duration: Duration) -> Sleep {
        self.asked.lock().unwrap().push(duration);
        if self.rings_at_once { Sleep::new(async {}) } else { Sleep::new(pending()) }
    }
}

/// Writes down the names of events.
#[derive(Clone, Debug, Default)]
struct Names(Arc<Mutex<Vec<&'static str>>>);

impl Observer for Names {
    fn on_event(&self, _: &tokensmith::Context, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.name());
    }
}

fn tokens() -> TokenSet {
    TokenSet {
        access_token: AccessToken::new("an-access-token"),
        expires_in: Duration::from_secs(60),
        token_type: TokenType::Bearer,
        refresh_token: Some(RefreshToken::new("a-refresh-token")),
        id_token: None,
    }
}

fn host(timer: &NotedTimer, authenticator: impl Authenticator + 'static) -> Host {
    let mut host = Host::new(timer.clone());
    host.authenticator = Some(Arc::new(authenticator));
    host
}

fn built(config: &str, host: Host) -> TokenService {
    let config = format!("authenticator.kind = \"host\"\n{config}");
    build(ServiceConfig::from_toml(&config).unwrap(), host).unwrap().service
}

async fn ask(service: &TokenService, id: &str, secret: &str) -> TokenResponse {
    let body = format!(r#"{{"appClientId":"{id}","appSecret":"{secret}"}}"#);
    let request = TokenRequest {
        body: body.as_bytes(),
        content_type: Some("application/json"),
        source: Some(Source::ip([192, 0, 2, 7].into())),
        request_id: None,
    };
    service.handle(request).await
}

fn header<'a>(response: &'a TokenResponse, name: &str) -> Option<&'a str> {
    response.headers().find_map(|(this, value)| (this == name).then_some(value))
}

#[test]
fn the_deadline() {
    for (line, deadline) in [("", 5_000), ("deadline_ms = 70", 70)] {
        let timer = NotedTimer { rings_at_once: true, ..NotedTimer::default() };
        let hangs = authenticator_fn(|_, _| pending());
        let service = built(line, host(&timer, hangs));
        // Polled once: without a deadline it would never end.
        let mut call = pin!(ask(&service, "a", "s"));
        let Poll::Ready(response) = call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("no deadline");
        };
        assert_eq!(response.status().code(), 502);
        let asked = timer.asked.lock().unwrap();
        let [asked] = asked[..] else { panic!("{asked:?}") };
        // What the limiter took is gone of it.
        let deadline = Duration::from_millis(deadline);
        assert!(asked <= deadline && asked * 2 > deadline, "{asked:?}");
    }
}

#[test]
fn the_cap_on_authentications() {
    for (line, most) in [("", 64), ("max_in_flight = 2", 2)] {
        let timer = NotedTimer::default();
        let free = "limits = { source = false, client_at_source = false, client = false }";
        let hangs = authenticator_fn(|_, _| pending());
        let service = built(&format!("{free}\n{line}"), host(&timer, hangs));
        let mut cx = Context::from_waker(Waker::noop());
        let mut under_way = Vec::new();
        for _ in 0..most {
            let mut call = Box::pin(ask(&service, "a", "s"));
            assert!(call.as_mut().poll(&mut cx).is_pending());
            under_way.push(call);
        }
        let mut one_more = pin!(ask(&service, "a", "s"));
        let Poll::Ready(response) = one_more.as_mut().poll(&mut cx) else {
            panic!("more than {most}");
        };
        assert_eq!(response.status().code(), 429);
    }
}

#[test]
fn limits_clock_observer_and_responses() {
    let config = r#"
        limits.client_at_source = { per_minute = 2, burst = 1 }
        limits.client = false
        response = { key_case = "camel", scheme = "Other", realm = "r", rate_limit_fields = true }
    "#;
    let clock = ManualClock::new(UnixTime::from_secs(1_800_000_000));
    let names = Names::default();
    let timer = NotedTimer::default();
    let judge = authenticator_fn(|_, credentials| async move {
        match credentials.secret.expose_secret() {
            "right" => Ok(tokens()),
            _ => Err(AuthenticateError::Rejected(RejectReason::WrongSecret)),
        }
    });
    let mut host = host(&timer, judge);
    host.clock = Arc::new(clock.clone());
    host.observer = Arc::new(names.clone());
    let service = built(config, host);
    let ask = |id, secret| block_on(ask(&service, id, secret));

    let first = ask("a", "right");
    assert_eq!(first.status().code(), 200);
    assert!(first.body().starts_with(br#"{"accessToken":"#));
    assert_eq!(header(&first, "ratelimit-policy"), Some("\"source\";q=30;w=30"));
    let second = ask("a", "right");
    assert_eq!((second.status().code(), header(&second, "retry-after")), (429, Some("30")));
    clock.advance(Duration::from_secs(30));
    assert_eq!(ask("a", "right").status().code(), 200);
    let wrong = ask("b", "wrong");
    assert_eq!(header(&wrong, "www-authenticate"), Some("Other realm=\"r\""));
    assert_eq!(*names.0.lock().unwrap(), ["issued", "rate_limited", "issued", "rejected"]);
}

#[test]
fn the_slots_of_the_limiter() {
    for (line, overflows) in [("", false), ("limits.slots = 16", true)] {
        let names = Names::default();
        let refuses = authenticator_fn(|_, _| async {
            Err(AuthenticateError::Rejected(RejectReason::UnknownClient))
        });
        let mut host = host(&NotedTimer::default(), refuses);
        host.observer = Arc::new(names.clone());
        let service = built(&format!("limits.source = false\n{line}"), host);
        for app in 0..100 {
            block_on(ask(&service, &format!("app-{app}"), "s"));
        }
        assert_eq!(names.0.lock().unwrap().contains(&"limiter_health"), overflows, "{line}");
    }
}

#[test]
fn the_issuer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept/store.db");
    let root = folder.path().join("elsewhere.key");
    let mut config = ServiceConfig::from_toml(
        r#"
        store.path = "x"
        [authenticator]
        issuer = "https://a.test"
        audience = "b"
        token_seconds = 120
        refresh_idle_seconds = 60
        refresh_seconds = 100
        refresh_grace_seconds = 1
        "#,
    )
    .unwrap();
    config.store = Some(tokensmith_assembly::StoreConfig::Sqlite { path: path.clone() });
    let tokensmith_assembly::AuthenticatorConfig::Issuer(issuer) = &mut config.authenticator else {
        panic!("{config:?}");
    };
    issuer.root_key_file = Some(root.clone());

    let mut host = Host::new(NotedTimer::default());
    let clock = ManualClock::new(UnixTime::from_secs(1_800_000_000));
    host.clock = Arc::new(clock.clone());
    let Assembled { service, issuer, .. } = build(config, host).unwrap();
    assert!(path.exists() && root.exists());
    let app = issuer.unwrap().create_app("billing").unwrap();
    let presented = tokensmith::AppCredentials { id: app.id, secret: app.secret };
    let tokens = block_on(service.issue(presented.clone(), None)).unwrap();
    assert_eq!(tokens.expires_in, Duration::from_secs(120));
    let claims = tokens.access_token.expose_secret().split('.').nth(1).unwrap().to_owned();
    let claims = String::from_utf8(from_base64url(&claims)).unwrap();
    for claim in
        [r#""iss":"https://a.test""#, r#""aud":"b""#, r#""iat":1800000000"#, r#""exp":1800000120"#]
    {
        assert!(claims.contains(claim), "{claims}");
    }
    assert!(service.can_refresh());
    let refresh = |token: &RefreshToken| {
        let refreshed = service.refresh(presented.clone(), token.clone(), None);
        block_on(refreshed).map(|tokens| tokens.refresh_token.unwrap())
    };
    let first = tokens.refresh_token.unwrap();
    let second = refresh(&first).unwrap();
    clock.advance(Duration::from_secs(1));
    assert_eq!(refresh(&first).unwrap().expose_secret(), second.expose_secret(), "the grace");
    clock.advance(Duration::from_secs(1));
    let third = refresh(&first).unwrap();
    assert_ne!(third.expose_secret(), second.expose_secret());
    clock.advance(Duration::from_secs(59));
    let fourth = refresh(&third).unwrap();
    clock.advance(Duration::from_secs(39));
    assert!(refresh(&fourth).is_err(), "100 s in all");
}

fn from_base64url(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = text.chars().flat_map(|letter| {
        let six = ALPHABET.find(letter).unwrap();
        (0..6).rev().map(move |i| (six >> i) as u8 & 1)
    });
    let bits: Vec<u8> = bits.collect();
    bits.chunks_exact(8).map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

#[test]
fn a_configuration_that_is_wrong_leaves_no_file_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("tokensmith.db");
    for wrong in [
        "response.scheme = \"a b\"",
        "response.realm = \"\\u0007\"",
        "limits.ipv6_prefix = 65",
        "limits.servers = 2",
        "authenticator.token_seconds = 59",
        "authenticator.max_token_seconds = 3599",
        "authenticator.refresh_seconds = 604799",
    ] {
        let config = format!("store = {{ kind = \"sqlite\", path = {store:?} }}\n{wrong}");
        let host = Host::new(NotedTimer::default());
        let built = ServiceConfig::from_toml(&config).and_then(|config| build(config, host));
        assert!(built.is_err_and(|error| error.key().is_some()), "{wrong}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "{wrong}");
    }
}
