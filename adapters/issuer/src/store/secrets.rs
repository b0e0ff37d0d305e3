//! The secrets of the apps, as the store keeps them, and when each was last used.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::types::Value;
use tokensmith::{AppClientId, UnixTime};

use super::StoreError;
use super::records::{Records, number};
use super::row::{Table, TaggedRow};
use crate::directory::Proof;
use crate::imported::hash::Hash;
use crate::numbered::NumberedKeys;
use crate::rewrites::Rewrite;
use crate::secret::{self, SecretKind};

const SECRETS: Table =
    Table { name: "secrets", columns: &["id", "app", "stored", "created_at", "expires_at"] };
const USES: Table = Table { name: "secret_uses", columns: &["id", "hour"] };

/// The end of a secret that was revoked. No clock that is set back comes before it.
const REVOKED: u64 = 0;

/// A secret's own row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretRow {
    pub(crate) id: String,
    pub(crate) app: AppClientId,
    /// The digest or the slow hash, as a PHC string or in bcrypt's form.
    pub(crate) stored: String,
    pub(crate) created_at: UnixTime,
    /// The second from which it is no longer good.
    pub(crate) expires_at: Option<u64>,
}

impl SecretRow {
    pub(crate) fn is_live(&self, now: u64) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.expires_at == Some(REVOKED)
    }

    /// The same, no longer good from that second on, or from an earlier one that it has already.
    pub(crate) fn ending(self, at: u64) -> Self {
        let expires_at = Some(self.expires_at.map_or(at, |end| end.min(at)));
        Self { expires_at, ..self }
    }

    pub(crate) fn revoked(self) -> Self {
        Self { expires_at: Some(REVOKED), ..self }
    }

    pub(crate) fn kind(&self) -> SecretKind {
        Hash::read(&self.stored).map_or(SecretKind::Generated, |hash| hash.kind())
    }

    /// What it is known by; `None` for another scheme or secret id, or a pepper that is not there.
    pub(crate) fn proof(&self, peppers: &NumberedKeys) -> Option<Proof> {
        let digest = secret::read_stored(&self.stored, &self.id, peppers).map(Proof::Digest);
        digest.or_else(|| Some(Proof::Slow(Arc::new(Hash::read(&self.stored).ok()?))))
    }

    fn fields(&self) -> Result<Vec<Value>, StoreError> {
        Ok(vec![
            Value::Text(self.id.clone()),
            Value::Text(self.app.as_str().to_owned()),
            Value::Text(self.stored.clone()),
            number(self.created_at.as_secs())?,
            self.expires_at.map_or(Ok(Value::Null), number)?,
        ])
    }
}

/// A secret's row as it is found: whole, or with what is left of its app's id.
pub(crate) enum FoundSecret {
    Whole(SecretRow),
    Damaged { app: Option<String> },
}

impl FoundSecret {
    fn read(row: &TaggedRow) -> Self {
        let whole = || {
            Some(SecretRow {
                id: row.text(0)?.to_owned(),
                app: AppClientId::new(row.text(1)?).ok()?,
                stored: row.text(2)?.to_owned(),
                created_at: UnixTime::from_secs(row.number(3)?),
                expires_at: row.number(4),
            })
        };
        match whole().filter(|_| row.intact) {
            Some(secret) => Self::Whole(secret),
            None => Self::Damaged { app: row.text(1).map(str::to_owned) },
        }
    }

    /// Of a damaged one nothing can be relied on, and so nothing about its app.
    fn whole(self) -> Result<SecretRow, StoreError> {
        match self {
            Self::Whole(secret) => Ok(secret),
            Self::Damaged { .. } => Err(StoreError::DamagedApp),
        }
    }
}

