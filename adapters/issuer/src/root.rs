//! The root key: 32 random bytes, from which all symmetric keys are derived that the host does not give.

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::given_key::{KEY_BYTES, KeyBytes, KeyProblem, KeySource};
use crate::owner::Owner;
use crate::private_file;
use crate::random::Random;

/// The root key. It is never printed, and wiped on drop.
pub(crate) struct Root(KeyBytes);

impl Root {
    /// The bytes, to derive keys from.
    pub(crate) fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads the root that a store's records were made with.
    pub(crate) fn load(source: &KeySource, owner: Owner) -> Result<Self, KeyProblem> {
        source.read(owner).map(Self)
    }

    /// For a first start: the root that is there already, or a new one in that file; and whether it was
    /// there. An interrupted first start leaves it.
    pub(crate) fn load_or_make(
        source: &KeySource,
        owner: Owner,
        random: &dyn Random,
    ) -> Result<(Self, bool), KeyProblem> {
        match source {
            KeySource::File(path) => Self::load_or_make_file(path, source, owner, random),
            KeySource::Environment(_) => Ok((Self::load(source, owner)?, true)),
        }
    }

    fn load_or_make_file(
        path: &Path,
        source: &KeySource,
        owner: Owner,
        random: &dyn Random,
    ) -> Result<(Self, bool), KeyProblem> {
        let io = |source| KeyProblem::Io { path: path.into(), source };
        let was_there = path.try_exists().map_err(io)?;
        let mut fresh = Zeroizing::new([0; KEY_BYTES]);
        random.fill(&mut fresh[..]).map_err(|e| io(std::io::Error::other(e)))?;
        private_file::make_folder(path).map_err(io)?;
        private_file::place(path, &fresh[..], random).map_err(io)?;
        private_file::sweep(path).map_err(io)?;
        Ok((Self::load(source, owner)?, was_there))
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
    use crate::owner::tests::ours;
    use crate::random::OsRandom;

    #[test]
    fn a_root_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let owner = ours(folder.path());
        let source = KeySource::File(folder.path().join("deep/root.key"));
        let random = OsRandom::warm().unwrap();
        assert!(matches!(Root::load(&source, owner), Err(KeyProblem::Missing(_))));
        let (made, was_there) = Root::load_or_make(&source, owner, &random).unwrap();
        assert!(!was_there);
        let (again, was_there) = Root::load_or_make(&source, owner, &random).unwrap();
        assert!(was_there);
        assert_eq!(made.as_bytes(), again.as_bytes());
        assert_eq!(made.as_bytes(), Root::load(&source, owner).unwrap().as_bytes());
        assert_eq!(format!("{made:?}"), "[REDACTED]");
    }

    #[test]
    fn a_root_of_the_environment_is_never_made() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::Environment("TOKENSMITH_NEVER_SET".to_owned());
        let random = OsRandom::warm().unwrap();
        let made = Root::load_or_make(&source, ours(folder.path()), &random);
        assert!(matches!(made, Err(KeyProblem::Unset(_))), "{made:?}");
    }
}
