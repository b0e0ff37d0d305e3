//! The embedded issuer of Tokensmith: apps and their secrets in an SQLite file, access tokens by
//! RFC 9068, a JWK set to verify them with, and refresh tokens.
//!
//! ```
//! use std::sync::Arc;
//! use tokensmith::{NoObserver, SystemClock};
//! use tokensmith_issuer::{Issuer, IssuerSettings};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("tokensmith.db");
//! let settings = IssuerSettings::new(path);
//! let issuer = Issuer::open(settings, Arc::new(SystemClock::new()), Arc::new(NoObserver))?;
//! let app = issuer.admin().create_app("billing")?;
//! println!("{}: {}", app.id, app.secret.expose_secret()); // shown this once
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The [`Issuer`] is an [`Authenticator`](tokensmith::Authenticator): give it to a `TokenService`.

mod access;
mod admin;
mod derived;
mod directory;
mod issuer;
mod last_use;
mod owner;
mod private_file;
mod process;
mod random;
mod refresh;
mod root;
mod secret;
mod settings;
mod signing;
mod state;
mod store;
mod watcher;

// The public interface is:
pub use admin::{Admin, AdminError, AppSummary, CreatedApp, CreatedSecret, SecretSummary};
pub use issuer::{Issuer, OpenError};
pub use root::RootError;
pub use settings::{IssuerSettings, SettingError};
