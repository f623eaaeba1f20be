//! Which licences stand in for which: a higher tier lends to a lower one that is short.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use slp_model::EntitlementTag;

use crate::error::{Error, ErrorKind, Result};

/// Tiers of one product line, highest first. Spec: sync, "License hierarchy".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hierarchy {
    /// Its name, as the cloud gives it.
    pub id: String,
    /// Two to sixteen licences, highest tier first.
    pub tiers: Vec<EntitlementTag>,
}

impl Hierarchy {
    /// These tiers.
    ///
    /// # Errors
    /// [`ErrorKind::BadValue`] for fewer than 2 or more than 16 tiers; [`ErrorKind::HierarchyConflict`] if a licence
    /// stands in two of them.
    pub fn new(id: impl Into<String>, tiers: Vec<EntitlementTag>) -> Result<Self> {
        if !(2..=16).contains(&tiers.len()) {
            let text = format!("a hierarchy has 2 to 16 tiers, not {}", tiers.len());
            return Err(Error::new(ErrorKind::BadValue, text).named("hierarchy"));
        }
        let this = Self { id: id.into(), tiers };
        check_disjoint(std::slice::from_ref(&this))?;
        Ok(this)
    }
}

/// One licence is in at most one tier of one hierarchy.
pub(crate) fn check_disjoint(hierarchies: &[Hierarchy]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for tag in hierarchies.iter().flat_map(|hierarchy| &hierarchy.tiers) {
        if !seen.insert(tag) {
            let text = format!("licence {} stands in two tiers", slp_model::Quoted(tag.as_str()));
            return Err(Error::new(ErrorKind::HierarchyConflict, text));
        }
    }
    Ok(())
}

/// What one licence has and needs in one pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Demand {
    /// The share of the pool; negative only after the cloud took licences back.
    pub allocated: i64,
    /// In use, after the HA rule.
    pub in_use: u64,
    /// Reserved for devices without contact.
    pub reserved: u64,
    /// Export-controlled: neither lends nor borrows.
    pub export: bool,
}

impl Demand {
    /// A licence that is not export-controlled and of which none is reserved.
    pub fn new(allocated: i64, in_use: u64) -> Self {
        Self { allocated, in_use, reserved: 0, export: false }
    }
}

/// What comes out for one licence in one pool. Computed anew each time, never stored as a debt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// Free for a transfer.
    pub available: u64,
    /// Lent to lower tiers.
    pub lent: u64,
    /// Borrowed from higher tiers.
    pub borrowed: u64,
    /// Still missing, after all that could be borrowed.
    pub shortage: u64,
}

impl Standing {
    /// Is nothing missing?
    pub fn is_compliant(&self) -> bool {
        self.shortage == 0
    }

    /// Without loans.
    fn alone(demand: &Demand) -> Self {
        let need = i128::from(demand.in_use).saturating_add(i128::from(demand.reserved));
        let left = i128::from(demand.allocated).saturating_sub(need);
        let amount = |value: i128| u64::try_from(value.max(0)).unwrap_or(u64::MAX);
        Self { available: amount(left), shortage: amount(left.saturating_neg()), ..Self::default() }
    }
}

