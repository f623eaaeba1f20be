//! One measurement by itself, and beside its neighbour: `RUM-CLOCK`, `RUM-NEGATIVE`, `RUM-EMPTY`, `RUM-SEQ`,
//! `RUM-INTERVAL`, `RUM-SAMPLES`, `RUM-COUNT`, `RUM-SUDI-DELTA`, `RUM-SUDI-COUNT`, `RUM-REASON`.

use slp_model::Severity::{self, Error, Info, Warning};
use slp_model::{Finding, Quoted, Seconds, Udi};

use super::{Checks, OfKind, many};
use crate::usage::{Attached, Kind, Report, Stored};

/// A greater change of the clock is a warning.
const HOUR: u64 = 3_600;
const DAMAGED: &str = "The file is damaged or the licensing agent is at fault. Collect the report once more.";
const NOTHING: &str = "Nothing to do.";

/// A measurement and where it stands.
#[derive(Clone, Copy)]
struct Place<'a, 'd> {
    device: &'d Udi,
    report: Report<'a>,
    number: usize,
    one: &'a Stored,
}

impl Place<'_, '_> {
    fn measurement(&self) -> u64 {
        u64::try_from(self.number).unwrap_or(u64::MAX)
    }

    /// `Measurement 2 of report 1671840750`.
    fn name(&self) -> String {
        format!("Measurement {} of report {}", self.number, self.report.id())
    }
}

impl<'a> Checks<'a> {
    pub(super) fn measurements(&mut self, device: &Udi, report: Report<'a>) {
        if report.record.kind == Kind::Telemetry {
            return;
        }
        self.kinds.clear();
        let mut before: Option<&Stored> = None;
        for (number, one) in report.measurements.iter().enumerate() {
            let place = Place { device, report, number, one };
            self.times_of(place);
            self.oddities(place);
            if let Some(before) = before.filter(|before| before.end != one.start) {
                self.sequence(place, one.start.since(before.end));
            }
            if one.terminated && number.saturating_add(1) < report.measurements.len() {
                let text = format!("{} says why the report ended, but others follow it.", place.name());
                self.at("RUM-REASON", Info, place, text, NOTHING, |finding| {
                    finding.with("measurement", place.measurement())
                });
            }
            before = Some(one);
        }
        self.attached(device, report);
        for kind in &self.kinds {
            if let (Some(last), 1..) = (self.findings.get_mut(kind.last), kind.more) {
                let others = many(kind.more, "more finding");
                last.message = format!("{} {others} of this kind in the report.", last.message);
                last.details.insert("more".into(), kind.more.into());
            }
        }
    }

    /// Raises a finding about one measurement, as long as there is room, and the first of its kind always.
    fn at(
        &mut self,
        id: &'static str,
        severity: Severity,
        place: Place<'a, '_>,
        text: String,
        remedy: &'static str,
        details: impl FnOnce(Finding) -> Finding,
    ) {
        let last = self.findings.len();
        match self.kinds.iter_mut().find(|kind| kind.id == id) {
            Some(kind) if self.room == 0 => {
                kind.more = kind.more.saturating_add(1);
                return;
            }
            Some(kind) => kind.last = last,
            None => self.kinds.push(OfKind { id, last, more: 0 }),
        }
        self.room = self.room.saturating_sub(1);
        let span = (place.one.start.min(place.one.end), place.one.start.max(place.one.end));
        let finding = self.about(id, severity, (place.device, place.report), Some(span), text, remedy);
        self.raise(details(finding));
    }

    fn times_of(&mut self, place: Place<'a, '_>) {
        let one = place.one;
        if one.start == one.end {
            let text = format!("{} starts and ends in the same second.", place.name());
            self.at("RUM-EMPTY", Info, place, text, NOTHING, |finding| {
                finding.with("measurement", place.measurement())
            });
        }
        if one.start > one.end {
            let text = format!("{} starts at {} and ends before that, at {}.", place.name(), one.start, one.end);
            let remedy = "The clock was set back, and the usage of that time is unknown. Check NTP on the device.";
            let delta = self.catalog.evidence.oddity(one).and_then(|oddity| oddity.delta);
            self.at("RUM-NEGATIVE", Error, place, text, remedy, |finding| {
                let finding = finding.with("start", one.start.get()).with("end", one.end.get());
                match delta {
                    Some(delta) => finding.with("delta", delta.get()),
                    None => finding,
                }
            });
        }
    }

