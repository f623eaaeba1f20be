//! Typed codes: real ones by their shape, simulated ones to the letter.

mod common;

use std::collections::BTreeMap;

use common::{bytes, samples};
use slp_rum::codes::{ConfirmationCode, PermanentCode, RequestCode, ReservationKind, ReturnCode, simulate};
use slp_rum::{Content, CorrelationId, Document};

/// Q14, Q15: real codes, parsed from the right, short ones flagged.
#[test]
fn real_codes_have_the_shapes_of_the_spec() {
    let Some(folder) = samples() else { return };
    let table = String::from_utf8(bytes(&folder.join("codes.tsv"))).unwrap();
    let mut rows = 0;
    for row in table.lines().skip(1) {
        let cells: Vec<_> = row.split('\t').collect();
        let value = cells[1];
        match cells[0] {
            "slr_request" | "plr_request" => {
                let code: RequestCode = value.parse().unwrap();
                let kind =
                    if cells[0] == "slr_request" { ReservationKind::Specific } else { ReservationKind::Permanent };
                assert_eq!(code.kind(), kind, "{value}");
                assert_eq!(Some(code.device().pid()), cells[2].split(' ').next(), "{value}");
                assert_eq!(code.to_string(), value);
            }
            "slr_return" => assert!(value.parse::<ReturnCode>().unwrap().is_usual(), "{value}"),
            "slac_return" => assert_eq!(value.parse::<ReturnCode>().unwrap_err().kind().as_str(), "code-digit"),
            "slac_return_shortened" => assert!(!value.parse::<ReturnCode>().unwrap().is_usual()),
            "plr_auth" => assert!(value.parse::<PermanentCode>().unwrap().is_usual()),
            "confirmation" => assert!(value.parse::<ConfirmationCode>().unwrap().is_usual()),
            "correlation" => {
                let text = format!("<smartLicense><correlationID>{value}</correlationID></smartLicense>");
                let document = Document::parse(text.as_bytes()).unwrap();
                let Some(Ok(Content::CorrelationId(id))) = document.contents().next() else { panic!("{value}") };
                assert_eq!(id.view().as_str(), value);
                assert!(CorrelationId::time(id.view()).is_some(), "{value}");
            }
            other => panic!("{other}"),
        }
        rows += 1;
    }
    assert_eq!(rows, 12);
}

#[test]
fn simulated_codes_are_those_of_the_spec_to_the_letter() {
    let Some(folder) = samples() else { return };
    let table = String::from_utf8(bytes(&folder.join("sdk_vectors/expected_codes.tsv"))).unwrap();
    let expected: BTreeMap<_, _> = table.lines().skip(1).filter_map(|row| row.split_once('\t')).collect();
    let expected = |kind: &str| expected[kind].split('\t').next().unwrap().to_owned();
    let input = bytes(&folder.join("sdk_vectors/v01_slac.xml"));
    let document = Document::parse(&input).unwrap();
    let Some(Ok(Content::Authorization(code))) = document.contents().next() else { panic!() };
    assert_eq!(simulate::return_code(&code).as_str(), expected("sdk_return"));
    assert!(simulate::return_code(&code).is_usual());
    assert_eq!(simulate::confirmation_code(&code).as_str(), expected("sdk_confirmation"));
    let input = bytes(&folder.join("sdk_vectors/v08_auth_request.xml"));
    let document = Document::parse(&input).unwrap();
    let Some(Ok(Content::SystemInfo(info))) = document.contents().next() else { panic!() };
    let (device, tag) = (&code.view().udi, info.view().software_tag.as_deref().unwrap());
    let request = simulate::request_code(device, tag, ReservationKind::Specific);
    assert_eq!(request.as_str(), expected("sdk_request_slr"));
    assert_eq!(request.as_str().parse::<RequestCode>().unwrap(), request);
    let request = simulate::request_code(device, tag, ReservationKind::Permanent);
    assert_eq!(request.as_str(), expected("sdk_request_plr"));
    assert_eq!(simulate::permanent_code(&request).as_str(), expected("sdk_plr_authorization"));
    assert_eq!(simulate::product_instance_id(device), expected("sdk_piid_device1"));
    let second = "P:TEST-SWITCH,S:TST00000002".parse().unwrap();
    assert_eq!(simulate::product_instance_id(&second), expected("sdk_piid_device2"));
}
