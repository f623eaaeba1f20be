//! Runs the test double of the cloud until it is stopped.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Parser;
use cssm::{Cloud, NOTICE, Settings};
use slp_kit::{Authority, Clock as _, Error, Random, SystemClock, read_whole, write_whole};

/// A test double of the cloud (CSSM), with keys of its own.
#[derive(Debug, Parser)]
#[command(version, after_help = "Example: cssm --settings cssm.toml --listen 127.0.0.1:8443 --authority ca.pem")]
struct Arguments {
    /// Accounts, purchases, clients, tokens and faults, as TOML.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// Names and addresses for the certificate.
    #[arg(long, value_name = "NAME", default_values_t = ["localhost".to_owned(), "127.0.0.1".to_owned()])]
    name: Vec<String>,
    /// Plain HTTP; on a loopback address alone.
    #[arg(long)]
    plain: bool,
    /// Where to write the certificate of the cloud's own authority: for TLS clients, and for devices.
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
    /// Where to write the public key with which documents are signed.
    #[arg(long, value_name = "FILE")]
    documents_key: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cssm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    if arguments.plain && !arguments.listen.ip().is_loopback() {
        return Err("--plain is for loopback addresses alone: tokens would cross the network unencrypted".into());
    }
    let settings = match &arguments.settings {
        Some(path) => {
            let text = String::from_utf8(read_whole(path, 1 << 20)?)?;
            Settings::from_toml(&text).map_err(|error| format!("{}: {error}", path.display()))?
        }
        None => Settings::default(),
    };
    let authority = Authority::new("Test double of the cloud")?;
    if let Some(path) = &arguments.authority {
        write_whole(path, authority.certificate_pem().as_bytes())?;
    }
    if let Some(path) = &arguments.documents_key {
        use slp_crypto::Signer as _;
        write_whole(path, authority.signer().public_key().to_pem().as_bytes())?;
    }
    let clock = Arc::new(SystemClock::new());
    let cloud = Cloud::new(settings, authority, Random::system(), clock.now())?;
    let names: Vec<&str> = arguments.name.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let cloud = Arc::new(Mutex::new(cloud));
        let (shown, time) = (Arc::clone(&cloud), *clock);
        std::thread::Builder::new().name("events".into()).spawn(move || show(&shown, time))?;
        let mut listening = cssm::serve(cloud, clock, arguments.listen, &names, arguments.plain).await?;
        let scheme = if arguments.plain { "http" } else { "https" };
        eprintln!("{NOTICE}");
        eprintln!("listening on {scheme}://{}", listening.address);
        listening.wait().await
    })
}

/// Says what happened, once a second.
fn show(cloud: &Mutex<Cloud>, clock: SystemClock) {
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let mut cloud = cloud.lock().unwrap_or_else(PoisonError::into_inner);
        cloud.tick(clock.now());
        let lines = cloud.take_events();
        drop(cloud);
        for line in lines {
            eprintln!("{line}");
        }
    }
}
