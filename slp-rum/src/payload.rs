//! The payload text read: two generations, one view. Spec: rum, "Payload" and "Normalised view".

use std::borrow::Cow;

use slp_model::json::{Reader, ValueKind};
use slp_model::license::HaRole;
use slp_model::{Quoted, ReportId, tag};

use crate::borrowed::{Measurement, Place, Signature, Sudi, UsageReport};
use crate::envelope::{SignaturePlace, json_limits, read_signature};
use crate::flaw::{Flaw, Layer, Notes, Path};
use crate::members::Members;
use crate::report::{Generation, PayloadForm, ReportKind};
use crate::{ErrorKind, Snapshot, Tolerance};

mod inventory; // the JSON inside a `json_encode` value
mod measurement; // one measurement, as it stands
mod number; // integers that may be strings, times, counts
mod telemetry; // snapshots from pairs of measurements
mod typed; // `{type, value}` lists of telemetry
mod unknown; // members that this version does not know, by path

use measurement::{Odd, read_measurement};
pub(crate) use telemetry::utc_offset;
pub(crate) use unknown::unknown_members;

const LAYER: Layer = Layer::Payload;

/// What a payload says.
#[derive(Debug)]
struct View<'t> {
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
    fn into_report(self, raw: &'t str, form: PayloadForm) -> UsageReport<'t> {
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
            place: Place::default(),
            warnings: Vec::new(),
        }
    }
}

/// Something, and the offset of its text.
type Placed<T> = (usize, T);

/// `asset_identification`.
#[derive(Debug, Default)]
struct Asset<'t> {
    at: usize,
    report_id: Option<ReportId>,
    name: Option<Cow<'t, str>>,
    device: Option<Sudi<'t>>,
    product_instance_id: Option<Cow<'t, str>>,
    signature: Option<Placed<Signature<'t>>>,
}

/// `meta`.
#[derive(Debug, Default)]
struct Meta<'t> {
    at: usize,
    report_id: Option<Placed<ReportId>>,
    entitlement_tag: Option<Cow<'t, str>>,
    software_version: Option<Cow<'t, str>>,
    utility_enabled: Option<bool>,
    report_type: Option<Placed<Cow<'t, str>>>,
    ha: Vec<(Cow<'t, str>, Sudi<'t>)>,
    ha_at: Option<usize>,
}

/// The members of a payload, as they stand.
#[derive(Debug, Default)]
struct Parts<'t> {
    version: Option<Placed<Cow<'t, str>>>,
    asset: Option<Asset<'t>>,
    signature: Option<Placed<Signature<'t>>>,
    meta: Option<Meta<'t>>,
    measurements: Option<Vec<Measurement<'t>>>,
    /// Measurements that are not those of usage, by index.
    odd: Vec<Odd<'t>>,
    measurements_at: usize,
}

/// Reads a payload text. Offsets and paths of flaws and notes are those of this text.
pub(crate) fn read<'t>(text: &'t str, form: PayloadForm, notes: &mut Notes<'_>) -> Result<UsageReport<'t>, Flaw> {
    let root = Path::ROOT;
    let blank = |character: char| matches!(character, ' ' | '\t' | '\r' | '\n');
    if text.starts_with(blank) || text.ends_with(blank) {
        let reason = "white space around the payload inside its string: kept, since the signature covers it";
        notes.take(Tolerance::PayloadSpace, LAYER, 0, &root, reason)?;
    }
    let mut reader = Reader::new(text, json_limits(notes.options()));
    let mut members = Members { reader: &mut reader, layer: LAYER, notes: &mut *notes };
    let mut parts = Parts::default();
    members.each(&root, |members, name, at| {
        let path = root.member(name);
        Ok(Some(match name {
            "version" => {
                parts.version = members.optional_string(&path)?.map(|word| (at, word));
                0
            }
            "asset_identification" => {
                parts.asset = Some(read_asset(members, &path)?);
                1
            }
            "signature" => {
                parts.signature = inner_signature(members, &path)?;
                2
            }
            "meta" => {
                parts.meta = members.unless_null(&path, |members| read_meta(members, &path))?;
                3
            }
            "measurements" => {
                parts.measurements_at = at;
                read_measurements(members, &path, &mut parts)?;
                4
            }
            _ => return members.pass(&path),
        }))
    })?;
    members.reader.end().map_err(|fault| Flaw::json(&fault, LAYER, &root))?;
    settle(parts, text, notes).map(|view| view.into_report(text, form))
}

