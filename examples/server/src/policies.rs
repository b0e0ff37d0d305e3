//! The commands that show and set what the tokens of an app say.

use std::error::Error;
use std::fs;
use std::io::{self, Write, stdout};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;
use tokensmith::AppClientId;
use tokensmith_assembly::{Admin, AdminError, AppPolicy, Audience, ClaimsError, ExtraClaims};

use crate::administration::date;
use crate::apps::{as_json, state};
use crate::arguments::{PolicyArguments, PolicyField};

/// The claims that the command line names are none.
#[derive(Debug, Error)]
enum ClaimsFault {
    #[error("cannot read the claims `{}`", .file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("`{option}`")]
    Wrong { option: &'static str, source: ClaimsError },
}

pub(crate) fn show(admin: &Admin, id: &AppClientId, json: bool) -> Result<(), Box<dyn Error>> {
    let apps = admin.list_apps()?;
    let app = apps.iter().find(|app| app.id == *id).ok_or(AdminError::NotFound)?;
    let policy = admin.app_policy(id)?;
    let mut out = stdout().lock();
    if json {
        let mut shown = as_json(app);
        if let (Value::Object(shown), Value::Object(policy)) = (&mut shown, policy_json(&policy)) {
            shown.extend(policy);
        }
        return Ok(writeln!(out, "{shown}")?);
    }
    writeln!(out, "{id}  {}  {}", state(app), app.name.escape_debug())?;
    writeln!(out, "  created        {}", date(app.created))?;
    write_policy(&mut out, &policy)
}

/// What is said no more is cleared first, so that a field may be said anew in one command.
pub(crate) fn set(
    admin: &Admin,
    id: &AppClientId,
    arguments: &PolicyArguments,
    json: bool,
) -> Result<(), Box<dyn Error>> {
    let mut policy = admin.app_policy(id)?;
    for field in &arguments.clear {
        match field {
            PolicyField::Scope => policy.scope = None,
            PolicyField::Audience => policy.audience = None,
            PolicyField::Claims => policy.claims = ExtraClaims::default(),
            PolicyField::TokenSeconds => policy.token_life = None,
            PolicyField::IdClaims => policy.id_token = None,
        }
    }
    if let Some(scope) = &arguments.scope {
        policy.scope = Some(scope.clone());
    }
    if !arguments.audience.is_empty() {
        policy.audience = Some(Audience::new(arguments.audience.iter().map(String::as_str))?);
    }
    if let Some(claims) = &arguments.claims {
        policy.claims = claims_of("--claims", claims)?;
    }
    if let Some(seconds) = arguments.token_seconds {
        policy.token_life = Some(Duration::from_secs(seconds));
    }
    if let Some(claims) = &arguments.id_claims {
        policy.id_token = Some(claims_of("--id-claims", claims)?);
    }
    admin.set_app_policy(id, &policy)?;
    let mut out = stdout().lock();
    if json {
        let mut shown = policy_json(&policy);
        if let Value::Object(shown) = &mut shown {
            shown.insert("appClientId".to_owned(), id.as_str().into());
        }
        return Ok(writeln!(out, "{shown}")?);
    }
    writeln!(out, "{id}")?;
    write_policy(&mut out, &policy)
}

fn claims_of(option: &'static str, text: &str) -> Result<ExtraClaims, ClaimsFault> {
    let wrong = |source| ClaimsFault::Wrong { option, source };
    if text.trim_start().starts_with('{') {
        return ExtraClaims::parse(text).map_err(wrong);
    }
    let read = fs::read_to_string(text);
    let unreadable = |source| ClaimsFault::Unreadable { file: text.into(), source };
    ExtraClaims::parse(&read.map_err(unreadable)?).map_err(wrong)
}

fn policy_json(policy: &AppPolicy) -> Value {
    let claims = |claims: &ExtraClaims| serde_json::from_str(&claims.to_json()).unwrap_or_default();
    json!({
        "scope": policy.scope.as_ref().map(|scope| scope.as_str()),
        "audience": policy.audience.as_ref().map(|audience| audience.names().collect::<Vec<_>>()),
        "claims": claims(&policy.claims),
        "tokenSeconds": policy.token_life.map(|life| life.as_secs()),
        "idClaims": policy.id_token.as_ref().map_or(Value::Null, claims),
    })
}

/// What is not said is left out.
fn write_policy(out: &mut impl Write, policy: &AppPolicy) -> Result<(), Box<dyn Error>> {
    if let Some(scope) = &policy.scope {
        writeln!(out, "  scope          {scope}")?;
    }
    for name in policy.audience.iter().flat_map(Audience::names) {
        writeln!(out, "  audience       {name}")?;
    }
    if !policy.claims.is_empty() {
        writeln!(out, "  claims         {}", policy.claims.to_json())?;
    }
    if let Some(life) = policy.token_life {
        writeln!(out, "  token seconds  {}", life.as_secs())?;
    }
    if let Some(claims) = &policy.id_token {
        writeln!(out, "  id claims      {}", claims.to_json())?;
    }
    Ok(())
}
