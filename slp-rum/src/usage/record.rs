//! What is kept of one report and of one measurement: no text, few numbers.

use slp_model::{Seconds, UnixSeconds};

use super::fingerprint::{Digest, MeasurementPrint};
use super::names::{Full, NONE};
use crate::borrowed;

/// `ha_udi` names the device itself, as `Active`, and nothing else: by far the most usual list.
pub(crate) const ALONE: u32 = NONE - 1;

/// The period in which the agent takes samples, in seconds (seen).
const SAMPLING: u64 = 900;

/// One report. Everything but `source` comes from the report itself.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) payload: [u8; 32],
    pub(crate) identity: Digest,
    pub(crate) meta: Digest,
    /// Only to tell a person what differs, so the first half of a digest is enough.
    pub(crate) inner: [u8; 8],
    pub(crate) signature: SignatureMark,
    pub(crate) id: u64,
    /// The least and greatest of all times in the report. Without times, the least is above the greatest.
    pub(crate) earliest: UnixSeconds,
    pub(crate) latest: UnixSeconds,
    pub(crate) device: u32,
    pub(crate) tag: u32,
    pub(crate) signer: u32,
    pub(crate) ha: u32,
    pub(crate) source: u32,
    /// Where the measurements begin among those of all reports, and how many there are.
    pub(crate) first: u32,
    pub(crate) measurements: u32,
    pub(crate) kind: Kind,
    pub(crate) signed: bool,
    pub(crate) closed: bool,
    /// It was closed because the device reloaded.
    pub(crate) reloaded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Usage,
    Telemetry,
    Other,
}

/// Enough of an outer signature to tell two apart, and to say which value is bytewise greater; where two values begin
/// alike, in their first 8 characters, the digest decides, whatever the order in which they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SignatureMark {
    begin: [u8; 8],
    /// SHA-256 of all of it.
    whole: [u8; 32],
}

impl SignatureMark {
    pub(super) fn new(value: &str, whole: [u8; 32]) -> Self {
        let mut mark = Self { begin: [0; 8], whole };
        for (place, byte) in mark.begin.iter_mut().zip(value.bytes()) {
            *place = byte;
        }
        mark
    }
}

/// The first half of half a digest.
pub(super) fn quarter(half: &Digest) -> [u8; 8] {
    half.first_chunk().copied().unwrap_or_default()
}

/// One measurement.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) whole: Digest,
    pub(crate) stem: Digest,
    pub(crate) start: UnixSeconds,
    pub(crate) end: UnixSeconds,
    pub(crate) count: u64,
    /// Number of its [`Oddity`], or none.
    pub(super) oddity: u32,
    /// `count` is how often a licence was in use.
    pub(crate) counted: bool,
    /// It gives a reason why the report ended.
    pub(crate) terminated: bool,
}

impl Stored {
    /// A measurement of which only the digests matter.
    pub(super) fn of_print(print: &MeasurementPrint) -> Self {
        Self {
            whole: print.whole,
            stem: print.stem,
            start: print.start.unwrap_or(UnixSeconds::MIN),
            end: print.end.unwrap_or(UnixSeconds::MIN),
            count: 0,
            oddity: NONE,
            counted: false,
            terminated: false,
        }
    }
}

/// What only few measurements have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Oddity {
    pub(crate) delta: Option<Seconds>,
    /// `sample_interval`, where it is not the length.
    pub(crate) interval: Option<Seconds>,
    /// `num_samples` and what it should be, where they are too far apart.
    pub(crate) samples: Option<(u64, u64)>,
    /// The lists of devices, as numbers of names.
    pub(crate) added: Option<Box<[u32]>>,
    pub(crate) removed: Option<Box<[u32]>>,
    pub(crate) uncounted: Option<Box<Uncounted>>,
}

/// What a measurement that is not counted has instead of a count. Long texts are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Uncounted {
    pub(crate) metric: Box<str>,
    pub(crate) value_type: Option<Box<str>>,
    pub(crate) value: Option<Box<str>>,
}

