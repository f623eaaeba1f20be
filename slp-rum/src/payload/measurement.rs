//! One measurement, as it stands. Spec: rum, "Measurement".

use std::borrow::Cow;

use slp_model::Seconds;
use slp_model::json::ValueKind;
use slp_model::license::{CloseReason, MetricName, TerminationReason, ValueType};
use slp_model::open_enum::OpenEnum;

use super::LAYER;
use super::number::{self, Usual};
use super::typed::{Typed, read_typed_list};
use crate::Tolerance;
use crate::borrowed::{Measurement, Sudi};
use crate::flaw::{Flaw, Notes, Path};
use crate::members::Members;

/// What is not usual in a measurement of usage: whether it is a deviation is known only when the kind of the report is.
#[derive(Debug)]
pub(super) struct Odd<'t> {
    pub(super) index: usize,
    pub(super) at: usize,
    /// `meta` as an array of `{type, value}`.
    pub(super) meta: Option<Vec<Typed<'t>>>,
    /// `values`.
    pub(super) values: Option<Vec<Typed<'t>>>,
    has_value: bool,
    /// What `value` lacks, and where it stands.
    lacks: Option<(&'static str, usize)>,
    missing: Vec<&'static str>,
    meta_is_object: bool,
}

impl Odd<'_> {
    fn new(index: usize, at: usize) -> Self {
        Self {
            index,
            at,
            meta: None,
            values: None,
            has_value: false,
            lacks: None,
            missing: Vec::new(),
            meta_is_object: false,
        }
    }

    /// A measurement in which nothing is unusual for usage. In telemetry that is unusual.
    pub(super) fn usual(index: usize, at: usize) -> Self {
        Self { has_value: true, ..Self::new(index, at) }
    }

    fn take(&self, notes: &mut Notes<'_>, tolerance: Tolerance, name: &str, reason: &str) -> Result<(), Flaw> {
        let root = Path::ROOT;
        let list = root.member("measurements");
        notes.take(tolerance, LAYER, self.at, &list.index(self.index).member(name), reason)
    }

    /// Notes what a report of usage should have otherwise.
    pub(super) fn note_in_usage(&self, notes: &mut Notes<'_>) -> Result<(), Flaw> {
        if self.meta.is_some() {
            self.take(notes, Tolerance::MetaShape, "meta", "`meta` is an array in a report of usage: not read")?;
        }
        if self.has_value == self.values.is_some() {
            let reason =
                if self.has_value { "`value` and `values` both: not counted" } else { "no value: not counted" };
            self.take(notes, Tolerance::ValueShape, "value", reason)?;
        } else if self.values.is_some() {
            self.take(notes, Tolerance::ValueShape, "values", "`values` in a report of usage: not counted")?;
        } else if let Some((name, at)) = self.lacks {
            let root = Path::ROOT;
            let list = root.member("measurements");
            let one = list.index(self.index);
            let reason = format!("a value without {name}: kept, not counted");
            notes.take(Tolerance::ValueShape, LAYER, at, &one.member("value"), reason)?;
        }
        let missing =
            |name: &&str| self.take(notes, Tolerance::MeasurementMember, name, "missing: taken as not stated");
        self.missing.iter().try_for_each(missing)
    }

    /// Notes what a report of telemetry should have otherwise.
    pub(super) fn note_in_telemetry(&self, notes: &mut Notes<'_>) -> Result<(), Flaw> {
        if self.meta_is_object {
            self.take(notes, Tolerance::MetaShape, "meta", "`meta` is an object in telemetry: not read")?;
        }
        if self.has_value || self.values.is_none() {
            self.take(notes, Tolerance::ValueShape, "values", "telemetry without `values`, or with a `value` too")?;
        }
        Ok(())
    }
}

/// Reads one measurement, and what is unusual in it. `None` when the report is refused for a member of it.
pub(super) fn read_measurement<'t>(
    members: &mut Members<'_, 't, '_>,
    path: &Path<'_>,
    index: usize,
    odds: &mut Vec<Odd<'t>>,
) -> Result<Option<Measurement<'t>>, Flaw> {
    let at = members.reader.value_offset();
    let mut odd = Odd::new(index, at);
    let mut meta = MeasurementMeta::default();
    let mut value = Value::default();
    let (mut log_time, mut length, mut samples) = (None, None, None);
    let (mut metric, mut start, mut end) = (None, None, None);
    members.each(path, |members, name, at| {
        let here = path.member(name);
        Ok(Some(match name {
            "log_time" => {
                log_time = Some(members.unless_null(&here, |members| number::time(members, &here))?.flatten());
                0
            }
            "metric_name" => {
                let word = members.string(&here)?;
                members.word::<MetricName>(&word, at, &here, |word| {
                    format!("a metric {word} that is not known: not counted")
                })?;
                metric = Some(word);
                1
            }
            "start_time" => {
                start = Some(number::time(members, &here)?);
                2
            }
            "end_time" => {
                end = Some(number::time(members, &here)?);
                3
            }
            "sample_interval" => {
                let read = |members: &mut Members<'_, 't, '_>| number::signed(members, &here, Usual::Number);
                length = Some(members.unless_null(&here, read)?.map(Seconds::new));
                4
            }
            "num_samples" => {
                samples = Some(members.unless_null(&here, |members| number::unsigned(members, &here))?);
                5
            }
            "meta" => {
                if members.kind(&here)? == ValueKind::Array {
                    odd.meta = Some(read_typed_list(members, &here)?);
                } else if let Some(read) = members.unless_null(&here, |members| read_meta(members, &here))? {
                    (odd.meta_is_object, meta) = (true, read);
                }
                6
            }
            "value" => {
                if let Some(read) = members.unless_null(&here, |members| read_value(members, &here))? {
                    (odd.has_value, value) = (true, read);
                    odd.lacks = value.lacks.map(|name| (name, at));
                }
                7
            }
            "values" => {
                odd.values = members.unless_null(&here, |members| read_typed_list(members, &here))?;
                8
            }
            _ => return members.pass(&here),
        }))
    })?;
    let absent =
        [("log_time", log_time.is_none()), ("sample_interval", length.is_none()), ("num_samples", samples.is_none())];
    odd.missing.extend(absent.into_iter().filter_map(|(name, is_absent)| is_absent.then_some(name)));
    if odd.values.is_some() {
        value = Value::default(); // which of the two counts is not known: neither does
    }
    let is_usual =
        odd.has_value && odd.meta.is_none() && odd.values.is_none() && odd.lacks.is_none() && odd.missing.is_empty();
    if !is_usual {
        odds.push(odd);
    }
    for (name, is_there) in
        [("metric_name", metric.is_some()), ("start_time", start.is_some()), ("end_time", end.is_some())]
    {
        if !is_there {
            members.missing(at, path, name)?;
        }
    }
    let (Some(metric), Some(start), Some(end)) = (metric, start.flatten(), end.flatten()) else {
        return Ok(None);
    };
    Ok(Some(Measurement {
        log_time: log_time.flatten(),
        metric,
        start,
        end,
        length: length.flatten(),
        samples: samples.flatten(),
        value_type: value.kind,
        value: value.text,
        count: value.count,
        clock_delta: meta.clock_delta,
        termination: meta.termination,
        close: meta.close,
        added: meta.added,
        removed: meta.removed,
    }))
}

