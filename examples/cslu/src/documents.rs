//! Documents from the cloud: is it this device's, did the cloud sign it, which reports does it acknowledge.

use rusqlite::Connection;
use slp_crypto::{KeyMap, KeyScope, TimePolicy, TrustStore, Verifier};
use slp_kit::Error;
use slp_model::{Udi, UnixMillis};
use slp_rum::Document;
use slp_sync::bundle::Claims;
use slp_transport::Limits;

use crate::settings::Settings;
use crate::store::reports::Item;
use crate::store::{ReportState, answers, devices, reports};

/// What a document for this device says; else what is wrong with it, as an operator reads it.
pub(crate) fn judge(settings: &Settings, udi: &Udi, document: &[u8]) -> Result<Claims, &'static str> {
    // A leaf of a bundle may be larger than what a device is given: it would wait in front of all later ones. Base64 counts
    // in threes.
    if document.len() > Limits::default().document_bytes / 3 * 3 {
        return Err("Answer of the cloud too large");
    }
    let claims = Claims::read(document).map_err(|_| "Answer of the cloud not readable")?;
    if !claims.devices.iter().all(|device| device.matches(udi)) {
        return Err("Answer of the cloud for another device");
    }
    if !is_signed(settings, document) {
        return Err("Answer of the cloud not signed by it");
    }
    Ok(claims)
}

/// Do all signatures hold? Without the key of the cloud nobody knows here, and the device is the judge.
fn is_signed(settings: &Settings, document: &[u8]) -> bool {
    let Some(key) = &settings.documents_key else {
        return true;
    };
    let mut keys = KeyMap::new();
    keys.insert(KeyScope::CloudElements, key.clone());
    let roots = TrustStore::empty();
    let verifier = Verifier::builder(&roots).keys(&keys).build();
    let Ok(document) = Document::parse(document) else {
        return false;
    };
    let mut checked = 0_u32;
    for content in document.contents() {
        let Ok(content) = content else { return false };
        if let Some(signed) = content.signed_content() {
            if verifier.verify(&signed, TimePolicy::Ignore).is_err() {
                return false;
            }
            checked = checked.saturating_add(1);
        }
    }
    checked > 0
}

/// Keeps a document, and notes what it says about these reports of its device. Those that it does not name stay as they
/// are.
pub(crate) fn take(
    db: &Connection,
    device: i64,
    document: &[u8],
    claims: &Claims,
    items: &[Item],
    now: UnixMillis,
) -> Result<i64, Error> {
    let answer = answers::keep(db, device, document, now)?;
    let all = claims.is_acknowledgement && claims.acked.is_empty() && claims.refused.is_empty();
    for item in items.iter().filter(|item| item.device == device && !item.state.is_final()) {
        if all || claims.acked.iter().any(|id| id.to_string() == item.report) {
            reports::set_answer(db, item.row, ReportState::Answered, answer)?;
        } else if claims.refused.iter().any(|refusal| refusal.report.to_string() == item.report) {
            reports::set_answer(db, item.row, ReportState::Refused, answer)?;
            devices::alert(db, device, "Report refused by the cloud")?;
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use slp_transport::SmartLicense;

    use super::*;

    #[test]
    fn a_document_that_no_device_can_be_given_is_not_taken() {
        let settings = Settings::new("account.example", "Default");
        let udi = slp_kit::sample::device(1).unwrap();
        let limits = Limits::default();
        let around = "<smartLicense></smartLicense>".len();
        for length in [around, limits.document_bytes - 1, limits.document_bytes, limits.document_bytes + 1] {
            let document = format!("<smartLicense>{}</smartLicense>", " ".repeat(length - around));
            let is_too_large =
                judge(&settings, &udi, document.as_bytes()).err() == Some("Answer of the cloud too large");
            let cannot_go = SmartLicense::encode(document.as_bytes()).decode(&limits).is_err();
            assert_eq!(is_too_large, cannot_go, "{length} bytes");
        }
    }
}
