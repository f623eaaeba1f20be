//! Writes bundles: the same input gives the same bytes, on any machine, with any number of threads.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};

use sha2::{Digest, Sha256};
use slp_model::{Quoted, UnixMillis};

use crate::bundle::{BundleName, Composed, Composer, Content, Devices, LeafDigest, LeafName, Level, Manifest, Section};
use crate::error::{Error, ErrorKind, Result};
use crate::export::ExportedLeaf;
use crate::fingerprint::{Fingerprints, hex};
use crate::gzip::{Deflater, Member, Stored};
use crate::source::{BUFFER, widen};
use crate::tar::{BLOCK, padding, ustar};

/// How inner archives are packed. The outer archive is always stored: its content is compressed already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all: the bytes follow from the specification alone, whatever the version of the compressor.
    Stored,
    /// Level 6.
    #[default]
    Deflate,
}

/// A virtual account and its archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct VirtualAccount {
    /// Its name, may be empty.
    pub name: String,
    /// Its id, may be empty.
    pub id: String,
}

impl VirtualAccount {
    /// The account of this name and id; both may be empty.
    pub fn new(name: impl Into<String>, id: impl Into<String>) -> Self {
        Self { name: name.into(), id: id.into() }
    }
}

/// What a bundle is called and for whom it is, before anything is written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// The Smart Account: its name, may be empty.
    pub smart_account: String,
    /// Its id, may be empty.
    pub smart_account_id: String,
    /// The instance id of the collector that writes.
    pub collector_instance_id: String,
    /// One archive for each. Default: one without a name.
    pub virtual_accounts: Vec<VirtualAccount>,
    /// The time of the bundle: stamp of all names and modification time of all members.
    pub at: UnixMillis,
    /// An answer: `ACK_` before all names, no manifest.
    pub ack: bool,
    /// How inner archives are packed.
    pub inner: Compression,
}

impl Plan {
    /// A bundle of one virtual account without a name.
    pub fn new(smart_account: impl Into<String>, at: UnixMillis) -> Self {
        Self {
            smart_account: smart_account.into(),
            smart_account_id: String::new(),
            collector_instance_id: String::new(),
            virtual_accounts: vec![VirtualAccount::default()],
            at,
            ack: false,
            inner: Compression::default(),
        }
    }

    /// The name of the file.
    pub fn name(&self) -> BundleName {
        let name = BundleName::new(Level::SmartAccount, &self.smart_account, self.at);
        if self.ack { name.acknowledgement() } else { name }
    }

    /// The plan of a further bundle, where one would be too large: a millisecond later. See [`Split`](super::Split).
    #[must_use]
    pub fn further(&self) -> Self {
        let at = UnixMillis::new(self.at.get().saturating_add(1)).unwrap_or(UnixMillis::MAX);
        Self { at, ..self.clone() }
    }

    /// The archives, sorted by name: the order in which they are written. Virtual accounts whose names come out alike
    /// get `-2`, `-3`, … at the end of theirs.
    pub fn archives(&self) -> Vec<(BundleName, VirtualAccount)> {
        let mut archives: Vec<(BundleName, VirtualAccount)> = Vec::new();
        for account in &self.virtual_accounts {
            let plain = BundleName { ack: self.ack, ..BundleName::new(Level::VirtualAccount, &account.name, self.at) };
            let mut name = plain.clone();
            let mut number = 1_usize;
            while archives.iter().any(|(taken, _)| taken.to_string().eq_ignore_ascii_case(&name.to_string())) {
                number = number.saturating_add(1);
                name = plain.numbered(number);
            }
            archives.push((name, account.clone()));
        }
        archives.sort_by_key(|(name, _)| name.to_string());
        archives
    }

    /// The manifest; an answer has none.
    pub fn manifest(&self) -> Option<Manifest> {
        if self.ack {
            return None;
        }
        let mut manifest = Manifest::new(&self.collector_instance_id, &self.smart_account, &self.smart_account_id);
        for (name, account) in self.archives() {
            manifest.sections.push(Section::new(&name.to_string(), &account.name, &account.id));
        }
        Some(manifest)
    }
}

/// A bundle that was written to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sealed {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// SHA-256 of the content lines, see [`Content`].
    pub content_sha256: [u8; 32],
    /// How many leaves it holds.
    pub leaves: u64,
}

