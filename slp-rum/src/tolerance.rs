//! The deviations that are read all the same: each has a name, is recorded, and can be switched off.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use slp_model::{Error, Location, serde_as_text, word_forms};

macro_rules! tolerances {
    ($( $(#[$doc:meta])* $variant:ident = $word:literal, )+) => {
        /// A deviation from the format that is read all the same. Spec: rum, "Accepted and recorded".
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Tolerance { $( $(#[$doc])* $variant, )+ }

        impl Tolerance {
            /// Every deviation there is.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }

            const fn bit(self) -> u64 {
                #[expect(clippy::as_conversions, reason = "the number of a variant, far below 64")]
                let number = self as u32;
                match 1_u64.checked_shl(number) { Some(bit) => bit, None => 0 }
            }
        }
    };
}

tolerances! {
    /// A UTF-8 byte order mark, skipped.
    Bom = "bom",
    /// The root is `RUMReport`: one report.
    BareRoot = "bare-root",
    /// An attribute or namespace declaration, ignored.
    Attribute = "attribute",
    /// A name with a prefix; the local name is taken.
    NamespacePrefix = "namespace-prefix",
    /// A comment between elements, ignored.
    Comment = "comment",
    /// A processing instruction between elements, ignored.
    ProcessingInstruction = "processing-instruction",
    /// Another child of `smartLicense`, kept as it stands.
    UnknownElement = "unknown-element",
    /// The whole input is Base64, decoded.
    Base64Document = "base64-document",
    /// A JSON object without members: no reports.
    UsageMissing = "usage-missing",
    /// `usage` is one object, not an array: one report.
    UsageObject = "usage-object",
    /// A JSON array at the top: each element is a report.
    ArrayRoot = "array-root",
    /// Members of several containers in one object: the first kind of container wins, the others are not looked into.
    SeveralContainers = "several-containers",
    /// A payload without envelope.
    BarePayload = "bare-payload",
    /// The input is one JSON string that holds a payload.
    PayloadLiteral = "payload-literal",
    /// `payload` is an object: its text is kept, but the signed text is lost.
    PayloadObject = "payload-object",
    /// White space around the JSON inside the payload string, kept.
    PayloadSpace = "payload-space",
    /// An envelope without signature.
    Unsigned = "unsigned",
    /// `null` where a value may be absent.
    NullMember = "null-member",
    /// A word that is not in the lists of the spec, kept.
    UnknownWord = "unknown-word",
    /// Several devices in one document.
    MixedDevices = "mixed-devices",
    /// A number as a string or a string as a number.
    NumberOrString = "number-or-string",
    /// A negative number printed as an unsigned one of 64 bits.
    WrappedNegative = "wrapped-negative",
    /// The shape of the second generation without `version`.
    VersionMissing = "version-missing",
    /// A `version` that does not begin with `2.`; read by shape.
    VersionUnknown = "version-unknown",
    /// The report id in both places, equal.
    IdInBoth = "id-in-both",
    /// The inner signature at the place of the other generation.
    SignaturePlace = "signature-place",
    /// A tag that does not fit the grammar, opaque.
    TagForm = "tag-form",
    /// No entitlement tag, and not telemetry.
    NoTag = "no-tag",
    /// `ha_udi` missing or empty.
    NoHa = "no-ha",
    /// `measurements` is empty.
    NoMeasurements = "no-measurements",
    /// `meta` is an array in usage, or an object in telemetry; kept raw.
    MetaShape = "meta-shape",
    /// `value` and `values` both, or none.
    ValueShape = "value-shape",
    /// `log_time`, `sample_interval` or `num_samples` missing in usage.
    MeasurementMember = "measurement-member",
    /// `utility_enabled` is not true or false.
    UtilityWord = "utility-word",
    /// White space in the text of a signature.
    SignatureBlank = "signature-blank",
    /// The text of a signature is not Base64, kept.
    SignatureText = "signature-text",
    /// A `json_encode` value that does not parse, kept.
    InventoryJson = "inventory-json",
    /// `specificPLR` inside `smartLicense`.
    WrappedSlr = "wrapped-slr",
    /// Children in another order than usual.
    ChildOrder = "child-order",
    /// `udi` at another place than usual: first in a SLAC, last in an SLR.
    UdiPosition = "udi-position",
    /// Blanks in the text of a UDI, trimmed.
    UdiBlank = "udi-blank",
    /// A UDI with the keys that commands print.
    UdiKey = "udi-key",
    /// A time with a zone or a fraction.
    ZoneSuffix = "zone-suffix",
    /// A date in another form than usual; one that is no date is kept as text.
    DateForm = "date-form",
    /// Another word for true or false.
    BooleanWord = "boolean-word",
    /// A member of an acknowledgement under another name.
    AckNearName = "ack-near-name",
    /// An acknowledgement that is one object, not an array.
    AckSingleObject = "ack-single-object",
    /// A member of an acknowledgement that names no report, kept as text.
    AckOpaque = "ack-opaque",
}

word_forms!(Tolerance, "tolerance");

/// A set of [`Tolerance`]s. The default is all of them.
///
/// As text and as JSON (a string): `all`, `none`, the names with commas between, or `all` and the names that are left
/// out, each with a `-` before it. Most people leave out a few, and a set written so takes what later versions name.
///
/// ```
/// use slp_rum::{Tolerance, Tolerances};
///
/// let tolerances: Tolerances = "all,-base64-document".parse()?;
/// assert_eq!(tolerances, Tolerances::all().without(Tolerance::Base64Document));
/// assert_eq!(tolerances.to_string(), "all,-base64-document");
/// assert_eq!("bom".parse::<Tolerances>()?, Tolerances::none().with(Tolerance::Bom));
/// # Ok::<(), slp_model::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tolerances(u64);

impl Tolerances {
    /// Every deviation is taken.
    pub const fn all() -> Self {
        let mut all = Self::none();
        let mut rest = Tolerance::ALL;
        while let [first, others @ ..] = rest {
            all = all.with(*first);
            rest = others;
        }
        all
    }

    /// No deviation is taken: strict reading.
    pub const fn none() -> Self {
        Self(0)
    }

    /// The same set with one more.
    #[must_use]
    pub const fn with(self, tolerance: Tolerance) -> Self {
        Self(self.0 | tolerance.bit())
    }

    /// The same set without one.
    #[must_use]
    pub const fn without(self, tolerance: Tolerance) -> Self {
        Self(self.0 & !tolerance.bit())
    }

    /// Is it in the set?
    pub const fn contains(self, tolerance: Tolerance) -> bool {
        self.0 & tolerance.bit() != 0
    }
}

impl Default for Tolerances {
    fn default() -> Self {
        Self::all()
    }
}

impl fmt::Display for Tolerances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = Tolerance::ALL.iter().filter(|one| !self.contains(**one)).count();
        if *self == Self::none() {
            return f.write_str("none");
        }
        if missing.saturating_mul(2) > Tolerance::ALL.len() {
            let mut comma = "";
            for one in Tolerance::ALL.iter().filter(|one| self.contains(**one)) {
                write!(f, "{comma}{one}")?;
                comma = ",";
            }
            return Ok(());
        }
        f.write_str("all")?;
        Tolerance::ALL.iter().filter(|one| !self.contains(**one)).try_for_each(|one| write!(f, ",-{one}"))
    }
}

impl FromStr for Tolerances {
    type Err = Error;

    /// Reads the form that `Display` writes: `all` or `none` stands first, if at all; blanks around names are skipped.
    ///
    /// # Errors
    /// [`BadWord`](slp_model::ErrorKind::BadWord) if a name is no tolerance.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut names = text.split(',').map(str::trim_ascii).peekable();
        let mut set = Self::none();
        if let Some(start) = names.next_if(|name| matches!(*name, "all" | "none")) {
            set = if start == "all" { Self::all() } else { set };
        }
        for name in names {
            set = match name.strip_prefix('-') {
                Some(name) => set.without(name.parse()?),
                None => set.with(name.parse()?),
            };
        }
        Ok(set)
    }
}

serde_as_text!(Tolerances);

impl fmt::Debug for Tolerances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Tolerance::ALL.iter().filter(|one| self.contains(**one))).finish()
    }
}

