//! The reports of a device: `cargo run --features client --example fetch_reports -- ADDRESS USER PIN < PASSWORD`.
//!
//! PIN is the fingerprint of the device's own certificate: `sha256:` and hexadecimal digits.

#![expect(clippy::print_stdout, reason = "a program may print")]

use slp_transport::client::{Certificates, Client, ClientSettings};
use slp_transport::device::{AllReports, CloseReports, Session};
use slp_transport::{BaseUrl, Limits, Secret};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, user, pin] = arguments.as_slice() else { return Err("give ADDRESS USER PIN".into()) };
    let mut password = String::new();
    std::io::stdin().read_line(&mut password)?;

    let mut settings = ClientSettings::default();
    settings.certificates = Certificates::Pinned(vec![pin.parse()?]);
    let client = Client::new(settings)?;
    let device = Session::new(address.parse::<BaseUrl>()?, user, Secret::new(password.trim_end()));

    client.call(&device, CloseReports::new(), &Limits::default())?;
    let reports = client.call(&device, AllReports::new(), &Limits::default())?;
    for envelope in &reports.usage {
        let report = envelope.to_report()?;
        println!("{} report {}", report.device(), report.id());
    }
    Ok(())
}
