//! The table `authenticator`, and what it means.

use serde::Deserialize;
use tokensmith_issuer::{Algorithm, KeySource, NumberedKey};

use super::tables::YEAR;
use super::values::{Table, Whole, Word, Words, given};
use super::{AuthenticatorConfig, ConfigError, IssuerConfig};

/// The largest number that a key may have.
const MOST_KEY_ID: u64 = u16::MAX as u64;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AuthenticatorTable {
    #[serde(deserialize_with = "given")]
    kind: Option<Word<AuthenticatorKind>>,
    #[serde(deserialize_with = "given")]
    root_key_file: Option<String>,
    #[serde(deserialize_with = "given")]
    root_key_env: Option<String>,
    #[serde(deserialize_with = "given")]
    peppers: Option<Vec<Table<KeyTable>>>,
    #[serde(deserialize_with = "given")]
    pepper_in_use: Option<Whole<1, MOST_KEY_ID>>,
    #[serde(deserialize_with = "given")]
    refresh_keys: Option<Vec<Table<KeyTable>>>,
    #[serde(deserialize_with = "given")]
    refresh_key_in_use: Option<Whole<1, MOST_KEY_ID>>,
    #[serde(deserialize_with = "given")]
    issuer: Option<String>,
    #[serde(deserialize_with = "given")]
    audience: Option<String>,
    #[serde(deserialize_with = "given")]
    algorithm: Option<Word<Algorithm>>,
    #[serde(deserialize_with = "given")]
    key_lead_seconds: Option<Whole<600, { 30 * 86_400 }>>,
    #[serde(deserialize_with = "given")]
    rotate_keys_every_days: Option<Whole<1, 365>>,
    #[serde(deserialize_with = "given")]
    token_seconds: Option<Whole<60, 86_400>>,
    #[serde(deserialize_with = "given")]
    max_token_seconds: Option<Whole<60, 86_400>>,
    #[serde(deserialize_with = "given")]
    refresh_idle_seconds: Option<Whole<60, YEAR>>,
    #[serde(deserialize_with = "given")]
    refresh_seconds: Option<Whole<60, YEAR>>,
    #[serde(deserialize_with = "given")]
    refresh_grace_seconds: Option<Whole<0, 60>>,
    #[serde(deserialize_with = "given")]
    verify_legacy_hashes: Option<bool>,
    #[serde(deserialize_with = "given")]
    hashing_threads: Option<Whole<1, 64>>,
    #[serde(deserialize_with = "given")]
    completion_grid_microseconds: Option<Whole<1, 1_000_000>>,
}

#[derive(Clone, Copy, Default)]
enum AuthenticatorKind {
    #[default]
    Issuer,
    Host,
}

/// A key that the host gives.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyTable {
    id: Whole<2, MOST_KEY_ID>,
    #[serde(default, deserialize_with = "given")]
    file: Option<String>,
    #[serde(default, deserialize_with = "given")]
    env: Option<String>,
}

impl Words for Algorithm {
    const WORDS: &'static [(&'static str, Self)] = &[
        (Self::Es256.as_str(), Self::Es256),
        (Self::EdDsa.as_str(), Self::EdDsa),
        (Self::Rs256.as_str(), Self::Rs256),
    ];
}

impl Words for AuthenticatorKind {
    const WORDS: &'static [(&'static str, Self)] =
        &[("issuer", Self::Issuer), ("host", Self::Host)];
}

impl AuthenticatorTable {
    pub(super) fn into_authenticator(self) -> Result<AuthenticatorConfig, ConfigError> {
        match self.kind.map_or(AuthenticatorKind::default(), |Word(kind)| kind) {
            AuthenticatorKind::Issuer => Ok(AuthenticatorConfig::Issuer(Box::new(IssuerConfig {
                root_key_file: self.root_key_file.map(Into::into),
                root_key_env: self.root_key_env,
                peppers: keys("peppers", self.peppers)?,
                pepper_in_use: self.pepper_in_use.map(Whole::key_id),
                refresh_keys: keys("refresh_keys", self.refresh_keys)?,
                refresh_key_in_use: self.refresh_key_in_use.map(Whole::key_id),
                issuer: self.issuer,
                audience: self.audience,
                algorithm: self.algorithm.map(|Word(algorithm)| algorithm),
                key_lead: self.key_lead_seconds.map(Whole::seconds),
                rotate_keys_every: self.rotate_keys_every_days.map(Whole::days),
                token_life: self.token_seconds.map(Whole::seconds),
                max_token_life: self.max_token_seconds.map(Whole::seconds),
                refresh_idle_life: self.refresh_idle_seconds.map(Whole::seconds),
                refresh_life: self.refresh_seconds.map(Whole::seconds),
                refresh_grace: self.refresh_grace_seconds.map(Whole::seconds),
                verify_legacy_hashes: self.verify_legacy_hashes,
                hashing_threads: self.hashing_threads.and_then(Whole::threads),
                completion_grid: self.completion_grid_microseconds.map(Whole::microseconds),
            }))),
            AuthenticatorKind::Host => match self.key_of_the_issuer() {
                Some(key) => Err(ConfigError::at_key(
                    format!("authenticator.{key}"),
                    "a key of kind `issuer`, and the kind is `host`",
                )),
                None => Ok(AuthenticatorConfig::Host),
            },
        }
    }

    /// The first key given that only the issuer has.
    fn key_of_the_issuer(&self) -> Option<&'static str> {
        let keys = [
            ("root_key_file", self.root_key_file.is_some()),
            ("root_key_env", self.root_key_env.is_some()),
            ("peppers", self.peppers.is_some()),
            ("pepper_in_use", self.pepper_in_use.is_some()),
            ("refresh_keys", self.refresh_keys.is_some()),
            ("refresh_key_in_use", self.refresh_key_in_use.is_some()),
            ("issuer", self.issuer.is_some()),
            ("audience", self.audience.is_some()),
            ("algorithm", self.algorithm.is_some()),
            ("key_lead_seconds", self.key_lead_seconds.is_some()),
            ("rotate_keys_every_days", self.rotate_keys_every_days.is_some()),
            ("token_seconds", self.token_seconds.is_some()),
            ("max_token_seconds", self.max_token_seconds.is_some()),
            ("refresh_idle_seconds", self.refresh_idle_seconds.is_some()),
            ("refresh_seconds", self.refresh_seconds.is_some()),
            ("refresh_grace_seconds", self.refresh_grace_seconds.is_some()),
            ("verify_legacy_hashes", self.verify_legacy_hashes.is_some()),
            ("hashing_threads", self.hashing_threads.is_some()),
            ("completion_grid_microseconds", self.completion_grid_microseconds.is_some()),
        ];
        keys.into_iter().find_map(|(key, given)| given.then_some(key))
    }
}

fn keys(name: &str, tables: Option<Vec<Table<KeyTable>>>) -> Result<Vec<NumberedKey>, ConfigError> {
    let numbered = |(place, Table(KeyTable { id, file, env })): (usize, _)| {
        let source = match (file, env) {
            (Some(file), None) => KeySource::File(file.into()),
            (None, Some(name)) => KeySource::Environment(name),
            _ => {
                let key = format!("authenticator.{name}.{place}");
                return Err(ConfigError::at_key(key, "expected either `file` or `env`"));
            }
        };
        Ok(NumberedKey::new(id.key_id(), source))
    };
    tables.unwrap_or_default().into_iter().enumerate().map(numbered).collect()
}
