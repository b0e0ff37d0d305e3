//! One connection: HTTP/1.1 on a socket, its limits and its end.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tower_service::Service;
use tracing::debug;

use crate::routes::refused;

/// How long a request's head may take, and how long a connection may wait for its next request.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// The shortest time that a connection may live.
const LIFE: Duration = Duration::from_secs(300);

/// What an answer may take besides its body and its decision: what is too large is dropped for a
/// second, and the rest is for the way.
const BESIDES: Duration = Duration::from_secs(3);

/// How long a connection may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// To end once it is told to: the answer that is under way.
    pub(crate) ends_within: Duration,
    /// In all: one whose caller reads no answers would stay for ever.
    life: Duration,
}

impl Times {
    /// For a deadline, which a body may take and a decision once more.
    pub(crate) fn new(deadline: Duration) -> Self {
        let ends_within = deadline.saturating_mul(2).saturating_add(BESIDES);
        Self { ends_within, life: LIFE.max(ends_within) }
    }
}

/// The most that a request's head may have, and the most that is read ahead of a body.
const BUFFER_BYTES: usize = 16 * 1_024;

/// The address at the other end of the connection, as an extension of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Marks a response, as its extension, that stands for none: the connection is closed instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoAnswer;

/// Serves the requests of a connection until its end, or until `stop` changes and the answer that
/// is under way is written.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    routes: Router,
    times: Times,
    mut stop: watch::Receiver<bool>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "an answer may be held back");
    }
    let answer = service_fn(|request| answer(request, peer, routes.clone()));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(BUFFER_BYTES)
        // A caller that closes its half after the request still gets its answer.
        .half_close(true);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), answer));
    let ended = tokio::select! {
        // What has arrived is read before the wish to stop is heeded.
        biased;
        ended = connection.as_mut() => Some(ended),
        _ = stop.wait_for(|stop| *stop) => None,
        () = sleep(times.life) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            timeout(times.ends_within, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        debug!(%peer, %error, "a connection ended early");
    }
}

async fn answer(
    request: Request<Incoming>,
    peer: SocketAddr,
    mut routes: Router,
) -> Result<Response, Closed> {
    if let Some(status) = misunderstood(&request) {
        return Ok(refused(status));
    }
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    let response = routes.call(request).await.unwrap_or_else(|never: Infallible| match never {});
    match response.extensions().get::<NoAnswer>() {
        None => Ok(response),
        Some(NoAnswer) => Err(Closed),
    }
}

/// What hyper lets pass and HTTP/1.1 does not: a request without a host (RFC 9112 section 3.2), or
/// with a body in a coding that nobody here undoes (section 6.1).
fn misunderstood(request: &Request<Incoming>) -> Option<StatusCode> {
    let headers = request.headers();
    if request.version() == Version::HTTP_11 && !headers.contains_key(HOST) {
        return Some(StatusCode::BAD_REQUEST);
    }
    let is_chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    (!codings.all(is_chunked)).then_some(StatusCode::NOT_IMPLEMENTED)
}

/// Tells hyper to close the connection without an answer.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed without an answer")
    }
}

impl std::error::Error for Closed {}
