//! The commands that administer the apps.

use std::error::Error;
use std::fs;
use std::io::{self, Write, read_to_string, stdin, stdout};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use thiserror::Error;
use tokensmith_assembly::{Admin, AppSummary};

use crate::administration::open;
use crate::arguments::AppsCommand;
use crate::policies;

pub(crate) fn run(command: &AppsCommand) -> Result<(), Box<dyn Error>> {
    match command {
        AppsCommand::Create { name, json, place } => create(&open(place.config()?)?, name, *json),
        AppsCommand::Import { file, json, place } => {
            import(&open(place.config()?)?, &lines(file)?, *json)
        }
        AppsCommand::List { json, place } => list(&open(place.config_of_store()?)?, *json),
        AppsCommand::Show { id, json, place } => {
            policies::show(&open(place.config_of_store()?)?, id, *json)
        }
        AppsCommand::Set { id, policy, json, place } => {
            policies::set(&open(place.config_of_store()?)?, id, policy, *json)
        }
        AppsCommand::Disable { id, place } => {
            open(place.config_of_store()?)?.disable_app(id)?;
            writeln!(stdout(), "{id} is disabled").map_err(Into::into)
        }
        AppsCommand::Enable { id, place } => {
            open(place.config_of_store()?)?.enable_app(id)?;
            writeln!(stdout(), "{id} is enabled").map_err(Into::into)
        }
        AppsCommand::Delete { id, json, place } => {
            open(place.config_of_store()?)?.delete_app(id)?;
            let mut out = stdout();
            if *json {
                writeln!(out, "{}", json!({ "appClientId": id.as_str() }))?;
            } else {
                writeln!(out, "{id} is deleted")?;
            }
            Ok(())
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

/// The file of apps cannot be read.
#[derive(Debug, Error)]
#[error("cannot read `{}` as text", .file.display())]
struct Unreadable {
    file: PathBuf,
    source: io::Error,
}

fn lines(file: &Path) -> Result<String, Unreadable> {
    let is_stdin = file.as_os_str() == "-";
    let read = if is_stdin { read_to_string(stdin()) } else { fs::read_to_string(file) };
    read.map_err(|source| Unreadable { file: file.to_owned(), source })
}

fn import(admin: &Admin, lines: &str, json: bool) -> Result<(), Box<dyn Error>> {
    let imported = admin.import_json_lines(lines)?;
    let mut out = stdout().lock();
    if json {
        writeln!(out, "{}", json!({ "imported": imported }))?;
    } else {
        let apps = if imported == 1 { "app is" } else { "apps are" };
        writeln!(out, "{imported} {apps} imported")?;
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
        writeln!(out, "{}  {:8}  {}", app.id, state(&app), app.name.escape_debug())?;
    }
    Ok(())
}

pub(crate) const fn state(app: &AppSummary) -> &'static str {
    match (app.damaged, app.enabled) {
        (true, _) => "damaged",
        (false, true) => "enabled",
        (false, false) => "disabled",
    }
}

pub(crate) fn as_json(app: &AppSummary) -> Value {
    json!({
        "appClientId": app.id.as_str(),
        "name": app.name,
        "enabled": app.enabled,
        "createdAt": app.created.as_secs(),
        "damaged": app.damaged,
    })
}
