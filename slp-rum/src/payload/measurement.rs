//! One measurement, as it stands. Spec: rum, "Measurement".

use std::borrow::Cow;

use slp_model::json::ValueKind;
use slp_model::{Quoted, Seconds};

use super::LAYER;
use super::number::{self, Usual};
use crate::Tolerance;
use crate::borrowed::{Measurement, Sudi};
use crate::envelope::{Members, missing};
use crate::flaw::{Flaw, Notes, Path};
use crate::limits::ReadOptions;

/// `{type, value}` with the offset of its value.
pub(super) type Typed<'t> = (Cow<'t, str>, Cow<'t, str>, usize);

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
    missing: Option<&'static str>,
    meta_is_object: bool,
}

impl Odd<'_> {
    /// A measurement in which nothing is unusual for usage. In telemetry that is unusual.
    pub(super) fn usual(index: usize, at: usize) -> Self {
        Self { index, at, meta: None, values: None, has_value: true, missing: None, meta_is_object: false }
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
        }
        match self.missing {
            Some(name) => self.take(notes, Tolerance::MeasurementMember, name, "missing: taken as not stated"),
            None => Ok(()),
        }
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

/// Reads one measurement, and what is unusual in it.
#[expect(clippy::too_many_lines, reason = "one arm a member, in the order of the wire")]
pub(super) fn read_measurement<'t>(
    members: &mut Members<'_, 't>,
    path: &Path<'_>,
    options: &ReadOptions,
    notes: &mut Notes<'_>,
    list: &mut Vec<Measurement<'t>>,
    odds: &mut Vec<Odd<'t>>,
) -> Result<(), Flaw> {
    let at = members.reader.value_offset();
    let mut odd =
        Odd { index: list.len(), at, meta: None, values: None, has_value: false, missing: None, meta_is_object: false };
    let mut meta = MeasurementMeta::default();
    let mut value = Value::default();
    let (mut log_time, mut metric, mut start, mut end, mut length, mut samples) = (None, None, None, None, None, None);
    members.each(path, |members, name, _| {
        let here = path.member(name);
        Ok(Some(match name {
            "log_time" => {
                if !members.is_null(&here, notes)? {
                    log_time = Some(number::time(members, &here, notes)?);
                }
                0
            }
            "metric_name" => {
                metric = Some((members.reader.value_offset(), members.string(&here)?));
                1
            }
            "start_time" => {
                start = Some(number::time(members, &here, notes)?);
                2
            }
            "end_time" => {
                end = Some(number::time(members, &here, notes)?);
                3
            }
            "sample_interval" => {
                if !members.is_null(&here, notes)? {
                    length = Some(Seconds::new(number::signed(members, &here, notes, Usual::Number)?));
                }
                4
            }
            "num_samples" => {
                if !members.is_null(&here, notes)? {
                    samples = Some(number::unsigned(members, &here, notes)?);
                }
                5
            }
            "meta" => {
                match members.kind(&here)? {
                    ValueKind::Array => odd.meta = Some(read_typed_list(members, &here, options)?),
                    _ if members.is_null(&here, notes)? => {}
                    _ => {
                        odd.meta_is_object = true;
                        meta = read_meta(members, &here, options, notes)?;
                    }
                }
                6
            }
            "value" => {
                if !members.is_null(&here, notes)? {
                    odd.has_value = true;
                    value = read_value(members, &here, notes)?;
                }
                7
            }
            "values" => {
                if !members.is_null(&here, notes)? {
                    odd.values = Some(read_typed_list(members, &here, options)?);
                }
                8
            }
            other => {
                members.skip(&path.member(other))?;
                return Ok(None);
            }
        }))
    })?;
    let metric = metric.ok_or_else(|| missing(LAYER, at, path, "metric_name"))?;
    if !matches!(&*metric.1, "ENTITLEMENT" | "Telemetry Meta Info" | "hardware_inventory" | "TELEMETRY") {
        let reason = format!("a metric {} that is not known: not counted", Quoted(&metric.1));
        notes.take(Tolerance::UnknownWord, LAYER, metric.0, &path.member("metric_name"), reason)?;
    }
    odd.missing =
        [("log_time", log_time.is_none()), ("sample_interval", length.is_none()), ("num_samples", samples.is_none())]
            .into_iter()
            .find_map(|(name, is_missing)| is_missing.then_some(name));
    let usual = odd.has_value && odd.meta.is_none() && odd.values.is_none() && odd.missing.is_none();
    if odd.values.is_some() {
        value = Value::default(); // which of the two counts is not known: neither does
    }
    list.push(Measurement {
        log_time,
        metric: metric.1,
        start: start.ok_or_else(|| missing(LAYER, at, path, "start_time"))?,
        end: end.ok_or_else(|| missing(LAYER, at, path, "end_time"))?,
        length,
        samples,
        value_type: value.kind,
        value: value.text,
        count: value.count,
        clock_delta: meta.clock_delta,
        termination: meta.termination,
        close: meta.close,
        added: meta.added,
        removed: meta.removed,
    });
    if !usual {
        odds.push(odd);
    }
    Ok(())
}

#[derive(Default)]
struct Value<'t> {
    kind: Option<Cow<'t, str>>,
    text: Option<Cow<'t, str>>,
    count: Option<u64>,
}

