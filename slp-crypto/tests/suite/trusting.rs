//! Whom a trust store believes: pins, anchors, what comes along, and the files of a trust directory.

use slp_crypto::{
    Added, Certificate, Detail, ErrorKind, KeyAnswer, KeyHint, KeyResolver, KeyScope, PublicKey, Reason, Signer,
    SigningKey, Source, TimePolicy, TrustStore, Warning,
};
use slp_model::{Place, Udi};

use crate::support::{Made, P256, P384, RSA, basic, ca_name, dn, key, tlv, to_pem, usage};

type Answer = Result<(Source, Vec<Warning>), (Reason, Detail)>;

fn common_name(name: &str) -> Vec<u8> {
    dn(&[("2.5.4.3", name)])
}

fn judged(trust: &TrustStore, leaf: &[u8], candidates: &[&[u8]]) -> Answer {
    let time = TimePolicy::At("2024-01-01".parse().unwrap());
    let verdict = trust.verify_leaf(leaf, candidates, time);
    verdict
        .map(|good| (good.evidence().source(), good.evidence().warnings().to_vec()))
        .map_err(|why| (why.reason(), why.detail()))
}

/// A CA of the name that leaves give as their issuer, with a key of its own.
fn namesake() -> (SigningKey, Vec<u8>) {
    let (key, _) = SigningKey::generate().unwrap();
    let ca = Made::ca(&key, None).signed(&key);
    (key, ca)
}

fn digest(der: &[u8]) -> [u8; 32] {
    *Certificate::inspect(der).unwrap().sha256()
}

const UNKNOWN: Answer = Err((Reason::KeyUnknown, Detail::Issuer));

#[test]
fn every_certificate_of_a_chain_names_the_one_above_it_whoever_has_the_key() {
    let (root_key, middle_key, device) = (key(P256), key(P384), key(RSA));
    let (root, middle, other) = (common_name("Root"), common_name("Middle"), common_name("Other"));
    let mut trust = TrustStore::empty();
    let root_ca = Made::ca(&root_key, None).named(&root, &root).signed(&root_key);
    trust.add_anchor(&root_ca).unwrap();
    let verdict = |leaf_says: &[u8], middle_says: &[u8]| {
        let leaf = Made::leaf(&device).named(leaf_says, &common_name("Leaf")).signed(&middle_key);
        let middle = Made::ca(&middle_key, None).named(middle_says, &middle).signed(&root_key);
        let verdict = trust.verify_chain(&[&leaf, &middle, &root_ca], TimePolicy::Ignore);
        verdict.map(|_| ()).map_err(|why| (why.reason(), why.detail()))
    };
    let unknown = Err((Reason::KeyUnknown, Detail::Issuer));
    assert_eq!(verdict(&middle, &root), Ok(()));
    assert_eq!(verdict(&other, &root), unknown, "the key fits, the name does not");
    assert_eq!(verdict(&middle, &other), unknown, "the key fits, the name does not");
}

#[test]
fn a_pinned_ca_that_came_along_counts_beside_an_anchor_of_its_name() {
    let device = key(RSA);
    let ((_, anchor), (pinned_key, pinned)) = (namesake(), namesake());
    let mut trust = TrustStore::empty();
    trust.add_anchor(&anchor).unwrap();
    let leaf = Made::leaf(&device).signed(&pinned_key);
    assert_eq!(judged(&trust, &leaf, &[&pinned]), Err((Reason::Invalid, Detail::Mismatch)), "not pinned yet");
    trust.add_pin(digest(&pinned));
    assert_eq!(judged(&trust, &leaf, &[&pinned]), Ok((Source::Pin, vec![Warning::SeveralIssuers])));
    let alone = || {
        let mut trust = TrustStore::empty();
        trust.add_pin(digest(&pinned));
        trust
    };
    assert_eq!(judged(&alone(), &leaf, &[&pinned]), Ok((Source::Pin, vec![])));
    assert_eq!(judged(&alone(), &leaf, &[]), UNKNOWN, "a pin is a fingerprint, no certificate");
}

#[test]
fn an_anchor_that_comes_along_again_is_one_issuer() {
    let (ca_key, ca) = namesake();
    let mut trust = TrustStore::empty();
    trust.add_anchor(&ca).unwrap();
    let leaf = Made::leaf(&key(RSA)).signed(&ca_key);
    assert_eq!(judged(&trust, &leaf, &[&ca]), Ok((Source::Anchor, vec![])));
}

