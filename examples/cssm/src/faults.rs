//! A scenario: late, twice, wrong, not at all.

use serde::Deserialize;
use slp_model::UnixSeconds;

use crate::settings::time;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// This HTTP status with a page of HTML, and nothing is done.
    Status(u16),
    /// Nothing comes back, and nothing is done.
    Silence,
    /// The work is done, and its answer is lost on the way.
    LostAnswer,
    /// The result is ready so many seconds later.
    Slow(u32),
    /// Everything in the result stands twice.
    Twice,
    /// The documents in the result are another device's.
    WrongDevice,
    /// The documents are signed with a key that nobody knows.
    Forged,
    /// The server's clock is so many seconds off.
    Clock(i64),
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// With which messages: the kinds of the push protocol (`hello`, `usage_reporting`, …), the calls of the cloud
    /// (`token`, `reportusage`, `authrequest`, `poll`, `summary`), `upload`, or `any`.
    #[serde(default = "any")]
    pub on: String,
    /// From when. Default: from the start.
    #[serde(default, deserialize_with = "time")]
    pub from: Option<UnixSeconds>,
    /// Until when, this second not included. Default: to the end.
    #[serde(default, deserialize_with = "time")]
    pub until: Option<UnixSeconds>,
    /// How often. Default: every time.
    pub times: Option<u32>,
}

fn any() -> String {
    "any".into()
}

impl Fault {
    /// This, with every message of this name, every time.
    pub fn new(kind: FaultKind, on: impl Into<String>) -> Self {
        Self { kind, on: on.into(), from: None, until: None, times: None }
    }

    /// The same, so often.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// The same, between these times.
    #[must_use]
    pub fn between(mut self, from: UnixSeconds, until: UnixSeconds) -> Self {
        (self.from, self.until) = (Some(from), Some(until));
        self
    }

    fn concerns(&self, message: &str, now: UnixSeconds) -> bool {
        (self.on == "any" || self.on == message)
            && self.from.is_none_or(|from| now >= from)
            && self.until.is_none_or(|until| now < until)
            && self.times != Some(0)
    }
}

/// Those that concern one message. Each of them is used up by one.
pub(crate) fn take(faults: &mut [Fault], message: &str, now: UnixSeconds) -> Vec<FaultKind> {
    let mut kinds = Vec::new();
    for fault in faults.iter_mut().filter(|fault| fault.concerns(message, now)) {
        fault.times = fault.times.map(|times| times - 1);
        kinds.push(fault.kind);
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_used_up_and_has_its_time() {
        let at = |seconds| UnixSeconds::new(seconds).unwrap();
        let mut faults = [
            Fault::new(FaultKind::Status(503), "poll").times(2),
            Fault::new(FaultKind::Silence, "any").between(at(10), at(20)),
        ];
        assert_eq!(take(&mut faults, "hello", at(5)), []);
        assert_eq!(take(&mut faults, "poll", at(5)), [FaultKind::Status(503)]);
        assert_eq!(take(&mut faults, "poll", at(10)), [FaultKind::Status(503), FaultKind::Silence]);
        assert_eq!(take(&mut faults, "poll", at(20)), []);
    }

    #[test]
    fn a_scenario_reads_from_toml() {
        let text = "faults = [{kind = {status = 503}, on = 'poll', times = 3}, {kind = 'twice', from = '2026-01-01T00:00:00Z'}]";
        let settings = crate::Settings::from_toml(text).unwrap();
        assert_eq!(settings.faults[0].kind, FaultKind::Status(503));
        assert_eq!(settings.faults[1].from.unwrap().to_string(), "2026-01-01T00:00:00Z");
    }
}
