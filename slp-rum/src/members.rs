//! A walk over the members of JSON objects that goes on behind a flaw, for envelopes and payloads.

use std::borrow::Cow;

use slp_model::Quoted;
use slp_model::json::{Fault, FaultKind, Reader, Seen, ValueKind};
use slp_model::open_enum::OpenEnum;

use crate::borrowed::{Signature, Sudi};
use crate::flaw::{Flaw, Layer, Notes, Path};
use crate::limits::ReadOptions;
use crate::{ErrorKind, Tolerance};

/// A walk over the members of one object; every fault gets its path. A flaw of a shape or a value does not end it: the
/// report is refused ([`Notes::refuse`]), and something stands in for the value.
pub(crate) struct Members<'r, 'a, 'o> {
    pub(crate) reader: &'r mut Reader<'a>,
    pub(crate) layer: Layer,
    pub(crate) notes: &'r mut Notes<'o>,
}

impl<'a, 'o> Members<'_, 'a, 'o> {
    pub(crate) fn options(&self) -> &'o ReadOptions {
        self.notes.options()
    }

    pub(crate) fn flaw(&self, fault: &Fault, path: &Path<'_>) -> Flaw {
        Flaw::json(fault, self.layer, path)
    }

    /// Refuses the report for what stands at a place, and reads on.
    #[cold]
    pub(crate) fn refuse(
        &mut self,
        kind: ErrorKind,
        at: usize,
        path: &Path<'_>,
        text: impl FnOnce() -> String,
    ) -> Result<(), Flaw> {
        let layer = self.layer;
        self.notes.refuse(kind, || Flaw::new(kind, layer, at, path, text()))
    }

    /// Refuses the report for a member that has to be there.
    #[cold]
    pub(crate) fn missing(&mut self, at: usize, path: &Path<'_>, name: &'static str) -> Result<(), Flaw> {
        self.refuse(ErrorKind::MissingMember, at, path, || format!("member \"{name}\" is missing"))
    }

    /// Refuses the report for a value of the wrong type, and goes on behind it.
    #[cold]
    pub(crate) fn wrong_type(&mut self, path: &Path<'_>, text: impl FnOnce() -> String) -> Result<(), Flaw> {
        let at = self.reader.value_offset();
        self.refuse(ErrorKind::WrongType, at, path, text)?;
        self.reader.skip_syntax().map(drop).map_err(|fault| self.flaw(&fault, path))
    }

    /// The same when the reader has found the type; any other fault ends the text.
    #[cold]
    fn pass_over(&mut self, fault: &Fault, path: &Path<'_>) -> Result<(), Flaw> {
        if fault.kind() == FaultKind::Type {
            self.wrong_type(path, || fault.message().to_owned())
        } else {
            Err(self.flaw(fault, path))
        }
    }

    /// Calls `take` for every member with its name and the offset of its value. `take` gives the number of a known name,
    /// or `None` for one that it passed over.
    pub(crate) fn each(
        &mut self,
        path: &Path<'_>,
        mut take: impl FnMut(&mut Self, &str, usize) -> Result<Option<u8>, Flaw>,
    ) -> Result<(), Flaw> {
        if let Err(fault) = self.reader.begin_object() {
            return self.pass_over(&fault, path);
        }
        let mut seen = Seen::default();
        loop {
            let Some(name) = self.reader.next_member().map_err(|fault| self.flaw(&fault, path))? else {
                return Ok(());
            };
            let at = self.reader.name_offset();
            let value_at = self.reader.value_offset();
            let fresh = match take(self, &name, value_at)? {
                Some(number) => seen.known(number),
                None => seen.other(&name),
            };
            if !fresh {
                let twice = Fault::duplicate(at, &name);
                self.refuse(ErrorKind::DuplicateMember, at, path, || twice.message().to_owned())?;
            }
        }
    }

    /// Calls `take` for every element of an array, with the path of the element. More than `limit` are refused.
    pub(crate) fn each_element(
        &mut self,
        path: &Path<'_>,
        limit: (&'static str, usize, &str),
        mut take: impl FnMut(&mut Self, &Path<'_>) -> Result<(), Flaw>,
    ) -> Result<(), Flaw> {
        if let Err(fault) = self.reader.begin_array() {
            return self.pass_over(&fault, path);
        }
        let (name, most, what) = limit;
        let mut index = 0_usize;
        while self.reader.next_element().map_err(|fault| self.flaw(&fault, path))? {
            if index >= most {
                let at = self.reader.value_offset();
                return Err(Flaw::limit(self.layer, at, path, name, most, what));
            }
            take(self, &path.index(index))?;
            index = index.saturating_add(1);
        }
        Ok(())
    }

    /// A string.
    pub(crate) fn string(&mut self, path: &Path<'_>) -> Result<Cow<'a, str>, Flaw> {
        match self.reader.string() {
            Ok(text) => Ok(text),
            Err(fault) => self.pass_over(&fault, path).map(|()| Cow::Borrowed("")),
        }
    }

    /// A string under a limit of its own.
    pub(crate) fn string_within(
        &mut self,
        limit: usize,
        name: &'static str,
        path: &Path<'_>,
    ) -> Result<Cow<'a, str>, Flaw> {
        match self.reader.string_within(limit, name) {
            Ok(text) => Ok(text),
            Err(fault) => self.pass_over(&fault, path).map(|()| Cow::Borrowed("")),
        }
    }

    /// A string, or null, which is noted and means absent.
    pub(crate) fn optional_string(&mut self, path: &Path<'_>) -> Result<Option<Cow<'a, str>>, Flaw> {
        self.unless_null(path, |members| members.string(path))
    }

    /// A value, or null, which is noted and means absent.
    pub(crate) fn unless_null<T>(
        &mut self,
        path: &Path<'_>,
        read: impl FnOnce(&mut Self) -> Result<T, Flaw>,
    ) -> Result<Option<T>, Flaw> {
        if self.kind(path)? != ValueKind::Null {
            return read(self).map(Some);
        }
        let at = self.reader.offset();
        self.reader.null().map_err(|fault| self.flaw(&fault, path))?;
        self.notes.take(Tolerance::NullMember, self.layer, at, path, "null: taken as absent")?;
        Ok(None)
    }

    /// Takes note of a word that `E` does not know.
    pub(crate) fn word<E: OpenEnum>(
        &mut self,
        word: &str,
        at: usize,
        path: &Path<'_>,
        text: impl FnOnce(Quoted<'_>) -> String,
    ) -> Result<(), Flaw> {
        if E::known(word).is_some() {
            return Ok(());
        }
        self.notes.take(Tolerance::UnknownWord, self.layer, at, path, text(Quoted(word)))
    }

    pub(crate) fn kind(&mut self, path: &Path<'_>) -> Result<ValueKind, Flaw> {
        self.reader.kind().map_err(|fault| self.flaw(&fault, path))
    }

    /// The raw text of a value that is not known.
    pub(crate) fn skip(&mut self, path: &Path<'_>) -> Result<&'a str, Flaw> {
        let before = self.reader.clone();
        match self.reader.skip() {
            Ok(raw) => Ok(raw),
            Err(fault) if fault.kind() == FaultKind::Duplicate => {
                self.refuse(ErrorKind::DuplicateMember, fault.offset(), path, || fault.message().to_owned())?;
                *self.reader = before;
                self.reader.skip_syntax().map_err(|fault| self.flaw(&fault, path))
            }
            Err(fault) => Err(self.flaw(&fault, path)),
        }
    }

    /// Passes over a member that is not known; its names are checked, its value is not kept.
    pub(crate) fn pass(&mut self, path: &Path<'_>) -> Result<Option<u8>, Flaw> {
        self.skip(path).map(|_| None)
    }
}

/// A device as it was read.
struct Device<'a> {
    named: Sudi<'a>,
    /// Its texts as they stand, where they have outer blanks.
    written: Option<Sudi<'a>>,
    extra: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Members<'_, 'a, '_> {
    /// `{udi_pid, udi_serial_number}`. Outer blanks are no part of an identity.
    pub(crate) fn sudi(&mut self, path: &Path<'_>) -> Result<Sudi<'a>, Flaw> {
        self.device(path, false).map(|read| read.named)
    }

    /// The device that signed. Its object is written again, so everything in it is kept.
    pub(crate) fn signer(&mut self, path: &Path<'_>, signature: &mut Signature<'a>) -> Result<(), Flaw> {
        let read = self.device(path, true)?;
        (signature.signer, signature.signer_written) = (Some(read.named), read.written);
        signature.signer_extra = read.extra;
        Ok(())
    }

    fn device(&mut self, path: &Path<'_>, keeps: bool) -> Result<Device<'a>, Flaw> {
        let start = self.reader.value_offset();
        let (mut pid, mut serial, mut extra) = (None, None, Vec::new());
        self.each(path, |members, name, at| {
            let here = path.member(name);
            match name {
                "udi_pid" => {
                    pid = Some((at, members.string(&here)?));
                    Ok(Some(0))
                }
                "udi_serial_number" => {
                    serial = Some((at, members.string(&here)?));
                    Ok(Some(1))
                }
                other => {
                    let raw = members.skip(&here)?;
                    if keeps {
                        extra.push((Cow::Owned(other.to_owned()), raw));
                    }
                    Ok(None)
                }
            }
        })?;
        let pid = self.identity(pid, start, path, "udi_pid")?;
        let serial = self.identity(serial, start, path, "udi_serial_number")?;
        let written = if pid.1.is_some() || serial.1.is_some() {
            let raw = |(trimmed, raw): &(Cow<'a, str>, Option<Cow<'a, str>>)| raw.clone().unwrap_or(trimmed.clone());
            Some(Sudi { pid: raw(&pid), serial: raw(&serial) })
        } else {
            None
        };
        Ok(Device { named: Sudi { pid: pid.0, serial: serial.0 }, written, extra })
    }

    /// One half of an identity: its text, and the text as it stands where that has outer blanks.
    fn identity(
        &mut self,
        found: Option<(usize, Cow<'a, str>)>,
        start: usize,
        path: &Path<'_>,
        name: &'static str,
    ) -> Result<(Cow<'a, str>, Option<Cow<'a, str>>), Flaw> {
        let Some((at, text)) = found else {
            self.missing(start, path, name)?;
            return Ok((Cow::Borrowed(""), None));
        };
        // Nearly every text is plain.
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Ok((text, None));
        }
        let here = path.member(name);
        let trimmed = text.trim_ascii();
        if trimmed.is_empty() {
            self.refuse(ErrorKind::BadValue, at, &here, || {
                "empty: a device has a product id and a serial number".to_owned()
            })?;
        }
        // What no `Udi` can hold is refused here, where the place is known.
        let ambiguous = name == "udi_serial_number" && trimmed.contains(" SN:");
        if ambiguous || trimmed.contains(',') || trimmed.contains(char::is_control) {
            self.refuse(ErrorKind::BadValue, at, &here, || {
                "a comma, a control character or ` SN:` in the identity of a device".to_owned()
            })?;
        }
        if trimmed.len() == text.len() || trimmed.is_empty() {
            return Ok((text, None));
        }
        let reason = format!("blanks around {}: trimmed", Quoted(trimmed));
        self.notes.take(Tolerance::UdiBlank, self.layer, at, &here, reason)?;
        let trimmed = match &text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii()),
            Cow::Owned(_) => Cow::Owned(trimmed.to_owned()),
        };
        Ok((trimmed, Some(text)))
    }
}
