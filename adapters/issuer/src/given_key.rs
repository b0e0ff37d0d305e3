//! A symmetric key that the host gives: where its 32 bytes come from, and why they are not there.

use std::env::{self, VarError};
use std::error::Error;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::owner::{Owner, Stranger};
use crate::private_file;

pub(crate) const KEY_BYTES: usize = 32;

/// The bytes of a key, which are wiped on drop.
pub(crate) type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// Where the 32 random bytes of a key come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// A file of 32 bytes, which is its owner's alone (Unix: mode 0600): `openssl rand -out FILE 32`.
    File(PathBuf),
    /// The environment variable of that name, as 64 hexadecimal digits: `openssl rand -hex 32`.
    Environment(String),
}

/// One of several keys of the same use, and its number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NumberedKey {
    /// Its number, from 2 on: what was made by it names it, so no other key may ever have it. 1 is the
    /// one that comes from the root key.
    pub id: u16,
    /// Where it comes from.
    pub source: KeySource,
}

/// Which key an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyName {
    /// The root key.
    Root,
    /// The pepper of that number.
    Pepper(u16),
    /// The key of refresh tokens of that number.
    Refresh(u16),
}

/// A key that is not to be had.
#[derive(Debug)]
#[non_exhaustive]
pub struct KeyError {
    /// Which one.
    pub key: KeyName,
    /// What is wrong about it.
    pub problem: KeyProblem,
}

/// Why a key is not to be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// There is no such file. It is never made anew where something was made by it.
    #[error("`{}` is missing", .0.display())]
    Missing(PathBuf),
    /// Others than its owner may use the file (Unix): give it the mode 0600.
    #[error("`{}` is open to others (mode bits {bits:03o}); its mode must be 0600", .path.display())]
    Loose {
        /// The file.
        path: PathBuf,
        /// The bits too many.
        bits: u32,
    },
    /// The file is another user's (Unix). Run the process as that user, or give it the file.
    #[error("`{}` belongs to user {owner}, and this process to user {process}; run it \
        as user {owner}, or give the file to user {process}", .path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// The user that it belongs to.
        owner: u32,
        /// The user that the process runs as.
        process: u32,
    },
    /// The file does not hold 32 bytes.
    #[error("`{}` is not 32 bytes long", .0.display())]
    Length(PathBuf),
    /// The file cannot be read or made.
    #[error("`{}` cannot be read or made", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The environment has no such variable.
    #[error("in the environment variable `{0}` is missing")]
    Unset(String),
    /// The environment variable holds something else.
    #[error("in the environment variable `{0}` is not 64 hexadecimal digits")]
    Digits(String),
    /// Its bytes are those of another key: a key is good for one use.
    #[error("has the same bytes as {0}")]
    SameAs(KeyName),
}

impl KeySource {
    /// Reads the key. A file must be `owner`'s and nobody else's.
    pub(crate) fn read(&self, owner: Owner) -> Result<KeyBytes, KeyProblem> {
        match self {
            Self::File(path) => read_file(path, owner),
            Self::Environment(name) => read_variable(name),
        }
    }
}

impl NumberedKey {
    /// The key of that number, from there.
    pub const fn new(id: u16, source: KeySource) -> Self {
        Self { id, source }
    }
}

impl KeyProblem {
    pub(crate) const fn of(self, key: KeyName) -> KeyError {
        KeyError { key, problem: self }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("the root key"),
            Self::Pepper(id) => write!(f, "pepper {id}"),
            Self::Refresh(id) => write!(f, "refresh key {id}"),
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.problem)
    }
}

impl Error for KeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.problem.source()
    }
}

