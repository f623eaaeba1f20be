//! The calls of the cloud, one by one, and those that on-premises servers share. Spec: transport, "CSSM cloud REST" (12.4 to
//! 12.8) and "On-Prem REST".

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests read files and the environment")]

use slp_model::UnixMillis;
use slp_transport::cssm::{
    AuthRequest, ConvertLicenses, CreateToken, CreateVirtualAccount, DeleteVirtualAccount, Grant, LicensesSummary,
    ListAccounts, ListDevices, ListLicenses, ListSubscriptions, ListTokens, ListVirtualAccountDevices,
    ListVirtualAccounts, Poll, RemoveDevices, ReportUsage, ReserveLicenses, ReserveLicensesV1, RevokeTokens,
    SearchAccounts, SearchAccountsV1, TokenRequest, TransferDevices,
};
use slp_transport::onprem::{self, OnPremTokenRequest};
use slp_transport::{Action, BaseUrl, Call, Exchange, Limits, Nonce, PollId, Secret, Serve, printable};

/// The name of a call that both sides of the cloud have.
fn cloud<C: Call<slp_transport::cssm::Session> + Serve>() -> &'static str {
    C::OPERATION
}

/// The name of a call that on-premises servers have too.
fn shared<C: Call<slp_transport::cssm::Session> + Call<onprem::Session> + Serve>() -> &'static str {
    <C as Exchange>::OPERATION
}

#[test]
fn every_call_of_the_specification_is_there() {
    let of_va = |call: &str| format!("/v1/accounts/{{d}}/virtual-accounts/{{va}}/{call}");
    for (ours, theirs) in [
        // 12.4 to 12.7
        (cloud::<SearchAccounts>(), "GET /v2/accounts/search".to_owned()),
        (cloud::<ReportUsage>(), "POST /v2/devices/reportusage".into()),
        (cloud::<AuthRequest>(), "POST /v2/devices/authrequest".into()),
        (cloud::<Poll>(), "POST /v2/accounts/poll".into()),
        (cloud::<LicensesSummary>(), "POST /v3/licenses/summary".into()),
        // 12.8
        (cloud::<SearchAccountsV1>(), "GET /v1/accounts/search".into()),
        (cloud::<ListAccounts>(), "GET /v2/accounts".into()),
        (shared::<ListVirtualAccounts>(), "GET /v1/accounts/{d}/virtual-accounts".into()),
        (shared::<CreateVirtualAccount>(), "POST /v1/accounts/{d}/virtual-accounts".into()),
        (shared::<DeleteVirtualAccount>(), format!("POST {}", of_va("delete"))),
        (shared::<ListTokens>(), format!("GET {}", of_va("tokens"))),
        (shared::<CreateToken>(), format!("POST {}", of_va("tokens"))),
        (shared::<RevokeTokens>(), format!("POST {}", of_va("tokens/revoke"))),
        (shared::<ListLicenses>(), "POST /v1/accounts/{d}/licenses".into()),
        (shared::<ListSubscriptions>(), "POST /v1/accounts/{d}/license-subscriptions".into()),
        (cloud::<ListDevices>(), "POST /v1/accounts/{d}/devices".into()),
        (shared::<ListVirtualAccountDevices>(), format!("GET {}", of_va("devices"))),
        (shared::<TransferDevices>(), format!("POST {}", of_va("devices/transfer"))),
        (cloud::<RemoveDevices>(), format!("POST {}", of_va("devices/remove").replace("v1", "v2"))),
        (cloud::<ReserveLicensesV1>(), format!("POST {}", of_va("reserve-licenses"))),
        (cloud::<ReserveLicenses>(), format!("POST {}", of_va("reserve-licenses").replace("v1", "v2"))),
        (cloud::<ConvertLicenses>(), "POST /v1/accounts/{d}/dlc_convert".into()),
    ] {
        assert_eq!(ours, theirs);
    }
    assert_eq!(onprem::UpstreamAccounts::OPERATION, "POST /upstream_satellites/accounts");
}

#[test]
fn each_grant_goes_as_a_form_to_the_cloud_and_as_json_to_a_server_of_ones_own() {
    type Case = (fn() -> Grant, &'static str, &'static str);
    let address: BaseUrl = "https://sso.example/token".parse().unwrap();
    let grants: [Case; 3] = [
        (|| Grant::ClientCredentials, "grant_type=client_credentials", r#""grant_type":"client_credentials""#),
        (
            || Grant::password("me", Secret::new("hunter2")),
            "grant_type=password&username=me&password=hunter2",
            r#""grant_type":"password","username":"me","password":"hunter2""#,
        ),
        (
            || Grant::refresh(Secret::new("hunter2")),
            "grant_type=refresh_token&refresh_token=hunter2",
            r#""grant_type":"refresh_token","refresh_token":"hunter2""#,
        ),
    ];
    for (grant, form, json) in grants {
        let request = || TokenRequest::new("id", Secret::new("hunter3"), grant());
        let cloud = request().into_http(&address).unwrap();
        assert_eq!(cloud.body(), format!("client_id=id&client_secret=hunter3&{form}").as_bytes());
        let own = OnPremTokenRequest::new(request()).into_http(&address).unwrap();
        assert_eq!(own.body(), format!(r#"{{"client_id":"id","client_secret":"hunter3",{json}}}"#).as_bytes());
        for request in [cloud, own] {
            assert!(!printable(&request).contains("hunter"), "{}", printable(&request));
            let served = TokenRequest::from_http(&request, &Limits::default()).unwrap();
            let back = served.into_http(&address).unwrap();
            assert!(String::from_utf8(back.into_body()).unwrap().ends_with(form));
        }
    }
}

#[test]
fn a_poll_id_keeps_all_its_digits_on_the_way() {
    let text = "773126444402795033";
    let now = UnixMillis::new(1_790_000_000_000).unwrap();
    let id = PollId::from(text.parse::<u64>().unwrap());
    let poll = Poll::new(now, Nonce::from_random([1; 16]), id, Action::Acknowledgements).to_json();
    assert!(poll.contains(&format!("\"poll_id\":{text},")), "{poll}");
    assert_eq!(Poll::from_json(poll.as_bytes(), &Limits::default()).unwrap().poll_id, id);
}
