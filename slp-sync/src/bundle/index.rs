//! Which leaf of an exported bundle is whose: what an answer is looked up in.

use std::cmp::Ordering;
use std::io::Read;
use std::sync::Arc;

use slp_model::{ReportId, Udi, UnixMillis};

use crate::bundle::{Devices, LeafDigest, Reader, Survey, leaf_number};
use crate::error::{Error, Result};
use crate::export::ExportedLeaf;
use crate::ledger::{BundleState, Exported, Ledger};
use crate::warning::Warning;

/// One leaf of an [`ExportIndex`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexedLeaf<'i> {
    /// The bundle it went up in.
    pub bundle: &'i str,
    /// The archive it lies in; empty in a flat bundle.
    pub archive: &'i str,
    /// Its name in the archive.
    pub leaf: &'i str,
    /// The device whose reports it holds.
    pub device: &'i Udi,
    /// Other members of the device's HA set that its reports name.
    pub ha: &'i [Udi],
    /// Its reports, in the order of the leaf.
    pub reports: &'i [ReportId],
}

impl IndexedLeaf<'_> {
    /// The collector's number for the device.
    pub fn number(&self) -> Option<u64> {
        leaf_number(self.leaf)
    }

    /// Is this the device, or a member of its HA set?
    pub fn is_of(&self, device: &Udi) -> bool {
        self.device.matches(device) || self.ha.iter().any(|member| member.matches(device))
    }
}

/// The leaves of one exported bundle, found by name, number or device. Spec: sync, "Pairing algorithm".
///
/// A million leaves are held, so each is small: names and report ids lie one after the other in two long buffers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportIndex {
    /// Several where answers are looked up by device.
    bundles: Vec<(Box<str>, Option<UnixMillis>)>,
    rows: Vec<Row>,
    names: String,
    reports: Vec<ReportId>,
    /// Rows, sorted by what they are found by.
    by_name: Vec<usize>,
    by_number: Vec<usize>,
    by_device: Vec<usize>,
    /// Members of HA sets and the rows whose set they are in, sorted.
    by_member: Vec<(Udi, usize)>,
    warnings: Vec<Warning>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    archive: Arc<str>,
    device: Udi,
    ha: Box<[Udi]>,
    /// Where its name and its reports end; they begin where those of the row before do.
    name_end: usize,
    reports_end: usize,
    /// Its number in the list of bundles.
    bundle: u32,
    /// Is a report of it not acknowledged?
    is_open: bool,
}

impl ExportIndex {
    /// The index of these leaves; `bundle` is the name of the file.
    pub fn new(bundle: impl Into<String>, leaves: Vec<ExportedLeaf>) -> Self {
        let mut index = Self::of_bundle(bundle);
        for leaf in leaves {
            index.push(leaf, true);
        }
        index.sort();
        index
    }

    fn of_bundle(name: impl Into<String>) -> Self {
        Self { bundles: vec![(name.into().into_boxed_str(), None)], ..Self::default() }
    }

    /// Adds a leaf of the last bundle.
    fn push(&mut self, leaf: ExportedLeaf, is_open: bool) {
        self.names.push_str(&leaf.leaf);
        self.reports.extend_from_slice(&leaf.reports);
        let archive = match self.rows.last() {
            Some(last) if *last.archive == *leaf.archive => Arc::clone(&last.archive),
            _ => leaf.archive.into(),
        };
        let at = self.rows.len();
        self.by_member.extend(leaf.ha.iter().map(|member| (member.clone(), at)));
        self.rows.push(Row {
            archive,
            device: leaf.device,
            ha: leaf.ha.into_boxed_slice(),
            name_end: self.names.len(),
            reports_end: self.reports.len(),
            bundle: u32::try_from(self.bundles.len().saturating_sub(1)).unwrap_or(u32::MAX),
            is_open,
        });
    }

    fn sort(&mut self) {
        let all = || (0..self.rows.len()).collect::<Vec<_>>();
        let mut by_name = all();
        by_name.sort_by_key(|at| self.name(*at));
        let mut by_device = all();
        by_device.sort_by_key(|at| self.rows.get(*at).map(|row| &row.device));
        let mut by_number: Vec<usize> = all().into_iter().filter(|at| leaf_number(self.name(*at)).is_some()).collect();
        by_number.sort_by_cached_key(|at| leaf_number(self.name(*at)));
        (self.by_name, self.by_device, self.by_number) = (by_name, by_device, by_number);
        self.by_member.sort();
    }

    /// The index of a bundle of the ledger.
    pub fn of_ledger(bundle: &str, exported: &Exported) -> Self {
        let mut index = Self::of_bundle(bundle);
        for leaf in &exported.begin.leaves {
            index.push(leaf.clone(), exported.is_open(&leaf.leaf));
        }
        index.sort();
        index
    }

