//! One hot path, so many times: `hot-paths NAME TIMES`. Without words it lists the paths, and how many bytes each takes.
//!
//! `.ci/bench instructions` counts what a path costs: it runs one under callgrind twice, and takes the difference. So what is
//! made beforehand costs nothing, and the count is the same on a busy machine.

use std::cell::OnceCell;
use std::error::Error;
use std::hint::black_box;
use std::io::Cursor;

use slp_crypto::canonical::Value;
use slp_crypto::{KeyScope, Signer, SigningKey, TimePolicy, TrustStore, Verifier};
use slp_model::{Place, SignedContent, UnixMillis};
use slp_rum::usage::{Evidence, Totals};
use slp_rum::write::{CloudRequest, DeviceFile};
use slp_rum::{Document, UsageReport};
use slp_sync::bundle::{Plan, Reader, Writer};
use slp_transport::cssm::ReportUsage;

const LEAF: &[u8] = include_bytes!("../../data/acme-campus.txt");
const ACK: &[u8] = include_bytes!("../../data/acme-ack.xml");
const RSA: &[u8] = include_bytes!("../../../slp-crypto/tests/fixtures/keys/rsa2048.pem");
const P256: &[u8] = include_bytes!("../../../slp-crypto/tests/fixtures/keys/p256.pem");

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A name, the bytes that it works on, and the work.
type HotPath = (&'static str, usize, Box<dyn Fn() -> Result<usize>>);

fn totals() -> Result<usize> {
    let mut totals = Totals::default();
    let document = Document::parse(black_box(LEAF))?;
    let mut reports = document.borrowed_reports();
    while let Some(report) = reports.next() {
        totals.add(&report?);
    }
    Ok(usize::try_from(totals.reports)?)
}

fn evidence() -> Result<usize> {
    let mut evidence = Evidence::new();
    let document = Document::parse(black_box(LEAF))?;
    let mut reports = document.borrowed_reports();
    while let Some(report) = reports.next() {
        evidence.add(&report?, "leaf")?;
    }
    Ok(evidence.len())
}

fn owned() -> Result<Vec<UsageReport>> {
    Ok(Document::parse(black_box(LEAF))?.reports().collect::<std::result::Result<_, _>>()?)
}

fn bundle() -> Result<Vec<u8>> {
    let plan = Plan::new("Acme", "2026-11-24T10:20:30.123Z".parse()?);
    let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan)?;
    for number in 1..=20 {
        writer.add_leaf(0, number, LEAF)?;
    }
    Ok(writer.finish()?.0)
}

/// Checks one signature over a payload of the usual size.
fn check(pem: &[u8]) -> Result<impl Fn() -> Result<usize> + use<>> {
    let key = SigningKey::from_pem(pem)?;
    let mut report = SignedContent::new(vec![b'x'; 2_800], Place::UsageReport);
    report.signature = Some(key.sign(&report.bytes)?.to_base64().into());
    report.key_text = Some("00000001".into());
    let mut trust = TrustStore::empty();
    trust.add_key(KeyScope::KeyText("00000001".into()), key.public_key().clone());
    Ok(move || {
        let verified = Verifier::new(&trust).verify(black_box(&report), TimePolicy::Ignore)?;
        Ok(usize::try_from(verified.evidence().covered_len())?)
    })
}

fn paths() -> Result<Vec<HotPath>> {
    let (leaf, reports, kept) = (LEAF.len(), owned()?, OnceCell::new());
    let body =
        CloudRequest::new(UnixMillis::new(1_790_000_000_000)?, "0123456789abcdef").reports(&reports).to_text()?;
    let canonical = "{\"b\":[1,2,3],\"a\":\"text\"}".repeat(200).replace("}{", "},{");
    let canonical = format!("[{canonical}]");
    let again = reports.clone();
    Ok(vec![
        ("rum: find the parts", leaf, Box::new(|| Ok(Document::parse(black_box(LEAF))?.report_count()))),
        ("rum: read and fold totals", leaf, Box::new(totals)),
        ("rum: read into owned reports", leaf, Box::new(|| Ok(owned()?.len()))),
        ("rum: read and keep as evidence", leaf, Box::new(evidence)),
        (
            "rum: write a device file",
            leaf,
            Box::new(move || Ok(DeviceFile::new().reports(black_box(&reports)).to_text()?.len())),
        ),
        (
            "rum: write the cloud's body",
            body.len(),
            Box::new(move || {
                let now = UnixMillis::new(1_790_000_000_000)?;
                Ok(CloudRequest::new(now, "0123456789abcdef").reports(black_box(&again)).to_text()?.len())
            }),
        ),
        (
            "rum: read an answer of the cloud",
            ACK.len(),
            Box::new(|| {
                Ok(Document::parse(black_box(ACK))?.contents().collect::<std::result::Result<Vec<_>, _>>()?.len())
            }),
        ),
        (
            "transport: read the cloud's body",
            body.len(),
            Box::new(move || {
                let limits = slp_transport::Limits::default();
                Ok(ReportUsage::from_json(black_box(body.as_bytes()), &limits)?.reports.len())
            }),
        ),
        (
            "sync: read a bundle of 20 leaves",
            leaf.saturating_mul(20),
            Box::new(move || {
                let limits = slp_sync::Limits::default();
                if kept.get().is_none() {
                    let _ = kept.set(bundle()?); // packing costs more than all the others
                }
                let bundle: &[u8] = kept.get().ok_or("it was set")?;
                let leaves = Reader::new(black_box(bundle), &limits).map(|leaf| leaf.map(|_| ()));
                Ok(leaves.collect::<std::result::Result<Vec<_>, _>>()?.len())
            }),
        ),
        (
            "crypto: read canonical JSON",
            canonical.len(),
            Box::new(move || {
                Value::read(black_box(canonical.as_bytes()))?;
                Ok(1)
            }),
        ),
        ("crypto: check RSA-2048 over 2.8 KB", 2_800, Box::new(check(RSA)?)),
        ("crypto: check P-256 over 2.8 KB", 2_800, Box::new(check(P256)?)),
    ])
}

#[expect(clippy::print_stdout, reason = "a program may print")]
fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let (name, times) = (words.next(), words.next());
    let Some(name) = name else {
        paths()?.iter().for_each(|(name, bytes, _)| println!("{name}\t{bytes}"));
        return Ok(());
    };
    let times: u32 = times.ok_or("how many times?")?.parse()?;
    let (_, _, work) = paths()?.into_iter().find(|(known, ..)| *known == name).ok_or("there is no such path")?;
    for _ in 0..times {
        black_box(work()?);
    }
    Ok(())
}
