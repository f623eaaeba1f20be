//! `slp fleet`: a fleet of devices that do not exist.

use std::io::Write as _;
use std::num::NonZero;

use slp_crypto::SigningKey;
use slp_sync::bundle::{Plan, Writer};
use slp_sync::gzip::Deflater;

use crate::Status;
use crate::arguments::{Fleet, Signatures};
use crate::commands::bundle::{output_file, output_folder};
use crate::commands::keys::signing_key;
use crate::console::{Session, Stop};
use crate::files::{Fresh, Spool, unbundled, unwritten};
use crate::printable::printable;
use crate::wording::{count_of, grouped};

mod device; // one invented device and its reports
mod random; // numbers that follow from a seed

use device::Sign;

pub(crate) fn run(arguments: &Fleet, session: &mut Session<'_>) -> Result<Status, Stop> {
    let plan = Plan::new("Fleet", arguments.at);
    output_folder(&arguments.output)?;
    let path = output_file(&arguments.output, &plan.name());
    let key = match arguments.signatures {
        Signatures::Filler => None,
        Signatures::Real => Some(key(arguments)?),
    };
    let sign = match &key {
        Some(key) => Sign::With(key),
        None => Sign::Noise,
    };
    let failed = |error: &slp_sync::Error| unbundled(&path, error);
    let fresh = Fresh::create(&path).map_err(|error| unwritten(&path, &error))?;
    let spool = Spool::beside(&path).map_err(|error| unwritten(&path, &error))?;
    let threads = NonZero::new(arguments.threads).unwrap_or(NonZero::<usize>::MIN);
    let deflater = Deflater::new(threads).map_err(|error| failed(&error))?;
    let mut writer = Writer::with_deflater(fresh, spool, &plan, &deflater).map_err(|error| failed(&error))?;
    let mut text = String::new();
    for number in 1..=arguments.devices {
        text.clear();
        device::write(&mut text, arguments, number, &sign)
            .map_err(|error| Stop::Data(format!("device {number}: {error}")))?;
        writer.add_leaf(0, number, text.as_bytes()).map_err(|error| failed(&error))?;
        session.messages.made(number, arguments.devices);
    }
    let (fresh, sealed) = writer.finish().map_err(|error| failed(&error))?;
    fresh.keep().map_err(|error| unwritten(&path, &error))?;
    session.messages.end_of_input();
    let reports = arguments.devices.saturating_mul(arguments.reports);
    writeln!(
        session.output,
        "{}: {}, {}, {} bytes\nsha256 {}",
        printable(&path.to_string_lossy()),
        count_of(sealed.leaves, "device", "devices"),
        count_of(reports, "report", "reports"),
        grouped(sealed.size),
        sealed.sha256_hex(),
    )?;
    Ok(Status::Fine)
}

fn key(arguments: &Fleet) -> Result<SigningKey, Stop> {
    let path = arguments.key.as_deref().ok_or_else(|| Stop::Call("--signatures real needs --key".to_owned()))?;
    signing_key(path)
}
