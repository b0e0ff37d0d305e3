//! The commands that administer the secrets of an app.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Duration;

use serde_json::{Value, json};
use tokensmith::{AppClientId, UnixTime};
use tokensmith_assembly::{Admin, SecretKind, SecretSummary};

use crate::administration::{date, open};
use crate::arguments::SecretsCommand;

pub(crate) fn run(command: &SecretsCommand) -> Result<(), Box<dyn Error>> {
    match command {
        SecretsCommand::Rotate { id, overlap_seconds, json, place } => {
            let overlap = Duration::from_secs(*overlap_seconds);
            rotate(&open(place.config_of_store()?)?, id, overlap, *json)
        }
        SecretsCommand::List { id, json, place } => {
            list(&open(place.config_of_store()?)?, id, *json)
        }
        SecretsCommand::Revoke { secret_id, json, place } => {
            revoke(&open(place.config_of_store()?)?, secret_id, *json)
        }
    }
}

fn rotate(
    admin: &Admin,
    id: &AppClientId,
    overlap: Duration,
    json: bool,
) -> Result<(), Box<dyn Error>> {
    let made = admin.rotate_secret(id, overlap)?;
    let (id, secret) = (id.as_str(), made.secret.expose_secret());
    let mut out = stdout().lock();
    if json {
        let made = json!({ "appClientId": id, "secretId": made.id, "appSecret": secret });
        writeln!(out, "{made}")?;
    } else {
        writeln!(out, "The secret is shown this once:\n")?;
        writeln!(out, "  appClientId  {id}\n  appSecret    {secret}\n")?;
        match overlap.as_secs() {
            0 => writeln!(out, "The former ones are revoked.")?,
            seconds => writeln!(out, "The former one is good for {seconds} s more.")?,
        }
    }
    Ok(())
}

fn list(admin: &Admin, id: &AppClientId, json: bool) -> Result<(), Box<dyn Error>> {
    let secrets = admin.list_secrets(id)?;
    let mut out = stdout().lock();
    if json {
        let secrets: Vec<_> = secrets.iter().map(as_json).collect();
        writeln!(out, "{}", Value::from(secrets))?;
        return Ok(());
    }
    for secret in secrets {
        let end = match (secret.revoked, secret.expires) {
            (true, _) => "revoked".to_owned(),
            (false, None) => "no end".to_owned(),
            (false, Some(end)) => format!("ends {}", date(end)),
        };
        let used = secret.last_used.map(|hour| format!("used after {}", date(hour)));
        let used = used.as_deref().unwrap_or("never used");
        // Most are, and what is not is to be seen.
        let kind = match secret.kind {
            SecretKind::Generated => String::new(),
            kind => format!("  {}", kind.as_str()),
        };
        writeln!(out, "{}  {end:34}  {used}{kind}", secret.id)?;
    }
    Ok(())
}

fn as_json(secret: &SecretSummary) -> Value {
    json!({
        "secretId": secret.id,
        "kind": secret.kind.as_str(),
        "createdAt": secret.created.as_secs(),
        "expiresAt": secret.expires.map(UnixTime::as_secs),
        "revoked": secret.revoked,
        "lastUsedAt": secret.last_used.map(UnixTime::as_secs),
    })
}

fn revoke(admin: &Admin, secret_id: &str, json: bool) -> Result<(), Box<dyn Error>> {
    admin.revoke_secret(secret_id)?;
    let mut out = stdout();
    if json {
        writeln!(out, "{}", json!({ "secretId": secret_id }))?;
    } else {
        writeln!(out, "{} is revoked", secret_id.escape_debug())?;
    }
    Ok(())
}
