//! Files that commands write: whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Whoever the system lets.
    Everyone,
    /// Its owner alone: mode 0600 where there are modes.
    Owner,
}

/// Writes a file in place of what was there. Nobody ever sees half of it: it gets another name first, and its own when
/// the bytes are on the disk.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary_name(path)?;
    let written = write(&temporary, Readers::Everyone, |file| file.write_all(bytes));
    let renamed = written.and_then(|()| fs::rename(&temporary, path));
    if renamed.is_err() {
        drop(fs::remove_file(&temporary));
    }
    renamed?;
    settle(path)
}

/// Writes a file that must not be there yet. What was written is taken away again when it cannot be finished.
pub(crate) fn create(
    path: &Path,
    readers: Readers,
    content: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let written = write(path, readers, content);
    match &written {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => drop(fs::remove_file(path)),
        _ => {}
    }
    written?;
    settle(path)
}

fn write(path: &Path, readers: Readers, content: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = readers;
    let mut file = options.open(path)?;
    content(&mut file)?;
    file.sync_all()
}

/// Beside the file, so that renaming stays on one disk; of this process, so that two do not meet.
fn temporary_name(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::other("this is no name of a file"))?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(temporary))
}

/// The name itself is on the disk only when its folder is. Where folders cannot be opened that is the system's matter.
#[expect(clippy::disallowed_methods, reason = "a folder is opened to be synchronized, not read")]
fn settle(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