#[derive(Default)]
struct Value<'t> {
    kind: Option<Cow<'t, str>>,
    text: Option<Cow<'t, str>>,
    count: Option<u64>,
    /// What is not there of a type and, for a count, its number. A member that is null is there, and says nothing.
    lacks: Option<&'static str>,
}

fn read_value<'t>(members: &mut Members<'_, 't, '_>, path: &Path<'_>) -> Result<Value<'t>, Flaw> {
    let (mut kind, mut text) = (None, None);
    members.each(path, |members, name, at| {
        let here = path.member(name);
        Ok(Some(match name {
            "type" => {
                let word = members.optional_string(&here)?;
                if let Some(word) = &word {
                    members.word::<ValueType>(word, at, &here, |word| {
                        format!("a value of type {word}: kept, not counted")
                    })?;
                }
                kind = Some(word);
                0
            }
            "value" => {
                let read = |members: &mut Members<'_, 't, '_>| number::integer_text(members, &here, Usual::String);
                text = Some((at, members.unless_null(&here, read)?));
                1
            }
            _ => return members.pass(&here),
        }))
    })?;
    let is_count = kind.iter().flatten().any(|kind| ValueType::known(kind) == Some(ValueType::Count));
    let lacks = match kind {
        None => Some("a type"),
        Some(_) if text.is_none() && is_count => Some("a number"),
        Some(_) => None,
    };
    let count = match &text {
        Some((at, Some(text))) if is_count => number::count(members, text, *at, &path.member("value"))?,
        _ => None,
    };
    Ok(Value { kind: kind.flatten(), text: text.and_then(|(_, text)| text), count, lacks })
}

#[derive(Default)]
struct MeasurementMeta<'t> {
    clock_delta: Option<Seconds>,
    termination: Option<Cow<'t, str>>,
    close: Option<Cow<'t, str>>,
    added: Option<Vec<Sudi<'t>>>,
    removed: Option<Vec<Sudi<'t>>>,
}

fn read_meta<'t>(members: &mut Members<'_, 't, '_>, path: &Path<'_>) -> Result<MeasurementMeta<'t>, Flaw> {
    let mut meta = MeasurementMeta::default();
    members.each(path, |members, name, _| {
        let here = path.member(name);
        Ok(Some(match name {
            "termination_reason" => {
                meta.termination = read_reason(members, &here)?;
                0
            }
            "close_reason" => {
                meta.close = read_reason(members, &here)?;
                1
            }
            "clock_change_delta" => {
                let read = |members: &mut Members<'_, 't, '_>| number::signed(members, &here, Usual::String);
                meta.clock_delta = members.unless_null(&here, read)?.map(Seconds::new);
                2
            }
            "added_sudi_list" => {
                meta.added = members.unless_null(&here, |members| read_sudis(members, &here))?;
                3
            }
            "removed_sudi_list" => {
                meta.removed = members.unless_null(&here, |members| read_sudis(members, &here))?;
                4
            }
            _ => return members.pass(&here),
        }))
    })?;
    Ok(meta)
}

/// Either reason: their words are one list. Spec: rum, "Enumerations".
fn read_reason<'t>(members: &mut Members<'_, 't, '_>, path: &Path<'_>) -> Result<Option<Cow<'t, str>>, Flaw> {
    let at = members.reader.value_offset();
    let word = members.optional_string(path)?;
    if let Some(word) = word.as_deref().filter(|word| CloseReason::known(word).is_none()) {
        members.word::<TerminationReason>(word, at, path, |word| format!("a reason {word} that is not known"))?;
    }
    Ok(word)
}

fn read_sudis<'t>(members: &mut Members<'_, 't, '_>, path: &Path<'_>) -> Result<Vec<Sudi<'t>>, Flaw> {
    let mut list = Vec::new();
    let limit = ("sudis_per_list", members.options().limits.sudis_per_list, "devices in one list");
    members.each_element(path, limit, |members, here| {
        list.push(members.sudi(here)?);
        Ok(())
    })?;
    Ok(list)
}
