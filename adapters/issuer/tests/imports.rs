//! Apps that are brought from elsewhere: what is taken, what of it is right, and what becomes of it.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::num::NonZeroUsize;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context as Polling, Poll, Waker};
use std::time::Duration;

use futures_executor::block_on;
use rusqlite::Connection;
use tokensmith::{
    AppClientId, AuthenticateError, Authenticator as _, RejectReason, ThrottleReason, UpstreamKind,
};
use tokensmith_issuer::{
    AdminError, ImportFault, ImportedApp, InvalidHash, Issuer, IssuerSettings, SecretKind,
};

mod support;
use support::other::Other;
use support::{STORE, alter, ask, credentials, now, open, settings, shown, within_a_second};

const SECRET: &str = "correct horse battery staple";
const BCRYPT: &str = "$2a$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";
const PBKDF2: &str = "$pbkdf2-sha256$i=25000,l=32$AAECAwQFBgcICQoLDA0ODw$q3p6hzSDqJqvjFfDTJ4Rg5BSX89AyJuR1xytmLoV8tY";
const WEAK: &str = "$argon2id$v=19$m=4096,t=3,p=1$AAECAwQFBgcICQoLDA0ODw$VTsSHiMxkq48zEo8LUSymjr7JjaRSgsxGX2Z8HQE9Cw";
const GOOD: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$gYJZtjEAJqjg26xdLmknq8/bB7MiWPrE9hsYuA+SkIU";

fn opened(folder: &Path, change: impl FnOnce(&mut IssuerSettings)) -> Issuer {
    let mut settings = settings(folder);
    settings.verify_legacy_hashes = true;
    change(&mut settings);
    Issuer::builder(settings).open().unwrap()
}

fn id(text: &str) -> AppClientId {
    AppClientId::new(text).unwrap()
}

fn import(issuer: &Issuer, app: &str, hash: &str) {
    issuer.admin().import_app(ImportedApp::with_secret_hash(app, hash)).unwrap();
}

fn is_right(issuer: &Issuer, app: &str, secret: &str) -> bool {
    match ask(issuer, &shown(app, secret)) {
        Ok(_) => true,
        Err(AuthenticateError::Rejected(RejectReason::WrongSecret)) => false,
        Err(other) => panic!("{other:?}"),
    }
}

/// What the store keeps of an app's only secret.
fn stored(folder: &Path, app: &str) -> String {
    let connection = Connection::open(folder.join(STORE)).unwrap();
    let sql = "SELECT stored FROM secrets WHERE app = ?";
    connection.query_row(sql, [app], |row| row.get(0)).unwrap()
}

