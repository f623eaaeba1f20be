//! Writes a device list, without secrets, and without cells that a spreadsheet would calculate.

use super::{COLUMNS, Inventory};

/// What makes a spreadsheet take a cell for a formula.
pub(super) const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The bytes of a list: UTF-8, commas, CRLF, quotes only where needed; rows sorted by product id, serial number and
/// host. The column `password` is always empty.
pub fn write(inventory: &Inventory) -> Vec<u8> {
    let mut out = String::new();
    let names = COLUMNS.iter().map(|(name, _)| *name);
    row(&mut out, names.chain(inventory.other_columns.iter().map(String::as_str)));
    let mut devices: Vec<_> = inventory.devices.iter().collect();
    devices.sort_by_key(|device| (&device.pid, &device.serial, &device.host));
    for device in devices {
        let cells = [
            device.host.as_str(),
            device.method.as_str(),
            &device.username,
            "",
            &device.pid,
            &device.serial,
            &device.uuid,
            &device.virtual_account,
        ];
        row(&mut out, cells.into_iter().chain(device.others.iter().map(String::as_str)));
    }
    out.into_bytes()
}

fn row<'a>(out: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(',');
        }
        let guard = if cell.starts_with(FORMULA) { "'" } else { "" };
        if cell.contains([',', '"', '\r', '\n']) {
            out.extend(["\"", guard, &cell.replace('"', "\"\""), "\""]);
        } else {
            out.extend([guard, cell]);
        }
    }
    out.push_str("\r\n");
}
