//! The administration of what the tokens of an app say.

use std::time::Duration;

use napi::bindgen_prelude::{Env, Object, PromiseRaw, Result};
use napi_derive::napi;
use tokensmith_assembly::{AdminError, PolicyParts};

use crate::admin::{app, blocking, nothing};
use crate::reply;
use crate::service::NativeService;

/// The policy of an app as the facade hands it over: its claims are JSON.
#[napi(object, object_to_js = false)]
pub struct NativePolicy {
    pub audience: Option<Vec<String>>,
    pub scope: Option<String>,
    pub claims: Option<String>,
    pub token_seconds: Option<f64>,
    pub id_claims: Option<String>,
}

#[napi]
impl NativeService {
    /// Resolves with null or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object | null>")]
    pub fn set_app_policy<'env>(
        &self,
        env: &'env Env,
        id: String,
        policy: NativePolicy,
    ) -> Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let admin = self.admin()?;
        let NativePolicy { audience, scope, claims, token_seconds, id_claims } = policy;
        // What is no duration is out of bounds too, so it becomes one that is.
        let life = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let token_life = token_seconds.map(life);
        let parts = PolicyParts { audience, scope, claims, token_life, id_claims };
        let work = blocking(move || {
            let (id, policy) = (app(&id)?, parts.policy().map_err(as_it_is_named_here)?);
            admin.set_app_policy(&id, &policy).map_err(as_it_is_named_here)
        });
        env.spawn_future_with_callback(work, nothing)
    }

    /// Resolves with the policy, whose claims are JSON, or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object>")]
    pub fn app_policy<'env>(
        &self,
        env: &'env Env,
        id: String,
    ) -> Result<PromiseRaw<'env, Object<'env>>> {
        let admin = self.admin()?;
        let work = blocking(move || admin.app_policy(&app(&id)?));
        env.spawn_future_with_callback(work, |env, read| match read {
            Err(error) => reply::unadministered(env, &error),
            Ok(policy) => policy_of(env, PolicyParts::of(&policy)),
        })
    }
}

fn as_it_is_named_here(error: AdminError) -> AdminError {
    match error {
        AdminError::Invalid { name: "token_life", .. } => {
            let bounds = "from 60 to `max_token_seconds`, and whole";
            AdminError::Invalid { name: "tokenSeconds", bounds }
        }
        AdminError::Invalid { name: "id_claims", bounds } => {
            AdminError::Invalid { name: "idClaims", bounds }
        }
        error => error,
    }
}

/// `AppPolicy` of `index.d.cts`.
fn policy_of(env: &Env, parts: PolicyParts) -> Result<Object<'_>> {
    let mut reply = Object::new(env)?;
    if let Some(audience) = parts.audience {
        reply.set("audience", audience)?;
    }
    for (name, text) in
        [("scope", parts.scope), ("claims", parts.claims), ("idClaims", parts.id_claims)]
    {
        if let Some(text) = text {
            reply.set(name, text)?;
        }
    }
    if let Some(life) = parts.token_life {
        reply.set("tokenSeconds", reply::number(life.as_secs()))?;
    }
    Ok(reply)
}
