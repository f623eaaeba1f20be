//! `slp bundle`, `slp ack` and `slp fleet`: what is written.

use slp_sync::bundle::{Plan, Reader, Survey, Writer};
use slp_sync::{Limits, tar};

use super::bundles::{compressed, fleet, nested, samples};
use super::*;

pub(crate) const AT: &str = "2026-11-24T10:20:30.123Z";

/// All files below a folder, sorted, with their bytes.
pub(crate) fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(open) = folders.pop() {
        for entry in fs::read_dir(open).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.push((name, bytes_of(path.to_str().unwrap())));
            }
        }
    }
    files.sort();
    files
}

/// The leaves of a bundle: name and bytes.
fn leaves(bundle: &[u8]) -> Vec<(String, Vec<u8>)> {
    let reader = Reader::new(bundle, &Limits::bulk());
    reader.map(|leaf| leaf.unwrap()).map(|leaf| (leaf.name.to_string(), leaf.bytes.to_vec())).collect()
}

/// What an acknowledgement of these reports looks like; refused ones come with a code.
pub(crate) fn answer(document: &[u8], refuse: impl Fn(usize) -> bool) -> Vec<u8> {
    let survey = Survey::of(document).unwrap();
    let (pid, serial) = (survey.device.pid(), survey.device.serial());
    let acks = survey.reports.iter().enumerate().map(|(at, id)| {
        let status = if refuse(at) { r#""ERROR","error_code":"45","message":"signature""# } else { r#""ACK""# };
        format!(r#"{{"sudi":{{"udi_pid":"{pid}","udi_serial_number":"{serial}"}},"report_id":{id},"status":{status}}}"#)
    });
    let list = acks.collect::<Vec<_>>().join(",");
    format!(
        "<smartLicense><smartLicenseRumAck><data><![CDATA[[{list}]]]></data><signature>AAAA</signature>\
         </smartLicenseRumAck></smartLicense>"
    )
    .into_bytes()
}

/// The answer to a bundle of `account`, written at [`AT`]: `change` sees number and answer of each leaf, and may leave
/// it out.
pub(crate) fn ack_bundle(
    bundle: &[u8],
    account: &str,
    mut change: impl FnMut(u64, Vec<u8>, &[u8]) -> Option<Vec<u8>>,
) -> (String, Vec<u8>) {
    let mut plan = Plan::new(account, AT.parse().unwrap());
    plan.ack = true;
    let mut writer = Writer::new(Vec::new(), io::Cursor::new(Vec::new()), &plan).unwrap();
    for leaf in Reader::new(bundle, &Limits::bulk()) {
        let leaf = leaf.unwrap();
        let number = leaf.number().unwrap();
        if let Some(bytes) = change(number, answer(&leaf.bytes, |_| false), &leaf.bytes) {
            writer.add_leaf(0, number, &bytes).unwrap();
        }
    }
    (plan.name().to_string(), writer.finish().unwrap().0)
}

/// A folder with the leaves of a fleet, and one for results.
pub(crate) fn devices(folder: &Folder, number: u64) -> (String, String) {
    let path = fleet(folder, number, 2, 3);
    let (leaves, out) = (folder.0.join("leaves"), folder.0.join("out"));
    fine(&["bundle", "extract", &path, "-o", leaves.to_str().unwrap()]);
    fs::create_dir(&out).unwrap();
    (leaves.to_str().unwrap().to_owned(), out.to_str().unwrap().to_owned())
}

#[test]
fn a_fleet_goes_round_with_every_byte() {
    let folder = Folder::new("round");
    let path = fleet(&folder, 9, 3, 5);
    let bundle = bytes_of(&path);
    let listed = fine(&["bundle", "list", &path]);
    assert_eq!(listed.lines().filter(|line| line.contains("!dev_")).count(), 9);
    assert!(listed.contains("9 leaves in 1 archive") && listed.contains("27 reports"), "{listed}");
    let out = folder.0.join("leaves");
    fine(&["bundle", "extract", &path, "-o", out.to_str().unwrap()]);
    let files = tree(&out);
    let name = |name: &str| name.split('/').next_back().unwrap().to_owned();
    let extracted: Vec<_> = files.iter().map(|(path, bytes)| (name(path), bytes.clone())).collect();
    assert_eq!(extracted, leaves(&bundle));
    let again = folder.0.join("again.tar.gz");
    fine(&["usage", "--summary", out.to_str().unwrap()]);
    let call = slp(&[
        "bundle",
        "create",
        "-o",
        again.to_str().unwrap(),
        "--smart-account",
        "Fleet",
        "--at",
        "2024-01-01",
        out.to_str().unwrap(),
    ]);
    assert_eq!(call.status, Status::Fine, "{}", call.errors);
    assert!(bytes_of(again.to_str().unwrap()) == bundle, "nine devices sort as they are numbered: the same bundle");

    let (ack_name, ack) = ack_bundle(&bundle, "Fleet", |_, answer, _| Some(answer));
    folder.file(&ack_name, &ack);
    let answers = folder.0.join("answers");
    let split = slp(&[
        "ack",
        "split",
        folder.0.join(&ack_name).to_str().unwrap(),
        "--bundle",
        &path,
        "-o",
        answers.to_str().unwrap(),
    ]);
    assert_eq!(split.status, Status::Fine, "{}{}", split.output, split.errors);
    let mut delivered: Vec<_> = tree(&answers).into_iter().map(|(_, bytes)| bytes).collect();
    let mut sent: Vec<_> = leaves(&ack).into_iter().map(|(_, bytes)| bytes).collect();
    delivered.sort();
    sent.sort();
    assert_eq!(delivered, sent);
}

#[test]
fn a_fleet_is_the_same_on_any_number_of_threads_and_another_with_another_seed() {
    let folder = Folder::new("same-fleet");
    let bytes = |threads: &str, seed: &str, name: &str| {
        let path = folder.0.join(name);
        let path = path.to_str().unwrap();
        fine(&["fleet", "--devices", "300", "--seed", seed, "--threads", threads, "-o", path]);
        bytes_of(path)
    };
    let one = bytes("1", "1", "a");
    assert!(one == bytes("2", "1", "b") && one == bytes("2", "1", "c"));
    assert!(one != bytes("2", "2", "d"));
    let text = String::from_utf8_lossy(&leaves(&one)[0].1).into_owned();
    assert!(text.contains("TST00000001") && !text.contains("FCW"), "serials are invented");
}

#[test]
fn a_bundle_is_the_same_on_any_number_of_threads_and_in_a_second_run() {
    let folder = Folder::new("same-bundle");
    let (leaves, _) = devices(&folder, 700);
    let create = |threads: &str, name: &str| {
        let path = folder.0.join(name).to_str().unwrap().to_owned();
        slp(&["bundle", "create", "-o", &path, "--at", AT, "--threads", threads, &leaves]);
        bytes_of(&path)
    };
    let one = create("1", "1.tar.gz");
    assert!(one == create("2", "2.tar.gz") && one == create("2", "again.tar.gz"));
    let packed: usize = self::leaves(&one).iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(packed > 2 * slp_sync::gzip::CHUNK, "several pieces, which the threads share: {packed}");
}

#[test]
fn real_signatures_come_from_a_key_and_verify() {
    let folder = Folder::new("signed-fleet");
    let (key, secret) = slp_crypto::SigningKey::generate().unwrap();
    let mut pem = Vec::new();
    secret.write_to(&mut pem).unwrap();
    folder.file("key.pem", &pem);
    let path = folder.0.join("f.tar.gz");
    let key_path = folder.0.join("key.pem");
    let words = ["fleet", "--devices", "2", "--reports", "2", "-o", path.to_str().unwrap(), "--signatures", "real"];
    assert_eq!(slp(&words).status, Status::WrongCall, "no key");
    fine(&[&words[..], &["--key", key_path.to_str().unwrap()]].concat());
    let mut trust = slp_crypto::TrustStore::empty();
    let scope = slp_crypto::KeyScope::KeyText("00000001".into());
    trust.add_key(scope, slp_crypto::Signer::public_key(&key).clone());
    let verifier = slp_crypto::Verifier::builder(&trust).build();
    let mut checked = 0;
    for (_, bytes) in leaves(&bytes_of(path.to_str().unwrap())) {
        for report in slp_rum::Document::parse(&bytes).unwrap().reports() {
            let report = report.unwrap();
            let verdict = verifier.verify(&report, slp_crypto::TimePolicy::Ignore);
            assert!(verdict.is_ok(), "{:?}", verdict.err().map(|error| error.to_string()));
            checked += 1;
        }
    }
    assert_eq!(checked, 4);
}

#[test]
fn what_is_written_is_said_in_both_forms() {
    let folder = Folder::new("said");
    let (leaves, out) = devices(&folder, 3);
    folder.file("leaves/bad.txt", b"<html/>").file("leaves/bundle.tar.gz", &nested([("dev_1.txt", &b"<a/>"[..])]));
    let words = ["bundle", "create", "-o", &out, "--smart-account", "Acme Enterprise", "--at", AT, &leaves];
    let call = slp(&words);
    assert_eq!(call.status, Status::Errors);
    insta::assert_snapshot!("create", folder.relative(&call.output));
    insta::assert_snapshot!("create-errors", folder.relative(&call.errors));
    let path = format!("{out}/UD_SA_Acme_Enterprise_26Nov24_10_20_30_123.tar.gz");
    insta::assert_snapshot!("list", fine(&["bundle", "list", &path]));
    insta::assert_snapshot!("list-json", fine(&["bundle", "list", "--json", &path]));
    let again = slp(&words);
    assert_eq!(again.status, Status::Errors);
    assert!(again.errors.ends_with("it exists: give another name, or remove it\n"), "{}", again.errors);
    let strict = slp(&[&words[..], &["--strict", "--json"]].concat());
    assert!(strict.errors.contains("2 files cannot go into a bundle"), "{}", strict.errors);
    let json = slp(&["bundle", "create", "-o", &out, "--at", AT, "--json", &leaves]).output;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["bundle"], &json["devices"], &json["left_out"]),
        (&"UD_SA_26Nov24_10_20_30_123.tar.gz".into(), &3.into(), &2.into())
    );
}

