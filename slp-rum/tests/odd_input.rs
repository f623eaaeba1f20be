//! What is unusual in a document is read, and said with the place where it stands.

use serde_json::{Value, json};
use slp_rum::write::{DeviceFile, RestUsage, envelope as write_envelope};
use slp_rum::{Container, Document, Error, ErrorKind, ReadOptions, Tolerance, UsageReport, Warning};

const GOOD: &str = include_str!("fixtures/valid/exactly-one-report/input.txt");
const TELEMETRY: &str = include_str!("fixtures/valid/telemetry-stack/input.txt");

fn envelope_of(file: &str) -> Value {
    let text = file.split("<![CDATA[").nth(1).and_then(|rest| rest.split("]]>").next()).unwrap();
    serde_json::from_str(text).unwrap()
}

/// The payload of the one report of a file, changed, in an envelope of its own.
fn changed(file: &str, change: impl Fn(&mut Value)) -> String {
    let mut envelope = envelope_of(file);
    let mut payload = serde_json::from_str(envelope["payload"].as_str().unwrap()).unwrap();
    change(&mut payload);
    envelope["payload"] = payload.to_string().into();
    envelope.to_string()
}

fn read(text: &str) -> UsageReport {
    Document::parse(text.as_bytes()).unwrap().reports().next().unwrap().unwrap()
}

fn refusal(text: &str, options: &ReadOptions) -> Error {
    Document::parse_with(text.as_bytes(), options).unwrap().reports().next().unwrap().unwrap_err()
}

fn of(warnings: &[Warning], tolerance: Tolerance) -> Vec<&Warning> {
    warnings.iter().filter(|warning| warning.tolerance == tolerance).collect()
}

/// What stands in the document from the place of a warning on.
fn text_at<'t>(text: &'t str, warning: &Warning) -> &'t str {
    &text[usize::try_from(warning.place.byte.unwrap()).unwrap()..]
}

#[test]
fn a_member_that_stands_twice_inside_an_unknown_top_member_ends_a_rest_answer() {
    let one = envelope_of(GOOD);
    let text = format!(r#"{{"a":1,"usage":[{one}],"x":{{"y":[{{"z":1,"z":2}}]}},"b":2}}"#);
    let document = Document::parse(text.as_bytes()).unwrap();
    let damage = document.damage().unwrap();
    assert_eq!((damage.kind(), damage.location().path.as_str()), (ErrorKind::DuplicateMember, "$.x"));
    assert_eq!(document.reports().flatten().count(), 1, "what stands before it stands");
    let names: Vec<_> = document.extra().iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["a"]);
}

