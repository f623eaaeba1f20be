//! The one door: order of the reasons, resolvers, batches, budgets, error texts.

use slp_crypto::{
    Detail, ErrorKind, KeyAnswer, KeyHint, KeyMap, KeyResolver, KeyScope, NotVerified, PublicKey, Reason, Scheme,
    Signer, SigningKey, TimePolicy, TrustStore, Verifier, Warning,
};
use slp_model::{Location, Place, SignedContent, Udi};

use crate::support::{ED25519, Made, P256, P384, RSA, hex, key, samples, say, tlv, to_base64, to_pem};

fn udi(serial: &str) -> Udi {
    Udi::new("C9300-24UX", serial).unwrap()
}

fn report(message: &[u8], by: &SigningKey) -> SignedContent<'static> {
    let mut content = SignedContent::new(message.to_vec(), Place::UsageReport);
    content.signature = Some(by.sign(message).unwrap().to_base64().into());
    content.signing_word = Some("SHA256".into());
    content.key_text = Some("00000001".into());
    content.signer = Some(udi("TST00000001"));
    content
}

fn trusting(keys: &[&SigningKey]) -> TrustStore {
    let mut trust = TrustStore::empty();
    for key in keys {
        trust.add_key(KeyScope::KeyText("00000001".into()), key.public_key().clone());
    }
    trust
}

fn verdict(trust: &TrustStore, content: &SignedContent<'_>) -> Result<Vec<Warning>, (Reason, Detail)> {
    let verdict = Verifier::new(trust).verify(content, TimePolicy::Ignore);
    verdict.map(|verified| verified.evidence().warnings().to_vec()).map_err(|why| (why.reason(), why.detail()))
}

#[test]
fn the_first_step_that_fails_is_the_answer() {
    let ours = key(RSA);
    let trust = trusting(&[&ours]);
    let mut content = report(b"{}", &ours);
    assert_eq!(verdict(&trust, &content), Ok(vec![]));
    // from the last step to the first
    content.bytes = b"{ }".into();
    assert_eq!(verdict(&trust, &content), Err((Reason::Invalid, Detail::Mismatch)));
    assert_eq!(verdict(&trusting(&[&key(P384), &key(ED25519)]), &content), Err((Reason::Unsupported, Detail::Key)));
    assert_eq!(verdict(&TrustStore::empty(), &content), Err((Reason::KeyUnknown, Detail::Key)));
    content.signature = Some("AAA".into());
    assert_eq!(verdict(&trust, &content), Err((Reason::Malformed, Detail::Base64)));
    content.signing_word = Some("builtin".into());
    assert_eq!(verdict(&trust, &content), Err((Reason::NotCheckable, Detail::Builtin)));
    content.lost = true;
    assert_eq!(verdict(&trust, &content), Err((Reason::NotCheckable, Detail::PayloadLost)));
    content.signature = None;
    assert_eq!(verdict(&trust, &content), Err((Reason::NotCheckable, Detail::Absent)));
    content.place = Place::CloudElement("smartLicenseAuthorization".into());
    assert_eq!(verdict(&trust, &content), Err((Reason::Malformed, Detail::Absent)));
}

#[test]
fn builtin_is_never_valid_even_with_a_fitting_key() {
    let ours = key(RSA);
    let mut content = report(b"{}", &ours);
    content.signing_word = Some("builtin".into());
    assert_eq!(verdict(&trusting(&[&ours]), &content), Err((Reason::NotCheckable, Detail::Builtin)));
    // the word is exact
    content.signing_word = Some("Builtin".into());
    assert_eq!(verdict(&trusting(&[&ours]), &content), Ok(vec![Warning::SigningWord("Builtin".into())]));
}

