//! The root key: 32 random bytes in a file of their own, from which all symmetric keys are derived.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::owner::{Owner, Stranger};
use crate::private_file;
use crate::random::Random;

const ROOT_BYTES: usize = 32;

/// The root key. It is never printed, and wiped on drop.
pub(crate) struct Root(Zeroizing<[u8; ROOT_BYTES]>);

/// Why there is no root key to work with.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RootError {
    /// The store holds records, and the key that fits them is not there. A new one would fit none.
    #[error("the store holds records, but their root key `{}` is missing", .0.display())]
    Missing(PathBuf),
    /// Others than its owner may use the file (Unix): give it the mode 0600.
    #[error("the root key `{}` is open to others (mode bits {bits:03o}); its mode must be 0600",
        .path.display())]
    Loose {
        /// The file.
        path: PathBuf,
        /// The bits too many.
        bits: u32,
    },
    /// The file is another user's (Unix). Run the process as that user, or give it the file.
    #[error("the root key `{}` belongs to user {owner}, and this process to user {process}; run it \
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
    #[error("the root key `{}` is not 32 bytes long", .0.display())]
    Length(PathBuf),
    /// The file cannot be read or made.
    #[error("the root key `{}` cannot be read or made", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Root {
    /// The bytes, to derive keys from.
    pub(crate) fn as_bytes(&self) -> &[u8; ROOT_BYTES] {
        &self.0
    }

    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: [u8; ROOT_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads the root that a store's records were made with: a file of `owner`'s.
    pub(crate) fn load(path: &Path, owner: Owner) -> Result<Self, RootError> {
        let io = |source: io::Error| match source.kind() {
            ErrorKind::NotFound => RootError::Missing(path.into()),
            _ => RootError::Io { path: path.into(), source },
        };
        let opened = File::open(path);
        // Of the open file, whatever has its name by now. One that cannot be opened may be another
        // user's, which says more than the system's word for it.
        let metadata = opened.as_ref().map_or_else(|_| fs::metadata(path), File::metadata);
        let metadata = metadata.map_err(io)?;
        owner.check(&metadata).map_err(|Stranger { theirs, ours }| RootError::Owner {
            path: path.into(),
            owner: theirs,
            process: ours,
        })?;
        match private_file::loose_bits(&metadata) {
            0 => {}
            bits => return Err(RootError::Loose { path: path.into(), bits }),
        }
        let mut file = opened.map_err(io)?;
        let mut root = Self(Zeroizing::new([0; ROOT_BYTES]));
        file.read_exact(&mut root.0[..]).map_err(|e| match e.kind() {
            ErrorKind::UnexpectedEof => RootError::Length(path.into()),
            _ => io(e),
        })?;
        match file.read(&mut [0]).map_err(io)? {
            0 => Ok(root),
            _ => Err(RootError::Length(path.into())),
        }
    }

    /// For a first start: the root that is there already, or a new one; and whether it was there.
    /// An interrupted first start leaves it.
    pub(crate) fn load_or_make(
        path: &Path,
        owner: Owner,
        random: &dyn Random,
    ) -> Result<(Self, bool), RootError> {
        let io = |source| RootError::Io { path: path.into(), source };
        let was_there = path.try_exists().map_err(io)?;
        let mut fresh = Zeroizing::new([0; ROOT_BYTES]);
        random.fill(&mut fresh[..]).map_err(|e| io(io::Error::other(e)))?;
        private_file::make_folder(path).map_err(io)?;
        private_file::place(path, &fresh[..], random).map_err(io)?;
        private_file::sweep(path).map_err(io)?;
        Ok((Self::load(path, owner)?, was_there))
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::owner::tests::{another, ours};
    use crate::random::OsRandom;

    #[test]
    fn a_root_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let owner = ours(folder.path());
        let path = folder.path().join("deep/root.key");
        let random = OsRandom::warm().unwrap();
        assert!(matches!(Root::load(&path, owner), Err(RootError::Missing(_))));
        let (made, was_there) = Root::load_or_make(&path, owner, &random).unwrap();
        assert!(!was_there);
        let (again, was_there) = Root::load_or_make(&path, owner, &random).unwrap();
        assert!(was_there);
        assert_eq!(made.as_bytes(), again.as_bytes());
        assert_eq!(made.as_bytes(), Root::load(&path, owner).unwrap().as_bytes());
        assert_eq!(format!("{made:?}"), "[REDACTED]");
    }

    #[test]
    fn a_root_of_another_length_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let owner = ours(folder.path());
        for length in [0, 31, 33] {
            let path = folder.path().join(format!("{length}"));
            private_file::place(&path, &vec![7; length], &OsRandom::warm().unwrap()).unwrap();
            assert!(matches!(Root::load(&path, owner), Err(RootError::Length(_))), "{length}");
            assert_eq!(fs::read(&path).unwrap().len(), length);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_root_of_another_user_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let owner = ours(folder.path());
        let path = folder.path().join("root.key");
        Root::load_or_make(&path, owner, &OsRandom::warm().unwrap()).unwrap();
        let refused = Root::load(&path, another()).unwrap_err();
        assert!(matches!(refused, RootError::Owner { .. }), "{refused:?}");
        assert!(refused.to_string().contains("or give the file to user 4294967294"), "{refused}");
    }

    #[cfg(unix)]
    #[test]
    fn a_root_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let owner = ours(folder.path());
        let path = folder.path().join("root.key");
        Root::load_or_make(&path, owner, &OsRandom::warm().unwrap()).unwrap();
        for (mode, refused) in [(0o640, true), (0o604, true), (0o620, true), (0o400, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let root = Root::load(&path, owner);
            assert_eq!(matches!(root, Err(RootError::Loose { .. })), refused, "{mode:o} {root:?}");
        }
    }
}
