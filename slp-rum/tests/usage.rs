//! Usage over time, from documents to intervals and sums.

#[path = "usage/builder.rs"]
mod builder;

use builder::*;
use slp_model::{Seconds, Span};
use slp_rum::usage::{Evidence, GroupBy, Totals, coalesce, write_csv};
use slp_rum::{Document, ErrorKind, borrowed, usage};

#[test]
fn the_worked_example_gives_three_intervals() {
    let evidence = evidence([&worked_example()]);
    let lines: Vec<_> = evidence.intervals().map(|one| serde_json::to_string(&one).unwrap()).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_worked_example_sums_as_the_spec_says() {
    let evidence = evidence([&worked_example()]);
    let rows = evidence.sums(GroupBy::DeviceTag, None);
    assert_eq!(rows.len(), 1);
    let sums = rows[0].sums;
    assert_eq!((sums.known, sums.unit_seconds, sums.peak), (Seconds::new(1_909_967), 5_643_502, 3));
    assert_eq!(sums.average().as_deref(), Some("2.955"));
    let elapsed: i64 = evidence.intervals().map(|one| one.elapsed.get()).sum();
    let units: i64 = evidence.intervals().map(|one| one.elapsed.get() * i64::try_from(one.count).unwrap()).sum();
    assert_eq!((elapsed, units), (1_913_400, 5_653_801));
    assert_eq!(coalesce(evidence.intervals()).count(), 3);
}

#[test]
fn a_count_of_nothing_is_an_interval_and_no_gap() {
    // the second example of the spec: one licence, then none, inside one report
    let mut one = report(
        1_646_687_340,
        [Measurement::between(1_656_339_498, 1_656_535_705, 1), Measurement::between(1_656_535_705, 1_656_598_715, 0)],
    )
    .closed();
    one.measurements[0].samples = 218;
    let evidence = evidence([&one]);
    let found: Vec<_> = evidence.intervals().map(|one| (one.start.get(), one.end.get(), one.count, one.open)).collect();
    assert_eq!(found, [(1_656_339_498, 1_656_535_705, 1, false), (1_656_535_705, 1_656_598_715, 0, false)]);
    assert!(findings([&one]).is_empty());
}

#[test]
fn snapshots_of_an_open_report_give_way_to_the_closed_one() {
    let open = report(7, [count(0, 1_000, 1)]);
    let longer = report(7, [count(0, 2_000, 1), count(2_000, 2_500, 2)]);
    let closed = report(7, [count(0, 2_000, 1), count(2_000, 9_000, 2)]).closed();
    for order in [[&open, &longer, &closed], [&closed, &open, &longer], [&longer, &closed, &open]] {
        let evidence = evidence(order);
        assert_eq!(intervals(&evidence), [(0, 2_000, 1, 7), (2_000, 9_000, 2, 7)]);
        assert_eq!(ids(&findings(order)), ["RUM-SUPERSEDED", "RUM-SUPERSEDED"]);
    }
}

#[test]
fn versions_grow_as_json_values_not_as_bytes() {
    let mut open = report(7, [count(0, 1_000, 1)]);
    open.blank = "\n  ";
    open.inner = "b3RoZXI=".into();
    let closed = report(7, [count(0, 1_000, 1)]).closed();
    assert_eq!(ids(&findings([&open, &closed])), ["RUM-SUPERSEDED"]);
}

#[test]
fn what_did_not_grow_is_a_conflict() {
    let base = report(7, [count(0, 1_000, 1), count(1_000, 2_000, 2)]).closed();
    let change = |change: fn(&mut Report)| {
        let mut other = base.clone();
        change(&mut other);
        other
    };
    for (other, place) in [
        (change(|one| one.software_version = "17.09.03".into()), "$.meta"),
        (change(|one| one.measurements[0].log_time += 1), "$.measurements[0]"),
        (change(|one| one.measurements[0].end -= 1), "$.measurements[0].end_time"),
        (change(|one| one.measurements[1] = count(1_000, 2_000, 5).closed("ProductReload")), "$.measurements[1].value"),
        (change(|one| one.measurements[1].start += 1), "$.measurements[1].start_time"),
        (change(|one| one.inner = "b3RoZXI=".into()), "signature"),
        (change(|one| one.blank = " "), "writing"),
        (change(|one| one.tag = OTHER_TAG.into()), "$.meta"),
    ] {
        let found = findings([&base, &other]);
        let conflict = found.iter().find(|finding| finding.id == "RUM-CONFLICT").unwrap_or_else(|| panic!("{place}"));
        assert_eq!(conflict.details["differ_at"], place.into(), "{place}");
        assert!(found.iter().all(|finding| finding.id != "RUM-SUPERSEDED"), "{place}");
    }
}

#[test]
fn of_versions_in_conflict_the_signed_then_the_closed_then_the_longer_is_used() {
    let plain = report(7, [count(0, 1_000, 1)]);
    let longer = report(7, [count(10, 5_000, 2)]);
    let closed = report(7, [count(20, 1_000, 3)]).closed();
    let unsigned = report(7, [count(30, 9_000, 4)]).closed().signed(None);
    let used = |reports: &[&Report]| intervals(&evidence(reports.iter().copied()))[0].2;
    assert_eq!(used(&[&plain, &unsigned, &longer, &closed]), 3);
    assert_eq!(used(&[&plain, &unsigned, &longer]), 2);
    assert_eq!(used(&[&unsigned, &plain]), 1);
    assert_eq!(used(&[&unsigned]), 4);
}

#[test]
fn many_versions_of_one_report_are_no_work() {
    let versions: Vec<_> =
        (0..3_000).map(|number| report(7, [count(0, 1_000, 1), count(1_000, 1_001 + number, 2)])).collect();
    let evidence = evidence(&versions);
    assert_eq!(intervals(&evidence), [(0, 1_000, 1, 7), (1_000, 4_000, 2, 7)]);
}

#[test]
fn two_reports_over_one_time_count_once() {
    let low = report(7, [count(0, 100, 1)]).closed();
    let high = report(8, [count(40, 60, 5)]).closed();
    let evidence = evidence([&low, &high]);
    assert_eq!(intervals(&evidence), [(0, 40, 1, 7), (40, 60, 5, 8), (60, 100, 1, 7)]);
}

#[test]
fn elapsed_and_clock_change_belong_to_the_beginning_of_a_measurement() {
    let clock = report(7, [count(0, 100, 1).delta(-10)]).closed();
    let high = report(8, [count(40, 60, 5)]).closed();
    let evidence = evidence([&clock, &high]);
    let found: Vec<_> = evidence.intervals().map(|one| (one.elapsed.get(), one.clock_change_delta)).collect();
    let delta = Some(Seconds::new(-10));
    assert_eq!(found, [(50, delta), (20, None), (40, delta)]);
}

#[test]
fn only_the_end_of_a_report_without_reason_is_open() {
    let open = report(7, [count(0, 100, 1), count(100, 200, 2)]);
    let open_of: Vec<_> = evidence([&open]).intervals().map(|one| one.open).collect();
    assert_eq!(open_of, [false, true]);
}

#[test]
fn attached_devices_are_followed_through_a_report() {
    let one = report(
        7,
        [
            count(0, 100, 2).lists(&[], &["TSTAP000002", "TSTAP000001"]),
            count(100, 200, 2),
            count(200, 300, 1).lists(&["TSTAP000002"], &[]),
        ],
    );
    let next = report(8, [count(300, 400, 1)]);
    let evidence = evidence([&one, &next]);
    let attached = |one: usage::UsageInterval<'_>| {
        one.attached.map(|list| list.iter().map(|udi| udi.serial().to_owned()).collect::<Vec<_>>().join(" "))
    };
    let found: Vec<_> = evidence.intervals().map(attached).collect();
    let found: Vec<_> = found.iter().map(|one| one.as_deref().unwrap_or("unknown")).collect();
    assert_eq!(found, ["TSTAP000001 TSTAP000002", "TSTAP000001 TSTAP000002", "TSTAP000001", "unknown"]);
}

