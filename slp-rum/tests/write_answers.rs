//! What a server writes, byte for byte: against the vectors of the spec, and round trips.

mod common;

use common::{bytes, samples};
use slp_model::SignedContent;
use slp_model::account::Account;
use slp_model::policy::{Policy, Requirement};
use slp_rum::ack::conversion::{ConversionAck, ConversionStatus};
use slp_rum::write::answer::{self, Answer};
use slp_rum::write::request;
use slp_rum::{
    Ack, AckList, Authorization, AuthorizationKind, Content, CorrelationId, Document, Entitlement, TermDate,
};

type SignResult = Result<String, Box<dyn std::error::Error + Send + Sync>>;

/// Reads a document and writes it again from what was read alone, with the signatures that it had.
fn written_again(document: &Document<'_>) -> String {
    let contents: Vec<_> = document.contents().map(|content| content.unwrap()).collect();
    let signatures: Vec<(Vec<u8>, String)> = contents
        .iter()
        .filter_map(Content::signed_content)
        .filter_map(|signed| Some((signed.bytes.to_vec(), signed.signature?.into_owned())))
        .collect();
    let mut sign = |content: &SignedContent<'_>| -> SignResult {
        let found = signatures.iter().find(|(bytes, _)| **bytes == *content.bytes);
        Ok(found.ok_or_else(|| format!("{:?}", String::from_utf8_lossy(&content.bytes)))?.1.clone())
    };
    if document.container() != slp_rum::Container::DeviceFile {
        return match &contents[0] {
            Content::Policy(policy) => answer::policy(policy.view(), &mut sign).unwrap(),
            Content::Authorization(code) => answer::authorization(code.view(), &mut sign).unwrap(),
            other => panic!("{other:?}"),
        };
    }
    let requests: Vec<String> = contents
        .iter()
        .filter_map(|content| match content {
            Content::SystemInfo(info) => Some(request::system_info(info.view()).unwrap()),
            Content::AuthorizationRequest(entries) => Some(request::authorization_request(entries.view()).unwrap()),
            Content::TrustRequest(entries) => Some(match entries.signature() {
                Some(_) => request::trust_request(entries.view(), Some(&mut sign)).unwrap(),
                None => request::trust_request(entries.view(), None).unwrap(),
            }),
            _ => None,
        })
        .collect();
    if !requests.is_empty() {
        return request::document(requests.iter().map(String::as_str));
    }
    let mut answer = Answer::new(&mut sign);
    for content in &contents {
        match content {
            Content::Authorization(code) => answer.authorization(code.view()).map(drop).unwrap(),
            Content::Policy(policy) => answer.policy(policy.view()).map(drop).unwrap(),
            Content::TrustCode(code) => answer.trust_code(code.view()).map(drop).unwrap(),
            Content::Acknowledgement(list) => answer.acknowledgement(list.view()).map(drop).unwrap(),
            Content::ConversionAcknowledgement(list) => answer.conversions(list.view()).map(drop).unwrap(),
            Content::Account(account) => answer.account(account.view()).map(drop).unwrap(),
            Content::CorrelationId(id) => answer.correlation_id(id.view()).map(drop).unwrap(),
            other => panic!("{other:?}"),
        }
    }
    answer.finish().unwrap()
}

#[test]
fn vectors_are_written_again_byte_for_byte_from_what_was_read() {
    let Some(folder) = samples() else { return };
    for name in [
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
        "v14_slac_other_device.xml",
        "v15_slac_two_devices.xml",
        "v16_policy_older.xml",
        "v21_signature_92.xml",
    ] {
        let input = bytes(&folder.join("sdk_vectors").join(name));
        let document = Document::parse(&input).unwrap();
        assert_eq!(written_again(&document), String::from_utf8_lossy(&input), "{name}");
    }
}

fn code(serial: &str) -> Authorization {
    let mut code = Authorization::new(AuthorizationKind::Slac, format!("P:TEST,S:{serial}").parse().unwrap());
    code.account = Some(Account::new("Example & <Sons>", "'DEFAULT'"));
    code.date = Some("2023-11-15T01:00:00".parse().unwrap());
    let mut one = Entitlement::new("regid.2020-01.com.cisco.TEST,1.0_x".parse().unwrap(), 7);
    one.end = Some(TermDate::read("2024-10-31"));
    one.success = Some(true);
    code.entitlements = vec![one];
    code
}

