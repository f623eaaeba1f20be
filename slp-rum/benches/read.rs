//! `cargo bench -p slp-rum`: bytes per second of the steps that a fleet goes through, on the device file of the examples.

use divan::Bencher;
use divan::counter::BytesCount;
use slp_rum::usage::{Evidence, Totals};
use slp_rum::write::DeviceFile;
use slp_rum::{Document, UsageReport};

const LEAF: &[u8] = include_bytes!("../../examples/data/acme-campus.txt");

fn main() {
    divan::main();
}

fn reports() -> Vec<UsageReport> {
    Document::parse(LEAF).expect("our own file").reports().map(|one| one.expect("our own file")).collect()
}

#[divan::bench]
fn find_the_parts(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::of_slice(LEAF)).bench(|| Document::parse(LEAF));
}

#[divan::bench]
fn read_and_fold_totals(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::of_slice(LEAF)).bench(|| {
        let mut totals = Totals::default();
        let document = Document::parse(LEAF).expect("our own file");
        let mut reports = document.borrowed_reports();
        while let Some(report) = reports.next() {
            totals.add(&report.expect("our own file"));
        }
        totals
    });
}

#[divan::bench]
fn read_owned(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::of_slice(LEAF)).bench(reports);
}

#[divan::bench]
fn read_and_keep_evidence(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::of_slice(LEAF)).bench(|| {
        let mut evidence = Evidence::new();
        let document = Document::parse(LEAF).expect("our own file");
        let mut reports = document.borrowed_reports();
        while let Some(report) = reports.next() {
            evidence.add(&report.expect("our own file"), "leaf").expect("room");
        }
        evidence
    });
}

#[divan::bench]
fn write_device_file(bencher: Bencher<'_, '_>) {
    let reports = reports();
    let mut text = String::new();
    bencher.counter(BytesCount::of_slice(LEAF)).bench_local(|| {
        text.clear();
        DeviceFile::new().reports(&reports).write_to(&mut text).expect("one device");
        text.len()
    });
}
