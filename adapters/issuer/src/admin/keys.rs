//! The administration of the signing keys.

use tokensmith::{Event, UnixTime};

use super::{Admin, AdminError};
use crate::key_ring::KeyState;
use crate::signing::SealedKey;
use crate::signing::pair::Algorithm;
use crate::state::State;
use crate::store::StoreError;
use crate::store::keys::KeyRow;
use crate::store::records::Records;

/// A signing key, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeySummary {
    /// Its thumbprint (RFC 7638), which tokens name.
    pub kid: String,
    /// What it signs by.
    pub algorithm: Algorithm,
    /// Where it is in its life.
    pub state: KeyState,
    /// When it was made.
    pub created: UnixTime,
    /// From when it signs, or signed.
    pub active: UnixTime,
    /// Its private half is with a [`Signer`](crate::Signer) of the host's, and not in the store.
    pub lent: bool,
}

impl Admin {
    /// The signing keys, the one that signs first before the others. Those whose last token has
    /// expired are gone.
    pub fn list_keys(&self) -> Vec<KeySummary> {
        let now = self.state.clock.wall().as_secs();
        let in_force = self.state.in_force();
        in_force.keys.states(now).map(|(row, state)| KeySummary::of(row, state)).collect()
    }

    /// Makes a signing key, of another algorithm if one is named. It is published at once, and signs
    /// after [`key_lead`](crate::IssuerSettings::key_lead): by then every verifier has it. The former
    /// stays published as long as its tokens live. The observer hears
    /// [`Event::KeyRotated`](tokensmith::Event::KeyRotated).
    ///
    /// # Errors
    /// [`AdminError::KeyPending`] if there is one that has not signed yet, [`AdminError::KeyLent`] if the
    /// latest is a signer's, [`AdminError::Store`] if it cannot be made or stored.
    pub fn rotate_key(&self, algorithm: Option<Algorithm>) -> Result<KeySummary, AdminError> {
        let (now, lead) = (self.state.clock.wall(), self.state.settings.key_lead.as_secs());
        let active_at = now.as_secs().saturating_add(lead);
        let row = self.state.change(|records| {
            let latest = latest(records)?;
            if latest.active_at > now.as_secs() {
                return Err(StoreError::KeyPending);
            }
            if latest.key.is_lent() {
                return Err(StoreError::KeyLent);
            }
            let algorithm = algorithm.unwrap_or(latest.key.algorithm);
            put_new(&self.state, records, algorithm, now, active_at)
        })?;
        self.state.tell(&Event::KeyRotated { kid: &row.key.kid });
        Ok(KeySummary::of(&row, KeyState::Pending))
    }

    /// Drops a key at once: for one whose private half is known to others. Is it the one that signs,
    /// the pending one signs from now on, or a new one if there is none.
    ///
    /// Verifiers go on to accept its tokens until they fetch the keys again, and refuse those of a key
    /// that they have not fetched yet.
    ///
    /// A signer's key is dropped for as long as the host does not open the issuer with it again.
    ///
    /// # Errors
    /// [`AdminError::KeyNotFound`] if there is no such key, [`AdminError::KeyLent`] if it is a signer's and
    /// no other key can take its place, [`AdminError::Store`] if the store failed.
    pub fn revoke_key(&self, kid: &str) -> Result<(), AdminError> {
        let now = self.state.clock.wall();
        let revoked = self.state.change(|records| {
            let mut rows = records.signing_keys()?;
            let place = rows.iter().position(|row| row.key.kid == kid);
            let revoked = rows.remove(place.ok_or(StoreError::NoSuchKey)?);
            records.remove_signing_key(kid)?;
            let has_begun = |row: &&KeyRow| row.active_at <= now.as_secs();
            let was_active = has_begun(&&revoked)
                && !rows.iter().filter(has_begun).any(|row| row.active_at > revoked.active_at);
            if !was_active && rows.iter().any(|row| !row.key.is_wiped()) {
                return Ok(());
            }
            match rows.into_iter().find(|row| row.active_at > now.as_secs()) {
                Some(row) => records.put_signing_key(&KeyRow { active_at: now.as_secs(), ..row }),
                // A key of the store's would be what the host has signers to avoid.
                None if revoked.key.is_lent() => Err(StoreError::KeyLent),
                None => {
                    let algorithm = revoked.key.algorithm;
                    put_new(&self.state, records, algorithm, now, now.as_secs()).map(drop)
                }
            }
        });
        Ok(revoked?)
    }
}

fn latest(records: &Records<'_>) -> Result<KeyRow, StoreError> {
    records.signing_keys()?.pop().ok_or(StoreError::SigningKey)
}

/// Makes a key that signs from that second on.
fn put_new(
    state: &State,
    records: &Records<'_>,
    algorithm: Algorithm,
    created_at: UnixTime,
    active_at: u64,
) -> Result<KeyRow, StoreError> {
    let key = SealedKey::generate(algorithm, &state.keys)?;
    let row = KeyRow { key, created_at, active_at };
    records.put_signing_key(&row)?;
    Ok(row)
}

impl KeySummary {
    fn of(row: &KeyRow, state: KeyState) -> Self {
        Self {
            kid: row.key.kid.clone(),
            algorithm: row.key.algorithm,
            state,
            created: row.created_at,
            active: UnixTime::from_secs(row.active_at),
            lent: row.key.is_lent(),
        }
    }
}
