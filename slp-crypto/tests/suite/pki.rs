//! Real certificates and signed records, and the synthetic set, where they lie.

use std::path::Path;

use slp_crypto::{
    Body, Certificate, Detail, Expect, KNOWN_CAS, Nonce, PinSet, Reason, Scheme, Source, Statement, TimePolicy,
    TrustStore, Verifier, Warning,
};
use slp_model::UnixSeconds;

use crate::support::{base64, bytes, files, name, pem, samples, say, text};

/// 2020-01-01 and 2026-11-24.
const THEN: i64 = 1_577_836_800;
const NOW: i64 = 1_795_478_400;

fn at(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(seconds).unwrap()
}

fn der(folder: &Path, file: &str) -> Vec<u8> {
    pem(&bytes(folder.join(file)))
}

struct Record {
    id: u64,
    kind: String,
    nonce: Option<u64>,
    signed: Vec<u8>,
    signature: Vec<u8>,
    leaf: Vec<u8>,
    chain: Vec<Vec<u8>>,
    good: bool,
}

fn records(folder: &Path) -> Vec<Record> {
    text(folder.join("signed_cases.jsonl"))
        .lines()
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let part = |name: &str| base64(record[name].as_str().unwrap());
            let chain = record["chain_der_b64"].as_array().unwrap();
            Record {
                id: record["id"].as_u64().unwrap(),
                kind: record["kind"].as_str().unwrap().to_owned(),
                nonce: record["nonce"].as_u64(),
                signed: part("signed_b64"),
                signature: part("signature_b64"),
                leaf: part("leaf_der_b64"),
                chain: chain.iter().map(|der| base64(der.as_str().unwrap())).collect(),
                good: record["expect_valid"].as_bool().unwrap(),
            }
        })
        .collect()
}

impl Record {
    fn verifies(&self, signed: &[u8], signature: &[u8]) -> Result<(), Detail> {
        let key = Certificate::inspect(&self.leaf).unwrap().key().unwrap().clone();
        let scheme = if self.kind == "kgv-json-file" { Scheme::RsaPkcs1Sha512 } else { Scheme::RsaPkcs1Sha256 };
        let key = key.with_scheme(scheme).unwrap();
        Verifier::verify_detached(signed, signature, &key).map(|_| ()).map_err(|why| why.detail())
    }
}

#[test]
fn every_signed_record_has_its_verdict_and_no_mutant_verifies() {
    let Some(folder) = samples("pki", "the signed records") else {
        return;
    };
    let records = records(&folder);
    let (mut good, mut bad, mut mutants) = (0, 0, 0);
    for record in &records {
        let verdict = record.verifies(&record.signed, &record.signature);
        assert_eq!(verdict, if record.good { Ok(()) } else { Err(Detail::Mismatch) }, "record {}", record.id);
        *if record.good { &mut good } else { &mut bad } += 1;
        if !record.good {
            continue;
        }
        for index in 0..record.signature.len() {
            let mut signature = record.signature.clone();
            signature[index] ^= 1;
            assert_eq!(record.verifies(&record.signed, &signature), Err(Detail::Mismatch), "record {}", record.id);
            mutants += 1;
        }
        for index in (0..record.signed.len()).step_by((record.signed.len() / 200).max(1)) {
            let mut signed = record.signed.clone();
            signed[index] ^= 1;
            assert_eq!(record.verifies(&signed, &record.signature), Err(Detail::Mismatch), "record {}", record.id);
            mutants += 1;
        }
    }
    say(&format!(
        "signed records: {} lines, {good} verified, {bad} mismatch; {mutants} mutants, 0 verified",
        records.len()
    ));
    assert_eq!((records.len(), good, bad, mutants), (19, 15, 4, 6_688));
}

/// The statement that a record is, from its signed bytes.
fn statement(record: &Record) -> Statement {
    let body = &record.signed[if record.nonce.is_some() { 12 } else { 4 }..];
    let body = match record.kind.as_str() {
        "sudi-chain" => {
            let [root, sub_ca, leaf] = record.chain.as_slice() else { panic!("record {}", record.id) };
            Body::Chain { root: root.clone(), sub_ca: sub_ca.clone(), leaf: leaf.clone() }
        }
        "v2-compliance" => Body::Compliance(vec![(String::from_utf8(body.to_vec()).unwrap(), String::new())]),
        _ => Body::Measurement { pcr0: body[..32].try_into().unwrap(), pcr8: body[32..].try_into().unwrap() },
    };
    Statement::new(record.nonce.map(Nonce::Number), body)
}

