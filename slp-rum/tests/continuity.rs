//! Every finding: when it is raised, what it says, and its JSON.

#[path = "usage/builder.rs"]
mod builder;

use builder::*;
use slp_model::license::ReportState;
use slp_model::{Detail, Finding, ReportId, Severity, Span};
use slp_rum::continuity::{Counters, Facts, check};
use slp_rum::usage::Evidence;

/// The findings of one id, as people and as programs see them.
fn shown(id: &str, findings: &[Finding]) -> String {
    let of_id = findings.iter().filter(|finding| finding.id == id);
    let texts = of_id.map(|finding| {
        let json = serde_json::to_string_pretty(finding).unwrap();
        format!("{finding}\n{}\n{json}\n", finding.remedy)
    });
    texts.collect::<Vec<_>>().join("\n")
}

macro_rules! assert_finding {
    ($id:literal, $findings:expr) => {
        insta::assert_snapshot!($id, shown($id, &$findings))
    };
}

fn with(reports: &[Report], facts: &Facts) -> Vec<Finding> {
    check(&evidence(reports), facts)
}

fn at(now: i64) -> Facts {
    let mut facts = Facts::default();
    facts.now = Some(time(T0 + now));
    facts
}

#[test]
fn a_complete_report_gives_no_finding() {
    assert!(findings([&report(7, [count(0, 90_000, 1)]).closed()]).is_empty());
}

#[test]
fn the_worked_example_has_one_clock_finding() {
    assert_eq!(ids(&findings([&worked_example()])), ["RUM-CLOCK"]);
}

#[test]
fn the_worked_example_with_the_list_of_its_device_has_three_more() {
    let mut facts = Facts::default();
    let states = [
        (1_671_840_750, ReportState::Acknowledged),
        (1_671_840_751, ReportState::Acknowledged),
        (1_671_840_752, ReportState::Acknowledged),
        (1_671_840_753, ReportState::Acknowledged),
        (1_671_840_754, ReportState::Closed),
        (1_671_840_755, ReportState::Closed),
        (1_671_840_756, ReportState::Open),
        (1_671_840_757, ReportState::Open),
    ];
    for (id, state) in states {
        facts.list(udi("TST00000001"), ReportId::new(id), Some(state));
    }
    let findings = with(&[worked_example()], &facts);
    assert_eq!(ids(&findings), ["RUM-MISSING", "RUM-MISSING", "RUM-MISSING", "RUM-CLOCK"]);
    assert_finding!("RUM-MISSING", findings);
    assert_finding!("RUM-CLOCK", findings);
}

#[test]
fn a_state_without_word_is_missed_like_a_closed_one() {
    let severities = |state: Option<ReportState>| {
        let mut facts = Facts::default();
        facts.list(udi("TST00000009"), ReportId::new(5), state);
        with(&[], &facts)[0].severity
    };
    for word in ["CLOSED", "PENDING", "UNACK", "SOMETHING"] {
        assert_eq!(severities(Some(ReportState::from(word))), Severity::Warning, "{word}");
    }
    for word in ["OPEN", "ACK", "DELETED", "SmartAgentRumStateOpen"] {
        assert_eq!(severities(Some(ReportState::from(word))), Severity::Info, "{word}");
    }
    assert_eq!(severities(None), Severity::Warning);
}

#[test]
fn one_report_in_two_files_is_a_duplicate() {
    let one = report(7, [count(0, 900, 1)]).closed();
    let mut evidence = Evidence::new();
    take_in(&mut evidence, &document([&one]), "b.txt");
    take_in(&mut evidence, &document([&one]), "a.txt");
    take_in(&mut evidence, &document([&one]), "b.txt");
    let findings = check(&evidence, &Facts::default());
    assert_eq!(findings.len(), 1);
    assert_finding!("RUM-DUP", findings);
}

#[test]
fn another_signature_over_one_payload_is_told() {
    let one = report(7, [count(0, 900, 1)]).closed();
    let other = one.clone().signed(Some("b3RoZXI="));
    assert_finding!("RUM-RESIGNED", findings([&one, &other]));
    // a dump without signature says nothing against the signed file, and the signed one is used
    let dump = one.clone().signed(None);
    assert_eq!(ids(&findings([&dump, &one])), ["RUM-DUP"]);
}

