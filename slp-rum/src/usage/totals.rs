//! Sums that need no state per report.

use std::collections::BTreeMap;

use crate::borrowed;

/// Sums over everything that was read, before duplicates are dropped. Memory grows with the number of licences, not of
/// reports. Spec: rum, "Usage intervals".
///
/// ```
/// let mut totals = slp_rum::usage::Totals::default();
/// totals.add_document();
/// totals.add_rejected();
/// assert_eq!((totals.devices, totals.reports, totals.rejected), (1, 0, 1));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Documents that were read: files, or leaves of a bundle, one for each device.
    pub devices: u64,
    /// Reports that were read.
    pub reports: u64,
    /// Measurements of those reports; the snapshots of telemetry are none.
    pub measurements: u64,
    /// Reports and documents that were refused.
    pub rejected: u64,
    /// Entitlement tag, without outer blanks, to the greatest count of one measurement on any one device.
    pub peak: BTreeMap<String, u64>,
}

impl Totals {
    /// Counts one report. Needs memory only for a tag that was not there before.
    pub fn add(&mut self, report: &borrowed::UsageReport<'_>) {
        self.reports = self.reports.saturating_add(1);
        let measurements = u64::try_from(report.measurements.len()).unwrap_or(u64::MAX);
        self.measurements = self.measurements.saturating_add(measurements);
        if let (Some(tag), Some(peak)) = (&report.entitlement_tag, report.peak()) {
            self.raise(tag.trim_ascii(), peak);
        }
    }

    fn raise(&mut self, tag: &str, count: u64) {
        match self.peak.get_mut(tag) {
            Some(peak) => *peak = count.max(*peak),
            None => drop(self.peak.insert(tag.to_owned(), count)),
        }
    }

    /// Counts one document.
    pub fn add_document(&mut self) {
        self.devices = self.devices.saturating_add(1);
    }

    /// Counts one report or document that was refused.
    pub fn add_rejected(&mut self) {
        self.rejected = self.rejected.saturating_add(1);
    }

    /// Takes in the sums of another part of the input. The order of parts does not matter.
    pub fn merge(&mut self, other: Self) {
        self.devices = self.devices.saturating_add(other.devices);
        self.reports = self.reports.saturating_add(other.reports);
        self.measurements = self.measurements.saturating_add(other.measurements);
        self.rejected = self.rejected.saturating_add(other.rejected);
        for (tag, count) in other.peak {
            let peak = self.peak.entry(tag).or_default();
            *peak = count.max(*peak);
        }
    }
}
