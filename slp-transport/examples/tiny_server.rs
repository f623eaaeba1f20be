//! A device in a dozen lines, and a client that asks it for its reports: `cargo run --features client,server --example
//! tiny_server`.

#![expect(clippy::print_stdout, reason = "a program may print")]

use slp_transport::client::{Client, ClientSettings};
use slp_transport::device::{AllReports, DeviceReports, Session};
use slp_transport::server::{ServerSettings, exchange_router, respond_to, serve};
use slp_transport::{BaseUrl, Limits, RumEnvelope, Secret, Signature};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let base: BaseUrl = format!("http://{}", listener.local_addr()?).parse()?;
    let device = exchange_router(
        |_, request| {
            respond_to(&request, &Limits::default(), |_: AllReports| {
                let signature = Signature::new("builtin", "regid.2020-01.com.cisco.TEST,1.0_x", "AAAA");
                Ok(DeviceReports::new(vec![RumEnvelope::new("{ \"a\": 1 }", signature)]))
            })
        },
        ServerSettings::default(),
    );
    runtime.spawn(serve(listener, device));

    let client = Client::new(ClientSettings::default())?;
    let session = Session::new(base, "user", Secret::new("password"));
    let reports = client.call(&session, AllReports::new(), &Limits::default())?;
    for envelope in &reports.usage {
        println!("{} ({})", envelope.payload.as_str(), envelope.signature.signing_type);
    }
    Ok(())
}