#[test]
fn the_signature_that_is_bytewise_greater_is_kept() {
    let good = report(7, [count(0, 900, 1)]).closed().signed(Some("B"));
    let mut foreign = good.clone().signed(Some("A"));
    foreign.signer = Some("TST00000002".into());
    assert_eq!(ids(&findings([&good, &foreign])), ["RUM-DUP", "RUM-RESIGNED"]);
    foreign.signature = Some("C".into());
    assert_eq!(ids(&findings([&good, &foreign])), ["RUM-DUP", "RUM-RESIGNED", "RUM-SIGNER"]);
}

#[test]
fn an_older_state_of_a_report_is_superseded() {
    let open = report(7, [count(0, 900, 1)]);
    let just_opened = report(7, []);
    let closed = report(7, [count(0, 900, 1), count(900, 1_800, 2)]).closed();
    assert_finding!("RUM-SUPERSEDED", findings([&open, &closed, &just_opened]));
}

#[test]
fn two_truths_about_one_report_are_a_conflict() {
    let one = report(7, [count(0, 900, 1), count(900, 1_800, 2)]).closed();
    let edited = report(7, [count(0, 900, 1), count(900, 1_800, 1)]).closed();
    assert_finding!("RUM-CONFLICT", findings([&one, &edited]));
}

#[test]
fn versions_name_the_files_that_they_came_in() {
    let from = |reports: &[(&Report, &str)]| {
        let mut evidence = Evidence::new();
        for (report, source) in reports {
            take_in(&mut evidence, &document([*report]), source);
        }
        check(&evidence, &Facts::default())
    };
    let one = report(7, [count(0, 900, 1), count(900, 1_800, 2)]).closed();
    let edited = report(7, [count(0, 900, 1), count(900, 1_800, 1)]).closed();
    let found = from(&[(&one, "a.txt"), (&edited, "b.txt")]);
    let names = |name: &str| match &found[0].details[name] {
        Detail::Texts(names) => names.clone(),
        other => panic!("{other:?}"),
    };
    let mut both = [names("kept_sources"), names("other_sources")].concat();
    both.sort();
    assert_eq!(both, ["a.txt", "b.txt"]);
    let open = report(7, [count(0, 900, 1)]);
    let many: Vec<_> = (0..20).map(|number| format!("{number:02}.txt")).collect();
    let mut reports: Vec<_> = many.iter().map(|name| (&open, &**name)).collect();
    reports.push((&one, "z.txt"));
    let found = from(&reports);
    let found = found.iter().find(|one| one.id == "RUM-SUPERSEDED").unwrap();
    let first: Vec<_> = many.iter().take(8).cloned().collect();
    assert_eq!(found.details["dropped_sources"], Detail::Texts(first));
    assert_eq!(found.details["kept_sources"], Detail::Texts(vec!["z.txt".into()]));
}

#[test]
fn ids_that_are_not_there_are_a_hint() {
    let reports =
        [(750, 0), (752, 900), (757, 1_800)].map(|(id, start)| report(id, [count(start, start + 900, 1)]).closed());
    let found = findings(&reports);
    assert_eq!(ids(&found), ["RUM-ID-GAP"]);
    assert_finding!("RUM-ID-GAP", found);
    // another licence of the device fills the hole
    let other = report(751, [count(0, 900, 1)]).tagged(OTHER_TAG).closed();
    let found = findings([&reports[0], &other, &reports[1]]);
    assert!(found.is_empty());
}

#[test]
fn a_lower_id_later_on_is_a_new_beginning() {
    let reports = [(750, 0), (751, 900), (20, 1_800), (22, 2_700)]
        .map(|(id, start)| report(id, [count(start, start + 900, 1)]).closed());
    let found = findings(&reports);
    // ids are compared within one stretch of counting only
    assert_eq!(ids(&found), ["RUM-ID-GAP", "RUM-RESEED"]);
    assert_eq!(found[0].details["missing"], "21".into());
    assert_finding!("RUM-RESEED", found);
}

