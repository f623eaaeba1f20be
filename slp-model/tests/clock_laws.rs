//! Laws of the policy clock.

use proptest::prelude::*;
use slp_model::policy::clock::{AckState, Change, LicenseUse, Rule, WithoutAck, next_due, obligations, severity};
use slp_model::policy::{LicenseClass, Policy, Requirement};
use slp_model::{Seconds, UnixSeconds};

fn time() -> impl Strategy<Value = UnixSeconds> {
    (0..1000_i64).prop_map(|step| UnixSeconds::new(1_600_000_000 + step * 43_200).unwrap())
}

fn any_time() -> impl Strategy<Value = UnixSeconds> {
    let ends = prop::sample::select(vec![UnixSeconds::MIN, UnixSeconds::MAX]);
    let whole = UnixSeconds::MIN.get()..=UnixSeconds::MAX.get();
    prop_oneof![time(), ends, whole.prop_map(|seconds| UnixSeconds::new(seconds).unwrap())]
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let days = || prop::option::of(prop_oneof![Just(0), 0..400_u32, Just(u32::MAX)]);
    (days(), days(), days()).prop_map(|(first, ongoing, change)| Requirement::new(first, ongoing, change))
}

fn policy() -> impl Strategy<Value = Policy> {
    (requirement(), requirement(), requirement(), requirement()).prop_map(|(a, b, c, d)| {
        let mut policy = Policy::new("any");
        (policy.perpetual, policy.subscription, policy.enforced, policy.export) = (a, b, c, d);
        policy
    })
}

fn licence() -> impl Strategy<Value = LicenseUse> {
    let class = prop::sample::select(LicenseClass::ALL);
    let changes = prop::collection::vec((any_time(), 0..3_u64), 0..6);
    (class, changes, prop::option::of(any_time()), any::<bool>()).prop_map(|(class, changes, covered, reserved)| {
        let changes = changes.into_iter().map(|(at, count)| Change::new(at, count)).collect();
        let mut licence = LicenseUse::new("tag".parse().unwrap(), class, changes);
        (licence.covered, licence.reserved) = (covered, reserved);
        licence
    })
}

