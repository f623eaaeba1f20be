//! Names of what is under way: no two runs share one, and what a killed run left is told from what another is at.
//!
//! `NAME.slp-PID-N.part`, made new and locked by its run. The lock ends with the run, however it ends: what can be locked
//! by another is left over, and taken away by the next run that writes into the folder.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What a file or folder becomes.
pub(crate) const PART: &str = "part";

/// Room on the disk for a while.
pub(crate) const SPOOL: &str = "spool";

/// Longer names are not repeated: no system takes more than 255 bytes.
const LONGEST: usize = 200;

/// Names that are tried: another run holds one only while it takes it for left over.
const TRIES: u32 = 100;

/// Names that this run gave.
static GIVEN: AtomicU64 = AtomicU64::new(0);

/// Folders that this run has looked through: once is enough, since a run cleans up after itself.
static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A name beside `path` that nobody else has.
fn name(path: &Path, ending: &str) -> io::Result<PathBuf> {
    let own = path.file_name().ok_or_else(|| io::Error::other("this is no name of a file"))?;
    let mut name = OsString::from(if own.len() > LONGEST { OsStr::new("long-name") } else { own });
    let number = GIVEN.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".slp-{}-{number}.{ending}", std::process::id()));
    Ok(path.with_file_name(name))
}

/// Is that one of the names that runs give?
fn is_ours(name: &OsStr) -> bool {
    let parts = || {
        let (rest, ending) = name.to_str()?.rsplit_once('.')?;
        let (pid, number) = rest.rsplit_once(".slp-")?.1.split_once('-')?;
        Some((ending, pid, number))
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    parts().is_some_and(|(ending, pid, number)| [PART, SPOOL].contains(&ending) && digits(pid) && digits(number))
}

/// Makes a file beside `path`, under a name of its own that ends with `ending`; private to its owner if it is to be.
pub(super) fn file(path: &Path, ending: &str, is_private: bool) -> io::Result<(File, PathBuf)> {
    sweep_once(path);
    held(path, ending, |name| {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        system::shared(&mut options, is_private);
        options.open(name)
    })
}

/// Makes a folder beside `path`. It is held as long as the file that comes with it is open, where folders can be opened.
pub(crate) fn folder(path: &Path) -> io::Result<(Option<File>, PathBuf)> {
    sweep_once(path);
    if cfg!(not(unix)) {
        let name = name(path, PART)?;
        fs::create_dir(&name)?;
        return Ok((None, name));
    }
    held(path, PART, |name| made(name, || {})).map(|(file, name)| (Some(file), name))
}

/// Makes a folder and opens it; `between` is for tests. Another run may take it for left over before it is open: then this
/// name is no good, and the next one is.
fn made(name: &Path, between: impl FnOnce()) -> io::Result<File> {
    fs::create_dir(name)?;
    between();
    #[expect(clippy::disallowed_methods, reason = "a folder is opened to be locked, not read")]
    let opened = File::open(name);
    opened.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(io::ErrorKind::AlreadyExists, error),
        _ => error,
    })
}

/// Tries names until one is there and ours.
fn held(path: &Path, ending: &str, open: impl Fn(&Path) -> io::Result<File>) -> io::Result<(File, PathBuf)> {
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..TRIES {
        let name = name(path, ending)?;
        match open(&name) {
            // another run may have taken it for left over before it was locked
            Ok(file) if system::lock(&file) && system::is_at(&file, &name) => return Ok((file, name)),
            Ok(_) => {}
            // of a run with this number on another machine, or long ago; or gone again
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

fn sweep_once(path: &Path) {
    let folder = super::folder_of(path);
    if SWEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned()) {
        sweep(folder);
    }
}

/// Takes away what killed runs left in a folder. What cannot be taken away stays: it is in nobody's way.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| is_ours(&entry.file_name())) {
        let path = entry.path();
        // a link is none of ours
        let Ok(about) = fs::symlink_metadata(&path) else { continue };
        if about.is_file() || about.is_dir() {
            system::take_away(&path, about.is_dir());
        }
    }
}

#[cfg(unix)]
mod system {
    use std::fs::{self, File, OpenOptions};
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
    use std::path::Path;

    use rustix::fs::{FlockOperation, OFlags, flock};
    use rustix::io::Errno;

    pub(super) fn shared(options: &mut OpenOptions, is_private: bool) {
        if is_private {
            options.mode(0o600);
        }
    }

    /// False: somebody else has it. A file system without locks has no left-overs that are told from files under way.
    pub(super) fn lock(file: &File) -> bool {
        flock(file, FlockOperation::NonBlockingLockExclusive) != Err(Errno::WOULDBLOCK)
    }

