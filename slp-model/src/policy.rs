//! Reporting policies: what has to be reported when, per class of licence. Spec: ack-auth, "smartLicensePolicy".

use std::fmt;

use serde::{Deserialize, Serialize};

pub mod clock;

use crate::license::{Enforcement, LicenseTerm};
use crate::{UnixSeconds, word_enum};

word_enum! {
    /// What a policy tells licences apart by. Its words are the names of the elements in a policy file.
    /// Spec: ack-auth, "Policy clock".
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum LicenseClass: "class of licences" {
        /// Neither enforced nor export restricted, for ever (seen).
        Perpetual = "perpetual",
        /// Neither enforced nor export restricted, with a term (seen).
        Subscription = "subscription",
        /// Enforced, whatever its term (seen).
        Enforced = "enforced",
        /// Export restricted, whatever its term (seen).
        Export = "export",
    }
}

impl LicenseClass {
    /// The class of a licence. Enforcement wins over the term (inferred); what is not stated counts as perpetual (choice).
    pub fn of(enforcement: &Enforcement, term: &LicenseTerm) -> Self {
        match (enforcement, term) {
            (Enforcement::Export, _) => Self::Export,
            (Enforcement::Enforced, _) => Self::Enforced,
            (_, LicenseTerm::Subscription | LicenseTerm::Term) => Self::Subscription,
            _ => Self::Perpetual,
        }
    }
}

word_enum! {
    /// One of the three obligations that a policy puts a number of days on. Its words are the names of the elements in a
    /// policy file, and `ALL` has their order. Spec: ack-auth, "smartLicensePolicy".
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Attribute: "attribute of a policy" {
        /// Days to the first report (seen).
        First = "firstTimeReport",
        /// Days from one report to the next (seen).
        Ongoing = "onGoingReporting",
        /// Days to a report after a move, add, change or delete (seen).
        Change = "reportOnMACD",
    }
}

/// The days that a policy states for one class. What is absent falls back to the vendor's default, each by itself
/// (inferred). 0 means: not required (doc).
///
/// As JSON: an object of these names, what is absent left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Requirement {
    /// `firstTimeReport`, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<u32>,
    /// `onGoingReporting`, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ongoing: Option<u32>,
    /// `reportOnMACD`, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<u32>,
}

impl Requirement {
    /// These days. `None` leaves the vendor's default in force.
    pub const fn new(first: Option<u32>, ongoing: Option<u32>, change: Option<u32>) -> Self {
        Self { first, ongoing, change }
    }

    /// All three stated.
    pub const fn days(first: u32, ongoing: u32, change: u32) -> Self {
        Self::new(Some(first), Some(ongoing), Some(change))
    }

    /// Is nothing stated?
    pub const fn is_empty(&self) -> bool {
        self.first.is_none() && self.ongoing.is_none() && self.change.is_none()
    }

    /// One of the three.
    pub const fn get(&self, attribute: Attribute) -> Option<u32> {
        match attribute {
            Attribute::First => self.first,
            Attribute::Ongoing => self.ongoing,
            Attribute::Change => self.change,
        }
    }

    /// States one of the three, or takes it back.
    pub fn set(&mut self, attribute: Attribute, days: Option<u32>) {
        match attribute {
            Attribute::First => self.first = days,
            Attribute::Ongoing => self.ongoing = days,
            Attribute::Change => self.change = days,
        }
    }
}

word_enum! {
    /// Where a value of the policy in use comes from. Its words are what commands print behind the value (seen).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum PolicySource: "source of a policy" {
        /// The default of the vendor, built into every device.
        VendorDefault = "CISCO default",
        /// The installed policy.
        Customer = "Customer Policy",
    }
}

/// A number of days in force, and who set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Days {
    /// The days; 0 means not required (doc).
    pub days: u32,
    /// Who set them.
    pub source: PolicySource,
}

/// What the vendor's default says. Spec: ack-auth, "smartLicensePolicy" (seen).
const fn vendor_days(class: LicenseClass, attribute: Attribute) -> u32 {
    match (class, attribute) {
        (LicenseClass::Perpetual, Attribute::First) => 365,
        (LicenseClass::Perpetual, Attribute::Change) | (LicenseClass::Subscription, _) => 90,
        _ => 0,
    }
}

