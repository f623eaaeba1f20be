//! From PATH arguments to files, in order.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::vec;

use crate::fault::Fault;

/// Names of files that a directory is searched for.
const ENDINGS: [&str; 6] = [".txt", ".xml", ".json", ".tar", ".tar.gz", ".tgz"];
/// Those of archives.
const ARCHIVES: [&str; 3] = [".tar", ".tar.gz", ".tgz"];

/// One thing that a PATH led to.
#[derive(Debug)]
pub(crate) enum Found {
    /// Standard input.
    Input,
    /// A file to be read.
    File(PathBuf),
    /// An entry of a directory that is not read, and why.
    Skipped { name: String, why: &'static str },
    /// A PATH or a directory that the system does not give.
    Fault(Fault),
}

/// Walks the PATHs: directories recursively, in byte order of the names, one listing per level in memory. Links are
/// followed when they are named as a PATH, not inside directories.
#[derive(Debug)]
pub(crate) struct Walk {
    paths: vec::IntoIter<PathBuf>,
    open: Vec<Listing>,
}

/// The rest of a directory.
#[derive(Debug)]
struct Listing {
    directory: PathBuf,
    entries: vec::IntoIter<(OsString, Entry)>,
}

#[derive(Debug)]
enum Entry {
    File,
    Directory,
    Link,
    Other,
    Unknown(std::io::Error),
}

impl Walk {
    pub(crate) fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths: paths.into_iter(), open: Vec::new() }
    }

    /// Goes into a directory; one that cannot be listed is a fault.
    fn enter(&mut self, directory: PathBuf) -> Option<Found> {
        match list(&directory) {
            Ok(entries) => {
                self.open.push(Listing { directory, entries: entries.into_iter() });
                None
            }
            Err(error) => Some(Found::Fault(Fault::io(&directory.to_string_lossy(), &error))),
        }
    }

    fn start(&mut self, path: PathBuf) -> Option<Found> {
        if path.as_os_str() == "-" {
            return Some(Found::Input);
        }
        match fs::metadata(&path) {
            Ok(about) if about.is_dir() => self.enter(path),
            Ok(_) => Some(Found::File(path)),
            Err(error) => Some(Found::Fault(Fault::io(&path.to_string_lossy(), &error))),
        }
    }
}

impl Iterator for Walk {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let Some(listing) = self.open.last_mut() else {
                let path = self.paths.next()?;
                match self.start(path) {
                    Some(found) => return Some(found),
                    None => continue,
                }
            };
            let Some((name, entry)) = listing.entries.next() else {
                self.open.pop();
                continue;
            };
            let path = listing.directory.join(&name);
            let skipped = |why| Some(Found::Skipped { name: path.to_string_lossy().into_owned(), why });
            match entry {
                Entry::File if has_known_ending(&name) => return Some(Found::File(path)),
                Entry::File => return skipped("its name does not end in .txt .xml .json .tar .tar.gz .tgz"),
                Entry::Link => return skipped("a link"),
                Entry::Other => return skipped("not a regular file"),
                Entry::Unknown(error) => return Some(Found::Fault(Fault::io(&path.to_string_lossy(), &error))),
                Entry::Directory => {
                    if let Some(fault) = self.enter(path) {
                        return Some(fault);
                    }
                }
            }
        }
    }
}

fn list(directory: &PathBuf) -> std::io::Result<Vec<(OsString, Entry)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_file() => Entry::File,
            Ok(kind) if kind.is_dir() => Entry::Directory,
            Ok(kind) if kind.is_symlink() => Entry::Link,
            Ok(_) => Entry::Other,
            Err(error) => Entry::Unknown(error),
        };
        entries.push((entry.file_name(), kind));
    }
    entries.sort_unstable_by(|(one, _), (next, _)| one.as_encoded_bytes().cmp(next.as_encoded_bytes()));
    Ok(entries)
}

fn has_known_ending(name: &OsString) -> bool {
    ENDINGS.iter().any(|ending| ends(name.as_encoded_bytes(), ending))
}

/// Is that the name of an archive?
pub(crate) fn has_archive_name(name: &str) -> bool {
    ARCHIVES.iter().any(|ending| ends(name.as_bytes(), ending))
}

fn ends(name: &[u8], ending: &str) -> bool {
    let end = name.len().checked_sub(ending.len()).and_then(|at| name.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(ending.as_bytes()))
}

/// How much there is to read, if that can be told beforehand: only of files named one by one.
pub(crate) fn bytes_to_read(paths: &[PathBuf]) -> Option<u64> {
    paths.iter().try_fold(0_u64, |sum, path| {
        let about = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        sum.checked_add(about.len())
    })
}
