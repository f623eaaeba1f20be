//! The body of a request to the cloud: `POST …/v2/devices/reportusage`. Spec: rum, "Writer rules" C.

use std::collections::BTreeMap;

use slp_model::{SoftwareTag, Udi, UnixMillis};

use super::envelope::{signature_of, write_signature};
use super::object::{Object, array};
use super::{all_or_nothing, to_text};
use crate::{Error, UsageReport};

/// `{"data":{"timestamp":…,"nonce":…,"reports":[…]}}`: reports of any number of devices, for the cloud.
///
/// One entry per device, in the order in which the devices first appear; the reports of a device keep their order.
/// Headers and unknown members of envelopes are left out, the payload goes as it came. Nothing here reads a clock or
/// makes a nonce. Spec: rum, "Cloud request", "Writer rules" C.
///
/// ```
/// use slp_model::UnixMillis;
/// use slp_rum::write::CloudRequest;
///
/// let now = UnixMillis::new(1_700_010_000_000)?;
/// let body = CloudRequest::new(now, "0123456789abcdef").to_text()?;
/// assert_eq!(body, r#"{"data":{"timestamp":1700010000000,"nonce":"0123456789abcdef","reports":[]}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct CloudRequest<'a> {
    timestamp: UnixMillis,
    nonce: &'a str,
    reports: Vec<&'a UsageReport>,
    facts: Vec<Facts<'a>>,
    /// Which of the facts are those of a device.
    known: BTreeMap<&'a Udi, usize>,
}

/// What the caller knows about a device.
#[derive(Clone, Debug, Default)]
struct Facts<'a> {
    hostname: Option<&'a str>,
    software_tag: Option<&'a SoftwareTag>,
}

impl<'a> CloudRequest<'a> {
    /// A request without reports. `timestamp` is in milliseconds, unlike every time inside a report (seen).
    pub fn new(timestamp: UnixMillis, nonce: &'a str) -> Self {
        Self { timestamp, nonce, reports: Vec::new(), facts: Vec::new(), known: BTreeMap::new() }
    }

    /// Adds reports, in this order.
    pub fn reports(mut self, reports: impl IntoIterator<Item = &'a UsageReport>) -> Self {
        self.reports.extend(reports);
        self
    }

    /// The hostname of a device: no report holds it. Written only if the device has a report here.
    pub fn hostname(mut self, device: &'a Udi, hostname: &'a str) -> Self {
        if let Some(facts) = self.facts_of(device) {
            facts.hostname = Some(hostname);
        }
        self
    }

    /// The software tag of a device, as `software_tag_identifier`. Written only if the device has a report here.
    pub fn software_tag(mut self, device: &'a Udi, tag: &'a SoftwareTag) -> Self {
        if let Some(facts) = self.facts_of(device) {
            facts.software_tag = Some(tag);
        }
        self
    }

    fn facts_of(&mut self, device: &'a Udi) -> Option<&mut Facts<'a>> {
        let place = *self.known.entry(device).or_insert(self.facts.len());
        if place == self.facts.len() {
            self.facts.push(Facts::default());
        }
        self.facts.get_mut(place)
    }

    /// The whole text, without a final newline.
    ///
    /// # Errors
    /// [`MissingMember`](crate::ErrorKind::MissingMember) for a report without outer signature,
    /// [`PayloadLost`](crate::ErrorKind::PayloadLost) for one whose payload arrived as an object, and those of
    /// [`envelope`](super::envelope()). The place is that of the report in the document that it came from.
    pub fn to_text(&self) -> Result<String, Error> {
        to_text(|out| self.write_to(out))
    }

    /// As [`to_text`](Self::to_text), added to `out`. On an error `out` is as it was.
    ///
    /// # Errors
    /// As [`to_text`](Self::to_text).
    pub fn write_to(&self, out: &mut String) -> Result<(), Error> {
        all_or_nothing(out, |out| {
            let mut body = Object::begin(out);
            let mut data = body.object("data");
            data.plain("timestamp", self.timestamp.get());
            data.string("nonce", self.nonce);
            array(data.member("reports"), self.by_device(), |out, (device, reports)| {
                self.write_device(device, &reports, out)
            })?;
            data.end();
            body.end();
            Ok(())
        })
    }

    /// The reports of each device, in the order of first appearance.
    fn by_device(&self) -> Vec<(&'a Udi, Vec<&'a UsageReport>)> {
        let mut groups: Vec<(&Udi, Vec<&UsageReport>)> = Vec::new();
        let mut index_of = BTreeMap::new();
        for report in &self.reports {
            let index = *index_of.entry(report.device()).or_insert(groups.len());
            match groups.get_mut(index) {
                Some((_, reports)) => reports.push(report),
                None => groups.push((report.device(), vec![report])),
            }
        }
        groups
    }

    fn write_device(&self, device: &Udi, reports: &[&UsageReport], out: &mut String) -> Result<(), Error> {
        let mut entry = Object::begin(out);
        entry.sudi("sudi", device);
        if let Some(facts) = self.known.get(device).and_then(|place| self.facts.get(*place)) {
            entry.optional_string("hostname", facts.hostname);
            entry.optional_string("software_tag_identifier", facts.software_tag.map(SoftwareTag::as_str));
        }
        array(entry.member("usage"), reports, |out, report| {
            write_usage(report, out).map_err(|error| error.at(report.place().clone()))
        })?;
        entry.end();
        Ok(())
    }
}

fn write_usage(report: &UsageReport, out: &mut String) -> Result<(), Error> {
    let signature = signature_of(report)?;
    let mut usage = Object::begin(out);
    usage.string("payload", report.payload_text());
    write_signature(usage.member("signature"), signature)?;
    usage.end();
    Ok(())
}