fn fault(answer: Result<impl Sized, AdminError>) -> Option<(usize, ImportFault)> {
    match answer.err()? {
        error @ AdminError::Import { line, fault } => {
            assert_eq!(error.code(), "ERR_ADMIN_INVALID");
            assert!(!error.to_string().contains("horse"), "{error}");
            Some((line, fault))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_of_secret_gets_tokens_and_no_other_secret_does() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = opened(folder.path(), |_| {});
    let generated = {
        let elsewhere = tempfile::tempdir().unwrap();
        let app = open(elsewhere.path()).admin().create_app("elsewhere").unwrap();
        app.secret.expose_secret().to_owned()
    };
    let apps = [
        ImportedApp::with_secret("plain", SECRET),
        ImportedApp::with_secret("generated", generated.as_str()).named("Made elsewhere"),
        ImportedApp::with_secret_hash("bcrypt", BCRYPT),
        ImportedApp::with_secret_hash("spring", format!("{{bcrypt}}{BCRYPT}")),
        ImportedApp::with_secret_hash("pbkdf2", PBKDF2),
        ImportedApp::with_secret_hash("argon2id", GOOD),
    ];
    assert_eq!(issuer.admin().import_apps(&apps).unwrap(), 6);
    for app in ["plain", "bcrypt", "spring", "pbkdf2", "argon2id"] {
        for wrong in ["correct horse battery stapld", "c", &generated, &SECRET.repeat(30)] {
            assert!(!is_right(&issuer, app, wrong), "{app}: {wrong}");
        }
        assert!(is_right(&issuer, app, SECRET), "{app}");
    }
    assert!(is_right(&issuer, "generated", &generated) && !is_right(&issuer, "generated", SECRET));
    let kept = stored(folder.path(), "generated");
    let id = generated.split('_').nth(1).unwrap();
    assert!(kept.starts_with(&format!("$tokensmith-hmac-sha256$v=1$k=1${id}$")), "{kept}");
    assert!(stored(folder.path(), "plain").starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    let names: Vec<_> = issuer.admin().list_apps().unwrap().into_iter().map(|a| a.name).collect();
    assert!(names.contains(&"Made elsewhere".to_owned()) && names.contains(&"plain".to_owned()));
    let unknown = ask(&issuer, &shown("nobody", SECRET));
    let refused = AuthenticateError::Rejected(RejectReason::UnknownClient);
    assert_eq!(unknown.unwrap_err().to_string(), refused.to_string());
}

#[test]
fn long_secrets_and_shifted_boundaries_never_match() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = opened(folder.path(), |_| {});
    let long = "a".repeat(256);
    issuer.admin().import_app(ImportedApp::with_secret("long", long.as_str())).unwrap();
    issuer.admin().import_app(ImportedApp::with_secret("ab", "cde")).unwrap();
    // Python's bcrypt 5.0 of 72 times `a`.
    import(&issuer, "b72", "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe");
    for length in [72, 128, 255] {
        let other = format!("{}{}", "a".repeat(length), "b".repeat(256 - length));
        assert!(!is_right(&issuer, "long", &other), "{length}");
        assert!(!is_right(&issuer, "long", &"a".repeat(length)), "{length}");
        assert!(!is_right(&issuer, "b72", &other), "{length}");
        assert!(!is_right(&issuer, "b72", &"a".repeat(length + 1)), "{length}");
    }
    assert!(is_right(&issuer, "long", &long) && is_right(&issuer, "b72", &"a".repeat(72)));
    for (app, secret) in [("abc", "de"), ("a", "bcde")] {
        let refused = ask(&issuer, &shown(app, secret));
        assert!(matches!(refused, Err(AuthenticateError::Rejected(_))), "{app}");
    }
}

#[test]
fn a_bad_line_is_named_and_nothing_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let admin = opened(folder.path(), |_| {}).admin();
    admin.import_app(ImportedApp::with_secret("there", SECRET)).unwrap();
    let line =
        |app: &str, secret: &str| format!(r#"{{"appClientId":"{app}","appSecret":"{secret}"}}"#);
    let hash = |hash: &str| format!(r#"{{"appClientId":"x","secretHash":"{hash}"}}"#);
    let (one, two) = (line("one", SECRET), line("two", SECRET));
    for (third, expected) in [
        (format!(r#"{{"appSecret":"{SECRET}"}}"#), ImportFault::Json),
        (String::new(), ImportFault::Json),
        (line("", SECRET), ImportFault::Id),
        (line("x", &SECRET.repeat(40)), ImportFault::Secret),
        (line("there", SECRET), ImportFault::Exists),
        (line("two", SECRET), ImportFault::Repeated { first: 2 }),
        (hash(SECRET), ImportFault::SecretHash(InvalidHash::Form)),
        (hash(&BCRYPT.replace("$04", "$31")), ImportFault::SecretHash(InvalidHash::BcryptCost)),
        (hash(&PBKDF2.replace("25000", "0")), ImportFault::SecretHash(InvalidHash::Pbkdf2Cost)),
        (
            hash(&GOOD.replace("m=19456", "m=4294967295")),
            ImportFault::SecretHash(InvalidHash::Argon2idCost),
        ),
    ] {
        let lines = format!("{one}\n{two}\r\n{third}\n{}", line("four", SECRET));
        assert_eq!(fault(admin.import_json_lines(&lines)), Some((3, expected)), "{third}");
        assert_eq!(admin.list_apps().unwrap().len(), 1);
    }
    assert_eq!(admin.import_json_lines(&format!("{one}\n{two}\n")).unwrap(), 2);
    assert_eq!(admin.import_json_lines("").unwrap(), 0);
}

#[test]
fn what_others_left_behind_needs_the_setting_and_stops_being_right_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = opened(folder.path(), |_| {});
    import(&issuer, "bcrypt", BCRYPT);
    import(&issuer, "good", GOOD);
    drop(issuer);
    let issuer = opened(folder.path(), |settings| settings.verify_legacy_hashes = false);
    assert!(!is_right(&issuer, "bcrypt", SECRET) && is_right(&issuer, "good", SECRET));
    for legacy in [BCRYPT, PBKDF2] {
        let app = ImportedApp::with_secret_hash("another", legacy);
        assert_eq!(fault(issuer.admin().import_app(app)), Some((1, ImportFault::Legacy)));
    }
    drop(issuer);
    assert!(is_right(&opened(folder.path(), |_| {}), "bcrypt", SECRET), "it was kept");
}

#[test]
fn the_first_success_makes_a_better_hash_and_a_failure_does_not() {
    for weak in [BCRYPT, PBKDF2, WEAK] {
        let folder = tempfile::tempdir().unwrap();
        let issuer = opened(folder.path(), |_| {});
        import(&issuer, "app", weak);
        let before = stored(folder.path(), "app");
        let secret = issuer.admin().list_secrets(&id("app")).unwrap().remove(0);
        let kind = match weak {
            BCRYPT => SecretKind::Bcrypt,
            PBKDF2 => SecretKind::Pbkdf2,
            _ => SecretKind::Argon2id,
        };
        assert_eq!(secret.kind, kind);
        assert!(!is_right(&issuer, "app", "wrong"));
        drop(issuer);
        assert_eq!(stored(folder.path(), "app"), before);

        let issuer = opened(folder.path(), |_| {});
        assert!(is_right(&issuer, "app", SECRET) && is_right(&issuer, "app", SECRET));
        assert!(within_a_second(|| stored(folder.path(), "app") != before), "by itself");
        drop(issuer);
        let after = stored(folder.path(), "app");
        assert!(after.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{after}");
        let issuer = opened(folder.path(), |settings| settings.verify_legacy_hashes = false);
        assert!(is_right(&issuer, "app", SECRET) && !is_right(&issuer, "app", "wrong"));
        let listed = issuer.admin().list_secrets(&id("app")).unwrap().remove(0);
        assert_eq!((listed.id, listed.created), (secret.id, secret.created));
        assert!(listed.last_used.is_some());
        assert_eq!(listed.kind, SecretKind::Argon2id);
        drop(issuer);
        assert_eq!(stored(folder.path(), "app"), after, "and no second time");
    }
}

#[test]
fn a_better_hash_is_written_by_an_issuer_that_ends() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = opened(folder.path(), |_| {});
    import(&issuer, "app", BCRYPT);
    assert!(is_right(&issuer, "app", SECRET));
    drop(issuer);
    assert!(stored(folder.path(), "app").starts_with("$argon2id$"));
}

#[test]
fn two_apps_may_have_one_generated_secret_and_two_issuers_not_one_app() {
    let folder = tempfile::tempdir().unwrap();
    let (issuer, other) = (opened(folder.path(), |_| {}), opened(folder.path(), |_| {}));
    let app = issuer.admin().create_app("made here").unwrap();
    let secret = app.secret.expose_secret();
    for id in ["one", "two"] {
        issuer.admin().import_app(ImportedApp::with_secret(id, secret)).unwrap();
        // Which has not looked at the store since.
        let again = other.admin().import_app(ImportedApp::with_secret(id, SECRET));
        assert_eq!(fault(again), Some((1, ImportFault::Exists)));
        assert!(is_right(&issuer, id, secret));
    }
    let secrets = ["one", "two", app.id.as_str()].map(|app| {
        let listed = issuer.admin().list_secrets(&id(app)).unwrap().remove(0);
        assert_eq!(listed.kind, SecretKind::Generated);
        listed.id
    });
    issuer.admin().revoke_secret(&secrets[0]).unwrap();
    assert!(!is_right(&issuer, "one", secret) && is_right(&issuer, "two", secret));
    assert!(is_right(&issuer, app.id.as_str(), secret));
}

#[test]
fn a_better_hash_takes_nothing_back_that_was_changed_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = opened(folder.path(), |_| {});
    import(&issuer, "revoked", BCRYPT);
    import(&issuer, "deleted", BCRYPT);
    let secret = issuer.admin().list_secrets(&id("revoked")).unwrap().remove(0);
    assert!(is_right(&issuer, "revoked", SECRET) && is_right(&issuer, "deleted", SECRET));
    issuer.admin().revoke_secret(&secret.id).unwrap();
    issuer.admin().delete_app(&id("deleted")).unwrap();
    drop(issuer);
    let issuer = opened(folder.path(), |_| {});
    assert!(!is_right(&issuer, "revoked", SECRET));
    assert!(issuer.admin().list_secrets(&id("revoked")).unwrap()[0].revoked);
    assert!(issuer.admin().list_secrets(&id("deleted")).is_err());
}

#[test]
fn an_imported_secret_lives_beside_a_generated_one() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = opened(folder.path(), |_| {});
    let admin = issuer.admin();
    import(&issuer, "app", GOOD);
    let day = Duration::from_hours(24);
    let new = admin.rotate_secret(&id("app"), day).unwrap();
    let new = new.secret.expose_secret();
    assert!(is_right(&issuer, "app", SECRET) && is_right(&issuer, "app", new));
    assert!(!is_right(&issuer, "app", "wrong"));
    assert_eq!(admin.rotate_secret(&id("app"), day).unwrap_err().code(), "ERR_ADMIN_LIMIT");
    let listed = admin.list_secrets(&id("app")).unwrap();
    let first = listed.iter().find(|secret| secret.expires.is_some()).unwrap();
    assert!(first.last_used.is_some());
    admin.revoke_secret(&first.id).unwrap();
    assert!(!is_right(&issuer, "app", SECRET) && is_right(&issuer, "app", new));
    admin.disable_app(&id("app")).unwrap();
    for secret in [SECRET, new] {
        assert!(matches!(ask(&issuer, &shown("app", secret)), Err(AuthenticateError::Rejected(_))));
    }
}

#[test]
fn a_damaged_record_is_a_fault_of_its_own_app_alone() {
    for change in [
        "UPDATE secrets SET stored = replace(stored, '$2b$04', '$2b$05') WHERE app = 'bad'",
        "UPDATE secrets SET stored = 'plain' WHERE app = 'bad'",
        "UPDATE secrets SET tag = zeroblob(32) WHERE app = 'bad'",
        "UPDATE secrets SET expires_at = 99999999999 WHERE app = 'bad'",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let issuer = opened(folder.path(), |_| {});
        import(&issuer, "bad", BCRYPT);
        import(&issuer, "well", GOOD);
        drop(issuer);
        alter(folder.path(), change);
        let issuer = opened(folder.path(), |_| {});
        for secret in [SECRET, "wrong"] {
            let answer = ask(&issuer, &shown("bad", secret));
            let is_fault = matches!(
                answer,
                Err(AuthenticateError::Upstream { kind: UpstreamKind::Store, .. })
            );
            assert!(is_fault, "{change}: {answer:?}");
        }
        assert!(is_right(&issuer, "well", SECRET) && !is_right(&issuer, "well", "wrong"));
    }
}

#[test]
fn a_generated_secret_waits_for_no_hash_and_too_many_hashes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = opened(folder.path(), |settings| settings.hashing_threads = NonZeroUsize::MIN);
    let fast = credentials(&issuer.admin().create_app("fast").unwrap());
    // Some 200 ms each.
    import(&issuer, "slow", &WEAK.replace("m=4096,t=3", "m=131072,t=2"));
    let (cx, slow) = (now(), shown("slow", "a guess"));
    let mut polling = Polling::from_waker(Waker::noop());
    let mut begun: Vec<Pin<Box<_>>> = Vec::new();
    // One on the thread and 32 in the queue; the thread may have taken none or one by then.
    let refused = loop {
        let mut call = issuer.authenticate(&cx, &slow);
        match call.as_mut().poll(&mut polling) {
            Poll::Pending => begun.push(call),
            Poll::Ready(answer) => break answer,
        }
        assert!(begun.len() < 50);
    };
    assert!((32..=35).contains(&begun.len()), "{}", begun.len());
    let Err(AuthenticateError::Throttled { reason, retry_after }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((reason, retry_after), (ThrottleReason::Busy, Some(Duration::from_secs(1))));
    assert!(ask(&issuer, &fast).is_ok());
    let last = begun.last_mut().unwrap();
    assert!(last.as_mut().poll(&mut polling).is_pending(), "the pool is busy still");
    // What nobody waits for is not begun: the last one's turn comes at once.
    let last = begun.pop().unwrap();
    drop(begun);
    assert!(block_on(last).is_err());
}

#[test]
fn what_another_process_imports_is_in_force_here_and_better_hashes_there() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = opened(folder.path(), |_| {});
    let fast = credentials(&issuer.admin().create_app("fast").unwrap());
    import(&issuer, "here", BCRYPT);
    let before = stored(folder.path(), "here");
    let line = format!(r#"{{"appClientId":"there","secretHash":"{WEAK}"}}"#);
    let mut other = Other::start(folder.path(), &format!("import {line}"));
    assert_eq!(other.says().unwrap(), "1");
    assert!(within_a_second(|| ask(&issuer, &shown("there", SECRET)).is_ok()));
    assert!(is_right(&issuer, "here", SECRET));
    assert!(within_a_second(|| stored(folder.path(), "here") != before));
    assert!(within_a_second(|| stored(folder.path(), "there").contains("m=19456")));
    other.end();
    assert!(is_right(&issuer, "here", SECRET) && is_right(&issuer, "there", SECRET));
    assert!(ask(&issuer, &fast).is_ok());
}

#[test]
fn many_lines_are_one_change() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = opened(folder.path(), |_| {});
    let changes = || -> u32 {
        let connection = Connection::open(folder.path().join(STORE)).unwrap();
        connection.query_row("SELECT changes FROM head", [], |row| row.get(0)).unwrap()
    };
    let before = changes();
    let apps: Vec<_> =
        (0..3_000).map(|i| ImportedApp::with_secret_hash(format!("app-{i}"), GOOD)).collect();
    assert_eq!(issuer.admin().import_apps(&apps).unwrap(), 3_000);
    assert_eq!(changes(), before + 1);
    assert!(is_right(&issuer, "app-0", SECRET) && is_right(&issuer, "app-2999", SECRET));
}
