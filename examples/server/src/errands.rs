//! The optional routes that tell an app what a token is (RFC 7662), and revoke one (RFC 7009).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use hyper::header::WWW_AUTHENTICATE;
use serde_json::{Map, Value, json};
use tokensmith::{Errand, Invalid, SecretString, TokenError, TokenRequest};
use tokensmith_assembly::{ActiveToken, Introspect, Issuer, Revocation, Revoke, TokenKind};

use crate::form;
use crate::live::Live;
use crate::routes::{JSON, NOT_CACHED, Site, closed_after, fixed, of_caller, on_the_wire, whole};

/// `POST /token/introspect`.
pub(crate) async fn introspect(State(live): State<Arc<Live>>, request: Request) -> Response {
    done(&live.now(), request, Introspect::new, |active: Option<ActiveToken>| {
        let told = active.map_or_else(|| json!({ "active": false }), told);
        fixed(StatusCode::OK, JSON, NOT_CACHED, told.to_string())
    })
    .await
}

/// `POST /token/revoke`.
pub(crate) async fn revoke(State(live): State<Arc<Live>>, request: Request) -> Response {
    done(&live.now(), request, Revoke::new, |revocation| match revocation {
        Revocation::Done => fixed(StatusCode::OK, JSON, NOT_CACHED, "{}"),
        Revocation::Unsupported => refused(StatusCode::BAD_REQUEST, "unsupported_token_type"),
    })
    .await
}

async fn done<E: Errand>(
    site: &Site,
    request: Request,
    errand: impl Fn(Arc<Issuer>, SecretString) -> E,
    answer: impl Fn(E::Done) -> Response,
) -> Response {
    let (head, body) = request.into_parts();
    let source = of_caller(site, &head);
    let request_id = site.ids.next();
    let most = TokenRequest::MAX_REFRESH_BODY_BYTES;
    let read = match whole(site, body, most, source.as_ref(), &request_id).await {
        Ok(read) => read,
        Err(no_answer) => return no_answer,
    };
    let content_type = crate::routes::content_type(&head.headers);
    let asked = match &read.rest {
        Some(_) => Err(Invalid::TooLarge),
        None => form::read(&head.headers, content_type, &read.bytes),
    };
    let asked = asked.map(|asked| (asked.presented, errand(Arc::clone(&site.issuer), asked.token)));
    let response = match site.service.errand(asked, source, Some(&request_id)).await {
        Ok(done) => answer(done),
        Err(TokenError::Invalid(_)) => refused(StatusCode::BAD_REQUEST, "invalid_request"),
        Err(TokenError::Unauthorized) => unauthorized(site, form::has_authorization(&head.headers)),
        Err(error) => on_the_wire(site.service.refusal(error)),
    };
    closed_after(read, response).await
}

/// The members of RFC 7662 section 2.2; ours stand, whatever claims an app's policy adds.
fn told(active: ActiveToken) -> Value {
    let names: Vec<String> = active.claims.names().map(str::to_owned).collect();
    let json = |name: &str| serde_json::from_str(&active.claims.json_of(name)?).ok();
    let mut told: Map<String, Value> =
        names.iter().filter_map(|name| Some((name.clone(), json(name)?))).collect();
    let audience: Vec<&str> = active.audience.iter().flat_map(|them| them.names()).collect();
    let audience = match audience.as_slice() {
        [] => None,
        [one] => Some(json!(one)),
        several => Some(json!(several)),
    };
    // RFC 6749 section 5.1 has a type of access tokens alone.
    let token_type = (active.kind == TokenKind::Access).then(|| json!("Bearer"));
    let members = [
        ("active", Some(json!(true))),
        ("client_id", Some(json!(active.app.as_str()))),
        ("sub", Some(json!(active.subject))),
        ("iss", Some(json!(active.issuer))),
        ("aud", audience),
        ("scope", active.scope.map(|scope| json!(scope.as_str()))),
        ("token_type", token_type),
        ("jti", active.token_id.map(|id| json!(id))),
        ("iat", Some(json!(active.issued.as_secs()))),
        ("exp", Some(json!(active.expires.as_secs()))),
    ];
    for (name, value) in members {
        match value {
            Some(value) => drop(told.insert(name.to_owned(), value)),
            None => drop(told.remove(name)),
        }
    }
    Value::Object(told)
}

/// An error of RFC 6749 section 5.2.
fn refused(status: StatusCode, error: &'static str) -> Response {
    fixed(status, JSON, NOT_CACHED, Body::from(json!({ "error": error }).to_string()))
}

/// Names the scheme that was tried, or that of `POST /token`: a browser asks its user for a password
/// only where `Basic` is named.
fn unauthorized(site: &Site, is_basic: bool) -> Response {
    let mut response = refused(StatusCode::UNAUTHORIZED, "invalid_client");
    let named = on_the_wire(site.service.refusal(TokenError::Unauthorized));
    let challenge = match named.headers().get(WWW_AUTHENTICATE) {
        Some(challenge) if !is_basic => challenge.clone(),
        _ => HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\""),
    };
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}
