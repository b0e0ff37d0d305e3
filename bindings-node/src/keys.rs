//! The administration of the signing keys.

use napi::bindgen_prelude::{Array, Either, Env, Object, PromiseRaw, Result};
use napi_derive::napi;
use tokensmith_assembly::{AdminError, Algorithm, KeySummary};

use crate::admin::{Settled, blocking, nothing};
use crate::reply;
use crate::service::NativeService;

#[napi]
impl NativeService {
    /// Resolves with an array of keys or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object[] | object>")]
    pub fn list_keys<'env>(
        &self,
        env: &'env Env,
    ) -> Result<PromiseRaw<'env, Either<Array<'env>, Object<'env>>>> {
        let admin = self.admin()?;
        let work = blocking(move || Ok(admin.list_keys()));
        env.spawn_future_with_callback(work, |env, listed| match listed {
            Err(error) => reply::unadministered(env, &error).map(Either::B),
            Ok(keys) => {
                let keys: Result<Vec<Object<'_>>> =
                    keys.iter().map(|key| summary(env, key)).collect();
                Array::from_vec(env, keys?).map(Either::A)
            }
        })
    }

    /// Resolves with a key or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object>")]
    pub fn rotate_key<'env>(
        &self,
        env: &'env Env,
        algorithm_name: Option<String>,
    ) -> Result<PromiseRaw<'env, Object<'env>>> {
        let admin = self.admin()?;
        let work = blocking(move || {
            let algorithm = algorithm_name.map(|name| algorithm(&name)).transpose()?;
            admin.rotate_key(algorithm)
        });
        env.spawn_future_with_callback(work, |env, made| match made {
            Err(error) => reply::unadministered(env, &error),
            Ok(key) => summary(env, &key),
        })
    }

    /// Resolves with null or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object | null>")]
    pub fn revoke_key<'env>(
        &self,
        env: &'env Env,
        kid: String,
    ) -> Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let admin = self.admin()?;
        let work = blocking(move || admin.revoke_key(&kid));
        env.spawn_future_with_callback(work, nothing)
    }
}

fn algorithm(name: &str) -> Settled<Algorithm> {
    let bounds = "`ES256`, `EdDSA` or `RS256`";
    Algorithm::parse(name).ok_or(AdminError::Invalid { name: "algorithm", bounds })
}

/// `KeySummary` of `index.d.cts`.
fn summary<'env>(env: &'env Env, key: &KeySummary) -> Result<Object<'env>> {
    let mut reply = Object::new(env)?;
    reply.set("kid", key.kid.as_str())?;
    reply.set("algorithm", key.algorithm.as_str())?;
    reply.set("state", key.state.as_str())?;
    reply.set("created", reply::number(key.created.as_secs()))?;
    reply.set("active", reply::number(key.active.as_secs()))?;
    Ok(reply)
}
