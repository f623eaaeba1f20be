//! Members of a payload that this version does not know, by path.

use std::fmt::Write as _;

use slp_model::json::{Limits, Reader, ValueKind};

/// The members that are known at a path; `None` where everything below is known to be opaque.
fn known(path: &str) -> Option<&'static [&'static str]> {
    const SUDI: &[&str] = &["udi_pid", "udi_serial_number"];
    const SIGNATURE: &[&str] = &["signing_type", "key", "value"];
    const TYPED: &[&str] = &["type", "value"];
    Some(match path {
        "$" => &["version", "asset_identification", "signature", "meta", "measurements"],
        "$.asset_identification" => &["report_id", "asset", "instance", "signature"],
        "$.asset_identification.asset" => &["name"],
        "$.asset_identification.instance" => &["sudi", "product_instance_identifier"],
        "$.signature" | "$.asset_identification.signature" => SIGNATURE,
        "$.meta" => &["entitlement_tag", "report_id", "software_version", "utility_enabled", "report_type", "ha_udi"],
        "$.meta.ha_udi[]" => &["role", "sudi"],
        "$.measurements[]" => &[
            "log_time",
            "metric_name",
            "start_time",
            "end_time",
            "sample_interval",
            "num_samples",
            "meta",
            "value",
            "values",
        ],
        "$.measurements[].meta" => {
            &["termination_reason", "close_reason", "clock_change_delta", "added_sudi_list", "removed_sudi_list"]
        }
        "$.measurements[].value" | "$.measurements[].values[]" | "$.measurements[].meta[]" => TYPED,
        "$.asset_identification.instance.sudi"
        | "$.meta.ha_udi[].sudi"
        | "$.measurements[].meta.added_sudi_list[]"
        | "$.measurements[].meta.removed_sudi_list[]" => SUDI,
        _ => return None,
    })
}

/// Unknown members as (path, raw JSON text), in the order of the text. The text was read before, so nothing can fail;
/// should it, what was found so far is given.
pub(crate) fn unknown_members(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut reader = Reader::new(text, Limits::new(64, usize::MAX));
    let _ = walk(&mut reader, "$", "$", &mut found, 16);
    found
}

/// `shape` is the path with empty indices, as [`known`] has it; `path` is the real one.
fn walk(
    reader: &mut Reader<'_>,
    shape: &str,
    path: &str,
    found: &mut Vec<(String, String)>,
    depth: u32,
) -> Result<(), slp_model::json::Fault> {
    let Some(deeper) = depth.checked_sub(1) else {
        return reader.skip().map(drop);
    };
    match reader.kind()? {
        ValueKind::Object => {
            let names = known(shape);
            reader.begin_object()?;
            while let Some(name) = reader.next_member()? {
                let here = format!("{path}.{name}");
                match names {
                    Some(names) if !names.contains(&&*name) => found.push((here, reader.skip()?.to_owned())),
                    _ => walk(reader, &format!("{shape}.{name}"), &here, found, deeper)?,
                }
            }
        }
        ValueKind::Array => {
            let shape = format!("{shape}[]");
            let mut index = 0_usize;
            reader.begin_array()?;
            while reader.next_element()? {
                let mut here = path.to_owned();
                let _ = write!(here, "[{index}]");
                index = index.saturating_add(1);
                walk(reader, &shape, &here, found, deeper)?;
            }
        }
        _ => drop(reader.skip()?),
    }
    Ok(())
}
