//! The leaf of one device, made of its files. Spec: sync, "Leaf" (choice).

use std::borrow::Cow;
use std::collections::BTreeMap;

use slp_model::{ReportId, Udi};
use slp_rum::write::DeviceFile;
use slp_rum::{Closure, Container, Content, Document, PartKind, ReadOptions, UsageReport};

use crate::bundle::Survey;
use crate::bundle::survey::{bad_leaf, no_report};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::privacy::{Privacy, Rewritten};

/// Versions of one report that are compared, each with each.
const VERSIONS: u64 = 100;

/// A leaf, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Composed<'b> {
    /// What goes into the bundle: the bytes of a single device file that nothing had to be changed in.
    pub bytes: Cow<'b, [u8]>,
    /// Its device and its reports.
    pub survey: Survey,
    /// Reports that came again, older, or in a version that contradicts the one that is in: so many are not in the leaf.
    pub left_out: u64,
    /// Reports of which versions contradict each other.
    pub conflicts: Vec<ReportId>,
}

/// Makes leaves.
///
/// A single device file goes in byte for byte, without a byte order mark. Anything else becomes one: a bare report, an
/// answer over REST, several files of one device, a file out of which something is withheld. Payloads are never touched.
///
/// ```
/// use slp_sync::{Limits, bundle::Composer};
///
/// let file = include_bytes!("../../examples/data/router-1.txt");
/// let leaf = Composer::new(&Limits::default()).leaf(&[file])?;
/// assert_eq!(&*leaf.bytes, &file[..]);
/// # Ok::<(), slp_sync::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Composer {
    options: ReadOptions,
    privacy: Privacy,
}

impl Composer {
    /// Reads the files under these limits; withholds nothing.
    pub fn new(limits: &Limits) -> Self {
        Self::with(limits.leaf_options())
    }

    /// Reads the files in this way; withholds nothing.
    pub fn with(options: ReadOptions) -> Self {
        Self { options, privacy: Privacy::default() }
    }

    /// Withholds what these switches say.
    #[must_use]
    pub fn privacy(mut self, privacy: Privacy) -> Self {
        self.privacy = privacy;
        self
    }

