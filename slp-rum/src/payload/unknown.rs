//! Members of a payload that this version does not know, by path.

use slp_model::json::{Limits, Profile, Reader, ValueKind, write_string};

use crate::flaw::is_plain;

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
    let mut reader = Reader::new(text, Limits::new(u32::MAX, usize::MAX));
    let _ = walk(&mut reader, "$", "$", &mut found);
    found
}

/// Appends a step to a member. A name that is no plain word stands in brackets, as a string of JSON.
fn member(path: &str, name: &str) -> String {
    let mut path = path.to_owned();
    if is_plain(name) {
        path.push('.');
        path.push_str(name);
    } else {
        path.push('[');
        write_string(&mut path, name, Profile::Rum);
        path.push(']');
    }
    path
}

/// `shape` is the path with empty indices, as [`known`] has it; `path` is the real one. Goes no deeper than known shapes.
fn walk(
    reader: &mut Reader<'_>,
    shape: &str,
    path: &str,
    found: &mut Vec<(String, String)>,
) -> Result<(), slp_model::json::Fault> {
    match reader.kind()? {
        ValueKind::Object => {
            let Some(names) = known(shape) else {
                return reader.skip().map(drop);
            };
            reader.begin_object()?;
            while let Some(name) = reader.next_member()? {
                let here = member(path, &name);
                if names.contains(&&*name) {
                    walk(reader, &format!("{shape}.{name}"), &here, found)?;
                } else {
                    found.push((here, reader.skip()?.to_owned()));
                }
            }
        }
        ValueKind::Array => {
            let shape = format!("{shape}[]");
            let mut index = 0_usize;
            reader.begin_array()?;
            while reader.next_element()? {
                let here = format!("{path}[{index}]");
                index = index.saturating_add(1);
                if matches!(reader.kind()?, ValueKind::Array) {
                    reader.skip()?; // no known list holds lists
                } else {
                    walk(reader, &shape, &here, found)?;
                }
            }
        }
        _ => drop(reader.skip()?),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::unknown_members;

    fn paths(text: &str) -> Vec<String> {
        unknown_members(text).into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn a_name_that_is_no_plain_word_is_a_string_in_brackets() {
        let text = r#"{"a.b":1,"meta":{"x y":2,"":3,"long\"]":4},"measurements":[{"value":{"z":5}}]}"#;
        let expected =
            [r#"$["a.b"]"#, r#"$.meta["x y"]"#, r#"$.meta[""]"#, r#"$.meta["long\"]"]"#, "$.measurements[0].value.z"];
        assert_eq!(paths(text), expected);
    }

    #[test]
    fn what_stands_behind_a_deep_member_is_found_too() {
        let text = format!(r#"{{"x":{}{},"y":1}}"#, "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(paths(&text), ["$.x", "$.y"]);
    }
}
