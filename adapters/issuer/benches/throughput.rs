//! How many tokens the issuer issues and redeems in a second, as a Markdown table:
//! `cargo bench -p tokensmith-issuer --bench throughput`. Its peer is a ledger in SQLite too, with the same
//! settings, that commits each redemption by itself. Rounds of both stand next to each other.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing to measure")]
#![expect(clippy::indexing_slicing, reason = "what is out of bounds here should end it")]
#![expect(clippy::arithmetic_side_effects, reason = "its numbers are its own")]

use std::path::Path;
use std::sync::{Barrier, Mutex};

use async_trait::async_trait;
use futures_executor::block_on;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};
use tokensmith::{
    AppClientId, AppCredentials, Authenticator as _, Clock as _, Context, Presented, RefreshToken,
    Refresher as _, SystemClock, UnixTime,
};
use tokensmith_issuer::ledger::{
    Family, LedgerError, LedgerState, MemoryLedger, Outcome, RefreshLedger, Step,
};
use tokensmith_issuer::{Algorithm, Issuer, IssuerSettings};

const ROUNDS: usize = 11;

fn main() {
    // `cargo test` runs benchmarks too, to see that they work: one round is enough.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { ROUNDS } else { 1 };
    println!("| what | callers at once | ours, a second | peer, a second | ours / peer |");
    println!("|---|---:|---:|---:|---:|");
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let ours = Side::new(algorithm, Ledger::Memory);
        let count = if algorithm == Algorithm::Rs256 { 50 } else { 1_000 };
        for callers in [1, 2] {
            let what = format!("issue, {}", algorithm.as_str());
            let rates = (0..rounds).map(|_| ours.issue(callers, count)).collect();
            row(&what, callers, rates, None);
        }
    }
    let memory = Side::new(Algorithm::Es256, Ledger::Memory);
    for callers in [1, 2] {
        let rates = (0..rounds).map(|_| memory.redeem(callers, 500)).collect();
        row("redeem, ledger in memory", callers, rates, None);
    }
    let ours = Side::new(Algorithm::Es256, Ledger::Ours);
    let peer = Side::new(Algorithm::Es256, Ledger::CommitsEach);
    for callers in [1, 8, 64] {
        let rounds = (0..rounds).map(|_| (ours.redeem(callers, 20), peer.redeem(callers, 20)));
        let (rates, peers) = rounds.unzip();
        row("redeem, ledger in SQLite", callers, rates, Some(peers));
    }
}

fn row(what: &str, callers: usize, ours: Vec<f64>, peers: Option<Vec<f64>>) {
    let [_, rate, _] = quartiles(ours.clone());
    let (peer, ratio) = peers.map_or_else(Default::default, |peers| {
        let ratios = ours.iter().zip(&peers).map(|(ours, peer)| ours / peer).collect();
        let [low, ratio, high] = quartiles(ratios);
        let [_, peer, _] = quartiles(peers);
        (format!("{peer:.0}"), format!("{ratio:.1} ({low:.1} to {high:.1})"))
    });
    println!("| {what} | {callers} | {rate:.0} | {peer} | {ratio} |");
}

/// The lower quartile, the median and the upper quartile.
fn quartiles(mut figures: Vec<f64>) -> [f64; 3] {
    figures.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| figures[figures.len() * quarter / 4])
}

#[derive(Clone, Copy)]
enum Ledger {
    Memory,
    Ours,
    CommitsEach,
}

struct Side {
    _folder: tempfile::TempDir,
    issuer: Issuer,
    app: AppCredentials,
}

