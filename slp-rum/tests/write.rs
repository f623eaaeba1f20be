//! The three forms, byte for byte, against fixtures of this repository and against real reports.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use slp_model::json::{Limits, Profile, Reader, write_string};
use slp_model::{SoftwareTag, Udi, UnixMillis};
use slp_rum::write::{CloudRequest, DeviceFile, RestUsage, envelope};
use slp_rum::{Document, ErrorKind, Member, UsageReport};

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder)
}

/// The folder of real reports, where there is one.
#[expect(clippy::disallowed_methods, reason = "the samples are read where they lie")]
fn samples() -> Option<PathBuf> {
    if let Ok(folder) = std::env::var("SLP_SAMPLES") {
        return Some(PathBuf::from(folder).join("rum"));
    }
    eprintln!("skipped: SLP_SAMPLES does not name the folder of real samples");
    None
}

#[expect(clippy::disallowed_methods, reason = "files of this repository and samples, of known size")]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn reports(text: &str) -> Vec<UsageReport> {
    let document = Document::parse(text.as_bytes()).expect("a document");
    document.reports().map(|report| report.expect("a report")).collect()
}

/// Members of a REST answer besides `usage`.
fn top_members(text: &str) -> Vec<Member> {
    let mut reader = Reader::new(text, Limits::new(16, usize::MAX));
    let mut members = Vec::new();
    reader.begin_object().expect("an object");
    while let Some(name) = reader.next_member().expect("a member") {
        let raw = reader.skip().expect("a value");
        if name != "usage" {
            members.push(Member::new(name, raw));
        }
    }
    members
}

fn cloud(timestamp: u64, nonce: &str, reports: &[UsageReport]) -> String {
    let timestamp = UnixMillis::new(timestamp).expect("a time");
    CloudRequest::new(timestamp, nonce).reports(reports).to_text().expect("a request")
}

fn device_file(reports: &[UsageReport]) -> String {
    DeviceFile::new().reports(reports).to_text().expect("a file")
}

/// Payload texts in every container, each made from the one before it. Sorted, since a cloud request groups by device.
fn payloads_through_every_container(input: &str) -> Vec<Vec<String>> {
    let texts = |reports: &[UsageReport]| reports.iter().map(|one| one.payload_text().to_owned()).collect::<Vec<_>>();
    let first = reports(input);
    let from_file = reports(&device_file(&first));
    let from_rest = reports(&RestUsage::new().reports(&from_file).to_text().expect("an answer"));
    let from_cloud = reports(&cloud(0, "", &from_rest));
    let mut all: Vec<_> = [&first, &from_file, &from_rest, &from_cloud].into_iter().map(|one| texts(one)).collect();
    // By themselves, as an envelope and as a string literal.
    let mut alone = |text: &dyn Fn(&UsageReport) -> String| {
        all.push(from_cloud.iter().flat_map(|one| texts(&reports(&text(one)))).collect());
    };
    alone(&|one| envelope(one).expect("an envelope"));
    alone(&|one| {
        let mut literal = String::new();
        write_string(&mut literal, one.payload_text(), Profile::Http);
        literal
    });
    // Without anything around it, white space around the payload is white space of the document.
    for one in &from_cloud {
        assert_eq!(texts(&reports(one.payload_text())), [one.payload_text().trim_ascii()]);
    }
    for texts in &mut all {
        texts.sort();
    }
    all
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Length and SHA-256, as the tables of goldens have them.
fn fingerprint(text: &str) -> (usize, String) {
    (text.len(), hex(Sha256::digest(text)))
}

#[test]
fn the_three_forms_are_those_of_the_fixtures() {
    for folder in ["golden", "golden/ha-pair"] {
        let folder = fixtures(folder);
        let input = read(&folder.join("input.json"));
        let (reports, members) = (reports(&input), top_members(&input));
        let rest = RestUsage::new().reports(&reports).members(&members).to_text().expect("an answer");
        assert_eq!(rest, read(&folder.join("rest.json")));
        assert_eq!(device_file(&reports), read(&folder.join("device-file.txt")));
        assert_eq!(cloud(1_700_010_000_000, "0123456789abcdef", &reports), read(&folder.join("cloud.json")));
    }
}

#[test]
fn strings_are_written_as_the_fixture_says() {
    let cases: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(&read(&fixtures("golden/strings.json"))).expect("a list");
    assert!(cases.len() >= 14);
    for case in cases {
        let mut out = String::new();
        write_string(&mut out, case["text"].as_str().expect("a text"), Profile::Rum);
        assert_eq!(out, case["written"]);
    }
}

#[test]
fn a_strict_document_is_written_again_byte_for_byte() {
    for folder in ["golden", "golden/ha-pair"] {
        let folder = fixtures(folder);
        let file = read(&folder.join("device-file.txt"));
        assert_eq!(device_file(&reports(&file)), file);
        let document = Document::parse(file.as_bytes()).expect("a document");
        assert_eq!(DeviceFile::from_document(&document).and_then(|file| file.to_text()).expect("a file"), file);
        let rest = read(&folder.join("rest.json"));
        let members = top_members(&rest);
        assert_eq!(RestUsage::new().reports(&reports(&rest)).members(&members).to_text().expect("an answer"), rest);
        let body = read(&folder.join("cloud.json"));
        assert_eq!(cloud(1_700_010_000_000, "0123456789abcdef", &reports(&body)), body);
    }
}

#[test]
fn payloads_are_the_same_bytes_in_every_container() {
    for folder in ["golden", "golden/ha-pair"] {
        let all = payloads_through_every_container(&read(&fixtures(folder).join("input.json")));
        for texts in &all {
            assert_eq!(texts, &all[0]);
        }
    }
}

#[test]
fn every_report_that_is_read_is_written_as_an_envelope_with_the_same_payload() {
    let mut count = 0;
    for entry in std::fs::read_dir(fixtures("valid")).expect("a folder") {
        let folder = entry.expect("an entry").path();
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.file_stem().is_none_or(|stem| stem != "input") {
                continue;
            }
            for report in reports(&read(&path)) {
                count += 1;
                let written = match envelope(&report) {
                    Ok(text) => text,
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::PayloadLost, "{}", path.display());
                        continue;
                    }
                };
                let again = reports(&written);
                let [again] = again.as_slice() else { panic!("{}: not one report", path.display()) };
                assert_eq!(again.payload_text(), report.payload_text());
                assert_eq!(
                    again.outer_signature().map(|one| &one.value),
                    report.outer_signature().map(|one| &one.value)
                );
                assert_eq!(again.header().is_some(), report.header().is_some());
                assert_eq!(envelope(again).expect("an envelope"), written, "{}", path.display());
            }
        }
    }
    assert!(count > 50, "{count}");
}

