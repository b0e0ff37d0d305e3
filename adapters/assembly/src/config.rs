//! What a host may say about its service, and what is wrong with what it said.

mod authenticator;
mod reading;
mod succession;
mod tables;
mod values;

use std::error::Error;
use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use tokensmith::{LimitPolicy, MemoryLimiter, ResponseOptions, TokenServiceBuilder};
use tokensmith_issuer::{Algorithm, NumberedKey};

/// What a host may say about its service. Whatever is not said has the default of the part that it
/// is about; `ServiceConfig::default()` says nothing.
///
/// In TOML and JSON a key that is not known is an error, so that a misspelt limit is not a missing
/// one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServiceConfig {
    /// What responses look like: the table `response`.
    pub response: ResponseOptions,
    /// The time that a call may take in all: `deadline_ms`, 5 s.
    pub deadline: Duration,
    /// How many authentications may be under way at once: `max_in_flight`.
    pub max_in_flight: NonZeroU32,
    /// Who is charged what: the table `limits`.
    pub limits: LimitsConfig,
    /// Where the buckets are kept: the table `limiter`.
    pub limiter: LimiterConfig,
    /// Where the issuer keeps its records: the table `store`. The issuer needs one, a host's own
    /// authenticator must not have one.
    pub store: Option<StoreConfig>,
    /// Who judges credentials: the table `authenticator`.
    pub authenticator: AuthenticatorConfig,
}

/// Who is charged what, and how much memory is kept for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LimitsConfig {
    /// The quotas, and what surrounds them.
    pub policy: LimitPolicy,
    /// How many buckets the limiter in memory has room for, 16 bytes each: `slots`.
    pub slots: usize,
    /// How many marks of known callers are kept, 8 bytes each: `marks`.
    pub marks: usize,
}

/// Where the buckets are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimiterConfig {
    /// In the memory of this process: `kind = "memory"`.
    #[default]
    Memory,
}

/// Where the issuer keeps its records.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreConfig {
    /// In an SQLite database: `kind = "sqlite"`.
    Sqlite {
        /// The file, made when it is missing.
        path: PathBuf,
    },
}

/// Who judges credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthenticatorConfig {
    /// The embedded issuer: `kind = "issuer"`.
    Issuer(Box<IssuerConfig>),
    /// The host's own, [`Host::authenticator`](crate::Host::authenticator): `kind = "host"`.
    Host,
}

/// What may be said about the embedded issuer; `None` is the issuer's own default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuerConfig {
    /// The file of the root key, made when it and the store's records are missing: `root.key`
    /// beside the store.
    pub root_key_file: Option<PathBuf>,
    /// The environment variable with the root key in 64 hexadecimal digits, instead of a file.
    pub root_key_env: Option<String>,
    /// More keys that digest secrets, at most 3: `peppers`, each a table of `id`, from 2 on, and `file` or
    /// `env`, as for the root key.
    pub peppers: Vec<NumberedKey>,
    /// The number of the one for new digests: the highest. 1 is the one that comes from the root key.
    pub pepper_in_use: Option<u16>,
    /// More keys that tag refresh tokens, as `peppers` are.
    pub refresh_keys: Vec<NumberedKey>,
    /// The number of the one for new refresh tokens, as `pepper_in_use` is.
    pub refresh_key_in_use: Option<u16>,
    /// The claim `iss` (RFC 7519 section 4.1.1). It is no address that the server listens on:
    /// refresh tokens are bound to it, so it stays when the server moves.
    pub issuer: Option<String>,
    /// The claim `aud` (RFC 7519 section 4.1.3): the issuer.
    pub audience: Option<String>,
    /// What the first signing key is for: `algorithm`, "ES256", "EdDSA" or "RS256". A store that has a
    /// key keeps it.
    pub algorithm: Option<Algorithm>,
    /// How long a new signing key is published before it signs, from 10 minutes to 30 days:
    /// `key_lead_seconds`.
    pub key_lead: Option<Duration>,
    /// How long a signing key signs before another follows by itself, longer than `key_lead_seconds`,
    /// from 1 to 365 days: `rotate_keys_every_days`.
    pub rotate_keys_every: Option<Duration>,
    /// How long an access token is good for, from a minute to a day: `token_seconds`.
    pub token_life: Option<Duration>,
    /// The longest that the policy of an app may make that, from `token_seconds` to a day:
    /// `max_token_seconds`.
    pub max_token_life: Option<Duration>,
    /// How long a refresh token may lie unused, from a minute to a year: `refresh_idle_seconds`.
    pub refresh_idle_life: Option<Duration>,
    /// How long the refresh tokens that follow from one request live in all, from
    /// `refresh_idle_seconds` to a year: `refresh_seconds`.
    pub refresh_life: Option<Duration>,
    /// Within which a refresh token that was redeemed gives the same successor again, at most a
    /// minute: `refresh_grace_seconds`.
    pub refresh_grace: Option<Duration>,
    /// Whether imported secrets that are kept as bcrypt or PBKDF2 are verified: `verify_legacy_hashes`.
    pub verify_legacy_hashes: Option<bool>,
    /// How many threads hash imported secrets, from 1 to 64: `hashing_threads`.
    pub hashing_threads: Option<NonZeroUsize>,
    /// The step at whose multiples it is told what became of credentials, from a microsecond to a second:
    /// `completion_grid_microseconds`. No grid, but at least 50 ms for the secrets that are hashed slowly.
    pub completion_grid: Option<Duration>,
}

