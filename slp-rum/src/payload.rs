//! The payload text read: two generations, one view. Spec: rum, "Payload" and "Normalised view".

use std::borrow::Cow;

use slp_model::json::{Reader, ValueKind};
use slp_model::{Quoted, ReportId, tag};

use crate::borrowed::{Measurement, Signature, Sudi, UsageReport};
use crate::envelope::{Members, SignaturePlace, json_limits, missing, read_signature};
use crate::flaw::{Flaw, Layer, Notes, Path};
use crate::limits::ReadOptions;
use crate::report::{Generation, PayloadForm, ReportKind};
use crate::{ErrorKind, Snapshot, Tolerance};

mod measurement; // one measurement, as it stands
mod number; // integers that may be strings, times, counts
mod telemetry; // snapshots from pairs of measurements
mod unknown; // members that this version does not know, by path

use measurement::{Odd, read_measurement};
pub(crate) use telemetry::utc_offset;
pub(crate) use unknown::unknown_members;

const LAYER: Layer = Layer::Payload;

/// What a payload says.
#[derive(Debug)]
pub(crate) struct View<'t> {
    generation: Generation,
    kind: ReportKind,
    id: ReportId,
    device: Sudi<'t>,
    product_instance_id: Option<Cow<'t, str>>,
    software_tag: Cow<'t, str>,
    meta: Meta<'t>,
    inner_signature: Option<Signature<'t>>,
    measurements: Vec<Measurement<'t>>,
    snapshots: Vec<Snapshot>,
}

impl<'t> View<'t> {
    /// The report of this payload, without an envelope yet.
    pub(crate) fn into_report(self, raw: &'t str, form: PayloadForm) -> UsageReport<'t> {
        let newest = self.snapshots.iter().max_by_key(|one| one.end);
        let told = newest.and_then(|one| one.info.get("software_version")).map(|text| Cow::Owned(text.clone()));
        UsageReport {
            raw,
            form,
            header: None,
            outer_signature: None,
            envelope_extra: Vec::new(),
            generation: self.generation,
            kind: self.kind,
            id: self.id,
            device: self.device,
            product_instance_id: self.product_instance_id,
            software_tag: self.software_tag,
            entitlement_tag: self.meta.entitlement_tag,
            software_version: self.meta.software_version.or(told),
            utility_enabled: self.meta.utility_enabled,
            ha: self.meta.ha,
            inner_signature: self.inner_signature,
            measurements: self.measurements,
            snapshots: self.snapshots,
            index: 0,
            offset: 0,
            warnings: Vec::new(),
        }
    }
}

/// `asset_identification`.
#[derive(Debug, Default)]
struct Asset<'t> {
    at: usize,
    report_id: Option<ReportId>,
    name: Option<Cow<'t, str>>,
    device: Option<Sudi<'t>>,
    product_instance_id: Option<Cow<'t, str>>,
    signature: Option<Signature<'t>>,
}

/// `meta`.
#[derive(Debug, Default)]
struct Meta<'t> {
    at: usize,
    report_id: Option<ReportId>,
    entitlement_tag: Option<Cow<'t, str>>,
    software_version: Option<Cow<'t, str>>,
    utility_enabled: Option<bool>,
    report_type: Option<Cow<'t, str>>,
    ha: Vec<(Cow<'t, str>, Sudi<'t>)>,
}

/// The members of a payload, as they stand.
#[derive(Debug, Default)]
struct Parts<'t> {
    version: Option<Cow<'t, str>>,
    asset: Option<Asset<'t>>,
    signature: Option<Signature<'t>>,
    meta: Option<Meta<'t>>,
    measurements: Option<Vec<Measurement<'t>>>,
    /// Measurements that are not those of usage, by index.
    odd: Vec<Odd<'t>>,
    measurements_at: usize,
}

