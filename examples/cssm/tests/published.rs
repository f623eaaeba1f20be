//! The published sample program's wire behaviour: its requests are answered here with bodies of the published shape.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests read files and the environment")]

mod support;

use std::collections::BTreeSet;

use cssm::{Cloud, Enforced, Purchase};
use http::{Request, header};
use serde_json::Value;
use slp_kit::{Authority, Random};
use slp_model::Udi;
use slp_rum::codes::simulate;
use support::{BASE, at, settings};

/// Where bodies come from: `shapes`, of the published members with invented values, and the published ones where they are.
#[derive(Clone, Copy)]
enum Source {
    Shapes,
    Samples,
}

fn sources() -> Vec<Source> {
    if std::env::var_os("SLP_SAMPLES").is_some() {
        return vec![Source::Shapes, Source::Samples];
    }
    eprintln!("skipped: SLP_SAMPLES is not set, so the published requests are not sent, only those of their shape");
    vec![Source::Shapes]
}

impl Source {
    fn body(self, name: &str) -> Value {
        let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = match (self, name) {
            (Self::Shapes, "v2_devices_reportusage.request.json") => own.join("reportusage.json"),
            (Self::Shapes, name) => own.join("tests/shapes").join(name),
            (Self::Samples, name) => {
                let root = std::env::var_os("SLP_SAMPLES").unwrap_or_default();
                std::path::Path::new(&root).join("transport/json").join(format!("cssm_{name}"))
            }
        };
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap()
    }
}

fn cloud_that_sells(tag: &str) -> Cloud {
    let mut settings = settings();
    settings.result_seconds = 0;
    settings.purchases.push(Purchase::new(tag, "a licence", 5).behind(Enforced::Export));
    Cloud::new(settings, Authority::new("Root of a test").unwrap(), Random::seeded(1), at(0)).unwrap()
}

fn token(cloud: &mut Cloud) -> Value {
    let request = Request::post(format!("https://cloud.example{}", cssm::TOKEN_PATH))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(b"client_id=client&client_secret=hush&grant_type=client_credentials".to_vec())
        .unwrap();
    serde_json::from_slice(cloud.handle(&request, at(0)).body()).unwrap()
}

/// Sends this body, or asks when there is none, as the sample program does; status and body of the answer.
fn call(cloud: &mut Cloud, path: &str, body: Option<&Value>) -> (u16, Value) {
    let token = token(cloud);
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let request =
        if body.is_some() { Request::post(format!("{BASE}{path}")) } else { Request::get(format!("{BASE}{path}")) };
    let request = request
        .header(header::AUTHORIZATION, bearer)
        .header(header::CONTENT_TYPE, "application/json")
        .header("X-CSW-SMART-ACCOUNT-ID", "100001")
        .header("X-CSW-VIRTUAL-ACCOUNT-ID", "200001")
        .body(body.map(|body| serde_json::to_vec_pretty(body).unwrap()).unwrap_or_default())
        .unwrap();
    let response = cloud.handle(&request, at(1));
    let text = String::from_utf8_lossy(response.body()).into_owned();
    (response.status().as_u16(), serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}")))
}

/// The same members, of the same kinds; `null` stands for any kind, since the samples have it where others have a text.
fn assert_shape(ours: &Value, published: &Value, place: &str) {
    match (ours, published) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(ours), Value::Object(published)) => {
            let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<BTreeSet<_>>();
            assert_eq!(names(ours), names(published), "{place}");
            for (name, value) in ours {
                assert_shape(value, &published[name], &format!("{place}.{name}"));
            }
        }
        (Value::Array(ours), Value::Array(published)) => {
            if let Some(published) = published.first() {
                assert!(!ours.is_empty(), "{place} is empty");
                for value in ours {
                    assert_shape(value, published, &format!("{place}[]"));
                }
            }
        }
        _ => assert_eq!(std::mem::discriminant(ours), std::mem::discriminant(published), "{place}: {ours} {published}"),
    }
}

/// Submits a sample, polls for its result, and compares both answers.
fn submit_and_poll(
    cloud: &mut Cloud,
    source: Source,
    path: &str,
    body: &Value,
    [accepted, poll, result]: [&str; 3],
) -> Value {
    let (status, answer) = call(cloud, path, Some(body));
    assert_eq!(status, 202, "{answer}");
    assert_shape(&answer, &source.body(accepted), accepted);
    for echoed in ["timestamp", "nonce"] {
        assert_eq!(answer[echoed], body["data"][echoed], "{echoed}");
    }
    let mut question = source.body(poll);
    question["data"]["poll_id"] = answer["poll_id"].clone();
    question["data"]["action"] = answer["action"].clone();
    let (status, answer) = call(cloud, "/v2/accounts/poll", Some(&question));
    assert_eq!((status, &answer["status"]), (200, &Value::from("COMPLETE")), "{answer}");
    assert_shape(&answer, &source.body(result), result);
    answer
}

