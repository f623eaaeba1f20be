//! Input that is too big to store: bombs made here. Every limit takes what it allows and refuses one more.

#![expect(clippy::format_collect, reason = "readable, and the texts are small")]

use slp_rum::{Document, Error, ErrorKind, Limits, ReadOptions, Tolerance, Tolerances};

const PAYLOAD: &str = r#"{"version":"2.0","asset_identification":{"report_id":7,"asset":{"name":"regid.2000-01.com.cisco.T,1.0_00000000-0000-4000-8000-0000000000aa"},"instance":{"sudi":{"udi_pid":"TEST","udi_serial_number":"TST00000001"}}},"meta":{"entitlement_tag":"regid.2000-01.com.cisco.x,1.0_00000000-0000-4000-8000-000000000001","utility_enabled":false,"ha_udi":[{"role":"Active","sudi":{"udi_pid":"TEST","udi_serial_number":"TST00000001"}}]EXTRA},"measurements":[MEASUREMENTS]}"#;
const MEASUREMENT: &str = r#"{"log_time":1700000100,"metric_name":"ENTITLEMENT","start_time":1700000100,"end_time":1700003700,"sample_interval":3600,"num_samples":5,"value":{"type":"COUNT","value":"1"}}"#;

fn payload(extra: &str, measurements: &str) -> String {
    PAYLOAD.replace("EXTRA", extra).replace("MEASUREMENTS", measurements)
}

fn envelope(payload: &str, signature: &str) -> String {
    let escaped = serde_json::to_string(payload).unwrap();
    format!(r#"{{"payload":{escaped},"signature":{{"signing_type":"builtin","key":"k","value":"{signature}"}}}}"#)
}

fn device_file(reports: &[String]) -> String {
    let reports: String = reports.iter().map(|one| format!("<RUMReport><![CDATA[{one}]]></RUMReport>")).collect();
    format!("<smartLicense>{reports}</smartLicense>")
}

fn good() -> String {
    envelope(&payload("", MEASUREMENT), "AAAA")
}

fn outcomes(text: &[u8], options: &ReadOptions) -> Vec<Result<(), Error>> {
    match Document::parse_with(text, options) {
        Ok(document) => document.reports().map(|report| report.map(drop)).collect(),
        Err(error) => vec![Err(error)],
    }
}

/// With the limit at `n` all of `text` is read; at `n - 1` something in it is refused, and the limit is named.
fn takes_n_and_refuses_one_more(name: &str, text: &str, n: usize, set: impl Fn(&mut Limits, usize)) {
    let mut options = ReadOptions::default();
    set(&mut options.limits, n);
    for outcome in outcomes(text.as_bytes(), &options) {
        assert!(outcome.is_ok(), "{name} at {n}: {outcome:?}");
    }
    set(&mut options.limits, n - 1);
    let errors: Vec<_> = outcomes(text.as_bytes(), &options).into_iter().filter_map(Result::err).collect();
    let error = errors.first().unwrap_or_else(|| panic!("{name}: {} passed", n - 1));
    assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, Some(name)), "{error}");
    assert!(error.to_string().contains(name), "the text says which limit: {error}");
}