#[test]
fn files_of_one_device_become_one_leaf() {
    let folder = Folder::new("merged");
    let (leaves_path, out) = devices(&folder, 2);
    let (name, whole) = tree(Path::new(&leaves_path)).remove(0);
    // the same file under a later name, and one with a report less
    folder.file(&format!("leaves/{name}.copy.txt"), &whole);
    let text = String::from_utf8(whole.clone()).unwrap();
    let second = text.match_indices("<RUMReport>").nth(1).unwrap().0;
    folder.file(&format!("leaves/{name}.part.txt"), format!("{}</smartLicense>", &text[..second]).as_bytes());
    fine(&["bundle", "create", "-o", &out, "--at", AT, &leaves_path]);
    let bundle = bytes_of(&format!("{out}/UD_SA_26Nov24_10_20_30_123.tar.gz"));
    let leaves = leaves(&bundle);
    assert_eq!(leaves.len(), 2);
    let (merged, one) = (Survey::of(&leaves[0].1).unwrap(), Survey::of(&whole).unwrap());
    assert_eq!(merged.device, one.device);
    assert_eq!(merged.reports.len(), 2, "each report once");
}

#[test]
fn more_than_one_bundle_holds_is_split_with_and_without_a_ledger() {
    let folder = Folder::new("split-export");
    let (leaves_path, out) = devices(&folder, 5);
    let words = ["bundle", "create", "-o", &out, "--at", AT, "--max-devices", "2", "--json", &leaves_path];
    let call = slp(&words);
    let said: Vec<serde_json::Value> = call.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = said.iter().map(|one| (one["bundle"].as_str().unwrap(), one["devices"].as_u64())).collect();
    let name = |millis| format!("UD_SA_26Nov24_10_20_30_{millis}.tar.gz");
    let names = [name(123), name(124), name(125)];
    assert_eq!(told, [(&*names[0], Some(2)), (&*names[1], Some(2)), (&*names[2], Some(1))], "{}", call.errors);
    let whole = tree(Path::new(&out));
    let together: Vec<_> = whole.iter().flat_map(|(_, bundle)| leaves(bundle)).map(|(_, bytes)| bytes).collect();
    let files: Vec<_> = tree(Path::new(&leaves_path)).into_iter().map(|(_, bytes)| bytes).collect();
    assert!(together == files);
    fs::remove_dir_all(&out).unwrap();
    fs::create_dir(&out).unwrap();
    // killed when the second one was begun: it is finished, and the third is written
    let ledger = folder.0.join("l.jsonl").to_str().unwrap().to_owned();
    let with_ledger = [&words[..], &["--ledger", &ledger]].concat();
    fine(&with_ledger);
    let lines = String::from_utf8(bytes_of(&ledger)).unwrap();
    fs::write(&ledger, lines.split_inclusive('\n').take(3).collect::<String>()).unwrap();
    for name in &names[1..] {
        fs::remove_file(format!("{out}/{name}")).unwrap();
    }
    fine(&with_ledger);
    assert!(tree(Path::new(&out)) == whole);
    assert_eq!(String::from_utf8(bytes_of(&ledger)).unwrap(), lines);
    let one = folder.0.join("one.tar.gz").to_str().unwrap().to_owned();
    let call = slp(&["bundle", "create", "-o", &one, "--at", AT, "--max-bytes", "1", &leaves_path]);
    assert_eq!((call.status, Path::new(&one).exists()), (Status::WrongCall, false));
    assert!(call.errors.contains("these files fill 5 bundles: give a folder for them"), "{}", call.errors);
}

