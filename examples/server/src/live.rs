//! What is in force, and its replacement.

use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};

use tokensmith::TokenService;
use tokensmith_assembly::{Assembled, Host, ServiceConfig, build, rebuild};

use crate::administration::NoIssuer;
use crate::arguments::ServeArguments;
use crate::routes::{OptionalRoutes, RequestIds, Site};

/// What is in force now. It is replaced whole: a call goes on with what it began with.
pub(crate) struct Live(RwLock<Arc<Site>>);

impl Live {
    pub(crate) fn new(site: Site) -> Self {
        Self(RwLock::new(Arc::new(site)))
    }

    pub(crate) fn now(&self) -> Arc<Site> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    #[cfg(unix)]
    pub(crate) fn replace(&self, site: Site) {
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
