//! Stored blocks: gzip without compression, for content that is compressed already.

use std::io::{self, Write};

use flate2::Crc;

use crate::gzip::HEADER;
use crate::source::widen;

/// Bytes of a stored block but the last.
const BLOCK: usize = 65_535;

/// Writes one gzip member of stored blocks: its bytes follow from the content alone. Spec: sync, "Writer bytes".
#[derive(Debug)]
pub(crate) struct Stored<W> {
    out: W,
    block: Vec<u8>,
    crc: Crc,
    length: u64,
}

impl<W: Write> Stored<W> {
    pub(crate) fn new(mut out: W) -> io::Result<Self> {
        out.write_all(&HEADER)?;
        Ok(Self { out, block: Vec::with_capacity(BLOCK), crc: Crc::new(), length: 0 })
    }

    fn flush_block(&mut self, last: bool) -> io::Result<()> {
        let length = u16::try_from(self.block.len()).unwrap_or(u16::MAX);
        let [low, high] = length.to_le_bytes();
        self.out.write_all(&[u8::from(last), low, high, !low, !high])?;
        self.out.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }

    /// Writes the last block and the trailer, and gives the output back.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.flush_block(true)?;
        self.out.write_all(&self.crc.sum().to_le_bytes())?;
        let length = u32::try_from(self.length & 0xffff_ffff).unwrap_or(0);
        self.out.write_all(&length.to_le_bytes())?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Stored<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.crc.update(bytes);
        self.length = self.length.saturating_add(widen(bytes.len()));
        let mut rest = bytes;
        while !rest.is_empty() {
            // A full block waits: only when more comes is it known not to be the last.
            if self.block.len() == BLOCK {
                self.flush_block(false)?;
            }
            let room = BLOCK.saturating_sub(self.block.len());
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.block.extend_from_slice(now);
            rest = later;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
