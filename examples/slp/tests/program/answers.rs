//! `slp ack split` where the name of the answer does not say which bundle it answers.

use super::exports::{AT, ack_bundle, devices, tree};
use super::*;

/// A ledger of two bundles: a report of the first device went up in the second one alone.
struct Sent {
    folder: Folder,
    ledger: String,
    /// The answers to both, under names that say nothing.
    answers: [String; 2],
}

fn names() -> [String; 2] {
    ["24_10_20_30_123", "26_00_00_00_000"].map(|time| format!("UD_SA_26Nov{time}.tar.gz"))
}

fn sent(name: &str) -> Sent {
    let folder = Folder::new(name);
    let (leaves, out) = devices(&folder, 3);
    let ledger = folder.0.join("exports.jsonl").to_str().unwrap().to_owned();
    let (name, whole) = tree(Path::new(&leaves)).remove(0);
    let text = String::from_utf8(whole.clone()).unwrap();
    let second = text.match_indices("<RUMReport>").nth(1).unwrap().0;
    folder.file(&format!("leaves/{name}"), format!("{}</smartLicense>", &text[..second]).as_bytes());
    let create = |at: &str| fine(&["bundle", "create", "-o", &out, "--at", at, "--ledger", &ledger, &leaves]);
    create(AT);
    folder.file(&format!("leaves/{name}"), &whole);
    create("2026-11-26");
    let answers = names().map(|name| {
        let (_, ack) = ack_bundle(&bytes_of(&format!("{out}/{name}")), "", |_, answer, _| Some(answer));
        let renamed = format!("renamed-{}", &name[11..13]);
        folder.file(&renamed, &ack).0.join(&renamed).to_str().unwrap().to_owned()
    });
    Sent { folder, ledger, answers }
}

impl Sent {
    fn split(&self, ack: &str, out: &str, more: &[&str]) -> Call {
        let out = self.folder.0.join(out).to_str().unwrap().to_owned();
        slp(&[&["ack", "split", ack, "--ledger", &self.ledger, "-o", &out, "--at", AT], more].concat())
    }

    fn delivered(&self, out: &str) -> usize {
        let path = self.folder.0.join(out);
        if path.exists() { tree(&path).len() } else { 0 }
    }
}

#[test]
fn a_renamed_answer_finds_its_bundle_by_device_and_reports() {
    let sent = sent("renamed-answer");
    let [first, second] = &sent.answers;
    // the later one first: its device waits in both
    let call = sent.split(second, "two", &[]);
    assert_eq!((call.status, sent.delivered("two")), (Status::Errors, 0), "{}", call.output);
    insta::assert_snapshot!("answer-of-unknown-name", sent.folder.relative(&call.errors));
    let call = sent.split(second, "two", &["--by-udi"]);
    assert_eq!(call.status, Status::Fine, "{}{}", call.output, call.errors);
    insta::assert_snapshot!("answer-renamed", call.output);
    let call = sent.split(first, "one", &["--by-udi", "--json"]);
    assert_eq!(call.status, Status::Fine, "{}{}", call.output, call.errors);
    let json: serde_json::Value = serde_json::from_str(&call.output).unwrap();
    assert_eq!((&json["bundles"], &json["state"]), (&[names()[0].as_str()].into(), &"acked".into()));
    assert_eq!((sent.delivered("one"), sent.delivered("two")), (3, 1));
    // again: nothing changes, though no bundle is open any more
    let lines = bytes_of(&sent.ledger);
    let again = sent.split(first, "one", &["--by-udi"]);
    assert_eq!(again.status, Status::Fine, "{}{}", again.output, again.errors);
    assert!(again.output.contains("already there") && again.output.contains("0 files written"), "{}", again.output);
    assert_eq!(bytes_of(&sent.ledger), lines);
}