/// Reads a payload text. Offsets and paths of flaws and notes are those of this text.
pub(crate) fn read<'t>(text: &'t str, options: &ReadOptions, notes: &mut Notes<'_>) -> Result<View<'t>, Flaw> {
    let root = Path::ROOT;
    let blank = |character: char| matches!(character, ' ' | '\t' | '\r' | '\n');
    if text.starts_with(blank) || text.ends_with(blank) {
        let reason = "white space around the payload inside its string: kept, since the signature covers it";
        notes.take(Tolerance::PayloadSpace, LAYER, 0, &root, reason)?;
    }
    let mut reader = Reader::new(text, json_limits(options));
    let mut members = Members { reader: &mut reader, layer: LAYER };
    let mut parts = Parts::default();
    members.each(&root, |members, name, at| {
        let path = root.member(name);
        Ok(Some(match name {
            "version" => {
                parts.version = members.optional_string(&path, notes)?;
                0
            }
            "asset_identification" => {
                parts.asset = Some(read_asset(members, &path, options, notes)?);
                1
            }
            "signature" => {
                if !members.is_null(&path, notes)? {
                    parts.signature = Some(read_signature(members, &path, SignaturePlace::Inner, options, notes)?);
                }
                2
            }
            "meta" => {
                if !members.is_null(&path, notes)? {
                    parts.meta = Some(read_meta(members, &path, options, notes)?);
                }
                3
            }
            "measurements" => {
                parts.measurements_at = at;
                read_measurements(members, &path, options, notes, &mut parts)?;
                4
            }
            other => {
                members.skip(&root.member(other))?;
                return Ok(None);
            }
        }))
    })?;
    members.reader.end().map_err(|fault| Flaw::json(&fault, LAYER, &root))?;
    settle(parts, notes)
}

fn read_asset<'t>(
    members: &mut Members<'_, 't>,
    path: &Path<'_>,
    options: &ReadOptions,
    notes: &mut Notes<'_>,
) -> Result<Asset<'t>, Flaw> {
    let mut asset = Asset { at: members.reader.value_offset(), ..Asset::default() };
    members.each(path, |members, name, _| {
        let here = path.member(name);
        Ok(Some(match name {
            "report_id" => {
                if !members.is_null(&here, notes)? {
                    asset.report_id = Some(number::report_id(members, &here, notes)?);
                }
                0
            }
            "asset" => {
                members.each(&here, |members, name, _| match name {
                    "name" => {
                        let here = here.member(name);
                        let at = members.reader.value_offset();
                        let text = members.string(&here)?;
                        check_tag(&text, at, &here, notes)?;
                        asset.name = Some(text);
                        Ok(Some(0))
                    }
                    other => members.skip(&here.member(other)).map(|_| None),
                })?;
                1
            }
            "instance" => {
                members.each(&here, |members, name, _| match name {
                    "sudi" => {
                        asset.device = Some(members.sudi(&here.member(name), None)?);
                        Ok(Some(0))
                    }
                    "product_instance_identifier" => {
                        asset.product_instance_id = members.optional_string(&here.member(name), notes)?;
                        Ok(Some(1))
                    }
                    other => members.skip(&here.member(other)).map(|_| None),
                })?;
                2
            }
            "signature" => {
                if !members.is_null(&here, notes)? {
                    asset.signature = Some(read_signature(members, &here, SignaturePlace::Inner, options, notes)?);
                }
                3
            }
            other => {
                members.skip(&path.member(other))?;
                return Ok(None);
            }
        }))
    })?;
    Ok(asset)
}

fn read_meta<'t>(
    members: &mut Members<'_, 't>,
    path: &Path<'_>,
    options: &ReadOptions,
    notes: &mut Notes<'_>,
) -> Result<Meta<'t>, Flaw> {
    let mut meta = Meta { at: members.reader.value_offset(), ..Meta::default() };
    members.each(path, |members, name, _| {
        let here = path.member(name);
        Ok(Some(match name {
            "entitlement_tag" => {
                let at = members.reader.value_offset();
                meta.entitlement_tag =
                    members.optional_string(&here, notes)?.filter(|text| !text.trim_ascii().is_empty());
                if let Some(text) = &meta.entitlement_tag {
                    check_tag(text, at, &here, notes)?;
                }
                0
            }
            "report_id" => {
                if !members.is_null(&here, notes)? {
                    meta.report_id = Some(number::report_id(members, &here, notes)?);
                }
                1
            }
            "software_version" => {
                meta.software_version = members.optional_string(&here, notes)?;
                2
            }
            "utility_enabled" => {
                if members.kind(&here)? == ValueKind::Bool {
                    meta.utility_enabled = Some(members.reader.bool().map_err(|fault| members.flaw(&fault, &here))?);
                } else if !members.is_null(&here, notes)? {
                    let at = members.reader.value_offset();
                    members.skip(&here)?;
                    let reason = "`utility_enabled` is neither true nor false: taken as not stated";
                    notes.take(Tolerance::UtilityWord, LAYER, at, &here, reason)?;
                }
                3
            }
            "report_type" => {
                meta.report_type = members.optional_string(&here, notes)?;
                4
            }
            "ha_udi" => {
                if !members.is_null(&here, notes)? {
                    meta.ha = read_ha(members, &here, options, notes)?;
                }
                5
            }
            other => {
                members.skip(&path.member(other))?;
                return Ok(None);
            }
        }))
    })?;
    Ok(meta)
}

