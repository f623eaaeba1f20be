//! How fast leaves are read and folded: `cargo run --release -p slp-rum --example leaf_rate -- [FOLDER [RUNS]]`.
//!
//! Reads every file of the folder into memory first (without one: the device file of the examples, 2,000 times), then
//! times reading all reports and folding their totals, on one thread, and prints the best and the median of the runs.
//! `benches/peer.py` does the same with the fastest Python.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a program that measures and prints")]
#![expect(clippy::cast_precision_loss, reason = "rates for people")]

use std::time::Instant;

use slp_rum::Document;
use slp_rum::usage::Totals;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next();
    let runs: usize = arguments.next().map_or(Ok(7), |text| text.parse())?;
    let leaves = match folder {
        None => vec![include_bytes!("../../examples/data/acme-campus.txt").to_vec(); 2_000],
        Some(folder) => {
            let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
            let mut paths = entries.collect::<Result<Vec<_>, _>>()?;
            paths.sort();
            paths.iter().map(std::fs::read).collect::<Result<Vec<_>, _>>()?
        }
    };
    let bytes: usize = leaves.iter().map(Vec::len).sum();
    let mut seconds = Vec::new();
    let mut totals = Totals::default();
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        totals = Totals::default();
        for leaf in &leaves {
            fold(leaf, &mut totals);
        }
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let (best, median) = (seconds[0], seconds[seconds.len() / 2]);
    println!(
        "{} leaves, {bytes} bytes, {} reports, {} measurements",
        totals.devices, totals.reports, totals.measurements
    );
    for (name, time) in [("best", best), ("median", median)] {
        let (bytes, reports) = (bytes as f64, totals.reports as f64);
        println!("{name:>7}: {time:.3} s, {:.0} MB/s, {:.0} reports/s", bytes / time / 1e6, reports / time);
    }
    Ok(())
}

fn fold(leaf: &[u8], totals: &mut Totals) {
    totals.add_document();
    let Ok(document) = Document::parse(leaf) else {
        totals.add_rejected();
        return;
    };
    let mut reports = document.borrowed_reports();
    while let Some(report) = reports.next() {
        match report {
            Ok(report) => totals.add(&report),
            Err(_) => totals.add_rejected(),
        }
    }
}