impl Oddity {
    /// What is odd about a measurement; `number` gives the number of a device.
    pub(super) fn of<E: From<Full>>(
        one: &borrowed::Measurement<'_>,
        counted: bool,
        mut number: impl FnMut(&borrowed::Sudi<'_>) -> Result<u32, E>,
    ) -> Result<Self, E> {
        let mut numbers = |list: &Option<Vec<borrowed::Sudi<'_>>>| {
            list.as_ref().map(|list| list.iter().map(&mut number).collect::<Result<Box<[u32]>, E>>()).transpose()
        };
        let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(shortened);
        Ok(Self {
            delta: one.clock_delta,
            interval: one.length.filter(|length| *length != one.end.since(one.start)),
            samples: one.samples.and_then(|samples| unexpected(samples, one.elapsed())),
            added: numbers(&one.added)?,
            removed: numbers(&one.removed)?,
            uncounted: (!counted).then(|| {
                Box::new(Uncounted {
                    metric: shortened(&one.metric),
                    value_type: text(&one.value_type),
                    value: text(&one.value),
                })
            }),
        })
    }

    /// Memory besides the structure itself.
    pub(super) fn heap_bytes(&self) -> usize {
        let list = |list: &Option<Box<[u32]>>| list.as_ref().map_or(0, |list| size_of_val::<[u32]>(list));
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        let words = self.uncounted.as_ref().map_or(0, |one| {
            size_of::<Uncounted>()
                .saturating_add(one.metric.len())
                .saturating_add(text(&one.value_type))
                .saturating_add(text(&one.value))
        });
        list(&self.added).saturating_add(list(&self.removed)).saturating_add(words)
    }
}

/// The most characters of a word or value that is kept for a finding.
const SHOWN: usize = 40;

fn shortened(text: &str) -> Box<str> {
    match text.char_indices().nth(SHOWN) {
        None => text.into(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into_boxed_str(),
    }
}

/// The number of samples and the one that the elapsed time lets expect, if they are too far apart.
/// Spec: rum, "Continuity", RUM-SAMPLES.
fn unexpected(samples: u64, elapsed: Seconds) -> Option<(u64, u64)> {
    let elapsed = u64::try_from(elapsed.get()).ok()?;
    let expected = (elapsed.saturating_add(SAMPLING / 2) / SAMPLING).saturating_add(1);
    let hundredfold = u128::from(samples.abs_diff(expected)).saturating_mul(100);
    (hundredfold > u128::from(expected).max(200)).then_some((samples, expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_may_be_off_by_two_or_by_one_percent() {
        let odd = |samples, elapsed| unexpected(samples, Seconds::new(elapsed)).is_some();
        for (samples, elapsed) in [(97, 86_399), (417, 374_401), (218, 196_207), (1_615, 1_452_600), (3, 30), (1, 1)] {
            assert!(!odd(samples, elapsed), "{samples} in {elapsed} s");
        }
        assert!(!odd(95, 86_399) && odd(94, 86_399) && !odd(99, 86_399) && odd(100, 86_399));
        assert!(!odd(990, 899_100) && odd(989, 899_100) && !odd(1_010, 899_100) && odd(1_011, 899_100));
        assert!(!odd(u64::MAX, -1) && odd(u64::MAX, i64::MAX) && odd(0, i64::MAX));
        assert_eq!(unexpected(0, Seconds::new(450 + 900 * 9)), Some((0, 11)));
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        assert_eq!(&*shortened(&"é".repeat(40)), "é".repeat(40));
        assert_eq!(&*shortened(&"é".repeat(41)), "é".repeat(40) + "…");
    }

    #[test]
    fn the_bytewise_greater_signature_value_is_the_greater_mark() {
        let mark = |value: &str| SignatureMark::new(value, [7; 32]);
        assert!(SignatureMark::default() < mark("A"));
        assert!(mark("A") < mark("AA") && mark("AZ") < mark("B") && mark("Z") < mark("a"));
    }

    #[test]
    fn values_that_begin_alike_are_told_apart_by_their_whole_digest() {
        let mark = |last: u8| {
            let mut whole = [7; 32];
            whole[31] = last;
            SignatureMark::new("AAAAAAAAAAAAAAAAA", whole)
        };
        assert!(mark(1) < mark(2));
    }
}
