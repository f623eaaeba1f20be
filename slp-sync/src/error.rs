//! What can go wrong in archives, documents, accounts and lists.

slp_model::error_type! {
    /// Why an archive, a document, a row or an operation was refused.
    ///
    /// Spec: sync, "Error cases".
    pub struct Error;
    /// Kinds of [`Error`]. Where the specification writes a word in brackets, `BadGzip(magic)`, [`Error::name`] has it.
    pub enum ErrorKind {
        /// Reading or writing failed outside of this crate; the cause is the `source`.
        Io = "io", Environment;
        /// More than a limit allows; the name says which.
        Limit = "limit", Limits;

        /// Not a gzip file. Names: `empty`, `magic`, `method`, `flags`, `deflate`.
        BadGzip = "bad-gzip", Document;
        /// Not a tar archive that may be read. Names: `magic`, `size`, `pax`.
        BadTar = "bad-tar", Document;
        /// A checksum does not fit. Names: `gzip`, `tar`.
        BadChecksum = "bad-checksum", Document;
        /// The input ends inside something.
        Truncated = "truncated", Document;
        /// Bytes after the end.
        TrailingData = "trailing-data", Document;
        /// A second gzip member, which some readers see and others do not.
        MultipleMembers = "multiple-members", Document;
        /// A name that no entry may have. Names: `utf8`, `empty`, `control`, `backslash`, `directory`.
        BadEntryName = "bad-entry-name", Document;
        /// A name that starts at a root, a drive or a host.
        AbsolutePath = "absolute-path", Document;
        /// A name with a component `..`.
        PathTraversal = "path-traversal", Document;
        /// Not a regular file. Names: `symlink`, `hardlink`, `device`, `fifo`, `directory`, `other`.
        EntryType = "entry-type", Document;
        /// A sparse file, in any of its forms.
        Sparse = "sparse", Document;
        /// Two entries of one name.
        DuplicateEntry = "duplicate-entry", Document;
        /// Two manifests.
        DuplicateManifest = "duplicate-manifest", Document;
        /// Two readers would see two different archives. Names: `size`, `path`, `extension`, `global`.
        ParserDifferential = "parser-differential", Document;
        /// An archive without a single leaf.
        BundleEmpty = "bundle-empty", Document;

        /// A file name that does not follow the grammar of bundle or leaf names.
        BadName = "bad-name", Document;
        /// A value out of its rules; the name says which rule.
        BadValue = "bad-value", Document;

        /// A document inside a bundle could not be read; the name is the word of the reader of such documents, whose
        /// error is the `source`.
        BadLeaf = "bad-leaf", Document;
        /// One leaf speaks of several devices.
        Inconsistent = "inconsistent", Document;
        /// A second leaf of one device.
        DuplicateDevice = "duplicate-device", Document;
        /// An answer to a bundle that was not exported from here.
        BundleUnknown = "bundle-unknown", Document;
        /// The ledger of exported bundles was changed or damaged.
        LedgerCorrupt = "ledger-corrupt", Document;
        /// The ledger does not allow this event now.
        LedgerState = "ledger-state", Caller;

        /// A transfer of more licences than are free.
        InsufficientLicenses = "insufficient-licenses", Caller;
        /// A local virtual account that still has product instances.
        NotEmpty = "not-empty", Caller;
        /// No local virtual account of this id, or one that may not be changed.
        UnknownAccount = "unknown-account", Caller;
        /// No device of this id.
        UnknownDevice = "unknown-device", Caller;
        /// The account is in a state that does not allow this.
        AccountState = "account-state", Caller;

        /// A document of another format or version.
        UnsupportedFormat = "unsupported-format", Document;
        /// A document in an encoding that is not read.
        UnsupportedEncoding = "unsupported-encoding", Document;
        /// Not a document of this kind at all: XML, gzip, zip.
        WrongContainer = "wrong-container", Document;
        /// A part of YAML that is not read, or no YAML at all. Names: `alias`, `anchor`, `tag`, `merge`, `directive`,
        /// `documents`, `key`, `flow`, `folded`, `multiline`, `tab`, `nul`, `syntax`.
        YamlFeature = "yaml-feature", Document;
        /// Not JSON.
        Json = "json", Document;
        /// A member name twice in one object.
        DuplicateMember = "duplicate-member", Document;
        /// A member that has to be there is not.
        MissingMember = "missing-member", Document;
        /// A number with a fraction or exponent, beyond its range, or negative where it cannot be.
        BadNumber = "bad-number", Document;
        /// A full document that removes something.
        TombstoneInFull = "tombstone-in-full", Document;

        /// A signature algorithm, or a key for it, that is not used here.
        UnsupportedAlgorithm = "unsupported-algorithm", Trust;
        /// A signature does not fit the document.
        BadSignature = "bad-signature", Trust;
        /// A certificate that nobody trusted issued, or that cannot be read; the name says more.
        UntrustedChain = "untrusted-chain", Trust;
        /// A certificate past its end.
        CertExpired = "cert-expired", Trust;
        /// A certificate before its beginning.
        CertNotYetValid = "cert-not-yet-valid", Trust;
        /// A key or digest that is too weak.
        WeakAlgorithm = "weak-algorithm", Trust;
        /// A good certificate of another role.
        WrongRole = "wrong-role", Trust;
        /// A certificate for another key than the one that asked for it.
        KeyMismatch = "key-mismatch", Trust;
        /// One key where two different ones have to be.
        KeyReuse = "key-reuse", Trust;

        /// A document for another On-Prem.
        WrongInstance = "wrong-instance", Document;
        /// A request of an On-Prem that was never registered.
        UnknownInstance = "unknown-instance", Document;
        /// A request of an On-Prem that was removed, or that did not synchronize in time.
        InstanceRemoved = "instance-removed", Document;
        /// A document that was applied before a later one.
        Replay = "replay", Document;
        /// An answer to a request that a later one replaced.
        StaleResponse = "stale-response", Document;
        /// A request that is not later than one before.
        StaleRequest = "stale-request", Document;
        /// An answer, and nothing was asked.
        NoPendingRequest = "no-pending-request", Document;
        /// An answer to another request than the one that is pending.
        UnknownRequest = "unknown-request", Document;
        /// A document of another kind than is due.
        WrongKind = "wrong-kind", Document;
        /// A delta on top of a state that is not ours.
        WrongBase = "wrong-base", Document;
        /// A delta where everything was asked for.
        NotFull = "not-full", Document;
        /// A document about another virtual account.
        WrongVirtualAccount = "wrong-virtual-account", Document;
        /// Two elements of one key.
        DuplicateId = "duplicate-id", Document;
        /// Lines that do not add up to what was purchased.
        LicenseSumMismatch = "license-sum-mismatch", Document;
        /// One licence in two hierarchies, or twice in one.
        HierarchyConflict = "hierarchy-conflict", Document;
    }
}

/// The result of most functions here.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A limit was exceeded.
    pub(crate) fn limit(name: &'static str, limit: u64, what: &str) -> Self {
        Self::new(ErrorKind::Limit, format!("{what}: more than {limit} (limit {name})")).named(name)
    }

    /// Reading or writing failed.
    pub(crate) fn io(error: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("the input or output failed: {}", error.kind())).fatal().caused_by(error)
    }
}

impl From<Error> for std::io::Error {
    /// For callers that live in the world of `std::io`: the error is the cause.
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Truncated => std::io::ErrorKind::UnexpectedEof,
            ErrorKind::Io => std::io::ErrorKind::Other,
            _ => std::io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
