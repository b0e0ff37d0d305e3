//! The administration of the embedded issuer. Its calls wait for the disk, so they do that on a
//! thread that may block.

use std::time::{Duration, SystemTime};

use tokensmith::{AppClientId, UnixTime};
use tokensmith_assembly::{Admin, AdminError as Refused};

use crate::exit;
use crate::failure::AdminError;
use crate::records::CreatedApp;
use crate::service::TokenService;

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

    /// Lets an app have tokens, or no more; those that it has live on to their end.
    pub async fn set_app_enabled(&self, id: String, enabled: bool) -> Result<(), AdminError> {
        let admin = self.admin()?;
        blocking(move || {
            // No app has an id that cannot be one.
            let id = AppClientId::new(&id).map_err(|_| Refused::NotFound)?;
            if enabled { admin.enable_app(&id) } else { admin.disable_app(&id) }
        })
        .await
    }
}

impl TokenService {
    fn admin(&self) -> Result<Admin, AdminError> {
        let assembled = self.live().ok_or(AdminError::Closed)?;
        assembled.issuer.clone().ok_or(AdminError::Absent)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, AdminError> {
    match exit::told(tokio::task::spawn_blocking(|| exit::work(work))).await {
        Ok(Some(done)) => Ok(done?),
        Ok(None) | Err(_) => Err(Refused::Store("the call was not made".into()).into()),
    }
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

/// No app was made in a year that a system has no time for.
fn time(time: UnixTime) -> SystemTime {
    let since = Duration::from_secs(time.as_secs());
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}
