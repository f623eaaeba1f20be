//! Three ordinary inputs on which published scripts break.

use slp_rum::write::DeviceFile;
use slp_rum::{Container, Document, UsageReport};

fn reports(bytes: &[u8]) -> (Container, Vec<UsageReport>) {
    let document = Document::parse(bytes).unwrap();
    (document.container(), document.reports().collect::<Result<_, _>>().unwrap())
}

/// A script that turns XML into a dictionary gets a list for two reports, and no list for one.
#[test]
fn one_report_in_a_file_is_a_list_of_one() {
    let (container, reports) = reports(include_bytes!("fixtures/valid/exactly-one-report/input.txt"));
    assert_eq!((container, reports.len()), (Container::DeviceFile, 1));
}

/// Portals show a report without `smartLicense` around it; a script that looks for that root finds nothing.
#[test]
fn a_bare_report_root_is_one_report() {
    let (container, reports) = reports(include_bytes!("fixtures/valid/wlc-cloud-v2/input.xml"));
    assert_eq!((container, reports.len()), (Container::BareReport, 1));
    assert_eq!(reports[0].peak(), Some(3));
}

/// One script removes every blank, another turns every apostrophe into a quotation mark: both break the signature.
#[test]
fn blanks_and_apostrophes_inside_payload_strings_survive() {
    let input = include_str!("fixtures/valid/payload-with-blanks-and-apostrophes/input.txt");
    let (_, reports) = reports(input.as_bytes());
    let payload = reports[0].payload_text();
    assert!(payload.contains("  ") && payload.contains('\''), "the fixture has both");
    let written = DeviceFile::new().reports(&reports).to_text().unwrap();
    let again = Document::parse(written.as_bytes()).unwrap().reports().next().unwrap().unwrap();
    assert_eq!(again.payload_text(), payload);
    assert_eq!(again.payload_sha256(), reports[0].payload_sha256());
}
