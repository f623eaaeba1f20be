//! The answer of a device over REST: `GET /smartlic-service/all-reports`. Spec: rum, "Writer rules" R.

use super::envelope::{NoHeader, write_signed};
use super::object::{Object, array};
use super::{all_or_nothing, to_text};
use crate::{Error, Member, UsageReport};

/// `{"usage":[…]}`: the answer of a device, for servers that stand in for one and for tools that keep such answers.
///
/// Each report gets the header `{"type":"rum"}` if it has none. No reports: `{"usage":[]}`.
/// Spec: rum, "Device REST", "Writer rules" R.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct RestUsage<'a> {
    reports: Vec<&'a UsageReport>,
    members: Vec<&'a Member>,
}

impl<'a> RestUsage<'a> {
    /// An answer without reports.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds reports, in this order.
    pub fn reports(mut self, reports: impl IntoIterator<Item = &'a UsageReport>) -> Self {
        self.reports.extend(reports);
        self
    }

    /// Adds further members of the answer, behind `usage`, in this order.
    pub fn members(mut self, members: impl IntoIterator<Item = &'a Member>) -> Self {
        self.members.extend(members);
        self
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
            let mut object = Object::begin(out);
            array(object.member("usage"), &self.reports, |out, report| write_signed(report, NoHeader::Rum, out))?;
            object.unknown(&self.members, &["usage"])?;
            object.end();
            Ok(())
        })
    }
}
