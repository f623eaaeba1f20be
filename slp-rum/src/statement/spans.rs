//! Which bytes might a signature cover? Guesses by name, for files whose rule is not public.
//!
//! Only the first guess, `element`, is our rule. The others serve owners of real files who look for the truth; nothing in
//! these crates takes one of them for verified by itself. Spec: ack-auth, "Candidate spans for real files" (inferred).

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use slp_model::{Quoted, Signed, SignedContent};

use super::{Span, Statement};
use crate::limits::ReadOptions;
use crate::{Document, Error, ErrorKind};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $word:literal, )+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $( $(#[$variant_doc])* $variant, )+ }

        impl $name {
            /// Every one, in the order in which they are tried.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }
    };
}

words! {
    /// A stretch of a part.
    SpanBase {
        /// Our rule: the element before `signature`; where that is `data`, its text.
        Element = "element",
        /// That element without its own tags.
        Inner = "inner",
        /// `data` with its tags.
        DataElement = "data-element",
        /// The text of `udi`, then the element.
        UdiElement = "udi+element",
        /// The element, then the text of `udi`.
        ElementUdi = "element+udi",
        /// `udi` with its tags, then the element.
        UdiTagsElement = "udi-tags+element",
        /// The element, then `udi` with its tags.
        ElementUdiTags = "element+udi-tags",
        /// The whole part without `signature`.
        ParentMinusSignature = "parent-minus-signature",
        /// The same without the tags of the part.
        ParentInnerMinusSignature = "parent-inner-minus-signature",
        /// All texts inside the element, in order, without tags.
        LeafText = "leaf-text",
        /// The element and a line feed.
        ElementLf = "element+LF",
        /// The element and a NUL.
        ElementNul = "element+NUL",
    }
}

words! {
    /// What may have happened to the bytes since they were signed.
    SpanEdit {
        /// Every CR is taken out: the file went through a conversion of line ends.
        NoCr = "no-cr",
        /// White space between elements is taken out.
        NoBlanks = "no-blanks",
        /// The blanks behind the commas of `udi` are taken out.
        NoUdiBlank = "no-udi-blank",
    }
}

/// The name of a guess: `element`, `parent-minus-signature/no-cr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct SpanName {
    /// Which stretch.
    pub base: SpanBase,
    /// With which change.
    pub edit: Option<SpanEdit>,
}

impl SpanName {
    /// Every name, our own rule first.
    pub fn all() -> impl Iterator<Item = Self> {
        let edits = || std::iter::once(None).chain(SpanEdit::ALL.iter().copied().map(Some));
        SpanBase::ALL.iter().flat_map(move |base| edits().map(|edit| Self { base: *base, edit }))
    }
}

impl fmt::Display for SpanName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str())?;
        match self.edit {
            Some(edit) => write!(f, "/{}", edit.as_str()),
            None => Ok(()),
        }
    }
}

impl FromStr for SpanName {
    type Err = Error;

    /// # Errors
    /// `bad-value` for a text that names none.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::all().find(|name| name.to_string() == text).ok_or_else(|| {
            Error::new(ErrorKind::BadValue, format!("{} is the name of no span, such as element/no-cr", Quoted(text)))
        })
    }
}

/// Bytes that a signature might cover. `content` is that of the part, but for its bytes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CandidateSpan<'s> {
    /// Which guess it is.
    pub name: SpanName,
    /// What to hand to a verifier.
    pub content: SignedContent<'s>,
}

impl<T> Statement<T> {
    /// The guesses at what the signature covers, `element` first; none for a part that is never signed.
    ///
    /// A guess that does not apply (a part without `udi`) and a change that changes nothing are left out. Each is made when
    /// it is asked for: a large part is copied once at a time.
    ///
    /// ```
    /// use slp_rum::{Content, Document};
    ///
    /// let bytes = b"<smartLicensePolicy><policyCode><name>A</name></policyCode><signature>AAAA</signature></smartLicensePolicy>";
    /// let document = Document::parse(bytes)?;
    /// let Some(Ok(Content::Policy(policy))) = document.contents().next() else { panic!() };
    /// let inner = policy.candidate_spans().find(|span| span.name.to_string() == "inner").unwrap();
    /// assert_eq!(&*inner.content.bytes, b"<name>A</name>");
    /// # Ok::<(), slp_rum::Error>(())
    /// ```
    pub fn candidate_spans(&self) -> impl Iterator<Item = CandidateSpan<'_>> {
        let stretches = Stretches::of(self);
        SpanName::all().filter_map(move |name| {
            let bytes = stretches.as_ref()?.bytes(name)?;
            let mut content = self.signed_content();
            content.bytes = Cow::Owned(bytes);
            Some(CandidateSpan { name, content })
        })
    }
}