#[test]
fn the_published_token_and_accounts_have_our_shape() {
    for source in sources() {
        let published = source.body("oauth_token.response_200.json");
        let mut cloud = cloud_that_sells("regid.2000-01.com.cisco.TEST,1.0_x");
        assert_shape(&token(&mut cloud), &published, "token");
        let (status, found) = call(&mut cloud, "/v2/accounts/search", None);
        assert_eq!(status, 200);
        assert_shape(&found, &source.body("v2_accounts_search.response_200.json"), "search");
    }
}

#[test]
fn the_published_usage_is_taken_and_its_acknowledgement_has_the_published_shape() {
    for source in sources() {
        let mut usage = source.body("v2_devices_reportusage.request.json");
        // the sample names its device by a placeholder, and in its signature
        let signer = usage["data"]["reports"][0]["usage"][0]["signature"]["sudi"].clone();
        usage["data"]["reports"][0]["sudi"] = signer;
        let mut cloud = cloud_that_sells("regid.2000-01.com.cisco.TEST,1.0_x");
        submit_and_poll(
            &mut cloud,
            source,
            "/v2/devices/reportusage",
            &usage,
            [
                "v2_devices_reportusage.response_202.json",
                "v2_accounts_poll.request.json",
                "v2_accounts_poll_acknowledgements.response_200.json",
            ],
        );
        let stored: Vec<_> = cloud.devices().flat_map(|(_, device)| device.reports.values()).collect();
        assert_eq!(stored[0][0].payload, usage["data"]["reports"][0]["usage"][0]["payload"].as_str().unwrap());
        let (status, devices) = call(
            &mut cloud,
            "/v1/accounts/account.example/devices",
            Some(&serde_json::json!({ "virtualAccounts": ["Default"], "limit": 10, "offset": 0 })),
        );
        assert_eq!(status, 200);
        assert_shape(&devices, &source.body("v1_accounts_devices.response_200.json"), "devices");
    }
}

#[test]
fn the_published_requests_for_a_code_and_its_return_are_answered_in_the_published_shape() {
    for source in sources() {
        let wish = source.body("v2_devices_authrequest_get.request.json");
        let tag = wish["data"]["licenses"][0]["keys"][0]["entitlement"].as_str().unwrap().to_owned();
        let mut cloud = cloud_that_sells(&tag);
        let given = submit_and_poll(
            &mut cloud,
            source,
            "/v2/devices/authrequest",
            &wish,
            [
                "v2_devices_authrequest_get.response_202.json",
                "v2_accounts_poll.request.json",
                "v2_accounts_poll_authorizations.response_200.json",
            ],
        );
        assert_eq!(given["data"]["authorizations"][0]["status"], "SUCCESS");
        let mut summary = source.body("v3_licenses_summary.request.json");
        summary["data"]["tags"][0] = tag.into();
        let (status, answer) = call(&mut cloud, "/v3/licenses/summary", Some(&summary));
        assert_eq!(status, 200);
        assert_shape(&answer, &source.body("v3_licenses_summary.response_200.json"), "summary");
        // the sample's return code is another device's: the one of this device stands in its place
        let mut back = source.body("v2_devices_authrequest_return.request.json");
        let sudi = &wish["data"]["licenses"][0]["sudi"];
        let text = |name: &str| sudi[name].as_str().unwrap();
        let udi = Udi::new(text("udi_pid"), text("udi_serial_number")).unwrap();
        let code = simulate::return_code(cloud.device(&udi).unwrap().code.as_ref().unwrap());
        back["data"]["licenses"][0]["sudi"] = sudi.clone();
        back["data"]["licenses"][0]["remove_code"] = code.as_str().into();
        let returned = submit_and_poll(
            &mut cloud,
            source,
            "/v2/devices/authrequest",
            &back,
            [
                "v2_devices_authrequest_return.response_202.json",
                "v2_accounts_poll_return.request.json",
                "v2_accounts_poll_return.response_200.json",
            ],
        );
        assert_eq!(returned["data"]["authorizations"][0]["status"], "SUCCESS", "{returned}");
        assert!(cloud.device(&udi).unwrap().code.is_none());
    }
}
