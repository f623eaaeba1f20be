//! Documents of the SDK: who has to have signed each kind, and whether they did.

use slp_crypto::canonical::Value;
use slp_crypto::envelope::{Document, Member, Role, Signatory};
use slp_crypto::{Certificate, Csr, NotVerified, PublicKey, Reason, TimePolicy};
use slp_model::{Location, Quoted};

use super::judge::{FileVerdicts, Judge};
use super::row::{Row, Verdict};
use super::{brought, certificates};
use crate::input::{Input, has};

/// How the formats of the SDK begin.
const FORMAT: &[u8] = b"\"slp-sync/";

/// Could this be a document of the SDK? Only then it is worth reading as one.
pub(super) fn is_document(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    text.starts_with(b"{") && has(text, FORMAT)
}

pub(super) fn read(judge: &Judge<'_>, input: &Input<'_>, file: &mut FileVerdicts) {
    let document = match Document::read(input.bytes) {
        Ok(document) => document,
        Err(why) => {
            file.rows.push(Row::of("document", Err(&why)));
            return;
        }
    };
    for (_, value) in document.object() {
        file.certificates.extend(value.as_str().map(|text| certificates::facts(text.as_bytes())).unwrap_or_default());
    }
    let members: &[&str] = match document.kind() {
        "registration_authorization" | "sync_response" => &[""],
        "registration_request" | "sync_request" => &["id", "signing"],
        _ => {
            return others(judge, &document, file);
        }
    };
    for name in members {
        let row = match document.kind() {
            "registration_request" => asked(judge, &document, name),
            "sync_request" => request(judge, &document, name),
            _ => answer(judge, &document),
        };
        file.rows.push(placed(row, &document, &member(name)));
    }
    brought::judge(judge, input, &mut file.rows);
    extra(&document, members, file);
}

fn member(name: &str) -> Member {
    if name.is_empty() { Member::Single } else { Member::Named(name.into()) }
}

/// What a signature in a document is called.
fn title(document: &Document, member: &Member) -> String {
    match member {
        Member::Named(name) => format!("{}, {name}", document.kind()),
        _ => document.kind().to_owned(),
    }
}

fn place(member: &Member) -> Location {
    Location::path(match member {
        Member::Named(name) => format!("$.signatures.{name}"),
        _ => "$.signature".to_owned(),
    })
}

/// Nothing of such a document is outside: all members but the signatures are signed, kind and format with them.
fn placed(row: Result<Row, Box<Row>>, document: &Document, member: &Member) -> Row {
    let mut row = row.unwrap_or_else(|row| *row);
    row.of = title(document, member);
    if row.place.is_empty() {
        row.place = place(member);
    }
    row
}

fn judged(judge: &Judge<'_>, document: &Document, signatory: Signatory<'_>) -> Row {
    let time = TimePolicy::Now(judge.present());
    let verdict = document.verify(document.kind(), &[signatory], &judge.trust.store, time);
    Row::of("", verdict.as_ref().map(slp_crypto::Verified::evidence))
}

/// An answer of the cloud: it brings the certificate of its signer and the CA above it.
fn answer(judge: &Judge<'_>, document: &Document) -> Result<Row, Box<Row>> {
    let (signer, sub_ca) = (certificate(document, "signing_cert")?, certificate(document, "sub_ca_cert")?);
    let chain = [signer.der(), sub_ca.der()];
    Ok(judged(judge, document, Signatory::chain(Member::Single, chain, Role::CloudSigner)))
}

/// A request of an On-Prem: it brings its own certificates, and the CA above them is for the user to trust.
fn request(judge: &Judge<'_>, document: &Document, name: &str) -> Result<Row, Box<Row>> {
    let (id, signing) = (certificate(document, "id_cert")?, certificate(document, "signing_cert")?);
    // where one certificate serves for both, it is the identity
    let role = if id == signing || name == "id" { Role::CollectorId } else { Role::CollectorSigner };
    let certificate = if name == "id" { &id } else { &signing };
    let mut chain = vec![certificate.der()];
    chain.extend(judge.trust.issuer_of(certificate).map(Certificate::der));
    Ok(judged(judge, document, Signatory::chain(member(name), chain, role)))
}

