use super::*;
use crate::{
    BaseUrl, Call, Count, DeviceUsage, Exchange, Limits, Nonce, RumEnvelope, Secret, Serve, Signature, StatusWord,
    Sudi, SudiCamel, printable,
};

fn session() -> Session {
    let base: BaseUrl = "https://swapi.example//services/api/smart".parse().unwrap();
    Session::new(base, AccessToken::new("hunter2")).with_accounts("77", "88")
}

fn time() -> slp_model::UnixMillis {
    slp_model::UnixMillis::new(1_790_000_000_000).unwrap()
}

fn nonce() -> Nonce {
    Nonce::try_from("Aa01Bb02Cc03Dd04").unwrap()
}

#[test]
fn a_report_is_sent_without_its_header_and_read_again_by_the_server() {
    let mut envelope = RumEnvelope::new("{ }", Signature::new("builtin", "k", "AAAA"));
    envelope.header = Some(crate::Header::new("rum"));
    let mut device = DeviceUsage::new(Sudi::new("C8000V", "TST00000001"));
    device.usage.push(envelope);
    let request = ReportUsage::of(time(), nonce(), vec![device]).into_http(&session()).unwrap();
    insta::assert_snapshot!(printable(&request), @r#"
    POST https://swapi.example//services/api/smart/v2/devices/reportusage
    accept: application/json
    authorization: ***
    content-type: application/json
    x-csw-smart-account-id: 77
    x-csw-virtual-account-id: 88

    {"data":{"timestamp":1790000000000,"nonce":"Aa01Bb02Cc03Dd04","reports":[{"sudi":{"udi_pid":"C8000V","udi_serial_number":"TST00000001"},"usage":[{"payload":"{ }","signature":{"signing_type":"builtin","key":"k","value":"AAAA"}}]}]}}
    "#);
    let served = ReportUsage::from_http(&request, &Limits::default()).unwrap();
    assert_eq!(served.reports[0].usage[0].payload.as_str(), "{ }");
}

#[test]
fn the_fuller_form_of_other_clients_survives() {
    let text = r#"{"data":{"timestamp":1,"nonce":"n","reports":[{"sudi":{"udi_pid":"P","udi_serial_number":"S"},"usage":[],"nonce":"n","trust_requests":null}],"sudi":{"udi_pid":"P"},"product_instance_identifier":null},"requesting_user_id":null,"locale":null}"#;
    let message = ReportUsage::from_json(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(message.to_json(), text);
}

#[test]
fn the_token_request_has_every_ampersand_and_nothing_secret_in_the_address() {
    let address: BaseUrl = "https://sso.example/as/token.oauth2".parse().unwrap();
    let request = TokenRequest::new("id", Secret::new("s&c=ret"), Grant::password("me@x", Secret::new("p w")));
    let request = request.into_http(&address).unwrap();
    let body = "client_id=id&client_secret=s%26c%3Dret&grant_type=password&username=me%40x&password=p%20w";
    assert_eq!(request.body(), body.as_bytes());
    assert!(request.uri().query().is_none());
    let printed = printable(&request);
    assert!(printed.contains("client_secret=***&") && printed.ends_with("password=***\n"), "{printed}");
    let served = TokenRequest::from_http(&request, &Limits::default()).unwrap();
    assert!(served.client_secret.matches("s&c=ret"));
    assert!(matches!(served.grant, Grant::Password { password, .. } if password.matches("p w")));
}

#[test]
fn an_answer_with_a_token_can_be_printed_for_debugging() {
    let response =
        http::Response::new(br#"{"access_token":"hunter2","token_type":"Bearer","expires_in":3599}"#.to_vec());
    let answer = TokenRequest::answer(&response, &Limits::default()).unwrap();
    assert!(answer.access_token.matches("hunter2"));
    assert!(!format!("{answer:?}").contains("hunter2"));
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(answer.renew_at(now).to_string(), "2026-01-01T00:58:59Z");
}

#[test]
fn calls_need_account_ids_where_the_cloud_does() {
    let base: BaseUrl = "https://swapi.example".parse().unwrap();
    let without_ids = Session::new(base, AccessToken::new("t"));
    assert!(SearchAccounts::new().into_http(&without_ids).is_ok());
    let error = LicensesSummary::new(time(), nonce()).into_http(&without_ids).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Argument);
    let odd = without_ids.with_accounts("77x", "88");
    assert!(LicensesSummary::new(time(), nonce()).into_http(&odd).is_err());
}

#[test]
fn a_return_is_a_request_without_keys() {
    let entry = AuthorizationFor::give_back(Sudi::new("C8000V", "TST00000001"), "CODE");
    let text = AuthRequest::of(time(), nonce(), vec![entry]).to_json();
    assert!(text.contains(r#""keys":[],"remove_code":"CODE""#), "{text}");
    assert!(WantedKey::new("regid.x", Count::from(1)).to_json().contains(r#""count":"1""#));
}

#[test]
fn the_remove_call_writes_the_misspelt_member_and_reads_either() {
    let mut sudi = SudiCamel::new();
    sudi.udi_pid = Some("P".into());
    let body = RemoveDevicesBody::new(vec![RemoveDevice::new(sudi, "tag")]);
    let request = RemoveDevices::new("acme", "Lab 1", body.clone()).into_http(&session()).unwrap();
    let text = String::from_utf8(request.body().clone()).unwrap();
    assert!(text.starts_with(r#"{"productInstacesRemoveRequests":["#), "{text}");
    for text in [
        text.clone(),
        text.replace("Instaces", "Instances"),
        text.replace("]}", r#"],"productInstancesRemoveRequests":[{}]}"#),
    ] {
        let mut other = request.clone();
        *other.body_mut() = text.into_bytes();
        let served = RemoveDevices::from_http(&other, &Limits::default()).unwrap();
        assert_eq!((served.domain.as_str(), served.virtual_account.as_str()), ("acme", "Lab 1"));
        assert_eq!(served.body, body);
    }
}

#[test]
fn yes_is_spelt_in_three_ways_and_accounts_in_two() {
    let text = r#"{"virtualAccounts":[{"name":"a","isDefault":"yes"},{"name":"b","isDefault":"true"},{"name":"c","isDefault":false}]}"#;
    let response = http::Response::new(text.as_bytes().to_vec());
    let list = ListVirtualAccounts::answer(&response, &Limits::default()).unwrap();
    let yes: Vec<_> = list.virtual_accounts.iter().map(|account| account.is_default.is_yes()).collect();
    assert_eq!(yes, [true, true, false]);
    let text = r#"{"message_code":"","accounts":[{"accountDomain":"a.example","id":7},{"domain":"b.example"}]}"#;
    let response = http::Response::new(text.as_bytes().to_vec());
    let list = SearchAccountsV1::answer(&response, &Limits::default()).unwrap();
    let domains: Vec<_> = list.accounts.iter().map(Account::domain).collect();
    assert_eq!(domains, [Some("a.example"), Some("b.example")]);
}

#[test]
fn a_query_is_encoded_and_read_back_and_the_segment_customer_is_passed_over() {
    let mut search = SearchAccountsV1::new();
    (search.name, search.limit) = (Some("A & B".into()), Some(-1));
    let request = search.into_http(&session()).unwrap();
    assert_eq!(request.uri().query(), Some("name=A%20%26%20B&limit=-1"));
    let served = SearchAccountsV1::from_http(&request, &Limits::default()).unwrap();
    assert_eq!((served.name.as_deref(), served.limit, served.offset), (Some("A & B"), Some(-1), None));
    let uri = "https://swapi.example/v1/accounts/acme.example/customer/virtual-accounts";
    let request = http::Request::builder().uri(uri).body(Vec::new()).unwrap();
    assert_eq!(ListVirtualAccounts::from_http(&request, &Limits::default()).unwrap().domain, "acme.example");
}

#[test]
fn a_query_value_that_cannot_be_read_is_refused_and_not_left_out() {
    let served = |query: &str| {
        let uri = format!("https://swapi.example/v1/accounts/search?{query}");
        let request = http::Request::builder().uri(uri).body(Vec::new()).unwrap();
        SearchAccountsV1::from_http(&request, &Limits::default())
    };
    let fine = served("limit=5&other=x&name=a+b&offset=").unwrap();
    assert_eq!((fine.limit, fine.name.as_deref(), fine.offset), (Some(5), Some("a b"), None));
    for bad in ["limit=five", "limit=99999999999999999999", "limit=1&offset=0x7", "name=%ff", "name=%4"] {
        let error = served(bad).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Request, "{bad}");
    }
    let error = served("limit=five").unwrap_err();
    assert!(error.to_string().contains("the query parameter \"limit\" cannot be read"), "{error}");
}

#[test]
fn a_refusal_inside_a_success_is_a_refusal() {
    let text = r#"{"status":"ERROR","authorizationCodes":[{"status":"ERROR","statusMessage":"no licences"}]}"#;
    let response = http::Response::new(text.as_bytes().to_vec());
    let error = ReserveLicenses::answer(&response, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Server);
    assert_eq!(error.refusal().unwrap().body, text.as_bytes());
    let empty = http::Response::new(Vec::new());
    assert_eq!(DeleteVirtualAccount::answer(&empty, &Limits::default()).unwrap(), Done::new());
}

#[test]
fn id_tokens_are_masked_in_print() {
    let mut tokens = RevokedTokens::new();
    tokens.tokens.push(Token::new("hunter2"));
    let request = RevokeTokens::new("acme", "Lab", tokens).into_http(&session()).unwrap();
    assert_eq!(request.body(), br#"{"tokens":["hunter2"]}"#);
    assert!(printable(&request).ends_with("{\"tokens\":[\"***\"]}\n"));
    let answer =
        TokenCreated::from_json(br#"{"status":"SUCCESS","tokenInfo":{"token":"hunter2"}}"#, &Limits::default());
    let answer = answer.unwrap();
    assert_eq!(answer.status, Some(StatusWord::Success));
    assert!(!format!("{answer:?}").contains("hunter2"));
}

#[test]
fn a_reservation_goes_under_either_version_and_a_refusal_has_its_reason() {
    let code = ReservationRequest::new("CA-ZTST-A1", Reservation::Specific);
    let body = |code: &ReservationRequest| {
        let mut body = ReservationRequests::new();
        body.reservation_requests.push(code.clone());
        body
    };
    let newer = ReserveLicenses::new("acme", "Lab", body(&code)).into_http(&session()).unwrap();
    let older = ReserveLicensesV1::new("acme", "Lab", body(&code)).into_http(&session()).unwrap();
    assert!(newer.uri().path().ends_with("/v2/accounts/acme/virtual-accounts/Lab/reserve-licenses"));
    assert!(older.uri().path().ends_with("/v1/accounts/acme/virtual-accounts/Lab/reserve-licenses"));
    assert_eq!(newer.body(), older.body());
    assert!(ReserveLicensesV1::from_http(&older, &Limits::default()).is_ok());
    assert!(ReserveLicensesV1::from_http(&newer, &Limits::default()).is_err());
    let text =
        r#"{"status":"ERROR","authorizationCodes":[{"status":"ERROR","statusMessage":"The code was used before"}]}"#;
    let error =
        ReserveLicenses::answer(&http::Response::new(text.as_bytes().to_vec()), &Limits::default()).unwrap_err();
    assert_eq!(error.refusal().unwrap().message.as_deref(), Some("The code was used before"));
}
