//! Files that are written: whole under their name, or not there at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use crate::console::Stop;

mod part; // names of what is under way

pub(crate) use part::{folder as part_folder, sweep};

/// A file under way. It has another name until it is whole and on the disk; dropped before, it is gone.
#[derive(Debug)]
pub(crate) struct Fresh {
    file: BufWriter<File>,
    path: PathBuf,
    /// None: no regular file (a pipe, a device), which has no second name.
    part: Option<PathBuf>,
    /// May it take the place of what is there?
    replaces: bool,
}

impl Fresh {
    /// Starts a file that must not be there yet, not even when it is whole.
    ///
    /// # Errors
    /// `AlreadyExists`, and those of the system.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::begin(path, false),
            Err(error) => Err(error),
            Ok(about) if about.is_file() || about.is_dir() || about.is_symlink() => Err(exists()),
            Ok(_) => {
                let file = BufWriter::new(OpenOptions::new().write(true).open(path)?);
                Ok(Self { file, path: path.to_owned(), part: None, replaces: true })
            }
        }
    }

    /// Starts a file that takes the place of what is there, once it is whole.
    pub(crate) fn replace(path: &Path) -> io::Result<Self> {
        Self::begin(path, true)
    }

    fn begin(path: &Path, replaces: bool) -> io::Result<Self> {
        let (file, part) = part::file(path, part::PART, false)?;
        Ok(Self { file: BufWriter::new(file), path: path.to_owned(), part: Some(part), replaces })
    }

    /// The file is whole: it goes to the disk, then gets its name.
    ///
    /// # Errors
    /// `AlreadyExists` if it must not be there and another run was quicker; those of the system.
    pub(crate) fn keep(mut self) -> io::Result<()> {
        let path = self.path.clone();
        self.bring_to_disk()?;
        if self.name()? { settle(&path) } else { Ok(()) }
    }

    fn bring_to_disk(&mut self) -> io::Result<()> {
        self.file.flush()?;
        if self.part.is_some() { self.file.get_ref().sync_all() } else { Ok(()) }
    }

    /// Gives it its name. False: it is no regular file, and has no name to settle.
    fn name(mut self) -> io::Result<bool> {
        let Some(part) = &self.part else {
            return Ok(false);
        };
        if self.replaces {
            fs::rename(part, &self.path)?;
        } else {
            name_anew(part, &self.path)?;
        }
        self.part = None;
        Ok(true)
    }
}

/// Files that go to the disk at once. A file system writes down together what it is asked to at one time.
const AT_ONCE: usize = 8;

/// As [`Fresh::keep`] for many files of one folder, which has to be [settled](settle_folder) afterwards: once for all of them.
/// What became of each, in their order.
pub(crate) fn place_all(mut files: Vec<Fresh>) -> Vec<io::Result<()>> {
    let share = files.len().div_ceil(AT_ONCE).max(1);
    let synced: Vec<io::Result<()>> = thread::scope(|scope| {
        let work = |files: &mut [Fresh]| files.iter_mut().map(Fresh::bring_to_disk).collect::<Vec<_>>();
        let threads: Vec<_> = files.chunks_mut(share).map(|files| scope.spawn(move || work(files))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let named = |(file, synced): (Fresh, io::Result<()>)| synced.and_then(|()| file.name()).map(drop);
    files.into_iter().zip(synced).map(named).collect()
}

fn exists() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "it exists: give another name, or remove it")
}

/// Gives a file a name that must not be there: of two runs that do so at once one fails. Where a file cannot have two names,
/// whether it is there is asked for a moment before.
fn name_anew(part: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(part, path) {
        // if it cannot be removed, the next run does it
        Ok(()) => drop(fs::remove_file(part)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(exists()),
        Err(_) if fs::symlink_metadata(path).is_ok() => return Err(exists()),
        Err(_) => fs::rename(part, path)?,
    }
    Ok(())
}

impl Write for Fresh {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            // if it cannot be removed, the next run does it
            drop(fs::remove_file(part));
        }
    }
}

/// Writes a file that its owner alone may read (mode 0600 where there are modes) and that must not be there yet: not even
/// one that appears meanwhile is written over. What cannot be finished is taken away again.
pub(crate) fn create_secret(path: &Path, content: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = content(&mut file).and_then(|()| file.sync_all());
    if written.is_err() {
        drop(fs::remove_file(path));
    }
    written?;
    settle(path)
}

/// Room on the disk for what is needed for a while. Nothing is left of it.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    path: PathBuf,
}

impl Spool {
    /// Beside the file that is being written, where there is room for that anyway.
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        let is_special = fs::metadata(path).is_ok_and(|about| !about.is_file());
        let elsewhere = std::env::temp_dir().join("bundle");
        // it may lie in a folder of everybody
        let (file, path) = part::file(if is_special { &elsewhere } else { path }, part::SPOOL, true)?;
        Ok(Self { file, path })
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
    }
}

