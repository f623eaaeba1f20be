//! Documents that flow back to a device, real and made by the rules of the spec: read, signed spans, re-emitted.

mod common;

use std::fmt::Write as _;

use common::{bytes, samples};
use sha2::{Digest, Sha256};
use slp_model::Signed;
use slp_rum::{Ack, AckStatus, Content, Document, Tolerance};

const VECTORS: [&str; 22] = [
    "v01_slac.xml",
    "v02_ack.xml",
    "v03_policy.xml",
    "v04_slr.xml",
    "v05_trust_request_ha.xml",
    "v05b_trust_request_key.xml",
    "v06_trust_code_ha.xml",
    "v07_conversion_ack.xml",
    "v08_auth_request.xml",
    "v09_return_request.xml",
    "v10_slac_tampered.xml",
    "v11_slac_spaced.xml",
    "v12_slac_base64.txt",
    "v13_dtd_refused.xml",
    "v14_slac_other_device.xml",
    "v15_slac_two_devices.xml",
    "v16_policy_older.xml",
    "v17_ack_near_names.xml",
    "v18_ack_opaque.xml",
    "v19_ack_escaped_text.xml",
    "v20_signature_wrapped.xml",
    "v21_signature_92.xml",
];

/// Lower-case hex digits.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn read<'d>(document: &'d Document<'_>) -> Vec<Content<'d>> {
    document.contents().map(|content| content.unwrap()).collect()
}

fn warnings(document: &Document<'_>) -> Vec<Tolerance> {
    let mut all: Vec<_> = document.warnings().iter().map(|warning| warning.tolerance).collect();
    all.extend(read(document).iter().flat_map(|content| content.warnings().iter().map(|warning| warning.tolerance)));
    all
}