    /// The leaves of these devices in all bundles of the ledger that were written: for an answer whose name does not say which
    /// bundle it answers, see [`Pairer::add_by_device`](super::Pairer::add_by_device). It holds no more than the answer names.
    pub fn of_devices(ledger: &Ledger, devices: &Devices) -> Self {
        let mut index = Self::default();
        let is_written = |exported: &Exported| !matches!(exported.state(), BundleState::Begun | BundleState::Void);
        for (name, exported) in ledger.bundles().filter(|(_, exported)| is_written(exported)) {
            let is_named =
                |leaf: &&ExportedLeaf| std::iter::once(&leaf.device).chain(&leaf.ha).any(|one| devices.contains(one));
            let mut leaves = exported.begin.leaves.iter().filter(is_named).peekable();
            if leaves.peek().is_some() {
                index.bundles.push((name.into(), Some(exported.time)));
            }
            for leaf in leaves {
                index.push(leaf.clone(), exported.is_open(&leaf.leaf));
            }
        }
        index.sort();
        index
    }

    /// The index of a bundle that lies there as a file, and the leaves of it that could not be read.
    ///
    /// # Errors
    /// The fatal ones of the reader.
    pub fn read<R: Read>(bundle: &str, reader: &mut Reader<R>) -> Result<(Self, Vec<Error>)> {
        let mut index = Self::of_bundle(bundle);
        let mut refused = Vec::new();
        let mut batch = super::Batch::new();
        let (options, mut devices) = (reader.limits().leaf_options(), Devices::default());
        while reader.fill(&mut batch)? {
            for leaf in batch.drain() {
                let surveyed = leaf.and_then(|leaf| {
                    let survey = Survey::with(&leaf.bytes, &options).map_err(|error| leaf.locate(error))?;
                    index.warnings.extend(devices.note(&survey.device, leaf.place()));
                    let archive = leaf.archive.as_deref().unwrap_or_default();
                    // what is not looked up is not computed
                    let digest = LeafDigest { size: 0, sha256: [0; 32] };
                    Ok(survey.exported(archive, &*leaf.name, digest))
                });
                match surveyed {
                    Ok(leaf) => index.push(leaf, true),
                    Err(error) => refused.push(error),
                }
            }
        }
        index.sort();
        Ok((index, refused))
    }

    /// Devices with several leaves: an answer of one of them is matched by name alone.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The name of the bundle; empty where leaves of several are looked up by [device](Self::of_devices).
    pub fn bundle(&self) -> &str {
        if let [(name, _)] = self.bundles.as_slice() { name } else { "" }
    }

    /// How many leaves there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All leaves, in bundle order.
    pub fn leaves(&self) -> impl Iterator<Item = IndexedLeaf<'_>> {
        (0..self.rows.len()).filter_map(|at| self.leaf(at))
    }

    /// The leaf of this number, from 0, in bundle order.
    pub fn leaf(&self, at: usize) -> Option<IndexedLeaf<'_>> {
        let row = self.rows.get(at)?;
        let reports_from = self.before(at).map_or(0, |row| row.reports_end);
        Some(IndexedLeaf {
            bundle: self.of_row(row).map_or("", |(name, _)| name),
            archive: &row.archive,
            leaf: self.name(at),
            device: &row.device,
            ha: &row.ha,
            reports: self.reports.get(reports_from..row.reports_end).unwrap_or_default(),
        })
    }

    fn of_row(&self, row: &Row) -> Option<&(Box<str>, Option<UnixMillis>)> {
        self.bundles.get(usize::try_from(row.bundle).ok()?)
    }

    /// When its bundle was begun, and whether one of its reports waits for an answer.
    pub(super) fn standing(&self, at: usize) -> Option<(Option<UnixMillis>, bool)> {
        let row = self.rows.get(at)?;
        Some((self.of_row(row)?.1, row.is_open))
    }

    fn before(&self, at: usize) -> Option<&Row> {
        self.rows.get(at.checked_sub(1)?)
    }

    fn name(&self, at: usize) -> &str {
        let from = self.before(at).map_or(0, |row| row.name_end);
        self.rows.get(at).and_then(|row| self.names.get(from..row.name_end)).unwrap_or_default()
    }

    /// The leaf that a name points at, and whether by its number alone: the exact name in the archive of that name, the
    /// exact name in any archive, unless several have it, the number in the archive of that name.
    pub(super) fn by_name(&self, archive: &str, leaf: &str, number: Option<u64>) -> Option<(usize, bool)> {
        let in_archive = |at: &&usize| self.rows.get(**at).is_some_and(|found| *found.archive == *archive);
        let named = equal(&self.by_name, |at| self.name(*at).cmp(leaf));
        let only = || if let [only] = named { Some(only) } else { None };
        if let Some(at) = named.iter().find(in_archive).or_else(only) {
            return Some((*at, false));
        }
        let number = Some(number?);
        let numbered = equal(&self.by_number, |at| leaf_number(self.name(*at)).cmp(&number));
        numbered.iter().find(in_archive).map(|at| (*at, true))
    }

    /// The one leaf that all these devices belong to.
    pub(super) fn by_devices(&self, devices: &[Udi]) -> Option<usize> {
        let mut fitting = self.all_by_devices(devices);
        let found = fitting.next()?;
        fitting.all(|other| other == found).then_some(found)
    }

    /// All leaves that all these devices belong to; one may come twice.
    pub(super) fn all_by_devices(&self, devices: &[Udi]) -> impl Iterator<Item = usize> {
        devices.split_first().into_iter().flat_map(|(first, rest)| self.all_of(first, rest))
    }

    fn all_of(&self, first: &Udi, rest: &[Udi]) -> impl Iterator<Item = usize> {
        let own = equal(&self.by_device, |at| self.rows.get(*at).map(|row| &row.device).cmp(&Some(first)));
        let member = equal(&self.by_member, |(member, _)| member.cmp(first));
        let candidates = own.iter().copied().chain(member.iter().map(|(_, at)| *at));
        candidates.filter(move |at| {
            let leaf = self.leaf(*at);
            leaf.is_some_and(|leaf| leaf.is_of(first) && rest.iter().all(|device| leaf.is_of(device)))
        })
    }
}

