//! What certificates, keys and verdicts say when they are asked and when they are shown.

use std::collections::BTreeSet;

use slp_crypto::{
    BootRegister, Certificate, Detail, ErrorKind, Evidence, KeyType, Nonce, PublicKey, Reason, Scheme, Signer, Source,
    Statement, TimePolicy, TrustStore, Warning,
};
use slp_model::UnixSeconds;

use crate::support::{
    ED25519, Made, P256, P384, RSA, basic, ca_name, extension, hex, key, oid, tlv, to_hex, to_pem, usage,
};

fn at(text: &str) -> UnixSeconds {
    text.parse().unwrap()
}

/// A P-256 CA as anchor.
fn trust(change: impl FnOnce(Made) -> Made) -> TrustStore {
    let ca = key(P256);
    let mut trust = TrustStore::empty();
    trust.add_anchor(&change(Made::ca(&ca, None)).signed(&ca)).unwrap();
    trust
}

fn evidence(trust: &TrustStore, leaf: &[u8], time: TimePolicy) -> Result<Evidence, (Reason, Detail)> {
    let verdict = trust.verify_leaf(leaf, &[], time);
    verdict.map(|good| good.evidence().clone()).map_err(|why| (why.reason(), why.detail()))
}

#[test]
fn a_certificate_tells_what_it_holds() {
    let (ca, device) = (key(P256), key(RSA));
    let made = Made { serial: vec![0x7f, 0, 0xff], ..Made::leaf(&device) };
    let der = made.signed(&ca);
    let certificate = Certificate::inspect(&der).unwrap();
    assert_eq!((certificate.der(), certificate.serial()), (&der[..], &[0x7f, 0, 0xff][..]));
    assert_eq!(certificate.to_pem(), to_pem("CERTIFICATE", &der));
    assert_eq!((certificate.subject().der(), certificate.issuer().der()), (&made.subject[..], &ca_name()[..]));
    assert_eq!(certificate.issuer().common_name(), Some("Test SUDI CA"));
    let validity = certificate.validity();
    assert_eq!((validity.not_before, validity.not_after), (at("2020-01-01"), Some(at("2030-01-01"))));
    assert_eq!(certificate.key().unwrap().validity(), Some(validity));
    assert_eq!(certificate.key().unwrap().holder(), certificate.identity());
    assert_eq!(certificate.identity().unwrap().to_string(), "PID:ISR4451-X/K9 SN:TST00000001");
    assert_eq!(device.public_key().validity(), None, "a bare key has no dates");
    assert_eq!(device.public_key().holder(), None);
    assert!(!certificate.is_ca() && certificate != Certificate::inspect(&Made::leaf(&ca).signed(&ca)).unwrap());
    assert_eq!(
        format!("{certificate:?}"),
        "Certificate(CN=ISR4451-X/K9, OU=ACT-2 Lite SUDI, O=Test, serialNumber=PID:ISR4451-X/K9 SN:TST00000001, \
         issued by CN=Test SUDI CA, O=Test)"
    );
}

