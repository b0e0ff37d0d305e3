//! No secret, token, key or root is where it should not be.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fmt::Debug;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_executor::block_on;
use rusqlite::Connection;
use tokensmith::{AppClientId, RefreshToken, Refresher as _, SecretString};
use tokensmith_issuer::{
    Algorithm, ImportedApp, Introspect, Issuer, KeySource, NumberedKey, Revoke,
};

mod support;
use support::canary::{Needles, Places, assert_finds_what_is_planted, files, holds, spellings};
use support::{STORE, ask, credentials, now, settings, shown, try_open};

/// A store on which all was done that has to do with secrets, and all that was said of it.
struct Lived {
    folder: tempfile::TempDir,
    /// Open, so that its files are as they are while it works.
    issuer: Arc<Issuer>,
    needles: Needles,
    said: String,
    app: String,
}

impl Lived {
    fn say(&mut self, what: &dyn Debug) {
        self.said.push_str(&format!("{what:?} {what:#?}\n"));
    }
}

/// A key of the host's, in a folder of its own.
fn given_key(folder: &Path, name: &str) -> (PathBuf, Vec<u8>) {
    let folder = folder.join("given");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    // As random as a root key is.
    let bytes: Vec<u8> = (0..32).map(|_| RandomState::new().hash_one(()) as u8).collect();
    fs::write(&path, &bytes).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    (path, bytes)
}

fn lived(algorithm: Algorithm) -> Lived {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    settings.algorithm = algorithm;
    let given = ["pepper", "refresh"].map(|name| given_key(folder.path(), name));
    let [pepper, refresh] =
        given.clone().map(|(path, _)| NumberedKey::new(2, KeySource::File(path)));
    (settings.peppers, settings.refresh_keys) = (vec![pepper], vec![refresh]);
    let issuer = Arc::new(Issuer::builder(settings.clone()).open().unwrap());
    let admin = issuer.admin();
    let created = admin.create_app("billing").unwrap();
    let (app, first) = (credentials(&created), created.secret.expose_secret().to_owned());
    let name = app.id.to_string();
    let mut lived = Lived {
        folder,
        issuer: Arc::clone(&issuer),
        needles: Needles::default(),
        said: String::new(),
        app: name,
    };
    lived.needles.add_secret("a secret", &first);
    for (path, bytes) in given {
        lived.needles.add(path.display().to_string(), bytes);
    }
    lived.say(&created);
    lived.say(&(&issuer, &admin, &app, &settings, Issuer::builder(settings.clone())));

    let tokens = ask(&issuer, &app).unwrap();
    let (access, refresh) = (&tokens.access_token, tokens.refresh_token.as_ref().unwrap());
    lived.needles.add_token("an access token", access.expose_secret());
    lived.needles.add_token("a refresh token", refresh.expose_secret());
    let refreshed = block_on(issuer.redeem(&now(), &app, refresh)).unwrap();
    let second = refreshed.refresh_token.as_ref().unwrap();
    lived.needles.add_token("a refreshed access token", refreshed.access_token.expose_secret());
    lived.needles.add_token("a successor", second.expose_secret());
    lived.say(&(&tokens, &refreshed));
    lived.say(&admin.verify_access_token(access.expose_secret()));
    for token in [access.expose_secret(), refresh.expose_secret(), second.expose_secret()] {
        let secret = || SecretString::from(token);
        lived.say(&block_on(admin.introspect(&app.id, token)));
        lived.say(&Introspect::new(Arc::clone(&issuer), secret()));
        lived.say(&Revoke::new(Arc::clone(&issuer), secret()));
    }
    lived.say(&admin.verify_access_token(refresh.expose_secret()));

    let rotated = admin.rotate_secret(&app.id, Duration::from_secs(60)).unwrap();
    lived.needles.add_secret("a second secret", rotated.secret.expose_secret());
    lived.say(&rotated);
    lived.say(&(admin.list_apps(), admin.list_secrets(&app.id)));
    admin.rotate_key(None).unwrap();
    lived.say(&(admin.list_keys(), admin.jwks()));
    // What is refused, and why.
    let wrong = shown(app.id.as_str(), second.expose_secret());
    lived.say(&ask(&issuer, &wrong).unwrap_err());
    lived.say(&block_on(issuer.redeem(&now(), &wrong, second)).unwrap_err());
    let cut = RefreshToken::new(first.get(..60).unwrap());
    lived.say(&block_on(issuer.redeem(&now(), &app, &cut)).unwrap_err());
    lived.say(&admin.create_app(&format!("\n{first}")).unwrap_err());
    lived.say(&admin.revoke_secret(&format!("\n{first}")).unwrap_err());
    block_on(admin.revoke_refresh_token(&app.id, second)).unwrap();
    lived.say(&block_on(issuer.redeem(&now(), &app, second)).unwrap_err());
    admin.disable_app(&app.id).unwrap();
    lived.say(&ask(&issuer, &app).unwrap_err());
    lived.needles.add_keys(lived.folder.path());
    lived
}