/// The part of a sorted list that is equal to what is looked for.
fn equal<T>(sorted: &[T], compare: impl Fn(&T) -> Ordering) -> &[T] {
    let from = sorted.partition_point(|one| compare(one).is_lt());
    let to = sorted.partition_point(|one| compare(one).is_le());
    sorted.get(from..to).unwrap_or_default()
}

/// The names that the answered bundle may have had, likeliest first: without folder and `ACK_`, and without the mark
/// that a browser adds to a second download (` (1)`, `(1)`, `-1`, before `.tar.gz` or inside of it) or the `.gz` that it
/// drops.
///
/// ```
/// let names = slp_sync::bundle::answered_names("/home/ana/ACK_UD_SA_22Mar22_05_04_21_909.tar (1).gz");
/// assert!(names.contains(&"UD_SA_22Mar22_05_04_21_909.tar.gz".to_owned()));
/// ```
pub fn answered_names(file: &str) -> Vec<String> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let mut names = vec![name.to_owned()];
    let whole = name.strip_suffix(".tar.gz").or_else(|| name.strip_suffix(".tar"));
    let stem = match whole {
        Some(stem) => Some(without_mark(stem)),
        // The mark stands inside, `x.tar (1).gz`, and perhaps the end is lost.
        None => without_mark(name.strip_suffix(".gz").unwrap_or(name)).strip_suffix(".tar"),
    };
    names.extend(stem.map(|stem| format!("{stem}.tar.gz")));
    for name in &mut names {
        if let Some(upload) = name.strip_prefix("ACK_") {
            *name = upload.to_owned();
        }
    }
    names.dedup();
    names
}

/// Drops ` (k)`, `(k)` or `-k` from the end.
fn without_mark(stem: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((before, inside)) = stem.strip_suffix(')').and_then(|rest| rest.rsplit_once('('))
        && digits(inside)
    {
        return before.strip_suffix(' ').unwrap_or(before);
    }
    match stem.rsplit_once('-') {
        Some((before, number)) if digits(number) => before,
        _ => stem,
    }
}

#[cfg(test)]
mod tests {
    use super::answered_names;

    #[test]
    fn the_marks_of_browsers_are_dropped() {
        let real = "UD_SA_22Mar22_05_04_21_909.tar.gz";
        for file in [
            "ACK_UD_SA_22Mar22_05_04_21_909.tar.gz",
            "C:\\Users\\ana\\ACK_UD_SA_22Mar22_05_04_21_909.tar.gz",
            "ACK_UD_SA_22Mar22_05_04_21_909 (1).tar.gz",
            "ACK_UD_SA_22Mar22_05_04_21_909(12).tar.gz",
            "ACK_UD_SA_22Mar22_05_04_21_909-1.tar.gz",
            "ACK_UD_SA_22Mar22_05_04_21_909.tar (1).gz",
            "ACK_UD_SA_22Mar22_05_04_21_909.tar-2.gz",
            "ACK_UD_SA_22Mar22_05_04_21_909.tar",
            "ACK_UD_SA_22Mar22_05_04_21_909 (3).tar",
        ] {
            assert!(answered_names(file).iter().any(|name| name == real), "{file}: {:?}", answered_names(file));
        }
        assert_eq!(answered_names("ACK_x.zip"), ["x.zip"]);
    }
}
