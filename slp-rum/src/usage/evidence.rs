//! What usage over time and its checks need to know of every report, kept small.

use sha2::{Digest as _, Sha256};
use slp_model::{EntitlementTag, Udi, UnixSeconds};

use super::catalog::Catalog;
use super::fingerprint;
use super::ha::{HaList, HaLists};
use super::interval::Intervals;
use super::names::{Full, NONE, Names, index, number};
use super::record::{ALONE, Kind, Oddity, Record, SignatureMark, Stored, quarter};
use super::window::{GroupBy, UsageSum};
use crate::borrowed::{Sudi, UsageReport};
use crate::report::ReportKind;
use crate::{Error, ErrorKind};

/// The reports of any number of documents, as far as usage over time and [`continuity`](crate::continuity) need them.
///
/// A set: order, repetition and the split over documents show in no answer (but in how often a report came). Keeps no
/// text of a report: about 400 bytes for one with three measurements. Spec: rum, "Usage intervals".
///
/// ```
/// use slp_rum::usage::Evidence;
///
/// let bytes = include_bytes!("../../examples/data/branch.txt");
/// let document = slp_rum::Document::parse(bytes)?;
/// let mut evidence = Evidence::new();
/// let mut reports = document.borrowed_reports();
/// while let Some(report) = reports.next() {
///     evidence.add(&report?, "branch.txt")?;
/// }
/// for interval in evidence.intervals() {
///     println!("{} to {}: {} in use", interval.start, interval.end, interval.count);
/// }
/// # Ok::<(), slp_rum::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    pub(super) devices: Names<Udi>,
    pub(super) tags: Names<EntitlementTag>,
    roles: Names<Box<str>>,
    /// Lists of (role, device).
    ha: Names<HaList>,
    sources: Vec<Box<str>>,
    oddities: Vec<Oddity>,
    measurements: Vec<Stored>,
    pub(super) records: Vec<Record>,
}

impl From<Full> for Error {
    fn from(_: Full) -> Self {
        Self::new(ErrorKind::Limit, "more reports than one evaluation can hold").named("evidence")
    }
}

impl Evidence {
    /// No report yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one report, of any kind. `source` names the file or archive entry it came from, for findings.
    ///
    /// # Errors
    /// [`ErrorKind::BadValue`] or [`ErrorKind::Json`] if the report was changed after it was read, so that a name or the
    /// payload is none any more. [`ErrorKind::Limit`] `evidence` beyond 2^32 reports or measurements. Nothing is taken
    /// in then.
    pub fn add(&mut self, report: &UsageReport<'_>, source: &str) -> Result<(), Error> {
        let print = fingerprint::of(report.raw)
            .map_err(|fault| Error::new(ErrorKind::Json, format!("the payload is no report: {}", fault.message())))?;
        let kind = match report.kind {
            ReportKind::Usage => Kind::Usage,
            ReportKind::Telemetry => Kind::Telemetry,
            ReportKind::Other(_) => Kind::Other,
        };
        let device = self.device(&report.device)?;
        let tag = match &report.entitlement_tag {
            Some(tag) => self.tags.number(tag_of(tag)?)?,
            None => NONE,
        };
        let signer = match report.outer_signature.as_ref().and_then(|signature| signature.signer.as_ref()) {
            Some(signer) if *signer == report.device => device,
            Some(signer) => self.device(signer)?,
            None => NONE,
        };
        let ha = self.ha_list(report, device)?;
        let source = self.source(source)?;
        let (first, oddities) = (number(self.measurements.len())?, self.oddities.len());
        if let Err(error) = self.add_measurements(report, kind, &print.measurements) {
            self.measurements.truncate(index(first));
            self.oddities.truncate(oddities);
            return Err(error);
        }
        let (earliest, latest) = times(report);
        self.records.push(Record {
            payload: Sha256::digest(report.raw.as_bytes()).into(),
            identity: print.identity,
            meta: print.meta,
            inner: quarter(&print.inner),
            signature: mark(report),
            id: report.id.get(),
            earliest,
            latest,
            device,
            tag,
            signer,
            ha,
            source,
            first,
            measurements: number(self.measurements.len())?.saturating_sub(first),
            kind,
            signed: report.outer_signature.is_some(),
            closed: report.is_closed(),
            reloaded: report.measurements.last().is_some_and(|one| one.termination.as_deref() == Some("ProductReload")),
        });
        Ok(())
    }

