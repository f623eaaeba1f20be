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
