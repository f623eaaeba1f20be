//! One file or standard input, through a limit.

use std::fs::File;
use std::io::{self, Read as _};
use std::mem;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use slp_rum::ReadOptions;
use slp_sync::bundle::Leaf;

use crate::fault::Fault;
use crate::paths::has_archive_name;
use crate::wording::grouped;

/// The name of standard input in messages.
pub(crate) const STANDARD_INPUT: &str = "<stdin>";

/// Enough of a file to see what it is: one block of a tar archive.
const HEAD: u64 = 512;

/// A file up to this size is read at once: of a fleet's files each call of the system tells.
const SMALL: u64 = 64 << 10;

/// Opens a file for reading, if it is one: a named pipe would wait for its writer, a device may have no end.
///
/// # Errors
/// Those of the system, and one for what is no regular file.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    open_sized(path).map(|(file, _)| file)
}

/// The same, and how many bytes it has.
fn open_sized(path: &Path) -> io::Result<(File, u64)> {
    regular(&std::fs::metadata(path)?)?;
    #[expect(clippy::disallowed_methods, reason = "the program reads the files that it is given, through limits")]
    let file = File::open(path)?;
    // what has that name may be another thing by now
    let about = file.metadata()?;
    regular(&about)?;
    Ok((file, about.len()))
}

/// Reads at most so many bytes of a file, and one more, by which a longer file is known.
///
/// # Errors
/// As [`open`].
pub(crate) fn bytes_of(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Do these bytes, a label or the like, stand anywhere in a text?
pub(crate) fn has(text: &[u8], mark: &[u8]) -> bool {
    text.windows(mark.len()).any(|window| window == mark)
}

fn regular(about: &std::fs::Metadata) -> io::Result<()> {
    let what = match () {
        () if about.is_file() => return Ok(()),
        () if about.is_dir() => "a folder, where a file is wanted",
        () => "not a regular file: save it to one, or send it to standard input and give -",
    };
    Err(io::Error::other(what))
}

/// One document in memory: a file, or a leaf of a bundle.
#[derive(Debug)]
pub(crate) struct Input<'b> {
    /// The file; behind it, joined by `!`, the archive entries that lead to a leaf.
    pub(crate) name: &'b str,
    pub(crate) bytes: &'b [u8],
    pub(crate) options: &'b ReadOptions,
    leaf: Option<&'b Leaf<'b>>,
}

impl<'b> Input<'b> {
    /// A file of this name.
    pub(crate) fn file(name: &'b str, bytes: &'b [u8], options: &'b ReadOptions) -> Self {
        Self { name, bytes, options, leaf: None }
    }

    /// A leaf of a bundle; `text` is room for its name.
    pub(crate) fn leaf(leaf: &'b Leaf<'b>, text: &'b mut String, options: &'b ReadOptions) -> Self {
        text.clear();
        for outer in [&leaf.file, &leaf.archive].into_iter().flatten() {
            text.push_str(outer);
            text.push('!');
        }
        text.push_str(&leaf.name);
        Self { name: text, bytes: &leaf.bytes, options, leaf: Some(leaf) }
    }

    /// A fault in this document.
    pub(crate) fn fault(&self, error: slp_rum::Error) -> Fault {
        let Some(leaf) = self.leaf else {
            return Fault::in_file(self.name, error);
        };
        let error = error.inside(&*leaf.name);
        let outer = [&leaf.archive, &leaf.file];
        Fault::of(&outer.into_iter().flatten().fold(error, |error, outer| error.inside(&**outer)))
    }

    /// The leaf of a bundle, if it is one.
    pub(crate) fn as_leaf(&self) -> Option<&'b Leaf<'b>> {
        self.leaf
    }

    /// A fault of the layer of bundles in this document.
    pub(crate) fn bundle_fault(&self, error: slp_sync::Error) -> Fault {
        Fault::of_bundle(&match self.leaf {
            Some(leaf) => leaf.locate(error),
            None => error.inside(self.name),
        })
    }
}

/// What a file turned out to be.
#[derive(Debug)]
pub(crate) enum Read {
    /// A document, now in the buffer.
    Document,
    /// An archive, to be read leaf by leaf.
    Archive(Archive),
}

impl Read {
    /// It has to be a document.
    fn document(self, name: &str) -> Result<(), Box<Fault>> {
        match self {
            Self::Document => Ok(()),
            Self::Archive(_) => {
                let text = "an archive, where one document is wanted: extract it and give the file";
                Err(Box::new(Fault::of_file("unsupported", name, text)))
            }
        }
    }
}

