//! Lists of report ids that devices print (`show license rum id all`).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};

use slp_model::license::ReportState;
use slp_model::{Location, ReportId, Udi};
use slp_rum::continuity::Facts;

use crate::console::Stop;
use crate::fault::Fault;

/// A device holds about a thousand reports, each a line of some sixty bytes.
const MOST_BYTES: u64 = 4 << 20;

/// Adds the list in the file that `[SERIAL=]FILE` names.
pub(super) fn add(
    argument: &str,
    devices: &BTreeSet<Udi>,
    facts: &mut Facts,
    faults: &mut Vec<Fault>,
) -> Result<(), Stop> {
    let (serial, name) = match argument.split_once('=') {
        Some((serial, name)) if !serial.contains(['/', '\\']) => (Some(serial), name),
        _ => (None, argument),
    };
    let text = match read(name) {
        Ok(text) => text,
        Err(fault) => {
            faults.push(*fault);
            return Ok(());
        }
    };
    let device = device(serial, devices).map_err(|why| Stop::Call(format!("--ids {argument}: {why}")))?;
    let (lines, bad) = parse(&text);
    for (id, state) in lines {
        facts.list(device.clone(), id, state);
    }
    faults.extend(bad.into_iter().map(|(line, message)| {
        let mut place = Location::default().inside(name);
        place.line = Some(line);
        Fault { kind: "bad-line", limit: None, fatal: false, place, message: message.to_owned() }
    }));
    Ok(())
}

/// The device that prints the list: the only one there is, or the one with that serial number.
fn device<'d>(serial: Option<&str>, devices: &'d BTreeSet<Udi>) -> Result<&'d Udi, &'static str> {
    let mut fitting = devices.iter().filter(|device| serial.is_none_or(|serial| device.serial() == serial));
    match (fitting.next(), fitting.next(), serial) {
        (Some(device), None, _) => Ok(device),
        (None, _, _) => Err("no report of that device was read"),
        (Some(_), Some(_), None) => Err("reports of several devices were read: say whose list it is, as SERIAL=FILE"),
        (Some(_), Some(_), Some(_)) => Err("several devices have that serial number"),
    }
}

fn read(name: &str) -> Result<String, Box<Fault>> {
    let fault = |error: io::Error| Box::new(Fault::io(name, &error));
    let mut bytes = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "the program reads the list that it is given, through a limit")]
    let file = File::open(name).map_err(fault)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(fault)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(Box::new(Fault::of_file("limit", name, "more than 4 MiB, which is no list of reports")));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

type Line = (ReportId, Option<ReportState>);

/// Lines that begin with a number: an id, perhaps a state. Other lines are headings. Number and text of bad lines.
fn parse(text: &str) -> (Vec<Line>, Vec<(u64, &'static str)>) {
    let (mut lines, mut bad) = (Vec::new(), Vec::new());
    for (number, line) in (1_u64..).zip(text.lines()) {
        let mut words = line.split(|character: char| character == ',' || character.is_whitespace());
        let mut words = words.by_ref().filter(|word| !word.is_empty());
        let Some(id) = words.next().filter(|word| word.starts_with(|first: char| first.is_ascii_digit())) else {
            continue;
        };
        match id.parse() {
            Ok(id) => lines.push((id, words.next().map(|word| ReportState::from(&*word.to_ascii_uppercase())))),
            Err(_) => bad.push((number, "begins with a number that is no report id")),
        }
    }
    (lines, bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_passed_over_and_states_may_be_missing() {
        let text = "Smart Licensing Usage Report:\n====\nReport Id,          State,    Flag, Feature Name\n\
                    1671840750          ACK       N     a-b\r\n 1671840751,closed\n\n1671840752\n99999999999999999999 OPEN\n";
        let (lines, bad) = parse(text);
        assert_eq!(
            lines,
            [
                (ReportId::new(1_671_840_750), Some(ReportState::Acknowledged)),
                (ReportId::new(1_671_840_751), Some(ReportState::Closed)),
                (ReportId::new(1_671_840_752), None),
            ]
        );
        assert_eq!(bad, [(8, "begins with a number that is no report id")]);
    }

    #[test]
    fn a_list_without_serial_number_belongs_to_the_only_device() {
        let one = Udi::new("TEST-1", "TST00000001").unwrap();
        let other = Udi::new("TEST-1", "TST00000002").unwrap();
        let both = BTreeSet::from([one.clone(), other.clone()]);
        assert_eq!(device(None, &BTreeSet::from([one.clone()])), Ok(&one));
        assert_eq!(device(Some("TST00000002"), &both), Ok(&other));
        assert!(device(None, &both).unwrap_err().contains("SERIAL=FILE"));
        assert!(device(Some("TST00000003"), &both).is_err());
    }
}
