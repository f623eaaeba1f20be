//! What became of each part, or why nothing was taken.

use std::fmt;

use slp_model::error_code::{DeviceError, ErrorCode, Platform};
use slp_model::{Location, ReportId, Udi, UnixSeconds};

use super::state::{DeviceState, HistoryEntry};
use crate::Error;
use crate::codes::ConfirmationCode;

/// The six classes of the import history, in the order in which it is printed (seen).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ImportClass {
    /// `Import POLICY`.
    Policy,
    /// `Import AUTH`: SLAC and SLR.
    Authorization,
    /// `Import TRUST CODE`.
    TrustCode,
    /// `Import RUM ACK`.
    RumAck,
    /// `Import CONVERSION ACK`.
    ConversionAck,
    /// `Import ACCOUNT INFO`.
    AccountInfo,
}

impl fmt::Display for ImportClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What became of a part or of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It is in force, and nothing of its kind was before.
    Installed,
    /// It is in force in the place of another one.
    Replaced,
    /// It was in force already.
    Unchanged,
    /// It was passed over; the rest was not.
    Skipped,
}

impl Outcome {
    /// The word in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Replaced => "replaced",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What became of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartOutcome {
    /// Which class.
    pub class: ImportClass,
    /// For which device, where it is for one.
    pub device: Option<Udi>,
    /// What became of it.
    pub outcome: Outcome,
    /// The vendor's number.
    pub error: DeviceError,
    /// The number of IOS XR, where it says more.
    pub xr: Option<DeviceError>,
    /// Why; empty when there is nothing to say.
    pub reason: String,
    /// What somebody should know although it was taken. What there is to say about one member stands there.
    pub warnings: Vec<String>,
    /// The code that goes back to the server, by hand.
    pub confirmation: Option<ConfirmationCode>,
    /// Of an acknowledgement: what became of each member.
    pub members: Vec<MemberOutcome>,
}

impl PartOutcome {
    pub(super) fn new(class: ImportClass, device: Option<Udi>, outcome: Outcome) -> Self {
        Self {
            class,
            device,
            outcome,
            error: DeviceError::Success,
            xr: None,
            reason: String::new(),
            warnings: Vec::new(),
            confirmation: None,
            members: Vec::new(),
        }
    }

    pub(super) fn because(mut self, error: DeviceError, reason: &str) -> Self {
        self.error = error;
        reason.clone_into(&mut self.reason);
        self
    }

    pub(super) fn on_xr(mut self, error: DeviceError) -> Self {
        self.xr = Some(error);
        self
    }

    /// Installed if a member changed something, unchanged if all repeat, else skipped like its first skipped member.
    pub(super) fn of_members(class: ImportClass, members: Vec<MemberOutcome>) -> Self {
        let has = |outcome| members.iter().any(|member| member.outcome == outcome);
        let skipped = members.iter().find(|member| member.outcome == Outcome::Skipped);
        let mut part = if has(Outcome::Installed) {
            Self::new(class, None, Outcome::Installed)
        } else {
            match skipped {
                Some(first) => Self::new(class, None, Outcome::Skipped).because(first.error, &first.reason),
                None => Self::new(class, None, Outcome::Unchanged),
            }
        };
        part.members = members;
        part
    }

    /// The number of the vendor.
    pub fn code(&self) -> ErrorCode {
        self.error.into()
    }

    pub(super) fn history(&self, at: UnixSeconds) -> HistoryEntry {
        HistoryEntry { class: self.class, at, device: self.device.clone(), code: self.code().number() }
    }

    /// The number of the notification that a device sends (doc), where one fits.
    pub fn notification(&self) -> Option<u8> {
        match (self.class, self.outcome) {
            (_, Outcome::Unchanged) => None,
            (ImportClass::Authorization, Outcome::Skipped) => Some(46),
            (ImportClass::Authorization, _) => Some(40),
            (ImportClass::Policy, Outcome::Skipped) => Some(48),
            (ImportClass::Policy, _) => Some(42),
            (ImportClass::TrustCode, Outcome::Skipped) => Some(52),
            (ImportClass::TrustCode, _) => Some(51),
            (ImportClass::RumAck, Outcome::Installed | Outcome::Replaced) => Some(45),
            _ => None,
        }
    }
}

impl fmt::Display for PartOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Import {}", self.class)?;
        if let Some(device) = &self.device {
            write!(f, " {device}")?;
        }
        write!(f, ": {}", self.outcome)?;
        if self.error != DeviceError::Success {
            write!(f, ", {}", self.code())?;
        }
        if let Some(xr) = self.xr {
            write!(f, " ({})", ErrorCode::of(xr))?;
        }
        if !self.reason.is_empty() {
            write!(f, ", {}", self.reason)?;
        }
        match &self.confirmation {
            Some(code) => write!(f, ", confirmation code {code}"),
            None => Ok(()),
        }
    }
}

