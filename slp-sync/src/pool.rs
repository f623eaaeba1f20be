//! Local virtual accounts share the licences of one virtual account of the cloud.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use slp_model::{EntitlementTag, Quoted};

use crate::error::{Error, ErrorKind, Result};
use crate::hierarchy::{Demand, Hierarchy, Standing, check_disjoint, settle};
use crate::stored::checked;

/// The greatest count there is: 2^53 - 1, so that every reader of the documents takes it as it is.
pub const COUNT_MAX: u64 = (1 << 53) - 1;

/// Something that a person has to see: the default pool is below zero.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Insufficient {
    /// The licence.
    pub tag: EntitlementTag,
    /// What the default pool has now: less than nothing.
    pub default: i64,
}

impl Insufficient {
    /// What to do about it, in a sentence.
    pub fn remedy(&self) -> String {
        let missing = self.default.unsigned_abs();
        format!("transfer {missing} back to the default local virtual account, or buy {missing}")
    }
}

/// One local virtual account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pool {
    name: String,
    demands: BTreeMap<EntitlementTag, Demand>,
}

/// The pools of one local account.
///
/// For every licence, what the pools have adds up to what the virtual account of the cloud has purchased, always. New
/// purchases go to the default pool; when the cloud takes licences back, the default pool alone pays, and may go below
/// zero: nobody else loses anything silently. Spec: sync, "Local virtual accounts, pools, transfer" (choice).
///
/// The stored form is that of serde; pools that do not add up are refused.
///
/// ```
/// use slp_sync::pool::Pools;
///
/// let tag = "regid.2016-01.com.example.FIREWALL".parse()?;
/// let mut pools = Pools::new("lva-1", "Default");
/// pools.add("lva-2", "IT Department")?;
/// assert_eq!(pools.set_purchased(&tag, 5)?, None);
/// pools.transfer(&tag, 4, "lva-1", "lva-2")?;
/// assert_eq!((pools.allocated("lva-1", &tag), pools.allocated("lva-2", &tag)), (1, 4));
///
/// let alert = pools.set_purchased(&tag, 0)?.ok_or("no alert")?;
/// assert_eq!((alert.default, pools.allocated("lva-2", &tag)), (-4, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Pools {
    default: String,
    by_id: BTreeMap<String, Pool>,
    purchased: BTreeMap<EntitlementTag, u64>,
    hierarchies: Vec<Hierarchy>,
}

checked!(Pools, |pools| {
    let is_line = |line: &Hierarchy| (2..=16).contains(&line.tiers.len());
    if !pools.by_id.contains_key(&pools.default) {
        return Err("the default pool is not there");
    }
    if !pools.hierarchies.iter().all(is_line) || check_disjoint(&pools.hierarchies).is_err() {
        return Err("the hierarchies are none");
    }
    let demands = pools.by_id.values().flat_map(|pool| pool.demands.values());
    let is_count = |count: u64| count <= COUNT_MAX;
    if !demands
        .into_iter()
        .all(|one| is_count(one.allocated.unsigned_abs()) && is_count(one.in_use) && is_count(one.reserved))
    {
        return Err("a count is more than any document can say");
    }
    if pools.is_balanced() { Ok(()) } else { Err("the pools do not add up to what was purchased") }
});

impl Pools {
    /// The default pool alone. Its id stays, and so does its name.
    pub fn new(default: impl Into<String>, name: impl Into<String>) -> Self {
        let default = default.into();
        let pool = Pool { name: name.into(), demands: BTreeMap::new() };
        Self {
            by_id: BTreeMap::from([(default.clone(), pool)]),
            default,
            purchased: BTreeMap::new(),
            hierarchies: Vec::new(),
        }
    }

    /// The id of the default pool.
    pub fn default_id(&self) -> &str {
        &self.default
    }

    /// Ids and names, sorted by id.
    pub fn pools(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_id.iter().map(|(id, pool)| (id.as_str(), pool.name.as_str()))
    }

    /// Every pool with every licence that it has a share in, a use of, or once had.
    pub fn shares(&self) -> impl Iterator<Item = (&str, &EntitlementTag)> {
        self.by_id.iter().flat_map(|(id, pool)| pool.demands.keys().map(move |tag| (id.as_str(), tag)))
    }

    /// A new pool.
    ///
    /// # Errors
    /// [`ErrorKind::DuplicateId`] if there is one of this id.
    pub fn add(&mut self, id: impl Into<String>, name: impl Into<String>) -> Result<()> {
        let id = id.into();
        if self.by_id.contains_key(&id) {
            let text = format!("a local virtual account of id {} exists", Quoted(&id));
            return Err(Error::new(ErrorKind::DuplicateId, text));
        }
        self.by_id.insert(id, Pool { name: name.into(), demands: BTreeMap::new() });
        Ok(())
    }