fn read_file(path: &Path, owner: Owner) -> Result<KeyBytes, KeyProblem> {
    let io = |source: io::Error| match source.kind() {
        ErrorKind::NotFound => KeyProblem::Missing(path.into()),
        _ => KeyProblem::Io { path: path.into(), source },
    };
    let opened = File::open(path);
    // Of the open file, whatever has its name by now. One that cannot be opened may be another
    // user's, which says more than the system's word for it.
    let metadata = opened.as_ref().map_or_else(|_| fs::metadata(path), File::metadata);
    let metadata = metadata.map_err(io)?;
    owner.check(&metadata).map_err(|Stranger { theirs, ours }| KeyProblem::Owner {
        path: path.into(),
        owner: theirs,
        process: ours,
    })?;
    match private_file::loose_bits(&metadata) {
        0 => {}
        bits => return Err(KeyProblem::Loose { path: path.into(), bits }),
    }
    let mut file = opened.map_err(io)?;
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    file.read_exact(&mut bytes[..]).map_err(|e| match e.kind() {
        ErrorKind::UnexpectedEof => KeyProblem::Length(path.into()),
        _ => io(e),
    })?;
    match file.read(&mut [0]).map_err(io)? {
        0 => Ok(bytes),
        _ => Err(KeyProblem::Length(path.into())),
    }
}

fn read_variable(name: &str) -> Result<KeyBytes, KeyProblem> {
    let digits = || KeyProblem::Digits(name.to_owned());
    let text = Zeroizing::new(env::var(name).map_err(|error| match error {
        VarError::NotPresent => KeyProblem::Unset(name.to_owned()),
        VarError::NotUnicode(_) => digits(),
    })?);
    read_digits(&text).ok_or_else(digits)
}

fn read_digits(text: &str) -> Option<KeyBytes> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    if pairs.len() != KEY_BYTES {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        for digit in pair {
            let value = char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            *byte = (*byte << 4) | value?;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::owner::tests::{another, ours};
    use crate::random::OsRandom;

    fn placed(folder: &Path, bytes: &[u8]) -> (PathBuf, KeySource) {
        let path = folder.join("a.key");
        private_file::place(&path, bytes, &OsRandom::warm().unwrap()).unwrap();
        (path.clone(), KeySource::File(path))
    }

    #[test]
    fn a_file_of_another_length_is_no_key() {
        for length in [0, 31, 33] {
            let folder = tempfile::tempdir().unwrap();
            let (path, source) = placed(folder.path(), &vec![7; length]);
            let read = source.read(ours(folder.path()));
            assert!(matches!(read, Err(KeyProblem::Length(_))), "{length}");
            assert_eq!(fs::read(&path).unwrap().len(), length);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_another_user_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (_, source) = placed(folder.path(), &[7; 32]);
        let refused = source.read(another()).unwrap_err().of(KeyName::Root);
        assert!(matches!(refused.problem, KeyProblem::Owner { .. }), "{refused:?}");
        assert!(refused.to_string().contains("or give the file to user 4294967294"), "{refused}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (path, source) = placed(folder.path(), &[7; 32]);
        for (mode, refused) in [(0o640, true), (0o604, true), (0o620, true), (0o400, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let read = source.read(ours(folder.path()));
            assert_eq!(matches!(read, Err(KeyProblem::Loose { .. })), refused, "{mode:o}");
        }
    }

    #[test]
    fn a_variable_holds_64_hexadecimal_digits_and_nothing_else() {
        let digits = "00ff".repeat(16);
        let bytes = read_digits(&digits).unwrap();
        assert_eq!(bytes[..4], [0x00, 0xff, 0x00, 0xff]);
        assert_eq!(read_digits(&digits.to_uppercase()), Some(bytes));
        for bad in [
            "",
            digits.split_at(1).1,
            digits.split_at(2).1,
            &format!("{digits}00"),
            &format!("{digits}\n"),
        ] {
            assert_eq!(read_digits(bad), None, "{bad:?}");
        }
        assert_eq!(read_digits(&digits.replace('f', "g")), None);
        assert_eq!(read_digits(&digits.replacen("00", "+1", 1)), None);
        let unset = KeySource::Environment("TOKENSMITH_NEVER_SET".to_owned());
        let error = unset.read(ours(&env::temp_dir())).unwrap_err().of(KeyName::Pepper(2));
        let line = "pepper 2 in the environment variable `TOKENSMITH_NEVER_SET` is missing";
        assert_eq!(error.to_string(), line);
    }
}
