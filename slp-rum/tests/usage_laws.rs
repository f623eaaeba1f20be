//! Laws: the answers are a function of the set of reports, and of nothing else.

#[path = "usage/builder.rs"]
mod builder;

use builder::*;
use proptest::prelude::*;
use slp_rum::continuity::{Facts, check};
use slp_rum::usage::{Evidence, GroupBy, coalesce, write_csv};

/// 64 cases, unless `PROPTEST_CASES` asks for more than proptest's own 256.
fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    let cases = if config.cases > 256 { config.cases } else { 64 };
    ProptestConfig { cases, ..config }
}

fn measurement() -> impl Strategy<Value = Measurement> {
    let reason = prop_oneof![4 => Just(None), 1 => Just(Some("ProductReload"))];
    (0_i64..20, -1_i64..8, 0_u64..4, prop::option::weighted(0.2, -5_000_i64..5_000), reason, 0_u8..4).prop_map(
        |(start, length, uses, delta, reason, lists)| {
            let mut one = count(start * 600, (start + length) * 600, uses);
            one.samples = 1;
            if let Some(delta) = delta {
                one = one.delta(delta);
            }
            if let Some(reason) = reason {
                one = one.closed(reason);
            }
            if lists == 0 {
                one = one.lists(&["TSTAP000001"], &["TSTAP000001", "TSTAP000002"]);
            }
            one
        },
    )
}

fn any_report() -> impl Strategy<Value = Report> {
    let measurements = prop::collection::vec(measurement(), 0..4);
    let signature = prop::option::weighted(0.8, prop::sample::select(vec!["A", "B"]));
    (1_u64..6, 1_u8..3, any::<bool>(), measurements, signature, any::<bool>(), any::<bool>()).prop_map(
        |(id, device, other_tag, measurements, signature, closed, paired)| {
            let serial = format!("TST0000000{device}");
            let mut one = report(id, measurements).on(&serial).signed(signature);
            if other_tag {
                one = one.tagged(OTHER_TAG);
            }
            if paired {
                one = one.ha(&[("Active", "TST00000001"), ("Standby", "TST00000002")]);
            }
            if closed { one.closed() } else { one }
        },
    )
}

/// What a device would have printed of a report before it was complete.
fn older(report: &Report, keep: prop::sample::Index, shorter: i64) -> Report {
    let mut older = report.clone();
    older.measurements.truncate(keep.index(report.measurements.len() + 1));
    if let Some(last) = older.measurements.last_mut() {
        last.meta.retain(|(name, _)| *name != "termination_reason");
        last.end -= shorter;
        last.interval -= shorter;
    }
    older
}

fn reports() -> impl Strategy<Value = Vec<Report>> {
    prop::collection::vec(any_report(), 1..8)
}

/// The same reports, each with an id of its own.
fn without_versions(reports: Vec<Report>) -> Vec<Report> {
    let numbered = (1..).zip(reports);
    numbered.map(|(id, report)| Report { id, ..report }).collect()
}

