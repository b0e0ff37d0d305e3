//! What the store holds: its head and the apps. Secrets, policies and signing keys have files of their own.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use rusqlite::Connection;
use rusqlite::types::Value;
use tokensmith::{AppClientId, UnixTime};

use super::StoreError;
use super::policies::FoundPolicies;
use super::row::{Table, TaggedRow};
use super::secrets::FoundSecret;
use crate::directory::{LiveSecret, Record};
use crate::last_use::KnownUses;
use crate::numbered::NumberedKeys;
use crate::policy::AppPolicy;

pub(super) const SCHEMA: &str = "
    CREATE TABLE head (
        name TEXT PRIMARY KEY, changes INTEGER NOT NULL, tag BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE apps (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, enabled INTEGER NOT NULL,
        created_at INTEGER NOT NULL, tag BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE secrets (
        id TEXT PRIMARY KEY, app TEXT NOT NULL, stored TEXT NOT NULL,
        created_at INTEGER NOT NULL, expires_at INTEGER, tag BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE signing_keys (
        kid TEXT PRIMARY KEY, algorithm TEXT NOT NULL, public BLOB NOT NULL,
        sealed BLOB NOT NULL, created_at INTEGER NOT NULL, tag BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// What a store of version 1 has not.
pub(super) const SCHEMA_SINCE_1: &str = "
    CREATE INDEX secrets_by_app ON secrets (app);
    CREATE TABLE secret_uses (
        id TEXT PRIMARY KEY, hour INTEGER NOT NULL, tag BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE key_times (
        kid TEXT PRIMARY KEY, active_at INTEGER NOT NULL, tag BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// What a store of version 2 has not.
pub(super) const SCHEMA_SINCE_2: &str = "
    CREATE TABLE app_policies (
        app TEXT PRIMARY KEY, audience TEXT, scope TEXT, claims TEXT NOT NULL,
        token_seconds INTEGER, id_claims TEXT, tag BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
";

const HEAD: Table = Table { name: "head", columns: &["name", "changes"] };
const APPS: Table = Table { name: "apps", columns: &["id", "name", "enabled", "created_at"] };
/// The one row of `head`.
const STORE: &str = "store";

/// An app's own row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppRow {
    pub(crate) id: AppClientId,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) created_at: UnixTime,
}

/// An app's row as it is found: whole, or with what is left of its id.
pub(crate) enum FoundApp {
    Whole(AppRow),
    Damaged { id: Option<AppClientId> },
}

/// The tables, through one connection and under one key.
#[derive(Clone, Copy)]
pub(crate) struct Records<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) key: &'a hmac::Key,
}

impl Records<'_> {
    /// How many changes the store has seen, by which a person tells the later one of two copies;
    /// [`StoreError::Mismatch`] if the key is not the store's.
    pub(crate) fn changes(&self) -> Result<u64, StoreError> {
        let head = HEAD.find(self.connection, self.key, STORE)?;
        let head = head.filter(|head| head.intact).ok_or(StoreError::Mismatch)?;
        head.number(1).ok_or(StoreError::Mismatch)
    }

    pub(crate) fn put_changes(&self, changes: u64) -> Result<(), StoreError> {
        let fields = vec![Value::Text(STORE.to_owned()), number(changes)?];
        Ok(HEAD.put(self.connection, self.key, fields)?)
    }

    pub(crate) fn add_app(&self, app: &AppRow) -> Result<(), StoreError> {
        APPS.add(self.connection, self.key, app.fields()?)?;
        self.put_policy(&app.id, &AppPolicy::default())
    }

    pub(crate) fn replace_app(&self, app: &AppRow) -> Result<(), StoreError> {
        Ok(APPS.put(self.connection, self.key, app.fields()?)?)
    }

    pub(crate) fn app(&self, id: &AppClientId) -> Result<Option<FoundApp>, StoreError> {
        let row = APPS.find(self.connection, self.key, id.as_str())?;
        Ok(row.map(|row| FoundApp::read(&row)))
    }

    pub(crate) fn apps(&self) -> Result<Vec<FoundApp>, StoreError> {
        let rows = APPS.all(self.connection, self.key)?;
        Ok(rows.iter().map(FoundApp::read).collect())
    }

    pub(crate) fn remove_app(&self, id: &AppClientId) -> Result<(), StoreError> {
        self.remove_policy(id)?;
        Ok(APPS.remove(self.connection, id.as_str())?)
    }

    /// All apps with their secrets. What cannot be trusted is marked, and the others go on. The
    /// uses of a secret go on in what `known` has of it.
    pub(crate) fn directory(
        &self,
        peppers: &NumberedKeys,
        known: &KnownUses,
        policies: &FoundPolicies,
    ) -> Result<Vec<Record>, StoreError> {
        let uses = self.last_uses()?;
        let mut records = BTreeMap::new();
        for app in self.apps()? {
            if let Some(record) = app.record() {
                records.insert(record.app.clone(), record);
            }
        }
        for secret in self.secrets()? {
            let (app, read) = match &secret {
                FoundSecret::Whole(row) => {
                    (row.app.as_str(), row.proof(peppers).map(|proof| (row, proof)))
                }
                FoundSecret::Damaged { app: Some(app) } => (app.as_str(), None),
                FoundSecret::Damaged { app: None } => continue,
            };
            // A secret without its app: the app's row is damaged beyond its id, or gone.
            let record = records.entry(app.to_owned()).or_insert_with(|| damaged(app));
            match read.filter(|(_, proof)| record.has_room_for(proof)) {
                Some((row, proof)) => {
                    let last_use = known.of(&row.id);
                    last_use.note_stored(uses.get(&row.id).copied().unwrap_or(0));
                    let expires_at = row.expires_at;
                    record.add(LiveSecret { proof, expires_at, last_use });
                }
                None => record.damaged = true,
            }
        }
        let whole = |mut record: Record| {
            // An app is made together with a secret, and its last stays when it is revoked: one
            // without has lost it.
            record.damaged |= record.secrets.is_empty();
            record.damaged |= !matches!(policies.get(&record.app), Some(Some(_)));
            record
        };
        Ok(records.into_values().map(whole).collect())
    }
}

impl AppRow {
    fn fields(&self) -> Result<Vec<Value>, StoreError> {
        Ok(vec![
            Value::Text(self.id.as_str().to_owned()),
            Value::Text(self.name.clone()),
            Value::Integer(i64::from(self.enabled)),
            number(self.created_at.as_secs())?,
        ])
    }
}

impl FoundApp {
    fn read(row: &TaggedRow) -> Self {
        let id = row.text(0).and_then(|id| AppClientId::new(id).ok());
        let whole = || {
            Some(AppRow {
                id: id.clone()?,
                name: row.text(1)?.to_owned(),
                enabled: row.number(2)? == 1,
                created_at: UnixTime::from_secs(row.number(3)?),
            })
        };
        match whole().filter(|_| row.intact) {
            Some(app) => Self::Whole(app),
            None => Self::Damaged { id },
        }
    }

    pub(super) fn id(&self) -> Option<&AppClientId> {
        match self {
            Self::Whole(app) => Some(&app.id),
            Self::Damaged { id } => id.as_ref(),
        }
    }

    /// The app without its secrets; `None` for a row of which not even the id is left.
    fn record(&self) -> Option<Record> {
        match self {
            Self::Whole(app) => Some(Record {
                app: app.id.as_str().to_owned(),
                enabled: app.enabled,
                damaged: false,
                secrets: Vec::new(),
            }),
            Self::Damaged { id } => id.as_ref().map(|id| damaged(id.as_str())),
        }
    }
}

fn damaged(app: &str) -> Record {
    Record { app: app.to_owned(), enabled: false, damaged: true, secrets: Vec::new() }
}

/// SQLite's integers are signed.
pub(super) fn number(number: u64) -> Result<Value, StoreError> {
    i64::try_from(number).map(Value::Integer).map_err(|_| StoreError::Number)
}
