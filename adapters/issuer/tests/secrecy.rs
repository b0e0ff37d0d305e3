//! No secret, key or root is where it should not be.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

mod support;
use support::{STORE, ask, credentials, open, settings, shown, try_open};
use tokensmith::AppClientId;
use tokensmith_issuer::{ImportedApp, Issuer};

/// The ways in which bytes may stand in a file or a log line.
fn spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut spellings = vec![bytes.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    // Base64 of the bytes at each of the three places that they may have in a longer text.
    for skipped in 0..3 {
        let aligned = &bytes[skipped..bytes.len() - (bytes.len() - skipped) % 3];
        spellings.push(STANDARD_NO_PAD.encode(aligned).into_bytes());
        spellings.push(URL_SAFE_NO_PAD.encode(aligned).into_bytes());
    }
    let decimal: Vec<_> = bytes.iter().map(u8::to_string).collect();
    spellings.push(decimal.join(", ").into_bytes());
    spellings
}

fn holds(place: &[u8], needle: &[u8]) -> bool {
    place.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn neither_files_nor_prints_hold_a_secret_or_the_root() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let admin = issuer.admin();
    let app = admin.create_app("billing").unwrap();
    let secret = app.secret.expose_secret().to_owned();
    let tokens = ask(&issuer, &credentials(&app)).unwrap();
    admin.disable_app(&app.id).unwrap();
    let refused = ask(&issuer, &credentials(&app)).unwrap_err();
    let unnamed = admin.create_app("").unwrap_err();
    let root = fs::read(folder.path().join("root.key")).unwrap();

    let mut places: Vec<Vec<u8>> = [STORE, "tokensmith.db-wal", "tokensmith.db-shm"]
        .map(|name| fs::read(folder.path().join(name)).unwrap())
        .into();
    let listed = admin.list_apps().unwrap();
    let prints = format!("{issuer:?}{admin:?}{app:?}{listed:?}{tokens:?}{refused:?}{unnamed:?}");
    places.push(prints.into_bytes());
    fs::write(folder.path().join("root.key"), &root[..31]).unwrap();
    let faults = format!("{:?}", try_open(folder.path()).unwrap_err());
    places.push(faults.into_bytes());

    // The control: what may be there is found.
    assert!(places[..2].iter().any(|place| holds(place, app.id.as_str().as_bytes())));
    let (_, body) = secret.rsplit_once('_').unwrap();
    for needle in [&root[..], secret.as_bytes(), body.as_bytes()] {
        for spelling in spellings(needle) {
            for (i, place) in places.iter().enumerate() {
                assert!(!holds(place, &spelling), "place {i}");
            }
        }
    }
    for token in
        [tokens.access_token.expose_secret(), tokens.refresh_token.unwrap().expose_secret()]
    {
        assert!(!places.iter().any(|place| holds(place, token.as_bytes())));
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
fn the_search_finds_what_is_there() {
    let bytes: Vec<u8> = (100..140).collect();
    for place in [
        bytes.clone(),
        format!("{bytes:?}").into_bytes(),
        URL_SAFE_NO_PAD.encode([&[1, 2, 3, 4][..], &bytes].concat()).into_bytes(),
    ] {
        assert!(spellings(&bytes).iter().any(|spelling| holds(&place, spelling)));
    }
}