    fn add_measurements(
        &mut self,
        report: &UsageReport<'_>,
        kind: Kind,
        prints: &[fingerprint::MeasurementPrint],
    ) -> Result<(), Error> {
        number(self.records.len())?;
        number(self.measurements.len().saturating_add(prints.len()))?;
        for (position, print) in prints.iter().enumerate() {
            let mut stored = Stored::of_print(print);
            if let Some(one) = report.measurements.get(position) {
                let count = one.count.filter(|_| kind == Kind::Usage && one.metric == "ENTITLEMENT");
                let oddity = Oddity::of(one, count.is_some(), |device| self.device(device))?;
                if oddity != Oddity::default() {
                    stored.oddity = number(self.oddities.len())?;
                    self.oddities.push(oddity);
                }
                (stored.start, stored.end) = (one.start, one.end);
                (stored.count, stored.counted) = (count.unwrap_or(0), count.is_some());
                stored.terminated = one.termination.is_some();
            }
            self.measurements.push(stored);
        }
        Ok(())
    }

    fn device(&mut self, device: &Sudi<'_>) -> Result<u32, Error> {
        Ok(self.devices.number(device.to_udi()?)?)
    }

    fn ha_list(&mut self, report: &UsageReport<'_>, device: u32) -> Result<u32, Error> {
        let list = report
            .ha
            .iter()
            .map(|(role, member)| Ok((role, if *member == report.device { device } else { self.device(member)? })))
            .collect::<Result<Vec<_>, Error>>()?;
        match list.as_slice() {
            [] => Ok(NONE),
            [(role, member)] if **role == "Active" && *member == device => Ok(ALONE),
            list => {
                let list = list.iter().map(|(role, member)| Ok((self.roles.number((***role).into())?, *member)));
                let list = list.collect::<Result<Box<[_]>, Full>>()?;
                Ok(self.ha.number(list)?)
            }
        }
    }

    /// Reports come document by document: a name is compared with the one before only.
    fn source(&mut self, source: &str) -> Result<u32, Full> {
        if self.sources.last().is_none_or(|last| **last != *source) {
            self.sources.push(source.into());
        }
        number(self.sources.len().saturating_sub(1))
    }