impl Records<'_> {
    pub(crate) fn add_secret(&self, secret: &SecretRow) -> Result<(), StoreError> {
        Ok(SECRETS.add(self.connection, self.key, secret.fields()?)?)
    }

    pub(crate) fn replace_secret(&self, secret: &SecretRow) -> Result<(), StoreError> {
        Ok(SECRETS.put(self.connection, self.key, secret.fields()?)?)
    }

    /// Stores a secret's digest by another pepper, or a better hash of it, if it is still as it was.
    pub(crate) fn rewrite_secret(&self, id: &str, rewrite: &Rewrite) -> Result<(), StoreError> {
        match self.secret(id) {
            Ok(row) if row.stored == rewrite.from => {
                self.replace_secret(&SecretRow { stored: rewrite.to.clone(), ..row })
            }
            // It was rewritten, removed or damaged meanwhile, which is not undone.
            Ok(_) | Err(StoreError::NoSuchSecret | StoreError::DamagedApp) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn remove_secret(&self, id: &str) -> Result<(), StoreError> {
        USES.remove(self.connection, id)?;
        Ok(SECRETS.remove(self.connection, id)?)
    }

    pub(crate) fn secret(&self, id: &str) -> Result<SecretRow, StoreError> {
        let row = SECRETS.find(self.connection, self.key, id)?.ok_or(StoreError::NoSuchSecret)?;
        FoundSecret::read(&row).whole()
    }

    /// The secrets of one app, the oldest first; an error if one of them is damaged.
    pub(crate) fn secrets_of(&self, app: &AppClientId) -> Result<Vec<SecretRow>, StoreError> {
        let rows = SECRETS.all_of(self.connection, self.key, "app", app.as_str())?;
        let read = rows.iter().map(|row| FoundSecret::read(row).whole());
        let mut secrets = read.collect::<Result<Vec<_>, _>>()?;
        secrets.sort_by(|one, two| (one.created_at, &one.id).cmp(&(two.created_at, &two.id)));
        Ok(secrets)
    }

    /// Whether there is a secret of that id, damaged or not.
    pub(crate) fn has_secret(&self, id: &str) -> Result<bool, StoreError> {
        Ok(SECRETS.find(self.connection, self.key, id)?.is_some())
    }

    /// Whether an app has secrets, damaged or not.
    pub(crate) fn has_secrets(&self, app: &AppClientId) -> Result<bool, StoreError> {
        Ok(!SECRETS.all_of(self.connection, self.key, "app", app.as_str())?.is_empty())
    }

    /// Removes the secrets of an app, the damaged ones among them.
    pub(crate) fn remove_secrets_of(&self, app: &AppClientId) -> Result<(), StoreError> {
        let rows = SECRETS.all_of(self.connection, self.key, "app", app.as_str())?;
        rows.iter().filter_map(|row| row.text(0)).try_for_each(|id| self.remove_secret(id))
    }

    pub(crate) fn secrets(&self) -> Result<Vec<FoundSecret>, StoreError> {
        let rows = SECRETS.all(self.connection, self.key)?;
        Ok(rows.iter().map(FoundSecret::read).collect())
    }

    /// The hour of last use, by the secret's id. A damaged one is as one that is not there: it only
    /// informs.
    pub(crate) fn last_uses(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let rows = USES.all(self.connection, self.key)?;
        let intact = rows.iter().filter(|row| row.intact);
        Ok(intact.filter_map(|row| Some((row.text(0)?.to_owned(), row.number(1)?))).collect())
    }

    /// The hour of one secret's last use.
    pub(crate) fn last_use(&self, id: &str) -> Result<Option<u64>, StoreError> {
        let row = USES.find(self.connection, self.key, id)?;
        Ok(row.filter(|row| row.intact).and_then(|row| row.number(1)))
    }

    /// Moves the hour of a secret's last use on, never back; and not at all if the secret is gone.
    pub(crate) fn note_use(&self, id: &str, hour: u64) -> Result<(), StoreError> {
        let is_known = self.last_use(id)?.is_some_and(|known| known >= hour);
        if is_known || SECRETS.find(self.connection, self.key, id)?.is_none() {
            return Ok(());
        }
        let fields = vec![Value::Text(id.to_owned()), number(hour)?];
        Ok(USES.put(self.connection, self.key, fields)?)
    }
}
