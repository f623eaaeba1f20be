//! `slp policy due`.

use super::*;

const ACK: &str = "../data/acme-ack.xml";

#[test]
fn each_device_is_told_when_and_why() {
    insta::assert_snapshot!("policy-due", fine(&["policy", "due", CAMPUS, "--now", "2024-02-01"]));
    let words = ["policy", "due", CAMPUS, "--policy", ACK, "--last-ack", "2024-03-01", "--now", "2024-03-02"];
    insta::assert_snapshot!("policy-due-after-an-ack", fine(&words));
}

#[test]
fn a_missed_date_of_an_export_licence_is_an_error() {
    let call = slp(&["policy", "due", CAMPUS, "--policy", ACK, "--class", "export"]);
    assert_eq!((call.status, &*call.errors), (Status::Errors, ""));
    assert!(call.output.contains("overdue"), "{}", call.output);
    insta::assert_snapshot!("policy-due-missed", call.output);
}

#[test]
fn dates_as_json_have_documented_members() {
    insta::assert_snapshot!("policy-due-json", fine(&["policy", "due", CAMPUS, "--now", "2024-02-01", "--json"]));
}

#[test]
fn a_policy_file_has_to_have_a_policy() {
    let call = slp(&["policy", "due", CAMPUS, "--policy", CAMPUS]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.errors.contains("there is no policy in it"), "{}", call.errors);
    let call = slp(&["policy", "due", CAMPUS, "--class", "free"]);
    assert_eq!(call.status, Status::WrongCall);
    assert!(call.errors.contains("perpetual, subscription, enforced or export"), "{}", call.errors);
}

#[test]
fn a_class_for_a_licence_that_nobody_has_is_told() {
    let call = slp(&["policy", "due", CAMPUS, "--policy", ACK, "--class", "NOSUCH=export"]);
    assert_eq!(call.status, Status::Fine);
    assert!(call.errors.contains("--class NOSUCH=…: no report here names a licence NOSUCH"), "{}", call.errors);
    let call = slp(&["policy", "due", CAMPUS, "--class", "=export"]);
    assert_eq!(call.status, Status::WrongCall);
    assert!(call.errors.contains("no tag stands before the ="), "{}", call.errors);
}
