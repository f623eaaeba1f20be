//! Fuzz targets as plain functions over bytes. They panic when a law is broken, and say nothing otherwise.
//!
//! `fuzz_targets/` hands them to libFuzzer; the tests of this crate replay them over `corpus/` and `artifacts/`.

// The tests count what is allocated; nothing else here, and nothing in the crates, is unsafe.
#![cfg_attr(not(test), forbid(unsafe_code))]
#![cfg_attr(test, deny(unsafe_code))]
// A target panics when it found something; its own arithmetic is small.
#![allow(clippy::expect_used, clippy::panic, reason = "this is what targets are for")]
#![allow(clippy::disallowed_methods, reason = "a corpus lies in files, which the caller names")]

pub mod crypto; // canonical JSON, certificates, statements, signed documents
pub mod laws; // values made of bytes: writing and reading, pairing, folding
pub mod machines; // state machines under arbitrary operations
pub mod model; // JSON, tags, devices, times
pub mod rum; // documents, reports, licence documents, typed codes
pub mod sync; // archives, bundles, names, documents, lists, ledgers
pub mod transport; // HTTP, NETCONF, output of commands

#[cfg(test)]
mod memory; // what hostile files cost
#[cfg(test)]
mod replay; // every target over every file of its corpus

/// A device that nobody has.
pub(crate) const DEVICE: &str = "P:TEST-SWITCH,S:TST00000001";

/// A target and its name: that of its program, its corpus and its artifacts.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// What is run.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($module:ident: $($name:ident),+;)+) => {
        /// All targets.
        pub const TARGETS: &[Target] = &[$($(Target { name: stringify!($name), run: $module::$name }),+),+];
    };
}

targets! {
    model: json, tags, udi, words;
    rum: document, envelope, payload, contents, ack, authorization, policy, import, codes, export;
    sync: gzip, tar, bundle, manifest, names, sync_document, csv, ledger, compose;
    crypto: canonical, certificate, pem, sudi, signed_document;
    transport: http_answer, http_body, http_request, push, show, netconf;
    laws: write_read, answer_write_read, pairing, usage_folding;
    machines: agent, upload, collector, account, pools;
}

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}

/// Runs a target over the files that are named on the command line: what a program does without libFuzzer.
pub fn over_arguments(run: fn(&[u8])) {
    for path in std::env::args_os().skip(1) {
        match std::fs::read(&path) {
            Ok(bytes) => run(&bytes),
            Err(error) => panic!("{}: {error}", path.to_string_lossy()),
        }
    }
}

/// The text of an error. It goes into terminals and logs, so nothing in it may move a cursor.
pub(crate) fn said(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    assert!(!text.is_empty() && !text.chars().any(char::is_control), "an error that cannot be shown: {text:?}");
    text
}
