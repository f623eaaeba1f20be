//! Brings the names of devices into one spelling: `cargo run --example device_names < list.txt`.

#![expect(clippy::print_stdout, reason = "a program may print")]

use std::io::BufRead as _;

use slp_model::{Udi, UdiForm};

fn main() -> std::io::Result<()> {
    for line in std::io::stdin().lock().lines() {
        match line?.parse::<Udi>() {
            Ok(device) => println!("{}  is  {}", device.to_text(UdiForm::Cli), device.to_text(UdiForm::Document)),
            Err(error) => println!("no device: {error}"),
        }
    }
    Ok(())
}
