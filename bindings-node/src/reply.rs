//! What goes back to JavaScript: responses, tokens, refusals. Strings are made from the core's own
//! memory, which it wipes; what JavaScript holds nobody can wipe.

use std::time::Duration;

use napi::bindgen_prelude::{Env, Object, Result};
use napi_derive::napi;
use tokensmith::{
    IdToken, RefreshToken, Status, TokenError, TokenResponse, TokenSet, retry_after_seconds,
};
use tokensmith_assembly::{AdminError, ConfigError};

/// `{ status, headers, body }`, the headers as names and values in turn.
pub(crate) fn response<'env>(env: &'env Env, response: &TokenResponse) -> Result<Object<'env>> {
    let mut reply = Object::new(env)?;
    reply.set("status", u32::from(response.status().code()))?;
    let headers: Vec<&str> = response.headers().flat_map(|(name, value)| [name, value]).collect();
    reply.set("headers", headers)?;
    // The core makes bodies of UTF-8 alone.
    reply.set("body", std::str::from_utf8(response.body()).unwrap_or_default())?;
    Ok(reply)
}

/// The members of a `TokenSet`, or a [`refusal`].
pub(crate) fn issued<'env>(
    env: &'env Env,
    outcome: &std::result::Result<TokenSet, TokenError>,
) -> Result<Object<'env>> {
    let tokens = match outcome {
        Ok(tokens) => tokens,
        Err(error) => return refusal(env, error),
    };
    let mut reply = Object::new(env)?;
    reply.set("accessToken", tokens.access_token.expose_secret())?;
    reply.set("expiresIn", number(tokens.expires_in.as_secs()))?;
    reply.set("tokenType", tokens.token_type.as_str())?;
    if let Some(token) = tokens.refresh_token.as_ref().map(RefreshToken::expose_secret) {
        reply.set("refreshToken", token)?;
    }
    if let Some(token) = tokens.id_token.as_ref().map(IdToken::expose_secret) {
        reply.set("idToken", token)?;
    }
    Ok(reply)
}

/// What the facade says where it can say nothing else: the [`refusal`] of a 502.
#[napi(catch_unwind, ts_return_type = "object")]
pub fn downstream_failed(env: &Env) -> Result<Object<'_>> {
    refusal(env, &TokenError::Downstream { retry_after: None })
}

/// `{ code, message, status, retryAfter? }`.
fn refusal<'env>(env: &'env Env, error: &TokenError) -> Result<Object<'env>> {
    let mut reply = failure(env, error.code(), error.sentence())?;
    reply.set("status", u32::from(Status::from(error).code()))?;
    let retry_after = match error {
        TokenError::RateLimited { retry_after, .. } => Some(*retry_after),
        TokenError::Downstream { retry_after } => *retry_after,
        TokenError::Unauthorized | TokenError::Invalid(_) => None,
    };
    if let Some(wait) = retry_after {
        reply.set("retryAfter", wait_in_seconds(wait))?;
    }
    Ok(reply)
}

/// `{ code, message, key? }`.
pub(crate) fn misconfigured<'env>(env: &'env Env, error: &ConfigError) -> Result<Object<'env>> {
    let mut reply = failure(env, error.code(), &error.to_string())?;
    if let Some(key) = error.key() {
        reply.set("key", key)?;
    }
    Ok(reply)
}

/// `{ code, message }`.
pub(crate) fn unadministered<'env>(env: &'env Env, error: &AdminError) -> Result<Object<'env>> {
    failure(env, error.code(), &error.to_string())
}

pub(crate) fn failure<'env>(env: &'env Env, code: &str, message: &str) -> Result<Object<'env>> {
    let mut reply = Object::new(env)?;
    reply.set("code", code)?;
    reply.set("message", message)?;
    Ok(reply)
}

/// A wait as `Retry-After` tells it.
pub(crate) fn wait_in_seconds(wait: Duration) -> f64 {
    number(retry_after_seconds(wait))
}

/// A count as JavaScript has numbers. What is counted here stays far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "seconds and counters, far below 2^53")]
pub(crate) const fn number(count: u64) -> f64 {
    count as f64
}
