//! Files that only their owner may read: made whole under a name of their own, and never over
//! another.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::random::{self, Random};

const TEMPORARY: &str = ".tmp";
const NAME_LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Makes the file with that content, unless it is there already. Afterwards a file of that name is
/// whole and durable, whoever made it, and whenever the process is killed. INVARIANT: where files
/// cannot be linked, one caller makes it at a time.
pub(crate) fn place(path: &Path, content: &[u8], random: &dyn Random) -> io::Result<()> {
    place_by(path, content, random, |from, to| fs::hard_link(from, to))
}

fn place_by(
    path: &Path,
    content: &[u8],
    random: &dyn Random,
    link: impl Fn(&Path, &Path) -> io::Result<()>,
) -> io::Result<()> {
    // A racing starter may sweep our temporary file away; each turn makes a new one.
    for _ in 0..16 {
        if path.try_exists()? {
            return sync_folder(folder(path));
        }
        let temporary = temporary_of(path, random)?;
        write_new(&temporary, content)?;
        // A link fails when the name is taken, where a rename would replace what is there.
        let placed = match link(&temporary, path) {
            Err(e) if !is_lost_race(&e) => rename_to_free(&temporary, path),
            placed => placed,
        };
        remove(&temporary)?;
        match placed {
            Ok(()) => return sync_folder(folder(path)),
            Err(e) if is_lost_race(&e) => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::Error::other("the file is made and removed by turns"))
}

/// Somebody else has made the file, or swept the temporary one away.
fn is_lost_race(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound)
}

/// For file systems that cannot link: FAT, some network mounts, what apps get on Android.
fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    match fs::symlink_metadata(to) {
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(e) if e.kind() == ErrorKind::NotFound => fs::rename(from, to),
        Err(e) => Err(e),
    }
}

/// Makes the file, empty and durable, unless it is there already.
pub(crate) fn place_empty(path: &Path) -> io::Result<()> {
    if !path.try_exists()? {
        // Empty it is whole at once: it needs no other name before.
        match write_new(path, &[]) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            made => made?,
        }
    }
    sync_folder(folder(path))
}

/// Removes the temporary files that killed starters left beside `path`.
pub(crate) fn sweep(path: &Path) -> io::Result<()> {
    let Some(name) = path.file_name() else { return Ok(()) };
    let mut prefix = name.to_os_string();
    prefix.push(".");
    for entry in fs::read_dir(folder(path))? {
        let name = entry?.file_name();
        let bytes = name.as_encoded_bytes();
        if bytes.starts_with(prefix.as_encoded_bytes()) && bytes.ends_with(TEMPORARY.as_bytes()) {
            remove(&path.with_file_name(&name))?;
        }
    }
    Ok(())
}

/// Makes the folder that `path` lies in, and those that that lies in, durable and for their owner
/// alone, unless they are there.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    make_folder_by(path, sync_folder)
}

fn make_folder_by(path: &Path, sync: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<_> = folder(path).ancestors().take_while(missing).collect();
    for made in missing.into_iter().rev() {
        match builder.create(made) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            made => made?,
        }
        // Its name is in its parent: without this a crash of the system takes all that is in it.
        sync(folder(made))?;
    }
    Ok(())
}

/// The bits by which others than the owner may use a file: 0 is as it should be. Always 0 where
/// files have no modes (Windows).
pub(crate) fn loose_bits(metadata: &Metadata) -> u32 {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077;
    #[cfg(not(unix))]
    {
        let _ = metadata;
        0
    }
}

/// Which file a name stands for: another one after the first was removed, renamed or replaced.
/// Always the same where files have no numbers (Windows keeps open files from being removed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileIdentity(Option<(u64, u64)>);

impl FileIdentity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        return {
            use std::os::unix::fs::MetadataExt as _;
            Self(Some((metadata.dev(), metadata.ino())))
        };
        #[cfg(not(unix))]
        return {
            let _ = metadata;
            Self(None)
        };
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary_of(path: &Path, random: &dyn Random) -> io::Result<PathBuf> {
    let unique = random::text(random, NAME_LETTERS, 12).map_err(io::Error::other)?;
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".");
    name.push(unique);
    name.push(TEMPORARY);
    Ok(path.with_file_name(name))
}

