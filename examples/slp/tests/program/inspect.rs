//! `slp inspect`.

use super::*;

#[test]
fn the_layers_are_shown_as_a_tree() {
    insta::assert_snapshot!("inspect", fine(&["inspect", CONTROLLER]));
    for (name, case) in [
        ("inspect-telemetry", "valid/telemetry-stack"),
        ("inspect-siblings", "valid/system-info-and-unknown-siblings"),
        ("inspect-unknown-members", "valid/unknown-members-everywhere"),
        ("inspect-payload-object", "valid/payload-object"),
        ("inspect-no-report", "valid/no-report"),
    ] {
        insta::assert_snapshot!(name, fine(&["inspect", &fixture(case)]));
    }
}

#[test]
fn layers_as_json_have_documented_members() {
    insta::assert_snapshot!("inspect-json", fine(&["inspect", "--json", CONTROLLER]));
}

#[test]
fn a_broken_report_is_shown_between_the_good_ones() {
    let call = slp(&["inspect", &fixture("invalid/cloud-third-entry-broken")]);
    assert_eq!((call.status, &*call.errors), (Status::Errors, ""));
    insta::assert_snapshot!("inspect-broken", call.output);
    let call = slp(&["inspect", &fixture("invalid/cut-in-second-report")]);
    assert_eq!(call.status, Status::Errors);
    insta::assert_snapshot!("inspect-cut", call.output);
}

#[test]
fn warnings_that_were_only_counted_are_counted_in_reports_too() {
    let path = fixture("valid/numbers-as-strings-and-back");
    let told = |words: &[&str]| fine(&[&["inspect"][..], words, &[&path]].concat());
    let all = told(&[]).matches("(number-or-string)").count();
    assert!(all > 2 && !told(&[]).contains("not kept"));
    let few = told(&["--limit", "warnings=1"]);
    assert!(few.contains(&format!("{} more warnings not kept", all - 1)), "{few}");
    assert!(told(&["--json", "--limit", "warnings=1"]).contains(&format!("\"warnings_dropped\":{}", all - 1)));
}

#[test]
fn every_fixture_is_shown_and_json_stays_json() {
    for group in ["valid", "invalid"] {
        let folder = format!("../../slp-rum/tests/fixtures/{group}");
        let tree = slp(&["inspect", &folder]);
        let json = slp(&["inspect", "--json", &folder]);
        let document: serde_json::Value = serde_json::from_str(&json.output).unwrap();
        assert!(document["files"].as_array().unwrap().len() > 100, "inputs and what is expected of them");
        assert_eq!((tree.status, json.status), (Status::Errors, Status::Errors), "about.txt is no document");
    }
}

#[test]
fn nothing_in_a_document_drives_the_terminal() {
    let hostile = "a\\\\u001b[2J\\\\u009b\\\\u202eb";
    let campus = String::from_utf8(bytes_of(CAMPUS)).unwrap();
    let folder = Folder::new("hostile");
    folder.file("device.txt", campus.replace("17.09.02", hostile).replace("SHA256", hostile).as_bytes());
    for words in [&["inspect"][..], &["inspect", "--json"], &["usage"], &["check"]] {
        let call = slp(&[words, &[folder.path()]].concat());
        assert_eq!(call.status, Status::Fine, "{words:?}: {}{}", call.output, call.errors);
        let is_unsafe = |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
        assert!(!call.output.contains(is_unsafe), "{words:?}");
        assert!(!call.errors.contains(is_unsafe), "{words:?}");
    }
    let shown = slp(&["inspect", folder.path()]).output;
    assert!(shown.contains(r"a\u{1b}[2J\u{9b}\u{202e}b"), "{shown}");
}

#[test]
fn parts_that_flow_back_to_a_device_say_what_they_say() {
    insta::assert_snapshot!("inspect-ack", fine(&["inspect", "../data/acme-ack.xml"]));
    insta::assert_snapshot!("inspect-slr", fine(&["inspect", &fixture("parts/valid/bare-slr")]));
    let call = slp(&["inspect", &fixture("parts/invalid/count-negative")]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.output.contains("not a whole decimal number"), "{}", call.output);
}

#[test]
fn a_long_text_of_an_acknowledgement_is_cut_for_people() {
    let folder = Folder::new("inspect-long");
    let text = format!(
        "<smartLicense><smartLicenseRumAck><data><![CDATA[[{{\"r\":\"{0}\"}},{{\"report_id\":1,\"status\":\"ERROR\",\
         \"message\":\"{0}\"}}]]]></data><signature>AAAA</signature></smartLicenseRumAck></smartLicense>",
        "x".repeat(9_000)
    );
    folder.file("ack.xml", text.as_bytes());
    let output = fine(&["inspect", &format!("{}/ack.xml", folder.path())]);
    assert!(output.len() < 2_000, "{output}");
}
