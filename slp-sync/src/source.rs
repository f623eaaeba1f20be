//! Where bytes come from: like `std::io::BufRead`, with errors of this crate, so that layers can be stacked.

use std::io::Read;

use crate::error::{Error, Result};

/// Bytes held by each layer.
pub(crate) const BUFFER: usize = 64 * 1024;

/// A layer that gives bytes.
pub trait Source {
    /// What is there, at least one byte; empty only at the end. Asking again gives the same bytes until some are
    /// consumed.
    ///
    /// # Errors
    /// Whatever the layer refuses; all errors of a source are fatal.
    fn fill(&mut self) -> Result<&[u8]>;

    /// The first `amount` bytes of the last [`fill`](Self::fill) are done with.
    fn consume(&mut self, amount: usize);

    /// Reads until `buffer` is full or the source ends; returns how many bytes there were.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    fn read_full(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut done = 0_usize;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let have = self.fill()?;
            let amount = have.len().min(rest.len());
            if amount == 0 {
                break;
            }
            if let (Some(to), Some(from)) = (rest.get_mut(..amount), have.get(..amount)) {
                to.copy_from_slice(from);
            }
            self.consume(amount);
            done = done.saturating_add(amount);
        }
        Ok(done)
    }

    /// Appends `amount` bytes to `out`, fewer if the source ends; returns how many.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    fn read_onto(&mut self, out: &mut Vec<u8>, amount: u64) -> Result<u64> {
        let mut left = amount;
        while left > 0 {
            let have = self.fill()?;
            let take = usize::try_from(left).unwrap_or(usize::MAX).min(have.len());
            if take == 0 {
                break;
            }
            out.extend_from_slice(have.get(..take).unwrap_or_default());
            self.consume(take);
            left = left.saturating_sub(widen(take));
        }
        Ok(amount.saturating_sub(left))
    }

    /// Passes over `amount` bytes, fewer if the source ends; returns how many.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    fn skip(&mut self, amount: u64) -> Result<u64> {
        let mut left = amount;
        while left > 0 {
            let have = self.fill()?.len();
            let take = usize::try_from(left).unwrap_or(usize::MAX).min(have);
            if take == 0 {
                break;
            }
            self.consume(take);
            left = left.saturating_sub(widen(take));
        }
        Ok(amount.saturating_sub(left))
    }
}

/// A length as a number of bytes.
pub(crate) fn widen(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl<S: Source + ?Sized> Source for &mut S {
    fn fill(&mut self) -> Result<&[u8]> {
        (**self).fill()
    }

    fn consume(&mut self, amount: usize) {
        (**self).consume(amount);
    }
}

/// Bytes of memory.
impl Source for &[u8] {
    fn fill(&mut self) -> Result<&[u8]> {
        Ok(self)
    }

    fn consume(&mut self, amount: usize) {
        *self = self.get(amount..).unwrap_or_default();
    }
}

/// Bytes of a reader, buffered and counted.
#[derive(Debug)]
pub struct Input<R> {
    reader: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    read: u64,
    limit: u64,
}

impl<R: Read> Input<R> {
    /// At most `limit` bytes of `reader` are read (limit `archive_bytes`).
    pub fn new(reader: R, limit: u64) -> Self {
        Self { reader, buffer: vec![0; BUFFER].into_boxed_slice(), start: 0, end: 0, read: 0, limit }
    }

    /// Bytes read so far.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Fills the empty buffer as far as the reader gives, and shows it: for telling formats apart.
    pub(crate) fn peek(&mut self, wanted: usize) -> Result<&[u8]> {
        while self.end.saturating_sub(self.start) < wanted.min(self.buffer.len()) {
            if !self.more()? {
                break;
            }
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    /// Reads once behind what is there. False at the end.
    fn more(&mut self) -> Result<bool> {
        loop {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.reader.read(room) {
                Ok(0) => return Ok(false),
                Ok(amount) => {
                    self.end = self.end.saturating_add(amount);
                    self.read = self.read.saturating_add(widen(amount));
                    if self.read > self.limit {
                        return Err(Error::limit("archive_bytes", self.limit, "bytes of the file").fatal());
                    }
                    return Ok(true);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io(error)),
            }
        }
    }
}

impl<R: Read> Source for Input<R> {
    fn fill(&mut self) -> Result<&[u8]> {
        if self.start >= self.end {
            (self.start, self.end) = (0, 0);
            self.more()?;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.start = self.start.saturating_add(amount).min(self.end);
    }
}

#[cfg(test)]
mod tests {
    use super::{Input, Source};
    use crate::ErrorKind;

    #[test]
    fn a_file_of_the_limit_passes_and_one_byte_more_is_refused() {
        let mut out = Vec::new();
        assert_eq!(Input::new(&[7_u8; 100][..], 100).read_onto(&mut out, 200).unwrap(), 100);
        let error = Input::new(&[7_u8; 101][..], 100).read_onto(&mut out, 200).unwrap_err();
        assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, Some("archive_bytes")));
    }

    #[test]
    fn skipping_past_the_end_says_how_much_there_was() {
        let mut source = Input::new(&[1_u8; 10][..], 100);
        assert_eq!(source.skip(4).unwrap(), 4);
        assert_eq!(source.skip(40).unwrap(), 6);
        assert_eq!(source.read_full(&mut [0; 4]).unwrap(), 0);
    }
}
