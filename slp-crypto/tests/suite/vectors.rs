//! Public vectors: Wycheproof through the one door, ring's own texts.

use std::collections::BTreeMap;

use slp_crypto::{
    ErrorKind, KeyAnswer, KeyHint, KeyResolver, PublicKey, Reason, Scheme, Signer, SigningKey, TimePolicy, TrustStore,
    Verifier,
};
use slp_model::{Place, SignedContent};

use crate::support::{files, hex, json, name, samples, say, text, to_base64};

struct Only(PublicKey);

impl KeyResolver for Only {
    fn keys(&self, _: &KeyHint<'_>) -> KeyAnswer {
        KeyAnswer::Keys(vec![self.0.clone()])
    }
}

/// Through the public API: a document's bytes, its signature as text, a resolver.
fn verify(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), Reason> {
    let trust = TrustStore::empty();
    let resolver = Only(key.clone());
    let mut content = SignedContent::new(message, Place::OwnDocument("vector".into()));
    content.signature = Some(to_base64(signature).into());
    let verifier = Verifier::builder(&trust).keys(&resolver).build();
    verifier.verify(&content, TimePolicy::Ignore).map(|_| ()).map_err(|why| why.reason())
}

fn scheme_of(file: &str) -> Scheme {
    match file {
        _ if file.starts_with("rsa") && file.contains("sha256") => Scheme::RsaPkcs1Sha256,
        _ if file.starts_with("rsa") && file.contains("sha384") => Scheme::RsaPkcs1Sha384,
        _ if file.starts_with("rsa") && file.contains("sha512") => Scheme::RsaPkcs1Sha512,
        "ecdsa_secp256r1_sha256_test.json" => Scheme::EcdsaP256Sha256,
        "ecdsa_secp384r1_sha256_test.json" => Scheme::EcdsaP384Sha256,
        "ecdsa_secp384r1_sha384_test.json" => Scheme::EcdsaP384Sha384,
        "ed25519_test.json" => Scheme::Ed25519,
        other => panic!("which scheme has {other}?"),
    }
}

#[test]
fn wycheproof_has_its_way() {
    let Some(folder) = samples("vectors/wycheproof", "Wycheproof") else {
        return;
    };
    let mut counts: BTreeMap<(String, bool), u32> = BTreeMap::new();
    let mut refused_keys = 0;
    for file in files(&folder).iter().filter(|file| file.extension() == Some("json".as_ref())) {
        for group in json(file)["testGroups"].as_array().unwrap() {
            let spki = hex(group["publicKeyDer"].as_str().unwrap());
            let key = PublicKey::from_spki(&spki).and_then(|key| key.with_scheme(scheme_of(&name(file))));
            refused_keys += u32::from(key.is_err());
            for test in group["tests"].as_array().unwrap() {
                let part = |name: &str| hex(test[name].as_str().unwrap());
                let verified = key.as_ref().is_ok_and(|key| verify(key, &part("msg"), &part("sig")).is_ok());
                let result = test["result"].as_str().unwrap();
                assert_eq!(verified, result == "valid", "{} {}: {}", name(file), test["tcId"], test["comment"]);
                *counts.entry((result.to_owned(), verified)).or_default() += 1;
            }
        }
    }
    let count = |result: &str, verified| counts.get(&(result.to_owned(), verified)).copied().unwrap_or(0);
    let (valid, invalid, acceptable) = (count("valid", true), count("invalid", false), count("acceptable", false));
    say(&format!(
        "wycheproof: {} cases; {valid} valid verified, {invalid} invalid and {acceptable} acceptable refused; {refused_keys} keys refused",
        valid + invalid + acceptable
    ));
    assert_eq!((valid, invalid, acceptable), (664, 2_493, 6));
}

/// Blocks of `Name = value`.
fn blocks(text: &str) -> Vec<BTreeMap<&str, &str>> {
    text.split("\n\n")
        .map(|block| {
            block.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = ")).collect()
        })
        .filter(|block: &BTreeMap<_, _>| !block.is_empty())
        .collect()
}

fn value(text: &str) -> Vec<u8> {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(quoted) => quoted.as_bytes().to_vec(),
        None => hex(text),
    }
}

