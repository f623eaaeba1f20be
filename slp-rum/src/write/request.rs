//! What a device sends to ask for something: facts about itself, authorization and trust requests.
//!
//! Whether the vendor's own texts are CDATA and signed is not public; ours are CDATA, and unsigned but for a trust request
//! that shows a bare public key (choice). Spec: ack-auth, "Authorization request file", "Trust".

use super::answer::{Sign, data_part};
use super::element::{Json, device_fits};
use crate::auth_request::RequestEntry;
use crate::system_info::SystemFacts;
use crate::trust::{TrustKey, TrustRequestEntry};
use crate::{Error, ErrorKind};

fn needs_device(what: &str) -> Error {
    Error::new(ErrorKind::Unwritable, format!("{what} names no device"))
}

fn only_known(extra: &[crate::Member], what: &str) -> Result<(), Error> {
    match extra.first() {
        None => Ok(()),
        Some(member) => {
            let text = format!("{what} has a member {} that is not written", slp_model::Quoted(&member.name));
            Err(Error::new(ErrorKind::Unwritable, text))
        }
    }
}

/// The element `smartLicenseSystemInfo`.
///
/// # Errors
/// `unwritable` if a device is not named or its names are too long, or there are members that are not known.
pub fn system_info(facts: &SystemFacts) -> Result<String, Error> {
    only_known(&facts.extra, "the system information")?;
    let members = facts.devices.iter().filter_map(|member| member.device.as_ref());
    facts.device.iter().chain(members).try_for_each(device_fits)?;
    let mut json = Json::new();
    json.begin('{');
    json.device(facts.device.as_ref().ok_or_else(|| needs_device("the system information"))?);
    if let Some(time) = facts.timestamp {
        json.raw("timestamp", &time.get().to_string());
    }
    json.optional("nonce", facts.nonce.as_deref());
    json.optional("hostname", facts.hostname.as_deref());
    json.optional("software_tag_identifier", facts.software_tag.as_deref());
    if !facts.devices.is_empty() {
        json.name("device_list");
        json.begin('[');
        for member in &facts.devices {
            only_known(&member.extra, "a member of the set")?;
            json.begin('{');
            json.optional("role", member.role.as_ref().map(slp_model::license::HaRole::as_str));
            json.device(member.device.as_ref().ok_or_else(|| needs_device("a member of the set"))?);
            json.optional("hostname", member.hostname.as_deref());
            json.optional("software_tag_identifier", member.software_tag.as_deref());
            json.end('}');
        }
        json.end(']');
    }
    json.end('}');
    data_part("smartLicenseSystemInfo", &json.out, None)
}

/// The element `smartLicenseAuthRequest`: requests, confirmations and returns have one shape.
///
/// # Errors
/// `unwritable` if there is no entry, an entry names no device, or there are members that are not known.
pub fn authorization_request(entries: &[RequestEntry]) -> Result<String, Error> {
    if entries.is_empty() {
        return Err(Error::new(ErrorKind::Unwritable, "a request needs at least one device"));
    }
    let mut json = Json::new();
    json.begin('[');
    for entry in entries {
        only_known(&entry.extra, "a request")?;
        entry.device.as_ref().map_or(Ok(()), device_fits)?;
        json.begin('{');
        json.device(entry.device.as_ref().ok_or_else(|| needs_device("a request"))?);
        json.optional("mode", entry.mode.as_ref().map(crate::auth_request::RequestMode::as_str));
        json.name("keys");
        json.begin('[');
        for key in &entry.keys {
            only_known(&key.extra, "a requested licence")?;
            json.begin('{');
            json.text("entitlement", &key.entitlement);
            json.optional("count", key.count.map(|count| count.to_string()).as_deref());
            json.end('}');
        }
        json.end(']');
        json.text_or_null("confirm_code", entry.confirm_code.as_deref());
        json.text_or_null("remove_code", entry.remove_code.as_deref());
        json.end('}');
    }
    json.end(']');
    data_part("smartLicenseAuthRequest", &json.out, None)
}

/// The element `smartLicenseTrustRequest`. A request that shows a public key has one entry, and is signed with that key; one
/// with certificate requests is not signed.
///
/// # Errors
/// `unwritable` if there is no entry, several with a public key, a key without a function to sign or the reverse, or signing
/// fails.
pub fn trust_request(entries: &[TrustRequestEntry], sign: Option<&mut Sign<'_>>) -> Result<String, Error> {
    let has_key = entries.iter().any(|entry| matches!(entry.key, TrustKey::PublicKey(_)));
    if entries.is_empty() || (has_key && entries.len() > 1) || has_key != sign.is_some() {
        let text = "a trust request has certificate requests and no signature, or one public key and a signature";
        return Err(Error::new(ErrorKind::Unwritable, text));
    }
    let mut json = Json::new();
    json.begin('[');
    for entry in entries {
        only_known(&entry.extra, "a trust request")?;
        device_fits(&entry.device)?;
        json.begin('{');
        json.device(&entry.device);
        json.optional("software_tag_identifier", entry.software_tag.as_deref());
        if let Some(time) = entry.timestamp {
            json.raw("timestamp", &time.get().to_string());
        }
        json.optional("nonce", entry.nonce.as_deref());
        match &entry.key {
            TrustKey::CertificateRequest(csr) => json.text("csr", csr),
            TrustKey::PublicKey(key) => json.text("public_key", key),
        }
        json.end('}');
    }
    json.end(']');
    data_part("smartLicenseTrustRequest", &json.out, sign)
}

/// A `smartLicense` document around these elements, in the order given. The usual order is system information, reports,
/// authorization request, trust request (choice).
pub fn document<'p>(parts: impl IntoIterator<Item = &'p str>) -> String {
    let mut out = String::from("<smartLicense>");
    for part in parts {
        out.push_str(part);
    }
    out.push_str("</smartLicense>");
    out
}
