//! The life of an app's secrets: a new one beside the former, its end, and when it was last used.
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

use futures_executor::block_on;
use rusqlite::Connection;
use tokensmith::{
    AppClientId, AppCredentials, Authenticator as _, Clock as _, Context, Event, ManualClock,
    Observer, UnixTime,
};
use tokensmith_issuer::{Admin, AdminError, AppPolicy, CreatedSecret, Issuer, SecretSummary};

mod support;
use support::{STORE, alter, credentials, open, settings, shown, within_a_second};

const NOW: u64 = 1_700_000_000;
const DAY: Duration = Duration::from_hours(24);

/// What was heard: the name, the app, and for an end how many seconds it is away.
#[derive(Default)]
struct Heard(Mutex<Vec<(&'static str, String, u64)>>);

impl Observer for Heard {
    fn on_event(&self, _: &Context, event: &Event<'_>) {
        let left = match event {
            Event::SecretExpiring { expires_in, .. } => expires_in.as_secs(),
            _ => 0,
        };
        let app = event.app().unwrap().to_string();
        self.0.lock().unwrap().push((event.name(), app, left));
    }
}

impl Heard {
    fn all(&self) -> Vec<(&'static str, String, u64)> {
        self.0.lock().unwrap().clone()
    }
}

/// An issuer at a time of its own, with one app.
struct Scene {
    folder: tempfile::TempDir,
    clock: ManualClock,
    heard: Arc<Heard>,
    issuer: Issuer,
    app: AppCredentials,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new(UnixTime::from_secs(NOW - 1));
        let heard = Arc::new(Heard::default());
        let issuer = opened(folder.path(), &clock, &heard);
        let app = credentials(&issuer.admin().create_app("one").unwrap());
        clock.set_wall(UnixTime::from_secs(NOW));
        Self { folder, clock, heard, issuer, app }
    }

    fn admin(&self) -> Admin {
        self.issuer.admin()
    }

    fn at(&self, seconds: u64) {
        self.clock.set_wall(UnixTime::from_secs(seconds));
    }

    fn rotate(&self, overlap: Duration) -> Result<CreatedSecret, AdminError> {
        self.admin().rotate_secret(&self.app.id, overlap)
    }

    fn secrets(&self) -> Vec<SecretSummary> {
        self.admin().list_secrets(&self.app.id).unwrap()
    }

    fn is_good(&self, secret: &str) -> bool {
        let cx = Context::new(self.clock.wall(), self.clock.tick());
        block_on(self.issuer.authenticate(&cx, &shown(self.app.id.as_str(), secret))).is_ok()
    }

    fn first(&self) -> &str {
        self.app.secret.expose_secret()
    }
}

fn opened(folder: &Path, clock: &ManualClock, heard: &Arc<Heard>) -> Issuer {
    let observer = Arc::clone(heard) as Arc<dyn Observer>;
    Issuer::open(settings(folder), Arc::new(clock.clone()), observer).unwrap()
}

fn code(answer: Result<impl Sized, AdminError>) -> &'static str {
    answer.err().map_or("none", |error| error.code())
}

#[test]
fn a_new_secret_is_good_beside_the_former_until_that_ends() {
    let scene = Scene::new();
    let new = scene.rotate(DAY).unwrap();
    let new = new.secret.expose_secret();
    assert!(scene.is_good(scene.first()) && scene.is_good(new));
    let [former, latest] = &scene.secrets()[..] else { panic!("two") };
    assert_eq!(former.expires, Some(UnixTime::from_secs(NOW + DAY.as_secs())));
    assert_eq!((latest.expires, latest.revoked), (None, false));
    scene.at(NOW + DAY.as_secs() - 1);
    assert!(scene.is_good(scene.first()));
    scene.at(NOW + DAY.as_secs());
    assert!(!scene.is_good(scene.first()) && scene.is_good(new));
    assert_eq!(scene.secrets().len(), 2, "listed until the next");
    scene.rotate(DAY).unwrap();
    let left: Vec<_> = scene.secrets().into_iter().map(|secret| secret.id).collect();
    assert_eq!((left.len(), left.contains(&former.id)), (2, false));
}

#[test]
fn a_third_is_refused_and_changes_nothing() {
    let scene = Scene::new();
    let second = scene.rotate(DAY).unwrap();
    let before = scene.secrets();
    assert_eq!(code(scene.rotate(DAY)), "ERR_ADMIN_LIMIT");
    assert_eq!(code(scene.rotate(Duration::from_secs(1))), "ERR_ADMIN_LIMIT");
    assert_eq!(scene.secrets(), before);
    assert!(scene.is_good(scene.first()) && scene.is_good(second.secret.expose_secret()));
    // Without an overlap there is no third.
    let third = scene.rotate(Duration::ZERO).unwrap();
    assert!(!scene.is_good(scene.first()) && !scene.is_good(second.secret.expose_secret()));
    assert!(scene.is_good(third.secret.expose_secret()));
    scene.at(1);
    assert!(!scene.is_good(scene.first()), "nor by a clock that is set back");
}

