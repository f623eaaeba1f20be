//! Elements and JSON members, byte for byte as the writer rules have them. Spec: ack-auth, "Writer rules".

use slp_model::json::{Profile, write_string};
use slp_model::{Quoted, Udi};

use crate::{Error, ErrorKind};

/// The most characters of a name, a UDI or a message.
const NAME_CHARACTERS: usize = 255;

/// A document that grows.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) out: String,
}

impl Writer {
    pub(super) fn open(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
    }

    pub(super) fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// An element with text. An empty one is written in two tags.
    ///
    /// # Errors
    /// `unwritable` for control characters and for names that are too long.
    pub(super) fn text(&mut self, name: &str, text: &str) -> Result<(), Error> {
        if text.len() > NAME_CHARACTERS && text.chars().nth(NAME_CHARACTERS).is_some() {
            let text = format!("{name} {} is longer than {NAME_CHARACTERS} characters", Quoted(text));
            return Err(Error::new(ErrorKind::Unwritable, text));
        }
        self.long_text(name, text, false)
    }

    /// As [`text`](Self::text), for an element that may be absent.
    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) -> Result<(), Error> {
        text.map_or(Ok(()), |text| self.text(name, text))
    }

    /// An element with a text of any length; line feeds only where they belong.
    pub(super) fn long_text(&mut self, name: &str, text: &str, line_feeds: bool) -> Result<(), Error> {
        refuse_controls(name, text, line_feeds)?;
        self.open(name);
        for character in text.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                other => self.out.push(other),
            }
        }
        self.close(name);
        Ok(())
    }
}

fn refuse_controls(name: &str, text: &str, line_feeds: bool) -> Result<(), Error> {
    let bad = |character: char| {
        character.is_control() && !(line_feeds && character == '\n') || matches!(character, '\u{fffe}' | '\u{ffff}')
    };
    if text.contains(bad) {
        let text = format!("{name} {} has a control character, which the document cannot hold", Quoted(text));
        return Err(Error::new(ErrorKind::Unwritable, text));
    }
    Ok(())
}

/// May a device stand in a document? A reader refuses longer names.
///
/// # Errors
/// `unwritable`.
pub(super) fn device_fits(device: &Udi) -> Result<(), Error> {
    if device.pid().chars().chain(device.serial().chars()).nth(NAME_CHARACTERS).is_some() {
        let text = format!("the device {} has more than {NAME_CHARACTERS} characters", Quoted(device.pid()));
        return Err(Error::new(ErrorKind::Unwritable, text));
    }
    Ok(())
}

/// A JSON object that grows: no blanks, members in the order given.
#[derive(Debug)]
pub(super) struct Json {
    pub(super) out: String,
    fresh: bool,
}

impl Json {
    pub(super) fn new() -> Self {
        Self { out: String::new(), fresh: true }
    }

    pub(super) fn begin(&mut self, bracket: char) {
        self.comma();
        self.out.push(bracket);
        self.fresh = true;
    }

    pub(super) fn end(&mut self, bracket: char) {
        self.out.push(bracket);
        self.fresh = false;
    }

    fn comma(&mut self) {
        if !self.fresh {
            self.out.push(',');
        }
        self.fresh = false;
    }

    pub(super) fn name(&mut self, name: &str) {
        self.comma();
        write_string(&mut self.out, name, Profile::Ack);
        self.out.push(':');
        self.fresh = true;
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        write_string(&mut self.out, text, Profile::Ack);
        self.fresh = false;
    }

    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    pub(super) fn text_or_null(&mut self, name: &str, text: Option<&str>) {
        match text {
            Some(text) => self.text(name, text),
            None => self.raw(name, "null"),
        }
    }

    pub(super) fn raw(&mut self, name: &str, raw: &str) {
        self.name(name);
        self.out.push_str(raw);
        self.fresh = false;
    }

    /// `sudi`, with exactly two members.
    pub(super) fn device(&mut self, device: &Udi) {
        self.name("sudi");
        self.begin('{');
        self.text("udi_pid", device.pid());
        self.text("udi_serial_number", device.serial());
        self.end('}');
    }
}
