//! What a leaf holds, as far as bundles, ledger and pairing have to know: device, HA set, report ids.

use std::collections::BTreeSet;

use slp_model::{ReportId, Udi};
use slp_rum::{Container, Content, Document, FileDevices, ReadOptions};

use crate::bundle::LeafDigest;
use crate::error::{Error, ErrorKind, Result};
use crate::export::ExportedLeaf;

/// Whose leaf it is, and which reports it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Survey {
    /// The device of the first report; of a document that asks for codes alone, the one that asks.
    pub device: Udi,
    /// Other devices that the reports name as members of one HA set with it, sorted.
    pub ha: Vec<Udi>,
    /// The reports, in their order; none in a document that asks for codes alone.
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
    /// error itself is the source. A document that neither holds a report nor asks for a code for one device has the name
    /// `no-report`.
    pub fn of(bytes: &[u8]) -> Result<Self> {
        Self::with(bytes, &ReadOptions::default())
    }

    /// As [`of`](Self::of), under the caller's limits and tolerances: those of
    /// [`Limits::leaf_options`](crate::Limits::leaf_options).
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn with(bytes: &[u8], options: &ReadOptions) -> Result<Self> {
        Self::of_document(&Document::parse_with(bytes, options).map_err(bad_leaf)?)
    }

    /// As [`of`](Self::of), of a document that was parsed already.
    pub(super) fn of_document(document: &Document<'_>) -> Result<Self> {
        let (mut first, mut reports) = (None, Vec::new());
        // Most files are about one device that is in no set: these stay empty.
        let (mut sets, mut reporting, mut members) = (FileDevices::default(), BTreeSet::new(), BTreeSet::new());
        let mut lent = document.borrowed_reports();
        while let Some(report) = lent.next() {
            let report = report.map_err(bad_leaf)?;
            reports.push(report.id);
            let device = report.device.to_udi().map_err(bad_leaf)?;
            let first: &Udi = first.get_or_insert_with(|| device.clone());
            if report.ha.is_empty() && device == *first {
                continue;
            }
            let list = report.ha.iter().map(|(_, member)| member.to_udi().map_err(bad_leaf));
            let list = list.collect::<Result<Vec<_>>>()?;
            sets.add(name(&device), list.iter().map(name));
            members.extend(list);
            reporting.insert(device);
        }
        let device = match first {
            Some(device) => device,
            None => asking(document)?.ok_or_else(no_report)?,
        };
        let mixed = reporting.iter().any(|other| !sets.are_tied(name(&device), name(other)));
        members.extend(reporting);
        members.retain(|other| *other != device && sets.are_tied(name(&device), name(other)));
        Ok(Self {
            mixed,
            is_device_file: document.container() == Container::DeviceFile,
            ha: members.into_iter().collect(),
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

/// Nothing could be acknowledged.
pub(super) fn no_report() -> Error {
    Error::new(ErrorKind::BadLeaf, "no usage report in this document: nothing could be acknowledged").named("no-report")
}

/// The one device that asks for codes.
fn asking(document: &Document<'_>) -> Result<Option<Udi>> {
    let mut asking: Option<Udi> = None;
    for content in document.contents() {
        let Content::AuthorizationRequest(request) = content.map_err(bad_leaf)? else { continue };
        for device in request.view().iter().filter_map(|entry| entry.device.as_ref()) {
            if asking.get_or_insert_with(|| device.clone()) != device {
                return Ok(None);
            }
        }
    }
    Ok(asking)
}

fn name(device: &Udi) -> (&str, &str) {
    (device.pid(), device.serial())
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
    use crate::bundle::Composer;
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
    fn a_set_is_what_all_lists_together_tie() {
        // the first names 2, and 3 names 2: neither names the other
        let chain = format!("<smartLicense>{}{}</smartLicense>", report(1, 10, &[2]), report(3, 11, &[2]));
        let survey = Survey::of(chain.as_bytes()).unwrap();
        let serials: Vec<_> = survey.ha.iter().map(|udi| udi.serial().to_owned()).collect();
        assert_eq!((survey.mixed, serials), (false, vec!["TST00000002".to_owned(), "TST00000003".to_owned()]));
        let apart = format!("<smartLicense>{}{}</smartLicense>", report(1, 10, &[2]), report(3, 11, &[4]));
        let survey = Survey::of(apart.as_bytes()).unwrap();
        assert_eq!((survey.mixed, survey.ha.len()), (true, 1), "two sets: the other one is not of this device");
    }

    #[test]
    fn a_bad_document_keeps_the_word_of_its_reader() {
        let error = Survey::of(b"<html/>").unwrap_err();
        assert_eq!((error.kind(), error.name()), (ErrorKind::BadLeaf, Some("unknown-root")));
        assert!(std::error::Error::source(&error).is_some());
        let none = Survey::of(b"<smartLicense></smartLicense>").unwrap_err();
        assert_eq!(none.name(), Some("no-report"));
    }

    #[test]
    fn a_document_that_asks_for_codes_alone_is_of_the_device_that_asks() {
        let asks = |serials: &[&str]| {
            let entry = |serial: &&str| {
                format!(
                    r#"{{"sudi":{{"udi_pid":"TEST-SWITCH","udi_serial_number":"{serial}"}},"keys":[{{"entitlement":"regid.2017-05.com.example.X","count":1}}]}}"#
                )
            };
            let entries = serials.iter().map(entry).collect::<Vec<_>>().join(",");
            format!(
                "<smartLicense><smartLicenseAuthRequest><data><![CDATA[[{entries}]]]></data></smartLicenseAuthRequest></smartLicense>"
            )
        };
        let survey = Survey::of(asks(&["TST00000001", "TST00000001"]).as_bytes()).unwrap();
        assert_eq!((survey.device.serial(), survey.reports.len(), survey.mixed), ("TST00000001", 0, false));
        for other in [asks(&["TST00000001", "TST00000002"]), asks(&[])] {
            assert_eq!(Survey::of(other.as_bytes()).unwrap_err().name(), Some("no-report"));
        }
        // what goes up is told by its reports
        let error = Composer::default().leaf(&[asks(&["TST00000001"]).as_bytes()]).unwrap_err();
        assert_eq!(error.name(), Some("no-report"));
    }
}
