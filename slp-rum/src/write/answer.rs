//! What a server sends back: authorization codes, a policy, trust codes, acknowledgements, account information.
//!
//! Same input, same bytes: times and trace ids are parameters, and so is the signing. Spec: ack-auth, "Writer rules".

use std::cmp::Ordering::Equal;
use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::fmt;

use slp_model::account::Account;
use slp_model::policy::{Attribute, Policy, Requirement};
use slp_model::{Place, Quoted, SignedContent, Udi, UnixSeconds};

use super::element::{Json, Writer, device_fits};
use crate::ack::conversion::{ConversionAck, ConversionStatus};
use crate::ack::{AckList, AckMember, AckStatus};
use crate::authorization::{Authorization, AuthorizationKind, Entitlement};
use crate::codes::simulate::product_instance_id;
use crate::trust::TrustGrant;
use crate::{CorrelationId, Error, ErrorKind, Statement};

/// The most bytes of a document that is written.
const DOCUMENT_BYTES: usize = 1 << 20;
/// The most characters of a message.
const MESSAGE_CHARACTERS: usize = 255;

/// Makes a signature: Base64 without line breaks, over the bytes given.
pub type Sign<'s> = dyn FnMut(&SignedContent<'_>) -> Result<String, Box<dyn StdError + Send + Sync>> + 's;

/// A document for a device, part by part. The order of calls does not matter, but for authorization codes after
/// [`in_given_order`](Self::in_given_order).
///
/// ```
/// use slp_model::policy::Policy;
/// use slp_rum::write::answer::Answer;
///
/// let mut sign = |_: &slp_model::SignedContent<'_>| Ok("AAAA".to_owned());
/// let mut answer = Answer::new(&mut sign);
/// answer.policy(&Policy::new("Example & Sons"))?;
/// assert_eq!(
///     answer.finish()?,
///     "<smartLicense><smartLicensePolicy><policyCode><name>Example &amp; Sons</name></policyCode>\
///      <signature>AAAA</signature></smartLicensePolicy></smartLicense>"
/// );
/// # Ok::<(), slp_rum::Error>(())
/// ```
pub struct Answer<'s> {
    sign: &'s mut Sign<'s>,
    parts: Vec<(u8, String, String)>,
    keep_order: bool,
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("parts", &self.parts.len()).field("keep_order", &self.keep_order).finish()
    }
}

impl<'s> Answer<'s> {
    /// An empty document, whose parts this function signs.
    pub fn new(sign: &'s mut Sign<'s>) -> Self {
        Self { sign, parts: Vec::new(), keep_order: false }
    }

    /// Leaves authorization and trust codes in the order in which they are added, the active device first, say. Otherwise
    /// they are sorted by the text of their UDI.
    pub fn in_given_order(&mut self) -> &mut Self {
        self.keep_order = true;
        self
    }

    fn push(&mut self, rank: u8, key: String, part: String) -> &mut Self {
        self.parts.push((rank, key, part));
        self
    }

    /// Adds a part that was read before, with the signature that it has. A part that is not known to stand in such a
    /// document goes to its end.
    pub fn keep<T>(&mut self, statement: &Statement<T>) -> &mut Self {
        let rank = crate::PartKind::from_name(statement.name()).rank().unwrap_or(u8::MAX);
        self.push(rank, statement.sort_key().to_owned(), statement.raw().to_owned())
    }

    /// Adds an authorization code, SLAC or SLR. Without a product instance id it gets that of
    /// [`product_instance_id`].
    ///
    /// # Errors
    /// `unwritable` if it has no date or no entitlement, a text has a control character or more than 255 characters, or
    /// signing fails.
    pub fn authorization(&mut self, code: &Authorization) -> Result<&mut Self, Error> {
        let part = authorization(code, self.sign)?;
        Ok(self.push(1, code.udi.to_string(), part))
    }

    /// Adds the policy.
    ///
    /// # Errors
    /// As [`authorization`](Self::authorization).
    pub fn policy(&mut self, policy: &Policy) -> Result<&mut Self, Error> {
        let part = self::policy(policy, self.sign)?;
        Ok(self.push(2, String::new(), part))
    }

