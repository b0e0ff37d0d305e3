//! Whether the vectors are what their schema says, and promise nothing that the published contract
//! does not.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;

use super::{Asks, Case, Expect, Step, Subject};

/// How much was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// Files.
    pub files: usize,
    /// Cases in them.
    pub cases: usize,
    /// Calls in these.
    pub steps: usize,
}

/// What is wrong with a file or a case.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The file, and the case in it if it is about one.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Where the contract is, in the repository that this crate is part of.
pub fn contract() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/contract/token.openapi.json")
}

/// Checks all files of vectors in a folder against `schema.json` beside them and against the
/// OpenAPI document.
///
/// # Errors
/// Every [`Fault`] found.
pub fn check_all(folder: &Path, contract: &Path) -> Result<Checked, Vec<Fault>> {
    let fault = |place: &Path, what| vec![Fault { place: place.display().to_string(), what }];
    let schema_path = folder.join("schema.json");
    let schema = validator(&schema_path).map_err(|what| fault(&schema_path, what))?;
    let document = Document::open(contract).map_err(|what| fault(contract, what))?;
    let paths = super::files(folder).map_err(|error| fault(folder, error.to_string()))?;
    let mut checked = Checked::default();
    let mut faults = Vec::new();
    for path in paths {
        let place = path.display().to_string();
        let read = read(&path).and_then(|value| {
            faults.extend(check_schema(&place, &schema, &value));
            serde_json::from_value::<Subject>(value).map_err(|error| error.to_string())
        });
        match read {
            Err(what) => faults.push(Fault { place, what }),
            Ok(subject) => {
                checked.files = checked.files.saturating_add(1);
                for case in &subject.cases {
                    checked.cases = checked.cases.saturating_add(1);
                    checked.steps = checked.steps.saturating_add(case.steps.len());
                    let place = format!("{place}: `{}`", case.name);
                    let whats = document.check(case);
                    faults.extend(whats.map(|what| Fault { place: place.clone(), what }));
                }
            }
        }
    }
    let buckets = super::bucket::path(folder);
    if buckets.exists() {
        match check_buckets(&buckets) {
            Ok(cases) => {
                checked.files = checked.files.saturating_add(1);
                checked.cases = checked.cases.saturating_add(cases);
            }
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() { Ok(checked) } else { Err(faults) }
}

/// The vectors of buckets, against the schema beside them: how many cases.
fn check_buckets(path: &Path) -> Result<usize, Vec<Fault>> {
    let place = path.display().to_string();
    let fault = |what| vec![Fault { place: place.clone(), what }];
    let schema = validator(&path.with_file_name("schema.json")).map_err(fault)?;
    let faults = check_schema(&place, &schema, &read(path).map_err(fault)?);
    if !faults.is_empty() {
        return Err(faults);
    }
    let subject = super::bucket::load(path).map_err(|error| fault(error.to_string()))?;
    Ok(subject.cases.len())
}

/// What of a file is not as its schema says.
pub fn check_schema(place: &str, schema: &Validator, file: &Value) -> Vec<Fault> {
    let errors = schema.iter_errors(file);
    let fault = |error: jsonschema::ValidationError<'_>| {
        let what = format!("{} at {}", error.masked(), error.instance_path());
        Fault { place: place.to_owned(), what }
    };
    errors.map(fault).collect()
}

fn read(path: &Path) -> Result<Value, String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

fn validator(path: &Path) -> Result<Validator, String> {
    let schema = read(path)?;
    jsonschema::draft202012::new(&schema).map_err(|error| error.to_string())
}

/// The OpenAPI document's one operation. OpenAPI 3.1 schemas are JSON Schema 2020-12.
struct Document {
    operation: Value,
    request: Validator,
    token: Validator,
}

impl Document {
    fn open(path: &Path) -> Result<Self, String> {
        let document = read(path)?;
        let operation = document.pointer("/paths/~1token/post").ok_or("no operation")?.clone();
        let schema = |pointer: &str| {
            let schema = operation.pointer(pointer).ok_or_else(|| format!("no {pointer}"))?;
            jsonschema::draft202012::new(schema).map_err(|error| error.to_string())
        };
        let request = schema("/requestBody/content/application~1json/schema")?;
        let token = schema("/responses/200/content/application~1json/schema")?;
        Ok(Self { operation, request, token })
    }

    /// What of a case the document does not allow.
    fn check<'a>(&'a self, case: &'a Case) -> impl Iterator<Item = String> + 'a {
        // These two are breaches of the contract that a host may choose.
        let response = case.config.get("response");
        let chosen = |key, value| response.and_then(|r| r.get(key)).is_some_and(|v| v == value);
        let is_exempt = chosen("key_case", "camel") || chosen("refresh_token", "omit");
        (1..).zip(&case.steps).flat_map(move |(number, step)| {
            let request = self.check_request(step);
            let answer = self.check_answer(&step.expect, is_exempt);
            let whats = [request, answer].into_iter().filter_map(Result::err);
            whats.map(move |what| format!("step {number}: {what}"))
        })
    }

    /// Whoever comes as far as the authenticator has sent what the document asks for.
    fn check_request(&self, step: &Step) -> Result<(), String> {
        let is_judged = matches!(step.expect.status, Some(200 | 401 | 502) | None);
        if !is_judged {
            return Ok(());
        }
        let body = step.request.body.to_vec();
        // serde_json's `Value` refuses numbers that JSON allows; the schema asks for none.
        let Ok(body) = serde_json::from_slice::<Value>(&body) else { return Ok(()) };
        if !self.request.is_valid(&body) {
            return Err("the request does not conform".into());
        }
        // The document has one path; this member is what the other asks for besides.
        match step.request.path {
            Asks::Refresh if !body.get("refreshToken").is_some_and(Value::is_string) => {
                Err("there is no refresh token".into())
            }
            Asks::Refresh | Asks::Token => Ok(()),
        }
    }

    fn check_answer(&self, expect: &Expect, is_exempt: bool) -> Result<(), String> {
        let Some(status) = expect.status else { return Ok(()) };
        let content_type = expect.headers.get("content-type").map_or("", String::as_str);
        let media_type = content_type.split(';').next().unwrap_or_default();
        let content = self.operation.pointer(&format!("/responses/{status}/content"));
        let content = content.ok_or_else(|| format!("there is no status {status}"))?;
        let schema = content.get(media_type).and_then(|media| media.get("schema"));
        let schema = schema.ok_or_else(|| format!("a {status} is not {media_type}"))?;
        let body = expect.body.as_ref().map(super::Bytes::to_vec).unwrap_or_default();
        if status != 200 {
            let is_text = std::str::from_utf8(&body).is_ok() && schema["type"] == "string";
            return if is_text { Ok(()) } else { Err(format!("a {status} is no text")) };
        }
        let body: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        if is_exempt || self.token.is_valid(&body) { Ok(()) } else { Err("not a token".into()) }
    }
}
