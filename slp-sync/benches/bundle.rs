//! Reading a bundle against inflating alone, writing one against deflating alone.
//!
//! `cargo bench -p slp-sync`. The fleet is made here: 2,000 devices, 9 KB each, as compressible as real reports are,
//! because their signatures are noise.

use std::fmt::Write as _;
use std::io::{Cursor, Read as _, Write as _};
use std::num::NonZero;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::BytesCount;
use slp_sync::bundle::{self, Batch, Plan, Reader, Writer};
use slp_sync::gzip::Deflater;
use slp_sync::{Error, Limits};

const DEVICES: u64 = 2_000;

fn main() {
    divan::main();
}

/// One device's file: a little text again and again, and signatures that do not compress.
fn leaf(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<smartLicense>\n".to_owned();
    for report in 0..4 {
        out.push_str(
            "<RUMReport><![CDATA[{\"payload\":\"{\\\"asset_identification\\\":{\\\"asset\\\":{\\\"name\\\":\\\"",
        );
        out.push_str(
            "regid.2017-05.com.example.SWITCH,v1_00000000-0000-4000-8000-000000000001\\\"},\\\"instance\\\":{",
        );
        write!(out, "\\\"sudi\\\":{{\\\"udi_pid\\\":\\\"TEST-SWITCH\\\",\\\"udi_serial_number\\\":\\\"TST{number:08}")
            .expect("a string grows");
        for measurement in 0..4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let start = 1_600_000_000 + state % 50_000_000;
            write!(
                out,
                "\\\"}}}},{{\\\"log_time\\\":{start},\\\"metric_name\\\":\\\"ENTITLEMENT\\\",\\\"start_time\\\":"
            )
            .expect("a string grows");
            write!(out, "{start},\\\"sample_interval\\\":{measurement},\\\"num_samples\\\":{report},\\\"value\\\":{{")
                .expect("a string grows");
        }
        out.push_str("}\",\"signature\":{\"signing_type\":\"SHA256\",\"value\":\"");
        for _ in 0..688 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let digit = u32::try_from(state >> 58).unwrap_or(0);
            out.push(char::from_u32(48 + digit).unwrap_or('A'));
        }
        out.push_str("\"}}]]></RUMReport>\n");
    }
    out.push_str("</smartLicense>\n");
    out.into_bytes()
}

static LEAVES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| (0..DEVICES).map(leaf).collect());

fn write(threads: usize) -> Vec<u8> {
    let plan = Plan::new("Fleet", "2026-11-24T10:20:30.123Z".parse().expect("a time"));
    let deflater = Deflater::new(NonZero::new(threads).expect("not zero")).expect("threads");
    let spool = Cursor::new(Vec::new());
    let mut writer = Writer::with_deflater(Vec::new(), spool, &plan, &deflater).expect("a writer");
    for (number, bytes) in (0..).zip(&*LEAVES) {
        writer.add_leaf(0, number, bytes).expect("a leaf");
    }
    writer.finish().expect("a bundle").0
}

static BUNDLE: LazyLock<Vec<u8>> = LazyLock::new(|| write(2));

fn leaf_bytes() -> usize {
    LEAVES.iter().map(Vec::len).sum()
}

/// The inner archive of the bundle, as it lies in the outer one.
fn inner() -> Vec<u8> {
    let outer = slp_sync::gzip::Reader::new(&BUNDLE[..], &Limits::default()).read_all().expect("an archive");
    let mut reader = slp_sync::tar::Reader::new(&outer[..], &Limits::default());
    reader.next_entry().expect("a manifest");
    reader.next_entry().expect("an archive");
    reader.read().expect("its bytes")
}

/// What any reader has to do at least: one pass of the inflater, nothing kept.
#[divan::bench(sample_count = 20)]
fn read_bare_inflate(bencher: Bencher) {
    let inner = inner();
    bencher.counter(BytesCount::new(leaf_bytes())).bench_local(|| {
        let mut decoder = flate2::bufread::GzDecoder::new(&inner[..]);
        let mut buffer = vec![0; 64 * 1024];
        let mut total = 0;
        loop {
            match decoder.read(&mut buffer).expect("deflate") {
                0 => return total,
                amount => total += amount,
            }
        }
    });
}

#[divan::bench(args = [1, 2], sample_count = 20)]
fn read_bundle(bencher: Bencher, threads: usize) {
    let threads = NonZero::new(threads).expect("not zero");
    let bundle = &*BUNDLE;
    bencher.counter(BytesCount::new(leaf_bytes())).bench_local(|| {
        let mut reader = Reader::new(&bundle[..], &Limits::default());
        let mut total = 0;
        let count =
            |(): &mut (), batch: &mut Batch| batch.drain().flatten().map(|leaf| leaf.bytes.len()).sum::<usize>();
        bundle::process(
            &mut reader,
            threads,
            || (),
            count,
            |part| {
                total += part;
                Ok::<(), Error>(())
            },
        )
        .expect("a good bundle");
        total
    });
}

/// What any writer has to do at least, with one thread and one call.
#[divan::bench(sample_count = 5)]
fn write_bare_deflate(bencher: Bencher) {
    let content = LEAVES.concat();
    bencher.counter(BytesCount::new(content.len())).bench_local(|| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        encoder.write_all(&content).expect("deflate");
        encoder.finish().expect("deflate").len()
    });
}

#[divan::bench(args = [1, 2], sample_count = 5)]
fn write_bundle(bencher: Bencher, threads: usize) {
    bencher.counter(BytesCount::new(leaf_bytes())).bench_local(|| write(threads).len());
}
