//! Usage reports of `slp-rum` as messages carry them, and back.

use slp_model::Udi;
use slp_rum::{Document, PayloadForm, UsageReport};

use crate::wire::Unknown;
use crate::{DeviceUsage, Error, ErrorKind, Header, RumEnvelope, Signature, Sudi};

impl TryFrom<&UsageReport> for RumEnvelope {
    type Error = Error;

    /// The report for the road, byte for byte: payload text, header, outer signature, and members that nobody knows.
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) for a report whose signed text no longer exists (its payload arrived as an object) or
    /// that has no outer signature: such a report cannot be forwarded.
    fn try_from(report: &UsageReport) -> Result<Self, Error> {
        let refuse = |why: &str| {
            let text = format!("report {} cannot be forwarded: {why}", report.id());
            Error::argument(text).at(report.place().clone())
        };
        if report.form() == PayloadForm::Object {
            return Err(refuse("its payload arrived as an object, so the signed text is lost"));
        }
        let outer = report.outer_signature().ok_or_else(|| refuse("it has no signature"))?;
        let mut signature = Signature::new(outer.signing_type.as_str(), outer.key.as_str(), outer.value.as_str());
        signature.sudi = outer.signer.as_ref().map(|signer| {
            let mut sudi = Sudi::from(signer);
            sudi.unknown = unknown(&outer.signer_extra);
            sudi
        });
        signature.unknown = unknown(&outer.extra);
        let mut envelope = Self::new(report.payload_text(), signature);
        envelope.header = report.header().and_then(|header| {
            let mut kept = Header::new(header.kind.as_ref()?.as_str());
            kept.unknown = unknown(&header.extra);
            Some(kept)
        });
        envelope.unknown = unknown(report.envelope_extra());
        Ok(envelope)
    }
}

fn unknown(members: &[slp_rum::Member]) -> Unknown {
    Unknown::of(members.iter().map(|member| (member.name.clone(), member.raw.clone())))
}

impl RumEnvelope {
    /// The report in it, read.
    ///
    /// # Errors
    /// [`Schema`](ErrorKind::Schema) if the payload is no usage report, with the reason behind it.
    pub fn to_report(&self) -> Result<UsageReport, Error> {
        let text = format!("{{\"usage\":[{}]}}", self.to_json());
        let bad = |error: slp_rum::Error| {
            Error::new(ErrorKind::Schema, format!("the payload is no usage report: {}", error.message()))
                .caused_by(error)
        };
        let document = Document::parse(text.as_bytes()).map_err(bad)?;
        match document.reports().next() {
            Some(report) => report.map_err(bad),
            None => Err(Error::new(ErrorKind::Schema, "the payload is no usage report")),
        }
    }
}

impl DeviceUsage {
    /// Reports by device: one entry each, in the order in which devices first occur, reports in theirs.
    ///
    /// ```
    /// use slp_transport::{DeviceUsage, batches};
    ///
    /// let file = br#"{"usage":[{"payload":"{\"asset_identification\":{\"asset\":{\"name\":\"regid.2017-05.com.cisco.C9300,v1_x\"},\"instance\":{\"sudi\":{\"udi_pid\":\"C9300-24UX\",\"udi_serial_number\":\"TST00000001\"}}},\"meta\":{\"report_id\":1780000001,\"entitlement_tag\":\"regid.2017-03.com.cisco.advantagek9,1.0_x\"},\"measurements\":[]}","signature":{"signing_type":"builtin","key":"k","value":"AAAA"}}]}"#;
    /// let document = slp_rum::Document::parse(file)?;
    /// let reports = document.reports().collect::<Result<Vec<_>, _>>()?;
    /// let devices = DeviceUsage::group(&reports)?;
    /// assert_eq!((devices.len(), batches(devices).len()), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Argument`](ErrorKind::Argument) for the first report that cannot be forwarded.
    pub fn group<'a>(reports: impl IntoIterator<Item = &'a UsageReport>) -> Result<Vec<Self>, Error> {
        let mut places: std::collections::BTreeMap<&'a Udi, usize> = std::collections::BTreeMap::new();
        let mut devices: Vec<Self> = Vec::new();
        for report in reports {
            let envelope = RumEnvelope::try_from(report)?;
            let place = *places.entry(report.device()).or_insert(devices.len());
            if let Some(device) = devices.get_mut(place) {
                device.usage.push(envelope);
                continue;
            }
            let mut device = Self::new(Sudi::from(report.device()));
            device.software_tag_identifier = Some(report.software_tag().as_str().to_owned());
            device.usage.push(envelope);
            devices.push(device);
        }
        Ok(devices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    const PAYLOAD: &str = r#"{ "asset_identification":{"asset":{"name":"regid.2017-05.com.cisco.C9300,v1_x"},"instance":{"sudi":{"udi_pid":"C9300-24UX","udi_serial_number":"TST00000001"}}},"meta":{"report_id":1780000001,"entitlement_tag":"regid.2017-03.com.cisco.advantagek9,1.0_x"},"measurements":[]}"#;

    fn envelope() -> RumEnvelope {
        let mut signature = Signature::new("SHA256", "k", "AAAA");
        signature.sudi = Some(Sudi::new("C9300-24UX", "TST00000001"));
        let mut envelope = RumEnvelope::new(PAYLOAD, signature);
        envelope.header = Some(Header::new("rum"));
        envelope
    }

    #[test]
    fn a_report_comes_back_byte_for_byte() {
        let envelope = envelope();
        let report = envelope.to_report().unwrap();
        assert_eq!((report.id().get(), report.payload_text()), (1_780_000_001, PAYLOAD));
        assert_eq!(RumEnvelope::try_from(&report).unwrap(), envelope);
    }

    #[test]
    fn members_that_nobody_knows_travel_along() {
        let text = envelope().to_json();
        let text = text.replace(r#""value":"AAAA""#, r#""value":"AAAA","new":[1]"#);
        let text = text.replace(r#""header":{"#, r#""header":{"v":2,"#);
        let envelope = RumEnvelope::from_json(text.as_bytes(), &Limits::default()).unwrap();
        let again = RumEnvelope::try_from(&envelope.to_report().unwrap()).unwrap();
        assert_eq!(again.signature.unknown.get("new"), Some("[1]"));
        assert_eq!(again.header.unwrap().unknown.get("v"), Some("2"));
    }

    #[test]
    fn what_is_no_report_is_said_to_be_none() {
        let error = RumEnvelope::new("{}", Signature::new("builtin", "k", "v")).to_report().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Schema);
    }
}
