//! What a device of ours writes into its list. Real devices: "report id + timestamps", names unpublished.

use slp_model::UnixSeconds;

use crate::RawJson;
use crate::wire::{Fail, In, Out, Wire, from_text, record};
use crate::{Error, Limits};

record! {
    /// One line of the list of a device of ours. Spec: transport, "a1" (choice).
    pub struct ListItem {
        /// The report's id.
        report_id: req u64 = "report_id",
        /// First second of the report.
        start_time: req Time = "start_time",
        /// Last second of the report.
        end_time: req Time = "end_time",
        /// `CLOSED`.
        state: req String = "state",
    }
}

/// Seconds since 1970 on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(UnixSeconds);

impl Time {
    /// The time.
    pub fn get(self) -> UnixSeconds {
        self.0
    }
}

impl From<UnixSeconds> for Time {
    fn from(time: UnixSeconds) -> Self {
        Self(time)
    }
}

impl Wire for Time {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let at = input.reader.value_offset();
        let seconds = i64::read(input)?;
        UnixSeconds::new(seconds).map(Self).map_err(|error| Fail::shape(at, error.message()))
    }

    fn write(&self, out: &mut Out) {
        out.text.push_str(&self.0.get().to_string());
    }
}

impl ListItem {
    /// The item as a list holds it.
    pub fn to_raw(&self) -> RawJson {
        RawJson::of(self)
    }

    /// Reads a line of the list, if it is one of ours.
    ///
    /// # Errors
    /// [`Schema`](crate::ErrorKind::Schema) if it has other members.
    pub fn from_raw(raw: &RawJson, limits: &Limits) -> Result<Self, Error> {
        from_text(raw.as_str(), limits).map_err(|fail| Error::json(&fail, "usage_list"))
    }
}
