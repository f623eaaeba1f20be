//! Packs device files into a usage bundle: `cargo run --example build_bundle -- ACCOUNT TIME FOLDER FILES`.

#![expect(clippy::print_stdout, reason = "a program may print")]
#![expect(clippy::disallowed_methods, reason = "a program may read files")]

use std::io::Cursor;

use slp_sync::bundle::{Plan, Writer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("give ACCOUNT TIME FOLDER FILES");
    let (account, time, folder) = (next()?, next()?, next()?);
    let plan = Plan::new(account, time.parse()?);
    let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan)?;
    for (number, path) in (1..).zip(arguments) {
        match writer.add(0, number, &std::fs::read(&path)?) {
            Ok(leaf) => println!("{}  {}  {} reports", leaf.leaf, leaf.device, leaf.reports.len()),
            Err(error) if error.is_fatal() => return Err(error.into()),
            Err(error) => println!("{path} stays out: {error}"),
        }
    }
    let (bytes, sealed) = writer.finish()?;
    std::fs::write(std::path::Path::new(&folder).join(&sealed.name), bytes)?;
    println!("{}", sealed.name);
    Ok(())
}
