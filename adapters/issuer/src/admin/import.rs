//! The import of apps from elsewhere.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::thread;

use tokensmith::{AppSecret, UnixTime};

use super::{Admin, AdminError};
use crate::imported::app::{Checked, CheckedSecret, ImportFault, ImportedApp};
use crate::imported::argon2id::{Argon2id, MakeError};
use crate::random::Random;
use crate::secret;
use crate::state::State;
use crate::store::StoreError;
use crate::store::records::{AppRow, Records};
use crate::store::secrets::SecretRow;

/// What is kept of an app's secret, before its record has an id.
enum Kept<'a> {
    Generated(&'a AppSecret),
    Slow(String),
}

impl Admin {
    /// Imports apps: all, or none if one cannot be. One call is one transaction, whatever it brings, and
    /// far quicker than as many calls. Returns how many.
    ///
    /// A secret that is handed over in plain takes some 15 ms of one processor, unless it has the shape
    /// of a generated one; as many are hashed at once as there are processors.
    ///
    /// An app that has the id of a deleted one can redeem the refresh tokens that one left: revoke them
    /// once it is imported ([`revoke_refresh_tokens_of`](Self::revoke_refresh_tokens_of)).
    ///
    /// # Errors
    /// [`AdminError::Import`] says which app cannot be imported, counted from 1, and why;
    /// [`AdminError::Store`] if they cannot be stored, or there is too little memory to hash in.
    pub fn import_apps(&self, apps: &[ImportedApp]) -> Result<usize, AdminError> {
        let is_legacy_allowed = self.state.settings.verify_legacy_hashes;
        let check = |(line, app): (usize, &ImportedApp)| {
            app.check(is_legacy_allowed).map_err(|fault| AdminError::Import { line, fault })
        };
        let apps: Vec<_> = (1..).zip(apps).map(check).collect::<Result<_, _>>()?;
        self.check_ids(&apps)?;
        let kept = self.keep_all(&apps)?;
        let created_at = UnixTime::from_secs(self.state.clock.wall().as_secs());
        self.state.change(|records| {
            for (line, (app, kept)) in (1..).zip(apps.iter().zip(&kept)) {
                add(records, line, app, kept, created_at, &self.state)?;
            }
            Ok(())
        })?;
        Ok(apps.len())
    }

    /// Imports one app; see [`import_apps`](Self::import_apps).
    ///
    /// # Errors
    /// As that.
    pub fn import_app(&self, app: ImportedApp) -> Result<(), AdminError> {
        self.import_apps(&[app]).map(|_| ())
    }

    /// Imports apps from JSON Lines: each line an object with `appClientId`, either `appSecret` or
    /// `secretHash`, and perhaps `name`. See [`ImportedApp`] for what they are, and
    /// [`import_apps`](Self::import_apps), which is one transaction. Returns how many.
    ///
    /// ```
    /// # use tokensmith_issuer::{Issuer, IssuerSettings};
    /// # let folder = tempfile::tempdir()?;
    /// # let issuer = Issuer::builder(IssuerSettings::new(folder.path().join("tokensmith.db"))).open()?;
    /// let lines = r#"{"appClientId":"billing","appSecret":"correct horse battery staple"}
    /// {"appClientId":"payroll","appSecret":"another horse","name":"Payroll, Berlin"}"#;
    /// assert_eq!(issuer.admin().import_json_lines(lines)?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`import_apps`](Self::import_apps), by the number of the line.
    pub fn import_json_lines(&self, lines: &str) -> Result<usize, AdminError> {
        let read = |(line, text)| {
            ImportedApp::read(text).map_err(|fault| AdminError::Import { line, fault })
        };
        let apps: Vec<_> = (1..).zip(lines.lines()).map(read).collect::<Result<_, _>>()?;
        self.import_apps(&apps)
    }

