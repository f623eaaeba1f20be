//! Documents, reports and the parts beside them.

use slp_model::{SignedContent, Udi, UnixSeconds};
use slp_rum::codes::{self, simulate};
use slp_rum::import::{DeviceState, Judge, Situation, Verdict};
use slp_rum::usage::Evidence;
use slp_rum::write::{DeviceFile, RestUsage, envelope as write_envelope};
use slp_rum::{Content, Document, ReadOptions, Signature, Statement, UsageReport};

use crate::{DEVICE, said};

/// Any document: the two readers say the same, and what was read is written as it came.
pub fn document(data: &[u8]) {
    let strict = Document::parse_with(data, &ReadOptions::strict());
    let document = match Document::parse(data) {
        Ok(document) => document,
        Err(error) => {
            said(&error);
            assert!(strict.is_err(), "strict reading takes what tolerant reading refuses: {error}");
            return;
        }
    };
    assert_eq!(&*document.to_bytes(), data, "what was read is not what came");
    if let Some(damage) = document.damage() {
        said(&damage);
        assert!(damage.is_fatal());
    }
    let owned: Vec<_> = document.reports().collect();
    let mut lent = document.borrowed_reports();
    for one in &owned {
        match (one, lent.next()) {
            (Ok(one), Some(Ok(other))) => same(one, &other),
            (Err(one), Some(Err(other))) => assert_eq!(said(one), said(&other)),
            (one, other) => panic!("two readers: {one:?}, {other:?}"),
        }
    }
    assert!(lent.next().is_none());
    let good: Vec<_> = owned.into_iter().filter_map(Result::ok).collect();
    for report in &good {
        written_again(report);
    }
    if let Ok(text) = DeviceFile::new().reports(&good).to_text() {
        payloads_are_the_same(&good, text.as_bytes());
    }
    if let Ok(text) = RestUsage::new().reports(&good).to_text() {
        payloads_are_the_same(&good, text.as_bytes());
    }
    let kept = DeviceFile::from_document(&document).and_then(|file| file.to_text());
    if let Ok(text) = kept {
        payloads_are_the_same(&good, text.as_bytes());
    }
    let text = document.clone().into_owned();
    assert_eq!(&*text.to_bytes(), data);
    for warning in document.warnings() {
        let _ = (warning.tolerance.as_str(), warning.place.to_string());
    }
    parts_of(&document);
}

fn same(owned: &UsageReport, lent: &slp_rum::borrowed::UsageReport<'_>) {
    assert_eq!(owned.payload_text(), lent.raw);
    assert_eq!(owned.id(), lent.id);
    assert_eq!(owned.measurements().len(), lent.measurements.len());
    assert_eq!(owned.warnings().len(), lent.warnings.len());
}

fn payloads_are_the_same(reports: &[UsageReport], text: &[u8]) {
    let again = Document::parse(text).expect("what was written is read");
    let again: Vec<_> = again.reports().map(|report| report.expect("what was written is read")).collect();
    let texts = |reports: &[UsageReport]| -> Vec<String> {
        reports.iter().map(|report| report.payload_text().to_owned()).collect()
    };
    assert_eq!(texts(&again), texts(reports));
}

fn written_again(report: &UsageReport) {
    let _ = (report.closure(), report.span(), report.peak(), report.payload_extra(), report.payload_sha256());
    let Ok(text) = write_envelope(report) else { return };
    let document = Document::parse(text.as_bytes()).expect("an envelope that was written is read");
    let again = document.reports().next().expect("one report").expect("an envelope that was written is read");
    assert_eq!(again.payload_text(), report.payload_text());
    assert_eq!(again.outer_signature().cloned().map(compact), report.outer_signature().cloned().map(compact));
    assert_eq!(write_envelope(&again).expect("written once"), text);
}

/// A signature whose unknown members have no blanks between their tokens: an envelope is written without them.
fn compact(mut signature: Signature) -> Signature {
    for member in signature.extra.iter_mut().chain(&mut signature.signer_extra) {
        let (mut inside, mut escaped) = (false, false);
        member.raw.retain(|c| {
            let keep = inside || !c.is_ascii_whitespace();
            inside ^= c == '"' && !escaped;
            escaped = inside && c == '\\' && !escaped;
            keep
        });
    }
    signature
}

fn parts_of(document: &Document<'_>) {
    for content in document.contents() {
        match content {
            Err(error) => drop(said(&error)),
            Ok(content) => part(&content),
        }
    }
    let Ok(rewrite) = document.rewrite() else { return };
    let mut same = rewrite.clone();
    for (index, part) in document.parts().enumerate() {
        // An element taken out of its document may need a namespace or an encoding that it leaves behind.
        let _ = same.replace(index, part.raw);
    }
    assert_eq!(same.finish(), rewrite.finish(), "parts put in their own place change nothing");
}

