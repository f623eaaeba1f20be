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
            Ok(id) => lines.push((id, words.next().map(state))),
            Err(_) => bad.push((number, "begins with a number that is no report id")),
        }
    }
    (lines, bad)
}

/// A word of commands or of the data model, in whatever case; another one as it came.
fn state(word: &str) -> ReportState {
    let of_commands = ReportState::from(word.to_ascii_uppercase());
    let of_the_model = || ReportState::from_model_word(&word.to_ascii_lowercase());
    let known = [of_commands].into_iter().chain(std::iter::once_with(of_the_model)).find(ReportState::is_known);
    known.unwrap_or_else(|| ReportState::from(word))
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
    fn states_are_those_of_commands_or_of_the_data_model_and_others_stay_as_they_came() {
        let text = "1 rum-report-state-acknowledged\n2 RUM-REPORT-STATE-OPEN\n3 deleted\n4 SmartAgentRumStateOpen\n";
        let states: Vec<_> = parse(text).0.into_iter().map(|(_, state)| state.unwrap()).collect();
        let odd = ReportState::from("SmartAgentRumStateOpen");
        assert_eq!(states, [ReportState::Acknowledged, ReportState::Open, ReportState::Deleted, odd]);
    }
}