#[test]
fn the_word_chooses_nothing() {
    let ours = key(P256);
    let trust = trusting(&[&ours]);
    for (word, warned) in [("SHA256", false), ("SHA-256", false), ("CISC123", true), ("none", true), ("SHA512", true)] {
        let mut content = report(b"{}", &ours);
        content.signing_word = Some(word.into());
        assert_eq!(verdict(&trust, &content).unwrap().len(), usize::from(warned), "{word}");
        content.bytes = b"[]".into();
        assert_eq!(verdict(&trust, &content), Err((Reason::Invalid, Detail::Mismatch)), "{word}");
    }
}

#[test]
fn a_report_is_judged_at_its_own_time_by_the_dates_of_the_certificate() {
    let ours = key(RSA);
    let mut trust = TrustStore::empty();
    let leaf = Made::leaf(&ours).signed(&ours); // 2020 to 2030
    trust.add_pem("device.pem", to_pem("CERTIFICATE", &leaf).as_bytes()).unwrap();
    let mut content = report(b"{}", &ours);
    content.signer = Udi::new("ISR4451-X/K9", "TST00000001").ok();
    let verifier = Verifier::new(&trust);
    let verdict = |time| {
        let good = verifier.verify(&content, time).map_err(|why| (why.reason(), why.detail()))?;
        Ok(good.evidence().warnings().iter().map(Warning::as_str).collect::<Vec<_>>())
    };
    let at = |text: &str| text.parse().unwrap();
    assert_eq!(verdict(TimePolicy::At(at("2025-01-01"))), Ok(vec![]));
    assert_eq!(verdict(TimePolicy::At(at("2031-01-01"))), Ok(vec!["expired"]));
    assert_eq!(verdict(TimePolicy::At(at("2019-01-01"))), Ok(vec!["not-yet-valid"]));
    assert_eq!(verdict(TimePolicy::Ignore), Ok(vec!["time-not-checked"]));
    assert_eq!(verdict(TimePolicy::Now(at("2025-01-01"))), Ok(vec![]));
    assert_eq!(verdict(TimePolicy::Now(at("2031-01-01"))), Err((Reason::Invalid, Detail::Expired)));
    assert_eq!(verdict(TimePolicy::Now(at("2019-01-01"))), Err((Reason::Invalid, Detail::NotYetValid)));
    // each of a batch at its own
    let values = [content.clone(), content.clone()];
    let times = |value: &SignedContent<'_>| {
        let first = std::ptr::eq(value, &raw const values[0]);
        TimePolicy::At(at(if first { "2025-01-01" } else { "2031-01-01" }))
    };
    let verdicts = verifier.batch_at(&values, times).unwrap().finish();
    let warnings: Vec<_> = verdicts.iter().map(|one| one.as_ref().unwrap().evidence().warnings().len()).collect();
    assert_eq!(warnings, [0, 1]);
    // a renewed certificate of the same key is enough
    let renewed = Made { not_before: "20300101000000Z", not_after: "20400101000000Z", ..Made::leaf(&ours) };
    trust.add_pem("renewed.pem", to_pem("CERTIFICATE", &renewed.signed(&ours)).as_bytes()).unwrap();
    let again = Verifier::new(&trust).verify(&content, TimePolicy::Now(at("2031-01-01"))).unwrap();
    assert_eq!(again.evidence().warnings(), []);
}

#[test]
fn any_key_that_fits_is_enough_and_sixteen_are_tried() {
    let ours = key(P256);
    let others: Vec<SigningKey> = (0..16).map(|_| SigningKey::generate().unwrap().0).collect();
    let content = report(b"{}", &ours);
    let mut fifteen: Vec<&SigningKey> = others.iter().take(15).collect();
    fifteen.push(&ours);
    assert_eq!(verdict(&trusting(&fifteen), &content), Ok(vec![]));
    let mut sixteen: Vec<&SigningKey> = others.iter().collect();
    sixteen.push(&ours);
    assert_eq!(verdict(&trusting(&sixteen), &content), Err((Reason::Invalid, Detail::Mismatch)));
}

