//! `slp show`.

use super::*;

const CAPTURE: &[u8] = b"edge-1#show license status\r
Utility:\r
  Status: DISABLED\r
\r
Transport:\r
  Type: cslu\r
  Cslu address: <empty>\r
  Quantum link: up\r
\r
Usage Reporting:\r
  Last ACK received: <none>\r
  Next ACK deadline: Oct 30 10:00:00 2026 UTC\r
  Reporting push interval: 30  days\r
";

fn show(words: &[&str]) -> Call {
    slp_on(words, CAPTURE, |_| ())
}

#[test]
fn facts_have_their_lines_and_what_is_not_understood_is_listed() {
    let call = show(&["show", "-", "--command", "show license status"]);
    assert_eq!((call.status, &*call.errors), (Status::Fine, ""));
    insta::assert_snapshot!("show", call.output);
    insta::assert_snapshot!("show-json", show(&["show", "-", "--json"]).output);
}

#[test]
fn a_command_that_is_not_read_and_a_text_without_one_are_wrong_calls() {
    let call = show(&["show", "-", "--command", "show version"]);
    assert_eq!(call.status, Status::WrongCall);
    assert!(call.errors.contains("is no command whose output is read"), "{}", call.errors);
    let call = slp_on(&["show", "-"], b"hello", |_| ());
    assert_eq!(call.status, Status::WrongCall);
    assert!(call.errors.contains("give --command"), "{}", call.errors);
}
