//! Reads bundles leaf by leaf, whatever their layout, in bounded memory.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use slp_model::{Location, Quoted};

use crate::bundle::Manifest;
use crate::bundle::batch::{BATCH, Batch, Item, Leaf};
use crate::error::{Error, ErrorKind, Result};
use crate::gzip::{Inflater, Layer};
use crate::limits::{Limits, Meter};
use crate::source::{Input, Source};
use crate::tar::{Body, Entries, Entry};
use crate::warning::{Warning, WarningKind, Warnings};

/// What a bundle turned out to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Leaves, those that were refused counted.
    pub leaves: u64,
    /// Leaves that were refused alone.
    pub refused: u64,
    /// Archives inside the bundle.
    pub archives: u64,
    /// Entries of all levels.
    pub entries: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes after inflating, all levels together.
    pub inflated_bytes: u64,
    /// The manifest, if there was one.
    pub manifest: Option<Manifest>,
    /// What was odd.
    pub warnings: Warnings,
}

/// How the file is built, known after its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Unknown,
    Gzip,
    Tar,
    Leaf,
    Done,
}

/// What the name of a member says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Archive,
    Leaf,
    Manifest,
    Other,
}

impl Member {
    fn of(name: &str) -> Self {
        let ends = |end: &str| {
            let at = name.len().checked_sub(end.len());
            at.and_then(|at| name.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        };
        if ends(".tar.gz") {
            Self::Archive
        } else if ends(".txt") || ends(".xml") {
            Self::Leaf
        } else if name.eq_ignore_ascii_case("manifest.mf") {
            Self::Manifest
        } else {
            Self::Other
        }
    }
}

/// Where the reader stands: at the body of a leaf.
struct Head {
    archive: Option<Arc<str>>,
    name: String,
    size: u64,
}

/// Reads the leaves of one bundle, in its order.
///
/// Works through the layers as they come and keeps one leaf, one buffer a layer, and eight bytes for each name seen. A
/// leaf that is too large is an error of its own; whatever else is wrong with an archive is fatal, because two readers
/// could take the rest for two different things. Leaves that were handed out before a fatal error are withdrawn by it: a
/// checksum stands at the end.
///
/// ```
/// use slp_sync::{Limits, bundle, tar};
///
/// let archive = tar::archive([("dev_1.txt", &b"<smartLicense/>"[..])], 0)?;
/// for leaf in bundle::Reader::new(&archive[..], &Limits::default()) {
///     let leaf = leaf?;
///     assert_eq!((&*leaf.name, leaf.number()), ("dev_1.txt", Some(1)));
/// }
/// # Ok::<(), slp_sync::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader<R> {
    file: Option<Arc<str>>,
    limits: Limits,
    meter: Meter,
    input: Input<R>,
    shape: Shape,
    outer_gzip: Inflater,
    outer: Entries,
    inner_gzip: Inflater,
    inner: Entries,
    /// The inner archive that is being read, and how many leaves it had so far.
    archive: Option<(Arc<str>, u64)>,
    archives: BTreeSet<Arc<str>>,
    pending: Option<Error>,
    summary: Summary,
}

impl<R: Read> Reader<R> {
    /// Starts at the first byte of `reader`.
    pub fn new(reader: R, limits: &Limits) -> Self {
        let meter = Meter::new(limits);
        Self {
            file: None,
            input: Input::new(reader, limits.archive_bytes),
            shape: Shape::Unknown,
            outer_gzip: Inflater::new(limits, meter.clone()),
            outer: Entries::new(limits, meter.clone()),
            inner_gzip: Inflater::new(limits, meter.clone()),
            inner: Entries::new(limits, meter.clone()),
            archive: None,
            archives: BTreeSet::new(),
            pending: None,
            summary: Summary::default(),
            limits: limits.clone(),
            meter,
        }
    }

