//! Answers whose name does not say which bundle they answer: by device and reports, over a ledger.

use std::borrow::Cow;

use slp_model::{ReportId, Udi};

use super::{Pairer, Verdict};
use crate::bundle::{Claims, Devices, ExportIndex, Leaf, LeafDigest};
use crate::export::ExportedLeaf;
use crate::ledger::{AckEntry, Basis, Begin, Event, Ledger};

fn device(number: u64) -> Udi {
    format!("P:TEST-SWITCH,S:TST{number:08}").parse().unwrap()
}

fn ids(numbers: &[u64]) -> Vec<ReportId> {
    numbers.iter().copied().map(ReportId::new).collect()
}

fn claims(number: u64, acked: &[u64]) -> Claims {
    Claims { devices: vec![device(number)], acked: ids(acked), ..Claims::opaque() }
}

/// One leaf of a bundle: the device and its reports.
type Sent<'s> = (u64, &'s [u64]);

/// A ledger of these bundles, each a second later than the one before unless it says otherwise.
fn ledger(bundles: &[(&str, u64, &[Sent<'_>])]) -> Ledger {
    let mut ledger = Ledger::new();
    for (name, second, leaves) in bundles {
        let leaves = leaves.iter().map(|(number, reports)| {
            // every bundle numbers anew: names of leaves say nothing here
            let mut leaf =
                ExportedLeaf::new("UD_VA.tar.gz", format!("dev_{number}.txt"), device(*number), LeafDigest::of(b"x"));
            leaf.reports = ids(reports);
            leaf
        });
        let time = slp_model::UnixMillis::new(second * 1_000).unwrap();
        ledger.append(name, time, Event::Begin(Begin::new("", [0; 32], leaves.collect()))).unwrap();
        ledger.append(name, time, Event::seal([0; 32], 1)).unwrap();
    }
    ledger
}

fn acknowledge(ledger: &mut Ledger, bundle: &str, leaf: &str, reports: &[u64], bytes: &str) {
    let mut entry = AckEntry::new(leaf, Basis::Udi, ids(reports), LeafDigest::of(bytes.as_bytes()).sha256);
    entry.partial = true;
    ledger.append(bundle, slp_model::UnixMillis::new(9_000_000).unwrap(), Event::Ack(entry)).unwrap();
}

/// Each leaf's verdict, the bundles that it is or could be of, and the reports that it acknowledges.
fn told(ledger: &Ledger, leaves: &[(&str, Claims)]) -> Vec<(Verdict, Vec<String>, Vec<u64>)> {
    let mut devices = Devices::default();
    for device in leaves.iter().flat_map(|(_, claims)| &claims.devices) {
        let _ = devices.note(device, slp_model::Location::default());
    }
    let index = ExportIndex::of_devices(ledger, &devices);
    let mut pairer = Pairer::new(&index);
    for (number, (bytes, claims)) in leaves.iter().enumerate() {
        let leaf = Leaf {
            file: None,
            archive: None,
            name: "answer.txt".into(),
            bytes: Cow::Borrowed(bytes.as_bytes()),
            index: number as u64,
        };
        pairer.add_by_device(ledger, &leaf, claims);
    }
    let bundle = |at: &usize| index.leaf(*at).unwrap().bundle.to_owned();
    let pairing = pairer.finish();
    let told = pairing.answers().map(|answer| {
        assert_eq!(answer.name, "answer.txt", "its own name, whatever it is of");
        let of = answer.exported.iter().chain(answer.candidates).map(bundle).collect();
        (answer.verdict, of, answer.acked.iter().map(|id| id.get()).collect())
    });
    told.collect()
}

fn one(ledger: &Ledger, claims: Claims) -> (Verdict, Vec<String>, Vec<u64>) {
    told(ledger, &[("a", claims)]).pop().unwrap()
}

fn of(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn reports_say_which_bundle_an_answer_is_of() {
    let ledger = ledger(&[("A", 1, &[(1, &[10, 11]), (2, &[20])]), ("B", 2, &[(1, &[12]), (3, &[30])])]);
    assert_eq!(one(&ledger, claims(1, &[10, 11])), (Verdict::Acked, of(&["A"]), vec![10, 11]));
    assert_eq!(one(&ledger, claims(1, &[12])), (Verdict::Acked, of(&["B"]), vec![12]));
    assert_eq!(one(&ledger, claims(3, &[30])), (Verdict::Acked, of(&["B"]), vec![30]));
    assert_eq!(one(&ledger, claims(9, &[90])), (Verdict::Foreign, of(&[]), vec![]));
    assert_eq!(one(&ledger, claims(1, &[10, 77])).0, Verdict::Mismatched, "a report that never went up");
    assert_eq!(one(&ledger, Claims::opaque()), (Verdict::Foreign, of(&[]), vec![]), "it names nobody");
    // reports of both bundles in one answer: no leaf has them all
    assert_eq!(one(&ledger, claims(1, &[10, 12])), (Verdict::Ambiguous, of(&["A", "B"]), vec![]));
}

#[test]
fn the_newest_open_bundle_counts_whatever_its_name() {
    // sorted by name B would be last; refused in the older one, report 10 went up again
    let mut ledger = ledger(&[("B", 1, &[(1, &[10, 11])]), ("A", 2, &[(1, &[10])])]);
    assert_eq!(one(&ledger, claims(1, &[10])), (Verdict::Acked, of(&["A"]), vec![10]));
    assert_eq!(one(&ledger, claims(1, &[10, 11])).1, of(&["B"]));
    acknowledge(&mut ledger, "A", "dev_1.txt", &[10], "before");
    assert_eq!(one(&ledger, claims(1, &[10])).1, of(&["B"]), "A waits for nothing any more");
    // the same bytes again stay where they were applied
    assert_eq!(told(&ledger, &[("before", claims(1, &[10]))])[0].1, of(&["A"]));
    acknowledge(&mut ledger, "B", "dev_1.txt", &[10, 11], "both");
    assert_eq!(one(&ledger, claims(1, &[10])).1, of(&["A"]), "none is open: the newest");
}

#[test]
fn what_cannot_be_told_apart_is_named_and_not_guessed() {
    let twins = ledger(&[("A", 1, &[(1, &[10])]), ("B", 1, &[(1, &[10])])]);
    assert_eq!(one(&twins, claims(1, &[10])), (Verdict::Ambiguous, of(&["A", "B"]), vec![]));
    let several = ledger(&[("A", 1, &[(1, &[10]), (2, &[20])]), ("B", 2, &[(1, &[11])])]);
    assert_eq!(one(&several, claims(1, &[])), (Verdict::Ambiguous, of(&["A", "B"]), vec![]), "no report is named");
    assert_eq!(one(&several, claims(2, &[])), (Verdict::Acked, of(&["A"]), vec![20]), "it went up once");
    // two answers to one leaf
    let twice = told(&several, &[("a", claims(2, &[20])), ("b", claims(2, &[20]))]);
    assert!(twice.iter().all(|(verdict, ..)| *verdict == Verdict::Mismatched));
    let same = told(&several, &[("a", claims(2, &[20])), ("a", claims(2, &[20]))]);
    assert_eq!((same[0].0, same[1].0), (Verdict::Acked, Verdict::Repeated));
}

#[test]
fn what_acknowledges_nothing_is_no_answer_to_reports() {
    let code = |number: u64| Claims { devices: vec![device(number)], ..Claims::default() };
    let sent = ledger(&[("A", 1, &[(1, &[10]), (2, &[20])]), ("B", 2, &[(1, &[])])]);
    assert_eq!(one(&sent, code(2)), (Verdict::Mismatched, of(&["A"]), vec![]));
    assert_eq!(one(&sent, code(1)), (Verdict::Ambiguous, of(&["A", "B"]), vec![]), "it went up twice, once for codes");
    let bare = Claims { acked: ids(&[20]), ..code(2) };
    assert_eq!(one(&sent, bare), (Verdict::Mismatched, of(&["A"]), vec![]));
}

#[test]
fn an_answer_that_fits_nothing_does_not_contest_one_that_does() {
    let ledger = ledger(&[("A", 1, &[(1, &[10, 11])])]);
    let (stray, good) = (("stray", claims(1, &[77])), ("good", claims(1, &[10, 11])));
    let (acked, not) = ((Verdict::Acked, of(&["A"]), vec![10, 11]), (Verdict::Mismatched, of(&["A"]), vec![]));
    assert_eq!(told(&ledger, &[stray.clone(), good.clone()]), [not.clone(), acked.clone()]);
    assert_eq!(told(&ledger, &[good, stray.clone()]), [acked, not.clone()]);
    assert_eq!(told(&ledger, &[stray.clone(), stray]), [not.clone(), not]);
}

#[test]
fn bundles_that_were_not_written_are_not_answered() {
    let mut ledger = ledger(&[("A", 1, &[(1, &[10])])]);
    let time = slp_model::UnixMillis::new(5_000).unwrap();
    let mut leaf = ExportedLeaf::new("", "dev_1.txt", device(1), LeafDigest::of(b"x"));
    leaf.reports = ids(&[10]);
    ledger.append("B", time, Event::Begin(Begin::new("", [0; 32], vec![leaf]))).unwrap();
    assert_eq!(one(&ledger, claims(1, &[10])).1, of(&["A"]), "B has no seal");
    ledger.append("A", time, Event::void("lost")).unwrap();
    assert_eq!(one(&ledger, claims(1, &[10])).0, Verdict::Foreign);
}

#[test]
fn an_answer_that_names_one_report_very_often_names_it_once() {
    // each looked up among the reports of each bundle, they would take minutes
    let reports: Vec<u64> = (0..20_000).collect();
    let ledger = ledger(&[("A", 1, &[(1, &reports)]), ("B", 2, &[(1, &reports)])]);
    let often = vec![19_999; 100_000];
    assert_eq!(one(&ledger, claims(1, &often)), (Verdict::Acked, of(&["B"]), vec![19_999]));
    let mut stranger = often;
    stranger.push(77_777);
    assert_eq!(one(&ledger, claims(1, &stranger)).0, Verdict::Mismatched);
}