/// What became of one member of an acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberOutcome {
    /// The device.
    pub device: Option<Udi>,
    /// The report; `None` for members that name none.
    pub report: Option<ReportId>,
    /// What became of it.
    pub outcome: Outcome,
    /// The vendor's number.
    pub error: DeviceError,
    /// Why; empty when there is nothing to say.
    pub reason: String,
    /// What somebody should know although it was taken.
    pub warning: Option<String>,
}

impl MemberOutcome {
    pub(super) fn done(
        device: Option<Udi>,
        report: Option<ReportId>,
        outcome: Outcome,
        warning: Option<String>,
    ) -> Self {
        Self { device, report, outcome, error: DeviceError::Success, reason: String::new(), warning }
    }

    pub(super) fn skipped(device: Option<Udi>, report: Option<ReportId>, error: DeviceError, reason: &str) -> Self {
        Self { device, report, outcome: Outcome::Skipped, error, reason: reason.to_owned(), warning: None }
    }
}

/// What a device does with a document, worked out and not yet done.
///
/// `Display` writes what the command prints: `Import Data Successful` (code), or the number and word of the fault.
#[derive(Clone, Debug)]
pub struct Plan {
    state: DeviceState,
    outcomes: Vec<PartOutcome>,
    warnings: Vec<String>,
}

impl Plan {
    pub(super) fn new(state: DeviceState, outcomes: Vec<PartOutcome>, warnings: Vec<String>) -> Self {
        Self { state, outcomes, warnings }
    }

    /// What becomes of each part, in the order of the classes.
    pub fn outcomes(&self) -> &[PartOutcome] {
        &self.outcomes
    }

    /// What somebody should know about the document: oddities, signatures that nobody checked, members without a code.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Success if any part was taken or in force already, else the fault of the first part that was passed over.
    pub fn error(&self) -> DeviceError {
        if self.outcomes.iter().any(|part| part.outcome != Outcome::Skipped) {
            return DeviceError::Success;
        }
        self.outcomes.first().map_or(DeviceError::Success, |part| part.error)
    }

    /// The state afterwards.
    pub fn state(&self) -> &DeviceState {
        &self.state
    }

    /// The state afterwards, by itself.
    pub fn into_state(self) -> DeviceState {
        self.state
    }

    /// Keeps the new state. When that fails, nothing has changed.
    ///
    /// # Errors
    /// Number 25 with the reason that `store` gives.
    pub fn apply<E: fmt::Display>(
        self,
        store: impl FnOnce(&DeviceState) -> Result<(), E>,
    ) -> Result<DeviceState, Refusal> {
        match store(&self.state) {
            Ok(()) => Ok(self.state),
            Err(error) => {
                let text = format!("the new state could not be stored: {error}; nothing has changed");
                Err(Refusal::new(DeviceError::StorageFailToStore, text))
            }
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error() {
            DeviceError::Success => f.write_str("Import Data Successful"),
            error => failed(f, error),
        }
    }
}

fn failed(f: &mut fmt::Formatter<'_>, error: DeviceError) -> fmt::Result {
    write!(f, "Import Data Failed: {error} ({})", ErrorCode::of(error).number())
}

/// Why nothing of a document was taken. The state is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(Box<Why>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Why {
    error: DeviceError,
    xr: Option<DeviceError>,
    reason: String,
    at: Location,
}

impl Refusal {
    pub(super) fn new(error: DeviceError, reason: impl Into<String>) -> Self {
        Self(Box::new(Why { error, xr: None, reason: reason.into(), at: Location::default() }))
    }

    pub(super) fn of(error: DeviceError, cause: &Error) -> Self {
        Self::new(error, cause.message()).at(cause.location().clone())
    }

    pub(super) fn on_xr(mut self, error: DeviceError) -> Self {
        self.0.xr = Some(error);
        self
    }

    pub(super) fn at(mut self, at: Location) -> Self {
        self.0.at = at;
        self
    }

    /// The file is not there or cannot be read: for programs, since nothing here reads files.
    pub fn missing_file(reason: impl fmt::Display) -> Self {
        Self::new(DeviceError::NullPointer, format!("the file cannot be read: {reason}"))
    }

    /// The vendor's number.
    pub fn error(&self) -> DeviceError {
        self.0.error
    }

    /// The number on a platform: IOS XR says more about some faults.
    pub fn code(&self, platform: Platform) -> ErrorCode {
        let error = self.0.xr.filter(|_| platform == Platform::Xr).unwrap_or(self.0.error);
        error.number(platform).map_or_else(|| error.into(), |number| ErrorCode::new(platform, number))
    }

    /// Why, in a sentence.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Where, if it is somewhere.
    pub fn location(&self) -> &Location {
        &self.0.at
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        failed(f, self.0.error)?;
        f.write_str(": ")?;
        if !self.0.at.is_empty() {
            write!(f, "{}: ", self.0.at)?;
        }
        f.write_str(&self.0.reason)
    }
}

impl std::error::Error for Refusal {}
