//! A file that asks for authorization codes: `cargo run --example authorization_request -- TAG < devices.txt > request.txt`.

#![expect(clippy::print_stdout, reason = "a program may print")]

use std::io::BufRead as _;

use slp_model::Udi;
use slp_rum::auth_request::{RequestEntry, RequestMode, RequestedKey};
use slp_rum::system_info::SystemFacts;
use slp_rum::write::request;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tag = std::env::args().nth(1).ok_or("give the tag of a licence")?;
    let mut entries = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let device: Udi = line?.parse()?;
        entries.push(RequestEntry::request(device, RequestMode::Add, vec![RequestedKey::new(&tag, 1)]));
    }
    let first = entries.iter().find_map(|entry| entry.device.clone()).ok_or("there is no device")?;
    let system = request::system_info(&SystemFacts::new(first))?;
    let wanted = request::authorization_request(&entries)?;
    print!("{}", request::document([system.as_str(), wanted.as_str()]));
    Ok(())
}