#[test]
fn time_without_report_is_a_gap_with_a_reason() {
    let gap = |uses, length: i64, reason: &str| {
        let before = report(7, [count(0, 900, 5), count(900, 1_800, uses)]).closed_by(reason);
        let after = report(9, [count(1_800 + length, 9_000, 1)]).closed();
        let found = findings([&before, &after]);
        found.into_iter().filter(|finding| finding.id == "RUM-GAP").collect::<Vec<_>>()
    };
    let cases = [
        (1, 900, "CurrentUsageRequested", "short"),
        (0, 901, "CurrentUsageRequested", "released"),
        (1, 3_600, "ProductReload", "reload"),
        (1, 3_601, "ProductReload", "unexplained"),
        (1, 901, "CurrentUsageRequested", "unexplained"),
    ];
    let mut shown_all = String::new();
    for (uses, length, reason, word) in cases {
        let found = gap(uses, length, reason);
        assert_eq!((found.len(), &found[0].details["reason"]), (1, &word.into()), "{word}");
        let severity = if word == "unexplained" { Severity::Warning } else { Severity::Info };
        assert_eq!(found[0].severity, severity);
        assert_eq!(found[0].details["missing_ids"], "8".into());
        shown_all.push_str(&shown("RUM-GAP", &found));
    }
    insta::assert_snapshot!("RUM-GAP", shown_all);
}

#[test]
fn a_wanted_window_has_gaps_at_its_edges() {
    let one = report(7, [count(100, 200, 1), count(200, 300, 2)]).closed();
    let gaps = |from: i64, to: i64| {
        let mut facts = Facts::default();
        facts.window = Some(Span::new(time(T0 + from), time(T0 + to)).unwrap());
        let found = with(std::slice::from_ref(&one), &facts);
        let spans = found.iter().map(|one| (one.subject.from.unwrap().get() - T0, one.subject.to.unwrap().get() - T0));
        (spans.collect::<Vec<_>>(), found)
    };
    assert_eq!(gaps(0, 400).0, [(0, 100), (300, 400)]);
    assert_eq!(gaps(150, 250).0, []);
    assert_eq!(gaps(100, 300).0, []);
    assert_eq!(gaps(0, 50).0, [(0, 50)]);
    assert_eq!(gaps(500, 600).0, [(500, 600)]);
    insta::assert_snapshot!("RUM-GAP-edge", shown("RUM-GAP", &gaps(0, 400).1));
}

#[test]
fn a_licence_without_any_interval_is_a_gap_over_the_whole_window() {
    let just_opened = report(7, []);
    let mut facts = Facts::default();
    facts.window = Some(Span::new(time(T0), time(T0 + 400)).unwrap());
    let found = with(&[just_opened], &facts);
    assert_eq!(ids(&found), ["RUM-OPEN", "RUM-GAP"]);
    assert_eq!((found[1].subject.from, found[1].subject.to), (Some(time(T0)), Some(time(T0 + 400))));
    assert_eq!((&found[1].details["reason"], found[1].severity), (&"edge".into(), Severity::Warning));
}

#[test]
fn time_of_measurements_that_are_not_counted_is_no_gap() {
    let mut uncounted = count(900, 90_000, 1);
    uncounted.value = Some(r#"{"type":"PERCENT","value":"12.5"}"#.into());
    let one = report(7, [count(0, 900, 1), uncounted.clone(), count(90_000, 99_000, 1)]).closed();
    assert_eq!(ids(&findings([&one])), ["RUM-COUNT"]);
    // what it leaves open is one
    uncounted.end = T0 + 80_000;
    uncounted.interval = 79_100;
    uncounted.samples = 89;
    let one = report(7, [count(0, 900, 1), uncounted.clone(), count(90_000, 99_000, 1)]).closed();
    let found = findings([&one]);
    let gaps: Vec<_> = found.iter().filter(|one| one.id == "RUM-GAP").collect();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].subject.from, gaps[0].subject.to), (Some(time(T0 + 80_000)), Some(time(T0 + 90_000))));
    // and so it is at the edges of a wanted window
    let mut facts = Facts::default();
    facts.window = Some(Span::new(time(T0), time(T0 + 90_000)).unwrap());
    let alone = report(7, [uncounted]).closed();
    let found = with(&[alone], &facts);
    let spans: Vec<_> =
        found.iter().filter(|one| one.id == "RUM-GAP").map(|one| one.details["seconds"].clone()).collect();
    assert_eq!(spans, [900_u64.into(), 10_000_u64.into()]);
}

#[test]
fn a_gap_names_the_ids_that_are_missing_in_it() {
    let reports = [(7, 0), (11, 10_000)].map(|(id, start)| report(id, [count(start, start + 900, 1)]).closed());
    let found = findings(&reports);
    let gap = found.iter().find(|one| one.id == "RUM-GAP").unwrap();
    assert!(gap.message.ends_with("no reason is known; reports 8-10 are not there."), "{}", gap.message);
}

