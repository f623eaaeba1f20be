//! The policy clock against deadlines that real devices printed. Spec: ack-auth, "Real captures".

use slp_model::policy::clock::{Change, LicenseUse, Phase, Rule, next_due, printed_ack_deadline, printed_interval};
use slp_model::policy::{LicenseClass, Policy, Requirement};
use slp_model::{Seconds, UnixSeconds};

/// `365/0/90` of the table.
fn days(cell: &str) -> Requirement {
    let days: Vec<u32> = cell.split('/').map(|days| days.parse().unwrap()).collect();
    Requirement::days(days[0], days[1], days[2])
}

fn time(cell: &str) -> Option<UnixSeconds> {
    (cell != "-").then(|| cell.parse().unwrap())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "samples lie where the environment says")]
#[expect(clippy::print_stderr, reason = "an absent sample is said aloud")]
fn deadlines_are_those_that_devices_printed() {
    let Ok(samples) = std::env::var("SLP_SAMPLES") else {
        eprintln!("skipped: SLP_SAMPLES is not set");
        return;
    };
    let table = std::fs::read_to_string(format!("{samples}/ack-auth/policy_clock_cases.tsv")).unwrap();
    let mut checked = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<_> = line.split('\t').collect();
        let case = cells[0];
        let mut policy = Policy::new(case);
        (policy.perpetual, policy.subscription) = (days(cells[2]), days(cells[3]));
        (policy.enforced, policy.export) = (days(cells[4]), days(cells[5]));
        let mut classes = Vec::new();
        if cells[6].contains("perpetual") || cells[6] == "-" {
            classes.push(LicenseClass::Perpetual);
        }
        if cells[6].contains("subscription") || cells[6] == "-" {
            classes.push(LicenseClass::Subscription);
        }
        let (last_ack, deadline) = (time(cells[9]), time(cells[10]));
        if let (Ok(in_policy), Ok(computed)) = (cells[8].parse::<u32>(), cells[12].parse::<u32>()) {
            let phase = if cells[7] == "2" { Phase::BeforeFirstReport } else { Phase::Reporting };
            assert_eq!(printed_interval(&policy, classes.iter().copied(), phase), computed, "{case}");
            // one device prints 0 beside a deadline of 365 days
            assert_eq!(in_policy == computed, case != "PC07", "{case}");
        }
        let Some(deadline) = deadline else {
            assert_eq!(case, "PC04", "the only one without a deadline");
            continue;
        };
        let now = time(cells[14]).unwrap_or(deadline);
        // the last acknowledgement, or, before there is one, the first use that the computed days lead back to
        let Some(base) = last_ack.or_else(|| {
            let back: i64 = cells[12].parse::<i64>().ok()? * 86_400;
            deadline.checked_add(Seconds::new(-back))
        }) else {
            continue;
        };
        let used = |class: &LicenseClass| {
            let first = base.checked_add(Seconds::new(-10 * i64::from(last_ack.is_some()))).unwrap();
            let tag = format!("{class}").parse().unwrap();
            let licence = LicenseUse::new(tag, *class, vec![Change::new(first, 1)]);
            if last_ack.is_some() { licence.covered_to(base) } else { licence }
        };
        let licences: Vec<_> = classes.iter().map(used).collect();
        let printed = printed_ack_deadline(&policy, &licences, last_ack, now).unwrap();
        // set in the instant of the policy install, a deadline is one second later
        let late = i64::from(case == "PC11");
        assert_eq!(deadline.since(printed).get(), late, "{case}");
        let due = next_due(&policy, None, &licences, last_ack, now).unwrap();
        assert_eq!(due.rule, if last_ack.is_some() { Rule::Ongoing } else { Rule::First }, "{case}");
        assert_eq!(due.at, printed, "{case}");
        if let Ok(overdue) = cells[15].parse::<u32>() {
            assert_eq!(due.days_overdue(now), Some(overdue), "{case}");
        }
        checked += 1;
    }
    assert!(checked >= 13, "{checked} captures with a deadline");
}