#[test]
fn a_trusted_ca_of_another_name_is_no_issuer_even_with_the_key_that_signed() {
    let ca_key = key(P256);
    let other = common_name("Another CA");
    let ca = Made::ca(&ca_key, None).named(&other, &other).signed(&ca_key);
    let mut trust = TrustStore::empty();
    trust.add_pin(digest(&ca));
    let leaf = Made::leaf(&key(RSA)).signed(&ca_key);
    assert_eq!(judged(&trust, &leaf, &[&ca]), UNKNOWN);
    trust.add_anchor(&ca).unwrap();
    assert_eq!(judged(&trust, &leaf, &[&ca]), UNKNOWN);
}

#[test]
fn four_candidates_of_one_name_are_tried_and_others_do_not_count() {
    let cas: Vec<(SigningKey, Vec<u8>)> = (0..5).map(|_| namesake()).collect();
    let (last_key, last) = cas.last().unwrap();
    let mut trust = TrustStore::empty();
    trust.add_pin(digest(last));
    let leaf = Made::leaf(&key(RSA)).signed(last_key);
    let stranger = Made::ca(last_key, None).named(&ca_name(), &common_name("x")).signed(last_key);
    let four: Vec<&[u8]> = [b"no certificate", &stranger[..], &stranger]
        .into_iter()
        .chain(cas[1..].iter().map(|(_, ca)| &ca[..]))
        .collect();
    assert_eq!(judged(&trust, &leaf, &four), Ok((Source::Pin, vec![])));
    let five: Vec<&[u8]> = cas.iter().map(|(_, ca)| &ca[..]).collect();
    assert_eq!(judged(&trust, &leaf, &five), UNKNOWN);
}

#[test]
fn of_several_bad_issuers_the_one_that_says_most_is_told_and_of_equals_the_first() {
    let (root_key, ca_key) = (key(P256), key(P384));
    let root = common_name("Root");
    let mut trust = TrustStore::empty();
    trust.add_anchor(&Made::ca(&root_key, None).named(&root, &root).signed(&root_key)).unwrap();
    let ca = |extensions: Vec<Vec<u8>>| {
        Made { extensions, ..Made::ca(&ca_key, None).named(&root, &ca_name()) }.signed(&root_key)
    };
    let twice = ca(vec![basic(true, None), basic(true, None)]);
    let no_ca = ca(vec![basic(false, None)]);
    let no_use = ca(vec![basic(true, None), usage(0x80)]);
    let (_, stranger) = namesake();
    let leaf = Made::leaf(&key(RSA)).signed(&ca_key);
    let told = |candidates: &[&[u8]]| judged(&trust, &leaf, candidates).unwrap_err();
    let malformed = (Reason::Malformed, Detail::DuplicateExtension);
    assert_eq!(told(&[&twice]), malformed);
    assert_eq!(told(&[&twice, &no_ca]), (Reason::Invalid, Detail::NotACa));
    assert_eq!(told(&[&no_ca, &twice]), (Reason::Invalid, Detail::NotACa));
    assert_eq!(told(&[&no_ca, &no_use]), (Reason::Invalid, Detail::NotACa));
    assert_eq!(told(&[&no_use, &no_ca]), (Reason::Invalid, Detail::KeyUsage));
    assert_eq!(told(&[&no_use, &stranger]), (Reason::Invalid, Detail::KeyUsage));
    assert_eq!(told(&[&stranger]), (Reason::KeyUnknown, Detail::Issuer));
}

#[test]
fn a_store_takes_1024_anchors_and_refuses_one_more_but_not_one_that_it_has() {
    let ca_key = key(P256);
    let ca = |serial: u16| {
        let serial = [&[1][..], &serial.to_be_bytes()].concat();
        Made { serial, ..Made::ca(&ca_key, None) }.signed(&ca_key)
    };
    let mut trust = TrustStore::empty();
    for serial in 0..1024 {
        trust.add_anchor(&ca(serial)).unwrap();
    }
    let first = trust.anchors().first().unwrap().der().to_vec();
    let last = trust.anchors().last().unwrap().der().to_vec();
    let error = trust.add_anchor(&ca(1024)).unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::Size, Some("anchors")));
    assert_eq!(trust.add_anchor(&last).unwrap().der(), last, "the one that was there");
    assert_eq!(trust.add_anchor(&first).unwrap().der(), first);
    assert_eq!(trust.anchors().len(), 1024);
}

/// What the file of a trust directory adds, one public key in it.
fn public(trust: &mut TrustStore, name: &str, label: &str, der: &[u8]) -> Result<(PublicKey, KeyScope), ErrorKind> {
    let added = trust.add_pem(name, to_pem(label, der).as_bytes()).unwrap();
    let [one] = <[_; 1]>::try_from(added).unwrap();
    match one.map_err(|error| error.kind())? {
        Added::Key(key, scope) => Ok((key, scope)),
        other => panic!("{other:?}"),
    }
}