#[test]
fn attached_devices_of_all_reports_together_have_one_bound() {
    let reports: Vec<_> = (1_u32..=4)
        .map(|number| {
            let at = i64::from(number) * 100;
            report(number.into(), [count(at, at + 10, 2).lists(&[], &["AP1", "AP2"]), count(at + 10, at + 20, 2)])
        })
        .collect();
    let evidence = evidence(&reports);
    let sizes = |intervals: &mut usage::Intervals<'_>| -> Vec<_> {
        intervals.map(|one| one.attached.map(|attached| attached.len())).collect()
    };
    assert_eq!(sizes(&mut evidence.intervals()), [Some(2); 8]);
    let mut bounded = evidence.intervals().attached_limit(10);
    assert_eq!(sizes(&mut bounded), [[Some(2); 5].as_slice(), &[None; 3]].concat());
    assert_eq!(bounded.attached_left_out(), 3);
    let mut without = evidence.intervals().without_attached();
    assert!(without.by_ref().all(|one| one.attached.is_none()));
    assert_eq!(without.attached_left_out(), 0, "what nobody asked for is not missing");
    // What lies outside a window costs nothing.
    let window = Span::new((T0 + 300).try_into().unwrap(), (T0 + 420).try_into().unwrap()).unwrap();
    let mut last_two = evidence.intervals().within(window).attached_limit(8);
    assert_eq!((sizes(&mut last_two), last_two.attached_left_out()), (vec![Some(2); 4], 0));
}

