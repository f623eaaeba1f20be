//! Brings the answers home: which leaf of an acknowledgement bundle belongs to which device.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Read;

use sha2::{Digest, Sha256};
use slp_model::{ReportId, Udi};

use crate::bundle::{Batch, Claims, Devices, ExportIndex, IndexedLeaf, Leaf, Reader, Refusal, leaf_number};
use crate::error::{Error, Result};
use crate::ledger::{AckEntry, Basis, BundleState, Event, Ledger};
use crate::warning::WarningKind;

slp_model::word_enum! {
    /// What becomes of a leaf of the answer. A device without any is `missing`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Verdict: "verdict" {
        /// It is this device's answer: deliver it.
        Acked = "acked",
        /// It belongs to no device of the bundle.
        Foreign = "foreign",
        /// Its name and its content contradict each other: not delivered, not swapped.
        Mismatched = "mismatched",
        /// The same bytes again under one name.
        Repeated = "repeated",
        /// It names its device and could answer several bundles, or answers parts of several: not delivered, not guessed.
        Ambiguous = "ambiguous",
    }
}

/// One leaf of the answer, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer<'p> {
    /// Number of the leaf in the answer bundle.
    pub index: u64,
    /// Its name.
    pub name: Cow<'p, str>,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// What becomes of it.
    pub verdict: Verdict,
    /// The leaf of the exported bundle that it answers or contradicts, by its number for [`ExportIndex::leaf`].
    pub exported: Option<usize>,
    /// What it was matched by, if it was.
    pub basis: Option<Basis>,
    /// Does a report of the leaf stay open?
    pub partial: bool,
    /// Reports that are acknowledged.
    pub acked: &'p [ReportId],
    /// Reports that are refused; they stay open.
    pub refused: &'p [Refusal],
    /// What was odd.
    pub warnings: Vec<WarningKind>,
    /// Of an ambiguous one: the exported leaves that it could answer, by their numbers.
    pub candidates: &'p [usize],
}

/// One leaf of the answer, as it is kept: a million of them are.
#[derive(Clone, Debug)]
struct Kept {
    index: u64,
    sha256: [u8; 32],
    /// If it is not `ACK_` and the name of the leaf that it answers.
    name: Option<Box<str>>,
    /// The exported leaf, by name if the match says so, else by device.
    exported: Option<usize>,
    said: Said,
    matched: Match,
    basis: Basis,
    fits: bool,
    is_repeated: bool,
    verdict: Verdict,
}

/// How the exported leaf was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    Name,
    /// By the number in the name alone.
    Number,
    Device,
    /// By device and reports, in several bundles.
    Search,
}

/// What it says about the reports of the leaf.
#[derive(Clone, Debug)]
enum Said {
    /// Nothing: all of them are meant.
    Nothing,
    /// All of them are acknowledged.
    All,
    /// Something else.
    Each(Box<Each>),
    /// It could be of any of these.
    Ambiguous(Box<Each>),
}

#[derive(Clone, Debug, Default)]
struct Each {
    acked: Vec<ReportId>,
    refused: Vec<Refusal>,
    partial: bool,
    candidates: Vec<usize>,
}

/// What the leaves of the answer claim about one exported leaf.
#[derive(Clone, Copy, Debug, Default)]
struct Claimed {
    /// How many speak of it, by name or by device; counting stops at two.
    by: u8,
    /// The first that has its name, in [`Pairer::leaves`].
    first: Option<usize>,
    /// Leaves of one name have different bytes.
    is_contested: bool,
}

/// Judges all leaves of an answer, and says which of them could not be read: those are mismatched, and never delivered.
///
/// # Errors
/// The fatal ones of the reader: then nothing of the answer counts.
pub fn pair<'a, R: Read>(index: &'a ExportIndex, answer: &mut Reader<R>) -> Result<(Pairing<'a>, Vec<Error>)> {
    let mut pairer = Pairer::new(index);
    let refused = each(answer, |leaf, claims| pairer.add(leaf, claims))?;
    Ok((pairer.finish(), refused))
}

