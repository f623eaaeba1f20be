//! The ledger of exported bundles, as a file: appended to, synchronized, one program at a time.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use slp_kit::open_alone;
use slp_model::UnixMillis;
use slp_sync::ledger::{Event, Ledger};

use crate::console::Stop;
use crate::files::{settle, unwritten};

/// A ledger that this program may append to: nobody else can, as long as it is open.
#[derive(Debug)]
pub(crate) struct ExportLedger {
    path: PathBuf,
    file: File,
    length: u64,
    ledger: Ledger,
    /// Lines that are not in the file yet.
    lines: String,
}

impl ExportLedger {
    /// Opens a ledger, or begins one. A last line that a kill tore off is cut off.
    ///
    /// # Errors
    /// [`Stop::Data`] if another program has it, if it is damaged, if it cannot be read or written.
    pub(crate) fn open(path: &Path) -> Result<Self, Stop> {
        Self::open_with(path, true)
    }

    /// Opens a ledger that is there.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn existing(path: &Path) -> Result<Self, Stop> {
        Self::open_with(path, false)
    }

    fn open_with(path: &Path, create: bool) -> Result<Self, Stop> {
        let failed = |error: io::Error| unwritten(path, &error);
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(create).truncate(false);
        let file = open_alone(&options, path).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => {
                Stop::Data(format!("{}: another program is at work with this ledger", path.display()))
            }
            _ => unwritten(path, &error),
        })?;
        if is_new {
            settle(path).map_err(failed)?;
        }
        let opened = Ledger::open(BufReader::with_capacity(1 << 20, &file));
        let (ledger, length) = opened.map_err(|error| Stop::Data(format!("{}: {error}", path.display())))?;
        let mut own = Self { path: path.to_owned(), file, length, ledger, lines: String::new() };
        own.cut().map_err(failed)?;
        Ok(own)
    }

    /// Cuts off whatever is behind the last good line.
    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length)).map(drop)
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Notes an event; [`sync`](Self::sync) brings it to the disk.
    pub(crate) fn note(&mut self, bundle: &str, time: UnixMillis, event: Event) -> Result<(), Stop> {
        let line = self.ledger.append(bundle, time, event);
        self.lines += &line.map_err(|error| Stop::Data(format!("{}: {error}", self.path.display())))?;
        Ok(())
    }

    /// What was noted is on the disk afterwards.
    pub(crate) fn sync(&mut self) -> Result<(), Stop> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(self.lines.as_bytes()).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                let length = u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
                self.length = self.length.saturating_add(length);
                self.lines.clear();
                Ok(())
            }
            Err(error) => {
                // half a line would be cut off by the next run; better that it is not there
                drop(self.cut());
                Err(unwritten(&self.path, &error))
            }
        }
    }

    /// Notes one event and brings it to the disk.
    pub(crate) fn append(&mut self, bundle: &str, time: UnixMillis, event: Event) -> Result<(), Stop> {
        self.note(bundle, time, event)?;
        self.sync()
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;

    use slp_sync::ledger::Begin;

    use super::*;

    #[test]
    fn two_programs_do_not_write_one_ledger_and_a_torn_line_is_cut_off() {
        let path = std::env::temp_dir().join(format!("slp-ledger-{}.jsonl", std::process::id()));
        drop(fs::remove_file(&path));
        let time: UnixMillis = "2026-11-24T10:20:30.123Z".parse().unwrap();
        let begin = || Event::Begin(Begin::new("", [0; 32], Vec::new()));
        {
            let mut ledger = ExportLedger::open(&path).unwrap();
            ledger.append("UD_1.tar.gz", time, begin()).unwrap();
            let second = ExportLedger::open(&path).unwrap_err();
            assert!(
                matches!(second, Stop::Data(text) if text.ends_with("another program is at work with this ledger"))
            );
        }
        let whole = fs::metadata(&path).unwrap().len();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"bundle\":\"UD_").unwrap();
        let mut ledger = ExportLedger::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), whole);
        ledger.append("UD_2.tar.gz", time, begin()).unwrap();
        drop(ledger);
        assert_eq!(ExportLedger::open(&path).unwrap().ledger().bundles().count(), 2);
        fs::remove_file(path).unwrap();
    }
}