    /// The same reader, the file's name in all places.
    #[must_use]
    pub fn named(mut self, file: &str) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The limits that it reads under.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What the bundle held. Complete once the reader is at its end.
    pub fn summary(&self) -> Summary {
        Summary {
            entries: self.meter.entries(),
            inflated_bytes: self.meter.inflated(),
            file_bytes: self.input.read(),
            ..self.summary.clone()
        }
    }

    /// Fills an empty batch with whole leaves. False at the end of the bundle.
    ///
    /// Where batches end depends on the bundle alone.
    ///
    /// # Errors
    /// All of them are fatal; after one the reader is at its end. The leaves before it came with the batch before.
    pub fn fill(&mut self, batch: &mut Batch) -> Result<bool> {
        batch.clear();
        batch.file.clone_from(&self.file);
        if let Some(error) = self.pending.take() {
            return Err(error);
        }
        while batch.weight() < BATCH {
            match self.next_item(batch) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) if batch.is_empty() => return Err(error),
                Err(error) => {
                    self.pending = Some(error);
                    break;
                }
            }
        }
        Ok(!batch.is_empty())
    }

    /// Adds one leaf to the batch. False at the end.
    fn next_item(&mut self, batch: &mut Batch) -> Result<bool> {
        let (names, bytes) = (batch.names.len(), batch.bytes.len());
        let result = self.next_item_unplaced(batch);
        result.map_err(|error| {
            self.shape = Shape::Done;
            batch.names.truncate(names);
            batch.bytes.truncate(bytes);
            self.in_file(error.fatal())
        })
    }

    fn in_file(&self, error: Error) -> Error {
        match &self.file {
            Some(file) => error.inside(&**file),
            None => error,
        }
    }

    fn next_item_unplaced(&mut self, batch: &mut Batch) -> Result<bool> {
        let Some(head) = self.advance()? else { return Ok(false) };
        let index = self.summary.leaves;
        self.summary.leaves = index.saturating_add(1);
        if let Some((_, leaves)) = &mut self.archive {
            *leaves = leaves.saturating_add(1);
        }
        if head.size > self.limits.leaf_bytes {
            self.summary.refused = self.summary.refused.saturating_add(1);
            let mut at = Location::default().inside(head.name);
            if let Some(archive) = head.archive {
                at = at.inside(&*archive);
            }
            let error = Error::limit("leaf_bytes", self.limits.leaf_bytes, "bytes of one leaf").at(at);
            batch.items.push(Item::Bad(self.in_file(error)));
            return Ok(true);
        }
        let name_from = batch.names.len();
        batch.names.push_str(&head.name);
        let from = batch.bytes.len();
        self.read_body(&mut batch.bytes, head.size)?;
        batch.items.push(Item::Leaf {
            archive: head.archive,
            name: name_from..batch.names.len(),
            bytes: from..batch.bytes.len(),
            index,
        });
        Ok(true)
    }

    /// Goes to the next leaf.
    fn advance(&mut self) -> Result<Option<Head>> {
        loop {
            match self.shape {
                Shape::Unknown => self.find_shape()?,
                Shape::Leaf => {
                    self.shape = Shape::Done;
                    let name = self.file.as_deref().unwrap_or("leaf").to_owned();
                    // Its size is not known yet; reading it stops at the limit.
                    return Ok(Some(Head { archive: None, name, size: 0 }));
                }
                Shape::Done => return Ok(None),
                Shape::Gzip | Shape::Tar => {
                    let found = if self.archive.is_some() { self.advance_inner()? } else { self.advance_outer()? };
                    if found.is_some() {
                        return Ok(found);
                    }
                }
            }
        }
    }

    fn find_shape(&mut self) -> Result<()> {
        let start = self.input.peek(crate::tar::BLOCK)?;
        let text = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(start).trim_ascii_start();
        self.shape = if start.get(257..262) == Some(b"ustar") {
            Shape::Tar
        } else if text.starts_with(b"<") || text.starts_with(b"{") {
            Shape::Leaf
        } else {
            // The gzip layer says what is wrong with anything else.
            Shape::Gzip
        };
        Ok(())
    }

    fn advance_outer(&mut self) -> Result<Option<Head>> {
        let mut source = Outer { gzip: gzip(self.shape, &mut self.outer_gzip), input: &mut self.input };
        let Some(entry) = self.outer.next(&mut source)? else {
            self.finish()?;
            return Ok(None);
        };
        match Member::of(&entry.name) {
            Member::Leaf => Ok(Some(Head { archive: None, name: entry.name, size: entry.size })),
            Member::Archive => self.begin_archive(&entry).map(|()| None),
            Member::Manifest => self.read_manifest(&entry).map(|()| None),
            Member::Other => {
                let at = Location::byte(entry.offset).inside(entry.name);
                self.summary.warnings.push(Warning::new(WarningKind::UnknownMember, at));
                Ok(None)
            }
        }
    }

    fn begin_archive(&mut self, entry: &Entry) -> Result<()> {
        let at = Location::byte(entry.offset).inside(entry.name.as_str());
        if self.limits.nesting < 2 {
            return Err(Error::limit("nesting", self.limits.nesting, "archives inside one another").at(at));
        }
        self.summary.archives = self.summary.archives.saturating_add(1);
        if self.summary.archives > self.limits.archives {
            return Err(Error::limit("archives", self.limits.archives, "archives in one bundle").at(at));
        }
        self.inner_gzip.reset();
        self.inner.reset();
        let name: Arc<str> = entry.name.as_str().into();
        self.archives.insert(Arc::clone(&name));
        self.archive = Some((name, 0));
        Ok(())
    }

    fn read_manifest(&mut self, entry: &Entry) -> Result<()> {
        if entry.size > self.limits.manifest_bytes {
            let at = Location::byte(entry.offset).inside(entry.name.as_str());
            return Err(Error::limit("manifest_bytes", self.limits.manifest_bytes, "bytes of the manifest").at(at));
        }
        let mut bytes = Vec::new();
        self.read_body(&mut bytes, entry.size)?;
        self.summary.manifest = Some(Manifest::parse(&bytes, &mut self.summary.warnings));
        Ok(())
    }

    fn advance_inner(&mut self) -> Result<Option<Head>> {
        let Some((archive, leaves)) = self.archive.clone() else {
            return Ok(None);
        };
        let mut outer_failed = false;
        let outer = Outer { gzip: gzip(self.shape, &mut self.outer_gzip), input: &mut self.input };
        let body = Traced { source: Body { entries: &mut self.outer, source: outer }, failed: &mut outer_failed };
        let mut source = Layer { inflater: &mut self.inner_gzip, source: body };
        let next = self.inner.next(&mut source);
        let entry = next.map_err(|error| if outer_failed { error } else { error.inside(&*archive) })?;
        let Some(entry) = entry else {
            self.summary.warnings.absorb(&mut self.inner_gzip.warnings, Some(&archive));
            self.summary.warnings.absorb(&mut self.inner.warnings, Some(&archive));
            if leaves == 0 {
                let at = Location::default().inside(&*archive);
                self.summary.warnings.push(Warning::new(WarningKind::EmptyArchive, at));
            }
            self.archive = None;
            return Ok(None);
        };
        match Member::of(&entry.name) {
            Member::Leaf => Ok(Some(Head { archive: Some(archive), name: entry.name, size: entry.size })),
            Member::Archive => {
                let at = Location::byte(entry.offset).inside(entry.name).inside(&*archive);
                Err(Error::limit("nesting", self.limits.nesting.min(2), "archives inside one another").at(at))
            }
            Member::Manifest | Member::Other => {
                let at = Location::byte(entry.offset).inside(entry.name).inside(&*archive);
                self.summary.warnings.push(Warning::new(WarningKind::UnknownMember, at));
                Ok(None)
            }
        }
    }

    /// Appends the body of the current leaf or manifest.
    fn read_body(&mut self, out: &mut Vec<u8>, size: u64) -> Result<()> {
        if self.shape == Shape::Done {
            let limit = self.limits.leaf_bytes;
            if self.input.read_onto(out, limit.saturating_add(1))? > limit {
                return Err(Error::limit("leaf_bytes", limit, "bytes of one leaf"));
            }
            return Ok(());
        }
        let mut outer_failed = false;
        let outer = Outer { gzip: gzip(self.shape, &mut self.outer_gzip), input: &mut self.input };
        let mut body = Traced { source: Body { entries: &mut self.outer, source: outer }, failed: &mut outer_failed };
        let Some((archive, _)) = &self.archive else {
            return body.read_onto(out, size).map(drop);
        };
        let gzip = Layer { inflater: &mut self.inner_gzip, source: body };
        let read = Body { entries: &mut self.inner, source: gzip }.read_onto(out, size).map(drop);
        read.map_err(|error| if outer_failed { error } else { error.inside(&**archive) })
    }

    /// The archive is at its end: what does the manifest say, and was there anything?
    fn finish(&mut self) -> Result<()> {
        self.shape = Shape::Done;
        let warnings = &mut self.summary.warnings;
        warnings.absorb(&mut self.outer_gzip.warnings, None);
        warnings.absorb(&mut self.outer.warnings, None);
        if let Some(manifest) = &self.summary.manifest {
            let listed: BTreeSet<&str> = manifest.sections.iter().map(super::Section::member).collect();
            // In a flat bundle leaves lie beside the manifest. It may name them, or the archives of the virtual accounts that
            // they were taken out of: nothing is lost then.
            let is_flat = self.archives.is_empty();
            // Names of archives are at hand as they stand, of leaves without their case.
            let is_there = |member: &str| match Member::of(member) {
                Member::Archive => is_flat || self.archives.contains(member),
                _ => self.outer.has(member),
            };
            for member in listed.iter().filter(|member| !is_there(member)) {
                let at = Location::default().inside("manifest.mf");
                let text = format!("{} is not there", Quoted(member));
                warnings.push(Warning::new(WarningKind::ManifestDangling, at).with(text));
            }
            for archive in self.archives.iter().filter(|archive| !listed.contains(&***archive)) {
                let at = Location::default().inside(&**archive);
                warnings.push(Warning::new(WarningKind::ManifestUnlisted, at));
            }
        }
        if self.summary.leaves == 0 {
            let text =
                "not one leaf: a bundle holds dev_<n>_….txt files, in UD_VA_….tar.gz archives or beside the manifest";
            return Err(Error::new(ErrorKind::BundleEmpty, text));
        }
        Ok(())
    }
}

