//! What the documents of the programs say can be done by hand is done here by hand.
#![allow(clippy::disallowed_methods, reason = "tests read files")]

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use cssm::{Cloud, FaultKind, Settings};
use slp_kit::{Authority, Clock, Random, SystemClock};
use slp_transport::cssm::{CloudAnswer, PollOutcome};
use slp_transport::{Action, Limits};
use support::device;

const README: &str = include_str!("../../README.md");

/// The block of shell lines in which this stands.
fn block(word: &str) -> String {
    let blocks = README.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let mut found = blocks.map(|(block, _)| block).filter(|block| block.contains(word));
    found.next().unwrap().to_owned()
}

#[test]
fn third_party_curl_walks_oauth_reportusage_and_poll_by_the_lines_of_the_readme() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: there is no curl here, so the lines of the README are not run");
        return;
    }
    // the program of the first block, in this process
    assert!(block("cargo run --release -p cssm").contains("--settings examples/cssm/cssm.toml"));
    let settings = Settings::from_toml(include_str!("../cssm.toml")).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let cloud = Cloud::new(settings, Authority::new("Root of a test").unwrap(), Random::system(), clock.now()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let anywhere: SocketAddr = ([127, 0, 0, 1], 0).into();
    let cloud = Arc::new(Mutex::new(cloud));
    let listening = runtime.block_on(cssm::serve(Arc::clone(&cloud), clock, anywhere, &["localhost"], true)).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let done = Command::new("sh")
        .args(["-eu", "-c", &block("/v2/devices/reportusage")])
        .env("CLOUD", format!("http://{}", listening.address))
        .env("NO_PROXY", "*")
        .current_dir(root)
        .output()
        .unwrap();
    let printed = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{printed}{}", String::from_utf8_lossy(&done.stderr));
    let lines: Vec<&str> = printed.lines().collect();
    let [accounts, result] = lines.as_slice() else { panic!("{printed}") };
    assert!(accounts.contains("\"domain\":\"account.example\""), "{accounts}");
    let answer = CloudAnswer::from_json(result.as_bytes(), &Limits::default()).unwrap();
    let PollOutcome::Done(results) = answer.polled(&Action::Acknowledgements, "poll").unwrap() else {
        panic!("{result}")
    };
    assert!(results.acknowledgements.unwrap()[0].smart_license.is_some());
    let cloud = cloud.lock().unwrap();
    assert_eq!(cloud.device(&device(1)).unwrap().reports.len(), 1, "and the cloud counts it");
    assert_eq!(cloud.balances(slp_model::UnixMillis::MAX)[0].in_use, 2);
}

/// Rows of the table: the programs and tests that each names.
fn table() -> Vec<(String, String)> {
    let readme = include_str!("../../README.md");
    let (_, table) = readme.split_once("## Where the statements of the deck are shown").unwrap();
    let mut named = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| ") && line.contains('`')) {
        let (mut program, cell) = (None, row.rsplit(" | ").next().unwrap());
        for (place, word) in cell.split('`').enumerate().filter(|(place, _)| place % 2 == 1) {
            let is_program = cell.split('`').nth(place + 1).is_some_and(|rest| rest.starts_with(':'));
            if is_program {
                program = Some(word.to_owned());
            } else {
                named.push((program.clone().unwrap(), word.to_owned()));
            }
        }
    }
    named
}

fn sources(folder: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&String::from_utf8(slp_kit::read_whole(&path, 1 << 20).unwrap()).unwrap());
        }
    }
}

#[test]
fn every_test_that_the_table_names_is_a_test_of_that_program() {
    let named = table();
    assert!(named.len() > 40, "{named:?}");
    for (program, test) in named {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&program);
        let mut text = String::new();
        for part in ["src", "tests"] {
            sources(&folder.join(part), &mut text);
        }
        assert!(text.contains(&format!("#[test]\nfn {test}()")), "{program} has no test {test}");
    }
}

#[test]
fn the_scenario_of_the_readme_has_every_kind_of_fault() {
    let settings = Settings::from_toml(include_str!("../scenario.toml")).unwrap();
    let kinds: Vec<FaultKind> = settings.faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(
        kinds,
        [
            FaultKind::Status(503),
            FaultKind::Slow(172_800),
            FaultKind::Twice,
            FaultKind::WrongDevice,
            FaultKind::Forged,
            FaultKind::LostAnswer,
            FaultKind::Silence,
            FaultKind::Clock(7_200),
        ]
    );
}