#[test]
fn members_beside_usage_are_kept_where_they_are_written_again_and_nowhere_else() {
    let one = envelope_of(GOOD);
    let document_of = |text: &str| Document::parse(text.as_bytes()).unwrap().into_owned();
    assert_eq!(document_of(&format!(r#"{{"usage":[{one}],"x":1}}"#)).extra().len(), 1);
    for text in [
        format!(r#"{{"data":{{"reports":[{{"usage":[{one}]}}]}},"x":1}}"#),
        one.to_string(),
        one["payload"].as_str().unwrap().to_owned(),
    ] {
        assert!(document_of(&text).extra().is_empty());
    }
}

#[test]
fn members_of_two_containers_in_one_object_are_said() {
    let one = envelope_of(GOOD);
    let several = |text: &str| {
        let document = Document::parse(text.as_bytes()).unwrap();
        (document.container(), !of(&document.warnings(), Tolerance::SeveralContainers).is_empty())
    };
    assert_eq!(several(&format!(r#"{{"usage":[{one}]}}"#)), (Container::Rest, false));
    assert_eq!(several(&format!(r#"{{"usage":[{one}],"data":1}}"#)), (Container::Rest, true));
    assert_eq!(several(r#"{"payload":"","usage":[]}"#), (Container::Rest, true));
    assert_eq!(several(r#"{"data":{"reports":[]},"measurements":[]}"#), (Container::Cloud, true));
    assert_eq!(several(r#"{"data":{"reports":[]},"nonce":"1"}"#), (Container::Cloud, false));
}

#[test]
fn a_lent_report_knows_its_place_and_takes_it_along() {
    let bytes = include_bytes!("fixtures/valid/cloud-request-two-devices/input.json");
    let document = Document::parse(bytes).unwrap();
    let mut lent = document.borrowed_reports();
    let mut paths = Vec::new();
    for owned in document.reports() {
        let owned = owned.unwrap();
        let report = lent.next().unwrap().unwrap();
        assert_eq!(report.place.to_location(), *owned.place());
        assert_eq!(report.into_owned().unwrap().place(), owned.place());
        assert_eq!(owned.as_borrowed().into_owned().unwrap().place(), owned.place());
        assert!(owned.place().line.is_some() && owned.place().column.is_some());
        paths.push(owned.place().path.clone());
    }
    assert_eq!(paths, ["$.data.reports[0].usage[0]", "$.data.reports[1].usage[0]"]);
}

#[test]
fn a_value_without_type_and_a_count_without_number_are_kept_and_not_counted() {
    for gone in ["type", "value"] {
        let text = changed(GOOD, |payload| {
            payload["measurements"][0]["value"].as_object_mut().unwrap().remove(gone);
        });
        let report = read(&text);
        assert_eq!(report.measurements()[0].count(), None, "{gone}");
        let warnings = of(report.warnings(), Tolerance::ValueShape);
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].place.path, "$.payload$.measurements[0].value");
        assert!(text_at(&text, warnings[0]).starts_with('{'));
    }
    for null in ["type", "value"] {
        let text = changed(GOOD, |payload| payload["measurements"][0]["value"][null] = Value::Null);
        let report = read(&text);
        assert_eq!(report.measurements()[0].count(), None, "{null}");
        let taken: Vec<_> = report.warnings().iter().map(|one| one.tolerance).collect();
        assert_eq!(taken, [Tolerance::NullMember], "one null, one note");
    }
    // So in telemetry: the entry is left out, the report stands.
    let text = changed(TELEMETRY, |payload| {
        payload["measurements"][0]["values"][1].as_object_mut().unwrap().remove("type");
    });
    let report = read(&text);
    assert!(!report.snapshots()[0].info.contains_key("policy_version"));
    assert_eq!(of(report.warnings(), Tolerance::ValueShape).len(), 1);
}

fn inventory(text: &str) -> String {
    changed(TELEMETRY, |payload| payload["measurements"][1]["values"][0]["value"] = text.into())
}

#[test]
fn a_broken_inventory_is_noted_where_it_breaks_inside() {
    let text = inventory(r#"[{"cname":"a"},{"cname":7}]"#);
    let report = read(&text);
    let warning = of(report.warnings(), Tolerance::InventoryJson)[0];
    assert_eq!(warning.place.path, "$.payload$.measurements[1].values[0].json_encode$[1].cname");
    assert_eq!(warning.place.inner_byte, Some(24));
    assert!(text_at(&text, warning).starts_with("7}]"), "{}", text_at(&text, warning));
    assert!(report.snapshots()[0].inventory.is_empty());
    let twice = read(&inventory(r#"[{"cname":"a","cname":"b"}]"#));
    assert_eq!(of(twice.warnings(), Tolerance::InventoryJson).len(), 1, "a member that stands twice");
}

#[test]
fn the_limits_of_the_caller_hold_inside_an_inventory() {
    let refused = |text: &str, set: fn(&mut slp_rum::Limits)| {
        let mut options = ReadOptions::default();
        assert!(Document::parse(text.as_bytes()).unwrap().reports().all(|report| report.is_ok()));
        set(&mut options.limits);
        let error = refusal(text, &options);
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
        (error.name().unwrap(), error.location().path.clone())
    };
    let place = "$.payload$.measurements[1].values[0].json_encode$";
    let many = inventory(&format!("[{}]", ["{}"; 30].join(",")));
    assert_eq!(refused(&many, |limits| limits.inventory_items = 29), ("inventory_items", place.to_owned()));
    let deep = inventory(&format!(r#"[{{"x":{}{}}}]"#, "[".repeat(10), "]".repeat(10)));
    assert_eq!(refused(&deep, |limits| limits.json_depth = 11), ("json_depth", format!("{place}[0]")));
    let long = inventory(&format!(r#"[{{"cname":"{}"}}]"#, "x".repeat(200)));
    assert_eq!(refused(&long, |limits| limits.string_bytes = 199), ("string_bytes", format!("{place}[0].cname")));
}

#[test]
fn values_other_than_an_inventory_have_the_limit_of_other_strings() {
    let long = "x".repeat(70_000);
    let text = changed(TELEMETRY, |payload| payload["measurements"][0]["values"][1]["value"] = long.as_str().into());
    let error = refusal(&text, &ReadOptions::default());
    assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, Some("string_bytes")));
    let inventory = inventory(&format!("[{}{{}}]", " ".repeat(70_000)));
    assert!(Document::parse(inventory.as_bytes()).unwrap().reports().all(|report| report.is_ok()));
}

#[test]
fn telemetry_names_no_licence() {
    let tag = "regid.2000-01.com.cisco.x,1.0_00000000-0000-4000-8000-000000000001";
    let text = changed(TELEMETRY, |payload| payload["meta"]["entitlement_tag"] = tag.into());
    let document = Document::parse(text.as_bytes()).unwrap();
    assert_eq!(document.reports().next().unwrap().unwrap().entitlement_tag(), None);
    assert_eq!(document.borrowed_reports().next().unwrap().unwrap().entitlement_tag, None);
}

#[test]
fn each_member_that_a_measurement_lacks_is_noted_and_a_null_once() {
    let text = changed(GOOD, |payload| {
        let mut one = payload["measurements"][0].clone();
        payload["measurements"][0].as_object_mut().unwrap().remove("log_time");
        payload["measurements"][0].as_object_mut().unwrap().remove("num_samples");
        one["sample_interval"] = Value::Null;
        payload["measurements"].as_array_mut().unwrap().push(one);
    });
    let report = read(&text);
    let paths: Vec<_> =
        of(report.warnings(), Tolerance::MeasurementMember).iter().map(|one| one.place.path.as_str()).collect();
    assert_eq!(paths, ["$.payload$.measurements[0].log_time", "$.payload$.measurements[0].num_samples"]);
    let null = of(report.warnings(), Tolerance::NullMember);
    assert_eq!(null.len(), 1);
    assert_eq!(null[0].place.path, "$.payload$.measurements[1].sample_interval");
}

#[test]
fn a_note_stands_at_the_value_that_it_is_about() {
    let text = changed(GOOD, |payload| {
        payload["version"] = "9.9".into();
        payload["asset_identification"]["report_id"] = payload["meta"]["report_id"].clone();
        payload["meta"]["ha_udi"][0]["role"] = "Boss".into();
        payload["meta"]["report_type"] = "story".into();
        payload["measurements"][0]["metric_name"] = "MOOD".into();
        payload["measurements"][0]["value"]["type"] = "SUM".into();
        payload["measurements"][0]["meta"]["termination_reason"] = "Boredom".into();
        payload["asset_identification"]["signature"]["signing_type"] = "wax".into();
    });
    let report = read(&text);
    let starts = |tolerance| {
        of(report.warnings(), tolerance).iter().map(|one| text_at(&text, one)[..6].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(starts(Tolerance::VersionUnknown), [r#"\"9.9\"#]);
    assert_eq!(starts(Tolerance::IdInBoth), ["170000"]);
    let mut words = starts(Tolerance::UnknownWord);
    words.sort();
    assert_eq!(words, [r#"\"Bore"#, r#"\"Boss"#, r#"\"MOOD"#, r#"\"SUM\"#, r#"\"stor"#, r#"\"wax\"#]);
    assert_eq!(starts(Tolerance::SignaturePlace), [r#"{\"key"#]);
}

#[test]
fn words_that_the_model_knows_are_known() {
    let text = changed(GOOD, |payload| {
        payload["asset_identification"]["signature"]["signing_type"] = "SHA512".into();
        payload["measurements"][0]["meta"]["close_reason"] = "SMART".into();
    });
    assert_eq!(read(&text).warnings(), []);
}

#[test]
fn unknown_members_are_listed_by_a_path_that_no_other_member_can_have() {
    let text = changed(GOOD, |payload| {
        payload["meta"]["a.b c"] = json!({"deep": 1});
        payload["meta"]["a"] = json!({"b c": 2});
    });
    let found = read(&text).payload_extra();
    let expected = [("$.meta.a", r#"{"b c":2}"#), (r#"$.meta["a.b c"]"#, r#"{"deep":1}"#)];
    assert_eq!(found, expected.map(|(path, raw)| (path.to_owned(), raw.to_owned())));
}

#[test]
fn blanks_around_an_identity_are_no_other_device_and_are_written_again() {
    let mut envelope = envelope_of(GOOD);
    envelope["signature"]["sudi"]["udi_serial_number"] = " TST00000001\t".into();
    let text = envelope.to_string();
    let report = read(&text);
    assert_eq!(report.signer().unwrap().serial(), "TST00000001");
    let notes = of(report.warnings(), Tolerance::UdiBlank);
    assert_eq!(notes.len(), 1);
    assert!(!notes[0].to_string().contains("TST00000001"), "texts name no device: {}", notes[0]);
    for report in [&report, &report.as_borrowed().into_owned().unwrap()] {
        assert!(write_envelope(report).unwrap().contains(r#""udi_serial_number":" TST00000001\t""#));
    }
    let blank = changed(GOOD, |payload| {
        payload["asset_identification"]["instance"]["sudi"]["udi_pid"] = " TEST-SWITCH ".into();
    });
    let both = format!(r#"{{"usage":[{},{blank}]}}"#, envelope_of(GOOD));
    let document = Document::parse(both.as_bytes()).unwrap();
    let second = document.reports().nth(1).unwrap().unwrap();
    assert!(of(second.warnings(), Tolerance::MixedDevices).is_empty());
    assert_eq!(document.borrowed_reports().next().unwrap().unwrap().device.pid, "TEST-SWITCH");
}

#[test]
fn an_envelope_that_would_be_read_as_another_container_is_not_written_alone() {
    let other = envelope_of(GOOD);
    for (name, value, is_refused) in [
        ("usage", json!([other]), true),
        ("usage", json!(null), true),
        ("data", json!({"nonce": "1", "reports": [{"usage": [other]}]}), true),
        ("data", json!({"nonce": "1"}), false),
        ("data", json!("reports"), false),
        ("uses", json!([other]), false),
    ] {
        let mut envelope = envelope_of(GOOD);
        envelope[name] = value;
        let text = json!({ "usage": [envelope] }).to_string();
        let report = read(&text);
        match write_envelope(&report) {
            Ok(alone) => {
                assert!(!is_refused, "{alone}");
                assert_eq!(read(&alone).envelope_extra(), report.envelope_extra());
                assert_eq!(read(&alone).outer_signature(), report.outer_signature());
            }
            Err(error) => {
                assert!(is_refused, "{error}");
                assert_eq!(error.kind(), ErrorKind::Inconsistent);
                assert!(error.message().contains(&format!("unknown member `{name}`")), "{error}");
                let file = DeviceFile::new().reports([&report]).to_text().unwrap();
                let again = Document::parse(file.as_bytes()).unwrap().reports().next().unwrap().unwrap();
                assert_eq!(again.envelope_extra(), report.envelope_extra());
            }
        }
    }
}

#[test]
fn a_long_text_before_the_reports_of_another_container_hides_nothing() {
    let mut envelope = envelope_of(GOOD);
    envelope["data"] = json!({"a": "x".repeat(100_000), "reports": [{"usage": [envelope_of(GOOD)]}]});
    let mut options = slp_rum::ReadOptions::default();
    options.limits.string_bytes = 1 << 20;
    let text = json!({ "usage": [envelope] }).to_string();
    let document = Document::parse_with(text.as_bytes(), &options).unwrap();
    let report = document.reports().next().unwrap().unwrap();
    assert_eq!(write_envelope(&report).unwrap_err().kind(), ErrorKind::Inconsistent);
}

#[test]
fn an_unknown_element_that_is_cut_is_named_without_its_control_characters() {
    for (name, shown) in [("odd\u{8d}name", "\"odd\\u{8d}name\""), ("statusReport2", "\"statusReport2\"")] {
        let text = format!("<smartLicense><{name}>x");
        let document = Document::parse(text.as_bytes()).unwrap();
        let error = document.damage().unwrap();
        assert_eq!(error.kind(), ErrorKind::Truncated);
        assert_eq!(error.message(), format!("the document ends inside {shown}: it was cut; get it again"));
        assert!(!error.to_string().chars().any(char::is_control), "{error}");
    }
}

#[test]
fn a_blank_product_is_none_and_one_that_is_no_tag_is_taken_as_it_is() {
    let named = |name: &str| changed(GOOD, |payload| payload["asset_identification"]["asset"]["name"] = name.into());
    let error = refusal(&named(" \t"), &ReadOptions::default());
    assert_eq!((error.kind(), error.message()), (ErrorKind::MissingMember, "member \"name\" is missing"));
    let report = read(&named("a switch"));
    assert_eq!(report.software_tag().as_str(), "a switch");
    assert_eq!(of(report.warnings(), Tolerance::TagForm).len(), 1);
    assert_eq!(read(&named(&"é".repeat(255))).software_tag().as_str().chars().count(), 255);
    assert_eq!(refusal(&named(&"é".repeat(256)), &ReadOptions::default()).kind(), ErrorKind::BadValue);
}

#[test]
fn a_blank_payload_is_empty_in_whatever_way_it_comes() {
    let of = |payload: &str| refusal(payload, &ReadOptions::default());
    for text in ["\"\"", "\" \"", "\"\\n\\t\""] {
        let error = of(text);
        assert_eq!((error.kind(), error.location().column), (ErrorKind::Empty, Some(2)), "{text}");
        assert_eq!(of(&format!(r#"{{"payload":{text}}}"#)).kind(), ErrorKind::Empty, "{text}");
    }
}

#[test]
fn marks_and_encodings_are_told_from_text() {
    let kind = |bytes: &[u8]| Document::parse(bytes).unwrap_err().kind();
    let units = |text: &str, le: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if le { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    };
    assert_eq!(kind("\u{feff}".as_bytes()), ErrorKind::Empty);
    assert_eq!(kind("\u{feff} \n".as_bytes()), ErrorKind::Empty);
    for text in ["<a/>", "\r\n <a/>", " {}", "\t[1]", "\n\"x\""] {
        assert_eq!(kind(&units(text, true)), ErrorKind::Encoding, "{text}");
        assert_eq!(kind(&units(text, false)), ErrorKind::Encoding, "{text}");
    }
    // The mark itself stands at the first byte, and the place of a bad byte is counted with the mark in front.
    let marked = format!("\u{feff}{GOOD}");
    let place = |place: &slp_model::Location| (place.line, place.column, place.byte);
    let warnings = Document::parse(marked.as_bytes()).unwrap().warnings();
    assert_eq!(warnings.iter().map(|one| one.tolerance).collect::<Vec<_>>(), [Tolerance::Bom]);
    assert_eq!(place(&warnings[0].place), (Some(1), Some(1), Some(0)));
    let refused = Document::parse_with(marked.as_bytes(), &ReadOptions::strict()).unwrap_err();
    assert_eq!((refused.name(), place(refused.location())), (Some("bom"), (Some(1), Some(1), Some(0))));
    let error = Document::parse(b"\xef\xbb\xbf{\xff").unwrap_err();
    assert_eq!((error.kind(), error.location().byte, error.location().column), (ErrorKind::Encoding, Some(4), Some(2)));
    let packed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("\u{feff}{GOOD}"));
    let document = Document::parse(packed.as_bytes()).unwrap();
    let taken: Vec<_> = document.warnings().iter().map(|one| one.tolerance).collect();
    assert_eq!(taken, [Tolerance::Base64Document, Tolerance::Bom]);
    assert_eq!(document.reports().flatten().count(), 1);
}

#[test]
fn a_nul_ends_a_document_of_json_too_and_a_noncharacter_does_not() {
    let one = envelope_of(GOOD);
    let text = format!("{{\"usage\":[{one}],\"x\":\"\u{0}\"}}");
    let document = Document::parse(text.as_bytes()).unwrap();
    let damage = document.damage().unwrap();
    assert_eq!((damage.kind(), damage.location().byte), (ErrorKind::Encoding, Some(text.find('\0').unwrap() as u64)));
    assert_eq!(document.reports().flatten().count(), 1);
    let text = format!("{{\"usage\":[{one}],\"x\":\"\u{ffff}\"}}");
    assert!(Document::parse(text.as_bytes()).unwrap().damage().is_none());
}

#[test]
fn a_declaration_names_version_one_and_an_encoding_that_is_read() {
    let with = |declaration: &str| format!("<?xml {declaration}?><smartLicense></smartLicense>");
    for good in ["version='1.0'", "version='1.0' encoding='utf-8'", "version='1.0' encoding='US-ASCII'"] {
        assert!(Document::parse(with(good).as_bytes()).is_ok(), "{good}");
    }
    for (bad, kind) in [
        ("version='1.1'", ErrorKind::Xml),
        ("version='1.0' encoding='utf8'", ErrorKind::Encoding),
        ("version='1.0' encoding='ascii'", ErrorKind::Encoding),
        ("version='1.0' encoding='ISO-8859-1'", ErrorKind::Encoding),
    ] {
        assert_eq!(Document::parse(with(bad).as_bytes()).unwrap_err().kind(), kind, "{bad}");
    }
}

#[test]
fn a_root_that_is_not_known_is_answered_with_those_that_are() {
    let error = Document::parse(b"<html/>").unwrap_err();
    for root in ["smartLicense", "RUMReport", "specificPLR", "smartLicenseRumAck"] {
        assert!(error.message().contains(root), "{error}");
    }
}

fn kept(text: &str) -> Result<String, Error> {
    let document = Document::parse(text.as_bytes()).unwrap();
    DeviceFile::from_document(&document).and_then(|file| file.to_text())
}

#[test]
fn a_report_that_could_not_be_written_is_not_kept_either() {
    let file = |envelope: &Value| format!("<smartLicense><RUMReport><![CDATA[{envelope}]]></RUMReport></smartLicense>");
    let good = envelope_of(GOOD);
    assert_eq!(kept(&file(&good)).unwrap(), file(&good));
    let mut unsigned = good.clone();
    unsigned.as_object_mut().unwrap().remove("signature");
    let error = kept(&file(&unsigned)).unwrap_err();
    assert_eq!((error.kind(), error.location().path.as_str()), (ErrorKind::MissingMember, "RUMReport[1]"));
    let mut lost = good.clone();
    lost["payload"] = serde_json::from_str(good["payload"].as_str().unwrap()).unwrap();
    assert_eq!(kept(&file(&lost)).unwrap_err().kind(), ErrorKind::PayloadLost);
    let mut refused = good;
    refused["payload"] = "{}".into();
    assert_eq!(kept(&file(&refused)).unwrap_err().kind(), ErrorKind::MissingMember);
}

#[test]
fn parts_that_leave_their_root_take_its_namespaces_along() {
    let text = "<p:smartLicense x=\"1\" xmlns:p='urn:a\"b' xmlns=\"urn:c\"><p:a/><b/></p:smartLicense>";
    let out = kept(text).unwrap();
    assert_eq!(out, "<smartLicense xmlns:p='urn:a\"b' xmlns=\"urn:c\"><p:a/><b/></smartLicense>");
    roxmltree::Document::parse(&out).expect("every prefix is declared");
    assert_eq!(kept(&out).unwrap(), out);
}

#[test]
fn what_beside_usage_was_kept_is_written_again() {
    let text = format!(r#"{{"usage":[{}],"x":{{"y":2.50}}}}"#, envelope_of(GOOD));
    let document = Document::parse(text.as_bytes()).unwrap();
    let reports: Vec<_> = document.reports().map(Result::unwrap).collect();
    let out = RestUsage::new().reports(&reports).members(document.extra()).to_text().unwrap();
    assert!(out.ends_with(r#"],"x":{"y":2.50}}"#), "{out}");
}

/// The limit is for the document, not for the Base64 around it, which is a third longer.
#[test]
fn a_base64_document_is_measured_after_it_is_decoded() {
    use base64::Engine as _;
    let text = format!("<smartLicense><a>{}</a></smartLicense>", "x".repeat(3_000));
    let wrapped = base64::engine::general_purpose::STANDARD.encode(&text);
    let lines: Vec<&str> = wrapped.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let mut options = ReadOptions::default();
    options.limits.document_bytes = text.len();
    for wrapped in [wrapped.clone(), lines.join("\r\n"), format!("\u{feff}{wrapped}\n")] {
        let document = Document::parse_with(wrapped.as_bytes(), &options).unwrap();
        assert_eq!(document.parts().next().unwrap().raw.len(), 3_007);
    }
    options.limits.document_bytes = text.len() - 1;
    let error = Document::parse_with(wrapped.as_bytes(), &options).unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, Some("document_bytes")));
    // what is neither is refused by its length, before anything else is done with it
    for other in [format!("<smartLicense>{text}</smartLicense>"), "A".repeat(9_000), "A ".repeat(2_000)] {
        let error = Document::parse_with(other.as_bytes(), &options).unwrap_err();
        assert_eq!(error.name(), Some("document_bytes"), "{other}");
    }
}
