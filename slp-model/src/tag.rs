//! Tags of software and of entitlements: `regid.2017-05.com.cisco.c9300_dna_advantage,1.0_411773c3-…`.

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind, Quoted, serde_as_text};

/// The most characters of a tag. Spec: ack-auth, "Scalars".
const MAX_CHARACTERS: usize = 255;

/// What a tag of the usual form says: a view. The text and serde forms are those of the tag. Spec: rum, "Tags".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct TagParts<'a> {
    /// Year and month, `YYYY-MM`. The digits are not checked to be a month.
    pub date: &'a str,
    /// The product or licence, such as `C9500-DNA-32QC-A` or `c9300_dna_advantage` (seen).
    pub name: &'a str,
    /// `1.0` or `v1` (seen).
    pub version: &'a str,
    /// 36 characters, lower case.
    pub uuid: &'a str,
}

/// Does the text, without outer blanks, have the usual form of a tag? Costs one pass and no memory.
///
/// The form is `regid.YYYY-MM.com.cisco.NAME,VERSION_UUID`, where `NAME` has ASCII letters, digits, `_` and `-`,
/// `VERSION` has letters, digits and dots, and the UUID is in lower case. A text of another form may still be a tag: damaged ones
/// occur in documents (seen). Spec: rum, "Tags".
///
/// ```
/// assert!(slp_model::tag::is_tag("regid.2020-01.com.cisco.TEST_A,1.0_00000000-0000-4000-8000-000000000001"));
/// assert!(!slp_model::tag::is_tag("regid.2020-01.com.cisco.TEST_A,1.0_00000000"));
/// ```
pub fn is_tag(text: &str) -> bool {
    split(text.trim_ascii()).is_some()
}

/// `regid\.\d{4}-\d{2}\.com\.cisco\.[A-Za-z0-9_-]+,[A-Za-z0-9.]+_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`. Neither a
/// name nor a version can hold the character that ends it, so each is found at the first such character.
fn split(text: &str) -> Option<TagParts<'_>> {
    let rest = text.strip_prefix("regid.")?;
    let (date, rest) = rest.split_at_checked("YYYY-MM".len())?;
    let rest = rest.strip_prefix(".com.cisco.")?;
    let (name, rest) = rest.split_once(',')?;
    let (version, uuid) = rest.split_once('_')?;
    let fits = matches!(date.as_bytes(), [y1, y2, y3, y4, b'-', m1, m2]
            if [y1, y2, y3, y4, m1, m2].into_iter().all(u8::is_ascii_digit))
        && filled_with(name, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && filled_with(version, |byte| byte.is_ascii_alphanumeric() || byte == b'.')
        && is_uuid(uuid);
    fits.then_some(TagParts { date, name, version, uuid })
}

