//! What an issuer and its admins share: the keys, and what is in force now.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokensmith::{Clock, Context, Event, Observer, Tick};

use crate::admin::{Admin, AdminError};
use crate::builder::Host;
use crate::claims_source::ClaimsSource;
use crate::derived::DerivedKeys;
use crate::in_force::InForce;
use crate::key_ring::Chore;
use crate::owner::Owner;
use crate::process::{Forked, Home};
use crate::random::Random;
use crate::refresh::ledger::RefreshLedger;
use crate::refresh::writer::{Place, SqliteLedger};
use crate::rewrites::Rewrites;
use crate::settings::IssuerSettings;
use crate::signing::signer::Lent;
use crate::store::keys::KeyRow;
use crate::store::records::Records;
use crate::store::{self, OpenStore, Opened, StoreError};

/// The part that the events name.
const PART: &str = "issuer";
const SILENCE_NANOS: u64 = 500_000_000;
/// How far clocks may be apart.
const MAY_BE_BEHIND: Duration = Duration::from_secs(60);
/// How many uses of secrets one transaction writes.
const USES_AT_ONCE: usize = 1_000;

pub(crate) struct State {
    pub(crate) settings: IssuerSettings,
    pub(crate) keys: DerivedKeys,
    pub(crate) ledger: Arc<dyn RefreshLedger>,
    pub(crate) claims: Option<Arc<dyn ClaimsSource>>,
    lent: Vec<Arc<Lent>>,
    pub(crate) random: Box<dyn Random>,
    pub(crate) clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    /// What is to be stored anew.
    pub(crate) rewrites: Rewrites,
    /// It was told that the clock is behind.
    is_behind: AtomicBool,
    home: Home,
    owner: Owner,
    /// The tick at which the watcher last looked.
    looked: AtomicU64,
    in_force: RwLock<Arc<InForce>>,
    /// Whoever changes what is in force holds it, from before it reads the store: so the latest
    /// state read is the one that stays.
    writer: Mutex<Option<OpenStore>>,
}

impl State {
    pub(crate) fn open(
        settings: IssuerSettings,
        random: Box<dyn Random>,
        host: Host,
    ) -> Result<Self, StoreError> {
        let Host { clock, observer, ledger, claims, signers, timer: _ } = host;
        let lent: Vec<_> = signers.into_iter().map(|signer| Arc::new(Lent::new(signer))).collect();
        let to_sign = lent.last().map(|lent| &lent.key);
        let home = Home::settle()?;
        let opened = store::open(&settings, random.as_ref(), clock.wall(), to_sign)?;
        let Opened { mut store, keys, beside_old_root } = opened;
        let enrolled = match to_sign {
            Some(key) => store::enrol(&mut store, &settings, &keys, clock.wall(), key)?,
            None => false,
        };
        let transaction = store.connection.transaction()?;
        let records = Records { connection: &transaction, key: &keys.rows };
        let in_force = InForce::read(&records, &settings, &keys, &lent, random.as_ref(), None)?;
        drop(transaction);
        let ledger = match ledger {
            Some(ledger) => ledger,
            None => Arc::new(
                SqliteLedger::open(Place {
                    path: settings.ledger(),
                    owner: store.owner,
                    key: keys.rows.clone(),
                    clock: Arc::clone(&clock),
                })
                .map_err(|error| StoreError::Ledger(Box::new(error)))?,
            ),
        };
        let state = Self {
            settings,
            keys,
            ledger,
            claims,
            lent,
            random,
            looked: AtomicU64::new(clock.tick().as_nanos()),
            clock,
            observer,
            is_behind: AtomicBool::new(false),
            rewrites: Rewrites::default(),
            home,
            owner: store.owner,
            in_force: RwLock::new(Arc::new(in_force)),
            writer: Mutex::new(Some(store)),
        };
        if beside_old_root {
            state.tell(&Event::StartedEmpty { part: PART });
        }
        if let Some(lent) = state.lent.last().filter(|_| enrolled) {
            state.tell(&Event::KeyRotated { kid: lent.key.kid() });
        }
        Ok(state)
    }

    /// What is in force now.
    pub(crate) fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Fails in a process that was forked off. To ask costs a system call, so it is asked only when
    /// the watcher, which a fork leaves behind, has not looked for twice its interval. `now` may be
    /// of another clock, at any distance: that too leads to the question.
    pub(crate) fn check_watched(&self, now: Tick) -> Result<(), Forked> {
        let silent = now.as_nanos().abs_diff(self.looked.load(Ordering::Relaxed));
        if silent < SILENCE_NANOS { Ok(()) } else { self.home.check() }
    }

    /// The watcher looks at the store.
    pub(crate) fn note_look(&self) {
        self.looked.store(self.clock.tick().as_nanos(), Ordering::Relaxed);
    }

