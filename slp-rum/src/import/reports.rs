//! Acknowledgements take effect: of reports and of conversions. Spec: ack-auth, "Table", rows 29 to 34 and 40.

use std::collections::{BTreeMap, BTreeSet};

use slp_model::error_code::{DeviceError, ErrorCode, Platform};
use slp_model::license::ReportState;
use slp_model::{Quoted, ReportId, Udi, UnixSeconds, is_unprintable};

use super::state::{DeviceState, ReportFacts};
use super::{ImportClass, MemberOutcome, Outcome, PartOutcome};
use crate::ack::conversion::{ConversionAck, ConversionStatus};
use crate::ack::pairing::Candidates;
use crate::ack::{Ack, AckList, AckMember, AckStatus};

/// So much of a message is shown.
const MESSAGE_CHARACTERS: usize = 255;

/// What stands in for the device of a member that names none.
pub(super) struct Fallback<'f> {
    /// The one device of the document, of the caller, or of the set.
    pub(super) device: Option<&'f Udi>,
    /// The device by which an opaque member is paired: of the document or of the caller, not of the set.
    pub(super) named: Option<&'f Udi>,
    /// The reports of the file that this one answers by its name.
    pub(super) by_name: Option<&'f BTreeSet<(Udi, ReportId)>>,
    /// When the document was downloaded.
    pub(super) downloaded: Option<UnixSeconds>,
    /// The reports that members of the document name, and whether one acknowledges it. Whatever their order: a member that
    /// names none does not mean them, and an acknowledgement outweighs an error.
    pub(super) told: BTreeMap<(Udi, ReportId), bool>,
}

/// The reports of the device that members of these lists name, and whether one acknowledges it. Looked up only where it
/// matters: beside a member that names none or tells of an error.
pub(super) fn told(state: &DeviceState, lists: &[&AckList], device: Option<&Udi>) -> BTreeMap<(Udi, ReportId), bool> {
    let named = || lists.iter().flat_map(|list| list.named());
    let mut told = BTreeMap::new();
    if lists.iter().any(|list| list.opaque().next().is_some()) || named().any(|ack| ack.status == AckStatus::Error) {
        for ack in named() {
            let Some(local) = ack.device.as_ref().or(device).and_then(|device| state.member(device)) else { continue };
            let is_acknowledged = told.entry((local.device.clone(), ack.report)).or_default();
            *is_acknowledged |= ack.status == AckStatus::Acknowledged;
        }
    }
    told
}

/// One acknowledgement. `paired` is what became of the first member of the document that names no report.
pub(super) fn acknowledge(
    state: &mut DeviceState,
    list: &AckList,
    around: &Fallback<'_>,
    paired: &mut Option<MemberOutcome>,
    now: UnixSeconds,
) -> PartOutcome {
    let mut members = Vec::with_capacity(list.members.len());
    let mut was_acknowledged = false;
    for member in &list.members {
        let (outcome, acknowledged) = match (member, paired.as_ref()) {
            (AckMember::Named(ack), _) => named(state, ack, around),
            // what stands around them is the same for all: the first one says it
            (AckMember::Opaque(_), Some(first)) => (again(first), false),
            (AckMember::Opaque(_), None) => {
                let (first, acknowledged) = opaque(state, around);
                (paired.insert(first).clone(), acknowledged)
            }
        };
        was_acknowledged |= acknowledged;
        members.push(outcome);
    }
    if was_acknowledged {
        state.last_ack = Some(now);
    }
    PartOutcome::of_members(ImportClass::RumAck, members)
}

/// A member that names a report. Gives also whether it acknowledged it.
fn named(state: &mut DeviceState, ack: &Ack, around: &Fallback<'_>) -> (MemberOutcome, bool) {
    let report = Some(ack.report);
    let Some(device) = ack.device.as_ref().or(around.device) else {
        let text = "no device is named, and several may be meant";
        return (MemberOutcome::skipped(None, report, DeviceError::NotFound, text), false);
    };
    let Some(local) = state.member(device).map(|member| member.device.clone()) else {
        let text = "for another device";
        return (MemberOutcome::skipped(Some(device.clone()), report, DeviceError::CodeValidationFailed, text), false);
    };
    let skipped = |error, text| (MemberOutcome::skipped(Some(local.clone()), report, error, text), false);
    let done = |outcome, warning| (MemberOutcome::done(Some(local.clone()), report, outcome, warning), false);
    let Some(facts) = state.reports.get_mut(&(local.clone(), ack.report)) else {
        return skipped(DeviceError::NotFound, "the device has no such report");
    };
    match facts.state {
        ReportState::Open => return skipped(DeviceError::InvalidRequest, "the report is still open"),
        ReportState::Invalid | ReportState::Other(_) => {
            return skipped(DeviceError::NotFound, "the report is in no state that can be acknowledged");
        }
        _ => {}
    }
    let is_acknowledged = matches!(facts.state, ReportState::Acknowledged | ReportState::Deleted);
    match &ack.status {
        // the same again does not count as a newer acknowledgement: an old file must not put off what is due
        AckStatus::Acknowledged if is_acknowledged && !facts.by_pairing => done(Outcome::Unchanged, None),
        AckStatus::Acknowledged => {
            if !is_acknowledged {
                facts.state = ReportState::Acknowledged;
            }
            facts.by_pairing = false;
            facts.message.clone_from(&ack.message);
            let (outcome, _) = done(Outcome::Installed, None);
            (outcome, true)
        }
        AckStatus::Error => {
            let what = "the server refuses the report";
            let warning = refused(what, ack.error_code.as_deref(), ack.message.as_deref());
            // an acknowledgement by name stands; one by pairing was a guess, which this corrects
            let is_told = around.told.get(&(local.clone(), ack.report)) == Some(&true);
            if is_told || (is_acknowledged && !facts.by_pairing) {
                return done(Outcome::Unchanged, Some(warning));
            }
            let mut after = ReportFacts::new(ReportState::Closed, None);
            after.message.clone_from(&ack.message);
            let outcome = if *facts == after { Outcome::Unchanged } else { Outcome::Installed };
            *facts = after;
            done(outcome, Some(warning))
        }
        AckStatus::Unknown(_) => skipped(DeviceError::InvalidResponse, "its status is a word of no known meaning"),
    }
}

