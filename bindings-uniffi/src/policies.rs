//! The administration of what the tokens of an app say.

use std::time::Duration;

use tokensmith_assembly::PolicyParts;

use crate::admin::{app, blocking};
use crate::failure::AdminError;
use crate::service::TokenService;

/// What the tokens of one app say, and how long they live. What is none is as the issuer's
/// configuration has it.
#[derive(Debug, uniffi::Record)]
pub struct AppPolicy {
    /// `aud`.
    pub audience: Option<Vec<String>>,
    /// `scope`.
    pub scope: Option<String>,
    /// Claims besides, as a JSON object.
    pub claims: Option<String>,
    /// How long access tokens are good for.
    pub token_life: Option<Duration>,
    /// The claims of an id token besides, as a JSON object. None is no id token.
    pub id_claims: Option<String>,
}

#[uniffi::export(async_runtime = "tokio")]
impl TokenService {
    /// Sets the policy of an app, in place of what was set before.
    pub async fn set_app_policy(&self, id: String, policy: AppPolicy) -> Result<(), AdminError> {
        let admin = self.admin()?;
        let AppPolicy { audience, scope, claims, token_life, id_claims } = policy;
        let parts = PolicyParts { audience, scope, claims, token_life, id_claims };
        blocking(move || admin.set_app_policy(&app(&id)?, &parts.policy()?)).await
    }

    /// The policy of an app.
    pub async fn app_policy(&self, id: String) -> Result<AppPolicy, AdminError> {
        let admin = self.admin()?;
        let policy = blocking(move || admin.app_policy(&app(&id)?)).await?;
        let parts = PolicyParts::of(&policy);
        let PolicyParts { audience, scope, claims, token_life, id_claims } = parts;
        Ok(AppPolicy { audience, scope, claims, token_life, id_claims })
    }
}
