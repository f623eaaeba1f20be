//! Which reports of which devices go into a bundle, and as which bytes.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;

use slp_model::{ReportId, Udi};
use slp_rum::write::DeviceFile;
use slp_rum::{Closure, Document, PartKind, UsageReport};
use slp_sync::bundle::{LeafDigest, Survey};

use crate::arguments::Sources;
use crate::console::{Session, Stop};
use crate::fault::Fault;
use crate::input::{Input, Reader};
use crate::pipeline::{self, Outcome};

/// One file of a device.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: String,
    digest: LeafDigest,
    is_device_file: bool,
    reports: Vec<ReportId>,
}

/// A device and its files, in byte order of their paths.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) udi: Udi,
    pub(super) ha: Vec<Udi>,
    pub(super) sources: Vec<Source>,
}

/// What the paths lead to.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In order of first appearance over the paths in byte order.
    pub(super) devices: Vec<Device>,
    /// How many files were left out.
    pub(super) left_out: u64,
}

/// A leaf that is to be written.
#[derive(Debug)]
pub(super) struct Leaf<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    pub(super) reports: Vec<ReportId>,
}

/// A file, surveyed.
type Surveyed = (String, Survey, LeafDigest);

/// Why a file is left out.
type Refused = Box<Fault>;

/// `None`: a leaf of a bundle, which is refused with the first leaf.
fn survey(input: &Input<'_>) -> Option<Result<Surveyed, Refused>> {
    if let Some(leaf) = input.as_leaf() {
        let text = "a bundle, where a file of one device is wanted: extract it first";
        let file = leaf.file.as_deref().unwrap_or_default();
        return (leaf.index == 0).then(|| Err(Box::new(Fault::of_file("unsupported", file, text))));
    }
    let own = input.bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(input.bytes);
    Some(match Survey::of(input.bytes) {
        Ok(survey) if survey.mixed => {
            let text = "reports of several devices in one file: split it first";
            Err(Box::new(Fault::of_file("inconsistent", input.name, text)))
        }
        Ok(survey) => Ok((input.name.to_owned(), survey, LeafDigest::of(own))),
        Err(error) => Err(Box::new(input.bundle_fault(error))),
    })
}

impl Found {
    /// Surveys every file.
    pub(super) fn read(sources: &Sources, session: &mut Session<'_>) -> Result<Self, Stop> {
        if sources.paths.iter().any(|path| path.as_os_str() == "-") {
            return Err(Stop::Call("files are read twice, which standard input cannot be".to_owned()));
        }
        let (mut files, mut left_out) = (Vec::new(), 0_u64);
        pipeline::documents(sources, session, survey, |_, messages, outcome| {
            let file = match outcome {
                Outcome::Document(None) => return Ok(()),
                Outcome::Document(Some(file)) => file,
                Outcome::Fault(fault) => Err(Box::new(fault)),
            };
            match file {
                Ok(file) => files.push(file),
                Err(fault) => {
                    messages.fault(&fault);
                    left_out = left_out.saturating_add(1);
                }
            }
            Ok(())
        })?;
        files.sort_by(|(one, ..), (next, ..)| one.as_bytes().cmp(next.as_bytes()));
        files.dedup_by(|(next, ..), (one, ..)| next == one);
        Ok(Self { devices: by_device(files), left_out })
    }
}

fn by_device(files: Vec<Surveyed>) -> Vec<Device> {
    let mut numbers: BTreeMap<(Box<str>, Box<str>), usize> = BTreeMap::new();
    let mut devices: Vec<Device> = Vec::new();
    for (path, survey, digest) in files {
        let key = (survey.device.pid().into(), survey.device.serial().into());
        let number = *numbers.entry(key).or_insert(devices.len());
        let source = Source { path, digest, is_device_file: survey.is_device_file, reports: survey.reports };
        match devices.get_mut(number) {
            Some(device) => {
                device.ha.extend(survey.ha);
                device.ha.sort_unstable();
                device.ha.dedup();
                device.sources.push(source);
            }
            None => devices.push(Device { udi: survey.device, ha: survey.ha, sources: vec![source] }),
        }
    }
    devices
}