    /// The leaf of these files, oldest first.
    ///
    /// Of several files: each report once, in its newest version, sorted; the system information and the requests of the
    /// last file that has any. The order of the files decides nothing else.
    ///
    /// # Errors
    /// [`ErrorKind::BadLeaf`] for a document that cannot be read or written as a device file: one bad report makes it bad,
    /// because what went out with it could not be told later. [`ErrorKind::Inconsistent`] if it speaks of several devices.
    /// [`ErrorKind::Limit`] `versions` for a report in more than 100 versions. Of several files the place says which, from
    /// `#1` on.
    pub fn leaf<'b>(&self, files: &[&'b [u8]]) -> Result<Composed<'b>> {
        self.leaf_of(files, |_| true)
    }

    /// As [`leaf`](Self::leaf), of the reports that are kept: what went up before stays out, and does not count as
    /// [left out](Composed::left_out).
    ///
    /// # Errors
    /// As for [`leaf`](Self::leaf); [`ErrorKind::BadLeaf`] `no-report` if no report is kept.
    pub fn leaf_of<'b>(&self, files: &[&'b [u8]], keep: impl Fn(ReportId) -> bool) -> Result<Composed<'b>> {
        if let [bytes] = files {
            let whole = self.of_one(bytes)?;
            if whole.survey.reports.iter().all(|id| keep(*id)) {
                return Ok(whole);
            }
        }
        self.merged(files, keep)
    }

    fn merged<'b>(&self, files: &[&'b [u8]], keep: impl Fn(ReportId) -> bool) -> Result<Composed<'b>> {
        let numbered = |index: usize, error: Error| match files {
            [_] => error,
            _ => error.inside(format!("#{}", index.saturating_add(1))),
        };
        let mut documents = Vec::with_capacity(files.len());
        let mut reports = Vec::new();
        for (index, bytes) in files.iter().enumerate() {
            let document = self.parse(bytes).map_err(|error| numbered(index, error))?;
            for report in document.reports() {
                let report = report.map_err(|error| numbered(index, bad_leaf(error)))?;
                if keep(report.id()) {
                    reports.push(report);
                }
            }
            documents.push(document);
        }
        let (chosen, conflicts) = choose(&reports)?;
        let left_out = crate::source::widen(reports.len().saturating_sub(chosen.len()));
        let mut file = DeviceFile::new().reports(chosen);
        let mut unknown = Vec::new();
        for (index, document) in documents.iter().enumerate() {
            let mut elements = self.elements(document).map_err(|error| numbered(index, error))?;
            // The same element in each file is one.
            elements.retain(|(kind, raw)| !matches!(kind, PartKind::Unknown(_)) || !unknown.contains(raw));
            for (kind, raw) in elements {
                if matches!(kind, PartKind::Unknown(_)) {
                    unknown.push(raw.clone());
                }
                file = file.element(raw).map_err(|error| numbered(index, bad_leaf(error)))?;
            }
        }
        let text = file.to_text().map_err(bad_leaf)?;
        Ok(Composed { left_out, conflicts, ..self.checked(Cow::Owned(text.into_bytes()))? })
    }

    fn parse<'b>(&self, bytes: &'b [u8]) -> Result<Document<'b>> {
        Document::parse_with(bytes, &self.options).map_err(bad_leaf)
    }

    fn of_one<'b>(&self, bytes: &'b [u8]) -> Result<Composed<'b>> {
        let own = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        // Base64 around a device file is not what a device saves.
        let is_plain = own.trim_ascii_start().starts_with(b"<");
        let document = self.parse(own)?;
        if document.container() != Container::DeviceFile {
            let reports = document.reports().collect::<Result<Vec<_>, _>>().map_err(bad_leaf)?;
            let text = DeviceFile::new().reports(&reports).to_text().map_err(bad_leaf)?;
            return self.checked(Cow::Owned(text.into_bytes()));
        }
        let private = self.private(&document)?;
        if is_plain && private.is_empty() {
            return composed(Cow::Borrowed(own), Survey::of_document(&document)?);
        }
        let mut rewrite = document.rewrite().map_err(bad_leaf)?;
        for (index, element) in private {
            match element {
                Some(element) => rewrite.replace(index, element).map_err(bad_leaf)?,
                None => rewrite.remove(index),
            }
        }
        let text = rewrite.finish();
        let changed = self.parse(text.as_bytes())?;
        let text = DeviceFile::from_document(&changed).and_then(|file| file.to_text()).map_err(bad_leaf)?;
        self.checked(Cow::Owned(text.into_bytes()))
    }

    /// What is written is read: so that nothing goes out that could not be told later.
    fn checked<'b>(&self, bytes: Cow<'b, [u8]>) -> Result<Composed<'b>> {
        let survey = Survey::with(&bytes, &self.options)?;
        composed(bytes, survey)
    }

    /// The parts in which something is withheld, by their index, and what stands in their place, if anything does.
    fn private(&self, document: &Document<'_>) -> Result<Vec<(usize, Option<String>)>> {
        if self.privacy == Privacy::default() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for (index, content) in document.contents().enumerate() {
            let Content::SystemInfo(info) = content.map_err(bad_leaf)? else { continue };
            match self.privacy.rewrite(info.view()) {
                Rewritten::Keep => {}
                // A signature would not fit what is left.
                Rewritten::Replace(element) => {
                    found.push((index, Some(element).filter(|_| info.signature().is_none())));
                }
                Rewritten::Drop => found.push((index, None)),
            }
        }
        Ok(found)
    }

    /// Everything but reports, as it goes into the leaf.
    fn elements(&self, document: &Document<'_>) -> Result<Vec<(PartKind, String)>> {
        let mut private: BTreeMap<usize, Option<String>> = self.private(document)?.into_iter().collect();
        let parts = document.parts().enumerate().filter(|(_, part)| part.kind != PartKind::Report);
        let elements = parts.filter_map(|(index, part)| {
            let raw = private.remove(&index).unwrap_or_else(|| Some(part.raw.to_owned()))?;
            Some((part.kind, raw))
        });
        Ok(elements.collect())
    }
}