/// Where the pieces of a part stand in its bytes.
struct Stretches<'s> {
    raw: &'s str,
    /// What our own rule signs.
    element: Cow<'s, str>,
    /// The element before the signature, with its tags.
    tags: &'s str,
    is_data: bool,
    udi: Option<(&'s str, String)>,
    signature: Option<Range<usize>>,
    leaf_text: String,
}

const AROUND: [&str; 2] = ["<smartLicense>", "</smartLicense>"];

impl<'s> Stretches<'s> {
    fn of<T>(statement: &'s Statement<T>) -> Option<Self> {
        let source = &statement.source;
        let raw = &*source.raw;
        let name = match &source.span {
            Span::Inside(_, name) => name,
            Span::Text(_) => "data",
            Span::Nothing => return None,
        };
        // the part was read once: no limit needs to be counted again
        let mut options = ReadOptions::default();
        let limits = &mut options.limits;
        (limits.document_bytes, limits.xml_elements, limits.xml_depth) = (usize::MAX, usize::MAX, usize::MAX);
        (limits.xml_attributes, limits.xml_name_bytes, limits.warnings) = (usize::MAX, usize::MAX, 0);
        let [open, close] = AROUND;
        let wrapped = [open, raw, close].concat();
        let document = Document::parse_with(wrapped.as_bytes(), &options).ok()?;
        let (text, tree) = (document.text(), document.tree());
        let root = document.elements().first()?.node?;
        let inside =
            |range: &Range<usize>| range.start.saturating_sub(open.len())..range.end.saturating_sub(open.len());
        let child = |name: &str| tree.children(root).find(|(_, node)| text.get(node.name.clone()) == Some(name));
        let (at, element) = child(name)?;
        let leaves = (at..element.after).filter_map(|index| tree.get(index).map(|node| (index, node)));
        let leaf_text = leaves
            .filter(|(index, node)| node.after == index.saturating_add(1))
            .map(|(_, node)| tree.text_of(node, text).get(text).to_owned())
            .collect();
        let udi = child("udi")
            .and_then(|(_, node)| Some((raw.get(inside(&node.range))?, tree.text_of(node, text).get(text).to_owned())));
        Some(Self {
            raw,
            element: match &source.span {
                Span::Inside(range, _) => Cow::Borrowed(raw.get(range.clone())?),
                Span::Text(text) => Cow::Borrowed(text),
                Span::Nothing => return None,
            },
            tags: raw.get(inside(&element.range))?,
            is_data: name == "data",
            udi,
            signature: child("signature").map(|(_, node)| inside(&node.range)),
            leaf_text,
        })
    }

    fn bytes(&self, name: SpanName) -> Option<Vec<u8>> {
        let Some(edit) = name.edit else { return self.base(name.base, self.udi.as_ref()) };
        let plain = self.base(name.base, self.udi.as_ref())?;
        let edited = match edit {
            SpanEdit::NoCr => plain.iter().copied().filter(|byte| *byte != b'\r').collect(),
            SpanEdit::NoBlanks => without_blanks(&plain),
            SpanEdit::NoUdiBlank => {
                let (tags, text) = self.udi.as_ref()?;
                let packed = without_comma_blanks(tags);
                self.base(name.base, Some(&(&packed, without_comma_blanks(text))))?
            }
        };
        (edited != plain).then_some(edited)
    }

    fn base(&self, base: SpanBase, udi: Option<&(&str, String)>) -> Option<Vec<u8>> {
        let element = &*self.element;
        let joined = match base {
            SpanBase::Element => element.to_owned(),
            SpanBase::Inner => inner(self.tags).to_owned(),
            SpanBase::DataElement => self.is_data.then(|| self.tags.to_owned())?,
            SpanBase::UdiElement => [&udi?.1, element].concat(),
            SpanBase::ElementUdi => [element, &udi?.1].concat(),
            SpanBase::UdiTagsElement => [udi?.0, element].concat(),
            SpanBase::ElementUdiTags => [element, udi?.0].concat(),
            SpanBase::ParentMinusSignature => self.unsigned(udi)?,
            SpanBase::ParentInnerMinusSignature => inner(&self.unsigned(udi)?).to_owned(),
            SpanBase::LeafText => self.leaf_text.clone(),
            SpanBase::ElementLf => [element, "\n"].concat(),
            SpanBase::ElementNul => [element, "\0"].concat(),
        };
        Some(joined.into_bytes())
    }

