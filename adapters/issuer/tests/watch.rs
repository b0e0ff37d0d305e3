//! What an open issuer sees of its store: another process's changes, damage, and another file in its
//! place.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use tokensmith::{AppCredentials, Clock, Context, Event, Observer, SystemClock, Tick, UnixTime};
use tokensmith_issuer::{AdminError, Issuer};

mod support;
use support::{
    STORE, alter, ask, credentials, open, open_heard, settings, two_apps, within_a_second,
};

/// The operating system's, until it is told to panic.
#[derive(Debug, Default)]
struct BrokenClock {
    inner: SystemClock,
    broken: AtomicBool,
    panics: AtomicUsize,
}

impl BrokenClock {
    fn panic_if_broken(&self) {
        if self.broken.load(Ordering::SeqCst) {
            self.panics.fetch_add(1, Ordering::SeqCst);
            panic!("a clock's panic is its own");
        }
    }
}

impl Clock for BrokenClock {
    fn wall(&self) -> UnixTime {
        self.panic_if_broken();
        self.inner.wall()
    }

    fn tick(&self) -> Tick {
        self.panic_if_broken();
        self.inner.tick()
    }
}

#[test]
fn a_clock_that_panics_does_not_end_the_watch() {
    let folder = tempfile::tempdir().unwrap();
    let (one, _) = two_apps(folder.path());
    let (clock, heard) = (Arc::new(BrokenClock::default()), Arc::new(Heard::default()));
    let observer = Arc::clone(&heard) as Arc<dyn Observer>;
    let host_clock = Arc::clone(&clock) as Arc<dyn Clock>;
    let issuer = Issuer::open(settings(folder.path()), host_clock, observer).unwrap();
    clock.broken.store(true, Ordering::SeqCst);
    // Two looks at the least, each of which asks it twice: for itself and to date the event.
    assert!(within_a_second(|| clock.panics.load(Ordering::SeqCst) >= 4));
    assert_eq!(heard.1.load(Ordering::SeqCst), 0, "nothing to date it by");
    open(folder.path()).admin().disable_app(&one.id).unwrap();
    assert!(within_a_second(|| ask(&issuer, &one).is_err()), "the store is read all the same");
    clock.broken.store(false, Ordering::SeqCst);
    open(folder.path()).admin().enable_app(&one.id).unwrap();
    assert!(within_a_second(|| ask(&issuer, &one).is_ok()));
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>, AtomicUsize);

impl Observer for Heard {
    fn on_event(&self, _: &Context, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.name().to_owned());
        self.1.fetch_add(1, Ordering::SeqCst);
        panic!("an observer's panic is its own");
    }
}

#[test]
fn a_bad_reload_keeps_what_was_in_force_and_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let (one, _) = two_apps(folder.path());
    let heard = Arc::new(Heard::default());
    let issuer = open_heard(folder.path(), Arc::clone(&heard) as Arc<dyn Observer>);
    let jwks = issuer.admin().jwks();
    alter(folder.path(), "UPDATE head SET changes = changes + 1");
    assert!(within_a_second(|| heard.1.load(Ordering::SeqCst) == 1));
    // Some more looks, none of which is told.
    assert!(!within_a_second(|| heard.1.load(Ordering::SeqCst) > 1));
    assert_eq!(*heard.0.lock().unwrap(), ["reload_failed"]);
    assert!(ask(&issuer, &one).is_ok());
    assert_eq!(issuer.admin().jwks(), jwks);
    assert!(matches!(issuer.admin().create_app("three"), Err(AdminError::Store(_))));
    // Mended, the watch goes on, and a further fault is told again.
    alter(folder.path(), "UPDATE head SET changes = changes - 1");
    assert!(within_a_second(|| issuer.admin().disable_app(&one.id).is_ok()));
    assert!(ask(&issuer, &one).is_err());
    assert!(!within_a_second(|| heard.1.load(Ordering::SeqCst) > 1));
    alter(folder.path(), "UPDATE head SET changes = changes + 1");
    assert!(within_a_second(|| heard.1.load(Ordering::SeqCst) == 2));
}