/// What the system says of a file that this process makes beside `path`, and removes again.
pub(crate) fn trial(path: &Path, random: &dyn Random) -> io::Result<Metadata> {
    let temporary = temporary_of(path, random)?;
    let metadata = create_new(&temporary)?.metadata();
    remove(&temporary)?;
    metadata
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = create_new(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Makes the names in the folder durable. Windows keeps no handle of a folder to do that with.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Barrier;
    use std::thread;

    use super::*;
    use crate::random::OsRandom;

    #[test]
    fn what_is_there_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let random = OsRandom::warm().unwrap();
        place(&path, b"first", &random).unwrap();
        place(&path, b"second", &random).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(loose_bits(&fs::metadata(&path).unwrap()), 0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn starters_that_sweep_each_other_agree_on_one_file() {
        for _ in 0..30 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a");
            let start = Barrier::new(8);
            let place_one = |i: u8| {
                start.wait();
                sweep(&path).unwrap();
                place(&path, &[i; 32], &OsRandom::warm().unwrap()).unwrap();
                fs::read(&path).unwrap()
            };
            let seen: Vec<_> = thread::scope(|scope| {
                let starters: Vec<_> = (0..8)
                    .map(|i| {
                        scope.spawn({
                            let place_one = &place_one;
                            move || place_one(i)
                        })
                    })
                    .collect();
                starters.into_iter().map(|starter| starter.join().unwrap()).collect()
            });
            assert!(seen.iter().all(|content| content.len() == 32 && content == &seen[0]));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn where_nothing_can_be_linked_the_file_is_made_all_the_same() {
        for cause in [ErrorKind::PermissionDenied, ErrorKind::Unsupported, ErrorKind::Other] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a");
            let random = OsRandom::warm().unwrap();
            let no_link = |_: &Path, _: &Path| Err(cause.into());
            place_by(&path, b"first", &random, no_link).unwrap();
            place_by(&path, b"second", &random, no_link).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"first");
            assert_eq!(loose_bits(&fs::metadata(&path).unwrap()), 0);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn what_is_made_meanwhile_is_not_replaced_without_links_either() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let late = |_: &Path, to: &Path| {
            fs::write(to, "of another")?;
            Err(ErrorKind::PermissionDenied.into())
        };
        place_by(&path, b"ours", &OsRandom::warm().unwrap(), late).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"of another");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_empty_file_is_made_once_and_for_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        place_empty(&path).unwrap();
        let made = fs::metadata(&path).unwrap();
        assert_eq!((made.len(), loose_bits(&made)), (0, 0));
        fs::write(&path, "by now").unwrap();
        place_empty(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"by now");
    }

    #[test]
    fn each_folder_that_is_made_is_made_durable_in_its_parent() {
        let outer = tempfile::tempdir().unwrap();
        let synced = RefCell::new(Vec::new());
        let sync = |folder: &Path| {
            synced.borrow_mut().push(folder.to_owned());
            sync_folder(folder)
        };
        let path = outer.path().join("b/c/a");
        make_folder_by(&path, sync).unwrap();
        assert!(outer.path().join("b/c").is_dir());
        assert_eq!(synced.take(), [outer.path().to_owned(), outer.path().join("b")]);
        make_folder_by(&path, sync).unwrap();
        assert!(synced.take().is_empty(), "they were there");
        let failing = |_: &Path| Err(ErrorKind::Other.into());
        assert!(make_folder_by(&outer.path().join("d/a"), failing).is_err());
        assert_eq!(folder(Path::new("b")), Path::new("."), "of a relative one");
    }

    #[test]
    fn only_what_starters_left_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for name in ["a.x.tmp", "a", "b.x.tmp", "a.tmpx", "xa.y.tmp"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        sweep(&path).unwrap();
        assert!(!folder.path().join("a.x.tmp").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }
}
