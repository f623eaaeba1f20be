//! Two runs at once into one folder: each result is whole, whoever is quicker, and nothing is left over.

#![cfg(unix)]

use std::process::{Child, Command, Output, Stdio};

use super::exports::{AT, ack_bundle, answer, devices, tree};
use super::*;

const ROUNDS: usize = 10;

fn start(words: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slp"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Runs these at once; how each ended.
fn together(calls: &[&[&str]]) -> Vec<(Option<i32>, String)> {
    let children: Vec<_> = calls.iter().map(|words| start(words)).collect();
    let ended = |child: Child| {
        let Output { status, stderr, .. } = child.wait_with_output().unwrap();
        (status.code(), String::from_utf8(stderr).unwrap())
    };
    children.into_iter().map(ended).collect()
}

#[test]
fn two_runs_that_deliver_the_same_answers_into_one_folder_both_end_well() {
    let folder = Folder::new("together-split");
    devices(&folder, 40);
    let fleet = folder.0.join("fleet-3.tar.gz").to_str().unwrap().to_owned();
    let (name, ack) = ack_bundle(&bytes_of(&fleet), "", |_, answer, _| Some(answer));
    let ack = folder.file(&name, &ack).0.join(name).to_str().unwrap().to_owned();
    for round in 0..ROUNDS {
        let out = folder.0.join(format!("answers-{round}"));
        let words = ["ack", "split", &ack, "--bundle", &fleet, "-o", out.to_str().unwrap()];
        for (status, errors) in together(&[&words, &words]) {
            // the name of the answer is not that of the fleet's file
            assert!(status == Some(0) && errors.lines().all(|line| line.starts_with("note: ")), "{round}: {errors}");
        }
        let found = tree(&out);
        assert_eq!(found.len(), 40, "{round}: {:?}", found.iter().map(|(name, _)| name).collect::<Vec<_>>());
        for (name, bytes) in found {
            assert!(name.starts_with("ACK_") && bytes.ends_with(b"</smartLicense>"), "{name}");
        }
    }
}

#[test]
fn of_two_runs_with_other_answers_for_one_device_one_delivers_and_the_other_says_so() {
    let folder = Folder::new("together-other");
    devices(&folder, 1);
    let fleet = folder.0.join("fleet-3.tar.gz").to_str().unwrap().to_owned();
    let accepted = |_: usize| false;
    let (name, one) = ack_bundle(&bytes_of(&fleet), "", |_, _, leaf| Some(answer(leaf, accepted)));
    let blank = |_, mut bytes: Vec<u8>, _: &[u8]| {
        bytes.splice(14..14, *b" ");
        Some(bytes)
    };
    let (_, two) = ack_bundle(&bytes_of(&fleet), "", blank);
    folder.file(&format!("1/{name}"), &one).file(&format!("2/{name}"), &two);
    let acks = ["1", "2"].map(|number| folder.0.join(number).join(&name).to_str().unwrap().to_owned());
    for round in 0..ROUNDS {
        let out = folder.0.join(format!("answers-{round}"));
        let words = acks.each_ref().map(|ack| ["ack", "split", ack, "--bundle", &fleet, "-o", out.to_str().unwrap()]);
        let mut ended = together(&[&words[0], &words[1]]);
        ended.sort();
        assert_eq!((ended[0].0, ended[1].0), (Some(0), Some(1)), "{round}: {ended:?}");
        assert!(ended[1].1.contains("is not overwritten"), "{round}: {ended:?}");
        assert_eq!(tree(&out).len(), 1, "{round}");
    }
}

#[test]
fn of_two_runs_that_make_one_bundle_or_folder_one_does_and_the_other_says_so() {
    let folder = Folder::new("together-create");
    let (leaves, _) = devices(&folder, 30);
    let fleet = folder.0.join("fleet-3.tar.gz").to_str().unwrap().to_owned();
    for round in 0..ROUNDS {
        let out = folder.0.join(format!("out-{round}"));
        fs::create_dir(&out).unwrap();
        let words = ["bundle", "create", "-o", out.to_str().unwrap(), "--at", AT, &leaves];
        let extracted = folder.0.join(format!("extracted-{round}"));
        let extract = ["bundle", "extract", &fleet, "-o", extracted.to_str().unwrap()];
        for calls in [[&words[..], &words], [&extract, &extract]] {
            let mut ended = together(&calls);
            ended.sort();
            assert_eq!((ended[0].0, ended[1].0), (Some(0), Some(1)), "{round}: {ended:?}");
            assert!(ended[1].1.contains("cannot be written: "), "{round}: {ended:?}");
        }
        assert_eq!((tree(&out).len(), tree(&extracted).len()), (1, 30), "{round}");
        fine(&["bundle", "list", out.join("UD_SA_26Nov24_10_20_30_123.tar.gz").to_str().unwrap()]);
        let others = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(others.into_iter().all(|name| !name.to_str().unwrap().contains(".slp-")), "{round}");
    }
}