/// An archive of which only the first bytes were read.
#[derive(Debug)]
pub(crate) struct Archive {
    pub(crate) name: String,
    head: Vec<u8>,
    /// None: the rest of standard input.
    rest: Option<File>,
}

impl Archive {
    /// The archive from its first byte on.
    pub(crate) fn open<'r>(self, reader: &'r Reader<'_>) -> Counting<impl io::Read + use<'r>> {
        let rest: Box<dyn io::Read + 'r> = match self.rest {
            Some(file) => Box::new(file),
            None => Box::new(StandardInput(reader)),
        };
        Counting { source: io::Cursor::new(self.head).chain(rest), count: Counter::default() }
    }
}

struct StandardInput<'r, 'c>(&'r Reader<'c>);

impl io::Read for StandardInput<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.standard_input.lock().unwrap_or_else(PoisonError::into_inner).read(buffer)
    }
}

/// Bytes read so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter(Arc<AtomicU64>);

impl Counter {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts what is read.
pub(crate) struct Counting<R> {
    source: R,
    count: Counter,
}

impl<R> Counting<R> {
    pub(crate) fn counter(&self) -> Counter {
        self.count.clone()
    }
}

impl<R: io::Read> io::Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let amount = self.source.read(buffer)?;
        self.count.0.fetch_add(u64::try_from(amount).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(amount)
    }
}

/// Reads whole files, none above the limit.
pub(crate) struct Reader<'c> {
    pub(crate) options: ReadOptions,
    /// May the caller of the program raise the limit?
    is_raisable: bool,
    standard_input: Mutex<&'c mut (dyn io::Read + Send)>,
}

impl<'c> Reader<'c> {
    pub(crate) fn new(options: ReadOptions, standard_input: &'c mut (dyn io::Read + Send)) -> Self {
        Self { options, is_raisable: true, standard_input: Mutex::new(standard_input) }
    }

    /// For files whose limit no option raises: keys, certificates, captures, documents to be signed.
    pub(crate) fn fixed(limit: usize, standard_input: &'c mut (dyn io::Read + Send)) -> Self {
        let mut options = ReadOptions::default();
        options.limits.document_bytes = limit;
        Self { is_raisable: false, ..Self::new(options, standard_input) }
    }

    /// What reading a bundle may cost: the operator chose the file, so a million devices may be in it.
    pub(crate) fn bundle_limits(&self) -> slp_sync::Limits {
        let mut limits = slp_sync::Limits::bulk();
        limits.leaf_bytes = u64::try_from(self.options.limits.document_bytes).unwrap_or(u64::MAX);
        limits
    }

    /// Reads a document from standard input into `buffer`, in place of what was there. An archive is refused.
    pub(crate) fn standard_input(&self, buffer: &mut Vec<u8>) -> Result<(), Box<Fault>> {
        self.standard_input_or_archive(buffer)?.document(STANDARD_INPUT)
    }

    /// Reads standard input into `buffer`, in place of what was there; of an archive only the first bytes.
    pub(crate) fn standard_input_or_archive(&self, buffer: &mut Vec<u8>) -> Result<Read, Box<Fault>> {
        let mut input = self.standard_input.lock().unwrap_or_else(PoisonError::into_inner);
        if self.fill(STANDARD_INPUT, &mut **input, None, buffer)? {
            return Ok(Read::Document);
        }
        Ok(Read::Archive(Archive { name: STANDARD_INPUT.to_owned(), head: mem::take(buffer), rest: None }))
    }

    /// A file that is to be an archive, unread.
    pub(crate) fn archive(path: &Path) -> Result<Archive, Box<Fault>> {
        if path.as_os_str() == "-" {
            return Ok(Archive { name: STANDARD_INPUT.to_owned(), head: Vec::new(), rest: None });
        }
        let name = path.to_string_lossy().into_owned();
        let file = open(path).map_err(|error| Box::new(Fault::io(&name, &error)))?;
        Ok(Archive { name, head: Vec::new(), rest: Some(file) })
    }

    /// Reads a document into `buffer`, in place of what was there. An archive is refused.
    pub(crate) fn file(&self, path: &Path, name: &str, buffer: &mut Vec<u8>) -> Result<(), Box<Fault>> {
        self.file_or_archive(path, name, buffer)?.document(name)
    }

