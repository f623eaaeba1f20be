//! What a check costs beside the backend's bare work. `cargo bench -p slp-crypto`.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use ring::signature::{ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm};
use slp_crypto::canonical::{Object, Value};
use slp_crypto::{KeyScope, Signer, SigningKey, TimePolicy, TrustStore, Verifier};
use slp_model::{Place, SignedContent, Udi};

#[path = "../tests/suite/support.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod support;

/// A usage report of a real device has about as many bytes (seen).
const REPORT: usize = 2_800;

fn main() {
    divan::main();
}

fn payload() -> Vec<u8> {
    (0..REPORT).map(|index| u8::try_from(index % 251).unwrap_or(0)).collect()
}

fn udi() -> Udi {
    Udi::new("C9300-24UX", "TST00000001").unwrap()
}

fn report(key: &SigningKey) -> SignedContent<'static> {
    let mut report = SignedContent::new(payload(), Place::UsageReport);
    report.signature = Some(key.sign(&report.bytes).unwrap().to_base64().into());
    report.signing_word = Some("SHA256".into());
    report.key_text = Some("00000001".into());
    report.signer = Some(udi());
    report
}

fn trusting(key: &SigningKey) -> TrustStore {
    let mut trust = TrustStore::empty();
    trust.add_key(KeyScope::Signer(udi()), key.public_key().clone());
    trust
}

fn bare(bencher: Bencher<'_, '_>, pem: &[u8], algorithm: &'static dyn VerificationAlgorithm, head: usize) {
    let key = support::key(pem);
    let message = payload();
    let signature = key.sign(&message).unwrap();
    let public = UnparsedPublicKey::new(algorithm, &key.public_key().spki()[head..]);
    bencher.bench(|| black_box(&public).verify(black_box(&message), signature.as_bytes()));
}

fn checked(bencher: Bencher<'_, '_>, pem: &[u8]) {
    let key = support::key(pem);
    let (trust, report) = (trusting(&key), report(&key));
    let verifier = Verifier::new(&trust);
    bencher.bench(|| verifier.verify(black_box(&report), TimePolicy::Ignore).unwrap());
}

#[divan::bench]
fn rsa_2048_bare(bencher: Bencher<'_, '_>) {
    bare(bencher, support::RSA, &RSA_PKCS1_2048_8192_SHA256, 24);
}

#[divan::bench]
fn rsa_2048_checked(bencher: Bencher<'_, '_>) {
    checked(bencher, support::RSA);
}

#[divan::bench]
fn p256_bare(bencher: Bencher<'_, '_>) {
    bare(bencher, support::P256, &ECDSA_P256_SHA256_ASN1, 26);
}

#[divan::bench]
fn p256_checked(bencher: Bencher<'_, '_>) {
    checked(bencher, support::P256);
}

/// Two hundred reports, by so many threads.
#[divan::bench(args = [1, 2], sample_count = 200)]
fn rsa_2048_batch(bencher: Bencher<'_, '_>, threads: usize) {
    let key = support::key(support::RSA);
    let (trust, reports) = (trusting(&key), vec![report(&key); 200]);
    let verifier = Verifier::new(&trust);
    bencher.counter(ItemsCount::new(reports.len())).bench(|| {
        let batch = verifier.batch(&reports, TimePolicy::Ignore).unwrap();
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| batch.work());
            }
            batch.work();
        });
        batch.finish().len()
    });
}

#[divan::bench]
fn device_certificate_read_and_checked(bencher: Bencher<'_, '_>) {
    let key = support::key(support::RSA);
    let mut trust = TrustStore::empty();
    trust.add_anchor(&support::Made::ca(&key, Some(0)).signed(&key)).unwrap();
    let leaf = support::Made::leaf(&key).signed(&key);
    bencher.bench(|| trust.verify_leaf(black_box(&leaf), &[], TimePolicy::Ignore).unwrap());
}

#[divan::bench]
fn device_certificate_read(bencher: Bencher<'_, '_>) {
    let key = support::key(support::RSA);
    let leaf = support::Made::leaf(&key).signed(&key);
    bencher.bench(|| slp_crypto::Certificate::inspect(black_box(&leaf)).unwrap());
}

/// A document like those of the synchronization files: names, tags, numbers, some of it escaped.
fn document() -> Value {
    let tag = "regid.2017-05.com.cisco.C9300_24P_NW_Advantage,1.0_00000000-0000-4000-8000-000000000000";
    let devices = (0..1000_u32).map(|index| {
        let mut device = Object::new();
        device.insert("udi_pid", "C9300-24UX");
        device.insert("udi_serial_number", format!("TST{index:08}"));
        device.insert("host_name", format!("büro-{index}\t\"floor\" 2"));
        let counts = (0..4_u32).map(|count| {
            let mut entry = Object::new();
            entry.insert("tag", tag);
            entry.insert("display_name", "C9300 24P Network Advantage");
            entry.insert("count", Value::Int((index * count).into()));
            Value::Object(entry)
        });
        device.insert("usage", counts.collect::<Vec<_>>());
        Value::Object(device)
    });
    Value::Array(devices.collect())
}

#[divan::bench]
fn canonical_write(bencher: Bencher<'_, '_>) {
    let value = document();
    bencher.counter(BytesCount::new(value.to_bytes().len())).bench(|| black_box(&value).to_bytes());
}

#[divan::bench]
fn canonical_read(bencher: Bencher<'_, '_>) {
    let text = document().to_bytes();
    bencher.counter(BytesCount::new(text.len())).bench(|| Value::read(black_box(&text)).unwrap());
}
