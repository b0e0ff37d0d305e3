//! Peppers and refresh keys that the host gives: how they follow one another, and what is refused.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use tokensmith::{
    AppCredentials, AuthenticateError, NoObserver, RejectReason, SystemClock, UpstreamKind,
};
use tokensmith_issuer::{Issuer, IssuerSettings, KeyName, KeySource, NumberedKey, OpenError};

mod support;
use support::redeeming::{Kind, Scene};
use support::{STORE, ask, credentials, settings, within_a_second};

/// A key of its own bytes, in a file.
fn key(folder: &Path, id: u16, byte: u8) -> NumberedKey {
    let path = folder.join(format!("{id}-{byte}.key"));
    if !path.exists() {
        private(&path).write_all(&[byte; 32]).unwrap();
    }
    NumberedKey::new(id, KeySource::File(path))
}

#[cfg(unix)]
fn private(path: &PathBuf) -> File {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap()
}

#[cfg(not(unix))]
fn private(path: &PathBuf) -> File {
    OpenOptions::new().write(true).create_new(true).open(path).unwrap()
}

fn try_open(settings: IssuerSettings) -> Result<Issuer, OpenError> {
    Issuer::open(settings, Arc::new(SystemClock::new()), Arc::new(NoObserver))
}

/// With those peppers, and the highest of them in use.
fn with_peppers(folder: &Path, peppers: Vec<NumberedKey>) -> Issuer {
    let mut settings = settings(folder);
    settings.peppers = peppers;
    try_open(settings).unwrap()
}

/// The numbers of the peppers of all secrets in the store.
fn peppers_in(folder: &Path) -> Vec<String> {
    let connection = Connection::open(folder.join(STORE)).unwrap();
    let mut stored = connection.prepare("SELECT stored FROM secrets ORDER BY id").unwrap();
    let stored = stored.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let number = |stored: String| stored.split('$').nth(3).unwrap().to_owned();
    stored.map(|stored| number(stored.unwrap())).collect()
}

fn is_good(issuer: &Issuer, app: &AppCredentials) -> bool {
    ask(issuer, app).is_ok()
}

#[test]
fn a_secret_goes_over_to_the_pepper_in_use_when_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = with_peppers(folder.path(), vec![]);
    let [used, unused] = ["used", "unused"].map(|name| issuer.admin().create_app(name).unwrap());
    drop(issuer);
    assert_eq!(peppers_in(folder.path()), ["k=1", "k=1"]);

    let issuer = with_peppers(folder.path(), vec![key(folder.path(), 7, 7)]);
    let (used, unused) = (credentials(&used), credentials(&unused));
    let wrong = support::shown(used.id.as_str(), "not its secret");
    assert!(matches!(
        ask(&issuer, &wrong),
        Err(AuthenticateError::Rejected(RejectReason::WrongSecret))
    ));
    assert!(is_good(&issuer, &used));
    let count = |number: &str| peppers_in(folder.path()).iter().filter(|k| *k == number).count();
    assert!(within_a_second(|| (count("k=1"), count("k=7")) == (1, 1)), "the one that was used");
    assert!(is_good(&issuer, &used) && is_good(&issuer, &unused));
    assert!(within_a_second(|| count("k=7") == 2));
    let new = credentials(&issuer.admin().create_app("new").unwrap());
    assert_eq!(peppers_in(folder.path()), ["k=7"; 3], "a new one is by it from the start");
    drop(issuer);

    // Without that key nothing is said about the apps that need it: it is no wrong secret.
    let issuer = with_peppers(folder.path(), vec![]);
    for app in [&used, &unused, &new] {
        let answer = ask(&issuer, app);
        let kind = match answer {
            Err(AuthenticateError::Upstream { kind, .. }) => kind,
            other => panic!("{other:?}"),
        };
        assert_eq!(kind, UpstreamKind::Store);
    }
    drop(issuer);

    // Another one of the same number is none of theirs.
    let issuer = with_peppers(folder.path(), vec![key(folder.path(), 7, 8)]);
    assert!(!is_good(&issuer, &used) && !is_good(&issuer, &new));
    drop(issuer);

    let issuer = with_peppers(folder.path(), vec![key(folder.path(), 7, 7)]);
    assert!(is_good(&issuer, &used) && is_good(&issuer, &unused) && is_good(&issuer, &new));
}

