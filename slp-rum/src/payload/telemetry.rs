//! Snapshots from pairs of telemetry measurements. Spec: rum, "Telemetry reports".

use std::collections::BTreeMap;

use slp_model::json::{Fault, FaultKind};

use super::LAYER;
use super::inventory::{Broken, read_inventory};
use super::measurement::Odd;
use super::typed::{INVENTORY, Typed};
use crate::borrowed::Measurement;
use crate::flaw::{Flaw, Note, Notes, Path};
use crate::text::EscapeCursor;
use crate::{Snapshot, Tolerance};

/// Joins the measurements of a telemetry report by their key, in order of appearance. `text` is the payload.
pub(super) fn snapshots(
    measurements: &[Measurement<'_>],
    odd: &[Odd<'_>],
    text: &str,
    at: usize,
    notes: &mut Notes<'_>,
) -> Result<Vec<Snapshot>, Flaw> {
    let mut found: Vec<Snapshot> = Vec::new();
    let mut index_of: BTreeMap<Box<str>, u32> = BTreeMap::new();
    let mut room = notes.options().limits.inventory_items;
    let mut odd = odd.iter().peekable();
    for (number, measurement) in measurements.iter().enumerate() {
        let usual = Odd::usual(number, at);
        let odd = odd.next_if(|odd| odd.index == number).unwrap_or(&usual);
        odd.note_in_telemetry(notes)?;
        let value_of = |list: &Option<Vec<Typed<'_>>>| {
            list.iter().flatten().find(|one| one.kind == "report_id").map(|one| one.value.to_string())
        };
        let key =
            value_of(&odd.meta).or_else(|| value_of(&odd.values)).unwrap_or_else(|| measurement.end.get().to_string());
        // a report has fewer measurements than bytes, and these are bounded
        let next = u32::try_from(found.len()).unwrap_or(u32::MAX);
        let index = usize::try_from(*index_of.entry(key.as_str().into()).or_insert(next)).unwrap_or(usize::MAX);
        if index == found.len() {
            found.push(Snapshot {
                key,
                start: measurement.start,
                end: measurement.end,
                log_time: measurement.log_time,
                info: BTreeMap::new(),
                utc_offset: None,
                inventory: Vec::new(),
            });
        }
        if let Some(snapshot) = found.get_mut(index) {
            take_values(snapshot, odd, text, &mut room, notes)?;
        }
    }
    Ok(found)
}

fn take_values(
    snapshot: &mut Snapshot,
    odd: &Odd<'_>,
    text: &str,
    room: &mut usize,
    notes: &mut Notes<'_>,
) -> Result<(), Flaw> {
    for one in odd.values.iter().flatten() {
        match &*one.kind {
            "report_id" => {}
            INVENTORY => match read_inventory(&one.value, *room, &notes.options().limits) {
                Ok(items) => {
                    *room = room.saturating_sub(items.len());
                    snapshot.inventory.extend(items);
                }
                Err(broken) => note_inventory(odd.index, one, &broken, text, notes)?,
            },
            other => {
                if other == "timezone" {
                    snapshot.utc_offset = utc_offset(&one.value);
                }
                snapshot.info.insert(other.to_owned(), one.value.clone().into_owned());
            }
        }
    }
    Ok(())
}

/// An inventory that does not parse is left out. One that is beyond a limit costs the report.
#[cold]
fn note_inventory(
    index: usize,
    one: &Typed<'_>,
    broken: &Broken,
    payload: &str,
    notes: &mut Notes<'_>,
) -> Result<(), Flaw> {
    let inner = broken.fault.offset();
    let literal = one.at.saturating_add(1);
    let offset = EscapeCursor::default().locate(payload.get(literal..).unwrap_or_default(), inner);
    let offset = literal.saturating_add(offset);
    let root = Path::ROOT;
    let list = root.member("measurements");
    let measurement = list.index(index);
    let values = measurement.member("values");
    let entry = values.index(one.index);
    broken.with_path(&entry.text(INVENTORY), |path| {
        if matches!(broken.fault.kind(), FaultKind::Limit(_)) {
            let fault = Fault::new(broken.fault.kind(), offset, broken.fault.message().to_owned());
            return Err(Flaw::json(&fault, LAYER, path).within(inner));
        }
        notes.take_note(Note {
            tolerance: Tolerance::InventoryJson,
            layer: LAYER,
            offset,
            inner: Some(inner),
            path: path.to_string(),
            text: format!("the inventory inside does not parse ({}): left out", broken.fault.message()),
        })
    })
}

/// Seconds east of GMT, printed as an unsigned number of 64 bits.
pub(crate) fn utc_offset(text: &str) -> Option<i32> {
    let value = text.parse::<u64>().map(u64::cast_signed).or_else(|_| text.parse::<i64>()).ok()?;
    i32::try_from(value).ok().filter(|offset| offset.unsigned_abs() <= 86_400)
}

#[cfg(test)]
mod tests {
    use super::utc_offset;

    #[test]
    fn a_time_zone_wraps_below_zero() {
        assert_eq!(utc_offset("18446744073709526416"), Some(-25_200));
        assert_eq!(utc_offset("3600"), Some(3_600));
        assert_eq!(utc_offset("-3600"), Some(-3_600));
        assert_eq!(utc_offset("99999999"), None);
        assert_eq!(utc_offset("PST"), None);
    }
}
