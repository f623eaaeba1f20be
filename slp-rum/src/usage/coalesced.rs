//! Intervals as people want to see them: neighbours that say the same are one. Spec: rum, "Usage intervals".

use std::fmt;
use std::iter::Peekable;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use slp_model::{EntitlementTag, Seconds, Udi, UnixSeconds};

use super::interval::UsageInterval;

/// Time in which one device used one licence in one way, over as many measurements and reports as it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CoalescedInterval<'a> {
    /// The device that reported.
    #[serde(flatten)]
    pub device: &'a Udi,
    /// The licence.
    pub entitlement_tag: &'a EntitlementTag,
    /// First second, as reported.
    pub start: UnixSeconds,
    /// First second after it, as reported.
    pub end: UnixSeconds,
    /// How often it was in use.
    pub count: u64,
    /// Seconds that really passed.
    pub elapsed: Seconds,
    /// The last part comes from a report that was not closed when it was saved.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
    /// New clock minus old clock, of the first part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_change_delta: Option<Seconds>,
    /// The devices that hung on this one; `None` when the reports do not tell.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_list")]
    pub attached: Option<Arc<[&'a Udi]>>,
}

#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn write_list<S: Serializer>(list: &Option<Arc<[&Udi]>>, serializer: S) -> Result<S::Ok, S::Error> {
    list.as_deref().serialize(serializer)
}

/// Joins neighbours: one ends where the next begins, count and attached devices are the same, and the clock did not
/// change during the later one. Give it whole intervals in their order.
pub fn coalesce<'a, I>(intervals: I) -> Coalesced<I::IntoIter>
where
    I: IntoIterator<Item = UsageInterval<'a>>,
{
    Coalesced(intervals.into_iter().peekable())
}

/// The iterator that [`coalesce`] gives.
pub struct Coalesced<I: Iterator>(Peekable<I>);

impl<I: Iterator> fmt::Debug for Coalesced<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coalesced").finish_non_exhaustive()
    }
}

impl<'a, I: Iterator<Item = UsageInterval<'a>>> Iterator for Coalesced<I> {
    type Item = CoalescedInterval<'a>;

    fn next(&mut self) -> Option<CoalescedInterval<'a>> {
        let first = self.0.next()?;
        let mut joined = CoalescedInterval {
            device: first.device,
            entitlement_tag: first.entitlement_tag,
            start: first.start,
            end: first.end,
            count: first.count,
            elapsed: first.elapsed,
            open: first.open,
            clock_change_delta: first.clock_change_delta,
            attached: first.attached,
        };
        while let Some(next) = self.0.next_if(|next| joined.goes_on_as(next)) {
            joined.end = next.end;
            joined.elapsed = Seconds::new(joined.elapsed.get().saturating_add(next.elapsed.get()));
            joined.open = next.open;
        }
        Some(joined)
    }
}

impl CoalescedInterval<'_> {
    fn goes_on_as(&self, next: &UsageInterval<'_>) -> bool {
        (self.device, self.entitlement_tag) == (next.device, next.entitlement_tag)
            && (self.end, self.count) == (next.start, next.count)
            && self.attached == next.attached
            && next.clock_change_delta.is_none()
    }
}
