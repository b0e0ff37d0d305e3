//! Whatever is damaged, missing or open to others is an error with a type, and never a token.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::Connection;
use tokensmith::{
    AppClientId, AppCredentials, AuthenticateError, Context, Event, NoObserver, Observer,
    SystemClock, UpstreamKind,
};
use tokensmith_issuer::{
    AdminError, AppPolicy, Audience, ExtraClaims, Issuer, IssuerSettings, KeyError, KeyName,
    KeyProblem, OpenError, Scope,
};

mod support;
use support::{STORE, alter, ask, open, open_heard, settings, try_open, two_apps};

/// How many changes the store has seen.
fn changes(folder: &Path) -> u32 {
    let connection = Connection::open(folder.join(STORE)).unwrap();
    connection.query_row("SELECT changes FROM head", [], |row| row.get(0)).unwrap()
}

fn is_store_fault(issuer: &Issuer, app: &AppCredentials) -> bool {
    let answer = ask(issuer, app);
    matches!(answer, Err(AuthenticateError::Upstream { kind: UpstreamKind::Store, .. }))
}

fn is_store_error(folder: &Path) -> bool {
    matches!(try_open(folder), Err(OpenError::Store { .. }))
}

#[test]
fn a_damaged_record_is_a_fault_of_its_own_app_alone() {
    for change in [
        "UPDATE apps SET name = 'ona' WHERE id = '$'",
        "UPDATE apps SET enabled = 3 WHERE id = '$'",
        "UPDATE apps SET created_at = created_at + 1 WHERE id = '$'",
        "UPDATE apps SET tag = zeroblob(32) WHERE id = '$'",
        "UPDATE apps SET id = 'appcl-another' WHERE id = '$'",
        "UPDATE apps SET id = char(27) WHERE id = '$'",
        "UPDATE apps SET name = CAST(x'ff' AS TEXT) WHERE id = '$'",
        "DELETE FROM apps WHERE id = '$'",
        "UPDATE secrets SET id = 'AAAAAAAAAAAA' WHERE app = '$'",
        "UPDATE secrets SET stored = replace(stored, 'k=1', 'k=2') WHERE app = '$'",
        "UPDATE secrets SET created_at = 0 WHERE app = '$'",
        "UPDATE secrets SET expires_at = 99999999999 WHERE app = '$'",
        "UPDATE secrets SET app = 'appcl-another' WHERE app = '$'",
        "UPDATE secrets SET tag = (SELECT tag FROM secrets WHERE app <> '$') WHERE app = '$'",
        "UPDATE secrets SET stored = (SELECT stored FROM secrets WHERE app <> '$') WHERE app = '$'",
        "DELETE FROM secrets WHERE app = '$'",
        "UPDATE app_policies SET scope = 'admin' WHERE app = '$'",
        "UPDATE app_policies SET audience = NULL WHERE app = '$'",
        "UPDATE app_policies SET claims = '{}' WHERE app = '$'",
        "UPDATE app_policies SET id_claims = NULL WHERE app = '$'",
        "UPDATE app_policies SET token_seconds = 86400 WHERE app = '$'",
        "UPDATE app_policies SET app = 'appcl-another' WHERE app = '$'",
        "UPDATE app_policies SET tag = (SELECT tag FROM app_policies WHERE app <> '$') WHERE app = '$'",
        "DELETE FROM app_policies WHERE app = '$'",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = two_apps(folder.path());
        open(folder.path()).admin().set_app_policy(&one.id, &full_policy()).unwrap();
        alter(folder.path(), &change.replace('$', one.id.as_str()));
        let issuer = open(folder.path());
        assert!(is_store_fault(&issuer, &one), "{change}");
        assert!(ask(&issuer, &two).is_ok(), "{change}");
    }
}

