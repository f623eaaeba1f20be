#![expect(unreachable_pub, reason = "the macro makes public records")]

use super::*;

record! {
    /// A record of every mode.
    pub struct Everything {
        /// Required.
        id: req u64 = "id",
        /// Defaulted.
        ready: or_default bool = "ready",
        /// Left out.
        name: opt String = "name",
        /// Null.
        uuid: null String = "uuid",
        /// Said.
        code: said String = "code",
        /// Said or null.
        message: said_null String = "message",
        /// Listed.
        list: list Count = "list",
    }
}

record! {
    /// A record in an object.
    pub struct Wrapped within "data" {
        /// Required.
        id: req u64 = "id",
    }
}

fn read(text: &str) -> Result<Everything, Error> {
    Everything::from_json(text.as_bytes(), &Limits::default())
}

#[test]
fn each_mode_writes_what_its_name_says() {
    let value = Everything::new(7_u64);
    assert_eq!(value.to_json(), r#"{"id":7,"ready":false,"uuid":null,"message":null,"list":[]}"#);
    let text = r#"{"list":["2",3],"message":"None","code":"","uuid":"u","name":"n","ready":true,"id":"7"}"#;
    let value = read(text).unwrap();
    assert_eq!(value.to_json(), r#"{"id":7,"ready":true,"name":"n","uuid":"u","message":null,"list":["2","3"]}"#);
    assert_eq!(read(r#"{"id":1,"list":null,"ready":null,"name":null}"#).unwrap(), Everything::new(1_u64));
}

#[test]
fn faults_name_byte_and_member() {
    let fault = |text: &str| {
        let error = read(text).unwrap_err();
        format!("{} | {error}", error.kind())
    };
    insta::assert_snapshot!(fault("{}"), @"schema | byte 0, $.id: the member is missing");
    insta::assert_snapshot!(fault(r#"{"id":1,"list":[1,true]}"#), @"schema | byte 18, $.list[1]: true or false instead of a number");
    insta::assert_snapshot!(fault(r#"{"id":1.0}"#), @r#"schema | byte 6, $.id: "1.0" where a whole number in range should stand"#);
    insta::assert_snapshot!(fault(r#"{"id":1,"id":1}"#), @r#"schema | byte 7, $: member "id" stands twice in one object"#);
    insta::assert_snapshot!(fault(r#"{"id":1,"x":1,"x":1}"#), @r#"schema | byte 13, $: member "x" stands twice in one object"#);
    insta::assert_snapshot!(fault(r#"{"id":1"#), @"not-json | byte 7, $: the text ends where a comma or a closing brace should stand");
    insta::assert_snapshot!(fault("<html>"), @"not-json | the body is a page or XML where JSON is needed: a login or error page, perhaps of a proxy");
    insta::assert_snapshot!(fault(" \r\n"), @"empty | the answer has no body, where one is needed");
}

#[test]
fn depth_and_length_have_limits_and_a_byte_order_mark_is_passed_over() {
    assert!(read("\u{feff}{\"id\":1}").is_ok());
    let deep = format!("{{\"id\":1,\"x\":{}{}}}", "[".repeat(31), "]".repeat(31));
    assert!(read(&deep).is_ok());
    let deep = format!("{{\"id\":1,\"x\":{}{}}}", "[".repeat(32), "]".repeat(32));
    assert_eq!(read(&deep).unwrap_err().name(), Some("json_depth"));
    let limits = Limits { body_bytes: 8, ..Limits::default() };
    assert!(Everything::from_json(br#"{"id":1}"#, &limits).is_ok());
    assert_eq!(Everything::from_json(br#"{"id":11}"#, &limits).unwrap_err().name(), Some("body_bytes"));
}

#[test]
fn what_stands_beside_the_wrapped_object_survives() {
    let text = r#"{"data":{"id":1,"x":2},"locale":null}"#;
    let value = Wrapped::from_json(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(value.to_json(), text);
    assert_eq!(value.beside.get("locale"), Some("null"));
    let error = Wrapped::from_json(br#"{"data":{"x":2}}"#, &Limits::default()).unwrap_err();
    insta::assert_snapshot!(error, @"byte 8, $.data.id: the member is missing");
    assert_eq!(Wrapped::new(1_u64).to_json(), r#"{"data":{"id":1}}"#);
    assert!(Wrapped::from_json(br#"{"id":1}"#, &Limits::default()).is_err());
}
