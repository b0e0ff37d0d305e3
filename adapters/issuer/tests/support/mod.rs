//! What the tests of this crate share: an issuer in a folder of its own, and how to ask it.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_executor::block_on;
use rusqlite::Connection;
use serde_json::Value;
use tokensmith::{
    AppCredentials, AuthenticateError, Authenticator as _, Clock as _, Context, NoObserver,
    Observer, Presented, SystemClock, TokenSet,
};
use tokensmith_issuer::{CreatedApp, Issuer, IssuerSettings, OpenError};

pub(crate) mod canary;
pub(crate) mod elsewhere;
pub(crate) mod other;
pub(crate) mod redeeming;

pub(crate) const STORE: &str = "tokensmith.db";
pub(crate) const LEDGER: &str = "tokensmith.ledger.db";

pub(crate) fn settings(folder: &Path) -> IssuerSettings {
    let mut settings = IssuerSettings::new(folder.join(STORE));
    settings.issuer = "https://issuer.example".to_owned();
    settings.audience = Some("https://api.example".to_owned());
    settings
}

pub(crate) fn try_open(folder: &Path) -> Result<Issuer, OpenError> {
    Issuer::open(settings(folder), Arc::new(SystemClock::new()), Arc::new(NoObserver))
}

pub(crate) fn open(folder: &Path) -> Issuer {
    try_open(folder).unwrap()
}

pub(crate) fn open_heard(folder: &Path, observer: Arc<dyn Observer>) -> Issuer {
    Issuer::open(settings(folder), Arc::new(SystemClock::new()), observer).unwrap()
}

pub(crate) fn now() -> Context {
    let clock = SystemClock::new();
    Context::new(clock.wall(), clock.tick())
}

pub(crate) fn credentials(app: &CreatedApp) -> AppCredentials {
    shown(app.id.as_str(), app.secret.expose_secret())
}

pub(crate) fn shown(id: &str, secret: &str) -> AppCredentials {
    Presented::new(id, secret.into()).credentials().unwrap().clone()
}

pub(crate) fn ask(
    issuer: &Issuer,
    credentials: &AppCredentials,
) -> Result<TokenSet, AuthenticateError> {
    block_on(issuer.authenticate(&now(), credentials))
}

/// What the access token says, whoever signed it.
pub(crate) fn claims(tokens: &TokenSet) -> Value {
    part(tokens.access_token.expose_secret(), 1)
}

pub(crate) fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Asks again until `done`, for at most a second.
pub(crate) fn within_a_second(done: impl Fn() -> bool) -> bool {
    let step = Duration::from_millis(10);
    (0..100).any(|_| {
        std::thread::park_timeout(step);
        done()
    })
}

/// One change to the store, by something else than us.
pub(crate) fn alter(folder: &Path, sql: &str) {
    assert_eq!(Connection::open(folder.join(STORE)).unwrap().execute(sql, []).unwrap(), 1, "{sql}");
}

/// A store with two apps, closed: (the one to be damaged, the other).
pub(crate) fn two_apps(folder: &Path) -> (AppCredentials, AppCredentials) {
    let admin = open(folder).admin();
    let [one, two] = ["one", "two"].map(|name| credentials(&admin.create_app(name).unwrap()));
    (one, two)
}