#[test]
fn a_clock_change_of_nothing_goes_neither_way() {
    let found = findings([&report(7, [count(0, 9_000, 1).delta(0)]).closed()]);
    assert_eq!(found[0].message, "Measurement 0 of report 7: a change of the clock by 0 s is reported.");
}

#[test]
fn signatures_that_differ_behind_a_common_beginning_are_told_and_told_apart() {
    let beginning = "A".repeat(40);
    let one = report(7, [count(0, 900, 1)]).closed().signed(Some(&format!("{beginning}B")));
    let mut other = one.clone().signed(Some(&format!("{beginning}C")));
    other.signer = Some("TST00000002".into());
    let found = findings([&one, &other]);
    assert_eq!(found, findings([&other, &one]));
    assert!(ids(&found).starts_with(&["RUM-DUP", "RUM-RESIGNED"]));
}

#[test]
fn two_reports_over_one_time_are_an_overlap() {
    let one = report(7, [count(0, 1_000, 1)]).closed();
    let other = report(8, [count(500, 2_000, 3)]).closed();
    assert_finding!("RUM-OVERLAP", findings([&one, &other]));
}

#[test]
fn an_overlap_names_eight_losers_and_counts_the_others() {
    let losers = (1..=30_u32).map(|id| report(id.into(), [count(i64::from(id), 2_000, 1)]).closed());
    let reports: Vec<_> = losers.chain([report(99, [count(0, 2_000, 9)]).closed()]).collect();
    let found = findings(&reports);
    let overlap = found.iter().find(|one| one.id == "RUM-OVERLAP").unwrap();
    assert_eq!(overlap.details["losers"], Detail::Counts((1..=8).collect()));
    assert_eq!((&overlap.details["count"], overlap.subject.reports.len()), (&30_u64.into(), 9));
    assert!(
        overlap.message.contains("covers the same time as 1-8 and others, 30 measurements in all;"),
        "{}",
        overlap.message
    );
}

#[test]
fn a_change_of_the_clock_above_an_hour_is_a_warning() {
    let severity = |delta| findings([&report(7, [count(0, 9_000, 1).delta(delta)]).closed()])[0].severity;
    assert_eq!([severity(3_600), severity(-3_600), severity(0)], [Severity::Info; 3]);
    assert_eq!([severity(3_601), severity(-3_601), severity(i64::MIN)], [Severity::Warning; 3]);
}

#[test]
fn a_measurement_that_ends_before_it_starts_is_an_error() {
    let mut back = count(1_000, 100, 1).delta(-1_800);
    back.samples = 2;
    let found = findings([&report(7, [back]).closed()]);
    assert_eq!(ids(&found), ["RUM-CLOCK", "RUM-NEGATIVE"]);
    assert_finding!("RUM-NEGATIVE", found);
}

#[test]
fn a_measurement_of_no_length_gives_no_interval() {
    let one = report(7, [count(0, 0, 1), count(0, 900, 1)]).closed();
    assert_eq!(intervals(&evidence([&one])), [(0, 900, 1, 7)]);
    assert_finding!("RUM-EMPTY", findings([&one]));
}

#[test]
fn measurements_of_a_report_follow_one_another() {
    let one = report(7, [count(0, 900, 1), count(960, 1_800, 1), count(1_740, 2_700, 2)]).closed();
    let found = findings([&one]);
    assert_eq!(ids(&found), ["RUM-GAP", "RUM-SEQ", "RUM-OVERLAP", "RUM-SEQ"]);
    assert_finding!("RUM-SEQ", found);
}

#[test]
fn a_length_that_is_not_the_length_is_told() {
    let mut one = report(7, [count(0, 900, 1)]).closed();
    one.measurements[0].interval = 901;
    assert_finding!("RUM-INTERVAL", findings([&one]));
}

#[test]
fn too_few_samples_are_told() {
    let mut one = report(7, [count(0, 86_399, 1)]).closed();
    one.measurements[0].samples = 94;
    assert_finding!("RUM-SAMPLES", findings([&one]));
}

