//! Documents of the SDK: the goldens, and each way in which one fails.

use slp_crypto::canonical::Value;
use slp_crypto::envelope::{Document, Member, Role, Signatory, pae};
use slp_crypto::{
    Certificate, Csr, Detail, Evidence, NotVerified, Reason, Signer, SigningKey, Source, TimePolicy, TrustStore,
    Verifier, Warning,
};
use slp_model::{Place, SignedContent, UnixSeconds};

use crate::support::{
    Made, P256, RSA, basic, bytes, dn, hex, key, name, pem, samples, say, text, to_hex, to_pem, usage,
};

/// 2026-11-24.
fn now() -> TimePolicy {
    TimePolicy::Now(UnixSeconds::new(1_795_478_400).unwrap())
}

fn single(name: &str) -> Member {
    if name.is_empty() { Member::Single } else { Member::Named(name.into()) }
}

/// A member that is a PEM certificate.
fn certificate(document: &Document, member: &str) -> Vec<u8> {
    pem(document.object().get(member).and_then(Value::as_str).unwrap().as_bytes())
}

#[test]
fn the_goldens_verify_and_the_bad_ones_say_why() {
    let Some(folder) = samples("sync/golden/documents", "the signed documents") else {
        return;
    };
    let document = |file: &str| Document::read(&bytes(folder.join(file))).unwrap();
    let mut trust = TrustStore::empty();
    trust.add_anchor(&pem(&bytes(folder.join("root.pem")))).unwrap();
    let authorization = document("registration_authorization.json");
    let sub_ca = certificate(&authorization, "sub_ca_cert");
    let answer = |file: &str| -> Result<usize, NotVerified> {
        let document = document(file);
        let (signer, sub_ca) = (certificate(&document, "signing_cert"), certificate(&document, "sub_ca_cert"));
        let signatory = Signatory::chain(Member::Single, [signer.as_slice(), sub_ca.as_slice()], Role::CloudSigner);
        let verified = document.verify(document.kind(), &[signatory], &trust, now())?;
        Ok(verified.get().signers().len())
    };
    let request = |file: &str| -> Result<usize, NotVerified> {
        let document = document(file);
        let (id, signing) = (certificate(&document, "id_cert"), certificate(&document, "signing_cert"));
        // where one certificate serves for both, it is the identity
        let role = if id == signing { Role::CollectorId } else { Role::CollectorSigner };
        let signatories = [
            Signatory::chain(single("id"), [id.as_slice(), sub_ca.as_slice()], Role::CollectorId),
            Signatory::chain(single("signing"), [signing.as_slice(), sub_ca.as_slice()], role),
        ];
        let verified = document.verify("sync_request", &signatories, &trust, now())?;
        assert_eq!(verified.get().distinct_keys(), if id == signing { 1 } else { 2 });
        Ok(verified.get().signers().len())
    };
    let registration = document("registration_request.json");
    let csr = |member: &str| {
        let text = registration.object().get(member).and_then(Value::as_str).unwrap();
        Csr::from_pem(text.as_bytes()).unwrap().get().key().clone()
    };
    let signatories = [Signatory::key(single("id"), csr("csr")), Signatory::key(single("signing"), csr("signing_csr"))];
    let registered = registration.verify("registration_request", &signatories, &trust, now()).unwrap();
    let mut signatures = registered.get().signers().len();
    let answers = ["registration_authorization.json", "sync_response_full.json", "sync_response_delta.json"];
    for file in answers {
        signatures += answer(file).unwrap();
    }
    for file in ["sync_request_full.json", "sync_request_delta.json"] {
        signatures += request(file).unwrap();
    }
    assert_eq!(signatures, 9);
    let refused = |file: &str| answer(file).map_err(|why| (why.reason(), why.detail()));
    let mismatch = Err((Reason::Invalid, Detail::Mismatch));
    assert_eq!(refused("bad_signature_purchased_50.json"), mismatch);
    assert_eq!(refused("bad_signature_other_kind.json"), mismatch);
    assert_eq!(refused("bad_signature_bare_canonical.json"), mismatch);
    let hint = answer("bad_signature_bare_canonical.json").unwrap_err().to_string();
    assert!(hint.ends_with("it was signed without the type prefix, by an older or foreign writer"), "{hint}");
    assert_eq!(refused("wrong_role_signed_by_collector.json"), Err((Reason::Invalid, Detail::Role)));
    assert_eq!(refused("wrong_instance.json"), Ok(1), "whose it is, is for the caller to see");
    let delta = document("sync_response_delta.json");
    assert_eq!(delta.body(), bytes(folder.join("sync_response_delta.canonical")));
    assert_eq!(delta.signed_bytes(), bytes(folder.join("sync_response_delta.pae")));
    let order = br#"{"\ue000":1,"\ud83d\ude00":2,"a":"\u007f\u2028/\u001f\n","B":[true,null,-5],"\u00e9":{}}"#;
    let canonical = Value::read(order).unwrap().to_bytes();
    assert_eq!(canonical, bytes(folder.join("jcs_key_order.canonical")));
    say(&format!("documents: 6 verified with {signatures} signatures, 4 refused, 1 left to the caller"));
}