/// As [`pair`], where the name of the answer does not say which bundle it answers: each leaf is looked up by what it names,
/// see [`Pairer::add_by_device`].
///
/// # Errors
/// As for [`pair`].
pub fn pair_by_device<'a, R: Read>(
    index: &'a ExportIndex,
    ledger: &Ledger,
    answer: &mut Reader<R>,
) -> Result<(Pairing<'a>, Vec<Error>)> {
    let mut pairer = Pairer::new(index);
    let refused = each(answer, |leaf, claims| pairer.add_by_device(ledger, leaf, claims))?;
    Ok((pairer.finish(), refused))
}

/// The devices that an answer names: for [`ExportIndex::of_devices`]. Leaves that cannot be read name none.
///
/// # Errors
/// The fatal ones of the reader.
pub fn named_devices<R: Read>(answer: &mut Reader<R>) -> Result<Devices> {
    let mut devices = Devices::default();
    each(answer, |_, claims| {
        for device in &claims.devices {
            let _ = devices.note(device, slp_model::Location::default());
        }
    })?;
    Ok(devices)
}

/// Reads all leaves; those that could not be read claim nothing.
fn each<R: Read>(answer: &mut Reader<R>, mut take: impl FnMut(&Leaf<'_>, &Claims)) -> Result<Vec<Error>> {
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
                    take(&leaf, &claims);
                }
                Err(error) => refused.push(error),
            }
        }
    }
    Ok(refused)
}

/// Judges the leaves of one answer, in two passes: add all of them, then [`finish`](Self::finish). Nothing of their bytes
/// is kept; read the answer again to deliver them.
#[derive(Clone, Debug)]
pub struct Pairer<'a> {
    index: &'a ExportIndex,
    leaves: Vec<Kept>,
    claimed: Vec<Claimed>,
}

impl<'a> Pairer<'a> {
    /// Looks answers up in this index.
    pub fn new(index: &'a ExportIndex) -> Self {
        Self { index, leaves: Vec::new(), claimed: vec![Claimed::default(); index.len()] }
    }

    /// Adds one leaf of the answer, with what its document claims.
    pub fn add(&mut self, leaf: &Leaf<'_>, claims: &Claims) {
        let upload = |name: &'_ str| name.strip_prefix("ACK_").unwrap_or(name).to_owned();
        let archive = upload(leaf.archive.as_deref().unwrap_or_default());
        let by_name = self.index.by_name(&archive, &upload(&leaf.name), leaf_number(&leaf.name));
        let by_devices = self.index.by_devices(&claims.devices);
        let sha256 = Sha256::digest(&leaf.bytes).into();
        let named = by_name.map(|(at, _)| at);
        for at in [named, by_devices.filter(|at| Some(*at) != named)].into_iter().flatten() {
            if let Some(claimed) = self.claimed.get_mut(at) {
                claimed.by = claimed.by.saturating_add(1).min(2);
            }
        }
        let is_repeated = named.is_some_and(|at| self.repeats(at, &sha256));
        let matched = match by_name {
            Some((_, false)) => Match::Name,
            Some((_, true)) => Match::Number,
            None => Match::Device,
        };
        let exported = named.or(by_devices);
        let found = exported.and_then(|at| self.index.leaf(at));
        let named = Named::by(claims);
        let is_plain = found.is_some_and(|found| leaf.name.strip_prefix("ACK_") == Some(found.leaf));
        let by_name_alone = claims.devices.is_empty() && matched != Match::Device;
        self.leaves.push(Kept {
            index: leaf.index,
            sha256,
            name: (!is_plain).then(|| (&*leaf.name).into()),
            exported,
            said: found.map_or(Said::Nothing, |found| said(&found, claims, &named)),
            matched,
            basis: if by_name_alone { Basis::Name } else { Basis::Udi },
            fits: found.is_some_and(|found| fits(&found, claims, &named)),
            is_repeated,
            verdict: Verdict::Foreign,
        });
    }

