//! `manifest.mf`: read leniently, because the cloud does not enforce it; written right.

use std::borrow::Cow;

use slp_model::json::{self, Profile, write_string};
use slp_model::{Location, Quoted};

use crate::error::{Error, ErrorKind, Result};
use crate::warning::{Warning, WarningKind, Warnings};

/// Sections, and keys of other meaning, that are kept of one manifest: as many as archives may be in a bundle. A manifest of
/// blank lines and colons would take a hundred times its size.
const KEPT: usize = 65_536;

/// The manifest of a bundle: what it claims to hold, and for whom. It decides nothing. Spec: sync, "`manifest.mf`".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Manifest {
    /// `Manifest-Version`, such as `1.0`.
    pub version: String,
    /// `Created-By` as it stands: JSON inside quotes, with a member `uuid` (code).
    pub created_by: String,
    /// `Smart-Account`: its name, may be empty.
    pub smart_account: String,
    /// `Smart-Account-ID`, may be empty.
    pub smart_account_id: String,
    /// Other keys of the main section, in their order.
    pub others: Vec<(String, String)>,
    /// One section for each archive, in archive order.
    pub sections: Vec<Section>,
}

/// The section of one archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Section {
    /// `Name`: `/` and the member name.
    pub name: String,
    /// `Specification-VA`: the virtual account, may be empty.
    pub virtual_account: String,
    /// `Specification-VA-ID`, may be empty.
    pub virtual_account_id: String,
    /// Other keys, in their order.
    pub others: Vec<(String, String)>,
}

impl Section {
    /// The section of the member of this name.
    pub fn new(member: &str, virtual_account: &str, virtual_account_id: &str) -> Self {
        Self {
            name: format!("/{member}"),
            virtual_account: virtual_account.to_owned(),
            virtual_account_id: virtual_account_id.to_owned(),
            others: Vec::new(),
        }
    }

    /// The member that it speaks about.
    pub fn member(&self) -> &str {
        self.name.strip_prefix('/').unwrap_or(&self.name)
    }
}

impl Manifest {
    /// A manifest without sections, as a collector with this instance id writes it.
    pub fn new(collector_instance_id: &str, smart_account: &str, smart_account_id: &str) -> Self {
        let mut object = "{\"uuid\": ".to_owned();
        write_string(&mut object, collector_instance_id, Profile::Http);
        object.push('}');
        let mut created_by = String::new();
        write_string(&mut created_by, &object, Profile::Http);
        Self {
            version: "1.0".to_owned(),
            created_by,
            smart_account: smart_account.to_owned(),
            smart_account_id: smart_account_id.to_owned(),
            ..Self::default()
        }
    }

    /// The `uuid` inside `Created-By`: a JSON string that holds an object, or an object.
    pub fn uuid(&self) -> Option<String> {
        let limits = json::Limits::new(4, 4096);
        let text: Cow<'_, str> = match json::Reader::new(&self.created_by, limits).string() {
            Ok(text) => text,
            Err(_) => Cow::Borrowed(self.created_by.as_str()),
        };
        let mut reader = json::Reader::new(&text, limits);
        reader.begin_object().ok()?;
        while let Some(name) = reader.next_member().ok()? {
            if name == "uuid" {
                return reader.string().ok().map(Cow::into_owned);
            }
            reader.skip().ok()?;
        }
        None
    }

    /// Reads a manifest: CRLF or LF, continuation lines joined, keys in any case, unknown keys kept. A line that is not
    /// `key: value`, or that comes after 65,536 sections or unknown keys, is skipped with [`WarningKind::ManifestSyntax`].
    pub fn parse(bytes: &[u8], warnings: &mut Warnings) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut manifest = Self::default();
        let mut section: Option<Section> = None;
        let (mut fresh, mut room) = (false, KEPT);
        let mut pending: Option<(u64, String)> = None;
        let mut lines = (1_u64..).zip(text.lines());
        loop {
            let next = lines.next();
            if let (Some((_, line)), Some((_, joined))) = (&next, &mut pending)
                && let Some(more) = line.strip_prefix(' ')
            {
                joined.push_str(more);
                continue;
            }
            if let Some((number, line)) = pending.take() {
                if fresh && room > 0 {
                    manifest.sections.extend(section.replace(Section::default()));
                    (fresh, room) = (false, room.saturating_sub(1));
                }
                if room == 0 || !take_line(&mut manifest, section.as_mut(), &line, &mut room) {
                    let mut at = Location::default();
                    at.line = Some(number);
                    let text = Quoted(&line).to_string();
                    warnings.push(Warning::new(WarningKind::ManifestSyntax, at.inside("manifest.mf")).with(text));
                }
            }
            match next {
                None => break,
                Some((_, "")) => fresh = true,
                Some((number, line)) => pending = Some((number, line.to_owned())),
            }
        }
        manifest.sections.extend(section);
        manifest
    }

    /// The bytes that are written: keys in the order of the fields, LF, no folding, an empty line before each section.
    ///
    /// # Errors
    /// [`ErrorKind::BadValue`] if a value holds a control character, or a key is none.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut out = String::new();
        let main = [
            ("Manifest-Version", &self.version),
            ("Created-By", &self.created_by),
            ("Smart-Account", &self.smart_account),
            ("Smart-Account-ID", &self.smart_account_id),
        ];
        for (key, value) in main.into_iter().chain(self.others.iter().map(|(key, value)| (key.as_str(), value))) {
            // An empty value of the main section has no blank behind the colon, one of a section has (code).
            write_line(&mut out, key, value, if value.is_empty() { ":" } else { ": " })?;
        }
        for section in &self.sections {
            out.push('\n');
            let keys = [
                ("Name", &section.name),
                ("Specification-VA", &section.virtual_account),
                ("Specification-VA-ID", &section.virtual_account_id),
            ];
            for (key, value) in keys.into_iter().chain(section.others.iter().map(|(key, value)| (key.as_str(), value)))
            {
                write_line(&mut out, key, value, ": ")?;
            }
        }
        Ok(out.into_bytes())
    }
}

