//! Certificates made here, odd ones above all: each rule of the spec, and each rule that is none.

use slp_crypto::{Certificate, Csr, Detail, Reason, Scheme, SigningKey, TimePolicy, TrustStore, Warning};
use slp_model::UnixSeconds;

use crate::support::{
    ED25519, Made, P256, P384, RSA, SHA1_RSA, SHA256_RSA, basic, ca_name, csr, dn, extension, hex, key, oid, pem, tlv,
    to_pem, usage,
};

fn store(ca: &Made, key: &SigningKey) -> TrustStore {
    let mut trust = TrustStore::empty();
    trust.add_anchor(&ca.signed(key)).unwrap();
    trust
}

fn verdict(trust: &TrustStore, leaf: &[u8]) -> Result<Vec<Warning>, (Reason, Detail)> {
    let verdict = trust.verify_leaf(leaf, &[], TimePolicy::At(UnixSeconds::new(1_700_000_000).unwrap()));
    verdict.map(|verified| verified.evidence().warnings().to_vec()).map_err(|why| (why.reason(), why.detail()))
}

/// What a leaf changed in this way gets, under a CA with a P-256 key.
fn leaf(change: impl FnOnce(Made) -> Made) -> Result<Vec<Warning>, (Reason, Detail)> {
    let (ca, device) = (key(P256), key(RSA));
    verdict(&store(&Made::ca(&ca, Some(0)), &ca), &change(Made::leaf(&device)).signed(&ca))
}

fn invalid(detail: Detail) -> Result<Vec<Warning>, (Reason, Detail)> {
    Err((Reason::Invalid, detail))
}

fn malformed(detail: Detail) -> Result<Vec<Warning>, (Reason, Detail)> {
    Err((Reason::Malformed, detail))
}

#[test]
fn certificates_of_every_scheme_verify() {
    let device = key(RSA);
    for text in [RSA, P256, P384, ED25519] {
        let ca = key(text);
        let trust = store(&Made::ca(&ca, None), &ca);
        assert_eq!(verdict(&trust, &Made::leaf(&device).signed(&ca)), Ok(vec![]), "{ca:?}");
    }
}

#[test]
fn the_algorithm_of_a_certificate_goes_with_the_key_of_its_issuer() {
    let scheme = |trust: &TrustStore, der: &[u8]| {
        let verdict = trust.verify_ca(der, &[], 0, TimePolicy::Ignore);
        verdict.map(|good| good.evidence().scheme()).map_err(|why| (why.reason(), why.detail()))
    };
    for hash in [Scheme::RsaPkcs1Sha384, Scheme::RsaPkcs1Sha512] {
        let ca = key(RSA).with_scheme(hash).unwrap();
        let der = Made::ca(&ca, None).signed(&ca);
        assert_eq!(scheme(&store(&Made::ca(&ca, None), &ca), &der), Ok(hash));
    }
    // made with OpenSSL, since no key here signs with the hash of the other curve
    for (text, pair) in [
        (&include_bytes!("../fixtures/certificates/p256_sha384.pem")[..], Scheme::EcdsaP256Sha384),
        (include_bytes!("../fixtures/certificates/p384_sha256.pem"), Scheme::EcdsaP384Sha256),
    ] {
        let der = pem(text);
        let mut trust = TrustStore::empty();
        trust.add_anchor(&der).unwrap();
        assert_eq!(scheme(&trust, &der), Ok(pair));
    }
}

#[test]
fn what_real_certificates_do_is_no_failure() {
    // serials of 10 bytes, dates with a fraction, names without a device
    assert_eq!(leaf(|made| Made { serial: vec![0x7f; 10], ..made }), Ok(vec![]));
    assert_eq!(leaf(|made| Made { not_after: "20530404081544.704Z", ..made }), Ok(vec![]));
    assert_eq!(leaf(|made| Made { not_after: "99991231235959Z", ..made }), Ok(vec![]));
    assert_eq!(leaf(|made| Made { subject: dn(&[("2.5.4.3", "x")]), ..made }), Ok(vec![Warning::NoIdentity]));
    assert_eq!(leaf(|made| Made { extensions: vec![], ..made }), Ok(vec![]));
    // extended key usage of any kind, key ids that match nothing, an unknown extension that is not critical
    assert_eq!(
        leaf(|made| made.with(extension("2.5.29.37", false, &tlv(0x30, &[&oid("1.3.6.1.5.5.7.3.1")])))),
        Ok(vec![])
    );
    assert_eq!(leaf(|made| made.with(extension("2.5.29.14", false, &tlv(0x04, &[b"nothing"])))), Ok(vec![]));
    assert_eq!(leaf(|made| made.with(extension("1.3.6.1.4.1.9.21.99.1", false, b"?"))), Ok(vec![]));
}

