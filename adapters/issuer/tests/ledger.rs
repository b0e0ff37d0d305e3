//! The ledger's file: several processes on it, restarts, loss and damage.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::sync::Barrier;
use std::thread;

use futures_executor::block_on;
use rusqlite::Connection;
use tokensmith::{
    AuthenticateError, Authenticator as _, RefreshToken, Refresher as _, RejectReason,
};

mod support;
use support::LEDGER;
use support::redeeming::{DAY, Kind, SECOND, Scene, open, text};

#[test]
fn two_processes_on_one_ledger_are_as_one() {
    let scene = Scene::new(Kind::Sqlite);
    let other = open(scene.folder.path(), &scene.clock);
    let first = scene.issue();
    let second = scene.redeem(&first).unwrap();
    let by_other = |token: &str| {
        let answer = block_on(other.redeem(&scene.cx(), &scene.app, &RefreshToken::new(token)));
        answer.map(|tokens| text(&tokens)).map_err(|error| match error {
            AuthenticateError::Rejected(reason) => reason,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(by_other(&first), Ok(second.clone()));
    let third = by_other(&second).unwrap();
    scene.at(11 * SECOND);
    assert_eq!(scene.redeem(&first), Err(RejectReason::RefreshReused));
    assert_eq!(by_other(&third), Err(RejectReason::RefreshRevoked));
}

#[test]
fn two_processes_that_write_at_once_both_work() {
    let scene = Scene::new(Kind::Sqlite);
    let other = open(scene.folder.path(), &scene.clock);
    let start = Barrier::new(2);
    thread::scope(|scope| {
        for issuer in [&scene.issuer, &other] {
            let (scene, start) = (&scene, &start);
            scope.spawn(move || {
                let mut token = RefreshToken::new(scene.issue());
                start.wait();
                for _ in 0..100 {
                    let next = block_on(issuer.redeem(&scene.cx(), &scene.app, &token)).unwrap();
                    token = next.refresh_token.unwrap();
                }
            });
        }
    });
}

#[test]
fn what_was_redeemed_outlives_a_restart() {
    let Scene { folder, clock, issuer, app, other } = Scene::new(Kind::Sqlite);
    let scene = Scene { folder, clock, issuer, app, other };
    let first = scene.issue();
    let second = scene.redeem(&first).unwrap();
    let third = scene.redeem(&second).unwrap();
    let Scene { folder, clock, issuer, app, other } = scene;
    drop(issuer);
    let issuer = open(folder.path(), &clock);
    let scene = Scene { folder, clock, issuer, app, other };
    assert_eq!(scene.redeem(&second), Ok(third));
    assert_eq!(scene.redeem(&first), Err(RejectReason::RefreshReused));
}

#[test]
fn a_ledger_that_is_lost_refuses_what_was_issued_before() {
    let scene = Scene::new(Kind::Sqlite);
    let [first, unused] = [scene.issue(), scene.issue()];
    let second = scene.redeem(&first).unwrap();
    scene.at(SECOND);
    for side in ["", "-wal", "-shm"] {
        fs::remove_file(scene.folder.path().join(format!("{LEDGER}{side}"))).unwrap();
    }
    for token in [&first, &second, &unused] {
        assert_eq!(scene.redeem(token), Err(RejectReason::RefreshExpired));
    }
    assert!(scene.redeem(&scene.issue()).is_ok(), "it was made anew");
}

#[test]
fn a_damaged_family_is_a_fault_of_its_own_and_is_never_live() {
    for change in [
        "UPDATE families SET family = CAST(substr(family, 1, 1) || x'00' || substr(family, 3) AS BLOB)",
        "UPDATE families SET ends_at = ends_at + 1",
        "UPDATE families SET tag = zeroblob(32)",
        "UPDATE families SET family = x''",
    ] {
        let scene = Scene::new(Kind::Sqlite);
        let [first, other] = [scene.issue(), scene.issue()];
        let admin = scene.issuer.admin();
        block_on(admin.revoke_refresh_token(&scene.app.id, &RefreshToken::new(&*first))).unwrap();
        let connection = Connection::open(scene.folder.path().join(LEDGER)).unwrap();
        assert_eq!(connection.execute(change, []).unwrap(), 1);
        assert!(scene.fails(&first), "{change}");
        assert!(scene.redeem(&other).is_ok(), "{change}");
    }
}

#[test]
fn a_damaged_head_or_level_is_a_fault() {
    for (change, of_one) in [
        ("UPDATE ledger SET created_at = 0", false),
        ("UPDATE ledger SET high_water = high_water + 1", false),
        ("UPDATE app_levels SET not_before = 0", true),
    ] {
        let scene = Scene::new(Kind::Sqlite);
        let admin = scene.issuer.admin();
        let token = scene.issue();
        block_on(admin.revoke_refresh_tokens_of(&scene.app.id)).unwrap();
        let connection = Connection::open(scene.folder.path().join(LEDGER)).unwrap();
        assert_eq!(connection.execute(change, []).unwrap(), 1);
        assert!(scene.fails(&token), "{change}");
        let tokens = block_on(scene.issuer.authenticate(&scene.cx(), &scene.other)).unwrap();
        let token = tokens.refresh_token.unwrap();
        let answer = block_on(scene.issuer.redeem(&scene.cx(), &scene.other, &token));
        assert_eq!(answer.is_ok(), of_one, "{change}");
        // What has ended, or is none, is refused without the ledger.
        scene.at(7 * DAY);
        assert_eq!(scene.redeem(token.expose_secret()), Err(RejectReason::RefreshUnknown));
        let answer = block_on(scene.issuer.redeem(&scene.cx(), &scene.other, &token));
        let expired = AuthenticateError::Rejected(RejectReason::RefreshExpired);
        assert_eq!(format!("{:?}", answer.unwrap_err()), format!("{expired:?}"), "{change}");
    }
}

#[test]
fn the_ledger_keeps_no_token_and_is_for_its_owner_alone() {
    let scene = Scene::new(Kind::Sqlite);
    let mut token = scene.issue();
    for _ in 0..3 {
        token = scene.redeem(&token).unwrap();
    }
    let Scene { folder, issuer, .. } = scene;
    drop(issuer);
    let path = folder.path().join(LEDGER);
    let bytes = fs::read(&path).unwrap();
    let (body, tag) = token.split_at(token.len() - 43);
    for part in [token.as_str(), body.split_at(5).1, tag] {
        assert!(!bytes.windows(part.len()).any(|window| window == part.as_bytes()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = support::try_open(folder.path()).unwrap_err().to_string();
        assert!(
            refused.contains(LEDGER),
            "one that others may read is refused, by name: {refused}"
        );
    }
}
