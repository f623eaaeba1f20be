//! One version of each report: what came twice, what grew, what contradicts. Spec: rum, "Usage intervals", step 2.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use slp_model::UnixSeconds;

use super::catalog::{Catalog, Report};
use super::record::{Kind, Record};

/// All that came under one id of one device.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    pub(crate) kept: Version<'a>,
    /// Versions from which another one grew.
    pub(crate) superseded: Vec<Version<'a>>,
    /// Versions that neither grew into another nor were kept.
    pub(crate) conflicts: Vec<Version<'a>>,
}

/// One payload, and every time it came.
#[derive(Debug)]
pub(crate) struct Version<'a> {
    /// With the bytewise greatest signature.
    pub(crate) report: Report<'a>,
    pub(crate) occurrences: Vec<&'a Record>,
}

impl Version<'_> {
    /// The payload came with signatures that differ. A copy without signature says nothing against the others.
    pub(crate) fn is_resigned(&self) -> bool {
        let mut signatures = self.occurrences.iter().filter(|record| record.signed).map(|record| record.signature);
        signatures.next().is_some_and(|first| signatures.any(|other| other != first))
    }
}

/// What is used of all that came under one id of one device.
#[derive(Debug)]
pub(crate) struct Chosen<'a> {
    pub(crate) all: Option<Selection<'a>>,
    /// The report whose usage counts.
    pub(crate) usage: Option<Report<'a>>,
}

impl<'a> Chosen<'a> {
    /// The records are ordered by payload.
    pub(crate) fn new(catalog: &Catalog<'a>, same: &[&'a Record]) -> Self {
        // Usage is selected before versions are: a report of another kind with the same id takes no usage away.
        let usage: Vec<_> = same.iter().copied().filter(|record| record.kind == Kind::Usage).collect();
        let is_mixed = !usage.is_empty() && usage.len() < same.len();
        let all = select(catalog, same);
        let alone = if is_mixed { select(catalog, &usage) } else { None };
        let kept = alone.as_ref().or(all.as_ref()).map(|selection| selection.kept.report);
        Self { usage: kept.filter(|report| report.record.kind == Kind::Usage), all }
    }

    /// The reports that are kept: one, or two if usage is kept beside another kind.
    pub(crate) fn kept(&self) -> impl Iterator<Item = Report<'a>> {
        self.all.iter().map(|selection| selection.kept.report).chain(self.usage)
    }
}

/// Selects among the reports of one id of one device, ordered by payload.
fn select<'a>(catalog: &Catalog<'a>, records: &[&'a Record]) -> Option<Selection<'a>> {
    let versions: Vec<_> = records
        .chunk_by(|one, next| one.payload == next.payload)
        .filter_map(|same| {
            let record = same.iter().copied().max_by_key(|record| (record.signed, record.signature))?;
            Some(Version { report: catalog.report(record), occurrences: same.to_vec() })
        })
        .collect();
    let (superseded, mut rest) = if versions.len() > 1 { split(versions) } else { (Vec::new(), versions) };
    let preferred = rest.iter().enumerate().max_by_key(|(_, version)| {
        let record = version.report.record;
        (record.signed, record.closed, version.report.end(), version.report.measurements.len(), record.payload)
    });
    let preferred = preferred.map(|(position, _)| position)?;
    let kept = rest.remove(preferred);
    Some(Selection { kept, superseded, conflicts: rest })
}

/// The latest ends of versions that agree in everything up to one measurement.
#[derive(Debug, Default)]
struct Ends {
    /// Of those that have more measurements.
    longer: Option<UnixSeconds>,
    /// Of those for which it is the last.
    last: Option<UnixSeconds>,
    /// Of those for which it is the last and which are closed.
    closed: Option<UnixSeconds>,
    /// Some that begin like this have measurements.
    filled: bool,
}

/// Versions from which another one grew, and the others.
///
/// Every measurement of every version is entered under a digest of all that has to agree when it is the last one of an
/// older version. So the work grows with the number of measurements, not with the pairs of versions.
fn split(versions: Vec<Version<'_>>) -> (Vec<Version<'_>>, Vec<Version<'_>>) {
    let mut agreeing: BTreeMap<[u8; 32], Ends> = BTreeMap::new();
    for version in &versions {
        let mut before = head(version.report.record);
        let mut rest = version.report.measurements.iter();
        if !rest.as_slice().is_empty() {
            agreeing.entry(before).or_default().filled = true;
        }
        while let Some(one) = rest.next() {
            let ends = agreeing.entry(chain(&before, &one.stem)).or_default();
            if rest.as_slice().is_empty() {
                ends.last = ends.last.max(Some(one.end));
                if version.report.record.closed {
                    ends.closed = ends.closed.max(Some(one.end));
                }
            } else {
                ends.longer = ends.longer.max(Some(one.end));
            }
            before = chain(&before, &one.whole);
        }
    }
    versions.into_iter().partition(|version| {
        let record = version.report.record;
        let before = head(record);
        let Some((last, earlier)) = version.report.measurements.split_last() else {
            return agreeing.get(&before).is_some_and(|ends| ends.filled);
        };
        let before = earlier.iter().fold(before, |before, one| chain(&before, &one.whole));
        let end = Some(last.end);
        agreeing
            .get(&chain(&before, &last.stem))
            .is_some_and(|ends| ends.longer >= end || ends.last > end || (!record.closed && ends.closed >= end))
    })
}

/// What all versions of a report have to agree in: everything but measurements and inner signature.
fn head(record: &Record) -> [u8; 32] {
    chain(&[0; 32], &[record.identity, record.meta].concat())
}

fn chain(before: &[u8; 32], next: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(next);
    hash.finalize().into()
}
