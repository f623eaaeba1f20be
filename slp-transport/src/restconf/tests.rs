use super::*;
use crate::cssm::Token;
use crate::rpc::FilePath;
use crate::{BaseUrl, ErrorKind, Secret, printable};

fn session() -> Session {
    let base: BaseUrl = "https://192.0.2.1".parse().unwrap();
    Session::new(base, "slp", Secret::new("hunter2"))
}

fn answer(status: u16, body: &str) -> Response<Vec<u8>> {
    Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap()
}

#[test]
fn a_call_has_two_paths_with_a_wrapper_each() {
    let save = || Rpc::SaveUsageDays(FilePath::new("bootflash:slp.txt").unwrap(), Some(30));
    let request = RpcCall::new(save()).into_http(&session()).unwrap();
    assert_eq!(request.uri().path(), "/restconf/operations/cisco-smart-license:rum-save-usage-days");
    assert_eq!(request.body(), br#"{"cisco-smart-license:input":{"file-path":"bootflash:slp.txt","days":30}}"#);
    let request = RpcCall::new(save()).under(RpcPath::Data).into_http(&session()).unwrap();
    assert_eq!(request.uri().path(), "/restconf/data/cisco-smart-license:rum-save-usage-days");
    let body = br#"{"cisco-smart-license:rum-save-usage-days":{"file-path":"bootflash:slp.txt","days":30}}"#;
    assert_eq!(request.body(), body);
    assert!(RpcCall::new(Rpc::RenewId).into_http(&session()).unwrap().body().is_empty());
}

#[test]
fn an_id_token_is_masked_in_print() {
    let request = RpcCall::new(Rpc::id_token_trust(Token::new("hunter3"))).into_http(&session()).unwrap();
    assert!(String::from_utf8_lossy(request.body()).contains(r#""id-token":"hunter3","all-ha":false"#));
    assert!(!printable(&request).contains("hunter"));
}

#[test]
fn the_answer_is_read_whatever_its_wrapper() {
    for wrapper in ["cisco-smart-license:output", "cisco-smart-license:import-file"] {
        let body = format!(r#"{{"{wrapper}":{{"return-code":"success","confirmation-codes":"1fc5"}}}}"#);
        let output = RpcCall::answer(&answer(200, &body), &Limits::default()).unwrap();
        assert_eq!(output.confirmation_codes.as_deref(), Some("1fc5"));
    }
    let body = r#"{"cisco-smart-license:output":{"return-code":"codevalidationfailed"}}"#;
    assert_eq!(RpcCall::answer(&answer(200, body), &Limits::default()).unwrap_err().kind(), ErrorKind::Device);
}

#[test]
fn an_answer_with_two_parts_or_another_one_than_was_asked_for_is_refused() {
    let read = |body: &str| Read::<state::Policy>::answer(&answer(200, body), &Limits::default());
    let policy = r#""cisco-smart-license:policy":{"policy-name":"x"}"#;
    assert_eq!(read(&format!("{{{policy}}}")).unwrap().policy_name.as_deref(), Some("x"));
    let other = r#""cisco-smart-license:udi":{"pid":"C8000V"}"#;
    assert_eq!(read(&format!("{{{other},{policy}}}")).unwrap().policy_name.as_deref(), Some("x"), "whatever is first");
    let error = read(&format!("{{{other}}}")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().ends_with("$.policy: the member is missing"), "{error}");
    assert_eq!(read(&format!("{{{policy},{policy}}}")).unwrap_err().kind(), ErrorKind::Schema);
    assert_eq!(read(r#"{"cisco-smart-license-errors:policy":{}}"#).unwrap_err().kind(), ErrorKind::Schema);
    // what is asked for by its path alone has to be alone
    let raw = |body: &str| ReadState::answer(&answer(200, body), &Limits::default());
    assert_eq!(raw(&format!("{{\"other:x\":1,{other}}}")).unwrap().as_str(), r#"{"pid":"C8000V"}"#);
    let error = raw(&format!("{{{other},{policy}}}")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.to_string().contains("a second part"), "{error}");
}

#[test]
fn a_path_that_does_not_exist_is_followed_by_the_other_one() {
    for (status, body) in [
        (404, ""),
        (405, "<html>"),
        (400, r#"{"errors":{"error":[{"error-type":"application","error-tag":"invalid-value"}]}}"#),
        (400, r#"{"ietf-restconf:errors":{"error":[{"error-tag":"unknown-element","error-message":"x"}]}}"#),
        (400, r#"{"errors":{"error":{"error-tag":"operation-not-supported"}}}"#),
    ] {
        let error = RpcCall::answer(&answer(status, body), &Limits::default()).unwrap_err();
        assert_eq!(rpc_fallback(RpcPath::Operations, &error), Some(RpcPath::Data), "{body}");
        assert_eq!(rpc_fallback(RpcPath::Data, &error), None);
    }
    let body = r#"{"errors":{"error":[{"error-tag":"malformed-message"}]}}"#;
    let error = RpcCall::answer(&answer(400, body), &Limits::default()).unwrap_err();
    assert_eq!(rpc_fallback(RpcPath::Operations, &error), None);
    assert_eq!(error.refusal().unwrap().message_code.as_deref(), Some("malformed-message"));
}

#[test]
fn state_is_read_without_its_wrapper_and_numbers_may_be_strings() {
    let request = ReadState::report_keys().into_http(&session()).unwrap();
    let path = "/restconf/data/cisco-smart-license:licensing/state/state-info/rum-reports-closed-keys";
    assert_eq!(request.uri().path(), path);
    let body = r#"{"cisco-smart-license:rum-reports-closed-keys":[{"report-id":"18446744073709551615","report-state":"rum-report-state-closed"},{"report-id":7}]}"#;
    let raw = ReadState::answer(&answer(200, body), &Limits::default()).unwrap();
    let keys = ReportKey::list(&raw, &Limits::default()).unwrap();
    assert_eq!((keys[0].report_id, keys[1].report_id), (Some(u64::MAX), Some(7)));
    assert_eq!(keys[1].to_json(), r#"{"report-id":"7"}"#, "written as the standard says");
}

#[test]
fn a_password_in_the_address_of_a_file_is_masked() {
    let base: crate::BaseUrl = "https://192.0.2.1".parse().unwrap();
    let session = Session::new(base, "slp", crate::Secret::new("x"));
    let path = FilePath::new("scp://me:hunter2@192.0.2.9/usage.txt").unwrap();
    assert!(!format!("{path:?}").contains("hunter2"), "{path:?}");
    let call = || RpcCall::new(Rpc::SaveUsageAll(path.clone()));
    assert!(!format!("{:?}", call()).contains("hunter2"));
    let request = call().into_http(&session).unwrap();
    assert!(String::from_utf8_lossy(request.body()).contains("hunter2"), "the device needs it");
    let printed = crate::printable(&request);
    assert!(printed.contains("scp://me:***@192.0.2.9/usage.txt") && !printed.contains("hunter2"), "{printed}");
    for plain in ["bootflash:slp.txt", "tftp://192.0.2.9/a@b:c", "ftp://me@192.0.2.9/x"] {
        let path = FilePath::new(plain).unwrap();
        let request = RpcCall::new(Rpc::SaveUsageAll(path)).into_http(&session).unwrap();
        assert!(crate::printable(&request).contains(plain), "{plain}");
    }
}