#[test]
fn the_end_of_a_secret_is_never_put_off() {
    let scene = Scene::new();
    let second = scene.rotate(DAY).unwrap();
    scene.admin().revoke_secret(&second.id).unwrap();
    scene.rotate(90 * DAY).unwrap();
    let first = scene.secrets().remove(0);
    assert_eq!(first.expires, Some(UnixTime::from_secs(NOW + DAY.as_secs())));
}

#[test]
fn an_overlap_has_bounds() {
    let scene = Scene::new();
    for bad in [90 * DAY + Duration::from_secs(1), Duration::from_millis(1), Duration::MAX] {
        assert_eq!(code(scene.rotate(bad)), "ERR_ADMIN_INVALID", "{bad:?}");
    }
    assert_eq!(scene.secrets().len(), 1);
    scene.rotate(90 * DAY).unwrap();
}

#[test]
fn what_is_revoked_is_good_no_more_at_whatever_time() {
    let scene = Scene::new();
    let second = scene.rotate(DAY).unwrap();
    scene.admin().revoke_secret(&second.id).unwrap();
    scene.admin().revoke_secret(&second.id).unwrap();
    for time in [NOW, 1, NOW + 10 * DAY.as_secs()] {
        scene.at(time);
        assert!(!scene.is_good(second.secret.expose_secret()), "{time}");
    }
    scene.at(NOW);
    assert!(scene.is_good(scene.first()));
    let [first, revoked] = &scene.secrets()[..] else { panic!("two") };
    assert_eq!((revoked.revoked, revoked.expires), (true, None));
    // The last one too: the app is there, and is given tokens by another secret again.
    scene.admin().revoke_secret(&first.id).unwrap();
    assert!(!scene.is_good(scene.first()));
    let third = scene.rotate(DAY).unwrap();
    assert!(scene.is_good(third.secret.expose_secret()));
    assert_eq!(scene.secrets().len(), 1);
}

#[test]
fn what_is_not_there_is_not_found() {
    let scene = Scene::new();
    let nobody = AppClientId::new("appcl-nobody").unwrap();
    let admin = scene.admin();
    assert_eq!(code(admin.rotate_secret(&nobody, DAY)), "ERR_ADMIN_NOT_FOUND");
    assert_eq!(code(admin.list_secrets(&nobody)), "ERR_ADMIN_NOT_FOUND");
    assert_eq!(code(admin.revoke_secret("AAAAAAAAAAAA")), "ERR_ADMIN_NOT_FOUND");
    assert_eq!(code(admin.delete_app(&nobody)), "ERR_ADMIN_NOT_FOUND");
    assert_eq!(scene.heard.all(), [], "nothing was rotated");
}

#[test]
fn a_deleted_app_is_gone_with_its_secrets() {
    let scene = Scene::new();
    let second = scene.rotate(DAY).unwrap();
    let other = credentials(&scene.admin().create_app("other").unwrap());
    scene.admin().delete_app(&scene.app.id).unwrap();
    assert!(!scene.is_good(scene.first()) && !scene.is_good(second.secret.expose_secret()));
    assert_eq!(code(scene.admin().list_secrets(&scene.app.id)), "ERR_ADMIN_NOT_FOUND");
    assert_eq!(scene.admin().list_apps().unwrap().len(), 1);
    assert_eq!(scene.admin().list_secrets(&other.id).unwrap().len(), 1);
}

#[test]
fn a_damaged_record_is_not_vouched_for_and_can_be_deleted() {
    let scene = Scene::new();
    let id = scene.secrets().remove(0).id;
    alter(scene.folder.path(), "UPDATE secrets SET created_at = created_at + 1");
    let admin = scene.admin();
    assert_eq!(code(scene.rotate(DAY)), "ERR_ADMIN_STORE");
    assert_eq!(code(admin.list_secrets(&scene.app.id)), "ERR_ADMIN_STORE");
    assert_eq!(code(admin.revoke_secret(&id)), "ERR_ADMIN_STORE");
    alter(scene.folder.path(), "UPDATE apps SET name = 'two'");
    assert_eq!(code(scene.rotate(DAY)), "ERR_ADMIN_STORE");
    admin.delete_app(&scene.app.id).unwrap();
    assert_eq!(admin.list_apps().unwrap(), []);
    assert_eq!(rows(scene.folder.path(), "secrets"), 0);
}

