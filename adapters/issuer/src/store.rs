//! The store: one SQLite file that several processes share, and its first start.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use thiserror::Error;
use tokensmith::UnixTime;

use crate::derived::{DerivedKeys, GivenKeys};
use crate::given_key::{KeyError, KeyName};
use crate::owner::{Owner, Stranger};
use crate::private_file::{self, FileIdentity};
use crate::random::Random;
use crate::root::Root;
use crate::settings::IssuerSettings;
use crate::signing::signer::VerifyingKey;
use crate::signing::{SealedKey, SigningError};

pub(crate) mod families;
pub(crate) mod keys;
pub(crate) mod policies;
pub(crate) mod records;
mod row;
pub(crate) mod secrets;

use keys::KeyRow;
use records::Records;

/// What a file of ours is for, and how it is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// SQLite's own mark for that.
    application_id: i32,
    version: i32,
}

/// Apps, secrets and signing keys: "ToSm".
pub(crate) const STORE: Kind = Kind { application_id: 0x546f_536d, version: 3 };
/// What became of refresh tokens: "ToSl".
pub(crate) const LEDGER: Kind = Kind { application_id: 0x546f_536c, version: 1 };
/// How long a writer waits for another: within the deadline that hosts set.
const BUSY: Duration = Duration::from_secs(4);

