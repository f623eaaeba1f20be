//! Usage over time as CSV, from any number of device files: `cargo run --example usage_csv -- reports/*.txt > usage.csv`.

#![expect(clippy::print_stdout, reason = "a program may print")]
#![expect(clippy::disallowed_methods, reason = "a program may read files")]

use slp_rum::Document;
use slp_rum::usage::{Evidence, write_csv};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut evidence = Evidence::new();
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let document = Document::parse(&bytes)?;
        let mut reports = document.borrowed_reports();
        while let Some(report) = reports.next() {
            match report {
                Ok(report) => evidence.add(&report, &path)?,
                Err(error) => eprintln!("{path}: {error}"), // this report alone is lost
            }
        }
    }
    let mut csv = String::new();
    write_csv(evidence.intervals(), &mut csv)?;
    print!("{csv}");
    Ok(())
}
