//! What a token is: access tokens verified, and tokens of either kind told of and revoked.

use std::time::SystemTime;

use tokensmith_assembly::{AccessClaims as Claims, ActiveToken as Active};
use zeroize::Zeroizing;

use crate::admin::{app, awaited, time};
use crate::failure::AdminError;
use crate::service::TokenService;

/// What an access token says that was found good.
#[derive(Debug, uniffi::Record)]
pub struct AccessClaims {
    /// `client_id`: whose token it is.
    pub app_client_id: String,
    /// `sub`.
    pub subject: String,
    /// `aud`.
    pub audience: Vec<String>,
    /// `scope`, if there is one.
    pub scope: Option<String>,
    /// The claims besides, as a JSON object.
    pub claims: String,
    /// `jti`.
    pub token_id: String,
    /// `iat`.
    pub issued: SystemTime,
    /// `exp`.
    pub expires: SystemTime,
}

/// What a token of either kind says that is good now.
#[derive(Debug, uniffi::Record)]
pub struct ActiveToken {
    /// `access` or `refresh`.
    pub kind: String,
    /// `client_id`: whose token it is.
    pub app_client_id: String,
    /// `sub`.
    pub subject: String,
    /// `iss`.
    pub issuer: String,
    /// `aud` of an access token.
    pub audience: Option<Vec<String>>,
    /// `scope`, if there is one.
    pub scope: Option<String>,
    /// The claims besides, as a JSON object.
    pub claims: String,
    /// `jti` of an access token.
    pub token_id: Option<String>,
    /// `iat`.
    pub issued: SystemTime,
    /// `exp`.
    pub expires: SystemTime,
}

#[uniffi::export(async_runtime = "tokio")]
impl TokenService {
    /// Verifies an access token of this issuer's, for the audience of its configuration if none is
    /// named, without a network.
    pub fn verify_access_token(
        &self,
        token: String,
        audience: Option<String>,
    ) -> Result<AccessClaims, AdminError> {
        let token = Zeroizing::new(token);
        let admin = self.admin()?;
        let verified = match audience {
            Some(audience) => admin.verify_access_token_for(&audience, &token),
            None => admin.verify_access_token(&token),
        };
        Ok(claims(verified?))
    }

    /// What a token is, if it is good now.
    pub async fn introspect(
        &self,
        app_id: String,
        token: String,
    ) -> Result<Option<ActiveToken>, AdminError> {
        let token = Zeroizing::new(token);
        let (admin, id) = (self.admin()?, app(&app_id)?);
        let told = awaited(async move { admin.introspect(&id, &token).await });
        Ok(told.await?.map(active))
    }

    /// Revokes whatever token of that app's it is: `done`, or `unsupported` for an access token.
    pub async fn revoke_token(&self, app_id: String, token: String) -> Result<String, AdminError> {
        let token = Zeroizing::new(token);
        let (admin, id) = (self.admin()?, app(&app_id)?);
        let revoked = awaited(async move { admin.revoke_token(&id, &token).await });
        Ok(revoked.await?.as_str().to_owned())
    }
}

fn claims(claims: Claims) -> AccessClaims {
    AccessClaims {
        app_client_id: claims.app.as_str().to_owned(),
        subject: claims.subject,
        audience: claims.audience.names().map(str::to_owned).collect(),
        scope: claims.scope.map(|scope| scope.as_str().to_owned()),
        claims: claims.claims.to_json(),
        token_id: claims.token_id,
        issued: time(claims.issued),
        expires: time(claims.expires),
    }
}

fn active(token: Active) -> ActiveToken {
    ActiveToken {
        kind: token.kind.as_str().to_owned(),
        app_client_id: token.app.as_str().to_owned(),
        subject: token.subject,
        issuer: token.issuer,
        audience: token.audience.map(|audience| audience.names().map(str::to_owned).collect()),
        scope: token.scope.map(|scope| scope.as_str().to_owned()),
        claims: token.claims.to_json(),
        token_id: token.token_id,
        issued: time(token.issued),
        expires: time(token.expires),
    }
}
