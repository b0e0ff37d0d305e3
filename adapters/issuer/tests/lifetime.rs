//! What an issuer holds, it gives back. The only test of its file: it counts the threads and the
//! open files of its process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

mod support;
use support::{open, within_a_second};

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
    assert_eq!(watchers(), 0);
    let issuer = open(folder.path());
    // A thread has its name a moment after it is there.
    assert!(within_a_second(|| watchers() == 1));
    assert!(open_files() > 0);
    let admin = issuer.admin();
    drop(issuer);
    assert_eq!(watchers(), 0);
    admin.create_app("an admin lives on").unwrap();
    drop(admin);
    assert_eq!(open_files(), 0);
}

fn watchers() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.starts_with("tokensmith-watc")).count()
}