const EXAMPLE: &str = r#"{"kind":"sync_request","format":"slp-sync/1","on_prem_name":"lab é","last_sync":null,"pool":{"b":2,"a":-1},
 "big":"9007199254740993"}"#;

#[test]
fn the_worked_example_comes_out() {
    let document = Document::read(EXAMPLE.as_bytes()).unwrap();
    assert_eq!((document.kind(), document.body().len(), document.signed_bytes().len()), ("sync_request", 133, 199));
    let expected = concat!(
        "445353457631203531206170706c69636174696f6e2f766e642e736c702e73796e632b6a736f6e3b763d313b6b696e643d73796e635f726571756573",
        "7420313333207b22626967223a2239303037313939323534373430393933222c22666f726d6174223a22736c702d73796e632f31222c226b696e6422",
        "3a2273796e635f72657175657374222c226c6173745f73796e63223a6e756c6c2c226f6e5f7072656d5f6e616d65223a226c616220c3a9222c22706f",
        "6f6c223a7b2261223a2d312c2262223a327d7d"
    );
    assert_eq!(to_hex(&document.signed_bytes()), expected);
}

/// A key of the synthetic set.
fn synthetic_key(name: &str) -> Option<SigningKey> {
    let folder = samples("pki/synthetic", "the worked signatures")?;
    let table = text(folder.join("keys.tsv"));
    let line = table.lines().find(|line| line.starts_with(&format!("{name}\t"))).unwrap();
    Some(SigningKey::from_pkcs8(&hex(line.split('\t').nth(1).unwrap())).unwrap())
}

#[test]
fn the_worked_signature_verifies_and_nothing_near_it() {
    let Some(key) = synthetic_key("leaf_p256.key") else {
        return;
    };
    assert_eq!(key.public_key().id().to_string(), "fcc33d2d7e95a05e");
    let signature = "MEUCIQCD42TDmMkEifxGhqNCUnQ6N58ydnr9+H5Vdd3zxthBgAIgVna9CjHZ2YKATkGIvfZASxrJ2vux03XE/m/2AmjTeu4=";
    let with = |text: &str| {
        let signed = text.replacen('{', &format!("{{\"signature\":\"{signature}\","), 1);
        let document = Document::read(signed.as_bytes()).unwrap();
        let signatory = Signatory::key(Member::Single, key.public_key().clone());
        let verdict = document.verify(document.kind(), &[signatory], &TrustStore::empty(), TimePolicy::Ignore);
        verdict.map(|_| ()).map_err(|why| (why.reason(), why.detail()))
    };
    assert_eq!(with(EXAMPLE), Ok(()));
    let mismatch = Err((Reason::Invalid, Detail::Mismatch));
    for (old, new) in
        [("sync_request", "sync_response"), ("null", "1"), ("-1", "1"), ("lab é", "lab e"), ("993", "992")]
    {
        assert_eq!(with(&EXAMPLE.replace(old, new)), mismatch, "{new}");
    }
    say("worked signature: verified, 5 changes refused");
}

