//! Walks the array in `data`: its elements are objects, one object stands for an array of one.

use slp_model::Udi;
use slp_model::json::{Fault, Limits, Reader, ValueKind};

use super::{Data, Fields, Object};
use crate::flaw::{Flaw, Path};
use crate::{ErrorKind, Tolerance};

/// Why a walk over a JSON text stops: the text itself, or what it says.
#[derive(Debug)]
pub(crate) enum Halt {
    Fault(Fault),
    Flaw(Flaw),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Flaw> for Halt {
    fn from(flaw: Flaw) -> Self {
        Self::Flaw(flaw)
    }
}

/// One element of the array, where it stands.
pub(crate) struct Element<'r, 'd> {
    pub(crate) fields: &'r mut Fields<'d>,
    data: &'r Data,
    path: Path<'r>,
    pub(crate) at: usize,
}

impl<'r, 'd> Element<'r, 'd> {
    pub(crate) fn new(fields: &'r mut Fields<'d>, data: &'r Data, index: usize, at: usize) -> Self {
        Self { fields, data, path: Path::ROOT.index(index), at }
    }

    /// Something is wrong with it.
    #[cold]
    pub(crate) fn flaw(&self, kind: ErrorKind, text: impl Into<String>) -> Flaw {
        self.fields.data_flaw(kind, self.data, self.at, &self.path, text)
    }

    /// Something is odd about it.
    #[cold]
    pub(crate) fn note(&mut self, tolerance: Tolerance, text: impl Into<String>) -> Result<(), Flaw> {
        self.fields.data_note(tolerance, self.data, self.at, &self.path, text)
    }

    /// Takes the device that it names, if it names one.
    ///
    /// # Errors
    /// `udi-syntax` for one that cannot be read: it must not pass for none. `limit` for one that is too long.
    pub(crate) fn device(&self, object: &mut Object<'_>, limits: Limits) -> Result<Option<Udi>, Flaw> {
        let device = object.take_device(limits).map_err(|_| {
            let text = "the device cannot be read; expected sudi with udi_pid and udi_serial_number";
            self.flaw(ErrorKind::UdiSyntax, text)
        })?;
        self.device_fits(device.as_ref())?;
        Ok(device)
    }

    /// Is the device no longer than a UDI may be?
    ///
    /// # Errors
    /// `limit`.
    pub(crate) fn device_fits(&self, device: Option<&Udi>) -> Result<(), Flaw> {
        self.fields.device_within(device, self.data, self.at, &self.path)
    }

    /// Is there room for one more after so many?
    pub(crate) fn count(&self, so_far: usize) -> Result<(), Flaw> {
        let limit = self.fields.options.limits.ack_members;
        if so_far < limit {
            return Ok(());
        }
        let text = format!("members: more than {limit} (limit ack_members); raise it if you trust the file");
        Err(self.flaw(ErrorKind::Limit, text).named("ack_members"))
    }

    /// Reads it as an object without a member that stands twice.
    fn object<'t>(&mut self, kind: ValueKind, reader: &mut Reader<'t>) -> Result<Object<'t>, Halt> {
        if kind != ValueKind::Object {
            let text = format!("{} where an object should stand", kind.as_str());
            return Err(self.flaw(ErrorKind::WrongType, text).into());
        }
        let object = Object::read(reader)?;
        if let Some((at, name)) = &object.twice {
            self.at = *at;
            let text = format!("member {} stands twice in one object", slp_model::Quoted(name));
            return Err(self.flaw(ErrorKind::DuplicateMember, text).into());
        }
        Ok(object)
    }
}

/// Walks the elements of an array, or one object that stands for an array of one. Gives whether it was one object.
pub(crate) fn each_element<'t>(
    text: &'t str,
    limits: Limits,
    mut take: impl FnMut(usize, ValueKind, &mut Reader<'t>) -> Result<(), Halt>,
) -> Result<bool, Halt> {
    let mut reader = Reader::new(text, limits);
    let single = reader.kind()? == ValueKind::Object;
    if single {
        take(0, ValueKind::Object, &mut reader)?;
    } else {
        reader.begin_array()?;
        let mut index = 0_usize;
        while reader.next_element()? {
            let kind = reader.kind()?;
            take(index, kind, &mut reader)?;
            index = index.saturating_add(1);
        }
    }
    reader.end()?;
    Ok(single)
}

/// Reads every object of the array in `data`.
///
/// # Errors
/// What `take` refuses; limit `ack_members`; an element that is no object, or has a member twice; broken JSON.
pub(crate) fn each_object<T>(
    fields: &mut Fields<'_>,
    data: &Data,
    mut take: impl FnMut(&mut Element<'_, '_>, &mut Object<'_>) -> Result<T, Flaw>,
) -> Result<Vec<T>, Flaw> {
    let text = data.text.get(fields.text);
    let mut read = Vec::new();
    let walked = each_element(text, fields.json_limits(), |index, kind, reader| {
        let mut element = Element::new(fields, data, index, reader.value_offset());
        element.count(read.len())?;
        let mut object = element.object(kind, reader)?;
        read.push(take(&mut element, &mut object)?);
        Ok(())
    });
    finish(fields, data, walked)?;
    Ok(read)
}

/// The end of a walk: one object instead of an array is odd, and a fault of the text is one of the document.
pub(crate) fn finish(fields: &mut Fields<'_>, data: &Data, walked: Result<bool, Halt>) -> Result<(), Flaw> {
    match walked {
        Ok(false) => Ok(()),
        Ok(true) => {
            let reason = "one object instead of an array: read as an array of one";
            fields.data_note(Tolerance::AckSingleObject, data, 0, &Path::ROOT, reason)
        }
        Err(Halt::Flaw(flaw)) => Err(flaw),
        Err(Halt::Fault(fault)) => Err(fields.json_flaw(data, &fault, &Path::ROOT)),
    }
}
