//! The administration of an app's secrets.

use std::time::Duration;

use napi::bindgen_prelude::{Array, Either, Env, Object, PromiseRaw, Result};
use napi_derive::napi;
use tokensmith_assembly::{AdminError, SecretSummary};

use crate::admin::{app, blocking, nothing};
use crate::reply;
use crate::service::NativeService;

#[napi]
impl NativeService {
    /// Resolves with `{ id, secret }` or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object>")]
    pub fn rotate_secret<'env>(
        &self,
        env: &'env Env,
        id: String,
        overlap_seconds: f64,
    ) -> Result<PromiseRaw<'env, Object<'env>>> {
        let admin = self.admin()?;
        let work = blocking(move || {
            let rotated = admin.rotate_secret(&app(&id)?, overlap(overlap_seconds));
            rotated.map_err(as_it_is_named_here)
        });
        env.spawn_future_with_callback(work, |env, made| match made {
            Err(error) => reply::unadministered(env, &error),
            Ok(created) => {
                let mut reply = Object::new(env)?;
                reply.set("id", created.id.as_str())?;
                reply.set("secret", created.secret.expose_secret())?;
                Ok(reply)
            }
        })
    }

    /// Resolves with an array of secrets or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object[] | object>")]
    pub fn list_secrets<'env>(
        &self,
        env: &'env Env,
        id: String,
    ) -> Result<PromiseRaw<'env, Either<Array<'env>, Object<'env>>>> {
        let admin = self.admin()?;
        let work = blocking(move || admin.list_secrets(&app(&id)?));
        env.spawn_future_with_callback(work, |env, listed| match listed {
            Err(error) => reply::unadministered(env, &error).map(Either::B),
            Ok(secrets) => {
                let secrets: Result<Vec<Object<'_>>> =
                    secrets.iter().map(|secret| summary(env, secret)).collect();
                Array::from_vec(env, secrets?).map(Either::A)
            }
        })
    }

    /// Resolves with null or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object | null>")]
    pub fn revoke_secret<'env>(
        &self,
        env: &'env Env,
        secret_id: String,
    ) -> Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let admin = self.admin()?;
        let work = blocking(move || admin.revoke_secret(&secret_id));
        env.spawn_future_with_callback(work, nothing)
    }
}

/// What is no duration is out of bounds too, so it becomes one that is.
fn overlap(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

fn as_it_is_named_here(error: AdminError) -> AdminError {
    match error {
        AdminError::Invalid { name: "overlap", bounds } => {
            AdminError::Invalid { name: "overlapSeconds", bounds }
        }
        error => error,
    }
}

/// `SecretSummary` of `index.d.cts`.
fn summary<'env>(env: &'env Env, secret: &SecretSummary) -> Result<Object<'env>> {
    let mut reply = Object::new(env)?;
    reply.set("id", secret.id.as_str())?;
    reply.set("kind", secret.kind.as_str())?;
    reply.set("created", reply::number(secret.created.as_secs()))?;
    reply.set("revoked", secret.revoked)?;
    for (name, time) in [("expires", secret.expires), ("lastUsed", secret.last_used)] {
        if let Some(time) = time {
            reply.set(name, reply::number(time.as_secs()))?;
        }
    }
    Ok(reply)
}
