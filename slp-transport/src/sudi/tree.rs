//! The elements of a small XML document: well-formed, one root, no declaration of a type, no entity beyond the five.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use slp_model::Location;

use super::{limit, schema, text};
use crate::Error;

/// Elements inside one another; real answers have seven.
const DEPTH: usize = 32;
/// The most elements.
const ELEMENTS: usize = 100_000;

/// An element without its attributes: name without prefix, text, children.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
    pub(super) offset: usize,
}

impl Element {
    /// The children of this name.
    pub(super) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The root of a document.
    pub(super) fn parse(document: &str) -> Result<Self, Error> {
        let mut reader = Reader::from_str(document);
        let config = reader.config_mut();
        (config.check_end_names, config.allow_dangling_amp) = (true, false);
        let mut open: Vec<Self> = Vec::new();
        let (mut root, mut count) = (None, 0_usize);
        loop {
            let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let broken = |what: &str| schema(&place(document, offset), format!("the XML cannot be read: {what}"));
            let event = reader.read_event().map_err(|error| broken(&error.to_string()))?;
            match event {
                Event::Start(tag) => {
                    count = count.saturating_add(1);
                    begin(&tag, offset, count, root.is_some(), &mut open, document)?;
                }
                Event::Empty(tag) => {
                    count = count.saturating_add(1);
                    begin(&tag, offset, count, root.is_some(), &mut open, document)?;
                    end(&mut open, &mut root);
                }
                Event::End(_) => end(&mut open, &mut root),
                Event::Text(piece) => match open.last_mut() {
                    Some(element) => element.text.push_str(&piece),
                    None if piece.trim().is_empty() => {}
                    None => return Err(broken("text outside the root")),
                },
                Event::GeneralRef(name) => {
                    let character = match (name.resolve_char_ref(), &*name) {
                        (Ok(Some(character)), _) => character,
                        (Ok(None), "amp") => '&',
                        (Ok(None), "lt") => '<',
                        (Ok(None), "gt") => '>',
                        (Ok(None), "quot") => '"',
                        (Ok(None), "apos") => '\'',
                        _ => return Err(broken("an entity that XML does not define")),
                    };
                    let element = open.last_mut().ok_or_else(|| broken("text outside the root"))?;
                    element.text.push(character);
                }
                Event::Decl(_) | Event::PI(_) => {}
                Event::Eof if open.is_empty() => return root.ok_or_else(|| broken("there is no element")),
                Event::Eof => return Err(broken("it ends too early")),
                Event::DocType(_) | Event::Comment(_) | Event::CData(_) => {
                    return Err(broken("a declaration, comment or CDATA section, where none is taken"));
                }
            }
        }
    }
}

fn place(document: &str, offset: usize) -> Location {
    text::place(document, offset, "")
}

fn begin(
    tag: &BytesStart<'_>,
    offset: usize,
    count: usize,
    closed: bool,
    open: &mut Vec<Element>,
    document: &str,
) -> Result<(), Error> {
    let broken = |what: &str| schema(&place(document, offset), format!("the XML cannot be read: {what}"));
    if closed {
        return Err(broken("a second root"));
    }
    if open.len() >= DEPTH {
        return Err(broken("elements stand too deep"));
    }
    if count > ELEMENTS {
        return Err(limit("sudi_elements", ELEMENTS));
    }
    let name = tag.local_name().as_ref().to_owned();
    open.push(Element { name, offset, ..Element::default() });
    Ok(())
}

fn end(open: &mut Vec<Element>, root: &mut Option<Element>) {
    if let Some(element) = open.pop() {
        match open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => *root = Some(element),
        }
    }
}
