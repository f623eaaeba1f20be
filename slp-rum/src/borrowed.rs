//! The twin of [`UsageReport`](crate::UsageReport) that copies no string which needs no copy: for hot paths.
//!
//! Same names, same reading; texts point into the document or into the buffer of the iterator that lends the report.
//! [`into_owned`](UsageReport::into_owned) turns one into the owned type.
//!
//! ```
//! let bytes = include_bytes!("../examples/data/branch.txt");
//! let document = slp_rum::Document::parse(bytes)?;
//! let mut peak = 0;
//! let mut reports = document.borrowed_reports();
//! while let Some(report) = reports.next() {
//!     peak = peak.max(report?.peak().unwrap_or(0));
//! }
//! assert!(peak > 0);
//! # Ok::<(), slp_rum::Error>(())
//! ```

use std::borrow::Cow;

use slp_model::license::{HaRole, HeaderType, MetricName, ReportType, SigningType, ValueType};
use slp_model::{EntitlementTag, Location, ReportId, Seconds, SoftwareTag, Udi, UnixSeconds};

pub use crate::document::BorrowedReports as Reports;
use crate::measurement::HaMember;
use crate::report::{Generation, Header as OwnedHeader, Member, PayloadForm, ReportKind, Signature as OwnedSignature};
use crate::tolerance::Warning;
use crate::{Error, ErrorKind, Snapshot};

/// A device, as two texts without outer blanks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Sudi<'a> {
    /// Product id, not empty.
    pub pid: Cow<'a, str>,
    /// Serial number, not empty.
    pub serial: Cow<'a, str>,
}

impl Sudi<'_> {
    /// The device as a type of its own.
    ///
    /// # Errors
    /// [`ErrorKind::BadValue`] if the texts are no identity.
    pub fn to_udi(&self) -> Result<Udi, Error> {
        Udi::new(&*self.pid, &*self.serial).map_err(|error| Error::new(ErrorKind::BadValue, error.message()))
    }
}

/// A signature object, texts as received.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signature<'a> {
    /// The device that signed, outer signature only.
    pub signer: Option<Sudi<'a>>,
    /// The wire's `signing_type`.
    pub signing_type: Cow<'a, str>,
    /// The wire's `key`.
    pub key: Cow<'a, str>,
    /// Base64, possibly with line breaks.
    pub value: Cow<'a, str>,
    /// Unknown members: name and raw text.
    pub extra: Vec<(Cow<'a, str>, &'a str)>,
    /// Unknown members of its `sudi`.
    pub signer_extra: Vec<(Cow<'a, str>, &'a str)>,
    /// The texts of its `sudi` as they stand, where they have outer blanks.
    pub signer_written: Option<Sudi<'a>>,
}

/// The `header` object of an envelope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header<'a> {
    /// The wire's `type`: `rum`.
    pub kind: Option<Cow<'a, str>>,
    /// Unknown members: name and raw text.
    pub extra: Vec<(Cow<'a, str>, &'a str)>,
}

/// One interval of one report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Measurement<'a> {
    /// See [`crate::Measurement::log_time`]; so for the other fields.
    pub log_time: Option<UnixSeconds>,
    /// The wire's `metric_name`.
    pub metric: Cow<'a, str>,
    /// First second.
    pub start: UnixSeconds,
    /// First second after it.
    pub end: UnixSeconds,
    /// The wire's `sample_interval`.
    pub length: Option<Seconds>,
    /// The wire's `num_samples`.
    pub samples: Option<u64>,
    /// The wire's `value.type`.
    pub value_type: Option<Cow<'a, str>>,
    /// The wire's `value.value`.
    pub value: Option<Cow<'a, str>>,
    /// The value as a number, when its type is `COUNT`.
    pub count: Option<u64>,
    /// New clock minus old clock.
    pub clock_delta: Option<Seconds>,
    /// The wire's `termination_reason`.
    pub termination: Option<Cow<'a, str>>,
    /// The wire's `close_reason`.
    pub close: Option<Cow<'a, str>>,
    /// Devices that joined.
    pub added: Option<Vec<Sudi<'a>>>,
    /// Devices that left.
    pub removed: Option<Vec<Sudi<'a>>>,
}

impl Measurement<'_> {
    /// Seconds that really passed: `(end - start) - clock_delta`.
    pub fn elapsed(&self) -> Seconds {
        let span = self.end.get().saturating_sub(self.start.get());
        Seconds::new(span.saturating_sub(self.clock_delta.map_or(0, Seconds::get)))
    }
}

