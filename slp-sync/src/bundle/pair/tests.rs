use std::borrow::Cow;

use slp_model::{ReportId, Udi};

use super::{Pairer, Verdict, named_devices, pair_by_device};
use crate::bundle::{Claims, ExportIndex, Leaf, LeafDigest, Reader, Refusal};
use crate::export::ExportedLeaf;
use crate::gzip::Deflater;
use crate::ledger::{Basis, Begin, BundleState, Event, Ledger};
use crate::warning::WarningKind;
use crate::{Limits, tar};

const NAME: &str = "UD_SA_26Nov24_10_20_30_123.tar.gz";
const ARCHIVE: &str = "UD_VA_x_26Nov24_10_20_30_123.tar.gz";

fn device(number: u64) -> Udi {
    format!("P:TEST-SWITCH,S:TST{number:08}").parse().unwrap()
}

fn leaf_name(number: u64) -> String {
    format!("dev_{number}_26Nov24_10_20_30_123.txt")
}

fn ids(numbers: &[u64]) -> Vec<ReportId> {
    numbers.iter().copied().map(ReportId::new).collect()
}

/// Devices 1 to 3 with reports 10, 11; 20; 30. Device 9 is in the HA set of 3.
fn exported() -> Vec<ExportedLeaf> {
    let leaf = |number: u64, reports: &[u64]| {
        let mut leaf = ExportedLeaf::new(ARCHIVE, leaf_name(number), device(number), LeafDigest::of(b"x"));
        leaf.reports = ids(reports);
        leaf
    };
    let mut third = leaf(3, &[30]);
    third.ha.push(device(9));
    vec![leaf(1, &[10, 11]), leaf(2, &[20]), third]
}

/// An answer, with data of its own.
struct Told {
    sha256: [u8; 32],
    verdict: Verdict,
    exported: Option<usize>,
    basis: Option<Basis>,
    partial: bool,
    acked: Vec<ReportId>,
    refused: Vec<Refusal>,
    warnings: Vec<WarningKind>,
}

fn claims(devices: &[u64], acked: &[u64]) -> Claims {
    Claims { devices: devices.iter().copied().map(device).collect(), acked: ids(acked), ..Claims::opaque() }
}

/// Name, content and claims of each leaf of an answer.
fn pair(leaves: &[(&str, &str, Claims)]) -> Vec<Told> {
    let index = ExportIndex::new(NAME, exported());
    let mut pairer = Pairer::new(&index);
    for (number, (name, bytes, claims)) in leaves.iter().enumerate() {
        let leaf = Leaf {
            file: None,
            archive: Some(format!("ACK_{ARCHIVE}").into()),
            name: Cow::Borrowed(name),
            bytes: Cow::Borrowed(bytes.as_bytes()),
            index: number as u64,
        };
        pairer.add(&leaf, claims);
    }
    let pairing = pairer.finish();
    let told = pairing.answers().zip(leaves).map(|(answer, (name, ..))| {
        assert_eq!(answer.name, *name);
        Told {
            sha256: answer.sha256,
            verdict: answer.verdict,
            exported: answer.exported,
            basis: answer.basis,
            partial: answer.partial,
            acked: answer.acked.to_vec(),
            refused: answer.refused.to_vec(),
            warnings: answer.warnings,
        }
    });
    told.collect()
}

fn ack(number: u64) -> String {
    format!("ACK_{}", leaf_name(number))
}

#[test]
fn the_words_of_the_verdicts_are_stable() {
    use Verdict::{Acked, Ambiguous, Foreign, Mismatched, Repeated};
    let words = [Acked, Foreign, Mismatched, Repeated, Ambiguous].map(Verdict::as_str);
    assert_eq!(words, ["acked", "foreign", "mismatched", "repeated", "ambiguous"]);
}

#[test]
fn an_answer_is_matched_by_name_and_confirmed_by_device() {
    let answers = pair(&[(&ack(1), "a", claims(&[1], &[10, 11])), (&ack(3), "b", claims(&[9], &[30]))]);
    let first = &answers[0];
    assert_eq!((first.verdict, first.basis, first.partial), (Verdict::Acked, Some(Basis::Udi), false));
    assert_eq!((first.exported, &first.acked), (Some(0), &ids(&[10, 11])));
    assert_eq!(answers[1].verdict, Verdict::Acked, "a member of the HA set is the device");
}