    fn pool(&mut self, id: &str) -> Result<&mut Pool> {
        self.by_id.get_mut(id).ok_or_else(|| {
            let text = format!("there is no local virtual account of id {}", Quoted(id));
            Error::new(ErrorKind::UnknownAccount, text)
        })
    }

    fn not_the_default(&self, id: &str, what: &str) -> Result<()> {
        if id == self.default {
            let text = format!("the default local virtual account cannot be {what}");
            return Err(Error::new(ErrorKind::UnknownAccount, text));
        }
        Ok(())
    }

    /// Another name for a pool.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownAccount`] if there is no such pool, or it is the default.
    pub fn rename(&mut self, id: &str, name: impl Into<String>) -> Result<()> {
        self.not_the_default(id, "renamed")?;
        self.pool(id)?.name = name.into();
        Ok(())
    }

    /// Deletes a pool; what it had goes back to the default pool.
    ///
    /// # Errors
    /// [`ErrorKind::NotEmpty`] if `product_instances` live there; [`ErrorKind::UnknownAccount`] if there is no such
    /// pool, or it is the default.
    pub fn delete(&mut self, id: &str, product_instances: u64) -> Result<()> {
        self.not_the_default(id, "deleted")?;
        self.pool(id)?;
        if product_instances > 0 {
            let text = format!("{product_instances} product instances are in {}: move them first", Quoted(id));
            return Err(Error::new(ErrorKind::NotEmpty, text));
        }
        let gone = self.by_id.remove(id).unwrap_or_default();
        let default = self.default.clone();
        for (tag, demand) in gone.demands {
            self.move_by(&default, &tag, demand.allocated)?;
        }
        self.balanced();
        Ok(())
    }

    fn move_by(&mut self, id: &str, tag: &EntitlementTag, amount: i64) -> Result<()> {
        let demand = self.pool(id)?.demands.entry(tag.clone()).or_default();
        demand.allocated = demand.allocated.saturating_add(amount);
        Ok(())
    }

    /// What the cloud says was purchased. An alert if the default pool is below zero for it.
    ///
    /// # Errors
    /// [`ErrorKind::BadValue`] above [`COUNT_MAX`].
    pub fn set_purchased(&mut self, tag: &EntitlementTag, purchased: u64) -> Result<Option<Insufficient>> {
        let count = signed(purchased)?;
        let difference = count.saturating_sub(self.sum(tag));
        let default = self.default.clone();
        self.move_by(&default, tag, difference)?;
        self.purchased.insert(tag.clone(), purchased);
        self.balanced();
        let left = self.allocated(&default, tag);
        Ok((left < 0).then(|| Insufficient { tag: tag.clone(), default: left }))
    }

    /// What is in use and reserved in a pool. `export` licences neither lend nor borrow.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownAccount`]; [`ErrorKind::BadValue`] above [`COUNT_MAX`].
    pub fn set_use(&mut self, id: &str, tag: &EntitlementTag, in_use: u64, reserved: u64, export: bool) -> Result<()> {
        signed(in_use)?;
        signed(reserved)?;
        let demand = self.pool(id)?.demands.entry(tag.clone()).or_default();
        *demand = Demand { allocated: demand.allocated, in_use, reserved, export };
        Ok(())
    }

    /// The hierarchies of the account, all of them.
    ///
    /// # Errors
    /// [`ErrorKind::HierarchyConflict`] if a licence stands in two.
    pub fn set_hierarchies(&mut self, hierarchies: Vec<Hierarchy>) -> Result<()> {
        check_disjoint(&hierarchies)?;
        self.hierarchies = hierarchies;
        Ok(())
    }

    /// Moves licences from one pool to another. The cloud sees no change.
    ///
    /// # Errors
    /// [`ErrorKind::InsufficientLicenses`] if fewer are free, [`ErrorKind::UnknownAccount`], [`ErrorKind::BadValue`] for
    /// no licence at all or one pool with itself.
    pub fn transfer(&mut self, tag: &EntitlementTag, amount: u64, from: &str, to: &str) -> Result<()> {
        if amount == 0 || from == to {
            let text = "a transfer moves at least one licence from one local virtual account to another";
            return Err(Error::new(ErrorKind::BadValue, text).named("transfer"));
        }
        self.pool(from)?;
        self.pool(to)?;
        let available = self.standing(from, tag)?.available;
        if amount > available {
            let text = format!("{amount} licences are not free in {}: {available} are", Quoted(from));
            return Err(Error::new(ErrorKind::InsufficientLicenses, text));
        }
        let amount = signed(amount)?;
        self.move_by(from, tag, amount.saturating_neg())?;
        self.move_by(to, tag, amount)?;
        self.balanced();
        Ok(())
    }

