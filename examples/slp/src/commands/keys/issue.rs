//! Certificates for tests: of a CA, of a device, of the parts in the exchange of documents. Spec: crypto, "CSRs and
//! certificates of an On-Prem CA" (choice).

use std::io::{self, Write as _};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, Issuer, KeyUsagePurpose,
    PublicKeyData, SerialNumber, SignatureAlgorithm,
};
use slp_crypto::envelope;
use slp_crypto::{Certificate, KeyType, PublicKey, Signer, SigningKey, TimePolicy, TrustStore};
use slp_model::{Seconds, UnixSeconds};

use crate::Status;
use crate::arguments::{KeysCertificate, Role};
use crate::console::{Session, Stop};
use crate::facts::CertificateFacts;
use crate::files::{Fresh, unwritten};

/// Who issues test certificates, in their names.
const ORGANIZATION: &str = "slp test";
/// X.520 serialNumber: where devices are named.
const SERIAL_NUMBER: [u64; 4] = [2, 5, 4, 5];

pub(super) fn run(arguments: &KeysCertificate, session: &mut Session<'_>) -> Result<Status, Stop> {
    let key = super::signing_key(&arguments.key)?;
    let above = match (&arguments.issuer, &arguments.issuer_key) {
        (Some(certificate), Some(key)) => {
            let mut nothing = io::empty();
            let bytes = super::read(&super::reader(&mut nothing), certificate);
            let bytes = bytes.map_err(|fault| Stop::Data(fault.to_string()))?;
            let certificate = Certificate::inspect_one(&bytes)
                .map_err(|why| Stop::Data(why.inside(certificate.to_string_lossy()).to_string()))?;
            Some((certificate, super::signing_key(key)?))
        }
        _ => None,
    };
    let issued = issue(arguments, &key, above.as_ref(), session.now).map_err(Stop::Data)?;
    let written = Fresh::create(&arguments.output).and_then(|mut file| {
        file.write_all(issued.to_pem().as_bytes())?;
        file.keep()
    });
    written.map_err(|error| unwritten(&arguments.output, &error))?;
    write!(session.output, "{}", CertificateFacts::from(&issued).text(""))?;
    Ok(Status::Fine)
}

fn issue(
    arguments: &KeysCertificate,
    key: &SigningKey,
    above: Option<&(Certificate, SigningKey)>,
    now: UnixSeconds,
) -> Result<Certificate, String> {
    let holder = Key::new(key)?;
    let from = arguments.from.unwrap_or(now);
    let mut to = from.saturating_add(Seconds::new(i64::from(arguments.days).saturating_mul(86_400)));
    if let Some(end) = above.and_then(|(certificate, _)| certificate.validity().not_after) {
        if day(end)? <= day(from)? {
            return Err(format!(
                "--issuer ends {end}, and the certificate would begin {from}: take another CA, or --from"
            ));
        }
        to = to.min(end);
    }
    let mut params = CertificateParams::default();
    let midnight = |time| day(time).map(|(year, month, day)| rcgen::date_time_ymd(year, month, day));
    (params.not_before, params.not_after) = (midnight(from)?, midnight(to)?);
    params.serial_number = Some(serial(key.public_key(), from));
    (params.distinguished_name, params.is_ca) = subject(arguments)?;
    params.key_usages = match params.is_ca {
        IsCa::Ca(_) => vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
        _ => vec![KeyUsagePurpose::DigitalSignature],
    };
    let failed = |error: rcgen::Error| format!("the certificate cannot be made: {error}");
    let Some((certificate, issuing)) = above else {
        let made = params.self_signed(&holder).map_err(failed)?;
        return Certificate::inspect(made.der()).map_err(|why| why.to_string());
    };
    if certificate.key().ok() != Some(issuing.public_key()) {
        return Err("--issuer-key is not the key of the certificate --issuer".to_owned());
    }
    params.use_authority_key_identifier_extension = true;
    let mut name = CertificateParams::default();
    name.distinguished_name = DistinguishedName::new();
    for (oid, value) in certificate.subject().attributes() {
        let arcs: Option<Vec<u64>> = oid.split('.').map(|arc| arc.parse().ok()).collect();
        name.distinguished_name.push(DnType::from_oid(&arcs.unwrap_or_default()), value);
    }
    let made = params.signed_by(&holder, &Issuer::from_params(&name, Key::new(issuing)?)).map_err(failed)?;
    check(made.der(), certificate)
}