#[test]
fn what_is_not_counted_is_told() {
    let mut one = report(7, [count(0, 900, 1), count(900, 1_800, 1), count(1_800, 2_700, 1)]).closed();
    one.measurements[0].value = Some(r#"{"type":"PERCENT","value":"12.5"}"#.into());
    one.measurements[1].value = None;
    one.measurements[2].metric = "OTHER \\u001b[2J";
    let mut other = report(8, [count(2_700, 3_600, 1)]).closed();
    other.kind = Some("summary");
    let found = findings([&one, &other]);
    assert_eq!(ids(&found), ["RUM-COUNT"; 4]);
    assert_finding!("RUM-COUNT", found);
}

#[test]
fn lists_of_attached_devices_are_checked() {
    let one = report(
        7,
        [count(0, 900, 1).lists(&["TSTAP000009"], &["TSTAP000001"]), count(900, 1_800, 2).lists(&[], &["TSTAP000001"])],
    )
    .closed();
    let found = findings([&one]);
    assert_eq!(ids(&found), ["RUM-SUDI-DELTA", "RUM-SUDI-COUNT", "RUM-SUDI-DELTA"]);
    assert_finding!("RUM-SUDI-DELTA", found);
    assert_finding!("RUM-SUDI-COUNT", found);
}

#[test]
fn an_open_report_is_a_warning_when_a_later_one_exists() {
    let open = report(7, [count(0, 900, 1)]);
    let next = report(8, [count(900, 1_800, 1)]);
    let just_opened = report(9, []);
    let found = findings([&just_opened, &next, &open]);
    assert_eq!(ids(&found), ["RUM-OPEN"; 3]);
    assert_finding!("RUM-OPEN", found);
}

#[test]
fn a_closed_report_wants_an_acknowledgement() {
    const DAY: i64 = 86_400;
    let reports = [report(7, [count(0, 900, 1)]).closed(), report(8, [count(900, 1_800, 1)])];
    let facts = |now: Option<i64>, deadline: Option<i64>, acknowledged: &[u64]| {
        let mut facts = Facts::default();
        facts.now = now.map(|now| time(T0 + 900 + now));
        facts.deadline = deadline.map(|deadline| time(T0 + 900 + deadline));
        let ids = acknowledged.iter().copied().map(ReportId::new).collect();
        facts.acknowledged.insert(udi("TST00000001"), ids);
        facts
    };
    let found = |facts: &Facts| {
        let found = with(&reports, facts);
        found.into_iter().filter(|finding| finding.id == "RUM-NOACK").collect::<Vec<_>>()
    };
    let severity = |now, deadline| found(&facts(now, deadline, &[]))[0].severity;
    assert_eq!(severity(None, None), Severity::Info);
    assert_eq!(severity(Some(30 * DAY), None), Severity::Info);
    assert_eq!(severity(Some(30 * DAY + 1), None), Severity::Warning);
    assert_eq!(severity(Some(DAY), Some(DAY)), Severity::Info);
    assert_eq!(severity(Some(DAY), Some(DAY - 1)), Severity::Error);
    assert!(found(&facts(Some(99 * DAY), Some(0), &[7])).is_empty());
    assert!(found(&at(0)).is_empty(), "nothing is known about this device");
    let mut all = found(&facts(None, None, &[]));
    all.extend(found(&facts(Some(31 * DAY), None, &[])));
    all.extend(found(&facts(Some(DAY), Some(0), &[])));
    assert_finding!("RUM-NOACK", all);
}

#[test]
fn reports_that_a_device_lost_are_told() {
    let mut facts = Facts::default();
    facts.counters.insert(udi("TST00000001"), Counters::new(390, 2));
    facts.counters.insert(udi("TST00000002"), Counters::new(0, 0));
    let found = with(&[], &facts);
    assert_eq!(found.len(), 1);
    assert_finding!("RUM-PURGED", found);
}

#[test]
fn a_signer_outside_the_redundant_set_is_told() {
    let mut one = report(7, [count(0, 900, 1)]).closed().ha(&[("Active", "TST00000001"), ("Standby", "TST00000002")]);
    one.signer = Some("TST00000002".into());
    assert!(findings([&one]).is_empty());
    one.signer = None;
    assert!(findings([&one]).is_empty());
    one.signer = Some("TST00000003".into());
    assert_finding!("RUM-SIGNER", findings([&one]));
}

#[test]
fn a_report_without_signature_cannot_be_uploaded() {
    assert_finding!("RUM-UNSIGNED", findings([&report(7, [count(0, 900, 1)]).closed().signed(None)]));
}

#[test]
fn a_redundant_set_has_an_active_device_and_this_one() {
    let one = report(7, [count(0, 900, 1)]).closed();
    let good = one.clone().ha(&[("Standby", "TST00000001"), ("Active", "TST00000002")]);
    assert!(findings([&good]).is_empty());
    let mut found = Vec::new();
    for list in [
        &[("Standby", "TST00000001")][..],
        &[("Active", "TST00000002"), ("Standby", "TST00000003")],
        &[("Member", "TST00000002")],
        &[],
    ] {
        found.extend(findings([&one.clone().ha(list)]).into_iter().filter(|finding| finding.id == "RUM-HA"));
    }
    assert_eq!(found.len(), 4);
    assert_finding!("RUM-HA", found);
}

#[test]
fn a_list_that_is_not_answered_is_told_once_for_each_member() {
    let both = [("Active", "TST00000001"), ("Standby", "TST00000002"), ("Standby", "TST00000003")];
    let lists = |id: u32| {
        let start = 900 * i64::from(id);
        report(id.into(), [count(start, start + 900, 1)]).closed().ha(&both)
    };
    let other = report(1, [count(0, 900, 1)]).closed().on("TST00000002");
    let mut reports: Vec<_> = (1..=9).map(lists).collect();
    reports.push(other.clone());
    let found = findings(&reports);
    assert_eq!(ids(&found), ["RUM-HA-ONEWAY"]);
    assert_eq!((found[0].subject.reports.len(), &found[0].details["count"]), (8, &9_u64.into()));
    assert_finding!("RUM-HA-ONEWAY", found);
    // an answer in any report of that device is enough
    reports.push(report(2, [count(900, 1_800, 1)]).closed().on("TST00000002").ha(&both));
    assert!(findings(&reports).is_empty());
}

#[test]
fn times_long_ago_and_ahead_are_told() {
    let long_ago = report(7, [Measurement::between(1_420_070_399, 1_420_071_000, 1)]).closed();
    let fine = report(7, [Measurement::between(1_420_070_400, 1_420_071_000, 1)]).closed();
    let ahead = report(8, [count(0, 86_401, 1)]).closed();
    assert!(with(&[fine], &at(0)).is_empty());
    assert!(
        with(std::slice::from_ref(&ahead), &at(1)).is_empty()
            && with(std::slice::from_ref(&ahead), &Facts::default()).is_empty()
    );
    let found = with(&[long_ago, ahead], &at(0));
    assert_finding!("RUM-TIME", found);
}

#[test]
fn a_reason_to_end_belongs_to_the_last_measurement() {
    let one = report(7, [count(0, 900, 1).closed("ProductReload"), count(900, 1_800, 1)]).closed();
    let found = findings([&one]);
    assert_eq!(ids(&found), ["RUM-REASON"]);
    assert_finding!("RUM-REASON", found);
}

#[test]
fn findings_come_in_the_order_of_device_tag_start_and_id() {
    let reports = [
        report(9, [count(900, 1_800, 1)]).signed(None).on("TST00000002"),
        report(8, [count(0, 900, 1)]).signed(None).on("TST00000001").tagged(OTHER_TAG),
        report(5, [count(0, 900, 1)]).signed(None).on("TST00000001"),
    ];
    let found = findings(&reports);
    let order: Vec<_> =
        found.iter().map(|one| (&*one.id, one.subject.device.as_ref().unwrap().serial().to_owned())).collect();
    let order: Vec<_> = order.iter().map(|(id, serial)| format!("{id} {serial}")).collect();
    assert_eq!(
        order,
        [
            "RUM-ID-GAP TST00000001",
            "RUM-OPEN TST00000001",
            "RUM-UNSIGNED TST00000001",
            "RUM-OPEN TST00000001",
            "RUM-UNSIGNED TST00000001",
            "RUM-OPEN TST00000002",
            "RUM-UNSIGNED TST00000002",
        ]
    );
}

#[test]
fn no_text_names_a_device() {
    let mut everything = Vec::new();
    let mut odd = report(7, [count(0, 900, 1).lists(&["TSTAP000009"], &[]), count(500, 100, 1)]).signed(Some("x"));
    odd.signer = Some("TST00000003".into());
    everything.extend(findings([&odd, &odd, &report(9, [count(0, 900, 4)]).ha(&[])]));
    assert!(everything.len() > 6);
    for finding in everything {
        assert!(!finding.message.contains("TST"), "{finding}");
        assert!(!finding.remedy.is_empty(), "{finding}");
    }
}
