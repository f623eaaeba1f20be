//! Which leaf of an exported bundle is whose: what an answer is looked up in.

use std::collections::BTreeMap;
use std::io::Read;

use slp_model::Udi;

use crate::bundle::{Devices, LeafDigest, Reader, Survey};
use crate::error::{Error, Result};
use crate::export::ExportedLeaf;
use crate::ledger::Exported;
use crate::warning::Warning;

/// The leaves of one exported bundle, found by name, number or device. Spec: sync, "Pairing algorithm".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportIndex {
    bundle: String,
    leaves: Vec<ExportedLeaf>,
    by_name: BTreeMap<Box<str>, Vec<usize>>,
    by_device: BTreeMap<Udi, Vec<usize>>,
    by_number: BTreeMap<u64, Vec<usize>>,
    warnings: Vec<Warning>,
}

impl ExportIndex {
    /// The index of these leaves; `bundle` is the name of the file.
    pub fn new(bundle: impl Into<String>, leaves: Vec<ExportedLeaf>) -> Self {
        let mut index = Self { bundle: bundle.into(), ..Self::default() };
        for leaf in leaves {
            index.push(leaf);
        }
        index
    }

    fn push(&mut self, leaf: ExportedLeaf) {
        let at = self.leaves.len();
        self.by_name.entry(leaf.leaf.as_str().into()).or_default().push(at);
        for device in std::iter::once(&leaf.device).chain(&leaf.ha) {
            let slot = self.by_device.entry(device.clone()).or_default();
            if slot.last() != Some(&at) {
                slot.push(at);
            }
        }
        if let Some(number) = leaf.number() {
            self.by_number.entry(number).or_default().push(at);
        }
        self.leaves.push(leaf);
    }

    /// The index of a bundle of the ledger.
    pub fn of_ledger(bundle: &str, exported: &Exported) -> Self {
        Self::new(bundle, exported.begin.leaves.clone())
    }

    /// The index of a bundle that lies there as a file, and the leaves of it that could not be read.
    ///
    /// # Errors
    /// The fatal ones of the reader.
    pub fn read<R: Read>(bundle: &str, reader: &mut Reader<R>) -> Result<(Self, Vec<Error>)> {
        let mut index = Self::new(bundle, Vec::new());
        let mut refused = Vec::new();
        let mut batch = super::Batch::new();
        let (options, mut devices) = (reader.limits().leaf_options(), Devices::default());
        while reader.fill(&mut batch)? {
            for leaf in batch.drain() {
                let surveyed = leaf.and_then(|leaf| {
                    let survey = Survey::with(&leaf.bytes, &options).map_err(|error| leaf.locate(error))?;
                    index.warnings.extend(devices.note(&survey.device, leaf.place()));
                    let archive = leaf.archive.as_deref().unwrap_or_default();
                    Ok(survey.exported(archive, &*leaf.name, LeafDigest::of(&leaf.bytes)))
                });
                match surveyed {
                    Ok(leaf) => index.push(leaf),
                    Err(error) => refused.push(error),
                }
            }
        }
        Ok((index, refused))
    }

    /// Devices with several leaves: an answer of one of them is matched by name alone.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The name of the bundle.
    pub fn bundle(&self) -> &str {
        &self.bundle
    }

    /// All leaves, in bundle order.
    pub fn leaves(&self) -> &[ExportedLeaf] {
        &self.leaves
    }

    /// The leaf that a name points at, and whether by its number alone: the exact name in the archive of that name, the
    /// exact name in any archive, the number in the archive of that name.
    pub(super) fn by_name(&self, archive: &str, leaf: &str, number: Option<u64>) -> Option<(usize, bool)> {
        let in_archive = |at: &&usize| self.leaves.get(**at).is_some_and(|found| found.archive == archive);
        let named = self.by_name.get(leaf).map_or(&[][..], Vec::as_slice);
        if let Some(at) = named.iter().find(in_archive).or_else(|| named.first()) {
            return Some((*at, false));
        }
        let numbered = self.by_number.get(&number?)?;
        numbered.iter().find(in_archive).map(|at| (*at, true))
    }

    /// The one leaf that all these devices belong to.
    pub(super) fn by_devices(&self, devices: &[Udi]) -> Option<usize> {
        let (first, rest) = devices.split_first()?;
        let candidates = self.by_device.get(first)?;
        let fits = |at: &usize| {
            let leaf = self.leaves.get(*at);
            leaf.is_some_and(|leaf| leaf.is_of(first) && rest.iter().all(|device| leaf.is_of(device)))
        };
        let mut fitting = candidates.iter().copied().filter(|at| fits(at));
        let found = fitting.next()?;
        fitting.next().is_none().then_some(found)
    }
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