/// One usage report, borrowed from its document.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UsageReport<'a> {
    /// The payload text, byte for byte.
    pub raw: &'a str,
    /// How the payload arrived.
    pub form: PayloadForm,
    /// The header of the envelope.
    pub header: Option<Header<'a>>,
    /// The signature of the envelope.
    pub outer_signature: Option<Signature<'a>>,
    /// Unknown members of the envelope.
    pub envelope_extra: Vec<(Cow<'a, str>, &'a str)>,
    /// First or second generation.
    pub generation: Generation,
    /// Usage, telemetry, or another kind.
    pub kind: ReportKind,
    /// The number of the report.
    pub id: ReportId,
    /// The device that reports.
    pub device: Sudi<'a>,
    /// The identity that the cloud gave the device.
    pub product_instance_id: Option<Cow<'a, str>>,
    /// The product.
    pub software_tag: Cow<'a, str>,
    /// The licence.
    pub entitlement_tag: Option<Cow<'a, str>>,
    /// The version of the software.
    pub software_version: Option<Cow<'a, str>>,
    /// Is utility reporting on?
    pub utility_enabled: Option<bool>,
    /// Members of the redundant set: role and device.
    pub ha: Vec<(Cow<'a, str>, Sudi<'a>)>,
    /// The signature inside the payload.
    pub inner_signature: Option<Signature<'a>>,
    /// The measurements; empty for telemetry.
    pub measurements: Vec<Measurement<'a>>,
    /// The snapshots of a telemetry report.
    pub snapshots: Vec<Snapshot>,
    /// Where it stands in its document.
    pub place: Place<'a>,
    /// The deviations that were taken.
    pub warnings: Vec<Warning>,
}

/// Where a report stands. It becomes a [`Location`] only when it is asked for one.
#[derive(Clone, Debug, Default)]
pub struct Place<'a>(At<'a>);

#[derive(Clone, Debug, Default)]
enum At<'a> {
    /// Nowhere: the report did not come out of a document.
    #[default]
    Nowhere,
    /// In a document: its path there, or its number among the reports of an XML document.
    Document { path: Result<&'a str, usize>, line: u64, column: u64, byte: usize },
    /// Worked out before.
    Known(&'a Location),
}

impl<'a> Place<'a> {
    /// `path` is that of the report in a JSON container, or its number, from 0, among the reports of an XML document.
    pub(crate) fn new(path: Result<&'a str, usize>, (line, column): (u64, u64), byte: usize) -> Self {
        Self(At::Document { path, line, column, byte })
    }

    /// The place, as [`UsageReport::place`](crate::UsageReport::place) has it.
    pub fn to_location(&self) -> Location {
        match self.0 {
            At::Nowhere => Location::default(),
            At::Known(place) => place.clone(),
            At::Document { path, line, column, byte } => {
                let mut place = Location::path(match path {
                    Ok(path) => path.to_owned(),
                    Err(index) => crate::document::report_path(index),
                });
                (place.line, place.column) = (Some(line), Some(column));
                place.byte = u64::try_from(byte).ok();
                place
            }
        }
    }
}

fn own(text: Option<Cow<'_, str>>) -> Option<String> {
    text.map(Cow::into_owned)
}

fn own_members(members: Vec<(Cow<'_, str>, &str)>) -> Vec<Member> {
    members.into_iter().map(|(name, raw)| Member::new(name, raw)).collect()
}

fn own_list(list: Option<Vec<Sudi<'_>>>) -> Result<Option<Vec<Udi>>, Error> {
    list.map(|list| list.iter().map(Sudi::to_udi).collect()).transpose()
}

impl Signature<'_> {
    fn into_owned(self) -> Result<OwnedSignature, Error> {
        Ok(OwnedSignature {
            signer: self.signer.map(|signer| signer.to_udi()).transpose()?,
            signing_type: SigningType::from(&*self.signing_type),
            key: self.key.into_owned(),
            value: self.value.into_owned(),
            extra: own_members(self.extra),
            signer_extra: own_members(self.signer_extra),
            signer_written: self.signer_written.map(|raw| Box::new((raw.pid.into_owned(), raw.serial.into_owned()))),
        })
    }
}

impl Measurement<'_> {
    fn into_owned(self) -> Result<crate::Measurement, Error> {
        Ok(crate::Measurement {
            log_time: self.log_time,
            metric: MetricName::from(&*self.metric),
            start: self.start,
            end: self.end,
            length: self.length,
            samples: self.samples,
            value_type: self.value_type.map(|word| ValueType::from(&*word)),
            value: own(self.value),
            clock_delta: self.clock_delta,
            termination: self.termination.map(|word| (&*word).into()),
            close: self.close.map(|word| (&*word).into()),
            added: own_list(self.added)?,
            removed: own_list(self.removed)?,
        })
    }
}