#[test]
fn the_order_of_the_answers_decides_nothing() {
    let (one, two, three, far) = (ack(1), ack(2), ack(3), "ACK_dev_77_26Nov24_10_20_30_123.txt".to_owned());
    let leaves = [
        (&*one, "a", claims(&[1], &[10, 11])),
        (&*two, "b", claims(&[1], &[10])),
        (&*three, "c", Claims::opaque()),
        (&*far, "d", claims(&[77], &[1])),
        (&*one, "e", claims(&[1], &[10])),
    ];
    let told = |order: &[usize]| {
        let answers = pair(&order.iter().map(|at| leaves[*at].clone()).collect::<Vec<_>>());
        let mut told: Vec<_> = answers
            .into_iter()
            .map(|answer| (answer.sha256, answer.verdict, answer.exported, answer.basis, answer.acked))
            .collect();
        told.sort();
        told
    };
    let first = told(&[0, 1, 2, 3, 4]);
    for start in 0..5 {
        let turned: Vec<usize> = (0..5).map(|at| (at + start) % 5).collect();
        assert_eq!(told(&turned), first, "{turned:?}");
        let back: Vec<usize> = turned.into_iter().rev().collect();
        assert_eq!(told(&back), first, "{back:?}");
    }
}

#[test]
fn an_opaque_answer_is_matched_by_its_name_and_means_all_reports() {
    let answers = pair(&[(&ack(1), "a", Claims::opaque())]);
    assert_eq!((answers[0].verdict, answers[0].basis), (Verdict::Acked, Some(Basis::Name)));
    assert_eq!(answers[0].acked, ids(&[10, 11]));
    assert_eq!(answers[0].warnings, [WarningKind::AckDataOpaque]);
}

#[test]
fn a_report_that_is_not_acknowledged_leaves_the_answer_partial() {
    let mut some = claims(&[1], &[10]);
    some.refused.push(Refusal::new(ReportId::new(11), "45", "signature"));
    let answers = pair(&[(&ack(1), "a", some)]);
    assert!(answers[0].verdict == Verdict::Acked && answers[0].partial);
    assert_eq!((&answers[0].acked, answers[0].refused.len()), (&ids(&[10]), 1));
}

#[test]
fn swapped_answers_are_both_mismatched_and_never_swapped_back() {
    let answers = pair(&[(&ack(1), "a", claims(&[2], &[20])), (&ack(2), "b", claims(&[1], &[10, 11]))]);
    assert!(answers.iter().all(|answer| answer.verdict == Verdict::Mismatched));
    assert!(answers.iter().all(|answer| answer.acked.is_empty()));
}

#[test]
fn a_report_that_was_never_exported_or_no_acknowledgement_at_all_is_a_mismatch() {
    assert_eq!(pair(&[(&ack(1), "a", claims(&[1], &[99]))])[0].verdict, Verdict::Mismatched);
    assert_eq!(pair(&[(&ack(1), "a", Claims::default())])[0].verdict, Verdict::Mismatched);
    assert_eq!(pair(&[(&ack(1), "a", claims(&[1, 7], &[10]))])[0].verdict, Verdict::Mismatched, "some outside");
}

#[test]
fn a_device_of_another_account_is_foreign() {
    let answers = pair(&[("ACK_dev_77_26Nov24_10_20_30_123.txt", "a", claims(&[77], &[1]))]);
    assert_eq!((answers[0].verdict, answers[0].exported), (Verdict::Foreign, None));
    assert_eq!(pair(&[("whatever.txt", "a", Claims::opaque())])[0].verdict, Verdict::Foreign);
}

#[test]
fn a_renamed_answer_is_found_by_its_device_unless_another_claims_it() {
    let renamed = ("answer.txt", "a", claims(&[2], &[20]));
    let alone = pair(std::slice::from_ref(&renamed));
    assert_eq!((alone[0].verdict, alone[0].exported), (Verdict::Acked, Some(1)));
    assert_eq!(alone[0].warnings, [WarningKind::LeafRenamed]);
    let contested = pair(&[renamed.clone(), (&ack(2), "b", claims(&[2], &[20]))]);
    assert_eq!(contested[0].verdict, Verdict::Foreign);
    assert_eq!(contested[1].verdict, Verdict::Acked);
    let twice = pair(&[renamed.clone(), ("other.txt", "b", claims(&[2], &[20]))]);
    assert!(twice.iter().all(|answer| answer.verdict == Verdict::Foreign));
}

#[test]
fn a_loose_name_is_matched_by_number_with_a_warning() {
    let answers = pair(&[("ACK_dev_2_27Jan01_00_00_00_000.txt", "a", claims(&[2], &[20]))]);
    assert_eq!((answers[0].verdict, &*answers[0].warnings), (Verdict::Acked, &[WarningKind::LeafNameLoose][..]));
}

