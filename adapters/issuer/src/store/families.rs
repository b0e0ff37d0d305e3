//! The ledger's file: the families of refresh tokens, and the times before which none is good. It is a
//! file of its own, because it is written at every redemption, and whoever has the store open reads
//! that whole when it has changed.

use std::path::Path;

use aws_lc_rs::hmac;
use rusqlite::types::Value;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokensmith::{AppClientId, UnixTime};

use super::records::number;
use super::row::{Table, TaggedRow};
use super::{Held, LEDGER, OpenStore, StoreError, held, mark};
use crate::owner::Owner;
use crate::private_file;
use crate::refresh::family::Family;
use crate::refresh::ledger::KEPT_AFTER;
use crate::refresh::step::{Judged, LedgerState, Outcome, Step};

const SCHEMA: &str = "
    CREATE TABLE ledger (
        name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, high_water INTEGER NOT NULL,
        not_before INTEGER NOT NULL, tag BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE app_levels (
        app TEXT PRIMARY KEY, not_before INTEGER NOT NULL, tag BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE families (
        id TEXT PRIMARY KEY, ends_at INTEGER NOT NULL, family BLOB NOT NULL, tag BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX families_by_end ON families (ends_at);
";

const HEAD: Table =
    Table { name: "ledger", columns: &["name", "created_at", "high_water", "not_before"] };
const APP_LEVELS: Table = Table { name: "app_levels", columns: &["app", "not_before"] };
const FAMILIES: Table = Table { name: "families", columns: &["id", "ends_at", "family"] };

/// The one row of `ledger`.
const NAME: &str = "ledger";
/// How many families past their time each transaction forgets.
const FORGOTTEN_AT_ONCE: u64 = 16;

/// Opens the ledger, and makes it if there is none: of what was issued before that second it knows
/// nothing.
pub(crate) fn open(
    path: &Path,
    owner: Owner,
    key: &hmac::Key,
    now: UnixTime,
) -> Result<OpenStore, StoreError> {
    private_file::place_empty(path)?;
    let mut store = OpenStore::open(path, owner, LEDGER)?;
    if let Held::Nothing = held(&store.connection, LEDGER)? {
        let begun = begin(&mut store.connection)?;
        if let Held::Nothing = held(&begun, LEDGER)? {
            begun.execute_batch(SCHEMA)?;
            Families { connection: &begun, key }.put_state(&LedgerState::new(now))?;
            mark(&begun, LEDGER)?;
            begun.commit()?;
        }
    }
    // Told at the start if the key is not the ledger's.
    Families { connection: &store.connection, key }.state()?;
    Ok(store)
}

pub(crate) fn begin(connection: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

/// The tables, through one connection and under one key.
#[derive(Clone, Copy)]
pub(crate) struct Families<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) key: &'a hmac::Key,
}

impl Families<'_> {
    pub(crate) fn take(&self, step: &Step) -> Result<Outcome, StoreError> {
        let state = self.state()?;
        let judged = self.judge(&state, step)?;
        if let Some(family) = &judged.write {
            self.put_family(family)?;
            self.raise(&state, step.time())?;
            self.forget(state.high_water.max(step.time()), FORGOTTEN_AT_ONCE)?;
        }
        Ok(judged.outcome)
    }

    pub(crate) fn weigh(&self, step: &Step) -> Result<Outcome, StoreError> {
        Ok(self.judge(&self.state()?, step)?.outcome)
    }

    fn judge(&self, state: &LedgerState, step: &Step) -> Result<Judged, StoreError> {
        let level = self.app_level(step.app())?;
        let found = FAMILIES.find(self.connection, self.key, &step.family().to_string())?;
        let found = found.map(|row| family(&row)).transpose()?;
        Ok(step.judge(&state.of_app(level), found.as_ref()))
    }

    pub(crate) fn refuse_issued(
        &self,
        app: Option<&AppClientId>,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let state = self.state()?;
        let time = state.not_before_of(now);
        let Some(app) = app else {
            return self
                .put_state(&LedgerState { not_before: state.not_before.max(time), ..state });
        };
        let level = self.app_level(app)?;
        let fields = vec![Value::Text(app.as_str().to_owned()), number(level.max(time))?];
        Ok(APP_LEVELS.put(self.connection, self.key, fields)?)
    }

    pub(crate) fn reset(&self, now: UnixTime) -> Result<(), StoreError> {
        self.put_state(&self.state()?.reset(now))
    }

    fn app_level(&self, app: &AppClientId) -> Result<u64, StoreError> {
        let row = APP_LEVELS.find(self.connection, self.key, app.as_str())?;
        row.map_or(Ok(0), |row| intact(&row)?.number(1).ok_or(StoreError::Family))
    }

    /// Forgets at most so many families, and tells how many there were.
    pub(crate) fn forget(&self, time: u64, at_most: u64) -> Result<u64, StoreError> {
        let sql = "DELETE FROM families WHERE id IN
                   (SELECT id FROM families WHERE ends_at < ? ORDER BY ends_at LIMIT ?)";
        let end = number(time.saturating_sub(KEPT_AFTER))?;
        let mut statement = self.connection.prepare(sql)?;
        Ok(statement.execute([end, number(at_most)?])? as u64)
    }

    pub(crate) fn state(&self) -> Result<LedgerState, StoreError> {
        let row = HEAD.find(self.connection, self.key, NAME)?.filter(|row| row.intact);
        let read = |row: &TaggedRow| {
            let created_at = UnixTime::from_secs(row.number(1)?);
            let (high_water, not_before) = (row.number(2)?, row.number(3)?);
            Some(LedgerState { high_water, not_before, ..LedgerState::new(created_at) })
        };
        row.as_ref().and_then(read).ok_or(StoreError::Mismatch)
    }

    fn put_state(&self, state: &LedgerState) -> Result<(), StoreError> {
        let numbers = [state.created_at, state.high_water, state.not_before];
        let mut fields = vec![Value::Text(NAME.to_owned())];
        for one in numbers {
            fields.push(number(one)?);
        }
        Ok(HEAD.put(self.connection, self.key, fields)?)
    }

    fn raise(&self, state: &LedgerState, time: u64) -> Result<(), StoreError> {
        if time <= state.high_water {
            return Ok(());
        }
        self.put_state(&LedgerState { high_water: time, ..*state })
    }

    fn put_family(&self, family: &Family) -> Result<(), StoreError> {
        let fields = vec![
            Value::Text(family.id().to_string()),
            number(family.ends_at())?,
            Value::Blob(family.to_bytes()),
        ];
        Ok(FAMILIES.put(self.connection, self.key, fields)?)
    }
}

fn intact(row: &TaggedRow) -> Result<&TaggedRow, StoreError> {
    if row.intact { Ok(row) } else { Err(StoreError::Family) }
}

fn family(row: &TaggedRow) -> Result<Family, StoreError> {
    let bytes = intact(row)?.bytes(2).ok_or(StoreError::Family)?;
    Family::from_bytes(bytes).map_err(|_| StoreError::Family)
}
