//! The commands that revoke refresh tokens.

use std::error::Error;
use std::io::{Read as _, Write, stdin, stdout};

use serde_json::json;
use tokensmith::{AppClientId, RefreshToken};
use tokensmith_assembly::{Admin, AdminError};

use crate::administration::open;
use crate::arguments::TokensCommand;

pub(crate) fn run(command: &TokensCommand) -> Result<(), Box<dyn Error>> {
    let TokensCommand::Revoke { id, stdin, json, place, all: _ } = command;
    let admin = open(place.config_of_store()?)?;
    let shown = if *stdin { Some(token()?) } else { None };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(revoke(&admin, id.as_ref(), shown.as_ref()))?;
    let mut out = stdout();
    let id = id.as_ref().map(AppClientId::as_str);
    if *json {
        writeln!(out, "{}", json!({ "appClientId": id }))?;
    } else {
        let whose = match (shown, id) {
            (Some(_), _) => "that refresh token and its family are",
            (None, Some(_)) => "the app's refresh tokens are",
            (None, None) => "all refresh tokens are",
        };
        writeln!(out, "{whose} revoked")?;
    }
    Ok(())
}

/// A token on the command line would be seen in the list of processes.
fn token() -> Result<RefreshToken, Box<dyn Error>> {
    let mut text = String::new();
    stdin().take(RefreshToken::MAX_BYTES as u64).read_to_string(&mut text)?;
    Ok(RefreshToken::new(text.trim_end()))
}

async fn revoke(
    admin: &Admin,
    id: Option<&AppClientId>,
    shown: Option<&RefreshToken>,
) -> Result<(), AdminError> {
    match (id, shown) {
        (Some(id), Some(token)) => admin.revoke_refresh_token(id, token).await,
        (Some(id), None) => admin.revoke_refresh_tokens_of(id).await,
        (None, _) => admin.revoke_all_refresh_tokens().await,
    }
}
