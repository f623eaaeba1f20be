//! What a log says about licensing: `cargo run --example watch_log < device.log`.

#![expect(clippy::print_stdout, reason = "a program may print")]

use std::io::BufRead as _;

use slp_transport::syslog::{LogEvent, LogMessage};

fn main() -> std::io::Result<()> {
    for line in std::io::stdin().lock().lines() {
        let Some(message) = LogMessage::read(&line?) else { continue };
        match message.event {
            LogEvent::CommunicationFailed { reason, .. } => println!("nobody answers: {reason}"),
            LogEvent::ReportingRequired { days: Some(days), .. } => println!("report within {days} days"),
            event => println!("{}: {event:?}", message.name),
        }
    }
    Ok(())
}