fn write_line(out: &mut String, key: &str, value: &str, between: &str) -> Result<()> {
    if value.chars().any(char::is_control) {
        let text = format!("manifest value {} holds a control character", Quoted(value));
        return Err(Error::new(ErrorKind::BadValue, text).named("manifest"));
    }
    let is_odd = |character: char| character.is_control() || character == ':';
    if key.is_empty() || key.starts_with(' ') || key.chars().any(is_odd) {
        return Err(Error::new(ErrorKind::BadValue, format!("{} is no manifest key", Quoted(key))).named("manifest"));
    }
    out.extend([key, between, value, "\n"]);
    Ok(())
}

/// One joined line. False if it is not `key: value`.
fn take_line(manifest: &mut Manifest, section: Option<&mut Section>, line: &str, room: &mut usize) -> bool {
    let Some((key, value)) = line.split_once(':').filter(|(key, _)| !key.is_empty() && !key.starts_with(' ')) else {
        return false;
    };
    let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
    let folded = key.to_ascii_lowercase();
    let (slot, others) = match section {
        Some(section) => (
            match folded.as_str() {
                "name" => Some(&mut section.name),
                "specification-va" => Some(&mut section.virtual_account),
                "specification-va-id" => Some(&mut section.virtual_account_id),
                _ => None,
            },
            &mut section.others,
        ),
        None => (
            match folded.as_str() {
                "manifest-version" => Some(&mut manifest.version),
                "created-by" => Some(&mut manifest.created_by),
                "smart-account" => Some(&mut manifest.smart_account),
                "smart-account-id" => Some(&mut manifest.smart_account_id),
                _ => None,
            },
            &mut manifest.others,
        ),
    };
    if let Some(slot) = slot {
        *slot = value;
    } else {
        *room = room.saturating_sub(1);
        others.push((key.to_owned(), value));
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{KEPT, Manifest, Section};
    use crate::Warnings;
    use crate::warning::WarningKind;

    const WRITTEN: &str = "Manifest-Version: 1.0\nCreated-By: \"{\\\"uuid\\\": \\\"tst-1\\\"}\"\nSmart-Account: Acme\n\
                           Smart-Account-ID:\n\nName: /UD_VA_x.tar.gz\nSpecification-VA: Branch Offices\n\
                           Specification-VA-ID: \n\nName: /UD_VA_y.tar.gz\nSpecification-VA: \nSpecification-VA-ID: 7\n";

    fn manifest() -> Manifest {
        let mut manifest = Manifest::new("tst-1", "Acme", "");
        manifest.sections.push(Section::new("UD_VA_x.tar.gz", "Branch Offices", ""));
        manifest.sections.push(Section::new("UD_VA_y.tar.gz", "", "7"));
        manifest
    }

    #[test]
    fn what_is_written_is_read_back() {
        let bytes = manifest().to_bytes().unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), WRITTEN);
        let mut warnings = Warnings::default();
        let read = Manifest::parse(&bytes, &mut warnings);
        assert_eq!((&read, warnings.is_empty()), (&manifest(), true));
        assert_eq!(read.uuid().as_deref(), Some("tst-1"));
        assert_eq!(read.sections[1].member(), "UD_VA_y.tar.gz");
    }

    #[test]
    fn crlf_continuation_lines_other_keys_and_cases_are_read() {
        let text = "MANIFEST-VERSION: 1.0\r\nCreated-By: {\"uuid\":\"a\"}\r\nX-Other: 1\r\n\r\n\r\nname: /UD_VA_lo\r\n ng.tar.gz\r\n\
                    Rest: x\r\n";
        let mut warnings = Warnings::default();
        let read = Manifest::parse(text.as_bytes(), &mut warnings);
        assert!(warnings.is_empty());
        assert_eq!((read.version.as_str(), read.uuid().as_deref()), ("1.0", Some("a")));
        assert_eq!(read.others, [("X-Other".to_owned(), "1".to_owned())]);
        assert_eq!(read.sections.len(), 1);
        assert_eq!(read.sections[0].member(), "UD_VA_long.tar.gz");
        assert_eq!(read.sections[0].others, [("Rest".to_owned(), "x".to_owned())]);
    }

    #[test]
    fn a_line_that_is_no_pair_is_named_and_skipped() {
        let mut warnings = Warnings::default();
        let read = Manifest::parse(b"Manifest-Version: 1.0\nnonsense\n", &mut warnings);
        assert_eq!(read.version, "1.0");
        let warning = warnings.iter().next().unwrap();
        assert_eq!((warning.kind, warning.at.line), (WarningKind::ManifestSyntax, Some(2)));
        assert_eq!(Manifest::parse(b"\xff\xfe\0", &mut warnings), Manifest::default());
    }

    #[test]
    fn control_characters_and_keys_that_are_none_are_not_written() {
        let manifest = Manifest::new("x", "Acme\nName: /other", "");
        assert_eq!(manifest.to_bytes().unwrap_err().kind(), crate::ErrorKind::BadValue);
        for key in ["", " a", "a:b", "a\n"] {
            let mut manifest = Manifest::new("x", "", "");
            manifest.others.push((key.to_owned(), "1".to_owned()));
            assert_eq!(manifest.to_bytes().unwrap_err().kind(), crate::ErrorKind::BadValue, "{key:?}");
        }
    }

    #[test]
    fn a_manifest_of_colons_keeps_as_much_as_a_bundle_may_hold() {
        let mut warnings = Warnings::default();
        let read = Manifest::parse("\na:\n".repeat(KEPT).as_bytes(), &mut warnings);
        let kept = read.sections.len() + read.sections.iter().map(|section| section.others.len()).sum::<usize>();
        assert!((KEPT..=KEPT + 1).contains(&kept), "{kept}");
        assert_eq!(warnings.total(), u64::try_from(KEPT / 2).unwrap());
        let most = "\nName: /UD_VA_x.tar.gz\n".repeat(KEPT);
        let mut warnings = Warnings::default();
        assert_eq!(
            Manifest::parse(most.as_bytes(), &mut warnings).sections.len(),
            KEPT,
            "{:?}",
            warnings.iter().next()
        );
    }

    fn other_keys() -> impl Strategy<Value = Vec<(String, String)>> {
        proptest::collection::vec(("X-[!-9;-~]{1,20}", "\\PC{0,40}"), 0..4)
    }

    prop_compose! {
        fn any_section()(member in "[!-~]{1,40}", name in "\\PC{0,40}", id in "\\PC{0,20}", others in other_keys()) -> Section {
            Section { others, ..Section::new(&member, &name, &id) }
        }
    }

    proptest! {
        #[test]
        fn any_manifest_that_is_written_is_read_back_as_it_was(
            texts in proptest::array::uniform3("\\PC{0,60}"),
            others in other_keys(),
            sections in proptest::collection::vec(any_section(), 0..5),
        ) {
            let [uuid, name, id] = texts;
            let manifest = Manifest { others, sections, ..Manifest::new(&uuid, &name, &id) };
            let mut warnings = Warnings::default();
            let read = Manifest::parse(&manifest.to_bytes().unwrap(), &mut warnings);
            prop_assert!(warnings.is_empty());
            prop_assert_eq!(read.uuid(), Some(uuid));
            prop_assert_eq!(read, manifest);
        }
    }
}
