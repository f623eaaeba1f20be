//! How fast documents that flow back to a device are read and written back. Aim: 200 MB/s on one core.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use slp_model::account::Account;
use slp_model::policy::{Policy, Requirement};
use slp_model::{SignedContent, UnixMillis};
use slp_rum::write::answer::Answer;
use slp_rum::{Ack, AckList, Authorization, AuthorizationKind, Content, CorrelationId, Document, Entitlement};

fn main() {
    divan::main();
}

/// As many documents as the aim speaks of.
const DOCUMENTS: u64 = 100_000;

/// A document of a server: authorization, policy, acknowledgement of so many reports, account information.
fn document(number: u64, reports: u64) -> String {
    let mut sign = |_: &SignedContent<'_>| Ok("MEUC".repeat(24));
    let device: slp_model::Udi = format!("P:TEST-SWITCH,S:TST{number:08}").parse().expect("a device");
    let mut code = Authorization::new(AuthorizationKind::Slac, device.clone());
    code.account = Some(Account::new("Example & Sons", "DEFAULT"));
    code.date = "2023-11-15T01:00:00".parse().ok();
    let mut one = Entitlement::new("regid.2020-01.com.cisco.TEST,1.0_x".parse().expect("a tag"), 2);
    (one.display_name, one.success) = (Some("A licence for tests".to_owned()), Some(true));
    code.entitlements = vec![one.clone(), one];
    let mut policy = Policy::new("Example Policy");
    policy.subscription = Requirement::days(90, 90, 60);
    policy.perpetual = Requirement::days(365, 0, 90);
    policy.export = Requirement::new(None, Some(0), Some(30));
    let mut account = Account::new("Example & Sons", "DEFAULT");
    account.timestamp = UnixMillis::new(1_700_010_301_850).ok();
    let acks = (0..reports).map(|id| Ack::accepted(device.clone(), (1_700_000_000 + id).into()));
    let id = CorrelationId::new("2023-11-15T01:05:01".parse().expect("a time"), [1; 12], [2; 8]);
    let mut answer = Answer::new(&mut sign);
    answer.authorization(&code).and_then(|answer| answer.policy(&policy)).expect("parts");
    answer.acknowledgement(&AckList::new(acks)).and_then(|answer| answer.account(&account)).expect("parts");
    answer.correlation_id(&id).expect("an id");
    answer.finish().expect("a document")
}

/// Reads every part of a document, looks at its signed bytes, and writes it back.
fn read_and_emit(text: &str, out: &mut Vec<u8>) -> usize {
    let document = Document::parse(text.as_bytes()).expect("a document");
    let mut signed = 0;
    for content in document.contents() {
        let content: Content<'_> = content.expect("a part");
        signed += content.signed_content().map_or(0, |content| content.bytes.len());
    }
    out.clear();
    out.extend_from_slice(&document.to_bytes());
    signed
}

/// The aim: a hundred thousand documents of usual size.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn hundred_thousand_documents(bencher: Bencher<'_, '_>) {
    let documents: Vec<String> = (0..100).map(|number| document(number, 4)).collect();
    let bytes: usize = documents.iter().map(String::len).sum();
    bencher.counter(BytesCount::new(bytes as u64 * (DOCUMENTS / 100))).bench_local(|| {
        let mut out = Vec::new();
        for _ in 0..DOCUMENTS / 100 {
            for text in &documents {
                black_box(read_and_emit(black_box(text), &mut out));
            }
        }
    });
}

/// One document, by the number of reports that it acknowledges.
#[divan::bench(args = [0, 1, 20, 1_000])]
fn one_document(bencher: Bencher<'_, '_>, reports: u64) {
    let text = document(1, reports);
    let mut out = Vec::new();
    bencher.counter(BytesCount::new(text.len())).bench_local(|| read_and_emit(black_box(&text), &mut out));
}

/// Finding the parts alone, without reading them.
#[divan::bench]
fn scan_alone(bencher: Bencher<'_, '_>) {
    let text = document(1, 4);
    bencher
        .counter(BytesCount::new(text.len()))
        .bench_local(|| Document::parse(black_box(text.as_bytes())).map(|document| document.parts().count()).ok());
}