#[test]
fn statements_of_real_devices_verify_under_the_pins_and_not_otherwise() {
    let Some(folder) = samples("pki", "the device statements") else {
        return;
    };
    let trust = TrustStore::empty().with_pins(PinSet::Sudi);
    let sub_cas: Vec<Vec<u8>> = ["ACT2SUDICA.pem", "hasudi.pem"].map(|file| der(&folder.join("subca"), file)).into();
    let sub_cas: Vec<&[u8]> = sub_cas.iter().map(Vec::as_slice).collect();
    let (mut verified, mut changed) = (0, 0);
    for record in records(&folder).iter().filter(|record| record.good && record.kind != "kgv-json-file") {
        let good = statement(record);
        assert_eq!(good.signed_bytes().unwrap(), record.signed, "record {}", record.id);
        let check = |statement: &Statement, expect: &Expect<'_>| {
            let checked = trust.verify_statement(
                statement,
                &record.signature,
                &record.leaf,
                &sub_cas,
                TimePolicy::Ignore,
                expect,
            );
            checked.map(|verified| verified.evidence().clone()).map_err(|why| why.detail())
        };
        let evidence = check(&good, &Expect::nothing()).unwrap();
        assert!(evidence.warnings().contains(&Warning::NonceUnchecked));
        assert_eq!((evidence.source(), evidence.scheme()), (Source::Document, Scheme::RsaPkcs1Sha256));
        verified += 1;
        let mut mutants = Vec::new();
        let mut change = |change: &dyn Fn(&mut Statement)| {
            let mut mutant = good.clone();
            change(&mut mutant);
            mutants.push(mutant);
        };
        match record.nonce {
            Some(number) => {
                let nonce = Nonce::Number(number);
                assert!(check(&good, &Expect::nothing().nonce(&nonce)).is_ok());
                let other = Nonce::Number(number + 1);
                assert_eq!(check(&good, &Expect::nothing().nonce(&other)).unwrap_err(), Detail::Nonce);
                change(&|mutant| mutant.nonce = None);
                change(&|mutant| mutant.nonce = Some(other.clone()));
            }
            None => change(&|mutant| mutant.nonce = Some(Nonce::Number(0))),
        }
        change(&|mutant| mutant.version = 2);
        if let Body::Measurement { pcr0, pcr8 } = good.body {
            change(&|mutant| mutant.body = Body::Measurement { pcr0: pcr8, pcr8: pcr0 });
        }
        for mutant in &mutants {
            assert_eq!(check(mutant, &Expect::nothing()).unwrap_err(), Detail::Mismatch, "record {}", record.id);
        }
        changed += mutants.len();
        // the sub-CA of the record itself, and no pins
        let unknown = TrustStore::empty().verify_leaf(&record.leaf, &sub_cas, TimePolicy::Ignore).unwrap_err();
        assert_eq!((unknown.reason(), unknown.detail()), (Reason::KeyUnknown, Detail::Issuer));
    }
    say(&format!("device statements: {verified} verified under pinned CAs; {changed} changed headers, 0 verified"));
    assert_eq!((verified, changed), (13, 42));
}

fn sudi_files(folder: &Path) -> Vec<std::path::PathBuf> {
    files(&folder.join("leaf")).into_iter().filter(|file| name(file).starts_with("sudi_")).collect()
}

