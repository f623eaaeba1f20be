//! What a device knows before and after an import.

use std::collections::{BTreeMap, BTreeSet};

use slp_model::account::Account;
use slp_model::license::{HaRole, ReportState};
use slp_model::policy::Policy;
use slp_model::{ReportId, Udi, UnixMillis, UnixSeconds};

use super::ImportClass;
use super::judge::Leaf;
use crate::AuthorizationCode;
use crate::ack::conversion::ConversionStatus;
use crate::authorization::Authorization;
use crate::codes::{ConfirmationCode, RequestCode};

/// Everything that an import looks at and changes. A plain value: programs keep it where they like.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct DeviceState {
    /// The members of the redundant set; a device alone is a set of one.
    pub members: Vec<HaPeer>,
    /// With a policy, or the classic way with its requests.
    pub mode: Mode,
    /// The installed authorization code of each member.
    pub codes: BTreeMap<Udi, InstalledCode>,
    /// The codes that were given back: they never come again.
    pub returned: Vec<ReturnedCode>,
    /// The installed policy; without one the vendor's default holds.
    pub policy: Option<InstalledPolicy>,
    /// The accounts, as the last import said.
    pub account: Option<Account>,
    /// The trust of each member.
    pub trust: BTreeMap<Udi, TrustState>,
    /// The usage reports of each member.
    pub reports: BTreeMap<(Udi, ReportId), ReportFacts>,
    /// Conversions that were started and are not over.
    pub converting: BTreeSet<Udi>,
    /// How the last conversion of a member went.
    pub converted: BTreeMap<Udi, ConversionStatus>,
    /// When an acknowledgement last took effect; one that only repeats does not count.
    pub last_ack: Option<UnixSeconds>,
    /// Did the last request ask for codes for all members?
    pub asked_for_all: bool,
    /// What was imported, oldest first.
    pub history: Vec<HistoryEntry>,
}

impl DeviceState {
    /// A fresh device, alone.
    pub fn new(device: Udi) -> Self {
        Self { members: vec![HaPeer::new(device)], ..Self::default() }
    }

    /// The member that a UDI may mean. Members with one UDI are one target.
    pub(super) fn member(&self, device: &Udi) -> Option<&HaPeer> {
        self.members.iter().find(|member| member.device.matches(device))
    }

    /// The only UDI of the set, if there is only one.
    pub(super) fn only_device(&self) -> Option<&Udi> {
        let first = self.members.first()?;
        self.members.iter().all(|member| member.device == first.device).then_some(&first.device)
    }
}

/// A member of the redundant set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HaPeer {
    /// Who it is.
    pub device: Udi,
    /// Its part in the set.
    pub role: Option<HaRole>,
    /// The product instance id, where it is known.
    pub piid: Option<String>,
}

impl HaPeer {
    /// A member of which only the UDI is known.
    pub fn new(device: Udi) -> Self {
        Self { device, role: None, piid: None }
    }

    /// The same member in this role.
    #[must_use]
    pub fn in_role(mut self, role: HaRole) -> Self {
        self.role = Some(role);
        self
    }
}

/// How a device is licensed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// By policy: codes come without a pending request.
    #[default]
    Policy,
    /// The classic way: a reservation answers a request, which is pending or not.
    #[non_exhaustive]
    Classic {
        /// The request that waits for an answer.
        pending: Option<RequestCode>,
    },
}

impl Mode {
    /// The classic way, with this request pending.
    pub fn classic(pending: Option<RequestCode>) -> Self {
        Self::Classic { pending }
    }
}

/// An authorization code in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstalledCode {
    /// What it grants.
    pub authorization: Authorization,
    /// Its signed bytes: the same bytes are the same code.
    pub signed: Vec<u8>,
    /// Its signature: the same text is the same code.
    pub signature: Option<String>,
    /// When it was installed.
    pub installed_at: UnixSeconds,
}

impl InstalledCode {
    /// This code, installed then.
    pub fn new(code: &AuthorizationCode, installed_at: UnixSeconds) -> Self {
        Self {
            authorization: code.view().clone(),
            signed: code.signed_bytes().to_vec(),
            signature: code.signature().map(str::to_owned),
            installed_at,
        }
    }
}

/// A code that was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReturnedCode {
    /// Whose it was.
    pub device: Udi,
    /// The product instance id in it.
    pub piid: Option<String>,
    /// When it was issued.
    pub issued: Option<UnixSeconds>,
}

impl ReturnedCode {
    /// The mark of this code.
    pub fn of(code: &Authorization) -> Self {
        Self { device: code.udi.clone(), piid: code.piid.clone(), issued: code.issued() }
    }
}

/// A policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstalledPolicy {
    /// What it asks for.
    pub policy: Policy,
    /// When it was installed: the policy clock counts from there.
    pub installed_at: UnixSeconds,
    /// The newest download that it came with, by the account information beside it. Another policy that was downloaded
    /// before is an older one.
    pub downloaded: Option<UnixMillis>,
}

impl InstalledPolicy {
    /// This policy, installed then.
    pub fn new(policy: Policy, installed_at: UnixSeconds) -> Self {
        Self { policy, installed_at, downloaded: None }
    }
}

/// What a member is trusted with, and what it has asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrustState {
    /// The installed certificate.
    pub installed: Option<Leaf>,
    /// The public keys (DER) of requests that wait for an answer.
    pub pending_keys: Vec<Vec<u8>>,
}

/// A usage report of the device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportFacts {
    /// Where it is in its life.
    pub state: ReportState,
    /// When it was last sent; `None` again once the server has refused it, since it has to be sent anew.
    pub sent_at: Option<UnixSeconds>,
    /// It was acknowledged by a member that did not name it.
    pub by_pairing: bool,
    /// What the server said about it.
    pub message: Option<String>,
}

impl ReportFacts {
    /// A report in this state, sent then.
    pub fn new(state: ReportState, sent_at: Option<UnixSeconds>) -> Self {
        Self { state, sent_at, by_pairing: false, message: None }
    }

    /// Was it sent, and did nobody answer yet?
    pub(super) fn waits(&self) -> bool {
        match self.state {
            ReportState::Pending | ReportState::Unacknowledged => true,
            ReportState::Closed => self.sent_at.is_some(),
            _ => false,
        }
    }
}

/// One line of the import history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryEntry {
    /// What was imported.
    pub class: ImportClass,
    /// When.
    pub at: UnixSeconds,
    /// For which device, where it is for one.
    pub device: Option<Udi>,
    /// The number of the outcome on IOS XE; 0 is success.
    pub code: u16,
}

/// A confirmation code, as the caller makes them.
pub type Confirm<'c> = dyn Fn(&AuthorizationCode) -> ConfirmationCode + 'c;
