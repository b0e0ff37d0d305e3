//! The ledger in SQLite, and the thread that writes it: what comes while one commit is made durable is
//! written by the next, so that many redemptions share one.

use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use aws_lc_rs::hmac;
use futures_channel::oneshot;
use thiserror::Error;
use tokensmith::{AppClientId, Clock, UnixTime};

use super::ledger::{LedgerError, RefreshLedger};
use super::step::{Outcome, Step};
use crate::owner::Owner;
use crate::process::Home;
use crate::store::families::{self, Families};
use crate::store::{OpenStore, StoreError};

/// How many jobs one commit makes durable.
const JOBS_A_COMMIT: usize = 64;
/// How many families a purge forgets in one transaction.
const PURGED_AT_ONCE: u64 = 1_000;

/// A [`RefreshLedger`] in a file, which several processes may have open.
pub(crate) struct SqliteLedger {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    home: Home,
}

/// Where the ledger is, and what opens it.
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) owner: Owner,
    /// Tags its rows.
    pub(crate) key: hmac::Key,
    pub(crate) clock: Arc<dyn Clock>,
}

struct Job {
    work: Work,
    reply: oneshot::Sender<Result<Done, StoreError>>,
}

enum Work {
    Take(Step),
    Weigh(Step),
    RefuseIssued(Option<AppClientId>, UnixTime),
    Reset(UnixTime),
    Purge(u64),
}

enum Done {
    Taken(Outcome),
    Set,
    Purged(u64),
}

/// The thread that writes is not there any more.
#[derive(Debug, Error)]
#[error("the thread that writes the ledger has ended")]
struct Ended;

impl SqliteLedger {
    pub(crate) fn open(place: Place) -> Result<Self, StoreError> {
        let home = Home::settle()?;
        let store = place.open()?;
        let (jobs, waiting) = mpsc::channel();
        let writer = Writer { place, store: Some(store) };
        let thread = thread::Builder::new()
            .name("tokensmith-ledger".to_owned())
            .spawn(move || writer.run(&waiting))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), home })
    }

    async fn ask(&self, work: Work) -> Result<Done, LedgerError> {
        // In a forked child there is no thread that would answer.
        self.home.check().map_err(|forked| LedgerError(forked.into()))?;
        let (reply, answer) = oneshot::channel();
        let sent = self.jobs.as_ref().and_then(|jobs| jobs.send(Job { work, reply }).ok());
        sent.ok_or_else(|| LedgerError(Ended.into()))?;
        match answer.await {
            Ok(done) => done.map_err(|error| LedgerError(error.into())),
            Err(_) => Err(LedgerError(Ended.into())),
        }
    }
}

impl SqliteLedger {
    async fn outcome(&self, work: Work) -> Result<Outcome, LedgerError> {
        match self.ask(work).await? {
            Done::Taken(outcome) => Ok(outcome),
            _ => Err(LedgerError(Ended.into())),
        }
    }
}

#[async_trait]
impl RefreshLedger for SqliteLedger {
    async fn take(&self, step: &Step) -> Result<Outcome, LedgerError> {
        self.outcome(Work::Take(step.clone())).await
    }

    async fn weigh(&self, step: &Step) -> Result<Outcome, LedgerError> {
        self.outcome(Work::Weigh(step.clone())).await
    }

    async fn refuse_issued(
        &self,
        app: Option<&AppClientId>,
        now: UnixTime,
    ) -> Result<(), LedgerError> {
        self.ask(Work::RefuseIssued(app.cloned(), now)).await.map(drop)
    }

    async fn reset(&self, now: UnixTime) -> Result<(), LedgerError> {
        self.ask(Work::Reset(now)).await.map(drop)
    }

    async fn purge(&self, now: UnixTime) -> Result<u64, LedgerError> {
        let mut forgotten = 0_u64;
        loop {
            match self.ask(Work::Purge(now.as_secs())).await? {
                Done::Purged(0) => return Ok(forgotten),
                Done::Purged(some) => forgotten = forgotten.saturating_add(some),
                _ => return Err(LedgerError(Ended.into())),
            }
        }
    }
}

impl Drop for SqliteLedger {
    /// Waits for the thread, so that what was begun is done and the file is closed.
    fn drop(&mut self) {
        self.jobs = None;
        let Some(thread) = self.thread.take() else { return };
        if self.home.is_here() {
            // No panic ends it, and there would be nobody to tell.
            let _ = thread.join();
        } else {
            std::mem::forget(thread);
        }
    }
}

impl Place {
    fn open(&self) -> Result<OpenStore, StoreError> {
        families::open(&self.path, self.owner, &self.key, self.clock.wall())
    }
}

struct Writer {
    place: Place,
    store: Option<OpenStore>,
}

