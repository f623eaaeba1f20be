//! What a device counts about its own reports (`show license tech support`).

use std::collections::BTreeSet;

use slp_model::Udi;
use slp_rum::continuity::{Counters, Facts};

use super::device_text::DeviceText;
use crate::console::Stop;
use crate::fault::Fault;

/// Adds the counters in the file that `[SERIAL=]FILE` names.
pub(super) fn add(
    argument: &str,
    devices: &BTreeSet<Udi>,
    facts: &mut Facts,
    faults: &mut Vec<Fault>,
) -> Result<(), Stop> {
    let Some(DeviceText { device, name, text }) = DeviceText::read(("--counters", argument), devices, faults)? else {
        return Ok(());
    };
    match (number_after(&text, "Purged:"), number_after(&text, "MIA:")) {
        (None, None) => {
            let text = "neither `Purged:` nor `MIA:` with a number stands in it: give the output of `show license \
                        tech support`";
            faults.push(Fault::of_file("no-counters", name, text));
        }
        (purged, mia) => {
            let counters = Counters::new(purged.unwrap_or_default(), mia.unwrap_or_default());
            facts.counters.insert(device, counters);
        }
    }
    Ok(())
}

/// The number behind the first such word that has one: `Purged: 390(390)` is 390.
fn number_after(text: &str, word: &str) -> Option<u64> {
    text.split(word).skip(1).find_map(|rest| {
        let rest = rest.trim_start_matches([' ', '\t']);
        let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end)?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_outside_the_brackets_is_the_counter() {
        let text = "Total: 707,  Purged: 390(388)\nMaximum Display: 300  In Storage: 300,  MIA: 5(0)\n";
        assert_eq!((number_after(text, "Purged:"), number_after(text, "MIA:")), (Some(390), Some(5)));
        assert_eq!(number_after("Purged: yes, Purged: 7", "Purged:"), Some(7));
        assert_eq!(number_after("MIA:\n9", "MIA:"), None);
    }
}