#[test]
fn an_answer_that_lacks_a_device_says_who_is_missing_in_the_bundle_it_is_of() {
    let sent = sent("renamed-part");
    let out = sent.folder.0.join("out");
    let bundle = bytes_of(out.join(&names()[0]).to_str().unwrap());
    let (_, ack) = ack_bundle(&bundle, "", |number, answer, _| (number != 2).then_some(answer));
    let path = sent.folder.file("part", &ack).0.join("part");
    let call = sent.split(path.to_str().unwrap(), "answers", &["--by-udi", "--json"]);
    assert_eq!(call.status, Status::Errors);
    let json: serde_json::Value = serde_json::from_str(&call.output).unwrap();
    let missing = json["missing"].as_array().unwrap();
    assert_eq!((missing.len(), &missing[0]["bundle"]), (1, &names()[0].as_str().into()), "{json}");
    assert_eq!(json["state"], "partly-acked");
}

#[test]
fn an_answer_that_could_be_of_two_bundles_is_named_and_not_delivered() {
    let sent = sent("renamed-either");
    let first = slp_sync::bundle::Reader::new(&bytes_of(&sent.answers[0])[..], &slp_sync::Limits::bulk()).next();
    let named = String::from_utf8(first.unwrap().unwrap().bytes.into_owned()).unwrap();
    // a report that never went up
    let device = named.split("\"sudi\":{").nth(1).unwrap().split('}').next().unwrap();
    let unknown = format!(
        "<smartLicense><smartLicenseRumAck><data><![CDATA[[{{\"sudi\":{{{device}}},\"report_id\":99999,\"status\":\"ACK\"}}]]]>\
         </data><signature>AAAA</signature></smartLicenseRumAck></smartLicense>"
    );
    let path = sent.folder.file("foreign-report.txt", unknown.as_bytes()).0.join("foreign-report.txt");
    let call = sent.split(path.to_str().unwrap(), "answers", &["--by-udi"]);
    assert!(call.status == Status::Errors && call.output.contains("mismatched"), "{}{}", call.output, call.errors);
    // both reports of the device, which went up one by one
    let second = slp_sync::bundle::Reader::new(&bytes_of(&sent.answers[1])[..], &slp_sync::Limits::bulk()).next();
    let second = String::from_utf8(second.unwrap().unwrap().bytes.into_owned()).unwrap();
    let member = second.split("[CDATA[[").nth(1).unwrap().split("]]]>").next().unwrap();
    let merged = named.replacen("]]]>", &format!(",{member}]]]>"), 1);
    let path = sent.folder.file("both.txt", merged.as_bytes()).0.join("both.txt");
    let call = sent.split(path.to_str().unwrap(), "answers", &["--by-udi"]);
    assert_eq!(call.status, Status::Errors);
    insta::assert_snapshot!("answer-of-two-bundles", sent.folder.relative(&call.output));
    let json = sent.split(path.to_str().unwrap(), "answers", &["--by-udi", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.output).unwrap();
    let both: Vec<_> = names().iter().map(|name| serde_json::Value::from(name.as_str())).collect();
    assert_eq!(json["answers"][0]["candidates"], serde_json::Value::Array(both));
    assert_eq!(sent.delivered("answers"), 0);
}

#[test]
fn by_udi_looks_everything_up_and_needs_a_ledger() {
    let sent = sent("by-udi");
    let [first, _] = &sent.answers;
    let path = sent.folder.0.join(format!("ACK_{}", names()[1]));
    fs::copy(first, &path).unwrap();
    // it has the name of the other one
    let call = sent.split(path.to_str().unwrap(), "wrong", &[]);
    assert_eq!((call.status, sent.delivered("wrong")), (Status::Errors, 0), "{}", call.output);
    let call = sent.split(path.to_str().unwrap(), "right", &["--by-udi"]);
    assert_eq!((call.status, sent.delivered("right")), (Status::Fine, 3), "{}{}", call.output, call.errors);
    let call = slp(&["ack", "split", first, "--by-udi", "--bundle", first, "-o", "never"]);
    assert_eq!(call.status, Status::WrongCall, "{}", call.errors);
}
