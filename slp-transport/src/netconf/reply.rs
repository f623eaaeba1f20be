//! Reads `<rpc-reply>`: elements, texts and the five entities; everything else is refused.

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::{Error, ErrorKind, Refusal};

/// Elements inside one another; real answers have four.
const DEPTH: usize = 32;
/// Leaves that are kept.
const LEAVES: usize = 1_000;

/// The leaves of an answer: names without prefix, with their texts.
#[derive(Debug, Default)]
pub(super) struct Reply {
    message_id: Option<String>,
    pub(super) ok: bool,
    leaves: Vec<(String, String)>,
    error: bool,
}

impl Reply {
    pub(super) fn leaf(&self, name: &str) -> Option<&str> {
        self.leaves.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// The answer to this message, unless it is an error.
    pub(super) fn read_to(message_id: u32, text: &str) -> Result<Self, Error> {
        let reply = Self::read(text)?;
        if reply.message_id.as_deref() != Some(message_id.to_string().as_str()) {
            return Err(Error::new(ErrorKind::Echo, "the answer is that to another message"));
        }
        match reply.refusal() {
            Some(refusal) => Err(Error::refused(ErrorKind::Server, "rpc-reply", refusal)),
            None => Ok(reply),
        }
    }

    fn refusal(&self) -> Option<Refusal> {
        let mut refusal = Refusal::new(0);
        refusal.message_code = self.leaf("error-tag").map(str::to_owned);
        refusal.message = self.leaf("error-message").map(str::to_owned);
        self.error.then_some(refusal)
    }

    fn read(text: &str) -> Result<Self, Error> {
        if !text.chars().all(is_character) {
            return Err(broken("a character that XML does not have"));
        }
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let config = reader.config_mut();
        (config.check_end_names, config.allow_dangling_amp) = (true, false);
        let (mut reply, mut closed) = (Self::default(), false);
        // names of the elements that are open, each with its text so far
        let mut open: Vec<(String, String)> = Vec::new();
        loop {
            match reader.read_event().map_err(|_| broken("it is not well-formed XML"))? {
                Event::Start(tag) => reply.begin(&tag, closed, &mut open)?,
                Event::Empty(tag) => {
                    reply.begin(&tag, closed, &mut open)?;
                    closed |= reply.end(&mut open)?;
                }
                Event::End(_) => closed |= reply.end(&mut open)?,
                Event::Text(piece) => match open.last_mut() {
                    Some((_, text)) => text.push_str(&piece),
                    None if piece.trim().is_empty() => {}
                    None => return Err(broken("text outside the answer")),
                },
                Event::GeneralRef(name) => {
                    let character = entity(&name).ok_or_else(|| broken("an entity that XML does not define"))?;
                    let (_, text) = open.last_mut().ok_or_else(|| broken("text outside the answer"))?;
                    text.push(character);
                }
                Event::Decl(_) | Event::PI(_) => {}
                Event::Eof if open.is_empty() && closed => return Ok(reply),
                Event::Eof => return Err(broken("it ends too early")),
                Event::DocType(_) | Event::Comment(_) | Event::CData(_) => {
                    return Err(broken("a declaration, comment or CDATA section, where none is taken"));
                }
            }
        }
    }

    fn begin(&mut self, tag: &BytesStart<'_>, closed: bool, open: &mut Vec<(String, String)>) -> Result<(), Error> {
        if closed {
            return Err(broken("a second answer in one text"));
        }
        if open.len() >= DEPTH {
            return Err(broken("elements stand too deep"));
        }
        let name = tag.local_name().as_ref().to_owned();
        if open.is_empty() {
            if name != "rpc-reply" {
                return Err(broken("it is no rpc-reply"));
            }
            self.message_id = message_id(tag)?;
        }
        self.ok |= name == "ok";
        self.error |= name == "rpc-error";
        self.keep(open)?;
        open.push((name, String::new()));
        Ok(())
    }

    /// Is this the end of the outermost element?
    fn end(&mut self, open: &mut Vec<(String, String)>) -> Result<bool, Error> {
        self.keep(open)?;
        open.pop();
        Ok(open.is_empty())
    }

    /// Keeps the text that the innermost element has so far.
    fn keep(&mut self, open: &mut [(String, String)]) -> Result<(), Error> {
        let Some((name, text)) = open.last_mut() else { return Ok(()) };
        let text = std::mem::take(text);
        if text.trim().is_empty() {
            return Ok(());
        }
        if self.leaves.len() >= LEAVES {
            return Err(broken("too many elements"));
        }
        self.leaves.push((name.clone(), text.trim().to_owned()));
        Ok(())
    }
}

/// The attribute of that name, without a prefix.
fn message_id(tag: &BytesStart<'_>) -> Result<Option<String>, Error> {
    let mut found = None;
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| broken("it is not well-formed XML"))?;
        if attribute.key.as_ref() == "message-id" {
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| broken("it is not well-formed XML"))?;
            found = Some(value.into_owned()).filter(|value| value.chars().all(is_character));
            if found.is_none() {
                return Err(broken("a character that XML does not have"));
            }
        }
    }
    Ok(found)
}

/// The characters of XML 1.0.
fn is_character(one: char) -> bool {
    matches!(one, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// One of the five that XML defines, or a character by its number.
fn entity(name: &BytesRef<'_>) -> Option<char> {
    match (name.resolve_char_ref(), &**name) {
        (Ok(Some(character)), _) => Some(character).filter(|one| is_character(*one)),
        (Ok(None), "amp") => Some('&'),
        (Ok(None), "lt") => Some('<'),
        (Ok(None), "gt") => Some('>'),
        (Ok(None), "quot") => Some('"'),
        (Ok(None), "apos") => Some('\''),
        _ => None,
    }
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Schema, format!("the NETCONF answer cannot be read: {what}"))
}