fn found(trust: &TrustStore, hint: &KeyHint<'_>) -> Vec<PublicKey> {
    let KeyAnswer::Keys(found) = trust.keys().keys(hint) else { panic!() };
    found
}

#[test]
fn a_public_key_in_a_trust_directory_is_for_what_its_file_is_named_after() {
    let ours = key(P256).public_key().clone();
    let mut trust = TrustStore::empty();
    assert!(trust.keys().is_empty());
    let mut add = |name: &str| public(&mut trust, name, "PUBLIC KEY", ours.spki());
    for name in ["key.pem", ".pub.pem", "pub.pem", "00000001.PUB.PEM"] {
        assert_eq!(add(name), Err(ErrorKind::Mismatch), "{name}");
    }
    assert_eq!(add("00000001.pub.pem"), Ok((ours.clone(), KeyScope::KeyText("00000001".into()))));
    assert_eq!(add("cloud-2.pub.pem"), Ok((ours.clone(), KeyScope::CloudElements)));
    let (report, cloud) = (Place::UsageReport, Place::CloudElement("data".into()));
    let mut hint = KeyHint::new(&report);
    assert_eq!(found(&trust, &hint), []);
    hint.key_text = Some("00000001");
    assert_eq!(found(&trust, &hint), std::slice::from_ref(&ours));
    assert_eq!(found(&trust, &KeyHint::new(&cloud)), [ours]);
}

#[test]
fn a_public_key_is_read_in_the_form_that_its_label_says() {
    let modulus = [&[0_u8][..], &[0xff; 256]].concat();
    let pkcs1 = tlv(0x30, &[&tlv(2, &[&modulus]), &tlv(2, &[&[3]])]);
    let rsa = PublicKey::from_pkcs1(&pkcs1).unwrap();
    let mut trust = TrustStore::empty();
    let mut add = |label, der: &[u8]| public(&mut trust, "a.pub.pem", label, der).map(|(key, _)| key);
    assert_eq!(add("RSA PUBLIC KEY", &pkcs1), Ok(rsa.clone()));
    assert_eq!(add("PUBLIC KEY", rsa.spki()), Ok(rsa.clone()));
    assert_eq!(add("PUBLIC KEY", &pkcs1), Err(ErrorKind::Key));
    assert_eq!(add("RSA PUBLIC KEY", rsa.spki()), Err(ErrorKind::Key));
    // what is neither a certificate nor a public key is passed over
    let others = [to_pem("PRIVATE KEY", b"0"), to_pem("X509 CRL", b"0")].concat();
    assert!(trust.add_pem("a.pub.pem", others.as_bytes()).unwrap().is_empty());
}

#[test]
fn the_certificate_of_a_device_vouches_for_its_key_by_name_or_by_key_id() {
    let (ca, device) = (key(P256), key(RSA));
    let mut trust = TrustStore::empty();
    let mut add = |made: Made| {
        let pem = to_pem("CERTIFICATE", &made.signed(&ca));
        trust.add_pem("device.pem", pem.as_bytes()).unwrap().remove(0).unwrap()
    };
    assert!(matches!(add(Made::leaf(&device)), Added::KeyOf(_)));
    let nameless = key(P384);
    assert!(matches!(add(Made { subject: common_name("x"), ..Made::leaf(&nameless) }), Added::KeyOf(_)));
    let report = Place::UsageReport;
    let mut hint = KeyHint::new(&report);
    let udi = Udi::new("ISR4451-X/K9", "TST00000001").unwrap();
    hint.signer = Some(&udi);
    assert_eq!(found(&trust, &hint), [device.public_key().clone()]);
    hint.signer = None;
    let id = nameless.public_key().id().to_string();
    hint.key_text = Some(&id);
    assert_eq!(found(&trust, &hint), [nameless.public_key().clone()]);
}

#[test]
fn a_refused_anchor_says_what_is_wrong_with_it() {
    let (ca, device) = (key(P256), key(RSA));
    let mut trust = TrustStore::empty();
    let mut refused = |der: &[u8]| {
        let error = trust.add_anchor(der).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Certificate);
        error.to_string()
    };
    let no_sign = Made { extensions: vec![basic(true, None), usage(0x80)], ..Made::ca(&ca, None) };
    let sentences = [refused(&Made::leaf(&device).signed(&ca)), refused(&no_sign.signed(&ca)), refused(b"0")];
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    the certificate cannot be trusted: "CN=ISR4451-X/K9, OU=ACT-2 Lite SUDI, O=T…" is not the certificate of a CA
    the certificate cannot be trusted: the key of "CN=Test SUDI CA, O=Test" may not sign certificates
    the certificate cannot be trusted: the outermost layer of the certificate is not exact DER: it was cut, edited or has bytes behind
    "#);
}