    /// Was there an answer to this exported leaf before? Takes note of this one.
    fn repeats(&mut self, at: usize, sha256: &[u8; 32]) -> bool {
        let Some(claimed) = self.claimed.get_mut(at) else { return false };
        let first = *claimed.first.get_or_insert(self.leaves.len());
        let Some(first) = self.leaves.get(first) else { return false };
        claimed.is_contested |= first.sha256 != *sha256;
        true
    }

    /// Adds one leaf of an answer whose name does not say which bundle it answers. Its own name is not looked at: it is of
    /// the device and the reports that its document names, in the newest bundle that holds all of them, one with open reports
    /// first. An answer that was applied before stays with its leaf. Where it names no report and the device went up more
    /// than once, where two bundles are of one time, or its reports went up in several, it is
    /// [ambiguous](Verdict::Ambiguous). Spec: sync, "Pairing algorithm" (choice).
    pub fn add_by_device(&mut self, ledger: &Ledger, leaf: &Leaf<'_>, claims: &Claims) {
        let sha256: [u8; 32] = Sha256::digest(&leaf.bytes).into();
        let named = Named::by(claims);
        let found = search(self.index, ledger, claims, &named, &sha256);
        let exported = match &found {
            Searched::Leaf(at) | Searched::Unfit(at) => Some(*at),
            Searched::Several(_) | Searched::Nothing => None,
        };
        // what answers nothing does not contest an answer
        let is_repeated = matches!(found, Searched::Leaf(at) if self.repeats(at, &sha256));
        let indexed = exported.and_then(|at| self.index.leaf(at));
        let is_plain = indexed.is_some_and(|found| leaf.name.strip_prefix("ACK_") == Some(found.leaf));
        let fits = matches!(found, Searched::Leaf(_));
        let said = match found {
            Searched::Several(candidates) => Said::Ambiguous(Box::new(Each { candidates, ..Each::default() })),
            _ => indexed.map_or(Said::Nothing, |found| said(&found, claims, &named)),
        };
        self.leaves.push(Kept {
            index: leaf.index,
            sha256,
            name: (!is_plain).then(|| (&*leaf.name).into()),
            exported,
            said,
            matched: Match::Search,
            basis: Basis::Udi,
            fits,
            is_repeated,
            verdict: Verdict::Foreign,
        });
    }

    /// The verdicts, in the order of the leaves.
    pub fn finish(mut self) -> Pairing<'a> {
        for leaf in &mut self.leaves {
            let claimed = leaf.exported.and_then(|at| self.claimed.get(at)).copied().unwrap_or_default();
            let by_device = leaf.matched == Match::Device;
            if matches!(leaf.said, Said::Ambiguous(_)) {
                leaf.verdict = Verdict::Ambiguous;
                continue;
            }
            leaf.verdict = if leaf.exported.is_none() || (by_device && claimed.by != 1) {
                leaf.exported = None;
                Verdict::Foreign
            } else if !leaf.fits || (!by_device && claimed.is_contested) {
                Verdict::Mismatched
            } else if leaf.is_repeated {
                Verdict::Repeated
            } else {
                Verdict::Acked
            };
            if leaf.verdict != Verdict::Acked {
                leaf.said = Said::Nothing;
            }
        }
        Pairing { index: self.index, leaves: self.leaves }
    }
}

/// What a leaf of an answer is of, by what it names.
enum Searched {
    Leaf(usize),
    /// The device is this leaf's, its reports are not.
    Unfit(usize),
    Several(Vec<usize>),
    Nothing,
}