/// Of which each field says something.
fn full_policy() -> AppPolicy {
    let mut policy = AppPolicy::default();
    policy.audience = Some(Audience::new(["https://one.example"]).unwrap());
    policy.scope = Some(Scope::parse("read").unwrap());
    policy.claims = ExtraClaims::parse(r#"{"tenant":"one"}"#).unwrap();
    policy.token_life = Some(Duration::from_mins(5));
    policy.id_token = Some(ExtraClaims::default());
    policy
}

#[test]
fn a_policy_that_is_set_anew_mends_a_damaged_one() {
    for change in [
        "UPDATE app_policies SET scope = 'x' WHERE app = '$'",
        "DELETE FROM app_policies WHERE app = '$'",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (one, _) = two_apps(folder.path());
        alter(folder.path(), &change.replace('$', one.id.as_str()));
        let issuer = open(folder.path());
        let read = issuer.admin().app_policy(&one.id);
        assert!(matches!(read, Err(AdminError::Store(_))), "{change}");
        assert!(is_store_fault(&issuer, &one), "{change}");
        issuer.admin().set_app_policy(&one.id, &full_policy()).unwrap();
        assert!(ask(&issuer, &one).is_ok(), "{change}");
    }
}

#[test]
fn a_damaged_app_is_listed_as_that_and_not_vouched_for() {
    let folder = tempfile::tempdir().unwrap();
    let (one, _) = two_apps(folder.path());
    let admin = open(folder.path()).admin();
    admin.disable_app(&one.id).unwrap();
    alter(folder.path(), &format!("UPDATE apps SET enabled = 1 WHERE id = '{}'", one.id));
    let listed = admin.list_apps().unwrap();
    assert_eq!(listed.iter().filter(|app| app.damaged && app.id == one.id).count(), 1);
    let before = changes(folder.path());
    for set in [admin.enable_app(&one.id), admin.disable_app(&one.id)] {
        assert!(matches!(set, Err(AdminError::Store(_))), "{set:?}");
    }
    let nobody = AppClientId::new("appcl-nobody").unwrap();
    assert!(matches!(admin.disable_app(&nobody), Err(AdminError::NotFound)));
    assert_eq!(changes(folder.path()), before, "an error says that nothing was changed");
    assert!(is_store_fault(&open(folder.path()), &one));
}

#[test]
fn a_damaged_head_or_signing_key_opens_nothing() {
    for change in [
        "UPDATE head SET changes = 0",
        "UPDATE head SET tag = zeroblob(32)",
        "DELETE FROM head",
        "UPDATE signing_keys SET kid = 'another'",
        "UPDATE signing_keys SET algorithm = 'none'",
        "UPDATE signing_keys SET public = zeroblob(65)",
        "UPDATE signing_keys SET sealed = zeroblob(200)",
        "UPDATE signing_keys SET tag = x''",
        "DELETE FROM signing_keys",
        "INSERT INTO signing_keys SELECT 'second', algorithm, public, sealed, created_at, tag
         FROM signing_keys",
    ] {
        let folder = tempfile::tempdir().unwrap();
        two_apps(folder.path());
        alter(folder.path(), change);
        assert!(is_store_error(folder.path()), "{change}");
    }
}

/// What a start tells.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn on_event(&self, _: &Context, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.name().to_owned());
    }
}

fn told_by_a_start(folder: &Path) -> Vec<String> {
    let told = Arc::new(Told::default());
    drop(open_heard(folder, Arc::clone(&told) as Arc<dyn Observer>));
    std::mem::take(&mut told.0.lock().unwrap())
}

#[test]
fn a_store_that_is_lost_beside_its_root_is_told() {
    let lose: [fn(&Path); 2] = [
        |store| fs::write(store, []).unwrap(),
        |store| {
            fs::remove_file(store).unwrap();
        },
    ];
    for lose in lose {
        let folder = tempfile::tempdir().unwrap();
        assert!(told_by_a_start(folder.path()).is_empty(), "a first start");
        let jwks = open(folder.path()).admin().jwks();
        let root = fs::read(folder.path().join("root.key")).unwrap();
        lose(&folder.path().join(STORE));
        assert_eq!(told_by_a_start(folder.path()), ["started_empty"]);
        assert_eq!(fs::read(folder.path().join("root.key")).unwrap(), root, "never replaced");
        assert!(told_by_a_start(folder.path()).is_empty(), "once");
        assert_ne!(open(folder.path()).admin().jwks(), jwks, "the key that was in it is lost");
    }
}