fn verify_blocks(file: &str, text: &str) -> [u32; 4] {
    let (mut good, mut bad, mut stricter, mut skipped) = (0, 0, 0, 0);
    for block in blocks(text) {
        let get = |name: &str| block.get(name).copied();
        let digest = get("Digest").unwrap_or("SHA512");
        let key = match (get("Key"), get("Q"), get("PUB")) {
            (Some(key), None, None) => PublicKey::from_pkcs1(&hex(key)),
            (None, Some(q), None) if get("Curve") == Some("P-256") => {
                PublicKey::from_spki(&hex(&format!("3059301306072a8648ce3d020106082a8648ce3d030107034200{q}")))
            }
            (None, Some(q), None) => {
                PublicKey::from_spki(&hex(&format!("3076301006072a8648ce3d020106052b81040022036200{q}")))
            }
            (None, None, Some(key)) => PublicKey::from_spki(&hex(&format!("302a300506032b6570032100{key}"))),
            _ => panic!("{file}: which key?"),
        };
        let scheme = match (get("Curve"), get("Key").is_some(), digest) {
            (None, true, "SHA256") => Scheme::RsaPkcs1Sha256,
            (None, true, "SHA384") => Scheme::RsaPkcs1Sha384,
            (None, true, "SHA512") => Scheme::RsaPkcs1Sha512,
            (Some("P-256"), _, "SHA256") => Scheme::EcdsaP256Sha256,
            (Some("P-256"), _, "SHA384") => Scheme::EcdsaP256Sha384,
            (Some("P-384"), _, "SHA256") => Scheme::EcdsaP384Sha256,
            (Some("P-384"), _, "SHA384") => Scheme::EcdsaP384Sha384,
            (None, false, _) => Scheme::Ed25519,
            _ => {
                skipped += 1;
                continue;
            }
        };
        let expected = get("Result").is_none_or(|result| result.starts_with('P'));
        let key = match key {
            Ok(key) => key.with_scheme(scheme).unwrap(),
            // ring checks these with constants for old keys, which are never used here
            Err(error) => {
                assert!(!expected || error.kind() == ErrorKind::WeakKey, "{file}: {error}: {block:?}");
                *if expected { &mut stricter } else { &mut bad } += 1;
                continue;
            }
        };
        let message = value(get("Msg").or(get("MESSAGE")).unwrap());
        let signature = value(get("Sig").or(get("SIG")).unwrap());
        let verified = verify(&key, &message, &signature).is_ok();
        assert_eq!(verified, expected, "{file}: {block:?}");
        *if verified { &mut good } else { &mut bad } += 1;
    }
    [good, bad, stricter, skipped]
}

#[test]
fn the_verify_texts_of_ring_have_their_way() {
    let Some(folder) = samples("vectors/ring", "ring's verify vectors") else {
        return;
    };
    for file in ["rsa_pkcs1_verify_tests.txt", "ecdsa_verify_asn1_tests.txt", "ed25519_verify_tests.txt"] {
        let [good, bad, stricter, skipped] = verify_blocks(file, &text(folder.join(file)));
        let more = format!("{stricter} keys below 2048 bits refused, {skipped} of other algorithms skipped");
        say(&format!("ring {file}: {good} verified, {bad} refused, {more}"));
        assert!(good > 0 && bad > 0);
    }
}

#[test]
fn rsa_signatures_are_those_of_ring_s_texts() {
    let Some(folder) = samples("vectors/ring", "ring's signing vectors") else {
        return;
    };
    let mut counts = (0, 0);
    for block in blocks(&text(folder.join("rsa_pkcs1_sign_tests.txt"))) {
        let scheme = match block["Digest"] {
            "SHA256" => Scheme::RsaPkcs1Sha256,
            "SHA384" => Scheme::RsaPkcs1Sha384,
            "SHA512" => Scheme::RsaPkcs1Sha512,
            other => panic!("{other}"),
        };
        // PKCS#1 in PKCS#8
        let key = hex(block["Key"]);
        let octets = crate::support::tlv(0x04, &[&key]);
        let pkcs8 = crate::support::tlv(
            0x30,
            &[b"\x02\x01\x00", b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", &octets],
        );
        if let Ok(key) = SigningKey::from_pkcs8(&pkcs8) {
            let signature = key.with_scheme(scheme).unwrap().sign(&value(block["Msg"])).unwrap();
            assert_eq!(signature.as_bytes() == hex(block["Sig"]), block["Result"].starts_with('P'), "{block:?}");
            counts.0 += 1;
        } else {
            assert!(!block["Result"].starts_with("Pass"), "{block:?}");
            counts.1 += 1;
        }
    }
    say(&format!("ring rsa_pkcs1_sign_tests.txt: {} signed as told, {} keys refused", counts.0, counts.1));
}

#[test]
fn private_keys_are_taken_and_refused_as_by_ring() {
    let Some(folder) = samples("vectors/ring", "ring's key vectors") else {
        return;
    };
    for (file, good, bad) in [("rsa_from_pkcs8_tests.txt", 4, 14), ("ecdsa_from_pkcs8_tests.txt", 4, 6)] {
        let mut counts = (0, 0, 0);
        for block in blocks(&text(folder.join(file))) {
            let key = SigningKey::from_pkcs8(&hex(block["Input"]));
            match (block.get("Error"), key) {
                (None, Ok(_)) => counts.0 += 1,
                (Some(word), Err(error)) => {
                    counts.1 += 1;
                    if *word == "TooSmall" {
                        assert_eq!(error.kind(), ErrorKind::WeakKey, "{error}");
                    }
                }
                // a good key of another type than the caller asked for: here nobody asks, the key says what it is
                (Some(&"WrongAlgorithm"), Ok(_)) => counts.2 += 1,
                (expected, got) => panic!("{file}: ring {expected:?}, here {got:?}: {block:?}"),
            }
        }
        say(&format!("ring {file}: {} taken, {} refused, {} taken as what they are", counts.0, counts.1, counts.2));
        assert_eq!((counts.0, counts.1 + counts.2), (good, bad));
    }
}