#[test]
fn one_leaf_answered_twice_is_taken_once_or_not_at_all() {
    let (name, good) = (ack(2), claims(&[2], &[20]));
    let same = pair(&[(&name, "a", good.clone()), (&name, "a", good.clone())]);
    assert_eq!([same[0].verdict, same[1].verdict], [Verdict::Acked, Verdict::Repeated]);
    let other = pair(&[(&name, "a", good.clone()), (&name, "b", good)]);
    assert!(other.iter().all(|answer| answer.verdict == Verdict::Mismatched));
}

#[test]
fn the_ledger_takes_the_events_once() {
    let mut ledger = Ledger::new();
    let time = "2026-11-24T10:20:30.123Z".parse().unwrap();
    let begin = Begin::new("Quebec", [0; 32], exported());
    ledger.append(NAME, time, Event::Begin(begin)).unwrap();
    ledger.append(NAME, time, Event::seal([0; 32], 1)).unwrap();
    let index = ExportIndex::of_ledger(NAME, ledger.bundle(NAME).unwrap());
    let mut pairer = Pairer::new(&index);
    for (number, reports) in [(1_u64, &[10, 11][..]), (3, &[30])] {
        let leaf = Leaf {
            file: None,
            archive: None,
            name: ack(number).into(),
            bytes: number.to_string().into_bytes().into(),
            index: number,
        };
        pairer.add(&leaf, &claims(&[number], reports));
    }
    let pairing = pairer.finish();
    assert_eq!(pairing.missing().collect::<Vec<_>>(), [1]);
    assert_eq!(pairing.state(), BundleState::PartlyAcked);
    assert_eq!(pairing.answer(3).unwrap().exported, Some(2));
    assert!(pairing.answer(2).is_none());
    for round in 0..2 {
        for event in pairing.events() {
            let Event::Ack(entry) = &event else { panic!("an answer") };
            assert_eq!(ledger.is_applied(NAME, &entry.leaf, &entry.sha256), round == 1, "twice is a no-op");
            if round == 0 {
                ledger.append(NAME, time, event).unwrap();
            }
        }
    }
    assert_eq!(ledger.bundle(NAME).unwrap().state(), BundleState::PartlyAcked);
}

#[test]
fn a_leaf_that_asked_for_codes_alone_is_answered_without_an_acknowledgement() {
    let mut leaves = exported();
    leaves.push(ExportedLeaf::new(ARCHIVE, leaf_name(4), device(4), LeafDigest::of(b"x")));
    let index = ExportIndex::new(NAME, leaves);
    let verdict = |number: u64, claims: Claims| {
        let mut pairer = Pairer::new(&index);
        let leaf = Leaf {
            file: None,
            archive: Some(format!("ACK_{ARCHIVE}").into()),
            name: Cow::Owned(format!("ACK_{}", leaf_name(number))),
            bytes: Cow::Borrowed(b"x"),
            index: 0,
        };
        pairer.add(&leaf, &claims);
        pairer.finish().answer(0).unwrap().verdict
    };
    let code = |number| Claims { devices: vec![device(number)], ..Claims::default() };
    assert_eq!(verdict(4, code(4)), Verdict::Acked);
    assert_eq!(verdict(4, code(3)), Verdict::Mismatched);
    assert_eq!(verdict(4, Claims::default()), Verdict::Mismatched);
    // where reports were exported, a code alone acknowledges nothing
    assert_eq!(verdict(1, code(1)), Verdict::Mismatched);
}

#[test]
fn a_name_that_two_archives_hold_names_no_leaf_in_a_third() {
    let exported = |archive: &str, number: u64| {
        let mut leaf = ExportedLeaf::new(archive, leaf_name(1), device(number), LeafDigest::of(b"x"));
        leaf.reports = ids(&[number]);
        leaf
    };
    let index = ExportIndex::new(NAME, vec![exported("UD_VA_a.tar.gz", 1), exported("UD_VA_b.tar.gz", 2)]);
    let answer = |archive: &str| {
        let mut pairer = Pairer::new(&index);
        let leaf = Leaf {
            file: None,
            archive: Some(format!("ACK_{archive}").into()),
            name: Cow::Owned(ack(1)),
            bytes: Cow::Borrowed(b"x"),
            index: 0,
        };
        // says nothing about its device: the name alone decides
        pairer.add(&leaf, &Claims::opaque());
        let pairing = pairer.finish();
        let answer = pairing.answer(0).unwrap();
        (answer.verdict, answer.exported)
    };
    assert_eq!(answer("UD_VA_b.tar.gz"), (Verdict::Acked, Some(1)));
    assert_eq!(answer("UD_VA_c.tar.gz"), (Verdict::Foreign, None));
}

