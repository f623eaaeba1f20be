//! Reading samples, and a small DER writer: no issuing library makes the odd certificates that are needed here.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use slp_crypto::{Scheme, Signer, SigningKey};

/// Said on standard error itself: the test runner keeps what macros print.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A folder of the samples, if they are there.
#[expect(clippy::disallowed_methods, reason = "tests read the samples where they lie")]
pub(crate) fn samples(folder: &str, test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SLP_SAMPLES").map(|root| Path::new(&root).join(folder)).filter(|it| it.is_dir());
    if folder.is_none() {
        say(&format!("skipped for want of samples (SLP_SAMPLES): {test}"));
    }
    folder
}

#[expect(clippy::disallowed_methods, reason = "tests read whole files")]
pub(crate) fn bytes(path: impl AsRef<Path>) -> Vec<u8> {
    std::fs::read(path.as_ref()).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

pub(crate) fn text(path: impl AsRef<Path>) -> String {
    String::from_utf8(bytes(path)).unwrap()
}

pub(crate) fn json(path: impl AsRef<Path>) -> serde_json::Value {
    serde_json::from_slice(&bytes(path)).unwrap()
}

/// The files of a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.bytes().map(|digit| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

pub(crate) fn base64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The DER of the first PEM block.
pub(crate) fn pem(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let (_, body) = text.split_once("-----BEGIN ").unwrap();
    let (_, body) = body.split_once("-----").unwrap();
    let (body, _) = body.split_once("-----END ").unwrap();
    base64(&body.replace(char::is_whitespace, ""))
}

pub(crate) const RSA: &[u8] = include_bytes!("../fixtures/keys/rsa2048.pem");
pub(crate) const P256: &[u8] = include_bytes!("../fixtures/keys/p256.pem");
pub(crate) const P384: &[u8] = include_bytes!("../fixtures/keys/p384.pem");
pub(crate) const ED25519: &[u8] = include_bytes!("../fixtures/keys/ed25519.pem");

pub(crate) fn key(pem: &[u8]) -> SigningKey {
    SigningKey::from_pem(pem).unwrap()
}

pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..=0x7f => out.push(u8::try_from(length).unwrap()),
        0x80..=0xff => out.extend([0x81, u8::try_from(length).unwrap()]),
        _ => {
            out.push(0x82);
            out.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    out.extend(content);
    out
}

/// An OID from its dotted text.
pub(crate) fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u32> = text.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut content = vec![u8::try_from(arcs[0] * 40 + arcs[1]).unwrap()];
    for &arc in &arcs[2..] {
        let mut septets = vec![u8::try_from(arc & 0x7f).unwrap()];
        let mut rest = arc >> 7;
        while rest > 0 {
            septets.insert(0, u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        content.extend(septets);
    }
    tlv(0x06, &[&content])
}

/// A name in the order of real ones: attribute and `PrintableString`.
pub(crate) fn dn(attributes: &[(&str, &str)]) -> Vec<u8> {
    let sets: Vec<Vec<u8>> = attributes
        .iter()
        .map(|(attribute, value)| tlv(0x31, &[&tlv(0x30, &[&oid(attribute), &tlv(0x13, &[value.as_bytes()])])]))
        .collect();
    let sets: Vec<&[u8]> = sets.iter().map(Vec::as_slice).collect();
    tlv(0x30, &sets)
}

pub(crate) fn extension(name: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { b"\x01\x01\xff" } else { b"" };
    tlv(0x30, &[&oid(name), critical, &tlv(0x04, &[value])])
}

pub(crate) fn basic(ca: bool, path_len: Option<u8>) -> Vec<u8> {
    let ca: &[u8] = if ca { b"\x01\x01\xff" } else { b"" };
    let path_len = path_len.map(|length| tlv(0x02, &[&[length]])).unwrap_or_default();
    extension("2.5.29.19", true, &tlv(0x30, &[ca, &path_len]))
}

/// keyUsage from its first eight bits, the first one highest: 0x80 is digitalSignature, 0x04 keyCertSign.
pub(crate) fn usage(bits: u8) -> Vec<u8> {
    extension("2.5.29.15", true, &[0x03, 0x02, u8::try_from(bits.trailing_zeros()).unwrap(), bits])
}

pub(crate) const SHA256_RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";
pub(crate) const SHA1_RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00";

/// A certificate in the making. The defaults are those of a device certificate.
pub(crate) struct Made {
    pub(crate) serial: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) not_before: &'static str,
    pub(crate) not_after: &'static str,
    pub(crate) spki: Vec<u8>,
    pub(crate) extensions: Vec<Vec<u8>>,
    pub(crate) inner: Option<Vec<u8>>,
    pub(crate) outer: Option<Vec<u8>>,
    pub(crate) version: Option<u8>,
}

pub(crate) fn ca_name() -> Vec<u8> {
    dn(&[("2.5.4.10", "Test"), ("2.5.4.3", "Test SUDI CA")])
}

impl Made {
    pub(crate) fn leaf(key: &SigningKey) -> Self {
        Self {
            serial: vec![0x01, 0x5e, 0x5b, 0x9d],
            issuer: ca_name(),
            subject: dn(&[
                ("2.5.4.5", "PID:ISR4451-X/K9 SN:TST00000001"),
                ("2.5.4.10", "Test"),
                ("2.5.4.11", "ACT-2 Lite SUDI"),
                ("2.5.4.3", "ISR4451-X/K9"),
            ]),
            not_before: "20200101000000Z",
            not_after: "20300101000000Z",
            spki: key.public_key().spki().to_vec(),
            extensions: vec![basic(false, None), usage(0xe0)],
            inner: None,
            outer: None,
            version: Some(2),
        }
    }

    pub(crate) fn ca(key: &SigningKey, path_len: Option<u8>) -> Self {
        Self { subject: ca_name(), extensions: vec![basic(true, path_len), usage(0x06)], ..Self::leaf(key) }
    }

    pub(crate) fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    pub(crate) fn named(mut self, issuer: &[u8], subject: &[u8]) -> Self {
        self.issuer = issuer.to_vec();
        self.subject = subject.to_vec();
        self
    }

    pub(crate) fn signed(&self, key: &SigningKey) -> Vec<u8> {
        let algorithm = algorithm(key.scheme());
        let inner = self.inner.clone().unwrap_or_else(|| algorithm.clone());
        let time = |text: &str| {
            // two-digit years up to 2049, as real certificates have them
            let generalized = text.len() != 15 || text[..4].parse::<u16>().unwrap() >= 2050;
            if generalized { tlv(0x18, &[text.as_bytes()]) } else { tlv(0x17, &[&text.as_bytes()[2..]]) }
        };
        let extensions: Vec<&[u8]> = self.extensions.iter().map(Vec::as_slice).collect();
        let version = self.version.map(|version| tlv(0xa0, &[&tlv(0x02, &[&[version]])])).unwrap_or_default();
        let extensions = match self.version {
            Some(2) => tlv(0xa3, &[&tlv(0x30, &extensions)]),
            _ => Vec::new(),
        };
        let tbs = tlv(
            0x30,
            &[
                &version,
                &tlv(0x02, &[&self.serial]),
                &inner,
                &self.issuer,
                &tlv(0x30, &[&time(self.not_before), &time(self.not_after)]),
                &self.subject,
                &self.spki,
                &extensions,
            ],
        );
        let signature = key.sign(&tbs).unwrap();
        let outer = self.outer.clone().unwrap_or(algorithm);
        tlv(0x30, &[&tbs, &outer, &tlv(0x03, &[&[0], signature.as_bytes()])])
    }
}

fn algorithm(scheme: Scheme) -> Vec<u8> {
    match scheme {
        Scheme::RsaPkcs1Sha256 => SHA256_RSA.to_vec(),
        Scheme::RsaPkcs1Sha384 => hex("300d06092a864886f70d01010c0500"),
        Scheme::RsaPkcs1Sha512 => hex("300d06092a864886f70d01010d0500"),
        Scheme::EcdsaP256Sha256 => tlv(0x30, &[&oid("1.2.840.10045.4.3.2")]),
        Scheme::EcdsaP384Sha384 => tlv(0x30, &[&oid("1.2.840.10045.4.3.3")]),
        Scheme::Ed25519 => tlv(0x30, &[&oid("1.3.101.112")]),
        other => panic!("no algorithm for {other}"),
    }
}

/// A signing request with this key in it, signed by `by`.
pub(crate) fn csr(key: &SigningKey, subject: &[u8], by: &SigningKey) -> Vec<u8> {
    let info = tlv(0x30, &[&[0x02, 0x01, 0x00], subject, key.public_key().spki(), &[0xa0, 0x00]]);
    let signature = by.sign(&info).unwrap();
    tlv(0x30, &[&info, &algorithm(by.scheme()), &tlv(0x03, &[&[0], signature.as_bytes()])])
}

pub(crate) fn to_pem(label: &str, der: &[u8]) -> String {
    let body = to_base64(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