#[test]
fn an_alternative_name_that_others_stumble_over_is_read_past() {
    // an otherName without the [0] around its value, before one that has it
    let filler = "A".repeat(64);
    let chip = format!("ChipID={}", "A".repeat(44));
    let odd = tlv(0xa0, &[&oid("1.3.6.1.4.1.9.21.3.4.2"), &tlv(0x13, &[filler.as_bytes()])]);
    let even = tlv(0xa0, &[&oid("1.3.6.1.4.1.9.21.2.3"), &tlv(0xa0, &[&tlv(0x13, &[chip.as_bytes()])])]);
    let names = tlv(0x30, &[&odd, &even]);
    assert_eq!(names[..9], hex("308194a04e060a2b06"));
    assert!(leaf(|made| made.with(extension("2.5.29.17", false, &names))).is_ok());
    let unreadable = leaf(|made| made.with(extension("2.5.29.17", false, b"\x30\x05\x01")));
    assert_eq!(unreadable, Ok(vec![Warning::UnparsedExtension("2.5.29.17".into())]));
}

#[test]
fn each_broken_rule_has_its_own_word() {
    assert_eq!(
        leaf(|made| Made { extensions: vec![basic(true, None), usage(0x84)], ..made }),
        invalid(Detail::LeafIsCa)
    );
    assert_eq!(
        leaf(|made| Made { extensions: vec![basic(false, None), usage(0x20)], ..made }),
        invalid(Detail::KeyUsage)
    );
    assert_eq!(
        leaf(|made| made.with(extension("1.3.6.1.4.1.9.21.99.1", true, b"?"))),
        invalid(Detail::CriticalExtension)
    );
    // name constraints are not processed, hence not known
    assert_eq!(
        leaf(|made| made.with(extension("2.5.29.30", true, &tlv(0x30, &[])))),
        invalid(Detail::CriticalExtension)
    );
    assert_eq!(leaf(|made| made.with(basic(false, None))), malformed(Detail::DuplicateExtension));
    let unreadable =
        |name: &'static str| leaf(|made| Made { extensions: vec![extension(name, true, b"\x05")], ..made });
    assert_eq!(unreadable("2.5.29.19"), malformed(Detail::Extension));
    assert_eq!(unreadable("2.5.29.15"), malformed(Detail::Extension));
    let sha1 = SHA1_RSA.to_vec();
    let weak = leaf(|made| Made { inner: Some(sha1.clone()), outer: Some(sha1.clone()), ..made });
    assert_eq!(weak, invalid(Detail::WeakHash));
    assert_eq!(leaf(|made| Made { inner: Some(SHA256_RSA.to_vec()), ..made }), malformed(Detail::AlgorithmMismatch));
    let pss = tlv(0x30, &[&oid("1.2.840.113549.1.1.10"), &tlv(0x30, &[])]);
    let unsupported = leaf(|made| Made { inner: Some(pss.clone()), outer: Some(pss.clone()), ..made });
    assert_eq!(unsupported, Err((Reason::Unsupported, Detail::SignatureAlgorithm)));
    assert_eq!(leaf(|made| Made { version: None, ..made }), malformed(Detail::Certificate));
    assert_eq!(
        leaf(|made| Made { issuer: dn(&[("2.5.4.3", "x")]), ..made }),
        Err((Reason::KeyUnknown, Detail::Issuer))
    );
    assert_eq!(leaf(|made| Made { spki: vec![0x30, 0x00], ..made }), malformed(Detail::Certificate));
    let numbers = tlv(0x30, &[&tlv(2, &[&[0], &[0xff; 128]]), &tlv(2, &[&[1, 0, 1]])]);
    let short = tlv(0x30, &[&hex("300d06092a864886f70d0101010500"), &tlv(3, &[&[0], &numbers])]);
    assert_eq!(leaf(|made| Made { spki: short, ..made }), invalid(Detail::WeakKey));
    let compressed = [&hex("3039301306072a8648ce3d020106082a8648ce3d030107032200")[..], &[2; 33]].concat();
    assert_eq!(leaf(|made| Made { spki: compressed, ..made }), Err((Reason::Unsupported, Detail::Key)));
}

