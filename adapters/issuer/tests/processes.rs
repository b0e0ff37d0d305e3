//! Several processes on one store: changes in force everywhere, starts at once, and kills.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use tokensmith::{AuthenticateError, RejectReason, TokenSet};

mod support;
use support::other::Other;
use support::{ask, credentials, open, shown, within_a_second};

fn reason(answer: Result<TokenSet, AuthenticateError>) -> Option<RejectReason> {
    match answer {
        Ok(_) => None,
        Err(AuthenticateError::Rejected(reason)) => Some(reason),
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn a_change_by_another_process_is_in_force_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = open(folder.path());
    let mut other = Other::start(folder.path(), "create 1");
    let made = other.says().unwrap();
    let (id, secret) = made.split_once(' ').unwrap();
    let app = shown(id, secret);
    assert!(within_a_second(|| ask(&issuer, &app).is_ok()));
    // The first other process still has the store open.
    Other::start(folder.path(), &format!("disable {id}")).end();
    let disabled = || reason(ask(&issuer, &app)) == Some(RejectReason::Disabled);
    assert!(within_a_second(disabled));
    other.end();
}

#[test]
fn two_issuers_in_one_process_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (open(folder.path()), open(folder.path()));
    assert_eq!(one.admin().jwks(), two.admin().jwks());
    let app = one.admin().create_app("billing").unwrap();
    assert!(ask(&one, &credentials(&app)).is_ok(), "in force here on return");
    assert!(within_a_second(|| ask(&two, &credentials(&app)).is_ok()));
    two.admin().disable_app(&app.id).unwrap();
    assert_eq!(reason(ask(&two, &credentials(&app))), Some(RejectReason::Disabled));
    assert!(within_a_second(|| ask(&one, &credentials(&app)).is_err()));
    drop(one);
    two.admin().enable_app(&app.id).unwrap();
    assert!(ask(&two, &credentials(&app)).is_ok());
}

#[test]
fn writers_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut others: Vec<_> = (0..3).map(|_| Other::start(folder.path(), "create 10")).collect();
    let mut made = BTreeSet::new();
    for other in &mut others {
        made.extend((0..10).map(|_| other.says().unwrap()));
    }
    others.into_iter().for_each(Other::end);
    assert_eq!(made.len(), 30);
    let issuer = open(folder.path());
    assert_eq!(issuer.admin().list_apps().unwrap().len(), 30);
    for app in made {
        let (id, secret) = app.split_once(' ').unwrap();
        assert!(ask(&issuer, &shown(id, secret)).is_ok());
    }
}

#[test]
fn starters_at_once_make_one_root_and_one_key() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let mut others: Vec<_> = (0..4).map(|_| Other::start(folder.path(), "start")).collect();
        let sets: BTreeSet<_> = others.iter_mut().map(|other| other.says().unwrap()).collect();
        assert_eq!(sets.len(), 1, "{sets:?}");
        others.into_iter().for_each(Other::end);
        assert_whole(folder.path());
    }
}

#[test]
fn threads_that_start_at_once_make_one_root_and_one_key() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let start = Barrier::new(8);
        let set = || {
            start.wait();
            open(folder.path()).admin().jwks()
        };
        let sets: BTreeSet<_> = thread::scope(|scope| {
            let starters: Vec<_> = (0..8).map(|_| scope.spawn(set)).collect();
            starters.into_iter().map(|starter| starter.join().unwrap()).collect()
        });
        assert_eq!(sets.len(), 1, "{sets:?}");
        assert_whole(folder.path());
    }
}

/// Nothing but the store, its ledger and its root, and it issues.
fn assert_whole(folder: &Path) {
    let issuer = open(folder);
    let app = issuer.admin().create_app("billing").unwrap();
    assert!(ask(&issuer, &credentials(&app)).is_ok());
    drop(issuer);
    assert_eq!(
        names(folder),
        BTreeSet::from(["root.key", support::STORE, support::LEDGER].map(Into::into))
    );
}

fn names(folder: &Path) -> BTreeSet<OsString> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

#[test]
fn a_first_start_may_be_killed_at_any_moment() {
    let mut left_behind = BTreeSet::new();
    let mut finished = 0;
    for i in 0..40_u64 {
        let folder = tempfile::tempdir().unwrap();
        let other = Other::start(folder.path(), "start");
        thread::park_timeout(Duration::from_micros(i * i * 15));
        let said = other.kill();
        if let Some(set) = said.first() {
            finished += 1;
            assert_eq!(*set, *open(folder.path()).admin().jwks(), "the key that was published");
        } else {
            left_behind.insert(names(folder.path()).len());
        }
        assert_whole(folder.path());
    }
    assert!(left_behind.len() > 1 && finished < 40, "the kills all fell in one place");
}

#[test]
fn an_app_that_was_shown_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut shown_apps = Vec::new();
    for i in 0..20_u64 {
        let mut other = Other::start(folder.path(), "create 1000000");
        let first = other.says().unwrap();
        thread::park_timeout(Duration::from_micros(i * 1_300));
        shown_apps.push(first);
        shown_apps.extend(other.kill());
    }
    let issuer = open(folder.path());
    for app in &shown_apps {
        let (id, secret) = app.split_once(' ').unwrap();
        assert!(ask(&issuer, &shown(id, secret)).is_ok(), "{id}");
    }
    let listed = issuer.admin().list_apps().unwrap();
    assert!(listed.iter().all(|app| app.enabled && !app.damaged));
    // A kill may fall between the commit and the line that shows it.
    assert!((shown_apps.len()..=shown_apps.len() + 20).contains(&listed.len()));
}
