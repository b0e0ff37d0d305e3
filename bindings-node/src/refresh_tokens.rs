//! The administration of refresh tokens. These wait for the ledger, and keep no thread meanwhile.

use std::future::Future;

use napi::bindgen_prelude::{Either, Env, Object, PromiseRaw, Result};
use napi_derive::napi;

use crate::admin::{Settled, app, nothing};
use crate::exit;
use crate::refresh;
use crate::reply;
use crate::service::NativeService;

#[napi]
impl NativeService {
    /// Resolves with null or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object | null>")]
    pub fn revoke_refresh_token<'env>(
        &self,
        env: &'env Env,
        app_client_id: String,
        refresh_token: &[u8],
    ) -> Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let admin = self.admin()?;
        let token = refresh::token(refresh_token)?;
        let work = async move { admin.revoke_refresh_token(&app(&app_client_id)?, &token).await };
        env.spawn_future_with_callback(worked(work), nothing)
    }

    /// Resolves with null or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object | null>")]
    pub fn revoke_refresh_tokens_of<'env>(
        &self,
        env: &'env Env,
        app_client_id: String,
    ) -> Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let admin = self.admin()?;
        let work = async move { admin.revoke_refresh_tokens_of(&app(&app_client_id)?).await };
        env.spawn_future_with_callback(worked(work), nothing)
    }

    /// Resolves with null or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object | null>")]
    pub fn revoke_all_refresh_tokens<'env>(
        &self,
        env: &'env Env,
    ) -> Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let admin = self.admin()?;
        let work = async move { admin.revoke_all_refresh_tokens().await };
        env.spawn_future_with_callback(worked(work), nothing)
    }

    /// Resolves with the number of families that were forgotten, or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<number | object>")]
    pub fn purge_refresh_tokens<'env>(
        &self,
        env: &'env Env,
    ) -> Result<PromiseRaw<'env, Either<f64, Object<'env>>>> {
        let admin = self.admin()?;
        let work = async move { admin.purge_refresh_tokens().await };
        env.spawn_future_with_callback(worked(work), |env, purged| match purged {
            Err(error) => reply::unadministered(env, &error).map(Either::B),
            Ok(families) => Ok(Either::A(reply::number(families))),
        })
    }

    /// Resolves with null or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object | null>")]
    pub fn reset_refresh_clock<'env>(
        &self,
        env: &'env Env,
    ) -> Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let admin = self.admin()?;
        let work = async move { admin.reset_refresh_clock().await };
        env.spawn_future_with_callback(worked(work), nothing)
    }
}

pub(crate) async fn worked<T>(work: impl Future<Output = Settled<T>>) -> Result<Settled<T>> {
    Ok(exit::worked(work).await)
}
