use slp_model::{ReportId, UnixMillis};

use super::{AckEntry, Basis, Begin, BundleState, Event, Ledger, ReportStatus, Resume, Via};
use crate::bundle::{LeafDigest, Plan};
use crate::{ErrorKind, ExportedLeaf, Limits};

const NAME: &str = "UD_SA_26Nov24_10_20_30_123.tar.gz";

fn time() -> UnixMillis {
    "2026-11-24T10:20:30.123Z".parse().unwrap()
}

fn leaf(number: u64, reports: &[u64]) -> ExportedLeaf {
    let device = format!("P:TEST-SWITCH,S:TST{number:08}").parse().unwrap();
    let name = format!("dev_{number}_26Nov24_10_20_30_123.txt");
    let mut leaf = ExportedLeaf::new("UD_VA_x.tar.gz", name, device, LeafDigest::of(b"x"));
    leaf.reports = ids(reports);
    leaf
}

fn ids(numbers: &[u64]) -> Vec<ReportId> {
    numbers.iter().copied().map(ReportId::new).collect()
}

fn begin() -> Event {
    Event::Begin(Begin::new("Quebec", [7; 32], vec![leaf(1, &[10, 11]), leaf(2, &[20])]))
}

fn ack(number: u64, reports: &[u64], sha256: u8) -> AckEntry {
    let name = format!("dev_{number}_26Nov24_10_20_30_123.txt");
    AckEntry::new(name, Basis::Udi, ids(reports), [sha256; 32])
}

/// A ledger of every event, with its text.
fn full() -> (Ledger, String) {
    let mut ledger = Ledger::new();
    let mut text = String::new();
    let mut partial = ack(1, &[10], 1);
    (partial.partial, partial.refused) = (true, ids(&[11]));
    let events = [
        begin(),
        Event::seal([9; 32], 1234),
        Event::Ack(partial),
        Event::delivered("dev_1_26Nov24_10_20_30_123.txt", Via::File),
        Event::Ack(ack(2, &[20], 2)),
    ];
    for event in events {
        text.push_str(&ledger.append(NAME, time(), event).unwrap());
    }
    (ledger, text)
}

#[test]
fn what_was_appended_is_read_back() {
    let (ledger, text) = full();
    let (again, length) = Ledger::open(text.as_bytes()).unwrap();
    assert_eq!(length, text.len() as u64);
    assert_eq!(again.bundle(NAME), ledger.bundle(NAME));
    assert_eq!(again.bundle(NAME).unwrap().state(), BundleState::PartlyAcked);
    let line = again.clone().append(NAME, time(), Event::void("x")).unwrap();
    assert_eq!(line, ledger.clone().append(NAME, time(), Event::void("x")).unwrap(), "the chain goes on alike");
}

#[test]
fn a_kill_at_any_byte_costs_the_line_under_way_and_no_other() {
    let (_, text) = full();
    for cut in 0..=text.len() {
        let (_, kept) = Ledger::open(&text.as_bytes()[..cut]).unwrap();
        let whole = text[..cut].rfind('\n').map_or(0, |at| at + 1);
        assert_eq!(kept, whole as u64, "cut at {cut}");
    }
    let garbage = format!("{text}{{\"format\":\"slp-le\n");
    assert_eq!(Ledger::open(garbage.as_bytes()).unwrap().1, text.len() as u64, "a last line that is no JSON");
}

