//! Brings the answers home: which leaf of an acknowledgement bundle belongs to which device.

use std::collections::BTreeMap;
use std::io::Read;

use sha2::{Digest, Sha256};
use slp_model::{ReportId, Udi};

use crate::bundle::{Batch, Claims, ExportIndex, Leaf, Reader, Refusal, leaf_number};
use crate::error::{Error, Result};
use crate::ledger::{AckEntry, Basis, BundleState, Event};
use crate::warning::WarningKind;

/// What becomes of a leaf of the answer. A device without any is `missing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It is this device's answer: deliver it.
    Acked,
    /// It belongs to no device of the bundle.
    Foreign,
    /// Its name and its content contradict each other: not delivered, not swapped.
    Mismatched,
    /// The same bytes again under one name.
    Repeated,
}

impl Verdict {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acked => "acked",
            Self::Foreign => "foreign",
            Self::Mismatched => "mismatched",
            Self::Repeated => "repeated",
        }
    }
}

/// One leaf of the answer, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// Number of the leaf in the answer bundle.
    pub index: u64,
    /// Its name.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// What becomes of it.
    pub verdict: Verdict,
    /// The leaf of the exported bundle that it answers or contradicts, by its number in
    /// [`ExportIndex::leaves`].
    pub exported: Option<usize>,
    /// What it was matched by, if it was.
    pub basis: Option<Basis>,
    /// Does a report of the leaf stay open?
    pub partial: bool,
    /// Reports that are acknowledged.
    pub acked: Vec<ReportId>,
    /// Reports that are refused; they stay open.
    pub refused: Vec<Refusal>,
    /// What was odd.
    pub warnings: Vec<WarningKind>,
}

/// One leaf of the answer, before all of them are known.
#[derive(Clone, Debug)]
struct Pending {
    index: u64,
    name: String,
    sha256: [u8; 32],
    claims: Claims,
    by_name: Option<(usize, bool)>,
    by_devices: Option<usize>,
}

/// Judges all leaves of an answer, and says which of them could not be read: those are mismatched, and never delivered.
///
/// # Errors
/// The fatal ones of the reader: then nothing of the answer counts.
pub fn pair<'a, R: Read>(index: &'a ExportIndex, answer: &mut Reader<R>) -> Result<(Pairing<'a>, Vec<Error>)> {
    let mut pairer = Pairer::new(index);
    let mut refused = Vec::new();
    let (options, mut batch) = (answer.limits().leaf_options(), Batch::new());
    while answer.fill(&mut batch)? {
        for leaf in batch.drain() {
            match leaf {
                Ok(leaf) => {
                    let claims = Claims::with(&leaf.bytes, &options).unwrap_or_else(|error| {
                        refused.push(leaf.locate(error));
                        Claims::default()
                    });
                    pairer.add(&leaf, claims);
                }
                Err(error) => refused.push(error),
            }
        }
    }
    Ok((pairer.finish(), refused))
}

/// Judges the leaves of one answer, in two passes: add all of them, then [`finish`](Self::finish). Nothing of their bytes
/// is kept; read the answer again to deliver them.
#[derive(Clone, Debug)]
pub struct Pairer<'a> {
    index: &'a ExportIndex,
    leaves: Vec<Pending>,
}

impl<'a> Pairer<'a> {
    /// Looks answers up in this index.
    pub fn new(index: &'a ExportIndex) -> Self {
        Self { index, leaves: Vec::new() }
    }

    /// Adds one leaf of the answer, with what its document claims.
    pub fn add(&mut self, leaf: &Leaf<'_>, claims: Claims) {
        let upload = |name: &str| name.strip_prefix("ACK_").unwrap_or(name).to_owned();
        let archive = upload(leaf.archive.as_deref().unwrap_or_default());
        let by_name = self.index.by_name(&archive, &upload(&leaf.name), leaf_number(&leaf.name));
        let by_devices = self.index.by_devices(&claims.devices);
        self.leaves.push(Pending {
            index: leaf.index,
            name: leaf.name.clone().into_owned(),
            sha256: Sha256::digest(&leaf.bytes).into(),
            claims,
            by_name,
            by_devices,
        });
    }

    /// The verdicts, in the order of the leaves.
    pub fn finish(self) -> Pairing<'a> {
        let Self { index, leaves } = self;
        // Which leaves speak about an exported leaf, by name or by device.
        let mut named: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut claimed: BTreeMap<usize, u64> = BTreeMap::new();
        for (at, leaf) in leaves.iter().enumerate() {
            let by_name = leaf.by_name.map(|(exported, _)| exported);
            if let Some(exported) = by_name {
                named.entry(exported).or_default().push(at);
            }
            let both = [by_name, leaf.by_devices.filter(|device| Some(*device) != by_name)];
            for exported in both.into_iter().flatten() {
                let count = claimed.entry(exported).or_default();
                *count = count.saturating_add(1);
            }
        }
        let mut answers = Vec::with_capacity(leaves.len());
        for (at, leaf) in leaves.iter().enumerate() {
            let rivals = leaf.by_name.and_then(|(exported, _)| named.get(&exported)).map_or(&[][..], Vec::as_slice);
            let rivals = rivals.iter().filter_map(|other| Some((*other, leaves.get(*other)?)));
            let (mut repeated, mut contested) = (false, false);
            for (other, rival) in rivals.filter(|(other, _)| *other != at) {
                contested |= rival.sha256 != leaf.sha256;
                repeated |= other < at;
            }
            let alone = |exported: &usize| claimed.get(exported).copied() == Some(1);
            answers.push(judge(index, leaf, contested, repeated, alone));
        }
        Pairing { index, answers }
    }
}

