//! Shows what certificates say, and whether the first one was issued by one of the others or by a pinned CA.
//!
//! `cargo run --example certificate -- device.pem sub-ca.pem`

use std::process::ExitCode;

use slp_crypto::{Certificate, PinSet, TimePolicy, TrustStore};

#[expect(clippy::disallowed_methods, reason = "a program may read files")]
#[expect(clippy::print_stdout, reason = "a program may print")]
fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut certificates = Vec::new();
    for path in std::env::args().skip(1) {
        for certificate in Certificate::inspect_pem(&std::fs::read(&path)?)? {
            certificates.push(certificate.map_err(|why| why.inside(&path))?);
        }
    }
    for certificate in &certificates {
        println!("subject  {}", certificate.subject());
        println!("issuer   {}", certificate.issuer());
        if let Some(device) = certificate.identity() {
            println!("device   {device}");
        }
        let validity = certificate.validity();
        let end = validity.not_after.map_or_else(|| "no end".to_owned(), |end| end.to_string());
        println!("valid    {} to {end}", validity.not_before);
        match certificate.key() {
            Ok(key) => println!("key      {} {}", key.key_type(), key.id()),
            Err(error) => println!("key      {error}"),
        }
        println!();
    }
    let Some((first, others)) = certificates.split_first() else {
        println!("usage: certificate FILE...");
        return Ok(ExitCode::from(2));
    };
    let mut trust = TrustStore::empty().with_pins(PinSet::Sudi).with_pins(PinSet::Manufacturing);
    for ca in others.iter().filter(|other| other.is_ca()) {
        trust.add_anchor(ca.der())?;
    }
    match trust.verify_leaf(first.der(), &[], TimePolicy::Ignore) {
        Ok(verified) => {
            println!("verified {} by key {}", verified.evidence().scheme(), verified.evidence().key_id());
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            println!("{} {}: {why}", why.reason(), why.detail());
            Ok(ExitCode::FAILURE)
        }
    }
}
