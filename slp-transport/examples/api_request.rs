//! The requests that hand a device file to the cloud, as they would be sent: `cargo run --example api_request -- FILE`.

#![expect(clippy::print_stdout, reason = "a program may print")]
#![expect(clippy::disallowed_methods, reason = "a program may read files")]

use slp_model::UnixMillis;
use slp_rum::{Document, UsageReport};
use slp_transport::cssm::{AccessToken, ReportUsage, Session};
use slp_transport::{BaseUrl, Call, DeviceUsage, Nonce, batches, printable};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("give a file")?;
    let bytes = std::fs::read(path)?;
    let reports: Vec<UsageReport> = Document::parse(&bytes)?.reports().collect::<Result<_, _>>()?;
    let base: BaseUrl = "https://cloud.example/services/api/smart-accounts-and-licensing".parse()?;
    let session = Session::new(base, AccessToken::new("never shown")).with_accounts("77", "88");
    // a program takes the time from its clock and the nonce from its source of chance
    let (now, nonce) = (UnixMillis::new(1_790_000_000_000)?, Nonce::from_random([7; 16]));
    for batch in batches(DeviceUsage::group(&reports)?) {
        println!("{}", printable(&ReportUsage::of(now, nonce.clone(), batch).into_http(&session)?));
    }
    Ok(())
}