    /// The share of a pool; 0 where there is none.
    pub fn allocated(&self, id: &str, tag: &EntitlementTag) -> i64 {
        self.by_id.get(id).and_then(|pool| pool.demands.get(tag)).map_or(0, |demand| demand.allocated)
    }

    /// What the cloud says was purchased.
    pub fn purchased(&self, tag: &EntitlementTag) -> u64 {
        self.purchased.get(tag).copied().unwrap_or(0)
    }

    /// How a licence stands in a pool, loans settled.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownAccount`].
    pub fn standing(&self, id: &str, tag: &EntitlementTag) -> Result<Standing> {
        let Some(pool) = self.by_id.get(id) else {
            let text = format!("there is no local virtual account of id {}", Quoted(id));
            return Err(Error::new(ErrorKind::UnknownAccount, text));
        };
        let demand = |tag: &EntitlementTag| pool.demands.get(tag).copied().unwrap_or_default();
        let chain = self.hierarchies.iter().find_map(|hierarchy| {
            let at = hierarchy.tiers.iter().position(|tier| tier == tag)?;
            let demands: Vec<Demand> = hierarchy.tiers.iter().map(demand).collect();
            settle(&demands).get(at).copied()
        });
        Ok(chain.unwrap_or_else(|| settle(&[demand(tag)]).first().copied().unwrap_or_default()))
    }

    fn sum(&self, tag: &EntitlementTag) -> i64 {
        let shares = self.by_id.values().filter_map(|pool| pool.demands.get(tag));
        shares.fold(0_i64, |sum, demand| sum.saturating_add(demand.allocated))
    }

    /// Do the pools add up to what was purchased, for every licence? They always do; tests ask.
    pub fn is_balanced(&self) -> bool {
        let purchased = |tag: &EntitlementTag| i64::try_from(self.purchased(tag)).ok();
        let tags = self.by_id.values().flat_map(|pool| pool.demands.keys()).chain(self.purchased.keys());
        tags.into_iter().all(|tag| Some(self.sum(tag)) == purchased(tag))
    }

    fn balanced(&self) {
        debug_assert!(self.is_balanced(), "pools do not add up");
    }
}

