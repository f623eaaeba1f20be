//! A run that is killed at any moment is finished by the next, to the same bytes.

#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::exports::{AT, ack_bundle, devices, tree};
use super::*;

/// Kills that hit a run at work, for each command.
const KILLS: u64 = 100;

/// Moments that look like chance and are the same in every run.
struct Moments(u64);

impl Moments {
    /// A part of `whole`.
    fn next(&mut self, whole: Duration) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        whole.mul_f64(f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX))
    }
}

fn start(words: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slp"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Kills the run after this time. False: it was at its end before.
#[expect(clippy::disallowed_methods, reason = "moments are what this is about")]
fn kill_after(words: &[&str], wait: Duration) -> bool {
    let started = Instant::now();
    let mut child = start(words);
    while started.elapsed() < wait {
        std::hint::spin_loop();
    }
    let at_work = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    at_work
}

#[expect(clippy::disallowed_methods, reason = "moments are what this is about")]
fn time_of(words: &[&str]) -> Duration {
    let started = Instant::now();
    assert!(start(words).wait().unwrap().success(), "{words:?}");
    started.elapsed()
}

/// Runs `words` in fresh folders, killed once or twice, then to the end: `out` and the ledger are always the same.
fn survives(folder: &Folder, prepare: impl Fn(), words: &[&str]) {
    let (out, ledger) = (folder.0.join("out"), folder.0.join("exports.jsonl"));
    let fresh = || {
        drop(fs::remove_dir_all(&out));
        fs::create_dir(&out).unwrap();
        prepare();
    };
    fresh();
    let whole = time_of(words);
    let expected = (tree(&out), bytes_of(ledger.to_str().unwrap()));
    let (mut killed, mut moments) = (0, Moments(7));
    for _ in 0..KILLS * 20 {
        fresh();
        for _ in 0..2 {
            killed += u64::from(kill_after(words, moments.next(whole)));
        }
        assert!(start(words).wait().unwrap().success(), "after {killed} kills");
        let found = (tree(&out), bytes_of(ledger.to_str().unwrap()));
        assert!(
            found == expected,
            "after {killed} kills: {:?}",
            found.0.iter().map(|(name, _)| name).collect::<Vec<_>>()
        );
        if killed >= KILLS {
            return;
        }
    }
    panic!("only {killed} kills hit a run at work");
}

#[test]
fn a_bundle_is_the_same_after_any_kill_and_its_ledger_has_each_line_once() {
    let folder = Folder::new("killed-create");
    let (leaves, out) = devices(&folder, 15);
    let ledger = folder.0.join("exports.jsonl");
    let words = ["bundle", "create", "-o", &out, "--at", AT, "--ledger", ledger.to_str().unwrap(), &leaves];
    survives(&folder, || drop(fs::remove_file(&ledger)), &words);
}

fn answers_survive(name: &str, more: &[&str]) {
    let folder = Folder::new(name);
    let (leaves, out) = devices(&folder, 15);
    let ledger = folder.0.join("exports.jsonl");
    let path = folder.0.join("UD_SA_26Nov24_10_20_30_123.tar.gz");
    let create =
        ["bundle", "create", "-o", path.to_str().unwrap(), "--at", AT, "--ledger", ledger.to_str().unwrap(), &leaves];
    fine(&create);
    let exported = bytes_of(ledger.to_str().unwrap());
    let (name, ack) = ack_bundle(&bytes_of(path.to_str().unwrap()), "", |_, answer, _| Some(answer));
    folder.file(&name, &ack);
    let ack = folder.0.join(name);
    let words = ["ack", "split", ack.to_str().unwrap(), "--ledger", ledger.to_str().unwrap(), "-o", &out, "--at", AT];
    survives(&folder, || fs::write(&ledger, &exported).unwrap(), &[&words, more].concat());
}

#[test]
fn answers_are_the_same_after_any_kill_and_the_ledger_has_each_line_once() {
    answers_survive("killed-split", &[]);
}

#[test]
fn answers_that_are_looked_up_by_device_are_the_same_after_any_kill() {
    answers_survive("killed-lookup", &["--by-udi"]);
}
