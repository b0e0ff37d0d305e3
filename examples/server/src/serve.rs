//! The command that serves: from a free port to the last answer.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use thiserror::Error;
use tokensmith::{LimiterOutage, TokioTimer, TracingObserver};
use tokensmith_assembly::Host;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::arguments::ServeArguments;
use crate::connection::{self, Times};
use crate::first_start::{self, NotShown};
use crate::live::{self, Live};
use crate::log;
use crate::metrics::{self, Metrics};
#[cfg(unix)]
use crate::reload::{self, Reloading};
use crate::routes::routes;

/// How long to wait after a connection could not be taken, most often for lack of descriptors.
const AFTER_A_FAILED_ACCEPT: Duration = Duration::from_millis(50);

/// How many connections the kernel lets wait for a place, if its own limit allows. A caller beyond
/// them tries again after a second.
const WAITING: u32 = 4_096;

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
    #[cfg(unix)]
    let hangups = signal(SignalKind::hangup())?;
    // The port comes first: a start that must fail should leave nothing behind.
    let address = arguments.listen;
    let listener = listen(address).map_err(|source| ListenError { address, source })?;
    let listening = listener.local_addr()?;
    let metrics = arguments
        .metrics
        .map(|address| listen(address).map_err(|source| ListenError { address, source }));
    let metrics = metrics.transpose()?;

    let config = arguments.place.config()?;
    if config.limits.policy.outage == LimiterOutage::Admit {
        warn!("while the limiter is out, requests are not limited");
    }
    let mut host = Host::new(TokioTimer);
    let (observer, counts) = Metrics::new(TracingObserver);
    host.observer = Arc::new(observer);
    let site = live::site(config.clone(), host.clone(), arguments, None)?;

    let app = first_start::demo(&site.issuer.admin())?;
    first_start::announce(&mut io::stdout().lock(), listening, app.as_ref()).map_err(NotShown)?;
    drop(app);
    info!(%listening, "started");

    let live = Arc::new(Live::new(site));
    #[cfg(unix)]
    {
        let (live, arguments) = (Arc::clone(&live), arguments.clone());
        let reloading = Reloading { live, arguments, host, config };
        #[expect(clippy::disallowed_methods, reason = "it ends with the process")]
        tokio::spawn(reload::on_hangup(hangups, reloading));
    }
    if let Some(listener) = metrics {
        let answers = axum::serve(listener, metrics::routes(Arc::clone(&live), counts));
        #[expect(clippy::disallowed_methods, reason = "it ends with the process")]
        tokio::spawn(answers.into_future());
    }
    accept(listener, &live, arguments.max_connections.get(), stop).await;
    Ok(())
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart need not wait for the connections of its predecessor to be forgotten. On Windows
    // the option means another thing: to take a port that is in use.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Takes connections, at most so many at once, until it is told to stop; then waits for the answers
/// under way.
async fn accept(listener: TcpListener, live: &Arc<Live>, most: usize, mut stop: Stop) {
    let routes = routes(Arc::clone(live));
    // A connection has the times of the configuration that was in force when it began.
    let times = || Times::new(live.now().deadline);
    let mut longest = times().ends_within;
    let most = u32::try_from(most.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
    let places = Arc::new(Semaphore::new(most as usize));
    let (stopping, stopped) = watch::channel(false);
    loop {
        let next = async {
            // INVARIANT: nothing closes the semaphore, so there is always a place in the end.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.requested() => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let times = times();
                longest = longest.max(times.ends_within);
                start(stream, peer, &routes, times, &stopped, place);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                warn!(%error, "no connection can be taken");
                sleep(AFTER_A_FAILED_ACCEPT).await;
            }
        }
    }
    info!("stopping");
    // Whoever was let in by the kernel before the signal is answered too.
    while let Ok(place) = Arc::clone(&places).try_acquire_owned()
        && let Ok(Ok((stream, peer))) = timeout(Duration::ZERO, listener.accept()).await
    {
        start(stream, peer, &routes, times(), &stopped, Some(place));
    }
    drop(listener);
    // Nobody hears it if there is no connection.
    let _ = stopping.send(true);
    let all_ended = places.acquire_many(most);
    // A second more than each connection has, so that it is theirs to end.
    let patience = longest.max(times().ends_within).saturating_add(Duration::from_secs(1));
    match timeout(patience, all_ended).await {
        Ok(_) => info!("stopped"),
        Err(_) => warn!("stopped, with a connection cut off"),
    }
}

/// Serves a connection, which holds its place until its end.
fn start(
    stream: TcpStream,
    peer: SocketAddr,
    routes: &Router,
    times: Times,
    stopped: &watch::Receiver<bool>,
    place: Option<OwnedSemaphorePermit>,
) {
    let serving = connection::serve(stream, peer, routes.clone(), times, stopped.clone());
    let serving = async move {
        serving.await;
        drop(place);
    };
    #[expect(clippy::disallowed_methods, reason = "a connection is a task of its own")]
    tokio::spawn(serving);
}

/// Whether the caller went away before its connection was taken; the next one can be taken at once.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
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
