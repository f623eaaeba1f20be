//! Walks the entries of one archive.

use std::io::Read;

use slp_model::Location;

use crate::error::{Error, ErrorKind, Result};
use crate::fingerprint::Fingerprints;
use crate::limits::{Limits, Meter};
use crate::source::{Source, widen};
use crate::tar::BLOCK;
use crate::tar::header::{Header, Kind, text};
use crate::tar::name::{Verdict, check};
use crate::tar::pax;
use crate::warning::{Warning, WarningKind, Warnings};

/// One regular file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its name: a label without directories, checked.
    pub name: String,
    /// Bytes of its content.
    pub size: u64,
    /// Where its header starts in the archive.
    pub offset: u64,
}

/// What extension headers said about the next entry.
#[derive(Debug, Default)]
struct Extension {
    offset: u64,
    pax: Option<pax::Records>,
    long_name: Option<Vec<u8>>,
}

/// The state of walking one archive. It does not own its source, so that layers can be stacked.
#[derive(Debug)]
pub(crate) struct Entries {
    offset: u64,
    left: u64,
    padding: u64,
    current: Option<String>,
    extension: Option<Extension>,
    names: Fingerprints,
    ended: bool,
    name_limit: u64,
    extension_limit: u64,
    zero_limit: u64,
    meter: Meter,
    pub(crate) warnings: Warnings,
}

impl Entries {
    pub(crate) fn new(limits: &Limits, meter: Meter) -> Self {
        Self {
            offset: 0,
            left: 0,
            padding: 0,
            current: None,
            extension: None,
            names: Fingerprints::default(),
            ended: false,
            name_limit: limits.name_bytes,
            extension_limit: limits.extension_bytes,
            zero_limit: limits.trailing_zero_bytes,
            meter,
            warnings: Warnings::default(),
        }
    }

    /// Ready for another archive.
    pub(crate) fn reset(&mut self) {
        (self.offset, self.left, self.padding) = (0, 0, 0);
        (self.current, self.extension, self.ended) = (None, None, false);
        self.names.clear();
        self.warnings = Warnings::default();
    }

    fn warn(&mut self, kind: WarningKind, offset: u64, text: impl Into<String>) {
        self.warnings.push(Warning::new(kind, Location::byte(offset)).with(text));
    }

    fn cut(&self, text: &str) -> Error {
        let mut at = Location::byte(self.offset);
        if let Some(name) = &self.current {
            at = at.inside(name.as_str());
        }
        Error::new(ErrorKind::Truncated, format!("{text}: fetch or copy the archive again")).at(at).fatal()
    }

    /// Passes over what is left of the current entry.
    fn finish_entry<S: Source>(&mut self, source: &mut S) -> Result<()> {
        let left = self.left.saturating_add(self.padding);
        let passed = source.skip(left)?;
        self.offset = self.offset.saturating_add(passed);
        if passed < left {
            return Err(self.cut("the archive ends inside this entry"));
        }
        (self.left, self.padding, self.current) = (0, 0, None);
        Ok(())
    }

    /// The next regular file, or `None` after the end of the archive and of its source.
    pub(crate) fn next<S: Source>(&mut self, source: &mut S) -> Result<Option<Entry>> {
        loop {
            self.finish_entry(source)?;
            if self.ended {
                return Ok(None);
            }
            let offset = self.offset;
            let mut block = [0_u8; BLOCK];
            if !self.read_block(source, &mut block)? {
                return Ok(None);
            }
            let entry = self.header(source, &block, offset).map_err(|error| {
                let at = error.location().clone();
                if at.is_empty() { error.at(Location::byte(offset)) } else { error }
            })?;
            if entry.is_some() {
                return Ok(entry);
            }
        }
    }

