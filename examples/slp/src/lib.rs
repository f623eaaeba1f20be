//! The commands of the `slp` program as a library, so that a test runs them in its own process.
//!
//! Nothing here touches the standard streams, the environment or the clock: all of that is a [`Console`].

#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::indexing_slicing)]
#![warn(clippy::string_slice, clippy::as_conversions, clippy::get_unwrap)]

mod arguments; // the words of the command line
mod cloud; // token, accounts, messages and jobs of the cloud
mod commands; // one file per command
mod config; // addresses and credentials
mod console; // where a command reads, writes and complains
mod export_ledger; // the ledger of exported bundles, as a file
mod facts; // what matters about keys and certificates
mod fault; // what could not be read, and where
mod files; // files that are written whole or not at all
mod input; // one file or standard input, through a limit
mod kept; // what is kept on disk between runs
mod paths; // from PATH arguments to files, in order
mod pipeline; // files read by several threads, results in order
mod printable; // text of documents, safe on a terminal
mod progress; // signs of life on a terminal
mod style; // colours
mod table; // aligned columns
mod wording; // numbers, times and names as people write them
mod world; // clock, chance, variables

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::{AckCommand, Arguments, Command, PolicyCommand};
pub use crate::console::Console;
use crate::console::{Session, Stop};
pub use crate::world::Clock;

// The example of the project's README is compiled with the tests of this crate.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ReadmeOfTheProject;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// All is fine: exit status 0.
    Fine,
    /// The data has errors, a check found some, or something could not be read or written: exit status 1.
    Errors,
    /// The call was wrong: exit status 2.
    WrongCall,
}

impl Status {
    fn of_errors(found: bool) -> Self {
        if found { Self::Errors } else { Self::Fine }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Fine => 0,
            Status::Errors => 1,
            Status::WrongCall => 2,
        })
    }
}

/// Runs one command. `arguments` begin with the name of the program.
///
/// A reader that goes away (`| head`) ends the run quietly, with the status that the errors found so far have.
pub fn run(arguments: impl IntoIterator<Item = OsString>, console: Console<'_>) -> Status {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(answer) => return console.answer(answer),
    };
    let mut session = Session::new(console, arguments.color);
    let outcome = match &arguments.command {
        Command::Inspect(arguments) => commands::inspect::run(arguments, &mut session),
        Command::Usage(arguments) => commands::usage::run(arguments, &mut session),
        Command::Check(arguments) => commands::check::run(arguments, &mut session),
        Command::Policy(PolicyCommand::Due(arguments)) => commands::policy::due(arguments, &mut session),
        Command::Import(arguments) => commands::import::run(arguments, &mut session),
        Command::Show(arguments) => commands::show::run(arguments, &mut session),
        Command::Pull(arguments) => commands::pull::run(arguments, &mut session),
        Command::Upload(arguments) => commands::upload::run(arguments, &mut session),
        Command::Poll(arguments) => commands::poll::run(arguments, &mut session),
        Command::PushAck(arguments) => commands::push_ack::run(arguments, &mut session),
        Command::Verify(arguments) => commands::verify::run(arguments, &mut session),
        Command::Keys(command) => commands::keys::run(command, &mut session),
        Command::Sign(arguments) => commands::sign::run(arguments, &mut session),
        Command::Bundle(command) => commands::bundle::run(command, &mut session),
        Command::Ack(AckCommand::Split(arguments)) => commands::ack::split(arguments, &mut session),
        Command::Fleet(arguments) => commands::fleet::run(arguments, &mut session),
        Command::Sync(command) => commands::sync::run(command, &mut session),
        Command::Demo(arguments) => commands::demo::run(arguments, &mut session),
    };
    session.messages.finish();
    if let Ok(Status::Errors) = outcome {
        // what is left in the buffer may find nobody who reads it
        session.messages.fail(true);
    }
    match outcome.and_then(|status| Ok(session.flush().map(|()| status)?)) {
        Ok(status) => status,
        Err(Stop::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            Status::of_errors(session.messages.has_failed())
        }
        Err(Stop::Output(error)) => {
            session.messages.error(&format!("standard output: {error}"));
            Status::Errors
        }
        Err(Stop::Data(text)) => {
            session.messages.error(&text);
            Status::Errors
        }
        Err(Stop::Call(text)) => {
            session.messages.error(&text);
            Status::WrongCall
        }
    }
}