#[test]
fn usage_reports_of_our_own_devices_sign_as_told() {
    let Some(key) = synthetic_key("leaf_ha.key") else {
        return;
    };
    let Some(folder) = samples("vectors/hostile/json", "the signed payload") else {
        return;
    };
    let mut signatures = Vec::new();
    for file in ["ok_string_payload.json", "payload_unicode_escapes.json", "payload_slash_escapes.json"] {
        let document = crate::support::json(folder.join(file));
        let payload = find_payload(&document).unwrap();
        signatures.push(key.sign(payload.as_bytes()).unwrap().to_base64());
    }
    assert!(signatures.iter().all(|signature| *signature == signatures[0]));
    assert!(
        signatures[0].starts_with("B009O6FopcnWGyPKvhBHLVH+zLe859Tl") && signatures[0].ends_with("ay0padRYEOFqaw==")
    );
    say("usage report golden: 3 spellings of one payload, one signature");
}

fn find_payload(value: &serde_json::Value) -> Option<&str> {
    match value {
        serde_json::Value::Object(object) => match object.get("payload") {
            Some(payload) => payload.as_str(),
            None => object.values().find_map(find_payload),
        },
        serde_json::Value::Array(values) => values.iter().find_map(find_payload),
        _ => None,
    }
}

#[test]
fn the_encoding_before_the_signature_writes_both_lengths() {
    assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
    assert_eq!(pae("é", b" 1 "), "DSSEv1 2 é 3  1 ".as_bytes());
}

fn document(text: &str) -> Result<Document, (Reason, Detail)> {
    Document::read(text.as_bytes()).map_err(|why| (why.reason(), why.detail()))
}