#[test]
fn real_device_certificates_are_judged_by_time_as_asked() {
    let Some(folder) = samples("pki", "the device certificates") else {
        return;
    };
    let trust = TrustStore::empty().with_pins(PinSet::Sudi);
    let sub_cas: Vec<Vec<u8>> = ["ACT2SUDICA.pem", "hasudi.pem"].map(|file| der(&folder.join("subca"), file)).into();
    let sub_cas: Vec<&[u8]> = sub_cas.iter().map(Vec::as_slice).collect();
    let (mut valid_now, mut expired) = (Vec::new(), 0);
    for file in sudi_files(&folder) {
        let leaf = pem(&bytes(&file));
        let ignored = trust.verify_leaf(&leaf, &sub_cas, TimePolicy::Ignore).unwrap();
        assert!(ignored.evidence().warnings().contains(&Warning::TimeNotChecked));
        assert_eq!(ignored.evidence().source(), Source::Pin);
        let identity = ignored.get().identity().unwrap();
        let expected = format!("sudi_{}_{}.pem", identity.pid().replace('/', "_"), identity.serial());
        assert_eq!(name(&file), expected);
        let then = trust.verify_leaf(&leaf, &sub_cas, TimePolicy::At(at(THEN))).unwrap();
        assert_eq!(then.evidence().warnings(), [], "{}", name(&file));
        match trust.verify_leaf(&leaf, &sub_cas, TimePolicy::Now(at(NOW))) {
            Ok(_) => valid_now.push(identity.pid().to_owned()),
            Err(why) => {
                assert_eq!((why.reason(), why.detail()), (Reason::Invalid, Detail::Expired), "{why}");
                expired += 1;
            }
        }
    }
    say(&format!(
        "device certificates: {} verified, {} of them valid in 2026-11, {expired} expired",
        valid_now.len() + expired,
        valid_now.len()
    ));
    assert_eq!((valid_now.as_slice(), expired), (&["C1111-8P".to_owned(), "ISR4321/K9".to_owned()][..], 4));
}

#[test]
fn real_cas_are_read_and_known_and_sha_1_is_never_verified() {
    let Some(folder) = samples("pki", "the CA certificates") else {
        return;
    };
    let mut known = 0;
    for file in files(&folder.join("roots")).iter().chain(&files(&folder.join("subca"))) {
        if file.extension() != Some("pem".as_ref()) {
            continue;
        }
        let certificate = Certificate::inspect(&pem(&bytes(file))).unwrap();
        assert!(certificate.is_ca());
        let ca = KNOWN_CAS.iter().find(|ca| ca.sha256 == *certificate.sha256()).unwrap();
        assert_eq!(certificate.subject().common_name(), Some(ca.name));
        TrustStore::empty().add_anchor(certificate.der()).unwrap();
        known += 1;
    }
    assert_eq!((known, KNOWN_CAS.len()), (11, 12));
    let under = |ca: &str, root: &str| {
        let mut trust = TrustStore::empty();
        trust.add_anchor(&der(&folder.join("roots"), root)).unwrap();
        let verdict = trust.verify_ca(&der(&folder.join("subca"), ca), &[], 0, TimePolicy::Ignore);
        verdict.map(|verified| verified.evidence().scheme()).map_err(|why| why.detail())
    };
    assert_eq!(under("hasudi.pem", "crca2099.pem"), Ok(Scheme::RsaPkcs1Sha256));
    assert_eq!(under("cmca2.pem", "crcam2.pem"), Ok(Scheme::RsaPkcs1Sha256));
    assert_eq!(under("innerspace.pem", "crcam2.pem"), Ok(Scheme::RsaPkcs1Sha512));
    assert_eq!(under("ACT2SUDICA.pem", "crca2048.pem"), Err(Detail::WeakHash));
    assert_eq!(under("cmca.pem", "crca2048.pem"), Err(Detail::WeakHash));
    assert_eq!(under("hasudi.pem", "crcam2.pem"), Err(Detail::Issuer));
    // the date with a fraction reads as whole seconds: 2053-04-04 08:15:44
    let ecc = Certificate::inspect(&der(&folder.join("roots"), "eccroot.pem")).unwrap();
    assert_eq!(ecc.validity().not_after, Some(at(2_627_367_344)));
    say("CA certificates: 11 read and known; 3 of 5 sub-CAs verify under their roots, 2 are SHA-1");
}

#[test]
fn the_signer_of_known_good_values_verifies_under_its_pin() {
    let Some(folder) = samples("pki", "the known-good-values files") else {
        return;
    };
    let trust = TrustStore::empty().with_pins(PinSet::Kgv);
    let innerspace = der(&folder.join("subca"), "innerspace.pem");
    let mut counts = (0, 0);
    for record in records(&folder).iter().filter(|record| record.kind == "kgv-json-file") {
        let signer = trust.verify_leaf(&record.leaf, &[&innerspace], TimePolicy::Ignore).unwrap();
        assert!(signer.evidence().warnings().contains(&Warning::NoIdentity));
        let key = signer.get().key().unwrap().clone().with_scheme(Scheme::RsaPkcs1Sha512).unwrap();
        match Verifier::verify_detached(&record.signed, &record.signature, &key) {
            Ok(_) => counts.0 += 1,
            Err(why) => {
                assert_eq!(why.detail(), Detail::Mismatch);
                counts.1 += 1;
            }
        }
    }
    assert_eq!(counts, (2, 2));
    say("known-good-values files: 2 verified, 2 mismatch");
}

