//! `slp import --dry-run`.

use super::*;

const ACK: &str = "../data/acme-ack.xml";
const DEVICE: &str = "PID:TEST-9300-48,SN:TST93000001";

#[test]
fn an_acknowledgement_is_taken_for_the_reports_that_were_sent() {
    insta::assert_snapshot!("import", fine(&["import", "--dry-run", ACK, "--device", DEVICE, "--sent", CAMPUS]));
    let words = ["import", "--dry-run", "--json", ACK, "--device", DEVICE, "--sent", CAMPUS];
    insta::assert_snapshot!("import-json", fine(&words));
}

#[test]
fn a_document_for_another_device_is_refused_with_the_number_of_the_vendor() {
    let call = slp(&["import", "--dry-run", ACK, "--device", "P:OTHER,S:TST00000009"]);
    assert_eq!((call.status, &*call.errors), (Status::Errors, ""));
    insta::assert_snapshot!("import-refused", call.output);
    let call = slp(&["import", "--dry-run", "no-such-file", "--device", DEVICE, "--json"]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.output.contains("\"code\":2,\"word\":\"nullpointer\""), "{}", call.output);
}

#[test]
fn there_is_no_import_that_is_not_a_dry_run() {
    let call = slp(&["import", ACK, "--device", DEVICE]);
    assert_eq!(call.status, Status::WrongCall);
    assert!(call.errors.contains("--dry-run"), "{}", call.errors);
    let call = slp(&["import", "--dry-run", ACK, "--device", "TST93000001"]);
    assert!(call.errors.contains("has no colon"), "{}", call.errors);
}
