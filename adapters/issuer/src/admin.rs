//! The administration of an issuer: its apps and their secrets.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;
use tokensmith::{AppClientId, AppSecret, UnixTime};

use crate::imported::app::ImportFault;
use crate::random;
use crate::state::State;
use crate::store::StoreError;
use crate::store::records::{AppRow, FoundApp};

mod import;
mod keys;
mod policies;
mod secrets;
mod tokens;
pub use keys::KeySummary;
pub use secrets::{CreatedSecret, SecretSummary};

const ID_PREFIX: &str = "appcl-";
const ID_LETTERS: usize = 20;
const ID_ALPHABET: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const MAX_NAME_BYTES: usize = 128;

/// Administers an issuer's apps. Its clones, and the admins of other processes that have the same
/// store open, may work at the same time. A change is durable when the call returns, in force in
/// this process at once, and in others within a second.
///
/// Its calls wait for the disk, and up to 4 s for other writers: an async host calls them on a
/// thread that may block.
#[derive(Clone)]
pub struct Admin {
    pub(crate) state: Arc<State>,
}

/// A new app.
#[derive(Debug)]
#[non_exhaustive]
pub struct CreatedApp {
    /// Its id: `appcl-` and 20 letters or digits.
    pub id: AppClientId,
    /// Its secret. It is shown this once and cannot be read again.
    pub secret: AppSecret,
}

/// An app, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppSummary {
    /// Its id.
    pub id: AppClientId,
    /// The name that it was created with.
    pub name: String,
    /// Whether it may have tokens.
    pub enabled: bool,
    /// When it was created.
    pub created: UnixTime,
    /// Its record was changed by something else than Tokensmith. Requests for it are a 502, and
    /// nothing else here can be relied on.
    pub damaged: bool,
}

/// Why a call of the administration failed. Nothing was changed, and nothing secret is in it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdminError {
    /// An argument is out of its bounds.
    #[error("`{name}` must be {bounds}")]
    Invalid {
        /// Which argument.
        name: &'static str,
        /// What it must be.
        bounds: &'static str,
    },
    /// One of the apps cannot be imported, so none was.
    #[error("line {line}: {fault}")]
    Import {
        /// Which, counted from 1.
        line: usize,
        /// Why.
        fault: ImportFault,
    },
    /// There is no such app.
    #[error("there is no such app")]
    NotFound,
    /// There is no such secret.
    #[error("there is no such secret")]
    SecretNotFound,
    /// There is no such signing key.
    #[error("there is no such signing key")]
    KeyNotFound,
    /// A signing key is pending already: let it sign first, or revoke it.
    #[error("a signing key is pending already; let it sign first, or revoke it")]
    KeyPending,
    /// The key that signs is lent by the host: another follows when the issuer is opened with another
    /// signer.
    #[error("the key that signs is the host's; open the issuer with another signer")]
    KeyLent,
    /// The app has two live secrets, which is as many as it may have: revoke one, or wait until one
    /// expires.
    #[error("the app has two live secrets; revoke one, or wait until one expires")]
    Limit,
    /// The store failed, or holds a damaged record.
    #[error("the store failed")]
    Store(#[source] Box<dyn Error + Send + Sync>),
}

impl AdminError {
    /// The code that stands for the error in every language.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } | Self::Import { .. } => "ERR_ADMIN_INVALID",
            Self::NotFound | Self::SecretNotFound | Self::KeyNotFound => "ERR_ADMIN_NOT_FOUND",
            Self::Limit | Self::KeyPending | Self::KeyLent => "ERR_ADMIN_LIMIT",
            Self::Store(_) => "ERR_ADMIN_STORE",
        }
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(line) => Self::Import { line, fault: ImportFault::Exists },
            StoreError::NoSuchApp => Self::NotFound,
            StoreError::NoSuchSecret => Self::SecretNotFound,
            StoreError::TwoSecrets => Self::Limit,
            StoreError::NoSuchKey => Self::KeyNotFound,
            StoreError::KeyPending => Self::KeyPending,
            StoreError::KeyLent => Self::KeyLent,
            error => Self::Store(Box::new(error)),
        }
    }
}