fn part(content: &Content<'_>) {
    let _ = (content.name(), content.raw(), content.warnings().len());
    if let Some(signed) = content.signed_content() {
        assert!(!signed.bytes.is_empty());
    }
    match content {
        Content::Authorization(code) => {
            spans(code);
            let now = UnixSeconds::new(1_700_000_000).expect("a time");
            for entitlement in &code.view().entitlements {
                let _ = (entitlement.grants(now), code.view().authorized_count(&entitlement.tag, now));
            }
            let _ = code.view().issued();
        }
        Content::Policy(policy) => {
            spans(policy);
            let _ = policy.view().values().count();
        }
        Content::TrustCode(code) => spans(code),
        Content::Acknowledgement(acks) => {
            spans(acks);
            let _ = (acks.view().named().count(), acks.view().opaque().count());
        }
        Content::ConversionAcknowledgement(acks) => spans(acks),
        Content::Account(account) => spans(account),
        _ => {}
    }
}

fn spans<T>(statement: &Statement<T>) {
    for span in statement.candidate_spans() {
        let name = span.name.to_string();
        assert_eq!(name.parse().ok(), Some(span.name), "{name}");
    }
}

/// An envelope, in a REST answer and in a device file.
pub fn envelope(data: &[u8]) {
    document(&[b"{\"usage\":[", data, b"]}"].concat());
    document(&[b"<smartLicense><RUMReport><![CDATA[", data, b"]]></RUMReport></smartLicense>"].concat());
}

/// A payload by itself.
pub fn payload(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for options in [ReadOptions::default(), ReadOptions::strict()] {
        match UsageReport::from_payload(text, None, None, &options) {
            Err(error) => drop(said(&error)),
            Ok(report) => {
                assert_eq!(report.payload_text(), text);
                written_again(&report);
                let mut evidence = Evidence::new();
                evidence.add(&report.as_borrowed(), "one").expect("a report that was read");
                evidence.add(&report.as_borrowed(), "two").expect("a report that was read");
                let _ = evidence.intervals().count();
                slp_rum::continuity::check(&evidence, &slp_rum::continuity::Facts::default());
            }
        }
    }
}

/// Licence documents: authorization codes, policies, trust codes, acknowledgements, requests.
pub fn contents(data: &[u8]) {
    if let Ok(document) = Document::parse(data) {
        parts_of(&document);
    }
}

/// The list inside an acknowledgement.
pub fn ack(data: &[u8]) {
    let signed = b"</data><signature>AAAA</signature>";
    let start = b"<smartLicense><smartLicenseRumAck><data>".as_slice();
    let end = b"</smartLicenseRumAck></smartLicense>".as_slice();
    contents(&[start, data, signed, end].concat());
    contents(&[start, b"<![CDATA[", data, b"]]>", signed, end].concat());
}

/// What stands inside an authorization code.
pub fn authorization(data: &[u8]) {
    let start = b"<smartLicenseAuthorization><udi>P:TEST-SWITCH,S:TST00000001</udi><authorizationCode>".as_slice();
    let end = b"</authorizationCode><signature>AAAA</signature></smartLicenseAuthorization>".as_slice();
    contents(&[start, data, end].concat());
}

/// What stands inside a policy.
pub fn policy(data: &[u8]) {
    let start = b"<smartLicensePolicy><policyCode>".as_slice();
    let end = b"</policyCode><signature>AAAA</signature></smartLicensePolicy>".as_slice();
    contents(&[start, data, end].concat());
}

/// Every signature holds.
struct Anything;

impl Judge for Anything {
    fn has_server_key(&self) -> bool {
        true
    }

    fn judge(&self, _: &SignedContent<'_>) -> Verdict {
        Verdict::Verified
    }
}

/// A document that a device takes, and takes again.
pub fn import(data: &[u8]) {
    let device: Udi = DEVICE.parse().expect("a device");
    let now = UnixSeconds::new(1_700_000_000).expect("a time");
    let situation = Situation::new(&Anything, now);
    let state = DeviceState::new(device);
    match slp_rum::import::import(data, &state, &situation) {
        Err(refusal) => {
            let _ = (refusal.reason(), refusal.location().to_string(), refusal.error());
        }
        Ok(plan) => {
            let after = plan.into_state();
            if let Ok(again) = slp_rum::import::import(data, &after, &situation) {
                let _ = (again.outcomes().len(), again.warnings().len());
            }
        }
    }
}

/// The codes that people type: read, written and read again they are the same.
pub fn codes(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    macro_rules! law {
        ($($code:ident),*) => {$(
            match text.parse::<codes::$code>() {
                Err(error) => drop(said(&error)),
                Ok(code) => assert_eq!(code.to_string().parse::<codes::$code>().ok(), Some(code)),
            }
        )*};
    }
    law!(RequestCode, PermanentCode, ReturnCode, ConfirmationCode);
    if let Ok(code) = text.parse::<codes::RequestCode>() {
        let _ = (code.kind(), code.token(), code.check(), simulate::permanent_code(&code));
    }
    if let Ok(device) = text.parse::<Udi>() {
        let _ = simulate::product_instance_id(&device);
    }
}

/// The list that a tool of the vendor exports.
pub fn export(data: &[u8]) {
    match slp_rum::export::Export::parse(data, &ReadOptions::default()) {
        Err(error) => drop(said(&error)),
        Ok(export) => {
            for device in &export.devices {
                if let Ok(document) = device.document(&ReadOptions::default()) {
                    parts_of(&document);
                }
            }
        }
    }
}