const SYNTHETIC: [&str; 14] = [
    "leaf_ha",
    "leaf_act2",
    "leaf_expired",
    "leaf_9999",
    "leaf_p256",
    "leaf_p384",
    "leaf_ed25519",
    "leaf_rsa3072",
    "leaf_ca_true",
    "leaf_critunknown",
    "leaf_rsa1024",
    "leaf_rogue",
    "leaf_p521",
    "leaf_under_leaf",
];

fn synthetic(folder: &Path) -> TrustStore {
    let mut trust = TrustStore::empty();
    for ca in ["sub.pem", "sub_sha1.pem", "sub_ec.pem"] {
        trust.add_anchor(&der(folder, ca)).unwrap();
    }
    trust
}

#[test]
fn synthetic_certificates_have_their_verdicts() {
    let Some(folder) = samples("pki/synthetic", "the synthetic certificates") else {
        return;
    };
    let trust = synthetic(&folder);
    let verdict = |leaf: &str, time| {
        let verdict = trust.verify_leaf(&der(&folder, &format!("{leaf}.pem")), &[], time);
        verdict.map(|verified| verified.evidence().warnings().to_vec()).map_err(|why| (why.reason(), why.detail()))
    };
    let expected = [
        ("leaf_ca_true", Reason::Invalid, Detail::LeafIsCa),
        ("leaf_critunknown", Reason::Invalid, Detail::CriticalExtension),
        ("leaf_rsa1024", Reason::Invalid, Detail::WeakKey),
        ("leaf_rogue", Reason::Invalid, Detail::Mismatch),
        ("leaf_p521", Reason::Unsupported, Detail::Key),
        ("leaf_under_leaf", Reason::KeyUnknown, Detail::Issuer),
    ];
    let (mut good, mut not_yet) = (0, 0);
    for leaf in SYNTHETIC {
        let verdict_ignoring = verdict(leaf, TimePolicy::Ignore);
        if let Some((_, reason, detail)) = expected.iter().find(|(name, ..)| *name == leaf) {
            assert_eq!(verdict_ignoring.unwrap_err(), (*reason, *detail), "{leaf}");
            continue;
        }
        assert!(verdict_ignoring.is_ok(), "{leaf}: {verdict_ignoring:?}");
        good += 1;
        let now = verdict(leaf, TimePolicy::Now(at(NOW)));
        if leaf == "leaf_expired" {
            assert_eq!(now.unwrap_err(), (Reason::Invalid, Detail::Expired));
        } else {
            assert!(now.is_ok(), "{leaf}: {now:?}");
        }
        let then = verdict(leaf, TimePolicy::At(at(THEN))).unwrap();
        not_yet += u32::from(then.iter().any(|warning| matches!(warning, Warning::NotYetValid { .. })));
    }
    say(&format!("synthetic certificates: {good} good, {} refused; {not_yet} not yet valid in 2020", expected.len()));
    assert_eq!((good, not_yet), (8, 6));
}