impl UsageReport<'_> {
    /// The greatest count of a measurement of the licence; of other metrics none counts.
    pub fn peak(&self) -> Option<u64> {
        self.measurements
            .iter()
            .filter(|one| one.metric == MetricName::Entitlement.as_str())
            .filter_map(|one| one.count)
            .max()
    }

    /// Does the last measurement say why the report ended?
    pub fn is_closed(&self) -> bool {
        self.measurements.last().is_some_and(|last| last.termination.is_some())
    }

    /// The report with data of its own.
    ///
    /// # Errors
    /// [`ErrorKind::BadValue`] if a device or a tag in it is none; the reader lets no such report through.
    pub fn into_owned(self) -> Result<crate::UsageReport, Error> {
        let bad = |error: slp_model::Error| Error::new(ErrorKind::BadValue, error.message());
        let header = self.header.map(|header| OwnedHeader {
            kind: header.kind.map(|word| HeaderType::from(&*word)),
            extra: own_members(header.extra),
        });
        let ha = self
            .ha
            .into_iter()
            .map(|(role, device)| Ok(HaMember { role: HaRole::from(&*role), device: device.to_udi()? }))
            .collect::<Result<_, Error>>()?;
        Ok(crate::UsageReport {
            raw: self.raw.to_owned(),
            form: self.form,
            header,
            outer_signature: self.outer_signature.map(Signature::into_owned).transpose()?,
            envelope_extra: own_members(self.envelope_extra),
            generation: self.generation,
            kind: self.kind,
            id: self.id,
            device: self.device.to_udi()?,
            product_instance_id: own(self.product_instance_id),
            software_tag: SoftwareTag::new(self.software_tag).map_err(bad)?,
            entitlement_tag: self.entitlement_tag.map(EntitlementTag::new).transpose().map_err(bad)?,
            software_version: own(self.software_version),
            utility_enabled: self.utility_enabled,
            ha,
            inner_signature: self.inner_signature.map(Signature::into_owned).transpose()?,
            measurements: self.measurements.into_iter().map(Measurement::into_owned).collect::<Result<_, Error>>()?,
            snapshots: self.snapshots,
            place: self.place.to_location(),
            warnings: self.warnings,
        })
    }
}

impl crate::UsageReport {
    /// The same report, lent.
    pub fn as_borrowed(&self) -> UsageReport<'_> {
        UsageReport {
            raw: &self.raw,
            form: self.form,
            header: self.header.as_ref().map(|header| Header {
                kind: header.kind.as_ref().map(|word| word.as_str().into()),
                extra: lend_members(&header.extra),
            }),
            outer_signature: self.outer_signature.as_ref().map(lend_signature),
            envelope_extra: lend_members(&self.envelope_extra),
            generation: self.generation.clone(),
            kind: self.kind.clone(),
            id: self.id,
            device: lend(&self.device),
            product_instance_id: self.product_instance_id.as_deref().map(Into::into),
            software_tag: self.software_tag.as_str().into(),
            entitlement_tag: self.entitlement_tag.as_ref().map(|tag| tag.as_str().into()),
            software_version: self.software_version.as_deref().map(Into::into),
            utility_enabled: self.utility_enabled,
            ha: self.ha.iter().map(|member| (member.role.as_str().into(), lend(&member.device))).collect(),
            inner_signature: self.inner_signature.as_ref().map(lend_signature),
            measurements: self.measurements.iter().map(lend_measurement).collect(),
            snapshots: self.snapshots.clone(),
            place: Place(At::Known(&self.place)),
            warnings: self.warnings.clone(),
        }
    }
}

fn lend(device: &Udi) -> Sudi<'_> {
    Sudi { pid: device.pid().into(), serial: device.serial().into() }
}

fn lend_members(members: &[Member]) -> Vec<(Cow<'_, str>, &str)> {
    members.iter().map(|member| (member.name.as_str().into(), member.raw.as_str())).collect()
}

fn lend_list(list: Option<&Vec<Udi>>) -> Option<Vec<Sudi<'_>>> {
    list.map(|list| list.iter().map(lend).collect())
}

fn lend_signature(signature: &OwnedSignature) -> Signature<'_> {
    Signature {
        signer: signature.signer.as_ref().map(lend),
        signing_type: signature.signing_type.as_str().into(),
        key: signature.key.as_str().into(),
        value: signature.value.as_str().into(),
        extra: lend_members(&signature.extra),
        signer_extra: lend_members(&signature.signer_extra),
        signer_written: signature
            .signer_written
            .as_deref()
            .map(|(pid, serial)| Sudi { pid: pid.as_str().into(), serial: serial.as_str().into() }),
    }
}

fn lend_measurement(one: &crate::Measurement) -> Measurement<'_> {
    Measurement {
        log_time: one.log_time,
        metric: one.metric.as_str().into(),
        start: one.start,
        end: one.end,
        length: one.length,
        samples: one.samples,
        value_type: one.value_type.as_ref().map(|word| word.as_str().into()),
        value: one.value.as_deref().map(Into::into),
        count: one.count(),
        clock_delta: one.clock_delta,
        termination: one.termination.as_ref().map(|word| word.as_str().into()),
        close: one.close.as_ref().map(|word| word.as_str().into()),
        added: lend_list(one.added.as_ref()),
        removed: lend_list(one.removed.as_ref()),
    }
}

impl Signature<'_> {
    pub(crate) fn empty() -> Self {
        Self {
            signer: None,
            signing_type: Cow::Borrowed(""),
            key: Cow::Borrowed(""),
            value: Cow::Borrowed(""),
            extra: Vec::new(),
            signer_extra: Vec::new(),
            signer_written: None,
        }
    }
}

impl ReportKind {
    pub(crate) fn of(report_type: Option<&str>, has_tag: bool) -> Self {
        match report_type {
            Some("telemetry") => Self::Telemetry,
            Some(word) => Self::Other(ReportType::from(word)),
            None if has_tag => Self::Usage,
            None => Self::Other(ReportType::from("")),
        }
    }
}
