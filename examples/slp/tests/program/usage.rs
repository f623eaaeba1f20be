//! `slp usage`.

use super::*;

#[test]
fn the_table_is_one_that_a_person_understands() {
    insta::assert_snapshot!("usage", fine(&["usage", CAMPUS]));
    insta::assert_snapshot!("usage-by-device", fine(&["usage", "--by", "device", CAMPUS, CONTROLLER]));
    insta::assert_snapshot!("usage-by-device-tag", fine(&["usage", "--by", "device-tag", CAMPUS, CONTROLLER]));
    insta::assert_snapshot!("usage-summary", fine(&["usage", "--summary", CAMPUS, CONTROLLER]));
}

/// The shapes of the reports that are publicly known: a controller with access points and a clock change, a router that
/// goes from one to none, and a switch that signs with its hardware.
#[test]
fn the_known_reports_have_their_goldens() {
    for name in ["wlc-cloud-v2", "router-v1-two-measurements", "hardware-signed-v1"] {
        let input = fixture(&format!("valid/{name}"));
        insta::assert_snapshot!(format!("known-{name}-json"), fine(&["usage", "--format", "json", &input]));
        insta::assert_snapshot!(format!("known-{name}-table"), fine(&["usage", "--by", "device-tag", &input]));
        let checked = slp(&["check", "--json", &input]);
        assert_eq!(checked.status, Status::Fine, "{name}: {}", checked.output);
        insta::assert_snapshot!(format!("known-{name}-check"), checked.output);
    }
}

#[test]
fn a_window_cuts_what_lies_outside() {
    let window = ["--from", "2024-02-10", "--to", "2024-03-11T09:31"];
    insta::assert_snapshot!("usage-window", fine(&[&["usage", CAMPUS][..], &window].concat()));
    insta::assert_snapshot!("usage-window-csv", fine(&[&["usage", CAMPUS, "--format", "csv"][..], &window].concat()));
    let nothing = fine(&["usage", CAMPUS, "--to", "2020-01-01"]);
    assert!(nothing.starts_with("No usage in that time.\n"), "{nothing}");
}

#[test]
fn elapsed_keeps_the_clock_change_only_where_the_measurement_begins() {
    let elapsed = |words: &[&str]| {
        let text = fine(&[&["usage", CONTROLLER, "--format", "json"][..], words].concat());
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let last = document["intervals"].as_array().unwrap().last().unwrap().clone();
        let [start, end, elapsed] = ["start", "end", "elapsed"].map(|name| last[name].as_i64().unwrap());
        elapsed - (end - start)
    };
    assert_eq!(elapsed(&[]), 3433);
    assert_eq!(elapsed(&["--to", "2024-06-15"]), 3433, "cut at its end");
    assert_eq!(elapsed(&["--from", "2024-06-15"]), 0, "cut at its start");
}

#[test]
fn json_and_csv_have_the_members_of_the_specification() {
    insta::assert_snapshot!("usage-json", fine(&["usage", "--format", "json", CONTROLLER]));
    insta::assert_snapshot!("usage-csv", fine(&["usage", "--format", "csv", CONTROLLER]));
    insta::assert_snapshot!(
        "usage-json-summary",
        fine(&["usage", "--format", "json", "--summary", CAMPUS, CONTROLLER])
    );
    let with_sums = fine(&["usage", "--format", "json", "--by", "tag", CONTROLLER]);
    let document: serde_json::Value = serde_json::from_str(&with_sums).unwrap();
    assert_eq!((&document["sums"][0]["peak"], &document["sums"][0]["average"]), (&3.into(), &"2.955".into()));
}

#[test]
fn a_summary_says_what_the_whole_says() {
    let json = |words: &[&str]| -> serde_json::Value {
        serde_json::from_str(&fine(&[&["usage", "--format", "json", CAMPUS, CONTROLLER][..], words].concat())).unwrap()
    };
    let (mut whole, summary) = (json(&[]), json(&["--summary"]));
    assert!(whole.as_object_mut().unwrap().remove("intervals").is_some());
    assert_eq!(whole, summary);
}

#[test]
fn a_report_read_twice_is_counted_twice_and_used_once() {
    let (once, twice) = (fine(&["usage", CAMPUS]), fine(&["usage", CAMPUS, CAMPUS]));
    let table = |text: &str| text.split("\n\n").next().unwrap().to_owned();
    assert_eq!(table(&once), table(&twice));
    assert!(twice.contains("24 reports with 34 measurements from 2 documents"), "{twice}");
}

#[test]
fn an_open_report_is_remarked() {
    let text = fine(&["usage", &fixture("valid/open-report-payload")]);
    assert!(text.contains("still open when they were saved"), "{text}");
}

#[test]
fn attached_devices_have_one_bound_over_the_whole_run_and_what_is_left_out_is_said() {
    let run = |words: &[&str]| {
        let call = slp(&[&["usage", CONTROLLER, "--limit", "attached_devices=5"][..], words].concat());
        assert_eq!(call.status, Status::Fine, "{words:?}: {}", call.errors);
        (call.output, call.errors)
    };
    let (output, errors) = run(&["--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&output).unwrap();
    let sizes: Vec<_> =
        document["intervals"].as_array().unwrap().iter().map(|one| one["attached"].as_array()).collect();
    assert_eq!(sizes.iter().map(|one| one.map(Vec::len)).collect::<Vec<_>>(), [Some(2), Some(3), None]);
    assert_eq!(document["attached_left_out"], 1);
    let says = "note: the devices attached during 1 interval are left out: --limit attached_devices=N allows more\n";
    assert!(errors.ends_with(says), "{errors}");
    // What never shows attached devices leaves none out.
    for words in [&[][..], &["--format", "csv"], &["--format", "json", "--summary"]] {
        assert!(!run(words).1.contains("attached"), "{words:?}");
    }
    assert!(!fine(&["usage", CONTROLLER, "--format", "json"]).contains("attached_left_out"));
}

#[test]
fn csv_does_not_drive_the_terminal() {
    let text = String::from_utf8(bytes_of(&fixture("valid/hardware-signed-v1"))).unwrap();
    let tag = text.split("entitlement_tag\\\":\\\"").nth(1).unwrap().split('\\').next().unwrap();
    let text = text.replace(tag, "a\\\\u001b[2Jb");
    let call = slp_on(&["usage", "--format", "csv", "-"], text.as_bytes(), |_| ());
    assert_eq!(call.status, Status::Fine, "{}", call.errors);
    assert!(call.output.contains("[2Jb") && !call.output.contains('\u{1b}'), "{}", call.output);
}
