//! Lines that are rows of a table, by command.

use super::line::Line;
use super::walk::Walk;
use super::{CliFacts, NAME, ShowCommand};

/// Is the line a row, or the head of the table? Then its facts are taken.
pub(super) fn row(command: ShowCommand, line: Line<'_>, walk: &mut Walk, facts: &mut CliFacts) -> bool {
    match command {
        ShowCommand::Summary => summary(line, walk, facts),
        ShowCommand::Udi => udi(line, facts),
        ShowCommand::RumIdAll => report(line, facts),
        ShowCommand::EventLog => event(line, facts),
        _ => false,
    }
}

/// `network-advantage       (C9300-24 Network Advan...)       2 IN USE`: the tag may be cut, names repeat.
fn summary(line: Line<'_>, walk: &Walk, facts: &mut CliFacts) -> bool {
    let text = line.text.trim();
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    if words == ["License", "Entitlement", "Tag", "Count", "Status"] {
        return true;
    }
    if !walk.is_in("License Usage") {
        return false;
    }
    if text == "No licenses in use" {
        facts.fact(line.number, "License Usage".into(), text);
        return true;
    }
    let Some((left, right)) = text.rsplit_once(')') else {
        return false;
    };
    let Some((name, tag)) = left.split_once('(') else {
        return false;
    };
    let Some((count, status)) = right.trim().split_once(' ') else {
        return false;
    };
    if name.trim().is_empty() || count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let path = format!("License Usage/{} ({})", name.trim(), tag.trim());
    facts.fact(line.number, format!("{path}/Count"), count);
    facts.fact(line.number, format!("{path}/Status"), status.trim());
    true
}

/// `*  ASR1006  TST00000001  ASR1006:TST00000001`, with tabs
fn udi(line: Line<'_>, facts: &mut CliFacts) -> bool {
    let words: Vec<_> = line.text.split_whitespace().collect();
    if words == ["SlotID", "PID", "SN", "UDI"] {
        return true;
    }
    let words = words.strip_prefix(&["*"]).unwrap_or(&words);
    let [pid, serial, udi] = words else { return false };
    if *udi != format!("{pid}:{serial}") {
        return false;
    }
    facts.fact(line.number, "Product Information/UDI".into(), format!("PID:{pid},SN:{serial}"));
    true
}

/// `1780000001          CLOSED    N     network-premier_2.5G`
fn report(line: Line<'_>, facts: &mut CliFacts) -> bool {
    let words: Vec<_> = line.text.split_ascii_whitespace().collect();
    if words.first() == Some(&"Report") && words.get(1) == Some(&"Id,") {
        return true;
    }
    let [id, state, flag, feature @ ..] = words.as_slice() else {
        return false;
    };
    if !id.bytes().all(|byte| byte.is_ascii_digit()) || !state.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return false;
    }
    let path = format!("Smart Licensing Usage Report/{id}");
    facts.fact(line.number, format!("{path}/State"), *state);
    facts.fact(line.number, format!("{path}/Flag"), *flag);
    if !feature.is_empty() {
        facts.fact(line.number, format!("{path}/Feature Name"), feature.join(" "));
    }
    true
}

/// `2026-01-02 03:04:05.678 UTC SAEVT_ENDPOINT_USAGE count="0" entitlementTag="…"`
fn event(line: Line<'_>, facts: &mut CliFacts) -> bool {
    let text = line.text.trim();
    if text == "**** Event Log ****" {
        return true;
    }
    let mut words = text.splitn(5, ' ');
    let (Some(day), Some(clock), Some(zone), Some(name)) = (words.next(), words.next(), words.next(), words.next())
    else {
        return false;
    };
    let is_day = day.len() == 10 && day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !is_day || !clock.contains(':') || !name.starts_with("SAEVT_") || name.len() > NAME {
        return false;
    }
    let path = format!("Event Log/{name}");
    facts.fact(line.number, path.clone(), format!("{day} {clock} {zone}"));
    let mut rest = words.next().unwrap_or_default();
    while !rest.trim().is_empty() {
        let Some((key, tail)) = rest.split_once("=\"") else {
            return pair_missing(line, rest, facts);
        };
        let Some((value, tail)) = tail.split_once('"') else {
            return pair_missing(line, rest, facts);
        };
        facts.fact(line.number, format!("{path}/{}", key.trim()), value);
        rest = tail;
    }
    true
}

/// The event is known, a part of its line is not.
fn pair_missing(line: Line<'_>, rest: &str, facts: &mut CliFacts) -> bool {
    facts.warn(Some(line.number), &format!("part of an event is not understood: {}", slp_model::Quoted(rest)));
    true
}
