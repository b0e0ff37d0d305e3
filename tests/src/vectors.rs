//! The contract as data: cases of requests, and what must come of them in every language.
//!
//! `tests/vectors/schema.json` says what the files look like and how a driver performs them.

pub mod bucket;
#[cfg(feature = "schema")]
pub mod check;
mod in_memory;
mod names;
mod run;
mod transcript;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use in_memory::InMemory;
pub use run::{Mismatch, run};
pub use transcript::{Line, transcript};

use crate::recorder::Heard;
use crate::scripted::Answer;

/// The cases of one subject.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Subject {
    /// Its name: that of the file.
    pub subject: String,
    /// What it is about.
    pub what: String,
    /// Where the wall clock stands when a case begins, in seconds since 1970.
    pub clock_start_s: u64,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// A service, and calls of it in the order of time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Case {
    /// Its name, unique among all cases.
    pub name: String,
    /// The rule that it holds to.
    pub why: String,
    /// What a driver must be able to do besides.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The name of an app that the issuer has.
    #[serde(default)]
    pub app: Option<String>,
    /// A `ServiceConfig`.
    pub config: serde_json::Value,
    /// The calls.
    pub steps: Vec<Step>,
}

/// One call.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Step {
    /// When it begins, in milliseconds since the case began.
    pub at_ms: u64,
    /// When it is answered: when it began, if this is `None`.
    #[serde(default)]
    pub answer_at_ms: Option<u64>,
    /// When the caller goes away.
    #[serde(default)]
    pub drop_at_ms: Option<u64>,
    /// What is asked.
    pub request: Request,
    /// What the authenticator says: `None` if it must not be called.
    pub authenticator: Option<Script>,
    /// What must come of it.
    pub expect: Expect,
}

/// What a host hands to the service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Request {
    /// What is asked.
    #[serde(default)]
    pub path: Asks,
    /// The body.
    pub body: Bytes,
    /// The value of `Content-Type`.
    pub content_type: Option<String>,
    /// An address, or an opaque text.
    pub source: Option<String>,
    /// The host's name for the request.
    pub request_id: Option<String>,
}

/// Which of the two calls is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[expect(clippy::exhaustive_enums, reason = "a driver must know each")]
pub enum Asks {
    /// A token is asked for.
    #[default]
    #[serde(rename = "/token")]
    Token,
    /// A refresh token is to be redeemed.
    #[serde(rename = "/token/refresh")]
    Refresh,
}

/// What the authenticator is given and says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Script {
    /// What it must be given.
    pub receives: Receives,
    /// How long it takes.
    pub after_ms: u64,
    /// What it says.
    pub answer: Answer,
}

/// The credentials that the authenticator must be given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Receives {
    /// The id.
    pub app_client_id: String,
    /// The secret.
    pub app_secret: String,
}

/// What must come of a call. One that is dropped has events alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Expect {
    /// The status.
    #[serde(default)]
    pub status: Option<u16>,
    /// All headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(default)]
    pub body: Option<Bytes>,
    /// All events of the call.
    pub events: Vec<Heard>,
}

/// Bytes as a text, or as base64 where they are none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "a driver must read each")]
pub enum Bytes {
    /// The UTF-8 of a text.
    Text(String),
    /// Base64 (RFC 4648 section 4).
    Base64(String),
}

/// A file of vectors that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file system's.
    #[error("`{0}` cannot be read")]
    Io(PathBuf, #[source] io::Error),
    /// The file's.
    #[error("`{0}` is not a file of vectors")]
    Json(PathBuf, #[source] serde_json::Error),
}

/// Where the vectors are, in this crate's own tree.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// The files of vectors in a folder, in the order of their names.
///
/// # Errors
/// [`LoadError`] when the folder cannot be read.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |error| LoadError::Io(folder.to_owned(), error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        if is_json && path.file_name().is_some_and(|name| name != "schema.json") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Reads one file.
///
/// # Errors
/// [`LoadError`] names the file that cannot be read.
pub fn load(path: &Path) -> Result<Subject, LoadError> {
    read(path)
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, LoadError> {
    let text = fs::read(path).map_err(|error| LoadError::Io(path.to_owned(), error))?;
    serde_json::from_slice(&text).map_err(|error| LoadError::Json(path.to_owned(), error))
}

/// Reads all files of a folder.
///
/// # Errors
/// [`LoadError`] names the first file that cannot be read.
pub fn load_all(folder: &Path) -> Result<Vec<Subject>, LoadError> {
    files(folder)?.iter().map(|path| load(path)).collect()
}

impl Bytes {
    /// A text where they are one.
    pub fn from_slice(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }

    /// The bytes; base64 that is none has no bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.as_bytes().to_vec(),
            Self::Base64(text) => STANDARD.decode(text).unwrap_or_default(),
        }
    }
}

impl Step {
    /// When the call ends, by an answer or by being dropped.
    pub fn ends(&self) -> Duration {
        let ends = self.drop_at_ms.or(self.answer_at_ms).unwrap_or(self.at_ms);
        Duration::from_millis(ends)
    }
}
