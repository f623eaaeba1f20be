//! Lists of report ids that devices print (`show license rum id all`).

use std::collections::BTreeSet;

use slp_model::license::ReportState;
use slp_model::{Location, ReportId, Udi};
use slp_rum::continuity::Facts;

use super::device_text::DeviceText;
use crate::console::Stop;
use crate::fault::Fault;

/// Adds the list in the file that `[SERIAL=]FILE` names.
pub(super) fn add(
    argument: &str,
    devices: &BTreeSet<Udi>,
    facts: &mut Facts,
    faults: &mut Vec<Fault>,
) -> Result<(), Stop> {
    let Some(DeviceText { device, name, text }) = DeviceText::read(("--ids", argument), devices, faults)? else {
        return Ok(());
    };
    let (lines, bad) = parse(&text);
    for (id, state) in lines {
        facts.list(device.clone(), id, state);
    }
    faults.extend(bad.into_iter().map(|(line, text)| {
        let mut place = Location::default().inside(name);
        place.line = Some(line);
        Fault { kind: "bad-line", name: None, fatal: false, text: text.to_owned(), place }
    }));
    Ok(())
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
}