fn search(index: &ExportIndex, ledger: &Ledger, claims: &Claims, named: &Named, sha256: &[u8; 32]) -> Searched {
    let mut of_device: Vec<usize> = index.all_by_devices(&claims.devices).collect();
    of_device.sort_unstable();
    of_device.dedup();
    let time = |at: usize| index.standing(at).map(|(time, _)| time);
    let newest = |rows: &[usize]| rows.iter().copied().max_by_key(|at| time(*at));
    let Some(last) = newest(&of_device) else { return Searched::Nothing };
    let rows = |keep: &dyn Fn(usize, &IndexedLeaf<'_>) -> bool| {
        let kept = of_device.iter().copied().filter(|at| index.leaf(*at).is_some_and(|leaf| keep(*at, &leaf)));
        kept.collect::<Vec<_>>()
    };
    if let Some(at) = newest(&rows(&|_, leaf| ledger.is_applied(leaf.bundle, leaf.leaf, sha256))) {
        return Searched::Leaf(at);
    }
    let fitting = rows(&|_, leaf| fits(leaf, claims, named));
    if named.all.is_empty() {
        return match fitting.as_slice() {
            [] => Searched::Unfit(last),
            [only] if of_device.len() == 1 => Searched::Leaf(*only),
            _ => Searched::Several(of_device),
        };
    }
    let is_open = |at: &usize| index.standing(*at).is_some_and(|(_, is_open)| is_open);
    let mut best: Vec<usize> = fitting.iter().copied().filter(is_open).collect();
    if best.is_empty() {
        best = fitting;
    }
    let Some(at) = newest(&best) else {
        // all of them went up, but not together?
        let parts = rows(&|_, leaf| leaf.reports.iter().any(|id| named.all.contains(id)));
        let went_up =
            |id: &ReportId| parts.iter().any(|at| index.leaf(*at).is_some_and(|leaf| leaf.reports.contains(id)));
        return if parts.len() > 1 && named.all.iter().all(went_up) {
            Searched::Several(parts)
        } else {
            Searched::Unfit(last)
        };
    };
    best.retain(|other| time(*other) == time(at));
    if best.len() == 1 { Searched::Leaf(at) } else { Searched::Several(best) }
}

/// The reports that an answer names, each once: it may name one as often as it likes.
struct Named {
    acked: BTreeSet<ReportId>,
    all: BTreeSet<ReportId>,
}

impl Named {
    fn by(claims: &Claims) -> Self {
        let acked: BTreeSet<ReportId> = claims.acked.iter().copied().collect();
        let refused = claims.refused.iter().map(|refusal| refusal.report);
        let all = acked.iter().copied().chain(refused).collect();
        Self { acked, all }
    }
}

/// Is it an answer for this leaf's devices and reports, and for nothing else?
fn fits(exported: &IndexedLeaf<'_>, claims: &Claims, named: &Named) -> bool {
    // A leaf that asked for codes alone gets no acknowledgement: the device that the code names has to do.
    let code_alone = exported.reports.is_empty() && !claims.devices.is_empty();
    (claims.is_acknowledgement || code_alone)
        && claims.devices.iter().all(|device| exported.is_of(device))
        && named.all.iter().all(|id| exported.reports.contains(id))
}

fn said(exported: &IndexedLeaf<'_>, claims: &Claims, named: &Named) -> Said {
    if claims.acked.is_empty() && claims.refused.is_empty() {
        return Said::Nothing;
    }
    let reports = exported.reports.iter();
    let acked: Vec<ReportId> = reports.filter(|id| named.acked.contains(id)).copied().collect();
    let partial = acked.len() < exported.reports.len();
    if !partial && claims.refused.is_empty() {
        return Said::All;
    }
    Said::Each(Box::new(Each { acked, refused: claims.refused.clone(), partial, ..Each::default() }))
}

/// The verdicts on one answer.
#[derive(Clone, Debug)]
pub struct Pairing<'a> {
    index: &'a ExportIndex,
    leaves: Vec<Kept>,
}

