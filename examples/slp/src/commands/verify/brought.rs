//! Documents of the exchange with an On-Prem as a whole: good signatures are not enough, what such a document says and
//! brings has to fit. It is the check of `slp sync verify`, so that the two cannot disagree. Spec: sync, "Certificates".

use std::error::Error as _;

use slp_crypto::{Certificate, NotVerified, PublicKey, Reason, TimePolicy};
use slp_model::{Actor, Location};
use slp_sync::document::verify::{self, OwnKeys};
use slp_sync::document::{Content, Document};
use slp_sync::{Error, ErrorKind, Limits};

use super::judge::Judge;
use super::row::{Row, Verdict};
use crate::input::Input;

/// Refuses signatures that fit, when the document does not. One that fits no key has said so already.
pub(super) fn judge(judge: &Judge<'_>, input: &Input<'_>, rows: &mut [Row]) {
    let good = |row: &Row| matches!(row.verdict, Verdict::Verified | Verdict::Not(Reason::KeyUnknown));
    if !rows.iter().all(good) {
        return;
    }
    match check(judge, input) {
        Ok(warning) => {
            for row in rows.iter_mut().filter(|row| row.verdict == Verdict::Verified) {
                row.warnings.extend(warning.map(str::to_owned));
            }
        }
        Err(why) => {
            for row in rows.iter_mut().filter(|row| row.verdict < Verdict::Not(why.reason)) {
                row.refuse(why.reason, why.detail, why.text.clone());
                row.place = why.place.clone();
            }
        }
    }
}

/// Why the document is not verified, although its signatures fit.
struct Refused {
    reason: Reason,
    detail: &'static str,
    text: String,
    place: Location,
}

impl From<Error> for Box<Refused> {
    /// The word of the signature check where it said no, else that of the document.
    fn from(error: Error) -> Self {
        let (text, place) = (error.message().to_owned(), error.location().clone());
        if let Some(cause) = error.source().and_then(|cause| cause.downcast_ref::<NotVerified>()) {
            return Self::new(Refused { reason: cause.reason(), detail: cause.detail().as_str(), text, place });
        }
        let reason = match (error.kind(), error.actor()) {
            (ErrorKind::UnsupportedAlgorithm | ErrorKind::UnsupportedFormat, _) => Reason::Unsupported,
            (ErrorKind::WrongInstance, _) | (_, Actor::Trust) => Reason::Invalid,
            _ => Reason::Malformed,
        };
        Self::new(Refused { reason, detail: error.kind().as_str(), text, place })
    }
}

/// What is left for the receiver to check, if all else is good.
fn check(judge: &Judge<'_>, input: &Input<'_>) -> Result<Option<&'static str>, Box<Refused>> {
    let document = Document::read(input.bytes, &Limits::bulk())?;
    let (store, time) = (&judge.trust.store, TimePolicy::Now(judge.present()));
    match document.content() {
        Content::RegistrationRequest(_) => {
            let _ = verify::registration(&document, store, time)?;
            Ok(None)
        }
        Content::SyncRequest(content) => {
            // without the CA above it the verdict is there already
            let id = certificate(&content.id_cert);
            let Some(issuer) = id.as_ref().and_then(|id| judge.trust.issuer_of(id)) else { return Ok(None) };
            let _ = verify::request(&document, issuer.der(), store, time)?;
            Ok(None)
        }
        Content::RegistrationAuthorization(content) => {
            let keys = [&content.collector_signing_cert, &content.local_sub_ca_cert];
            let _ = verify::authorization(&document, &own(&content.id_cert, keys)?, store, time)?;
            Ok(Some(WHOSE))
        }
        Content::SyncResponse(content) => {
            let keys = [&content.collector_signing_cert, &content.local_sub_ca_cert];
            let _ = verify::response(&document, &own(&content.id_cert, keys)?, store, time)?;
            Ok(Some(WHOSE))
        }
        _ => Err(Box::new(Refused {
            reason: Reason::Unsupported,
            detail: "format",
            text: "this version cannot judge such a document".to_owned(),
            place: Location::default(),
        })),
    }
}

const WHOSE: &str = "own-keys-unchecked: only `slp sync verify --id-key` shows that the certificates in it are for your \
                     keys";

/// The program does not know the keys of whoever asked, so it takes those of the answer: all else is checked.
fn own(id: &str, others: [&Option<String>; 2]) -> Result<OwnKeys, Box<Refused>> {
    let id = key(id).ok_or_else(|| {
        Box::new(Refused {
            reason: Reason::Unsupported,
            detail: "key",
            text: "the certificate of the identity has no key that is checked here".to_owned(),
            place: Location::path("$.id_cert"),
        })
    })?;
    let mut own = OwnKeys::new(id);
    [own.signing, own.local_ca] = others.map(|pem| pem.as_deref().and_then(key));
    Ok(own)
}

fn certificate(pem: &str) -> Option<Certificate> {
    Certificate::inspect_one(pem.as_bytes()).ok()
}

fn key(pem: &str) -> Option<PublicKey> {
    certificate(pem)?.key().ok().cloned()
}
