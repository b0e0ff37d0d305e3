//! The administration of what the tokens of an app say.

use std::time::Duration;

use napi::bindgen_prelude::{Env, Object, PromiseRaw, Result};
use napi_derive::napi;
use tokensmith_assembly::{AdminError, PolicyParts};

use crate::admin::{app, blocking, nothing};
use crate::reply;
use crate::service::NativeService;

#[napi]
impl NativeService {
    /// Resolves with null or a failure. The claims are JSON.
    #[napi(catch_unwind, ts_return_type = "Promise<object | null>")]
    pub fn set_app_policy<'env>(
        &self,
        env: &'env Env,
        id: String,
        audience: Option<Vec<String>>,
        scope: Option<String>,
        claims: Option<String>,
        token_seconds: Option<f64>,
    ) -> Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let admin = self.admin()?;
        // What is no duration is out of bounds too, so it becomes one that is.
        let life = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let parts = PolicyParts { audience, scope, claims, token_life: token_seconds.map(life) };
        let work = blocking(move || {
            let set = admin.set_app_policy(&app(&id)?, &parts.policy()?);
            set.map_err(as_it_is_named_here)
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
        error => error,
    }
}

/// `AppPolicy` of `index.d.cts`.
fn policy_of(env: &Env, parts: PolicyParts) -> Result<Object<'_>> {
    let mut reply = Object::new(env)?;
    if let Some(audience) = parts.audience {
        reply.set("audience", audience)?;
    }
    for (name, text) in [("scope", parts.scope), ("claims", parts.claims)] {
        if let Some(text) = text {
            reply.set(name, text)?;
        }
    }
    if let Some(life) = parts.token_life {
        reply.set("tokenSeconds", reply::number(life.as_secs()))?;
    }
    Ok(reply)
}
