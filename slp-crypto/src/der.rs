//! The little DER that is read by hand: definite minimal lengths, one-byte tags, nothing left over.

/// Universal tags used here.
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// One element: its tag, its content, and all of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// Reads elements one after the other. `None` is "not DER": callers know better what they were reading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next element. Tags of more than one byte do not occur in what we read by hand, so they are refused.
    pub(crate) fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, after_tag) = self.rest.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, after_length) = after_tag.split_first()?;
        let (length, after_length) = match first {
            0..=0x7f => (usize::from(first), after_length),
            0x81..=0x84 => {
                let count = usize::from(first & 0x0f);
                let (digits, rest) = after_length.split_at_checked(count)?;
                let length = digits.iter().try_fold(0_u32, |sum, &digit| {
                    sum.checked_mul(256).and_then(|sum| sum.checked_add(u32::from(digit)))
                })?;
                let minimal = digits.first() != Some(&0) && length > 0x7f;
                (usize::try_from(length).ok().filter(|_| minimal)?, rest)
            }
            _ => return None,
        };
        let (content, rest) = after_length.split_at_checked(length)?;
        let whole = self.rest.get(..self.rest.len().checked_sub(rest.len())?)?;
        self.rest = rest;
        Some(Element { tag, content, whole })
    }

    /// The content of the next element, which has to have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|element| element.tag == tag).map(|element| element.content)
    }

    /// Is everything read?
    pub(crate) const fn end(self) -> Option<()> {
        if self.rest.is_empty() { Some(()) } else { None }
    }
}

/// The content of the only element in `bytes`.
pub(crate) fn only(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let mut reader = Reader::new(bytes);
    let content = reader.expect(tag)?;
    reader.end()?;
    Some(content)
}

/// The big-endian magnitude of a positive INTEGER in its shortest form.
pub(crate) fn positive(content: &[u8]) -> Option<&[u8]> {
    match content {
        [0, rest @ ..] => rest.first().is_some_and(|first| first & 0x80 != 0).then_some(rest),
        [first, ..] if first & 0x80 == 0 => Some(content),
        _ => None,
    }
}

/// Bits of a magnitude without leading zero bytes.
pub(crate) fn bits(magnitude: &[u8]) -> usize {
    let Some(first) = magnitude.first() else { return 0 };
    let zeros = usize::try_from(first.leading_zeros()).unwrap_or(0);
    magnitude.len().saturating_mul(8).saturating_sub(zeros)
}

/// The bytes of a BIT STRING without unused bits.
pub(crate) fn octets(bit_string: &[u8]) -> Option<&[u8]> {
    bit_string.split_first().filter(|(unused, _)| **unused == 0).map(|(_, octets)| octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shortest_lengths_are_read() {
        assert_eq!(only(&[0x30, 0x01, 0x00], SEQUENCE), Some(&[0_u8][..]));
        assert_eq!(only(&[0x30, 0x81, 0x01, 0x00], SEQUENCE), None);
        assert_eq!(only(&[0x30, 0x80, 0x00, 0x00], SEQUENCE), None);
        let long = [&[0x30, 0x81, 0x80][..], &[7; 128]].concat();
        assert_eq!(only(&long, SEQUENCE).map(<[u8]>::len), Some(128));
        let padded = [&[0x30, 0x82, 0x00, 0x80][..], &[7; 128]].concat();
        assert_eq!(only(&padded, SEQUENCE), None);
    }

    #[test]
    fn nothing_may_follow_and_nothing_may_miss() {
        assert_eq!(only(&[0x30, 0x00, 0x00], SEQUENCE), None);
        assert_eq!(only(&[0x30, 0x02, 0x00], SEQUENCE), None);
        assert_eq!(only(&[0x31, 0x00], SEQUENCE), None);
        assert_eq!(only(&[0x3f, 0x00], 0x3f), None);
    }

    #[test]
    fn integers_are_positive_and_shortest() {
        assert_eq!(positive(&[0x00, 0x80]), Some(&[0x80_u8][..]));
        assert_eq!(positive(&[0x00, 0x7f]), None);
        assert_eq!(positive(&[0x80]), None);
        assert_eq!(positive(&[]), None);
        assert_eq!(bits(&[0x01, 0x00]), 9);
    }
}
