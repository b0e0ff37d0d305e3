//! The embedded issuer of Tokensmith: apps and their secrets in an SQLite file, access tokens by
//! RFC 9068, a JWK set to verify them with, and refresh tokens that are redeemed once.
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
//! The [`Issuer`] is an [`Authenticator`](tokensmith::Authenticator) and a
//! [`Refresher`](tokensmith::Refresher): give it to a `TokenService`, in an `Arc`, as both.
//!
//! What the tokens of an app say besides who it is, its [`AppPolicy`] says, and a [`ClaimsSource`] of the
//! host's if [the builder](Issuer::builder) is given one. With a [`Signer`] the key that signs is in a key
//! management service or a hardware module, and not in the store.

mod admin;
mod builder;
mod claims_source;
mod derived;
mod directory;
mod given_key;
mod grid;
mod imported;
mod in_force;
mod introspection;
mod issuer;
mod judging;
mod key_ring;
mod last_use;
mod minter;
mod minting;
mod numbered;
mod owner;
mod policy;
mod private_file;
mod process;
mod random;
mod redemption;
mod refresh;
mod rewrites;
mod root;
mod secret;
mod settings;
mod signing;
mod state;
mod store;
mod thread_timer;
mod verification;
mod watcher;
mod wording;

/// What remembers the refresh tokens that were redeemed: the port, one in memory, and what a ledger
/// of your own is given to keep.
pub mod ledger {
    pub use crate::refresh::family::{Family, NotAFamily};
    pub use crate::refresh::ledger::{LedgerError, MemoryLedger, RefreshLedger};
    pub use crate::refresh::step::{Judged, LedgerState, Outcome, Step, Successor};
    pub use crate::refresh::token::FamilyId;
}

// The public interface is:
pub use admin::{
    Admin, AdminError, AppSummary, CreatedApp, CreatedSecret, KeySummary, SecretSummary,
};
pub use builder::IssuerBuilder;
pub use claims_source::{ClaimsSource, ClaimsSourceError};
pub use given_key::{KeyError, KeyName, KeyProblem, KeySource, NumberedKey};
pub use imported::app::{ImportFault, ImportedApp};
pub use imported::hash::InvalidHash;
pub use introspection::{ActiveToken, Introspect, Revocation, Revoke, TokenKind};
pub use issuer::{Issuer, OpenError};
pub use key_ring::KeyState;
pub use policy::AppPolicy;
pub use policy::audience::{Audience, InvalidAudience};
pub use policy::claims::{ClaimsError, ExtraClaims};
pub use policy::scope::{InvalidScope, Scope};
pub use secret::SecretKind;
pub use settings::{IssuerSettings, SettingError};
pub use signing::pair::Algorithm;
pub use signing::signer::{InvalidVerifyingKey, Signer, SignerError, VerifyingKey};
pub use verification::{AccessClaims, InvalidAccessToken};
