use slp_model::license::{HaRole, SigningType};
use slp_model::{EntitlementTag, ReportId, SoftwareTag, UnixSeconds};

use super::*;
use crate::write::UsageDraft;
use crate::{HaMember, Measurement, ReadOptions, Signature};

const INFO: &str = "<smartLicenseSystemInfo><data>{}</data></smartLicenseSystemInfo>";
const AUTH: &str = "<smartLicenseAuthRequest><data><![CDATA[[{}]]]></data></smartLicenseAuthRequest>";
const TRUST: &str = "<smartLicenseTrustRequest/>";

fn device(serial: &str) -> Udi {
    Udi::new("TEST-SWITCH", serial).unwrap()
}

fn report(serial: &str, set: &[&str]) -> UsageReport {
    let product = SoftwareTag::new("regid.2000-01.com.cisco.TEST,1.0_00000000-0000-4000-8000-0000000000aa").unwrap();
    let licence = EntitlementTag::new("]]>").unwrap();
    let mut draft = UsageDraft::v1(ReportId::new(1), device(serial), product, licence);
    draft.ha.extend(set.iter().map(|serial| HaMember::new(HaRole::Standby, device(serial))));
    let (start, end) = (UnixSeconds::new(1).unwrap(), UnixSeconds::new(2).unwrap());
    draft.measurements.push(Measurement::new(start, end, 1));
    let signature = Signature::new(SigningType::Builtin, "k", "AAAA");
    UsageReport::from_payload(draft.to_text().unwrap(), None, Some(signature), &ReadOptions::default()).unwrap()
}

/// The file with its reports shortened to `R`, so that the order shows.
fn order(file: &DeviceFile<'_>) -> String {
    let mut out = file.to_text().unwrap();
    for (raw, short) in [(INFO, "I"), (AUTH, "A"), (TRUST, "T"), ("<smartLicense>", ""), ("</smartLicense>", "")] {
        out = out.replace(raw, short);
    }
    let mut pieces = out.split("<RUMReport>");
    let mut out = pieces.next().unwrap().to_owned();
    for piece in pieces {
        out.push('R');
        out.push_str(piece.split_once("</RUMReport>").unwrap().1);
    }
    out
}

#[test]
fn parts_stand_in_their_order_whatever_the_order_of_the_calls() {
    let one = report("TST1", &[]);
    let file = DeviceFile::new().element(TRUST).unwrap().report(&one).element(AUTH).unwrap().element(INFO).unwrap();
    assert_eq!(order(&file.report(&one)), "IRRAT");
    assert_eq!(DeviceFile::new().to_text().unwrap(), "<smartLicense></smartLicense>");
}

#[test]
fn unknown_elements_stay_behind_the_sibling_that_they_followed() {
    let one = report("TST1", &[]);
    let text = format!("<smartLicense><a/>{INFO}<b/><c/>{AUTH}<d/></smartLicense>");
    let document = Document::parse(text.as_bytes()).unwrap();
    let file = DeviceFile::from_document(&document).unwrap();
    assert_eq!(file.to_text().unwrap(), text);
    let file = file.report(&one).element(TRUST).unwrap().report(&one).element("<e/>").unwrap();
    assert_eq!(order(&file), "<a/>I<b/><c/>RRA<d/>T<e/>");

    let text = "<smartLicense><a/></smartLicense>";
    let document = Document::parse(text.as_bytes()).unwrap();
    let file = DeviceFile::from_document(&document).unwrap().report(&one).element(INFO).unwrap();
    assert_eq!(order(&file), "<a/>IR");
}

#[test]
fn an_element_of_a_known_name_replaces_the_one_that_is_there() {
    let other = "<smartLicenseSystemInfo><data>{\"hostname\":\"x\"}</data></smartLicenseSystemInfo>";
    let file = DeviceFile::new().element(INFO).unwrap().element(AUTH).unwrap().element(other).unwrap();
    assert_eq!(file.to_text().unwrap(), format!("<smartLicense>{other}{AUTH}</smartLicense>"));
}

#[test]
fn parts_of_a_document_keep_their_bytes() {
    let kept = format!(
        "<RUMReport>\n<![CDATA[{}]]>\n</RUMReport>",
        crate::write::envelope(&report("TST1", &["TST2"])).unwrap().replace("]]>", "]]]]><![CDATA[>")
    );
    let text = format!("<?xml version=\"1.0\"?>\n<smartLicense>\n  {kept}<!-- x -->\n  {INFO}\n</smartLicense>\n");
    let document = Document::parse(text.as_bytes()).unwrap();
    let file = DeviceFile::from_document(&document).unwrap();
    assert_eq!(file.to_text().unwrap(), format!("<smartLicense>{kept}{INFO}</smartLicense>"));
    // A report that is added has to be of the same device as those that are kept.
    let (stranger, partner) = (report("TST3", &[]), report("TST2", &["TST1"]));
    assert_eq!(file.clone().report(&stranger).to_text().unwrap_err().kind(), ErrorKind::Inconsistent);
    assert!(file.report(&partner).to_text().is_ok());
}

