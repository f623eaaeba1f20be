//! Who the device is, and which licences its software knows.

use serde::{Deserialize, Serialize};
use slp_model::license::HaRole;
use slp_model::policy::LicenseClass;
use slp_model::{EntitlementTag, SoftwareTag, Udi};

/// A licence that the software of the device knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Feature {
    /// Its name, such as `network-advantage`.
    pub name: String,
    /// What people read.
    pub description: String,
    /// Its tag.
    pub tag: EntitlementTag,
    /// Its class: which days of the policy concern it, and whether it needs a code.
    pub class: LicenseClass,
}

impl Feature {
    /// A licence of this name, tag and class.
    pub fn new(name: impl Into<String>, tag: EntitlementTag, class: LicenseClass) -> Self {
        let name = name.into();
        Self { description: name.clone(), name, tag, class }
    }

    /// The word for how long it is bought.
    pub(crate) fn term(&self) -> &'static str {
        if self.class == LicenseClass::Subscription { "Subscription" } else { "Perpetual" }
    }

    /// Must it be authorized before it is used?
    pub fn needs_code(&self) -> bool {
        matches!(self.class, LicenseClass::Enforced | LicenseClass::Export)
    }
}

/// Who the device is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Setup {
    /// The members of the stack or the redundant pair, the one that starts as active first.
    pub members: Vec<Udi>,
    /// Its software.
    pub software: SoftwareTag,
    /// Its host name.
    pub hostname: Option<String>,
    /// The licences that its software knows.
    pub features: Vec<Feature>,
    /// How many closed reports it has room for.
    pub room: usize,
}

impl Setup {
    /// A device alone, with room for 1,000 reports.
    pub fn new(device: Udi, software: SoftwareTag, features: Vec<Feature>) -> Self {
        Self { members: vec![device], software, hostname: None, features, room: 1_000 }
    }

    /// The same, as the first of these members.
    #[must_use]
    pub fn with_members(mut self, others: impl IntoIterator<Item = Udi>) -> Self {
        self.members.extend(others);
        self
    }

    /// What a member does while this one is active: the next one is the standby, the last one is followed by the first.
    pub fn role(&self, active: usize, member: usize) -> HaRole {
        match member {
            _ if member == active => HaRole::Active,
            _ if Some(member) == active.saturating_add(1).checked_rem(self.members.len()) => HaRole::Standby,
            _ => HaRole::Member,
        }
    }
}

/// How the device sends. Words as on the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Transport {
    /// Not at all: files are carried.
    Off,
    /// To a collector or an on-premises server at this address.
    Cslu(String),
    /// To the cloud at this address.
    Smart(String),
}

impl Transport {
    /// Where messages go.
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Off => None,
            Self::Cslu(address) | Self::Smart(address) => Some(address),
        }
    }
}