#[test]
fn what_is_withheld_goes_into_no_bundle() {
    let folder = Folder::new("withheld");
    let (leaves_path, out) = devices(&folder, 1);
    let (name, whole) = tree(Path::new(&leaves_path)).remove(0);
    let survey = Survey::of(&whole).unwrap();
    let (pid, serial) = (survey.device.pid(), survey.device.serial());
    let info = format!(
        "<smartLicenseSystemInfo><data><![CDATA[{{\"sudi\":{{\"udi_pid\":\"{pid}\",\"udi_serial_number\":\"{serial}\"}},\
         \"hostname\":\"secret-1\"}}]]></data></smartLicenseSystemInfo></smartLicense>"
    );
    let text = String::from_utf8(whole).unwrap().replace("</smartLicense>", &info);
    folder.file(&format!("leaves/{name}"), text.as_bytes());
    let ledger = folder.0.join("l.jsonl").to_str().unwrap().to_owned();
    for (at, more) in [(AT, &["--ledger", &ledger][..]), ("2026-11-25", &[])] {
        let words = ["bundle", "create", "-o", &out, "--at", at, "--withhold", "hostname,mac", &leaves_path];
        fine(&[&words[..], more].concat());
    }
    for (_, bundle) in tree(Path::new(&out)) {
        let leaf = String::from_utf8(leaves(&bundle).remove(0).1).unwrap();
        assert!(leaf.contains("smartLicenseSystemInfo") && !leaf.contains("secret"), "{leaf}");
        assert_eq!(Survey::of(leaf.as_bytes()).unwrap().reports, survey.reports);
    }
    let call = slp(&["bundle", "create", "-o", &out, "--withhold", "serial", &leaves_path]);
    assert!(call.status == Status::WrongCall && call.errors.contains("hostname, ip, mac"), "{}", call.errors);
}