fn everything(sign: &mut answer::Sign<'_>) -> String {
    let mut answer = Answer::new(sign);
    let mut policy = Policy::new("Example");
    policy.export = Requirement::new(None, Some(0), Some(90));
    policy.ack_required = Some(false);
    let device = || "P:TEST,S:TST00000002".parse().unwrap();
    let list =
        AckList::new([Ack::refused(device(), 2.into(), 45, "a]]>b \"c\" \\ \u{1}"), Ack::accepted(device(), 1.into())]);
    let id = CorrelationId::new("2023-11-15T01:00:01".parse().unwrap(), [1; 12], [2; 8]);
    let conversion = ConversionAck::new(device(), "tag", ConversionStatus::InProgress);
    answer.correlation_id(&id).unwrap().account(&Account::new("A", "B")).unwrap();
    answer.acknowledgement(&list).unwrap().conversions(&[conversion]).unwrap().policy(&policy).unwrap();
    answer.authorization(&code("TST00000002")).unwrap().authorization(&code("TST00000001")).unwrap();
    answer.finish().unwrap()
}

#[test]
fn the_order_of_calls_does_not_show_and_every_byte_is_fixed() {
    let mut sign = |content: &SignedContent<'_>| -> SignResult { Ok(format!("{:04}", content.bytes.len())) };
    let text = everything(&mut sign);
    insta::assert_snapshot!(text.replace("><", ">\n<"));
    let document = Document::parse(text.as_bytes()).unwrap();
    assert!(document.warnings().is_empty());
    assert_eq!(written_again(&document), text);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let mut sign = |_: &SignedContent<'_>| -> SignResult { Ok("AAAA".to_owned()) };
    let mut texts = String::new();
    let mut refused = |error: slp_rum::Error| {
        texts.push_str(error.kind().as_str());
        texts.push_str(": ");
        texts.push_str(&error.to_string());
        texts.push('\n');
    };
    let mut no_date = code("TST00000001");
    no_date.date = None;
    refused(answer::authorization(&no_date, &mut sign).unwrap_err());
    let mut nothing = code("TST00000001");
    nothing.entitlements.clear();
    refused(answer::authorization(&nothing, &mut sign).unwrap_err());
    refused(answer::policy(&Policy::new("a\nb"), &mut sign).unwrap_err());
    refused(answer::policy(&Policy::new("x".repeat(256)), &mut sign).unwrap_err());
    let device = || "P:TEST,S:TST00000002".parse().unwrap();
    let twice = AckList::new([Ack::accepted(device(), 1.into()), Ack::accepted(device(), 1.into())]);
    refused(answer::acknowledgement(&twice, &mut sign).unwrap_err());
    let long = AckList::new([Ack::refused(device(), 1.into(), 45, "x".repeat(256))]);
    refused(answer::acknowledgement(&long, &mut sign).unwrap_err());
    let mut nameless = Ack::accepted(device(), 1.into());
    nameless.device = None;
    refused(answer::acknowledgement(&AckList::new([nameless]), &mut sign).unwrap_err());
    refused(request::trust_request(&[], None).unwrap_err());
    refused(request::authorization_request(&[]).unwrap_err());
    let mut silent = |_: &SignedContent<'_>| -> SignResult { Err("the key is locked".into()) };
    let error = answer::account(&Account::new("A", "B"), &mut silent).unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the key is locked");
    refused(error);
    let mut broken = |_: &SignedContent<'_>| -> SignResult { Ok("AAAA\n".to_owned()) };
    refused(answer::account(&Account::new("A", "B"), &mut broken).unwrap_err());
    let mut answer = Answer::new(&mut sign);
    answer.authorization(&code("TST00000001")).unwrap().authorization(&code("TST00000001")).unwrap();
    refused(answer.finish().unwrap_err());
    insta::assert_snapshot!(texts);
}

