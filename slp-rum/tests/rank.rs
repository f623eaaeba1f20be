//! Of several reasons the one that explains most is named: limit, cut, syntax, shape, value.

use serde_json::{Value, json};
use slp_rum::{Document, Error, ErrorKind, ReadOptions, Tolerance, UsageReport};

fn envelope() -> Value {
    let file = include_str!("fixtures/valid/exactly-one-report/input.txt");
    let text = file.split("<![CDATA[").nth(1).and_then(|rest| rest.split("]]>").next()).unwrap();
    serde_json::from_str(text).unwrap()
}

fn payload() -> Value {
    serde_json::from_str(envelope()["payload"].as_str().unwrap()).unwrap()
}

fn error_of(envelope: &str) -> Error {
    let text = format!("<smartLicense><RUMReport><![CDATA[{envelope}]]></RUMReport></smartLicense>");
    let document = Document::parse(text.as_bytes()).unwrap();
    let owned = document.reports().next().unwrap().unwrap_err();
    let lent = document.borrowed_reports().next().unwrap().unwrap_err();
    assert_eq!(owned.to_string(), lent.to_string());
    owned
}

fn error_of_payload(payload: &str) -> Error {
    let mut value = envelope();
    value["payload"] = payload.into();
    error_of(&value.to_string())
}

/// Faults of a payload, each as a change of its text, from the one that explains least. All stand behind one another.
fn faults() -> Vec<(ErrorKind, &'static str, String)> {
    let long = "x".repeat(70_000);
    vec![
        (ErrorKind::BadNumber, r#""end_time":"#, r#""end_time":"none","e":"#.into()),
        (ErrorKind::WrongType, r#""metric_name":"ENTITLEMENT""#, r#""metric_name":7"#.into()),
        (ErrorKind::Json, r#""num_samples":"#, r#""num_samples":+"#.into()),
        (ErrorKind::Limit, r#""log_time":"#, format!(r#""extra":"{long}","log_time":"#)),
    ]
}

#[test]
fn a_flaw_of_shape_is_named_before_a_flaw_of_value_wherever_they_stand() {
    let mut value = payload();
    value["asset_identification"]["instance"]["sudi"]["udi_pid"] = "".into();
    value["meta"].as_object_mut().unwrap().remove("entitlement_tag");
    value["measurements"][0].as_object_mut().unwrap().remove("start_time");
    let error = error_of_payload(&value.to_string());
    assert_eq!(
        (error.kind(), error.location().path.as_str()),
        (ErrorKind::MissingMember, "RUMReport[1]/payload$.measurements[0]")
    );

    let mut value = payload();
    value["measurements"][0]["value"]["value"] = "two".into();
    value.as_object_mut().unwrap().remove("asset_identification");
    assert_eq!(error_of_payload(&value.to_string()).kind(), ErrorKind::MissingMember);

    let mut value = payload();
    value["measurements"][0]["start_time"] = json!(-1);
    value["meta"]["ha_udi"] = json!({});
    assert_eq!(error_of_payload(&value.to_string()).kind(), ErrorKind::WrongType);

    let text = payload().to_string().replacen("\"1\"", "\"one\"", 1);
    let twice = text.replacen("\"meta\":", "\"x\":{\"a\":1,\"a\":2},\"meta\":", 1);
    assert_eq!(error_of_payload(&twice).kind(), ErrorKind::DuplicateMember, "inside an unknown member");
    let twice = format!("{},\"measurements\":[]}}", text.strip_suffix('}').unwrap());
    assert_eq!(error_of_payload(&twice).kind(), ErrorKind::DuplicateMember, "behind the flaw of value");
}

#[test]
fn each_fault_of_a_payload_is_named_before_those_that_explain_less() {
    let order = [ErrorKind::Limit, ErrorKind::Json, ErrorKind::WrongType, ErrorKind::BadNumber];
    let faults = faults();
    for set in 1..1_u32 << faults.len() {
        let mut text = payload().to_string();
        let mut there = Vec::new();
        for (index, (kind, good, bad)) in faults.iter().enumerate() {
            if set & 1 << index != 0 {
                assert!(text.contains(good), "{good}");
                text = text.replacen(good, bad, 1);
                there.push(*kind);
            }
        }
        let expected = order.iter().find(|kind| there.contains(kind));
        assert_eq!(Some(&error_of_payload(&text).kind()), expected, "{there:?}");
    }
}

#[test]
fn a_fault_inside_the_payload_can_explain_more_than_one_of_its_envelope() {
    let mut value = envelope();
    let text = value["payload"].as_str().unwrap().to_owned();
    value["signature"].as_object_mut().unwrap().remove("key");
    assert_eq!(error_of(&value.to_string()).kind(), ErrorKind::MissingMember);
    value["payload"] = text[..text.len() - 5].into();
    let error = error_of(&value.to_string());
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert!(error.message().ends_with("it was cut; get it again"), "{error}");
    value["payload"] = text.replacen("\"1\"", "\"one\"", 1).into();
    assert_eq!(error_of(&value.to_string()).kind(), ErrorKind::MissingMember);
}

#[test]
fn of_equal_reasons_the_first_is_named() {
    let mut value = payload();
    value["asset_identification"]["instance"]["sudi"]["udi_serial_number"] = "a,b".into();
    value["measurements"][0]["value"]["value"] = "two".into();
    let error = error_of_payload(&value.to_string());
    let first =
        if value.to_string().find("a,b") < value.to_string().find("two") { "udi_serial_number" } else { "value" };
    assert!(error.location().path.ends_with(first), "{error}");
}

#[test]
fn a_deviation_that_is_switched_off_does_not_hide_a_missing_member() {
    let mut value = payload();
    value["meta"]["utility_enabled"] = "often".into();
    value["measurements"][0].as_object_mut().unwrap().remove("end_time");
    let read = UsageReport::from_payload(value.to_string(), None, None, &ReadOptions::strict());
    assert_eq!(read.unwrap_err().kind(), ErrorKind::MissingMember);
}

#[test]
fn a_document_that_is_cut_says_so_even_where_a_member_stands_twice() {
    let one = envelope();
    for text in [
        format!(r#"{{"usage":[{one}],"x":1,"x":2"#),
        format!(r#"{{"usage":[{one}],"x":{{"a":1,"a":2}},"y"#),
        format!(r#"{{"data":{{"reports":[{{"usage":[{one}]}}],"a":1,"a":2"#),
    ] {
        let document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(document.damage().unwrap().kind(), ErrorKind::Truncated, "{text}");
        assert_eq!(document.reports().flatten().count(), 1, "{text}");
    }
}

#[test]
fn a_refused_report_leaves_room_for_the_warnings_of_the_others() {
    let mut odd = payload();
    odd["asset_identification"]["asset"]["name"] = "a switch".into();
    let mut bad = odd.clone();
    bad["measurements"][0]["value"]["value"] = "two".into();
    let with = |payload: Value| {
        let mut value = envelope();
        value["payload"] = payload.to_string().into();
        format!("<RUMReport><![CDATA[{value}]]></RUMReport>")
    };
    let text = format!("<smartLicense>{}{}</smartLicense>", with(bad), with(odd));
    let mut options = ReadOptions::default();
    options.limits.warnings = 1;
    let document = Document::parse_with(text.as_bytes(), &options).unwrap();
    let report = document.reports().nth(1).unwrap().unwrap();
    let taken: Vec<_> = report.warnings().iter().map(|one| one.tolerance).collect();
    assert_eq!(taken, [Tolerance::TagForm]);
}