#[cfg(unix)]
#[test]
fn a_store_that_is_moved_away_is_missed_and_one_that_is_put_there_is_taken() {
    let (folder, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, _) = two_apps(folder.path());
    let (path, away) = (folder.path().join(STORE), backup.path().join(STORE));
    fs::copy(&path, &away).unwrap();
    let heard = Arc::new(Heard::default());
    let issuer = open_heard(folder.path(), Arc::clone(&heard) as Arc<dyn Observer>);
    issuer.admin().disable_app(&one.id).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(within_a_second(|| heard.1.load(Ordering::SeqCst) == 1));
    let lost = issuer.admin().create_app("to a file that is no more");
    assert!(matches!(lost, Err(AdminError::Store(_))), "{lost:?}");
    assert!(matches!(issuer.admin().list_apps(), Err(AdminError::Store(_))));
    assert!(ask(&issuer, &one).is_err(), "what was in force stays");
    let remove_logs = || {
        for side in ["tokensmith.db-wal", "tokensmith.db-shm"] {
            fs::remove_file(folder.path().join(side)).unwrap();
        }
    };
    remove_logs();
    fs::copy(&away, &path).unwrap();
    assert!(within_a_second(|| ask(&issuer, &one).is_ok()), "the backup is in force");
    let made = issuer.admin().create_app("in the backup's place").unwrap();
    assert!(ask(&issuer, &credentials(&made)).is_ok());
    // Once more, without a moment in which there is none.
    let again = folder.path().join("again.db");
    fs::copy(&away, &again).unwrap();
    remove_logs();
    fs::rename(&again, &path).unwrap();
    assert!(within_a_second(|| ask(&issuer, &credentials(&made)).is_err()), "it was not in it");
    assert!(ask(&issuer, &one).is_ok());
}

/// Two stores that part ways by a change each: in that in `backup` the first app is disabled, in
/// that in `folder`, which is open, the second.
fn two_stores_of_as_many_changes(
    folder: &Path,
    backup: &Path,
) -> (Issuer, AppCredentials, AppCredentials) {
    let (one, two) = two_apps(folder);
    for name in [STORE, "root.key"] {
        fs::copy(folder.join(name), backup.join(name)).unwrap();
    }
    open(backup).admin().disable_app(&one.id).unwrap();
    let issuer = open(folder);
    issuer.admin().disable_app(&two.id).unwrap();
    assert!(ask(&issuer, &one).is_ok() && ask(&issuer, &two).is_err());
    (issuer, one, two)
}

#[cfg(unix)]
#[test]
fn a_store_put_in_the_place_of_one_of_as_many_changes_is_in_force() {
    let (folder, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (issuer, one, two) = two_stores_of_as_many_changes(folder.path(), backup.path());
    let again = folder.path().join("again.db");
    fs::copy(backup.path().join(STORE), &again).unwrap();
    for side in ["tokensmith.db-wal", "tokensmith.db-shm"] {
        fs::remove_file(folder.path().join(side)).unwrap();
    }
    fs::rename(&again, folder.path().join(STORE)).unwrap();
    assert!(within_a_second(|| ask(&issuer, &one).is_err()), "disabled in it");
    assert!(ask(&issuer, &two).is_ok());
}

#[test]
fn a_store_filled_from_one_of_as_many_changes_is_in_force() {
    let (folder, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (issuer, one, two) = two_stores_of_as_many_changes(folder.path(), backup.path());
    // As `.restore` of SQLite's shell does it: the same file, by one commit.
    let connection = Connection::open(folder.path().join(STORE)).unwrap();
    let backup = backup.path().join(STORE);
    connection.execute("ATTACH ? AS backup", [backup.to_str().unwrap()]).unwrap();
    let fill = "BEGIN; DELETE FROM apps; INSERT INTO apps SELECT * FROM backup.apps; COMMIT";
    connection.execute_batch(fill).unwrap();
    assert!(within_a_second(|| ask(&issuer, &one).is_err()), "disabled in it");
    assert!(ask(&issuer, &two).is_ok());
}