/// A reporting policy, as a file states it: a value that is absent there is absent here.
///
/// [`days`](Self::days) merges it with the vendor's default, attribute by attribute. Values pass through as they are: the
/// 356 of the one known real file is no misprint of ours. Spec: ack-auth, "smartLicensePolicy".
///
/// ```
/// use slp_model::policy::{Attribute, LicenseClass, Policy, PolicySource, Requirement};
///
/// let mut policy = Policy::new("Example Policy");
/// policy.export = Requirement::new(None, Some(0), Some(90));
/// let change = policy.days(LicenseClass::Export, Attribute::Change);
/// assert_eq!((change.days, change.source), (90, PolicySource::Customer));
/// let first = policy.days(LicenseClass::Export, Attribute::First);
/// assert_eq!((first.days, first.source), (0, PolicySource::VendorDefault));
/// ```
///
/// As JSON: an object of these names, what is absent left out. `Display` writes the values in force, merged, so it is not
/// read back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Policy {
    /// `name`: shown as `Policy name` (seen).
    pub name: String,
    /// `version`: a counter, as far as one can see (inferred).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `flag`: empty in real files, of unknown meaning (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    /// `datestamp`: when the policy was made, in UTC (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<UnixSeconds>,
    /// `ackRequired`: does a report count only once it is acknowledged (seen)? Absent means yes (choice).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ack_required: Option<bool>,
    /// `subscription` (seen).
    #[serde(skip_serializing_if = "Requirement::is_empty")]
    pub subscription: Requirement,
    /// `perpetual` (seen).
    #[serde(skip_serializing_if = "Requirement::is_empty")]
    pub perpetual: Requirement,
    /// `enforced` (seen).
    #[serde(skip_serializing_if = "Requirement::is_empty")]
    pub enforced: Requirement,
    /// `export` (seen).
    #[serde(skip_serializing_if = "Requirement::is_empty")]
    pub export: Requirement,
    /// `generic`: its use is unknown; kept, and not used by the clock (choice).
    #[serde(skip_serializing_if = "Requirement::is_empty")]
    pub generic: Requirement,
}

impl Policy {
    /// A policy of this name that states nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The vendor's default, which every device has from the start: perpetual 365/0/90, subscription 90/90/90, enforced
    /// and export 0/0/0 (seen). It states nothing itself: [`days`](Self::days) gives its values, each with its source.
    pub fn vendor_default() -> Self {
        Self::new(PolicySource::VendorDefault.as_str())
    }

    /// What the file states for a class.
    pub const fn requirement(&self, class: LicenseClass) -> &Requirement {
        match class {
            LicenseClass::Perpetual => &self.perpetual,
            LicenseClass::Subscription => &self.subscription,
            LicenseClass::Enforced => &self.enforced,
            LicenseClass::Export => &self.export,
        }
    }

    /// The days in force: those of this policy, or the vendor's default where it states none (inferred).
    pub fn days(&self, class: LicenseClass, attribute: Attribute) -> Days {
        match self.requirement(class).get(attribute) {
            Some(days) => Days { days, source: PolicySource::Customer },
            None => Days { days: vendor_days(class, attribute), source: PolicySource::VendorDefault },
        }
    }

    /// All twelve values in force, class by class.
    pub fn values(&self) -> impl Iterator<Item = (LicenseClass, Attribute, Days)> + '_ {
        LicenseClass::ALL.iter().copied().flat_map(move |class| {
            Attribute::ALL.iter().copied().map(move |attribute| (class, attribute, self.days(class, attribute)))
        })
    }

    /// Does a report count only once it is acknowledged?
    pub fn requires_ack(&self) -> bool {
        self.ack_required != Some(false)
    }
}