#[test]
fn a_name_is_shown_in_one_line_whatever_is_in_it() {
    let ca = key(P256);
    // a number where a text should be, control characters, letters beyond ASCII, an attribute without a short name
    let set = |id: &str, tag: u8, value: &[u8]| tlv(0x31, &[&tlv(0x30, &[&oid(id), &tlv(tag, &[value])])]);
    let sets = [
        set("2.5.4.6", 0x13, b"XX"),
        set("2.5.4.8", 0x13, b"State"),
        set("2.5.4.7", 0x13, b"Town"),
        set("2.5.4.10", 0x0c, "a\u{7}\u{e9}".as_bytes()),
        set("2.5.4.11", 0x13, b"one"),
        set("2.5.4.11", 0x13, b"two"),
        set("1.2.3", 0x02, &[0x0a, 0xff]),
    ];
    let subject = tlv(0x30, &sets.each_ref().map(Vec::as_slice));
    let certificate = Certificate::inspect(&Made { subject, ..Made::leaf(&ca) }.signed(&ca)).unwrap();
    let name = certificate.subject();
    assert_eq!(name.to_string(), r"1.2.3=#0aff, OU=two, OU=one, O=a\u{7}\u{e9}, L=Town, ST=State, C=XX");
    assert_eq!(format!("{name:?}"), format!("Name({name})"));
    assert_eq!(name.values("2.5.4.11").collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(name.attributes().next(), Some(("2.5.4.6", "XX")));
    assert_eq!((name.attributes().count(), name.common_name()), (7, None));
    assert_eq!(name.organizational_unit(), None, "which of the two?");
}

#[test]
fn sixty_four_extensions_pass_and_one_more_is_refused() {
    let ca = key(P256);
    let with = |count: u8| {
        let extensions = (0..count).map(|number| extension(&format!("1.3.6.1.4.1.9.{number}"), false, b"?")).collect();
        Certificate::inspect(&Made { extensions, ..Made::leaf(&ca) }.signed(&ca))
            .map(|_| ())
            .map_err(|why| why.detail())
    };
    assert_eq!(with(64), Ok(()));
    assert_eq!(with(65), Err(Detail::Certificate));
}

#[test]
fn a_key_that_may_sign_content_of_either_kind_may_sign() {
    let (trust, device) = (trust(|made| made), key(RSA));
    let verdict = |bits| {
        let leaf = Made { extensions: vec![basic(false, None), usage(bits)], ..Made::leaf(&device) };
        evidence(&trust, &leaf.signed(&key(P256)), TimePolicy::At(at("2024-01-01"))).map(|_| ())
    };
    assert_eq!(verdict(0x80), Ok(()), "digitalSignature");
    assert_eq!(verdict(0x40), Ok(()), "nonRepudiation");
    assert_eq!(verdict(0x04), Err((Reason::Invalid, Detail::KeyUsage)), "keyCertSign");
}

#[test]
fn only_a_serial_number_that_is_text_and_alone_names_a_device() {
    let ca = key(P256);
    let text = "PID:ISR4451-X/K9 SN:TST00000001";
    let named = |values: &[(u8, &str)]| {
        let sets: Vec<Vec<u8>> = values
            .iter()
            .map(|(tag, value)| tlv(0x31, &[&tlv(0x30, &[&oid("2.5.4.5"), &tlv(*tag, &[value.as_bytes()])])]))
            .collect();
        let sets: Vec<&[u8]> = sets.iter().map(Vec::as_slice).collect();
        let leaf = Made { subject: tlv(0x30, &sets), ..Made::leaf(&ca) }.signed(&ca);
        Certificate::inspect(&leaf).unwrap().identity().map(ToString::to_string)
    };
    for tag in [0x13, 0x0c, 0x16] {
        assert_eq!(named(&[(tag, text)]).as_deref(), Some(text), "{tag:x}");
    }
    assert_eq!(named(&[(0x04, text)]), None, "octets are no text");
    assert_eq!(named(&[(0x13, text), (0x13, text)]), None, "which of the two?");
    assert_eq!(named(&[]), None);
}

#[test]
fn a_certificate_is_told_to_have_ended_in_the_largest_unit_that_fits() {
    let (trust, leaf) = (trust(|made| made), Made::leaf(&key(RSA)).signed(&key(P256)));
    let told = |seconds: i64| {
        let now = UnixSeconds::new(1_893_456_000 + seconds).unwrap();
        let why = trust.verify_leaf(&leaf, &[], TimePolicy::Now(now)).unwrap_err().to_string();
        let (_, span) = why.split_once("2030-01-01T00:00:00Z, ").unwrap();
        span.strip_suffix(" before the given time").unwrap().to_owned()
    };
    let spans = [
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (3_599, "59 minutes"),
        (3_600, "1 hour"),
        (86_399, "23 hours"),
        (2 * 86_400, "2 days"),
        (31_557_599, "365 days"),
        (31_557_600, "1 year"),
        (2 * 31_557_600 - 1, "1 year"),
    ];
    for (seconds, span) in spans {
        assert_eq!(told(seconds), span);
    }
}

#[test]
fn dates_of_an_anchor_are_inclusive_and_never_refuse() {
    let device = Made { not_before: "20100101000000Z", not_after: "99991231235959Z", ..Made::leaf(&key(RSA)) };
    let leaf = device.signed(&key(P256));
    let words = |trust: &TrustStore, text: &str| {
        [TimePolicy::At(at(text)), TimePolicy::Now(at(text))].map(|time| {
            let evidence = evidence(trust, &leaf, time).unwrap();
            assert_eq!(evidence.time(), time);
            evidence.warnings().iter().map(Warning::as_str).collect::<Vec<_>>()
        })
    };
    let ten_years = trust(|made| made);
    for good in ["2020-01-01", "2025-01-01", "2030-01-01"] {
        assert_eq!(words(&ten_years, good), [vec![], vec![]] as [Vec<&str>; 2], "{good}");
    }
    assert_eq!(words(&ten_years, "2019-12-31T23:59:59Z"), [["anchor-not-yet-valid"]; 2].map(Vec::from));
    assert_eq!(words(&ten_years, "2030-01-01T00:00:01Z"), [["anchor-expired"]; 2].map(Vec::from));
    let endless = trust(|made| Made { not_after: "99991231235959Z", ..made });
    assert_eq!(words(&endless, "2400-01-01"), [vec![], vec![]] as [Vec<&str>; 2]);
    let ignored = evidence(&ten_years, &leaf, TimePolicy::Ignore).unwrap();
    assert_eq!(ignored.warnings(), [Warning::TimeNotChecked]);
}

#[test]
fn evidence_tells_key_source_and_length() {
    let (trust, device) = (trust(|made| made), key(RSA));
    let leaf = Made::leaf(&device).signed(&key(P256));
    let evidence = evidence(&trust, &leaf, TimePolicy::At(at("2024-01-01"))).unwrap();
    let ca = key(P256).public_key().clone();
    assert_eq!((evidence.key_sha256(), evidence.key_id()), (ca.sha256(), ca.id()));
    assert_eq!((evidence.source(), evidence.scheme()), (Source::Anchor, Scheme::EcdsaP256Sha256));
    assert_eq!(evidence.signer().unwrap().serial(), "TST00000001");
    assert_eq!(evidence.covered_sha256(), None, "the bytes are at hand");
    // the signed part of a certificate: all but its head, the algorithm and the signature
    let head = leaf.len() - usize::from(u16::from_be_bytes([leaf[2], leaf[3]]));
    let signed = usize::from(u16::from_be_bytes([leaf[head + 2], leaf[head + 3]])) + 4;
    assert_eq!(evidence.covered_len(), u64::try_from(signed).unwrap());
}

#[test]
fn words_of_sources_and_reasons_are_stable() {
    let sources = [Source::Pin, Source::Anchor, Source::Resolver, Source::Document].map(Source::as_str);
    assert_eq!(sources, ["pin", "anchor", "resolver", "document"]);
    let reasons = [Reason::Malformed, Reason::NotCheckable, Reason::KeyUnknown, Reason::Unsupported, Reason::Invalid];
    let words = reasons.map(Reason::as_str);
    assert_eq!(words, ["malformed", "not-checkable", "key-unknown", "unsupported", "invalid"]);
    assert_eq!(reasons.map(|reason| reason.to_string()), words);
    assert_eq!(BTreeSet::from(reasons).into_iter().collect::<Vec<_>>(), reasons, "ordered by how much they say");
    let why = trust(|made| made).verify_leaf(b"0", &[], TimePolicy::Ignore).unwrap_err();
    assert_eq!(format!("{why:?}"), format!("NotVerified(malformed, wrapper: {why})"));
    let message = why.message().to_owned();
    assert_eq!(why.inside("device.pem").to_string(), format!("device.pem: {message}"));
}

#[test]
fn keys_are_shown_by_type_and_short_name() {
    let types = [RSA, P256, P384, ED25519].map(|pem| key(pem).public_key().key_type().to_string());
    assert_eq!(types, ["RSA-2048", "P-256", "P-384", "Ed25519"]);
    let ours = key(P256).public_key().clone();
    let id = ours.id().to_string();
    assert_eq!(id, to_hex(&ours.sha256()[..8]));
    assert_eq!(format!("{:?} {ours:?}", ours.id()), format!("KeyId({id}) PublicKey({}, {id})", ours.scheme()));
    // the same point under another hash is another key
    let other = ours.clone().with_scheme(Scheme::EcdsaP256Sha384).unwrap();
    assert!(ours != other && ours != *key(P384).public_key());
    assert_eq!(ours, PublicKey::from_spki(ours.spki()).unwrap());
}

#[test]
fn an_rsa_key_has_an_odd_modulus_and_an_odd_exponent_of_three_or_more() {
    let rsa = |modulus: &[u8], exponent: &[u8]| {
        let key = PublicKey::from_pkcs1(&tlv(0x30, &[&tlv(2, &[&[0], modulus]), &tlv(2, &[exponent])]));
        key.map(|key| key.key_type()).map_err(|error| (error.kind(), error.message().to_owned()))
    };
    let odd = vec![0xff; 256];
    let even = [&odd[..255], &[0xfe]].concat();
    let weak = |text: &str| Err((ErrorKind::WeakKey, text.to_owned()));
    assert!(matches!(rsa(&odd, &[3]), Ok(KeyType::Rsa { bits: 2048, .. })));
    assert_eq!(rsa(&even, &[3]), weak("the modulus of this RSA key is even"));
    assert_eq!(rsa(&odd, &[1]), weak("the exponent of this RSA key is below 3"));
    assert_eq!(rsa(&odd, &[2]), weak("the exponent of this RSA key is below 3"));
    assert_eq!(rsa(&odd, &[4]), weak("the exponent of this RSA key is even"));
    assert_eq!(rsa(&odd, &[1, 0, 0]), weak("the exponent of this RSA key is even"));
    assert!(rsa(&odd, &[1, 0, 1]).is_ok());
    assert_eq!(rsa(&odd[..255], &[3]), weak("a 2040-bit key is too short; at least 2048"));
    // bits count, not bytes
    let bits_2047 = [&[0x7f][..], &odd[..255]].concat();
    let short = PublicKey::from_pkcs1(&tlv(0x30, &[&tlv(2, &[&bits_2047]), &tlv(2, &[&[3]])])).unwrap_err();
    assert_eq!(short.message(), "a 2047-bit key is too short; at least 2048");
}

#[test]
fn a_point_has_the_length_of_its_curve() {
    for pem in [P256, P384, ED25519] {
        let spki = key(pem).public_key().spki().to_vec();
        let kind = |der: &[u8]| PublicKey::from_spki(der).map(|_| ()).map_err(|error| error.kind());
        assert_eq!(kind(&spki), Ok(()));
        assert_eq!(kind(&spki[..spki.len() - 1]), Err(ErrorKind::Key));
        assert_eq!(kind(&[&spki[..], &[4]].concat()), Err(ErrorKind::Key));
    }
    let kind = |der: &[u8]| PublicKey::from_spki(der).map(|_| ()).map_err(|error| error.kind());
    for (pem, length) in [(P256, 65), (P384, 97)] {
        // of the length of an uncompressed point, and another form
        let mut spki = key(pem).public_key().spki().to_vec();
        let form = spki.len() - length;
        assert_eq!(spki[form], 4);
        spki[form] = 6;
        assert_eq!(kind(&spki), Err(ErrorKind::UnsupportedKey));
    }
    assert_eq!(kind(&vec![0x30; 4096]), Err(ErrorKind::Key));
    assert_eq!(kind(&vec![0x30; 4097]), Err(ErrorKind::UnsupportedKey));
}

#[test]
fn an_rsa_key_without_its_frame_is_measured_too() {
    let modulus = |bytes: usize| [&[0_u8][..], &vec![0xff; bytes]].concat();
    let pkcs1 = |bytes| tlv(0x30, &[&tlv(2, &[&modulus(bytes)]), &tlv(2, &[&[3]])]);
    let message = |bytes| PublicKey::from_pkcs1(&pkcs1(bytes)).unwrap_err().message().to_owned();
    for (bytes, bits) in [(32, 256), (64, 512), (128, 1024), (255, 2040)] {
        assert_eq!(message(bytes), format!("a {bits}-bit key is too short; at least 2048"));
    }
    let kind = |der: &[u8]| PublicKey::from_pkcs1(der).map(|_| ()).map_err(|error| error.kind());
    assert_eq!(kind(&vec![0x30; 4096]), Err(ErrorKind::UnsupportedKey));
    assert_eq!(kind(&vec![0x30; 4097]), Err(ErrorKind::Key));
    let good = pkcs1(256);
    let key = PublicKey::from_pem(to_pem("RSA PUBLIC KEY", &good).as_bytes()).unwrap();
    assert_eq!(key, PublicKey::from_pkcs1(&good).unwrap());
    assert_eq!(key, PublicKey::from_pem(key.to_pem().as_bytes()).unwrap());
}

#[test]
fn a_boot_register_takes_in_one_hash_after_the_other() {
    // computed by hand: SHA-256(register || SHA-256(hash)), from 32 zeros
    let mut register = BootRegister::new();
    assert_eq!(register.value(), &[0; 32]);
    register.extend(&[0xaa; 64]);
    let first = hex("09572c75667916a48c4df310e3d8b17185b9c9a7ef0081ba73146bae335a68cf");
    assert_eq!(register.value().to_vec(), first);
    register.extend(&[0xbb; 32]);
    let second = hex("300c24a27e0b15e11da5a7522ef5e73a447aee929e4f10d7ca5f3f1f2cdc6973");
    assert_eq!(register.value().to_vec(), second);
}

#[test]
fn a_statement_is_named_by_its_body_and_shows_no_nonce_of_bytes() {
    use slp_crypto::Body;
    let chain = Body::Chain { root: vec![1], sub_ca: vec![2, 2], leaf: vec![3] };
    let bodies = [chain, Body::Measurement { pcr0: [1; 32], pcr8: [2; 32] }, Body::Compliance(vec![])];
    let kinds = bodies.clone().map(|body| Statement::new(None, body).kind());
    assert_eq!(kinds, ["chain", "measurement", "compliance"]);
    let [chain, _, _] = bodies;
    assert_eq!(Statement::new(None, chain).signed_bytes().unwrap(), [0, 0, 0, 1, 1, 2, 2, 3]);
    let shown = [Nonce::Number(7), Nonce::Bytes(vec![9; 3])].map(|nonce| format!("{nonce:?}"));
    assert_eq!(shown, ["Nonce(7)", "Nonce(3 bytes)"]);
}
