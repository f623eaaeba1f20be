//! `slp import --dry-run`.

use slp_crypto::Signer as _;

use super::verify::{answer, samples, trust};
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

#[test]
fn with_trust_a_signature_decides() {
    let folder = Folder::new("import-trust");
    let trust = trust(&folder);
    let path = |name: &str| format!("{}/{name}", folder.path());
    folder.file("ack.xml", answer().as_bytes());
    let ack = path("ack.xml");
    let words = ["import", "--dry-run", &ack, "--device", DEVICE, "--sent", CAMPUS, "--trust", &trust];
    let output = fine(&words);
    assert!(output.contains("Import RUM ACK: installed") && !output.contains("warning: "), "{output}");
    folder.file("more/cloud.pub.pem", &bytes_of(&format!("{trust}/cloud.pub.pem"))).file("more/broken.pem", b"no key");
    let more = path("more");
    let call = slp(&["import", "--dry-run", &ack, "--device", DEVICE, "--sent", CAMPUS, "--trust", &more]);
    assert!(call.output.contains("Import RUM ACK: installed") && call.errors.contains("broken.pem"), "{}", call.errors);
    assert_eq!(call.status, Status::Errors, "somebody was meant to be trusted, and could not be read");
    folder.file("changed.xml", answer().replace("180", "181").as_bytes());
    let changed = path("changed.xml");
    let call = slp(&["import", "--dry-run", &changed, "--device", DEVICE, "--trust", &trust]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.output.starts_with("Import Data Failed: verifysignaturefailed (45)"), "{}", call.output);
    // who trusts a key does not take what another one signed
    folder.file("others/cloud.pub.pem", super::verify::key("p384").public_key().to_pem().as_bytes());
    let call = slp(&["import", "--dry-run", &ack, "--device", DEVICE, "--trust", &path("others")]);
    assert!(call.output.starts_with("Import Data Failed: verifysignaturefailed (45)"), "{}", call.output);
    let call = slp(&["import", "--dry-run", &ack, "--device", DEVICE, "--trust", &path("nowhere")]);
    assert!(call.errors.contains("nowhere"), "{}", call.errors);
    assert_eq!(call.status, Status::Errors);
}

#[test]
fn trust_codes_are_held_against_the_request_that_was_sent() {
    let Some(samples) = samples("ack-auth/sdk_vectors") else { return };
    let folder = Folder::new("import-trust-codes");
    folder.file("trust/cloud.pub.pem", &bytes_of(&format!("{samples}/signer_public.pem.txt")));
    folder.file("trust/root.pem", &bytes_of(&format!("{samples}/trust_root.pem.txt")));
    let trust = format!("{}/trust", folder.path());
    let (codes, request) = (format!("{samples}/v06_trust_code_ha.xml"), format!("{samples}/v05_trust_request_ha.xml"));
    let devices = ["P:TEST-SWITCH,S:TST00000001", "P:TEST-SWITCH,S:TST00000002"];
    let words = ["import", "--dry-run", &codes, "--device", devices[0], "--device", devices[1], "--trust", &trust];
    let words = [&words[..], &["--now", "2023-11-15T01:10:00"]].concat();
    let output = fine(&[&words[..], &["--sent", &request]].concat());
    assert_eq!(output.matches("Import TRUST CODE P:TEST-SWITCH,S:TST0000000").count(), 2, "{output}");
    assert!(!output.contains("skipped"), "{output}");
    let output = fine(&words);
    assert_eq!(output.matches("skipped, 48 nodecertverificationfailed").count(), 2, "nobody asked: {output}");
}

#[test]
fn an_acknowledgement_of_unknown_reports_asks_for_the_file_that_was_sent() {
    let folder = Folder::new("import-hint");
    let text = String::from_utf8(bytes_of(ACK)).unwrap();
    let (start, rest) = text.split_once("<smartLicensePolicy>").unwrap();
    let (_, end) = rest.split_once("</smartLicensePolicy>").unwrap();
    folder.file("ack.xml", format!("{start}{end}").as_bytes());
    let ack = format!("{}/ack.xml", folder.path());
    let call = slp(&["import", "--dry-run", &ack, "--device", DEVICE]);
    assert_eq!(call.status, Status::Errors);
    insta::assert_snapshot!("import-hint", call.output);
}

#[test]
fn a_refused_report_is_warned_of_once_in_both_forms() {
    let folder = Folder::new("import-refused-report");
    let text = String::from_utf8(bytes_of(ACK)).unwrap();
    let refused = "\"report_id\":1704700812,\"status\":\"ERROR\",\"error_code\":\"45\",\"message\":\"no\"";
    let text = text.replace("\"report_id\":1704700812,\"status\":\"ACK\"", refused);
    assert!(text.contains(refused));
    folder.file("ack.xml", text.as_bytes());
    let ack = format!("{}/ack.xml", folder.path());
    for form in [&[][..], &["--json"]] {
        let words = ["import", "--dry-run", &ack, "--device", DEVICE, "--sent", CAMPUS];
        let output = fine(&[&words[..], form].concat());
        assert_eq!(output.matches("the server refuses the report").count(), 1, "{output}");
    }
}

/// A device takes four mebibytes, which is less than other commands read.
#[test]
fn a_document_that_is_too_long_for_a_device_is_refused() {
    let folder = Folder::new("import-long");
    let text = String::from_utf8(bytes_of(ACK)).unwrap();
    let long = text.replace("<smartLicense>", &format!("<smartLicense>{}", " ".repeat(5 << 20)));
    folder.file("ack.xml", long.as_bytes());
    let ack = format!("{}/ack.xml", folder.path());
    let words = ["import", "--dry-run", &ack, "--device", DEVICE, "--sent", CAMPUS];
    let call = slp(&words);
    assert!(call.output.starts_with("Import Data Failed: BadInputParams (6)"), "{}", call.output);
    fine(&[&words[..], &["--max-document-bytes", "8M"]].concat());
}

#[test]
fn an_acknowledgement_that_names_nothing_answers_the_file_of_its_name() {
    let folder = Folder::new("import-by-name");
    let opaque = "<smartLicense><smartLicenseRumAck><data><![CDATA[[{\"r\":1}]]]></data><signature>AAAA</signature>\
                  </smartLicenseRumAck></smartLicense>";
    for name in ["ACK_acme-campus.txt", "answer.txt"] {
        folder.file(name, opaque.as_bytes());
    }
    let call = |name: &str| {
        let path = format!("{}/{name}", folder.path());
        slp(&["import", "--dry-run", &path, "--device", DEVICE, "--sent", CAMPUS]).output
    };
    assert!(call("ACK_acme-campus.txt").contains("which is a guess (by_pairing)"), "{}", call("ACK_acme-campus.txt"));
    let other = call("answer.txt");
    assert_eq!(other.matches("(unpaired)").count(), 1, "said once: {other}");
}
