//! Redemptions that are killed at any moment, and a disk that fails at each write: no family is lost,
//! none has two tokens that are good, and nothing is half done.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use futures_executor::block_on;
use rusqlite::Connection;
use tokensmith::{AppCredentials, AuthenticateError, RefreshToken, Refresher as _, RejectReason};

mod support;
use support::other::{Other, other_process};
use support::{LEDGER, ask, credentials, now, open};

/// How often a redemption is killed.
const KILLS: u64 = 500;

struct Scene {
    folder: tempfile::TempDir,
    app: AppCredentials,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = credentials(&open(folder.path()).admin().create_app("app").unwrap());
        Self { folder, app }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn order(&self, many: u64, token: &str) -> String {
        format!("redeem {many} {} {} {token}", self.app.id, self.app.secret.expose_secret())
    }

    fn issue(&self) -> String {
        let tokens = ask(&open(self.path()), &self.app).unwrap();
        tokens.refresh_token.unwrap().expose_secret().to_owned()
    }

    /// Whatever was going on: the last token that its owner knows of is good, what comes after it is
    /// good too, and those before it are not.
    fn assert_whole(&self, first: &str, known: &[String]) {
        let issuer = open(self.path());
        let redeem = |token: &str| {
            let token = RefreshToken::new(token);
            match block_on(issuer.redeem(&now(), &self.app, &token)) {
                Ok(tokens) => Ok(tokens.refresh_token.unwrap().expose_secret().to_owned()),
                Err(AuthenticateError::Rejected(reason)) => Err(reason),
                Err(other) => panic!("{other:?}"),
            }
        };
        let last = known.last().map_or(first, String::as_str);
        let next = redeem(last).unwrap();
        assert_eq!(redeem(last), Ok(next.clone()), "one successor");
        let after = redeem(&next).unwrap();
        let dead = if known.len() < 2 { last } else { &known[known.len() - 2] };
        assert_eq!(redeem(dead), Err(RejectReason::RefreshReused));
        assert_eq!(redeem(&after), Err(RejectReason::RefreshRevoked));
    }

    fn assert_intact(&self) {
        let connection = Connection::open(self.path().join(LEDGER)).unwrap();
        let found: String =
            connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(found, "ok");
    }
}

#[test]
fn a_redemption_may_be_killed_at_any_moment() {
    let scene = Scene::new();
    let mut redeemed = 0;
    for round in 0..KILLS {
        let first = scene.issue();
        let other = Other::start(scene.path(), &scene.order(1_000_000, &first));
        // Spread over the opening and the first dozens of redemptions, and never the same twice.
        thread::park_timeout(Duration::from_micros((round * 7_919) % 60_000));
        let known = other.kill();
        redeemed += known.len();
        scene.assert_whole(&first, &known);
    }
    scene.assert_intact();
    println!("{KILLS} kills, {redeemed} redemptions that were told of before them");
    assert!(redeemed > 1_000, "{redeemed}: the kills came too early");
}

/// What strace does to the i-th call of that kind in each thread.
const FAULTS: [(&str, &str); 7] = [
    ("pwrite64", "error=ENOSPC"),
    ("pwrite64", "error=EIO"),
    ("pwrite64", "signal=SIGKILL"),
    ("fsync", "error=ENOSPC"),
    ("fsync", "error=EIO"),
    ("fsync", "signal=SIGKILL"),
    ("ftruncate", "error=EIO"),
];

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fails_at_any_write_loses_nothing() {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
        assert!(env::var_os("CI").is_none(), "strace is needed: apt-get install strace");
        println!("skipped: without strace no disk fails");
        return;
    }
    let mut struck = 0;
    for (call, fault) in FAULTS {
        let mut at = 1;
        while strikes(call, fault, at) {
            at += 1;
            struck += 1;
        }
        println!("{call} {fault}: {} points", at - 1);
    }
    assert!(struck > 50, "{struck} points: fewer than a redemption has");
}

/// Redeems under that fault; false if there is no such call any more.
fn strikes(call: &str, fault: &str, at: u32) -> bool {
    let scene = Scene::new();
    let first = scene.issue();
    let log = scene.path().join("strace.log");
    let output = Command::new("strace")
        .args(["-qq", "-f", "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:{fault}:when={at}")])
        .arg("-o")
        .arg(&log)
        .arg(other_process())
        .arg(scene.path())
        .arg(scene.order(4, &first))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let was_struck = {
        let log = fs::read_to_string(&log).unwrap();
        log.contains("(INJECTED)") || log.contains("+++ killed by SIGKILL +++")
    };
    let said = String::from_utf8(output.stdout).unwrap();
    let known: Vec<String> =
        said.lines().filter(|line| line.starts_with("tsrt_")).map(str::to_owned).collect();
    let is_done = said.lines().any(|line| line == "done");
    // One that could not open its store has said nothing else.
    assert!(
        is_done || known.is_empty() || fault.contains("SIGKILL"),
        "{call} {fault} {at}: {said}"
    );
    assert!(was_struck || is_done, "{call} {fault} {at}: {said}");
    scene.assert_whole(&first, &known);
    scene.assert_intact();
    was_struck
}
