//! The life of signing keys: published, then signing, then published for what they have signed.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_executor::block_on;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use rusqlite::Connection;
use serde_json::Value;
use tokensmith::{
    AppCredentials, Authenticator as _, Clock as _, Context, Event, ManualClock, Observer, UnixTime,
};
use tokensmith_issuer::{Algorithm, Issuer, IssuerSettings, KeyState};

mod support;
use support::{STORE, credentials, settings, within_a_second};

const NOW: u64 = 1_700_000_000;
const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Observer for Heard {
    fn on_event(&self, _: &Context, event: &Event<'_>) {
        if let Event::KeyRotated { kid } = event {
            self.0.lock().unwrap().push((*kid).to_owned());
        }
    }
}

struct Scene {
    folder: tempfile::TempDir,
    clock: ManualClock,
    heard: Arc<Heard>,
    issuer: Issuer,
    app: AppCredentials,
}

impl Scene {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(set: impl FnOnce(&mut IssuerSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new(UnixTime::from_secs(NOW));
        let heard = Arc::new(Heard::default());
        let mut settings = settings(folder.path());
        set(&mut settings);
        let observer = Arc::clone(&heard) as Arc<dyn Observer>;
        let issuer = Issuer::open(settings, Arc::new(clock.clone()), observer).unwrap();
        let app = credentials(&issuer.admin().create_app("app").unwrap());
        Self { folder, clock, heard, issuer, app }
    }

    fn at(&self, since_now: Duration) {
        self.clock.set_wall(UnixTime::from_secs(NOW + since_now.as_secs()));
    }

    fn token(&self) -> String {
        token_of(&self.issuer, &self.clock, &self.app)
    }

    /// The key that signs now.
    fn signs(&self) -> String {
        decode_header(self.token()).unwrap().kid.unwrap()
    }

    fn published(&self) -> BTreeSet<String> {
        let set: Value = serde_json::from_str(&self.issuer.admin().jwks()).unwrap();
        let kids = set["keys"].as_array().unwrap().iter();
        kids.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    fn states(&self) -> Vec<(String, KeyState)> {
        let keys = self.issuer.admin().list_keys();
        keys.into_iter().map(|key| (key.kid, key.state)).collect()
    }

    /// Whether a verifier that fetches the keys now accepts the token's signature.
    fn verifies(&self, token: &str) -> bool {
        let theirs = self.is_verified_by_others(token);
        assert_eq!(self.issuer.admin().verify_access_token(token).is_ok(), theirs);
        theirs
    }

    fn is_verified_by_others(&self, token: &str) -> bool {
        let set: JwkSet = serde_json::from_str(&self.issuer.admin().jwks()).unwrap();
        let header = decode_header(token).unwrap();
        let Some(jwk) = set.find(&header.kid.unwrap()) else { return false };
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&["https://api.example"]);
        validation.validate_exp = false;
        decode::<Value>(token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).is_ok()
    }
}

fn token_of(issuer: &Issuer, clock: &ManualClock, app: &AppCredentials) -> String {
    let cx = Context::new(clock.wall(), clock.tick());
    let tokens = block_on(issuer.authenticate(&cx, app)).unwrap();
    tokens.access_token.expose_secret().to_owned()
}

/// How many private halves the store holds.
fn sealed(folder: &Path) -> u32 {
    number(folder, "SELECT count(*) FROM signing_keys WHERE length(sealed) > 0")
}

/// Whether the store's file has a part of those bytes anywhere, what its log holds included.
fn holds(folder: &Path, bytes: &[u8]) -> bool {
    let connection = Connection::open(folder.join(STORE)).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let file = std::fs::read(folder.join(STORE)).unwrap();
    bytes.chunks_exact(16).any(|part| file.windows(part.len()).any(|window| window == part))
}

fn number(folder: &Path, sql: &str) -> u32 {
    let connection = Connection::open(folder.join(STORE)).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_new_key_is_published_before_it_signs_and_the_former_as_long_as_its_tokens_live() {
    let scene = Scene::new();
    let first = scene.signs();
    let made = scene.issuer.admin().rotate_key(None).unwrap();
    assert_eq!((made.state, made.algorithm), (KeyState::Pending, Algorithm::Es256));
    assert_eq!(made.active, UnixTime::from_secs(NOW + DAY.as_secs()));
    let both = BTreeSet::from([first.clone(), made.kid.clone()]);
    assert_eq!(scene.published(), both, "at once");
    assert_eq!(*scene.heard.0.lock().unwrap(), [made.kid.as_str()]);

    let second = Duration::from_secs(1);
    scene.at(DAY - second);
    assert_eq!(scene.signs(), first);
    let last = scene.token();
    scene.at(DAY);
    assert_eq!(scene.signs(), made.kid);
    let states = [(first.clone(), KeyState::Retired), (made.kid.clone(), KeyState::Active)];
    assert_eq!(scene.states(), states);
    assert!(scene.verifies(&last) && scene.verifies(&scene.token()));

    // Its private half goes first, and its public half when no token of its lives any more.
    assert_eq!(sealed(scene.folder.path()), 2);
    let private: Vec<u8> = {
        let connection = Connection::open(scene.folder.path().join(STORE)).unwrap();
        let sql = "SELECT sealed FROM signing_keys WHERE kid = ?";
        connection.query_row(sql, [&first], |row| row.get(0)).unwrap()
    };
    assert!(holds(scene.folder.path(), &private));
    scene.at(DAY + 5 * MINUTE);
    assert!(!within_a_second(|| sealed(scene.folder.path()) == 1));
    scene.at(DAY + 5 * MINUTE + second);
    assert!(within_a_second(|| sealed(scene.folder.path()) == 1));
    assert!(!holds(scene.folder.path(), &private), "nor in a page that is free");
    assert!(scene.verifies(&last));
    let changes = || number(scene.folder.path(), "SELECT changes FROM head");
    let before = changes();
    assert!(!within_a_second(|| changes() != before), "it is done once");
    scene.at(2 * DAY + 5 * MINUTE);
    assert!(!within_a_second(|| scene.published() != both));
    scene.at(2 * DAY + 5 * MINUTE + second);
    assert!(within_a_second(|| scene.published() == BTreeSet::from([made.kid.clone()])));
    assert!(!scene.verifies(&last));
    assert_eq!(scene.signs(), made.kid);
    assert_eq!(number(scene.folder.path(), "SELECT count(*) FROM key_times"), 1);
}

#[test]
fn one_key_is_pending_at_a_time() {
    let scene = Scene::new();
    let admin = scene.issuer.admin();
    admin.rotate_key(None).unwrap();
    assert_eq!(admin.rotate_key(None).unwrap_err().code(), "ERR_ADMIN_LIMIT");
    assert_eq!(scene.states().len(), 2);
    scene.at(DAY);
    admin.rotate_key(None).unwrap();
    let states: Vec<_> = scene.states().into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, [KeyState::Retired, KeyState::Active, KeyState::Pending]);
}

#[test]
fn the_next_key_may_be_of_another_algorithm() {
    let scene = Scene::with(|settings| settings.key_lead = 10 * MINUTE);
    let mut tokens = vec![scene.token()];
    let all = [Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Es256];
    for (turn, algorithm) in (1..).zip(all) {
        let made = scene.issuer.admin().rotate_key(Some(algorithm)).unwrap();
        assert_eq!(made.algorithm, algorithm);
        scene.at(turn * 10 * MINUTE);
        assert_eq!(scene.signs(), made.kid);
        tokens.push(scene.token());
    }
    assert!(tokens.iter().all(|token| scene.verifies(token)));
    let algorithms: Vec<_> =
        tokens.iter().map(|token| format!("{:?}", decode_header(token).unwrap().alg)).collect();
    assert_eq!(algorithms, ["ES256", "EdDSA", "RS256", "ES256"]);
}

#[test]
fn a_key_that_is_revoked_is_gone_at_once_and_another_signs() {
    let scene = Scene::new();
    let admin = scene.issuer.admin();
    assert_eq!(admin.revoke_key("nobody's").unwrap_err().code(), "ERR_ADMIN_NOT_FOUND");
    let (first, token) = (scene.signs(), scene.token());
    admin.revoke_key(&first).unwrap();
    let second = scene.signs();
    assert_ne!(second, first, "a new one");
    assert!(!scene.verifies(&token) && scene.verifies(&scene.token()));
    assert_eq!(scene.states(), [(second.clone(), KeyState::Active)]);

    let pending = admin.rotate_key(None).unwrap().kid;
    admin.revoke_key(&pending).unwrap();
    assert_eq!(scene.states(), [(second.clone(), KeyState::Active)]);
    let pending = admin.rotate_key(Some(Algorithm::EdDsa)).unwrap().kid;
    admin.revoke_key(&second).unwrap();
    assert_eq!(scene.states(), [(pending.clone(), KeyState::Active)], "even if it is young");
    assert_eq!(scene.signs(), pending);

    scene.at(MINUTE);
    let third = admin.rotate_key(None).unwrap();
    scene.at(MINUTE + DAY);
    let last = scene.token();
    admin.revoke_key(&pending).unwrap();
    assert_eq!(scene.states(), [(third.kid.clone(), KeyState::Active)], "a retired one goes alone");
    assert!(scene.verifies(&last));
}

#[test]
fn a_retired_key_does_not_sign_again_when_the_active_one_is_revoked() {
    let scene = Scene::new();
    let admin = scene.issuer.admin();
    let first = scene.signs();
    let second = admin.rotate_key(None).unwrap().kid;
    scene.at(DAY);
    admin.revoke_key(&second).unwrap();
    let third = scene.signs();
    assert!(third != first && third != second);
    assert_eq!(scene.states(), [(first, KeyState::Retired), (third, KeyState::Active)]);
}

#[test]
fn keys_follow_one_another_by_themselves_where_the_host_wants_it() {
    let scene = Scene::with(|settings| settings.rotate_keys_every = Some(90 * DAY));
    let first = scene.signs();
    scene.at(89 * DAY - Duration::from_secs(1));
    assert!(!within_a_second(|| scene.states().len() > 1));
    scene.at(89 * DAY);
    assert!(within_a_second(|| scene.states().len() == 2), "published a day before");
    assert_eq!(scene.signs(), first);
    assert!(!within_a_second(|| scene.states().len() > 2), "one at a time");
    scene.at(90 * DAY);
    assert_ne!(scene.signs(), first);
    assert_eq!(scene.heard.0.lock().unwrap().len(), 1);
}

#[test]
fn another_process_agrees() {
    let scene = Scene::new();
    let clock = Arc::new(scene.clock.clone());
    let observer = Arc::clone(&scene.heard) as Arc<dyn Observer>;
    let other = Issuer::open(settings(scene.folder.path()), clock, observer).unwrap();
    let made = scene.issuer.admin().rotate_key(None).unwrap();
    assert!(within_a_second(|| other.admin().jwks() == scene.issuer.admin().jwks()));
    scene.at(DAY);
    let kid = decode_header(token_of(&other, &scene.clock, &scene.app)).unwrap().kid;
    assert_eq!(kid, Some(made.kid));
}

#[test]
fn a_clock_before_all_keys_signs_by_the_first_and_a_wiped_one_signs_no_more() {
    let scene = Scene::new();
    let first = scene.signs();
    let second = scene.issuer.admin().rotate_key(None).unwrap().kid;
    scene.clock.set_wall(UnixTime::from_secs(1));
    assert_eq!(scene.signs(), first);
    scene.at(2 * DAY);
    assert!(within_a_second(|| sealed(scene.folder.path()) == 1));
    scene.at(Duration::ZERO);
    assert!(within_a_second(|| scene.signs() == second));
    // It is pending by this clock, and the only one that can sign.
    scene.issuer.admin().revoke_key(&second).unwrap();
    assert!(scene.signs() != first && scene.signs() != second);
}

#[test]
fn a_damaged_time_of_a_key_opens_nothing() {
    let Scene { folder, issuer, .. } = Scene::new();
    drop(issuer);
    support::alter(folder.path(), "UPDATE key_times SET active_at = active_at + 1");
    assert!(support::try_open(folder.path()).is_err());
}
