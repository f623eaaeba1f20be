//! Inflates one gzip member and refuses everything else.

use std::fmt;
use std::io::Read;

use flate2::Crc;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use slp_model::Location;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{Limits, Meter};
use crate::source::{BUFFER, Source, widen};
use crate::warning::{Warning, WarningKind, Warnings};

/// The ratio is judged once this much is inflated: small files may be all zeros.
const RATIO_FROM: u64 = 1024 * 1024;

/// Optional parts of the header.
const FHCRC: u8 = 2;
const FEXTRA: u8 = 4;
const FNAME: u8 = 8;
const FCOMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Header,
    Body,
    Trailer,
    End,
}

/// The state of inflating one member. It does not own its source, so that layers can be stacked without self-reference.
pub(crate) struct Inflater {
    inflate: Box<DecompressorOxide>,
    crc: Crc,
    /// What was inflated last, round and round: also the window that is looked back into, so nothing is copied out of one. Its
    /// length is a power of two.
    buffer: Box<[u8]>,
    /// Where the next byte goes.
    next: usize,
    start: usize,
    end: usize,
    phase: Phase,
    header_bytes: u64,
    consumed: u64,
    produced: u64,
    ratio: u64,
    extra_limit: u64,
    zero_limit: u64,
    meter: Meter,
    pub(crate) warnings: Warnings,
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater")
            .field("phase", &self.phase)
            .field("consumed", &self.consumed)
            .field("produced", &self.produced)
            .finish_non_exhaustive()
    }
}

impl Inflater {
    pub(crate) fn new(limits: &Limits, meter: Meter) -> Self {
        Self {
            inflate: Box::default(),
            crc: Crc::new(),
            buffer: vec![0; BUFFER].into_boxed_slice(),
            next: 0,
            start: 0,
            end: 0,
            phase: Phase::Header,
            header_bytes: 0,
            consumed: 0,
            produced: 0,
            ratio: limits.ratio,
            extra_limit: limits.gzip_extra_bytes,
            zero_limit: limits.trailing_zero_bytes,
            meter,
            warnings: Warnings::default(),
        }
    }

    /// Ready for another member, buffers kept.
    pub(crate) fn reset(&mut self) {
        self.inflate.init();
        self.crc.reset();
        (self.next, self.start, self.end, self.phase) = (0, 0, 0, Phase::Header);
        (self.header_bytes, self.consumed, self.produced) = (0, 0, 0);
        self.warnings = Warnings::default();
    }

    fn place(&self) -> Location {
        Location::byte(self.header_bytes.saturating_add(self.consumed))
    }

    fn refuse(&self, kind: ErrorKind, text: &str) -> Error {
        Error::new(kind, text).at(self.place()).fatal()
    }

    fn bad(&self, name: &'static str, text: &str) -> Error {
        self.refuse(ErrorKind::BadGzip, text).named(name)
    }

    fn cut(&self, inside: &str) -> Error {
        self.refuse(ErrorKind::Truncated, &format!("the file ends inside {inside}: fetch or copy it again"))
    }

    fn byte<S: Source>(&mut self, source: &mut S, inside: &str) -> Result<u8> {
        let Some(byte) = source.fill()?.first().copied() else {
            return Err(self.cut(inside));
        };
        source.consume(1);
        self.header_bytes = self.header_bytes.saturating_add(1);
        Ok(byte)
    }

