//! The commands that administer the signing keys.

use std::error::Error;
use std::io::{Write, stdout};

use serde_json::{Value, json};
use tokensmith_assembly::KeySummary;

use crate::administration::{date, open};
use crate::arguments::KeysCommand;

pub(crate) fn run(command: &KeysCommand) -> Result<(), Box<dyn Error>> {
    let mut out = stdout();
    match command {
        KeysCommand::List { json, place } => {
            let keys = open(place.config_of_store()?)?.list_keys();
            if *json {
                let keys: Vec<_> = keys.iter().map(as_json).collect();
                writeln!(out, "{}", Value::from(keys))?;
            } else {
                for key in keys {
                    let (kid, algorithm) = (&key.kid, key.algorithm.as_str());
                    let (state, active) = (key.state.as_str(), date(key.active));
                    writeln!(out, "{kid}  {algorithm:5}  {state:7}  from {active}")?;
                }
            }
        }
        KeysCommand::Rotate { algorithm, json, place } => {
            let key = open(place.config_of_store()?)?.rotate_key(*algorithm)?;
            if *json {
                writeln!(out, "{}", as_json(&key))?;
            } else {
                writeln!(out, "{} is published, and signs from {}", key.kid, date(key.active))?;
            }
        }
        KeysCommand::Revoke { kid, json, place } => {
            open(place.config_of_store()?)?.revoke_key(kid)?;
            if *json {
                writeln!(out, "{}", json!({ "kid": kid }))?;
            } else {
                writeln!(out, "{} is revoked", kid.escape_debug())?;
            }
        }
    }
    Ok(())
}

fn as_json(key: &KeySummary) -> Value {
    json!({
        "kid": key.kid,
        "algorithm": key.algorithm.as_str(),
        "state": key.state.as_str(),
        "createdAt": key.created.as_secs(),
        "activeAt": key.active.as_secs(),
    })
}
