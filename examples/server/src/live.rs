//! What is in force, and its replacement: the configuration is read again on SIGHUP.

use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};

use tokensmith::{Clock as _, Context, Event, Observer as _, TokenService};
use tokensmith_assembly::{Assembled, Host, ServiceConfig, build, rebuild};
use tracing::{info, warn};

use crate::administration::NoIssuer;
use crate::arguments::ServeArguments;
use crate::routes::{OptionalRoutes, RequestIds, Site};

/// The part that the event names.
const PART: &str = "configuration";

/// What is in force now. It is replaced whole: a call goes on with what it began with.
pub(crate) struct Live(RwLock<Arc<Site>>);

impl Live {
    pub(crate) fn new(site: Site) -> Self {
        Self(RwLock::new(Arc::new(site)))
    }

    pub(crate) fn now(&self) -> Arc<Site> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, site: Site) {
        let mut place = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let former = std::mem::replace(&mut *place, Arc::new(site));
        // It closes its store, unless a call goes on with it: not under the lock.
        drop(place);
        drop(former);
    }
}

/// The site of a configuration.
pub(crate) fn site(
    config: ServiceConfig,
    host: Host,
    arguments: &ServeArguments,
    before: Option<&Site>,
) -> Result<Site, Box<dyn Error>> {
    let deadline = config.deadline;
    let former: Option<&TokenService> = before.map(|site| &site.service);
    let Assembled { service, embedded, .. } = match former {
        Some(former) => rebuild(config, host, former)?,
        None => build(config, host)?,
    };
    let ids = before.map_or_else(|| Arc::new(RequestIds::new()), |site| Arc::clone(&site.ids));
    Ok(Site {
        service,
        issuer: embedded.ok_or(NoIssuer)?,
        deadline,
        trusted_proxies: arguments.trusted_proxies,
        optional: OptionalRoutes {
            refresh: arguments.refresh_route,
            introspection: arguments.introspection_route,
            revocation: arguments.revocation_route,
        },
        ids,
    })
}

/// Reads the configuration anew, again and again.
pub(crate) struct Reloading {
    pub(crate) live: Arc<Live>,
    pub(crate) arguments: ServeArguments,
    pub(crate) host: Host,
    /// What is in force.
    pub(crate) config: ServiceConfig,
}

impl Reloading {
    /// Puts what the file says by now in force, or keeps what is and says why. It waits for the disk.
    pub(crate) fn reload(&mut self) {
        match self.try_reload() {
            Ok(()) => info!("the configuration was read again, and is in force"),
            Err(error) => {
                let error = crate::line(error.as_ref());
                warn!(error, "the configuration stays as it was");
                let cx = Context::new(self.host.clock.wall(), self.host.clock.tick());
                self.host.observer.on_event(&cx, &Event::ReloadFailed { part: PART });
            }
        }
    }

    fn try_reload(&mut self) -> Result<(), Box<dyn Error>> {
        // A store that is gone is not made anew: that takes a start.
        let next = self.arguments.place.config_of_store()?;
        self.config.check_successor(&next)?;
        let before = self.live.now();
        let site = site(next.clone(), self.host.clone(), &self.arguments, Some(&before))?;
        self.live.replace(site);
        self.config = next;
        Ok(())
    }
}

/// Reloads whenever SIGHUP comes, on a thread that may wait.
#[cfg(unix)]
pub(crate) async fn on_hangup(mut hangups: tokio::signal::unix::Signal, mut reloading: Reloading) {
    while hangups.recv().await.is_some() {
        let reloaded = tokio::task::spawn_blocking(move || {
            reloading.reload();
            reloading
        });
        reloading = match reloaded.await {
            Ok(reloading) => reloading,
            Err(_) => return warn!("reading the configuration panicked; what is in force stays"),
        };
    }
}