#[test]
fn cloud_elements_take_keys_of_every_type_and_reports_do_not() {
    let ours = key(P384);
    let trust = trusting(&[&ours]);
    let mut content = report(b"<data/>", &ours);
    assert_eq!(verdict(&trust, &content), Err((Reason::Unsupported, Detail::Key)));
    content.place = Place::CloudElement("data".into());
    assert_eq!(verdict(&trust, &content), Ok(vec![]));
}

#[test]
fn reports_take_rsa_keys_of_4096_bits_at_most_and_cloud_elements_greater_ones() {
    let modulus = |bytes: usize| [&[0_u8][..], &vec![0xff; bytes]].concat();
    let rsa = |bytes| PublicKey::from_pkcs1(&tlv(0x30, &[&tlv(2, &[&modulus(bytes)]), &tlv(2, &[&[3]])])).unwrap();
    let mut content = report(b"{}", &key(RSA));
    let mut judged = |bytes, place| {
        content.place = place;
        let mut trust = TrustStore::empty();
        trust.add_key(KeyScope::KeyText("00000001".into()), rsa(bytes));
        verdict(&trust, &content).unwrap_err()
    };
    // a key that was tried does not fit; one that may not be used is not tried
    assert_eq!(judged(512, Place::UsageReport), (Reason::Invalid, Detail::Mismatch));
    assert_eq!(judged(513, Place::UsageReport), (Reason::Unsupported, Detail::Key));
    assert_eq!(judged(513, Place::CloudElement("data".into())), (Reason::Invalid, Detail::Mismatch));
}

#[test]
fn a_verifier_and_its_builder_show_budget_and_no_keys() {
    let trust = trusting(&[&key(P256)]);
    let builder = Verifier::builder(&trust).budget(7);
    let shown = format!("{builder:?}");
    assert_eq!(shown, format!("{:?}", builder.build()));
    assert!(shown.starts_with("Verifier {") && shown.contains("budget: 7"), "{shown}");
}

#[test]
fn a_batch_shows_how_many_values_and_none_of_them() {
    let (trust, values) = (TrustStore::empty(), vec![report(b"secret", &key(P256)); 2]);
    let verifier = Verifier::new(&trust);
    assert_eq!(format!("{:?}", verifier.batch(&values, TimePolicy::Ignore).unwrap()), "Batch { values: 2, .. }");
}

#[test]
fn a_key_map_matches_exactly_and_the_narrowest_scope_comes_first() {
    let keys: Vec<PublicKey> = (0..7).map(|_| SigningKey::generate().unwrap().0.public_key().clone()).collect();
    let place = Place::CloudElement("data".into());
    let mut map = KeyMap::new();
    let scopes = [
        KeyScope::CloudElements,
        KeyScope::Place(place.clone()),
        KeyScope::KeyText("7".into()),
        KeyScope::Signer(udi("TST00000001")),
        KeyScope::SignerAndKeyText(udi("TST00000001"), "7".into()),
        KeyScope::Exact(place.clone(), udi("TST00000001"), "7".into()),
        KeyScope::Signer(udi("TST00000002")),
    ];
    for (scope, key) in scopes.into_iter().zip(&keys) {
        map.insert(scope, key.clone());
    }
    let found = |hint: &KeyHint<'_>| -> Vec<usize> {
        let KeyAnswer::Keys(found) = map.keys(hint) else { panic!() };
        found.iter().map(|key| keys.iter().position(|known| known == key).unwrap()).collect()
    };
    let signer = udi("TST00000001");
    let mut hint = KeyHint::new(&place);
    assert_eq!(found(&hint), [1, 0]);
    hint.key_text = Some("7");
    assert_eq!(found(&hint), [2, 1, 0]);
    hint.signer = Some(&signer);
    assert_eq!(found(&hint), [5, 4, 3, 2, 1, 0]);
    hint.key_text = Some("70");
    assert_eq!(found(&hint), [3, 1, 0]);
    let report = Place::UsageReport;
    hint.place = &report;
    assert_eq!(found(&hint), [3]);
    let request = Place::CloudElement("smartLicenseTrustRequest".into());
    hint.place = &request;
    assert_eq!(found(&hint), [3], "its device signs it");
}