#[test]
fn only_a_whole_device_file_can_be_changed() {
    let refused = |text: &str| {
        let document = Document::parse(text.as_bytes()).unwrap();
        DeviceFile::from_document(&document).map(|file| file.to_text()).unwrap_err()
    };
    insta::assert_snapshot!(refused("{\"usage\":[]}"), @"a document of form rest has no parts that a device file could keep: add its reports instead");
    assert_eq!(refused("<smartLicense><a>").kind(), ErrorKind::Truncated);
    let mixed = [report("TST1", &[]), report("TST2", &[])].map(|report| {
        let envelope = crate::write::envelope(&report).unwrap().replace("]]>", "]]]]><![CDATA[>");
        format!("<RUMReport><![CDATA[{envelope}]]></RUMReport>")
    });
    assert_eq!(refused(&format!("<smartLicense>{}</smartLicense>", mixed.concat())).kind(), ErrorKind::Inconsistent);
}

#[test]
fn a_text_that_is_not_exactly_one_element_is_refused() {
    let refused = |raw: &str| DeviceFile::new().element(raw.to_owned()).map(|_| ()).unwrap_err();
    for raw in ["", " ", "<!-- -->", "<a/><b/>", " <a/>", "<a/>\n", "<a/><!-- -->", "<!-- --><a/>", "<?x?><a/>"] {
        assert_eq!(refused(raw).kind(), ErrorKind::Structure, "{raw}");
    }
    for raw in
        ["<a>", "</a>", "<a></b>", "<a/></smartLicense><smartLicense>", "<!DOCTYPE a><a/>", "<a>&x;</a>", "<a>]]></a>"]
    {
        assert!(DeviceFile::new().element(raw).is_err(), "{raw}");
    }
    insta::assert_snapshot!(refused("x"), @"line 1, column 1: text directly under smartLicense, where only elements stand");
    insta::assert_snapshot!(refused("<a/><b/>"), @r#""<a/><b/>": not exactly one element, from its first `<` to its last `>`"#);
    insta::assert_snapshot!(refused("<RUMReport>{}</RUMReport>"), @r#""<RUMReport>{}</RUMReport>": a RUMReport as raw text: add it as a report"#);
}

#[test]
fn the_end_of_a_section_is_cut_in_two_wherever_it_stands() {
    for (text, split) in [
        ("a]]>b", "a]]]]><![CDATA[>b"),
        ("]]>]]>", "]]]]><![CDATA[>]]]]><![CDATA[>"),
        ("]]]>", "]]]]]><![CDATA[>"),
        ("]]", "]]"),
        ("]>]] >", "]>]] >"),
    ] {
        let mut out = String::from("é]]>");
        let from = out.len();
        out.push_str(text);
        split_cdata_ends(&mut out, from);
        assert_eq!(out, format!("é]]>{split}"));
    }
    let one = report("TST1", &[]);
    let text = DeviceFile::new().report(&one).to_text().unwrap();
    assert!(text.contains("]]]]><![CDATA[>"));
    let document = Document::parse(text.as_bytes()).unwrap();
    assert_eq!(document.reports().next().unwrap().unwrap().payload_text(), one.payload_text());
}

#[test]
fn a_report_of_another_device_is_refused_unless_lists_of_the_file_join_the_two() {
    let (one, two, three) = (report("TST1", &[]), report("TST2", &["TST1"]), report("TST3", &["TST2"]));
    assert!(DeviceFile::new().reports([&one, &two, &one]).to_text().is_ok());
    assert!(DeviceFile::new().reports([&one, &three, &two]).to_text().is_ok());
    let error = DeviceFile::new().reports([&one, &three]).to_text().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Inconsistent);
    insta::assert_snapshot!(error, @"a report of another device than that of the first report: a device file holds the reports of one device; write a file for each");
}

#[test]
fn what_the_writer_takes_is_no_mixed_file_for_the_reader() {
    let reports = [report("TST1", &["TST2"]), report("TST2", &["TST1"]), report("TST1", &[])];
    let text = DeviceFile::new().reports(&reports).to_text().unwrap();
    let document = Document::parse(text.as_bytes()).unwrap();
    for report in document.reports() {
        let report = report.unwrap();
        assert!(report.warnings().iter().all(|warning| warning.tolerance == crate::Tolerance::TagForm));
    }
}

#[test]
fn a_refused_file_leaves_the_buffer_as_it_was() {
    let (one, stranger) = (report("TST1", &[]), report("TST2", &[]));
    let mut out = String::from("before");
    DeviceFile::new().reports([&one, &stranger]).write_to(&mut out).unwrap_err();
    assert_eq!(out, "before");
    DeviceFile::new().write_to(&mut out).unwrap();
    assert_eq!(out, "before<smartLicense></smartLicense>");
}

#[test]
fn a_file_name_has_one_underscore_for_every_character_that_is_replaced() {
    for (serial, name) in
        [("TST-0.1_a", "TST-0.1_a_rum.txt"), ("../é t", ".._é_t_rum.txt"), ("a\\b:c*", "a_b_c__rum.txt")]
    {
        assert_eq!(file_name(&device(serial)), name.replace('é', "_"));
    }
}