#[test]
fn issuer_names_are_compared_as_bytes() {
    // the same attributes in another order are another name
    let swapped = dn(&[("2.5.4.3", "Test SUDI CA"), ("2.5.4.10", "Test")]);
    assert_eq!(leaf(|made| Made { issuer: swapped, ..made }), Err((Reason::KeyUnknown, Detail::Issuer)));
}

#[test]
fn the_outermost_layer_is_exact() {
    let (ca, device) = (key(P256), key(RSA));
    let trust = store(&Made::ca(&ca, Some(0)), &ca);
    let good = Made::leaf(&device).signed(&ca);
    let behind = [&good[..], &[0]].concat();
    assert_eq!(verdict(&trust, &behind), malformed(Detail::Wrapper));
    assert_eq!(verdict(&trust, &good[..good.len() - 1]), malformed(Detail::Wrapper));
    assert_eq!(verdict(&trust, &[]), malformed(Detail::Size));
    // a length of three bytes where two are enough
    let longer = [&[0x30, 0x83, 0x00][..], &good[2..]].concat();
    assert_eq!(verdict(&trust, &longer), malformed(Detail::Wrapper));
    let large = |size: usize| vec![0x30; size];
    assert_eq!(verdict(&trust, &large(16 << 10)), malformed(Detail::Wrapper));
    assert_eq!(verdict(&trust, &large((16 << 10) + 1)), malformed(Detail::Size));
}

#[test]
fn a_rogue_ca_of_the_same_name_does_not_pass() {
    let (ca, rogue, device) = (key(P256), SigningKey::generate().unwrap().0, key(RSA));
    let trust = store(&Made::ca(&ca, Some(0)), &ca);
    let leaf = Made::leaf(&device).signed(&rogue);
    assert_eq!(verdict(&trust, &leaf), invalid(Detail::Mismatch));
    // bringing the rogue CA along does not help
    let rogue_ca = Made::ca(&rogue, Some(0)).signed(&rogue);
    let why = trust.verify_leaf(&leaf, &[&rogue_ca], TimePolicy::Ignore).unwrap_err();
    assert_eq!((why.reason(), why.detail()), (Reason::Invalid, Detail::Mismatch));
    assert_eq!(
        TrustStore::empty().verify_leaf(&leaf, &[&rogue_ca], TimePolicy::Ignore).unwrap_err().detail(),
        Detail::Issuer
    );
}

#[test]
fn an_empty_store_trusts_nobody() {
    let ca_key = key(P256);
    let (ca, leaf) = (Made::ca(&ca_key, None).signed(&ca_key), Made::leaf(&key(RSA)).signed(&ca_key));
    let trust = TrustStore::empty();
    for time in [TimePolicy::Ignore, TimePolicy::At("2026-11-24".parse().unwrap())] {
        let verdicts = [
            trust.verify_leaf(&leaf, &[&ca], time),
            trust.verify_chain(&[&leaf, &ca], time),
            trust.verify_ca(&ca, &[&ca], 0, time),
        ];
        for verdict in verdicts {
            let why = verdict.unwrap_err();
            assert_eq!((why.reason(), why.detail()), (Reason::KeyUnknown, Detail::Issuer));
        }
    }
}

#[test]
fn several_issuers_of_one_name_are_tried() {
    let (old, new, device) = (key(P384), key(P256), key(RSA));
    let mut trust = store(&Made::ca(&old, Some(0)), &old);
    trust.add_anchor(&Made::ca(&new, Some(0)).signed(&new)).unwrap();
    assert_eq!(verdict(&trust, &Made::leaf(&device).signed(&new)), Ok(vec![Warning::SeveralIssuers]));
}

#[test]
fn a_leaf_that_came_along_is_no_issuer() {
    let (ca, middle, device) = (key(P256), key(P384), key(RSA));
    let trust = store(&Made::ca(&ca, None), &ca);
    let name = dn(&[("2.5.4.3", "Middle")]);
    let no_ca = Made::leaf(&middle).named(&ca_name(), &name).signed(&ca);
    let leaf = Made::leaf(&device).named(&name, &dn(&[("2.5.4.3", "Leaf")])).signed(&middle);
    let why = trust.verify_leaf(&leaf, &[&no_ca], TimePolicy::Ignore).unwrap_err();
    assert_eq!((why.reason(), why.detail()), (Reason::Invalid, Detail::NotACa));
}

