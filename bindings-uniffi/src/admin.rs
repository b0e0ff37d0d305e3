//! The administration of the embedded issuer. Its calls wait for the disk, so they do that on a
//! thread that may block. Those on refresh tokens wait for the ledger, which blocks no thread.

use std::future::Future;
use std::time::{Duration, SystemTime};

use tokensmith::{AppClientId, RefreshToken, UnixTime};
use tokensmith_assembly::{Admin, AdminError as Refused};
use zeroize::Zeroizing;

use crate::exit;
use crate::failure::AdminError;
use crate::observer::count;
use crate::records::{CreatedApp, CreatedSecret};
use crate::service::{TokenService, whole};

/// An app, as it is listed.
#[derive(Debug, uniffi::Record)]
pub struct AppSummary {
    /// Its id.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Whether it may have tokens.
    pub enabled: bool,
    /// When it was made.
    pub created: SystemTime,
    /// Its record was changed by something else; nothing else here can be relied on then.
    pub damaged: bool,
}

/// A secret of an app, as it is listed.
#[derive(Debug, uniffi::Record)]
pub struct SecretSummary {
    /// Its own id, which is no secret.
    pub id: String,
    /// What is kept of it: `generated`, `argon2id`, `bcrypt` or `pbkdf2`.
    pub kind: String,
    /// When it was made.
    pub created: SystemTime,
    /// When it stops, or stopped, being good; none if it has no end, and if it was revoked.
    pub expires: Option<SystemTime>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// The start of the hour in which it was last used, so far as this process knows.
    pub last_used: Option<SystemTime>,
}

#[uniffi::export(async_runtime = "tokio")]
impl TokenService {
    /// Whether the service has an embedded issuer.
    pub fn has_admin(&self) -> bool {
        self.live().is_some_and(|assembled| assembled.issuer.is_some())
    }

    /// The JWK set, as JSON.
    pub fn jwks(&self) -> Result<String, AdminError> {
        Ok(self.admin()?.jwks().as_ref().to_owned())
    }

    /// Makes an app.
    pub async fn create_app(&self, name: String) -> Result<CreatedApp, AdminError> {
        let admin = self.admin()?;
        let app = blocking(move || admin.create_app(&name)).await?;
        let secret = app.secret.expose_secret().to_owned();
        Ok(CreatedApp { id: app.id.as_str().to_owned(), secret })
    }

    /// All apps, the latest last.
    pub async fn list_apps(&self) -> Result<Vec<AppSummary>, AdminError> {
        let admin = self.admin()?;
        let apps = blocking(move || admin.list_apps()).await?;
        Ok(apps.iter().map(summary).collect())
    }

    /// Imports apps with their secrets from JSON Lines: all, or none if one cannot be. Tells how many.
    pub async fn import_json_lines(&self, lines: String) -> Result<i64, AdminError> {
        let lines = Zeroizing::new(lines);
        let admin = self.admin()?;
        let imported = blocking(move || admin.import_json_lines(&lines)).await?;
        Ok(i64::try_from(imported).unwrap_or(i64::MAX))
    }

    /// Lets an app have tokens, or no more; those that it has live on to their end.
    pub async fn set_app_enabled(&self, id: String, enabled: bool) -> Result<(), AdminError> {
        let admin = self.admin()?;
        blocking(move || {
            let id = app(&id)?;
            if enabled { admin.enable_app(&id) } else { admin.disable_app(&id) }
        })
        .await
    }

    /// Removes an app with its secrets; the access tokens that it has live on to their end.
    pub async fn delete_app(&self, id: String) -> Result<(), AdminError> {
        let admin = self.admin()?;
        blocking(move || admin.delete_app(&app(&id)?)).await
    }

    /// Gives an app a new secret; those that it has stay good for `overlap`, and no longer than they
    /// would have been.
    pub async fn rotate_secret(
        &self,
        app_id: String,
        overlap: Duration,
    ) -> Result<CreatedSecret, AdminError> {
        let admin = self.admin()?;
        let made = blocking(move || admin.rotate_secret(&app(&app_id)?, overlap)).await?;
        Ok(CreatedSecret { id: made.id, secret: made.secret.expose_secret().to_owned() })
    }