fn inner_signature<'t>(
    members: &mut Members<'_, 't, '_>,
    path: &Path<'_>,
) -> Result<Option<Placed<Signature<'t>>>, Flaw> {
    let at = members.reader.value_offset();
    let read = members.unless_null(path, |members| read_signature(members, path, SignaturePlace::Inner))?;
    Ok(read.map(|signature| (at, signature)))
}

fn read_asset<'t>(members: &mut Members<'_, 't, '_>, path: &Path<'_>) -> Result<Asset<'t>, Flaw> {
    let mut asset = Asset { at: members.reader.value_offset(), ..Asset::default() };
    members.each(path, |members, name, _| {
        let here = path.member(name);
        Ok(Some(match name {
            "report_id" => {
                asset.report_id = members.unless_null(&here, |members| number::report_id(members, &here))?;
                0
            }
            "asset" => {
                members.each(&here, |members, name, at| {
                    let here = here.member(name);
                    if name != "name" {
                        return members.pass(&here);
                    }
                    // A blank name is none.
                    let text = members.string(&here)?;
                    asset.name = Some(text).filter(|text| !text.trim_ascii().is_empty());
                    if let Some(text) = &asset.name {
                        check_tag(members, text, at, &here)?;
                    }
                    Ok(Some(0))
                })?;
                1
            }
            "instance" => {
                members.each(&here, |members, name, _| {
                    let here = here.member(name);
                    match name {
                        "sudi" => {
                            asset.device = Some(members.sudi(&here)?);
                            Ok(Some(0))
                        }
                        "product_instance_identifier" => {
                            asset.product_instance_id = members.optional_string(&here)?;
                            Ok(Some(1))
                        }
                        _ => members.pass(&here),
                    }
                })?;
                2
            }
            "signature" => {
                asset.signature = inner_signature(members, &here)?;
                3
            }
            _ => return members.pass(&here),
        }))
    })?;
    Ok(asset)
}

fn read_meta<'t>(members: &mut Members<'_, 't, '_>, path: &Path<'_>) -> Result<Meta<'t>, Flaw> {
    let mut meta = Meta { at: members.reader.value_offset(), ..Meta::default() };
    members.each(path, |members, name, at| {
        let here = path.member(name);
        Ok(Some(match name {
            "entitlement_tag" => {
                meta.entitlement_tag = members.optional_string(&here)?.filter(|text| !text.trim_ascii().is_empty());
                if let Some(text) = &meta.entitlement_tag {
                    check_tag(members, text, at, &here)?;
                }
                0
            }
            "report_id" => {
                let id = members.unless_null(&here, |members| number::report_id(members, &here))?;
                meta.report_id = id.map(|id| (at, id));
                1
            }
            "software_version" => {
                meta.software_version = members.optional_string(&here)?;
                2
            }
            "utility_enabled" => {
                meta.utility_enabled = members.unless_null(&here, |members| read_utility(members, &here))?.flatten();
                3
            }
            "report_type" => {
                meta.report_type = members.optional_string(&here)?.map(|word| (at, word));
                4
            }
            "ha_udi" => {
                meta.ha_at = Some(at);
                meta.ha = members.unless_null(&here, |members| read_ha(members, &here))?.unwrap_or_default();
                5
            }
            _ => return members.pass(&here),
        }))
    })?;
    Ok(meta)
}

fn read_utility(members: &mut Members<'_, '_, '_>, path: &Path<'_>) -> Result<Option<bool>, Flaw> {
    if members.kind(path)? == ValueKind::Bool {
        return members.reader.bool().map(Some).map_err(|fault| members.flaw(&fault, path));
    }
    let at = members.reader.value_offset();
    members.skip(path)?;
    let reason = "`utility_enabled` is neither true nor false: taken as not stated";
    members.notes.take(Tolerance::UtilityWord, LAYER, at, path, reason)?;
    Ok(None)
}

