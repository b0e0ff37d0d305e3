//! What is answered where.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, PRAGMA, X_CONTENT_TYPE_OPTIONS};
use tokensmith::{Source, TokenRequest, TokenResponse, TokenService};
use tokensmith_assembly::Issuer;
use tracing::info;

use crate::connection::{NoAnswer, Peer};
use crate::live::Live;
use crate::{address, body, errands};

/// The contract, refined.
const OPENAPI: &str = include_str!("../openapi.json");

pub(crate) const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// How long a verifier may keep the keys.
const KEYS_CACHED: &str = "public, max-age=300";
pub(crate) const NOT_CACHED: &str = "no-store";

/// What the routes share.
pub(crate) struct Site {
    pub(crate) service: TokenService,
    pub(crate) issuer: Arc<Issuer>,
    /// Within which a body must be whole.
    pub(crate) deadline: Duration,
    pub(crate) trusted_proxies: usize,
    pub(crate) optional: OptionalRoutes,
    pub(crate) ids: Arc<RequestIds>,
}

/// The routes that are there when they are asked for.
#[derive(Clone, Copy)]
pub(crate) struct OptionalRoutes {
    pub(crate) refresh: bool,
    pub(crate) introspection: bool,
    pub(crate) revocation: bool,
}

pub(crate) fn routes(live: Arc<Live>) -> Router {
    let mut router = Router::new();
    let optional = live.now().optional;
    if optional.refresh {
        router = router.route("/token/refresh", post(refresh));
    }
    if optional.introspection {
        router = router.route("/token/introspect", post(errands::introspect));
    }
    if optional.revocation {
        router = router.route("/token/revoke", post(errands::revoke));
    }
    router
        .route("/token", post(token))
        .route("/.well-known/jwks.json", get(keys))
        .route("/openapi.json", get(|| async { fixed(StatusCode::OK, JSON, NOT_CACHED, OPENAPI) }))
        .route("/healthz", get(|| async { text(StatusCode::OK, "ok") }))
        .fallback(|| async { text(StatusCode::NOT_FOUND, "Not found.") })
        .method_not_allowed_fallback(|| async {
            text(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.")
        })
        .with_state(live)
}

async fn token(State(live): State<Arc<Live>>, request: Request) -> Response {
    answered(&live.now(), request, Asks::Tokens).await
}

async fn refresh(State(live): State<Arc<Live>>, request: Request) -> Response {
    answered(&live.now(), request, Asks::Refresh).await
}

#[derive(Clone, Copy)]
enum Asks {
    Tokens,
    Refresh,
}

impl Asks {
    const fn max_body_bytes(self) -> usize {
        match self {
            Self::Tokens => TokenRequest::MAX_BODY_BYTES,
            Self::Refresh => TokenRequest::MAX_REFRESH_BODY_BYTES,
        }
    }
}

async fn answered(site: &Site, request: Request, asks: Asks) -> Response {
    let (head, body) = request.into_parts();
    let source = of_caller(site, &head);
    let request_id = site.ids.next();
    let most = asks.max_body_bytes();
    let read = match whole(site, body, most, source.as_ref(), &request_id).await {
        Ok(read) => read,
        Err(no_answer) => return no_answer,
    };
    let request = TokenRequest {
        body: &read.bytes,
        content_type: content_type(&head.headers),
        source,
        request_id: Some(&request_id),
    };
    let answer = match asks {
        Asks::Tokens => site.service.handle(request).await,
        Asks::Refresh => site.service.handle_refresh(request).await,
    };
    closed_after(read, on_the_wire(answer)).await
}

/// Where a request comes from.
pub(crate) fn of_caller(site: &Site, head: &Parts) -> Option<Source> {
    let Peer(peer) = head.extensions.get::<Peer>()?;
    Some(Source::ip(address::of_caller(*peer, &head.headers, site.trusted_proxies)))
}

/// The body of a request; if it does not come, what ends the connection.
pub(crate) async fn whole(
    site: &Site,
    body: Body,
    most: usize,
    source: Option<&Source>,
    request_id: &str,
) -> Result<body::Read, Response> {
    body::read(body, most, site.deadline).await.map_err(|unread| {
        let source = source.map(tracing::field::display);
        info!(event = "body_unread", request_id, source, why = unread.as_str());
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(NoAnswer);
        response
    })
}

/// The answer, once what is left of a body that is too large was let go.
pub(crate) async fn closed_after(read: body::Read, mut response: Response) -> Response {
    if let Some(rest) = read.rest {
        rest.drop_some().await;
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn keys(State(live): State<Arc<Live>>) -> Response {
    fixed(StatusCode::OK, JSON, KEYS_CACHED, live.now().issuer.admin().jwks().to_string())
}

/// The one `Content-Type` of a request: with two of them nobody knows what it is.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

/// The response as the service made it.
pub(crate) fn on_the_wire(answer: TokenResponse) -> Response {
    let mut builder = Response::builder().status(answer.status().code());
    for (name, value) in answer.headers() {
        builder = builder.header(name, value);
    }
    // INVARIANT: the service's table makes no status, name or value that HTTP does not have.
    builder
        .body(Body::from(answer.into_body()))
        .unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
}

/// What a request that is no HTTP/1.1 is told, and its connection closed: a proxy in front may have
/// read it as another one.
pub(crate) fn refused(status: StatusCode) -> Response {
    let mut response = text(status, "Not understood.");
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn text(status: StatusCode, text: &'static str) -> Response {
    fixed(status, TEXT, NOT_CACHED, text)
}

pub(crate) fn fixed(
    status: StatusCode,
    content_type: &'static str,
    cache: &'static str,
    body: impl Into<Body>,
) -> Response {
    let headers =
        [(CONTENT_TYPE, content_type), (CACHE_CONTROL, cache), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    let pragma = (cache == NOT_CACHED).then_some([(PRAGMA, "no-cache")]);
    (status, headers, pragma, body.into()).into_response()
}

/// Names requests for the logs: a number of this process's own, then a count. A caller's own name
/// is not taken, since it could be another's.
pub(crate) struct RequestIds {
    process: u32,
    count: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        // The keys of a `RandomState` are random, so a hash of nothing is too.
        let random = RandomState::new().hash_one(());
        Self { process: random as u32, count: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> String {
        format!("{:08x}-{}", self.process, self.count.fetch_add(1, Ordering::Relaxed))
    }
}