struct Chain {
    trust: TrustStore,
    leaf: Vec<u8>,
    cas: Vec<Vec<u8>>,
}

/// A root as anchor, then CAs with these path lengths (top first), then a leaf.
fn chain(path_lens: &[Option<u8>]) -> Chain {
    let root = key(P256);
    let mut trust = TrustStore::empty();
    let mut above = (dn(&[("2.5.4.3", "CA 0")]), root);
    let anchor = Made::ca(&above.1, None).named(&above.0, &above.0).signed(&above.1);
    trust.add_anchor(&anchor).unwrap();
    let mut cas = Vec::new();
    for (index, path_len) in path_lens.iter().enumerate() {
        let (key, _) = SigningKey::generate().unwrap();
        let name = dn(&[("2.5.4.3", &format!("CA {}", index + 1))]);
        cas.insert(0, Made::ca(&key, *path_len).named(&above.0, &name).signed(&above.1));
        above = (name, key);
    }
    let leaf = Made::leaf(&key(RSA)).named(&above.0, &dn(&[("2.5.4.3", "Leaf")])).signed(&above.1);
    Chain { trust, leaf, cas }
}

impl Chain {
    fn verdict(&self, order: &[usize]) -> Result<(), (Reason, Detail)> {
        let cas = order.iter().map(|&index| self.cas[index].as_slice());
        let chain: Vec<&[u8]> = std::iter::once(self.leaf.as_slice()).chain(cas).collect();
        let verdict = self.trust.verify_chain(&chain, TimePolicy::Ignore);
        verdict.map(|_| ()).map_err(|why| (why.reason(), why.detail()))
    }
}

#[test]
fn chains_are_taken_in_their_order_and_no_other() {
    let unknown = Err((Reason::KeyUnknown, Detail::Issuer));
    let three = chain(&[None, None, None]);
    assert_eq!(three.verdict(&[0, 1, 2]), Ok(()));
    assert_eq!(three.verdict(&[0, 2]), unknown, "a gap");
    assert_eq!(three.verdict(&[1, 0, 2]), unknown, "another order");
    assert_eq!(three.verdict(&[0, 1]), unknown, "no top");
    assert_eq!(three.verdict(&[]), unknown, "the leaf alone");
    assert_eq!(chain(&[]).verdict(&[]), Ok(()));
    assert_eq!(chain(&[None; 4]).verdict(&[0, 1, 2, 3]), unknown, "four CAs");
    assert_eq!(three.verdict(&[0, 0, 1]), unknown, "a surplus one");
    let why = three.trust.verify_chain(&[], TimePolicy::Ignore).unwrap_err();
    assert_eq!((why.reason(), why.detail()), (Reason::Malformed, Detail::Absent));
}

#[test]
fn path_lengths_are_kept() {
    assert_eq!(chain(&[Some(1), Some(0)]).verdict(&[0, 1]), Ok(()));
    assert_eq!(chain(&[Some(0), Some(0)]).verdict(&[0, 1]), Err((Reason::Invalid, Detail::PathLength)));
    // an anchor's own path length counts too
    let (ca, sub, device) = (key(P256), key(P384), key(RSA));
    let trust = store(&Made::ca(&ca, Some(0)), &ca);
    let name = dn(&[("2.5.4.3", "Sub")]);
    let sub_ca = Made::ca(&sub, None).named(&ca_name(), &name).signed(&ca);
    let leaf = Made::leaf(&device).named(&name, &dn(&[("2.5.4.3", "Leaf")])).signed(&sub);
    let why = trust.verify_leaf(&leaf, &[&sub_ca], TimePolicy::Ignore).unwrap_err();
    assert_eq!((why.reason(), why.detail()), (Reason::Invalid, Detail::PathLength));
}

#[test]
fn an_anchor_is_a_ca_whose_key_is_checked_here() {
    let (ca, device) = (key(P256), key(RSA));
    let mut trust = TrustStore::empty();
    assert!(trust.add_anchor(&Made::leaf(&device).signed(&ca)).is_err());
    let no_sign = Made { extensions: vec![basic(true, None), usage(0x80)], ..Made::ca(&ca, None) };
    assert!(trust.add_anchor(&no_sign.signed(&ca)).is_err());
    let good = Made::ca(&ca, None).signed(&ca);
    assert!(trust.add_anchor(&[&good[..], &[0]].concat()).is_err());
    trust.add_anchor(&good).unwrap();
    trust.add_anchor(&good).unwrap();
    assert_eq!(trust.anchors().len(), 1);
}