/// What the server says about a report or a conversion that it refuses, safe to print.
fn refused(what: &str, code: Option<&str>, message: Option<&str>) -> String {
    let code = match code.map(|code| (code, code.parse())) {
        None => "without a code".to_owned(),
        Some((_, Ok(number))) => ErrorCode::new(Platform::Xe, number).to_string(),
        Some((code, Err(_))) => format!("code {}", Quoted(code)),
    };
    let mut text = format!("{what}: {code}, ");
    let Some(message) = message else {
        text.push_str("without a message");
        return text;
    };
    for character in message.chars().take(MESSAGE_CHARACTERS) {
        if is_unprintable(character) {
            text.extend(character.escape_unicode());
        } else {
            text.push(character);
        }
    }
    text
}

/// The outcome of a member that names no report and is not the first of its kind.
fn again(first: &MemberOutcome) -> MemberOutcome {
    match first.outcome {
        Outcome::Skipped => first.clone(),
        _ => MemberOutcome::done(first.device.clone(), None, Outcome::Unchanged, None),
    }
}

/// A member that names no report: paired by what stands around it.
fn opaque(state: &mut DeviceState, around: &Fallback<'_>) -> (MemberOutcome, bool) {
    let local = around.named.and_then(|device| state.member(device)).map(|member| member.device.clone());
    let by_device = local.as_ref().map(|device| {
        let in_time = |sent: Option<UnixSeconds>| match (sent, around.downloaded) {
            (Some(sent), Some(downloaded)) => sent <= downloaded,
            _ => true,
        };
        let waiting = state.reports.iter().filter(|((udi, _), facts)| udi == device && facts.waits());
        let untold = waiting.filter(|(key, _)| !around.told.contains_key(*key));
        untold.filter(|(_, facts)| in_time(facts.sent_at)).map(|(key, _)| key.clone()).collect()
    });
    // a file may hold reports of others too
    let is_open_to_it = |key: &&(Udi, ReportId)| state.reports.contains_key(*key) && !around.told.contains_key(*key);
    let by_name = around.by_name.map(|reports| reports.iter().filter(is_open_to_it).cloned().collect());
    let candidates = Candidates::new(by_name, by_device);
    let reports = match candidates.pair() {
        Ok(reports) => reports,
        Err(why) => {
            return (MemberOutcome::skipped(local, None, DeviceError::NotFound, why.reason()), false);
        }
    };
    let mut changed = 0_usize;
    for key in &reports {
        if let Some(facts) = state.reports.get_mut(key)
            && facts.waits()
        {
            facts.state = ReportState::Acknowledged;
            facts.by_pairing = true;
            changed = changed.saturating_add(1);
        }
    }
    if changed == 0 {
        return (MemberOutcome::done(local, None, Outcome::Unchanged, None), false);
    }
    let warning = format!(
        "no report is named: the {changed} that were sent count as acknowledged, which is a guess (by_pairing)"
    );
    (MemberOutcome::done(local, None, Outcome::Installed, Some(warning)), true)
}

/// One acknowledgement of conversions.
pub(super) fn convert(state: &mut DeviceState, list: &[ConversionAck], around: &Fallback<'_>) -> PartOutcome {
    let members = list.iter().map(|ack| {
        let Some(device) = ack.device.as_ref().or(around.device) else {
            return MemberOutcome::skipped(None, None, DeviceError::NotFound, "no device is named");
        };
        let Some(local) = state.member(device).map(|member| member.device.clone()) else {
            let text = "for another device";
            return MemberOutcome::skipped(Some(device.clone()), None, DeviceError::CodeValidationFailed, text);
        };
        if !state.converting.contains(&local) {
            if state.converted.get(&local) == Some(&ack.status) {
                return MemberOutcome::done(Some(local), None, Outcome::Unchanged, None);
            }
            let text = "no conversion is running";
            return MemberOutcome::skipped(Some(local), None, DeviceError::NoConversionInProgress, text);
        }
        let warning = match &ack.status {
            ConversionStatus::InProgress => None,
            ConversionStatus::Other(_) => {
                let text = "its status is a word of no known meaning";
                return MemberOutcome::skipped(Some(local), None, DeviceError::InvalidResponse, text);
            }
            status => {
                state.converting.remove(&local);
                (*status == ConversionStatus::Failed)
                    .then(|| refused("the conversion failed", ack.error_code.as_deref(), ack.message.as_deref()))
            }
        };
        // that it still runs may be said often
        let before = state.converted.insert(local.clone(), ack.status.clone());
        let is_news = before.as_ref() != Some(&ack.status) || ack.status != ConversionStatus::InProgress;
        let outcome = if is_news { Outcome::Installed } else { Outcome::Unchanged };
        MemberOutcome::done(Some(local), None, outcome, warning)
    });
    let members = members.collect();
    PartOutcome::of_members(ImportClass::ConversionAck, members)
}
