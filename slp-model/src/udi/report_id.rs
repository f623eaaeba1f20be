//! Which report of a device.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use crate::{Error, ErrorKind, Quoted};

/// The number of a report, unique per device only (doc): the key of a report is its [`Udi`](crate::Udi) and this number.
///
/// It looks like a time and is none: a device starts at the second of its first start and then counts up (inferred).
/// JSON number on writing; a number or a string of digits on reading, since both occur (seen, doc).
/// Spec: rum, "Report ids".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportId(u64);

impl ReportId {
    /// Any number is an id. 0 stands for "no report" where a neighbour is named (seen).
    pub const fn new(id: u64) -> Self {
        Self(id)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl From<u64> for ReportId {
    fn from(id: u64) -> Self {
        Self(id)
    }
}

impl From<ReportId> for u64 {
    fn from(id: ReportId) -> Self {
        id.0
    }
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ReportId {
    type Err = Error;

    /// Reads decimal digits, with no sign and no blank.
    ///
    /// # Errors
    /// [`ErrorKind::BadNumber`] if there is anything but digits, or the number does not fit 64 bits.
    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(id) if digits => Ok(Self(id)),
            _ => Err(Error::new(
                ErrorKind::BadNumber,
                format!("report id {} is not a whole number from 0 to {}, in digits alone", Quoted(text), u64::MAX),
            )),
        }
    }
}

impl Serialize for ReportId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for ReportId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = ReportId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a report id: a whole number, or a string of digits")
    }

    fn visit_u64<E>(self, id: u64) -> Result<ReportId, E> {
        Ok(ReportId(id))
    }

    fn visit_i64<E: de::Error>(self, id: i64) -> Result<ReportId, E> {
        u64::try_from(id).map(ReportId).map_err(|_| E::invalid_value(de::Unexpected::Signed(id), &self))
    }

    fn visit_str<E: de::Error>(self, digits: &str) -> Result<ReportId, E> {
        digits.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_digits_and_nothing_else() {
        assert_eq!("18446744073709551615".parse::<ReportId>().unwrap(), ReportId::new(u64::MAX));
        for text in ["", "+1", "-1", " 1", "1 ", "1.0", "0x1", "1e3", "18446744073709551616", "１"] {
            assert_eq!(text.parse::<ReportId>().unwrap_err().kind(), ErrorKind::BadNumber, "{text}");
        }
        insta::assert_snapshot!("18446744073709551616".parse::<ReportId>().unwrap_err(), @r#"report id "18446744073709551616" is not a whole number from 0 to 18446744073709551615, in digits alone"#);
    }

    #[test]
    fn json_takes_a_number_or_a_string_and_writes_a_number() {
        let ids: Vec<ReportId> = serde_json::from_str(r#"[1671840752, "1671840752", 18446744073709551615]"#).unwrap();
        assert_eq!(serde_json::to_string(&ids).unwrap(), "[1671840752,1671840752,18446744073709551615]");
        insta::assert_snapshot!(serde_json::from_str::<ReportId>("-1").unwrap_err(), @"invalid value: integer `-1`, expected a report id: a whole number, or a string of digits at line 1 column 2");
        insta::assert_snapshot!(serde_json::from_str::<ReportId>("1.0").unwrap_err(), @"invalid type: floating point `1.0`, expected a report id: a whole number, or a string of digits at line 1 column 3");
        insta::assert_snapshot!(serde_json::from_str::<ReportId>("\"1.0\"").unwrap_err(), @r#"report id "1.0" is not a whole number from 0 to 18446744073709551615, in digits alone at line 1 column 5"#);
    }
}
