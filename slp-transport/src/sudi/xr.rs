//! IOS XR: `show platform security attest certificate CiscoSUDI location all nonce N json` (code).
#![expect(unreachable_pub, dead_code, reason = "the macro makes public records with everything that messages need")]

use slp_model::Location;

use super::draft::{Draft, Kind};
use super::restconf::{Entry, fault, starts_with_member};
use super::{Answer, Nonce, Statement, Tolerance, schema, text};
use crate::wire::{Fail, In, Wire, body_text, record};
use crate::{Error, ErrorKind, Limits};

/// The only member of the answer.
const MEMBER: &str = "system-certificates";
/// The most bytes of a nonce: what a verifier takes.
const MAX_NONCE: usize = 64;
/// The most bytes of a signature.
const MAX_SIGNATURE: usize = 1_024;

record! {
    /// The whole answer.
    pub struct Whole {
        nodes: list Entry = "system-certificates",
    }
}

record! {
    /// One node.
    pub struct Node {
        location: opt String = "node-location",
        nonce: opt String = "nonce",
        version: req u32 = "signature_version",
        signature: req String = "signature",
        certificates: req Certificates = "certificates",
    }
}

record! {
    /// The object around the list.
    pub struct Certificates {
        certificates: list Certificate = "certificate",
    }
}

record! {
    /// One certificate.
    pub struct Certificate {
        name: req String = "name",
        value: req String = "value",
    }
}

pub(super) fn is_answer(text: &[u8]) -> bool {
    starts_with_member(text, MEMBER)
}

/// Is there such an answer behind the prompt and the command?
pub(super) fn is_capture(text: &[u8]) -> bool {
    text.iter().position(|byte| *byte == b'{').and_then(|at| text.get(at..)).is_some_and(is_answer)
}

pub(super) fn read(bytes: &[u8], limits: &Limits, answer: &mut Answer) -> Result<(), Error> {
    let whole = body_text(bytes, limits.device_body_bytes, "")?;
    let begin = whole.find('{').ok_or_else(|| Error::new(ErrorKind::NotJson, "there is no JSON object in the text"))?;
    if !whole.get(..begin).unwrap_or_default().trim().is_empty() {
        answer.warn(Tolerance::TextBefore, &text::place(whole, 0, ""));
    }
    let mut input = In::new(whole, limits);
    input.reader = input.reader.resumed_at(begin);
    let read = Whole::read(&mut input).and_then(|read| input.reader.end().map(|()| read).map_err(Fail::from));
    let answered = read.map_err(|fail| fault(&fail, whole, "$"))?;
    let mut places = text::Places::of(whole);
    for (index, node) in answered.nodes.iter().enumerate() {
        let path = format!("$.{MEMBER}[{index}]");
        let statement = match node.in_text::<Node>(whole, limits) {
            Ok(read) => statement(read, &node.place(&mut places, path)),
            Err(fail) => Err(fault(&fail, whole, &path)),
        };
        answer.push(statement)?;
    }
    Ok(())
}

/// Root and issuing CA are told by their names, the device has any other.
fn statement(node: Node, place: &Location) -> Result<Statement, Error> {
    let bytes = |text: &str, limit, what| text::base64(text, limit, what).map_err(|text| schema(place, text));
    let nonce = node.nonce.as_deref().filter(|nonce| !nonce.is_empty());
    let nonce = nonce.map(|nonce| bytes(nonce, MAX_NONCE, "the nonce")).transpose()?;
    let mut chain: [Option<Vec<u8>>; 3] = [None, None, None];
    for certificate in &node.certificates.certificates {
        let [root, sub_ca, leaf] = &mut chain;
        let slot = match certificate.name.trim() {
            "Cisco SUDI Root" => root,
            "Cisco SUDI CA" => sub_ca,
            _ => leaf,
        };
        let der = bytes(&certificate.value, text::MAX_CERTIFICATE, "a certificate")?;
        if slot.replace(der).is_some() {
            return Err(schema(place, "two certificates have the same part in the chain: root, issuing CA or device"));
        }
    }
    let signature = bytes(&node.signature, MAX_SIGNATURE, "the signature")?;
    let mut draft = Draft::at(place.clone(), node.location);
    (draft.version, draft.signature) = (Some(node.version), Some(signature));
    for der in chain.into_iter().flatten() {
        draft.certificate(None, der, place);
    }
    draft.finish(Some(Kind::Chain), nonce.map(Nonce::Bytes))
}
