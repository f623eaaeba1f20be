//! What a check tells a person: one fact, how bad it is, what to do about it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{EntitlementTag, Location, ReportId, Udi, UnixSeconds, word_enum};

word_enum! {
    /// How bad a finding is. Words: `info`, `warning`, `error`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Severity: "severity" {
        /// Good to know; nothing to do.
        Info = "info",
        /// Somebody should look.
        Warning = "warning",
        /// The data is wrong or incomplete: programs end with status 1.
        Error = "error",
    }
}

/// What a finding is about. Every part may be absent.
///
/// As JSON: an object of `udi_pid, udi_serial_number, entitlement_tag, reports, from, to`, what is absent left out; both
/// parts of a device or none. It has no text form: the sentence of its finding names it.
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
///
/// As JSON the bare value: a number, a text, an array. Two values are equal when their JSON is: a count and the same
/// number, two empty lists. It has no text form of its own, since a bare `5` could be a text or a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Detail {
    /// A number that is never negative (ids, counts).
    Count(u64),
    /// A number; below zero when it was read back, since a positive one reads back as a count.
    Number(i64),
    /// A text.
    Text(String),
    /// Several texts. An empty list is read back as this one.
    Texts(Vec<String>),
    /// Several numbers.
    Counts(Vec<u64>),
}

/// What two details are compared by: what their JSON says.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum DetailKey<'a> {
    Number(i128),
    Text(&'a str),
    Nothing,
    Texts(&'a [String]),
    Counts(&'a [u64]),
}

impl Detail {
    fn key(&self) -> DetailKey<'_> {
        match self {
            Self::Count(count) => DetailKey::Number((*count).into()),
            Self::Number(number) => DetailKey::Number((*number).into()),
            Self::Text(text) => DetailKey::Text(text),
            Self::Texts(texts) if texts.is_empty() => DetailKey::Nothing,
            Self::Texts(texts) => DetailKey::Texts(texts),
            Self::Counts(counts) if counts.is_empty() => DetailKey::Nothing,
            Self::Counts(counts) => DetailKey::Counts(counts),
        }
    }
}

impl PartialEq for Detail {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Detail {}

impl PartialOrd for Detail {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Detail {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
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
/// to, details, text, remedy, place`; what is absent is left out, `details` are sorted by name. `Display` writes a line for
/// people without subject, details and remedy, so that line is not read back. Spec: rum, "Continuity".
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
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("severity", &self.severity)?;
        self.subject.write(&mut map)?;
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
    #[serde(flatten)]
    subject: Subject,
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
        Ok(Self {
            id: Cow::Owned(wire.id),
            severity: wire.severity,
            subject: wire.subject,
            details: wire.details.into_iter().map(|(name, detail)| (Cow::Owned(name), detail)).collect(),
            message: wire.text,
            remedy: Cow::Owned(wire.remedy),
            place: wire.place,
        })
    }
}

impl Subject {
    /// Its members, inside the object of a finding or in one of its own.
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        if let Some(device) = &self.device {
            map.serialize_entry("udi_pid", device.pid())?;
            map.serialize_entry("udi_serial_number", device.serial())?;
        }
        if let Some(tag) = &self.entitlement_tag {
            map.serialize_entry("entitlement_tag", tag)?;
        }
        if !self.reports.is_empty() {
            map.serialize_entry("reports", &self.reports)?;
        }
        if let Some(from) = &self.from {
            map.serialize_entry("from", from)?;
        }
        if let Some(to) = &self.to {
            map.serialize_entry("to", to)?;
        }
        Ok(())
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.write(&mut map)?;
        map.end()
    }
}

/// A subject as its JSON has it.
#[derive(Deserialize)]
struct SubjectWire {
    udi_pid: Option<String>,
    udi_serial_number: Option<String>,
    entitlement_tag: Option<EntitlementTag>,
    #[serde(default)]
    reports: Vec<ReportId>,
    from: Option<UnixSeconds>,
    to: Option<UnixSeconds>,
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = SubjectWire::deserialize(deserializer)?;
        let device = match (wire.udi_pid, wire.udi_serial_number) {
            (Some(pid), Some(serial)) => Some(Udi::new(pid, serial).map_err(D::Error::custom)?),
            (None, None) => None,
            _ => return Err(D::Error::custom("a device has both udi_pid and udi_serial_number")),
        };
        let SubjectWire { entitlement_tag, reports, from, to, .. } = wire;
        Ok(Self { device, entitlement_tag, from, to, reports })
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
    fn every_detail_reads_back_equal_from_its_json() {
        let texts = |texts: &[&str]| Detail::Texts(texts.iter().map(|text| (*text).to_owned()).collect());
        let details = [
            Detail::Count(5),
            Detail::Number(5),
            Detail::Number(-5),
            Detail::Count(u64::MAX),
            Detail::from("5"),
            texts(&[]),
            texts(&["a"]),
            Detail::Counts(vec![]),
            Detail::Counts(vec![1]),
        ];
        for one in &details {
            let json = serde_json::to_string(one).unwrap();
            assert_eq!(serde_json::from_str::<Detail>(&json).unwrap(), *one, "{json}");
            for other in &details {
                assert_eq!(one == other, json == serde_json::to_string(other).unwrap(), "{one:?} {other:?}");
                assert_eq!(one.cmp(other).is_eq(), one == other, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_subject_is_an_object_of_its_own_too() {
        let json = serde_json::to_string(&finding().subject).unwrap();
        insta::assert_snapshot!(json, @r#"{"udi_pid":"TEST-SWITCH","udi_serial_number":"TST00000001","entitlement_tag":"regid.2000-01.com.cisco.x,1.0_1","reports":[7,8],"from":1700000000}"#);
        assert_eq!(serde_json::from_str::<Subject>(&json).unwrap(), finding().subject);
        assert_eq!(serde_json::from_str::<Subject>("{}").unwrap(), Subject::default());
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
        for severity in Severity::ALL {
            assert_eq!(severity.to_string().parse::<Severity>().unwrap(), *severity);
        }
        assert!("fatal".parse::<Severity>().is_err());
        assert!(Severity::Info < Severity::Warning && Severity::Warning < Severity::Error);
    }
}
