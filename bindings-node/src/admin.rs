//! The administration of the embedded issuer: its apps, and what its other calls share. They wait
//! for the disk, so they do that on a thread that may block.

use napi::bindgen_prelude::{Array, Either, Env, Error, Object, PromiseRaw, Result, Status};
use napi_derive::napi;
use tokensmith::AppClientId;
use tokensmith_assembly::{Admin, AdminError, AppSummary};
use zeroize::Zeroizing;

use crate::exit;
use crate::reply;
use crate::service::{NativeService, invalid};

pub(crate) type Settled<T> = std::result::Result<T, AdminError>;

#[napi]
impl NativeService {
    /// Whether the service has an embedded issuer.
    #[napi(catch_unwind)]
    pub fn has_admin(&self) -> bool {
        self.live_or_closed().is_ok_and(|assembled| assembled.issuer.is_some())
    }

    /// The JWK set, as JSON.
    #[napi(catch_unwind)]
    pub fn jwks(&self) -> Result<String> {
        Ok(self.admin()?.jwks().as_ref().to_owned())
    }

    /// Resolves with `{ id, secret }` or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object>")]
    pub fn create_app<'env>(
        &self,
        env: &'env Env,
        name: String,
    ) -> Result<PromiseRaw<'env, Object<'env>>> {
        let admin = self.admin()?;
        let work = blocking(move || admin.create_app(&name));
        env.spawn_future_with_callback(work, |env, made| match made {
            Err(error) => reply::unadministered(env, &error),
            Ok(app) => {
                let mut reply = Object::new(env)?;
                reply.set("id", app.id.as_str())?;
                reply.set("secret", app.secret.expose_secret())?;
                Ok(reply)
            }
        })
    }

    /// Resolves with an array of apps or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object[] | object>")]
    pub fn list_apps<'env>(
        &self,
        env: &'env Env,
    ) -> Result<PromiseRaw<'env, Either<Array<'env>, Object<'env>>>> {
        let admin = self.admin()?;
        let work = blocking(move || admin.list_apps());
        env.spawn_future_with_callback(work, |env, listed| match listed {
            Err(error) => reply::unadministered(env, &error).map(Either::B),
            Ok(apps) => {
                let apps: Result<Vec<Object<'_>>> =
                    apps.iter().map(|app| summary(env, app)).collect();
                Array::from_vec(env, apps?).map(Either::A)
            }
        })
    }

    /// Resolves with null or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object | null>")]
    pub fn set_app_enabled<'env>(
        &self,
        env: &'env Env,
        id: String,
        enabled: bool,
    ) -> Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let admin = self.admin()?;
        let work = blocking(move || {
            let id = app(&id)?;
            if enabled { admin.enable_app(&id) } else { admin.disable_app(&id) }
        });
        env.spawn_future_with_callback(work, nothing)
    }

    /// Resolves with null or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<object | null>")]
    pub fn delete_app<'env>(
        &self,
        env: &'env Env,
        id: String,
    ) -> Result<PromiseRaw<'env, Option<Object<'env>>>> {
        let admin = self.admin()?;
        let work = blocking(move || admin.delete_app(&app(&id)?));
        env.spawn_future_with_callback(work, nothing)
    }

    /// Resolves with the number of apps that were imported, or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<number | object>")]
    pub fn import_json_lines<'env>(
        &self,
        env: &'env Env,
        lines: &[u8],
    ) -> Result<PromiseRaw<'env, Either<u32, Object<'env>>>> {
        let admin = self.admin()?;
        let lines = std::str::from_utf8(lines).map_err(|_| invalid("lines"))?;
        let lines = Zeroizing::new(lines.to_owned());
        let work = blocking(move || admin.import_json_lines(&lines));
        env.spawn_future_with_callback(work, |env, imported| match imported {
            Err(error) => reply::unadministered(env, &error).map(Either::B),
            Ok(apps) => Ok(Either::A(u32::try_from(apps).unwrap_or(u32::MAX))),
        })
    }

    pub(crate) fn admin(&self) -> Result<Admin> {
        let admin = self.live_or_closed()?.issuer.clone();
        admin.ok_or_else(|| Error::new(Status::GenericFailure, "there is no embedded issuer"))
    }
}

/// The app of that id. No app has an id that cannot be one.
pub(crate) fn app(id: &str) -> Settled<AppClientId> {
    AppClientId::new(id).map_err(|_| AdminError::NotFound)
}

/// Null, or the failure.
pub(crate) fn nothing<'env>(env: &'env Env, done: Settled<()>) -> Result<Option<Object<'env>>> {
    done.err().map(|error| reply::unadministered(env, &error)).transpose()
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Settled<T> + Send + 'static,
) -> Result<Settled<T>> {
    let done = tokio::task::spawn_blocking(|| exit::work(work)).await;
    done.map_err(|_| Error::new(Status::GenericFailure, "the call was not made"))
}

/// `AppSummary` of `index.d.cts`.
fn summary<'env>(env: &'env Env, app: &AppSummary) -> Result<Object<'env>> {
    let mut reply = Object::new(env)?;
    reply.set("id", app.id.as_str())?;
    reply.set("name", app.name.as_str())?;
    reply.set("enabled", app.enabled)?;
    reply.set("created", reply::number(app.created.as_secs()))?;
    reply.set("damaged", app.damaged)?;
    Ok(reply)
}