    /// Adds a trust code.
    ///
    /// # Errors
    /// As [`authorization`](Self::authorization).
    pub fn trust_code(&mut self, grant: &TrustGrant) -> Result<&mut Self, Error> {
        let part = trust_code(grant, self.sign)?;
        Ok(self.push(3, grant.udi.to_string(), part))
    }

    /// Adds an acknowledgement. Its members are sorted by device and report.
    ///
    /// # Errors
    /// `unwritable` if a member names no device, is opaque, has an unknown status or members, an error without code and
    /// message, or a report stands twice; or signing fails.
    pub fn acknowledgement(&mut self, list: &AckList) -> Result<&mut Self, Error> {
        let part = acknowledgement(list, self.sign)?;
        Ok(self.push(4, String::new(), part))
    }

    /// Adds an acknowledgement of conversions.
    ///
    /// # Errors
    /// As [`acknowledgement`](Self::acknowledgement).
    pub fn conversions(&mut self, list: &[ConversionAck]) -> Result<&mut Self, Error> {
        let part = conversions(list, self.sign)?;
        Ok(self.push(5, String::new(), part))
    }

    /// Adds account information.
    ///
    /// # Errors
    /// As [`authorization`](Self::authorization).
    pub fn account(&mut self, account: &Account) -> Result<&mut Self, Error> {
        let part = self::account(account, self.sign)?;
        Ok(self.push(6, String::new(), part))
    }

    /// Adds the trace id of this document.
    ///
    /// # Errors
    /// `unwritable` for a control character.
    pub fn correlation_id(&mut self, id: &CorrelationId) -> Result<&mut Self, Error> {
        let mut writer = Writer::default();
        writer.text("correlationID", id.as_str())?;
        Ok(self.push(7, String::new(), writer.out))
    }

    /// The document: one line, nothing after the last `>`.
    ///
    /// # Errors
    /// `limit` above 1 MiB; `unwritable` if a part that may stand once was added twice, or two codes are for one device.
    pub fn finish(mut self) -> Result<String, Error> {
        let by_key = !self.keep_order;
        self.parts
            .sort_by(|one, other| one.0.cmp(&other.0).then_with(|| if by_key { one.1.cmp(&other.1) } else { Equal }));
        let (mut seen, mut rank_of_seen) = (BTreeSet::new(), 0);
        for (rank, key, _) in &self.parts {
            if *rank != rank_of_seen {
                (seen, rank_of_seen) = (BTreeSet::new(), *rank);
            }
            // acknowledgements may come in several parts, whoever made them
            if *rank < 8 && !matches!(rank, 4 | 5) && !seen.insert(key.as_str()) {
                let what = if key.is_empty() { "a part that may stand once".to_owned() } else { key.clone() };
                return Err(Error::new(ErrorKind::Unwritable, format!("{what} was added twice")));
            }
        }
        let mut writer = Writer::default();
        writer.open("smartLicense");
        for (.., part) in &self.parts {
            writer.out.push_str(part);
        }
        writer.close("smartLicense");
        within_limit(writer.out)
    }
}

fn within_limit(document: String) -> Result<String, Error> {
    if document.len() > DOCUMENT_BYTES {
        let text = format!(
            "the document would have {} bytes, more than {DOCUMENT_BYTES} (limit document_bytes); write several",
            document.len()
        );
        return Err(Error::new(ErrorKind::Limit, text).named("document_bytes"));
    }
    Ok(document)
}

/// Signs, and gives the element `signature`.
pub(super) fn signature(name: &'static str, bytes: &str, sign: &mut Sign<'_>) -> Result<String, Error> {
    let content = SignedContent::new(bytes.as_bytes(), Place::CloudElement(name.into()));
    let text = sign(&content)
        .map_err(|cause| Error::new(ErrorKind::Unwritable, format!("{name} could not be signed")).caused_by(cause))?;
    if !crate::envelope::is_base64(text.as_bytes()) {
        let text = format!("the signature of {name} is not Base64 in one line");
        return Err(Error::new(ErrorKind::Unwritable, text));
    }
    Ok(format!("<signature>{text}</signature>"))
}

fn unwritable(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unwritable, text)
}