#[test]
fn a_leaf_that_cannot_be_read_names_nobody_is_told_and_is_not_delivered() {
    let acknowledged = |number: u64, report: u64| {
        format!(
            r#"<smartLicense><smartLicenseRumAck><data><![CDATA[[{{"sudi":{{"udi_pid":"TEST-SWITCH","udi_serial_number":"TST{number:08}"}},"report_id":{report},"status":"ACK"}}]]]></data><signature>AAAA</signature></smartLicenseRumAck></smartLicense>"#
        )
    };
    let (good, large) = (acknowledged(2, 20), acknowledged(3, 30) + &" ".repeat(2_000));
    let names = [ack(1), ack(2), ack(3)];
    let bytes = ["<html/>", &good, &large].map(str::as_bytes);
    let pack = |entries: Vec<(&str, &[u8])>| Deflater::default().compress(&tar::archive(entries, 0).unwrap()).unwrap();
    let inner = pack(names.iter().map(String::as_str).zip(bytes).collect());
    let bundle = pack(vec![(&*format!("ACK_{ARCHIVE}"), &inner)]);
    let limits = Limits { leaf_bytes: 2_000, ..Limits::default() };
    let reader = || Reader::new(&bundle[..], &limits);

    let devices = named_devices(&mut reader()).unwrap();
    assert_eq!([1, 2, 3].map(|number| devices.contains(&device(number))), [false, true, false]);

    let told = |(pairing, refused): (super::Pairing<'_>, Vec<crate::Error>)| {
        let verdicts: Vec<_> = pairing.answers().map(|answer| (answer.index, answer.verdict)).collect();
        let places: Vec<_> = refused.iter().map(|error| (error.location().to_string(), error.name())).collect();
        (verdicts, places, pairing.events().count(), pairing.missing().collect::<Vec<_>>())
    };
    let place = |number: u64| format!("ACK_{ARCHIVE}!{}", ack(number));
    let unread = vec![(place(1) + ", line 1, column 1", Some("unknown-root")), (place(3), Some("leaf_bytes"))];
    let index = ExportIndex::new(NAME, exported());
    let by_name = told(super::pair(&index, &mut reader()).unwrap());
    assert_eq!(by_name, (vec![(0, Verdict::Mismatched), (1, Verdict::Acked)], unread.clone(), 1, vec![2]));

    let mut ledger = Ledger::new();
    let time = "2026-11-24T10:20:30.123Z".parse().unwrap();
    ledger.append(NAME, time, Event::Begin(Begin::new("Quebec", [0; 32], exported()))).unwrap();
    ledger.append(NAME, time, Event::seal([0; 32], 1)).unwrap();
    let index = ExportIndex::of_devices(&ledger, &devices);
    assert_eq!(index.len(), 1, "no more than the answer names");
    let by_device = told(pair_by_device(&index, &ledger, &mut reader()).unwrap());
    assert_eq!(by_device, (vec![(0, Verdict::Foreign), (1, Verdict::Acked)], unread, 1, vec![]));
}

#[test]
fn a_bundle_is_acknowledged_when_every_report_of_every_leaf_is() {
    let state = |answers: &[(u64, &[u64])]| {
        let index = ExportIndex::new(NAME, exported());
        let mut pairer = Pairer::new(&index);
        for (index, (number, reports)) in answers.iter().enumerate() {
            let leaf = Leaf {
                file: None,
                archive: None,
                name: ack(*number).into(),
                bytes: number.to_string().into_bytes().into(),
                index: index as u64,
            };
            pairer.add(&leaf, &claims(&[*number], reports));
        }
        let pairing = pairer.finish();
        let is_partial = |event: &Event| matches!(event, Event::Ack(entry) if entry.partial);
        (pairing.state(), pairing.events().filter(is_partial).count())
    };
    let rest: [(u64, &[u64]); 2] = [(2, &[20]), (3, &[30])];
    assert_eq!(state(&[&rest[..], &[(1, &[10, 11])]].concat()), (BundleState::Acked, 0));
    assert_eq!(state(&[&rest[..], &[(1, &[11])]].concat()), (BundleState::PartlyAcked, 1), "report 10 stays open");
    assert_eq!(state(&rest), (BundleState::PartlyAcked, 0));
    assert_eq!(state(&[(1, &[99]), (2, &[99])]), (BundleState::Exported, 0), "none of them fits");
    assert_eq!(state(&[]), (BundleState::Exported, 0));
}

#[test]
fn the_file_of_an_answer_is_named_by_letters_digits_points_and_hyphens() {
    let name = |text: &str| super::answer_file_name(&text.parse().unwrap());
    assert_eq!(name("P:C9300-24U.A,S:TST00000001"), "ACK_C9300-24U.A_TST00000001.txt");
    assert_eq!(name("P:../a b\\c:*é,S:x/../y"), "ACK_.._a_b_c____x_.._y.txt");
}