    /// Reads a file into `buffer`, in place of what was there; of an archive only the first bytes.
    pub(crate) fn file_or_archive(&self, path: &Path, name: &str, buffer: &mut Vec<u8>) -> Result<Read, Box<Fault>> {
        let fault = |error| Box::new(Fault::io(name, &error));
        let (mut file, length) = open_sized(path).map_err(fault)?;
        if self.fill(name, &mut file, Some(length), buffer)? {
            return Ok(Read::Document);
        }
        Ok(Read::Archive(Archive { name: name.to_owned(), head: mem::take(buffer), rest: Some(file) }))
    }

    /// Reads to the end, unless it is an archive (false).
    fn fill(
        &self,
        name: &str,
        source: &mut dyn io::Read,
        length: Option<u64>,
        buffer: &mut Vec<u8>,
    ) -> Result<bool, Box<Fault>> {
        let fault = |error: io::Error| Box::new(Fault::io(name, &error));
        let limit = u64::try_from(self.options.limits.document_bytes).unwrap_or(u64::MAX);
        buffer.clear();
        // one more than there are says that this is all
        let whole = length.filter(|length| *length < SMALL.min(limit)).map(|length| length.saturating_add(1));
        let first = whole.map_or(HEAD, |whole| whole.max(HEAD));
        let read = source.take(first).read_to_end(buffer).map_err(fault)?;
        let is_whole = u64::try_from(read).is_ok_and(|read| read < first);
        if buffer.starts_with(b"PK\x03\x04") {
            let text = "a zip archive, which is not read: unpack it and give the folder";
            return Err(Box::new(Fault::of_file("unsupported", name, text)));
        }
        if is_archive(buffer) || (has_archive_name(name) && !buffer.is_empty()) {
            return Ok(false);
        }
        if is_whole && u64::try_from(read).is_ok_and(|read| read <= limit) {
            return Ok(true);
        }
        if length.is_none_or(|length| length <= limit) {
            let room = limit.saturating_add(1).saturating_sub(u64::try_from(buffer.len()).unwrap_or(u64::MAX));
            source.take(room).read_to_end(buffer).map_err(fault)?;
            if u64::try_from(buffer.len()).is_ok_and(|length| length <= limit) {
                return Ok(true);
            }
        }
        let has = length.map_or_else(String::new, |length| format!("{} bytes, ", grouped(length)));
        let limit = grouped(limit);
        let text = if self.is_raisable {
            format!("{has}more than {limit}: raise --max-document-bytes if you trust the file")
        } else {
            format!("{has}more than the {limit} that such a file may have: is it the right one?")
        };
        Err(Box::new(Fault { name: Some("document_bytes"), ..Fault::of_file("limit", name, text) }))
    }
}

/// Are these bytes the start of an archive that may be a bundle?
fn is_archive(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b]) || head.get(257..262) == Some(b"ustar")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(limit: usize, bytes: &[u8], length: Option<u64>) -> Result<Vec<u8>, Box<Fault>> {
        let mut options = ReadOptions::default();
        options.limits.document_bytes = limit;
        let (mut nothing, mut buffer) = (io::empty(), b"what was there".to_vec());
        Reader::new(options, &mut nothing).fill("a.txt", &mut &*bytes, length, &mut buffer).map(|_| buffer)
    }

    #[test]
    fn the_limit_itself_passes_and_one_byte_more_is_refused() {
        assert_eq!(read(3, b"abc", None).unwrap(), b"abc");
        let long = vec![b' '; 2_000];
        assert_eq!(read(2_000, &long, Some(2_000)).unwrap(), long);
        assert_eq!(read(1_999, &long, None).unwrap_err().name, Some("document_bytes"));
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
    fn an_archive_is_left_to_be_read_leaf_by_leaf_whatever_its_size() {
        let options = ReadOptions::default();
        let (mut nothing, mut buffer) = (io::empty(), Vec::new());
        let reader = Reader::new(options, &mut nothing);
        let mut tar = [0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        for (name, head, is_document) in [
            ("a.txt", &[0x1f, 0x8b, 8, 0][..], false),
            ("a", &tar, false),
            ("a.TGZ", b"not gzip", false),
            ("a.tar", b"", true),
            ("a.txt", b"<a/>", true),
        ] {
            let read = reader.fill(name, &mut &*head, Some(1 << 20), &mut buffer).unwrap();
            assert_eq!((read, &*buffer), (is_document, head), "{name}");
        }
    }

    #[test]
    fn a_zip_archive_is_named_for_what_it_is() {
        let fault = read(10, b"PK\x03\x04", Some(1 << 30)).unwrap_err();
        assert!(fault.text.starts_with("a zip archive"), "{fault}");
    }
}
