//! The XML file of one device, which is also the leaf of a bundle. Spec: rum, "Writer rules" F.

use std::borrow::Cow;

use memchr::memmem;
use slp_model::{Quoted, Udi};

use super::envelope::{NoHeader, signature_of, write_signed};
use super::{all_or_nothing, to_text};
use crate::sets::FileDevices;
use crate::{Container, Document, Error, ErrorKind, PartKind, UsageReport};

const OPEN: &str = "<smartLicense>";
const CLOSE: &str = "</smartLicense>";
const CDATA_END: &str = "]]>";

/// The file of one device: `<smartLicense>` around its reports and what goes with them, on one line, with no XML
/// declaration and no final newline. Those are the bytes of the form that is known to be accepted (code).
///
/// The order is system info, reports, authorization request, trust request. Spec: rum, "Device file",
/// "Writer rules" F.
///
/// ```
/// use slp_rum::write::DeviceFile;
///
/// let info = "<smartLicenseSystemInfo><data>{}</data></smartLicenseSystemInfo>";
/// let file = DeviceFile::new().element(info)?.to_text()?;
/// assert_eq!(file, format!("<smartLicense>{info}</smartLicense>"));
/// # Ok::<(), slp_rum::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct DeviceFile<'a> {
    items: Vec<Item<'a>>,
    /// What the reports say that are kept from a document.
    kept: Kept,
    /// What the root of that document declares, each with a blank in front.
    namespaces: &'a str,
}

/// The devices of the reports that are kept, as they stand, from a document.
#[derive(Clone, Debug, Default)]
struct Kept {
    first: Option<Udi>,
    devices: FileDevices,
}

/// One child of the root.
#[derive(Clone, Debug)]
enum Item<'a> {
    /// An element as it stands.
    Element(PartKind, Cow<'a, str>),
    /// A report, written in the strict form.
    Report(&'a UsageReport),
}

/// What the children are ordered by; `None` for elements that stay behind the one that they followed.
fn rank(kind: &PartKind) -> Option<u8> {
    match kind {
        PartKind::SystemInfo => Some(0),
        PartKind::Report => Some(1),
        PartKind::AuthRequest => Some(2),
        PartKind::TrustRequest => Some(3),
        _ => None,
    }
}

impl Item<'_> {
    fn kind(&self) -> &PartKind {
        match self {
            Self::Element(kind, _) => kind,
            Self::Report(_) => &PartKind::Report,
        }
    }
}

impl<'a> DeviceFile<'a> {
    /// A file without reports: `<smartLicense></smartLicense>`.
    pub fn new() -> Self {
        Self::default()
    }