    pub(crate) fn is_at_home(&self) -> bool {
        self.home.is_here()
    }

    /// Changes the store in one transaction, durable on return, and in force here on return. If
    /// anything fails, nothing is changed: all that can fail comes before the commit.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&Records<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with_connection(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let records = self.records(&transaction);
            let changed = change(&records)?;
            records.put_changes(records.changes()?.saturating_add(1))?;
            let in_force = self.read(&records)?;
            transaction.commit()?;
            self.replace(in_force);
            Ok(changed)
        })
    }

    /// Reads the store in one transaction.
    pub(crate) fn look<T>(
        &self,
        look: impl FnOnce(&Records<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with_connection(|connection| {
            let transaction = connection.transaction()?;
            look(&self.records(&transaction))
        })
    }

    /// Puts in force what the store holds now. `connection` is the watcher's own. Read whole each
    /// time: what was put in the store's place may have seen as many changes as it had.
    pub(crate) fn reload(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let _writer = self.writer();
        let transaction = connection.transaction()?;
        self.replace(self.read(&self.records(&transaction))?);
        Ok(())
    }

    /// Writes down the uses of secrets that the store does not know of. `connection` is the watcher's
    /// own, so that they are no change to it by another.
    pub(crate) fn write_uses(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let in_force = self.in_force();
        let unstored = in_force.directory.uses().filter_map(|used| Some((used, used.unstored()?)));
        // In parts, since others wait as long as one is written.
        for part in unstored.collect::<Vec<_>>().chunks(USES_AT_ONCE) {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let records = self.records(&transaction);
            part.iter().try_for_each(|(used, hour)| records.note_use(&used.id, *hour))?;
            transaction.commit()?;
            part.iter().for_each(|(used, hour)| used.note_stored(*hour));
        }
        Ok(())
    }

    /// Stores anew what is due. What fails is noted again when the secret is used again.
    pub(crate) fn rewrite(&self) -> Result<(), StoreError> {
        let due = self.rewrites.take();
        if due.is_empty() {
            return Ok(());
        }
        self.change(|records| due.iter().try_for_each(|(id, due)| records.rewrite_secret(id, due)))
    }

    /// Does a chore. Another process may have done it: then there is nothing to be done.
    pub(crate) fn tend(self: &Arc<Self>, chore: &Chore) -> Result<(), AdminError> {
        match chore {
            Chore::Rotate => match Admin::new(Arc::clone(self)).rotate_key(None) {
                Ok(_) | Err(AdminError::KeyPending) => Ok(()),
                Err(error) => Err(error),
            },
            Chore::Wipe(row) => Ok(self.change(|records| {
                if !records.signing_keys()?.contains(row) {
                    return Ok(());
                }
                let key = row.key.clone().wiped();
                records.put_signing_key(&KeyRow { key, ..row.clone() })
            })?),
            Chore::Remove(kid) => Ok(self.change(|records| records.remove_signing_key(kid))?),
        }
    }

    /// Tells the host that what was in force stays, because a newer state cannot be trusted. False
    /// if nobody could be told.
    pub(crate) fn tell_reload_failed(&self) -> bool {
        self.tell(&Event::ReloadFailed { part: PART })
    }

    /// A step was judged by that second of the ledger's, at this one of the clock's. Tells once of a
    /// clock that is behind, until it is right again.
    pub(crate) fn note_ledger_time(&self, time: u64, now: u64) {
        let behind = Duration::from_secs(time.saturating_sub(now));
        let is_behind = behind > MAY_BE_BEHIND;
        if self.is_behind.swap(is_behind, Ordering::Relaxed) != is_behind && is_behind {
            self.tell(&Event::ClockBehind { by: behind });
        }
    }

    /// A panic of the clock or the observer is caught and forgotten.
    pub(crate) fn tell(&self, event: &Event<'_>) -> bool {
        let cx = || Context::new(self.clock.wall(), self.clock.tick());
        let Ok(cx) = panic::catch_unwind(AssertUnwindSafe(cx)) else { return false };
        let tell = || self.observer.on_event(&cx, event);
        // An observer that panics has been told.
        let _ = panic::catch_unwind(AssertUnwindSafe(tell));
        true
    }

    fn with_connection<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.home.check()?;
        let mut writer = self.writer();
        // Taken out, and put back after success alone: after a failed write or fsync nothing is
        // known of the connection, so it is closed, and the next call opens another.
        let mut store = self.store(writer.take())?;
        let done = work(&mut store.connection)?;
        *writer = Some(store);
        Ok(done)
    }

    /// The store as it lies there now; `held` if that is still it.
    pub(crate) fn store(&self, held: Option<OpenStore>) -> Result<OpenStore, StoreError> {
        let path = &self.settings.store;
        held.map_or_else(
            || OpenStore::open(path, self.owner, store::STORE),
            |held| held.or_reopened(path),
        )
    }

    fn writer(&self) -> MutexGuard<'_, Option<OpenStore>> {
        // What a panic left is whole: the connection is taken out while it is used.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn records<'a>(&'a self, connection: &'a Connection) -> Records<'a> {
        Records { connection, key: &self.keys.rows }
    }

    fn read(&self, records: &Records<'_>) -> Result<InForce, StoreError> {
        let (settings, keys, random) = (&self.settings, &self.keys, self.random.as_ref());
        InForce::read(records, settings, keys, &self.lent, random, Some(&self.in_force()))
    }

    fn replace(&self, in_force: InForce) {
        let new = Arc::new(in_force);
        let mut place = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *place, new);
        // The old one may be large: it is freed when the lock is free.
        drop(place);
        drop(old);
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // Closing it in a forked child would meddle with the parent's locks and files.
        if let Some(store) = self.writer().take().filter(|_| !self.is_at_home()) {
            store.abandon();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokensmith::{ManualClock, UnixTime};

    use super::*;
    use crate::process::tests::elsewhere;
    use crate::random::OsRandom;
    use crate::rewrites::Rewrite;

    fn state(folder: &std::path::Path) -> State {
        let settings = IssuerSettings::new(folder.join("a.db"));
        let clock = Arc::new(ManualClock::new(UnixTime::from_secs(1_700_000_000)));
        let random = Box::new(OsRandom::warm().unwrap());
        State::open(settings, random, Host { clock, ..Host::default() }).unwrap()
    }

    #[test]
    fn a_forked_child_is_told_apart_once_nobody_watches() {
        let folder = tempfile::tempdir().unwrap();
        let mut state = state(folder.path());
        let later = Tick::from_nanos(SILENCE_NANOS);
        assert!(state.check_watched(later).is_ok(), "in the process that opened it");
        state.home = elsewhere();
        assert!(state.check_watched(Tick::from_nanos(SILENCE_NANOS - 1)).is_ok());
        assert!(state.check_watched(later).is_err());
        assert!(matches!(state.look(|_| Ok(())), Err(StoreError::Forked(_))));
        assert!(matches!(state.change(|_| Ok(())), Err(StoreError::Forked(_))));
    }

    #[test]
    fn a_use_is_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let state = Arc::new(state(folder.path()));
        Admin::new(Arc::clone(&state)).create_app("one").unwrap();
        let in_force = state.in_force();
        let used = in_force.directory.uses().next().unwrap();
        used.note(7_200);
        let mut connection = Connection::open(folder.path().join("a.db")).unwrap();
        state.write_uses(&mut connection).unwrap();
        assert_eq!((used.hour(), used.unstored()), (Some(7_200), None));
        assert_eq!(state.look(|records| records.last_use(&used.id)).unwrap(), Some(7_200));
    }

    #[test]
    fn a_secret_that_has_changed_meanwhile_is_not_stored_anew() {
        let folder = tempfile::tempdir().unwrap();
        let state = Arc::new(state(folder.path()));
        let app = Admin::new(Arc::clone(&state)).create_app("one").unwrap();
        let row = || state.look(|records| Ok(records.secrets_of(&app.id)?.remove(0))).unwrap();
        let is = row();
        let rewrite = |from: &str| Rewrite { from: from.to_owned(), to: "$new".to_owned() };
        state.rewrites.note(&is.id, rewrite("$old"));
        state.rewrites.note("gone", rewrite(&is.stored));
        state.rewrite().unwrap();
        assert_eq!(row(), is);
        state.rewrites.note(&is.id, rewrite(&is.stored));
        state.rewrite().unwrap();
        assert_eq!(row().stored, "$new");
    }

    #[test]
    fn a_key_that_another_process_has_removed_is_not_wiped_into_being() {
        let folder = tempfile::tempdir().unwrap();
        let state = Arc::new(state(folder.path()));
        Admin::new(Arc::clone(&state)).rotate_key(None).unwrap();
        let keys = || state.look(|records| records.signing_keys()).unwrap();
        let first = keys().remove(0);
        let kid = first.key.kid.clone();
        state.tend(&Chore::Remove(kid)).unwrap();
        state.tend(&Chore::Wipe(first)).unwrap();
        assert_eq!(keys().len(), 1);
    }

    #[test]
    fn a_failed_change_changes_nothing_and_the_next_one_works() {
        let folder = tempfile::tempdir().unwrap();
        let state = state(folder.path());
        let failed = state.change(|records| {
            records.put_changes(40)?;
            Err::<(), _>(StoreError::Number)
        });
        assert!(failed.is_err());
        let changes = || state.look(|records| records.changes()).unwrap();
        assert_eq!(changes(), 0);
        state.change(|_| Ok(())).unwrap();
        assert_eq!(changes(), 1);
    }
}
