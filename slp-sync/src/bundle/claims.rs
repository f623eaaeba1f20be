//! What the document in a leaf of an answer says about itself.

use std::collections::BTreeSet;

use slp_model::{ReportId, Udi};
use slp_rum::{AckStatus, Content, Document, ReadOptions};

use crate::bundle::survey::bad_leaf;
use crate::error::Result;

/// A report that the cloud did not acknowledge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Refusal {
    /// Which.
    pub report: ReportId,
    /// The error number, as it was written; may be empty.
    pub code: String,
    /// The cloud's words; a status that is not known stands here too.
    pub message: String,
}

impl Refusal {
    /// This report, for this reason.
    pub fn new(report: ReportId, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { report, code: code.into(), message: message.into() }
    }
}

/// What the document in a leaf of an answer says about itself. Spec: sync, "Pairing algorithm"; ack-auth, "Members we
/// read".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// Does it hold `smartLicenseRumAck/data` at all?
    pub is_acknowledgement: bool,
    /// The devices that it names, anywhere.
    pub devices: Vec<Udi>,
    /// Reports with status ACK.
    pub acked: Vec<ReportId>,
    /// Reports with any other status: they stay open.
    pub refused: Vec<Refusal>,
}

impl Claims {
    /// An acknowledgement that names neither device nor report.
    pub fn opaque() -> Self {
        Self { is_acknowledgement: true, ..Self::default() }
    }

    /// Reads the document of a leaf. Its signatures are not checked: whether it is the cloud's is for the device to say.
    ///
    /// ```
    /// use slp_sync::bundle::Claims;
    ///
    /// let answer = br#"<smartLicense><smartLicenseRumAck><data><![CDATA[[{"sudi":{"udi_pid":"TEST-SWITCH",
    ///     "udi_serial_number":"TST00000001"},"report_id":10,"status":"ACK"}]]]></data><signature>AAAA</signature>
    ///     </smartLicenseRumAck></smartLicense>"#;
    /// let claims = Claims::read(answer)?;
    /// assert_eq!((claims.devices[0].serial(), claims.acked[0].get()), ("TST00000001", 10));
    /// # Ok::<(), slp_sync::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::BadLeaf`](crate::ErrorKind::BadLeaf), the name is the word of `slp_rum::ErrorKind`.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        Self::with(bytes, &ReadOptions::default())
    }

    /// As [`read`](Self::read), under the caller's limits and tolerances: those of
    /// [`Limits::leaf_options`](crate::Limits::leaf_options).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn with(bytes: &[u8], options: &ReadOptions) -> Result<Self> {
        let document = Document::parse_with(bytes, options).map_err(bad_leaf)?;
        let (mut claims, mut named) = (Self::default(), BTreeSet::new());
        for content in document.contents() {
            match content.map_err(bad_leaf)? {
                Content::Authorization(code) => claims.name(&code.view().udi, &mut named),
                Content::Acknowledgement(list) => {
                    claims.is_acknowledgement = true;
                    for ack in list.view().named() {
                        if let Some(device) = &ack.device {
                            claims.name(device, &mut named);
                        }
                        if ack.status == AckStatus::Acknowledged {
                            claims.acked.push(ack.report);
                            continue;
                        }
                        let code = ack.error_code.clone().unwrap_or_default();
                        let message = ack.message.clone().unwrap_or_else(|| ack.status.as_str().to_owned());
                        claims.refused.push(Refusal::new(ack.report, code, message));
                    }
                }
                _ => {}
            }
        }
        Ok(claims)
    }

    /// A document may name very many devices: looking through the list for each would take time by the square of them.
    fn name(&mut self, device: &Udi, named: &mut BTreeSet<Udi>) {
        if named.insert(device.clone()) {
            self.devices.push(device.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Claims;

    fn read(data: &str) -> Claims {
        let text = format!(
            "<smartLicense><smartLicenseRumAck><data><![CDATA[{data}]]></data><signature>AAAA</signature>\
             </smartLicenseRumAck></smartLicense>"
        );
        Claims::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_status_that_is_not_known_acknowledges_nothing() {
        let one = |status: &str| {
            read(&format!(
                r#"[{{"sudi":{{"udi_pid":"TEST-SWITCH","udi_serial_number":"TST00000001"}},"report_id":7{status}}}]"#
            ))
        };
        assert_eq!(one(r#","status":"ACK""#).acked.len(), 1);
        let pending = one(r#","status":"PENDING""#);
        assert_eq!((pending.acked.len(), pending.refused[0].message.as_str()), (0, "PENDING"));
        let refused = one(r#","status":"ERROR","error_code":"45","message":"signature""#);
        assert_eq!((refused.refused[0].code.as_str(), refused.refused[0].message.as_str()), ("45", "signature"));
    }

    #[test]
    fn very_many_devices_are_named_each_once() {
        let one = |number: u64| {
            format!(r#"{{"sudi":{{"udi_pid":"T","udi_serial_number":"{number:08}"}},"report_id":7,"status":"ACK"}}"#)
        };
        let count = 10_000;
        let all: Vec<String> = (0..count).chain([0, count - 1]).map(one).collect();
        let claims = read(&format!("[{}]", all.join(",")));
        assert_eq!((claims.devices.len(), claims.acked.len()), (10_000, 10_002));
        assert_eq!(claims.devices[9_999].serial(), "00009999", "in the order of the document");
    }

    #[test]
    fn text_that_names_nothing_is_opaque() {
        assert_eq!(read("[masked]"), Claims::opaque());
        let policy = b"<smartLicense></smartLicense>";
        assert!(!Claims::read(policy).unwrap().is_acknowledgement);
        assert_eq!(Claims::read(b"<html/>").unwrap_err().name(), Some("unknown-root"));
    }
}