/// A registration: signed with the keys that it asks certificates for. That shows who holds them, and not who that is.
fn asked(judge: &Judge<'_>, document: &Document, name: &str) -> Result<Row, Box<Row>> {
    let name_of_csr =
        if name == "signing" && document.object().get("signing_csr").is_some_and(|csr| csr.as_str().is_some()) {
            "signing_csr"
        } else {
            "csr"
        };
    let text = document.object().get(name_of_csr).and_then(Value::as_str).unwrap_or_default();
    let csr = Csr::from_pem(text.as_bytes()).map_err(|why| unusable(name_of_csr, &why))?;
    let key = csr.get().key();
    Ok(judge.trust.vouched(judged(judge, document, Signatory::key(member(name), key.clone())), key))
}

/// A kind that this version does not know: whoever signed it, with a key that the user vouches for.
fn others(judge: &Judge<'_>, document: &Document, file: &mut FileVerdicts) {
    let mut members = Vec::new();
    members.extend(document.object().get("signature").map(|_| Member::Single));
    if let Some(Value::Object(signatures)) = document.object().get("signatures") {
        members.extend(signatures.iter().map(|(name, _)| Member::Named(name.as_str().into())));
    }
    if members.is_empty() {
        let mut row = Row::not(document.kind(), Reason::Malformed, "absent", "there is no signature, and has to be");
        row.place = place(&Member::Single);
        file.rows.push(row);
    }
    for member in members {
        file.rows.push(placed(Ok(by_any(judge, document, &member, &judge.trust.signers)), document, &member));
    }
}

/// Of several keys the one that fits, or else the answer that says most.
fn by_any(judge: &Judge<'_>, document: &Document, member: &Member, keys: &[PublicKey]) -> Row {
    let mut best = None;
    for key in keys {
        let row = judged(judge, document, Signatory::key(member.clone(), key.clone()));
        if row.verdict == Verdict::Verified {
            return row;
        }
        if best.as_ref().is_none_or(|best: &Row| best.verdict < row.verdict) {
            best = Some(row);
        }
    }
    best.unwrap_or_else(|| {
        let text = "no key is known for this document: put the public key of its signer into the trust directory, as \
                    NAME.pub.pem";
        Row::not("", Reason::KeyUnknown, "key", text)
    })
}

/// Signatures that the kind does not ask for prove nothing, and are shown so that nobody thinks that they do.
fn extra(document: &Document, wanted: &[&str], file: &mut FileVerdicts) {
    let mut found = Vec::new();
    found.extend(document.object().get("signature").map(|_| String::new()));
    if let Some(Value::Object(signatures)) = document.object().get("signatures") {
        found.extend(signatures.iter().map(|(name, _)| name.to_owned()));
    }
    for name in found.iter().filter(|name| !wanted.contains(&name.as_str())) {
        let member = member(name);
        let text = format!("a {} has no such signature: it was not checked", Quoted(document.kind()));
        let mut row = Row::not("", Reason::Unsupported, "format", text);
        row.place = place(&member);
        file.rows.push(placed(Ok(row), document, &member));
    }
}

/// The one certificate in a member.
fn certificate(document: &Document, member: &str) -> Result<Certificate, Box<Row>> {
    let text = document.object().get(member).and_then(Value::as_str).unwrap_or_default();
    Certificate::inspect_one(text.as_bytes()).map_err(|why| unusable(member, &why))
}

/// A certificate or a request that cannot be used, with its place.
fn unusable(member: &str, why: &NotVerified) -> Box<Row> {
    let mut row = Row::of("", Err(why));
    row.place = Location::path(format!("$.{member}"));
    Box::new(row)
}
