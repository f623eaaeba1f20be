//! Names, times and JSON.

use slp_model::error_code::ErrorCode;
use slp_model::json::{Limits, Profile, Reader, unescape, write_compact, write_string};
use slp_model::{EntitlementTag, Location, Place, ReportId, Seconds, SoftwareTag, Span, Udi, UdiForm};
use slp_model::{UnixMillis, UnixSeconds};

use crate::said;

/// JSON: what is skipped is found again, and what is written compactly says the same.
pub fn json(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut reader = Reader::new(text, Limits::new(32, 1 << 16));
    if let Ok(value) = reader.skip() {
        let ended = reader.end().is_ok();
        let mut compact = String::new();
        write_compact(&mut compact, value);
        let mut again = Reader::new(&compact, Limits::new(32, 1 << 16));
        assert_eq!(again.skip().ok(), Some(compact.as_str()), "{value:?}");
        assert!(again.end().is_ok());
        let mut twice = String::new();
        write_compact(&mut twice, &compact);
        assert_eq!(twice, compact);
        let _ = ended;
    }
    walk(&mut Reader::new(text, Limits::new(8, 64)), 0);
    for profile in [Profile::Rum, Profile::Ack, Profile::Canonical, Profile::Http] {
        let mut out = String::new();
        write_string(&mut out, text, profile);
        let mut reader = Reader::new(&out, Limits::new(1, usize::MAX));
        assert_eq!(reader.string().expect("a string that was written"), text);
        assert!(reader.end().is_ok());
    }
}

/// Reads everything by its kind, as deep as it goes.
fn walk(reader: &mut Reader<'_>, depth: u32) {
    use slp_model::json::ValueKind;
    let Ok(kind) = reader.kind() else { return };
    match kind {
        ValueKind::Object if depth < 10 && reader.begin_object().is_ok() => {
            while let Ok(Some(_)) = reader.next_member() {
                let _ = reader.name_offset();
                walk(reader, depth + 1);
            }
        }
        ValueKind::Array if depth < 10 && reader.begin_array().is_ok() => {
            while let Ok(true) = reader.next_element() {
                walk(reader, depth + 1);
            }
        }
        ValueKind::String => drop(reader.string()),
        ValueKind::Number => drop(reader.number()),
        ValueKind::Bool => drop(reader.bool()),
        ValueKind::Null => drop(reader.null()),
        _ => drop(reader.skip()),
    }
}

/// Tags: the text stays, the parts lie in it.
pub fn tags(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<EntitlementTag>() {
        Err(error) => drop(said(&error)),
        Ok(tag) => {
            assert_eq!(tag.to_string().parse::<EntitlementTag>().ok().as_ref(), Some(&tag));
            let _ = (tag.parts(), tag.is_well_formed());
            assert!(tag.as_str().contains(tag.short_name()));
        }
    }
    if let Ok(tag) = SoftwareTag::new(text) {
        assert_eq!(SoftwareTag::new(tag.as_str()).ok().as_ref(), Some(&tag));
    }
}

/// Devices in each of their spellings.
pub fn udi(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<Udi>() {
        Err(error) => drop(said(&error)),
        Ok(udi) => {
            let again = udi.to_string().parse::<Udi>().expect("a device that was written");
            assert!(again.matches(&udi), "{udi} {again}");
            assert_eq!(udi.unknown_parts().count(), udi.unknown_parts().count());
        }
    }
    for form in [UdiForm::Document, UdiForm::Cli, UdiForm::Certificate] {
        if let Ok(udi) = Udi::from_text(text, form) {
            let again = Udi::from_text(&udi.to_text(form), form).expect("a device that was written");
            assert!(again.matches(&udi), "{udi} {again}");
        }
    }
}

/// Times, spans, places, numbers.
pub fn words(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    macro_rules! law {
        ($($type:ty),*) => {$(
            if let Ok(value) = text.parse::<$type>() {
                assert_eq!(value.to_string().parse::<$type>().ok(), Some(value), "{text:?}");
            }
        )*};
    }
    law!(UnixSeconds, UnixMillis, Seconds, Span, ReportId, ErrorCode, Place);
    // Every text is a place, if only as a path; one entry alone is written like a path alone.
    let Ok(place) = text.parse::<Location>();
    let Ok(again) = place.to_string().parse::<Location>();
    assert_eq!(again.to_string(), place.to_string(), "{text:?}");
    let mut out = String::new();
    let _ = unescape(text, 0, &mut out, 64, "string");
    assert!(out.len() <= 64);
}