#[test]
fn dates_are_inclusive_and_only_now_refuses() {
    let (ca, device) = (key(P256), key(RSA));
    let trust = store(&Made::ca(&ca, Some(0)), &ca);
    let leaf = Made::leaf(&device).signed(&ca);
    let at = |seconds| UnixSeconds::new(seconds).unwrap();
    let detail = |time| trust.verify_leaf(&leaf, &[], time).map(|_| ()).map_err(|why| why.detail());
    let (first, last) = (1_577_836_800, 1_893_456_000);
    assert_eq!(detail(TimePolicy::Now(at(first))), Ok(()));
    assert_eq!(detail(TimePolicy::Now(at(last))), Ok(()));
    assert_eq!(detail(TimePolicy::Now(at(first - 1))), Err(Detail::NotYetValid));
    assert_eq!(detail(TimePolicy::Now(at(last + 1))), Err(Detail::Expired));
    for inside in [first, last] {
        assert_eq!(trust.verify_leaf(&leaf, &[], TimePolicy::At(at(inside))).unwrap().evidence().warnings(), []);
    }
    let late = trust.verify_leaf(&leaf, &[], TimePolicy::At(at(last + 1))).unwrap();
    let words: Vec<_> = late.evidence().warnings().iter().map(Warning::as_str).collect();
    assert_eq!(words, ["expired", "anchor-expired"]);
    let ended = trust.verify_leaf(&leaf, &[], TimePolicy::Now(at(last + 3 * 31_557_600))).unwrap_err();
    insta::assert_snapshot!(ended, @"certificate ended 2030-01-01T00:00:00Z, 3 years before the given time");
}

#[test]
fn pem_files_of_a_trust_directory_become_what_they_are() {
    let (ca, device) = (key(P256), key(RSA));
    let mut trust = TrustStore::empty();
    let both = format!(
        "Switch#\r\n{}and\n{}",
        to_pem("CERTIFICATE", &Made::ca(&ca, None).signed(&ca)),
        to_pem("CERTIFICATE", &Made::leaf(&device).signed(&ca))
    );
    let added = trust.add_pem("all.pem", both.as_bytes()).unwrap();
    assert!(matches!(&added[0], Ok(slp_crypto::Added::Anchor(_))), "{added:?}");
    assert!(matches!(&added[1], Ok(slp_crypto::Added::KeyOf(_))), "{added:?}");
    let broken = format!("{}{}", to_pem("CERTIFICATE", b"0"), to_pem("CERTIFICATE", &Made::ca(&ca, None).signed(&ca)));
    let added = trust.add_pem("broken.pem", broken.as_bytes()).unwrap();
    assert!(added[0].is_err() && added[1].is_ok(), "one bad block does not keep out the others");
    assert_eq!(Certificate::inspect_pem(both.as_bytes()).unwrap().len(), 2);
    // where one is wanted, the first of several is not taken for it
    assert_eq!(Certificate::inspect_one(both.as_bytes()).unwrap_err().detail(), Detail::Pem);
}

#[test]
fn a_signing_request_shows_that_the_key_is_theirs() {
    use slp_crypto::Signer as _;
    let (ours, other) = (key(P256), SigningKey::generate().unwrap().0);
    let subject = dn(&[("2.5.4.3", "TST00000001")]);
    let request = |key: &SigningKey, by: &SigningKey| to_pem("CERTIFICATE REQUEST", &csr(key, &subject, by));
    let good = Csr::from_pem(request(&ours, &ours).as_bytes()).unwrap();
    assert_eq!((good.get().key(), good.get().subject().der()), (ours.public_key(), subject.as_slice()));
    let refused = |text: &str| Csr::from_pem(text.as_bytes()).map(|_| ()).map_err(|why| (why.reason(), why.detail()));
    assert_eq!(refused(&request(&ours, &other)), Err((Reason::Invalid, Detail::Mismatch)));
    assert_eq!(refused(&request(&key(RSA), &key(RSA))), Err((Reason::Unsupported, Detail::Key)));
    assert!(Csr::from_trust_request(request(&key(RSA), &key(RSA)).as_bytes()).is_ok());
    assert_eq!(refused("nothing"), Err((Reason::Malformed, Detail::Pem)));
    assert_eq!(refused(&to_pem("CERTIFICATE REQUEST", b"0")), Err((Reason::Malformed, Detail::Wrapper)));
}