fn read_ha<'t>(
    members: &mut Members<'_, 't>,
    path: &Path<'_>,
    options: &ReadOptions,
    notes: &mut Notes<'_>,
) -> Result<Vec<(Cow<'t, str>, Sudi<'t>)>, Flaw> {
    let mut ha = Vec::new();
    let limit = options.limits.sudis_per_list;
    members.reader.begin_array().map_err(|fault| members.flaw(&fault, path))?;
    while members.reader.next_element().map_err(|fault| members.flaw(&fault, path))? {
        let here = path.index(ha.len());
        let start = members.reader.value_offset();
        if ha.len() >= limit {
            return Err(Flaw::limit(LAYER, start, path, "sudis_per_list", limit, "devices in one list"));
        }
        let (mut role, mut device) = (None, None);
        members.each(&here, |members, name, at| match name {
            "role" => {
                let word = members.string(&here.member(name))?;
                if !matches!(&*word, "Active" | "Standby" | "Member") {
                    let reason = format!("a role {} that is not known", Quoted(&word));
                    notes.take(Tolerance::UnknownWord, LAYER, at, &here.member(name), reason)?;
                }
                role = Some(word);
                Ok(Some(0))
            }
            "sudi" => {
                device = Some(members.sudi(&here.member(name), None)?);
                Ok(Some(1))
            }
            other => members.skip(&here.member(other)).map(|_| None),
        })?;
        let role = role.ok_or_else(|| missing(LAYER, start, &here, "role"))?;
        ha.push((role, device.ok_or_else(|| missing(LAYER, start, &here, "sudi"))?));
    }
    Ok(ha)
}

fn read_measurements<'t>(
    members: &mut Members<'_, 't>,
    path: &Path<'_>,
    options: &ReadOptions,
    notes: &mut Notes<'_>,
    parts: &mut Parts<'t>,
) -> Result<(), Flaw> {
    let limit = options.limits.measurements_per_report;
    let mut list = Vec::with_capacity(4);
    members.reader.begin_array().map_err(|fault| members.flaw(&fault, path))?;
    while members.reader.next_element().map_err(|fault| members.flaw(&fault, path))? {
        if list.len() >= limit {
            let at = members.reader.value_offset();
            return Err(Flaw::limit(LAYER, at, path, "measurements_per_report", limit, "measurements of one report"));
        }
        read_measurement(members, &path.index(list.len()), options, notes, &mut list, &mut parts.odd)?;
    }
    parts.measurements = Some(list);
    Ok(())
}

/// A tag that does not fit the grammar is opaque: kept, compared by its bytes.
fn check_tag(text: &str, at: usize, path: &Path<'_>, notes: &mut Notes<'_>) -> Result<(), Flaw> {
    let length = if text.len() <= 255 { text.trim_ascii().len() } else { text.trim_ascii().chars().count() };
    if length == 0 || length > 255 {
        let reason = format!("a tag of {length} characters: tags have 1 to 255");
        return Err(Flaw::new(ErrorKind::BadValue, LAYER, at, path, reason));
    }
    if tag::is_tag(text) {
        return Ok(());
    }
    let reason = format!("the tag {} does not fit the grammar of tags: taken as it is", Quoted(text));
    notes.take(Tolerance::TagForm, LAYER, at, path, reason)
}

