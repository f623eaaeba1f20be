//! Which of two codes or policies is the older one? Spec: ack-auth, "Which policy is older", "Replay and age of a code"
//! (choice).

use std::cmp::Ordering;

use slp_model::UnixMillis;
use slp_model::policy::Policy;

use super::state::{InstalledCode, ReturnedCode};
use crate::AuthorizationCode;

/// What a part is to the one that is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// The same again.
    Same,
    /// It was issued before.
    Older,
    /// It was issued later, or nothing tells.
    Newer,
}

/// A policy against the installed one. The times are those of the account information beside each.
pub(super) fn of_policy(
    new: &Policy,
    installed: &Policy,
    new_time: Option<UnixMillis>,
    installed_time: Option<UnixMillis>,
) -> Age {
    if new == installed {
        return Age::Same;
    }
    if new.name != installed.name {
        // an account that the device moved to may have an older policy: its date alone never makes it old
        return match (new_time, installed_time) {
            (Some(new), Some(installed)) if new < installed => Age::Older,
            _ => Age::Newer,
        };
    }
    match by_version(new.version.as_deref(), installed.version.as_deref()) {
        Ordering::Less => Age::Older,
        Ordering::Greater => Age::Newer,
        Ordering::Equal => match (new.date, installed.date) {
            (Some(new), Some(installed)) if new < installed => Age::Older,
            _ => Age::Newer,
        },
    }
}

/// As numbers where both are, otherwise as texts. Where one is not stated nothing tells: it is equal.
fn by_version(new: Option<&str>, installed: Option<&str>) -> Ordering {
    let stated = |text: Option<&'_ str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let (Some(new), Some(installed)) = (stated(new), stated(installed)) else {
        return Ordering::Equal;
    };
    let number = |text: &str| {
        let digits = text.trim_start_matches('0');
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| (digits.len(), digits.to_owned()))
    };
    match (number(&new), number(&installed)) {
        // longer numbers without leading zeros are greater ones
        (Some(new), Some(installed)) => new.cmp(&installed),
        _ => new.cmp(&installed),
    }
}

/// A code against the installed one of the same device.
pub(super) fn of_code(new: &AuthorizationCode, installed: &InstalledCode) -> Age {
    let same_signature = new.signature().is_some() && new.signature() == installed.signature.as_deref();
    if new.signed_bytes() == installed.signed || same_signature {
        return Age::Same;
    }
    let (view, before) = (new.view(), &installed.authorization);
    match (view.issued(), before.issued()) {
        (Some(new), Some(old)) if new < old => Age::Older,
        (Some(new), Some(old)) if new == old => {
            let same =
                same_piid(view.piid.as_deref(), before.piid.as_deref()) && view.entitlements == before.entitlements;
            if same { Age::Same } else { Age::Newer }
        }
        _ => Age::Newer,
    }
}

/// Without case; nothing known agrees with nothing known.
pub(super) fn same_piid(one: Option<&str>, other: Option<&str>) -> bool {
    one.unwrap_or_default().eq_ignore_ascii_case(other.unwrap_or_default())
}

/// Was this very code given back before?
pub(super) fn was_returned(new: &AuthorizationCode, returned: &[ReturnedCode]) -> bool {
    let view = new.view();
    returned.iter().any(|old| {
        old.device == view.udi && same_piid(old.piid.as_deref(), view.piid.as_deref()) && old.issued == view.issued()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(name: &str, version: &str, date: &str) -> Policy {
        let mut policy = Policy::new(name);
        (policy.version, policy.date) = (Some(version.to_owned()), Some(date.parse().unwrap()));
        policy
    }

    #[test]
    fn versions_are_numbers_and_dates_decide_between_equal_ones() {
        let installed = policy("A", "9", "2023-01-02");
        let age = |new: &Policy| of_policy(new, &installed, None, None);
        assert_eq!(age(&installed), Age::Same);
        assert_eq!(age(&policy("A", "10", "2023-01-01")), Age::Newer);
        assert_eq!(age(&policy("A", "08", "2023-01-03")), Age::Older);
        assert_eq!(age(&policy("A", "9", "2023-01-01")), Age::Older);
        let mut other_values = installed.clone();
        other_values.export.change = Some(1);
        assert_eq!(age(&other_values), Age::Newer);
    }

    #[test]
    fn a_policy_that_states_no_version_is_not_older_for_that() {
        let installed = policy("A", "9", "2023-01-02");
        let unstated = |version: Option<&str>, date: &str| {
            let mut new = policy("A", "", date);
            new.version = version.map(str::to_owned);
            of_policy(&new, &installed, None, None)
        };
        assert_eq!(unstated(None, "2023-01-03"), Age::Newer);
        assert_eq!(unstated(Some(""), "2023-01-03"), Age::Newer);
        assert_eq!(unstated(None, "2023-01-01"), Age::Older, "its date still tells");
    }

    #[test]
    fn another_name_is_older_only_by_the_times_of_both_accounts() {
        let (installed, new) = (policy("A", "9", "2023-01-02"), policy("B", "1", "2022-01-01"));
        let time = |millis| UnixMillis::new(millis).ok();
        assert_eq!(of_policy(&new, &installed, None, None), Age::Newer);
        assert_eq!(of_policy(&new, &installed, time(5), None), Age::Newer);
        assert_eq!(of_policy(&new, &installed, time(5), time(6)), Age::Older);
        assert_eq!(of_policy(&new, &installed, time(6), time(6)), Age::Newer);
    }
}
