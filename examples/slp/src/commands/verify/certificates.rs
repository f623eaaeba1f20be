//! Certificates among the files: what they say, and whether somebody trusted issued them.

use slp_crypto::{Certificate, Identity, NotVerified, Source, TimePolicy, Verified};
use slp_model::Udi;

use super::judge::{FileVerdicts, Judge};
use super::row::Row;
use crate::facts::CertificateFacts;
use crate::fault::Fault;
use crate::input::{Input, has};

const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Is there a certificate in PEM somewhere in the text?
pub(super) fn are_in(bytes: &[u8]) -> bool {
    has(bytes, MARK)
}

/// What the readable certificates of a PEM text say.
pub(super) fn facts(text: &[u8]) -> Vec<CertificateFacts> {
    let certificates = Certificate::inspect_pem(text).unwrap_or_default();
    certificates.iter().filter_map(|one| one.as_ref().ok()).map(CertificateFacts::from).collect()
}

/// Judges every certificate in a PEM text.
pub(super) fn read(judge: &Judge<'_>, input: &Input<'_>, file: &mut FileVerdicts) {
    match Certificate::inspect_pem(input.bytes) {
        Ok(found) => self::judge(judge, &found, file),
        Err(error) => file.faults.push(Fault::of_file(error.kind().as_str(), input.name, error.message())),
    }
}

/// Judges every certificate of a file; the others in it count as what came along.
pub(super) fn judge(judge: &Judge<'_>, found: &[Result<Certificate, NotVerified>], file: &mut FileVerdicts) {
    let readable: Vec<&Certificate> = found.iter().filter_map(|one| one.as_ref().ok()).collect();
    for (number, certificate) in (1_usize..).zip(found) {
        match certificate {
            Ok(certificate) => {
                let mut facts = CertificateFacts::from(certificate);
                facts.trusted = judge.trust.store.source_of(certificate).map(Source::as_str);
                // who is trusted is trusted because the user said so, whoever signed its certificate; and what a root that
                // came along says of itself is nothing
                let is_root = certificate.is_ca() && certificate.issuer() == certificate.subject();
                if facts.trusted.is_none() && !(is_root && found.len() > 1) {
                    file.rows.push(row(judge, certificate, &readable));
                }
                file.certificates.push(facts);
            }
            Err(why) => file.rows.push(Row::of(format!("certificate {number}"), Err(why))),
        }
    }
}

fn row(judge: &Judge<'_>, certificate: &Certificate, all: &[&Certificate]) -> Row {
    let (store, time) = (&judge.trust.store, TimePolicy::At(judge.present()));
    let beside: Vec<&[u8]> = all.iter().filter(|one| **one != certificate).map(|one| one.der()).collect();
    let verdict = if certificate.is_ca() {
        store.verify_ca(certificate.der(), &beside, 0, time)
    } else {
        store.verify_leaf(certificate.der(), &beside, time)
    };
    let mut row = Row::of(title(certificate), verdict.as_ref().map(Verified::evidence));
    // of a certificate the key is that of its issuer, and the device is the one that it names
    row.signer = None;
    row.device = certificate.identity().and_then(udi);
    row
}

fn title(certificate: &Certificate) -> String {
    match (certificate.identity(), certificate.subject().common_name()) {
        (Some(holder), _) => format!("certificate of {} {}", holder.pid(), holder.serial()),
        (None, Some(name)) => format!("certificate of {name}"),
        (None, None) => format!("certificate of {}", certificate.subject()),
    }
}

/// The device that a certificate names, as reports name it.
pub(super) fn udi(holder: &Identity) -> Option<Udi> {
    Udi::new(holder.pid(), holder.serial()).ok()
}