/// `2022-07-01T14:10:28`, without a zone.
fn stamp(time: UnixSeconds) -> String {
    let text = time.to_string();
    text.strip_suffix('Z').unwrap_or(&text).to_owned()
}

/// The element `smartLicenseAuthorization` or `specificPLR` by itself. The latter may be a document of its own.
///
/// # Errors
/// As [`Answer::authorization`].
pub fn authorization(code: &Authorization, sign: &mut Sign<'_>) -> Result<String, Error> {
    let mut writer = Writer::default();
    writer.open("authorizationCode");
    if let Some(account) = &code.account {
        writer.open("customerInfo");
        writer.optional("smartAccount", account.smart_account.as_deref())?;
        writer.optional("virtualAccount", account.virtual_account.as_deref())?;
        writer.close("customerInfo");
    }
    writer.text("flag", code.flag.as_deref().unwrap_or("A"))?;
    writer.text("version", code.version.as_deref().unwrap_or("C"))?;
    let piid = code.piid.clone().unwrap_or_else(|| product_instance_id(&code.udi));
    writer.text("piid", &piid)?;
    match (code.kind, code.date, code.timestamp) {
        (AuthorizationKind::Slac, Some(date), None) => writer.text("dateStamp", &stamp(date))?,
        (AuthorizationKind::Slr, None, Some(time)) => writer.text("timestamp", &time.get().to_string())?,
        (AuthorizationKind::Slac, ..) => return Err(unwritable("a SLAC needs date, and has no timestamp")),
        (AuthorizationKind::Slr, ..) => return Err(unwritable("an SLR needs timestamp, and has no date")),
    }
    if code.entitlements.is_empty() {
        return Err(unwritable("an authorization code needs an entitlement"));
    }
    writer.open("entitlements");
    for entitlement in &code.entitlements {
        write_entitlement(&mut writer, entitlement)?;
    }
    writer.close("entitlements");
    if code.success.is_some() || code.correlation_id.is_some() {
        writer.open("status");
        writer.optional("success", code.success.map(true_or_false))?;
        writer.optional("correlationID", code.correlation_id.as_deref())?;
        writer.close("status");
    }
    writer.close("authorizationCode");
    let name = match code.kind {
        AuthorizationKind::Slac => "smartLicenseAuthorization",
        AuthorizationKind::Slr => "specificPLR",
    };
    let signature = signature(name, &writer.out, sign)?;
    let signed = std::mem::take(&mut writer.out);
    writer.open(name);
    if code.kind == AuthorizationKind::Slac {
        writer.text("udi", &code.udi.to_string())?;
    }
    writer.out.push_str(&signed);
    writer.out.push_str(&signature);
    if code.kind == AuthorizationKind::Slr {
        writer.text("udi", &code.udi.to_string())?;
    }
    writer.close(name);
    Ok(writer.out)
}

