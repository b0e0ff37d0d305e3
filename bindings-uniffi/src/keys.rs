//! The administration of the signing keys.

use std::time::SystemTime;

use tokensmith_assembly::{AdminError as Refused, Algorithm};

use crate::admin::{blocking, time};
use crate::failure::AdminError;
use crate::service::TokenService;

/// A signing key, as it is listed.
#[derive(Debug, uniffi::Record)]
pub struct KeySummary {
    /// Its thumbprint, which tokens name.
    pub kid: String,
    /// What it signs by: `ES256`, `EdDSA` or `RS256`.
    pub algorithm: String,
    /// Where it is in its life: `pending`, `active` or `retired`.
    pub state: String,
    /// When it was made.
    pub created: SystemTime,
    /// From when it signs, or signed.
    pub active: SystemTime,
}

#[uniffi::export(async_runtime = "tokio")]
impl TokenService {
    /// The signing keys, the one that signs first before the others.
    pub async fn list_keys(&self) -> Result<Vec<KeySummary>, AdminError> {
        let admin = self.admin()?;
        let keys = blocking(move || Ok(admin.list_keys())).await?;
        Ok(keys.into_iter().map(listed).collect())
    }

    /// Makes a signing key, of another algorithm if one is named. It signs once every verifier may
    /// have it.
    pub async fn rotate_key(&self, algorithm: Option<String>) -> Result<KeySummary, AdminError> {
        let admin = self.admin()?;
        let made = blocking(move || {
            let algorithm = algorithm.map(|name| parsed(&name)).transpose()?;
            admin.rotate_key(algorithm)
        });
        made.await.map(listed)
    }

    /// Drops a key at once.
    pub async fn revoke_key(&self, kid: String) -> Result<(), AdminError> {
        let admin = self.admin()?;
        blocking(move || admin.revoke_key(&kid)).await
    }
}

fn parsed(name: &str) -> Result<Algorithm, Refused> {
    let bounds = "`ES256`, `EdDSA` or `RS256`";
    Algorithm::parse(name).ok_or(Refused::Invalid { name: "algorithm", bounds })
}

fn listed(key: tokensmith_assembly::KeySummary) -> KeySummary {
    KeySummary {
        kid: key.kid,
        algorithm: key.algorithm.as_str().to_owned(),
        state: key.state.as_str().to_owned(),
        created: time(key.created),
        active: time(key.active),
    }
}
