//! Whose a file is. What is another user's may be changed by that user at any time.

use std::fs::Metadata;
use std::io;
use std::path::Path;

use thiserror::Error;

use crate::private_file;
use crate::random::Random;

/// A user of the system, by number. Always the same where files have no owners (Windows).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner(u32);

/// A file is another user's.
#[derive(Clone, Copy, Debug, Error)]
#[error(
    "the file belongs to user {theirs}, and this process to user {ours}; run it as user {theirs}, \
     or give the file to user {ours}"
)]
pub(crate) struct Stranger {
    pub(crate) theirs: u32,
    pub(crate) ours: u32,
}

impl Owner {
    /// Whom the files of this process belong to, in the folder that `path` lies in: found by making
    /// one, as no safe call tells it.
    pub(crate) fn of_this_process(path: &Path, random: &dyn Random) -> io::Result<Self> {
        Ok(Self::of(&private_file::trial(path, random)?))
    }

    pub(crate) fn check(self, file: &Metadata) -> Result<(), Stranger> {
        match Self::of(file) {
            Self(theirs) if theirs == self.0 => Ok(()),
            Self(theirs) => Err(Stranger { theirs, ours: self.0 }),
        }
    }

    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        return Self(std::os::unix::fs::MetadataExt::uid(metadata));
        #[cfg(not(unix))]
        {
            let _ = metadata;
            Self(0)
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;

    use super::*;
    use crate::random::OsRandom;

    pub(crate) fn ours(folder: &Path) -> Owner {
        Owner::of_this_process(&folder.join("a"), &OsRandom::warm().unwrap()).unwrap()
    }

    /// A user that no test runs as.
    pub(crate) fn another() -> Owner {
        Owner(u32::MAX - 1)
    }

    #[test]
    fn what_a_process_makes_is_its_own_and_nothing_is_left_of_the_trial() {
        let folder = tempfile::tempdir().unwrap();
        let owner = ours(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let made = fs::metadata(folder.path()).unwrap();
        assert!(owner.check(&made).is_ok());
        assert_eq!(another().check(&made).is_err(), cfg!(unix));
    }
}
