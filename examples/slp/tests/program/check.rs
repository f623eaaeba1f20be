//! `slp check`.

use std::env;

use super::*;

#[test]
fn findings_are_told_device_by_device() {
    insta::assert_snapshot!("check", fine(&["check", CAMPUS, CONTROLLER]));
}

#[test]
fn json_findings_have_the_members_of_the_specification() {
    insta::assert_snapshot!("check-json", fine(&["check", "--json", CONTROLLER]));
}

#[test]
fn a_wanted_time_adds_its_edges() {
    let text = fine(&["check", CONTROLLER, "--from", "2024-06-01"]);
    assert!(text.contains("2024-06-01 00:00 to 2024-06-01 11:10"), "{text}");
    assert!(text.contains("to 2024-08-01 00:00"), "the window ends now: {text}");
    let text = fine(&["check", CONTROLLER, "--from", "2024-06-02", "--to", "2024-06-03"]);
    assert!(!text.contains("RUM-GAP"), "{text}");
}

#[test]
fn now_is_an_argument() {
    let text = fine(&["check", CONTROLLER, "--now", "2024-06-10"]);
    assert!(text.contains("RUM-TIME"), "a report from the future: {text}");
    assert!(!fine(&["check", CONTROLLER]).contains("RUM-TIME"));
}

#[test]
fn a_list_of_ids_tells_what_is_missing() {
    let text = fine(&["check", CAMPUS, "--ids", "tests/data/report-ids.txt"]);
    let missing: Vec<_> = text.lines().filter(|line| line.contains("RUM-MISSING     report")).collect();
    assert_eq!(missing.len(), 2, "one for each state word: {text}");
    assert!(missing.iter().any(|line| line.contains("warning")), "{text}");
    let text = fine(&["check", CAMPUS, CONTROLLER, "--ids", "TST93000001=tests/data/report-ids.txt"]);
    assert!(text.contains("RUM-MISSING"), "{text}");
}

#[test]
fn a_list_of_nobody_is_a_wrong_call_and_one_that_is_not_there_an_error() {
    let call = slp(&["check", CAMPUS, CONTROLLER, "--ids", "tests/data/report-ids.txt"]);
    assert_eq!(call.status, Status::WrongCall);
    assert!(call.errors.contains("as SERIAL=FILE"), "{}", call.errors);
    let call = slp(&["check", CAMPUS, "--ids", "no-such-list.txt"]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.output.contains("no-such-list.txt"), "{}", call.output);
}

#[test]
fn a_closed_report_that_no_acknowledgement_names_is_a_finding() {
    let unanswered = |words: &[&str]| {
        let call = slp(&[&["check", "--json", CAMPUS][..], words].concat());
        let document: serde_json::Value = serde_json::from_str(&call.output).unwrap();
        let findings = document["findings"].as_array().unwrap().clone();
        let found = findings.into_iter().filter(|one| one["id"] == "RUM-NOACK");
        found.map(|one| (one["reports"][0].as_u64().unwrap(), one["severity"].to_string())).collect::<Vec<_>>()
    };
    assert!(unanswered(&[]).is_empty());
    let without_acks = unanswered(&["--acks", "../data/wireless-controller.xml"]);
    let with_ack = unanswered(&["--acks", "../data/acme-ack.xml"]);
    assert_eq!(without_acks.len(), with_ack.len() + 1);
    assert!(without_acks.iter().any(|(id, _)| *id == 1_704_700_812));
    assert!(with_ack.iter().all(|(id, _)| *id != 1_704_700_812));
    assert!(with_ack.iter().any(|(_, severity)| severity == "\"warning\""), "{with_ack:?}");
    let late = unanswered(&["--acks", "../data/acme-ack.xml", "--ack-deadline", "2024-07-01"]);
    assert!(late.len() == with_ack.len() && late.iter().all(|(_, severity)| severity == "\"error\""), "{late:?}");
}

#[test]
fn acknowledgements_are_read_once_and_their_faults_are_told() {
    let call = slp(&["check", "-", "--acks", "-"]);
    assert_eq!(call.status, Status::WrongCall);
    assert!(call.errors.contains("give - once"), "{}", call.errors);
    let call = slp(&["check", CAMPUS, "--acks", "no-such-acks"]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.output.contains("no-such-acks"), "{}", call.output);
    let call = slp(&["check", CAMPUS, "--ack-deadline", "2024-07-01"]);
    assert_eq!(call.status, Status::WrongCall);
}