#[test]
fn another_root_opens_nothing_and_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    two_apps(folder.path());
    let root = folder.path().join("root.key");
    let right = fs::read(&root).unwrap();
    for byte in 0..32 {
        let mut flipped = right.clone();
        flipped[byte] ^= 1 << (byte % 8);
        fs::write(&root, &flipped).unwrap();
        assert!(is_store_error(folder.path()), "{byte}");
        assert_eq!(fs::read(&root).unwrap(), flipped);
    }
    fs::write(&root, &right[..31]).unwrap();
    let problem = || match try_open(folder.path()) {
        Err(OpenError::Key(KeyError { key: KeyName::Root, problem, .. })) => Some(problem),
        _ => None,
    };
    assert!(matches!(problem(), Some(KeyProblem::Length(_))));
    fs::remove_file(&root).unwrap();
    assert!(matches!(problem(), Some(KeyProblem::Missing(_))));
    assert!(!root.exists(), "no new root for old records");
    fs::create_dir(&root).unwrap();
    assert!(problem().is_some());
}

#[test]
fn a_file_that_is_no_store_of_ours_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(STORE);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(connection);
    let garbage = tempfile::tempdir().unwrap();
    fs::write(garbage.path().join(STORE), "not a database at all, but long enough").unwrap();
    for folder in [folder.path(), garbage.path()] {
        make_private(&folder.join(STORE));
        let before = fs::read(folder.join(STORE)).unwrap();
        assert!(is_store_error(folder));
        assert_eq!(fs::read(folder.join(STORE)).unwrap(), before);
        assert!(!folder.join("root.key").exists());
    }
}

#[test]
fn a_store_of_a_later_release_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    two_apps(folder.path());
    let connection = Connection::open(folder.path().join(STORE)).unwrap();
    connection.pragma_update(None, "user_version", 4).unwrap();
    drop(connection);
    assert!(is_store_error(folder.path()));
}

#[test]
fn flipped_bits_anywhere_in_the_file_let_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = two_apps(folder.path());
    open(folder.path()).admin().disable_app(&one.id).unwrap();
    let wrong = support::shown(two.id.as_str(), one.secret.expose_secret());
    let path = folder.path().join(STORE);
    let right = fs::read(&path).unwrap();
    let mut refused = 0;
    // Every 97th byte, another bit each time: all pages, headers and records.
    for at in (0..right.len()).step_by(97) {
        let mut flipped = right.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&path, &flipped).unwrap();
        for side in ["tokensmith.db-wal", "tokensmith.db-shm"] {
            let _ = fs::remove_file(folder.path().join(side));
        }
        match try_open(folder.path()) {
            Ok(issuer) => {
                assert!(ask(&issuer, &one).is_err(), "a disabled app at {at}");
                assert!(ask(&issuer, &wrong).is_err(), "a wrong secret at {at}");
            }
            Err(OpenError::Store { .. }) => refused += 1,
            Err(error) => panic!("{at}: {error:?}"),
        }
    }
    assert!(refused > 0);
    fs::write(&path, &right).unwrap();
    assert!(ask(&open(folder.path()), &two).is_ok());
}

#[cfg(unix)]
fn make_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn make_private(_: &Path) {}

#[cfg(unix)]
#[test]
fn files_are_their_owners_alone_and_loose_ones_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("data");
    let issuer = open(&folder);
    issuer.admin().create_app("billing").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for name in ["root.key", STORE, "tokensmith.db-wal", "tokensmith.db-shm"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
    assert_eq!(mode(&folder), 0o700);
    drop(issuer);
    for bits in [0o640, 0o604, 0o660, 0o601] {
        fs::set_permissions(folder.join(STORE), fs::Permissions::from_mode(bits)).unwrap();
        assert!(is_store_error(&folder), "{bits:o}");
        make_private(&folder.join(STORE));
        fs::set_permissions(folder.join("root.key"), fs::Permissions::from_mode(bits)).unwrap();
        let opened = try_open(&folder);
        assert!(
            matches!(
                opened,
                Err(OpenError::Key(KeyError { problem: KeyProblem::Loose { .. }, .. }))
            ),
            "{bits:o}"
        );
        make_private(&folder.join("root.key"));
    }
    open(&folder);
}

#[test]
fn a_setting_out_of_bounds_makes_nothing() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("data");
    let changes: [fn(&mut IssuerSettings); 2] =
        [|bad| bad.issuer.clear(), |bad| bad.root_key_file = Some("".into())];
    for change in changes {
        let mut bad = settings(&folder);
        change(&mut bad);
        let opened = Issuer::open(bad, Arc::new(SystemClock::new()), Arc::new(NoObserver));
        assert!(matches!(opened, Err(OpenError::Setting(_))), "{opened:?}");
        assert!(!folder.exists());
    }
}
