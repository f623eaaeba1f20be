//! Laws of redundant sets: the order of reports does not matter, and nobody is put into a set by others alone.

#[path = "usage/builder.rs"]
mod builder;

use builder::*;
use proptest::prelude::*;
use slp_rum::usage::GroupBy;
use slp_rum::write::DeviceFile;
use slp_rum::{Document, Tolerance};

const SERIALS: [&str; 4] = ["TST00000001", "TST00000002", "TST00000003", "TST00000004"];

/// Reports of up to four devices, each with a list of any of them; ids differ.
fn reports() -> impl Strategy<Value = Vec<Report>> {
    let one = (0_usize..4, prop::collection::vec(0_usize..4, 0..3), 1_u64..5);
    prop::collection::vec(one, 1..6).prop_map(|all| {
        let numbered = (1_u64..).zip(all);
        let one = |(id, (device, list, uses)): (u64, (usize, Vec<usize>, u64))| {
            let list: Vec<_> = list.into_iter().map(|member| ("Standby", SERIALS[member])).collect();
            report(id, [count(0, 900, uses)]).closed().on(SERIALS[device]).ha(&list)
        };
        numbered.map(one).collect()
    })
}

/// Does the reader say that the document is about several devices?
fn is_mixed(reports: &[Report]) -> bool {
    let text = document(reports);
    let document = Document::parse(text.as_bytes()).unwrap();
    let mut warnings = document.reports().flat_map(|report| report.unwrap().warnings().to_vec());
    warnings.any(|warning| warning.tolerance == Tolerance::MixedDevices)
}

fn is_written(reports: &[Report]) -> bool {
    let texts: Vec<_> = reports.iter().map(|report| document([report])).collect();
    let read = |text: &String| Document::parse(text.as_bytes()).unwrap().reports().next().unwrap().unwrap();
    let reports: Vec<_> = texts.iter().map(read).collect();
    DeviceFile::new().reports(&reports).to_text().is_ok()
}

/// Peak of the licence over all devices.
fn peak(reports: &[Report]) -> u64 {
    evidence(reports).sums(GroupBy::Tag, None)[0].sums.peak
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn reader_and_writer_tie_devices_alike_in_any_order(
        (reports, shuffled) in reports().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
    ) {
        let mixed = is_mixed(&reports);
        prop_assert_eq!(is_mixed(&shuffled), mixed);
        prop_assert_eq!((is_written(&reports), is_written(&shuffled)), (!mixed, !mixed));
    }

    #[test]
    fn no_report_changes_the_sets_of_others(reports in reports(), list in prop::collection::vec(0_usize..4, 0..5)) {
        let list: Vec<_> = list.into_iter().map(|member| ("Active", SERIALS[member])).collect();
        let stranger = report(99, [count(0, 900, 7)]).closed().on("TST00000009").ha(&list);
        let with: Vec<_> = reports.iter().cloned().chain([stranger]).collect();
        prop_assert_eq!(peak(&with), peak(&reports) + 7);
    }
}

#[test]
fn a_later_list_ties_an_earlier_report() {
    let one = report(1, [count(0, 900, 1)]).closed().on("TST00000001");
    let two = report(2, [count(0, 900, 1)]).closed().on("TST00000002");
    let both = report(3, [count(0, 900, 1)]).closed().on("TST00000001");
    let both = both.ha(&[("Active", "TST00000001"), ("Standby", "TST00000002")]);
    assert!(is_mixed(&[one.clone(), two.clone()]) && !is_written(&[one.clone(), two.clone()]));
    for order in [[&one, &two, &both], [&both, &two, &one], [&two, &both, &one]] {
        let order = order.map(Clone::clone);
        assert!(!is_mixed(&order) && is_written(&order));
    }
}

#[test]
fn a_report_that_lists_a_foreign_device_does_not_halve_its_numbers() {
    let victim = report(1, [count(0, 900, 10)]).closed().on("TST00000001");
    let foreign = report(2, [count(0, 900, 10)]).closed().on("TST00000002");
    let foreign = foreign.ha(&[("Active", "TST00000002"), ("Standby", "TST00000001")]);
    assert_eq!(peak(&[victim.clone(), foreign.clone()]), 20);
    // with each other's names in both lists they are a set
    let victim = victim.ha(&[("Active", "TST00000001"), ("Standby", "TST00000002")]);
    assert_eq!(peak(&[victim, foreign]), 10);
}

#[test]
fn a_list_of_others_joins_no_others() {
    let [one, two] = ["TST00000001", "TST00000002"].map(|serial| report(1, [count(0, 900, 10)]).closed().on(serial));
    let third = report(3, [count(0, 900, 1)]).closed().on("TST00000003");
    let third = third.ha(&[("Active", "TST00000001"), ("Standby", "TST00000002")]);
    assert_eq!(peak(&[one, two, third]), 21);
}

#[test]
fn a_standby_that_never_reports_neither_hurts_nor_joins() {
    let list = |serial| [("Active", serial), ("Standby", "TST00000009")];
    let [one, two] = ["TST00000001", "TST00000002"]
        .map(|serial| report(1, [count(0, 900, 10)]).closed().on(serial).ha(&list(serial)));
    assert!(findings([&one, &two]).is_empty());
    assert_eq!(peak(&[one, two]), 20);
}

#[test]
fn a_list_that_was_dropped_as_an_older_version_or_lost_a_conflict_has_no_say() {
    let lists_both = [("Active", "TST00000001"), ("Standby", "TST00000002")];
    let two = report(2, [count(0, 900, 10)]).closed().on("TST00000002").ha(&lists_both);
    let kept = report(1, [count(0, 900, 10), count(900, 1_800, 10)]).closed().on("TST00000001");
    let open = report(1, [count(0, 900, 10)]).on("TST00000001").ha(&lists_both);
    assert_eq!(peak(&[kept, open, two]), 20);
}
