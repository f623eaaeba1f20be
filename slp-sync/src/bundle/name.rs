//! Names of bundles and leaves: read from the right, because account names hold underscores.

use std::fmt;
use std::str::FromStr;

use slp_model::{Quoted, UnixMillis};

use crate::error::{Error, ErrorKind, Result};

/// English, whatever the locale: the published pair has them (doc).
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Scalars of an account name that go into a file name, so that `ACK_UD_VA_…` fits a tar header.
const NAME_SCALARS: usize = 60;

/// What a bundle holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// `SA`: the outer archive, of a Smart Account (inferred).
    SmartAccount,
    /// `VA`: an inner archive, of a virtual account (inferred).
    VirtualAccount,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::SmartAccount => "SA",
            Self::VirtualAccount => "VA",
        }
    }
}

/// The name of a bundle, taken apart: `[ACK_]UD_(SA|VA)_[name_]stamp[_suffix].tar.gz`.
///
/// The stamp is a token for matching, never a time to sort or decide by: its zone is unknown, and `22Mar22` reads the
/// same in both orders. Spec: sync, "Names".
///
/// ```
/// use slp_sync::bundle::{BundleName, Level};
///
/// let name = BundleName::new(Level::SmartAccount, "Acme Enterprise", "2026-11-24T10:20:30.123Z".parse()?);
/// assert_eq!(name.to_string(), "UD_SA_Acme_Enterprise_26Nov24_10_20_30_123.tar.gz");
/// assert_eq!(name.to_string().parse::<BundleName>()?, name);
/// assert_eq!(name.acknowledgement().to_string(), "ACK_UD_SA_Acme_Enterprise_26Nov24_10_20_30_123.tar.gz");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct BundleName {
    /// Is it an answer?
    pub ack: bool,
    /// What it holds.
    pub level: Level,
    /// The account, with `_` for what a file name should not hold; not reversible.
    pub name: Option<String>,
    /// The stamp, opaque.
    pub stamp: String,
    /// What follows the stamp.
    pub suffix: Option<String>,
}

impl BundleName {
    /// The name that is written for an account at a time. An empty account name is left out.
    pub fn new(level: Level, account: &str, at: UnixMillis) -> Self {
        let name: String = safe(account).take(NAME_SCALARS).collect();
        Self { ack: false, level, name: Some(name).filter(|name| !name.is_empty()), stamp: stamp(at), suffix: None }
    }

    /// The name of the answer to this bundle.
    #[must_use]
    pub fn acknowledgement(&self) -> Self {
        Self { ack: true, ..self.clone() }
    }

    /// The name of the bundle that this one answers.
    #[must_use]
    pub fn upload(&self) -> Self {
        Self { ack: false, ..self.clone() }
    }

    /// The same name, made different from others of one bundle: `-2`, `-3` at the end of the account.
    pub(crate) fn numbered(&self, number: usize) -> Self {
        let tail = format!("-{number}");
        let room = NAME_SCALARS.saturating_sub(tail.len().max(3));
        let kept: String = self.name.iter().flat_map(|name| name.chars()).take(room).collect();
        Self { name: Some(kept + &tail), ..self.clone() }
    }
}

/// The characters that are kept, and `_` for each of the others.
fn safe(text: &str) -> impl Iterator<Item = char> + '_ {
    let keep = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-');
    text.chars().map(move |character| if keep(character) { character } else { '_' })
}

/// `26Nov24_10_20_30_123`: year, month, day, in UTC.
fn stamp(at: UnixMillis) -> String {
    let text = at.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    format!(
        "{}{}{}_{}_{}_{}_{}",
        part(2, 4),
        month.unwrap_or(&"Jan"),
        part(8, 10),
        part(11, 13),
        part(14, 16),
        part(17, 19),
        part(20, 23)
    )
}

/// Does it have the form of a stamp? `0` stands for a digit, `A` and `a` for letters.
fn is_stamp(text: &str) -> bool {
    const FORM: &[u8] = b"00Aaa00_00_00_00_000";
    text.len() == FORM.len()
        && text.bytes().zip(FORM).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_uppercase(),
            b'a' => byte.is_ascii_lowercase(),
            other => byte == *other,
        })
}

/// Splits `[before_]stamp[_suffix]`, the stamp as far right as possible.
fn split_stamp(text: &str) -> Option<(&str, &str, Option<&str>)> {
    let with = |text: &'_ str| -> Option<(usize, usize)> {
        let at = text.len().checked_sub(20)?;
        let (before, stamp) = text.split_at_checked(at)?;
        (is_stamp(stamp) && (before.is_empty() || before.ends_with('_'))).then_some((at, text.len()))
    };
    let cut = |(at, end): (usize, usize), suffix| {
        let before = text.get(..at)?;
        Some((before.strip_suffix('_').unwrap_or(before), text.get(at..end)?, suffix))
    };
    if let Some(found) = with(text) {
        return cut(found, None);
    }
    let (rest, suffix) = text.rsplit_once('_')?;
    if suffix.is_empty() || !suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    cut(with(rest)?, Some(suffix))
}

