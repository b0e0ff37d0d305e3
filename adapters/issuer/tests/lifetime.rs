//! What an issuer holds, it gives back. The only test of its file: it counts the threads and the
//! open files of its process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

mod support;
use support::{ask, open, shown, within_a_second};
use tokensmith_issuer::ImportedApp;

#[test]
fn a_dropped_issuer_leaves_no_thread_and_no_open_file() {
    let folder = tempfile::tempdir().unwrap();
    let open_files = || {
        let entries = fs::read_dir("/proc/self/fd").unwrap();
        let links = entries.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        links.filter(|link| link.starts_with(folder.path())).count()
    };
    for _ in 0..20 {
        drop(open(folder.path()));
    }
    assert_eq!(open_files(), 0);
    assert_eq!(["watc", "hash", "time"].map(threads), [0; 3]);
    let issuer = open(folder.path());
    let admin = issuer.admin();
    admin.import_app(ImportedApp::with_secret("slow", "a secret")).unwrap();
    // A thread has its name a moment after it is there.
    assert!(within_a_second(|| threads("watc") == 1));
    assert_eq!((threads("hash"), threads("time")), (0, 0), "before there is something to hash");
    assert!(ask(&issuer, &shown("slow", "a secret")).is_ok());
    assert_eq!((threads("hash"), threads("time")), (1, 1));
    assert!(open_files() > 0);
    drop(issuer);
    assert_eq!(["watc", "hash", "time"].map(threads), [0; 3]);
    admin.create_app("an admin lives on").unwrap();
    drop(admin);
    assert_eq!(open_files(), 0);
}

/// Those of an issuer whose names go on like that.
fn threads(rest: &str) -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.starts_with(&format!("tokensmith-{rest}"))).count()
}