#[test]
fn with_a_ledger_nothing_goes_up_twice() {
    let folder = Folder::new("twice");
    let (leaves_path, out) = devices(&folder, 3);
    let ledger = folder.0.join("exports.jsonl").to_str().unwrap().to_owned();
    let create = |at: &str| slp(&["bundle", "create", "-o", &out, "--at", at, "--ledger", &ledger, &leaves_path]);
    // one report of the first device is not there yet
    let (name, whole) = tree(Path::new(&leaves_path)).remove(0);
    let text = String::from_utf8(whole.clone()).unwrap();
    let second = text.match_indices("<RUMReport>").nth(1).unwrap().0;
    folder.file(&format!("leaves/{name}"), format!("{}</smartLicense>", &text[..second]).as_bytes());
    assert_eq!(create(AT).status, Status::Fine);
    let none = create("2026-11-25");
    assert_eq!((none.status, &*none.output), (Status::Fine, ""));
    insta::assert_snapshot!(none.errors, @"note: no device has a report that was not exported before: nothing is written");
    folder.file(&format!("leaves/{name}"), &whole);
    let call = create("2026-11-26");
    assert_eq!(call.status, Status::Fine, "{}", call.errors);
    assert!(call.output.contains("1 device, 1 report"), "{}", call.output);
    assert!(call.output.contains("2 devices without a new report"), "{}", call.output);
    let second = leaves(&bytes_of(&format!("{out}/UD_SA_26Nov26_00_00_00_000.tar.gz")));
    let reports = Survey::of(&second[0].1).unwrap().reports;
    assert_eq!(reports, Survey::of(&whole).unwrap().reports[1..], "the one that was not sent");
    // the same second again: another name
    folder.file("leaves/new.txt", &bytes_of(CAMPUS));
    let call = create("2026-11-26");
    assert!(call.output.contains("UD_SA_26Nov26_00_00_00_001.tar.gz"), "{}{}", call.output, call.errors);
}

