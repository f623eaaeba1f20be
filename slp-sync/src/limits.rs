//! What reading one file may cost, and the counters that all layers of one file share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

/// What reading one file may cost. The limit itself passes, one more is refused. Spec: sync, "Limits".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of an On-Prem document. Default 64 MiB: fifty thousand product instances fit.
    pub document_bytes: u64,
    /// Bytes of one certificate or request in PEM. Default 16 KiB.
    pub pem_bytes: u64,
    /// Compressed bytes of the outer archive. Default 4 GiB.
    pub archive_bytes: u64,
    /// Bytes after inflating, all levels together. Default 8 GiB.
    pub inflated_bytes: u64,
    /// Inflated bytes for each compressed one, for each gzip layer, once 1 MiB is inflated. Default 200.
    pub ratio: u64,
    /// Entries, all levels together. Default 100,000.
    pub entries: u64,
    /// Archives inside a bundle. Default 4,096.
    pub archives: u64,
    /// Levels of gzip and tar inside one another. Default 2.
    pub nesting: u64,
    /// Bytes of one leaf. Default 16 MiB: a device's own file is a few MB (doc).
    pub leaf_bytes: u64,
    /// Bytes of the manifest. Default 1 MiB.
    pub manifest_bytes: u64,
    /// Bytes of an entry name. Default 200.
    pub name_bytes: u64,
    /// Bytes of an extension header (PAX, or a GNU long name) of one entry. Default 4 KiB.
    pub extension_bytes: u64,
    /// Bytes of the optional fields of a gzip header. Default 128 KiB.
    pub gzip_extra_bytes: u64,
    /// Zero bytes after the end of a tar archive or a gzip member. Default 1 MiB.
    pub trailing_zero_bytes: u64,
    /// How a leaf is read; its `document_bytes` are those of [`leaf_bytes`](Self::leaf_bytes).
    pub leaf: slp_rum::ReadOptions,
    /// Rows of a device list. Default 100,000.
    pub rows: u64,
    /// Columns of a device list. Default 64.
    pub columns: u64,
    /// Bytes of one cell of a device list. Default 4,096.
    pub cell_bytes: u64,
    /// Bytes of one line of a ledger. Default 1 GiB: a line names every leaf of its bundle, and four million fit.
    pub ledger_line_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes: 64 * MIB,
            pem_bytes: 16 * KIB,
            archive_bytes: 4 * GIB,
            inflated_bytes: 8 * GIB,
            ratio: 200,
            entries: 100_000,
            archives: 4_096,
            nesting: 2,
            leaf_bytes: 16 * MIB,
            manifest_bytes: MIB,
            name_bytes: 200,
            extension_bytes: 4 * KIB,
            gzip_extra_bytes: 128 * KIB,
            trailing_zero_bytes: MIB,
            leaf: slp_rum::ReadOptions::default(),
            rows: 100_000,
            columns: 64,
            cell_bytes: 4_096,
            ledger_line_bytes: GIB,
        }
    }
}

impl Limits {
    /// Wider limits for a command line whose operator chose the files: millions of devices in one bundle.
    pub fn bulk() -> Self {
        Self {
            archive_bytes: u64::MAX,
            inflated_bytes: u64::MAX,
            entries: 4_000_000,
            archives: 65_536,
            leaf_bytes: 64 * MIB,
            manifest_bytes: 16 * MIB,
            rows: 4_000_000,
            ..Self::default()
        }
    }

    /// How a leaf is read: as [`leaf`](Self::leaf) says, a document as large as a leaf may be.
    pub fn leaf_options(&self) -> slp_rum::ReadOptions {
        let mut options = self.leaf.clone();
        options.limits.document_bytes = usize::try_from(self.leaf_bytes).unwrap_or(usize::MAX);
        options
    }
}

/// What all layers of one file used up together.
#[derive(Clone, Debug)]
pub(crate) struct Meter(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    inflated: AtomicU64,
    inflated_limit: u64,
    entries: AtomicU64,
    entries_limit: u64,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self(Arc::new(Counters {
            inflated: AtomicU64::new(0),
            inflated_limit: limits.inflated_bytes,
            entries: AtomicU64::new(0),
            entries_limit: limits.entries,
        }))
    }

    pub(crate) fn inflate(&self, bytes: u64) -> Result<()> {
        let counters = &self.0;
        if add(&counters.inflated, bytes) > counters.inflated_limit {
            return Err(Error::limit("inflated_bytes", counters.inflated_limit, "inflated bytes").fatal());
        }
        Ok(())
    }

    pub(crate) fn entry(&self) -> Result<()> {
        let counters = &self.0;
        if add(&counters.entries, 1) > counters.entries_limit {
            return Err(Error::limit("entries", counters.entries_limit, "archive entries").fatal());
        }
        Ok(())
    }

    pub(crate) fn inflated(&self) -> u64 {
        self.0.inflated.load(Ordering::Relaxed)
    }

    pub(crate) fn entries(&self) -> u64 {
        self.0.entries.load(Ordering::Relaxed)
    }
}

fn add(counter: &AtomicU64, amount: u64) -> u64 {
    counter.fetch_add(amount, Ordering::Relaxed).saturating_add(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wider_limits_are_wider_each_by_itself() {
        let (default, bulk) = (Limits::default(), Limits::bulk());
        for (name, default, bulk, expected) in [
            ("archive_bytes", default.archive_bytes, bulk.archive_bytes, u64::MAX),
            ("inflated_bytes", default.inflated_bytes, bulk.inflated_bytes, u64::MAX),
            ("entries", default.entries, bulk.entries, 4_000_000),
            ("archives", default.archives, bulk.archives, 65_536),
            ("leaf_bytes", default.leaf_bytes, bulk.leaf_bytes, 67_108_864),
            ("manifest_bytes", default.manifest_bytes, bulk.manifest_bytes, 16_777_216),
            ("rows", default.rows, bulk.rows, 4_000_000),
        ] {
            assert_eq!(bulk, expected, "{name}");
            assert!(bulk > default, "{name}");
        }
        // what one item may cost does not grow with the number of items
        assert_eq!(
            (bulk.cell_bytes, bulk.columns, bulk.pem_bytes),
            (default.cell_bytes, default.columns, default.pem_bytes)
        );
    }

    #[test]
    fn all_layers_count_on_one_meter() {
        let mut limits = Limits::default();
        (limits.inflated_bytes, limits.entries) = (10, 2);
        let meter = Meter::new(&limits);
        let layer = meter.clone();
        assert!(meter.inflate(4).is_ok() && layer.inflate(6).is_ok());
        assert_eq!((meter.inflated(), layer.inflated()), (10, 10));
        assert_eq!(layer.inflate(1).unwrap_err().name(), Some("inflated_bytes"));
        assert!(meter.entry().is_ok() && layer.entry().is_ok());
        assert_eq!(meter.entries(), 2);
        let refused = layer.entry().unwrap_err();
        assert_eq!((refused.name(), refused.is_fatal()), (Some("entries"), true));
    }
}
