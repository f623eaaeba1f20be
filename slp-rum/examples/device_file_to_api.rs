//! The body of the cloud's API from a device file: `cargo run --example device_file_to_api -- FILE HOSTNAME NOW NONCE`, NOW
//! in milliseconds. Payloads and signatures go as they came.

#![expect(clippy::print_stdout, reason = "a program may print")]
#![expect(clippy::disallowed_methods, reason = "a program may read files")]

use slp_model::UnixMillis;
use slp_rum::write::CloudRequest;
use slp_rum::{Document, UsageReport};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, hostname, now, nonce] = arguments.as_slice() else { return Err("give FILE HOSTNAME NOW NONCE".into()) };
    let bytes = std::fs::read(file)?;
    let reports: Vec<UsageReport> = Document::parse(&bytes)?.reports().collect::<Result<_, _>>()?;
    let mut body = CloudRequest::new(UnixMillis::new(now.parse()?)?, nonce).reports(&reports);
    if let Some(report) = reports.first() {
        body = body.hostname(report.device(), hostname);
    }
    println!("{}", body.to_text()?);
    Ok(())
}