    /// An app's secrets, the oldest first.
    pub async fn list_secrets(&self, app_id: String) -> Result<Vec<SecretSummary>, AdminError> {
        let admin = self.admin()?;
        let secrets = blocking(move || admin.list_secrets(&app(&app_id)?)).await?;
        Ok(secrets.into_iter().map(listed).collect())
    }

    /// Lets a secret be good no more, for ever.
    pub async fn revoke_secret(&self, secret_id: String) -> Result<(), AdminError> {
        let admin = self.admin()?;
        blocking(move || admin.revoke_secret(&secret_id)).await
    }

    /// Revokes a refresh token, and all that come before and after it. A text that is none of that
    /// app's is revoked already.
    pub async fn revoke_refresh_token(
        &self,
        app_id: String,
        token: String,
    ) -> Result<(), AdminError> {
        let token = RefreshToken::new(token);
        let (admin, id) = (self.admin()?, app(&app_id)?);
        awaited(async move { admin.revoke_refresh_token(&id, &token).await }).await
    }

    /// Refuses all refresh tokens of an app that were issued up to now.
    pub async fn revoke_refresh_tokens_of(&self, app_id: String) -> Result<(), AdminError> {
        let (admin, id) = (self.admin()?, app(&app_id)?);
        awaited(async move { admin.revoke_refresh_tokens_of(&id).await }).await
    }

    /// Refuses all refresh tokens that were issued up to now.
    pub async fn revoke_all_refresh_tokens(&self) -> Result<(), AdminError> {
        let admin = self.admin()?;
        awaited(async move { admin.revoke_all_refresh_tokens().await }).await
    }

    /// Forgets what is past its time in the ledger, and tells how many families that were.
    pub async fn purge_refresh_tokens(&self) -> Result<i64, AdminError> {
        let admin = self.admin()?;
        awaited(async move { admin.purge_refresh_tokens().await }).await.map(count)
    }

    /// Takes up the time after the clock was ahead; what was issued up to now is refused.
    pub async fn reset_refresh_clock(&self) -> Result<(), AdminError> {
        let admin = self.admin()?;
        awaited(async move { admin.reset_refresh_clock().await }).await
    }
}

impl TokenService {
    pub(crate) fn admin(&self) -> Result<Admin, AdminError> {
        let assembled = self.live().ok_or(AdminError::Closed)?;
        assembled.issuer.clone().ok_or(AdminError::Absent)
    }
}

/// No app has an id that cannot be one.
pub(crate) fn app(id: &str) -> Result<AppClientId, Refused> {
    AppClientId::new(id).map_err(|_| Refused::NotFound)
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, AdminError> {
    match exit::told(tokio::task::spawn_blocking(|| exit::work(work))).await {
        Ok(Some(done)) => Ok(done?),
        Ok(None) | Err(_) => Err(not_made()),
    }
}

pub(crate) async fn awaited<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refused>> + Send + 'static,
) -> Result<T, AdminError> {
    Ok(whole(work).await.ok_or_else(not_made)??)
}

fn not_made() -> AdminError {
    Refused::Store("the call was not made".into()).into()
}

fn summary(app: &tokensmith_assembly::AppSummary) -> AppSummary {
    AppSummary {
        id: app.id.as_str().to_owned(),
        name: app.name.as_str().to_owned(),
        enabled: app.enabled,
        created: time(app.created),
        damaged: app.damaged,
    }
}

fn listed(secret: tokensmith_assembly::SecretSummary) -> SecretSummary {
    SecretSummary {
        id: secret.id,
        kind: secret.kind.as_str().to_owned(),
        created: time(secret.created),
        expires: secret.expires.map(time),
        revoked: secret.revoked,
        last_used: secret.last_used.map(time),
    }
}

/// No app was made in a year that a system has no time for.
pub(crate) fn time(time: UnixTime) -> SystemTime {
    let since = Duration::from_secs(time.as_secs());
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}
