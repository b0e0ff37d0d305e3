//! The port that remembers what became of families of refresh tokens, and one in memory.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use thiserror::Error;
use tokensmith::{AppClientId, UnixTime};

use super::family::Family;
use super::step::{Judged, LedgerState, Outcome, Step};
use super::token::FamilyId;

/// How long a family is kept after its last token is past its time, in seconds: clocks differ.
pub(crate) const KEPT_AFTER: u64 = 300;

/// Remembers the families of refresh tokens of which one was redeemed. What a family is and becomes
/// it need not know: it keeps what a [`Step`] gives it.
///
/// Whatever it answers is durable by then. A future of its that is dropped leaves each step either
/// taken whole or not at all.
#[async_trait]
pub trait RefreshLedger: Send + Sync {
    /// Takes a step: reads the [family](Step::family) and the [state](LedgerState) for the
    /// [app](Step::app), has the step [judge](Step::judge) them, writes the family that comes of it
    /// and then raises `high_water` to the step's [time](Step::time); all of it as one, so that of two
    /// steps on a family one sees what the other has written.
    ///
    /// # Errors
    /// [`LedgerError`]: the family is as it was, and the same step may be taken later.
    async fn take(&self, step: &Step) -> Result<Outcome, LedgerError>;

    /// What a step would come to if it was taken now. It changes nothing, and what it answers may be
    /// otherwise a moment later.
    ///
    /// # Errors
    /// [`LedgerError`]: nothing is known of the family.
    async fn weigh(&self, step: &Step) -> Result<Outcome, LedgerError>;

    /// Refuses from now on whatever was issued up to now: to one app, or to all. It raises
    /// `app_not_before`, or `not_before`, to
    /// [`LedgerState::not_before_of`], and never lowers it.
    ///
    /// # Errors
    /// [`LedgerError`]: nothing was changed.
    async fn refuse_issued(
        &self,
        app: Option<&AppClientId>,
        now: UnixTime,
    ) -> Result<(), LedgerError>;

    /// Takes up the time after a clock that was ahead had raised `high_water`: that becomes now, and
    /// all that was issued up to now is refused, since what was past its time would be good again.
    ///
    /// # Errors
    /// [`LedgerError`]: nothing was changed.
    async fn reset(&self, now: UnixTime) -> Result<(), LedgerError>;

    /// Forgets the families whose last token is past its time by more than five minutes, as of the
    /// later of that time and `high_water`, and tells how many there were.
    ///
    /// # Errors
    /// [`LedgerError`]: some may be forgotten.
    async fn purge(&self, now: UnixTime) -> Result<u64, LedgerError>;
}

#[async_trait]
impl<L: RefreshLedger + ?Sized> RefreshLedger for Arc<L> {
    async fn take(&self, step: &Step) -> Result<Outcome, LedgerError> {
        (**self).take(step).await
    }

    async fn weigh(&self, step: &Step) -> Result<Outcome, LedgerError> {
        (**self).weigh(step).await
    }

    async fn refuse_issued(
        &self,
        app: Option<&AppClientId>,
        now: UnixTime,
    ) -> Result<(), LedgerError> {
        (**self).refuse_issued(app, now).await
    }

    async fn reset(&self, now: UnixTime) -> Result<(), LedgerError> {
        (**self).reset(now).await
    }

    async fn purge(&self, now: UnixTime) -> Result<u64, LedgerError> {
        (**self).purge(now).await
    }
}

/// The ledger failed, or holds a family that it cannot trust.
#[derive(Debug, Error)]
#[error("the ledger of refresh tokens failed")]
#[expect(clippy::exhaustive_structs, reason = "no caller can do anything about one but try again")]
pub struct LedgerError(#[source] pub Box<dyn Error + Send + Sync>);

/// A [`RefreshLedger`] that forgets all as the process ends: what was issued before it was made is
/// refused. For tests, and for services whose apps may ask anew with their secrets.
#[derive(Debug)]
pub struct MemoryLedger(Mutex<Memory>);

#[derive(Debug)]
struct Memory {
    state: LedgerState,
    apps: HashMap<AppClientId, u64>,
    families: HashMap<FamilyId, Family>,
}

impl Memory {
    fn judge(&self, step: &Step) -> Judged {
        let state = self.state.of_app(self.apps.get(step.app()).copied().unwrap_or(0));
        step.judge(&state, self.families.get(&step.family()))
    }
}

impl MemoryLedger {
    /// An empty ledger, made at that time.
    pub fn new(now: UnixTime) -> Self {
        let state = LedgerState::new(now);
        Self(Mutex::new(Memory { state, apps: HashMap::new(), families: HashMap::new() }))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // What a panic left is whole: nothing between two writes of a step panics.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RefreshLedger for MemoryLedger {
    async fn take(&self, step: &Step) -> Result<Outcome, LedgerError> {
        let mut memory = self.memory();
        let judged = memory.judge(step);
        if let Some(family) = judged.write {
            memory.families.insert(family.id(), family);
            memory.state.high_water = memory.state.high_water.max(step.time());
        }
        Ok(judged.outcome)
    }

    async fn weigh(&self, step: &Step) -> Result<Outcome, LedgerError> {
        Ok(self.memory().judge(step).outcome)
    }

    async fn refuse_issued(
        &self,
        app: Option<&AppClientId>,
        now: UnixTime,
    ) -> Result<(), LedgerError> {
        let mut memory = self.memory();
        let time = memory.state.not_before_of(now);
        let level = match app {
            Some(app) => memory.apps.entry(app.clone()).or_default(),
            None => &mut memory.state.not_before,
        };
        *level = time.max(*level);
        Ok(())
    }

    async fn reset(&self, now: UnixTime) -> Result<(), LedgerError> {
        let mut memory = self.memory();
        memory.state = memory.state.reset(now);
        Ok(())
    }

    async fn purge(&self, now: UnixTime) -> Result<u64, LedgerError> {
        let mut memory = self.memory();
        let time = now.as_secs().max(memory.state.high_water);
        let before = memory.families.len();
        memory.families.retain(|_, family| time <= family.ends_at().saturating_add(KEPT_AFTER));
        Ok(before.saturating_sub(memory.families.len()) as u64)
    }
}
