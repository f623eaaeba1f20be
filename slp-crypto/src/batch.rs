//! Many signatures, on as many threads as the caller likes. This crate starts none itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use slp_model::{Budget, Place, Signed};

use crate::error::{Error, ErrorKind};
use crate::time::TimePolicy;
use crate::verdict::{NotVerified, Verified};
use crate::verify::Verifier;

/// Values that are taken from the pile at once: large enough that threads do not meet (4 RSA checks are about 0.1 ms),
/// small enough that they end together: of 200 values by two threads, handfuls of 16 leave one of them 12 % behind.
const AT_ONCE: usize = 4;

/// At which time a value is judged.
type Times<'v, T> = Box<dyn Fn(&T) -> TimePolicy + Sync + 'v>;
type Verdict<'v, T> = Result<Verified<&'v T>, NotVerified>;

/// The checking of many values. Verdicts come in the order of the values, whoever did the work.
///
/// ```
/// use slp_crypto::{TimePolicy, TrustStore, Verifier};
/// use slp_model::{Place, SignedContent};
///
/// let trust = TrustStore::empty();
/// let verifier = Verifier::new(&trust);
/// let reports = vec![SignedContent::new(&b"{}"[..], Place::UsageReport); 100];
///
/// let batch = verifier.batch(&reports, TimePolicy::Ignore)?;
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| batch.work());
///     }
/// });
/// assert_eq!(batch.finish().len(), 100);
/// # Ok::<(), slp_crypto::Error>(())
/// ```
pub struct Batch<'v, T> {
    verifier: &'v Verifier<'v>,
    values: &'v [T],
    time: Times<'v, T>,
    next: AtomicUsize,
    done: Mutex<Vec<(usize, Vec<Verdict<'v, T>>)>>,
}

impl<'v, T: Signed + Sync> Batch<'v, T> {
    pub(crate) fn new(verifier: &'v Verifier<'v>, values: &'v [T], time: Times<'v, T>) -> Result<Self, Error> {
        let mut budget = Budget::new("signatures_per_document", verifier.budget());
        // counting asks each value for its content, so it is left out where it cannot matter
        if u64::try_from(values.len()).is_ok_and(|count| count > verifier.budget()) {
            for value in values {
                if value.signed_content().place != Place::UsageReport {
                    budget.take(1).map_err(|limit| Error::new(ErrorKind::Size, limit.to_string()).named(limit.name))?;
                }
            }
        }
        Ok(Self { verifier, values, time, next: AtomicUsize::new(0), done: Mutex::new(Vec::new()) })
    }

    /// Works until nothing is left to take. Call it on any number of threads, or not at all.
    pub fn work(&self) {
        loop {
            let start = self.next.fetch_add(AT_ONCE, Ordering::Relaxed);
            let Some(rest) = self.values.get(start..).filter(|rest| !rest.is_empty()) else {
                return;
            };
            let verdicts = self.judge(rest);
            self.done.lock().unwrap_or_else(PoisonError::into_inner).push((start, verdicts));
        }
    }

    /// The verdicts of one handful.
    fn judge(&self, rest: &'v [T]) -> Vec<Verdict<'v, T>> {
        rest.iter().take(AT_ONCE).map(|value| self.verifier.verify(value, (self.time)(value))).collect()
    }

    /// Does what is left and returns the verdicts, one for each value, in their order. What a thread had taken when it
    /// died is done again: a verdict must never stand at the place of another.
    pub fn finish(self) -> Vec<Verdict<'v, T>> {
        self.work();
        let mut done = std::mem::take(&mut *self.done.lock().unwrap_or_else(PoisonError::into_inner));
        done.sort_unstable_by_key(|(start, _)| *start);
        let mut done = done.into_iter().peekable();
        let mut verdicts = Vec::with_capacity(self.values.len());
        while let Some(rest) = self.values.get(verdicts.len()..).filter(|rest| !rest.is_empty()) {
            match done.next_if(|(start, _)| *start == verdicts.len()) {
                Some((_, more)) => verdicts.extend(more),
                None => verdicts.extend(self.judge(rest)),
            }
        }
        verdicts
    }
}

impl<T> std::fmt::Debug for Batch<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").field("values", &self.values.len()).finish_non_exhaustive()
    }
}
