//! One header block, read and written.

use crate::error::{Error, ErrorKind, Result};
use crate::source::widen;
use crate::tar::BLOCK;

/// What a header block says about its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Regular,
    Directory,
    /// `x`: PAX records about the next entry.
    Pax,
    /// `L`: the name of the next entry.
    LongName,
}

/// One header block.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    block: &'a [u8; BLOCK],
    pub(crate) size: u64,
}

impl<'a> Header<'a> {
    /// Checks magic, checksum and size, in this order.
    pub(crate) fn parse(block: &'a [u8; BLOCK]) -> Result<Self> {
        let header = Self { block, size: 0 };
        if !matches!(header.field(257, 8), b"ustar\x0000" | b"ustar  \0") {
            return Err(bad("magic", "not a tar archive: neither ustar nor GNU magic"));
        }
        // The unsigned sum, with blanks in place of the checksum itself.
        let around = block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 0x20 } else { *byte });
        let sum: u64 = around.map(u64::from).sum();
        if octal(header.field(148, 8)) != Some(sum) {
            let text = "the checksum of the tar header does not fit: the archive is damaged";
            return Err(Error::new(ErrorKind::BadChecksum, text).named("tar").fatal());
        }
        let Some(size) = octal(header.field(124, 12)) else {
            return Err(bad("size", "the size of the entry is not an octal number"));
        };
        Ok(Self { block, size })
    }

    fn field(&self, at: usize, length: usize) -> &'a [u8] {
        self.block.get(at..at.saturating_add(length)).unwrap_or_default()
    }

    /// The name: in POSIX archives with the prefix in front of it.
    pub(crate) fn name(&self) -> Vec<u8> {
        let name = text(self.field(0, 100));
        let prefix = text(self.field(345, 155));
        if prefix.is_empty() || self.field(257, 6) != b"ustar\0" {
            return name.to_vec();
        }
        [prefix, b"/", name].concat()
    }

    /// Does it speak about the entry after it?
    pub(crate) fn is_extension(&self) -> bool {
        matches!(self.field(156, 1), b"x" | b"g" | b"L" | b"K")
    }

    /// What kind of entry it is.
    ///
    /// # Errors
    /// Everything that is not a file, a directory or an extension header that can be read in one way only.
    pub(crate) fn kind(&self) -> Result<Kind> {
        let (name, text) = match self.field(156, 1) {
            b"0" | b"\0" => return Ok(Kind::Regular),
            b"5" => return Ok(Kind::Directory),
            b"x" => return Ok(Kind::Pax),
            b"L" => return Ok(Kind::LongName),
            b"1" => ("hardlink", "a hard link"),
            b"2" | b"K" => ("symlink", "a symbolic link"),
            b"3" | b"4" => ("device", "a device"),
            b"6" => ("fifo", "a named pipe"),
            b"S" => {
                return Err(Error::new(ErrorKind::Sparse, "a sparse file: pack it as a plain one").fatal());
            }
            b"g" => {
                let text = "a global PAX header, which some readers apply and others do not";
                return Err(Error::new(ErrorKind::ParserDifferential, text).named("global").fatal());
            }
            _ => ("other", "an entry of unknown type"),
        };
        Err(entry_type(name, text))
    }
}

/// Something else than a regular file.
pub(crate) fn entry_type(name: &'static str, text: &str) -> Error {
    let text = format!("{text}: only regular files may be in a bundle");
    Error::new(ErrorKind::EntryType, text).named(name).fatal()
}

/// Not a tar archive that may be read.
pub(crate) fn bad(name: &'static str, text: &str) -> Error {
    Error::new(ErrorKind::BadTar, text).named(name).fatal()
}

/// The bytes before the first NUL.
pub(crate) fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// An octal number: blanks, digits, then blanks or NULs. Base 256 is no number here.
fn octal(field: &[u8]) -> Option<u64> {
    let mut value = None;
    let mut digits = field.iter().skip_while(|byte| **byte == b' ').peekable();
    while let Some(digit) = digits.next_if(|byte| matches!(byte, b'0'..=b'7')) {
        value = Some(value.unwrap_or(0_u64).checked_mul(8)?.checked_add(u64::from(digit & 7))?);
    }
    digits.all(|byte| matches!(byte, b' ' | 0)).then_some(value).flatten()
}

/// The largest size that a header can say.
pub(crate) const SIZE_MAX: u64 = 0o777_7777_7777;

/// A header in which every byte is ours. Spec: sync, "Writer bytes".
///
/// # Errors
/// [`ErrorKind::BadValue`] for a name beyond 100 bytes or a size or time beyond eleven octal digits.
pub(crate) fn ustar(name: &str, size: u64, mtime: u64) -> Result<[u8; BLOCK]> {
    if name.len() > 100 || size > SIZE_MAX || mtime > SIZE_MAX {
        let text =
            format!("entry {} does not fit into a tar header: 100 bytes of name, 8 GiB", slp_model::Quoted(name));
        return Err(Error::new(ErrorKind::BadValue, text).named("tar"));
    }
    let mut block = [0_u8; BLOCK];
    let numbers = format!("0000644\0{zero}\0{zero}\0{size:011o}\0{mtime:011o}\0        0", zero = "0000000");
    put(&mut block, 0, name.as_bytes());
    put(&mut block, 100, numbers.as_bytes());
    put(&mut block, 257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut block, 148, format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// A whole archive in memory, for fixtures and small things: the entries in the order given, then two zero blocks.
///
/// # Errors
/// [`ErrorKind::BadValue`] for a name beyond 100 bytes.
pub fn archive<'a>(entries: impl IntoIterator<Item = (&'a str, &'a [u8])>, mtime: u64) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for (name, content) in entries {
        out.extend_from_slice(&ustar(name, widen(content.len()), mtime)?);
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    out.resize(out.len().saturating_add(BLOCK).saturating_add(BLOCK), 0);
    Ok(out)
}

fn put(block: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
    for (to, from) in block.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::{Header, Kind, octal, ustar};

    #[test]
    fn octal_numbers_may_be_padded_and_nothing_else() {
        assert_eq!(octal(b"0000644\0"), Some(0o644));
        assert_eq!(octal(b"   644 \0"), Some(0o644));
        assert_eq!(octal(b"77777777"), Some(0o7777_7777));
        for bad in [&b"\0\0\0\0"[..], b"        ", b"0648\0", b"\x80\0\0\0\0\0\x01", b"-1\0", b"1 1\0"] {
            assert_eq!(octal(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_header_that_was_written_can_be_read() {
        let block = ustar("dev_1.txt", 1234, 1_795_515_630).unwrap();
        let header = Header::parse(&block).unwrap();
        assert_eq!((header.name(), header.size, header.kind().unwrap()), (b"dev_1.txt".to_vec(), 1234, Kind::Regular));
        assert_eq!(&block[148..156][6..], b"\0 ", "six digits, NUL, blank");
        let max = super::SIZE_MAX;
        assert!(ustar(&"n".repeat(100), max, max).is_ok());
        assert!(ustar(&"n".repeat(101), 0, 0).is_err());
        assert!(ustar("n", max + 1, 0).is_err() && ustar("n", 0, max + 1).is_err());
    }
}