fn signed(count: u64) -> Result<i64> {
    let fits = i64::try_from(count).ok().filter(|_| count <= COUNT_MAX);
    fits.ok_or_else(|| {
        let text = format!("{count} licences are more than any document can say");
        Error::new(ErrorKind::BadValue, text).named("count")
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use slp_model::EntitlementTag;

    use super::{COUNT_MAX, Pools};
    use crate::ErrorKind;
    use crate::hierarchy::Hierarchy;

    fn tag(name: &str) -> EntitlementTag {
        format!("regid.2016-01.com.example.{name},1.0").parse().unwrap()
    }

    #[test]
    fn the_greatest_count_is_one_that_documents_can_hold() {
        assert_eq!(COUNT_MAX, 9_007_199_254_740_991);
        assert_eq!(i64::try_from(COUNT_MAX), Ok(slp_crypto::canonical::MAX_INTEGER));
    }

    fn quebec() -> Pools {
        let mut pools = Pools::new("lva-1", "Default");
        pools.add("lva-2", "IT Department").unwrap();
        pools.add("lva-3", "Data Center").unwrap();
        pools.set_purchased(&tag("ASAv30"), 5).unwrap();
        pools.set_purchased(&tag("AX_100M"), 15).unwrap();
        pools.transfer(&tag("ASAv30"), 4, "lva-1", "lva-2").unwrap();
        pools.transfer(&tag("AX_100M"), 7, "lva-1", "lva-2").unwrap();
        pools.transfer(&tag("AX_100M"), 2, "lva-1", "lva-3").unwrap();
        pools
    }

    fn shares(pools: &Pools, name: &str) -> [i64; 3] {
        ["lva-1", "lva-2", "lva-3"].map(|id| pools.allocated(id, &tag(name)))
    }

    #[test]
    fn the_published_example_adds_up() {
        let pools = quebec();
        assert_eq!(shares(&pools, "ASAv30"), [1, 4, 0]);
        assert_eq!(shares(&pools, "AX_100M"), [6, 7, 2]);
    }

    #[test]
    fn when_the_cloud_takes_back_the_default_pool_alone_pays() {
        let mut pools = quebec();
        let alert = pools.set_purchased(&tag("ASAv30"), 0).unwrap().unwrap();
        assert_eq!((alert.default, shares(&pools, "ASAv30")), (-4, [-4, 4, 0]));
        assert!(alert.remedy().contains("transfer 4 back"));
        assert_eq!(pools.set_purchased(&tag("ASAv30"), 3).unwrap().unwrap().default, -1);
        assert_eq!(pools.set_purchased(&tag("ASAv30"), 4).unwrap(), None);
    }

    #[test]
    fn no_more_than_what_is_free_moves() {
        let mut pools = quebec();
        pools.set_use("lva-2", &tag("ASAv30"), 3, 0, false).unwrap();
        let error = pools.transfer(&tag("ASAv30"), 2, "lva-2", "lva-3").unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::InsufficientLicenses, "2 licences are not free in \"lva-2\": 1 are")
        );
        pools.transfer(&tag("ASAv30"), 1, "lva-2", "lva-3").unwrap();
        assert_eq!(pools.transfer(&tag("ASAv30"), 0, "lva-2", "lva-3").unwrap_err().kind(), ErrorKind::BadValue);
        assert_eq!(pools.transfer(&tag("ASAv30"), 1, "lva-3", "lva-3").unwrap_err().kind(), ErrorKind::BadValue);
        assert_eq!(pools.transfer(&tag("ASAv30"), 1, "lva-3", "x").unwrap_err().kind(), ErrorKind::UnknownAccount);
    }

    #[test]
    fn what_is_lent_does_not_move() {
        let mut pools = Pools::new("d", "Default");
        pools.set_purchased(&tag("HIGH"), 10).unwrap();
        pools.set_purchased(&tag("LOW"), 0).unwrap();
        pools.set_use("d", &tag("LOW"), 4, 0, false).unwrap();
        assert_eq!(pools.standing("d", &tag("LOW")).unwrap().shortage, 4);
        pools.set_hierarchies(vec![Hierarchy::new("h", vec![tag("HIGH"), tag("LOW")]).unwrap()]).unwrap();
        assert_eq!(pools.standing("d", &tag("LOW")).unwrap().borrowed, 4);
        assert_eq!(pools.standing("d", &tag("HIGH")).unwrap().available, 6);
    }

    #[test]
    fn every_licence_of_every_pool_is_told_though_nothing_is_left_of_it() {
        let mut pools = quebec();
        pools.transfer(&tag("AX_100M"), 2, "lva-3", "lva-1").unwrap();
        pools.set_use("lva-3", &tag("OTHER"), 1, 0, false).unwrap();
        let told: Vec<(&str, String)> = pools.shares().map(|(id, tag)| (id, tag.as_str().to_owned())).collect();
        let expected = [
            ("lva-1", "ASAv30"),
            ("lva-1", "AX_100M"),
            ("lva-2", "ASAv30"),
            ("lva-2", "AX_100M"),
            ("lva-3", "AX_100M"),
            ("lva-3", "OTHER"),
        ];
        assert_eq!(told, expected.map(|(id, name)| (id, tag(name).as_str().to_owned())));
        assert_eq!(pools.default_id(), "lva-1");
    }

    #[test]
    fn a_deleted_pool_gives_back_and_the_default_stays() {
        let mut pools = quebec();
        assert_eq!(pools.delete("lva-2", 3).unwrap_err().kind(), ErrorKind::NotEmpty);
        pools.delete("lva-2", 0).unwrap();
        assert_eq!(shares(&pools, "ASAv30"), [5, 0, 0]);
        assert_eq!(pools.delete("lva-1", 0).unwrap_err().kind(), ErrorKind::UnknownAccount);
        assert_eq!(pools.rename("lva-1", "x").unwrap_err().kind(), ErrorKind::UnknownAccount);
        pools.rename("lva-3", "Labs").unwrap();
        assert_eq!(pools.pools().collect::<Vec<_>>(), [("lva-1", "Default"), ("lva-3", "Labs")]);
        assert_eq!(pools.add("lva-3", "again").unwrap_err().kind(), ErrorKind::DuplicateId);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn whatever_happens_the_sum_is_what_was_purchased_and_only_the_default_goes_below_zero(
            steps in proptest::collection::vec((0_u8..5, 0_usize..3, 0_usize..3, 0_u64..20), 1..60)
        ) {
            let ids = ["lva-1", "lva-2", "lva-3"];
            let tag = tag("ASAv30");
            let mut pools = quebec();
            for (step, a, b, amount) in steps {
                let mut alert = None;
                match step {
                    0 => alert = Some(pools.set_purchased(&tag, amount).unwrap().is_some()),
                    1 => drop(pools.delete(ids[a], amount % 2)),
                    2 => drop(pools.add(ids[a], "again")),
                    3 => drop(pools.set_use(ids[a], &tag, amount, 0, false)),
                    _ => drop(pools.transfer(&tag, amount, ids[a], ids[b])),
                }
                prop_assert!(pools.is_balanced());
                prop_assert!(pools.allocated("lva-2", &tag) >= 0 && pools.allocated("lva-3", &tag) >= 0);
                if let Some(alert) = alert {
                    prop_assert_eq!(alert, pools.allocated("lva-1", &tag) < 0);
                }
            }
        }
    }
}