#[test]
fn every_limit_takes_what_it_allows_and_refuses_one_more() {
    let three = device_file(&[good(), good(), good()]);
    takes_n_and_refuses_one_more("document_bytes", &three, three.len(), |limits, n| limits.document_bytes = n);
    takes_n_and_refuses_one_more("reports_per_document", &three, 3, |limits, n| limits.reports_per_document = n);
    let rest = format!(r#"{{"usage":[{},{}]}}"#, good(), good());
    takes_n_and_refuses_one_more("reports_per_document", &rest, 2, |limits, n| limits.reports_per_document = n);
    let length = payload("", MEASUREMENT).len();
    takes_n_and_refuses_one_more("payload_bytes", &three, length, |limits, n| limits.payload_bytes = n);
    let long = format!(r#","software_version":"{}""#, "v".repeat(500));
    let text = device_file(&[envelope(&payload(&long, MEASUREMENT), "AAAA")]);
    takes_n_and_refuses_one_more("string_bytes", &text, 500, |limits, n| limits.string_bytes = n);
    takes_n_and_refuses_one_more("name_chars", &three, "TEST-TST0000001".len(), |limits, n| limits.name_chars = n);
    let text = device_file(&[envelope(&payload("", MEASUREMENT), &"AAAA".repeat(100))]);
    takes_n_and_refuses_one_more("signature_value_bytes", &text, 400, |limits, n| limits.signature_value_bytes = n);
    let many = [MEASUREMENT; 20].join(",");
    let text = device_file(&[envelope(&payload("", &many), "AAAA")]);
    takes_n_and_refuses_one_more("measurements_per_report", &text, 20, |limits, n| limits.measurements_per_report = n);
    let sudis = [r#"{"udi_pid":"AP","udi_serial_number":"TSTAP000001"}"#; 9].join(",");
    let with_list =
        MEASUREMENT.replace(r#","value":{"#, &format!(r#","meta":{{"added_sudi_list":[{sudis}]}},"value":{{"#));
    let text = device_file(&[envelope(&payload("", &with_list), "AAAA")]);
    takes_n_and_refuses_one_more("sudis_per_list", &text, 9, |limits, n| limits.sudis_per_list = n);
    let deep = format!("<smartLicense>{}{}</smartLicense>", "<x>".repeat(9), "</x>".repeat(9));
    takes_n_and_refuses_one_more("xml_depth", &deep, 10, |limits, n| limits.xml_depth = n);
    let nested = format!(r#","x":{}{}"#, "[".repeat(10), "]".repeat(10));
    let text = device_file(&[envelope(&payload(&nested, MEASUREMENT), "AAAA")]);
    takes_n_and_refuses_one_more("json_depth", &text, 12, |limits, n| limits.json_depth = u32::try_from(n).unwrap());
    let text = format!("<smartLicense><{0}/></smartLicense>", "n".repeat(40));
    takes_n_and_refuses_one_more("xml_name_bytes", &text, 40, |limits, n| limits.xml_name_bytes = n);
    let attributes: String = (0..7).map(|number| format!(" a{number}='x'")).collect();
    let text = format!("<smartLicense{attributes}></smartLicense>");
    takes_n_and_refuses_one_more("xml_attributes", &text, 7, |limits, n| limits.xml_attributes = n);
    let text = format!("<smartLicense>{}</smartLicense>", "<x/>".repeat(5));
    takes_n_and_refuses_one_more("root_children", &text, 5, |limits, n| limits.root_children = n);
    let inventory = format!(r#""[{}]""#, " ".repeat(98));
    let telemetry = payload(
        r#","report_type":"telemetry""#,
        &format!(
            r#"{{"start_time":1,"end_time":2,"metric_name":"hardware_inventory","values":[{{"type":"json_encode","value":{inventory}}}]}}"#
        ),
    );
    let text = device_file(&[envelope(&telemetry, "AAAA")]);
    takes_n_and_refuses_one_more("json_encode", &text, 100, |limits, n| limits.json_encode = n);
    let text = text.replace(&" ".repeat(98), &["{}"; 25].join(","));
    takes_n_and_refuses_one_more("inventory_items", &text, 25, |limits, n| limits.inventory_items = n);
}

/// Every finding and every interval names its device, every interval its attached devices: a name of 60,000 characters in
/// a report of 30,000 measurements would be gigabytes.
#[test]
fn no_device_in_a_report_has_a_name_longer_than_a_udi_may_be() {
    let limit = Limits::default().name_chars;
    let (fitting, long) = ("é".repeat(limit - "TEST".len()), "S".repeat(60_000));
    let of = |serial: &str| payload("", MEASUREMENT).replace("TST00000001", serial);
    assert!(outcomes(envelope(&of(&fitting), "AAAA").as_bytes(), &ReadOptions::default()).iter().all(Result::is_ok));
    let attached = MEASUREMENT.replace(
        r#","value":{"#,
        &format!(r#","meta":{{"added_sudi_list":[{{"udi_pid":"AP","udi_serial_number":"{long}"}}]}},"value":{{"#),
    );
    for text in [of(&long), payload("", &attached)] {
        let error = outcomes_of(&envelope(&text, "AAAA"), &ReadOptions::default());
        assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, Some("name_chars")), "{error}");
    }
}

#[test]
fn warnings_beyond_the_limit_are_only_counted() {
    let odd = "<x/>".repeat(50);
    let text = format!("<smartLicense>{odd}</smartLicense>");
    let mut options = ReadOptions::default();
    options.limits.warnings = 10;
    let document = Document::parse_with(text.as_bytes(), &options).unwrap();
    assert_eq!((document.warnings().len(), document.warnings_dropped()), (10, 40));
}

#[test]
fn depth_ten_thousand_is_refused_without_using_the_stack() {
    let xml = format!("<smartLicense>{}", "<a>".repeat(10_000));
    let json = format!(r#"{{"usage":{}"#, "[".repeat(10_000));
    let objects = format!(r#"{{"usage":[{}"#, r#"{"payload":"#.repeat(10_000));
    let inner =
        device_file(&[envelope(&payload(&format!(r#","x":{}"#, "[".repeat(10_000)), MEASUREMENT), "AAAA"), good()]);
    for text in [xml, json, objects] {
        let outcomes = outcomes(text.as_bytes(), &ReadOptions::default());
        let error = outcomes.into_iter().find_map(Result::err).unwrap();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    }
    let outcomes = outcomes(inner.as_bytes(), &ReadOptions::default());
    assert_eq!(outcomes.first().unwrap().as_ref().unwrap_err().kind(), ErrorKind::Limit);
    assert!(outcomes.last().unwrap().is_ok(), "the report behind it is read");
    // A caller who raises the limit gets a refusal for another reason, not a crash.
    let mut options = ReadOptions::default();
    (options.limits.json_depth, options.limits.xml_depth) = (u32::MAX, usize::MAX);
    for text in [format!(r#"{{"usage":{}"#, "[".repeat(1_000_000)), format!("<smartLicense>{}", "<a>".repeat(300_000))]
    {
        let error = outcomes_of(&text, &options);
        assert_eq!(error.kind(), ErrorKind::Truncated, "{error}");
    }
}

fn outcomes_of(text: &str, options: &ReadOptions) -> Error {
    outcomes(text.as_bytes(), options).into_iter().find_map(Result::err).unwrap()
}

#[test]
fn a_thousand_warnings_at_the_end_of_a_long_payload_are_found_in_one_walk() {
    let pad = format!(r#","pad":[{}]"#, vec![format!("\"{}\"", "p".repeat(60_000)); 60].join(","));
    let odd = MEASUREMENT.replace("\"start_time\":1700000100", "\"start_time\":\"1700000100\"");
    let text = device_file(&[envelope(&payload(&pad, &vec![odd; 1_100].join(",")), "AAAA")]);
    let document = Document::parse(text.as_bytes()).unwrap();
    let mut reports = document.borrowed_reports();
    let report = reports.next().unwrap().unwrap();
    assert_eq!(report.warnings.len(), 1_000);
    let column = |index: usize| report.warnings[index].place.column.unwrap();
    // Each measurement is as long as the one before it.
    assert_eq!(column(1) - column(0), column(999) - column(998));
    assert!(column(0) > 3_600_000);
}

#[test]
fn a_tag_that_fits_the_grammar_but_is_too_long_is_refused_by_both_readers() {
    let long = PAYLOAD.replace("cisco.x,", &format!("cisco.{},", "x".repeat(300)));
    let long = long.replace("EXTRA", "").replace("MEASUREMENTS", MEASUREMENT);
    let text = device_file(&[envelope(&long, "AAAA")]);
    let document = Document::parse(text.as_bytes()).unwrap();
    let owned = document.reports().next().unwrap().unwrap_err();
    let lent = document.borrowed_reports().next().unwrap().unwrap_err();
    assert_eq!((owned.kind(), lent.kind()), (ErrorKind::BadValue, ErrorKind::BadValue));
    assert!(owned.location().path.ends_with(".meta.entitlement_tag"), "{owned}");
}

#[test]
fn devices_on_a_device_are_named_up_to_a_bound() {
    let sudi = |number: usize| format!(r#"{{"udi_pid":"AP","udi_serial_number":"TSTAP{number}"}}"#);
    let list = |from: usize, to: usize| (from..to).map(sudi).collect::<Vec<_>>().join(",");
    let with = |index: usize, devices: String| {
        let (start, end) = (1_700_000_100 + index * 10, 1_700_000_110 + index * 10);
        MEASUREMENT
            .replace("\"start_time\":1700000100", &format!("\"start_time\":{start}"))
            .replace("\"end_time\":1700003700", &format!("\"end_time\":{end}"))
            .replace(r#","value":{"#, &format!(r#","meta":{{"added_sudi_list":[{devices}]}},"value":{{"#))
    };
    let mut measurements = vec![with(0, list(0, 5_000))];
    measurements.extend((1..400).map(|index| with(index, sudi(5_000 + index))));
    let text = device_file(&[envelope(&payload("", &measurements.join(",")), "AAAA")]);
    let document = Document::parse(text.as_bytes()).unwrap();
    let mut evidence = slp_rum::usage::Evidence::new();
    evidence.add(&document.borrowed_reports().next().unwrap().unwrap(), "x").unwrap();
    let sizes: Vec<_> = evidence.intervals().map(|one| one.attached.map(|attached| attached.len())).collect();
    assert_eq!((sizes.len(), sizes[0]), (400, Some(5_000)));
    assert!(sizes.iter().flatten().sum::<usize>() <= 1_000_000);
    assert_eq!(sizes[399], None, "beyond the bound the set is unknown, and the interval stays");
}

/// Fourteen megabytes of measurements without a value that go backwards made 900,000 findings in 900 MB.
#[test]
fn findings_about_measurements_are_listed_up_to_a_bound_and_then_counted_for_each_report() {
    let backwards = r#"{"metric_name":"x","start_time":9,"end_time":1,"sample_interval":7}"#;
    let of = |id: u64, measurements: usize| {
        let text = payload("", &vec![backwards; measurements].join(","));
        envelope(&text.replace("\"report_id\":7", &format!("\"report_id\":{id}")), "AAAA")
    };
    let text = device_file(&[of(1, 1), of(2, 30_000), of(3, 30), of(4, 1)]);
    let document = Document::parse(text.as_bytes()).unwrap();
    let mut evidence = slp_rum::usage::Evidence::new();
    let mut reports = document.borrowed_reports();
    while let Some(report) = reports.next() {
        evidence.add(&report.unwrap(), "x").unwrap();
    }
    let findings = slp_rum::continuity::check(&evidence, &slp_rum::continuity::Facts::default());
    assert!((100_000..100_100).contains(&findings.len()), "{}", findings.len());
    // What is not listed is counted, and an error stays an error.
    let negative = |id: u64| {
        let of = findings.iter().filter(move |one| one.id == "RUM-NEGATIVE" && one.subject.reports == [id.into()]);
        of.map(|one| match one.details.get("more") {
            Some(slp_model::Detail::Count(more)) => 1 + more,
            _ => 1,
        })
    };
    assert_eq!([1, 2, 3, 4].map(|id| negative(id).sum::<u64>()), [1, 30_000, 30, 1]);
    assert_eq!((negative(3).count(), negative(4).count()), (1, 1), "the first of its kind in a report is listed");
    let last = findings.iter().find(|one| one.id == "RUM-NEGATIVE" && one.subject.reports == [3.into()]).unwrap();
    assert!(last.message.ends_with(". 29 more findings of this kind in the report."), "{}", last.message);
}

#[test]
fn a_telemetry_report_with_the_id_of_a_usage_report_takes_no_usage_away() {
    let telemetry = payload(r#","report_type":"telemetry""#, &MEASUREMENT.replace("1700003700", "1700009999"));
    let text = device_file(&[good(), envelope(&telemetry, "AAAA")]);
    let document = Document::parse(text.as_bytes()).unwrap();
    let mut evidence = slp_rum::usage::Evidence::new();
    let mut reports = document.borrowed_reports();
    while let Some(report) = reports.next() {
        evidence.add(&report.unwrap(), "x").unwrap();
    }
    assert_eq!(evidence.intervals().count(), 1);
}

#[test]
fn a_document_over_the_limit_is_refused_by_its_length_alone() {
    // Not even UTF-8: nothing but the length was looked at.
    let huge = vec![0xff_u8; (16 << 20) + 1];
    let error = Document::parse(&huge).unwrap_err();
    assert_eq!((error.kind(), error.name(), error.is_fatal()), (ErrorKind::Limit, Some("document_bytes"), true));
}

#[test]
fn a_string_of_many_megabytes_is_refused_where_the_caller_raised_the_document_limit() {
    let mut options = ReadOptions::default();
    options.limits.document_bytes = usize::MAX;
    let start = r#"{"usage":[{"payload":""#;
    let mut text = Vec::with_capacity((64 << 20) + 64);
    text.extend_from_slice(start.as_bytes());
    text.resize((64 << 20) + start.len(), b'x');
    text.extend_from_slice(br#""}]}"#);
    let error = outcomes(&text, &options).into_iter().find_map(Result::err).unwrap();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}

#[test]
fn ten_thousand_bad_reports_are_ten_thousand_places() {
    let bad = good().replace("TST00000001", "");
    let mut reports = vec![bad; 5_000];
    reports.push(good());
    let text = device_file(&reports);
    let outcomes = outcomes(text.as_bytes(), &ReadOptions::default());
    assert_eq!(outcomes.len(), 5_001);
    assert!(outcomes.last().unwrap().is_ok());
    let paths: Vec<_> = outcomes.iter().filter_map(|one| Some(one.as_ref().err()?.location().path.clone())).collect();
    assert!(paths[4_999].starts_with("RUMReport[5000]/"));
}

#[test]
fn strict_reading_refuses_every_deviation_by_its_name() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/valid");
    let mut met = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let file = std::fs::read_dir(&entry).unwrap().map(|file| file.unwrap().path());
        let input = file.into_iter().find(|path| path.file_stem().is_some_and(|stem| stem == "input")).unwrap();
        #[expect(clippy::disallowed_methods, reason = "our own small fixtures")]
        let bytes = std::fs::read(input).unwrap();
        let document = Document::parse(&bytes).unwrap();
        let mut taken: Vec<_> = document.warnings().iter().map(|warning| warning.tolerance).collect();
        for report in document.reports() {
            taken.extend(report.unwrap().warnings().iter().map(|warning| warning.tolerance));
        }
        for tolerance in &taken {
            let mut options = ReadOptions::default();
            options.tolerances = Tolerances::all().without(*tolerance);
            let names: Vec<_> = outcomes(&bytes, &options)
                .into_iter()
                .filter_map(Result::err)
                .map(|error| (error.kind(), error.name()))
                .collect();
            assert!(
                names.contains(&(ErrorKind::Tolerance, Some(tolerance.as_str()))),
                "{}: {tolerance} switched off gives {names:?}",
                entry.display()
            );
        }
        let strict = outcomes(&bytes, &ReadOptions::strict());
        assert_eq!(strict.iter().any(Result::is_err), !taken.is_empty(), "{}", entry.display());
        met.extend(taken);
    }
    // those from here on are deviations of other parts than reports: see parts_fixtures.rs
    let of_reports = Tolerance::ALL.iter().take_while(|one| **one != Tolerance::WrappedSlr);
    let never: Vec<_> = of_reports.filter(|one| !met.contains(one)).collect();
    assert!(never.is_empty(), "no fixture shows {never:?}");
}
