//! An answer of any size is taken document by document.
#![expect(clippy::disallowed_methods, reason = "a test reads what the system says about its process")]

mod support;

use std::io::Cursor;

use slp_sync::Limits;
use slp_sync::bundle::{BundleName, Plan as BundlePlan, Reader, Writer};
use support::*;

/// Devices, and bytes of each document: 48 MiB in all.
const DEVICES: u32 = 24;
const DOCUMENT: usize = 2 << 20;
/// What an import may take: some documents, the pages that the store has in memory, and not all documents.
const SHARE: usize = 24 << 20;

fn highest() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? * 1_024)
}

/// The same answer with large documents: what the cloud signed stands among blanks.
fn widened(name: &str, answer: &[u8], now: slp_model::UnixMillis) -> Vec<u8> {
    let parsed: BundleName = name.parse().unwrap();
    let mut plan = BundlePlan::new(parsed.name.unwrap(), now);
    plan.ack = true;
    let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan).unwrap();
    // lines of many lengths: a reader takes what inflates too well for an attack
    let mut numbers = fastrand::Rng::with_seed(1);
    let mut blanks = String::new();
    while blanks.len() < DOCUMENT {
        blanks.push_str(&" ".repeat(numbers.usize(10..90)));
        blanks.push('\n');
    }
    for leaf in Reader::new(answer, &Limits::default()) {
        let leaf = leaf.unwrap();
        let text = std::str::from_utf8(&leaf.bytes).unwrap();
        let (head, tail) = text.split_at(text.rfind("</smartLicense>").unwrap());
        let document = format!("{head}{}{tail}", &blanks[text.len()..DOCUMENT]);
        writer.add_leaf(0, leaf.number().unwrap(), document.as_bytes()).unwrap();
    }
    writer.finish().unwrap().0
}

#[test]
fn an_answer_is_never_in_memory_as_a_whole() {
    let Some(_) = highest() else {
        eprintln!("skipped: the system does not tell how much memory a process had");
        return;
    };
    let world = World::new(Plan { devices: DEVICES, ..Plan::new(false, false) }, 31);
    for number in 1..=DEVICES {
        world.say(number, "license network-advantage 1");
    }
    world.pass(31 * DAY);
    let (name, bytes) = world.exported();
    let upload = world.cloud.lock().unwrap().upload(&name, &bytes, world.now());
    let name = upload.answer.unwrap();
    let answer = widened(&name, world.cloud.lock().unwrap().answer(&name).unwrap(), world.now());
    let before = highest().unwrap();
    let imported = world.collector().import_from(&name, || Ok(&answer[..]), world.now()).unwrap();
    let taken = highest().unwrap() - before;
    assert_eq!((imported.answered, imported.refused), (usize::try_from(DEVICES).unwrap(), 0));
    assert!(taken < SHARE, "{taken} bytes for an answer of {} bytes", usize::try_from(DEVICES).unwrap() * DOCUMENT);
    eprintln!("{taken} bytes for an answer of {} bytes", usize::try_from(DEVICES).unwrap() * DOCUMENT);
}

#[test]
fn an_answer_that_changes_while_it_is_read_leaves_nothing_behind() {
    let world = World::new(Plan { devices: 2, ..Plan::new(false, false) }, 32);
    for number in 1..=2 {
        world.say(number, "license network-advantage 1");
    }
    world.pass(31 * DAY);
    let (name, bytes) = world.exported();
    let answers = [0, 60].map(|later| {
        let mut cloud = world.cloud.lock().unwrap();
        let answer = cloud.upload(&name, &bytes, slp_kit::later(world.now(), later)).answer.unwrap();
        (answer.clone(), cloud.answer(&answer).unwrap().to_vec())
    });
    let mut turn = 0;
    let open = || {
        turn += 1;
        Ok(&answers[turn - 1].1[..])
    };
    let error = world.collector().import_from(&answers[0].0, open, world.now()).unwrap_err().to_string();
    assert!(error.contains("was changed while it was read"), "{error}");
    assert!(world.collector().store().reports().unwrap().iter().all(|one| one.state == cslu::ReportState::Forwarded));
    let gone = || Err::<&[u8], _>(std::io::Error::other("the stick was pulled out"));
    let error = world.collector().import_from(&answers[0].0, gone, world.now()).unwrap_err().to_string();
    assert_eq!(error, "the stick was pulled out");
    assert_eq!(world.collector().import(&answers[0].0, &answers[0].1, world.now()).unwrap().answered, 2);
}