impl Writer {
    fn run(mut self, waiting: &Receiver<Job>) {
        while let Ok(first) = waiting.recv() {
            let mut jobs = vec![first];
            jobs.extend(waiting.try_iter().take(JOBS_A_COMMIT.saturating_sub(1)));
            // The clock is the host's, and may panic as the ledger is opened anew: the replies that
            // are dropped then tell of it.
            let _ = panic::catch_unwind(AssertUnwindSafe(|| self.write(jobs)));
        }
    }

    /// Does the jobs in one transaction, and answers once that is durable. If it fails, all of them
    /// have failed, and nothing of any is there.
    fn write(&mut self, jobs: Vec<Job>) {
        let (works, replies): (Vec<_>, Vec<_>) =
            jobs.into_iter().map(|job| (job.work, job.reply)).unzip();
        match self.commit(&works) {
            Ok(done) => done.into_iter().zip(replies).for_each(|(done, reply)| {
                // Who asked may have gone; what was done stays done.
                let _ = reply.send(done);
            }),
            Err(error) => {
                let failed = Arc::new(error);
                for reply in replies {
                    let _ = reply.send(Err(StoreError::Shared(Arc::clone(&failed))));
                }
            }
        }
    }

    fn commit(&mut self, works: &[Work]) -> Result<Vec<Result<Done, StoreError>>, StoreError> {
        let path = &self.place.path;
        // Taken out, and put back after success alone: after a failed write or fsync nothing is
        // known of the connection, so it is closed, and the next jobs open another.
        let mut store = match self.store.take() {
            Some(held) if held.is_still(path) => held,
            held => {
                held.into_iter().for_each(OpenStore::abandon);
                self.place.open()?
            }
        };
        let begun = families::begin(&mut store.connection)?;
        let families = Families { connection: &begun, key: &self.place.key };
        let mut done = Vec::with_capacity(works.len());
        for work in works {
            done.push(match work.run(families) {
                // A record that cannot be trusted is the fault of its own job alone.
                Err(StoreError::Family) => Err(StoreError::Family),
                other => Ok(other?),
            });
        }
        begun.commit()?;
        self.store = Some(store);
        Ok(done)
    }
}

impl Work {
    fn run(&self, families: Families<'_>) -> Result<Done, StoreError> {
        match self {
            Self::Take(step) => families.take(step).map(Done::Taken),
            Self::Weigh(step) => families.weigh(step).map(Done::Taken),
            Self::RefuseIssued(app, now) => {
                families.refuse_issued(app.as_ref(), *now).map(|()| Done::Set)
            }
            Self::Reset(now) => families.reset(*now).map(|()| Done::Set),
            Self::Purge(now) => {
                let time = families.state()?.high_water.max(*now);
                families.forget(time, PURGED_AT_ONCE).map(Done::Purged)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokensmith::ManualClock;

    use super::super::step::{Proposal, StepKind};
    use super::super::token::{FamilyId, Fields};
    use super::*;
    use crate::derived::tests::keys;
    use crate::owner::tests::ours;

    const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

    fn redeem(family: u8) -> Work {
        let shown = Fields {
            key_id: 1,
            family: FamilyId([family; 16]),
            generation: 0,
            branch: [0; 8],
            issued_at: NOW.as_secs(),
            expires_at: NOW.as_secs().saturating_add(60),
            family_expires_at: NOW.as_secs().saturating_add(60),
        };
        let kind = StepKind::Redeem(Proposal {
            branch: [1; 8],
            keys: Arc::from([1]),
            idle: 60,
            grace_ms: 0,
        });
        Work::Take(Step { app: AppClientId::new("app").unwrap(), shown, now: NOW, kind })
    }

    fn writer(folder: &std::path::Path) -> Writer {
        let place = Place {
            path: folder.join("a.ledger.db"),
            owner: ours(folder),
            key: keys().rows,
            clock: Arc::new(ManualClock::new(NOW)),
        };
        Writer { store: Some(place.open().unwrap()), place }
    }

    #[test]
    fn a_damaged_record_is_the_fault_of_its_own_job_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path());
        writer.commit(&[redeem(1)]).unwrap();
        let connection = &writer.store.as_ref().unwrap().connection;
        connection.execute("UPDATE families SET tag = zeroblob(32)", []).unwrap();
        let done = writer.commit(&[redeem(2), redeem(1), redeem(3)]).unwrap();
        let granted = done.iter().map(|done| matches!(done, Ok(Done::Taken(Outcome::Granted(_)))));
        assert_eq!(granted.collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn what_comes_together_is_written_together_one_after_another() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path());
        let done = writer.commit(&[redeem(1), Work::RefuseIssued(None, NOW), redeem(2)]).unwrap();
        let [Ok(Done::Taken(Outcome::Granted(_))), Ok(Done::Set), Ok(Done::Taken(last))] =
            &done[..]
        else {
            panic!("{}", done.len());
        };
        assert_eq!(*last, Outcome::Expired { time: NOW.as_secs() });
    }
}
