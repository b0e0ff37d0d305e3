//! What a caller presents to prove who it is: an app's id and its secret. Nothing here judges
//! whether they are right; that is an [`Authenticator`](crate::Authenticator)'s work.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// The id of an app client, as it stands in the request's `appClientId`.
///
/// 1 to 128 bytes of UTF-8 without control characters. Compared byte for byte: no trimming, case
/// folding or normalisation. A caller chose it: in a log, print it by `Debug`, in quotes, since it
/// may hold spaces and turn the direction of a line.
///
/// ```
/// use tokensmith::AppClientId;
///
/// let id = AppClientId::new("appcl-1234")?;
/// assert_eq!(id.as_str(), "appcl-1234");
/// assert!(AppClientId::new("two\nlines").is_err());
/// # Ok::<(), tokensmith::Impossible>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppClientId(Box<str>);

impl AppClientId {
    /// The longest id, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Takes an id that an app may have.
    ///
    /// # Errors
    /// [`Impossible`] for an id that is empty, longer than [`Self::MAX_BYTES`], or holds a control
    /// character.
    pub fn new(id: &str) -> Result<Self, Impossible> {
        let possible = is_possible(id, Self::MAX_BYTES);
        if possible { Ok(Self(id.into())) } else { Err(Impossible) }
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AppClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for AppClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The secret of an app client. It cannot be printed or compared, and its memory is wiped on drop.
#[derive(Clone)]
pub struct AppSecret(SecretString);

impl AppSecret {
    /// The longest secret, in bytes.
    pub const MAX_BYTES: usize = 1_024;

    fn new(secret: SecretString) -> Result<Self, Impossible> {
        let possible = is_possible(secret.expose_secret(), Self::MAX_BYTES);
        if possible { Ok(Self(secret)) } else { Err(Impossible) }
    }

    /// The secret's text, to compare a digest of it with. Never log it or keep it.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// Credentials that an app may have. Only [`Presented::new`] and
/// [`TokenRequest::parse`](crate::TokenRequest::parse) make an [`AppSecret`], so an authenticator
/// never meets an impossible one.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "these two are the contract's whole request")]
pub struct AppCredentials {
    /// Who the caller says it is.
    pub id: AppClientId,
    /// How it proves that.
    pub secret: AppSecret,
}

/// Credentials that no app can have: an id or a secret that is empty, too long, or holds a control
/// character. They conform to the contract's schema, so they are a 401 and not a 422.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no app can have these credentials")]
#[expect(clippy::exhaustive_structs, reason = "it says all there is to say")]
pub struct Impossible;

/// What a caller presented: well formed, but perhaps [`Impossible`].
///
/// ```
/// use tokensmith::{Presented, SecretString};
///
/// let presented = Presented::new("appcl-1234", SecretString::from("a secret"));
/// assert_eq!(presented.charged_id(), "appcl-1234");
/// assert!(presented.credentials().is_ok());
/// assert!(Presented::new("", SecretString::from("a secret")).credentials().is_err());
/// ```
#[derive(Clone)]
pub struct Presented(Judged);

#[derive(Clone)]
enum Judged {
    Possible(AppCredentials),
    /// The id is kept as it came, to be charged.
    Impossible {
        charged: Box<str>,
        app: Option<AppClientId>,
    },
}

impl Presented {
    /// Takes an id and a secret as a caller gave them. It cannot fail: what is impossible about
    /// them is found out by [`credentials`](Self::credentials), after the limiter was asked.
    pub fn new(id: &str, secret: SecretString) -> Self {
        Self(match (AppClientId::new(id), AppSecret::new(secret)) {
            (Ok(id), Ok(secret)) => Judged::Possible(AppCredentials { id, secret }),
            (app, _) => Judged::Impossible { charged: id.into(), app: app.ok() },
        })
    }

    /// The id that the limiter charges, whether an app has it or not.
    pub fn charged_id(&self) -> &str {
        match &self.0 {
            Judged::Possible(credentials) => credentials.id.as_str(),
            Judged::Impossible { charged, .. } => charged,
        }
    }

    /// The app's id, if it is one that an app may have: safe to log.
    pub const fn app(&self) -> Option<&AppClientId> {
        match &self.0 {
            Judged::Possible(credentials) => Some(&credentials.id),
            Judged::Impossible { app, .. } => app.as_ref(),
        }
    }

    /// The credentials, for an authenticator to judge.
    ///
    /// # Errors
    /// [`Impossible`] when no app can have them.
    pub const fn credentials(&self) -> Result<&AppCredentials, Impossible> {
        match &self.0 {
            Judged::Possible(credentials) => Ok(credentials),
            Judged::Impossible { .. } => Err(Impossible),
        }
    }
}

impl From<AppCredentials> for Presented {
    fn from(credentials: AppCredentials) -> Self {
        Self(Judged::Possible(credentials))
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An impossible id may hold anything, escape sequences and secrets in the wrong field
        // included.
        f.debug_struct("Presented").field("app", &self.app()).finish_non_exhaustive()
    }
}

fn is_possible(text: &str, max_bytes: usize) -> bool {
    let has_control = || {
        if text.is_ascii() {
            // Every byte is looked at, which the compiler does 16 at a time.
            return text.bytes().fold(0, |any, byte| any | u8::from(byte.is_ascii_control())) != 0;
        }
        text.chars().any(char::is_control)
    };
    !text.is_empty() && text.len() <= max_bytes && !has_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_exact() {
        for (id, secret, possible) in [
            (1, 1, true),
            (128, 1_024, true),
            (0, 1, false),
            (1, 0, false),
            (129, 1, false),
            (1, 1_025, false),
        ] {
            let presented = Presented::new(&"i".repeat(id), "s".repeat(secret).into());
            assert_eq!(presented.charged_id().len(), id);
            assert_eq!(presented.credentials().is_ok(), possible, "{id} {secret}");
        }
    }

    #[test]
    fn control_characters_are_impossible() {
        for text in ["a\0", "\u{1b}[2J", "a\r\nb", "\u{7f}", "\u{85}"] {
            assert!(AppClientId::new(text).is_err());
            assert!(Presented::new("id", text.into()).credentials().is_err());
        }
        assert!(AppClientId::new("ünï-😀 ").is_ok());
    }

    #[test]
    fn nothing_secret_or_unchecked_is_printed() {
        let shown = format!("{:?}", Presented::new("app\u{1b}", "s3cret".into()));
        assert!(!shown.contains("s3cret") && !shown.contains('\u{1b}'), "{shown}");
        let presented = Presented::new("app", "s3cret".into());
        let shown = format!("{presented:?} {:?}", presented.credentials());
        assert!(shown.contains("app") && !shown.contains("s3cret"), "{shown}");
    }
}
