//! The configuration is read again on SIGHUP, and put in force whole or not at all.

use std::error::Error;
use std::sync::Arc;

use tokensmith::{Clock as _, Context, Event, Observer as _};
use tokensmith_assembly::{Host, ServiceConfig};
use tokio::signal::unix::Signal;
use tracing::{info, warn};

use crate::arguments::ServeArguments;
use crate::live::{Live, site};

/// The part that the event names.
const PART: &str = "configuration";

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
pub(crate) async fn on_hangup(mut hangups: Signal, mut reloading: Reloading) {
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
