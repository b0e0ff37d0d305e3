//! Keys of the host's: who signs, what is published, and what becomes of a signer that errs.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use futures_channel::oneshot;
use futures_executor::block_on;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use rusqlite::Connection;
use serde_json::Value;
use tokensmith::{
    AppCredentials, AuthenticateError, Authenticator as _, Clock as _, Context, Event, LimitPolicy,
    ManualClock, Observer, Refresher as _, Sleep, Timer, TokenError, TokenService, TokenSet,
    UnixTime, UpstreamKind,
};
use tokensmith_issuer::{
    Admin, AdminError, AppPolicy, ExtraClaims, Issuer, IssuerBuilder, KeyState,
};

mod support;
use support::elsewhere::{Elsewhere, Kind, Mood};
use support::{LEDGER, STORE, credentials, settings};

const NOW: u64 = 1_700_000_000;
const DAY: Duration = Duration::from_hours(24);

struct Scene {
    folder: tempfile::TempDir,
    clock: ManualClock,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Observer for Heard {
    fn on_event(&self, _: &Context, event: &Event<'_>) {
        if let Event::KeyRotated { kid } = event {
            self.0.lock().unwrap().push((*kid).to_owned());
        }
    }
}

impl Scene {
    fn new() -> Self {
        let clock = ManualClock::new(UnixTime::from_secs(NOW));
        Self { folder: tempfile::tempdir().unwrap(), clock, heard: Arc::default() }
    }

    fn builder(&self) -> IssuerBuilder {
        self.builder_with(None)
    }

    fn builder_with(&self, rotate_keys_every: Option<Duration>) -> IssuerBuilder {
        let mut settings = settings(self.folder.path());
        settings.rotate_keys_every = rotate_keys_every;
        Issuer::builder(settings).clock(self.clock.clone()).observer(Arc::clone(&self.heard))
    }

    fn open(&self, signers: &[&Elsewhere]) -> Issuer {
        let lend = |builder: IssuerBuilder, signer: &&Elsewhere| builder.signer((*signer).clone());
        signers.iter().fold(self.builder(), lend).open().unwrap()
    }

    fn at(&self, since_now: Duration) {
        self.clock.set_wall(UnixTime::from_secs(NOW + since_now.as_secs()));
    }

    fn ask(&self, issuer: &Issuer, app: &AppCredentials) -> Result<TokenSet, AuthenticateError> {
        let cx = Context::new(self.clock.wall(), self.clock.tick());
        block_on(issuer.authenticate(&cx, app))
    }

    /// Which key signs now.
    fn signs(&self, issuer: &Issuer, app: &AppCredentials) -> String {
        let token = self.ask(issuer, app).unwrap().access_token;
        decode_header(token.expose_secret()).unwrap().kid.unwrap()
    }

    fn fault(&self, issuer: &Issuer, app: &AppCredentials) -> UpstreamKind {
        match self.ask(issuer, app) {
            Err(AuthenticateError::Upstream { kind, .. }) => kind,
            other => panic!("{other:?}"),
        }
    }
}

fn an_app(issuer: &Issuer) -> AppCredentials {
    credentials(&issuer.admin().create_app("one").unwrap())
}

/// By a verifier that others wrote, with the keys that are published now.
fn verified(admin: &Admin, token: &str, audience: &str) -> bool {
    let set: JwkSet = serde_json::from_str(&admin.jwks()).unwrap();
    let header = decode_header(token).unwrap();
    let Some(jwk) = set.find(&header.kid.unwrap()) else { return false };
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&[audience]);
    validation.validate_exp = false;
    decode::<Value>(token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).is_ok()
}

fn states(issuer: &Issuer) -> Vec<(String, KeyState)> {
    issuer.admin().list_keys().into_iter().map(|key| (key.kid, key.state)).collect()
}

