//! The command that serves: from a free port to the last answer.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use thiserror::Error;
use tokensmith::{TokioTimer, TracingObserver};
use tokensmith_assembly::{Assembled, Host, build};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::apps::NoIssuer;
use crate::arguments::ServeArguments;
use crate::connection::{self, ENDS_WITHIN};
use crate::routes::{RequestIds, Site, routes};
use crate::{first_start, log};

/// How long to wait after a connection could not be taken, most often for lack of descriptors.
const AFTER_A_FAILED_ACCEPT: Duration = Duration::from_millis(50);

/// The address cannot be listened on.
#[derive(Debug, Error)]
#[error("cannot listen on {address}")]
struct ListenError {
    address: SocketAddr,
    source: io::Error,
}

pub(crate) fn run(arguments: &ServeArguments) -> Result<(), Box<dyn Error>> {
    log::start(arguments.log.as_deref(), arguments.log_format)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(arguments))
}

async fn serve(arguments: &ServeArguments) -> Result<(), Box<dyn Error>> {
    let stop = Stop::new()?;
    // The port comes first: a start that must fail should leave nothing behind.
    let address = arguments.listen;
    let listener =
        TcpListener::bind(address).await.map_err(|source| ListenError { address, source })?;
    let listening = listener.local_addr()?;

    let config = arguments.place.config()?;
    let deadline = config.deadline;
    let mut host = Host::new(TokioTimer);
    host.observer = Arc::new(TracingObserver);
    let Assembled { service, issuer, .. } = build(config, host)?;
    let admin = issuer.ok_or(NoIssuer)?;

    let app = first_start::demo(&admin)?;
    first_start::announce(&mut io::stdout().lock(), listening, app.as_ref())?;
    drop(app);
    info!(%listening, "started");

    let trusted_proxies = arguments.trusted_proxies;
    let site = Site { service, admin, deadline, trusted_proxies, ids: RequestIds::new() };
    accept(listener, routes(site), arguments.max_connections.get(), stop).await;
    Ok(())
}

/// Takes connections, at most so many at once, until it is told to stop; then waits for the answers
/// under way.
async fn accept(listener: TcpListener, routes: Router, most: usize, mut stop: Stop) {
    let most = u32::try_from(most).unwrap_or(u32::MAX).min(Semaphore::MAX_PERMITS as u32);
    let places = Arc::new(Semaphore::new(most as usize));
    let (stopping, stopped) = watch::channel(false);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.requested() => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (routes, stopped) = (routes.clone(), stopped.clone());
                let serving = async move {
                    connection::serve(stream, peer, routes, stopped).await;
                    drop(place);
                };
                #[expect(clippy::disallowed_methods, reason = "a connection is a task of its own")]
                tokio::spawn(serving);
            }
            Err(error) => {
                warn!(%error, "a connection was not taken");
                sleep(AFTER_A_FAILED_ACCEPT).await;
            }
        }
    }
    drop(listener);
    info!("stopping");
    // Nobody hears it if there is no connection.
    let _ = stopping.send(true);
    let all_ended = places.acquire_many(most);
    match timeout(ENDS_WITHIN, all_ended).await {
        Ok(_) => info!("stopped"),
        Err(_) => warn!("stopped, with a connection cut off"),
    }
}

/// What tells the server to stop: SIGTERM and SIGINT.
#[cfg(unix)]
struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Stop {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn requested(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => (),
            _ = self.interrupt.recv() => (),
        }
    }
}

/// What tells the server to stop: Ctrl-C.
#[cfg(not(unix))]
struct Stop;

#[cfg(not(unix))]
impl Stop {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn requested(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