impl Read for Spool {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Spool {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// The folder that a file lies in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

/// A name is on the disk only when its folder is. Where folders cannot be opened that is the system's matter.
pub(crate) fn settle(path: &Path) -> io::Result<()> {
    settle_folder(folder_of(path))
}

/// All names in a folder are on the disk afterwards.
#[expect(clippy::disallowed_methods, reason = "a folder is opened to be synchronized, not read")]
pub(crate) fn settle_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Is a file there, with exactly these bytes?
#[expect(clippy::disallowed_methods, reason = "no more is read of it than there are bytes to compare")]
pub(crate) fn holds(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut have = Vec::with_capacity(bytes.len());
    let limit = u64::try_from(bytes.len()).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(limit).read_to_end(&mut have)?;
    Ok(have == bytes)
}

/// The message for something that cannot be written.
pub(crate) fn unwritten(path: &Path, error: &io::Error) -> Stop {
    Stop::Data(format!("{}: cannot be written: {}", path.display(), error))
}

/// The message for a bundle that cannot be written: the cause is the system's, or the bundle's own.
pub(crate) fn unbundled(path: &Path, error: &slp_sync::Error) -> Stop {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause {
        Some(cause) => unwritten(path, cause),
        None => Stop::Data(format!("{}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("slp-files-{}-{name}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_has_its_name_when_it_is_whole_and_leaves_nothing_when_it_is_not() {
        let folder = folder("whole");
        let path = folder.join("a");
        let mut file = Fresh::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(file);
        assert!(names(&folder).is_empty());
        let mut file = Fresh::create(&path).unwrap();
        file.write_all(b"whole").unwrap();
        file.keep().unwrap();
        assert_eq!(names(&folder), ["a"]);
        assert!(
            holds(&path, b"whole").unwrap() && !holds(&path, b"whol").unwrap() && !holds(&path, b"whole!").unwrap()
        );
        let error = Fresh::create(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn of_two_that_write_one_file_at_once_neither_spoils_the_other() {
        let folder = folder("two");
        let path = folder.join("a");
        let start = |text: &[u8]| {
            let mut file = Fresh::create(&path).unwrap();
            file.write_all(text).unwrap();
            file
        };
        let (mut one, two) = (start(b"o"), start(b"two"));
        one.write_all(b"ne").unwrap();
        assert_eq!(names(&folder).len(), 2, "each has a name of its own");
        two.keep().unwrap();
        assert_eq!(one.keep().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(holds(&path, b"two").unwrap());
        let (mut three, mut four) = (Fresh::replace(&path).unwrap(), Fresh::replace(&path).unwrap());
        three.write_all(b"three").unwrap();
        four.write_all(b"four").unwrap();
        four.keep().unwrap();
        three.keep().unwrap();
        assert!(holds(&path, b"three").unwrap(), "the last one counts");
        let spools = [Spool::beside(&path).unwrap(), Spool::beside(&path).unwrap()];
        assert_eq!(names(&folder).len(), 3);
        drop(spools);
        assert_eq!(names(&folder), ["a"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn many_files_are_placed_in_their_order_and_one_that_is_there_costs_itself() {
        let folder = folder("many");
        let start = |number: usize| {
            let mut file = Fresh::create(&folder.join(format!("{}", number % 20))).unwrap();
            file.write_all(number.to_string().as_bytes()).unwrap();
            file
        };
        let placed = place_all((0..21).map(start).collect());
        assert!(placed[..20].iter().all(Result::is_ok));
        assert_eq!(placed[20].as_ref().unwrap_err().kind(), io::ErrorKind::AlreadyExists, "the name of the first");
        assert_eq!(names(&folder).len(), 20);
        assert!(holds(&folder.join("0"), b"0").unwrap() && holds(&folder.join("19"), b"19").unwrap());
        assert!(place_all(Vec::new()).is_empty());
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_run_left_is_taken_away() {
        let folder = folder("killed");
        fs::write(folder.join("a.slp-1-0.part"), b"half of it").unwrap();
        fs::write(folder.join("a.part"), b"of somebody else").unwrap();
        let mut file = Fresh::create(&folder.join("a")).unwrap();
        file.write_all(b"short").unwrap();
        file.keep().unwrap();
        assert!(holds(&folder.join("a"), b"short").unwrap());
        let mut left = names(&folder);
        left.sort();
        assert_eq!(left, ["a", "a.part"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_file_that_must_not_be_there() {
        let folder = folder("link");
        fs::write(folder.join("victim"), b"mine").unwrap();
        let file = Fresh::create(&folder.join("a")).unwrap();
        std::os::unix::fs::symlink(folder.join("victim"), folder.join("a")).unwrap();
        assert_eq!(file.keep().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(holds(&folder.join("victim"), b"mine").unwrap());
        fs::remove_dir_all(folder).unwrap();
    }
}
