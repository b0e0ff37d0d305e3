//! From one configuration to a running Tokensmith service, the same for every host and language.
//!
//! [`ServiceConfig`] is what a host may say, read from TOML or JSON; [`Host`] is what it brings
//! along; [`build`] makes the service of both.
//!
//! ```
//! use tokensmith_assembly::{Host, ServiceConfig, build};
//! # use tokensmith::{AuthenticateError, RejectReason, authenticator_fn, Sleep, Timer};
//! # #[derive(Debug)] struct TokioTimer;
//! # impl Timer for TokioTimer {
//! #     fn sleep(&self, _: std::time::Duration) -> Sleep { Sleep::new(std::future::pending()) }
//! # }
//!
//! let config = ServiceConfig::from_toml(
//!     r#"
//!     deadline_ms = 2000
//!     limits.client_at_source = { per_minute = 30, burst = 10 }
//!     limits.client = false
//!     authenticator.kind = "host"
//!     "#,
//! )?;
//! let mut host = Host::new(TokioTimer);
//! host.authenticator = Some(std::sync::Arc::new(authenticator_fn(|_cx, _credentials| async {
//!     Err(AuthenticateError::Rejected(RejectReason::UnknownClient))
//! })));
//! let assembled = build(config, host)?;
//! assert!(assembled.issuer.is_none());
//! # Ok::<(), tokensmith_assembly::ConfigError>(())
//! ```

mod assemble;
mod config;
mod event_record;
mod policy_parts;

// The public interface is:
pub use assemble::{Assembled, Host, build, rebuild};
pub use config::{
    AuthenticatorConfig, ConfigError, IssuerConfig, LimiterConfig, LimitsConfig, ServiceConfig,
    StoreConfig,
};
pub use event_record::EventRecord;
pub use policy_parts::PolicyParts;
pub use tokensmith_issuer::{
    AccessClaims, ActiveToken, Admin, AdminError, Algorithm, AppPolicy, AppSummary, Audience,
    ClaimsError, ClaimsSource, ClaimsSourceError, CreatedApp, CreatedSecret, ExtraClaims,
    ImportFault, ImportedApp, Introspect, InvalidAccessToken, InvalidAudience, InvalidHash,
    InvalidScope, InvalidVerifyingKey, Issuer, KeyState, KeySummary, Revocation, Revoke, Scope,
    SecretKind, SecretSummary, Signer, SignerError, TokenKind, VerifyingKey,
};
