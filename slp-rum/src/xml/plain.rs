//! A quick walk over documents in the plain form that servers write: tags without attributes or prefixes, texts, CDATA,
//! the five named references. Whatever else it meets, it gives up, and the strict walker starts from the beginning: this
//! one takes no deviation, records none, and refuses nothing. Usage reports are left to the walker too.

use memchr::{memchr, memchr2, memmem};

use super::{Element, Scan, Tree};
use crate::document::PartKind;
use crate::limits::Limits;
use crate::text::{ElementText, Piece};

const CDATA: &str = "<![CDATA[";

/// The parts of a plain document; `None` when it is not plain.
pub(super) fn scan(text: &str, limits: &Limits) -> Option<Scan> {
    let after_root = text.strip_prefix("<smartLicense>")?;
    let at = text.len().checked_sub(after_root.len())?;
    let tree = Tree::for_document(text.len());
    let (elements, open) = (Vec::with_capacity(8), Vec::with_capacity(8));
    let mut plain = Plain { text, at, limits, tree, elements, open, rank: 0 };
    plain.parts()?;
    let (elements, tree) = (plain.elements, plain.tree);
    Some(Scan { root: Some(PartKind::SmartLicense), elements, tree, ..Scan::default() })
}

struct Plain<'t, 'l> {
    text: &'t str,
    at: usize,
    limits: &'l Limits,
    tree: Tree,
    elements: Vec<Element>,
    /// The names that are open, without the root.
    open: Vec<&'t str>,
    rank: u8,
}