#[test]
fn a_key_map_is_empty_until_it_has_a_key_of_any_scope() {
    let ours = key(P256).public_key().clone();
    assert!(KeyMap::new().is_empty());
    for scope in [
        KeyScope::CloudElements,
        KeyScope::Place(Place::UsageReport),
        KeyScope::KeyText("7".into()),
        KeyScope::Signer(udi("TST00000001")),
    ] {
        let mut map = KeyMap::new();
        map.insert(scope.clone(), ours.clone());
        assert!(!map.is_empty(), "{scope:?}");
    }
}

struct Refuses;

impl KeyResolver for Refuses {
    fn keys(&self, _: &KeyHint<'_>) -> KeyAnswer {
        KeyAnswer::NotCheckable(Detail::Scheme)
    }
}

#[test]
fn a_resolver_may_say_that_nobody_can_check() {
    let ours = key(P256);
    let (trust, content) = (trusting(&[&ours]), report(b"{}", &ours));
    let verifier = Verifier::builder(&trust).keys(&Refuses).build();
    let why = verifier.verify(&content, TimePolicy::Ignore).unwrap_err();
    assert_eq!((why.reason(), why.detail()), (Reason::NotCheckable, Detail::Scheme));
}

#[test]
fn what_is_read_is_what_was_verified() {
    let ours = key(P256);
    let (trust, content) = (trusting(&[&ours]), report(b"42", &ours));
    let verified = Verifier::new(&trust).verify(&content, TimePolicy::Ignore).unwrap();
    let digest = verified.covered_sha256();
    let number = verified.read_with(|bytes| std::str::from_utf8(bytes).unwrap().parse::<u8>()).unwrap();
    assert_eq!((*number.get(), number.evidence().covered_len()), (42, 2));
    assert_eq!(number.evidence().covered_sha256(), Some(&digest));
    assert_eq!(number.evidence().key_id(), ours.public_key().id());
}

#[test]
fn a_batch_keeps_the_order_whoever_works() {
    let (ours, other) = (key(P256), SigningKey::generate().unwrap().0);
    let trust = trusting(&[&ours]);
    let verifier = Verifier::new(&trust);
    let reports: Vec<SignedContent<'_>> =
        (0..100_u32).map(|index| report(&index.to_be_bytes(), if index % 3 == 0 { &other } else { &ours })).collect();
    for threads in [0, 1, 4] {
        let batch = verifier.batch(&reports, TimePolicy::Ignore).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| batch.work());
            }
        });
        let verdicts = batch.finish();
        assert_eq!(verdicts.len(), 100);
        for (index, verdict) in verdicts.iter().enumerate() {
            assert_eq!(verdict.is_ok(), index % 3 != 0, "{index}");
            if let Ok(verified) = verdict {
                assert!(std::ptr::eq(*verified.get(), &raw const reports[index]));
            }
        }
    }
}

/// Panics once: a caller's own resolver may, and the caller's threads may survive it.
struct PanicsOnce(std::sync::atomic::AtomicBool);

impl KeyResolver for PanicsOnce {
    fn keys(&self, hint: &KeyHint<'_>) -> KeyAnswer {
        assert!(!self.0.swap(false, std::sync::atomic::Ordering::Relaxed), "the resolver of {}", hint.place);
        KeyAnswer::Keys(Vec::new())
    }
}

