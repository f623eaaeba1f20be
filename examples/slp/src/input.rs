//! One file or standard input, through a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use slp_rum::ReadOptions;

use crate::fault::Fault;
use crate::wording::grouped;

/// The name of standard input in messages.
pub(crate) const STANDARD_INPUT: &str = "<stdin>";

/// Enough of a file to see what it is: one block of a tar archive.
const HEAD: u64 = 512;

/// One document in memory.
#[derive(Debug)]
pub(crate) struct Input<'b> {
    pub(crate) name: &'b str,
    pub(crate) bytes: &'b [u8],
    pub(crate) options: &'b ReadOptions,
}

impl Input<'_> {
    /// A fault in this document.
    pub(crate) fn fault(&self, error: slp_rum::Error) -> Fault {
        Fault::in_file(self.name, error)
    }
}

/// Reads whole files, none above the limit.
pub(crate) struct Reader<'c> {
    pub(crate) options: ReadOptions,
    standard_input: Mutex<&'c mut (dyn Read + Send)>,
}

impl<'c> Reader<'c> {
    pub(crate) fn new(options: ReadOptions, standard_input: &'c mut (dyn Read + Send)) -> Self {
        Self { options, standard_input: Mutex::new(standard_input) }
    }

    /// Reads standard input into `buffer`, in place of what was there.
    pub(crate) fn standard_input(&self, buffer: &mut Vec<u8>) -> Result<(), Box<Fault>> {
        let mut input = self.standard_input.lock().unwrap_or_else(PoisonError::into_inner);
        self.fill(STANDARD_INPUT, &mut **input, None, buffer)
    }

    /// Reads a file into `buffer`, in place of what was there.
    pub(crate) fn file(&self, path: &Path, name: &str, buffer: &mut Vec<u8>) -> Result<(), Box<Fault>> {
        let fault = |error| Box::new(Fault::io(name, &error));
        #[expect(clippy::disallowed_methods, reason = "the program reads the files that it is given, through a limit")]
        let mut file = File::open(path).map_err(fault)?;
        let about = file.metadata().map_err(fault)?;
        // of a pipe or a device the length is not known beforehand
        let length = about.is_file().then_some(about.len());
        self.fill(name, &mut file, length, buffer)
    }

    fn fill(
        &self,
        name: &str,
        source: &mut dyn Read,
        length: Option<u64>,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Box<Fault>> {
        let fault = |error: io::Error| Box::new(Fault::io(name, &error));
        let limit = u64::try_from(self.options.limits.document_bytes).unwrap_or(u64::MAX);
        buffer.clear();
        source.take(HEAD.min(limit.saturating_add(1))).read_to_end(buffer).map_err(fault)?;
        if let Some(what) = archive(buffer) {
            let text = format!("{what}, which is not read yet: unpack it and give the folder");
            return Err(Box::new(Fault::of_file("unsupported", name, text)));
        }
        if length.is_none_or(|length| length <= limit) {
            let room = limit.saturating_add(1).saturating_sub(u64::try_from(buffer.len()).unwrap_or(u64::MAX));
            source.take(room).read_to_end(buffer).map_err(fault)?;
            if u64::try_from(buffer.len()).is_ok_and(|length| length <= limit) {
                return Ok(());
            }
        }
        let has = length.map_or_else(String::new, |length| format!("{} bytes, ", grouped(length)));
        let text = format!("{has}more than {}: raise --max-document-bytes if you trust the file", grouped(limit));
        Err(Box::new(Fault { limit: Some("document_bytes"), ..Fault::of_file("limit", name, text) }))
    }
}

/// What the bytes are, when they are the start of an archive.
fn archive(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x1f, 0x8b, ..] => Some("a gzip archive"),
        [b'P', b'K', 3, 4, ..] => Some("a zip archive"),
        _ if head.get(257..262) == Some(b"ustar") => Some("a tar archive"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(limit: usize, bytes: &[u8], length: Option<u64>) -> Result<Vec<u8>, Box<Fault>> {
        let mut options = ReadOptions::default();
        options.limits.document_bytes = limit;
        let (mut nothing, mut buffer) = (io::empty(), b"what was there".to_vec());
        Reader::new(options, &mut nothing).fill("a.txt", &mut &*bytes, length, &mut buffer).map(|()| buffer)
    }

    #[test]
    fn the_limit_itself_passes_and_one_byte_more_is_refused() {
        assert_eq!(read(3, b"abc", None).unwrap(), b"abc");
        let long = vec![b' '; 2_000];
        assert_eq!(read(2_000, &long, Some(2_000)).unwrap(), long);
        assert_eq!(read(1_999, &long, None).unwrap_err().limit, Some("document_bytes"));
        assert_eq!(read(2, b"abc", None).unwrap_err().kind, "limit");
    }

    #[test]
    fn a_file_whose_length_is_above_the_limit_is_not_read_beyond_its_head() {
        let fault = read(1_000, &[b' '; 600], Some(1 << 30)).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "a.txt: 1,073,741,824 bytes, more than 1,000: raise --max-document-bytes if you trust the file (limit)"
        );
    }

    #[test]
    fn an_archive_is_named_for_what_it_is_even_above_the_limit() {
        let fault = read(10, &[0x1f, 0x8b, 8, 0], Some(1 << 30)).unwrap_err();
        assert_eq!(fault.kind, "unsupported");
        assert!(fault.message.starts_with("a gzip archive"), "{fault}");
    }
}
