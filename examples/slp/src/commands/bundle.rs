//! `slp bundle`: usage bundles, written and read.

pub(crate) use create::{output_file, output_folder};

use crate::Status;
use crate::arguments::BundleCommand;
use crate::console::{Session, Stop};

mod create; // a bundle out of files of devices
mod extract; // the leaves of a bundle as files
mod list; // what is in a bundle
mod plan; // which reports of which devices go into a bundle

pub(crate) fn run(command: &BundleCommand, session: &mut Session<'_>) -> Result<Status, Stop> {
    match command {
        BundleCommand::Create(arguments) => create::run(arguments, session),
        BundleCommand::List(arguments) => list::run(arguments, session),
        BundleCommand::Extract(arguments) => extract::run(arguments, session),
    }
}
