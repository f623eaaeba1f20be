//! One line of the ledger: read and written, canonical JSON either way.

use std::collections::BTreeMap;

use slp_model::json::{self, Fault, Profile, Reader, write_string};
use slp_model::{ReportId, Udi, UnixMillis};

use crate::bundle::{Compression, LeafDigest};
use crate::export::ExportedLeaf;
use crate::fingerprint::{hex, unhex};

/// What the first member of every line says.
const FORMAT: &str = "slp-ledger/1";

/// What happened to a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It is going to be written.
    Begin(Begin),
    /// It was written to its end, and has its name.
    #[non_exhaustive]
    Seal {
        /// SHA-256 of the file.
        sha256: [u8; 32],
        /// Its size in bytes.
        size: u64,
    },
    /// One of its leaves was answered.
    Ack(AckEntry),
    /// The answer of a leaf reached its device.
    #[non_exhaustive]
    Delivered {
        /// The leaf of the bundle.
        leaf: String,
        /// How.
        via: Via,
    },
    /// It was given up.
    #[non_exhaustive]
    Void {
        /// Why, for people.
        reason: String,
    },
}

impl Event {
    /// The file is there, with this digest and size.
    pub fn seal(sha256: [u8; 32], size: u64) -> Self {
        Self::Seal { sha256, size }
    }

    /// The answer of a leaf reached its device.
    pub fn delivered(leaf: impl Into<String>, via: Via) -> Self {
        Self::Delivered { leaf: leaf.into(), via }
    }

    /// The bundle was given up.
    pub fn void(reason: impl Into<String>) -> Self {
        Self::Void { reason: reason.into() }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Begin(_) => "begin",
            Self::Seal { .. } => "seal",
            Self::Ack(_) => "ack",
            Self::Delivered { .. } => "delivered",
            Self::Void { .. } => "void",
        }
    }
}

/// A bundle that is going to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Begin {
    /// The local account it is for.
    pub local_account: String,
    /// How inner archives are packed: `0` or `6` on the line.
    pub level: Compression,
    /// The digest of its content, see [`Content`](crate::bundle::Content).
    pub content_sha256: [u8; 32],
    /// Its leaves, in bundle order.
    pub leaves: Vec<ExportedLeaf>,
}

impl Begin {
    /// A bundle at level 6.
    pub fn new(local_account: impl Into<String>, content_sha256: [u8; 32], leaves: Vec<ExportedLeaf>) -> Self {
        Self { local_account: local_account.into(), level: Compression::Deflate, content_sha256, leaves }
    }
}

slp_model::word_enum! {
    /// What an answer was matched by.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Basis: "basis of an answer" {
        /// Its name alone: it names no device.
        Name = "name",
        /// The device that it names.
        Udi = "udi",
    }
}

slp_model::word_enum! {
    /// How an answer reaches its device.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Via: "way to a device" {
        /// The device asked, and got it.
        Push = "push",
        /// It was carried to the device.
        Pull = "pull",
        /// As a file for the operator.
        File = "file",
    }
}

/// A leaf that was answered, and accepted as the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AckEntry {
    /// The leaf of the bundle.
    pub leaf: String,
    /// What the answer was matched by.
    pub basis: Basis,
    /// Is a report of the leaf still open?
    pub partial: bool,
    /// Reports that were acknowledged.
    pub reports: Vec<ReportId>,
    /// Reports that were refused; they stay open.
    pub refused: Vec<ReportId>,
    /// SHA-256 of the answer.
    pub sha256: [u8; 32],
}

impl AckEntry {
    /// An answer that acknowledges these reports, and leaves none open.
    pub fn new(leaf: impl Into<String>, basis: Basis, reports: Vec<ReportId>, sha256: [u8; 32]) -> Self {
        Self { leaf: leaf.into(), basis, partial: false, reports, refused: Vec::new(), sha256 }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) seq: u64,
    pub(super) prev: [u8; 32],
    pub(super) time: UnixMillis,
    pub(super) bundle: String,
    pub(super) event: Event,
}