/// From the members to a report: what has to be there, what contradicts, which generation and kind.
fn settle<'t>(parts: Parts<'t>, notes: &mut Notes<'_>) -> Result<View<'t>, Flaw> {
    let root = Path::ROOT;
    let (asset_path, meta_path) = (root.member("asset_identification"), root.member("meta"));
    let asset = parts.asset.ok_or_else(|| missing(LAYER, 0, &root, "asset_identification"))?;
    let meta = parts.meta.unwrap_or_default();
    let name_path = asset_path.member("asset");
    let software_tag = asset.name.ok_or_else(|| missing(LAYER, asset.at, &name_path, "name"))?;
    let instance = asset_path.member("instance");
    let device = asset.device.ok_or_else(|| missing(LAYER, asset.at, &instance, "sudi"))?;
    let id = match (asset.report_id, meta.report_id) {
        (None, None) => return Err(missing(LAYER, asset.at, &asset_path, "report_id")),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(one), Some(other)) if one == other => {
            let reason = "the report id stands in both places, equal";
            notes.take(Tolerance::IdInBoth, LAYER, meta.at, &meta_path.member("report_id"), reason)?;
            one
        }
        (Some(one), Some(other)) => {
            let reason = format!("the report id is {one} in asset_identification and {other} in meta");
            return Err(Flaw::new(ErrorKind::Inconsistent, LAYER, meta.at, &meta_path.member("report_id"), reason));
        }
    };
    let shape_is_v2 = asset.report_id.is_some();
    let generation = generation(parts.version, shape_is_v2, notes)?;
    let inner_signature = match (asset.signature, parts.signature) {
        (Some(_), Some(_)) => {
            let reason = "two inner signatures, one at the place of each generation";
            return Err(Flaw::new(ErrorKind::Inconsistent, LAYER, 0, &root.member("signature"), reason));
        }
        (one, other) => {
            let misplaced = if shape_is_v2 { one.is_some() } else { other.is_some() };
            if misplaced {
                let reason = "the inner signature stands at the place of the other generation: taken";
                let place = if shape_is_v2 { asset_path } else { root };
                notes.take(Tolerance::SignaturePlace, LAYER, asset.at, &place.member("signature"), reason)?;
            }
            one.or(other)
        }
    };
    let kind = ReportKind::of(meta.report_type.as_deref(), meta.entitlement_tag.is_some());
    if let (ReportKind::Other(_), Some(word)) = (&kind, &meta.report_type) {
        let reason = format!("a report of type {}, which is not known", Quoted(word));
        notes.take(Tolerance::UnknownWord, LAYER, meta.at, &meta_path.member("report_type"), reason)?;
    }
    if meta.entitlement_tag.is_none() && kind != ReportKind::Telemetry {
        let reason = "no entitlement tag, and it is not telemetry: read, but it counts for no licence";
        notes.take(Tolerance::NoTag, LAYER, meta.at, &meta_path.member("entitlement_tag"), reason)?;
    }
    if meta.ha.is_empty() {
        let reason = "no `ha_udi`: which devices belong together is not stated";
        notes.take(Tolerance::NoHa, LAYER, meta.at, &meta_path.member("ha_udi"), reason)?;
    }
    let at = parts.measurements_at;
    let measurements = parts.measurements.ok_or_else(|| missing(LAYER, 0, &root, "measurements"))?;
    if measurements.is_empty() {
        let reason = "a report without measurements";
        notes.take(Tolerance::NoMeasurements, LAYER, at, &root.member("measurements"), reason)?;
    }
    let (measurements, snapshots) = if kind == ReportKind::Telemetry {
        (Vec::new(), telemetry::snapshots(&measurements, parts.odd, at, notes)?)
    } else {
        for odd in &parts.odd {
            odd.note_in_usage(notes)?;
        }
        (measurements, Vec::new())
    };
    Ok(View {
        generation,
        kind,
        id,
        device,
        product_instance_id: asset.product_instance_id,
        software_tag,
        meta,
        inner_signature,
        measurements,
        snapshots,
    })
}

fn generation(version: Option<Cow<'_, str>>, shape_is_v2: bool, notes: &mut Notes<'_>) -> Result<Generation, Flaw> {
    let root = Path::ROOT;
    let path = root.member("version");
    match version {
        Some(word) if word.starts_with("2.") => Ok(Generation::V2),
        Some(word) => {
            let reason = format!("version {} is not known: read by its shape", Quoted(&word));
            notes.take(Tolerance::VersionUnknown, LAYER, 0, &path, reason)?;
            Ok(Generation::Other(word.into_owned()))
        }
        None if shape_is_v2 => {
            let reason = "the shape of the second generation without `version`: read as such";
            notes.take(Tolerance::VersionMissing, LAYER, 0, &path, reason)?;
            Ok(Generation::V2)
        }
        None => Ok(Generation::V1),
    }
}