fn read_ha<'t>(members: &mut Members<'_, 't, '_>, path: &Path<'_>) -> Result<Vec<(Cow<'t, str>, Sudi<'t>)>, Flaw> {
    let mut ha = Vec::new();
    let limit = ("sudis_per_list", members.options().limits.sudis_per_list, "devices in one list");
    members.each_element(path, limit, |members, here| {
        let start = members.reader.value_offset();
        let (mut role, mut device) = (None, None);
        members.each(here, |members, name, at| {
            let here = here.member(name);
            match name {
                "role" => {
                    let word = members.string(&here)?;
                    members.word::<HaRole>(&word, at, &here, |word| format!("a role {word} that is not known"))?;
                    role = Some(word);
                    Ok(Some(0))
                }
                "sudi" => {
                    device = Some(members.sudi(&here)?);
                    Ok(Some(1))
                }
                _ => members.pass(&here),
            }
        })?;
        match (role, device) {
            (Some(role), Some(device)) => ha.push((role, device)),
            (None, _) => members.missing(start, here, "role")?,
            (_, None) => members.missing(start, here, "sudi")?,
        }
        Ok(())
    })?;
    Ok(ha)
}

fn read_measurements<'t>(
    members: &mut Members<'_, 't, '_>,
    path: &Path<'_>,
    parts: &mut Parts<'t>,
) -> Result<(), Flaw> {
    let most = members.options().limits.measurements_per_report;
    let mut list = Vec::with_capacity(4);
    let mut index = 0_usize;
    members.each_element(path, ("measurements_per_report", most, "measurements of one report"), |members, here| {
        let read = read_measurement(members, here, index, &mut parts.odd)?;
        index = index.saturating_add(1);
        list.extend(read);
        Ok(())
    })?;
    parts.measurements = Some(list);
    Ok(())
}

/// A tag that does not fit the grammar is opaque: kept, compared by its bytes. One that no tag can be is refused.
fn check_tag(members: &mut Members<'_, '_, '_>, text: &str, at: usize, path: &Path<'_>) -> Result<(), Flaw> {
    let length = if text.len() <= 255 { 0 } else { text.trim_ascii().chars().count() };
    if length > 255 {
        return members
            .refuse(ErrorKind::BadValue, at, path, || format!("a tag of {length} characters: tags have 1 to 255"));
    }
    if tag::is_tag(text) {
        return Ok(());
    }
    let reason = format!("the tag {} does not fit the grammar of tags: taken as it is", Quoted(text));
    members.notes.take(Tolerance::TagForm, LAYER, at, path, reason)
}

/// The flaw of a member that has to be there, once everything was read.
#[cold]
fn missing(at: usize, path: &Path<'_>, name: &'static str) -> Flaw {
    Flaw::new(ErrorKind::MissingMember, LAYER, at, path, format!("member \"{name}\" is missing"))
}