#[test]
fn a_report_whose_time_runs_backwards_cannot_make_the_reader_work_for_ever() {
    let mut measurements: Vec<_> = (0..200).rev().map(|number| count(number * 10, number * 10 + 10, 1)).collect();
    measurements[0] = measurements[0].clone().lists(&[], &["TSTAP000001"]);
    let evidence = evidence([&report(7, measurements)]);
    let known: Vec<_> = evidence.intervals().map(|one| one.attached.is_some()).collect();
    assert_eq!((known.len(), known.iter().filter(|known| **known).count()), (200, 101));
    assert!(known.is_sorted_by(|one, next| one >= next), "what was given up stays given up");
}

#[test]
fn a_report_that_was_changed_after_it_was_read_is_refused_and_leaves_no_trace() {
    let text = document([&report(7, [count(0, 100, 1).lists(&[], &["TSTAP000001"])])]);
    let document = Document::parse(text.as_bytes()).unwrap();
    let changed = |change: fn(&mut borrowed::UsageReport<'_>)| {
        let mut evidence = Evidence::new();
        let mut reports = document.borrowed_reports();
        let mut report = reports.next().unwrap().unwrap();
        change(&mut report);
        let error = evidence.add(&report, "a.txt").unwrap_err();
        assert!(evidence.is_empty() && evidence.intervals().next().is_none());
        error.kind()
    };
    assert_eq!(changed(|report| report.raw = "{\"measurements\":"), ErrorKind::Json);
    assert_eq!(changed(|report| report.device.pid = "a,b".into()), ErrorKind::BadValue);
    assert_eq!(changed(|report| report.entitlement_tag = Some(" ".into())), ErrorKind::BadValue);
    let add_odd = |report: &mut borrowed::UsageReport<'_>| {
        report.measurements[0].added.as_mut().unwrap()[0].serial = "".into();
    };
    assert_eq!(changed(add_odd), ErrorKind::BadValue);
}

#[test]
fn neighbours_that_say_the_same_are_one_for_people() {
    let first = report(7, [count(0, 100, 1), count(100, 200, 1)]).closed();
    let second = report(8, [count(200, 300, 1), count(300, 400, 1).delta(5), count(400, 500, 2)]);
    let later = report(9, [count(501, 600, 2)]);
    let evidence = evidence([&first, &second, &later]);
    let joined: Vec<_> = coalesce(evidence.intervals())
        .map(|one| (one.start.get() - T0, one.end.get() - T0, one.count, one.open))
        .collect();
    assert_eq!(joined, [(0, 300, 1, false), (300, 400, 1, false), (400, 500, 2, true), (501, 600, 2, true)]);
}

