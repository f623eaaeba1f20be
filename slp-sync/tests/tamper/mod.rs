//! Every way to change one thing in a document.

use slp_crypto::canonical::{Integer, Object, Value};

/// The value with one scalar changed, one member or element taken out, or one member added; each with its path.
pub(crate) fn tampered(value: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    change(value, "$", &mut |path, value| found.push((path.to_owned(), value)));
    found
}

fn change(value: &Value, path: &str, found: &mut dyn FnMut(&str, Value)) {
    match value {
        Value::Null => found(path, Value::from("x")),
        Value::Bool(flag) => found(path, Value::Bool(!flag)),
        Value::Int(_) => found(path, Value::Int(Integer::from(77_i32))),
        Value::String(text) => {
            found(path, Value::from(format!("{text}1")));
            let cut: String = text.chars().skip(1).collect();
            found(path, Value::from(cut));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let place = format!("{path}[{index}]");
                let mut less = items.clone();
                less.remove(index);
                found(&place, Value::Array(less));
                change(item, &place, &mut |path, changed| {
                    let mut items = items.clone();
                    items[index] = changed;
                    found(path, Value::Array(items));
                });
            }
            found(path, Value::Array(items.iter().chain([&Value::Null]).cloned().collect()));
        }
        Value::Object(object) => {
            for (name, member) in object {
                // The signatures themselves are changed where they are checked.
                if path == "$" && name.starts_with("signature") && name != "signature_algorithm" {
                    continue;
                }
                let place = format!("{path}.{name}");
                let mut less = object.clone();
                less.remove(name);
                found(&place, Value::Object(less));
                change(member, &place, &mut |path, changed| {
                    let mut object: Object = object.clone();
                    object.insert(name.as_str(), changed);
                    found(path, Value::Object(object));
                });
            }
            let mut more = object.clone();
            more.insert("zz_later", true);
            found(path, Value::Object(more));
        }
    }
}
