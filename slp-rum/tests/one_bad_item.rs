//! One odd item never costs another one, and nothing disappears without a word.

use slp_rum::{Document, ErrorKind, ReadOptions, Tolerance, UsageReport};

fn envelope() -> String {
    let file = include_str!("fixtures/valid/exactly-one-report/input.txt");
    file.split("<![CDATA[").nth(1).and_then(|rest| rest.split("]]>").next()).unwrap().to_owned()
}

fn read(text: &str) -> (usize, Vec<(ErrorKind, bool)>) {
    let document = Document::parse(text.as_bytes()).unwrap();
    let (mut good, mut bad) = (0, Vec::new());
    for report in document.reports() {
        match report {
            Ok(_) => good += 1,
            Err(error) => bad.push((error.kind(), error.is_fatal())),
        }
    }
    (good, bad)
}

fn cloud(first: &str) -> String {
    format!(r#"{{"data":{{"reports":[{first},{{"usage":[{}]}}]}}}}"#, envelope())
}

#[test]
fn an_odd_entry_of_a_cloud_request_does_not_cost_the_next_device() {
    let wrong = vec![(ErrorKind::WrongType, false)];
    assert_eq!(read(&cloud("7")), (1, wrong.clone()));
    assert_eq!(read(&cloud(r#"{"usage":7}"#)), (1, wrong));
    assert_eq!(read(&cloud(r#"{"usage":null}"#)), (1, vec![]));
    assert_eq!(read(&cloud(&format!(r#"{{"usage":{}}}"#, envelope()))), (2, vec![]));
}

#[test]
fn reports_before_a_member_that_stands_twice_stand_and_those_behind_do_not() {
    let twice = vec![(ErrorKind::DuplicateMember, true)];
    let one = envelope();
    assert_eq!(read(&format!(r#"{{"data":{{"reports":[{{"usage":[{one}]}}]}},"x":1,"x":2}}"#)), (1, twice.clone()));
    assert_eq!(read(&format!(r#"{{"x":1,"x":2,"data":{{"reports":[{{"usage":[{one}]}}]}}}}"#)), (0, twice.clone()));
    assert_eq!(read(&format!(r#"{{"usage":[{one}],"x":1,"x":2}}"#)), (1, twice.clone()));
    assert_eq!(read(&format!(r#"{{"x":1,"x":2,"usage":[{one}]}}"#)), (0, twice));
}

fn payload(change: impl Fn(&mut serde_json::Value)) -> String {
    let document = Document::parse(include_bytes!("fixtures/valid/exactly-one-report/input.txt")).unwrap();
    let report = document.reports().next().unwrap().unwrap();
    let mut value = serde_json::from_str(report.payload_text()).unwrap();
    change(&mut value);
    value.to_string()
}

fn tolerances(text: &str) -> (UsageReport, Vec<Tolerance>) {
    let document = Document::parse(text.as_bytes()).unwrap();
    let report = document.reports().next().unwrap().unwrap();
    let taken = report.warnings().iter().map(|warning| warning.tolerance).collect();
    (report, taken)
}

#[test]
fn a_telemetry_measurement_in_the_shape_of_usage_is_kept_and_noted() {
    let text = payload(|value| value["meta"]["report_type"] = "telemetry".into());
    let (report, taken) = tolerances(&text);
    assert!(!report.snapshots().is_empty());
    assert!(taken.contains(&Tolerance::ValueShape), "{taken:?}");
    let strict = Document::parse_with(text.as_bytes(), &ReadOptions::strict());
    assert!(strict.is_err() || strict.unwrap().reports().any(|one| one.is_err()));
}

#[test]
fn a_document_inside_a_document_is_kept_and_said() {
    let inner = include_str!("fixtures/valid/exactly-one-report/input.txt");
    let start = inner.find("<smartLicense").unwrap();
    let text = format!("<smartLicense>{}</smartLicense>", &inner[start..]);
    let document = Document::parse(text.as_bytes()).unwrap();
    assert_eq!(document.report_count(), 0);
    let taken: Vec<_> = document.warnings().iter().map(|warning| warning.tolerance).collect();
    assert_eq!(taken, [Tolerance::UnknownElement]);
    assert_eq!(
        Document::parse_with(text.as_bytes(), &ReadOptions::strict()).unwrap().damage().unwrap().kind(),
        ErrorKind::Tolerance
    );
}

#[test]
fn an_identity_that_no_text_can_hold_is_refused_where_it_stands() {
    let text = envelope().replace("TST00000001", "A SN:B");
    let text = format!("<smartLicense><RUMReport><![CDATA[{text}]]></RUMReport></smartLicense>");
    let document = Document::parse(text.as_bytes()).unwrap();
    let (owned, lent) =
        (document.reports().next().unwrap().unwrap_err(), document.borrowed_reports().next().unwrap().unwrap_err());
    assert_eq!((owned.kind(), lent.kind()), (ErrorKind::BadValue, ErrorKind::BadValue));
    assert!(owned.location().path.contains("udi_serial_number"), "{owned}");
}

#[test]
fn null_in_the_place_of_the_other_generation_is_no_report_id() {
    let text = payload(|value| {
        let place = if value["meta"]["report_id"].is_null() { "meta" } else { "asset_identification" };
        value[place]["report_id"] = serde_json::Value::Null;
    });
    assert!(tolerances(&text).1.contains(&Tolerance::NullMember));
}

#[test]
fn a_payload_by_itself_is_read_like_one_in_a_document() {
    let text = payload(|value| value["meta"]["ha_udi"] = serde_json::json!([]));
    let from = |text: &str, options: &ReadOptions| UsageReport::from_payload(text, None, None, options);
    let report = from(&text, &ReadOptions::default()).unwrap();
    let taken: Vec<_> = report.warnings().iter().map(|warning| warning.tolerance).collect();
    assert_eq!(taken, [Tolerance::BarePayload, Tolerance::NoHa]);
    let mut options = ReadOptions::default();
    options.limits.payload_bytes = text.len();
    assert!(from(&text, &options).is_ok());
    options.limits.payload_bytes -= 1;
    let error = from(&text, &options).unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, Some("payload_bytes")));
    assert_eq!(from(" ", &ReadOptions::default()).unwrap_err().kind(), ErrorKind::Empty);
    assert_eq!(from(&text, &ReadOptions::strict()).unwrap_err().kind(), ErrorKind::Tolerance);
}