    /// Is it still there, under its name?
    pub(super) fn is_at(file: &File, name: &Path) -> bool {
        let same = |one: &fs::Metadata, other: &fs::Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
        matches!((file.metadata(), fs::symlink_metadata(name)), (Ok(one), Ok(other)) if same(&one, &other))
    }

    pub(super) fn take_away(path: &Path, is_folder: bool) {
        let mut options = OpenOptions::new();
        options.read(true);
        // what became a link or a pipe meanwhile is not opened
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
        let Ok(file) = options.open(path) else { return };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() && is_at(&file, path) {
            // if it cannot be removed, the next run does it
            drop(if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) });
        }
    }
}

#[cfg(windows)]
mod system {
    use std::fs::{self, File, OpenOptions};
    use std::os::windows::fs::OpenOptionsExt as _;
    use std::path::Path;

    /// `FILE_SHARE_READ` and `FILE_SHARE_DELETE`: nobody else writes into it, and it can be renamed while it is open.
    const READ_AND_DELETE: u32 = 1 | 4;

    pub(super) fn shared(options: &mut OpenOptions, _: bool) {
        options.share_mode(READ_AND_DELETE);
    }

    pub(super) fn lock(_: &File) -> bool {
        true
    }

    pub(super) fn is_at(_: &File, _: &Path) -> bool {
        true
    }

    /// Whoever writes it lets nobody else do so. Folders are not told apart, and stay.
    pub(super) fn take_away(path: &Path, is_folder: bool) {
        if !is_folder && OpenOptions::new().write(true).open(path).is_ok() {
            drop(fs::remove_file(path));
        }
    }
}

#[cfg(not(any(unix, windows)))]
mod system {
    use std::fs::{File, OpenOptions};
    use std::path::Path;

    pub(super) fn shared(_: &mut OpenOptions, _: bool) {}

    pub(super) fn lock(_: &File) -> bool {
        true
    }

    pub(super) fn is_at(_: &File, _: &Path) -> bool {
        true
    }

    pub(super) fn take_away(_: &Path, _: bool) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_runs_give_are_ours() {
        let given = name(Path::new("x/UD_SA.tar.gz"), PART).unwrap();
        assert!(is_ours(given.file_name().unwrap()) && given.parent() == Some(Path::new("x")));
        let long = name(&Path::new("x").join("n".repeat(255)), SPOOL).unwrap();
        assert!(is_ours(long.file_name().unwrap()) && long.file_name().unwrap().len() < 60, "{long:?}");
        assert_ne!(name(Path::new("a"), PART).unwrap(), name(Path::new("a"), PART).unwrap());
        assert!(name(Path::new(".."), PART).is_err());
        for other in
            ["a.part", "backup.2024-11.part", "a.slp-1-2.txt", "a.slp-1.part", "a.slp-x-2.part", "a.slp--2.part", ""]
        {
            assert!(!is_ours(OsStr::new(other)), "{other}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_another_run_takes_away_before_it_is_held_gets_another_name() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("e");
        let turns = std::cell::Cell::new(0);
        let open = |name: &Path| {
            made(name, || {
                turns.set(turns.get() + 1);
                if turns.get() < 4 {
                    // as another run would, which finds it unlocked
                    sweep(place.path());
                }
            })
        };
        let (_held, name) = held(&path, PART, open).unwrap();
        assert!(turns.get() == 4 && name.is_dir());
        sweep(place.path());
        assert!(name.is_dir(), "it is locked");
        // where no folder can be made at all, that is said
        let error = super::folder(&place.path().join("missing").join("e")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_left_over_goes_and_what_is_under_way_stays() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let left = |name: &str| folder.join(name);
        fs::write(left("a.slp-1-0.part"), b"of a killed run").unwrap();
        fs::write(left("a.slp-1-1.spool"), b"of a killed run").unwrap();
        fs::create_dir_all(left("b.slp-1-2.part/inside")).unwrap();
        fs::write(left("c.part"), b"of somebody else").unwrap();
        std::os::unix::fs::symlink(left("c.part"), left("d.slp-1-3.part")).unwrap();
        let (file, at) = super::file(&left("a"), PART, false).unwrap();
        let (dir, inner) = super::folder(&left("e")).unwrap();
        assert!(!left("a.slp-1-0.part").exists() && !left("a.slp-1-1.spool").exists());
        assert!(!left("b.slp-1-2.part").exists());
        sweep(folder);
        assert!(at.exists() && inner.exists(), "they are locked");
        drop((file, dir));
        sweep(folder);
        assert!(!at.exists() && !inner.exists(), "as if the run had been killed");
        assert!(left("c.part").exists() && fs::symlink_metadata(left("d.slp-1-3.part")).is_ok());
    }
}