fn acks(document: &Document<'_>) -> Vec<Ack> {
    let contents = read(document);
    let found = contents.iter().find_map(|content| match content {
        Content::Acknowledgement(ack) => Some(ack.view().named().cloned().collect()),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn signed_spans_are_those_of_the_spec_to_the_byte() {
    let Some(folder) = samples() else { return };
    let table = String::from_utf8(bytes(&folder.join("sdk_vectors/expected_spans.tsv"))).unwrap();
    let mut rows = 0;
    for row in table.lines().skip(1) {
        let cells: Vec<_> = row.split('\t').collect();
        let (file, element, nth) = (cells[0], cells[1], cells[2].parse::<usize>().unwrap());
        let input = bytes(&folder.join("sdk_vectors").join(file));
        let document = Document::parse(&input).unwrap();
        let contents = read(&document);
        let content = contents.iter().filter(|content| content.name() == element).nth(nth - 1).unwrap();
        let signed = content.signed_content().unwrap();
        assert_eq!(signed.at.byte, cells[3].parse().ok(), "{row}");
        assert_eq!(signed.bytes.len(), cells[4].parse::<usize>().unwrap(), "{row}");
        assert_eq!(hex(&Sha256::digest(&signed.bytes)), cells[5], "{row}");
        let blanks = |text: &str| text.chars().filter(|character| !character.is_whitespace()).count();
        assert_eq!(blanks(signed.signature.as_deref().unwrap()), cells[6].parse::<usize>().unwrap(), "{row}");
        assert!(matches!(&signed.place, slp_model::Place::CloudElement(name) if **name == *element), "{row}");
        rows += 1;
    }
    assert_eq!(rows, 33);
}

#[test]
fn every_file_is_written_back_byte_for_byte() {
    let Some(folder) = samples() else { return };
    let mut files: Vec<_> = VECTORS.iter().map(|name| folder.join("sdk_vectors").join(name)).collect();
    for name in [
        "slr_cucm125_install_step6.xml",
        "slr_virl2_client_invalid_template.xml",
        "slac_c8000v_redacted.xml",
        "slac_c8000v_redacted_reading2.xml",
        "rum_ack_c8000v_redacted.xml",
        "rum_ack_c8000v_redacted_reading2.xml",
        "derived_auth_request_file_SKELETON.xml",
    ] {
        files.push(folder.join(name));
    }
    for path in files {
        let input = bytes(&path);
        let document = match Document::parse(&input) {
            Ok(document) => document,
            Err(error) => {
                assert!(path.ends_with("v13_dtd_refused.xml"), "{}: {error}", path.display());
                continue;
            }
        };
        assert_eq!(document.to_bytes(), input, "{}", path.display());
        // and each part stands where it says, with nothing lost between
        let text = document.rewrite().unwrap().finish();
        for content in document.contents().filter_map(Result::ok) {
            assert!(text.contains(content.raw()), "{}", path.display());
        }
    }
}

/// Q2: a blank in the UDI, which stands last in an SLR.
#[test]
fn the_real_reservation_has_five_entitlements_and_its_device_at_the_end() {
    let Some(folder) = samples() else { return };
    let input = bytes(&folder.join("slr_cucm125_install_step6.xml"));
    let document = Document::parse(&input).unwrap();
    let contents = read(&document);
    let [Content::Authorization(code)] = &contents[..] else { panic!("{contents:?}") };
    assert_eq!(code.view().entitlements.len(), 5);
    assert_eq!(code.view().udi.uuid().map(str::len), Some(36));
    assert_eq!(code.view().timestamp.map(slp_model::UnixMillis::get), Some(1_552_292_522_579));
    assert_eq!(warnings(&document), [Tolerance::BareRoot, Tolerance::UdiBlank]);
    assert!(code.signed_bytes().starts_with(b"<authorizationCode>"));
    assert!(code.signed_bytes().ends_with(b"</authorizationCode>"));
    assert_eq!(code.signature().map(str::len), Some(96));
}

/// Q3, Q4, Q10: the masked readings of one picture say the same, with the masks as opaque text.
#[test]
fn masked_readings_keep_their_masks_and_say_the_same() {
    let Some(folder) = samples() else { return };
    for names in [
        ["slac_c8000v_redacted.xml", "slac_c8000v_redacted_reading2.xml"],
        ["rum_ack_c8000v_redacted.xml", "rum_ack_c8000v_redacted_reading2.xml"],
    ] {
        let inputs = names.map(|name| bytes(&folder.join(name)));
        for input in &inputs {
            let document = Document::parse(input).unwrap();
            let contents = read(&document);
            let mut seen = 0;
            for content in &contents {
                match content {
                    Content::Authorization(code) => {
                        assert_eq!(code.view().entitlements[0].count, 1);
                        assert!(code.view().piid.as_ref().unwrap().contains('['));
                        assert_eq!(code.view().issued(), Some("2022-07-01T14:10:28".parse().unwrap()));
                        seen += 1;
                    }
                    Content::Policy(policy) => {
                        assert_eq!(policy.view().perpetual.ongoing, Some(356), "passed through as it is");
                        assert_eq!((policy.view().export.first, policy.view().export.change), (None, Some(90)));
                        seen += 1;
                    }
                    Content::Account(account) => {
                        assert!(account.view().timestamp.is_some());
                        seen += 1;
                    }
                    Content::Acknowledgement(ack) => {
                        assert_eq!(ack.view().named().count(), 0);
                        let opaque: Vec<_> = ack.view().opaque().collect();
                        assert!(opaque[0].raw.starts_with("[{") && opaque[0].raw.ends_with("}]"), "{opaque:?}");
                        assert_eq!(ack.signed_bytes(), opaque[0].raw.as_bytes());
                    }
                    Content::CorrelationId(_) => seen += 1,
                    other => panic!("{other:?}"),
                }
                if let Some(signature) = content.signed_content().and_then(|signed| signed.signature) {
                    assert!(signature.contains('['), "a masked signature is kept as it is");
                }
            }
            assert_eq!(seen, 4);
            assert!(warnings(&document).contains(&Tolerance::SignatureText));
        }
    }
}

/// Q8: the template of a client's tests is well-formed, but names nothing.
#[test]
fn an_empty_template_is_a_document_and_no_code() {
    let Some(folder) = samples() else { return };
    let input = bytes(&folder.join("slr_virl2_client_invalid_template.xml"));
    let document = Document::parse(&input).unwrap();
    let error = document.contents().next().unwrap().unwrap_err();
    assert_eq!((error.kind().as_str(), error.is_fatal()), ("missing-element", false));
}

#[test]
fn vectors_are_read_with_the_warnings_that_the_index_names() {
    let Some(folder) = samples() else { return };
    let noted = |name: &str| {
        let input = bytes(&folder.join("sdk_vectors").join(name));
        warnings(&Document::parse(&input).unwrap())
    };
    for name in
        ["v01_slac.xml", "v02_ack.xml", "v06_trust_code_ha.xml", "v07_conversion_ack.xml", "v08_auth_request.xml"]
    {
        assert_eq!(noted(name), [], "{name}");
    }
    for name in
        ["v05_trust_request_ha.xml", "v05b_trust_request_key.xml", "v09_return_request.xml", "v19_ack_escaped_text.xml"]
    {
        assert_eq!(noted(name), [], "{name}");
    }
    assert_eq!(noted("v04_slr.xml"), [Tolerance::BareRoot]);
    assert_eq!(noted("v11_slac_spaced.xml"), [Tolerance::Bom]);
    assert_eq!(noted("v12_slac_base64.txt"), [Tolerance::Base64Document]);
    let near = [Tolerance::AckNearName, Tolerance::NumberOrString, Tolerance::AckNearName];
    assert_eq!(noted("v17_ack_near_names.xml"), near);
    assert_eq!(noted("v18_ack_opaque.xml"), [Tolerance::UnknownElement, Tolerance::AckOpaque]);
    assert_eq!(noted("v20_signature_wrapped.xml"), [Tolerance::BareRoot, Tolerance::SignatureBlank]);
    assert_eq!(noted("v21_signature_92.xml"), []);
}

/// Q1: the text of an acknowledgement ends `}]`, its CDATA section `]]>`.
#[test]
fn the_brackets_at_the_end_of_an_acknowledgement_belong_to_the_text() {
    let Some(folder) = samples() else { return };
    let [plain, escaped] =
        ["v02_ack.xml", "v19_ack_escaped_text.xml"].map(|name| bytes(&folder.join("sdk_vectors").join(name)));
    let (plain, escaped) = (Document::parse(&plain).unwrap(), Document::parse(&escaped).unwrap());
    let found = acks(&plain);
    assert_eq!(found, acks(&escaped));
    assert_eq!(found[0].status, AckStatus::Acknowledged);
    assert_eq!(found[1].error_code.as_deref(), Some("45"));
    assert_eq!(found[1].message.as_deref(), Some("signature does not fit; a]]>b <x> & \"y\" é"));
}

#[test]
fn near_names_name_both_reports_and_unknown_members_are_kept() {
    let Some(folder) = samples() else { return };
    let input = bytes(&folder.join("sdk_vectors/v17_ack_near_names.xml"));
    let found = acks(&Document::parse(&input).unwrap());
    let ids: Vec<_> = found.iter().map(|ack| (ack.report.get(), &ack.status)).collect();
    assert_eq!(ids, [(1_700_000_000, &AckStatus::Acknowledged), (1_700_000_001, &AckStatus::Acknowledged)]);
    assert!(found.iter().all(|ack| ack.device.as_ref().unwrap().serial() == "TST00000001"));
    assert_eq!(found[0].extra[0].raw, r#"{"k":[1,null]}"#);
}

/// Q20: a document with two devices does not lose the second.
#[test]
fn every_element_of_a_request_is_read() {
    let text =
        br#"<smartLicense><smartLicenseAuthRequest><data>[{"sudi":{"udi_pid":"A","udi_serial_number":"TST00000001"},
        "keys":[{"entitlement":"t","count":2}],"confirm_code":"NA","remove_code":null},
        {"sudi":{"udi_pid":"A","udi_serial_number":"TST00000002"},"keys":[],"remove_code":"C1","x":1}]
        </data></smartLicenseAuthRequest></smartLicense>"#;
    let document = Document::parse(text).unwrap();
    let contents = read(&document);
    let [Content::AuthorizationRequest(request)] = &contents[..] else { panic!() };
    let [first, second] = &request.view()[..] else { panic!() };
    assert_eq!(first.keys[0].count, Some(2));
    assert_eq!(first.kind(), slp_rum::auth_request::RequestKind::Request);
    assert_eq!(second.device.as_ref().unwrap().serial(), "TST00000002");
    assert_eq!(second.kind(), slp_rum::auth_request::RequestKind::Return);
    assert_eq!(second.extra[0].name, "x");
    assert!(request.signed_content().bytes.is_empty());
}

/// Q12: a file that went through a conversion of line ends still has its signed bytes, without the CR.
#[test]
fn the_element_without_cr_is_found_after_a_conversion_of_line_ends() {
    let Some(folder) = samples() else { return };
    let input = bytes(&folder.join("sdk_vectors/v06_trust_code_ha.xml"));
    let converted = String::from_utf8(input.clone()).unwrap().replace('\n', "\r\n");
    let [before, after] = [&input[..], converted.as_bytes()].map(|bytes| Document::parse(bytes).unwrap());
    let mut codes = 0;
    for (before, after) in read(&before).into_iter().zip(read(&after)) {
        let (Content::TrustCode(before), Content::TrustCode(after)) = (before, after) else { continue };
        let signed = before.signed_bytes();
        assert_ne!(after.signed_bytes(), signed);
        let found: Vec<_> = after.candidate_spans().filter(|span| &*span.content.bytes == signed).collect();
        let names: Vec<_> = found.iter().map(|span| span.name.to_string()).collect();
        assert_eq!(names, ["element/no-cr"]);
        codes += 1;
    }
    assert_eq!(codes, 2);
}

/// The first guess at what is signed is our own rule, in every part of every file.
#[test]
fn the_first_candidate_is_what_is_signed() {
    let Some(folder) = samples() else { return };
    let mut parts = 0;
    for name in VECTORS.iter().filter(|name| **name != "v13_dtd_refused.xml") {
        let input = bytes(&folder.join("sdk_vectors").join(name));
        for content in read(&Document::parse(&input).unwrap()) {
            let first = match &content {
                Content::Authorization(code) => code.candidate_spans().next(),
                Content::Policy(policy) => policy.candidate_spans().next(),
                Content::TrustCode(code) => code.candidate_spans().next(),
                Content::Acknowledgement(ack) => ack.candidate_spans().next(),
                Content::ConversionAcknowledgement(ack) => ack.candidate_spans().next(),
                Content::Account(account) => account.candidate_spans().next(),
                Content::TrustRequest(request) => request.candidate_spans().next(),
                _ => continue,
            };
            let signed = content.signed_content();
            assert_eq!(first.as_ref().map(|span| span.name.to_string()), signed.as_ref().map(|_| "element".to_owned()));
            assert_eq!(first.map(|span| span.content), signed, "{name}");
            parts += 1;
        }
    }
    assert!(parts > 30, "{parts}");
}
