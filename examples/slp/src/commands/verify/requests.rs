//! Requests for trust: signed with the very keys that they ask trust for. That shows who holds a key, and not who that is.

use slp_crypto::{Csr, KeyScope, NotVerified, PublicKey, TimePolicy, TrustStore, Verified, Verifier};
use slp_model::Signed as _;
use slp_rum::TrustRequest;
use slp_rum::trust::{TrustKey, TrustRequestEntry};

use super::judge::Judge;
use super::row::Row;

/// One verdict for each device that asks.
pub(super) fn rows(judge: &Judge<'_>, request: &TrustRequest) -> Vec<Row> {
    request.view().iter().map(|entry| row(judge, request, entry)).collect()
}

fn row(judge: &Judge<'_>, request: &TrustRequest, entry: &TrustRequestEntry) -> Row {
    let of = request.name();
    let mut row = match &entry.key {
        TrustKey::CertificateRequest(text) => match Csr::from_trust_request(text.as_bytes()) {
            Ok(csr) => judge.trust.vouched(Row::of(of, Ok(csr.evidence())), csr.get().key()),
            Err(why) => Row::of(of, Err(&why)),
        },
        TrustKey::PublicKey(text) => match PublicKey::from_pem(pem(text).as_bytes()) {
            Ok(key) => {
                let verdict = signed_with(judge, request, &key);
                judge.trust.vouched(Row::of(of, verdict.as_ref().map(Verified::evidence)), &key)
            }
            Err(error) => {
                let text = format!("the key of the request cannot be used: {}", error.message());
                Row::not(of, slp_crypto::Reason::Malformed, "key", text)
            }
        },
        _ => Row::not(of, slp_crypto::Reason::Unsupported, "format", "a request with a key of an unknown kind"),
    };
    row.device = Some(entry.device.clone());
    row.place = request.place().clone();
    row
}

/// The part signed with this key, and with no other.
fn signed_with<'r>(
    judge: &Judge<'_>,
    request: &'r TrustRequest,
    key: &PublicKey,
) -> Result<Verified<&'r TrustRequest>, NotVerified> {
    let mut only = TrustStore::empty();
    only.add_key(KeyScope::Place(request.signed_content().place), key.clone());
    Verifier::new(&only).verify(request, TimePolicy::At(judge.present()))
}

/// Base64 of a key as the PEM that keys are read from.
fn pem(base64: &str) -> String {
    let mut text = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    for (index, letter) in base64.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text + "\n-----END PUBLIC KEY-----\n"
}
