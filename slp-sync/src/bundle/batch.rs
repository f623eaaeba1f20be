//! A few hundred kilobytes of whole leaves: what travels from the thread that inflates to those that parse.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use slp_model::Location;

use crate::bundle::leaf_number;
use crate::error::Error;

/// Bytes from which on a batch is handed over.
pub(crate) const BATCH: usize = 200 * 1024;

/// One device's document in a bundle, as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leaf<'a> {
    /// The bundle's file name, if the reader was told.
    pub file: Option<Arc<str>>,
    /// The inner archive it lies in; none in a flat bundle.
    pub archive: Option<Arc<str>>,
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its bytes.
    pub bytes: Cow<'a, [u8]>,
    /// Its number in the bundle, from 0, counting those that were refused too.
    pub index: u64,
}

impl Leaf<'_> {
    /// The collector's number for the device, if the name has one.
    pub fn number(&self) -> Option<u64> {
        leaf_number(&self.name)
    }

    /// Where it lies: the outermost file first.
    pub fn place(&self) -> Location {
        let mut place = Location::default().inside(&*self.name);
        for outer in [&self.archive, &self.file].into_iter().flatten() {
            place = place.inside(&**outer);
        }
        place
    }

    /// An error in this leaf's document, its place seen from the outside in.
    #[must_use]
    pub fn locate(&self, error: Error) -> Error {
        let error = error.inside(&*self.name);
        let outer = [&self.archive, &self.file];
        outer.into_iter().flatten().fold(error, |error, outer| error.inside(&**outer))
    }

    /// The same leaf with data of its own.
    pub fn into_owned(self) -> Leaf<'static> {
        Leaf {
            file: self.file,
            archive: self.archive,
            name: Cow::Owned(self.name.into_owned()),
            bytes: Cow::Owned(self.bytes.into_owned()),
            index: self.index,
        }
    }
}

#[derive(Debug)]
pub(crate) enum Item {
    Leaf { archive: Option<Arc<str>>, name: Range<usize>, bytes: Range<usize>, index: u64 },
    Bad(Error),
}

/// Some leaves of a bundle, in its order. The buffers are used again and again.
#[derive(Debug, Default)]
pub struct Batch {
    pub(crate) file: Option<Arc<str>>,
    pub(crate) names: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) items: Vec<Item>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves it holds, bad ones counted.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Bytes that it holds, those about the leaves counted: a million empty leaves are more than one batch.
    pub(crate) fn weight(&self) -> usize {
        let about = self.items.len().saturating_mul(size_of::<Item>());
        self.bytes.len().saturating_add(self.names.len()).saturating_add(about)
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The leaves, in order; a leaf that could not be read is an error in its place. Leaves the batch empty.
    pub fn drain(&mut self) -> impl Iterator<Item = Result<Leaf<'_>, Error>> {
        let Self { file, names, bytes, items } = self;
        items.drain(..).map(|item| match item {
            Item::Bad(error) => Err(error),
            Item::Leaf { archive, name, bytes: range, index } => Ok(Leaf {
                file: file.clone(),
                archive,
                name: Cow::Borrowed(names.get(name).unwrap_or_default()),
                bytes: Cow::Borrowed(bytes.get(range).unwrap_or_default()),
                index,
            }),
        })
    }

    pub(crate) fn clear(&mut self) {
        self.names.clear();
        self.bytes.clear();
        // One large leaf does not take memory for the rest of the bundle.
        self.bytes.shrink_to(BATCH.saturating_mul(4));
        self.items.clear();
    }
}