    fn header<S: Source>(&mut self, source: &mut S) -> Result<()> {
        const INSIDE: &str = "the gzip header";
        let mut crc = Crc::new();
        let mut fixed = [0_u8; 10];
        let got = source.read_full(&mut fixed)?;
        if got == 0 {
            return Err(self.bad("empty", "the file is empty"));
        }
        let [first, second, method, flags, ..] = fixed;
        if first != 0x1f || (second != 0x8b && got > 1) {
            return Err(self.bad("magic", "not a gzip file: it does not start with 1f 8b"));
        }
        if got < fixed.len() {
            return Err(self.cut(INSIDE));
        }
        self.header_bytes = widen(fixed.len());
        if method != 8 {
            return Err(self.bad("method", "a compression method other than deflate"));
        }
        if flags & RESERVED != 0 {
            return Err(self.bad("flags", "reserved flags are set"));
        }
        crc.update(&fixed);
        let mut left = self.extra_limit;
        let take = |this: &mut Self, source: &mut S, crc: &mut Crc, left: &mut u64| {
            *left = left.checked_sub(1).ok_or_else(|| {
                Error::limit("gzip_extra_bytes", this.extra_limit, "bytes of the gzip header").at(this.place()).fatal()
            })?;
            let byte = this.byte(source, INSIDE)?;
            crc.update(&[byte]);
            Ok::<u8, Error>(byte)
        };
        if flags & FEXTRA != 0 {
            let low = self.byte(source, INSIDE)?;
            let high = self.byte(source, INSIDE)?;
            crc.update(&[low, high]);
            for _ in 0..u16::from_le_bytes([low, high]) {
                take(self, source, &mut crc, &mut left)?;
            }
        }
        // The name and the comment are passed over: a name in a header never decides where anything goes.
        for flag in [FNAME, FCOMMENT] {
            while flags & flag != 0 && take(self, source, &mut crc, &mut left)? != 0 {}
        }
        if flags & FHCRC != 0 {
            let [first, second, ..] = crc.sum().to_le_bytes();
            if [self.byte(source, INSIDE)?, self.byte(source, INSIDE)?] != [first, second] {
                return Err(self.checksum("the checksum of the gzip header does not fit"));
            }
        }
        Ok(())
    }

    fn checksum(&self, text: &str) -> Error {
        self.refuse(ErrorKind::BadChecksum, text).named("gzip")
    }

    /// Judges the ratio one buffer late: what was inflated is handed out first, so that an archive layer can name a
    /// better reason.
    fn check_ratio(&self) -> Result<()> {
        if self.produced > RATIO_FROM && self.produced > self.consumed.saturating_mul(self.ratio) {
            return Err(Error::limit("ratio", self.ratio, "inflated bytes for each compressed one")
                .at(self.place())
                .fatal());
        }
        Ok(())
    }

    /// Inflates into the empty buffer. Leaves it empty at the end of the deflate stream.
    fn body<S: Source>(&mut self, source: &mut S) -> Result<()> {
        loop {
            self.check_ratio()?;
            let input = source.fill()?;
            let starved = input.is_empty();
            let (status, read, written) =
                decompress(&mut self.inflate, input, &mut self.buffer, self.next, TINFL_FLAG_HAS_MORE_INPUT);
            source.consume(read);
            self.consumed = self.consumed.saturating_add(widen(read));
            self.produced = self.produced.saturating_add(widen(written));
            if !matches!(status, TINFLStatus::Done | TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput) {
                return Err(self.bad("deflate", "the compressed data is damaged"));
            }
            (self.start, self.end) = (self.next, self.next.saturating_add(written).min(self.buffer.len()));
            self.next = if self.end < self.buffer.len() { self.end } else { 0 };
            self.crc.update(self.buffer.get(self.start..self.end).unwrap_or_default());
            self.meter.inflate(widen(written)).map_err(|error| error.at(self.place()))?;
            if status == TINFLStatus::Done {
                self.phase = Phase::Trailer;
                return Ok(());
            }
            if written > 0 {
                return Ok(());
            }
            if starved {
                return Err(self.cut("the compressed data"));
            }
            if read == 0 {
                return Err(self.bad("deflate", "the compressed data leads nowhere"));
            }
        }
    }

    /// The checksum, the length, and nothing after them.
    fn trailer<S: Source>(&mut self, source: &mut S) -> Result<()> {
        self.check_ratio()?;
        let mut trailer = [0_u8; 8];
        if source.read_full(&mut trailer)? < trailer.len() {
            return Err(self.cut("the gzip trailer"));
        }
        let [c0, c1, c2, c3, s0, s1, s2, s3] = trailer;
        if u32::from_le_bytes([c0, c1, c2, c3]) != self.crc.sum() {
            return Err(self.checksum("the checksum of the content does not fit: the file is damaged"));
        }
        if u64::from(u32::from_le_bytes([s0, s1, s2, s3])) != self.produced & 0xffff_ffff {
            return Err(self.checksum("the length of the content does not fit: the file is damaged"));
        }
        self.consumed = self.consumed.saturating_add(widen(trailer.len()));
        self.rest(source)
    }

