//! What was accepted although it is odd, with its place.

use std::fmt;

use slp_model::Location;

/// The most warnings of one file that are kept; the rest is counted.
const KEPT: usize = 1_000;

macro_rules! warning_kinds {
    ($( $(#[$doc:meta])* $variant:ident = $word:literal; )+) => {
        /// What was odd. Spec: sync, "Named hostile cases".
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum WarningKind { $( $(#[$doc])* $variant, )+ }

        impl WarningKind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }
    };
}

warning_kinds! {
    /// A byte order mark was dropped.
    Bom = "bom";
    /// Blanks inside base64 were dropped.
    Base64Blank = "base64-blank";
    /// Zeros after a gzip member.
    TrailingZeros = "trailing-zeros";
    /// A tar archive without its two end blocks.
    NoEndBlocks = "no-end-blocks";
    /// An entry named `.`, skipped.
    DotEntry = "dot-entry";
    /// A member that is neither archive, leaf nor manifest, skipped.
    UnknownMember = "unknown-member";
    /// A name with characters beyond ASCII: two that look alike may differ.
    NonAsciiName = "non-ascii-name";
    /// A PAX record that means nothing here.
    PaxUnknown = "pax-unknown";
    /// The manifest names a member that is not there.
    ManifestDangling = "manifest-dangling";
    /// An archive that the manifest does not name.
    ManifestUnlisted = "manifest-unlisted";
    /// A line of the manifest that is not `key: value`.
    ManifestSyntax = "manifest-syntax";
    /// An archive without leaves.
    EmptyArchive = "empty-archive";
    /// A second leaf of one device.
    DuplicateDevice = "duplicate-device";
    /// A leaf was found by its number alone.
    LeafNameLoose = "leaf-name-loose";
    /// A leaf was found by its device, not by its name.
    LeafRenamed = "leaf-renamed";
    /// An acknowledgement that names no report.
    AckDataOpaque = "ack-data-opaque";
    /// The server has another name than before.
    NameChanged = "name-changed";
    /// The cloud's clock is more than an hour ahead.
    ClockBehindCloud = "clock-behind-cloud";
    /// A full answer to a request for a delta.
    FullInsteadOfDelta = "full-instead-of-delta";
    /// A schedule slower than the devices' policy.
    ScheduleTooSlow = "schedule-too-slow";
}

impl fmt::Display for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One oddity and its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Warning {
    /// What was odd.
    pub kind: WarningKind,
    /// Where.
    pub at: Location,
    /// More about it, for people; may be empty.
    pub text: String,
}

impl Warning {
    /// A warning without further text.
    pub fn new(kind: WarningKind, at: Location) -> Self {
        Self { kind, at, text: String::new() }
    }

    pub(crate) fn with(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.at.is_empty() {
            write!(f, "{}: ", self.at)?;
        }
        f.write_str(self.kind.as_str())?;
        if self.text.is_empty() { Ok(()) } else { write!(f, " ({})", self.text) }
    }
}

/// The warnings of one file, in the order of the file. A hostile file could cause millions: the first thousand are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    kept: Vec<Warning>,
    total: u64,
}

impl Warnings {
    pub(crate) fn push(&mut self, warning: Warning) {
        self.total = self.total.saturating_add(1);
        if self.kept.len() < KEPT {
            self.kept.push(warning);
        }
    }

    /// Takes over those of an inner layer, their places seen from outside.
    pub(crate) fn absorb(&mut self, inner: &mut Self, entry: Option<&str>) {
        self.total = self.total.saturating_add(inner.total);
        for mut warning in inner.kept.drain(..) {
            if self.kept.len() < KEPT {
                if let Some(entry) = entry {
                    warning.at = warning.at.inside(entry);
                }
                self.kept.push(warning);
            }
        }
        inner.total = 0;
    }

    /// Those that were kept.
    pub fn iter(&self) -> std::slice::Iter<'_, Warning> {
        self.kept.iter()
    }

    /// How many there were, kept or not.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Was there one of this kind among those that were kept?
    pub fn has(&self, kind: WarningKind) -> bool {
        self.kept.iter().any(|warning| warning.kind == kind)
    }
}

impl<'a> IntoIterator for &'a Warnings {
    type Item = &'a Warning;
    type IntoIter = std::slice::Iter<'a, Warning>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