/// What is handed out has to verify: names are compared as bytes, and a CA may not be allowed to issue this.
fn check(der: &[u8], issuer: &Certificate) -> Result<Certificate, String> {
    let mut trust = TrustStore::empty();
    trust.add_anchor(issuer.der()).map_err(|error| error.message().to_owned())?;
    let is_ca = Certificate::inspect(der).is_ok_and(|made| made.is_ca());
    let verdict = if is_ca {
        trust.verify_ca(der, &[], 0, TimePolicy::Ignore)
    } else {
        trust.verify_leaf(der, &[], TimePolicy::Ignore)
    };
    let verified = verdict.map_err(|why| format!("--issuer cannot issue this certificate: {}", why.message()))?;
    Ok(verified.into_inner())
}

fn subject(arguments: &KeysCertificate) -> Result<(DistinguishedName, IsCa), String> {
    let mut name = DistinguishedName::new();
    if let Some(device) = &arguments.device {
        // the order and the strings of real ones
        let text = format!("PID:{} SN:{}", device.pid(), device.serial());
        name.push(DnType::CustomDnType(SERIAL_NUMBER.to_vec()), printable(&text)?);
        name.push(DnType::OrganizationName, printable(ORGANIZATION)?);
        name.push(DnType::CommonName, printable(device.pid())?);
        return Ok((name, IsCa::ExplicitNoCa));
    }
    name.push(DnType::OrganizationName, ORGANIZATION);
    let Some(role) = arguments.role else {
        name.push(DnType::CommonName, arguments.ca.as_deref().unwrap_or_default());
        return Ok((name, IsCa::Ca(BasicConstraints::Unconstrained)));
    };
    let (role, is_ca) = match role {
        Role::CloudCa => (envelope::Role::CloudCa, IsCa::Ca(BasicConstraints::Constrained(1))),
        Role::LocalCa => (envelope::Role::LocalCa, IsCa::Ca(BasicConstraints::Constrained(0))),
        Role::CloudSigner => (envelope::Role::CloudSigner, IsCa::ExplicitNoCa),
        Role::CollectorId => (envelope::Role::CollectorId, IsCa::ExplicitNoCa),
        Role::CollectorSigner => (envelope::Role::CollectorSigner, IsCa::ExplicitNoCa),
    };
    name.push(DnType::OrganizationalUnitName, role.as_str());
    name.push(DnType::CommonName, arguments.name.as_deref().unwrap_or_default());
    Ok((name, is_ca))
}

fn printable(text: &str) -> Result<DnValue, String> {
    let text = text
        .try_into()
        .map_err(|_| format!("{} has letters that a certificate cannot hold", slp_model::Quoted(text)))?;
    Ok(DnValue::PrintableString(text))
}

/// The day of a time, UTC: certificates for tests begin and end at midnight.
fn day(time: UnixSeconds) -> Result<(i32, u8, u8), String> {
    let text = time.to_string();
    let mut parts = text.splitn(3, '-');
    let mut number = |digits: usize| parts.next()?.get(..digits)?.parse::<u16>().ok();
    let day = (|| {
        let year = number(4)?;
        let (month, day) = (u8::try_from(number(2)?).ok()?, u8::try_from(number(2)?).ok()?);
        Some((year.into(), month, day))
    })();
    day.ok_or_else(|| format!("{text} is no day"))
}

/// Another one for each key and second, and never negative.
fn serial(key: &PublicKey, from: UnixSeconds) -> SerialNumber {
    let mut bytes = from.get().to_be_bytes().to_vec();
    bytes.extend(key.sha256().iter().take(8));
    if let Some(first) = bytes.first_mut() {
        *first = 1;
    }
    SerialNumber::from_slice(&bytes)
}

/// A key of ours as the issuing library sees it: it signs, and stays where it is.
struct Key<'k> {
    signer: &'k SigningKey,
    algorithm: &'static SignatureAlgorithm,
    /// The end of the SPKI, behind the name of the algorithm.
    inner: &'k [u8],
}

impl<'k> Key<'k> {
    fn new(key: &'k SigningKey) -> Result<Self, String> {
        let spki = key.public_key().spki();
        let (algorithm, head) = match key.public_key().key_type() {
            KeyType::P256 => (&rcgen::PKCS_ECDSA_P256_SHA256, 26),
            KeyType::P384 => (&rcgen::PKCS_ECDSA_P384_SHA384, 23),
            KeyType::Ed25519 => (&rcgen::PKCS_ED25519, 12),
            // from 2048 bits all lengths in front have two bytes
            KeyType::Rsa { .. } => (&rcgen::PKCS_RSA_SHA256, 24),
            other => return Err(format!("certificates for keys of type {other} are not made here")),
        };
        Ok(Self { signer: key, algorithm, inner: spki.get(head..).unwrap_or_default() })
    }
}

impl PublicKeyData for Key<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.inner
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

impl rcgen::SigningKey for Key<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.signer.sign(message).map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature.as_bytes().to_vec())
    }
}