/// An object whose members come out sorted. All names here are ASCII, for which every order of names is the same.
#[derive(Default)]
struct Object(BTreeMap<&'static str, String>);

impl Object {
    fn raw(mut self, name: &'static str, json: impl std::fmt::Display) -> Self {
        self.0.insert(name, format!("{json}"));
        self
    }

    fn text(self, name: &'static str, text: &str) -> Self {
        let mut json = String::new();
        write_string(&mut json, text, Profile::Canonical);
        self.raw(name, json)
    }

    fn list(self, name: &'static str, items: impl IntoIterator<Item = String>) -> Self {
        let items: Vec<String> = items.into_iter().collect();
        self.raw(name, format!("[{}]", items.join(",")))
    }

    fn ids(self, name: &'static str, ids: &[ReportId]) -> Self {
        self.list(name, ids.iter().map(|id| format!("\"{id}\"")))
    }

    fn done(self) -> String {
        let members: Vec<String> = self.0.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    }
}

fn leaf(leaf: &ExportedLeaf) -> String {
    let mut object = Object::default()
        .text("archive", &leaf.archive)
        .text("leaf", &leaf.leaf)
        .text("udi", &leaf.device.to_string())
        .ids("reports", &leaf.reports)
        .raw("size", leaf.digest.size)
        .text("sha256", &leaf.digest.hex());
    if let Some(number) = leaf.number() {
        object = object.raw("device", number);
    }
    if !leaf.ha.is_empty() {
        let quoted = |udi: &Udi| {
            let mut json = String::new();
            write_string(&mut json, &udi.to_string(), Profile::Canonical);
            json
        };
        object = object.list("ha", leaf.ha.iter().map(quoted));
    }
    object.done()
}

impl Record {
    /// The line, without its LF.
    pub(super) fn to_line(&self) -> String {
        let object = Object::default()
            .text("format", FORMAT)
            .text("event", self.event.word())
            .raw("seq", self.seq)
            .text("prev", &hex(&self.prev))
            .text("time", &self.time.to_string())
            .text("bundle", &self.bundle);
        let object = match &self.event {
            Event::Begin(begin) => object
                .text("local_account", &begin.local_account)
                .raw("level", if begin.level == Compression::Stored { 0 } else { 6 })
                .text("content_sha256", &hex(&begin.content_sha256))
                .list("leaves", begin.leaves.iter().map(leaf)),
            Event::Seal { sha256, size } => object.text("sha256", &hex(sha256)).raw("size", size),
            Event::Ack(ack) => object
                .text("leaf", &ack.leaf)
                .text("verdict", "acked")
                .text("basis", ack.basis.as_str())
                .raw("partial", ack.partial)
                .ids("reports", &ack.reports)
                .ids("refused", &ack.refused)
                .text("sha256", &hex(&ack.sha256)),
            Event::Delivered { leaf, via } => object.text("leaf", leaf).text("via", via.as_str()),
            Event::Void { reason } => object.text("reason", reason),
        };
        object.done()
    }

    /// Reads a line. The reason is for people.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let mut members = Members::default();
        members.read(line).map_err(|fault| fault.to_string())?;
        members.record().map_err(|member| format!("member {member} is missing or not what it should be"))
    }
}

/// The members of a line, of whatever event.
#[derive(Default)]
struct Members {
    texts: BTreeMap<String, String>,
    numbers: BTreeMap<String, u64>,
    partial: Option<bool>,
    ids: BTreeMap<String, Vec<ReportId>>,
    leaves: Option<Vec<ExportedLeaf>>,
}

impl Members {
    fn read(&mut self, line: &str) -> Result<(), Fault> {
        let mut reader = Reader::new(line, json::Limits::new(16, 64 * 1024));
        reader.begin_object()?;
        let mut names = json::Seen::default();
        loop {
            let at = reader.value_offset();
            let Some(name) = reader.next_member()? else { break };
            if !names.other(&name) {
                return Err(Fault::duplicate(at, &name));
            }
            match &*name {
                "leaves" => {
                    let mut leaves = Vec::new();
                    reader.begin_array()?;
                    while reader.next_element()? {
                        leaves.push(read_leaf(&mut reader)?);
                    }
                    self.leaves = Some(leaves);
                }
                "reports" | "refused" => drop(self.ids.insert(name.into_owned(), read_ids(&mut reader)?)),
                "partial" => self.partial = Some(reader.bool()?),
                "seq" | "size" | "level" => drop(self.numbers.insert(name.into_owned(), read_number(&mut reader)?)),
                _ if reader.kind()? == json::ValueKind::String => {
                    let text = reader.string()?.into_owned();
                    self.texts.insert(name.into_owned(), text);
                }
                // A later version may know more.
                _ => drop(reader.skip()?),
            }
        }
        reader.end()
    }

