//! What a check tells a person: one fact, how bad it is, what to do about it.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::{EntitlementTag, Location, ReportId, Udi, UnixSeconds};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Good to know; nothing to do.
    Info,
    /// Somebody should look.
    Warning,
    /// The data is wrong or incomplete: programs end with status 1.
    Error,
}

impl Severity {
    /// `info`, `warning` or `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Severity {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Info, Self::Warning, Self::Error].into_iter().find(|severity| severity.as_str() == text).ok_or_else(
            || {
                let text = format!("{} is no severity: info, warning or error", crate::Quoted(text));
                crate::Error::new(crate::ErrorKind::BadWord, text)
            },
        )
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What a finding is about. Every part may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Subject {
    /// The device.
    pub device: Option<Udi>,
    /// The licence.
    pub entitlement_tag: Option<EntitlementTag>,
    /// The start of the time it is about.
    pub from: Option<UnixSeconds>,
    /// The end of that time.
    pub to: Option<UnixSeconds>,
    /// The reports, sorted.
    pub reports: Vec<ReportId>,
}

/// One value among the details of a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Detail {
    /// A number.
    Number(i64),
    /// A number that is never negative (ids, counts).
    Count(u64),
    /// A text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Several numbers.
    Counts(Vec<u64>),
}

impl From<i64> for Detail {
    fn from(value: i64) -> Self {
        Self::Number(value)
    }
}

impl From<u64> for Detail {
    fn from(value: u64) -> Self {
        Self::Count(value)
    }
}

impl From<&str> for Detail {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Detail {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// One fact that a check found.
///
/// As JSON: one object, members in the order `id, severity, udi_pid, udi_serial_number, entitlement_tag, reports, from,
/// to, details, text, remedy, place`; what is absent is left out, `details` are sorted by name. Spec: rum, "Continuity".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Stable id, such as `RUM-GAP`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// Numbers and words behind it, by name.
    pub details: BTreeMap<&'static str, Detail>,
    /// What was found, in a sentence.
    pub message: String,
    /// What to do about it, in a sentence.
    pub remedy: &'static str,
    /// Where it stands in the input, if it stands in one place.
    pub place: Option<Location>,
}

impl Finding {
    /// A finding without details.
    pub fn new(
        id: &'static str,
        severity: Severity,
        subject: Subject,
        message: impl Into<String>,
        remedy: &'static str,
    ) -> Self {
        Self { id, severity, subject, details: BTreeMap::new(), message: message.into(), remedy, place: None }
    }

    /// The same finding with one more detail.
    #[must_use]
    pub fn with(mut self, name: &'static str, detail: impl Into<Detail>) -> Self {
        self.details.insert(name, detail.into());
        self
    }

    /// The order in which findings are shown: device, tag (none first), start (none first), id, reports; what is left
    /// is settled by the details and the text, so that the order never depends on the input's.
    pub fn sort_key(&self) -> impl Ord + '_ {
        let subject = &self.subject;
        (
            subject.device.as_ref(),
            subject.entitlement_tag.as_ref(),
            subject.from,
            self.id,
            &subject.reports,
            subject.to,
            &self.details,
            &self.message,
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{} [{}] {}", self.severity, self.id, self.message)
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let subject = &self.subject;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", self.id)?;
        map.serialize_entry("severity", &self.severity)?;
        if let Some(device) = &subject.device {
            map.serialize_entry("udi_pid", device.pid())?;
            map.serialize_entry("udi_serial_number", device.serial())?;
        }
        if let Some(tag) = &subject.entitlement_tag {
            map.serialize_entry("entitlement_tag", tag)?;
        }
        if !subject.reports.is_empty() {
            map.serialize_entry("reports", &subject.reports)?;
        }
        if let Some(from) = &subject.from {
            map.serialize_entry("from", from)?;
        }
        if let Some(to) = &subject.to {
            map.serialize_entry("to", to)?;
        }
        if !self.details.is_empty() {
            map.serialize_entry("details", &self.details)?;
        }
        map.serialize_entry("text", &self.message)?;
        if !self.remedy.is_empty() {
            map.serialize_entry("remedy", self.remedy)?;
        }
        if let Some(place) = &self.place {
            map.serialize_entry("place", place)?;
        }
        map.end()
    }
}