impl Admin {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// Makes an app with a secret. The name is for people: 1 to 128 bytes without control
    /// characters; several apps may have the same.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] for another name, [`AdminError::Store`] if it cannot be stored.
    pub fn create_app(&self, name: &str) -> Result<CreatedApp, AdminError> {
        if !(1..=MAX_NAME_BYTES).contains(&name.len()) || name.chars().any(char::is_control) {
            let bounds = "1 to 128 bytes without control characters";
            return Err(AdminError::Invalid { name: "name", bounds });
        }
        let random = self.state.random.as_ref();
        let id = random::text(random, ID_ALPHABET, ID_LETTERS).map_err(StoreError::from)?;
        let id = AppClientId::new(&format!("{ID_PREFIX}{id}"))
            .map_err(|impossible| AdminError::Store(impossible.into()))?;
        let created_at = UnixTime::from_secs(self.state.clock.wall().as_secs());
        let (row, secret) = secrets::new_secret(&self.state, &id, created_at)?;
        let app = AppRow { id, name: name.to_owned(), enabled: true, created_at };
        self.state.change(|records| {
            records.add_app(&app)?;
            records.add_secret(&row)
        })?;
        Ok(CreatedApp { id: app.id, secret })
    }

    /// All apps, the latest last.
    ///
    /// # Errors
    /// [`AdminError::Store`] if the store cannot be read.
    pub fn list_apps(&self) -> Result<Vec<AppSummary>, AdminError> {
        let found = self.state.look(|records| records.apps())?;
        let mut apps: Vec<_> = found.into_iter().filter_map(AppSummary::of).collect();
        apps.sort_by(|one, two| (one.created, &one.id).cmp(&(two.created, &two.id)));
        Ok(apps)
    }

    /// Lets an app have no more tokens. Those that it has live on to their end.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if there is no such app, [`AdminError::Store`] if its record is
    /// damaged or cannot be stored.
    pub fn disable_app(&self, id: &AppClientId) -> Result<(), AdminError> {
        self.set_enabled(id, false)
    }

    /// Lets an app have tokens again.
    ///
    /// # Errors
    /// As [`disable_app`](Self::disable_app).
    pub fn enable_app(&self, id: &AppClientId) -> Result<(), AdminError> {
        self.set_enabled(id, true)
    }

    /// Removes an app with its secrets, a damaged one too. Access tokens that it has stay good until
    /// they expire.
    ///
    /// # Errors
    /// [`AdminError::NotFound`] if there is no such app, [`AdminError::Store`] if the store failed.
    pub fn delete_app(&self, id: &AppClientId) -> Result<(), AdminError> {
        let deleted = self.state.change(|records| {
            records.app(id)?.ok_or(StoreError::NoSuchApp)?;
            records.remove_secrets_of(id)?;
            records.remove_app(id)
        });
        Ok(deleted?)
    }

    /// The public keys that verify the access tokens, as a JWK set (RFC 7517 section 5): the body
    /// of `/.well-known/jwks.json`.
    pub fn jwks(&self) -> Arc<str> {
        Arc::clone(&self.state.in_force().keys.jwks)
    }

    fn set_enabled(&self, id: &AppClientId, enabled: bool) -> Result<(), AdminError> {
        let changed = self.state.change(|records| match records.app(id)? {
            Some(FoundApp::Whole(app)) => records.replace_app(&AppRow { enabled, ..app }),
            // Left as it is: a new tag would vouch for it.
            Some(FoundApp::Damaged { .. }) => Err(StoreError::DamagedApp),
            None => Err(StoreError::NoSuchApp),
        });
        Ok(changed?)
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("store", &self.state.settings.store).finish_non_exhaustive()
    }
}

impl AppSummary {
    /// `None` for a record of which not even the id is left.
    fn of(found: FoundApp) -> Option<Self> {
        Some(match found {
            FoundApp::Whole(app) => Self {
                id: app.id,
                name: app.name,
                enabled: app.enabled,
                created: app.created_at,
                damaged: false,
            },
            FoundApp::Damaged { id } => Self {
                id: id?,
                name: String::new(),
                enabled: false,
                created: UnixTime::from_secs(0),
                damaged: true,
            },
        })
    }
}
