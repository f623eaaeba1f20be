//! Snapshots from pairs of telemetry measurements. Spec: rum, "Telemetry reports".

use std::collections::BTreeMap;

use slp_model::json::{Fault, Limits, Reader};

use super::LAYER;
use super::measurement::{Odd, Typed};
use crate::borrowed::Measurement;
use crate::flaw::{Flaw, Notes, Path};
use crate::measurement::InventoryItem;
use crate::{Snapshot, Tolerance};

/// Joins the measurements of a telemetry report by their key, in order of appearance.
pub(super) fn snapshots(
    measurements: &[Measurement<'_>],
    odd: Vec<Odd<'_>>,
    at: usize,
    notes: &mut Notes<'_>,
) -> Result<Vec<Snapshot>, Flaw> {
    let mut found: Vec<Snapshot> = Vec::new();
    let mut index_of: BTreeMap<String, usize> = BTreeMap::new();
    let mut odd = odd.into_iter().peekable();
    for (number, measurement) in measurements.iter().enumerate() {
        let odd = odd.next_if(|odd| odd.index == number).unwrap_or_else(|| Odd::usual(number, at));
        odd.note_in_telemetry(notes)?;
        let value_of = |list: &Option<Vec<Typed<'_>>>| {
            list.iter().flatten().find(|(kind, ..)| kind == "report_id").map(|(_, value, _)| value.to_string())
        };
        let key =
            value_of(&odd.meta).or_else(|| value_of(&odd.values)).unwrap_or_else(|| measurement.end.get().to_string());
        let index = *index_of.entry(key.clone()).or_insert(found.len());
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
            take_values(snapshot, &odd, notes)?;
        }
    }
    Ok(found)
}

fn take_values(snapshot: &mut Snapshot, odd: &Odd<'_>, notes: &mut Notes<'_>) -> Result<(), Flaw> {
    for (number, (kind, value, at)) in odd.values.iter().flatten().enumerate() {
        match &**kind {
            "report_id" => {}
            "json_encode" => match read_inventory(value) {
                Ok(items) => snapshot.inventory.extend(items),
                Err(fault) => {
                    let root = Path::ROOT;
                    let list = root.member("measurements");
                    let one = list.index(odd.index);
                    let values = one.member("values");
                    let reason = format!("the inventory inside does not parse ({fault}): left out");
                    let path = values.index(number);
                    notes.take(Tolerance::InventoryJson, LAYER, *at, &path.member("value"), reason)?;
                }
            },
            other => {
                if other == "timezone" {
                    snapshot.utc_offset = utc_offset(value);
                }
                snapshot.info.insert(other.to_owned(), value.clone().into_owned());
            }
        }
    }
    Ok(())
}

/// Seconds east of GMT, printed as an unsigned number of 64 bits.
pub(crate) fn utc_offset(text: &str) -> Option<i32> {
    let value = text.parse::<u64>().map(u64::cast_signed).or_else(|_| text.parse::<i64>()).ok()?;
    i32::try_from(value).ok().filter(|offset| offset.unsigned_abs() <= 86_400)
}

/// `[{cname, serial_no, part_no}, …]`, one level of JSON deeper.
fn read_inventory(text: &str) -> Result<Vec<InventoryItem>, Fault> {
    let mut reader = Reader::new(text, Limits::default());
    let mut items = Vec::new();
    reader.begin_array()?;
    while reader.next_element()? {
        let mut item = InventoryItem::default();
        reader.begin_object()?;
        while let Some(name) = reader.next_member()? {
            match &*name {
                "cname" => item.cname = reader.string()?.into_owned(),
                "serial_no" => item.serial_no = reader.string()?.into_owned(),
                "part_no" => item.part_no = reader.string()?.into_owned(),
                _ => drop(reader.skip()?),
            }
        }
        items.push(item);
    }
    reader.end()?;
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::{read_inventory, utc_offset};

    #[test]
    fn a_time_zone_wraps_below_zero() {
        assert_eq!(utc_offset("18446744073709526416"), Some(-25_200));
        assert_eq!(utc_offset("3600"), Some(3_600));
        assert_eq!(utc_offset("-3600"), Some(-3_600));
        assert_eq!(utc_offset("99999999"), None);
        assert_eq!(utc_offset("PST"), None);
    }

    #[test]
    fn names_of_parts_may_hold_blanks() {
        let items = read_inventory(r#"[{"cname":"c93xx Stack","serial_no":"TST1","part_no":"","x":[1]}]"#).unwrap();
        assert_eq!(items.first().map(|item| item.cname.as_str()), Some("c93xx Stack"));
        assert!(read_inventory(r#"[{"cname":1}]"#).is_err());
        assert!(read_inventory(r#"[{"cname":"a"}"#).is_err());
    }
}
