//! The program as somebody calls it.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

fn cssm(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cssm"));
    command.args(words);
    command
}

#[test]
fn it_says_on_start_that_it_is_a_test_double_and_where_it_listens() {
    let mut program =
        cssm(&["--plain", "--listen", "127.0.0.1:0"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(program.stderr.take().unwrap()).lines().map_while(Result::ok);
    let (notice, address) = (said.next().unwrap(), said.next().unwrap());
    program.kill().unwrap();
    program.wait().unwrap();
    assert_eq!(notice, cssm::NOTICE);
    assert!(address.starts_with("listening on http://127.0.0.1:"), "{address}");
}

#[test]
fn plain_http_is_for_loopback_alone() {
    let done = cssm(&["--plain", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert!(!done.status.success());
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(said, "cssm: --plain is for loopback addresses alone: tokens would cross the network unencrypted\n");
}