const fn true_or_false(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn write_entitlement(writer: &mut Writer, one: &Entitlement) -> Result<(), Error> {
    writer.open("entitlement");
    writer.text("tag", one.tag.as_str())?;
    writer.text("count", &one.count.to_string())?;
    writer.text("startDate", one.start.as_ref().map_or("", |date| date.as_str()))?;
    writer.text("endDate", one.end.as_ref().map_or("", |date| date.as_str()))?;
    writer.optional("licenseType", one.license_type.as_ref().map(slp_model::license::LicenseTerm::as_str))?;
    writer.optional("displayName", one.display_name.as_deref())?;
    writer.optional("tagDescription", one.description.as_deref())?;
    writer.optional("tagType", one.tag_type.as_ref().map(slp_model::license::LicenseTerm::as_str))?;
    if let Some(success) = one.success {
        writer.open("status");
        writer.text("success", true_or_false(success))?;
        writer.close("status");
    }
    writer.optional("subscriptionID", one.subscription_id.as_deref())?;
    writer.close("entitlement");
    Ok(())
}

/// A part whose signed element comes first and whose signature last.
fn signed_part(name: &'static str, signed: &str, sign: &mut Sign<'_>) -> Result<String, Error> {
    let signature = signature(name, signed, sign)?;
    Ok(format!("<{name}>{signed}{signature}</{name}>"))
}

/// A part whose signed bytes are JSON in a CDATA section. The JSON has no `>` in it that is not escaped.
pub(super) fn data_part(name: &'static str, data: &str, sign: Option<&mut Sign<'_>>) -> Result<String, Error> {
    let signature = match sign {
        Some(sign) => signature(name, data, sign)?,
        None => String::new(),
    };
    Ok(format!("<{name}><data><![CDATA[{data}]]></data>{signature}</{name}>"))
}

/// The element `smartLicensePolicy` by itself: it may be a document of its own.
///
/// # Errors
/// As [`Answer::policy`].
pub fn policy(policy: &Policy, sign: &mut Sign<'_>) -> Result<String, Error> {
    let mut writer = Writer::default();
    writer.open("policyCode");
    writer.text("name", &policy.name)?;
    writer.optional("version", policy.version.as_deref())?;
    writer.optional("flag", policy.flag.as_deref())?;
    writer.optional("datestamp", policy.date.map(stamp).as_deref())?;
    writer.optional("ackRequired", policy.ack_required.map(|required| if required { "yes" } else { "no" }))?;
    write_requirement(&mut writer, "subscription", &policy.subscription)?;
    write_requirement(&mut writer, "perpetual", &policy.perpetual)?;
    write_requirement(&mut writer, "enforced", &policy.enforced)?;
    write_requirement(&mut writer, "export", &policy.export)?;
    write_requirement(&mut writer, "generic", &policy.generic)?;
    writer.close("policyCode");
    signed_part("smartLicensePolicy", &writer.out, sign)
}

fn write_requirement(writer: &mut Writer, name: &str, requirement: &Requirement) -> Result<(), Error> {
    if requirement.is_empty() {
        return Ok(());
    }
    writer.open(name);
    for attribute in Attribute::ALL.iter().copied() {
        let days = requirement.get(attribute).map(|days| days.to_string());
        writer.optional(attribute.as_str(), days.as_deref())?;
    }
    writer.close(name);
    Ok(())
}

/// The element `smartLicenseAccountInfo` by itself.
///
/// # Errors
/// As [`Answer::account`].
pub fn account(account: &Account, sign: &mut Sign<'_>) -> Result<String, Error> {
    let mut writer = Writer::default();
    writer.open("customerInfo");
    writer.optional("timestamp", account.timestamp.map(|time| time.get().to_string()).as_deref())?;
    writer.optional("smartAccount", account.smart_account.as_deref())?;
    writer.optional("virtualAccount", account.virtual_account.as_deref())?;
    writer.optional("smartAccountId", account.smart_account_id.as_deref())?;
    writer.optional("virtualAccountId", account.virtual_account_id.as_deref())?;
    writer.optional("smartAccountDomain", account.domain.as_deref())?;
    writer.close("customerInfo");
    signed_part("smartLicenseAccountInfo", &writer.out, sign)
}

/// The element `smartLicenseTrustCode` by itself.
///
/// # Errors
/// As [`Answer::trust_code`].
pub fn trust_code(grant: &TrustGrant, sign: &mut Sign<'_>) -> Result<String, Error> {
    let mut writer = Writer::default();
    writer.open("trustCode");
    writer.optional("version", grant.version.as_deref())?;
    writer.optional("trustId", grant.trust_id.map(|id| id.to_string()).as_deref())?;
    writer.optional("type", grant.kind.as_deref())?;
    writer.optional("attributes", grant.attributes.as_deref())?;
    writer.text("piid", &grant.piid.clone().unwrap_or_else(|| product_instance_id(&grant.udi)))?;
    writer.optional("notBefore", grant.not_before.map(stamp).as_deref())?;
    writer.text("notAfter", &grant.not_after.map(stamp).unwrap_or_default())?;
    writer.long_text("certificates", &grant.certificates, true)?;
    writer.close("trustCode");
    let signature = signature("smartLicenseTrustCode", &writer.out, sign)?;
    let signed = std::mem::take(&mut writer.out);
    writer.open("smartLicenseTrustCode");
    writer.text("udi", &grant.udi.to_string())?;
    writer.out.push_str(&signed);
    writer.out.push_str(&signature);
    writer.close("smartLicenseTrustCode");
    Ok(writer.out)
}

/// The element `smartLicenseRumAck` by itself.
///
/// # Errors
/// As [`Answer::acknowledgement`].
pub fn acknowledgement(list: &AckList, sign: &mut Sign<'_>) -> Result<String, Error> {
    let mut acks = Vec::with_capacity(list.members.len());
    for member in &list.members {
        let AckMember::Named(ack) = member else {
            return Err(unwritable("a member of the acknowledgement names no report; only those that do are written"));
        };
        let Some(device) = &ack.device else {
            return Err(unwritable(format!("the acknowledgement of report {} names no device", ack.report)));
        };
        device_fits(device)?;
        if !ack.extra.is_empty() || ack.transaction.is_some() {
            let text = format!("the acknowledgement of report {} has members that are not written", ack.report);
            return Err(unwritable(text));
        }
        acks.push((device, ack));
    }
    acks.sort_by_key(|(device, ack)| (*device, ack.report));
    let mut twins = acks.iter().zip(acks.iter().skip(1));
    if let Some(((_, ack), _)) = twins.find(|((a, x), (b, y))| a == b && x.report == y.report) {
        return Err(unwritable(format!("report {} of one device stands twice in the acknowledgement", ack.report)));
    }
    let mut json = Json::new();
    json.begin('[');
    for (device, ack) in acks {
        json.begin('{');
        json.device(device);
        json.raw("report_id", &ack.report.to_string());
        json.text("status", ack.status.as_str());
        match ack.status {
            AckStatus::Acknowledged if ack.error_code.is_none() && ack.message.is_none() => {}
            AckStatus::Error => write_error(&mut json, ack.error_code.as_deref(), ack.message.as_deref())?,
            _ => {
                let text = format!("report {} is neither acknowledged nor refused with code and message", ack.report);
                return Err(unwritable(text));
            }
        }
        json.end('}');
    }
    json.end(']');
    data_part("smartLicenseRumAck", &json.out, Some(sign))
}

/// `error_code` and `message`, both needed.
fn write_error(json: &mut Json, code: Option<&str>, message: Option<&str>) -> Result<(), Error> {
    let digits = |code: &&str| !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
    let code = code.filter(digits).ok_or_else(|| unwritable("an error needs a code of decimal digits"))?;
    let message = message.ok_or_else(|| unwritable("an error needs a message"))?;
    if message.chars().nth(MESSAGE_CHARACTERS).is_some() {
        let text = format!("the message {} is longer than {MESSAGE_CHARACTERS} characters", Quoted(message));
        return Err(unwritable(text));
    }
    json.text("error_code", code);
    json.text("message", message);
    Ok(())
}

/// The element `smartLicenseConversionAck` by itself.
///
/// # Errors
/// As [`Answer::conversions`].
pub fn conversions(list: &[ConversionAck], sign: &mut Sign<'_>) -> Result<String, Error> {
    let mut acks: Vec<(&Udi, &str, &ConversionAck)> = Vec::with_capacity(list.len());
    for ack in list {
        match (&ack.device, &ack.software_tag) {
            (Some(device), Some(tag)) if ack.extra.is_empty() && ack.status.is_known() => acks.push((device, tag, ack)),
            _ => {
                let text = "a conversion needs a device, a software tag, a known status, and nothing else";
                return Err(unwritable(text));
            }
        }
    }
    acks.iter().try_for_each(|(device, ..)| device_fits(device))?;
    acks.sort_by_key(|(device, tag, _)| (*device, *tag));
    if acks.iter().zip(acks.iter().skip(1)).any(|((a, x, _), (b, y, _))| a == b && x == y) {
        return Err(unwritable("one device and software stands twice in the acknowledgement of conversions"));
    }
    let mut json = Json::new();
    json.begin('[');
    for (device, tag, ack) in acks {
        json.begin('{');
        json.device(device);
        json.text("software_tag_identifier", tag);
        json.text("status", ack.status.as_str());
        if ack.status == ConversionStatus::Failed {
            write_error(&mut json, ack.error_code.as_deref(), ack.message.as_deref())?;
        }
        json.end('}');
    }
    json.end(']');
    data_part("smartLicenseConversionAck", &json.out, Some(sign))
}