#[test]
fn a_pepper_may_be_there_before_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let mut early = settings(folder.path());
    early.peppers = vec![key(folder.path(), 2, 2)];
    early.pepper_in_use = Some(1);
    let early = try_open(early).unwrap();
    let app = credentials(&early.admin().create_app("app").unwrap());
    assert_eq!(peppers_in(folder.path()), ["k=1"]);
    // Another process goes first.
    let late = with_peppers(folder.path(), vec![key(folder.path(), 2, 2)]);
    assert!(is_good(&late, &app));
    assert!(within_a_second(|| peppers_in(folder.path()) == ["k=2"]));
    // The first one goes on with that, and in a second undoes nothing.
    let is_undone = || {
        assert!(is_good(&early, &app) && is_good(&late, &app));
        peppers_in(folder.path()) != ["k=2"]
    };
    assert!(!within_a_second(is_undone));
}

#[test]
fn refresh_tokens_by_a_former_key_are_redeemed_while_it_is_there() {
    let scene = Scene::new(Kind::Sqlite);
    let folder = scene.folder.path().to_owned();
    let [old, other, unused] = [scene.issue(), scene.issue(), scene.issue()];
    let with = |scene: Scene, keys: Vec<NumberedKey>, in_use| {
        let Scene { folder, clock, issuer, app, other } = scene;
        drop(issuer);
        let mut settings = settings(folder.path());
        settings.refresh_keys = keys;
        settings.refresh_key_in_use = in_use;
        let issuer = Issuer::open(settings, Arc::new(clock.clone()), Arc::new(NoObserver)).unwrap();
        Scene { folder, clock, issuer, app, other }
    };
    let by = |token: &str| {
        // These four characters are three bytes: the version and the number of the key.
        token.get(5..9).unwrap().to_owned()
    };
    let scene = with(scene, vec![key(&folder, 2, 2)], None);
    let new = scene.redeem(&old).unwrap();
    assert_eq!((by(&old), by(&new)), ("AQAB".to_owned(), "AQAC".to_owned()));
    assert_eq!(scene.redeem(&old), Ok(new.clone()), "the same again, whichever key is its own");
    assert_eq!(by(&scene.issue()), "AQAC");

    // Back, and the key is gone: what it made is unknown, and a lost answer is made anew.
    let scene = with(scene, vec![], None);
    assert_eq!(scene.redeem(&new), Err(RejectReason::RefreshUnknown));
    let again = scene.redeem(&old).unwrap();
    assert_eq!(by(&again), "AQAB");
    assert!(scene.redeem(&again).is_ok() && scene.redeem(&other).is_ok());

    // Another key under its number vouches for nothing.
    let scene = with(scene, vec![key(&folder, 2, 9)], Some(1));
    assert_eq!(scene.redeem(&new), Err(RejectReason::RefreshUnknown));
    assert!(scene.redeem(&unused).is_ok());
}

#[test]
fn a_key_that_is_not_to_be_had_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let error = |peppers: Vec<NumberedKey>, refresh_keys: Vec<NumberedKey>| {
        let mut settings = settings(path);
        (settings.peppers, settings.refresh_keys) = (peppers, refresh_keys);
        match try_open(settings) {
            Err(OpenError::Key(error)) => {
                (error.key, error.to_string().replace(path.to_str().unwrap(), ""))
            }
            other => panic!("{other:?}"),
        }
    };
    let missing = NumberedKey::new(3, KeySource::File(path.join("missing.key")));
    let text = "pepper 3 `/missing.key` is missing".to_owned();
    assert_eq!(error(vec![missing.clone()], vec![]), (KeyName::Pepper(3), text));
    let text = "refresh key 3 `/missing.key` is missing".to_owned();
    assert_eq!(error(vec![], vec![missing]), (KeyName::Refresh(3), text));
    assert!(!path.join("missing.key").exists(), "it is never made");

    let same = || NumberedKey::new(4, key(path, 2, 5).source);
    let text = "pepper 4 has the same bytes as pepper 2".to_owned();
    assert_eq!(error(vec![key(path, 2, 5), same()], vec![]), (KeyName::Pepper(4), text));
    let text = "refresh key 4 has the same bytes as pepper 2".to_owned();
    assert_eq!(error(vec![key(path, 2, 5)], vec![same()]), (KeyName::Refresh(4), text));
    let root = NumberedKey::new(2, KeySource::File(path.join("root.key")));
    let text = "pepper 2 has the same bytes as the root key".to_owned();
    assert_eq!(error(vec![root], vec![]), (KeyName::Pepper(2), text));

    fs::write(path.join("short.key"), [1; 31]).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path.join("short.key"), fs::Permissions::from_mode(0o644)).unwrap();
        let short = NumberedKey::new(2, KeySource::File(path.join("short.key")));
        let text = "pepper 2 `/short.key` is open to others (mode bits 044); its mode must be 0600";
        assert_eq!(error(vec![short], vec![]).1, text);
    }
}
