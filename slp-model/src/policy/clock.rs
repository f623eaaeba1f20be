//! When must a device report next, and why? Spec: ack-auth, "Policy clock".
//!
//! Pure functions of facts: nothing here reads a clock or knows a time zone. Times are whole seconds of UTC, a day has
//! 86,400 of them, sums stop at the end of year 9999.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Attribute, Days, LicenseClass, Policy, PolicySource};
use crate::{EntitlementTag, Seconds, UnixSeconds, word_enum};

mod consequence;
mod device;
#[cfg(test)]
mod tests;

pub use consequence::{WithoutAck, severity};
pub use device::{AckState, Phase, printed_ack_deadline, printed_interval};

/// From this time on, so many uses of a licence. As JSON: an object of these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Change {
    /// When.
    pub at: UnixSeconds,
    /// How many uses after it.
    pub count: u64,
}

impl Change {
    /// So many uses from this time on.
    pub const fn new(at: UnixSeconds, count: u64) -> Self {
        Self { at, count }
    }
}

/// One licence of a device, as the clock sees it. As JSON: an object of these names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LicenseUse {
    /// Which licence.
    pub tag: EntitlementTag,
    /// What the policy tells it apart by.
    pub class: LicenseClass,
    /// How its count went, in any order; before the first change it is 0. A change that restates the count (a reload)
    /// counts for nothing.
    pub changes: Vec<Change>,
    /// The end of its newest acknowledged report; of its newest *sent* report, where the policy asks for no
    /// acknowledgement. A licence that the factory reported has its first use here (doc).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<UnixSeconds>,
    /// Does an installed reservation (SLR) authorize it? Then only changes matter (doc).
    #[serde(default)]
    pub reserved: bool,
}

impl LicenseUse {
    /// A licence that no report covers yet.
    pub fn new(tag: EntitlementTag, class: LicenseClass, changes: Vec<Change>) -> Self {
        Self { tag, class, changes, covered: None, reserved: false }
    }

    /// The same licence, covered up to this time.
    #[must_use]
    pub fn covered_to(mut self, end: UnixSeconds) -> Self {
        self.covered = Some(end);
        self
    }

    /// The same licence, authorized by a reservation.
    #[must_use]
    pub fn reserved(mut self) -> Self {
        self.reserved = true;
        self
    }

    /// The changes up to `now` that change something, in order of time. Of several at one second the last one counts. Before
    /// the first of them nothing was in use, so it is to a count above zero, and so is the one after a change to zero.
    fn history(&self, now: UnixSeconds) -> Vec<Change> {
        let mut known: Vec<Change> = self.changes.iter().filter(|change| change.at <= now).copied().collect();
        known.sort_by_key(|change| change.at);
        let mut at_once: Vec<Change> = Vec::with_capacity(known.len());
        for change in known {
            match at_once.last_mut() {
                Some(last) if last.at == change.at => *last = change,
                _ => at_once.push(change),
            }
        }
        let mut count = 0;
        at_once.retain(|change| std::mem::replace(&mut count, change.count) != change.count);
        at_once
    }

    /// Was it ever used, up to `now`? Then since when.
    pub fn first_use(&self, now: UnixSeconds) -> Option<UnixSeconds> {
        self.history(now).first().map(|change| change.at)
    }
}

word_enum! {
    /// Which obligation makes a report due. Words: `first`, `change`, `ongoing`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Rule: "rule" {
        /// The first report of a licence.
        First = "first",
        /// A report after a change of the count.
        Change = "change",
        /// The next report, so many days after the last one.
        Ongoing = "ongoing",
    }
}

impl Rule {
    /// The attribute of the policy behind it.
    pub const fn attribute(self) -> Attribute {
        match self {
            Self::First => Attribute::First,
            Self::Change => Attribute::Change,
            Self::Ongoing => Attribute::Ongoing,
        }
    }
}

word_enum! {
    /// What the days to a date are counted from. Words: `first-use`, `policy-install`, `change`, `last-ack`, `covered`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Since: "start of a count of days" {
        /// The licence was used for the first time.
        FirstUse = "first-use",
        /// The policy was installed, later than the first use.
        PolicyInstall = "policy-install",
        /// Its count changed.
        Change = "change",
        /// The device received an acknowledgement; where the policy asks for none, it sent a report.
        LastAck = "last-ack",
        /// Its newest acknowledged report ends, and nothing is known of the time of the acknowledgement.
        Covered = "covered",
    }
}

impl Since {
    const fn in_words(self) -> &'static str {
        match self {
            Self::FirstUse => "its first use",
            Self::PolicyInstall => "the install of the policy",
            Self::Change => "the change of its count",
            Self::LastAck => "the last acknowledgement",
            Self::Covered => "the end of its last acknowledged report",
        }
    }
}