fn filled_with(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(allowed)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// The text without outer blanks.
fn checked(text: String) -> Result<Box<str>, Error> {
    let trimmed = text.trim_ascii();
    if trimmed.is_empty() {
        return Err(Error::new(
            ErrorKind::BadTag,
            "the tag is empty; expected one such as regid.2020-01.com.cisco.NAME,1.0_UUID",
        ));
    }
    // a text of at most 255 bytes has at most 255 characters: most tags are not counted
    if trimmed.len() > MAX_CHARACTERS && trimmed.chars().nth(MAX_CHARACTERS).is_some() {
        let quoted = Quoted(trimmed);
        return Err(Error::new(
            ErrorKind::BadTag,
            format!(
                "tag {quoted} is longer than {MAX_CHARACTERS} characters; expected one such as regid.2020-01.com.cisco.NAME,1.0_UUID"
            ),
        ));
    }
    if trimmed.len() == text.len() { Ok(text.into_boxed_str()) } else { Ok(trimmed.into()) }
}

macro_rules! tag_type {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        ///
        /// Holds the text without outer blanks; equality, order and hash are those of its bytes. Any text of 1 to 255
        /// characters is taken, since damaged tags occur in documents (seen) and reports about them still count: ask
        /// [`is_well_formed`](Self::is_well_formed). The bytes as they came, with blanks, are in the kept document.
        /// Displayed as it is: a program escapes it before a terminal sees it. Spec: rum, "Tags".
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes a text, without its outer blanks.
            ///
            /// # Errors
            /// [`ErrorKind::BadTag`] if it is empty, blank, or has more than 255 characters.
            pub fn new(text: impl Into<String>) -> Result<Self, Error> {
                checked(text.into()).map(Self)
            }

            /// The text, without outer blanks.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// What the tag says, if it has the usual form ([`is_tag`]).
            pub fn parts(&self) -> Option<TagParts<'_>> {
                split(&self.0)
            }

            /// Does it have the usual form ([`is_tag`])?
            pub fn is_well_formed(&self) -> bool {
                split(&self.0).is_some()
            }

            /// The name alone, such as `c9300_dna_advantage`, for tables. The whole text if the form is unusual. Two
            /// tags may share a name.
            pub fn short_name(&self) -> &str {
                split(&self.0).map_or(&self.0, |parts| parts.name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        serde_as_text!($name);
    };
}

tag_type! {
    /// Which licence is used: the tag of an entitlement, such as
    /// `regid.2020-01.com.cisco.TEST_A,1.0_00000000-0000-4000-8000-000000000001`.
    EntitlementTag
}

tag_type! {
    /// Which product uses licences: the tag of its software, `asset.name` of a report (seen).
    SoftwareTag
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "regid.2020-01.com.cisco.TEST_9K-48P_Adv,1.0_00000000-0000-4000-8000-00000000000a";

    #[test]
    fn a_tag_of_the_usual_form_says_what_it_is_for() {
        let tag = EntitlementTag::new(GOOD).unwrap();
        let parts = tag.parts().unwrap();
        assert_eq!((parts.date, parts.name), ("2020-01", "TEST_9K-48P_Adv"));
        assert_eq!((parts.version, parts.uuid), ("1.0", "00000000-0000-4000-8000-00000000000a"));
        assert_eq!((tag.short_name(), tag.as_str()), ("TEST_9K-48P_Adv", GOOD));
        assert!(is_tag("regid.2017-05.com.cisco.T,v1_00000000-0000-4000-8000-00000000000a"));
    }

    #[test]
    fn damage_is_kept_as_text_and_gives_no_parts() {
        for (from, to) in [
            ("regid.", "REGID."),
            ("regid.", "xregid."),
            ("2020-01", "2020-1"),
            ("2020-01", "2020/01"),
            ("2020-01", "202é-01"),
            ("2020-01", "２０"),
            ("cisco", "example"),
            ("TEST_9K-48P_Adv", ""),
            ("TEST_9K-48P_Adv", "TEST.9K"),
            ("TEST_9K-48P_Adv", "TÉST"),
            (",", ";"),
            ("1.0_", "_"),
            ("1.0_", "1.0_ "),
            ("1.0_", "1-0_"),
            ("4000-", ""),
            ("-00000000000a", "-00000000000A"),
            ("-00000000000a", "-00000000000g"),
            ("-00000000000a", "-0000000000a"),
            ("-00000000000a", "-00000000000a0"),
            ("-00000000000a", "-00000000000a,"),
            ("00000000-0000", "000000000-000"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let tag = SoftwareTag::new(text.as_str()).unwrap();
            assert!(!tag.is_well_formed() && !is_tag(&text), "{text}");
            assert_eq!((tag.as_str(), tag.short_name()), (text.as_str(), text.as_str()));
        }
    }

    #[test]
    fn outer_blanks_are_no_part_of_a_tag() {
        let padded = format!(" {GOOD}\r\n");
        assert!(is_tag(&padded));
        assert_eq!(EntitlementTag::new(padded).unwrap(), GOOD.parse().unwrap());
    }

    #[test]
    fn one_to_255_characters_are_taken() {
        assert_eq!(EntitlementTag::new("é".repeat(255)).unwrap().as_str().len(), 510);
        insta::assert_snapshot!(EntitlementTag::new("é".repeat(256)).unwrap_err(), @r#"tag "éééééééééééééééééééééééééééééééééééééééé…" is longer than 255 characters; expected one such as regid.2020-01.com.cisco.NAME,1.0_UUID"#);
        insta::assert_snapshot!(SoftwareTag::new(" \t").unwrap_err(), @"the tag is empty; expected one such as regid.2020-01.com.cisco.NAME,1.0_UUID");
        assert_eq!(SoftwareTag::new("").unwrap_err().kind(), ErrorKind::BadTag);
    }

    #[test]
    fn json_is_a_string_both_ways() {
        let tag: EntitlementTag = serde_json::from_str(&format!("\" {GOOD}\"")).unwrap();
        assert_eq!(serde_json::to_string(&tag).unwrap(), format!("\"{GOOD}\""));
        insta::assert_snapshot!(serde_json::from_str::<SoftwareTag>("\"\"").unwrap_err(), @"the tag is empty; expected one such as regid.2020-01.com.cisco.NAME,1.0_UUID at line 1 column 2");
    }

    #[test]
    fn tags_of_real_documents_fit_but_the_one_whose_uuid_was_cut() {
        #[expect(clippy::disallowed_methods, reason = "the samples are read where they lie")]
        let samples = std::env::var("SLP_SAMPLES").map(|folder| std::fs::read_to_string(folder + "/rum/tags-seen.txt"));
        let Ok(samples) = samples else {
            eprintln!("skipped: SLP_SAMPLES does not name the folder of real samples");
            return;
        };
        let samples = samples.unwrap();
        assert_eq!((samples.lines().count(), samples.lines().filter(|line| is_tag(line)).count()), (34, 33));
    }
}
