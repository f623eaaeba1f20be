//! `slp bundle extract`: the leaves of a bundle as files, in a folder that appears when it is whole.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use slp_sync::bundle::Leaf;

use crate::Status;
use crate::arguments::Extract;
use crate::console::{Session, Stop};
use crate::fault::Fault;
use crate::files::{part_folder, settle, unwritten};
use crate::input::Input;
use crate::pipeline::{self, Work};
use crate::wording::{count_of, grouped};

/// Names that some systems take for devices, whatever stands behind the first dot.
const DEVICES: [&str; 22] = [
    "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "LPT1", "LPT2",
    "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
];

/// A folder under another name, gone unless it is kept.
struct Folder {
    path: PathBuf,
    part: PathBuf,
    /// As long as it is open, no other run takes the folder for left over.
    _held: Option<fs::File>,
    kept: bool,
}

impl Folder {
    fn begin(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(about) if about.is_dir() && fs::read_dir(path)?.next().is_none() => {}
            Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there, and no empty folder")),
        }
        let (held, part) = part_folder(path)?;
        Ok(Self { path: path.to_owned(), part, _held: held, kept: false })
    }

    fn keep(&mut self) -> io::Result<()> {
        if self.path.exists() {
            fs::remove_dir(&self.path)?;
        }
        fs::rename(&self.part, &self.path)?;
        self.kept = true;
        settle(&self.path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.kept {
            drop(fs::remove_dir_all(&self.part));
        }
    }
}

/// What some leaves came to.
#[derive(Default)]
struct Written {
    files: u64,
    bytes: u64,
    faults: Vec<Fault>,
    failed: Option<(PathBuf, io::Error)>,
}

struct Writing<'a>(&'a Path);

impl Work for Writing<'_> {
    type Piece = Written;

    fn document(&self, piece: &mut Written, input: &Input<'_>) {
        let Some(leaf) = input.as_leaf().filter(|_| piece.failed.is_none()) else {
            return;
        };
        let path = place(self.0, leaf);
        match write(&path, input.bytes) {
            Ok(()) => {
                piece.files = piece.files.saturating_add(1);
                piece.bytes = piece.bytes.saturating_add(u64::try_from(input.bytes.len()).unwrap_or(u64::MAX));
            }
            Err(error) => piece.failed = Some((path, error)),
        }
    }

    fn fault(&self, piece: &mut Written, fault: Fault) {
        piece.faults.push(fault);
    }
}

/// Where a leaf goes. No name of the archive is a path here: what is not plainly a file name is replaced by a number.
fn place(folder: &Path, leaf: &Leaf<'_>) -> PathBuf {
    let archive = leaf.archive.as_deref().map(|archive| {
        let stem = archive.strip_suffix(".tar.gz").unwrap_or(archive);
        if is_plain(stem) { stem.to_owned() } else { format!("archive_{}", stem.replace(|one| !is_safe(one), "_")) }
    });
    let name = if is_plain(&leaf.name) { leaf.name.to_string() } else { format!("leaf_{}.txt", leaf.index) };
    archive.map_or_else(|| folder.join(&name), |archive| folder.join(archive).join(&name))
}

/// Is that a name that every system takes for a file of that name?
fn is_plain(name: &str) -> bool {
    let starts = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    let plain = name.chars().all(|one| is_safe(one) || one == '.');
    let stem = name.split('.').next().unwrap_or_default();
    starts && plain && !name.ends_with('.') && !DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device))
}

fn is_safe(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let open = || OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // the first leaf of an archive
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            open()?
        }
        other => other?,
    };
    file.write_all(bytes)
}

pub(super) fn run(arguments: &Extract, session: &mut Session<'_>) -> Result<Status, Stop> {
    let output = &arguments.output;
    let mut folder = Folder::begin(output).map_err(|error| unwritten(output, &error))?;
    let part = folder.part.clone();
    let mut all = Written::default();
    let mut left_out = false;
    let taken = pipeline::bundle(&arguments.bundle, session, &Writing(&part), |_, messages, piece| {
        for fault in &piece.faults {
            messages.fault(fault);
            left_out = true;
        }
        all.files = all.files.saturating_add(piece.files);
        all.bytes = all.bytes.saturating_add(piece.bytes);
        match piece.failed {
            None => Ok(()),
            Some(failed) => {
                all.failed = Some(failed);
                Err(io::Error::other("stopped"))
            }
        }
    });
    if let Some((path, error)) = &all.failed {
        let path = path.strip_prefix(&part).map_or_else(|_| path.clone(), |inner| output.join(inner));
        return Err(unwritten(&path, error));
    }
    let summary = taken?.map_err(|fault| Stop::Data(format!("{fault}; nothing was extracted")))?;
    folder.keep().map_err(|error| unwritten(output, &error))?;
    let files = count_of(all.files, "file", "files");
    writeln!(session.output, "{files} with {} bytes in {}", grouped(all.bytes), output.display())?;
    if summary.refused > 0 {
        writeln!(session.output, "{} not extracted", count_of(summary.refused, "leaf", "leaves"))?;
    }
    Ok(Status::of_errors(left_out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_some_system_reads_otherwise_is_replaced() {
        for name in ["dev_1_26Nov24_10_20_30_123.txt", "a-b.xml", "1.txt", "CONSOLE.txt"] {
            assert!(is_plain(name), "{name}");
        }
        for name in ["", ".hidden", "nul.txt", "Com1", "a.", "a b.txt", "ä.txt", "a:b.txt", "..", "-rf", "a/b", "a\\b"]
        {
            assert!(!is_plain(name), "{name}");
        }
    }
}