/// A leaf is of one device, and has reports.
fn composed(bytes: Cow<'_, [u8]>, survey: Survey) -> Result<Composed<'_>> {
    if survey.reports.is_empty() {
        return Err(no_report());
    }
    if survey.mixed {
        let device = slp_model::Quoted(&survey.device.to_string()).to_string();
        let text = format!("reports of {device} and of another device in one file: split it first");
        return Err(Error::new(ErrorKind::Inconsistent, text));
    }
    Ok(Composed { bytes, survey, left_out: 0, conflicts: Vec::new() })
}

/// One version of each report, in the order of bundles, and the ids of which versions contradict each other.
fn choose(reports: &[UsageReport]) -> Result<(Vec<&UsageReport>, Vec<ReportId>)> {
    let mut by_id: BTreeMap<(&Udi, ReportId), Vec<&UsageReport>> = BTreeMap::new();
    for report in reports {
        by_id.entry((report.device(), report.id())).or_default().push(report);
    }
    let mut chosen = Vec::with_capacity(by_id.len());
    let mut conflicts = Vec::new();
    for ((_, id), versions) in by_id {
        let (newest, contradicted) = newest(versions)?;
        chosen.extend(newest);
        conflicts.extend(contradicted.then_some(id));
    }
    chosen.sort_by_key(|report| {
        let tag = report.entitlement_tag().map(slp_model::EntitlementTag::as_str);
        let (device, start) = (report.device(), report.span().map(|span| span.start()));
        (device.pid(), device.serial(), tag.is_none(), tag, start, report.id())
    });
    Ok((chosen, conflicts))
}

/// The version that stands for all: the one that all others grew into, or the first by the rules for those that
/// contradict each other. Spec: rum, "Usage intervals", step 2.
fn newest(mut versions: Vec<&UsageReport>) -> Result<(Option<&UsageReport>, bool)> {
    let signature = |report: &UsageReport| report.outer_signature().map(|signature| signature.value.clone());
    versions.sort_by_cached_key(|report| (report.payload_text(), signature(report)));
    // One payload came with several signatures: the greatest stays.
    let same = versions.chunk_by(|one, next| one.payload_text() == next.payload_text());
    let distinct: Vec<&UsageReport> = same.filter_map(|copies| copies.last().copied()).collect();
    if crate::source::widen(distinct.len()) > VERSIONS {
        return Err(Error::limit("versions", VERSIONS, "versions of one report"));
    }
    let grown = |older: &&&UsageReport| !distinct.iter().any(|newer| grew(older, newer));
    let left: Vec<&UsageReport> = distinct.iter().filter(grown).copied().collect();
    let preferred = left.iter().copied().max_by_key(|report| {
        let end = report.span().map(|span| span.end());
        let signed = report.outer_signature().is_some();
        (signed, is_closed(report), end, report.measurements().len(), report.payload_sha256())
    });
    Ok((preferred, left.len() > 1))
}

fn is_closed(report: &UsageReport) -> bool {
    matches!(report.closure(), Closure::Closed { .. })
}

/// Is `newer` the same report some time later?
fn grew(older: &UsageReport, newer: &UsageReport) -> bool {
    let head = |report: &UsageReport| {
        (
            report.generation().clone(),
            report.kind().clone(),
            report.software_tag().clone(),
            report.entitlement_tag().cloned(),
            report.software_version().map(str::to_owned),
            report.utility_enabled(),
            report.product_instance_id().map(str::to_owned),
        )
    };
    let same = head(older) == head(newer)
        && older.ha() == newer.ha()
        && older.snapshots() == newer.snapshots()
        && older.payload_extra() == newer.payload_extra();
    let (before, after) = (older.measurements(), newer.measurements());
    let Some((last, earlier)) = before.split_last() else { return same && !after.is_empty() };
    let Some(counterpart) = after.get(earlier.len()) else { return false };
    let open = |one: &slp_rum::Measurement| {
        (
            one.start,
            one.metric.clone(),
            one.value_type.clone(),
            one.value.clone(),
            one.added.clone(),
            one.removed.clone(),
            one.clock_delta,
        )
    };
    let later = after.len() > before.len() || counterpart.end > last.end || (is_closed(newer) && !is_closed(older));
    same && after.starts_with(earlier) && open(last) == open(counterpart) && last.end <= counterpart.end && later
}

#[cfg(test)]
mod tests;