fn bad(text: &str, form: &str) -> Error {
    Error::new(ErrorKind::BadName, format!("{} is not of the form {form}", Quoted(text)))
}

impl FromStr for BundleName {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::BadName`].
    fn from_str(text: &str) -> Result<Self> {
        const FORM: &str = "[ACK_]UD_SA_[name_]26Nov24_10_20_30_123[_suffix].tar.gz (or UD_VA)";
        let parse = || {
            let rest = text.strip_suffix(".tar.gz")?;
            let (ack, rest) = match rest.strip_prefix("ACK_") {
                Some(rest) => (true, rest),
                None => (false, rest),
            };
            let rest = rest.strip_prefix("UD_")?;
            let (level, rest) = [Level::SmartAccount, Level::VirtualAccount]
                .into_iter()
                .find_map(|level| Some((level, rest.strip_prefix(level.word())?.strip_prefix('_')?)))?;
            let (name, stamp, suffix) = split_stamp(rest)?;
            if name.is_empty() && rest.starts_with('_') || name.chars().any(char::is_control) {
                return None;
            }
            let name = Some(name.to_owned()).filter(|name| !name.is_empty());
            Some(Self { ack, level, name, stamp: stamp.to_owned(), suffix: suffix.map(str::to_owned) })
        };
        parse().ok_or_else(|| bad(text, FORM))
    }
}

impl fmt::Display for BundleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ack = if self.ack { "ACK_" } else { "" };
        write!(f, "{ack}UD_{}_", self.level.word())?;
        if let Some(name) = &self.name {
            write!(f, "{name}_")?;
        }
        f.write_str(&self.stamp)?;
        if let Some(suffix) = &self.suffix {
            write!(f, "_{suffix}")?;
        }
        f.write_str(".tar.gz")
    }
}

/// The name of a leaf, taken apart: `[ACK_]dev_<number>[_stamp][_suffix].txt`.
///
/// The number is the collector's own for the device, not its UDI. The answer comes back under it, so it must not change
/// between upload and import (code). Spec: sync, "Leaf".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct LeafName {
    /// Is it an answer?
    pub ack: bool,
    /// The collector's number for the device.
    pub number: u64,
    /// The stamp of the bundle, opaque.
    pub stamp: Option<String>,
    /// What follows.
    pub suffix: Option<String>,
}

impl LeafName {
    /// The name of device `number` in a bundle.
    pub fn new(number: u64, bundle: &BundleName) -> Self {
        Self { ack: bundle.ack, number, stamp: Some(bundle.stamp.clone()), suffix: None }
    }
}

impl FromStr for LeafName {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::BadName`].
    fn from_str(text: &str) -> Result<Self> {
        let parse = || {
            let rest = text.strip_suffix(".txt")?;
            let (ack, rest) = match rest.strip_prefix("ACK_") {
                Some(rest) => (true, rest),
                None => (false, rest),
            };
            let rest = rest.strip_prefix("dev_")?;
            let (number, rest) = rest.split_once('_').map_or((rest, None), |(number, rest)| (number, Some(rest)));
            let number = decimal(number)?;
            let (stamp, suffix) = match rest {
                None => (None, None),
                Some(rest) => match split_stamp(rest) {
                    Some(("", stamp, suffix)) => (Some(stamp.to_owned()), suffix.map(str::to_owned)),
                    None if rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !rest.is_empty() => {
                        (None, Some(rest.to_owned()))
                    }
                    _ => return None,
                },
            };
            Some(Self { ack, number, stamp, suffix })
        };
        parse().ok_or_else(|| bad(text, "[ACK_]dev_7[_26Nov24_10_20_30_123][_suffix].txt"))
    }
}

impl fmt::Display for LeafName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ack = if self.ack { "ACK_" } else { "" };
        write!(f, "{ack}dev_{}", self.number)?;
        for part in self.stamp.iter().chain(&self.suffix) {
            write!(f, "_{part}")?;
        }
        f.write_str(".txt")
    }
}