#[test]
fn other_metrics_and_values_give_no_interval() {
    let mut strange = report(7, [count(0, 100, 1), count(100, 200, 2), count(200, 300, 3)]);
    strange.measurements[0].metric = "OTHER";
    strange.measurements[1].value = Some(r#"{"type":"PERCENT","value":"12.5"}"#.into());
    assert_eq!(intervals(&evidence([&strange])), [(200, 300, 3, 7)]);
    let mut metric = report(7, [count(0, 100, 5), count(100, 200, 2)]);
    metric.measurements[0].metric = "OTHER";
    let text = document([&metric]);
    let document = Document::parse(text.as_bytes()).unwrap();
    assert_eq!(document.borrowed_reports().next().unwrap().unwrap().peak(), Some(2));
    assert_eq!(document.reports().next().unwrap().unwrap().peak(), Some(2));
    let mut other = report(8, [count(0, 100, 1)]);
    other.kind = Some("summary");
    assert!(evidence([&other]).intervals().next().is_none());
}

/// Telemetry with `pairs` snapshots.
fn telemetry(id: u64, pairs: i64) -> String {
    let pairs = (1..=pairs).map(|pair| {
        let (start, end) = (T0, T0 + 86_400 * pair);
        format!(
            r#"{{"start_time":{start},"end_time":{end},"metric_name":"Telemetry Meta Info",
            "values":[{{"type":"report_id","value":"{end}"}}],"log_time":{end}}},
            {{"start_time":{start},"end_time":{end},"meta":[{{"type":"report_id","value":"{end}"}}],
            "metric_name":"hardware_inventory","values":[{{"type":"json_encode","value":"[]"}}],"log_time":{end}}}"#
        )
    });
    let payload = format!(
        r#"{{"version":"2.0","asset_identification":{{"report_id":{id},"asset":{{"name":"{TAG}"}},
        "instance":{{"sudi":{{"udi_pid":"{PID}","udi_serial_number":"TST00000001"}}}}}},
        "meta":{{"report_type":"telemetry","ha_udi":[{{"role":"Active",
        "sudi":{{"udi_pid":"{PID}","udi_serial_number":"TST00000001"}}}}]}},"measurements":[{}]}}"#,
        pairs.collect::<Vec<_>>().join(",")
    );
    serde_json::to_string(&payload).unwrap()
}

#[test]
fn telemetry_gives_no_interval_but_its_versions_and_ids_count() {
    let signature = r#""signature":{"signing_type":"builtin","key":"k","value":"c2lnbmF0dXJl"}"#;
    let envelopes = [telemetry(8, 1), telemetry(8, 2)].map(|payload| format!("{{\"payload\":{payload},{signature}}}"));
    let mut evidence = evidence([&report(7, [count(0, 900, 1)]).closed(), &report(9, [count(900, 1_800, 1)]).closed()]);
    take_in(&mut evidence, &format!("{{\"usage\":[{}]}}", envelopes.join(",")), "telemetry.json");
    assert_eq!(intervals(&evidence).len(), 2);
    let found = slp_rum::continuity::check(&evidence, &slp_rum::continuity::Facts::default());
    assert_eq!(ids(&found), ["RUM-SUPERSEDED"]);
    assert_eq!(found[0].subject.entitlement_tag, None);
}

/// The usual way to keep a spreadsheet from working out what a document says.
#[test]
fn csv_texts_that_a_spreadsheet_would_work_out_get_an_apostrophe() {
    let serials = |serial: &str| {
        let evidence = evidence([&report(8, [count(0, 10, 1).delta(-3)]).on(serial)]);
        let mut out = String::new();
        write_csv(evidence.intervals(), &mut out).unwrap();
        let line = out.lines().nth(1).unwrap();
        assert!(line.ends_with(",13,true,-3,8,0"), "numbers stay as they are: {line}");
        line.strip_prefix("TEST-9K,").unwrap().split(",\"regid").next().unwrap().to_owned()
    };
    for (serial, written) in [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+A1", "'+A1"),
        ("-A1", "'-A1"),
        ("-", "'-"),
        ("-1+2", "'-1+2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝A1", "'＝A1"),
        ("-12", "-12"),
        ("+1.50", "+1.50"),
        ("A=1", "A=1"),
        ("TST-1", "TST-1"),
        ("'=1", "'=1"),
    ] {
        assert_eq!(serials(serial), written, "{serial}");
    }
    let mut out = String::new();
    write_csv(evidence([&report(8, [count(0, 10, 1)]).tagged("=1,2")]).intervals(), &mut out).unwrap();
    assert!(out.contains(",\"'=1,2\","), "{out}");
}