/// Why the store cannot be used.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    #[error("the database failed")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the file cannot be read or made")]
    File(#[from] std::io::Error),
    #[error("the file is open to others (mode bits {0:03o}); its mode must be 0600")]
    Loose(u32),
    #[error(transparent)]
    Stranger(#[from] Stranger),
    #[error("the file is not a store of this kind")]
    Foreign,
    #[error("the store is of version {0}, which a later release made")]
    Newer(i32),
    #[error("the root key does not fit the store, or the head of the store is damaged")]
    Mismatch,
    #[error("the record of a family of refresh tokens is damaged")]
    Family,
    #[error("the record of the signing key is damaged")]
    SigningKey,
    #[error("there is no such app")]
    NoSuchApp,
    #[error("there is an app with the id of that in line {0}")]
    Taken(usize),
    #[error("there is no such secret")]
    NoSuchSecret,
    #[error("there is no such signing key")]
    NoSuchKey,
    #[error("a signing key is pending already")]
    KeyPending,
    #[error("the signing key is lent by the host")]
    KeyLent,
    #[error("the app has two live secrets")]
    TwoSecrets,
    #[error("the record of the app is damaged")]
    DamagedApp,
    #[error("a number is too large to be stored")]
    Number,
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// Of the ledger's file, and not of the store's.
    #[error(transparent)]
    Ledger(Box<StoreError>),
    /// Of several changes that were to be made together.
    #[error(transparent)]
    Shared(std::sync::Arc<StoreError>),
    #[error("no keys could be derived from the root key")]
    Derive,
    #[error(transparent)]
    Forked(#[from] crate::process::Forked),
    #[error(transparent)]
    Random(#[from] crate::random::RandomError),
}

/// What a file holds, by the two numbers in its header.
enum Held {
    Nothing,
    /// A store as an earlier release made it.
    Older,
    Store,
}

/// A store that is ready for use.
pub(crate) struct Opened {
    pub(crate) store: OpenStore,
    pub(crate) keys: DerivedKeys,
    /// All was made anew, but for the root: an earlier start had made that, or the host.
    pub(crate) beside_old_root: bool,
}

/// Opens the store, and makes what a first start makes: the root key, the tables and the signing
/// key. Whoever starts at the same time, and whenever one is killed, the root comes first and all
/// else in one transaction, so that the next start finds everything or begins anew with that root.
pub(crate) fn open(
    settings: &IssuerSettings,
    random: &dyn Random,
    now: UnixTime,
    lent: Option<&VerifyingKey>,
) -> Result<Opened, StoreError> {
    let path = &settings.store;
    private_file::make_folder(path)?;
    private_file::sweep(path)?;
    let owner = Owner::of_this_process(path, random)?;
    // SQLite would make a file that others may read; beside this one its -wal and -shm get its mode.
    private_file::place_empty(path)?;
    let mut store = OpenStore::open(path, owner, STORE)?;
    let (keys, beside_old_root) = match held(&store.connection, STORE)? {
        Held::Nothing => first_start(&mut store, settings, random, now, lent)?,
        _ => (load(settings, owner)?, false),
    };
    if let Held::Older = held(&store.connection, STORE)? {
        upgrade(&mut store.connection, &keys)?;
    }
    Ok(Opened { store, keys, beside_old_root })
}

/// A connection to the store, which may be empty yet, and the file that it is to.
pub(crate) struct OpenStore {
    pub(crate) connection: Connection,
    /// Whom it must belong to, and does.
    pub(crate) owner: Owner,
    kind: Kind,
    file: FileIdentity,
    data_version: Option<i64>,
}

impl OpenStore {
    pub(crate) fn open(path: &Path, owner: Owner, kind: Kind) -> Result<Self, StoreError> {
        // Not by opening it: closing a second handle would drop the locks that SQLite has on it.
        let metadata = fs::metadata(path)?;
        owner.check(&metadata)?;
        match private_file::loose_bits(&metadata) {
            0 => {}
            bits => return Err(StoreError::Loose(bits)),
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        // Asked before anything is written: a file that is not ours is left as it is.
        held(&connection, kind)?;
        write_ahead(&connection)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // What is removed, as the private half of a key that has retired, is overwritten too.
        connection.pragma_update(None, "secure_delete", true)?;
        let file = FileIdentity::of(&metadata);
        Ok(Self { connection, owner, kind, file, data_version: None })
    }

    /// Whether another connection has committed since this was last asked; yes at first.
    pub(crate) fn has_changed(&mut self) -> Result<bool, StoreError> {
        let version = self.connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
        Ok(self.data_version.replace(version) != Some(version))
    }

    /// Whether `path` stands for the file that it is to.
    pub(crate) fn is_still(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|metadata| FileIdentity::of(&metadata) == self.file)
    }

    /// The same, or another if `path` stands for another file by now: what was written to a removed
    /// file would be lost.
    pub(crate) fn or_reopened(self, path: &Path) -> Result<Self, StoreError> {
        if self.is_still(path) {
            return Ok(self);
        }
        let (owner, kind) = (self.owner, self.kind);
        self.abandon();
        Self::open(path, owner, kind)
    }

    /// Leaves it open for ever. To close it would remove the -wal file by its name, which may be
    /// another store's by now, or in a forked child the parent's.
    pub(crate) fn abandon(self) {
        std::mem::forget(self.connection);
    }
}

fn held(connection: &Connection, kind: Kind) -> Result<Held, StoreError> {
    // One statement, so that it sees one state while another process starts.
    let sql = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
               FROM pragma_application_id, pragma_user_version";
    let (application, version, tables) = connection.query_row(sql, [], |row| {
        Ok((row.get::<_, i32>(0)?, row.get::<_, i32>(1)?, row.get::<_, i64>(2)?))
    })?;
    match (application, version, tables) {
        (0, 0, 0) => Ok(Held::Nothing),
        (id, _, _) if id != kind.application_id => Err(StoreError::Foreign),
        (_, version, _) if version > kind.version => Err(StoreError::Newer(version)),
        (_, version, _) if version < kind.version => Ok(Held::Older),
        _ => Ok(Held::Store),
    }
}

/// Switches to the write-ahead log, which lasts. SQLite does not wait for others here, so we do.
fn write_ahead(connection: &Connection) -> Result<(), StoreError> {
    const STEP: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        let mode = connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(StoreError::Foreign),
            Err(e) if is_busy(&e) && waited < BUSY => {
                thread::park_timeout(STEP);
                waited = waited.saturating_add(STEP);
            }
            Err(e) => return Err(e.into()),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Makes what belongs into an empty store, and tells whether its root was there already.
fn first_start(
    store: &mut OpenStore,
    settings: &IssuerSettings,
    random: &dyn Random,
    now: UnixTime,
    lent: Option<&VerifyingKey>,
) -> Result<(DerivedKeys, bool), StoreError> {
    let owner = store.owner;
    let transaction = store.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !matches!(held(&transaction, STORE)?, Held::Nothing) {
        // Another process was first.
        return Ok((load(settings, owner)?, false));
    }
    let made = Root::load_or_make(&settings.root(), owner, random);
    let (root, was_there) = made.map_err(|problem| problem.of(KeyName::Root))?;
    let keys = derive(&root, settings, owner)?;
    transaction.execute_batch(records::SCHEMA)?;
    transaction.execute_batch(records::SCHEMA_SINCE_1)?;
    transaction.execute_batch(records::SCHEMA_SINCE_2)?;
    let records = Records { connection: &transaction, key: &keys.rows };
    records.put_changes(0)?;
    let key = match lent {
        Some(key) => SealedKey::lent(key),
        None => SealedKey::generate(settings.algorithm, &keys)?,
    };
    records.put_signing_key(&KeyRow { key, created_at: now, active_at: now.as_secs() })?;
    mark(&transaction, STORE)?;
    transaction.commit()?;
    Ok((keys, was_there))
}

fn mark(connection: &Connection, kind: Kind) -> Result<(), StoreError> {
    connection.pragma_update(None, "application_id", kind.application_id)?;
    Ok(connection.pragma_update(None, "user_version", kind.version)?)
}

/// Sees to it that the key of a signer signs, or will, and tells whether that is new.
pub(crate) fn enrol(
    store: &mut OpenStore,
    settings: &IssuerSettings,
    keys: &DerivedKeys,
    now: UnixTime,
    key: &VerifyingKey,
) -> Result<bool, StoreError> {
    let transaction = store.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let records = Records { connection: &transaction, key: &keys.rows };
    // Asked first, because it tells whether the keys are the store's.
    let changes = records.changes()?;
    let is_new = records.enrol(key, now, settings.key_lead)?;
    if is_new {
        records.put_changes(changes.saturating_add(1))?;
        transaction.commit()?;
    }
    Ok(is_new)
}

/// Adds what an older store has not. A process of the release that made it goes on beside, but for
/// the apps that it makes: they have no policy, and are taken for damaged.
fn upgrade(connection: &mut Connection, keys: &DerivedKeys) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version =
        transaction.pragma_query_value(None, "user_version", |row| row.get::<_, i32>(0))?;
    if version < 2 {
        transaction.execute_batch(records::SCHEMA_SINCE_1)?;
    }
    if version < 3 {
        transaction.execute_batch(records::SCHEMA_SINCE_2)?;
        Records { connection: &transaction, key: &keys.rows }.add_policies()?;
        mark(&transaction, STORE)?;
    }
    Ok(transaction.commit()?)
}

/// Whether the root is the store's is found when the first record is read.
fn load(settings: &IssuerSettings, owner: Owner) -> Result<DerivedKeys, StoreError> {
    let root = Root::load(&settings.root(), owner).map_err(|problem| problem.of(KeyName::Root))?;
    derive(&root, settings, owner)
}

fn derive(root: &Root, settings: &IssuerSettings, owner: Owner) -> Result<DerivedKeys, StoreError> {
    let given = GivenKeys::read(settings, owner, root)?;
    let keys = DerivedKeys::derive(root).map_err(|_| StoreError::Derive)?;
    Ok(keys.with(given, settings))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::owner::tests::{another, ours};
    use crate::random::OsRandom;

    #[test]
    fn every_connection_has_what_keeps_the_store_safe() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let random = OsRandom::warm().unwrap();
        open(&IssuerSettings::new(&path), &random, UnixTime::from_secs(1), None).unwrap();
        let store = OpenStore::open(&path, ours(folder.path()), STORE).unwrap();
        let number = |name| {
            store.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(number("synchronous"), 2, "FULL");
        assert_eq!(number("trusted_schema"), 0);
        assert_eq!(number("busy_timeout"), 4_000);
        let mode: String =
            store.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }

    #[cfg(unix)]
    #[test]
    fn a_store_of_another_user_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        private_file::place_empty(&path).unwrap();
        let refused = OpenStore::open(&path, another(), STORE).err();
        assert!(matches!(refused, Some(StoreError::Stranger(_))), "{refused:?}");
        let held = OpenStore::open(&path, ours(folder.path()), STORE).unwrap();
        let moved = OpenStore { owner: another(), ..held };
        fs::rename(&path, folder.path().join("away.db")).unwrap();
        private_file::place_empty(&path).unwrap();
        let reopened = moved.or_reopened(&path).err();
        assert!(matches!(reopened, Some(StoreError::Stranger(_))), "{reopened:?}");
    }

    #[test]
    fn a_start_sweeps_away_what_killed_ones_left() {
        let folder = tempfile::tempdir().unwrap();
        let settings = IssuerSettings::new(folder.path().join("a.db"));
        for name in ["a.db.x.tmp", "root.key.y.tmp"] {
            fs::write(folder.path().join(name), [7; 32]).unwrap();
        }
        open(&settings, &OsRandom::warm().unwrap(), UnixTime::from_secs(1), None).unwrap();
        let left = fs::read_dir(folder.path()).unwrap();
        let left = left.filter(|file| {
            let name = file.as_ref().unwrap().file_name();
            name.as_encoded_bytes().ends_with(b".tmp")
        });
        assert_eq!(left.count(), 0);
    }
}