/// `None`, nothing due, is later than every date.
fn later_or_equal(one: Option<UnixSeconds>, other: Option<UnixSeconds>) -> bool {
    match (one, other) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(one), Some(other)) => one >= other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn a_newer_acknowledgement_never_makes_a_covered_licence_due_earlier(
        policy in policy(), licence in licence(), covered in time(), ack in time(), more in 0..500_i64, now in time(),
    ) {
        let newer = |time: UnixSeconds| time.saturating_add(Seconds::from_days(u32::try_from(more).unwrap()));
        let at = |covered: UnixSeconds, ack: UnixSeconds| {
            let licence = licence.clone().covered_to(covered);
            next_due(&policy, None, &[licence], Some(ack), now).map(|due| due.at)
        };
        let before = at(covered, ack);
        prop_assert!(later_or_equal(at(newer(covered), newer(ack)), before));
        prop_assert!(later_or_equal(at(covered, newer(ack)), before));
    }

    #[test]
    fn with_the_same_facts_the_passing_of_time_moves_no_date(
        policy in policy(), licences in prop::collection::vec(licence(), 0..4), installed in prop::option::of(time()),
        ack in prop::option::of(time()), now in time(), days in 0..10_000_u32,
    ) {
        let later = now.saturating_add(Seconds::from_days(days));
        let mut known = licences;
        for licence in &mut known {
            licence.changes.retain(|change| change.at <= now);
        }
        let dues = |now| obligations(&policy, installed, &known, ack, now);
        prop_assert_eq!(dues(now), dues(later));
    }

    #[test]
    fn facts_and_dues_read_back_from_json(
        policy in policy(), licence in licence(), installed in prop::option::of(any_time()), now in any_time(),
    ) {
        fn reads_back<T>(value: &T) -> Result<(), TestCaseError>
        where
            T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
        {
            let json = serde_json::to_string(value).expect("it is JSON");
            prop_assert_eq!(&serde_json::from_str::<T>(&json).expect(&json), value, "{}", json);
            Ok(())
        }
        let dues = obligations(&policy, installed, std::slice::from_ref(&licence), None, now);
        let mut policy = policy;
        (policy.date, policy.ack_required, policy.flag) = (installed, installed.map(|_| false), Some(String::new()));
        reads_back(&policy)?;
        reads_back(&licence)?;
        reads_back(&dues)?;
        reads_back(&policy.values().map(|(.., days)| days).collect::<Vec<_>>())?;
    }

    #[test]
    fn what_lies_ahead_of_now_does_not_count(
        policy in policy(), licence in licence(), ack in prop::option::of(time()), now in time(),
    ) {
        let mut known = licence.clone();
        known.changes.retain(|change| change.at <= now);
        let due = |licence: LicenseUse| next_due(&policy, None, &[licence], ack, now);
        prop_assert_eq!(due(licence), due(known));
    }

    #[test]
    fn a_later_change_never_moves_the_date_of_an_earlier_one(
        policy in policy(), licence in licence(), covered in time(), ack in time(), now in time(), count in 0..3_u64,
    ) {
        let licence = licence.covered_to(covered);
        let due = |licence: LicenseUse| next_due(&policy, None, &[licence], Some(ack), now);
        let before = due(licence.clone());
        let mut more = licence;
        more.changes.push(Change::new(now, count));
        if let Some(before) = before.filter(|due| due.rule == Rule::Change && due.base < now) {
            // an ongoing report may come in before it, when the licence is in use again
            let after = due(more);
            prop_assert!(after.as_ref().is_some_and(|after| *after == before || after.rule == Rule::Ongoing), "{after:?}");
        }
    }

    #[test]
    fn the_order_of_facts_does_not_show(
        policy in policy(), mut licences in prop::collection::vec(licence(), 0..4), ack in prop::option::of(time()),
        now in time(),
    ) {
        let first = next_due(&policy, None, &licences, ack, now);
        licences.reverse();
        for licence in &mut licences {
            // of two changes at one second the last one counts, so only others may swap
            licence.changes.sort_by_key(|change| std::cmp::Reverse(change.at));
        }
        prop_assert_eq!(next_due(&policy, None, &licences, ack, now), first);
    }

    #[test]
    fn any_facts_give_an_answer_and_the_next_date_is_the_first_of_all(
        policy in policy(), licences in prop::collection::vec(licence(), 0..5), installed in prop::option::of(any_time()),
        ack in prop::option::of(any_time()), now in any_time(),
    ) {
        let dues = obligations(&policy, installed, &licences, ack, now);
        prop_assert_eq!(next_due(&policy, installed, &licences, ack, now), dues.first().cloned());
        prop_assert!(dues.windows(2).all(|pair| pair[0] <= pair[1]));
        for due in &dues {
            prop_assert!(due.days > 0 && due.base <= due.at);
            prop_assert_eq!(due.is_overdue(now), due.days_overdue(now).is_some());
            let _ = (severity(due, WithoutAck::Logs, now), due.to_string());
        }
        let _ = AckState::of(&policy, installed, &licences, ack, now);
    }

    #[test]
    fn a_further_change_never_puts_a_date_off(
        policy in policy(), licence in licence(), ack in prop::option::of(time()), installed in prop::option::of(time()),
        now in time(), days in 1..400_u32, count in 0..3_u64,
    ) {
        let due = |licence: &LicenseUse, now| {
            next_due(&policy, installed, std::slice::from_ref(licence), ack, now).map(|due| due.at)
        };
        let mut known = licence;
        known.changes.retain(|change| change.at <= now);
        known.covered = known.covered.filter(|covered| *covered <= now); // no report reaches into the future
        let before = due(&known, now);
        let later = now.saturating_add(Seconds::from_days(days));
        known.changes.push(Change::new(later, count));
        prop_assert!(later_or_equal(before, due(&known, later)));
    }

    /// Nothing depends on where in time, or in which zone, it happens: whatever all times are moved by, the date moves by.
    #[test]
    fn a_date_moves_with_its_facts_and_by_nothing_else(
        policy in policy(), licences in prop::collection::vec(licence(), 0..4), ack in prop::option::of(time()),
        installed in prop::option::of(time()), now in time(), hours in -14..=14_i64,
    ) {
        let moved = |time: UnixSeconds| time.checked_add(Seconds::new(hours * 3_600)).unwrap();
        let known = |move_by: &dyn Fn(UnixSeconds) -> UnixSeconds| -> Vec<LicenseUse> {
            let mut known = licences.clone();
            for licence in &mut known {
                let early = |time: UnixSeconds| UnixSeconds::new(time.get().clamp(1_500_000_000, 1_700_000_000)).unwrap();
                licence.covered = licence.covered.map(|time| move_by(early(time)));
                for change in &mut licence.changes {
                    change.at = move_by(early(change.at));
                }
            }
            known
        };
        let here = obligations(&policy, installed, &known(&|time| time), ack, now);
        let there = obligations(&policy, installed.map(moved), &known(&moved), ack.map(moved), moved(now));
        prop_assert_eq!(here.len(), there.len());
        for (here, there) in here.iter().zip(&there) {
            // the end of year 9999 does not move
            let at = if there.at == UnixSeconds::MAX || here.at == UnixSeconds::MAX { there.at } else { moved(here.at) };
            prop_assert_eq!((there.at, there.rule, there.base, there.days), (at, here.rule, moved(here.base), here.days));
        }
    }

    #[test]
    fn a_stricter_policy_is_never_due_later(licence in licence(), ack in time(), now in time(), less in 1..100_u32) {
        let with = |days: u32| {
            let mut policy = Policy::new("x");
            let all = Requirement::days(days, days, days);
            (policy.perpetual, policy.subscription, policy.enforced, policy.export) = (all, all, all, all);
            next_due(&policy, None, std::slice::from_ref(&licence), Some(ack), now).map(|due| due.at)
        };
        prop_assert!(later_or_equal(with(100 + less), with(100)));
    }
}
