//! Files that one process has open at a time: stores and ledgers.

#[cfg(unix)]
use std::fs;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file that no other process has open like this. The lock ends with this process, however it ends.
///
/// # Errors
/// `WouldBlock`: another process has it. Those of the system; a folder is `IsADirectory` everywhere, and what else is no
/// regular file is refused, since a pipe waits for its other end and a device has none.
#[cfg(unix)]
pub fn open_alone(options: &OpenOptions, path: &Path) -> io::Result<File> {
    use rustix::fs::{FlockOperation, flock};

    match fs::metadata(path) {
        // a folder would open on some systems and not on others
        Ok(about) if about.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(about) if !about.is_file() => return Err(io::Error::other("not a regular file")),
        _ => {}
    }
    let file = options.open(path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

/// Opens a file that no other process can open meanwhile.
///
/// # Errors
/// `WouldBlock`: another process has it. Those of the system.
#[cfg(windows)]
pub fn open_alone(options: &OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt as _;

    const SHARING_VIOLATION: i32 = 32;
    options.clone().share_mode(0).open(path).map_err(|error| {
        if error.raw_os_error() == Some(SHARING_VIOLATION) { io::ErrorKind::WouldBlock.into() } else { error }
    })
}

/// Opens a file. This system is not asked whether another process has it.
///
/// # Errors
/// Those of the system.
#[cfg(not(any(unix, windows)))]
pub fn open_alone(options: &OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}
