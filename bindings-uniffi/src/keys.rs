//! The administration of the signing keys, and the verifying of what they have signed.

use std::time::SystemTime;

use tokensmith_assembly::{AdminError as Refused, Algorithm};
use zeroize::Zeroizing;

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

/// What an access token says that was found good.
#[derive(Debug, uniffi::Record)]
pub struct AccessClaims {
    /// `client_id`: whose token it is.
    pub app_client_id: String,
    /// `sub`.
    pub subject: String,
    /// `jti`.
    pub token_id: String,
    /// `iat`.
    pub issued: SystemTime,
    /// `exp`.
    pub expires: SystemTime,
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

    /// Verifies an access token of this issuer's, without a network.
    pub fn verify_access_token(&self, token: String) -> Result<AccessClaims, AdminError> {
        let token = Zeroizing::new(token);
        let claims = self.admin()?.verify_access_token(&token)?;
        Ok(AccessClaims {
            app_client_id: claims.app.as_str().to_owned(),
            subject: claims.subject,
            token_id: claims.token_id,
            issued: time(claims.issued),
            expires: time(claims.expires),
        })
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
