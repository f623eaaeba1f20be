use std::collections::BTreeSet;

use super::*;

const UUID: &str = "00000000-0000-4000-8000-00000000000A";

fn udi(pid: &str, serial: &str) -> Udi {
    Udi::new(pid, serial).unwrap()
}

fn refusal(text: &str) -> String {
    let error = text.parse::<Udi>().expect_err(text);
    assert_eq!(error.kind(), ErrorKind::UdiSyntax, "{text}");
    error.to_string()
}

#[test]
fn a_udi_without_extras_takes_four_words() {
    assert_eq!(size_of::<Udi>(), 4 * size_of::<usize>());
    assert!(udi("A", "1").with_vid("NA").with_uuid(" ").extra.is_none());
}

#[test]
fn every_form_is_written_and_read() {
    let device = udi(" ISR4451-X/K9 ", "TST00000001\n").with_uuid(UUID).with_vid("V01");
    let texts = [UdiForm::Document, UdiForm::Cli, UdiForm::Certificate].map(|form| device.to_text(form));
    insta::assert_snapshot!(texts.join("\n"), @"
P:ISR4451-X/K9,S:TST00000001,U:00000000-0000-4000-8000-00000000000A
PID:ISR4451-X/K9,SN:TST00000001
PID:ISR4451-X/K9 SN:TST00000001
");
    for text in texts {
        assert_eq!(text.parse::<Udi>().unwrap(), device);
    }
    assert_eq!(device.to_string(), device.to_text(UdiForm::Document));
    assert_eq!(device.to_string().parse::<Udi>().unwrap().uuid(), Some(UUID));
}

#[test]
fn keys_are_read_in_any_case_and_order_with_blanks_around() {
    let device: Udi = " sn : TST00000001 , vid:V02, PID: A:B/C-D E ,uuid:u-1".parse().unwrap();
    assert_eq!((device.pid(), device.serial()), ("A:B/C-D E", "TST00000001"));
    assert_eq!((device.vid(), device.uuid()), (Some("V02"), Some("u-1")));
    assert_eq!("P:UCM, S:tst01,U:u".parse::<Udi>().unwrap(), udi("UCM", "tst01"));
}

#[test]
fn the_display_name_of_the_cloud_is_read() {
    let device: Udi = "UDI_PID:C8000V; UDI_SN:TST00000001; ".parse().unwrap();
    assert_eq!(device, udi("C8000V", "TST00000001"));
    assert!("UDI_PID:C8000V; UDI_SN:TST00000001; ;".parse::<Udi>().is_err());
}

#[test]
fn unknown_keys_are_kept_and_not_written() {
    let device: Udi = "P:A,X:1,S:1,y: two : 2".parse().unwrap();
    assert_eq!(device.unknown_parts().collect::<Vec<_>>(), [("X", "1"), ("y", "two : 2")]);
    assert_eq!(device.to_string(), "P:A,S:1");
}

#[test]
fn a_certificate_is_split_at_its_last_sn_and_must_start_exactly() {
    for (text, expected) in [
        ("PID:ISR4451-X/K9 SN:TST00000001", Some(("ISR4451-X/K9", "TST00000001"))),
        ("PID:A SN:B SN:C", Some(("A SN:B", "C"))),
        ("PID:ASR1006-X            SN:C", Some(("ASR1006-X", "C"))),
        ("PID:A SN: SN:C", Some(("A SN:", "C"))),
        ("PID: SN:X", None),
        ("PID:A SN:", None),
        ("pid:A SN:B", None),
        ("SN:X PID:Y", None),
        ("PID:A", None),
        ("P:A,S:B", None),
        (" PID:A SN:B", None),
    ] {
        let strict = Udi::from_text(text, UdiForm::Certificate).ok();
        assert_eq!(strict.as_ref().map(|udi| (udi.pid(), udi.serial())), expected, "{text}");
    }
    for text in ["PID: SN:X", "PID:A SN:", "pid:A SN:B", "SN:X PID:Y", "PID:A"] {
        refusal(text);
    }
    assert_eq!("PID:A SN:B,SN:C".parse::<Udi>().unwrap(), udi("A SN:B", "C"));
}

#[test]
fn refusals_say_what_is_wrong_and_what_was_expected() {
    insta::assert_snapshot!(refusal("P:,S:X"), @r#"UDI "P:,S:X": the product id is empty; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001"#);
    insta::assert_snapshot!(refusal("P:X"), @r#"UDI "P:X": there is no serial number; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001"#);
    insta::assert_snapshot!(refusal("S:X"), @r#"UDI "S:X": there is no product id; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001"#);
    insta::assert_snapshot!(refusal(""), @r#"UDI "": the text is empty; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001"#);
    insta::assert_snapshot!(refusal("P:A,B,S:C"), @r#"UDI "P:A,B,S:C": the part "B" has no colon; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001"#);
    insta::assert_snapshot!(refusal("P:A,S:C,pid:A"), @r#"UDI "P:A,S:C,pid:A": the key "pid" comes twice; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001"#);
    insta::assert_snapshot!(refusal("P:A,S:C,x:1,X:1"), @r#"UDI "P:A,S:C,x:1,X:1": the key "X" comes twice; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001"#);
    insta::assert_snapshot!(refusal("P:A,S:B\u{1b}[2J"), @r#"UDI "P:A,S:B\u{1b}[2J": the serial number "B\u{1b}[2J" has a comma or a control character; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001"#);
    insta::assert_snapshot!(Udi::new("A", " ").unwrap_err(), @"the serial number is empty; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001");
    insta::assert_snapshot!(Udi::new("A,B", "C").unwrap_err(), @r#"the product id "A,B" has a comma or a control character; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001"#);
    insta::assert_snapshot!(Udi::new("A", "B SN:C").unwrap_err(), @r#"the serial number "B SN:C" has " SN:" inside; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001"#);
    insta::assert_snapshot!(Udi::from_text("pid:A SN:B", UdiForm::Certificate).unwrap_err(), @r#"UDI "pid:A SN:B": the text is not of the form PID:… SN:…; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001"#);
}

#[test]
fn equality_and_order_look_at_product_and_serial_alone() {
    assert_eq!(udi("A", "1").with_uuid("x"), udi("A", "1").with_uuid("y"));
    assert_ne!(udi("A", "12"), udi("A1", "2"));
    assert_ne!(udi("A", "1"), udi("a", "1"));
    let sorted: BTreeSet<Udi> = [udi("AB", "1"), udi("A", "C"), udi("A", "B")].into();
    assert_eq!(sorted.iter().map(Udi::to_string).collect::<Vec<_>>(), ["P:A,S:B", "P:A,S:C", "P:AB,S:1"]);
}

#[test]
fn a_match_compares_uuids_only_where_both_sides_have_one() {
    let [plain, one, two] = [udi("A", "1"), udi("A", "1").with_uuid("ab"), udi("A", "1").with_uuid("cd")];
    assert!(plain.matches(&one) && plain.matches(&two) && !one.matches(&two));
    assert!(one.matches(&udi("A", "1").with_uuid("AB").with_vid("V01")));
    assert!(!plain.matches(&udi("A", "2")));
}

#[test]
fn a_uuid_that_would_read_as_another_key_is_not_written() {
    assert_eq!(udi("A", "1").with_uuid("u,S:2").to_string(), "P:A,S:1");
}

#[test]
fn json_knows_three_ways_to_say_absent() {
    let text = r#"{"mac_address":"00:00","udi_pid":" A","udi_serial_number":"1","udi_vid":"NA","uuid":"","suvi":null,"tenant_id":7}"#;
    let device: Udi = serde_json::from_str(text).unwrap();
    assert_eq!([device.vid(), device.uuid(), device.suvi(), device.host_identifier()], [None; 4]);
    assert_eq!(
        serde_json::to_string(&device).unwrap(),
        r#"{"udi_pid":"A","udi_serial_number":"1","mac_address":"00:00"}"#
    );
}

#[test]
fn json_survives_a_round_trip_with_all_members() {
    let text = concat!(
        r#"{"udi_pid":"A\"","udi_serial_number":"1","udi_vid":"V01","uuid":"u","suvi":"s","#,
        r#""host_identifier":"h","mac_address":"m"}"#
    );
    let device: Udi = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&device).unwrap(), text);
}

#[test]
fn json_without_identity_is_refused() {
    let refused = |text| serde_json::from_str::<Udi>(text).unwrap_err();
    insta::assert_snapshot!(refused(r#"{"udi_pid":"A"}"#), @"missing field `udi_serial_number` at line 1 column 15");
    insta::assert_snapshot!(refused(r#"{"udi_pid":"A","udi_serial_number":""}"#), @"the serial number is empty; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001");
    insta::assert_snapshot!(refused(r#"{"udi_pid":"A","udi_serial_number":"1","udi_pid":"B"}"#), @"duplicate field `udi_pid` at line 1 column 48");
}
