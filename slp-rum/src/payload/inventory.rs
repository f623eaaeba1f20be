//! The inventory in a `json_encode` value, one level of JSON deeper. Spec: rum, "Telemetry reports".

use slp_model::json::{Fault, FaultKind, Limits as JsonLimits, Reader, Seen};

use crate::flaw::Path;
use crate::limits::Limits;
use crate::measurement::InventoryItem;

/// Why an inventory cannot be read, and the part of the path that is known.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) fault: Fault,
    item: Option<usize>,
    member: Option<&'static str>,
}

impl Broken {
    /// Calls `then` with the path of the fault, seen from that of the inventory.
    pub(super) fn with_path<T>(&self, inventory: &Path<'_>, then: impl FnOnce(&Path<'_>) -> T) -> T {
        let Some(item) = self.item.map(|item| inventory.index(item)) else {
            return then(inventory);
        };
        match self.member {
            Some(member) => then(&item.member(member)),
            None => then(&item),
        }
    }
}

/// `[{cname, serial_no, part_no}, …]`, with room for so many.
pub(super) fn read_inventory(text: &str, room: usize, limits: &Limits) -> Result<Vec<InventoryItem>, Broken> {
    let mut reader = Reader::new(text, JsonLimits::new(limits.json_depth, limits.string_bytes));
    let broken = |fault| Broken { fault, item: None, member: None };
    let mut items = Vec::new();
    reader.begin_array().map_err(broken)?;
    while reader.next_element().map_err(broken)? {
        if items.len() >= room {
            let text = format!("parts in the inventories of one report: more than {}", limits.inventory_items);
            let at = reader.value_offset();
            return Err(broken(Fault::new(FaultKind::Limit("inventory_items"), at, text)));
        }
        let item =
            read_item(&mut reader).map_err(|(fault, member)| Broken { fault, item: Some(items.len()), member })?;
        items.push(item);
    }
    reader.end().map_err(broken)?;
    Ok(items)
}

fn read_item(reader: &mut Reader<'_>) -> Result<InventoryItem, (Fault, Option<&'static str>)> {
    let of_item = |fault| (fault, None);
    let mut item = InventoryItem::default();
    let mut seen = Seen::default();
    reader.begin_object().map_err(of_item)?;
    while let Some(name) = reader.next_member().map_err(of_item)? {
        let at = reader.name_offset();
        if !seen.other(&name) {
            return Err((Fault::duplicate(at, &name), None));
        }
        let (known, slot) = match &*name {
            "cname" => ("cname", &mut item.cname),
            "serial_no" => ("serial_no", &mut item.serial_no),
            "part_no" => ("part_no", &mut item.part_no),
            _ => {
                reader.skip().map_err(of_item)?;
                continue;
            }
        };
        *slot = reader.string().map_err(|fault| (fault, Some(known)))?.into_owned();
    }
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts_may_hold_blanks() {
        let read = |text| read_inventory(text, 9, &Limits::default());
        let items = read(r#"[{"cname":"c93xx Stack","serial_no":"TST1","part_no":"","x":[1]}]"#).unwrap();
        assert_eq!(items.first().map(|item| item.cname.as_str()), Some("c93xx Stack"));
        assert!(read(r#"[{"cname":1}]"#).is_err());
        assert!(read(r#"[{"cname":"a"}"#).is_err());
    }

    #[test]
    fn a_member_that_stands_twice_is_a_fault_at_any_depth() {
        for text in [r#"[{"cname":"a","cname":"b"}]"#, r#"[{"x":1,"x":2}]"#, r#"[{"x":{"y":1,"y":2}}]"#] {
            let broken = read_inventory(text, 9, &Limits::default()).unwrap_err();
            assert_eq!((broken.fault.kind(), broken.item), (FaultKind::Duplicate, Some(0)), "{text}");
        }
    }

    #[test]
    fn the_path_of_a_fault_names_item_and_member() {
        let broken = read_inventory(r#"[{}, {"cname":1}]"#, 9, &Limits::default()).unwrap_err();
        assert_eq!(broken.with_path(&Path::ROOT, |path| path.to_string()), "[1].cname");
        let broken = read_inventory("[{}", 9, &Limits::default()).unwrap_err();
        assert_eq!(broken.with_path(&Path::ROOT, |path| path.to_string()), "");
    }
}