    /// One header. `None`: an extension, or an entry that is skipped.
    fn header<S: Source>(&mut self, source: &mut S, block: &[u8; BLOCK], offset: u64) -> Result<Option<Entry>> {
        let header = Header::parse(block)?;
        let kind = header.kind();
        if header.is_extension() {
            // The name of such a header, `././@PaxHeader`, names nothing.
            self.extension_header(source, kind?, header.size, offset)?;
            return Ok(None);
        }
        self.meter.entry()?;
        let extension = self.extension.take().unwrap_or_default();
        let mut size_twice = None;
        let mut bytes = extension.long_name;
        if let Some(records) = extension.pax {
            size_twice = records.size;
            if let Some(unknown) = records.unknown {
                self.warn(WarningKind::PaxUnknown, extension.offset, unknown);
            }
            bytes = records.path.or(bytes);
        }
        let bytes = bytes.unwrap_or_else(|| header.name());
        let verdict = check(&bytes, matches!(kind, Ok(Kind::Directory)), self.name_limit)?;
        // The name was judged first, as the specification says; now the type. It is good, so it says where.
        let placed = |error: Error| match &verdict {
            Verdict::Take(name) => error.at(Location::byte(offset).inside(name.as_str())),
            Verdict::Skip => error,
        };
        let kind = kind.map_err(placed)?;
        if size_twice.is_some_and(|size| size != header.size) {
            let text =
                "the size in the PAX header is not that of the tar header: readers differ on where the entry ends";
            return Err(placed(Error::new(ErrorKind::ParserDifferential, text).named("size").fatal()));
        }
        self.left = header.size;
        self.padding = padding(header.size);
        match verdict {
            Verdict::Skip => {
                self.warn(WarningKind::DotEntry, offset, "");
                Ok(None)
            }
            Verdict::Take(_) if kind == Kind::Directory => {
                Err(placed(crate::tar::header::entry_type("directory", "a directory")))
            }
            Verdict::Take(name) => self.take(name, header.size, offset).map(Some),
        }
    }

    /// Was there an entry of this name, ASCII case ignored? A chance collision says yes too often, never too rarely.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name.to_ascii_lowercase().as_bytes())
    }

    fn take(&mut self, name: String, size: u64, offset: u64) -> Result<Entry> {
        let folded = name.to_ascii_lowercase();
        if !self.names.insert(folded.as_bytes()) {
            let (kind, text) = if folded == "manifest.mf" {
                (ErrorKind::DuplicateManifest, "a second manifest")
            } else {
                (ErrorKind::DuplicateEntry, "a second entry of this name")
            };
            return Err(Error::new(kind, text).at(Location::byte(offset).inside(name)).fatal());
        }
        if !name.is_ascii() {
            let text = slp_model::Quoted(&name).to_string();
            self.warn(WarningKind::NonAsciiName, offset, text);
        }
        self.current = Some(name.clone());
        Ok(Entry { name, size, offset })
    }

    /// Reads an `x` or `L` header and keeps what it says for the next entry.
    fn extension_header<S: Source>(&mut self, source: &mut S, kind: Kind, size: u64, offset: u64) -> Result<()> {
        if size > self.extension_limit {
            return Err(Error::limit("extension_bytes", self.extension_limit, "bytes of an extension header").fatal());
        }
        (self.left, self.padding) = (size, padding(size));
        let mut body = Vec::new();
        Body { entries: self, source: &mut *source }.read_onto(&mut body, size)?;
        self.finish_entry(source)?;
        let extension = self.extension.get_or_insert_with(|| Extension { offset, ..Extension::default() });
        let twice = match kind {
            Kind::Pax => extension.pax.replace(pax::parse(&body)?).is_some(),
            _ => extension.long_name.replace(text(&body).to_vec()).is_some(),
        };
        if twice {
            let text = "two extension headers of one kind before one entry: readers differ on which counts";
            return Err(Error::new(ErrorKind::ParserDifferential, text).named("extension").fatal());
        }
        if extension.long_name.is_some() && extension.pax.as_ref().is_some_and(|pax| pax.path.is_some()) {
            let text = "a PAX path and a GNU long name for one entry: readers differ on its name";
            return Err(Error::new(ErrorKind::ParserDifferential, text).named("path").fatal());
        }
        Ok(())
    }

    /// Reads one header block. False at the end of the archive, after what follows it was checked.
    fn read_block<S: Source>(&mut self, source: &mut S, block: &mut [u8; BLOCK]) -> Result<bool> {
        let start = self.offset;
        let got = source.read_full(block)?;
        self.offset = self.offset.saturating_add(widen(got));
        if got > 0 && got < BLOCK {
            return Err(self.cut("the archive ends inside a header"));
        }
        if got == BLOCK && block.iter().any(|byte| *byte != 0) {
            return Ok(true);
        }
        self.ended = true;
        if let Some(extension) = &self.extension {
            let text = "an extension header without an entry after it";
            let error = Error::new(ErrorKind::ParserDifferential, text).named("extension");
            return Err(error.at(Location::byte(extension.offset)).fatal());
        }
        let mut zeros = widen(got);
        loop {
            let have = source.fill()?;
            if have.is_empty() {
                break;
            }
            let length = have.len();
            let leading = have.iter().take_while(|byte| **byte == 0).count();
            source.consume(leading);
            self.offset = self.offset.saturating_add(widen(leading));
            zeros = zeros.saturating_add(widen(leading));
            if leading < length {
                let text = "bytes follow after the end of the archive";
                return Err(Error::new(ErrorKind::TrailingData, text).at(Location::byte(self.offset)).fatal());
            }
            if zeros.saturating_sub(widen(BLOCK).saturating_mul(2)) > self.zero_limit {
                let error = Error::limit("trailing_zero_bytes", self.zero_limit, "zeros after the end of the archive");
                return Err(error.at(Location::byte(self.offset)).fatal());
            }
        }
        if zeros < widen(BLOCK).saturating_mul(2) {
            self.warn(WarningKind::NoEndBlocks, start, "");
        }
        Ok(false)
    }
}