fn read_value<'t>(members: &mut Members<'_, 't>, path: &Path<'_>, notes: &mut Notes<'_>) -> Result<Value<'t>, Flaw> {
    let start = members.reader.value_offset();
    let mut at = start;
    let mut value = Value::default();
    members.each(path, |members, name, _| {
        let here = path.member(name);
        Ok(Some(match name {
            "type" => {
                value.kind = Some(members.string(&here)?);
                0
            }
            "value" => {
                at = members.reader.value_offset();
                value.text = Some(number::integer_text(members, &here, notes, Usual::String)?);
                1
            }
            other => {
                members.skip(&path.member(other))?;
                return Ok(None);
            }
        }))
    })?;
    match value.kind.as_deref() {
        None => return Err(missing(LAYER, start, path, "type")),
        Some("COUNT") => {
            let text = value.text.as_deref().ok_or_else(|| missing(LAYER, start, path, "value"))?;
            value.count = Some(number::count(text, at, &path.member("value"))?);
        }
        Some(word) => {
            let reason = format!("a value of type {}: kept, not counted", Quoted(word));
            notes.take(Tolerance::UnknownWord, LAYER, start, &path.member("type"), reason)?;
        }
    }
    Ok(value)
}

#[derive(Default)]
struct MeasurementMeta<'t> {
    clock_delta: Option<Seconds>,
    termination: Option<Cow<'t, str>>,
    close: Option<Cow<'t, str>>,
    added: Option<Vec<Sudi<'t>>>,
    removed: Option<Vec<Sudi<'t>>>,
}

fn read_meta<'t>(
    members: &mut Members<'_, 't>,
    path: &Path<'_>,
    options: &ReadOptions,
    notes: &mut Notes<'_>,
) -> Result<MeasurementMeta<'t>, Flaw> {
    let mut meta = MeasurementMeta::default();
    members.each(path, |members, name, at| {
        let here = path.member(name);
        let reason = |members: &mut Members<'_, 't>, notes: &mut Notes<'_>| {
            let word = members.optional_string(&here, notes)?;
            if let Some(word) =
                word.as_deref().filter(|word| !matches!(*word, "CurrentUsageRequested" | "ProductReload"))
            {
                let reason = format!("a reason {} that is not known", Quoted(word));
                notes.take(Tolerance::UnknownWord, LAYER, at, &here, reason)?;
            }
            Ok::<_, Flaw>(word)
        };
        Ok(Some(match name {
            "termination_reason" => {
                meta.termination = reason(members, notes)?;
                0
            }
            "close_reason" => {
                meta.close = reason(members, notes)?;
                1
            }
            "clock_change_delta" => {
                if !members.is_null(&here, notes)? {
                    meta.clock_delta = Some(Seconds::new(number::signed(members, &here, notes, Usual::String)?));
                }
                2
            }
            "added_sudi_list" => {
                if !members.is_null(&here, notes)? {
                    meta.added = Some(read_sudis(members, &here, options)?);
                }
                3
            }
            "removed_sudi_list" => {
                if !members.is_null(&here, notes)? {
                    meta.removed = Some(read_sudis(members, &here, options)?);
                }
                4
            }
            other => {
                members.skip(&path.member(other))?;
                return Ok(None);
            }
        }))
    })?;
    Ok(meta)
}

fn read_sudis<'t>(
    members: &mut Members<'_, 't>,
    path: &Path<'_>,
    options: &ReadOptions,
) -> Result<Vec<Sudi<'t>>, Flaw> {
    let limit = options.limits.sudis_per_list;
    let mut list = Vec::new();
    members.reader.begin_array().map_err(|fault| members.flaw(&fault, path))?;
    while members.reader.next_element().map_err(|fault| members.flaw(&fault, path))? {
        if list.len() >= limit {
            let at = members.reader.value_offset();
            return Err(Flaw::limit(LAYER, at, path, "sudis_per_list", limit, "devices in one list"));
        }
        list.push(members.sudi(&path.index(list.len()), None)?);
    }
    Ok(list)
}

/// `[{type, value}, …]` of telemetry. A value may be a whole inventory, and has a limit of its own.
fn read_typed_list<'t>(
    members: &mut Members<'_, 't>,
    path: &Path<'_>,
    options: &ReadOptions,
) -> Result<Vec<Typed<'t>>, Flaw> {
    let limit = options.limits.measurements_per_report;
    let mut list = Vec::new();
    members.reader.begin_array().map_err(|fault| members.flaw(&fault, path))?;
    while members.reader.next_element().map_err(|fault| members.flaw(&fault, path))? {
        let here = path.index(list.len());
        let start = members.reader.value_offset();
        if list.len() >= limit {
            return Err(Flaw::limit(LAYER, start, path, "measurements_per_report", limit, "values of one measurement"));
        }
        let (mut kind, mut value, mut at) = (None, None, start);
        members.each(&here, |members, name, _| {
            let path = here.member(name);
            Ok(Some(match name {
                "type" => {
                    kind = Some(members.string(&path)?);
                    0
                }
                "value" => {
                    at = members.reader.value_offset();
                    let limit = options.limits.json_encode_bytes;
                    let text = members.reader.string_within(limit, "json_encode");
                    value = Some(text.map_err(|fault| members.flaw(&fault, &path))?);
                    1
                }
                other => {
                    members.skip(&here.member(other))?;
                    return Ok(None);
                }
            }))
        })?;
        let kind = kind.ok_or_else(|| missing(LAYER, start, &here, "type"))?;
        list.push((kind, value.ok_or_else(|| missing(LAYER, start, &here, "value"))?, at));
    }
    Ok(list)
}
