//! From a text to the tables of a configuration, or to one error that names the key.
//!
//! The parsers' own messages quote the value that they did not like, and that may be a secret. So
//! their text is taken apart, and only what is expected and the names of keys are kept.

use serde::{Deserialize, Deserializer};
use serde_path_to_error::{Path, Segment};

use super::ConfigError;
use super::tables::ServiceTable;
use super::values::Table;

pub(super) fn toml(text: &str) -> Result<ServiceTable, ConfigError> {
    let deserializer = toml::Deserializer::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        ConfigError::at_place("TOML", place(text, at), error.message())
    })?;
    tables(deserializer, |error| Ok(error.message().to_owned()))
}

pub(super) fn json(text: &str) -> Result<ServiceTable, ConfigError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = tables(&mut deserializer, |error| {
        let message = without_place(&error);
        if error.is_data() { Ok(message) } else { Err(not_json(&error, message)) }
    })?;
    deserializer.end().map_err(|error| not_json(&error, without_place(&error)))?;
    Ok(read)
}

fn not_json(error: &serde_json::Error, message: String) -> ConfigError {
    ConfigError::at_place("JSON", (error.line(), error.column()), message)
}

/// The message without the place that serde_json ends it with.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map(|(message, _)| message.to_owned()).unwrap_or(text)
}

/// Reads the tables; `message` tells the parser's text of an error, or what it is instead.
fn tables<'de, D: Deserializer<'de>>(
    deserializer: D,
    message: impl FnOnce(D::Error) -> Result<String, ConfigError>,
) -> Result<ServiceTable, ConfigError> {
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(deserializer, &mut track);
    match Table::deserialize(tracked) {
        Ok(Table(read)) => Ok(read),
        Err(error) => Err(match message(error) {
            Ok(message) => explain(&track.path(), &message),
            Err(error) => error,
        }),
    }
}

/// What a message of serde's says about the key, without the value.
fn explain(path: &Path, message: &str) -> ConfigError {
    if let Some(name) = quoted_after(message, "missing field ") {
        return ConfigError::at_key(dotted(path, Some(name)), "missing");
    }
    if let Some(name) = quoted_after(message, "duplicate field ") {
        return ConfigError::at_key(dotted(path, Some(name)), "given twice");
    }
    // What is expected comes last, and is this crate's or serde's own text.
    let expected = message.rsplit_once(", expected ").map(|(_, expected)| expected);
    let problem = match expected {
        Some(expected) if message.starts_with("unknown field ") => {
            format!("not a key that is known, expected {expected}")
        }
        Some(expected) => format!("expected {expected}"),
        None => "not a value that can be read".to_owned(),
    };
    ConfigError::at_key(dotted(path, None), problem)
}

/// The name in backticks that follows `start`, for names of this crate.
fn quoted_after<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    message.strip_prefix(start)?.strip_prefix('`')?.strip_suffix('`')
}

/// The path as keys are written in TOML, with one more name at its end.
fn dotted(path: &Path, last: Option<&str>) -> String {
    let names = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    let names: Vec<String> = names.chain(last.map(str::to_owned)).collect();
    names.join(".")
}

/// Line and column of a byte, counted from 1; the column in characters.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
    (line, column)
}