#[test]
fn what_no_kill_can_have_torn_off_is_refused_and_not_cut() {
    let (_, text) = full();
    let refused = |content: &str, line: u64| {
        let error = Ledger::open(content.as_bytes()).unwrap_err();
        assert_eq!((error.kind(), error.location().line), (ErrorKind::LedgerCorrupt, Some(line)), "{content}");
        error.to_string()
    };
    // other files, with and without an end of line: whoever cuts them has lost them
    let report = r#"{"data":{"reports":[]}}"#;
    for other in ["hello", "[]", "\0\0\0\0", report, r#"{"data":{"rep"#, r#"{"bundle":"UD_1.tar.gz"}"#] {
        for end in ["", "\n"] {
            refused(&format!("{other}{end}"), 1);
        }
    }
    assert!(refused(report, 1).contains("this is no ledger of exports: its first line begins no bundle"));
    // a last line that is whole, and says something else
    let last = text.trim_end().rfind('\n').map_or(0, |at| at + 1);
    let changed = text[last..].replacen("\"event\":\"ack\"", "\"event\":\"kca\"", 1);
    assert_ne!(changed, text[last..]);
    for end in [changed.as_str(), changed.trim_end(), "hello\n", "hello", r#"{"data":[]}"#] {
        refused(&format!("{}{end}", &text[..last]), 5);
    }
    for other in ["{\n", "{\"b\n", "{\"bundle\":\"Z\n"] {
        refused(other, 1);
    }
    assert_eq!(Ledger::open(&b"{\"bundle\":\"Z\xfcrich\"}\n"[..]).unwrap_err().kind(), ErrorKind::LedgerCorrupt);
    // where the power fails, a file system may leave a hole behind the last line, and the end of the one under way
    let zeros = "\0".repeat(100_000);
    for hole in [&*zeros, "\0\0x", "\0\0x\"}\n", &format!("{zeros}x\"}}\n"), &format!("{zeros}\n")] {
        let (_, kept) = Ledger::open(format!("{text}{hole}").as_bytes()).unwrap();
        assert_eq!(kept, text.len() as u64, "{}", hole.len());
    }
    refused(&format!("{text}\0\0x\ny"), 6);
    refused(&format!("{text}{zeros}\n{text}"), 6);
}

