//! Is anything missing or odd in the reports of a file? `cargo run --example check_evidence -- DEVICE_FILE`.

#![expect(clippy::print_stdout, reason = "a program may print")]
#![expect(clippy::disallowed_methods, reason = "a program may read files")]

use slp_rum::Document;
use slp_rum::continuity::{Facts, check};
use slp_rum::usage::Evidence;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("give a file")?;
    let bytes = std::fs::read(&path)?;
    let mut evidence = Evidence::new();
    for report in Document::parse(&bytes)?.reports() {
        evidence.add(&report?.as_borrowed(), &path)?;
    }
    for finding in check(&evidence, &Facts::default()) {
        println!("{:<8} {}: {}", finding.severity, finding.id, finding.message);
        println!("         {}", finding.remedy);
    }
    Ok(())
}