#[test]
fn an_unsigned_report_is_refused_in_every_container() {
    let text = r#"{"payload":"{\"asset_identification\":{\"report_id\":1,\"asset\":{\"name\":\"a\"},\"instance\":{\"sudi\":{\"udi_pid\":\"P\",\"udi_serial_number\":\"S\"}}},\"measurements\":[]}"}"#;
    let reports = reports(&format!("<smartLicense><RUMReport><![CDATA[{text}]]></RUMReport></smartLicense>"));
    let time = UnixMillis::MIN;
    let errors = [
        DeviceFile::new().reports(&reports).to_text(),
        RestUsage::new().reports(&reports).to_text(),
        CloudRequest::new(time, "").reports(&reports).to_text(),
    ]
    .map(|outcome| outcome.expect_err("an error"));
    for error in &errors {
        assert_eq!(error.kind(), ErrorKind::MissingMember);
        assert_eq!(error.location(), reports[0].place());
    }
    insta::assert_snapshot!(errors[0], @"line 1, column 15, RUMReport[1]: the report has no outer signature, so nobody would take it: save the reports on the device as a file");
    assert_eq!(envelope(&reports[0]).expect("an envelope"), text);
}

#[test]
fn a_report_whose_payload_was_an_object_is_refused_everywhere() {
    let text = r#"{"usage":[{"payload":{"asset_identification":{"report_id":1,"asset":{"name":"a"},"instance":{"sudi":{"udi_pid":"P","udi_serial_number":"S"}}},"measurements":[]}}]}"#;
    let reports = reports(text);
    let errors = [
        DeviceFile::new().reports(&reports).to_text(),
        RestUsage::new().reports(&reports).to_text(),
        CloudRequest::new(UnixMillis::MIN, "").reports(&reports).to_text(),
        envelope(&reports[0]),
    ]
    .map(|outcome| outcome.expect_err("an error"));
    for error in &errors {
        assert_eq!((error.kind(), error.location()), (ErrorKind::PayloadLost, reports[0].place()));
    }
    insta::assert_snapshot!(errors[0], @"line 1, column 11, $.usage[0]: the payload arrived as an object, so the text that was signed is lost: get the report from the device again");
}