/// Settles one hierarchy in one pool: `demands` from the highest tier to the lowest; one standing for each.
///
/// Short tiers are served from high to low, each from the nearest higher tier first: that keeps the most valuable
/// licences free, and is optimal for a chain, since a later tier may use every source that an earlier one may. Nothing is
/// lent upwards. Spec: sync, "License hierarchy" (choice).
///
/// ```
/// use slp_sync::hierarchy::{Demand, settle};
///
/// // 100 of the higher tier, 10 in use; none of the lower, 50 in use (doc).
/// let standings = settle(&[Demand::new(100, 10), Demand::new(0, 50)]);
/// assert_eq!((standings[0].lent, standings[0].available, standings[1].shortage), (50, 40, 0));
/// ```
pub fn settle(demands: &[Demand]) -> Vec<Standing> {
    let mut standings: Vec<Standing> = demands.iter().map(Standing::alone).collect();
    for (short, demand) in demands.iter().enumerate() {
        let Some((higher, rest)) = standings.split_at_mut_checked(short) else {
            continue;
        };
        let Some(borrower) = rest.first_mut().filter(|_| !demand.export) else {
            continue;
        };
        for (lender, source) in higher.iter_mut().zip(demands).rev() {
            if source.export {
                continue;
            }
            let amount = lender.available.min(borrower.shortage);
            lender.available = lender.available.saturating_sub(amount);
            lender.lent = lender.lent.saturating_add(amount);
            borrower.shortage = borrower.shortage.saturating_sub(amount);
            borrower.borrowed = borrower.borrowed.saturating_add(amount);
        }
    }
    standings
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Demand, Hierarchy, settle};

    fn table(rows: &[(i64, u64)]) -> Vec<(u64, u64, u64, u64)> {
        let demands: Vec<Demand> = rows.iter().map(|(allocated, need)| Demand::new(*allocated, *need)).collect();
        settle(&demands).iter().map(|s| (s.available, s.lent, s.borrowed, s.shortage)).collect()
    }

    #[test]
    fn loans_go_down_and_come_from_the_nearest_tier() {
        assert_eq!(table(&[(100, 10), (0, 50)]), [(40, 50, 0, 0), (0, 0, 50, 0)], "the published example");
        assert_eq!(table(&[(5, 2), (3, 4), (0, 4)]), [(0, 3, 0, 0), (0, 0, 1, 0), (0, 0, 2, 2)], "three tiers");
        assert_eq!(table(&[(5, 0), (5, 0), (0, 6)]), [(4, 1, 0, 0), (0, 5, 0, 0), (0, 0, 6, 0)], "nearest first");
        assert_eq!(table(&[(0, 1), (9, 0)]), [(0, 0, 0, 1), (9, 0, 0, 0)], "no upward loan");
        assert_eq!(table(&[(5, 0), (-4, 0)]), [(1, 4, 0, 0), (0, 0, 4, 0)], "a negative pool");
    }

    #[test]
    fn export_controlled_licences_neither_lend_nor_borrow() {
        let export = Demand { export: true, ..Demand::new(5, 0) };
        assert_eq!(settle(&[export, Demand::new(0, 1)])[1].shortage, 1);
        let short = Demand { export: true, ..Demand::new(0, 1) };
        assert_eq!(settle(&[Demand::new(5, 0), short])[1].shortage, 1);
    }

    #[test]
    fn a_licence_is_in_one_tier() {
        let tag = |name: &str| format!("regid.2016-01.com.example.{name}").parse().unwrap();
        assert!(Hierarchy::new("x", vec![tag("A"), tag("B")]).is_ok());
        let twice = Hierarchy::new("x", vec![tag("A"), tag("A")]).unwrap_err();
        assert_eq!(twice.kind(), crate::ErrorKind::HierarchyConflict);
        assert_eq!(Hierarchy::new("x", vec![tag("A")]).unwrap_err().kind(), crate::ErrorKind::BadValue);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn loans_balance_and_no_better_settlement_leaves_less_short(
            rows in proptest::collection::vec((-20_i64..60, 0_u64..40), 2..8)
        ) {
            let demands: Vec<Demand> = rows.iter().map(|(allocated, need)| Demand::new(*allocated, *need)).collect();
            let standings = settle(&demands);
            let lent: u64 = standings.iter().map(|standing| standing.lent).sum();
            let borrowed: u64 = standings.iter().map(|standing| standing.borrowed).sum();
            prop_assert_eq!(lent, borrowed);
            // The least possible shortage of a chain: whatever a prefix of tiers is short of, no tier below can give.
            let mut least = 0_i64;
            let mut free = 0_i64;
            for demand in &demands {
                free += demand.allocated - i64::try_from(demand.in_use).unwrap();
                if free < 0 {
                    least -= free;
                    free = 0;
                }
            }
            let short: u64 = standings.iter().map(|standing| standing.shortage).sum();
            prop_assert_eq!(i64::try_from(short).unwrap(), least);
        }
    }
}