#[test]
fn a_batch_has_a_verdict_for_each_value_even_when_a_thread_dies() {
    let (ours, trust) = (key(P256), TrustStore::empty());
    let resolver = PanicsOnce(true.into());
    let verifier = Verifier::builder(&trust).keys(&resolver).build();
    let mut reports = vec![report(b"x", &ours); 50];
    reports[40].signature = None;
    let batch = verifier.batch(&reports, TimePolicy::Ignore).unwrap();
    std::thread::scope(|scope| assert!(scope.spawn(|| batch.work()).join().is_err()));
    let verdicts = batch.finish();
    let details: Vec<Detail> = verdicts.iter().map(|verdict| verdict.as_ref().unwrap_err().detail()).collect();
    assert_eq!(details.len(), 50);
    let expected = |index| if index == 40 { Detail::Absent } else { Detail::Key };
    assert!(details.iter().enumerate().all(|(index, detail)| *detail == expected(index)), "{details:?}");
}

#[test]
fn a_budget_takes_n_signatures_and_refuses_one_more_and_reports_are_not_counted() {
    let trust = TrustStore::empty();
    let verifier = Verifier::builder(&trust).budget(2).build();
    let contents = |place: Place, count| vec![SignedContent::new(&b"x"[..], place); count];
    let kind = |contents: &[SignedContent<'_>]| {
        verifier.batch(contents, TimePolicy::Ignore).map(|_| ()).map_err(|error| (error.kind(), error.name()))
    };
    assert_eq!(kind(&contents(Place::ApiBody, 2)), Ok(()));
    assert_eq!(kind(&contents(Place::ApiBody, 3)), Err((ErrorKind::Size, Some("signatures_per_document"))));
    assert_eq!(kind(&contents(Place::UsageReport, 3)), Ok(()));
}