impl Sealed {
    /// The SHA-256 of the file in lower-case hexadecimal.
    pub fn sha256_hex(&self) -> String {
        hex(&self.sha256)
    }

    /// The SHA-256 of the content lines in lower-case hexadecimal.
    pub fn content_sha256_hex(&self) -> String {
        hex(&self.content_sha256)
    }
}

/// Counts and digests what passes through.
#[derive(Debug)]
struct Measured<W> {
    out: W,
    size: u64,
    sha256: Option<Sha256>,
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let amount = self.out.write(bytes)?;
        self.size = self.size.saturating_add(widen(amount));
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes.get(..amount).unwrap_or_default());
        }
        Ok(amount)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The archive under way, on the spool.
enum Inner<S> {
    Idle(S),
    Deflate(Member<Measured<S>>),
    Stored(Stored<Measured<S>>),
}

impl<S: Write> Inner<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Idle(_) => Ok(()),
            Self::Deflate(member) => member.write_all(bytes),
            Self::Stored(stored) => stored.write_all(bytes),
        }
    }
}

/// Writes one bundle as its leaves come: nothing is held but the leaf at hand and the pieces being compressed.
///
/// The size of an inner archive stands before its bytes, so each goes to the spool first: a temporary file, or memory
/// (`std::io::Cursor<Vec<u8>>`) for small bundles. The spool is used from its start again for each archive.
///
/// ```
/// use std::io::Cursor;
/// use slp_sync::{Limits, bundle};
///
/// let plan = bundle::Plan::new("Acme", "2026-11-24T10:20:30.123Z".parse()?);
/// let mut writer = bundle::Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan)?;
/// writer.add_leaf(0, 1, b"<smartLicense></smartLicense>")?;
/// let (bytes, sealed) = writer.finish()?;
/// assert_eq!(sealed.name, "UD_SA_Acme_26Nov24_10_20_30_123.tar.gz");
///
/// let leaf = bundle::Reader::new(&bytes[..], &Limits::default()).next().ok_or("no leaf")??;
/// assert_eq!(leaf.name, "dev_1_26Nov24_10_20_30_123.txt");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Writer<W, S> {
    plan: Plan,
    name: BundleName,
    archives: Vec<String>,
    mtime: u64,
    deflater: Deflater,
    /// `None` after a failure: what was written is not a bundle.
    parts: Option<Parts<W, S>>,
    /// The archive under way.
    current: Option<usize>,
    names: Fingerprints,
    devices: Devices,
    content: Content,
    leaves: u64,
}

struct Parts<W, S> {
    outer: Stored<Measured<W>>,
    inner: Inner<S>,
}

impl<W, S> fmt::Debug for Writer<W, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("plan", &self.plan).field("leaves", &self.leaves).finish_non_exhaustive()
    }
}

impl<W: Write, S: Read + Write + Seek> Writer<W, S> {
    /// Starts a bundle on `out`; the calling thread compresses.
    ///
    /// # Errors
    /// [`ErrorKind::BadValue`] if a name of the plan holds control characters; [`ErrorKind::Io`].
    pub fn new(out: W, spool: S, plan: &Plan) -> Result<Self> {
        Self::with_deflater(out, spool, plan, &Deflater::default())
    }