#[test]
fn where_no_file_is_one_of_a_device_that_is_said() {
    let folder = Folder::new("no-device");
    let out = folder.file("leaves/bad.txt", b"<html/>").0.join("out.tar.gz").to_str().unwrap().to_owned();
    let call = slp(&["bundle", "create", "-o", &out, "--at", AT, folder.0.join("leaves").to_str().unwrap()]);
    assert_eq!((call.status, Path::new(&out).exists()), (Status::Errors, false));
    let last = call.errors.lines().last();
    assert_eq!(last, Some("note: not one file of a device was read: nothing is written"), "{}", call.errors);
}

#[test]
fn a_refused_report_goes_up_again() {
    let folder = Folder::new("refused");
    let (leaves_path, out) = devices(&folder, 2);
    let ledger = folder.0.join("exports.jsonl").to_str().unwrap().to_owned();
    let create = |at: &str| slp(&["bundle", "create", "-o", &out, "--at", at, "--ledger", &ledger, &leaves_path]);
    create(AT);
    let bundle = bytes_of(&format!("{out}/UD_SA_26Nov24_10_20_30_123.tar.gz"));
    let (name, ack) = ack_bundle(&bundle, "", |number, whole, leaf| {
        Some(if number == 2 { answer(leaf, |at| at == 1) } else { whole })
    });
    folder.file(&name, &ack);
    let ack = folder.0.join(&name).to_str().unwrap().to_owned();
    let answers = folder.0.join("answers").to_str().unwrap().to_owned();
    let split = || slp(&["ack", "split", &ack, "--ledger", &ledger, "-o", &answers, "--at", AT]);
    let call = split();
    assert_eq!(call.status, Status::Errors, "one report stays open");
    insta::assert_snapshot!("split-partial", call.output);
    let lines = bytes_of(&ledger);
    let again = split();
    assert!(again.output.contains("already there") && again.output.contains("0 files written"), "{}", again.output);
    assert_eq!(bytes_of(&ledger), lines, "importing twice changes nothing");
    let call = create("2026-11-26");
    assert!(call.output.contains("1 device, 1 report"), "{}{}", call.output, call.errors);
}

#[test]
fn answers_that_do_not_fit_are_not_delivered() {
    let folder = Folder::new("misfits");
    let (leaves_path, out) = devices(&folder, 5);
    fine(&["bundle", "create", "-o", &out, "--smart-account", "Acme", "--at", AT, &leaves_path]);
    let path = format!("{out}/UD_SA_Acme_26Nov24_10_20_30_123.tar.gz");
    let bundle = bytes_of(&path);
    let mut first = Vec::new();
    let (name, ack) = ack_bundle(&bundle, "Acme", |number, answer, _| match number {
        1 => {
            first.clone_from(&answer);
            Some(answer)
        }
        2 => Some(first.clone()), // names device 1
        3 => None,
        4 => Some(b"<smartLicense>".to_vec()),
        _ => Some(answer),
    });
    // as a browser names a second download
    let name = name.replace(".tar.gz", " (1).tar.gz");
    let ack = folder.file(&name, &ack).0.join(&name).to_str().unwrap().to_owned();
    let answers = folder.0.join("answers");
    let words = ["ack", "split", &ack, "--bundle", &path, "-o", answers.to_str().unwrap()];
    let call = slp(&words);
    assert_eq!(call.status, Status::Errors);
    insta::assert_snapshot!("split", call.output);
    insta::assert_snapshot!("split-errors", folder.relative(&call.errors));
    let files: Vec<_> = tree(&answers).into_iter().map(|(name, _)| name).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    let json = slp(&[&words[..], &["--json"]].concat());
    insta::assert_snapshot!("split-json", json.output);
    // another answer to a device whose file is there
    folder.file(&format!("answers/{}", files[0]), b"something else");
    let call = slp(&words);
    assert!(call.errors.contains("is not overwritten"), "{}", call.errors);
    assert_eq!(tree(&answers)[0].1, b"something else");
    let ledger = format!("{out}/none.jsonl");
    let split = || slp(&["ack", "split", &ack, "--ledger", &ledger, "-o", "never"]);
    assert!(split().errors.contains("none.jsonl: cannot be"), "{}", split().errors);
    assert!(!Path::new(&ledger).exists());
    fs::write(&ledger, "").unwrap();
    assert!(split().errors.contains("(bundle-unknown)"), "{}", split().errors);
    assert!(!Path::new("never").exists());
}