fn decimal(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// The device number in the name of any leaf, also of those whose name has another form behind it.
pub fn leaf_number(name: &str) -> Option<u64> {
    let rest = name.strip_prefix("ACK_").unwrap_or(name).strip_prefix("dev_")?;
    decimal(rest.split(['_', '.']).next()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BundleName, LeafName, Level, leaf_number};

    fn parts(text: &str) -> (bool, Level, Option<String>, String, Option<String>) {
        let BundleName { ack, level, name, stamp, suffix } = text.parse().unwrap();
        (ack, level, name, stamp, suffix)
    }

    #[test]
    fn names_are_read_from_the_right() {
        let table: [(&str, Option<&str>, &str, Option<&str>); 6] = [
            (
                "UD_SA_DLO_Test_Account_22Mar22_05_04_21_909.tar.gz",
                Some("DLO_Test_Account"),
                "22Mar22_05_04_21_909",
                None,
            ),
            ("UD_SA_26Nov24_02_09_27_970_py.tar.gz", None, "26Nov24_02_09_27_970", Some("py")),
            ("UD_SA_26Nov24_02_09_27_970.tar.gz", None, "26Nov24_02_09_27_970", None),
            (
                "UD_SA_22Mar22_05_04_21_909_26Nov24_02_09_27_970.tar.gz",
                Some("22Mar22_05_04_21_909"),
                "26Nov24_02_09_27_970",
                None,
            ),
            ("UD_SA_a_b__26Nov24_02_09_27_970_va0.tar.gz", Some("a_b_"), "26Nov24_02_09_27_970", Some("va0")),
            ("UD_SA_ACK_UD_SA_26Nov24_02_09_27_970.tar.gz", Some("ACK_UD_SA"), "26Nov24_02_09_27_970", None),
        ];
        for (text, name, stamp, suffix) in table {
            let (ack, level, found, found_stamp, found_suffix) = parts(text);
            assert_eq!((ack, level), (false, Level::SmartAccount), "{text}");
            assert_eq!((found.as_deref(), &*found_stamp, found_suffix.as_deref()), (name, stamp, suffix), "{text}");
            assert_eq!(text.parse::<BundleName>().unwrap().to_string(), text);
        }
        assert_eq!(parts("ACK_UD_VA_x_22Mar22_05_04_21_909.tar.gz").1, Level::VirtualAccount);
    }

    #[test]
    fn other_names_are_refused() {
        for text in [
            "UD_SA.tar.gz",
            "UD_SA_x.tar.gz",
            "UD_XX_22Mar22_05_04_21_909.tar.gz",
            "UD_SA_22mar22_05_04_21_909.tar.gz",
            "UD_SA_x22Mar22_05_04_21_909.tar.gz",
            "UD_SA_22Mar22_05_04_21_909_a-b.tar.gz",
            "UD_SA_22Mar22_05_04_21_909.tgz",
            "UD_SA__22Mar22_05_04_21_909.tar.gz",
            "",
        ] {
            assert_eq!(text.parse::<BundleName>().unwrap_err().kind(), crate::ErrorKind::BadName, "{text}");
        }
    }

    #[test]
    fn the_longest_answer_name_fits_a_tar_header() {
        let at = "2026-11-24T10:20:30.123Z".parse().unwrap();
        let name = BundleName::new(Level::VirtualAccount, &"ä /".repeat(100), at);
        assert!(name.acknowledgement().to_string().len() <= 100);
        let name = name.numbered(17);
        assert!(name.name.as_deref().unwrap().ends_with("-17"));
        assert!(name.acknowledgement().to_string().len() <= 100);
    }

    #[test]
    fn leaves_are_named_by_the_collectors_number() {
        for text in
            ["dev_1.txt", "dev_10_26Nov24_10_20_30_123.txt", "ACK_dev_7_26Nov24_10_20_30_123_py.txt", "dev_3_x.txt"]
        {
            assert_eq!(text.parse::<LeafName>().unwrap().to_string(), text);
        }
        for text in
            ["dev_.txt", "dev_x.txt", "readme.txt", "dev_99999999999999999999.txt", "dev_1_.txt", "dev_1_a_b.txt"]
        {
            assert!(text.parse::<LeafName>().is_err(), "{text}");
        }
        assert_eq!(leaf_number("ACK_dev_12_whatever-else.xml"), Some(12));
        assert_eq!(leaf_number("dev_.txt"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn a_written_name_is_read_back_as_it_was(account in "\\PC{0,80}", millis in 0_u64..4_102_444_800_000) {
            let at = slp_model::UnixMillis::new(millis).unwrap();
            let name = BundleName::new(Level::SmartAccount, &account, at);
            prop_assert_eq!(name.to_string().parse::<BundleName>().unwrap(), name.clone());
            let leaf = LeafName::new(millis, &name);
            prop_assert_eq!(leaf.to_string().parse::<LeafName>().unwrap(), leaf);
        }
    }
}
