//! What a check tells a person: one fact, how bad it is, what to do about it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

impl<'de> Deserialize<'de> for Severity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Cow::<'de, str>::deserialize(deserializer)?;
        word.parse().map_err(D::Error::custom)
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Detail {
    /// A number that is never negative (ids, counts).
    Count(u64),
    /// A number; below zero when it was read back, since a positive one reads back as a count.
    Number(i64),
    /// A text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Several numbers.
    Counts(Vec<u64>),
}

impl From<i64> for Detail {
    /// A number that is not negative is a count: as JSON the two look alike.
    fn from(value: i64) -> Self {
        u64::try_from(value).map_or(Self::Number(value), Self::Count)
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
    pub id: Cow<'static, str>,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// Numbers and words behind it, by name.
    pub details: BTreeMap<Cow<'static, str>, Detail>,
    /// What was found, in a sentence.
    pub message: String,
    /// What to do about it, in a sentence.
    pub remedy: Cow<'static, str>,
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
        Self {
            id: Cow::Borrowed(id),
            severity,
            subject,
            details: BTreeMap::new(),
            message: message.into(),
            remedy: Cow::Borrowed(remedy),
            place: None,
        }
    }

    /// The same finding with one more detail.
    #[must_use]
    pub fn with(mut self, name: &'static str, detail: impl Into<Detail>) -> Self {
        self.details.insert(Cow::Borrowed(name), detail.into());
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
            &self.id,
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
        map.serialize_entry("id", &self.id)?;
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
            map.serialize_entry("remedy", &self.remedy)?;
        }
        if let Some(place) = &self.place {
            map.serialize_entry("place", place)?;
        }
        map.end()
    }
}

/// A finding as its JSON has it.
#[derive(Deserialize)]
struct Wire {
    id: String,
    severity: Severity,
    udi_pid: Option<String>,
    udi_serial_number: Option<String>,
    entitlement_tag: Option<EntitlementTag>,
    #[serde(default)]
    reports: Vec<ReportId>,
    from: Option<UnixSeconds>,
    to: Option<UnixSeconds>,
    #[serde(default)]
    details: BTreeMap<String, Detail>,
    text: String,
    #[serde(default)]
    remedy: String,
    place: Option<Location>,
}

impl<'de> Deserialize<'de> for Finding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let device = match (wire.udi_pid, wire.udi_serial_number) {
            (Some(pid), Some(serial)) => Some(Udi::new(pid, serial).map_err(D::Error::custom)?),
            (None, None) => None,
            _ => return Err(D::Error::custom("a device has both udi_pid and udi_serial_number")),
        };
        let subject = Subject {
            device,
            entitlement_tag: wire.entitlement_tag,
            from: wire.from,
            to: wire.to,
            reports: wire.reports,
        };
        Ok(Self {
            id: Cow::Owned(wire.id),
            severity: wire.severity,
            subject,
            details: wire.details.into_iter().map(|(name, detail)| (Cow::Owned(name), detail)).collect(),
            message: wire.text,
            remedy: Cow::Owned(wire.remedy),
            place: wire.place,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding() -> Finding {
        let subject = Subject {
            device: Udi::new("TEST-SWITCH", "TST00000001").ok(),
            entitlement_tag: EntitlementTag::new("regid.2000-01.com.cisco.x,1.0_1").ok(),
            reports: vec![ReportId::new(7), ReportId::new(8)],
            from: UnixSeconds::new(1_700_000_000).ok(),
            to: None,
        };
        let mut finding = Finding::new("RUM-GAP", Severity::Warning, subject, "There is no report.", "Collect it.")
            .with("seconds", 900_u64)
            .with("delta", -5_i64)
            .with("ahead", 5_i64)
            .with("reason", "short")
            .with("sources", Detail::Texts(vec!["a".to_owned()]));
        finding.place = Some(Location::path("RUMReport[1]"));
        finding
    }

    #[test]
    fn json_has_its_members_in_one_order_and_reads_back() {
        let json = serde_json::to_string(&finding()).unwrap();
        insta::assert_snapshot!(json, @r#"{"id":"RUM-GAP","severity":"warning","udi_pid":"TEST-SWITCH","udi_serial_number":"TST00000001","entitlement_tag":"regid.2000-01.com.cisco.x,1.0_1","reports":[7,8],"from":1700000000,"details":{"ahead":5,"delta":-5,"reason":"short","seconds":900,"sources":["a"]},"text":"There is no report.","remedy":"Collect it.","place":{"path":"RUMReport[1]"}}"#);
        assert_eq!(serde_json::from_str::<Finding>(&json).unwrap(), finding());
        let bare = Finding::new("X", Severity::Info, Subject::default(), "t", "");
        let json = serde_json::to_string(&bare).unwrap();
        assert_eq!(json, r#"{"id":"X","severity":"info","text":"t"}"#);
        assert_eq!(serde_json::from_str::<Finding>(&json).unwrap(), bare);
    }

    #[test]
    fn half_a_device_is_refused() {
        let json = r#"{"id":"X","severity":"info","udi_pid":"A","text":"t"}"#;
        assert!(serde_json::from_str::<Finding>(json).is_err());
    }

    #[test]
    fn a_line_for_people_names_place_severity_and_id() {
        assert_eq!(finding().to_string(), "RUMReport[1]: warning [RUM-GAP] There is no report.");
    }

    #[test]
    fn severities_are_words_both_ways() {
        for severity in [Severity::Info, Severity::Warning, Severity::Error] {
            assert_eq!(severity.to_string().parse::<Severity>().unwrap(), severity);
        }
        assert!("fatal".parse::<Severity>().is_err());
        assert!(Severity::Info < Severity::Warning && Severity::Warning < Severity::Error);
    }
}
