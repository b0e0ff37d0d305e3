//! The commands that administer the apps.

use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::sync::Arc;

use serde_json::{Value, json};
use thiserror::Error;
use tokensmith::{Context, Event, Observer, TokioTimer};
use tokensmith_assembly::{Admin, AppSummary, Host, ServiceConfig, build};

use crate::arguments::AppsCommand;

/// The configuration has no embedded issuer, so there are no apps here.
#[derive(Debug, Error)]
#[error("the configuration has no embedded issuer, and so no apps")]
pub(crate) struct NoIssuer;

pub(crate) fn run(command: &AppsCommand) -> Result<(), Box<dyn Error>> {
    match command {
        AppsCommand::Create { name, json, place } => create(&admin(place.config()?)?, name, *json),
        AppsCommand::List { json, place } => list(&admin(place.config_of_store()?)?, *json),
        AppsCommand::Disable { id, place } => {
            admin(place.config_of_store()?)?.disable_app(id)?;
            writeln!(stdout(), "{id} is disabled").map_err(Into::into)
        }
        AppsCommand::Enable { id, place } => {
            admin(place.config_of_store()?)?.enable_app(id)?;
            writeln!(stdout(), "{id} is enabled").map_err(Into::into)
        }
    }
}

fn admin(config: ServiceConfig) -> Result<Admin, Box<dyn Error>> {
    let mut host = Host::new(TokioTimer);
    host.observer = Arc::new(OnStderr);
    let assembled = build(config, host)?;
    Ok(assembled.issuer.ok_or(NoIssuer)?)
}

/// Says what a server would have logged and never will: the store is whole afterwards.
struct OnStderr;

impl Observer for OnStderr {
    fn on_event(&self, _: &Context, event: &Event<'_>) {
        if let Event::StartedEmpty { .. } = event {
            let line = "tokensmith-server: there was a root key and nothing in the store, which is \
                        made anew; if it held apps, it is lost: stop, and put a copy back";
            // A command whose stderr is closed goes on.
            let _ = writeln!(stderr(), "{line}");
        }
    }
}

fn create(admin: &Admin, name: &str, json: bool) -> Result<(), Box<dyn Error>> {
    let app = admin.create_app(name)?;
    let (id, secret) = (app.id.as_str(), app.secret.expose_secret());
    let mut out = stdout().lock();
    if json {
        writeln!(out, "{}", json!({ "appClientId": id, "appSecret": secret }))?;
    } else {
        writeln!(out, "The secret is shown this once:\n")?;
        writeln!(out, "  appClientId  {id}\n  appSecret    {secret}")?;
    }
    Ok(())
}

fn list(admin: &Admin, json: bool) -> Result<(), Box<dyn Error>> {
    let apps = admin.list_apps()?;
    let mut out = stdout().lock();
    if json {
        let apps: Vec<_> = apps.iter().map(as_json).collect();
        writeln!(out, "{}", Value::from(apps))?;
        return Ok(());
    }
    for app in apps {
        let state = match (app.damaged, app.enabled) {
            (true, _) => "damaged",
            (false, true) => "enabled",
            (false, false) => "disabled",
        };
        writeln!(out, "{}  {state:8}  {}", app.id, app.name.escape_debug())?;
    }
    Ok(())
}

fn as_json(app: &AppSummary) -> Value {
    json!({
        "appClientId": app.id.as_str(),
        "name": app.name,
        "enabled": app.enabled,
        "createdAt": app.created.as_secs(),
        "damaged": app.damaged,
    })
}