#[test]
fn a_document_above_a_mebibyte_is_not_written() {
    let mut sign = |_: &SignedContent<'_>| -> SignResult { Ok("AAAA".to_owned()) };
    let device: slp_model::Udi = "P:TEST,S:TST00000002".parse().unwrap();
    let list = AckList::new((0..12_000).map(|id| Ack::accepted(device.clone(), id.into())));
    let mut answer = Answer::new(&mut sign);
    answer.acknowledgement(&list).unwrap();
    let error = answer.finish().unwrap_err();
    assert_eq!((error.kind().as_str(), error.name()), ("limit", Some("document_bytes")));
}

/// A server that answers for a device a second time repeats the code that it has issued, with the old signature.
#[test]
fn a_part_that_was_read_is_kept_with_its_signature() {
    let mut sign = |_: &SignedContent<'_>| -> SignResult { Ok("AAAA".to_owned()) };
    let first = answer::authorization(&code("TST00000001"), &mut sign).unwrap();
    let document = request::document([first.as_str()]);
    let document = Document::parse(document.as_bytes()).unwrap();
    let Some(Ok(Content::Authorization(kept))) = document.contents().next() else { panic!() };
    let mut other = |_: &SignedContent<'_>| -> SignResult { Ok("BBBB".to_owned()) };
    let mut answer = Answer::new(&mut other);
    answer.policy(&Policy::new("x")).unwrap();
    answer.keep(&kept);
    let text = answer.finish().unwrap();
    assert!(text.starts_with(&format!("<smartLicense>{first}<smartLicensePolicy>")), "{text}");
    assert!(text.contains("<signature>BBBB</signature></smartLicensePolicy>"));
}

#[test]
fn a_device_that_no_reader_takes_is_not_written() {
    let device = |serial: usize| slp_model::Udi::new("TEST", "S".repeat(serial)).unwrap();
    let mut sign = |_: &SignedContent<'_>| -> SignResult { Ok("AAAA".to_owned()) };
    let mut ack =
        |serial: usize| answer::acknowledgement(&AckList::new([Ack::accepted(device(serial), 1.into())]), &mut sign);
    let text = format!("<smartLicense>{}</smartLicense>", ack(251).unwrap());
    assert!(Document::parse(text.as_bytes()).unwrap().contents().all(|content| content.is_ok()));
    assert_eq!(ack(252).unwrap_err().kind(), slp_rum::ErrorKind::Unwritable);
    let conversion = ConversionAck::new(device(252), "tag", ConversionStatus::Success);
    assert!(answer::conversions(&[conversion], &mut sign).is_err());
    let entry = slp_rum::auth_request::RequestEntry::giving_back(device(252), "C");
    assert!(request::authorization_request(&[entry]).is_err());
    let key = slp_rum::trust::TrustKey::CertificateRequest("x".to_owned());
    let entry = slp_rum::trust::TrustRequestEntry::new(device(252), key);
    assert!(request::trust_request(&[entry], None).is_err());
    let mut facts = slp_rum::system_info::SystemFacts::default();
    facts.device = Some(device(252));
    assert!(request::system_info(&facts).is_err());
}

/// `]]>` never stands in what is written here; where others split it over two sections, it is joined.
#[test]
fn an_acknowledgement_needs_no_second_section_and_two_are_joined() {
    let mut sign = |_: &SignedContent<'_>| -> SignResult { Ok("AAAA".to_owned()) };
    let device: slp_model::Udi = "P:TEST,S:TST00000002".parse().unwrap();
    let list = AckList::new([Ack::refused(device, 1.into(), 45, "a]]>b>c")]);
    let part = answer::acknowledgement(&list, &mut sign).unwrap();
    assert_eq!((part.matches("<![CDATA[").count(), part.matches("]]>").count()), (1, 1), "{part}");
    assert!(part.contains(r"a]]\u003eb\u003ec"), "{part}");
    let split = part.replace(r"]]\u003e", "]]]]><![CDATA[>");
    assert_ne!(split, part);
    for part in [part, split] {
        let text = format!("<smartLicense>{part}</smartLicense>");
        let document = Document::parse(text.as_bytes()).unwrap();
        let Some(Ok(Content::Acknowledgement(read))) = document.contents().next() else { panic!("{text}") };
        assert_eq!(*read.view(), list);
    }
}
