//! `slp demo`: the whole circle on one machine.

use std::io::{self, Write as _};

use demo::{Options, Path};

use crate::Status;
use crate::arguments::Demo;
use crate::console::{Session, Stop};

pub(crate) fn run(arguments: &Demo, session: &mut Session<'_>) -> Result<Status, Stop> {
    let paths = match arguments.path.as_str() {
        "all" => Path::ALL.to_vec(),
        word => vec![word.parse::<Path>().map_err(|text| Stop::Call(format!("{text}, all")))?],
    };
    let mut options = Options::default();
    (options.devices, options.months) = (arguments.devices, arguments.months);
    for path in paths {
        demo::run(path, &options, &mut session.output).map_err(|error| match error.downcast::<io::Error>() {
            Ok(error) => Stop::Output(*error),
            Err(error) => Stop::Data(format!("{path}: {error}")),
        })?;
        session.output.flush()?;
    }
    Ok(Status::Fine)
}