/// Everything that may not depend on order, repetition and files.
fn answers(evidence: &Evidence) -> String {
    let mut facts = Facts::default();
    facts.now = Some(time(T0 + 86_400 * 40));
    facts.acknowledged.entry(udi("TST00000001")).or_default();
    let mut text = serde_json::to_string(&evidence.intervals().collect::<Vec<_>>()).unwrap();
    write_csv(evidence.intervals(), &mut text).unwrap();
    for by in [GroupBy::Tag, GroupBy::Device, GroupBy::DeviceTag] {
        text.push_str(&serde_json::to_string(&evidence.sums(by, None)).unwrap());
    }
    for mut finding in check(evidence, &facts) {
        if finding.id != "RUM-DUP" {
            finding.details.retain(|name, _| !name.ends_with("sources"));
            text.push_str(&serde_json::to_string(&finding).unwrap());
        }
    }
    text
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn order_repetition_and_files_do_not_show(
        (reports, shuffled) in reports().prop_flat_map(|reports| (Just(reports.clone()), Just(reports).prop_shuffle())),
        cut in any::<prop::sample::Index>(),
        again in any::<prop::sample::Index>(),
        merged in any::<bool>(),
    ) {
        let plain = evidence(&reports);
        let (first, second) = shuffled.split_at(cut.index(shuffled.len()));
        let mut parts = Evidence::new();
        take_in(&mut parts, &document(first), "first.txt");
        if merged {
            let mut other = evidence(second);
            take_in(&mut other, &document([again.get(&reports)]), "again.txt");
            parts.merge(other).unwrap();
        } else {
            take_in(&mut parts, &document(second), "second.txt");
            take_in(&mut parts, &document([again.get(&reports)]), "again.txt");
        }
        prop_assert_eq!(answers(&parts), answers(&plain));
    }

    #[test]
    fn an_older_state_of_a_report_changes_no_interval(
        reports in reports(),
        states in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_i64..600), 1..6),
    ) {
        let reports = without_versions(reports);
        let older: Vec<_> = states.iter().map(|(which, keep, shorter)| older(which.get(&reports), *keep, *shorter)).collect();
        let plain = evidence(&reports);
        let more = evidence(reports.iter().chain(&older));
        let text = |evidence: &Evidence| serde_json::to_string(&evidence.intervals().collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(text(&more), text(&plain));
        prop_assert!(check(&more, &Facts::default()).iter().all(|finding| finding.id != "RUM-CONFLICT"));
    }

    #[test]
    fn intervals_of_one_device_and_licence_never_overlap(reports in reports()) {
        let evidence = evidence(&reports);
        let intervals: Vec<_> = evidence.intervals().collect();
        for pair in intervals.windows(2) {
            let keys = pair.iter().map(|one| (one.device, one.entitlement_tag)).collect::<Vec<_>>();
            prop_assert!(keys[0] < keys[1] || (keys[0] == keys[1] && pair[0].end <= pair[1].start));
        }
        prop_assert!(intervals.iter().all(|one| one.start < one.end));
        let joined: i64 = coalesce(evidence.intervals()).map(|one| one.end.get() - one.start.get()).sum();
        prop_assert_eq!(joined, intervals.iter().map(|one| one.end.get() - one.start.get()).sum::<i64>());
    }

    #[test]
    fn every_second_has_the_greatest_count_that_was_reported(reports in reports(), second in 0_i64..17_000) {
        let reports = without_versions(reports);
        let evidence = evidence(&reports);
        let second = T0 + second;
        for (serial, tag) in [("TST00000001", TAG), ("TST00000001", OTHER_TAG), ("TST00000002", TAG)] {
            let of_key = reports.iter().filter(|one| one.serial == serial && one.tag == tag);
            let covering = of_key.flat_map(|one| &one.measurements).filter(|one| (one.start..one.end).contains(&second));
            let count_of = |one: &Measurement| -> u64 {
                one.value.as_ref().unwrap().split('"').nth(7).unwrap().parse().unwrap()
            };
            let expected = covering.map(count_of).max();
            let found = evidence.intervals().find(|one| {
                one.device.serial() == serial && one.entitlement_tag.as_str() == tag
                    && (one.start.get()..one.end.get()).contains(&second)
            });
            prop_assert_eq!(found.map(|one| one.count), expected);
        }
    }

    #[test]
    fn splitting_a_measurement_keeps_sums_and_peak(
        lengths in prop::collection::vec((1_i64..5_000, 0_u64..9), 1..5),
        which in any::<prop::sample::Index>(),
        part in 0.0_f64..1.0,
    ) {
        let mut at = 0;
        let whole: Vec<_> = lengths.iter().map(|(length, uses)| {
            at += length;
            count(at - length, at, *uses)
        }).collect();
        let which = which.index(whole.len());
        let (length, uses) = lengths[which];
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any place will do")]
        let middle = whole[which].start - T0 + (length as f64 * part) as i64;
        let mut split = whole.clone();
        let (start, end) = (whole[which].start - T0, whole[which].end - T0);
        split.splice(which..=which, [count(start, middle, uses), count(middle, end, uses)]);
        let sums = |measurements| evidence([&report(1, measurements)]).sums(GroupBy::DeviceTag, None)[0].sums;
        prop_assert_eq!(sums(whole), sums(split));
    }

    #[test]
    fn extreme_times_and_counts_do_no_harm(
        values in prop::collection::vec((0_i64..=253_402_300_799, 0_i64..=253_402_300_799, any::<u64>(), any::<i64>()), 1..6),
        samples in any::<u64>(),
        interval in any::<i64>(),
        now in 0_i64..=253_402_300_799,
    ) {
        let measurements = values.iter().map(|(start, end, uses, delta)| {
            let mut one = Measurement::between(*start, *end, *uses);
            one.meta.push(("clock_change_delta", format!("\"{delta}\"")));
            (one.samples, one.interval) = (samples, interval);
            one
        });
        let one = report(u64::MAX, measurements);
        let other = report(0, [Measurement::between(0, 253_402_300_799, u64::MAX)]).on("TST00000002").closed();
        let evidence = evidence([&one, &other]);
        let mut facts = Facts::default();
        (facts.now, facts.deadline) = (Some(time(now)), Some(time(0)));
        facts.acknowledged.entry(udi("TST00000002")).or_default();
        let found = check(&evidence, &facts);
        prop_assert!(found.iter().all(|finding| serde_json::to_string(finding).is_ok()));
        prop_assert!(!answers(&evidence).is_empty());
        let sums = evidence.sums(GroupBy::Tag, None)[0].sums;
        prop_assert!(sums.average().is_some() && sums.peak == u64::MAX);
    }
}
