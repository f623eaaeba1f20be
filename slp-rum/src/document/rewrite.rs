//! A document with some parts exchanged: every other byte stays as it is. Spec: ack-auth, "Writer rules".

use std::ops::Range;

use super::{Document, PartKind};
use crate::{Error, ErrorKind};

/// Exchanges parts of a document. What is not touched keeps its bytes and its place; unknown parts stay behind the part
/// that they followed.
///
/// ```
/// use slp_rum::Document;
///
/// let bytes = b"<smartLicense><a>1</a>\n<correlationID>x</correlationID><b/></smartLicense>";
/// let document = Document::parse(bytes)?;
/// let mut rewrite = document.rewrite()?;
/// rewrite.replace(1, "<correlationID>y</correlationID>")?;
/// assert_eq!(rewrite.finish(), "<smartLicense><a>1</a>\n<correlationID>y</correlationID><b/></smartLicense>");
/// # Ok::<(), slp_rum::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rewrite<'d> {
    text: &'d str,
    parts: Vec<(PartKind, Range<usize>)>,
    /// What stands in the place of each part; `None` for its own bytes.
    instead: Vec<Option<String>>,
}

impl Document<'_> {
    /// Starts to exchange parts. Of a document that came as Base64, the text inside is rewritten.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] if it is no XML document, and the error of [`damage`](Self::damage) if it breaks off.
    pub fn rewrite(&self) -> Result<Rewrite<'_>, Error> {
        if !self.container.is_xml() {
            let text = format!("a {} has no parts that can be exchanged", self.container);
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        if let Some(damage) = self.damage() {
            return Err(damage);
        }
        let parts: Vec<_> = self.elements.iter().map(|element| (element.kind.clone(), element.range.clone())).collect();
        let instead = vec![None; parts.len()];
        Ok(Rewrite { text: self.text(), parts, instead })
    }
}

impl Rewrite<'_> {
    /// The kinds of the parts, in the order of [`Document::parts`].
    pub fn kinds(&self) -> impl Iterator<Item = &PartKind> {
        self.parts.iter().map(|(kind, _)| kind)
    }

    /// Puts another element in the place of a part, by its index among [`Document::parts`].
    ///
    /// # Errors
    /// [`ErrorKind::Unwritable`] if there is no such part, or the text is not one element of the same name.
    pub fn replace(&mut self, index: usize, element: impl Into<String>) -> Result<(), Error> {
        let element = element.into();
        let Some(((kind, _), slot)) = self.parts.get(index).zip(self.instead.get_mut(index)) else {
            return Err(Error::new(ErrorKind::Unwritable, format!("there is no part {index}")));
        };
        let wrapped = format!("<smartLicense>{element}</smartLicense>");
        let read = Document::parse(wrapped.as_bytes())?;
        let mut found = read.parts();
        let fits = read.damage().is_none()
            && found.next().is_some_and(|part| part.kind == *kind && part.raw == element)
            && found.next().is_none();
        if !fits {
            let text = format!("what shall stand in the place of {kind} is not one {kind} element");
            return Err(Error::new(ErrorKind::Unwritable, text));
        }
        *slot = Some(element);
        Ok(())
    }

    /// Takes a part out. Without a part of that index nothing happens.
    pub fn remove(&mut self, index: usize) {
        if let Some(slot) = self.instead.get_mut(index) {
            *slot = Some(String::new());
        }
    }

    /// The document with the parts exchanged.
    pub fn finish(self) -> String {
        let mut out = String::with_capacity(self.text.len());
        let mut at = 0;
        for ((_, range), instead) in self.parts.iter().zip(&self.instead) {
            if let Some(instead) = instead {
                out.push_str(self.text.get(at..range.start).unwrap_or_default());
                out.push_str(instead);
                at = range.end;
            }
        }
        out.push_str(self.text.get(at..).unwrap_or_default());
        out
    }
}
