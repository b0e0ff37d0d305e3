//! The administration of an app's secrets.

use std::time::Duration;

use tokensmith::{AppClientId, AppSecret, Event, Presented, UnixTime};

use super::{Admin, AdminError};
use crate::directory::LIVE_SECRETS;
use crate::secret::{self, GeneratedSecret, SecretKind};
use crate::state::State;
use crate::store::StoreError;
use crate::store::records::{FoundApp, Records};
use crate::store::secrets::SecretRow;

/// How long a former secret may stay good beside a new one.
const MAX_OVERLAP: Duration = Duration::from_hours(90 * 24);

/// A new secret of an app.
#[derive(Debug)]
#[non_exhaustive]
pub struct CreatedSecret {
    /// Its own id, which is no secret: 12 letters or digits.
    pub id: String,
    /// The secret. It is shown this once and cannot be read again.
    pub secret: AppSecret,
}

/// A secret of an app, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretSummary {
    /// Its own id, which is no secret.
    pub id: String,
    /// What is kept of it.
    pub kind: SecretKind,
    /// When it was created.
    pub created: UnixTime,
    /// When it stops, or stopped, being good. `None` if it has no end, and if it was revoked.
    pub expires: Option<UnixTime>,
    /// Whether it was revoked: it is good no more, and never will be.
    pub revoked: bool,
    /// The start of the hour in which it was last used, so far as this process knows: another tells
    /// its uses within about a minute. `None` if it was never used.
    pub last_used: Option<UnixTime>,
}

impl Admin {
    /// Gives an app a new secret. Those that it has stay good for `overlap`, and not longer than
    /// they would have been; no overlap revokes them. The observer hears
    /// [`Event::SecretRotated`](tokensmith::Event::SecretRotated).
    ///
    /// # Errors
    /// [`AdminError::Invalid`] for an overlap that is not of whole seconds or is over 90 days,
    /// [`AdminError::NotFound`] if there is no such app, [`AdminError::Limit`] if it has two live
    /// secrets and they shall overlap, [`AdminError::Store`] if its records are damaged or cannot be
    /// stored.
    pub fn rotate_secret(
        &self,
        id: &AppClientId,
        overlap: Duration,
    ) -> Result<CreatedSecret, AdminError> {
        if overlap.subsec_nanos() != 0 || overlap > MAX_OVERLAP {
            let bounds = "at most 90 days, in whole seconds";
            return Err(AdminError::Invalid { name: "overlap", bounds });
        }
        let now = self.state.clock.wall().as_secs();
        let (row, secret) = new_secret(&self.state, id, UnixTime::from_secs(now))?;
        self.state.change(|records| {
            whole_app(records, id)?;
            let (live, dead) = secrets_of(records, id, now)?;
            dead.iter().try_for_each(|row| records.remove_secret(&row.id))?;
            if overlap.is_zero() {
                live.iter().try_for_each(|row| records.remove_secret(&row.id))?;
            } else if live.len() >= LIVE_SECRETS {
                return Err(StoreError::TwoSecrets);
            } else {
                let end = now.saturating_add(overlap.as_secs());
                live.into_iter().try_for_each(|row| records.replace_secret(&row.ending(end)))?;
            }
            records.add_secret(&row)
        })?;
        self.state.tell(&Event::SecretRotated { app: id });
        Ok(CreatedSecret { id: row.id, secret })
    }

    /// An app's secrets, the oldest first, those of one second by their ids. One that is good no more is listed until the app gets a
    /// new one.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if there is no such app, [`AdminError::Store`] if its records are
    /// damaged or the store cannot be read.
    pub fn list_secrets(&self, id: &AppClientId) -> Result<Vec<SecretSummary>, AdminError> {
        let (rows, stored) = self.state.look(|records| {
            whole_app(records, id)?;
            let rows = records.secrets_of(id)?;
            let stored = rows.iter().map(|row| records.last_use(&row.id));
            let stored = stored.collect::<Result<Vec<_>, _>>()?;
            Ok((rows, stored))
        })?;
        let in_force = self.state.in_force();
        let summaries = rows.iter().zip(stored).map(|(row, stored)| {
            let used = in_force.directory.uses().find(|used| used.id == row.id);
            SecretSummary::of(row, used.and_then(|used| used.hour()).max(stored))
        });
        Ok(summaries.collect())
    }

    /// Lets a secret be good no more, for ever. An app that has no other gets no tokens until it is
    /// given one by [`rotate_secret`](Self::rotate_secret). To revoke one again changes nothing.
    ///
    /// # Errors
    /// [`AdminError::SecretNotFound`] if there is no such secret, [`AdminError::Store`] if its record is
    /// damaged or cannot be stored.
    pub fn revoke_secret(&self, secret_id: &str) -> Result<(), AdminError> {
        let revoked = self.state.change(|records| {
            let secret = records.secret(secret_id)?;
            records.replace_secret(&secret.revoked())
        });
        Ok(revoked?)
    }
}

/// A secret for that app, which is not stored yet: its record, and what is shown.
pub(super) fn new_secret(
    state: &State,
    app: &AppClientId,
    created_at: UnixTime,
) -> Result<(SecretRow, AppSecret), AdminError> {
    let generated = GeneratedSecret::generate(&state.settings.secret_prefix, state.random.as_ref())
        .map_err(StoreError::from)?;
    let shown = Presented::new(app.as_str(), generated.text);
    let shown = shown.credentials().cloned().map_err(|e| AdminError::Store(e.into()))?;
    let stored =
        secret::stored_now(&state.keys.peppers, app.as_str(), &generated.id, &shown.secret);
    let app = app.clone();
    let row = SecretRow { id: generated.id, app, stored, created_at, expires_at: None };
    Ok((row, shown.secret))
}

/// Fails for an app that is not there, or is damaged: a new tag would vouch for it.
fn whole_app(records: &Records<'_>, id: &AppClientId) -> Result<(), StoreError> {
    match records.app(id)? {
        Some(FoundApp::Whole(_)) => Ok(()),
        Some(FoundApp::Damaged { .. }) => Err(StoreError::DamagedApp),
        None => Err(StoreError::NoSuchApp),
    }
}

/// An app's secrets: those that are good at that second, and the others.
fn secrets_of(
    records: &Records<'_>,
    id: &AppClientId,
    now: u64,
) -> Result<(Vec<SecretRow>, Vec<SecretRow>), StoreError> {
    Ok(records.secrets_of(id)?.into_iter().partition(|row| row.is_live(now)))
}

impl SecretSummary {
    fn of(row: &SecretRow, last_used: Option<u64>) -> Self {
        let revoked = row.is_revoked();
        Self {
            id: row.id.clone(),
            kind: row.kind(),
            created: row.created_at,
            expires: row.expires_at.filter(|_| !revoked).map(UnixTime::from_secs),
            revoked,
            last_used: last_used.map(UnixTime::from_secs),
        }
    }
}
