//! An app that is brought from elsewhere, as it is handed over, and what is wrong with one.

use std::borrow::Cow;
use std::fmt;

use secrecy::ExposeSecret as _;
use serde::Deserialize;
use thiserror::Error;
use tokensmith::{AppClientId, AppSecret, Presented, SecretString};

use super::hash::{Hash, InvalidHash};

/// An app that is brought from elsewhere, with its id and its secret.
///
/// ```
/// use tokensmith_issuer::ImportedApp;
///
/// let plain = ImportedApp::with_secret("billing", "correct horse battery staple");
/// let kept = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$gYJZtjEAJqjg26xdLmknq8/bB7MiWPrE9hsYuA+SkIU";
/// let hashed = ImportedApp::with_secret_hash("payroll", kept).named("Payroll, Berlin");
/// # let _ = (plain, hashed);
/// ```
#[derive(Clone)]
pub struct ImportedApp {
    id: String,
    name: Option<String>,
    secret: Given,
}

#[derive(Clone)]
enum Given {
    Plain(SecretString),
    Hash(SecretString),
}

/// Why an app cannot be imported. Nothing that was handed over is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ImportFault {
    /// The line is not an object with `appClientId`, either `appSecret` or `secretHash`, perhaps `name`,
    /// and no other member.
    #[error(
        "is not an object with `appClientId`, with either `appSecret` or `secretHash`, perhaps with \
         `name`, and with no other member; all of them texts"
    )]
    Json,
    /// No app can have that id.
    #[error("`appClientId` must be 1 to 128 bytes without control characters")]
    Id,
    /// No app can have that secret.
    #[error("`appSecret` must be 1 to 1,024 bytes without control characters")]
    Secret,
    /// The hash cannot be kept.
    #[error("`secretHash` {0}")]
    SecretHash(InvalidHash),
    /// The hash is bcrypt or PBKDF2, which have to be allowed.
    #[error(
        "`secretHash` is bcrypt or PBKDF2, which the setting `verify_legacy_hashes` has to allow"
    )]
    Legacy,
    /// The name is out of its bounds.
    #[error("`name` must be 1 to 128 bytes without control characters")]
    Name,
    /// An app has that id already.
    #[error("there is an app with that `appClientId` already")]
    Exists,
    /// An earlier one has that id.
    #[error("line {first} has the same `appClientId`")]
    Repeated {
        /// Which.
        first: usize,
    },
}

/// What has been checked.
pub(crate) struct Checked {
    pub(crate) id: AppClientId,
    pub(crate) name: String,
    pub(crate) secret: CheckedSecret,
}

pub(crate) enum CheckedSecret {
    Plain(AppSecret),
    Hash(Box<Hash>),
}

impl ImportedApp {
    /// An app of which the secret itself is known: 1 to 1,024 bytes without control characters. It is
    /// kept as Argon2id, or as a generated one if it has the shape of that.
    pub fn with_secret(id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self { id: id.into(), name: None, secret: Given::Plain(secret.into()) }
    }

    /// An app of whose secret a hash is known: Argon2id as a PHC string; and where
    /// [`verify_legacy_hashes`](crate::IssuerSettings::verify_legacy_hashes) allows it, bcrypt (`$2a$`,
    /// `$2b$`, `$2y$`), and PBKDF2 as Hydra, Zitadel, Django and Spring write it, with Spring's `{id}`
    /// before it or without. Of a secret that has the shape of a generated one no hash is ever right:
    /// hand the secret over itself.
    pub fn with_secret_hash(id: impl Into<String>, hash: impl Into<SecretString>) -> Self {
        Self { id: id.into(), name: None, secret: Given::Hash(hash.into()) }
    }

    /// The same, with a name for people: 1 to 128 bytes without control characters. By default the id.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Reads one line of JSON Lines.
    pub(crate) fn read(line: &str) -> Result<Self, ImportFault> {
        // An array of texts would do for serde.
        if !line.trim_start().starts_with('{') {
            return Err(ImportFault::Json);
        }
        // Its message may quote the secret.
        let line: Line<'_> = serde_json::from_str(line).map_err(|_| ImportFault::Json)?;
        let secret = match (line.app_secret, line.secret_hash) {
            (Some(Text(secret)), None) => Given::Plain(secret.into_owned().into()),
            (None, Some(Text(hash))) => Given::Hash(hash.into_owned().into()),
            _ => return Err(ImportFault::Json),
        };
        let name = line.name.map(|Text(name)| name.into_owned());
        Ok(Self { id: line.app_client_id.0.into_owned(), name, secret })
    }