fn judge(
    index: &ExportIndex,
    leaf: &Pending,
    contested: bool,
    repeated: bool,
    alone: impl Fn(&usize) -> bool,
) -> Answer {
    let mut answer = Answer {
        index: leaf.index,
        name: leaf.name.clone(),
        sha256: leaf.sha256,
        verdict: Verdict::Foreign,
        exported: None,
        basis: None,
        partial: false,
        acked: Vec::new(),
        refused: Vec::new(),
        warnings: Vec::new(),
    };
    let claims = &leaf.claims;
    let (at, basis) = match (leaf.by_name, leaf.by_devices) {
        (Some((at, loose)), _) => {
            if loose {
                answer.warnings.push(WarningKind::LeafNameLoose);
            }
            (at, if claims.devices.is_empty() { Basis::Name } else { Basis::Udi })
        }
        (None, Some(at)) if alone(&at) => {
            answer.warnings.push(WarningKind::LeafRenamed);
            (at, Basis::Udi)
        }
        (None, _) => return answer,
    };
    let Some(exported) = index.leaves().get(at) else {
        return answer;
    };
    answer.exported = Some(at);
    let ids = || claims.acked.iter().chain(claims.refused.iter().map(|refusal| &refusal.report));
    // A leaf that asked for codes alone gets no acknowledgement: the device that the code names has to do.
    let code_alone = exported.reports.is_empty() && !claims.devices.is_empty();
    let fits = (claims.is_acknowledgement || code_alone)
        && claims.devices.iter().all(|device| exported.is_of(device))
        && ids().all(|id| exported.reports.contains(id));
    if contested || !fits {
        answer.verdict = Verdict::Mismatched;
        return answer;
    }
    if repeated {
        answer.verdict = Verdict::Repeated;
        return answer;
    }
    (answer.verdict, answer.basis) = (Verdict::Acked, Some(basis));
    if ids().next().is_none() {
        // Nothing is said about reports: all of the leaf are meant.
        answer.warnings.push(WarningKind::AckDataOpaque);
        answer.acked.clone_from(&exported.reports);
    } else {
        answer.acked = exported.reports.iter().filter(|id| claims.acked.contains(id)).copied().collect();
        answer.refused.clone_from(&claims.refused);
        answer.partial = exported.reports.iter().any(|id| !claims.acked.contains(id));
    }
    answer
}

/// The verdicts on one answer.
#[derive(Clone, Debug)]
pub struct Pairing<'a> {
    index: &'a ExportIndex,
    answers: Vec<Answer>,
}

impl<'a> Pairing<'a> {
    /// One verdict for each leaf of the answer, in its order.
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// The verdict on the leaf of this number: for the second pass, which delivers.
    pub fn answer(&self, index: u64) -> Option<&Answer> {
        let at = self.answers.binary_search_by_key(&index, |answer| answer.index).ok()?;
        self.answers.get(at)
    }

    /// Exported leaves to which nothing came, good or bad, by their number in [`ExportIndex::leaves`].
    pub fn missing(&self) -> impl Iterator<Item = usize> + use<'a> {
        let found: std::collections::BTreeSet<usize> =
            self.answers.iter().filter_map(|answer| answer.exported).collect();
        (0..self.index.leaves().len()).filter(move |at| !found.contains(at))
    }

    /// How far this answer brings its bundle, if nothing else came before.
    pub fn state(&self) -> BundleState {
        let acked = |answer: &&Answer| answer.verdict == Verdict::Acked;
        let full = self.answers.iter().filter(acked).filter(|answer| !answer.partial).count();
        if full == self.index.leaves().len() {
            BundleState::Acked
        } else if self.answers.iter().any(|answer| answer.verdict == Verdict::Acked) {
            BundleState::PartlyAcked
        } else {
            BundleState::Exported
        }
    }

    /// The events for the ledger: one for each answer that is to be delivered. Those that the ledger
    /// [has](crate::ledger::Ledger::is_applied) are for the caller to leave out: importing twice changes nothing.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.answers.iter().filter(|answer| answer.verdict == Verdict::Acked).filter_map(|answer| {
            let leaf = self.index.leaves().get(answer.exported?)?;
            let entry = AckEntry::new(leaf.leaf.as_str(), answer.basis?, answer.acked.clone(), answer.sha256);
            let refused = answer.refused.iter().map(|refusal| refusal.report).collect();
            Some(Event::Ack(AckEntry { partial: answer.partial, refused, ..entry }))
        })
    }
}

/// The file name for a device's answer: `ACK_<pid>_<serial>.txt`, with `_` for what a file name should not hold.
///
/// ```
/// let device = "P:ISR4451-X/K9,S:TST00000001".parse()?;
/// assert_eq!(slp_sync::bundle::answer_file_name(&device), "ACK_ISR4451-X_K9_TST00000001.txt");
/// # Ok::<(), slp_model::Error>(())
/// ```
pub fn answer_file_name(device: &Udi) -> String {
    let keep = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-');
    let safe = |text: &str| text.chars().map(|one| if keep(one) { one } else { '_' }).collect::<String>();
    format!("ACK_{}_{}.txt", safe(device.pid()), safe(device.serial()))
}

#[cfg(test)]
mod tests;