impl Device {
    /// The reports of all files.
    pub(super) fn reports(&self) -> impl Iterator<Item = ReportId> + '_ {
        self.sources.iter().flat_map(|source| &source.reports).copied()
    }

    /// What is known of the leaf without reading its file again: its digest and reports, where one file goes in as it is.
    pub(super) fn as_it_is(&self, keep: &impl Fn(ReportId) -> bool) -> Option<(LeafDigest, &[ReportId])> {
        let [source] = self.sources.as_slice() else { return None };
        let whole = source.is_device_file && source.reports.iter().all(|id| keep(*id));
        whole.then_some((source.digest, &*source.reports))
    }

    /// The bytes of the leaf: the file as it is if it may be, else a file made of the reports that are kept.
    ///
    /// # Errors
    /// [`Stop::Data`] if a file cannot be read any more or has changed.
    pub(super) fn leaf<'b>(
        &self,
        reader: &Reader<'_>,
        buffer: &'b mut Vec<u8>,
        keep: &impl Fn(ReportId) -> bool,
    ) -> Result<Leaf<'b>, Stop> {
        if let (Some((digest, reports)), [source]) = (self.as_it_is(keep), self.sources.as_slice()) {
            let own = read(reader, source, buffer)?;
            if LeafDigest::of(own) != digest {
                return Err(changed(source));
            }
            return Ok(Leaf { bytes: Cow::Borrowed(own), reports: reports.to_vec() });
        }
        let (mut reports, mut system_info) = (Vec::new(), None);
        for source in &self.sources {
            let own = read(reader, source, buffer)?;
            if LeafDigest::of(own) != source.digest {
                return Err(changed(source));
            }
            let stop = |error: slp_rum::Error| Stop::Data(error.inside(&*source.path).to_string());
            let document = Document::parse(own).map_err(stop)?;
            for report in document.reports() {
                let report = report.map_err(stop)?;
                if keep(report.id()) {
                    reports.push(report);
                }
            }
            let info = document.parts().filter(|part| part.kind == PartKind::SystemInfo).last();
            system_info = info.map(|part| part.raw.to_owned()).or(system_info);
        }
        let reports = one_version_each(reports);
        let stop = |error: slp_rum::Error| Stop::Data(format!("{}: {error}", self.udi));
        let mut file = DeviceFile::new();
        if let Some(info) = system_info {
            file = file.element(info).map_err(stop)?;
        }
        let text = file.reports(&reports).to_text().map_err(stop)?;
        let reports = reports.iter().map(UsageReport::id).collect();
        Ok(Leaf { bytes: Cow::Owned(text.into_bytes()), reports })
    }
}

fn read<'b>(reader: &Reader<'_>, source: &Source, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], Stop> {
    let path = PathBuf::from(&source.path);
    reader.file(&path, &source.path, buffer).map_err(|fault| Stop::Data(fault.to_string()))?;
    Ok(buffer.strip_prefix("\u{feff}".as_bytes()).unwrap_or(buffer))
}

fn changed(source: &Source) -> Stop {
    Stop::Data(format!("{}: changed while the bundle was made: start again", source.path))
}

/// Of each report the version that says most, sorted as reports of a device are: licence (none last), start, id.
fn one_version_each(mut reports: Vec<UsageReport>) -> Vec<UsageReport> {
    reports.sort_by_cached_key(|report| {
        let says = (
            report.outer_signature().is_some(),
            matches!(report.closure(), Closure::Closed { .. }),
            report.span().map(|span| span.end()),
            report.measurements().len(),
            report.payload_sha256(),
        );
        (report.id(), Reverse(says))
    });
    reports.dedup_by(|next, one| next.id() == one.id());
    reports.sort_by_cached_key(|report| {
        let tag = report.entitlement_tag().map(|tag| tag.as_str().to_owned());
        (tag.is_none(), tag, report.span().map(|span| span.start()), report.id())
    });
    reports
}