impl ServiceConfig {
    /// The longest deadline, 10 minutes.
    pub const MAX_DEADLINE: Duration = Duration::from_secs(600);

    /// Reads a configuration in TOML.
    ///
    /// # Errors
    /// [`ConfigError`] names the key, or the line that is not TOML.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        reading::toml(text)?.into_config()
    }

    /// Reads a configuration in JSON, of the same shape.
    ///
    /// # Errors
    /// [`ConfigError`] names the key, or the line that is not JSON.
    ///
    /// ```
    /// use tokensmith_assembly::ServiceConfig;
    ///
    /// let error = ServiceConfig::from_json(r#"{"limits": {"slots": 0}}"#).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`limits.slots`: expected a whole number from 16 to 268435456"
    /// );
    /// ```
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        reading::json(text)?.into_config()
    }
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            response: ResponseOptions::default(),
            deadline: Duration::from_secs(5),
            max_in_flight: TokenServiceBuilder::DEFAULT_MAX_IN_FLIGHT,
            limits: LimitsConfig::default(),
            limiter: LimiterConfig::default(),
            store: None,
            authenticator: AuthenticatorConfig::default(),
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            policy: LimitPolicy::default(),
            slots: MemoryLimiter::DEFAULT_SLOTS,
            marks: TokenServiceBuilder::DEFAULT_MARKS,
        }
    }
}

impl Default for AuthenticatorConfig {
    fn default() -> Self {
        Self::Issuer(Box::default())
    }
}

/// A configuration of which no service can be made. Its text is one line and holds no value of the
/// configuration: some are secret.
#[derive(Debug)]
pub struct ConfigError {
    about: About,
    problem: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Debug)]
enum About {
    /// A key, by its path from the root; empty for the root itself.
    Key(String),
    /// A place in a text, counted from 1.
    Place { format: &'static str, line: usize, column: usize },
    /// A part of the service, by its name.
    Part(&'static str),
}

impl ConfigError {
    /// The code that stands for this error in every language.
    pub const fn code(&self) -> &'static str {
        "ERR_TOKEN_CONFIG"
    }

    /// The key that the error is about, from the root: `limits.source.burst`.
    pub fn key(&self) -> Option<&str> {
        match &self.about {
            About::Key(path) if !path.is_empty() => Some(path),
            _ => None,
        }
    }

    pub(crate) fn at_key(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { about: About::Key(path.into()), problem: problem.into(), source: None }
    }

    /// About a part that says by itself what is wrong with it.
    pub(crate) fn of_part(
        part: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        let source = source.into();
        Self { about: About::Part(part), problem: source.to_string(), source: Some(source) }
    }

    fn at_place(format: &'static str, place: (usize, usize), problem: impl Into<String>) -> Self {
        let (line, column) = place;
        let about = About::Place { format, line, column };
        Self { about, problem: problem.into(), source: None }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.about {
            About::Key(path) if path.is_empty() => write!(f, "the configuration: ")?,
            About::Key(path) => write!(f, "`{}`: ", path.escape_debug())?,
            About::Place { format, line, column } => {
                write!(f, "not {format} at line {line}, column {column}: ")?;
            }
            About::Part(part) => write!(f, "{part}: ")?,
        }
        f.write_str(&self.problem)
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
