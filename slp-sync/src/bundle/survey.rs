//! What a leaf holds, as far as bundles, ledger and pairing have to know: device, HA set, report ids.

use std::collections::BTreeSet;

use slp_model::{ReportId, Udi};
use slp_rum::{Container, Document, ReadOptions};

use crate::bundle::LeafDigest;
use crate::error::{Error, ErrorKind, Result};
use crate::export::ExportedLeaf;

/// Whose leaf it is, and which reports it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// The device of the first report.
    pub device: Udi,
    /// Other devices that the reports name as members of one HA set with it, sorted.
    pub ha: Vec<Udi>,
    /// The reports, in their order.
    pub reports: Vec<ReportId>,
    /// Is a report about a device that is neither the first nor in its HA set?
    pub mixed: bool,
    /// Is it a device's own file, which goes into a bundle byte for byte?
    pub is_device_file: bool,
}

impl Survey {
    /// Reads all reports of a document. One bad report makes it bad: what went out with it could not be told later.
    ///
    /// # Errors
    /// [`ErrorKind::BadLeaf`]: the name is the word of `slp_rum::ErrorKind`, the place is that in the document, the
    /// error itself is the source. A document without reports has the name `no-report`.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        Self::with(bytes, &ReadOptions::default())
    }

    /// As [`of`](Self::of), under the caller's limits and tolerances: those of
    /// [`Limits::leaf_options`](crate::Limits::leaf_options).
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn with(bytes: &[u8], options: &ReadOptions) -> Result<Self> {
        let document = Document::parse_with(bytes, options).map_err(bad_leaf)?;
        let mut found: Option<(Udi, BTreeSet<Udi>)> = None;
        let mut devices = BTreeSet::new();
        let mut reports = Vec::new();
        let mut lent = document.borrowed_reports();
        while let Some(report) = lent.next() {
            let report = report.map_err(bad_leaf)?;
            let device = report.device.to_udi().map_err(bad_leaf)?;
            reports.push(report.id);
            let (first, set) = found.get_or_insert_with(|| (device.clone(), BTreeSet::new()));
            for (_, member) in &report.ha {
                let member = member.to_udi().map_err(bad_leaf)?;
                // Its report ties a device to the first one, whether it names itself or not.
                if member == *first {
                    set.insert(device.clone());
                }
                set.insert(member);
            }
            devices.insert(device);
        }
        let Some((device, mut set)) = found else {
            let text = "no usage report in this document: nothing could be acknowledged";
            return Err(Error::new(ErrorKind::BadLeaf, text).named("no-report"));
        };
        set.remove(&device);
        Ok(Self {
            mixed: devices.iter().any(|other| *other != device && !set.contains(other)),
            is_device_file: document.container() == Container::DeviceFile,
            ha: set.into_iter().collect(),
            device,
            reports,
        })
    }

    /// The same, as the ledger keeps it.
    pub fn exported(self, archive: impl Into<String>, leaf: impl Into<String>, digest: LeafDigest) -> ExportedLeaf {
        let Self { device, ha, reports, .. } = self;
        ExportedLeaf { ha, reports, ..ExportedLeaf::new(archive, leaf, device, digest) }
    }
}

pub(super) fn bad_leaf(error: slp_rum::Error) -> Error {
    let text = format!("the document is refused: {}", error.message());
    let (at, name) = (error.location().clone(), error.kind().as_str());
    Error::new(ErrorKind::BadLeaf, text).at(at).named(name).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::Survey;
    use crate::ErrorKind;
    use crate::bundle::tests::report;

    #[test]
    fn device_ha_set_and_ids_are_found() {
        let file = format!("<smartLicense>{}{}</smartLicense>", report(1, 10, &[1, 2]), report(2, 11, &[]));
        let survey = Survey::of(file.as_bytes()).unwrap();
        assert_eq!(survey.device.serial(), "TST00000001");
        assert_eq!(survey.ha.iter().map(|udi| udi.serial().to_owned()).collect::<Vec<_>>(), ["TST00000002"]);
        assert_eq!(survey.reports.iter().map(|id| id.get()).collect::<Vec<_>>(), [10, 11]);
        assert!(!survey.mixed && survey.is_device_file);
        let mixed = format!("<smartLicense>{}{}</smartLicense>", report(1, 10, &[]), report(2, 11, &[]));
        assert!(Survey::of(mixed.as_bytes()).unwrap().mixed);
    }

    #[test]
    fn a_bad_document_keeps_the_word_of_its_reader() {
        let error = Survey::of(b"<html/>").unwrap_err();
        assert_eq!((error.kind(), error.name()), (ErrorKind::BadLeaf, Some("unknown-root")));
        assert!(std::error::Error::source(&error).is_some());
        let none = Survey::of(b"<smartLicense></smartLicense>").unwrap_err();
        assert_eq!(none.name(), Some("no-report"));
    }
}