    /// No two have one id, and none has that of an app that is in force. Asked before the secrets are
    /// hashed, which takes long.
    fn check_ids(&self, apps: &[Checked]) -> Result<(), AdminError> {
        let in_force = self.state.in_force();
        let mut lines = BTreeMap::new();
        for (line, app) in (1..).zip(apps) {
            let fault = if let Some(first) = lines.insert(app.id.as_str(), line) {
                ImportFault::Repeated { first }
            } else if in_force.directory.is_enabled(app.id.as_str()).is_some() {
                ImportFault::Exists
            } else {
                continue;
            };
            return Err(AdminError::Import { line, fault });
        }
        Ok(())
    }

    fn keep_all<'a>(&self, apps: &'a [Checked]) -> Result<Vec<Kept<'a>>, AdminError> {
        let random = self.state.random.as_ref();
        let slow = |secret: &&AppSecret| !secret::is_generated(secret.expose_secret());
        let plain: Vec<_> = apps.iter().filter_map(Checked::plain).filter(slow).collect();
        let hashed = hash_all(&plain, random).map_err(|e| AdminError::Store(e.into()))?;
        let mut hashed = hashed.into_iter();
        let keep = |app: &'a Checked| match &app.secret {
            CheckedSecret::Hash(hash) => Some(Kept::Slow(hash.to_string())),
            CheckedSecret::Plain(secret) if secret::is_generated(secret.expose_secret()) => {
                Some(Kept::Generated(secret))
            }
            CheckedSecret::Plain(_) => hashed.next().map(Kept::Slow),
        };
        // INVARIANT: as many were hashed as are asked for, in the same order.
        Ok(apps.iter().filter_map(keep).collect())
    }
}

impl Checked {
    fn plain(&self) -> Option<&AppSecret> {
        match &self.secret {
            CheckedSecret::Plain(secret) => Some(secret),
            CheckedSecret::Hash(_) => None,
        }
    }
}

/// Adds one app with its secret, if there is none of its id.
fn add(
    records: &Records<'_>,
    line: usize,
    app: &Checked,
    kept: &Kept<'_>,
    created_at: UnixTime,
    state: &State,
) -> Result<(), StoreError> {
    if records.app(&app.id)?.is_some() || records.has_secrets(&app.id)? {
        return Err(StoreError::Taken(line));
    }
    // Whoever finds a generated one finds its record by the id in it, but one that is taken.
    let named = match kept {
        Kept::Generated(secret) => secret::named(secret.expose_secret()),
        Kept::Slow(_) => None,
    };
    let id = match named {
        Some(named) if !records.has_secret(named)? => named.to_owned(),
        _ => secret::new_id(state.random.as_ref())?,
    };
    let stored = match kept {
        Kept::Generated(secret) => {
            secret::stored_now(&state.keys.peppers, app.id.as_str(), &id, secret)
        }
        Kept::Slow(stored) => stored.clone(),
    };
    let (app, name) = (app.id.clone(), app.name.clone());
    records.add_app(&AppRow { id: app.clone(), name, enabled: true, created_at })?;
    records.add_secret(&SecretRow { id, app, stored, created_at, expires_at: None })
}

/// Hashes secrets on as many threads as there are processors, in their order.
fn hash_all(secrets: &[&AppSecret], random: &dyn Random) -> Result<Vec<String>, MakeError> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = secrets.len().div_ceil(threads).max(1);
    let hash = |secret: &&AppSecret| {
        Ok(Argon2id::make(secret.expose_secret().as_bytes(), random)?.to_string())
    };
    thread::scope(|scope| {
        let shares: Vec<_> = secrets
            .chunks(share)
            .map(|share| scope.spawn(move || share.iter().map(hash).collect::<Result<Vec<_>, _>>()))
            .collect();
        // A panic there is one here.
        let join = |share: thread::ScopedJoinHandle<'_, Result<Vec<String>, MakeError>>| {
            share.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        let shares: Vec<_> = shares.into_iter().map(join).collect::<Result<_, _>>()?;
        Ok(shares.into_iter().flatten().collect())
    })
}