    /// The part without its signature, with this `udi`.
    fn unsigned(&self, udi: Option<&(&str, String)>) -> Option<String> {
        let signature = self.signature.clone()?;
        let unsigned = [self.raw.get(..signature.start)?, self.raw.get(signature.end..)?].concat();
        Some(match (&self.udi, udi) {
            (Some((tags, _)), Some((other, _))) if tags != other => unsigned.replacen(tags, other, 1),
            _ => unsigned,
        })
    }
}

/// An element without its own tags.
fn inner(element: &str) -> &str {
    let mut quote = None;
    let end = element.char_indices().find(|(_, character)| match (quote, character) {
        (None, '>') => true,
        (None, '"' | '\'') => {
            quote = Some(*character);
            false
        }
        (Some(open), close) if open == *close => {
            quote = None;
            false
        }
        _ => false,
    });
    let behind = end.and_then(|(at, _)| element.get(at.saturating_add(1)..)).unwrap_or_default();
    behind.rfind("</").and_then(|at| behind.get(..at)).unwrap_or_default()
}

/// White space between `>` and `<` taken out.
fn without_blanks(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'>', rest) {
        let (tag, behind) = rest.split_at_checked(at.saturating_add(1)).unwrap_or((rest, &[]));
        out.extend_from_slice(tag);
        let next = behind.trim_ascii_start();
        rest = if next.first() == Some(&b'<') { next } else { behind };
    }
    out.extend_from_slice(rest);
    out
}

/// Blanks behind commas taken out.
fn without_comma_blanks(text: &str) -> String {
    let mut pieces = text.split(',');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push(',');
        out.push_str(piece.trim_ascii_start());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Content;

    fn spans(document: &str) -> Vec<(String, String)> {
        let document = Document::parse(document.as_bytes()).unwrap();
        let text = |span: CandidateSpan<'_>| {
            assert_eq!(span.content.signature.as_deref(), Some("AAAA"));
            (span.name.to_string(), String::from_utf8(span.content.bytes.into_owned()).unwrap())
        };
        match document.contents().next().unwrap().unwrap() {
            Content::Authorization(code) => code.candidate_spans().map(text).collect(),
            Content::Acknowledgement(ack) => ack.candidate_spans().map(text).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_code_has_every_span_that_the_spec_names() {
        let listed: Vec<String> = spans(
            "<smartLicenseAuthorization><udi>P:A, S:TST00000001</udi>\n<authorizationCode a='>'>\r\n<flag>A&amp;</flag>\
             <entitlements><entitlement><tag>t</tag> <count>1</count></entitlement></entitlements></authorizationCode>\
             <signature>AAAA</signature></smartLicenseAuthorization>",
        )
        .into_iter()
        .map(|(name, bytes)| format!("{name}: {bytes:?}"))
        .collect();
        insta::assert_snapshot!(listed.join("\n"));
    }

    #[test]
    fn an_acknowledgement_has_the_element_with_its_tags_besides() {
        let listed: Vec<String> = spans(
            "<smartLicenseRumAck><data><![CDATA[[{\"r\":1}]]]></data><signature>AAAA</signature></smartLicenseRumAck>",
        )
        .into_iter()
        .map(|(name, bytes)| format!("{name}: {bytes:?}"))
        .collect();
        insta::assert_snapshot!(listed.join("\n"));
    }

    #[test]
    fn names_are_read_back() {
        for name in SpanName::all() {
            assert_eq!(name.to_string().parse::<SpanName>().unwrap(), name);
        }
        assert_eq!("elements".parse::<SpanName>().unwrap_err().kind(), ErrorKind::BadValue);
    }

    #[test]
    fn a_part_that_is_never_signed_has_none() {
        let text = "<smartLicense><correlationID>x</correlationID></smartLicense>";
        let document = Document::parse(text.as_bytes()).unwrap();
        let Some(Ok(Content::CorrelationId(id))) = document.contents().next() else { panic!() };
        assert_eq!(id.candidate_spans().count(), 0);
    }
}
