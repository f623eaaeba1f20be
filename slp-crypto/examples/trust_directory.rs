//! Judges the reports of a file by a folder of keys and certificates: `cargo run --example trust_directory -- FOLDER FILE`.

#![expect(clippy::print_stdout, reason = "a program may print")]
#![expect(clippy::disallowed_methods, reason = "a program may read files")]

use slp_crypto::{TimePolicy, TrustStore, Verifier};
use slp_rum::Document;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, file] = arguments.as_slice() else { return Err("give FOLDER FILE".into()) };
    let mut trust = TrustStore::empty();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        for added in trust.add_pem(&entry.file_name().to_string_lossy(), &std::fs::read(entry.path())?)? {
            added?; // one bad block spoils the folder: somebody has to look
        }
    }
    let verifier = Verifier::new(&trust);
    let bytes = std::fs::read(file)?;
    for report in Document::parse(&bytes)?.reports() {
        let report = report?;
        // a report is judged at its own time: devices outlive their certificates
        let time = report.span().map_or(TimePolicy::Ignore, |span| TimePolicy::At(span.end()));
        match verifier.verify(&report, time) {
            Ok(good) => println!("{}: signed with key {}", report.id(), good.evidence().key_id()),
            Err(why) => println!("{}: {}: {why}", report.id(), why.reason()),
        }
    }
    Ok(())
}
