use slp_model::license::SigningType;
use slp_model::{Seconds, UnixSeconds};

use super::*;
use crate::{Generation, Member, ReadOptions, UsageReport};

fn device(serial: &str) -> Udi {
    Udi::new("TEST-SWITCH", serial).unwrap()
}

fn time(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(seconds).unwrap()
}

fn tags() -> (SoftwareTag, EntitlementTag) {
    let product = "regid.2000-01.com.cisco.TEST,1.0_00000000-0000-4000-8000-0000000000aa";
    let licence = "regid.2000-01.com.cisco.test_base,1.0_00000000-0000-4000-8000-000000000001";
    (SoftwareTag::new(product).unwrap(), EntitlementTag::new(licence).unwrap())
}

fn v1() -> UsageDraft {
    let (product, licence) = tags();
    let mut draft = UsageDraft::v1(ReportId::new(1_700_000_000), device("TST00000001"), product, licence);
    draft.measurements.push(Measurement::new(time(1_700_000_100), time(1_700_003_700), 1));
    draft
}

fn v2() -> UsageDraft {
    let (product, licence) = tags();
    let mut draft = UsageDraft::v2(ReportId::new(1_700_000_000), device("TST00000001"), product, licence);
    draft.measurements.push(Measurement::new(time(1_700_000_100), time(1_700_003_700), 1));
    draft
}

fn inner() -> Signature {
    Signature::new(SigningType::Sha256, "21000001", "AAAA")
}