#[test]
fn csv_quotes_only_what_needs_it() {
    let odd = report(8, [count(0, 10, 1).delta(-3)]).tagged("regid \\\"x\\\" y").on("TST 1");
    let evidence = evidence([&worked_example(), &odd]);
    let mut out = String::new();
    write_csv(evidence.intervals(), &mut out).unwrap();
    insta::assert_snapshot!(out);
}

#[test]
fn members_of_a_redundant_set_take_the_greatest_and_others_are_added() {
    let set = |one: &'static str, other: &'static str| [("Active", one), ("Standby", other)];
    let on = |serial: &str, uses: u64, list: &[(&str, &str)]| report(1, [count(0, 100, uses)]).on(serial).ha(list);
    let peak = |reports: &[Report]| evidence(reports).sums(GroupBy::Tag, None)[0].sums.peak;
    let (ab, cd) = (set("A", "B"), set("C", "D"));
    assert_eq!(peak(&[on("A", 2, &ab), on("B", 2, &ab)]), 2);
    assert_eq!(peak(&[on("A", 3, &ab), on("B", 1, &ab)]), 3);
    assert_eq!(peak(&[on("A", 2, &ab), on("B", 2, &ab), on("C", 1, &cd), on("D", 1, &cd)]), 3);
    assert_eq!(peak(&[on("A", 2, &[("Active", "A")]), on("B", 2, &[("Active", "B")])]), 4);
    let roles_swapped = [("Standby", "A"), ("Active", "B")];
    assert_eq!(peak(&[on("A", 2, &ab), on("B", 2, &roles_swapped)]), 2);
    // A with B, B with C: one set, since B names both
    let all = [("Active", "A"), ("Standby", "B"), ("Standby", "C")];
    assert_eq!(peak(&[on("A", 1, &ab), on("B", 2, &all), on("C", 4, &set("B", "C"))]), 4);
    // B does not name A: A counts by itself
    assert_eq!(peak(&[on("A", 1, &ab), on("B", 2, &set("B", "C")), on("C", 4, &set("B", "C"))]), 5);
}

#[test]
fn no_less_than_nothing_passes_in_a_part_of_a_measurement() {
    // the clock went forward by an hour somewhere in [0, 4000): the other report cuts off all but the first 100 s
    let long = report(7, [count(0, 4_000, 1).delta(3_600)]).closed();
    let other = report(8, [count(100, 4_000, 2)]).closed();
    let elapsed = |reports: &[&Report]| {
        let evidence = evidence(reports.iter().copied());
        evidence.intervals().map(|one| one.elapsed.get()).collect::<Vec<_>>()
    };
    assert_eq!(elapsed(&[&long, &other]), [0, 3_900]);
    assert_eq!(elapsed(&[&long]), [400]);
}