/// Bytes from the end of the data to the next block.
pub(crate) fn padding(size: u64) -> u64 {
    let block = widen(BLOCK);
    size.checked_next_multiple_of(block).unwrap_or(size).saturating_sub(size)
}

/// The content of the current entry: exactly as many bytes as its header says, or an error.
#[derive(Debug)]
pub(crate) struct Body<'a, S> {
    pub(crate) entries: &'a mut Entries,
    pub(crate) source: S,
}

impl<S: Source> Source for Body<'_, S> {
    fn fill(&mut self) -> Result<&[u8]> {
        if self.entries.left == 0 {
            return Ok(&[]);
        }
        let have = self.source.fill()?;
        if have.is_empty() {
            return Err(self.entries.cut("the archive ends inside this entry"));
        }
        let take = usize::try_from(self.entries.left).unwrap_or(usize::MAX).min(have.len());
        Ok(have.get(..take).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.source.consume(amount);
        self.entries.left = self.entries.left.saturating_sub(widen(amount));
        self.entries.offset = self.entries.offset.saturating_add(widen(amount));
    }
}

/// Reads one archive, entry by entry.
///
/// ```
/// use slp_sync::{Limits, tar};
///
/// let archive = tar::archive([("dev_1.txt", &b"<smartLicense/>"[..])], 0)?;
/// let mut reader = tar::Reader::new(&archive[..], &Limits::default());
/// while let Some(entry) = reader.next_entry()? {
///     println!("{} at byte {}: {} bytes", entry.name, entry.offset, reader.read()?.len());
/// }
/// # Ok::<(), slp_sync::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader<S> {
    entries: Entries,
    source: S,
    leaf_limit: u64,
}

impl<S: Source> Reader<S> {
    /// Starts at the first byte of `source`.
    pub fn new(source: S, limits: &Limits) -> Self {
        Self { entries: Entries::new(limits, Meter::new(limits)), source, leaf_limit: limits.leaf_bytes }
    }

    /// The next file; what is left of the one before is passed over. `None` after the end, once everything behind it
    /// was checked too.
    ///
    /// # Errors
    /// All of them are fatal: [`ErrorKind::BadTar`], [`ErrorKind::BadChecksum`], [`ErrorKind::BadEntryName`],
    /// [`ErrorKind::AbsolutePath`], [`ErrorKind::PathTraversal`], [`ErrorKind::EntryType`], [`ErrorKind::Sparse`],
    /// [`ErrorKind::DuplicateEntry`], [`ErrorKind::DuplicateManifest`], [`ErrorKind::ParserDifferential`],
    /// [`ErrorKind::Truncated`], [`ErrorKind::TrailingData`], [`ErrorKind::Limit`], and those of the source.
    pub fn next_entry(&mut self) -> Result<Option<Entry>> {
        self.entries.next(&mut self.source)
    }

    /// The content of the current file.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] (`leaf_bytes`), [`ErrorKind::Truncated`], and those of the source.
    pub fn read(&mut self) -> Result<Vec<u8>> {
        if self.entries.left > self.leaf_limit {
            let at = Location::byte(self.entries.offset);
            let at = match &self.entries.current {
                Some(name) => at.inside(name.as_str()),
                None => at,
            };
            return Err(Error::limit("leaf_bytes", self.leaf_limit, "bytes of an entry").at(at));
        }
        let mut out = Vec::new();
        Body { entries: &mut self.entries, source: &mut self.source }.read_onto(&mut out, u64::MAX)?;
        Ok(out)
    }

    /// What was odd so far.
    pub fn warnings(&self) -> &Warnings {
        &self.entries.warnings
    }
}

impl<S: Source> Read for Reader<S> {
    /// Reads from the content of the current file.
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut body = Body { entries: &mut self.entries, source: &mut self.source };
        let have = body.fill()?;
        let amount = have.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..amount), have.get(..amount)) {
            to.copy_from_slice(from);
        }
        body.consume(amount);
        Ok(amount)
    }
}