/// A report that has to be acknowledged by a certain time. Ordered by time, then rule, then tag.
///
/// As JSON: an object of these names. `Display` says it in a sentence, which is not read back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Due {
    /// The last moment.
    pub at: UnixSeconds,
    /// Which obligation.
    pub rule: Rule,
    /// The licence.
    pub tag: EntitlementTag,
    /// Its class.
    pub class: LicenseClass,
    /// So many days after `base`.
    pub days: u32,
    /// From when the days are counted.
    pub base: UnixSeconds,
    /// What happened then.
    pub since: Since,
    /// Who set the days.
    pub source: PolicySource,
}

impl Due {
    fn new(licence: &LicenseUse, rule: Rule, (base, since): (UnixSeconds, Since), value: Days) -> Self {
        Self {
            at: base.saturating_add(Seconds::from_days(value.days)),
            rule,
            tag: licence.tag.clone(),
            class: licence.class,
            days: value.days,
            base,
            since,
            source: value.source,
        }
    }

    /// Has its time passed? Its very second is still in time.
    pub fn is_overdue(&self, now: UnixSeconds) -> bool {
        now > self.at
    }

    /// Whole days since it was due; `None` if it is not overdue.
    pub fn days_overdue(&self, now: UnixSeconds) -> Option<u32> {
        let seconds = now.since(self.at).get();
        (seconds > 0).then(|| u32::try_from(seconds.div_euclid(86_400)).unwrap_or(u32::MAX))
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, tag, class, days, base, since, source, .. } = self;
        let what = match self.rule {
            Rule::First => "its first report within",
            Rule::Change => "a report of the change within",
            Rule::Ongoing => "the next report within",
        };
        let since = since.in_words();
        write!(f, "{at}: {class} licence {tag} needs {what} {days} days of {since} at {base} ({source})")
    }
}

/// What each licence owes, in order of time: at most one item a licence. Empty when nothing is due.
///
/// `installed_at` is when the policy was installed; `None` for the built-in default. `last_ack` is when the device last
/// received an acknowledgement; where the policy asks for none, when it last sent a report.
pub fn obligations(
    policy: &Policy,
    installed_at: Option<UnixSeconds>,
    licences: &[LicenseUse],
    last_ack: Option<UnixSeconds>,
    now: UnixSeconds,
) -> Vec<Due> {
    let owed = licences.iter().filter_map(|licence| owed(policy, installed_at, licence, last_ack, now));
    let mut dues: Vec<Due> = owed.collect();
    dues.sort();
    dues
}

/// The earliest of [`obligations`]: the date, the rule, and the licence that asks for it. `None` when nothing is due.
///
/// To see what another policy would ask for, call it again with that policy. Spec: ack-auth, "Rules per licence".
///
/// ```
/// use slp_model::policy::clock::{Change, LicenseUse, Rule, next_due};
/// use slp_model::policy::{LicenseClass, Policy};
///
/// let used = Change::new("2022-04-06T13:28:03".parse()?, 1);
/// let licence = LicenseUse::new("regid.2020-01.com.cisco.TEST,1.0_x".parse()?, LicenseClass::Perpetual, vec![used]);
/// let due = next_due(&Policy::vendor_default(), None, &[licence], None, "2022-05-21".parse()?).unwrap();
/// assert_eq!((due.rule, due.at), (Rule::First, "2023-04-06T13:28:03".parse()?));
/// # Ok::<(), slp_model::Error>(())
/// ```
pub fn next_due(
    policy: &Policy,
    installed_at: Option<UnixSeconds>,
    licences: &[LicenseUse],
    last_ack: Option<UnixSeconds>,
    now: UnixSeconds,
) -> Option<Due> {
    licences.iter().filter_map(|licence| owed(policy, installed_at, licence, last_ack, now)).min()
}

fn owed(
    policy: &Policy,
    installed_at: Option<UnixSeconds>,
    licence: &LicenseUse,
    last_ack: Option<UnixSeconds>,
    now: UnixSeconds,
) -> Option<Due> {
    let history = licence.history(now);
    let first_use = history.first()?.at; // R0: never used, nothing is due
    let value = |rule: Rule| {
        let applies = !licence.reserved || rule == Rule::Change; // R6
        Some(policy.days(licence.class, rule.attribute())).filter(|value| applies && value.days > 0)
    };
    let due = |rule: Rule, base, since| value(rule).map(|value| Due::new(licence, rule, (base, since), value));
    let Some(covered) = licence.covered else {
        let installed = installed_at.filter(|installed| *installed > first_use);
        let since = if installed.is_some() { Since::PolicyInstall } else { Since::FirstUse };
        let first = due(Rule::First, installed.unwrap_or(first_use), since); // R1
        return first.or_else(|| due(Rule::Change, first_use, Since::FirstUse)); // R2
    };
    let later = history.partition_point(|change| change.at <= covered);
    let (before, after) = history.split_at_checked(later)?;
    let in_use = before.last().is_some_and(|change| change.count > 0) || !after.is_empty();
    let change = after.first().and_then(|change| due(Rule::Change, change.at, Since::Change)); // R3
    let since = if last_ack.is_some() { Since::LastAck } else { Since::Covered };
    let ongoing = in_use.then(|| due(Rule::Ongoing, last_ack.unwrap_or(covered), since)).flatten(); // R4
    change.into_iter().chain(ongoing).min() // R5
}