/// A deviation that was met and taken.
///
/// As JSON: an object of these names. `Display` writes a line for people, which is not read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Warning {
    /// Which one.
    pub tolerance: Tolerance,
    /// Where.
    pub place: Location,
    /// What was found and what was done.
    pub message: String,
}

impl Warning {
    pub(crate) fn new(tolerance: Tolerance, place: Location, message: String) -> Self {
        Self { tolerance, place, message }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{} ({})", self.message, self.tolerance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tolerance_has_a_bit_and_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Tolerance::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(names.len(), Tolerance::ALL.len());
        for one in Tolerance::ALL {
            let only = Tolerances::none().with(*one);
            assert_eq!(Tolerance::ALL.iter().filter(|other| only.contains(**other)).count(), 1, "{one}");
            assert!(!Tolerances::all().without(*one).contains(*one), "{one}");
        }
    }

    #[test]
    fn all_is_every_one_and_nothing_else() {
        assert_eq!(Tolerance::ALL.iter().fold(Tolerances::none(), |set, one| set.with(*one)), Tolerances::all());
        assert_eq!(Tolerance::ALL.iter().fold(Tolerances::all(), |set, one| set.without(*one)), Tolerances::none());
    }

    #[test]
    fn every_set_reads_back_from_text_and_json() {
        let reads_back = |set: Tolerances| {
            assert_eq!(set.to_string().parse::<Tolerances>().unwrap(), set, "{set}");
            let json = serde_json::to_string(&set).unwrap();
            assert_eq!(json, format!("\"{set}\""));
            assert_eq!(serde_json::from_str::<Tolerances>(&json).unwrap(), set);
        };
        let (mut growing, mut shrinking) = (Tolerances::none(), Tolerances::all());
        for one in Tolerance::ALL {
            [growing, shrinking].into_iter().for_each(reads_back);
            (growing, shrinking) = (growing.with(*one), shrinking.without(*one));
            assert_eq!(one.to_string().parse::<Tolerance>().unwrap(), *one);
        }
        [growing, shrinking].into_iter().for_each(reads_back);
        assert_eq!((growing.to_string(), shrinking.to_string()), ("all".to_owned(), "none".to_owned()));
        assert_eq!("none".parse::<Tolerances>().unwrap(), Tolerances::none());
        for text in ["", "bom,all", "Bom", "all,", "--bom", "all,none"] {
            assert!(text.parse::<Tolerances>().is_err(), "{text}");
        }
    }
}