    /// The file that a document is, to be changed: every part keeps its bytes and its place. What stood between the
    /// parts (white space, comments, an XML declaration) is left out; what the root declares about namespaces stays.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] if the document is no device file, [`ErrorKind::Inconsistent`] if it has reports of
    /// devices that are not tied; the error at which the document breaks off, if it does. A report that cannot be read
    /// is its own error; one that could not be written is [`ErrorKind::MissingMember`] (no outer signature) or
    /// [`ErrorKind::PayloadLost`]. Other parts are not judged.
    pub fn from_document(document: &'a Document<'_>) -> Result<Self, Error> {
        if !matches!(document.container(), Container::DeviceFile | Container::BareReport) {
            let text = format!(
                "a document of form {} has no parts that a device file could keep: add its reports instead",
                document.container()
            );
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        if let Some(damage) = document.damage() {
            return Err(damage);
        }
        let mut kept = Kept::default();
        let mut is_mixed = false;
        for report in document.reports() {
            let report = report?;
            signature_of(&report).map_err(|error| error.at(report.place().clone()))?;
            is_mixed |= kept.first.get_or_insert_with(|| report.device().clone()) != report.device();
            add(&mut kept.devices, &report);
        }
        if let Some(first) = kept.first.as_ref().filter(|_| is_mixed) {
            let mut reports = document.reports().flatten();
            reports.try_for_each(|report| tied(&mut kept.devices, first, &report))?;
        }
        let items = document.parts().map(|part| Item::Element(part.kind, Cow::Borrowed(part.raw))).collect();
        Ok(Self { items, kept, namespaces: namespaces_to_keep(document) })
    }

    /// Adds a report behind those that are there.
    pub fn report(mut self, report: &'a UsageReport) -> Self {
        self.insert(Item::Report(report));
        self
    }

    /// Adds reports, in this order.
    pub fn reports(self, reports: impl IntoIterator<Item = &'a UsageReport>) -> Self {
        reports.into_iter().fold(self, Self::report)
    }

    /// Adds an element as it stands, from `<` to `>`: `smartLicenseSystemInfo`, `smartLicenseAuthRequest` and
    /// `smartLicenseTrustRequest` go to their place, in the stead of one that is there already; any other goes to the
    /// end.
    ///
    /// # Errors
    /// [`ErrorKind::Structure`] if the text is not exactly one element, or if it is a `RUMReport`: reports are added as
    /// reports. What else can be wrong with XML, as in [`Document::parse`].
    pub fn element(mut self, raw: impl Into<Cow<'a, str>>) -> Result<Self, Error> {
        let raw = raw.into();
        let kind = kind_of(&raw)?;
        self.insert(Item::Element(kind, raw));
        Ok(self)
    }

    fn insert(&mut self, item: Item<'a>) {
        let Some(rank_of_item) = rank(item.kind()) else {
            self.items.push(item);
            return;
        };
        let is_report = matches!(item, Item::Report(_));
        if let Some(same) = self.items.iter_mut().find(|other| !is_report && other.kind() == item.kind()) {
            *same = item;
            return;
        }
        let place = self.place_for(rank_of_item);
        self.items.insert(place, item);
    }

    /// Behind the last item that goes before one of this rank, and behind what follows that item; without such an item,
    /// before the first that goes after it.
    fn place_for(&self, rank_of_item: u8) -> usize {
        let is_ranked = |item: &Item<'_>| rank(item.kind()).is_some();
        let goes_before = |item: &Item<'_>| rank(item.kind()).is_some_and(|rank| rank <= rank_of_item);
        let from = self.items.iter().rposition(goes_before).map_or(0, |last| last.saturating_add(1));
        let followers = self.items.iter().skip(from).position(is_ranked);
        followers.map_or(self.items.len(), |count| from.saturating_add(count))
    }

    /// The whole text.
    ///
    /// # Errors
    /// [`ErrorKind::Inconsistent`] for a report of another device than that of the first report, unless the `ha_udi` of
    /// the reports, taken together, join the two; [`ErrorKind::MissingMember`] for one without outer signature;
    /// [`ErrorKind::PayloadLost`] for one whose payload arrived as an object; and those of
    /// [`envelope`](super::envelope()). The place is that of the report in the document that it came from.
    pub fn to_text(&self) -> Result<String, Error> {
        to_text(|out| self.write_to(out))
    }

    /// As [`to_text`](Self::to_text), added to `out`: one buffer serves all leaves of a bundle. On an error `out` is as
    /// it was.
    ///
    /// # Errors
    /// As [`to_text`](Self::to_text).
    pub fn write_to(&self, out: &mut String) -> Result<(), Error> {
        all_or_nothing(out, |out| {
            self.one_device()?;
            match OPEN.strip_suffix('>').filter(|_| !self.namespaces.is_empty()) {
                Some(open) => out.extend([open, self.namespaces, ">"]),
                None => out.push_str(OPEN),
            }
            for item in &self.items {
                match item {
                    Item::Element(_, raw) => out.push_str(raw),
                    Item::Report(report) => write_report(report, out)?,
                }
            }
            out.push_str(CLOSE);
            Ok(())
        })
    }

    /// One file is one device: is every report about the first one, or about one that is tied to it?
    fn one_device(&self) -> Result<(), Error> {
        let reports = || {
            self.items.iter().filter_map(|item| match item {
                Item::Report(report) => Some(*report),
                Item::Element(..) => None,
            })
        };
        let Some(first) = self.kept.first.as_ref().or_else(|| reports().next().map(UsageReport::device)) else {
            return Ok(());
        };
        if reports().all(|report| report.device() == first) {
            return Ok(());
        }
        let mut devices = self.kept.devices.clone();
        reports().for_each(|report| add(&mut devices, report));
        reports().try_for_each(|report| tied(&mut devices, first, report))
    }
}

/// A part that stays without its root still needs what the root declares. A part that is the root has it with it.
fn namespaces_to_keep<'a>(document: &'a Document<'_>) -> &'a str {
    if document.container() == Container::DeviceFile { document.namespaces() } else { "" }
}

fn write_report(report: &UsageReport, out: &mut String) -> Result<(), Error> {
    out.push_str("<RUMReport><![CDATA[");
    let from = out.len();
    write_signed(report, NoHeader::Absent, out)?;
    split_cdata_ends(out, from);
    out.push_str("]]></RUMReport>");
    Ok(())
}

/// Cuts the section in two wherever its end would stand in the text behind `from`.
fn split_cdata_ends(out: &mut String, from: usize) {
    let written = out.as_bytes().get(from..).unwrap_or_default();
    if memmem::find(written, CDATA_END.as_bytes()).is_some() {
        let text = out.split_off(from);
        out.push_str(&text.replace(CDATA_END, "]]]]><![CDATA[>"));
    }
}

fn name(device: &Udi) -> (&str, &str) {
    (device.pid(), device.serial())
}

fn add(devices: &mut FileDevices, report: &UsageReport) {
    devices.add(name(report.device()), report.ha().iter().map(|member| name(&member.device)));
}

/// Is the report about the first device or one that stands in for it, as the lists of all reports say? The reader asks
/// the same question.
fn tied(devices: &mut FileDevices, first: &Udi, report: &UsageReport) -> Result<(), Error> {
    if devices.are_tied(name(first), name(report.device())) {
        return Ok(());
    }
    let text = "a report of another device than that of the first report: a device file holds the reports of one \
                device; write a file for each";
    Err(Error::new(ErrorKind::Inconsistent, text).at(report.place().clone()))
}

/// The kind of the one element that the text is.
fn kind_of(raw: &str) -> Result<PartKind, Error> {
    let whole = [OPEN, raw, CLOSE].concat();
    let document = Document::parse(whole.as_bytes()).map_err(unwrapped)?;
    if let Some(damage) = document.damage() {
        return Err(unwrapped(damage));
    }
    let mut parts = document.parts();
    let fault = match (parts.next(), parts.next()) {
        (Some(part), None) if part.kind == PartKind::Report => "a RUMReport as raw text: add it as a report",
        (Some(part), None) if part.raw == raw => return Ok(part.kind),
        _ => "not exactly one element, from its first `<` to its last `>`",
    };
    Err(Error::new(ErrorKind::Structure, format!("{}: {fault}", Quoted(raw))))
}

/// The error with its place in the text of the caller, in front of which `<smartLicense>` was put.
fn unwrapped(error: Error) -> Error {
    let mut at = error.location().clone();
    let shift = u64::try_from(OPEN.len()).unwrap_or_default();
    at.byte = at.byte.map(|byte| byte.saturating_sub(shift));
    if at.line == Some(1) {
        at.column = at.column.map(|column| column.saturating_sub(shift));
    }
    error.at(at)
}

/// A name for the file of a device, where one has to be made: the serial number and `_rum.txt`, with `_` for every
/// character other than ASCII letters, digits, `.`, `_` and `-`.
///
/// Devices of different product ids may share a serial number, and names may differ only in characters that are
/// replaced: who writes many files into one folder has to look.
///
/// ```
/// let device = slp_model::Udi::new("TEST-SWITCH", "TST/0000 1")?;
/// assert_eq!(slp_rum::write::file_name(&device), "TST_0000_1_rum.txt");
/// # Ok::<(), slp_model::Error>(())
/// ```
pub fn file_name(device: &Udi) -> String {
    let keep = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    let serial = device.serial().chars().map(|character| if keep(character) { character } else { '_' });
    serial.chain("_rum.txt".chars()).collect()
}

#[cfg(test)]
mod tests;