fn places(lived: &Lived) -> Places {
    let mut places = files(lived.folder.path());
    places.push(("what was said".to_owned(), lived.said.clone().into_bytes()));
    places
}

#[test]
fn neither_files_nor_prints_hold_a_secret_or_the_root() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let lived = lived(algorithm);
        let places = places(&lived);
        assert_eq!(lived.needles.found_in(&places), None, "{algorithm:?}");
        // The control: what may be there is found, in the files and in what was said.
        let with_the_app = places.iter().filter(|(_, bytes)| holds(bytes, lived.app.as_bytes()));
        assert!(with_the_app.count() >= 3, "{algorithm:?}");
    }
}

#[test]
fn neither_files_nor_prints_hold_an_imported_secret_nor_the_hash_that_gave_way() {
    const SECRET: &str = "correct horse battery staple";
    const TAG: &str = "7EJV7kdjBBQxyb0HjTh9KS7";
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    settings.verify_legacy_hashes = true;
    let issuer = Issuer::builder(settings).open().unwrap();
    let admin = issuer.admin();
    let hash = format!("$2a$04$abcdefghijklmnopqrstuu{TAG}.Lah/6CG");
    let apps = [
        ImportedApp::with_secret("plain", SECRET),
        ImportedApp::with_secret_hash("hashed", hash.as_str()),
    ];
    admin.import_apps(&apps).unwrap();
    let store = || fs::read(folder.path().join(STORE)).unwrap();
    let write_ahead = fs::read(folder.path().join("tokensmith.db-wal")).unwrap();
    assert!(holds(&[store(), write_ahead].concat(), TAG.as_bytes()), "the control");
    for app in ["plain", "hashed"] {
        ask(&issuer, &shown(app, SECRET)).unwrap();
    }
    let refused = ask(&issuer, &shown("plain", &SECRET.repeat(2))).unwrap_err();
    let line = format!(r#"{{"appClientId":"bad","appSecret":"{SECRET}","secretHash":"{hash}"}}"#);
    let bad = admin.import_json_lines(&line).unwrap_err();
    let again = admin.import_apps(&apps).unwrap_err();
    let listed = admin.list_secrets(&AppClientId::new("hashed").unwrap()).unwrap();
    let prints = format!("{apps:?}{refused:?}{bad:?}{bad}{again:?}{listed:?}{issuer:?}");
    drop((issuer, admin));
    let places = [store(), prints.into_bytes()];
    for needle in [SECRET, TAG] {
        for spelling in spellings(needle.as_bytes()) {
            assert!(!places.iter().any(|place| holds(place, &spelling)), "{needle}");
        }
    }
}

#[test]
fn no_start_that_fails_tells_the_root() {
    let lived = lived(Algorithm::Es256);
    let (path, Lived { folder, issuer, needles, .. }) = (lived.folder.path().to_owned(), lived);
    drop(issuer);
    let root = fs::read(path.join("root.key")).unwrap();
    for damaged in [&root[..31], &root[1..], &[root.as_slice(), b"x"].concat(), &[7; 32]] {
        fs::write(path.join("root.key"), damaged).unwrap();
        let refused = try_open(&path).unwrap_err();
        let said = format!("{refused} {refused:?} {refused:#?}").into_bytes();
        assert_eq!(needles.found_in(&vec![("the refusal".to_owned(), said)]), None);
    }
    drop(folder);
}

/// Each needle is found in each spelling; and so is one that a change to the code would write.
#[test]
fn what_is_planted_is_found() {
    let mut lived = lived(Algorithm::EdDsa);
    assert_finds_what_is_planted(&lived.needles);
    let path = lived.folder.path().to_owned();
    let wrap = lived.needles.0.iter().find(|(name, _)| name == "the wrap key").unwrap().1.clone();
    let leaked = URL_SAFE_NO_PAD.encode([&[1, 2, 3, 4], &wrap[..]].concat());
    plant(&path, "tokensmith.ledger.db", &leaked);
    let found = lived.needles.found_in(&places(&lived)).unwrap();
    assert!(found.starts_with("the wrap key is in") && found.contains("ledger.db"), "{found}");
    let token = lived.needles.0.iter().find(|(name, _)| name == "a successor").unwrap().1.clone();
    lived.said = format!("{token:?}");
    let said = vec![("what was said".to_owned(), lived.said.clone().into_bytes())];
    assert_eq!(
        lived.needles.found_in(&said).unwrap(),
        "a successor is in what was said, at byte 1"
    );
    assert!(spellings(b"0123456789abcdef").len() > 12);
}

fn plant(folder: &Path, file: &str, text: &str) {
    let connection = Connection::open(folder.join(file)).unwrap();
    connection.execute_batch("CREATE TABLE planted (text TEXT)").unwrap();
    connection.execute("INSERT INTO planted VALUES (?)", [text]).unwrap();
}
