//! Which reports of which devices go into a bundle, and as which bytes.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use slp_model::{ReportId, Udi};
use slp_sync::bundle::{Composed, Composer, LeafDigest};

use crate::arguments::Sources;
use crate::console::{Session, Stop};
use crate::fault::Fault;
use crate::input::{Input, Reader};
use crate::pipeline::{self, Outcome};

/// One file of a device.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: String,
    digest: LeafDigest,
    /// Of the leaf that it would be by itself.
    leaf: LeafDigest,
    reports: Vec<ReportId>,
}

/// A device and its files, in byte order of their paths.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) udi: Udi,
    pub(super) ha: Vec<Udi>,
    pub(super) sources: Vec<Source>,
    /// Is it in a bundle that this run wrote?
    pub(super) is_written: Cell<bool>,
}

/// What the paths lead to.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In order of first appearance over the paths in byte order.
    pub(super) devices: Vec<Device>,
    /// How many files were left out.
    pub(super) left_out: u64,
}

/// A file that was read, and whose it is.
struct Surveyed {
    udi: Udi,
    ha: Vec<Udi>,
    source: Source,
}

/// Why a file is left out.
type Refused = Box<Fault>;

/// `None`: a leaf of a bundle, which is refused with the first leaf.
fn survey(composer: &Composer, input: &Input<'_>) -> Option<Result<Surveyed, Refused>> {
    if let Some(leaf) = input.as_leaf() {
        let text = "a bundle, where a file of one device is wanted: extract it first";
        let file = leaf.file.as_deref().unwrap_or_default();
        return (leaf.index == 0).then(|| Err(Box::new(Fault::of_file("unsupported", file, text))));
    }
    Some(match composer.leaf(&[input.bytes]) {
        Ok(Composed { bytes, survey, .. }) => {
            let digest = LeafDigest::of(input.bytes);
            let is_same = *bytes == *input.bytes;
            let leaf = if is_same { digest } else { LeafDigest::of(&bytes) };
            let source = Source { path: input.name.to_owned(), digest, leaf, reports: survey.reports };
            Ok(Surveyed { udi: survey.device, ha: survey.ha, source })
        }
        Err(error) => Err(Box::new(input.bundle_fault(error))),
    })
}

impl Found {
    /// Surveys every file.
    pub(super) fn read(sources: &Sources, composer: &Composer, session: &mut Session<'_>) -> Result<Self, Stop> {
        if sources.paths.iter().any(|path| path.as_os_str() == "-") {
            return Err(Stop::Call("files are read twice, which standard input cannot be".to_owned()));
        }
        let (mut files, mut left_out) = (Vec::new(), 0_u64);
        pipeline::documents(
            sources,
            session,
            |input| survey(composer, input),
            |_, messages, outcome| {
                let file = match outcome {
                    Outcome::Document(None) => return Ok(()),
                    Outcome::Document(Some(file)) => file,
                    Outcome::Fault(fault) => Err(Box::new(fault)),
                };
                match file {
                    Ok(file) => files.push(file),
                    Err(fault) => {
                        messages.fault(&fault);
                        left_out = left_out.saturating_add(1);
                    }
                }
                Ok(())
            },
        )?;
        files.sort_by(|one, next| one.source.path.as_bytes().cmp(next.source.path.as_bytes()));
        files.dedup_by(|next, one| next.source.path == one.source.path);
        Ok(Self { devices: by_device(files), left_out })
    }
}

fn by_device(files: Vec<Surveyed>) -> Vec<Device> {
    let mut numbers: BTreeMap<(Box<str>, Box<str>), usize> = BTreeMap::new();
    let mut devices: Vec<Device> = Vec::new();
    for Surveyed { udi, ha, source } in files {
        let key = (udi.pid().into(), udi.serial().into());
        let number = *numbers.entry(key).or_insert(devices.len());
        match devices.get_mut(number) {
            Some(device) => {
                device.ha.extend(ha);
                device.ha.sort_unstable();
                device.ha.dedup();
                device.sources.push(source);
            }
            None => devices.push(Device { udi, ha, sources: vec![source], is_written: Cell::new(false) }),
        }
    }
    devices
}

impl Source {
    /// Reads the file again; [`check`](Self::check) says whether it is still the same.
    pub(super) fn read(&self, reader: &Reader<'_>, buffer: &mut Vec<u8>) -> Result<(), Stop> {
        let path = PathBuf::from(&self.path);
        reader.file(&path, &self.path, buffer).map_err(|fault| Stop::Data(fault.to_string()))
    }

    pub(super) fn check(&self, digest: LeafDigest) -> Result<(), Stop> {
        if digest == self.digest {
            return Ok(());
        }
        Err(Stop::Data(format!("{}: changed while the bundle was made: start again", self.path)))
    }

    pub(super) fn reports(&self) -> usize {
        self.reports.len()
    }
}

impl Device {
    /// The reports of all files.
    pub(super) fn reports(&self) -> impl Iterator<Item = ReportId> + '_ {
        self.sources.iter().flat_map(|source| &source.reports).copied()
    }

    /// Bytes of all files: no leaf made of them is much larger.
    pub(super) fn bytes(&self) -> u64 {
        self.sources.iter().fold(0, |sum, source| sum.saturating_add(source.digest.size))
    }

    /// The file that goes in byte for byte.
    pub(super) fn as_it_is(&self, keep: &impl Fn(ReportId) -> bool) -> Option<&Source> {
        let (leaf, _) = self.of_one_file(keep)?;
        self.sources.first().filter(|source| source.digest == leaf)
    }

    /// What is known of the leaf without reading its file again: its digest and reports, where all of one file goes in.
    pub(super) fn of_one_file(&self, keep: &impl Fn(ReportId) -> bool) -> Option<(LeafDigest, &[ReportId])> {
        let [source] = self.sources.as_slice() else { return None };
        source.reports.iter().all(|id| keep(*id)).then_some((source.leaf, &*source.reports))
    }

    /// Reads the files, into `buffers`, and makes the leaf of them, of the reports that are kept.
    ///
    /// # Errors
    /// [`Stop::Data`] if a file cannot be read any more or has changed.
    pub(super) fn leaf<'b>(
        &self,
        reader: &Reader<'_>,
        composer: &Composer,
        buffers: &'b mut Vec<Vec<u8>>,
        keep: &impl Fn(ReportId) -> bool,
    ) -> Result<Composed<'b>, Stop> {
        buffers.resize_with(self.sources.len().max(buffers.len()), Vec::new);
        for (source, buffer) in self.sources.iter().zip(&mut *buffers) {
            source.read(reader, buffer)?;
            source.check(LeafDigest::of(buffer))?;
        }
        let files: Vec<&[u8]> = self.sources.iter().zip(&*buffers).map(|(_, buffer)| &**buffer).collect();
        composer.leaf_of(&files, keep).map_err(|error| Stop::Data(format!("{}: {error}", self.name())))
    }

    /// For messages: the file, or the device if it has several.
    pub(super) fn name(&self) -> String {
        match self.sources.as_slice() {
            [source] => source.path.clone(),
            _ => self.udi.to_string(),
        }
    }
}