    /// What is left after the member: nothing, or a few zeros.
    fn rest<S: Source>(&mut self, source: &mut S) -> Result<()> {
        let mut zeros = 0_u64;
        loop {
            let have = source.fill()?;
            if have.is_empty() {
                break;
            }
            let leading = have.iter().take_while(|byte| **byte == 0).count();
            let other = have.get(leading).copied();
            source.consume(leading.saturating_add(usize::from(other.is_some())));
            zeros = zeros.saturating_add(widen(leading));
            if let Some(byte) = other {
                let at = Location::byte(self.header_bytes.saturating_add(self.consumed).saturating_add(zeros));
                let member = byte == 0x1f && source.fill()?.first() == Some(&0x8b);
                let (kind, text) = if member {
                    (ErrorKind::MultipleMembers, "a second gzip member follows: readers differ on what the file holds")
                } else {
                    (ErrorKind::TrailingData, "bytes follow after the end of the gzip member")
                };
                return Err(Error::new(kind, text).at(at).fatal());
            }
            if zeros > self.zero_limit {
                return Err(Error::limit("trailing_zero_bytes", self.zero_limit, "zeros after the gzip member")
                    .at(self.place())
                    .fatal());
            }
        }
        if zeros > 0 {
            self.warnings.push(Warning::new(WarningKind::TrailingZeros, self.place()));
        }
        Ok(())
    }

    /// The next bytes; empty after the member and everything behind it were checked.
    pub(crate) fn fill<S: Source>(&mut self, source: &mut S) -> Result<&[u8]> {
        while self.start >= self.end {
            (self.start, self.end) = (0, 0);
            match self.phase {
                Phase::Header => {
                    self.header(source)?;
                    self.phase = Phase::Body;
                }
                Phase::Body => self.body(source)?,
                Phase::Trailer => {
                    self.trailer(source)?;
                    self.phase = Phase::End;
                }
                Phase::End => return Ok(&[]),
            }
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    pub(crate) fn consume(&mut self, amount: usize) {
        self.start = self.start.saturating_add(amount).min(self.end);
    }
}

/// An inflater over its source, for the time of one call.
pub(crate) struct Layer<'a, S> {
    pub(crate) inflater: &'a mut Inflater,
    pub(crate) source: S,
}

impl<S: Source> Source for Layer<'_, S> {
    fn fill(&mut self) -> Result<&[u8]> {
        self.inflater.fill(&mut self.source)
    }

    fn consume(&mut self, amount: usize) {
        self.inflater.consume(amount);
    }
}

/// Reads one gzip member, and insists that it is the only thing in its source.
///
/// ```
/// use slp_sync::{ErrorKind, Limits, gzip};
///
/// let packed = gzip::Deflater::default().compress(b"usage")?;
/// let mut reader = gzip::Reader::new(&packed[..], &Limits::default());
/// assert_eq!(std::io::read_to_string(&mut reader)?, "usage");
///
/// let twice = [packed.clone(), packed].concat();
/// let error = gzip::Reader::new(&twice[..], &Limits::default()).read_all().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::MultipleMembers);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader<S> {
    inflater: Inflater,
    source: S,
}

impl<S: Source> Reader<S> {
    /// Starts at the first byte of `source`.
    pub fn new(source: S, limits: &Limits) -> Self {
        Self { inflater: Inflater::new(limits, Meter::new(limits)), source }
    }

    /// Everything, checked to the end.
    ///
    /// # Errors
    /// [`ErrorKind::BadGzip`], [`ErrorKind::Truncated`], [`ErrorKind::BadChecksum`], [`ErrorKind::MultipleMembers`],
    /// [`ErrorKind::TrailingData`], [`ErrorKind::Limit`], [`ErrorKind::Io`].
    pub fn read_all(&mut self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.read_onto(&mut out, u64::MAX)?;
        Ok(out)
    }

    /// What was odd so far.
    pub fn warnings(&self) -> &Warnings {
        &self.inflater.warnings
    }
}

impl<S: Source> Source for Reader<S> {
    fn fill(&mut self) -> Result<&[u8]> {
        self.inflater.fill(&mut self.source)
    }

    fn consume(&mut self, amount: usize) {
        self.inflater.consume(amount);
    }
}

impl<S: Source> Read for Reader<S> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let have = self.fill()?;
        let amount = have.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..amount), have.get(..amount)) {
            to.copy_from_slice(from);
        }
        self.consume(amount);
        Ok(amount)
    }
}