/// The next leaf, with data of its own. [`Reader::fill`] is faster: it copies nothing twice.
impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Leaf<'static>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = Batch { file: self.file.clone(), ..Batch::default() };
        if let Some(error) = self.pending.take() {
            return Some(Err(error));
        }
        match self.next_item(&mut batch) {
            Ok(true) => batch.drain().next().map(|leaf| leaf.map(Leaf::into_owned)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// The first layer: inflated, or as it is.
struct Outer<'a, R> {
    gzip: Option<&'a mut Inflater>,
    input: &'a mut Input<R>,
}

fn gzip(shape: Shape, inflater: &mut Inflater) -> Option<&mut Inflater> {
    (shape == Shape::Gzip).then_some(inflater)
}

impl<R: Read> Source for Outer<'_, R> {
    fn fill(&mut self) -> Result<&[u8]> {
        match &mut self.gzip {
            Some(gzip) => gzip.fill(self.input),
            None => self.input.fill(),
        }
    }

    fn consume(&mut self, amount: usize) {
        match &mut self.gzip {
            Some(gzip) => gzip.consume(amount),
            None => self.input.consume(amount),
        }
    }
}

/// Remembers whether an error came out of the layers below: its place is theirs.
struct Traced<'a, S> {
    source: S,
    failed: &'a mut bool,
}

impl<S: Source> Source for Traced<'_, S> {
    fn fill(&mut self) -> Result<&[u8]> {
        let Self { source, failed } = self;
        source.fill().inspect_err(|_| **failed = true)
    }

    fn consume(&mut self, amount: usize) {
        self.source.consume(amount);
    }
}