    /// Checks all that can be told of it alone.
    pub(crate) fn check(&self, is_legacy_allowed: bool) -> Result<Checked, ImportFault> {
        let id = AppClientId::new(&self.id).map_err(|_| ImportFault::Id)?;
        let secret = match &self.secret {
            Given::Plain(secret) => {
                let shown = Presented::new(&self.id, secret.clone());
                let shown = shown.credentials().map_err(|_| ImportFault::Secret)?;
                CheckedSecret::Plain(shown.secret.clone())
            }
            Given::Hash(hash) => {
                let hash = Hash::read(hash.expose_secret()).map_err(ImportFault::SecretHash)?;
                if hash.is_legacy() && !is_legacy_allowed {
                    return Err(ImportFault::Legacy);
                }
                CheckedSecret::Hash(Box::new(hash))
            }
        };
        let name = self.name.as_deref().unwrap_or(&self.id);
        let is_name = (1..=128).contains(&name.len()) && !name.chars().any(char::is_control);
        let name = Some(name.to_owned()).filter(|_| is_name).ok_or(ImportFault::Name)?;
        Ok(Checked { id, name, secret })
    }
}

/// The secret is not in it.
impl fmt::Debug for ImportedApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportedApp").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    app_client_id: Text<'a>,
    #[serde(borrow)]
    app_secret: Option<Text<'a>>,
    #[serde(borrow)]
    secret_hash: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

/// Serde borrows a text in an `Option` only when it is told to here.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Checked, ImportFault> {
        ImportedApp::read(line)?.check(true)
    }

    const HASH: &str = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";

    #[test]
    fn a_line_is_read_strictly_and_names_what_is_wrong() {
        let good = [
            r#"{"appClientId":"a","appSecret":"s"}"#,
            r#" {"name":"n","appSecret":"\u0073\"","appClientId":"a"} "#,
            r#"{"appClientId":"a","appSecret":"s","secretHash":null,"name":null}"#,
        ];
        for line in good {
            assert!(read(line).is_ok(), "{line}");
        }
        let hash = read(&format!(r#"{{"appClientId":"a","secretHash":"{HASH}"}}"#)).unwrap();
        assert_eq!(hash.name, "a");
        for (line, fault) in [
            ("", ImportFault::Json),
            ("null", ImportFault::Json),
            (r#"["a","s"]"#, ImportFault::Json),
            (r#"["a","s",null,null]"#, ImportFault::Json),
            (r#"{"appClientId":"a"}"#, ImportFault::Json),
            (r#"{"appSecret":"s"}"#, ImportFault::Json),
            (r#"{"appClientId":"a","appSecret":12345678}"#, ImportFault::Json),
            (r#"{"appClientId":"a","appSecret":"s","secretHash":"h"}"#, ImportFault::Json),
            (r#"{"appClientId":"a","appSecret":"s","appSecret":"t"}"#, ImportFault::Json),
            (r#"{"appClientId":"a","appSecret":"s","secret":"t"}"#, ImportFault::Json),
            (r#"{"appClientId":"a","appSecret":"s"} x"#, ImportFault::Json),
            (r#"{"appClientId":"a","appSecret":"\ud800"}"#, ImportFault::Json),
            (r#"{"appClientId":"","appSecret":"s"}"#, ImportFault::Id),
            (r#"{"appClientId":"a\n","appSecret":"s"}"#, ImportFault::Id),
            (r#"{"appClientId":"a","appSecret":""}"#, ImportFault::Secret),
            (r#"{"appClientId":"a","appSecret":"a\u0000b"}"#, ImportFault::Secret),
            (r#"{"appClientId":"a","appSecret":"s","name":""}"#, ImportFault::Name),
            (
                r#"{"appClientId":"a","secretHash":"plain"}"#,
                ImportFault::SecretHash(InvalidHash::Form),
            ),
        ] {
            assert_eq!(read(line).err(), Some(fault), "{line}");
        }
    }

    #[test]
    fn the_bounds_are_those_of_credentials() {
        let app = |id: usize, secret: usize| {
            ImportedApp::with_secret("i".repeat(id), "s".repeat(secret)).check(false).err()
        };
        assert_eq!(app(128, 1_024), None);
        assert_eq!(app(129, 1), Some(ImportFault::Id));
        assert_eq!(app(1, 1_025), Some(ImportFault::Secret));
        let name = |length: usize| {
            ImportedApp::with_secret("i", "s").named("n".repeat(length)).check(false).err()
        };
        assert_eq!((name(128), name(129)), (None, Some(ImportFault::Name)));
    }

    #[test]
    fn a_legacy_hash_has_to_be_allowed_and_nothing_is_printed() {
        let app = ImportedApp::with_secret_hash("a", HASH);
        assert!(app.check(true).is_ok());
        assert_eq!(app.check(false).err(), Some(ImportFault::Legacy));
        assert!(!format!("{app:?}").contains("abcdef"));
    }
}