/// Takes some ten seconds: each of 14 certificates is read and checked once for each of its bits.
#[test]
fn no_single_bit_of_a_certificate_can_change() {
    let Some(folder) = samples("pki", "the mutated certificates") else {
        return;
    };
    let flip = |leaf: &[u8], trust: &TrustStore, cas: &[&[u8]], file: &str| -> usize {
        assert!(trust.verify_leaf(leaf, cas, TimePolicy::Ignore).is_ok(), "{file}");
        for bit in 0..leaf.len() * 8 {
            let mut mutant = leaf.to_vec();
            mutant[bit / 8] ^= 1 << (bit % 8);
            assert!(trust.verify_leaf(&mutant, cas, TimePolicy::Ignore).is_err(), "{file}, bit {bit}");
        }
        leaf.len() * 8
    };
    let pinned = TrustStore::empty().with_pins(PinSet::Sudi);
    let sub_cas: Vec<Vec<u8>> = ["ACT2SUDICA.pem", "hasudi.pem"].map(|file| der(&folder.join("subca"), file)).into();
    let sub_cas: Vec<&[u8]> = sub_cas.iter().map(Vec::as_slice).collect();
    let made = folder.join("synthetic");
    let anchored = synthetic(&made);
    let mutants: usize = std::thread::scope(|scope| {
        let real = scope.spawn(|| -> usize {
            let files = sudi_files(&folder);
            files.iter().map(|file| flip(&pem(&bytes(file)), &pinned, &sub_cas, &name(file))).sum()
        });
        let ours = SYNTHETIC[..8].iter().map(|leaf| flip(&der(&made, &format!("{leaf}.pem")), &anchored, &[], leaf));
        ours.sum::<usize>() + real.join().unwrap()
    });
    say(&format!("certificates with one bit changed: {mutants}, 0 verified"));
    assert_eq!(mutants, 97_936);
}

/// What rustls-webpki says about a leaf under these anchors at this time.
fn oracle(leaf: &[u8], anchors: &[Vec<u8>], seconds: i64) -> Result<(), webpki::Error> {
    let leaf = leaf.into();
    let anchors: Vec<Vec<u8>> = anchors.to_vec();
    let certificates: Vec<_> = anchors.iter().map(|der| der.as_slice().into()).collect();
    let anchors: Vec<_> = certificates.iter().map(|der| webpki::anchor_from_trusted_cert(der).unwrap()).collect();
    let leaf = webpki::EndEntityCert::try_from(&leaf)?;
    let time = std::time::Duration::from_secs(u64::try_from(seconds).unwrap());
    let time = rustls_pki_types::UnixTime::since_unix_epoch(time);
    leaf.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, &[], time, AnyUsage, None, None).map(|_| ())
}

/// The oracle insists on an extended key usage, or none: device certificates have none.
struct AnyUsage;

impl webpki::ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: webpki::KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

#[test]
fn an_oracle_agrees_but_for_what_is_listed() {
    let Some(folder) = samples("pki", "the comparison with rustls-webpki") else {
        return;
    };
    // the oracle never looks at the key that a leaf certifies, only at signatures made with it
    let listed = ["leaf_rsa1024", "leaf_p521"];
    let mut disagreements = Vec::new();
    let mut cases = 0;
    let mut compare = |file: String, leaf: &[u8], trust: &TrustStore, cas: &[Vec<u8>]| {
        let candidates: Vec<&[u8]> = cas.iter().map(Vec::as_slice).collect();
        for time in [THEN, NOW] {
            let ours = trust.verify_leaf(leaf, &candidates, TimePolicy::Now(at(time)));
            let theirs = oracle(leaf, cas, time);
            cases += 1;
            if ours.is_ok() != theirs.is_ok() {
                disagreements.push((file.clone(), format!("{:?} / {theirs:?}", ours.map(|_| ()))));
            }
        }
    };
    let trust = TrustStore::empty().with_pins(PinSet::Sudi);
    let cas: Vec<Vec<u8>> = ["ACT2SUDICA.pem", "hasudi.pem"].map(|file| der(&folder.join("subca"), file)).into();
    for file in sudi_files(&folder) {
        compare(name(&file), &pem(&bytes(&file)), &trust, &cas);
    }
    let folder = folder.join("synthetic");
    let trust = synthetic(&folder);
    let cas: Vec<Vec<u8>> = ["sub.pem", "sub_sha1.pem", "sub_ec.pem"].map(|file| der(&folder, file)).into();
    for leaf in SYNTHETIC {
        compare(leaf.to_owned(), &der(&folder, &format!("{leaf}.pem")), &trust, &cas);
    }
    for (file, what) in &disagreements {
        say(&format!("rustls-webpki disagrees: {file}: {what}"));
    }
    say(&format!("rustls-webpki: {cases} comparisons, {} disagreements", disagreements.len()));
    for (file, _) in &disagreements {
        assert!(listed.contains(&file.as_str()), "{file} is not listed");
    }
    for file in listed {
        assert!(disagreements.iter().any(|(name, _)| name == file), "{file} is listed and agrees");
    }
}