    /// As [`new`](Self::new), compressing with the threads of `deflater`.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn with_deflater(out: W, spool: S, plan: &Plan, deflater: &Deflater) -> Result<Self> {
        let measured = Measured { out, size: 0, sha256: Some(Sha256::new()) };
        let mut writer = Self {
            name: plan.name(),
            archives: plan.archives().into_iter().map(|(name, _)| name.to_string()).collect(),
            mtime: u64::try_from(plan.at.to_seconds().get()).unwrap_or(0),
            deflater: deflater.clone(),
            parts: Some(Parts { outer: Stored::new(measured).map_err(Error::io)?, inner: Inner::Idle(spool) }),
            current: None,
            names: Fingerprints::default(),
            devices: Devices::default(),
            content: Content::new(),
            leaves: 0,
            plan: plan.clone(),
        };
        if let Some(manifest) = plan.manifest() {
            let bytes = manifest.to_bytes()?;
            writer.content.manifest(&bytes);
            let header = ustar("manifest.mf", widen(bytes.len()), writer.mtime)?;
            writer.guarded(|parts| {
                parts.outer.write_all(&header)?;
                parts.outer.write_all(&bytes)?;
                parts.outer.write_all(pad(widen(bytes.len())))
            })?;
        }
        Ok(writer)
    }

    /// Runs a step of writing; if it fails, nothing more can be written.
    fn guarded<T>(&mut self, step: impl FnOnce(&mut Parts<W, S>) -> io::Result<T>) -> Result<T> {
        let Some(parts) = &mut self.parts else {
            return Err(Error::new(ErrorKind::Io, "writing this bundle failed before: start again").fatal());
        };
        let result = step(parts);
        if result.is_err() {
            self.parts = None;
        }
        result.map_err(Error::io)
    }

    /// The names of the archives, in the order in which they are written: the index counts for
    /// [`add_leaf`](Self::add_leaf).
    pub fn archives(&self) -> &[String] {
        &self.archives
    }

    /// Adds the document of device `number`, as a [`Composer`] makes a leaf of it: a device's own file byte for byte,
    /// without a byte order mark; reports in another container (a bare report, an answer over REST) as a device file with
    /// their payloads untouched. The document is read first, so that a bad one is refused alone and the rest goes in.
    ///
    /// # Errors
    /// Those of [`Composer::leaf`] and [`add_composed`](Self::add_composed).
    pub fn add(&mut self, archive: usize, number: u64, bytes: &[u8]) -> Result<ExportedLeaf> {
        self.add_composed(archive, number, Composer::default().leaf(&[bytes])?)
    }

    /// Adds the leaf of device `number`.
    ///
    /// # Errors
    /// [`ErrorKind::DuplicateDevice`] if the bundle has a leaf of this device: a [`Composer`] merges its files. Those of
    /// [`add_leaf`](Self::add_leaf).
    pub fn add_composed(&mut self, archive: usize, number: u64, leaf: Composed<'_>) -> Result<ExportedLeaf> {
        let Composed { bytes, survey, .. } = leaf;
        if self.devices.contains(&survey.device) {
            let device = Quoted(&survey.device.to_string()).to_string();
            let text = format!("a second file of device {device}: merge the files of one device first");
            return Err(Error::new(ErrorKind::DuplicateDevice, text));
        }
        let digest = self.add_leaf(archive, number, &bytes)?;
        let _ = self.devices.note(&survey.device, slp_model::Location::default());
        let archive = self.archives.get(archive).map(String::as_str).unwrap_or_default();
        Ok(survey.exported(archive, LeafName::new(number, &self.name).to_string(), digest))
    }

    /// Adds the leaf of device `number` to an archive, byte for byte, unread. Archives are filled one after the other.
    ///
    /// # Errors
    /// [`ErrorKind::DuplicateEntry`] if the archive has a leaf of this number; [`ErrorKind::BadValue`] if there is no
    /// such archive or it is closed already. The writer can go on after these. After [`ErrorKind::Io`] it cannot.
    pub fn add_leaf(&mut self, archive: usize, number: u64, bytes: &[u8]) -> Result<LeafDigest> {
        let Some(archive_name) = self.archives.get(archive).cloned() else {
            let text = format!("there is no archive {archive} in this bundle, but {}", self.archives.len());
            return Err(Error::new(ErrorKind::BadValue, text).named("archive"));
        };
        if self.current.is_some_and(|current| archive < current) {
            let text = format!("archive {} is closed: add leaves archive by archive", Quoted(&archive_name));
            return Err(Error::new(ErrorKind::BadValue, text).named("archive"));
        }
        let leaf = LeafName::new(number, &self.name).to_string();
        let header = ustar(&leaf, widen(bytes.len()), self.mtime)?;
        while self.current != Some(archive) {
            self.next_archive()?;
        }
        if !self.names.insert(leaf.as_bytes()) {
            let text = format!("a second leaf {} in archive {}", Quoted(&leaf), Quoted(&archive_name));
            return Err(Error::new(ErrorKind::DuplicateEntry, text));
        }
        let digest = LeafDigest::of(bytes);
        self.guarded(|Parts { inner, .. }| {
            inner.write(&header)?;
            inner.write(bytes)?;
            inner.write(pad(widen(bytes.len())))
        })?;
        self.content.leaf(&archive_name, &leaf, digest);
        self.leaves = self.leaves.saturating_add(1);
        Ok(digest)
    }

    /// Closes the archive under way and opens the next.
    fn next_archive(&mut self) -> Result<()> {
        self.close_archive()?;
        self.current = Some(self.current.map_or(0, |current| current.saturating_add(1)));
        self.names.clear();
        let (compression, deflater) = (self.plan.inner, self.deflater.clone());
        self.replace_inner(|inner, _| {
            let Inner::Idle(mut spool) = inner else {
                return Ok(inner);
            };
            spool.seek(SeekFrom::Start(0))?;
            let measured = Measured { out: spool, size: 0, sha256: None };
            Ok(match compression {
                Compression::Stored => Inner::Stored(Stored::new(measured)?),
                Compression::Deflate => Inner::Deflate(deflater.member(measured)?),
            })
        })
    }

    fn replace_inner(
        &mut self,
        step: impl FnOnce(Inner<S>, &mut Stored<Measured<W>>) -> io::Result<Inner<S>>,
    ) -> Result<()> {
        let Some(Parts { mut outer, inner }) = self.parts.take() else {
            return self.guarded(|_| Ok(()));
        };
        let inner = step(inner, &mut outer).map_err(Error::io)?;
        self.parts = Some(Parts { outer, inner });
        Ok(())
    }

    /// Ends the archive under way on the spool and copies it into the bundle.
    fn close_archive(&mut self) -> Result<()> {
        let Some(name) = self.current.and_then(|current| self.archives.get(current)).cloned() else {
            return Ok(());
        };
        let mtime = self.mtime;
        let mut header = Ok([0; BLOCK]);
        self.replace_inner(|mut inner, outer| {
            inner.write(&[0; BLOCK])?;
            inner.write(&[0; BLOCK])?;
            let Measured { out: mut spool, size, .. } = match inner {
                Inner::Idle(spool) => return Ok(Inner::Idle(spool)),
                Inner::Deflate(member) => member.finish()?,
                Inner::Stored(stored) => stored.finish()?,
            };
            header = ustar(&name, size, mtime);
            if let Ok(header) = &header {
                outer.write_all(header)?;
                copy(&mut spool, outer, size)?;
                outer.write_all(pad(size))?;
            }
            Ok(Inner::Idle(spool))
        })?;
        if header.is_err() {
            self.parts = None;
        }
        header.map(drop)
    }

    /// Writes what is left and gives back the output with the digests of what is in it. Archives without leaves are
    /// written empty.
    ///
    /// # Errors
    /// [`ErrorKind::BundleEmpty`] if there is not one leaf; [`ErrorKind::Io`].
    pub fn finish(mut self) -> Result<(W, Sealed)> {
        if self.leaves == 0 {
            return Err(Error::new(ErrorKind::BundleEmpty, "a bundle without a single leaf is not written"));
        }
        while self.current.is_some_and(|current| current.saturating_add(1) < self.archives.len()) {
            self.next_archive()?;
        }
        self.close_archive()?;
        self.guarded(|parts| parts.outer.write_all(&[0; BLOCK]).and_then(|()| parts.outer.write_all(&[0; BLOCK])))?;
        let Some(Parts { outer, .. }) = self.parts else {
            return Err(Error::new(ErrorKind::Io, "writing this bundle failed before: start again").fatal());
        };
        let mut measured = outer.finish().map_err(Error::io)?;
        measured.flush().map_err(Error::io)?;
        let sealed = Sealed {
            name: self.name.to_string(),
            size: measured.size,
            sha256: measured.sha256.unwrap_or_default().finalize().into(),
            content_sha256: self.content.finish(),
            leaves: self.leaves,
        };
        Ok((measured.out, sealed))
    }
}

/// The zeros from the end of so many bytes to the next block.
fn pad(length: u64) -> &'static [u8] {
    const ZEROS: [u8; BLOCK] = [0; BLOCK];
    let zeros = usize::try_from(padding(length)).ok();
    zeros.and_then(|zeros| ZEROS.get(..zeros)).unwrap_or_default()
}

/// Copies the first `size` bytes of the spool.
fn copy<S: Read + Seek>(spool: &mut S, out: &mut impl Write, size: u64) -> io::Result<()> {
    spool.seek(SeekFrom::Start(0))?;
    let mut buffer = vec![0_u8; BUFFER];
    let mut left = size;
    while left > 0 {
        let want = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let chunk = buffer.get_mut(..want).unwrap_or_default();
        spool.read_exact(chunk)?;
        out.write_all(chunk)?;
        left = left.saturating_sub(widen(want));
    }
    Ok(())
}
