use super::*;
use crate::{Content, Document};

fn document(text: &str) -> String {
    format!("<smartLicense><smartLicenseRumAck><data><![CDATA[{text}]]></data></smartLicenseRumAck></smartLicense>")
}

fn read(text: &str) -> AckList {
    let document = document(text);
    let document = Document::parse(document.as_bytes()).unwrap();
    match document.contents().next() {
        Some(Ok(Content::Acknowledgement(ack))) => ack.into_view(),
        other => panic!("{text}: {other:?}"),
    }
}

fn refused(text: &str) -> crate::Error {
    let document = document(text);
    let document = Document::parse(document.as_bytes()).unwrap();
    document.contents().next().unwrap().unwrap_err()
}

/// Status, code and message of each report.
fn said(text: &str) -> Vec<String> {
    let text_of = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let said =
        |ack: &Ack| format!("{} {:?} {} {}", ack.report, ack.status, text_of(&ack.error_code), text_of(&ack.message));
    read(text).named().map(said).collect()
}

#[test]
fn only_a_word_that_says_so_acknowledges() {
    for word in ["\"\"", "\"NA\"", "\"None\"", "\"maybe\"", "0", "true", "{}"] {
        let list = read(&format!(r#"[{{"report_id":1,"status":{word}}}]"#));
        let ack = list.named().next().unwrap();
        assert!(matches!(ack.status, AckStatus::Unknown(_)), "{word}: {:?}", ack.status);
    }
    for (text, expected) in [
        (r#"[{"report_id":1,"status":null}]"#, "1 Acknowledged - -"),
        (r#"[{"report_id":1,"error_code":"None"}]"#, "1 Acknowledged - -"),
        (r#"[{"report_id":1,"error_code":0}]"#, "1 Acknowledged - -"),
        (r#"[{"report_id":1,"error_code":"NA"}]"#, "1 Error NA -"),
        (r#"[{"report_id":1,"error_code":"00"}]"#, "1 Error 00 -"),
    ] {
        assert_eq!(said(text), [expected], "{text}");
    }
}

#[test]
fn reports_of_a_list_inherit_what_they_do_not_say_themselves() {
    let failed =
        r#"[{"status":"FAILED","error_code":"45","message":"m","report_ids":[1,"2",{"id":3,"status":"ACK"}]}]"#;
    assert_eq!(said(failed), ["1 Error 45 m", "2 Error 45 m", "3 Acknowledged - -"]);
    // an error of its own is not hidden by a word about the whole
    let mixed = r#"[{"status":"SUCCESS","reports":[{"id":1},{"id":2,"error_code":"45","message":"bad"}]}]"#;
    assert_eq!(said(mixed), ["1 Acknowledged - -", "2 Error 45 bad"]);
    assert_eq!(said(r#"[{"reports":[{"id":2,"error_code":"45"}]}]"#), ["2 Error 45 -"]);
    let list = read(r#"[{"device":"P:A,S:TST00000001","transactionId":"t","acks":[{"reports":[7]},8]}]"#);
    for ack in list.named() {
        assert_eq!(ack.device.as_ref().unwrap().serial(), "TST00000001");
        assert_eq!(ack.transaction.as_deref(), Some("t"));
    }
    assert_eq!(list.members.len(), 2);
}

#[test]
fn a_long_text_is_not_repeated_for_every_report_of_a_list() {
    let (long, fitting) = ("x".repeat(256), "x".repeat(255));
    for name in ["status", "error_code", "message", "transaction_id"] {
        let list = read(&format!(r#"[{{"{name}":"{long}","report_ids":[1,2,3]}}]"#));
        assert!(matches!(&list.members[..], [AckMember::Opaque(_)]), "{name}: {list:?}");
        let list = read(&format!(r#"[{{"{name}":"{fitting}","report_ids":[1,2,3]}}]"#));
        assert_eq!(list.named().count(), 3, "{name}");
    }
    for member in [
        format!(r#"[{{"sudi":{{"udi_pid":"{long}","udi_serial_number":"S"}},"report_ids":[1]}}]"#),
        format!(r#"[{{"sudi":{{"udi_pid":"{long}","udi_serial_number":"S"}},"report_id":1,"status":"ACK"}}]"#),
    ] {
        let error = refused(&member);
        assert_eq!((error.kind(), error.name()), (crate::ErrorKind::Limit, Some("name_chars")), "{error}");
    }
}

#[test]
fn an_object_of_very_many_members_costs_no_more_than_its_bytes() {
    let many: Vec<_> = (0..100_000).map(|number| format!("\"{number:x}\":1")).collect();
    let list = read(&format!("[{{\"report_id\":1,{}}}]", many.join(",")));
    assert_eq!(list.named().next().unwrap().extra.len(), 100_000);
    let list = read(&format!("[{{\"report_id\":1,{},\"1\":2}}]", many.join(",")));
    assert_eq!(list.opaque().count(), 1, "a name that stands twice is found among many");
}

#[test]
fn an_empty_object_names_no_device() {
    let list = read(r#"[{"sudi":{},"report_id":1}]"#);
    assert_eq!(list.named().next().unwrap().device, None);
}
