//! The ledger in SQLite on its bench; a ledger as plain as can be, and what may be wrong with one.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rusqlite::Connection;
use tokensmith::{AppClientId, ManualClock, NoObserver, UnixTime};
use tokensmith_issuer::ledger::{
    Family, FamilyId, LedgerError, LedgerState, MemoryLedger, Outcome, RefreshLedger, Step,
};
use tokensmith_issuer::{Issuer, IssuerSettings};
use tokensmith_testkit::laws::refresh_ledger::{self, Made, Workbench};

use crate::one_moment;

/// How often callers race; `LEDGER_ROUNDS` says another number, for `tests/run long`.
fn rounds(usual: u32) -> u32 {
    std::env::var("LEDGER_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// Issuers on stores of their own, each of which has a ledger beside it.
#[derive(Default)]
struct InFiles {
    folders: Mutex<Vec<tempfile::TempDir>>,
}

impl InFiles {
    fn files(&self) -> Vec<PathBuf> {
        let folders = self.folders.lock().unwrap();
        folders.iter().map(|folder| folder.path().join("tokensmith.ledger.db")).collect()
    }
}

const REFUSE: &str = "
    CREATE TRIGGER f BEFORE INSERT ON families BEGIN SELECT RAISE(FAIL, 'full'); END;
    CREATE TRIGGER a BEFORE INSERT ON app_levels BEGIN SELECT RAISE(FAIL, 'full'); END;
    CREATE TRIGGER l BEFORE INSERT ON ledger BEGIN SELECT RAISE(FAIL, 'full'); END;";

impl Workbench for InFiles {
    fn ledger(&self, now: UnixTime) -> Arc<dyn RefreshLedger> {
        let folder = tempfile::tempdir().unwrap();
        let settings = IssuerSettings::new(folder.path().join("tokensmith.db"));
        let clock = Arc::new(ManualClock::new(now));
        let issuer = Issuer::open(settings, clock, Arc::new(NoObserver)).unwrap();
        self.folders.lock().unwrap().push(folder);
        issuer.ledger()
    }

    fn fail(&self, failing: bool) -> bool {
        for file in self.files() {
            let connection = Connection::open(file).unwrap();
            let sql =
                if failing { REFUSE } else { "DROP TRIGGER f; DROP TRIGGER a; DROP TRIGGER l;" };
            // Those of laws that are done have none.
            let _ = connection.execute_batch(sql);
        }
        true
    }

    fn rounds(&self) -> u32 {
        rounds(20)
    }
}

struct InMemory;

impl Workbench for InMemory {
    fn ledger(&self, now: UnixTime) -> Arc<dyn RefreshLedger> {
        Arc::new(MemoryLedger::new(now))
    }

    fn rounds(&self) -> u32 {
        rounds(100)
    }
}

#[test]
fn the_ledger_in_memory_keeps_the_laws() {
    refresh_ledger::all(&InMemory);
    refresh_ledger::all(&Made(MemoryLedger::new));
}

#[test]
fn the_ledger_in_sqlite_keeps_the_laws() {
    refresh_ledger::all(&InFiles::default());
}

/// A ledger as plain as can be, with a flaw.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lapse {
    None,
    ReadsThenWrites,
    HeldByDrop,
    ForgetsWhenItWasMade,
    KeepsOneFamily,
    ForgetsWhatItWrote,
    TimeIsTheLastStep,
    LevelOfOneIsOfAll,
    LevelOfAllIsOfOne,
    LevelIsTheLast,
    KeepsNoRevocation,
    ResetKeepsTheTime,
    ResetForgetsLevels,
    ResetForgivesAll,
    PurgesTooEarly,
    PurgesNothing,
    CountsNothing,
    WritesThenFails,
    FailsInSilence,
    WeighsByTaking,
    WeighsWithoutLevels,
}

const LAPSES: [Lapse; 20] = [
    Lapse::ReadsThenWrites,
    Lapse::HeldByDrop,
    Lapse::ForgetsWhenItWasMade,
    Lapse::KeepsOneFamily,
    Lapse::ForgetsWhatItWrote,
    Lapse::TimeIsTheLastStep,
    Lapse::LevelOfOneIsOfAll,
    Lapse::LevelOfAllIsOfOne,
    Lapse::LevelIsTheLast,
    Lapse::KeepsNoRevocation,
    Lapse::ResetKeepsTheTime,
    Lapse::ResetForgetsLevels,
    Lapse::ResetForgivesAll,
    Lapse::PurgesTooEarly,
    Lapse::PurgesNothing,
    Lapse::CountsNothing,
    Lapse::WritesThenFails,
    Lapse::FailsInSilence,
    Lapse::WeighsByTaking,
    Lapse::WeighsWithoutLevels,
];

struct Plain {
    lapse: Lapse,
    is_failing: Arc<AtomicBool>,
    is_held: AtomicBool,
    held: Mutex<Held>,
}

struct Held {
    state: LedgerState,
    apps: HashMap<AppClientId, u64>,
    families: HashMap<FamilyId, Vec<u8>>,
}

impl Plain {
    fn new(lapse: Lapse, now: UnixTime, is_failing: Arc<AtomicBool>) -> Self {
        let mut state = LedgerState::new(now);
        if lapse == Lapse::ForgetsWhenItWasMade {
            state.created_at = 0;
        }
        let held = Held { state, apps: HashMap::new(), families: HashMap::new() };
        Self { lapse, is_failing, is_held: AtomicBool::new(false), held: Mutex::new(held) }
    }

    fn check(&self) -> Result<(), LedgerError> {
        match self.is_failing.load(Ordering::SeqCst) {
            true if self.lapse != Lapse::FailsInSilence => Err(LedgerError("full".into())),
            _ => Ok(()),
        }
    }

    fn write(&self, held: &mut Held, step: &Step, family: &Family) {
        let state = &mut held.state;
        state.high_water = match self.lapse {
            Lapse::TimeIsTheLastStep => step.time(),
            _ => state.high_water.max(step.time()),
        };
        if self.lapse == Lapse::KeepsOneFamily {
            held.families.clear();
        }
        let was_there = held.families.contains_key(&family.id());
        if self.lapse != Lapse::KeepsNoRevocation || !was_there || !is_revoked(family) {
            held.families.insert(family.id(), family.to_bytes());
        }
        if self.lapse == Lapse::ForgetsWhatItWrote {
            held.families.remove(&family.id());
        }
    }
}

fn is_revoked(family: &Family) -> bool {
    family.to_bytes().get(1) == Some(&1)
}

impl Held {
    fn family(&self, id: FamilyId) -> Option<Family> {
        self.families.get(&id).map(|bytes| Family::from_bytes(bytes).unwrap())
    }

    fn state_of(&self, app: &AppClientId) -> LedgerState {
        self.state.of_app(self.apps.get(app).copied().unwrap_or(0))
    }
}

#[async_trait]
impl RefreshLedger for Plain {
    async fn take(&self, step: &Step) -> Result<Outcome, LedgerError> {
        if self.lapse != Lapse::WritesThenFails {
            self.check()?;
        }
        if self.lapse == Lapse::ReadsThenWrites {
            let judged = {
                let held = self.held.lock().unwrap();
                step.judge(&held.state_of(step.app()), held.family(step.family()).as_ref())
            };
            std::thread::yield_now();
            one_moment().await;
            if let Some(family) = &judged.write {
                self.write(&mut self.held.lock().unwrap(), step, family);
            }
            return Ok(judged.outcome);
        }
        if self.lapse == Lapse::HeldByDrop {
            if self.is_held.swap(true, Ordering::SeqCst) {
                return Err(LedgerError("somebody is at it".into()));
            }
            one_moment().await;
            self.is_held.store(false, Ordering::SeqCst);
        }
        let mut held = self.held.lock().unwrap();
        let judged = step.judge(&held.state_of(step.app()), held.family(step.family()).as_ref());
        if let Some(family) = &judged.write {
            self.write(&mut held, step, family);
        }
        self.check()?;
        Ok(judged.outcome)
    }

    async fn weigh(&self, step: &Step) -> Result<Outcome, LedgerError> {
        if self.lapse == Lapse::WeighsByTaking {
            return self.take(step).await;
        }
        self.check()?;
        let held = self.held.lock().unwrap();
        if self.lapse == Lapse::WeighsWithoutLevels {
            let mut state = held.state.of_app(0);
            state.not_before = 0;
            return Ok(step.judge(&state, held.family(step.family()).as_ref()).outcome);
        }
        Ok(step.judge(&held.state_of(step.app()), held.family(step.family()).as_ref()).outcome)
    }

    async fn refuse_issued(
        &self,
        app: Option<&AppClientId>,
        now: UnixTime,
    ) -> Result<(), LedgerError> {
        self.check()?;
        let mut held = self.held.lock().unwrap();
        let time = match self.lapse {
            Lapse::LevelIsTheLast => now.as_secs() + 1,
            _ => held.state.not_before_of(now),
        };
        let level = match app {
            Some(app) if self.lapse != Lapse::LevelOfOneIsOfAll => {
                held.apps.entry(app.clone()).or_default()
            }
            None if self.lapse == Lapse::LevelOfAllIsOfOne => return Ok(()),
            _ => &mut held.state.not_before,
        };
        *level = if self.lapse == Lapse::LevelIsTheLast { time } else { time.max(*level) };
        Ok(())
    }

    async fn reset(&self, now: UnixTime) -> Result<(), LedgerError> {
        self.check()?;
        let mut held = self.held.lock().unwrap();
        let before = held.state;
        held.state = before.reset(now);
        match self.lapse {
            Lapse::ResetKeepsTheTime => held.state.high_water = before.high_water,
            Lapse::ResetForgetsLevels => held.apps.clear(),
            Lapse::ResetForgivesAll => held.state.not_before = before.not_before,
            _ => {}
        }
        Ok(())
    }

    async fn purge(&self, now: UnixTime) -> Result<u64, LedgerError> {
        self.check()?;
        let mut held = self.held.lock().unwrap();
        let time = now.as_secs().max(held.state.high_water);
        let kept_after = if self.lapse == Lapse::PurgesTooEarly { 299 } else { 300 };
        let before = held.families.len();
        if self.lapse != Lapse::PurgesNothing {
            held.families.retain(|_, bytes| {
                Family::from_bytes(bytes).is_ok_and(|family| time <= family.ends_at() + kept_after)
            });
        }
        let forgotten = (before - held.families.len()) as u64;
        Ok(if self.lapse == Lapse::CountsNothing { 0 } else { forgotten })
    }
}

struct Planted {
    lapse: Lapse,
    is_failing: Arc<AtomicBool>,
}

impl Workbench for Planted {
    fn ledger(&self, now: UnixTime) -> Arc<dyn RefreshLedger> {
        Arc::new(Plain::new(self.lapse, now, Arc::clone(&self.is_failing)))
    }

    fn fail(&self, failing: bool) -> bool {
        self.is_failing.store(failing, Ordering::SeqCst);
        true
    }
}

#[test]
fn a_plain_ledger_keeps_the_laws_and_each_lapse_breaks_one() {
    let all = |lapse| {
        let is_failing = Arc::default();
        refresh_ledger::all(&Planted { lapse, is_failing });
    };
    all(Lapse::None);
    crate::assert_each_breaks_a_law(&LAPSES, all);
}