/// What the store holds of private halves.
fn sealed(folder: &Path) -> Vec<Vec<u8>> {
    let store = Connection::open(folder.join(STORE)).unwrap();
    let mut rows = store.prepare("SELECT sealed FROM signing_keys").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_signer_signs_from_the_first_start_and_the_store_has_no_private_half() {
    for kind in [Kind::Es256, Kind::Es256Der, Kind::EdDsa, Kind::Rs256] {
        let (scene, signer) = (Scene::new(), Elsewhere::new(kind));
        let issuer = scene.open(&[&signer]);
        let (admin, app) = (issuer.admin(), an_app(&issuer));
        let mut policy = AppPolicy::default();
        policy.id_token = Some(ExtraClaims::default());
        admin.set_app_policy(&app.id, &policy).unwrap();
        let tokens = scene.ask(&issuer, &app).unwrap();
        let token = tokens.access_token.expose_secret();
        assert!(verified(&admin, token, "https://api.example"), "{kind:?}");
        assert!(admin.verify_access_token(token).is_ok(), "{kind:?}");
        let id_token = tokens.id_token.unwrap();
        assert!(verified(&admin, id_token.expose_secret(), app.id.as_str()), "{kind:?}");
        assert_eq!(scene.signs(&issuer, &app), signer.key.kid());
        assert_eq!(states(&issuer), [(signer.key.kid().to_owned(), KeyState::Active)]);
        assert!(admin.list_keys()[0].lent);
        assert_eq!(sealed(scene.folder.path()), [b"lent"]);
        drop(issuer);
        assert_eq!(scene.signs(&scene.open(&[&signer]), &app), signer.key.kid(), "again");
    }
}

#[test]
fn what_is_no_signature_of_its_key_never_leaves() {
    fn bent(mut made: Vec<u8>) -> Vec<u8> {
        made[40] ^= 1;
        made
    }
    let wrong: [fn(Vec<u8>) -> Vec<u8>; 5] = [
        bent,
        |_| Vec::new(),
        |made| made[..63].to_vec(),
        |made| [made, vec![0]].concat(),
        |_| vec![7; 10_000],
    ];
    for kind in [Kind::Es256, Kind::Es256Der, Kind::EdDsa, Kind::Rs256] {
        let (scene, signer) = (Scene::new(), Elsewhere::new(kind));
        let issuer = scene.open(&[&signer]);
        let app = an_app(&issuer);
        for change in wrong {
            signer.is(Mood::Wrong(change));
            assert_eq!(scene.fault(&issuer, &app), UpstreamKind::Signer, "{kind:?}");
        }
        signer.is(Mood::Well);
        assert!(scene.ask(&issuer, &app).is_ok());
    }
    // The signature of another key of its kind.
    let (scene, mut signer) = (Scene::new(), Elsewhere::new(Kind::EdDsa));
    signer.to_key = Elsewhere::new(Kind::EdDsa).to_key;
    let issuer = scene.open(&[&signer]);
    assert_eq!(scene.fault(&issuer, &an_app(&issuer)), UpstreamKind::Signer);
}

/// Whose time is always up: whoever has to wait for longer than a thread takes to sign is late.
#[derive(Debug)]
struct Soon;

impl Timer for Soon {
    fn sleep(&self, _: Duration) -> Sleep {
        let (done, woken) = oneshot::channel::<()>();
        thread::spawn(move || {
            thread::park_timeout(Duration::from_millis(300));
            let _ = done.send(());
        });
        Sleep::new(async move {
            let _ = woken.await;
        })
    }
}

#[test]
fn one_that_fails_hangs_or_panics_is_a_502_and_spends_no_refresh_token() {
    let (scene, signer) = (Scene::new(), Elsewhere::new(Kind::Es256));
    let issuer = Arc::new(scene.open(&[&signer]));
    let app = an_app(&issuer);
    let policy = LimitPolicy { source: None, client_at_source: None, ..LimitPolicy::default() };
    let service = TokenService::builder(Arc::clone(&issuer))
        .refresher(Arc::clone(&issuer))
        .limit_policy(policy)
        .clock(scene.clock.clone())
        .deadline(Duration::from_secs(5), Soon)
        .build()
        .unwrap();
    let redeemed = || {
        let ledger = Connection::open(scene.folder.path().join(LEDGER)).unwrap();
        let sql = "SELECT count(*) FROM families";
        ledger.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    for (before, bad) in (0..).zip([Mood::Failing, Mood::Silent, Mood::Panicking]) {
        let token = block_on(service.issue(app.clone(), None)).unwrap().refresh_token.unwrap();
        signer.is(bad);
        let refused = block_on(service.issue(app.clone(), None)).unwrap_err();
        assert_eq!(refused, TokenError::Downstream { retry_after: None });
        let refused = block_on(service.refresh(app.clone(), token.clone(), None)).unwrap_err();
        assert_eq!(refused, TokenError::Downstream { retry_after: None }.into());
        assert_eq!(redeemed(), before, "the ledger was not asked");
        assert_eq!(service.in_flight(), 0);
        signer.is(Mood::Well);
        let cx = Context::new(scene.clock.wall(), scene.clock.tick());
        assert!(block_on(issuer.redeem(&cx, &app, &token)).is_ok());
    }
    signer.is(Mood::Failing);
    assert_eq!(scene.fault(&issuer, &app), UpstreamKind::Signer);
}

#[test]
fn from_a_key_of_its_own_to_a_signer_no_verifier_meets_a_key_that_it_does_not_know() {
    let scene = Scene::new();
    let issuer = scene.open(&[]);
    let app = an_app(&issuer);
    let own = scene.signs(&issuer, &app);
    let old = scene.ask(&issuer, &app).unwrap().access_token;
    drop(issuer);
    let signer = Elsewhere::new(Kind::Rs256);
    let kid = signer.key.kid().to_owned();
    let issuer = scene.open(&[&signer]);
    assert_eq!(scene.heard.0.lock().unwrap().join(" "), kid);
    assert_eq!(scene.signs(&issuer, &app), own, "published first");
    let pending = [(own.clone(), KeyState::Active), (kid.clone(), KeyState::Pending)];
    assert_eq!(states(&issuer), pending);
    scene.at(DAY - Duration::from_secs(1));
    assert_eq!(scene.signs(&issuer, &app), own);
    scene.at(DAY);
    assert_eq!(scene.signs(&issuer, &app), kid);
    assert!(verified(&issuer.admin(), old.expose_secret(), "https://api.example"));
    scene.at(DAY + Duration::from_secs(301));
    let wiped =
        || sealed(scene.folder.path()).iter().all(|part| part.is_empty() || part == b"lent");
    assert!(support::within_a_second(wiped));
    drop(issuer);
    let issuer = scene.open(&[&signer]);
    assert_eq!(scene.heard.0.lock().unwrap().len(), 1, "it is enrolled once");
    scene.at(2 * DAY + Duration::from_secs(302));
    assert!(support::within_a_second(|| states(&issuer).len() == 1));
    assert_eq!(scene.signs(&issuer, &app), kid);
}

#[test]
fn from_one_signer_to_another_and_back() {
    let scene = Scene::new();
    let mut both = [Kind::Es256, Kind::EdDsa].map(Elsewhere::new);
    // Of two that begin in one second the greater kid would win.
    both.sort_by(|one, two| one.key.kid().cmp(two.key.kid()));
    let [one, two] = both;
    let issuer = scene.open(&[&one]);
    let app = an_app(&issuer);
    let old = scene.ask(&issuer, &app).unwrap().access_token;
    drop(issuer);
    let issuer = scene.open(&[&one, &two]);
    assert_eq!(scene.signs(&issuer, &app), one.key.kid());
    scene.at(DAY);
    assert_eq!(scene.signs(&issuer, &app), two.key.kid());
    drop(issuer);
    // The former need not be lent any more, and its tokens live on.
    let issuer = scene.open(&[&two]);
    assert_eq!(scene.signs(&issuer, &app), two.key.kid());
    assert!(verified(&issuer.admin(), old.expose_secret(), "https://api.example"));
    drop(issuer);
    let issuer = scene.open(&[&two, &one]);
    scene.at(DAY + Duration::from_secs(1));
    assert_eq!(scene.signs(&issuer, &app), one.key.kid(), "it is published yet, so at once");
    scene.at(3 * DAY);
    assert!(support::within_a_second(|| states(&issuer).len() == 1), "the other is gone");
    drop(issuer);
    let issuer = scene.open(&[&two, &one]);
    assert_eq!(states(&issuer).len(), 1, "one that is not the last is not enrolled");
    drop(issuer);
    // Without the former, the next one cannot wait.
    let issuer = scene.open(&[&two]);
    assert_eq!(scene.signs(&issuer, &app), two.key.kid());
    assert_eq!(states(&issuer)[0], (one.key.kid().to_owned(), KeyState::Active));
}

#[test]
fn no_key_is_made_in_the_store_in_place_of_a_signers() {
    let (scene, signer) = (Scene::new(), Elsewhere::new(Kind::Es256));
    let issuer = scene.builder_with(Some(2 * DAY)).signer(signer.clone()).open().unwrap();
    let (admin, app) = (issuer.admin(), an_app(&issuer));
    let kid = signer.key.kid().to_owned();
    for refused in [admin.rotate_key(None).map(drop), admin.revoke_key(&kid)] {
        assert!(matches!(refused, Err(AdminError::KeyLent)), "{refused:?}");
    }
    scene.at(30 * DAY);
    assert!(!support::within_a_second(|| states(&issuer).len() > 1), "nor by the schedule");
    drop(issuer);
    let other = Elsewhere::new(Kind::Es256);
    let issuer = scene.open(&[&signer, &other]);
    issuer.admin().revoke_key(&kid).unwrap();
    assert_eq!(scene.signs(&issuer, &app), other.key.kid(), "at once");
    assert_eq!(states(&issuer), [(other.key.kid().to_owned(), KeyState::Active)]);
    assert_eq!(sealed(scene.folder.path()), [b"lent"]);
}

#[test]
fn who_is_lent_no_signer_administers_and_mints_nothing() {
    let (scene, signer) = (Scene::new(), Elsewhere::new(Kind::Es256));
    drop(scene.open(&[&signer]));
    let issuer = scene.builder_with(Some(2 * DAY)).open().unwrap();
    let app = an_app(&issuer);
    scene.at(30 * DAY);
    assert_eq!(scene.fault(&issuer, &app), UpstreamKind::Signer);
    assert!(!support::within_a_second(|| states(&issuer).len() > 1), "nor makes a key");
    assert_eq!(scene.signs(&scene.open(&[&signer]), &app), signer.key.kid());
}