#[test]
fn sums_keep_to_their_window_and_group() {
    let reports = [
        report(1, [count(0, 100, 1), count(100, 200, 3)]),
        report(2, [count(0, 150, 4)]).tagged(OTHER_TAG),
        report(1, [count(150, 300, 2)]).on("TST00000002"),
    ];
    let evidence = evidence(&reports);
    let rows = |by, window: Option<(i64, i64)>| -> Vec<(i64, u128, u64)> {
        let window = window.map(|(from, to)| Span::new(time(T0 + from), time(T0 + to)).unwrap());
        let rows = evidence.sums(by, window);
        rows.iter().map(|row| (row.sums.known.get(), row.sums.unit_seconds, row.sums.peak)).collect()
    };
    assert_eq!(rows(GroupBy::DeviceTag, None), [(200, 400, 3), (150, 600, 4), (150, 300, 2)]);
    assert_eq!(rows(GroupBy::Device, None), [(200, 1_000, 7), (150, 300, 2)]);
    assert_eq!(rows(GroupBy::Tag, None), [(300, 700, 5), (150, 600, 4)]);
    assert_eq!(rows(GroupBy::Tag, Some((50, 120))), [(70, 110, 3), (70, 280, 4)]);
    assert_eq!(rows(GroupBy::Device, Some((300, 400))), []);
    let row = serde_json::to_string(&evidence.sums(GroupBy::Tag, None)[0]).unwrap();
    insta::assert_snapshot!(row, @r#"{"entitlement_tag":"regid.2020-01.com.cisco.TEST_A,1.0_00000000-0000-4000-8000-000000000001","known":300,"unit_seconds":700,"average":"2.333","peak":5}"#);
}

#[test]
fn averages_are_rounded_half_to_even() {
    let average = |known: i64, count: u128| {
        let mut sums = usage::Sums::default();
        sums.add(Seconds::new(1), count);
        sums.add(Seconds::new(known - 1), 0);
        sums.average().unwrap()
    };
    let rounded = [average(2_000, 1), average(2_000, 3), average(2_000, 5), average(2_000, 1_999), average(3, 2)];
    assert_eq!(rounded, ["0.000", "0.002", "0.002", "1.000", "0.667"]);
    assert_eq!(average(1, u128::MAX), format!("{}.000", u128::MAX));
}

#[test]
fn totals_count_what_was_read_duplicates_included() {
    let one = report(7, [count(0, 100, 1), count(100, 200, 3)]);
    let other = report(8, [count(0, 100, 2)]).tagged(OTHER_TAG);
    let text = document([&one, &one, &other]);
    let document = Document::parse(text.as_bytes()).unwrap();
    let mut totals = Totals::default();
    totals.add_document();
    let mut reports = document.borrowed_reports();
    while let Some(report) = reports.next() {
        totals.add(&report.unwrap());
    }
    assert_eq!((totals.devices, totals.reports, totals.measurements), (1, 3, 5));
    assert_eq!(totals.peak, [(TAG.to_owned(), 3), (OTHER_TAG.to_owned(), 2)].into());
    let mut twice = totals.clone();
    twice.add_rejected();
    twice.merge(totals);
    assert_eq!((twice.devices, twice.reports, twice.measurements, twice.rejected), (2, 6, 10, 1));
    assert_eq!(twice.peak[TAG], 3);
}

#[test]
fn an_ordinary_report_costs_at_most_four_hundred_bytes() {
    const DEVICES: u64 = 500;
    let mut evidence = Evidence::new();
    for device in 0..DEVICES {
        let reports: Vec<_> = (0..4)
            .map(|number| {
                let start = number * 300_000;
                let step = |from: i64, uses| count(start + from, start + from + 100_000, uses);
                report(1_671_840_750 + number.unsigned_abs(), [step(0, 1), step(100_000, 2), step(200_000, 1)])
                    .closed()
                    .on(&format!("TST{device:08}"))
            })
            .collect();
        let source = format!("UD_SA_x.tar.gz!UD_VA_x.tar.gz!dev_{device}_14Nov23_22_13_20_000.txt");
        take_in(&mut evidence, &document(&reports), &source);
    }
    let average = evidence.bytes() / evidence.len();
    assert_eq!(evidence.len(), 2_000);
    assert!((300..=400).contains(&average), "{average} bytes a report");
}

#[test]
fn the_real_examples_give_what_the_spec_says() {
    #[expect(clippy::disallowed_methods, reason = "the samples are read where they lie")]
    let Ok(folder) = std::env::var("SLP_SAMPLES") else {
        eprintln!("skipped: SLP_SAMPLES does not name the folder of real samples");
        return;
    };
    for (name, known, units, peak, count) in [
        ("iosxe-c9800cl-17.09.02-v2-rumreport-xavier.xml", 1_909_967, 5_643_502, 3, 3),
        ("iosxe-c8000v-17.06.02-v1-payload-2meas-gve-postman.json", 259_217, 196_207, 1, 2),
    ] {
        #[expect(clippy::disallowed_methods, reason = "the samples are read where they lie")]
        let bytes = std::fs::read(format!("{folder}/rum/{name}")).unwrap();
        let mut evidence = Evidence::new();
        take_in(&mut evidence, &String::from_utf8(bytes).unwrap(), name);
        let sums = evidence.sums(GroupBy::Tag, None)[0].sums;
        assert_eq!((sums.known.get(), sums.unit_seconds, sums.peak), (known, units, peak), "{name}");
        assert_eq!(evidence.intervals().count(), count, "{name}");
        let found = slp_rum::continuity::check(&evidence, &slp_rum::continuity::Facts::default());
        let expected: &[_] = if peak == 3 { &["RUM-CLOCK"] } else { &["RUM-UNSIGNED"] };
        assert_eq!(ids(&found), expected, "{name}");
    }
}