#[test]
fn what_is_no_document_says_why() {
    let malformed = |detail| Err((Reason::Malformed, detail));
    assert_eq!(document("[]"), malformed(Detail::Syntax));
    assert_eq!(document("{"), malformed(Detail::Syntax));
    assert_eq!(document(r#"{"kind":"a"}"#), malformed(Detail::Absent));
    assert_eq!(document(r#"{"format":"slp-sync/1"}"#), malformed(Detail::Absent));
    assert_eq!(document(r#"{"format":"slp-sync/2","kind":"a"}"#), Err((Reason::Unsupported, Detail::Format)));
    for kind in ["", "A", "1", "a b", "a;v=2", &"a".repeat(33)] {
        assert_eq!(
            document(&format!(r#"{{"format":"slp-sync/1","kind":"{kind}"}}"#)),
            malformed(Detail::Syntax),
            "{kind}"
        );
    }
    assert!(document(&format!(r#"{{"format":"slp-sync/1","kind":"{}"}}"#, "a".repeat(32))).is_ok());
    assert!(document("\u{feff} {\"format\":\"slp-sync/1\",\"kind\":\"a_1\"}").is_ok());
    for (member, detail) in [
        ("1.5", Detail::Float),
        ("9007199254740993", Detail::Range),
        (r#"{"a":1,"a":2}"#, Detail::DuplicateKey),
        ("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", Detail::Depth),
    ] {
        let text = format!(r#"{{"format":"slp-sync/1","kind":"a","x":{member}}}"#);
        assert_eq!(document(&text), malformed(detail), "{member}");
    }
    assert_eq!(document(&" ".repeat((64 << 20) + 1)), malformed(Detail::Size));
}

const PLAIN: &str =
    r#"{"format":"slp-sync/1","kind":"sync_request","signature_algorithm":"ECDSA_P256_SHA256_DER","x":1}"#;

#[test]
fn every_required_signature_is_checked_and_one_key_counts_once() {
    let (ours, other) = (key(P256), SigningKey::generate().unwrap().0);
    let mut document = document(PLAIN).unwrap();
    document.sign(&single("id"), &ours).unwrap();
    document.sign(&single("signing"), &ours).unwrap();
    let signatory = |member: &str, key: &SigningKey| Signatory::key(single(member), key.public_key().clone());
    let verify = |document: &Document, signatories: &[Signatory<'_>]| {
        let verdict = document.verify("sync_request", signatories, &TrustStore::empty(), TimePolicy::Ignore);
        verdict
            .map(|verified| verified.get().distinct_keys())
            .map_err(|why| (why.reason(), why.detail(), why.place().to_string()))
    };
    assert_eq!(verify(&document, &[signatory("id", &ours), signatory("signing", &ours)]), Ok(1));
    let fault = |reason, detail, place: &str| Err((reason, detail, place.to_owned()));
    let mismatch = fault(Reason::Invalid, Detail::Mismatch, "$.signatures.signing");
    assert_eq!(verify(&document, &[signatory("id", &ours), signatory("signing", &other)]), mismatch);
    assert_eq!(verify(&document, &[signatory("", &ours)]), fault(Reason::Malformed, Detail::Absent, "$.signature"));
    assert_eq!(verify(&document, &[]), fault(Reason::Malformed, Detail::Absent, ""));
    document.sign(&single("signing"), &other).unwrap();
    assert_eq!(verify(&document, &[signatory("id", &ours), signatory("signing", &other)]), Ok(2));
    let both = [signatory("signing", &other), signatory("id", &ours)];
    let verified = document.verify("sync_request", &both, &TrustStore::empty(), TimePolicy::Ignore).unwrap();
    let ids: Vec<_> = verified.get().signers().iter().map(Evidence::key_id).collect();
    assert_eq!(ids, [other.public_key().id(), ours.public_key().id()], "in the order asked for");
    let wrong = document.verify("sync_response", &[signatory("id", &ours)], &TrustStore::empty(), TimePolicy::Ignore);
    assert_eq!(wrong.unwrap_err().detail(), Detail::Kind);
    // what is written is read, and verifies
    assert_eq!(document.to_bytes().last(), Some(&b'\n'));
    let again = Document::read(&document.to_bytes()).unwrap();
    assert_eq!(verify(&again, &[signatory("id", &ours)]), Ok(1));
}

/// Whose key it was must not be misread: one that the caller brought is no certificate of the document.
#[test]
fn evidence_says_whether_the_key_came_along() {
    let (key, _) = SigningKey::generate().unwrap();
    let mut document = document(PLAIN).unwrap();
    document.sign(&Member::Single, &key).unwrap();
    let signatory = Signatory::key(Member::Single, key.public_key().clone());
    let verified = document.verify("sync_request", &[signatory], &TrustStore::empty(), TimePolicy::Ignore).unwrap();
    assert_eq!(verified.evidence().source(), Source::Resolver);
    let (ca, name) = of_role("slp-sync:cloud-ca", &key, &dn(&[("2.5.4.3", "Root")]), Some(1));
    let (ca, signer) = (ca.signed(&key), of_role("slp-sync:cloud-signer", &key, &name, None).0.signed(&key));
    let mut trust = TrustStore::empty();
    trust.add_anchor(&ca).unwrap();
    let signatory = Signatory::chain(Member::Single, [&signer[..], &ca], Role::CloudSigner);
    let verified = document.verify("sync_request", &[signatory], &trust, now()).unwrap();
    assert_eq!(verified.evidence().source(), Source::Document);
}

#[test]
fn only_p_256_signs_and_the_named_algorithm_is_compared() {
    let mut rsa = document(PLAIN).unwrap();
    assert!(rsa.sign(&Member::Single, &key(RSA)).is_err());
    let other = PLAIN.replace("ECDSA_P256_SHA256_DER", "none");
    let mut other = document(&other).unwrap();
    assert!(other.sign(&Member::Single, &key(P256)).is_err());
    let signatory = Signatory::key(Member::Single, key(P256).public_key().clone());
    let why = other.verify("sync_request", &[signatory], &TrustStore::empty(), TimePolicy::Ignore).unwrap_err();
    assert_eq!((why.reason(), why.detail()), (Reason::Unsupported, Detail::SignatureAlgorithm));
}

#[test]
fn a_document_is_checked_with_a_p_256_key_and_sha_256_alone() {
    let ours = key(P256);
    let mut document = document(PLAIN).unwrap();
    document.sign(&Member::Single, &ours).unwrap();
    let verdict = |key: &slp_crypto::PublicKey| {
        let signatory = Signatory::key(Member::Single, key.clone());
        let verdict = document.verify("sync_request", &[signatory], &TrustStore::empty(), TimePolicy::Ignore);
        verdict.map(|_| ()).map_err(|why| (why.reason(), why.detail()))
    };
    assert_eq!(verdict(ours.public_key()), Ok(()));
    let longer = ours.public_key().clone().with_scheme(slp_crypto::Scheme::EcdsaP256Sha384).unwrap();
    for other in [key(RSA).public_key(), &longer] {
        assert_eq!(verdict(other), Err((Reason::Unsupported, Detail::Key)), "{other:?}");
    }
}

/// A certificate of our own PKI.
fn of_role(role: &str, key: &SigningKey, issuer: &[u8], ca: Option<u8>) -> (Made, Vec<u8>) {
    let subject = dn(&[("2.5.4.10", "Test"), ("2.5.4.11", role), ("2.5.4.3", role)]);
    let extensions = match ca {
        Some(path_len) => vec![basic(true, Some(path_len)), usage(0x06)],
        None => vec![basic(false, None), usage(0x80)],
    };
    (Made { extensions, ..Made::leaf(key) }.named(issuer, &subject), subject)
}

#[test]
fn a_local_ca_hands_out_no_roles() {
    let keys: Vec<SigningKey> = (0..4).map(|_| SigningKey::generate().unwrap().0).collect();
    let [root, cloud, local, signer] = keys.as_slice() else { panic!() };
    let fifth = SigningKey::generate().unwrap().0;
    let root_name = dn(&[("2.5.4.3", "Root")]);
    let mut trust = TrustStore::empty();
    trust.add_anchor(&Made::ca(root, None).named(&root_name, &root_name).signed(root)).unwrap();
    let (cloud_ca, cloud_name) = of_role("slp-sync:cloud-ca", cloud, &root_name, Some(1));
    let (local_ca, local_name) = of_role("slp-sync:local-ca", local, &cloud_name, Some(0));
    let (cloud_ca, local_ca) = (cloud_ca.signed(root), local_ca.signed(cloud));
    let good = of_role("slp-sync:cloud-signer", signer, &cloud_name, None).0.signed(cloud);
    let forged = of_role("slp-sync:cloud-signer", signer, &local_name, None).0.signed(local);
    let collector = of_role("slp-sync:collector-signer", signer, &cloud_name, None).0.signed(cloud);
    let mut document = document(PLAIN).unwrap();
    document.sign(&Member::Single, signer).unwrap();
    let verdict = |chain: &[&[u8]]| {
        let signatory = Signatory::chain(Member::Single, chain, Role::CloudSigner);
        document.verify("sync_request", &[signatory], &trust, now()).map(|_| ()).map_err(|why| why.detail())
    };
    assert_eq!(verdict(&[&good, &cloud_ca]), Ok(()));
    assert_eq!(verdict(&[&forged, &local_ca, &cloud_ca]), Err(Detail::Role));
    assert_eq!(verdict(&[&collector, &cloud_ca]), Err(Detail::Role));
    // not even when somebody trusts the local CA itself and the chain does not show it
    trust.add_anchor(&local_ca).unwrap();
    trust.add_anchor(&cloud_ca).unwrap();
    let verdict = |chain: &[&[u8]]| {
        let signatory = Signatory::chain(Member::Single, chain, Role::CloudSigner);
        document.verify("sync_request", &[signatory], &trust, now()).map(|_| ()).map_err(|why| why.detail())
    };
    assert_eq!(verdict(&[&good]), Ok(()));
    assert_eq!(verdict(&[&forged]), Err(Detail::Role));
    assert_eq!(verdict(&[&forged, &local_ca]), Err(Detail::Role));
    // nor by a CA that calls itself the cloud's, below a local CA that was issued without a limit
    let trust = {
        let mut trust = TrustStore::empty();
        trust.add_anchor(&Made::ca(root, None).named(&root_name, &root_name).signed(root)).unwrap();
        trust
    };
    let wide = of_role("slp-sync:cloud-ca", cloud, &root_name, Some(2)).0.signed(root);
    let loose = of_role("slp-sync:local-ca", local, &cloud_name, Some(1)).0.signed(cloud);
    let (false_ca, false_name) = of_role("slp-sync:cloud-ca", &fifth, &local_name, Some(0));
    let false_ca = false_ca.signed(local);
    let forged = of_role("slp-sync:cloud-signer", signer, &false_name, None).0.signed(&fifth);
    let verdict = |chain: &[&[u8]], trust: &TrustStore| {
        let signatory = Signatory::chain(Member::Single, chain, Role::CloudSigner);
        document.verify("sync_request", &[signatory], trust, now()).map(|_| ()).map_err(|why| why.detail())
    };
    assert_eq!(verdict(&[&forged, &false_ca, &loose, &wide], &trust), Err(Detail::Role));
    let mut trusting = trust.clone();
    trusting.add_anchor(&loose).unwrap();
    assert_eq!(verdict(&[&forged, &false_ca], &trusting), Err(Detail::Role));
    assert_eq!(Certificate::inspect(&good).unwrap().subject().organizational_unit(), Some("slp-sync:cloud-signer"));
}

#[test]
fn a_certificate_may_begin_up_to_an_hour_later() {
    let (root, signer) = (SigningKey::generate().unwrap().0, SigningKey::generate().unwrap().0);
    let (cloud_ca, cloud_name) = of_role("slp-sync:cloud-ca", &root, &dn(&[("2.5.4.3", "Root")]), Some(1));
    let mut trust = TrustStore::empty();
    trust.add_anchor(&cloud_ca.signed(&root)).unwrap();
    let leaf = of_role("slp-sync:cloud-signer", &signer, &cloud_name, None).0.signed(&root);
    let mut document = document(PLAIN).unwrap();
    document.sign(&Member::Single, &signer).unwrap();
    let judged = |seconds| {
        let signatory = Signatory::chain(Member::Single, [leaf.as_slice()], Role::CloudSigner);
        let time = TimePolicy::Now(UnixSeconds::new(seconds).unwrap());
        document.verify("sync_request", &[signatory], &trust, time).map(|_| ())
    };
    let verdict = |seconds| judged(seconds).map_err(|why| why.detail());
    assert_eq!(verdict(1_577_836_800 - 3_600), Ok(()));
    assert_eq!(verdict(1_577_836_800 - 3_601), Err(Detail::NotYetValid));
    // the hour is for the beginning alone: an end is told by the time that was given
    let ended = judged(1_893_456_001).unwrap_err();
    assert_eq!(ended.detail(), Detail::Expired);
    assert!(ended.message().ends_with(", 1 second before the given time"), "{ended}");
}

#[test]
fn the_verifier_takes_the_bytes_of_a_document_too() {
    let ours = key(P256);
    let mut document = document(PLAIN).unwrap();
    document.sign(&Member::Single, &ours).unwrap();
    let mut content = SignedContent::new(document.signed_bytes(), Place::OwnDocument("sync_request".into()));
    let signature = document.object().get("signature").and_then(Value::as_str).unwrap();
    content.signature = Some(format!("{}\n{}", &signature[..60], &signature[60..]).into());
    let mut trust = TrustStore::empty();
    trust.add_key(slp_crypto::KeyScope::Place(content.place.clone()), ours.public_key().clone());
    let verified = Verifier::new(&trust).verify(&content, TimePolicy::Ignore).unwrap();
    assert_eq!(verified.evidence().warnings(), [Warning::Base64Space]);
    let pem = to_pem("PUBLIC KEY", ours.public_key().spki());
    assert_eq!(pem, ours.public_key().to_pem());
    assert_eq!(name(std::path::Path::new("a/b")), "b");
}

#[test]
fn roles_are_read_back_from_their_words() {
    for role in Role::ALL {
        assert_eq!(role.to_string().parse::<Role>().unwrap(), *role);
        assert_eq!(serde_json::from_str::<Role>(&serde_json::to_string(role).unwrap()).unwrap(), *role);
    }
    assert!("cloud-ca".parse::<Role>().is_err(), "the whole organizational unit");
}
