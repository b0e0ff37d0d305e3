//! What a token is: access tokens verified, and tokens of either kind told of and revoked.

use napi::bindgen_prelude::{Either, Env, Object, PromiseRaw, Result};
use napi_derive::napi;
use tokensmith_assembly::{AccessClaims, ActiveToken, InvalidAccessToken};
use zeroize::Zeroizing;

use crate::admin::app;
use crate::refresh_tokens::worked;
use crate::reply;
use crate::service::{NativeService, invalid};

#[napi]
impl NativeService {
    /// The token's claims, or `{ code, message, reason }`. Its bytes, which the facade has made of
    /// text, are not copied.
    #[napi(catch_unwind, ts_return_type = "object")]
    pub fn verify_access_token<'env>(
        &self,
        env: &'env Env,
        token: &[u8],
        audience: Option<String>,
    ) -> Result<Object<'env>> {
        let (token, admin) = (text(token)?, self.admin()?);
        let verified = match audience {
            Some(audience) => admin.verify_access_token_for(&audience, token),
            None => admin.verify_access_token(token),
        };
        match verified {
            Ok(verified) => claims(env, &verified),
            Err(refused) => unverified(env, refused),
        }
    }

    /// Resolves with null, with what the token is, or with a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object | null>")]
    pub fn introspect<'env>(
        &self,
        env: &'env Env,
        app_client_id: String,
        token: &[u8],
    ) -> Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let admin = self.admin()?;
        let token = Zeroizing::new(text(token)?.to_owned());
        let work = async move { admin.introspect(&app(&app_client_id)?, &token).await };
        env.spawn_future_with_callback(worked(work), |env, told| match told {
            Err(error) => reply::unadministered(env, &error).map(Some),
            Ok(told) => told.map(|token| active(env, &token)).transpose(),
        })
    }

    /// Resolves with `done` or `unsupported`, or with a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<string | object>")]
    pub fn revoke_token<'env>(
        &self,
        env: &'env Env,
        app_client_id: String,
        token: &[u8],
    ) -> Result<PromiseRaw<'env, Either<&'static str, Object<'env>>>> {
        let admin = self.admin()?;
        let token = Zeroizing::new(text(token)?.to_owned());
        let work = async move { admin.revoke_token(&app(&app_client_id)?, &token).await };
        env.spawn_future_with_callback(worked(work), |env, revoked| match revoked {
            Err(error) => reply::unadministered(env, &error).map(Either::B),
            Ok(revoked) => Ok(Either::A(revoked.as_str())),
        })
    }
}

/// That of a token whose bytes the facade has made of it.
fn text(token: &[u8]) -> Result<&str> {
    std::str::from_utf8(token).map_err(|_| invalid("token"))
}

/// `AccessClaims` of `index.d.cts`; the claims besides are JSON.
fn claims<'env>(env: &'env Env, claims: &AccessClaims) -> Result<Object<'env>> {
    let mut reply = Object::new(env)?;
    reply.set("appClientId", claims.app.as_str())?;
    reply.set("subject", claims.subject.as_str())?;
    reply.set("audience", claims.audience.names().collect::<Vec<_>>())?;
    if let Some(scope) = &claims.scope {
        reply.set("scope", scope.as_str())?;
    }
    reply.set("claims", claims.claims.to_json())?;
    reply.set("tokenId", claims.token_id.as_str())?;
    reply.set("issued", reply::number(claims.issued.as_secs()))?;
    reply.set("expires", reply::number(claims.expires.as_secs()))?;
    Ok(reply)
}

/// `ActiveToken` of `index.d.cts`; the claims besides are JSON.
fn active<'env>(env: &'env Env, token: &ActiveToken) -> Result<Object<'env>> {
    let mut reply = Object::new(env)?;
    reply.set("kind", token.kind.as_str())?;
    reply.set("appClientId", token.app.as_str())?;
    reply.set("subject", token.subject.as_str())?;
    reply.set("issuer", token.issuer.as_str())?;
    if let Some(audience) = &token.audience {
        reply.set("audience", audience.names().collect::<Vec<_>>())?;
    }
    if let Some(scope) = &token.scope {
        reply.set("scope", scope.as_str())?;
    }
    reply.set("claims", token.claims.to_json())?;
    if let Some(id) = &token.token_id {
        reply.set("tokenId", id.as_str())?;
    }
    reply.set("issued", reply::number(token.issued.as_secs()))?;
    reply.set("expires", reply::number(token.expires.as_secs()))?;
    Ok(reply)
}

fn unverified(env: &Env, refused: InvalidAccessToken) -> Result<Object<'_>> {
    let mut reply = reply::failure(env, refused.code(), &refused.to_string())?;
    reply.set("reason", refused.as_str())?;
    Ok(reply)
}
