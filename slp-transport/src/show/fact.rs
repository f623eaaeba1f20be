//! One fact, and the numbers that stand in its value.

use std::collections::BTreeMap;

use crate::Limits;
use crate::wire;

/// A value under a path of names, such as `Usage Reporting/Last ACK received`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fact {
    /// Section, groups and key as the device prints them, joined by slashes.
    pub path: String,
    /// The value, as it stands.
    pub value: String,
    /// Line of the capture, from 1.
    pub line: u64,
}

/// `Attempts: Total=3, Success=3, Fail=0  Ongoing Failure: Overall=0 Communication=0`. The total need not be the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempts {
    /// Messages that were begun.
    pub total: u64,
    /// Those that went well.
    pub success: u64,
    /// Those that did not.
    pub fail: u64,
}

/// `30  days State(4) InPolicy(60)`, `30  days` or `0 (no reporting)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushInterval {
    /// Days; 0 means no reporting.
    pub days: u64,
    /// 2: never reported, 4: reported (inferred).
    pub state: Option<u64>,
    /// Days of the policy.
    pub in_policy: Option<u64>,
}

impl Fact {
    /// Does the value say that there is none? `<none>`, `<empty>`, `None`, `Not Configured`, `Not Available`.
    pub fn is_none(&self) -> bool {
        matches!(
            self.value.to_ascii_lowercase().as_str(),
            "" | "<none>" | "<empty>" | "none" | "not configured" | "not available" | "expired not rescheduled"
        )
    }

    /// A count and the number in brackets behind it, whose meaning is not known: `0(171)`.
    pub fn count(&self) -> Option<(u64, Option<u64>)> {
        let (first, rest) = leading_number(&self.value)?;
        Some((first, rest.strip_prefix('(').and_then(leading_number).map(|(number, _)| number)))
    }

    /// A word and the number in brackets behind it: `IN USE(15)`.
    pub fn state(&self) -> (&str, Option<u64>) {
        match self.value.split_once('(') {
            Some((word, rest)) => (word.trim(), leading_number(rest).map(|(number, _)| number)),
            None => (self.value.as_str(), None),
        }
    }

    /// The numbers of an `Attempts` line.
    pub fn attempts(&self) -> Option<Attempts> {
        Some(Attempts { total: self.named("Total=")?, success: self.named("Success=")?, fail: self.named("Fail=")? })
    }

    /// The number behind a name: `Overall=`, `Communication=`.
    pub fn named(&self, name: &str) -> Option<u64> {
        leading_number(self.value.split_once(name)?.1).map(|(number, _)| number)
    }

    /// The parts of a push interval.
    pub fn push_interval(&self) -> Option<PushInterval> {
        let (days, _) = leading_number(&self.value)?;
        Some(PushInterval { days, state: self.named("State("), in_policy: self.named("InPolicy(") })
    }

    /// The fields of a failure reason that is a JSON object; a plain sentence has none.
    pub fn field_errors(&self) -> Option<BTreeMap<String, Vec<String>>> {
        if !self.value.starts_with('{') {
            return None;
        }
        wire::from_text(&self.value, &Limits::default()).ok()
    }
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let text = text.trim_start();
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(value: &str) -> Fact {
        Fact { path: String::new(), value: value.to_owned(), line: 1 }
    }

    #[test]
    fn numbers_stand_before_in_and_behind_brackets() {
        assert_eq!(fact("344(344)").count(), Some((344, Some(344))));
        assert_eq!(fact("4").count(), Some((4, None)));
        assert_eq!(fact("x").count(), None);
        assert_eq!(fact("IN USE(15)").state(), ("IN USE", Some(15)));
        assert_eq!(fact("IN USE").state(), ("IN USE", None));
        let interval = fact("30  days State(4) InPolicy(60)").push_interval().unwrap();
        assert_eq!((interval.days, interval.state, interval.in_policy), (30, Some(4), Some(60)));
        let none = fact("0 (no reporting)").push_interval().unwrap();
        assert_eq!((none.days, none.state, none.in_policy), (0, None, None));
    }

    #[test]
    fn a_reason_that_is_json_has_fields_and_a_sentence_has_none() {
        let reason = fact(r#"{"product_instance_identifier":["The identity is not valid."]}"#);
        assert_eq!(reason.field_errors().unwrap()["product_instance_identifier"].len(), 1);
        assert_eq!(fact("Null pointer Error").field_errors(), None);
        assert_eq!(fact("{\"cut\":[").field_errors(), None);
    }
}