    fn sequence(&mut self, place: Place<'a, '_>, distance: Seconds) {
        let length = Seconds::new(distance.get().saturating_abs()).human();
        let side = if distance.get() > 0 { "after" } else { "before" };
        let text = format!("{} starts {length} {side} the end of the one before it.", place.name());
        self.at("RUM-SEQ", Warning, place, text, DAMAGED, |finding| {
            finding.with("measurement", place.measurement()).with("seconds", distance.get())
        });
    }

    fn oddities(&mut self, place: Place<'a, '_>) {
        let Some(oddity) = self.catalog.evidence.oddity(place.one) else {
            return;
        };
        if let Some(delta) = oddity.delta {
            let change = delta.get().unsigned_abs();
            let severity = if change > HOUR { Warning } else { Info };
            let what = match delta.get() {
                0 => "a change of the clock by 0 s is reported".to_owned(),
                ..0 => format!("the clock of the device was set back by {change} s"),
                _ => format!("the clock of the device was set forward by {change} s"),
            };
            let text = format!("{}: {what}.", place.name());
            let remedy = "Check NTP on the device. Times are used as reported.";
            self.at("RUM-CLOCK", severity, place, text, remedy, |finding| {
                finding.with("delta", delta.get()).with("measurement", place.measurement())
            });
        }
        if let Some(interval) = oddity.interval {
            let span = place.one.end.since(place.one.start);
            let text = format!("{} claims a length of {interval}, but covers {span}.", place.name());
            self.at("RUM-INTERVAL", Warning, place, text, DAMAGED, |finding| {
                finding.with("interval", interval.get()).with("span", span.get())
            });
        }
        if let Some((samples, expected)) = oddity.samples {
            let text = format!("{} has {}, where about {expected} are usual.", place.name(), many(samples, "sample"));
            let remedy = "Sampling was interrupted: the count may be less exact.";
            self.at("RUM-SAMPLES", Info, place, text, remedy, |finding| {
                finding.with("samples", samples).with("expected", expected)
            });
        }
        if let Some(uncounted) = &oddity.uncounted {
            let reason = match (&uncounted.value_type, &uncounted.value) {
                _ if place.report.record.kind != Kind::Usage => "its report is of no known kind".to_owned(),
                _ if &*uncounted.metric != "ENTITLEMENT" => format!("it measures {}", Quoted(&uncounted.metric)),
                (Some(word), _) if &**word != "COUNT" => format!("its value is of type {}", Quoted(word)),
                _ => "it has no value".to_owned(),
            };
            let text = format!("{} is not counted: {reason}.", place.name());
            let remedy = "This usage is in no interval and no sum. Look at the report itself.";
            self.at("RUM-COUNT", Warning, place, text, remedy, |finding| {
                let details = [("type", &uncounted.value_type), ("value", &uncounted.value)];
                details.into_iter().fold(finding, |finding, (name, text)| match text {
                    Some(text) => finding.with(name, &**text),
                    None => finding,
                })
            });
        }
    }

    /// Follows the lists of attached devices through the report.
    fn attached(&mut self, device: &Udi, report: Report<'a>) {
        let Some(mut attached) = Attached::new(&self.catalog, report) else {
            return;
        };
        for (number, one) in report.measurements.iter().enumerate() {
            let place = Place { device, report, number, one };
            let mut wrong = Vec::new();
            let size = attached.step(&self.catalog, |member| wrong.push(member));
            for member in wrong {
                let text = format!("{} adds a device twice, or removes one that was not there.", place.name());
                let device = self.catalog.device_at(member);
                self.at("RUM-SUDI-DELTA", Info, place, text, "Nothing to do; the reported count is used.", |finding| {
                    finding.with("udi", device.map(ToString::to_string).unwrap_or_default())
                });
            }
            let size = u64::try_from(size).unwrap_or(u64::MAX);
            if one.counted && one.count != size {
                let devices = many(size, "attached device");
                let text = format!("{} counts {} and lists {devices}.", place.name(), one.count);
                let remedy = "The reported count is used. Compare it with the device.";
                self.at("RUM-SUDI-COUNT", Warning, place, text, remedy, |finding| {
                    finding.with("count", one.count).with("attached", size)
                });
            }
        }
    }
}