#[test]
fn a_line_has_a_limit_and_what_is_no_ledger_is_not_read_to_its_end() {
    let (_, text) = full();
    let longest = text.lines().map(str::len).max().unwrap() as u64;
    let mut limits = Limits::default();
    assert_eq!(limits.ledger_line_bytes, 1 << 30);
    limits.ledger_line_bytes = longest;
    assert_eq!(Ledger::open_with(text.as_bytes(), &limits).unwrap().1, text.len() as u64);
    limits.ledger_line_bytes = longest - 1;
    let error = Ledger::open_with(text.as_bytes(), &limits).unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, Some("ledger_line_bytes")));
    // without ends: an endless file of zeros, and an endless line
    let zeros = std::io::BufReader::new(std::io::repeat(0));
    assert_eq!(Ledger::open(zeros).unwrap_err().kind(), ErrorKind::LedgerCorrupt);
    let line = std::io::Read::chain(&b"{\"bundle\":\""[..], std::io::repeat(b'x'));
    let error = Ledger::open_with(std::io::BufReader::new(line), &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn a_change_of_any_line_but_the_last_breaks_the_chain() {
    let (_, text) = full();
    let lines: Vec<&str> = text.lines().collect();
    for gone in 0..lines.len() - 1 {
        let mut left = lines.clone();
        left.remove(gone);
        let error = Ledger::open(format!("{}\n", left.join("\n")).as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LedgerCorrupt);
        assert_eq!(error.location().line, Some(gone as u64 + 1));
    }
    let changed = text.replacen("Quebec", "Ottawa", 1);
    assert_eq!(Ledger::open(changed.as_bytes()).unwrap_err().location().line, Some(2));
    let broken = text.replacen("\"event\":\"seal\"", "\"event\":\"sale\"", 1);
    assert_eq!(Ledger::open(broken.as_bytes()).unwrap_err().location().line, Some(2));
}

#[test]
fn events_come_in_their_order_or_not_at_all() {
    let refused = |ledger: &Ledger, event: Event| {
        let mut ledger = ledger.clone();
        ledger.append(NAME, time(), event).unwrap_err().kind() == ErrorKind::LedgerState
    };
    let mut ledger = Ledger::new();
    assert!(refused(&ledger, Event::seal([0; 32], 0)));
    ledger.append(NAME, time(), begin()).unwrap();
    assert!(refused(&ledger, begin()), "a name is taken once and for all");
    assert!(refused(&ledger, Event::Ack(ack(1, &[10], 1))), "not written yet");
    ledger.append(NAME, time(), Event::seal([0; 32], 0)).unwrap();
    assert!(refused(&ledger, Event::seal([0; 32], 0)));
    assert!(refused(&ledger, Event::Ack(ack(3, &[10], 1))), "no such leaf");
    assert!(refused(&ledger, Event::Ack(ack(1, &[20], 1))), "a report of another leaf");
    assert!(refused(&ledger, Event::delivered("dev_1_26Nov24_10_20_30_123.txt", Via::Push)), "not answered");
    ledger.append(NAME, time(), Event::Ack(ack(1, &[10, 11], 1))).unwrap();
    assert!(refused(&ledger, Event::Ack(ack(1, &[10, 11], 1))), "the same answer again");
    let is_applied = |number: u64, sha256: u8| ledger.is_applied(NAME, &ack(number, &[], 0).leaf, &[sha256; 32]);
    assert!(is_applied(1, 1) && !is_applied(1, 2) && !is_applied(2, 1));
    ledger.append(NAME, time(), Event::void("lost")).unwrap();
    assert!(refused(&ledger, Event::Ack(ack(2, &[20], 2))));
}

#[test]
fn reports_are_exported_once() {
    let (ledger, _) = full();
    let device = |number: u64| format!("P:TEST-SWITCH,S:TST{number:08}").parse().unwrap();
    let status = |ledger: &Ledger, number, id| ledger.status(&device(number), ReportId::new(id));
    assert_eq!(status(&ledger, 1, 10), ReportStatus::Acked);
    assert_eq!(status(&ledger, 1, 11), ReportStatus::Refused);
    assert_eq!(status(&ledger, 2, 10), ReportStatus::New, "ids are unique for one device only");
    let mut ledger = Ledger::new();
    ledger.append(NAME, time(), begin()).unwrap();
    assert_eq!(status(&ledger, 1, 10), ReportStatus::Exported);
    ledger.append(NAME, time(), Event::void("the leaves changed")).unwrap();
    assert_eq!(status(&ledger, 1, 10), ReportStatus::New, "given up: it may go out again");
}

#[test]
fn answers_of_one_leaf_add_up() {
    let (mut ledger, _) = full();
    ledger.append(NAME, time(), Event::Ack(ack(1, &[11], 3))).unwrap();
    let exported = ledger.bundle(NAME).unwrap();
    let sum = &exported.acks["dev_1_26Nov24_10_20_30_123.txt"];
    assert_eq!((&sum.reports, sum.refused.len(), sum.partial), (&ids(&[10, 11]), 0, false));
    assert_eq!(exported.state(), BundleState::Acked);
}

#[test]
fn two_leaves_may_be_answered_with_the_same_bytes() {
    let mut ledger = Ledger::new();
    ledger.append(NAME, time(), begin()).unwrap();
    ledger.append(NAME, time(), Event::seal([0; 32], 0)).unwrap();
    for (number, reports) in [(1, &[10, 11][..]), (2, &[20])] {
        ledger.append(NAME, time(), Event::Ack(ack(number, reports, 1))).unwrap();
        let leaf = format!("dev_{number}_26Nov24_10_20_30_123.txt");
        ledger.append(NAME, time(), Event::delivered(leaf, Via::File)).unwrap();
    }
    assert_eq!(ledger.bundle(NAME).unwrap().state(), BundleState::Acked);
}

#[test]
fn what_was_acknowledged_never_goes_up_again() {
    let (mut ledger, _) = full();
    let mut refused = ack(1, &[], 5);
    (refused.partial, refused.refused) = (true, ids(&[10]));
    ledger.append(NAME, time(), Event::Ack(refused)).unwrap();
    let device = "P:TEST-SWITCH,S:TST00000001".parse().unwrap();
    assert_eq!(ledger.status(&device, ReportId::new(10)), ReportStatus::Acked);
}

#[test]
fn two_leaves_of_one_name_could_not_be_told_apart() {
    let twice = Event::Begin(Begin::new("Quebec", [7; 32], vec![leaf(1, &[10]), leaf(1, &[11])]));
    assert_eq!(Ledger::new().append(NAME, time(), twice).unwrap_err().kind(), ErrorKind::LedgerState);
}

#[test]
fn an_interrupted_run_is_sealed_rebuilt_or_given_up() {
    let mut ledger = Ledger::new();
    ledger.append(NAME, time(), begin()).unwrap();
    assert_eq!(ledger.unsealed().map(|(name, _)| name).collect::<Vec<_>>(), [NAME]);
    let (right, wrong) = (Some([7; 32]), Some([8; 32]));
    assert_eq!(ledger.resume(NAME, right, None).unwrap(), Resume::Seal);
    assert_eq!(ledger.resume(NAME, wrong, right).unwrap(), Resume::Rebuild);
    assert_eq!(ledger.resume(NAME, None, right).unwrap(), Resume::Rebuild);
    assert_eq!(ledger.resume(NAME, None, wrong).unwrap(), Resume::Void);
    ledger.append(NAME, time(), Event::seal([0; 32], 1)).unwrap();
    assert_eq!(ledger.resume(NAME, right, right).unwrap_err().kind(), ErrorKind::LedgerState);
    assert_eq!(ledger.unsealed().count(), 0);
}

#[test]
fn a_name_that_is_taken_moves_on_by_a_millisecond() {
    let mut ledger = Ledger::new();
    for millisecond in ["123", "124"] {
        let name = format!("UD_SA_26Nov24_10_20_30_{millisecond}.tar.gz");
        ledger.append(&name, time(), begin()).unwrap();
    }
    let plan = ledger.free(Plan::new("", time())).unwrap();
    assert_eq!(plan.name().to_string(), "UD_SA_26Nov24_10_20_30_125.tar.gz");
}

#[test]
fn members_of_an_ha_set_are_kept_and_unknown_members_are_passed_over() {
    let mut with = leaf(1, &[10]);
    with.ha.push("P:TEST-SWITCH,S:TST00000009".parse().unwrap());
    let mut ledger = Ledger::new();
    let event = Event::Begin(Begin::new("Quebec", [7; 32], vec![with.clone()]));
    let line = ledger.append(NAME, time(), event).unwrap();
    let line = line.replacen("\"bundle\"", "\"a_later_member\":[{}],\"bundle\"", 1);
    let (again, kept) = Ledger::open(line.as_bytes()).unwrap();
    assert_eq!(kept, line.len() as u64);
    assert_eq!(again.bundle(NAME).unwrap().begin.leaves, [with]);
}

#[test]
fn words_of_an_answer_are_read_back_from_text_and_json() {
    fn each<T>(all: &[T])
    where
        T: Copy + PartialEq + std::fmt::Debug + std::fmt::Display + serde::Serialize + serde::de::DeserializeOwned,
        T: std::str::FromStr<Err = slp_model::Error>,
    {
        for word in all {
            assert_eq!(word.to_string().parse::<T>().unwrap(), *word);
            assert_eq!(serde_json::from_str::<T>(&serde_json::to_string(word).unwrap()).unwrap(), *word);
        }
    }
    each(Via::ALL);
    each(Basis::ALL);
    each(crate::bundle::Verdict::ALL);
    let error = "ACKED".parse::<crate::bundle::Verdict>().unwrap_err().to_string();
    assert_eq!(error, "\"ACKED\" is no verdict; expected one of: acked, foreign, mismatched, repeated, ambiguous");
}