fn rows(folder: &Path, table: &str) -> u32 {
    let connection = Connection::open(folder.join(STORE)).unwrap();
    let sql = format!("SELECT count(*) FROM {table}");
    connection.query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn nothing_is_left_of_the_uses_of_a_secret_that_is_gone() {
    let scene = Scene::new();
    assert!(scene.is_good(scene.first()));
    let Scene { folder, clock, heard, issuer, app } = scene;
    drop(issuer);
    assert_eq!(rows(folder.path(), "secret_uses"), 1);
    let issuer = opened(folder.path(), &clock, &heard);
    clock.set_wall(UnixTime::from_secs(NOW + 7_200));
    let cx = Context::new(clock.wall(), clock.tick());
    assert!(block_on(issuer.authenticate(&cx, &app)).is_ok());
    // By another process, so that this one has a use to write when it ends.
    let other = opened(folder.path(), &clock, &heard);
    other.admin().delete_app(&app.id).unwrap();
    assert_eq!(rows(folder.path(), "secret_uses"), 0);
    drop(issuer);
    assert_eq!(rows(folder.path(), "secret_uses"), 0);
}

#[test]
fn the_last_use_is_known_to_the_hour_here_and_after_a_restart() {
    let scene = Scene::new();
    let hour = |time: u64| Some(UnixTime::from_secs(time - time % 3_600));
    let second = scene.rotate(DAY).unwrap();
    assert!(scene.secrets().iter().all(|secret| secret.last_used.is_none()));
    assert!(scene.is_good(scene.first()));
    scene.at(NOW + 7_200);
    assert!(!scene.is_good("not a secret of this app"));
    assert!(scene.is_good(second.secret.expose_secret()));
    let expected = [hour(NOW), hour(NOW + 7_200)];
    let used = |admin: &Admin| -> Vec<_> {
        let listed = admin.list_secrets(&scene.app.id).unwrap();
        listed.iter().map(|secret| secret.last_used).collect()
    };
    assert_eq!(used(&scene.admin()), expected);
    // A change makes the directory anew, which goes on in what is known.
    scene.admin().create_app("two").unwrap();
    assert_eq!(used(&scene.admin()), expected);
    // The store knows nothing of it yet, and all of it once the issuer is dropped.
    let Scene { folder, clock, heard, issuer, ref app } = scene;
    let other = opened(folder.path(), &clock, &heard);
    let listed = other.admin().list_secrets(&app.id).unwrap();
    assert!(listed.iter().all(|secret| secret.last_used.is_none()));
    drop(issuer);
    let listed = other.admin().list_secrets(&app.id).unwrap();
    assert_eq!(listed.iter().map(|secret| secret.last_used).collect::<Vec<_>>(), expected);
    drop(other);
    let listed = opened(folder.path(), &clock, &heard).admin().list_secrets(&app.id).unwrap();
    assert_eq!(listed.iter().map(|secret| secret.last_used).collect::<Vec<_>>(), expected);
}

#[test]
fn a_secret_that_comes_to_its_end_is_told_of_once() {
    let scene = Scene::new();
    let app = scene.app.id.to_string();
    scene.rotate(30 * DAY).unwrap();
    assert_eq!(scene.heard.all(), [("secret_rotated", app.clone(), 0)]);
    assert!(!within_a_second(|| scene.heard.all().len() > 1), "not in the next seven days");
    scene.at(NOW + 23 * DAY.as_secs());
    let end = ("secret_expiring", app, 7 * DAY.as_secs());
    assert!(within_a_second(|| scene.heard.all().last() == Some(&end)));
    assert!(!within_a_second(|| scene.heard.all().len() > 2), "once");
    scene.at(NOW + 30 * DAY.as_secs());
    assert!(!within_a_second(|| scene.heard.all().len() > 2), "nor when it has ended");
    let again = opened(scene.folder.path(), &scene.clock, &scene.heard);
    let former = again.admin().list_secrets(&scene.app.id).unwrap().remove(0);
    again.admin().revoke_secret(&former.id).unwrap();
    assert!(!within_a_second(|| scene.heard.all().len() > 2), "nor by a later start, nor revoked");
}

#[test]
fn a_store_of_an_earlier_version_is_taken_over() {
    let since_1 = "DROP INDEX secrets_by_app; DROP TABLE secret_uses; DROP TABLE key_times;";
    let since_2 = "DROP TABLE app_policies;";
    for older in [
        format!("{since_1} {since_2} PRAGMA user_version = 1"),
        format!("{since_2} PRAGMA user_version = 2"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let app = credentials(&open(folder.path()).admin().create_app("one").unwrap());
        let connection = Connection::open(folder.path().join(STORE)).unwrap();
        connection.execute_batch(&older).unwrap();
        drop(connection);
        let issuer = open(folder.path());
        assert!(support::ask(&issuer, &app).is_ok());
        assert_eq!(issuer.admin().app_policy(&app.id).unwrap(), AppPolicy::default());
        issuer.admin().rotate_secret(&app.id, DAY).unwrap();
        assert_eq!(issuer.admin().list_secrets(&app.id).unwrap().len(), 2);
        drop(issuer);
        let version: i32 = Connection::open(folder.path().join(STORE))
            .unwrap()
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version, 3);
        assert!(fs::metadata(folder.path().join("root.key")).is_ok());
    }
}