fn told(change: impl FnOnce(&mut SignedContent<'static>)) -> NotVerified {
    let ours = key(P256);
    let mut content = report(b"{}", &ours);
    content.at = Location::path("RUMReport[3]/signature");
    change(&mut content);
    let trust = trusting(&[&ours]);
    let why = Verifier::new(&trust).verify(&content, TimePolicy::Ignore).unwrap_err();
    why.inside("UD_x.tar.gz")
}

#[test]
fn every_reason_is_a_sentence_with_a_place_and_a_remedy() {
    let sentences = [
        told(|content| content.signature = None),
        told(|content| content.lost = true),
        told(|content| content.signing_word = Some("builtin".into())),
        told(|content| content.signature = Some("".into())),
        told(|content| content.signature = Some("-_-_".into())),
        told(|content| content.signature = Some("AAA".into())),
        told(|content| content.key_text = Some("21246675".into())),
        told(|content| content.bytes = b"[]".into()),
    ];
    let sentences = sentences.map(|why| format!("{} {}: {why}", why.reason(), why.detail()));
    insta::assert_snapshot!(sentences.join("\n"));
}

#[test]
fn signature_texts_of_the_hostile_table_are_judged() {
    let Some(folder) = samples("vectors/hostile/base64", "the base64 table") else {
        return;
    };
    let trust = trusting(&[&key(P256)]);
    let (mut plain, mut refused) = (0, 0);
    for case in crate::support::json(folder.join("cases.json")).as_array().unwrap() {
        let mut content = SignedContent::new(&b"{}"[..], Place::UsageReport);
        content.signature = Some(case["text"].as_str().unwrap().to_owned().into());
        content.key_text = Some("00000001".into());
        match verdict(&trust, &content) {
            Err((Reason::Malformed, Detail::Base64)) => refused += 1,
            Err((Reason::Invalid, Detail::Mismatch)) => plain += 1,
            other => panic!("{case}: {other:?}"),
        }
    }
    say(&format!("base64 table: {plain} decoded, {refused} refused"));
    assert_eq!((plain, refused), (4, 8));
}

/// Order of the group of P-256.
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

#[test]
fn an_ecdsa_signature_has_one_encoding_and_its_numbers_a_range() {
    let ours = key(P256);
    let trust = trusting(&[&ours]);
    let mut content = report(b"{}", &ours);
    let integers = |r: &[u8], s: &[u8]| tlv(0x30, &[&tlv(2, &[r]), &tlv(2, &[s])]);
    let good = ours.sign(b"{}").unwrap().as_bytes().to_vec();
    let (r, s) = {
        let r = &good[4..4 + usize::from(good[3])];
        (r.to_vec(), good[6 + r.len()..].to_vec())
    };
    assert_eq!(integers(&r, &s), good);
    let order = [&[0][..], &hex(ORDER)].concat();
    let zeros = |number: &[u8]| [&[0, 0][..], number].concat();
    let padded = |tag: u8, content: &[u8]| [&[tag, 0x81, u8::try_from(content.len()).unwrap()], content].concat();
    let both = [tlv(2, &[&r]), tlv(2, &[&s])].concat();
    for (what, signature) in [
        ("r is zero", integers(&[0], &s)),
        ("s is zero", integers(&r, &[0])),
        ("both are zero", integers(&[0], &[0])),
        ("r is nothing", integers(&[], &s)),
        ("r is the order", integers(&order, &s)),
        ("s is the order", integers(&r, &order)),
        ("r is larger than the curve", integers(&[&[1][..], &r].concat(), &s)),
        ("s is very large", integers(&r, &[0x7f; 70])),
        ("r is negative", integers(&[&[0x80][..], &[1; 31]].concat(), &s)),
        ("r has zeros in front", integers(&zeros(&r), &s)),
        ("s has zeros in front", integers(&r, &zeros(&s))),
        ("a long length outside", padded(0x30, &both)),
        ("a long length inside", tlv(0x30, &[&padded(2, &r), &tlv(2, &[&s])])),
        ("a length that is not told", [&[0x30, 0x80][..], &both, &[0, 0]].concat()),
        ("bytes behind", [&good[..], &[0]].concat()),
        ("bytes inside", tlv(0x30, &[&both, &[5, 0]])),
        ("three numbers", tlv(0x30, &[&both, &tlv(2, &[&[1]])])),
        ("cut", good[..good.len() - 1].to_vec()),
        ("another tag", [&[0x31][..], &good[1..]].concat()),
        ("plain numbers", [&[0_u8; 64][..]].concat()),
        ("one byte", vec![0]),
    ] {
        content.signature = Some(to_base64(&signature).into());
        assert_eq!(verdict(&trust, &content), Err((Reason::Invalid, Detail::Mismatch)), "{what}");
    }
    content.signature = Some(to_base64(&good).into());
    assert_eq!(verdict(&trust, &content), Ok(vec![]));
}

#[test]
fn a_signature_of_another_scheme_or_key_fits_nowhere() {
    let rsa512 = key(RSA).with_scheme(Scheme::RsaPkcs1Sha512).unwrap();
    let keys = [key(RSA), rsa512, key(P256), key(P384), key(ED25519)];
    for signer in &keys {
        for other in &keys {
            let mut content = report(b"{}", signer);
            content.place = Place::CloudElement("data".into());
            let same = signer.scheme() == other.scheme();
            assert_eq!(verdict(&trusting(&[other]), &content).is_ok(), same, "{signer:?} by {other:?}");
        }
    }
    // RSA: as long as the modulus, neither shorter nor longer, with or without zeros in front
    let ours = key(RSA);
    let trust = trusting(&[&ours]);
    let mut content = report(b"{}", &ours);
    let good = ours.sign(b"{}").unwrap().as_bytes().to_vec();
    let zero = [0_u8];
    let beyond = vec![0xff; good.len()];
    for wrong in [[&zero, &good[..]].concat(), [&good[..], &zero].concat(), good[1..].to_vec(), beyond] {
        content.signature = Some(to_base64(&wrong).into());
        assert_eq!(verdict(&trust, &content), Err((Reason::Invalid, Detail::Mismatch)));
    }
}