#[test]
fn no_reports_are_an_empty_list() {
    assert_eq!(RestUsage::new().to_text().expect("an answer"), r#"{"usage":[]}"#);
    assert_eq!(device_file(&[]), "<smartLicense></smartLicense>");
    assert_eq!(cloud(0, "\"", &[]), r#"{"data":{"timestamp":0,"nonce":"\"","reports":[]}}"#);
}

#[test]
fn what_the_caller_knows_about_a_device_stands_behind_its_sudi() {
    let reports = reports(&read(&fixtures("golden/ha-pair/input.json")));
    let tag = SoftwareTag::new("tag").expect("a tag");
    let (first, second) =
        (reports[0].device(), reports.iter().map(UsageReport::device).find(|one| *one != reports[0].device()));
    let second = second.expect("two devices");
    let stranger = Udi::new("P", "S").expect("a device");
    let body = CloudRequest::new(UnixMillis::MIN, "")
        .reports(&reports)
        .hostname(second, "sw-\"2\"")
        .software_tag(first, &tag)
        .hostname(first, "sw-1")
        .hostname(&stranger, "nobody")
        .to_text()
        .expect("a request");
    for (device, facts) in
        [(first, r#""hostname":"sw-1","software_tag_identifier":"tag","#), (second, r#""hostname":"sw-\"2\"","#)]
    {
        let entry = format!(
            r#"{{"sudi":{{"udi_pid":"{}","udi_serial_number":"{}"}},{facts}"usage":[{{"payload":"#,
            device.pid(),
            device.serial()
        );
        assert_eq!(body.matches(&entry).count(), 1, "{entry}");
    }
    assert!(!body.contains("nobody"));
}

#[test]
fn a_second_usage_member_is_refused_and_leaves_the_buffer_as_it_was() {
    let members = [Member::new("x_a", "1"), Member::new("usage", "[]")];
    let mut out = String::from("before");
    let error = RestUsage::new().members(&members).write_to(&mut out).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::DuplicateMember);
    assert_eq!(out, "before");
    RestUsage::new().members(&members[..1]).write_to(&mut out).expect("an answer");
    assert_eq!(out, r#"before{"usage":[],"x_a":1}"#);
}

#[test]
fn strict_files_of_the_project_are_written_byte_for_byte() {
    let Some(folder) = samples() else { return };
    let input = read(&folder.join("strict-two-reports-input-rest.json"));
    let (reports, members) = (reports(&input), top_members(&input));
    let rest = RestUsage::new().reports(&reports).members(&members).to_text().expect("an answer");
    assert_eq!(rest, read(&folder.join("strict-two-reports-rest.json")));
    let sha = "8ecaad565c85ac5d3b99f5dae602a458e6d785295d3c28ed28eeaa0484d242c7";
    assert_eq!(fingerprint(&rest), (3088, sha.to_owned()));
    let file = device_file(&reports);
    assert_eq!(file, read(&folder.join("strict-two-reports-device-file.txt")));
    let sha = "3592103536313b1eb1e1fc81ca289dfeb9b54ac34a614b148d74df99d262ee1f";
    assert_eq!(fingerprint(&file), (3149, sha.to_owned()));
    let body = cloud(1_700_010_000_000, "0123456789abcdef", &reports);
    assert_eq!(body, read(&folder.join("strict-two-reports-cloud.json")));
    let sha = "b61430e8c1e639fd8dbc4d6ffb766825d872ebe7b8a9c7205944dd30995d4717";
    assert_eq!(fingerprint(&body), (3136, sha.to_owned()));
}

#[test]
fn a_real_report_is_written_with_the_bytes_of_the_table() {
    let Some(folder) = samples() else { return };
    let input = read(&folder.join("iosxe-c9800cl-17.09.02-v2-rumreport-xavier.xml"));
    let reports = reports(&input);
    for (what, text, length, sha) in [
        (
            "payload",
            reports[0].payload_text().to_owned(),
            1628,
            "ea97cbeba8b434af8a92fb8c47c326f73f134ae5b7bfbc12a35a6118caf9ca31",
        ),
        (
            "envelope",
            envelope(&reports[0]).expect("an envelope"),
            2078,
            "a2036fae333de96a74ccca8b95906ee37c203a5bc952996822e95378cef7e379",
        ),
        (
            "device file",
            device_file(&reports),
            2142,
            "a7088c88f86cbc4c12bd38167d954d7ca50fe396e66c919e4b894d5747e22f19",
        ),
        (
            "answer",
            RestUsage::new().reports(&reports).to_text().expect("an answer"),
            2114,
            "9a5dc7318820c81e865e06023e1375631c5cce5b3561f0239c49e767935e1e3c",
        ),
        (
            "cloud request",
            cloud(1_644_340_472_292, "random1234", &reports),
            2227,
            "865bc0134356a150440c9e23b54a127bc2766b84cca7b3ba98e6be06b3aefb8b",
        ),
    ] {
        assert_eq!(fingerprint(&text), (length, sha.to_owned()), "{what}");
    }
    for texts in payloads_through_every_container(&input) {
        assert_eq!(texts, [reports[0].payload_text()]);
    }
}

#[test]
fn real_payloads_have_the_bytes_of_the_table_whatever_they_came_in() {
    let Some(folder) = samples() else { return };
    let first = (831, "f7aab2df32e0a583fca6332f1734ae6b28185245799c2ea4892821175c61eac9");
    let second = (1016, "7c25fd0f43c897c0d944ba717474671f0ca83028ee6ab8cb3b1659be2e129d4a");
    for (file, (length, sha)) in [
        ("iosxe-c8000v-17.06.02-v1-payload-gve-readme.json", first),
        ("iosxe-c8000v-17.06.02-v1-payload-escaped-gve-readme.txt", first),
        ("iosxe-c8000v-17.06.02-v1-payload-2meas-gve-postman.json", second),
        ("cssm-reportusage-request-c8000v-17.06.02-v1-gve-postman.json", second),
    ] {
        let reports = reports(&read(&folder.join(file)));
        assert_eq!(fingerprint(reports[0].payload_text()), (length, sha.to_owned()), "{file}");
        assert_eq!(hex(reports[0].payload_sha256()), sha, "{file}");
    }
}