#[test]
fn names_in_a_bundle_lead_nowhere() {
    let folder = Folder::new("names");
    let archive = tar::archive([("nul.txt", &b"<a/>"[..]), ("ä.txt", b"<b/>"), ("dev_1.txt", b"<c/>")], 0).unwrap();
    let path = folder.file("x.tgz", &compressed(&archive)).0.join("x.tgz");
    let out = folder.0.join("out");
    fine_with_notes(&["bundle", "extract", path.to_str().unwrap(), "-o", out.to_str().unwrap()]);
    let names: Vec<_> = tree(&out).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["dev_1.txt", "leaf_0.txt", "leaf_1.txt"]);
    let again = slp(&["bundle", "extract", path.to_str().unwrap(), "-o", out.to_str().unwrap()]);
    assert_eq!(again.status, Status::Errors);
    assert!(again.errors.contains("it is there, and no empty folder"), "{}", again.errors);
}

fn fine_with_notes(words: &[&str]) -> String {
    let call = slp(words);
    assert_eq!(call.status, Status::Fine, "{words:?}: {}", call.errors);
    call.output
}

#[test]
fn a_bundle_whose_files_changed_is_given_up_and_another_is_made() {
    let folder = Folder::new("given-up");
    let (leaves_path, out) = devices(&folder, 2);
    let ledger = folder.0.join("l.jsonl").to_str().unwrap().to_owned();
    let words = ["bundle", "create", "-o", &out, "--smart-account", "A", "--at", AT, "--ledger", &ledger, &leaves_path];
    fine(&words);
    // as if it had been killed before the seal, and the bundle had never been there
    let lines = String::from_utf8(bytes_of(&ledger)).unwrap();
    let begin = lines.split_inclusive('\n').next().unwrap();
    fs::write(&ledger, begin).unwrap();
    let bundle = format!("{out}/UD_SA_A_26Nov24_10_20_30_123.tar.gz");
    let kept = bytes_of(&bundle);
    let other = slp(&["bundle", "create", "-o", &out, "--smart-account", "B", "--ledger", &ledger, &leaves_path]);
    assert_eq!(other.status, Status::Errors);
    assert!(other.errors.contains("was begun for another account and not finished"), "{}", other.errors);
    // finished: the bundle is there, its files are not what they were
    let (name, whole) = tree(Path::new(&leaves_path)).remove(0);
    folder.file(&format!("leaves/{name}"), &bytes_of(CAMPUS));
    let call = slp(&words);
    assert!(call.errors.contains("was finished; its files changed since"), "{}", call.errors);
    assert!(bytes_of(&bundle) == kept);
    assert_eq!(String::from_utf8(bytes_of(&ledger)).unwrap(), lines, "the same seal");
    // never finished: given up, and made anew of what is there
    fs::write(&ledger, begin).unwrap();
    fs::remove_file(&bundle).unwrap();
    fine(&words);
    let lines = String::from_utf8(bytes_of(&ledger)).unwrap();
    let events: Vec<_> =
        lines.lines().map(|line| line.split("\"event\":\"").nth(1).unwrap().split('"').next().unwrap()).collect();
    assert_eq!(events, ["begin", "void", "begin", "seal"]);
    folder.file(&format!("leaves/{name}"), &whole);
    assert!(fine(&words).contains("1 device, 2 reports"), "the reports of the one that was given up are open");
}

#[test]
fn the_ack_bundles_of_the_samples_are_split() {
    let Some(samples) = samples() else { return };
    let golden = samples.join("sync/golden");
    let bundle = fs::read_dir(golden.join("default")).unwrap().next().unwrap().unwrap().path();
    for (name, status) in [("ack_complete", Status::Fine), ("ack_mixed", Status::Errors)] {
        let folder = Folder::new(name);
        let ack = fs::read_dir(golden.join(name)).unwrap().next().unwrap().unwrap().path();
        let (ack, bundle) = (ack.to_str().unwrap(), bundle.to_str().unwrap());
        let call = slp(&["ack", "split", ack, "--bundle", bundle, "-o", folder.path()]);
        assert_eq!(call.status, status, "{name}: {}{}", call.output, call.errors);
    }
}