impl fmt::Display for Policy {
    /// The values in force, one a line, each with its source.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", crate::Quoted(&self.name))?;
        for (class, attribute, value) in self.values() {
            writeln!(f, "  {class:<12} {attribute:<16} {:>4} ({})", value.days, value.source)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The policy of the one known real file, by value.
    pub(super) fn known_policy() -> Policy {
        let mut policy = Policy::new("Known Policy");
        policy.perpetual = Requirement::days(90, 356, 90);
        policy.subscription = Requirement::days(90, 365, 90);
        policy.enforced = Requirement::new(None, Some(0), Some(90));
        policy.export = Requirement::new(None, Some(0), Some(90));
        policy
    }

    #[test]
    fn each_missing_attribute_falls_back_by_itself() {
        insta::assert_snapshot!(known_policy(), @r#"
        "Known Policy"
          perpetual    firstTimeReport    90 (Customer Policy)
          perpetual    onGoingReporting  356 (Customer Policy)
          perpetual    reportOnMACD       90 (Customer Policy)
          subscription firstTimeReport    90 (Customer Policy)
          subscription onGoingReporting  365 (Customer Policy)
          subscription reportOnMACD       90 (Customer Policy)
          enforced     firstTimeReport     0 (CISCO default)
          enforced     onGoingReporting    0 (Customer Policy)
          enforced     reportOnMACD       90 (Customer Policy)
          export       firstTimeReport     0 (CISCO default)
          export       onGoingReporting    0 (Customer Policy)
          export       reportOnMACD       90 (Customer Policy)
        "#);
    }

    /// All values in force, class by class, as `first/ongoing/change`, each with a mark of its source.
    fn table(policy: &Policy) -> String {
        let row = |class| {
            let cell = |attribute| {
                let value = policy.days(class, attribute);
                let mark = if value.source == PolicySource::Customer { "" } else { "d" };
                format!("{}{mark}", value.days)
            };
            format!("{class} {}", Attribute::ALL.iter().copied().map(cell).collect::<Vec<_>>().join("/"))
        };
        LicenseClass::ALL.iter().copied().map(row).collect::<Vec<_>>().join(", ")
    }

    /// The tables of the spec, "smartLicensePolicy": `d` marks what the default of the vendor fills in.
    #[test]
    fn the_known_policies_are_those_of_the_spec() {
        let policy = |perpetual, subscription, enforced, export| {
            let mut policy = Policy::new("x");
            (policy.perpetual, policy.subscription) = (perpetual, subscription);
            (policy.enforced, policy.export) = (enforced, export);
            table(&policy)
        };
        let days = Requirement::days;
        insta::assert_snapshot!(table(&Policy::vendor_default()), @"perpetual 365d/0d/90d, subscription 90d/90d/90d, enforced 0d/0d/0d, export 0d/0d/0d");
        let custom = policy(days(365, 0, 90), days(90, 90, 90), days(365, 90, 90), days(365, 90, 90));
        insta::assert_snapshot!(custom, @"perpetual 365/0/90, subscription 90/90/90, enforced 365/90/90, export 365/90/90");
        let strict = policy(days(30, 60, 60), days(120, 111, 111), days(30, 90, 60), days(30, 30, 30));
        insta::assert_snapshot!(strict, @"perpetual 30/60/60, subscription 120/111/111, enforced 30/90/60, export 30/30/30");
        insta::assert_snapshot!(table(&known_policy()), @"perpetual 90/356/90, subscription 90/365/90, enforced 0d/0/90, export 0d/0/90");
        let merged = policy(
            Requirement::new(None, Some(7), None),
            Requirement::default(),
            Requirement::new(Some(0), None, None),
            days(1, 2, 3),
        );
        insta::assert_snapshot!(merged, @"perpetual 365d/7/90d, subscription 90d/90d/90d, enforced 0/0d/0d, export 1/2/3");
    }

    #[test]
    fn a_policy_that_states_nothing_is_the_default_of_the_vendor() {
        let (empty, default) = (Policy::new("x"), Policy::vendor_default());
        let days = |policy: &Policy| policy.values().map(|(_, _, value)| value.days).collect::<Vec<_>>();
        assert_eq!(days(&empty), [365, 0, 90, 90, 90, 90, 0, 0, 0, 0, 0, 0]);
        assert_eq!(days(&empty), days(&default));
        assert!(empty.values().all(|(_, _, value)| value.source == PolicySource::VendorDefault));
        assert!(empty.requires_ack());
    }

    #[test]
    fn enforcement_wins_over_the_term() {
        let class = LicenseClass::of;
        assert_eq!(class(&Enforcement::Export, &LicenseTerm::Subscription), LicenseClass::Export);
        assert_eq!(class(&Enforcement::Enforced, &LicenseTerm::Perpetual), LicenseClass::Enforced);
        assert_eq!(class(&Enforcement::Unenforced, &LicenseTerm::Term), LicenseClass::Subscription);
        assert_eq!(class(&Enforcement::Unenforced, &LicenseTerm::Perpetual), LicenseClass::Perpetual);
        assert_eq!(class(&Enforcement::Invalid, &LicenseTerm::from("NEW")), LicenseClass::Perpetual);
    }
}