    fn text(&mut self, name: &'static str) -> Result<String, &'static str> {
        self.texts.remove(name).ok_or(name)
    }

    fn digest(&mut self, name: &'static str) -> Result<[u8; 32], &'static str> {
        unhex(&self.text(name)?).ok_or(name)
    }

    fn number(&self, name: &'static str) -> Result<u64, &'static str> {
        self.numbers.get(name).copied().ok_or(name)
    }

    fn record(mut self) -> Result<Record, &'static str> {
        if self.text("format")? != FORMAT {
            return Err("format");
        }
        let (seq, prev) = (self.number("seq")?, self.digest("prev")?);
        let time = self.text("time")?.parse().map_err(|_| "time")?;
        let bundle = self.text("bundle")?;
        let event = match self.text("event")?.as_str() {
            "begin" => Event::Begin(Begin {
                local_account: self.text("local_account")?,
                level: match self.number("level")? {
                    0 => Compression::Stored,
                    6 => Compression::Deflate,
                    _ => return Err("level"),
                },
                content_sha256: self.digest("content_sha256")?,
                leaves: self.leaves.take().ok_or("leaves")?,
            }),
            "seal" => Event::Seal { sha256: self.digest("sha256")?, size: self.number("size")? },
            "ack" => Event::Ack(AckEntry {
                leaf: self.text("leaf")?,
                basis: self.text("basis")?.parse().map_err(|_| "basis")?,
                partial: self.partial.ok_or("partial")?,
                reports: self.ids.remove("reports").ok_or("reports")?,
                refused: self.ids.remove("refused").unwrap_or_default(),
                sha256: self.digest("sha256")?,
            }),
            "delivered" => {
                Event::Delivered { leaf: self.text("leaf")?, via: self.text("via")?.parse().map_err(|_| "via")? }
            }
            "void" => Event::Void { reason: self.text("reason")? },
            _ => return Err("event"),
        };
        Ok(Record { seq, prev, time, bundle, event })
    }
}

fn wrong(at: usize, text: &'static str) -> Fault {
    Fault::new(json::FaultKind::Type, at, text)
}

fn read_number(reader: &mut Reader<'_>) -> Result<u64, Fault> {
    let at = reader.value_offset();
    reader.number()?.parse().map_err(|_| wrong(at, "not a whole number"))
}

fn read_ids(reader: &mut Reader<'_>) -> Result<Vec<ReportId>, Fault> {
    let mut ids = Vec::new();
    reader.begin_array()?;
    while reader.next_element()? {
        let at = reader.value_offset();
        ids.push(reader.string()?.parse().map_err(|_| wrong(at, "not a report id"))?);
    }
    Ok(ids)
}

fn read_udi(reader: &mut Reader<'_>) -> Result<Udi, Fault> {
    let at = reader.value_offset();
    reader.string()?.parse().map_err(|_| wrong(at, "not a UDI"))
}

fn read_leaf(reader: &mut Reader<'_>) -> Result<ExportedLeaf, Fault> {
    let start = reader.value_offset();
    let (mut archive, mut leaf, mut device, mut size, mut sha256) = (None, None, None, None, None);
    let (mut reports, mut ha) = (Vec::new(), Vec::new());
    reader.begin_object()?;
    while let Some(name) = reader.next_member()? {
        match &*name {
            "archive" => archive = Some(reader.string()?.into_owned()),
            "leaf" => leaf = Some(reader.string()?.into_owned()),
            "udi" => device = Some(read_udi(reader)?),
            "reports" => reports = read_ids(reader)?,
            "size" => size = Some(read_number(reader)?),
            "sha256" => sha256 = unhex(&reader.string()?),
            "ha" => {
                reader.begin_array()?;
                while reader.next_element()? {
                    ha.push(read_udi(reader)?);
                }
            }
            _ => drop(reader.skip()?),
        }
    }
    let leaf = || {
        let digest = LeafDigest { size: size?, sha256: sha256? };
        Some(ExportedLeaf { archive: archive?, leaf: leaf?, device: device?, ha, reports, digest })
    };
    leaf().ok_or_else(|| wrong(start, "a leaf without one of its members"))
}