impl<'t> Plain<'t, '_> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Takes so many bytes.
    fn take(&mut self, length: usize) -> Option<&'t str> {
        let end = self.at.checked_add(length)?;
        let taken = self.text.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// The children of the root, up to the end of the document.
    fn parts(&mut self) -> Option<()> {
        loop {
            let rest = self.rest();
            self.take(memchr(b'<', rest.as_bytes())?)?.trim_ascii().is_empty().then_some(())?;
            if let Some(behind) = self.rest().strip_prefix("</smartLicense>") {
                return behind.trim_ascii().is_empty().then_some(());
            }
            self.part()?;
        }
    }

    fn part(&mut self) -> Option<()> {
        let start = self.at;
        let name = self.start_tag()?;
        let kind = PartKind::from_name(name);
        let rank = kind.rank().unwrap_or(self.rank);
        let is_usual = kind.has_elements() && kind != PartKind::SpecificPlr && rank >= self.rank;
        if !is_usual || self.elements.len() >= self.limits.root_children || self.limits.xml_depth < 2 {
            return None;
        }
        self.rank = rank;
        let node = Some(self.tree.len());
        self.opened(name, start)?;
        while !self.open.is_empty() {
            self.step()?;
        }
        let text = ElementText::Single(start..start);
        self.elements.push(Element { kind, range: start..self.at, text, flaw: None, node });
        Some(())
    }

    /// One tag, text, section or reference inside a part.
    fn step(&mut self) -> Option<()> {
        let start = self.at;
        let rest = self.rest();
        match rest.as_bytes() {
            [b'<', b'/', ..] => {
                let name = self.open.pop()?;
                let tail = rest.get(2..)?.strip_prefix(name)?.strip_prefix('>')?;
                self.at = self.text.len().checked_sub(tail.len())?;
                self.tree.close(self.at);
            }
            [b'<', b'!', ..] => {
                let inside = rest.strip_prefix(CDATA)?;
                let length = memmem::find(inside.as_bytes(), b"]]>")?;
                let content = inside.get(..length)?;
                let from = start.checked_add(CDATA.len())?;
                let solid = start.checked_add(content.len().checked_sub(content.trim_ascii_start().len())?)?;
                self.tree.text(Piece::Raw(from..from.checked_add(length)?), true, Some(solid));
                self.at = from.checked_add(length)?.checked_add(3)?;
            }
            [b'<', ..] => {
                let name = self.start_tag()?;
                self.opened(name, start)?;
            }
            [b'&', ..] => {
                let known = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&apos;", '\'')];
                let (reference, character) = known.into_iter().find(|(reference, _)| rest.starts_with(reference))?;
                self.tree.text(Piece::Character(start, character), false, Some(start));
                self.take(reference.len())?;
            }
            bytes => {
                let text = self.take(memchr2(b'<', b'&', bytes)?)?;
                if text.contains('>') {
                    return None;
                }
                let blanks = text.len().checked_sub(text.trim_ascii_start().len())?;
                let solid = (blanks < text.len()).then_some(start.checked_add(blanks)?);
                self.tree.text(Piece::Raw(start..self.at), false, solid);
            }
        }
        Some(())
    }

    /// Takes `<name>`.
    fn start_tag(&mut self) -> Option<&'t str> {
        let inside = self.rest().strip_prefix('<')?;
        let length = inside.bytes().position(|byte| !byte.is_ascii_alphanumeric())?;
        let name = inside.get(..length).filter(|name| name.starts_with(|first: char| first.is_ascii_alphabetic()))?;
        if name.len() > self.limits.xml_name_bytes {
            return None;
        }
        self.take(length.checked_add(2)?)?.ends_with('>').then_some(name)
    }

    fn opened(&mut self, name: &'t str, start: usize) -> Option<()> {
        // the root is open too
        let depth = self.open.len().checked_add(1)?;
        if self.tree.len() >= self.limits.xml_elements || depth >= self.limits.xml_depth {
            return None;
        }
        let from = start.checked_add(1)?;
        self.tree.open(from..from.checked_add(name.len())?, start);
        self.open.push(name);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::flaw::Notes;
    use crate::limits::ReadOptions;
    use crate::xml::Walker;

    /// Where the quick walk gives an answer, it is that of the strict one, and the strict one has nothing to say.
    fn agrees(text: &str, options: &ReadOptions) -> bool {
        let Some(quick) = scan(text, &options.limits) else { return false };
        let mut notes = Notes::new(options, 1_000);
        let mut strict = Scan::default();
        let outcome = Walker::new(text, &options.limits, &mut notes, &mut strict).walk();
        assert!(outcome.is_ok(), "{text}: {outcome:?}");
        assert!(notes.into_parts().0.is_empty(), "{text}");
        assert_eq!(format!("{quick:?}"), format!("{strict:?}"), "{text}");
        true
    }

    #[test]
    fn a_plain_document_is_taken_and_an_odd_one_left_to_the_walker() {
        let options = ReadOptions::default();
        let plain = "<smartLicense>\n<smartLicenseRumAck><data> <![CDATA[ [{\"a\":\"]]\"}]]]> </data><signature>a&amp;b \
                     &lt;</signature></smartLicenseRumAck><correlationID></correlationID>\r\n</smartLicense>\n";
        assert!(agrees(plain, &options));
        for (from, to) in [
            ("<data>", "<data a=\"1\">"),
            ("<data>", "<p:data>"),
            ("<data>", "<!-- --><data>"),
            ("&amp;", "&#38;"),
            ("<correlationID></correlationID>", "<correlationID/>"),
            ("correlationID", "unknown"),
            ("correlationID", "RUMReport"),
            ("</data>", ""),
            ("smartLicense>\n", "smartLicense>x"),
            ("</smartLicense>\n", "</smartLicense>x"),
            (" &lt;", "]]> &lt;"),
        ] {
            assert!(!agrees(&plain.replacen(from, to, if from == "correlationID" { 2 } else { 1 }), &options), "{to}");
        }
    }

    #[test]
    fn limits_are_left_to_the_walker() {
        let text = "<smartLicense><correlationID>x</correlationID><correlationID>y</correlationID></smartLicense>";
        let mut options = ReadOptions::default();
        options.limits.root_children = 2;
        assert!(agrees(text, &options));
        options.limits.root_children = 1;
        assert!(!agrees(text, &options));
        (options.limits.root_children, options.limits.xml_depth) = (2, 2);
        assert!(agrees(text, &options));
        options.limits.xml_depth = 1;
        assert!(!agrees(text, &options));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        #[test]
        fn both_walks_agree_on_whatever_the_quick_one_takes(pieces in prop::collection::vec(prop::sample::select(vec![
            "<smartLicensePolicy>", "</smartLicensePolicy>", "<a>", "</a>", "<a/>", "<a b='c'>", "x", " ", "\n", "&amp;",
            "&x;", "<![CDATA[", "]]>", "]", ">", "<!---->", "<?p?>", "<correlationID>", "</correlationID>", "é",
            "<a>y</a>", "<correlationID>z</correlationID>", "<![CDATA[ ]]>", "<![CDATA[t]]>",
        ]), 0..12)) {
            let text = format!("<smartLicense>{}</smartLicense>", pieces.concat());
            agrees(&text, &ReadOptions::default());
            agrees(&pieces.concat(), &ReadOptions::default());
        }
    }
}