#[test]
fn an_acknowledgement_without_device_is_that_of_the_only_one() {
    let ack = br#"<smartLicenseRumAck><data><![CDATA[[{"report_id":1704700812,"status":"ACK"},{"x":1}]]]></data><signature>AAAA</signature></smartLicenseRumAck>"#;
    let folder = Folder::new("acks");
    folder.file("ack.xml", ack);
    let call = slp(&["check", "--json", CAMPUS, "--acks", folder.path()]);
    assert!(call.errors.contains("note: 1 acknowledgement names no device or no report"), "{}", call.errors);
    let answered = |text: &str| !text.contains("Report 1704700812 is closed and not acknowledged");
    assert!(answered(&call.output), "{}", call.output);
    let call = slp(&["check", "--json", CAMPUS, CONTROLLER, "--acks", folder.path()]);
    assert!(call.errors.contains("2 acknowledgements name no device or no report"), "{}", call.errors);
    assert!(!answered(&call.output), "{}", call.output);
}

#[test]
fn counters_of_a_device_are_findings() {
    let folder = Folder::new("counters");
    folder.file("support.md", b"Total: 707,  Purged: 390(388)\nIn Storage: 300,  MIA: 5(0)\n").file("other.md", b"x");
    let at = |name: &str| format!("{}/{name}", folder.path());
    let text = fine(&["check", CAMPUS, "--counters", &at("support.md")]);
    assert!(text.contains("RUM-PURGED"), "{text}");
    assert!(text.contains("The device counts 390 reports as purged and 5 as lost."), "{text}");
    let call = slp(&["check", CAMPUS, "--counters", &at("other.md")]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.output.contains("no-counters"), "{}", call.output);
}

#[test]
fn what_cannot_be_read_stands_beside_the_findings() {
    let folder = Folder::new("check-broken");
    let campus = String::from_utf8(bytes_of(CAMPUS)).unwrap();
    folder.file("device.txt", campus.replacen("\\\"value\\\":\\\"2\\\"", "\\\"value\\\":\\\"two\\\"", 1).as_bytes());
    let call = slp(&["check", folder.path()]);
    assert_eq!(call.status, Status::Errors);
    insta::assert_snapshot!("check-broken", folder.relative(&call.output));
    let call = slp(&["check", "--json", folder.path()]);
    let document: serde_json::Value = serde_json::from_str(&call.output).unwrap();
    assert_eq!(
        (&document["errors"][0]["kind"], &document["errors"][0]["place"]["line"]),
        (&"bad-number".into(), &2.into())
    );
    assert_eq!(document["errors"].as_array().unwrap().len(), 1, "the other reports are read");
}

#[test]
fn a_finding_of_severity_error_makes_the_status_1() {
    let folder = Folder::new("conflict");
    let campus = String::from_utf8(bytes_of(CAMPUS)).unwrap();
    folder.file("a.txt", campus.as_bytes());
    folder.file("b.txt", campus.replace("\\\"value\\\":\\\"2\\\"", "\\\"value\\\":\\\"1\\\"").as_bytes());
    let call = slp(&["check", folder.path()]);
    assert_eq!(call.status, Status::Errors, "{}", call.output);
    assert!(call.output.contains("error    RUM-CONFLICT"), "{}", call.output);
    let output = folder.relative(&call.output);
    let told = ["a", "b"].map(|name| format!("           used: DIR/{name}.txt\n           not used: DIR/"));
    assert!(told.iter().any(|one| output.contains(one)), "{output}");
}

#[test]
fn the_list_of_a_real_controller_gives_three_findings() {
    let Some(samples) = samples() else { return };
    let controller = samples.join("rum/iosxe-c9800cl-17.09.02-v2-rumreport-xavier.xml");
    let list = samples.join("rum/iosxe-c9800cl-17.09.02-show-license-rum-id-all-xavier.txt");
    let words = ["check", "--json", controller.to_str().unwrap(), "--ids", list.to_str().unwrap()];
    let document: serde_json::Value = serde_json::from_str(&fine(&words)).unwrap();
    let ids: Vec<_> = document["findings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().filter(|id| **id == "RUM-MISSING").count(), 3, "{ids:?}");
    assert_eq!(ids.iter().filter(|id| **id == "RUM-CLOCK").count(), 1, "{ids:?}");
    assert_eq!(ids.len(), 4, "{ids:?}");
}

/// The folder of real files, if this machine has it.
#[expect(clippy::disallowed_methods, reason = "where the samples lie is up to the machine")]
fn samples() -> Option<PathBuf> {
    let samples = env::var_os("SLP_SAMPLES").map(PathBuf::from);
    if samples.is_none() {
        eprintln!("skipped: SLP_SAMPLES names no folder of samples");
    }
    samples
}