    /// Takes in what another part of the input gave. The order of parts does not matter.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] `evidence`, as for [`add`](Self::add). This value is of no use then.
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        let first = number(self.measurements.len())?;
        let oddity = number(self.oddities.len())?;
        let source = number(self.sources.len())?;
        number(self.measurements.len().saturating_add(other.measurements.len()))?;
        number(self.oddities.len().saturating_add(other.oddities.len()))?;
        number(self.sources.len().saturating_add(other.sources.len()))?;
        number(self.records.len().saturating_add(other.records.len()))?;
        let devices = self.devices.merge(other.devices)?;
        let tags = self.tags.merge(other.tags)?;
        let roles = self.roles.merge(other.roles)?;
        let ha = self.ha.merge_with(other.ha, |mut list, _| {
            for (role, device) in &mut list {
                (*role, *device) = (roles.of(*role), devices.of(*device));
            }
            list
        })?;
        self.sources.extend(other.sources);
        self.oddities.extend(other.oddities.into_iter().map(|mut one| {
            for device in one.added.iter_mut().chain(&mut one.removed).flat_map(|list| list.iter_mut()) {
                *device = devices.of(*device);
            }
            one
        }));
        self.measurements.extend(other.measurements.into_iter().map(|mut one| {
            if one.oddity != NONE {
                one.oddity = one.oddity.saturating_add(oddity);
            }
            one
        }));
        self.records.extend(other.records.into_iter().map(|mut record| {
            record.device = devices.of(record.device);
            record.tag = tags.of(record.tag);
            record.signer = devices.of(record.signer);
            record.ha = ha.of(record.ha);
            record.source = record.source.saturating_add(source);
            record.first = record.first.saturating_add(first);
            record
        }));
        Ok(())
    }

    /// How many reports were taken in, duplicates included.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Was no report taken in?
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Who used which licence how often and when: ordered by device, tag and start, without overlaps within one device
    /// and tag. Worked out device by device while it is read. Spec: rum, "Usage intervals".
    pub fn intervals(&self) -> Intervals<'_> {
        Intervals::new(Catalog::new(self))
    }

    /// Sums over a window of time, or over all time. Ordered by device and tag. Spec: rum, "Usage intervals".
    pub fn sums(&self, by: GroupBy, window: Option<slp_model::Span>) -> Vec<UsageSum<'_>> {
        super::window::sums(&Catalog::new(self), by, window)
    }

    /// Memory that is held, in bytes: an estimate that leaves out what allocators add.
    pub fn bytes(&self) -> usize {
        let devices = self.devices.bytes(|udi| udi.pid().len().saturating_add(udi.serial().len()));
        let tags = self.tags.bytes(|tag| tag.as_str().len());
        let roles = self.roles.bytes(|role| role.len());
        let ha = self.ha.bytes(|list| size_of_val(&**list));
        let sources =
            self.sources.iter().map(|source| source.len()).fold(size_of_val(&*self.sources), usize::saturating_add);
        let oddities = self.oddities.iter().map(Oddity::heap_bytes);
        let oddities = oddities.fold(size_of_val(&*self.oddities), usize::saturating_add);
        [devices, tags, roles, ha, sources, oddities, size_of_val(&*self.measurements), size_of_val(&*self.records)]
            .into_iter()
            .fold(0, usize::saturating_add)
    }

    /// The measurements of a report.
    pub(crate) fn measurements(&self, record: &Record) -> &[Stored] {
        let first = index(record.first);
        let end = first.saturating_add(index(record.measurements));
        self.measurements.get(first..end).unwrap_or_default()
    }

    pub(crate) fn oddity(&self, one: &Stored) -> Option<&Oddity> {
        self.oddities.get(index(one.oddity))
    }

    pub(crate) fn source_of(&self, record: &Record) -> &str {
        self.sources.get(index(record.source)).map_or("", |source| source)
    }

    /// Does any report name a redundant set other than the device alone?
    pub(crate) fn has_ha_lists(&self) -> bool {
        self.ha.iter().next().is_some()
    }

    /// The lists of redundant sets and the words of their roles.
    pub(crate) fn ha_lists(&self) -> HaLists<'_> {
        HaLists::new(&self.ha, &self.roles)
    }
}

fn tag_of(tag: &str) -> Result<EntitlementTag, Error> {
    EntitlementTag::new(tag).map_err(|error| Error::new(ErrorKind::BadValue, error.message()))
}

/// The least and the greatest of all times in a report.
fn times(report: &UsageReport<'_>) -> (UnixSeconds, UnixSeconds) {
    let usage = report.measurements.iter().flat_map(|one| [Some(one.start), Some(one.end), one.log_time]);
    let telemetry = report.snapshots.iter().flat_map(|one| [Some(one.start), Some(one.end), one.log_time]);
    let none = (UnixSeconds::MAX, UnixSeconds::MIN);
    usage.chain(telemetry).flatten().fold(none, |(least, most), time| (least.min(time), most.max(time)))
}

/// What tells two outer signatures apart.
fn mark(report: &UsageReport<'_>) -> SignatureMark {
    let Some(signature) = &report.outer_signature else {
        return SignatureMark::default();
    };
    let mut hash = Sha256::new();
    let signer = signature.signer.as_ref();
    let parts = [
        signer.map_or("", |signer| &signer.pid),
        signer.map_or("", |signer| &signer.serial),
        &signature.signing_type,
        &signature.key,
        &signature.value,
    ];
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part.as_bytes());
    }
    SignatureMark::new(&signature.value, hash.finalize().into())
}