impl Side {
    fn new(algorithm: Algorithm, ledger: Ledger) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = IssuerSettings::new(folder.path().join("tokensmith.db"));
        settings.algorithm = algorithm;
        let builder = Issuer::builder(settings);
        let now = SystemClock::new().wall();
        let builder = match ledger {
            Ledger::Memory => builder.ledger(MemoryLedger::new(now)),
            Ledger::Ours => builder,
            Ledger::CommitsEach => builder.ledger(CommitsEach::new(folder.path(), now)),
        };
        let issuer = builder.open().unwrap();
        let app = issuer.admin().create_app("bench").unwrap();
        let app = Presented::new(app.id.as_str(), app.secret.expose_secret().into());
        let app = app.credentials().unwrap().clone();
        Self { _folder: folder, issuer, app }
    }

    fn token(&self) -> RefreshToken {
        let tokens = block_on(self.issuer.authenticate(&now(), &self.app)).unwrap();
        tokens.refresh_token.unwrap()
    }

    /// Tokens issued in a second.
    fn issue(&self, callers: usize, each: u32) -> f64 {
        rate(callers, each, || {
            move || {
                drop(block_on(self.issuer.authenticate(&now(), &self.app)).unwrap());
            }
        })
    }

    /// Tokens redeemed in a second, each caller's one after another.
    fn redeem(&self, callers: usize, each: u32) -> f64 {
        rate(callers, each, || {
            let mut token = self.token();
            move || {
                let tokens = block_on(self.issuer.redeem(&now(), &self.app, &token)).unwrap();
                token = tokens.refresh_token.unwrap();
            }
        })
    }
}

fn now() -> Context {
    let clock = SystemClock::new();
    Context::new(clock.wall(), clock.tick())
}

/// How often a second all callers together do their work.
fn rate<W: FnMut()>(callers: usize, each: u32, caller: impl Fn() -> W + Sync) -> f64 {
    let clock = SystemClock::new();
    let (ready, done) = (Barrier::new(callers + 1), Barrier::new(callers + 1));
    std::thread::scope(|scope| {
        for _ in 0..callers {
            scope.spawn(|| {
                let mut work = caller();
                ready.wait();
                (0..each).for_each(|_| work());
                done.wait();
            });
        }
        ready.wait();
        let start = clock.tick();
        done.wait();
        let taken = clock.tick().since(start).as_secs_f64();
        f64::from(each) * callers as f64 / taken
    })
}

/// A ledger as one would write it first: a transaction for each step, durable before the answer.
struct CommitsEach {
    connection: Mutex<Connection>,
    state: LedgerState,
}

impl CommitsEach {
    fn new(folder: &Path, now: UnixTime) -> Self {
        let connection = Connection::open(folder.join("peer.db")).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "synchronous", "FULL").unwrap();
        let schema =
            "CREATE TABLE families (id TEXT PRIMARY KEY, family BLOB NOT NULL) WITHOUT ROWID";
        connection.execute_batch(schema).unwrap();
        Self { connection: Mutex::new(connection), state: LedgerState::new(now) }
    }

    fn step(&self, step: &Step, writes: bool) -> rusqlite::Result<Outcome> {
        let mut connection = self.connection.lock().unwrap();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let id = step.family().to_string();
        let known = "SELECT family FROM families WHERE id = ?1";
        let known: Option<Vec<u8>> =
            transaction.query_row(known, [&id], |row| row.get(0)).optional()?;
        let family = known.map(|bytes| Family::from_bytes(&bytes).unwrap());
        let judged = step.judge(&self.state, family.as_ref());
        if let Some(family) = judged.write.filter(|_| writes) {
            let write = "INSERT OR REPLACE INTO families VALUES (?1, ?2)";
            transaction.prepare(write)?.execute((&id, family.to_bytes()))?;
        }
        transaction.commit()?;
        Ok(judged.outcome)
    }
}

#[async_trait]
impl RefreshLedger for CommitsEach {
    async fn take(&self, step: &Step) -> Result<Outcome, LedgerError> {
        self.step(step, true).map_err(|error| LedgerError(error.into()))
    }

    async fn weigh(&self, step: &Step) -> Result<Outcome, LedgerError> {
        self.step(step, false).map_err(|error| LedgerError(error.into()))
    }

    async fn refuse_issued(&self, _: Option<&AppClientId>, _: UnixTime) -> Result<(), LedgerError> {
        Err(LedgerError("it redeems, and nothing else".into()))
    }

    async fn reset(&self, _: UnixTime) -> Result<(), LedgerError> {
        Err(LedgerError("it redeems, and nothing else".into()))
    }

    async fn purge(&self, _: UnixTime) -> Result<u64, LedgerError> {
        Err(LedgerError("it redeems, and nothing else".into()))
    }
}