/// From the members to a report: what has to be there, what contradicts, which generation and kind.
fn settle<'t>(parts: Parts<'t>, text: &str, notes: &mut Notes<'_>) -> Result<View<'t>, Flaw> {
    let root = Path::ROOT;
    let (asset_path, meta_path) = (root.member("asset_identification"), root.member("meta"));
    let mut meta = parts.meta.unwrap_or_default();
    let report_type = meta.report_type.as_ref().map(|(_, word)| &**word);
    let kind = ReportKind::of(report_type, meta.entitlement_tag.is_some());
    let is_listed = parts.measurements.is_some();
    let list = parts.measurements.unwrap_or_default();
    let at = parts.measurements_at;
    if is_listed && list.is_empty() {
        let reason = "a report without measurements";
        notes.take(Tolerance::NoMeasurements, LAYER, at, &root.member("measurements"), reason)?;
    }
    let (measurements, snapshots) = if kind == ReportKind::Telemetry {
        meta.entitlement_tag = None; // it counts no licence, whatever it names
        (Vec::new(), telemetry::snapshots(&list, &parts.odd, text, at, notes)?)
    } else {
        parts.odd.iter().try_for_each(|odd| odd.note_in_usage(notes))?;
        (list, Vec::new())
    };
    // What is not there explains more than what contradicts, so it comes first.
    let asset = parts.asset.ok_or_else(|| missing(0, &root, "asset_identification"))?;
    let software_tag = asset.name.ok_or_else(|| missing(asset.at, &asset_path.member("asset"), "name"))?;
    let device = asset.device.ok_or_else(|| missing(asset.at, &asset_path.member("instance"), "sudi"))?;
    let id = asset.report_id.or(meta.report_id.map(|(_, id)| id));
    let id = id.ok_or_else(|| missing(asset.at, &asset_path, "report_id"))?;
    if !is_listed {
        return Err(missing(0, &root, "measurements"));
    }
    if let (Some(one), Some((at, other))) = (asset.report_id, meta.report_id) {
        let here = meta_path.member("report_id");
        if one != other {
            let reason = format!("the report id is {one} in asset_identification and {other} in meta");
            return Err(Flaw::new(ErrorKind::Inconsistent, LAYER, at, &here, reason));
        }
        notes.take(Tolerance::IdInBoth, LAYER, at, &here, "the report id stands in both places, equal")?;
    }
    let shape_is_v2 = asset.report_id.is_some();
    let generation = generation(parts.version, shape_is_v2, notes)?;
    let inner_signature = one_signature(asset.signature, parts.signature, shape_is_v2, notes)?;
    if let (ReportKind::Other(_), Some((at, word))) = (&kind, &meta.report_type) {
        let reason = format!("a report of type {}, which is not known", Quoted(word));
        notes.take(Tolerance::UnknownWord, LAYER, *at, &meta_path.member("report_type"), reason)?;
    }
    if meta.entitlement_tag.is_none() && kind != ReportKind::Telemetry {
        let reason = "no entitlement tag, and it is not telemetry: read, but it counts for no licence";
        notes.take(Tolerance::NoTag, LAYER, meta.at, &meta_path.member("entitlement_tag"), reason)?;
    }
    if meta.ha.is_empty() {
        let reason = "no `ha_udi`: which devices belong together is not stated";
        notes.take(Tolerance::NoHa, LAYER, meta.ha_at.unwrap_or(meta.at), &meta_path.member("ha_udi"), reason)?;
    }
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

fn generation(
    version: Option<Placed<Cow<'_, str>>>,
    shape_is_v2: bool,
    notes: &mut Notes<'_>,
) -> Result<Generation, Flaw> {
    let root = Path::ROOT;
    let path = root.member("version");
    match version {
        Some((_, word)) if word.starts_with("2.") => Ok(Generation::V2),
        Some((at, word)) => {
            let reason = format!("version {} is not known: read by its shape", Quoted(&word));
            notes.take(Tolerance::VersionUnknown, LAYER, at, &path, reason)?;
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

/// The inner signature, which has a place in each generation: at the one of the other it is a deviation.
fn one_signature<'t>(
    in_asset: Option<Placed<Signature<'t>>>,
    at_root: Option<Placed<Signature<'t>>>,
    shape_is_v2: bool,
    notes: &mut Notes<'_>,
) -> Result<Option<Signature<'t>>, Flaw> {
    let root = Path::ROOT;
    let asset_path = root.member("asset_identification");
    let (at, signature, parent) = match (in_asset, at_root) {
        (None, None) => return Ok(None),
        (Some(_), Some((at, _))) => {
            let reason = "two inner signatures, one at the place of each generation";
            return Err(Flaw::new(ErrorKind::Inconsistent, LAYER, at, &root.member("signature"), reason));
        }
        (Some((at, signature)), None) if shape_is_v2 => (at, signature, asset_path),
        (None, Some((at, signature))) if !shape_is_v2 => (at, signature, root),
        (Some((_, signature)), None) | (None, Some((_, signature))) => return Ok(Some(signature)),
    };
    let reason = "the inner signature stands at the place of the other generation: taken";
    notes.take(Tolerance::SignaturePlace, LAYER, at, &parent.member("signature"), reason)?;
    Ok(Some(signature))
}
