//! The signing keys, as the store keeps them, and when each becomes the one that signs.

use std::time::Duration;

use rusqlite::types::Value;
use tokensmith::UnixTime;

use super::StoreError;
use super::records::{Records, number};
use super::row::{Table, TaggedRow};
use crate::signing::SealedKey;
use crate::signing::pair::Algorithm;
use crate::signing::signer::VerifyingKey;

const SIGNING_KEYS: Table = Table {
    name: "signing_keys",
    columns: &["kid", "algorithm", "public", "sealed", "created_at"],
};
/// A store of the first version has none of these: its one key signs from the day it was made.
const KEY_TIMES: Table = Table { name: "key_times", columns: &["kid", "active_at"] };

/// A key's own rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRow {
    pub(crate) key: SealedKey,
    pub(crate) created_at: UnixTime,
    /// The second from which it signs, until the next one does.
    pub(crate) active_at: u64,
}

impl Records<'_> {
    /// Writes a key, over the same one.
    pub(crate) fn put_signing_key(&self, row: &KeyRow) -> Result<(), StoreError> {
        let kid = Value::Text(row.key.kid.clone());
        let fields = vec![
            kid.clone(),
            Value::Text(row.key.algorithm.as_str().to_owned()),
            Value::Blob(row.key.public.clone()),
            Value::Blob(row.key.sealed.clone()),
            number(row.created_at.as_secs())?,
        ];
        SIGNING_KEYS.put(self.connection, self.key, fields)?;
        Ok(KEY_TIMES.put(self.connection, self.key, vec![kid, number(row.active_at)?])?)
    }

    /// Sees to it that the key of a signer signs, or will, and tells whether that is new. One that is
    /// unknown is published first, as every key is. One that has retired is published yet, so that it
    /// signs at once: the host went back to it.
    pub(super) fn enrol(
        &self,
        key: &VerifyingKey,
        now: UnixTime,
        lead: Duration,
    ) -> Result<bool, StoreError> {
        let rows = self.signing_keys()?;
        let active = rows.iter().rposition(|row| row.active_at <= now.as_secs());
        let known = rows.iter().position(|row| row.key.kid == key.kid());
        let active_at = match (known, active) {
            (Some(known), Some(active)) if known < active => now.as_secs(),
            (Some(_), _) => return Ok(false),
            (None, _) => now.as_secs().saturating_add(lead.as_secs()),
        };
        // Behind the one that signs, however close in time.
        let least = active.and_then(|active| rows.get(active)).map_or(0, |row| row.active_at);
        let active_at = active_at.max(least.saturating_add(1));
        let created_at = known.and_then(|known| rows.get(known)).map_or(now, |row| row.created_at);
        self.put_signing_key(&KeyRow { key: SealedKey::lent(key), created_at, active_at })?;
        Ok(true)
    }

    pub(crate) fn remove_signing_key(&self, kid: &str) -> Result<(), StoreError> {
        KEY_TIMES.remove(self.connection, kid)?;
        Ok(SIGNING_KEYS.remove(self.connection, kid)?)
    }

    /// All keys, the one that signs first before the others. There is always one; a damaged one makes
    /// the store useless, since nobody can say which signs.
    pub(crate) fn signing_keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        let rows = SIGNING_KEYS.all(self.connection, self.key)?;
        let mut keys = Vec::with_capacity(rows.len());
        for row in &rows {
            keys.push(self.key_row(row)?.ok_or(StoreError::SigningKey)?);
        }
        keys.sort_by(|one, two| (one.active_at, &one.key.kid).cmp(&(two.active_at, &two.key.kid)));
        if keys.is_empty() { Err(StoreError::SigningKey) } else { Ok(keys) }
    }

    fn key_row(&self, row: &TaggedRow) -> Result<Option<KeyRow>, StoreError> {
        let read = || {
            let key = SealedKey {
                kid: row.text(0)?.to_owned(),
                algorithm: Algorithm::parse(row.text(1)?)?,
                public: row.bytes(2)?.to_vec(),
                sealed: row.bytes(3)?.to_vec(),
            };
            Some((key, row.number(4)?))
        };
        let Some((key, created_at)) = read().filter(|_| row.intact) else { return Ok(None) };
        let active_at = match KEY_TIMES.find(self.connection, self.key, &key.kid)? {
            None => Some(created_at),
            Some(times) => times.number(1).filter(|_| times.intact),
        };
        let created_at = UnixTime::from_secs(created_at);
        Ok(active_at.map(|active_at| KeyRow { key, created_at, active_at }))
    }
}
