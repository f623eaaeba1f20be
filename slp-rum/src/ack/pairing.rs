//! Which reports does a member mean that names none? Spec: ack-auth, "Pairing of opaque members" (choice).

use std::collections::BTreeSet;
use std::fmt;

use slp_model::{ReportId, Udi};

/// What is known beside the member: the sets of reports that it can mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidates {
    /// The reports of the file that was sent and that this one answers by its name; `None` if no file fits.
    pub by_name: Option<BTreeSet<(Udi, ReportId)>>,
    /// The sent reports of the device that the document or the caller names, last sent no later than the document's own
    /// account information says; `None` if no device is named.
    pub by_device: Option<BTreeSet<(Udi, ReportId)>>,
}

impl Candidates {
    /// These two sets.
    pub fn new(by_name: Option<BTreeSet<(Udi, ReportId)>>, by_device: Option<BTreeSet<(Udi, ReportId)>>) -> Self {
        Self { by_name, by_device }
    }

    /// The reports that an opaque member acknowledges: those of both sets, or of the one that is known.
    ///
    /// # Errors
    /// [`Unpaired`] when nothing may be marked.
    pub fn pair(&self) -> Result<BTreeSet<(Udi, ReportId)>, Unpaired> {
        match (&self.by_name, &self.by_device) {
            (Some(name), Some(device)) => {
                let both: BTreeSet<_> = name.intersection(device).cloned().collect();
                if both.is_empty() { Err(Unpaired::Conflict) } else { Ok(both) }
            }
            (Some(one), None) | (None, Some(one)) if !one.is_empty() => Ok(one.clone()),
            _ => Err(Unpaired::Unknown),
        }
    }
}

/// Why an opaque member acknowledges nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Unpaired {
    /// Neither the file's name nor a device tells.
    Unknown,
    /// The file's name and the device contradict each other.
    Conflict,
}

impl Unpaired {
    /// The same in a sentence, the word in brackets.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "no report is named, and nothing tells which one is meant (unpaired)",
            Self::Conflict => "no report is named, and file name and device tell of different ones (pairing-conflict)",
        }
    }

    /// `unpaired` or `pairing-conflict`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unpaired",
            Self::Conflict => "pairing-conflict",
        }
    }
}

impl fmt::Display for Unpaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::error::Error for Unpaired {}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "the candidates want an option")]
    fn set(ids: &[u64]) -> Option<BTreeSet<(Udi, ReportId)>> {
        let udi: Udi = "P:TEST,S:TST00000001".parse().unwrap();
        Some(ids.iter().map(|id| (udi.clone(), ReportId::new(*id))).collect())
    }

    #[test]
    fn both_sets_are_cut_one_alone_stands_and_none_marks_nothing() {
        let pair = |name, device| Candidates::new(name, device).pair();
        assert_eq!(pair(set(&[1, 2]), set(&[2, 3])).ok(), set(&[2]));
        assert_eq!(pair(set(&[1]), set(&[2])), Err(Unpaired::Conflict));
        assert_eq!(pair(set(&[1]), None).ok(), set(&[1]));
        assert_eq!(pair(None, set(&[3])).ok(), set(&[3]));
        assert_eq!(pair(None, None), Err(Unpaired::Unknown));
        assert_eq!(pair(None, set(&[])), Err(Unpaired::Unknown));
    }

    #[test]
    fn the_word_of_what_is_not_paired_stands_in_its_sentence() {
        for (why, word) in [(Unpaired::Unknown, "unpaired"), (Unpaired::Conflict, "pairing-conflict")] {
            assert_eq!((why.as_str(), why.to_string().as_str()), (word, word));
            assert!(why.reason().ends_with(&format!("({word})")), "{}", why.reason());
        }
    }
}
