use super::{ConnectMethod, RowFault, Rules, read, write};
use crate::{ErrorKind, Limits};

fn rules(nat: bool) -> Rules {
    Rules::new(nat, vec!["Default".into(), "=Formula LVA".into()])
}

fn faults(text: &str, nat: bool) -> Vec<(u64, RowFault)> {
    let (_, errors) = read(text.as_bytes(), &rules(nat), &Limits::default()).unwrap();
    errors.iter().map(|error| (error.row, error.fault)).collect()
}

fn refused(text: &[u8]) -> (ErrorKind, Option<&'static str>) {
    let error = read(text, &rules(false), &Limits::default()).unwrap_err();
    (error.kind(), error.name())
}

const HEADER: &str = "host,connect_method,username,password,udi_pid,udi_serial_number,uuid,local_virtual_account\r\n";

#[test]
fn each_row_has_its_own_error() {
    let uuid = "11111111-2222-4333-8444-555555555555";
    let rows = [
        ("192.0.2.1,push,,,P,S1,,Default", None),
        (",push,,,P,S2,,", Some(RowFault::MissingHost)),
        ("192.0.2.3,RESTCONF,u,,P,S3,,", Some(RowFault::MissingCredentials)),
        ("192.0.2.4,TELNET,u,p,P,S4,,", Some(RowFault::BadMethod)),
        ("192.0.2.5,push,,,P,S1,,", Some(RowFault::DuplicateDevice { first_row: 2 })),
        ("192.0.2.6,push,,,P,S6,nope,", Some(RowFault::BadUuid)),
        ("192.0.2.7,push,,,P,S7,,'=Formula LVA", None),
        ("192.0.2.8,push,,,P,S8,,,extra", Some(RowFault::TooManyFields)),
        ("192.0.2.999,push,,,P,S9,,", Some(RowFault::BadHost)),
        ("192.0.2.10,push,,,P,S10,,Nowhere", Some(RowFault::UnknownVirtualAccount)),
        ("192.0.2.11,pu\"sh,,,P,S11,,", Some(RowFault::BadQuote)),
        ("192.0.2.12", None),
        ("192.0.2.12,push", Some(RowFault::DuplicateDevice { first_row: 13 })),
        ("192.0.2.12,netconf,u,p", None),
    ];
    let text = rows.iter().fold(HEADER.to_owned(), |text, (row, _)| format!("{text}{row}\r\n"));
    let expected: Vec<(u64, RowFault)> =
        rows.iter().zip(2..).filter_map(|((_, fault), row)| fault.map(|fault| (row, fault))).collect();
    assert_eq!(faults(&text, false), expected);
    let (inventory, _) = read(text.as_bytes(), &rules(false), &Limits::default()).unwrap();
    assert_eq!(inventory.devices[1].virtual_account, "=Formula LVA");
    let nat = format!("{HEADER}192.0.2.1,NETCONF,u,p,P,S1,,\n,push,,,P,S2,,\n,push,,,,,{uuid},\n,push,,,P,,,\n");
    assert_eq!(faults(&nat, true), [(2, RowFault::MethodNotAllowed), (5, RowFault::MissingUdi)]);
}

#[test]
fn lines_are_physical_and_rows_are_records() {
    let text = format!("{HEADER}\"192.0.2.1\",push,\"a\r\nb\",,P,S1,,\r\n,push,,,,,,\r\n");
    let (_, errors) = read(text.as_bytes(), &rules(false), &Limits::default()).unwrap();
    assert_eq!(errors[0].to_string(), "row 3, line 4, column host: the address is missing");
}

#[test]
fn the_file_itself_can_be_wrong() {
    assert_eq!(refused(b""), (ErrorKind::BadValue, Some("missing-header")));
    assert_eq!(refused(b"colour,size\n1,2\n"), (ErrorKind::BadValue, Some("missing-header")));
    assert_eq!(refused(b"host,IP Address\n"), (ErrorKind::BadValue, Some("duplicate-column")));
    assert_eq!(refused(b"host\n\"192.0.2.1"), (ErrorKind::BadValue, Some("unterminated-quote")));
    let wide = vec!["x"; 65].join(",");
    assert_eq!(refused(wide.as_bytes()), (ErrorKind::Limit, Some("columns")));
    let limits = Limits { rows: 2, ..Limits::default() };
    let list = |rows: usize| format!("host\n{}", "192.0.2.1\n".repeat(rows));
    assert!(read(list(2).as_bytes(), &rules(false), &limits).is_ok());
    assert_eq!(read(list(3).as_bytes(), &rules(false), &limits).unwrap_err().name(), Some("rows"));
}

#[test]
fn cells_have_a_limit_and_an_encoding() {
    let cell = |cell: &[u8]| {
        let text = [b"host,udi_pid\n192.0.2.1,", cell, b"\n"].concat();
        read(&text, &rules(false), &Limits::default()).unwrap().1.first().map(|error| error.fault)
    };
    assert_eq!(cell(&[b'p'; 4_096]), None);
    assert_eq!(cell(&[b'p'; 4_097]), Some(RowFault::FieldTooLong));
    assert_eq!(cell(b"\xff"), Some(RowFault::NotUtf8));
    assert_eq!(cell(b"a\0b"), Some(RowFault::NotUtf8));
}

#[test]
fn secrets_are_neither_written_nor_shown() {
    let text = format!("{HEADER}192.0.2.1,NETCONF,lic-reader,hunter2,P,S1,,\n");
    let (inventory, errors) = read(text.as_bytes(), &rules(false), &Limits::default()).unwrap();
    assert!(errors.is_empty());
    let device = &inventory.devices[0];
    assert_eq!((device.method, device.password.expose()), (ConnectMethod::Netconf, "hunter2"));
    assert!(!format!("{inventory:?}").contains("hunter2"));
    assert!(!String::from_utf8(write(&inventory)).unwrap().contains("hunter2"));
}

#[test]
fn what_was_written_is_read_back_and_written_alike() {
    let text = "\u{feff}'=Site;IP;Mode;PID;SN;VA\n\"a;\"\"b\"\"\";2001:db8::2;push;P;S2;'=Formula LVA\nx;[2001:db8::1];push;P;S1;\n";
    let (inventory, errors) = read(text.as_bytes(), &rules(false), &Limits::default()).unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    let written = write(&inventory);
    let expected = format!(
        "{}2001:db8::1,PRODUCT_INSTANCE_INITIATED,,,P,S1,,,x\r\n\
         2001:db8::2,PRODUCT_INSTANCE_INITIATED,,,P,S2,,'=Formula LVA,\"a;\"\"b\"\"\"\r\n",
        HEADER.replace("\r\n", ",'=Site\r\n")
    );
    assert_eq!(String::from_utf8(written.clone()).unwrap(), expected);
    let (again, _) = read(&written, &rules(false), &Limits::default()).unwrap();
    assert_eq!((write(&again), &again.other_columns[..]), (written, &["=Site".to_owned()][..]));
}