impl<'a> Pairing<'a> {
    /// One verdict for each leaf of the answer, in its order.
    pub fn answers(&self) -> impl ExactSizeIterator<Item = Answer<'_>> {
        self.leaves.iter().map(|leaf| self.view(leaf))
    }

    /// The verdict on the leaf of this number: for the second pass, which delivers.
    pub fn answer(&self, index: u64) -> Option<Answer<'_>> {
        let at = self.leaves.binary_search_by_key(&index, |leaf| leaf.index).ok()?;
        self.leaves.get(at).map(|leaf| self.view(leaf))
    }

    fn view<'p>(&'p self, leaf: &'p Kept) -> Answer<'p> {
        let exported = leaf.exported.and_then(|at| self.index.leaf(at));
        let is_acked = leaf.verdict == Verdict::Acked;
        let all = exported.filter(|_| is_acked).map_or(&[][..], |exported| exported.reports);
        let (acked, refused, partial) = match &leaf.said {
            Said::Each(each) => (&*each.acked, &*each.refused, each.partial),
            Said::Nothing | Said::All | Said::Ambiguous(_) => (all, &[][..], false),
        };
        let candidates = if let Said::Ambiguous(each) = &leaf.said { &*each.candidates } else { &[] };
        let odd = [
            (exported.is_some() && leaf.matched == Match::Number, WarningKind::LeafNameLoose),
            (exported.is_some() && leaf.matched == Match::Device, WarningKind::LeafRenamed),
            (is_acked && matches!(leaf.said, Said::Nothing), WarningKind::AckDataOpaque),
        ];
        Answer {
            index: leaf.index,
            name: match &leaf.name {
                Some(name) => Cow::Borrowed(name),
                None => Cow::Owned(format!("ACK_{}", exported.map_or("", |exported| exported.leaf))),
            },
            sha256: leaf.sha256,
            verdict: leaf.verdict,
            exported: leaf.exported,
            basis: is_acked.then_some(leaf.basis),
            partial,
            acked,
            refused,
            warnings: odd.into_iter().filter_map(|(is_so, kind)| is_so.then_some(kind)).collect(),
            candidates,
        }
    }

    /// Exported leaves to which nothing came, good or bad, by their number for [`ExportIndex::leaf`].
    pub fn missing(&self) -> impl Iterator<Item = usize> + use<'a> {
        let mut found = vec![false; self.index.len()];
        for at in self.leaves.iter().filter_map(|leaf| leaf.exported) {
            if let Some(found) = found.get_mut(at) {
                *found = true;
            }
        }
        found.into_iter().enumerate().filter_map(|(at, found)| (!found).then_some(at))
    }

    /// How far this answer brings its bundle, if nothing else came before.
    pub fn state(&self) -> BundleState {
        let acked = || self.leaves.iter().filter(|leaf| leaf.verdict == Verdict::Acked);
        let full = acked().filter(|leaf| !matches!(&leaf.said, Said::Each(each) if each.partial)).count();
        if full == self.index.len() {
            BundleState::Acked
        } else if acked().next().is_some() {
            BundleState::PartlyAcked
        } else {
            BundleState::Exported
        }
    }

    /// The events for the ledger: one for each answer that is to be delivered. Those that the ledger
    /// [has](crate::ledger::Ledger::is_applied) are for the caller to leave out: importing twice changes nothing.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.answers().filter_map(|answer| self.event(&answer))
    }

    /// The event for the ledger of one answer; none if it is not to be delivered.
    pub fn event(&self, answer: &Answer<'_>) -> Option<Event> {
        let leaf = self.index.leaf(answer.exported?)?;
        // an answer that is acknowledged has a basis
        let entry = AckEntry::new(leaf.leaf, answer.basis?, answer.acked.to_vec(), answer.sha256);
        let refused = answer.refused.iter().map(|refusal| refusal.report).collect();
        Some(Event::Ack(AckEntry { partial: answer.partial, refused, ..entry }))
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
mod search_tests;
#[cfg(test)]
mod tests;
