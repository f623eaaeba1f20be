//! A message to the cloud and how far it is, on disk: kept before it is sent, and before its answer counts as taken.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use slp_model::Udi;
use slp_transport::upload::UploadState;
use slp_transport::{Limits, Results};

use crate::console::Stop;
use crate::kept;

/// The most bytes of a job, of its message and of its result.
const MOST: u64 = 64 << 20;

/// How far a job is, for those who run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stage {
    /// The answer is not there yet.
    Open,
    /// The answer lies beside the job and was not handed out yet.
    Answered,
    /// All is done.
    Done,
    /// The cloud has these reports already, and gives no answer to them.
    AlreadyReported,
    /// The cloud refused.
    Refused(String),
}

/// One message.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Form of the file.
    version: u32,
    pub(crate) smart_account: String,
    pub(crate) virtual_account: String,
    /// Whose reports it carries.
    pub(crate) devices: Vec<Udi>,
    pub(crate) reports: usize,
    pub(crate) stage: Stage,
    pub(crate) upload: UploadState,
}

impl Job {
    pub(crate) fn new(accounts: (String, String), devices: Vec<Udi>, reports: usize, upload: UploadState) -> Self {
        let (smart_account, virtual_account) = accounts;
        Self { version: 1, smart_account, virtual_account, devices, reports, stage: Stage::Open, upload }
    }

    /// Its nonce: the name of its files.
    pub(crate) fn name(&self) -> &str {
        self.upload.nonce.as_str()
    }

    fn path(&self, folder: &Path, ending: &str) -> PathBuf {
        folder.join(format!("{}.{ending}", kept::safe(self.name())))
    }

    /// Keeps a new job: the message first, so that no job is without one.
    pub(crate) fn create(&self, folder: &Path, message: &[u8]) -> Result<(), Stop> {
        kept::create(&self.path(folder, "request"), message)?;
        self.save(folder)
    }

    pub(crate) fn save(&self, folder: &Path) -> Result<(), Stop> {
        kept::write_json(&self.path(folder, "job"), self)
    }

    /// The message, as it was kept.
    pub(crate) fn message(&self, folder: &Path) -> Result<Vec<u8>, Stop> {
        kept::bytes(&self.path(folder, "request"), MOST)
    }

    /// Keeps the answer.
    pub(crate) fn keep_result(&self, folder: &Path, results: &Results) -> Result<(), Stop> {
        kept::replace(&self.path(folder, "result"), results.to_json().as_bytes())
    }

    /// The answer that was kept.
    pub(crate) fn result(&self, folder: &Path) -> Result<Results, Stop> {
        let path = self.path(folder, "result");
        let mut limits = Limits::default();
        limits.body_bytes = limits.device_body_bytes;
        Results::from_json(&kept::bytes(&path, MOST)?, &limits)
            .map_err(|error| Stop::Data(format!("{}: {error}", path.display())))
    }
}

/// All jobs of a folder, by name. One that cannot be read is told and does not keep the others back.
pub(crate) fn all(folder: &Path, mut fault: impl FnMut(&str)) -> Result<Vec<Job>, Stop> {
    let cannot = |error: std::io::Error| Stop::Data(format!("{}: cannot be read: {error}", folder.display()));
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|ending| ending == "job") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut jobs = Vec::new();
    for path in paths {
        let read = kept::bytes(&path, MOST).and_then(|bytes| {
            serde_json::from_slice::<Job>(&bytes).map_err(|error| Stop::Data(format!("{}: {error}", path.display())))
        });
        match read {
            Ok(job) if job.version == 1 => jobs.push(job),
            Ok(job) => fault(&format!("{}: form {} is not known", path.display(), job.version)),
            Err(Stop::Data(text)) => fault(&text),
            Err(other) => return Err(other),
        }
    }
    Ok(jobs)
}
