use super::*;
use crate::{BaseUrl, ErrorKind, Secret, printable};

const ENVELOPE: &str =
    r#"{"payload":"{ \"a\": 'b' }","signature":{"signing_type":"builtin","key":"k","value":"AAAA"}}"#;

fn session() -> Session {
    let base: BaseUrl = "https://192.0.2.1".parse().unwrap();
    Session::new(base, "slp", Secret::new("hunter2"))
}

fn reports(body: &str) -> Result<DeviceReports, Error> {
    AllReports::answer(&Response::new(body.as_bytes().to_vec()), &Limits::default())
}

#[test]
fn absent_empty_one_object_and_an_array_are_zero_zero_one_and_n_reports() {
    for (body, count) in [
        (r#"{"message":"nothing"}"#.to_owned(), 0),
        (r#"{"usage":[]}"#.to_owned(), 0),
        (r#"{"usage":null}"#.to_owned(), 0),
        (format!(r#"{{"usage":{ENVELOPE}}}"#), 1),
        (format!(r#"{{"usage":[{ENVELOPE},{ENVELOPE}]}}"#), 2),
        (ENVELOPE.to_owned(), 1),
    ] {
        assert_eq!(reports(&body).unwrap().usage.len(), count, "{body}");
    }
}

#[test]
fn what_a_device_of_ours_writes_is_what_came_in() {
    let body = format!(r#"{{"usage":[{ENVELOPE}],"dlc":{{"x":[1.50]}}}}"#);
    let answer = reports(&body).unwrap();
    assert_eq!(answer.usage[0].payload.as_str(), "{ \"a\": 'b' }");
    assert_eq!(AllReports::respond(&answer).unwrap().body(), body.as_bytes());
}

#[test]
fn a_payload_beside_the_reports_is_kept_as_any_other_member_is() {
    let long = "x".repeat(100_000);
    let body = format!(r#"{{"payload":"a \"{long}","usage":[{ENVELOPE}]}}"#);
    let answer = reports(&body).unwrap();
    assert_eq!((answer.usage.len(), answer.unknown.len()), (1, 1));
    let written = AllReports::respond(&answer).unwrap();
    assert_eq!(reports(&String::from_utf8(written.into_body()).unwrap()).unwrap(), answer);
    assert_eq!(answer.unknown.get("payload"), Some(&*format!(r#""a \"{long}""#)));
    assert_eq!(reports(r#"{"payload":"a","usage":[],"payload":"a"}"#).unwrap_err().kind(), ErrorKind::Schema);
}

#[test]
fn one_broken_report_is_named_by_its_place_and_costs_itself_alone() {
    let answer = reports(&format!(r#"{{"usage":[{ENVELOPE},{{"payload":1,"x":[2]}},{ENVELOPE}]}}"#)).unwrap();
    assert_eq!((answer.usage.len(), answer.unread.len(), answer.unread[0].index), (2, 1, 1));
    assert_eq!(answer.unread[0].raw.as_str(), r#"{"payload":1,"x":[2]}"#);
    insta::assert_snapshot!(answer.unread[0].reason, @"byte 114, $.usage[1].payload: a number instead of a string");
    let error = reports(&format!(r#"{{"usage":[{ENVELOPE},{{"payload":1,]}}]}}"#)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotJson);
}

#[test]
fn more_reports_than_the_limit_are_refused() {
    let limits = Limits { reports: 2, ..Limits::default() };
    let body = |count: usize| {
        let list = vec![ENVELOPE; count].join(",");
        Response::new(format!(r#"{{"usage":[{list}]}}"#).into_bytes())
    };
    assert!(AllReports::answer(&body(2), &limits).is_ok());
    assert_eq!(AllReports::answer(&body(3), &limits).unwrap_err().name(), Some("reports"));
}

#[test]
fn an_error_page_an_empty_body_and_a_cut_one_are_told_apart() {
    let html = reports("<html>Not found</html>").unwrap_err();
    assert_eq!(html.kind(), ErrorKind::NotJson);
    let empty = reports("").unwrap_err();
    assert_eq!((empty.kind(), empty.retry()), (ErrorKind::Empty, crate::Retry::Transient));
    assert_eq!(reports(r#"{"usage":["#).unwrap_err().kind(), ErrorKind::NotJson);
    let gone = Response::builder().status(404).body(Vec::new()).unwrap();
    assert_eq!(AllReports::answer(&gone, &Limits::default()).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn the_list_alone_has_the_four_headers_of_working_clients() {
    insta::assert_snapshot!(printable(&ListReports::new().into_http(&session()).unwrap()), @r"
    GET https://192.0.2.1/smartlic-service/list
    accept: application/yang-data+json
    authorization: ***
    cache-control: no-cache
    content-type: application/yang-data+json
    foxy-api-version: 1
    ");
    insta::assert_snapshot!(printable(&CloseReports::new().into_http(&session()).unwrap()), @r"
    POST https://192.0.2.1/smartlic-service/close-reports
    accept: application/json
    authorization: ***
    content-type: application/json

    {}
    ");
}

#[test]
fn close_reports_takes_a_form_that_is_labelled_json() {
    let mut request = CloseReports::new().into_http(&session()).unwrap();
    *request.body_mut() = b"test=".to_vec();
    assert!(CloseReports::from_http(&request, &Limits::default()).is_ok());
    *request.method_mut() = Method::GET;
    assert_eq!(CloseReports::from_http(&request, &Limits::default()).unwrap_err().kind(), ErrorKind::Request);
}

#[test]
fn a_server_reads_the_paths_that_a_client_writes() {
    for path in ReportPath::ALL {
        let call = ReportById::new(1_780_000_001, path);
        let request = call.into_http(&session()).unwrap();
        assert_eq!(ReportById::from_http(&request, &Limits::default()).unwrap(), call);
    }
    for call in [DayReports::new(), DayReports::last(30)] {
        let request = call.into_http(&session()).unwrap();
        assert_eq!(DayReports::from_http(&request, &Limits::default()).unwrap(), call);
    }
}
