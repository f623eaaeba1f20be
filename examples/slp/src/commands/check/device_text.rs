//! A text of one device that an argument names, as `[SERIAL=]FILE`.

use std::collections::BTreeSet;
use std::io::{self, Read as _};

use slp_model::Udi;

use crate::console::Stop;
use crate::fault::Fault;
use crate::input::open;

/// A device holds about a thousand reports, each a line of some sixty bytes.
const MOST_BYTES: u64 = 4 << 20;

/// What a device printed.
pub(super) struct DeviceText<'a> {
    pub(super) device: Udi,
    /// The name of the file.
    pub(super) name: &'a str,
    pub(super) text: String,
}

impl<'a> DeviceText<'a> {
    /// The text that the argument of this option names; `None` if it cannot be read, which is one of the faults then.
    pub(super) fn read(
        (option, argument): (&str, &'a str),
        devices: &BTreeSet<Udi>,
        faults: &mut Vec<Fault>,
    ) -> Result<Option<Self>, Stop> {
        let (serial, name) = match argument.split_once('=') {
            Some((serial, name)) if !serial.contains(['/', '\\']) => (Some(serial), name),
            _ => (None, argument),
        };
        let text = match text_of(name) {
            Ok(text) => text,
            Err(fault) => {
                faults.push(*fault);
                return Ok(None);
            }
        };
        let device = device(serial, devices).map_err(|why| Stop::Call(format!("{option} {argument}: {why}")))?;
        Ok(Some(Self { device: device.clone(), name, text }))
    }
}

/// The device that printed it: the only one there is, or the one with that serial number.
fn device<'d>(serial: Option<&str>, devices: &'d BTreeSet<Udi>) -> Result<&'d Udi, &'static str> {
    let mut fitting = devices.iter().filter(|device| serial.is_none_or(|serial| device.serial() == serial));
    match (fitting.next(), fitting.next(), serial) {
        (Some(device), None, _) => Ok(device),
        (None, _, _) => Err("no report of that device was read"),
        (Some(_), Some(_), None) => Err("reports of several devices were read: say whose it is, as SERIAL=FILE"),
        (Some(_), Some(_), Some(_)) => Err("several devices have that serial number"),
    }
}

fn text_of(name: &str) -> Result<String, Box<Fault>> {
    let fault = |error: io::Error| Box::new(Fault::io(name, &error));
    let mut bytes = Vec::new();
    let file = open(name.as_ref()).map_err(fault)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(fault)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(Box::new(Fault::of_file(
            "limit",
            name,
            "more than 4 MiB, which no device prints about its reports",
        )));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_serial_number_belongs_to_the_only_device() {
        let one = Udi::new("TEST-1", "TST00000001").unwrap();
        let other = Udi::new("TEST-1", "TST00000002").unwrap();
        let both = BTreeSet::from([one.clone(), other.clone()]);
        assert_eq!(device(None, &BTreeSet::from([one.clone()])), Ok(&one));
        assert_eq!(device(Some("TST00000002"), &both), Ok(&other));
        assert!(device(None, &both).unwrap_err().contains("SERIAL=FILE"));
        assert!(device(Some("TST00000003"), &both).is_err());
    }
}
