//! The ledger of exported bundles, as a file: appended to, synchronized, one program at a time.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use slp_kit::open_alone;
use slp_model::UnixMillis;
use slp_sync::ledger::{Event, Ledger};

use crate::console::{Messages, Stop};
use crate::files::{settle, unwritten};
use crate::wording::count_of;

/// A ledger that this program may append to: nobody else can, as long as it is open.
#[derive(Debug)]
pub(crate) struct ExportLedger {
    path: PathBuf,
    file: File,
    length: u64,
    /// Bytes behind the last good line: a line that a kill tore off.
    torn: u64,
    ledger: Ledger,
    /// Lines that are not in the file yet.
    lines: String,
}

impl ExportLedger {
    /// Opens a ledger, or begins one. A last line that a kill tore off is cut off before the next one is written.
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
        let torn = file.metadata().map_err(failed)?.len().saturating_sub(length);
        Ok(Self { path: path.to_owned(), file, length, torn, ledger, lines: String::new() })
    }

    /// Says that a line is passed over, if so.
    pub(crate) fn tell(&self, messages: &mut Messages<'_>) {
        if self.torn > 0 {
            let torn = count_of(self.torn, "byte", "bytes");
            let path = self.path.display();
            messages.note(&format!("{path}: {torn} at its end are half a line, torn off by a kill: passed over"));
        }
    }

    /// Cuts off whatever is behind the last good line.
    fn cut(&mut self) -> io::Result<()> {
        self.torn = 0;
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
        let added = |own: &mut Self| {
            own.cut()?;
            own.file.write_all(own.lines.as_bytes())?;
            own.file.sync_data()
        };
        let written = added(self);
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
    use crate::files::holds;

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
        assert_eq!(fs::metadata(&path).unwrap().len(), whole + 14, "who writes nothing cuts nothing");
        ledger.append("UD_2.tar.gz", time, begin()).unwrap();
        drop(ledger);
        let mut ledger = ExportLedger::open(&path).unwrap();
        assert_eq!((ledger.ledger().bundles().count(), ledger.torn), (2, 0));
        ledger.append("UD_3.tar.gz", time, begin()).unwrap();
        drop(ledger);
        assert_eq!(ExportLedger::open(&path).unwrap().ledger().bundles().count(), 3);
        fs::remove_file(&path).unwrap();
        // another file is no ledger, and stays as it is
        for other in ["hello\n", "{\"data\":[]}", "hello"] {
            fs::write(&path, other).unwrap();
            let Err(Stop::Data(text)) = ExportLedger::open(&path) else { panic!("{other} was taken") };
            assert!(text.contains("this is no ledger of exports"), "{text}");
            assert!(holds(&path, other.as_bytes()).unwrap(), "{other} is as it was");
        }
        fs::remove_file(&path).unwrap();
    }
}