fn refused(draft: &UsageDraft) -> (ErrorKind, String) {
    let error = draft.to_text().unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn the_first_generation_has_its_id_in_meta_and_its_signature_in_the_asset() {
    let mut draft = v1();
    draft.product_instance_id = Some("00000000-0000-4000-8000-0000000000ff".to_owned());
    draft.software_version = Some("17.06.02".to_owned());
    insta::assert_snapshot!(draft.to_signed_text(&inner()).unwrap().replace(",\"", ",\n\""), @r#"
    {"asset_identification":{"asset":{"name":"regid.2000-01.com.cisco.TEST,1.0_00000000-0000-4000-8000-0000000000aa"},
    "instance":{"sudi":{"udi_pid":"TEST-SWITCH",
    "udi_serial_number":"TST00000001"},
    "product_instance_identifier":"00000000-0000-4000-8000-0000000000ff"},
    "signature":{"signing_type":"SHA256",
    "key":"21000001",
    "value":"AAAA"}},
    "meta":{"entitlement_tag":"regid.2000-01.com.cisco.test_base,1.0_00000000-0000-4000-8000-000000000001",
    "report_id":1700000000,
    "software_version":"17.06.02",
    "ha_udi":[{"role":"Active",
    "sudi":{"udi_pid":"TEST-SWITCH",
    "udi_serial_number":"TST00000001"}}]},
    "measurements":[{"log_time":1700000100,
    "metric_name":"ENTITLEMENT",
    "start_time":1700000100,
    "end_time":1700003700,
    "sample_interval":3600,
    "num_samples":0,
    "value":{"type":"COUNT",
    "value":"1"}}]}
    "#);
}

#[test]
fn the_second_generation_has_its_id_in_the_asset_and_its_signature_at_the_top() {
    let mut draft = v2();
    draft.software_version = Some("17.09.02".to_owned());
    draft.ha.push(HaMember::new(HaRole::Standby, device("TST00000002")));
    let one = draft.measurements.first_mut().unwrap();
    one.clock_delta = Some(Seconds::new(-3_433));
    one.removed = Some(Vec::new());
    one.added = Some(vec![device("TSTAP000001"), device("TSTAP000002")]);
    one.termination = Some(TerminationReason::ProductReload);
    one.close = Some(CloseReason::ProductReload);
    insta::assert_snapshot!(draft.to_signed_text(&inner()).unwrap().replace(",\"", ",\n\""), @r#"
    {"version":"2.0",
    "asset_identification":{"report_id":1700000000,
    "asset":{"name":"regid.2000-01.com.cisco.TEST,1.0_00000000-0000-4000-8000-0000000000aa"},
    "instance":{"sudi":{"udi_pid":"TEST-SWITCH",
    "udi_serial_number":"TST00000001"}}},
    "signature":{"signing_type":"SHA256",
    "key":"21000001",
    "value":"AAAA"},
    "meta":{"entitlement_tag":"regid.2000-01.com.cisco.test_base,1.0_00000000-0000-4000-8000-000000000001",
    "utility_enabled":false,
    "software_version":"17.09.02",
    "ha_udi":[{"role":"Active",
    "sudi":{"udi_pid":"TEST-SWITCH",
    "udi_serial_number":"TST00000001"}},{"role":"Standby",
    "sudi":{"udi_pid":"TEST-SWITCH",
    "udi_serial_number":"TST00000002"}}]},
    "measurements":[{"log_time":1700000100,
    "metric_name":"ENTITLEMENT",
    "start_time":1700000100,
    "end_time":1700003700,
    "sample_interval":3600,
    "num_samples":0,
    "meta":{"clock_change_delta":"-3433",
    "removed_sudi_list":[],
    "added_sudi_list":[{"udi_pid":"TEST-SWITCH",
    "udi_serial_number":"TSTAP000001"},{"udi_pid":"TEST-SWITCH",
    "udi_serial_number":"TSTAP000002"}],
    "termination_reason":"ProductReload",
    "close_reason":"ProductReload"},
    "value":{"type":"COUNT",
    "value":"1"}}]}
    "#);
}

#[test]
fn what_the_inner_signature_covers_is_the_text_without_its_member_and_the_comma_before_it() {
    for draft in [v1(), v2()] {
        let mut inner = inner();
        inner.extra.push(Member::new("x", "[ 1 ]"));
        let member = r#","signature":{"signing_type":"SHA256","key":"21000001","value":"AAAA","x":[1]}"#;
        let signed = draft.to_signed_text(&inner).unwrap();
        assert_eq!(signed.matches(member).count(), 1);
        assert_eq!(signed.replace(member, ""), draft.to_text().unwrap());
    }
}

#[test]
fn each_generation_reads_back_as_itself_without_a_warning() {
    for (draft, generation) in [(v1(), Generation::V1), (v2(), Generation::V2)] {
        let text = draft.to_signed_text(&inner()).unwrap();
        let report = UsageReport::from_payload(text, None, Some(inner()), &ReadOptions::strict()).unwrap();
        assert_eq!(*report.generation(), generation);
        assert_eq!(report.id(), draft.id);
        assert_eq!(report.measurements(), draft.measurements);
        assert_eq!(report.inner_signature(), Some(&inner()));
        assert_eq!(report.utility_enabled(), draft.utility_enabled);
    }
}

#[test]
fn a_report_without_measurements_or_without_its_set_is_refused() {
    let mut draft = v1();
    draft.measurements.clear();
    insta::assert_snapshot!(refused(&draft).1, @"payload$.measurements: a report without measurements");
    let mut draft = v2();
    draft.ha.clear();
    insta::assert_snapshot!(refused(&draft).1, @"payload$.meta.ha_udi: no member of the redundant set: the device itself is one");
    assert_eq!(refused(&draft).0, ErrorKind::MissingMember);
}

#[test]
fn a_measurement_that_does_not_say_all_is_refused_by_name() {
    for name in ["log_time", "sample_interval", "num_samples", "value.type", "value.value"] {
        let mut draft = v2();
        draft.measurements.push(Measurement::new(time(1), time(2), 3));
        let one = draft.measurements.last_mut().unwrap();
        match name {
            "log_time" => one.log_time = None,
            "sample_interval" => one.length = None,
            "num_samples" => one.samples = None,
            "value.type" => one.value_type = None,
            _ => one.value = None,
        }
        let (kind, text) = refused(&draft);
        assert_eq!(kind, ErrorKind::MissingMember);
        assert_eq!(text, format!("payload$.measurements[1].{name}: a measurement of usage has to say this"));
    }
}

#[test]
fn a_count_is_decimal_digits_up_to_2_to_the_64th() {
    for (text, is_good) in [
        ("0", true),
        ("18446744073709551615", true),
        ("007", true),
        ("18446744073709551616", false),
        ("", false),
        ("+1", false),
        ("-1", false),
        ("1.0", false),
        ("1e3", false),
        (" 1", false),
        ("two", false),
        ("١", false),
    ] {
        let mut draft = v1();
        draft.measurements.first_mut().unwrap().value = Some(text.to_owned());
        assert_eq!(draft.to_text().is_ok(), is_good, "{text}");
        if !is_good {
            assert_eq!(refused(&draft).0, ErrorKind::BadNumber);
        }
        // Of another type a value may be anything.
        draft.measurements.first_mut().unwrap().value_type = Some("RATE".into());
        assert!(draft.to_text().is_ok());
    }
    let mut draft = v1();
    draft.measurements.first_mut().unwrap().value = Some("two".to_owned());
    insta::assert_snapshot!(refused(&draft).1, @r#"payload$.measurements[0].value.value: count "two" is not a decimal number up to 18446744073709551615"#);
}

#[test]
fn the_first_generation_does_not_speak_of_utility_reporting() {
    let mut draft = v1();
    draft.utility_enabled = Some(true);
    insta::assert_snapshot!(refused(&draft).1, @"payload$.meta.utility_enabled: the first generation does not say whether utility reporting is on");
    assert_eq!(refused(&draft).0, ErrorKind::Inconsistent);
    let mut draft = v2();
    draft.utility_enabled = None;
    assert!(!draft.to_text().unwrap().contains("utility_enabled"));
}

#[test]
fn an_inner_signature_that_cannot_be_read_back_is_refused() {
    for draft in [v1(), v2()] {
        let error = draft.to_signed_text(&inner().by(device("TST00000001"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Inconsistent);
        let mut twice = inner();
        twice.extra.push(Member::new("value", "1"));
        let error = draft.to_signed_text(&twice).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DuplicateMember);
        assert!(error.location().path.ends_with("signature"));
    }
    let error = v2().to_signed_text(&inner().by(device("TST00000001"))).unwrap_err();
    insta::assert_snapshot!(error, @"payload$.signature: an inner signature names no signer: the payload does");
}

#[test]
fn a_refused_payload_leaves_the_buffer_as_it_was() {
    let mut draft = v2();
    draft.measurements.push(Measurement::new(time(1), time(2), 3));
    draft.measurements.last_mut().unwrap().samples = None;
    let mut out = String::from("before");
    draft.write_to(Some(&inner()), &mut out).unwrap_err();
    assert_eq!(out, "before");
    v1().write_to(None, &mut out).unwrap();
    assert_eq!(out.strip_prefix("before"), Some(v1().to_text().unwrap().as_str()));
}
