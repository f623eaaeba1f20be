//! Path templates: the same text builds an address and takes it apart.

use std::fmt::Write as _;

/// A path such as `/v1/accounts/{d}/virtual-accounts/{va}/tokens`. Each `{…}` is one segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Template(pub(crate) &'static str);

impl Template {
    /// The path with the values in place of the braces, percent-encoded.
    pub(crate) fn fill(self, values: &[&str]) -> String {
        let mut values = values.iter();
        let mut path = String::new();
        for segment in self.segments() {
            path.push('/');
            if segment.starts_with('{') {
                encode_segment(&mut path, values.next().copied().unwrap_or_default());
            } else {
                path.push_str(segment);
            }
        }
        path
    }

    /// The values of a path that ends in this template; what stands before it is the server's prefix.
    pub(crate) fn take(self, path: &str) -> Option<Vec<String>> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut given = path.rsplit('/');
        let mut values = Vec::new();
        for segment in self.segments().rev() {
            let found = given.next()?;
            if segment.starts_with('{') {
                values.push(decode_segment(found)?);
            } else if segment != found {
                return None;
            }
        }
        values.reverse();
        Some(values)
    }

    fn segments(self) -> impl DoubleEndedIterator<Item = &'static str> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }
}

/// Every byte outside `A-Z a-z 0-9 - . _ ~` as `%XX`, upper-case. Spec: transport, "URL and identity" (choice).
pub(crate) fn encode_segment(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// The text of one percent-encoded segment, or `None` if it is not UTF-8 or an escape is broken.
pub(crate) fn decode_segment(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let (digits, tail) = tail.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{Template, decode_segment};

    const TOKENS: Template = Template("/v1/accounts/{d}/virtual-accounts/{va}/tokens");

    #[test]
    fn what_is_filled_in_comes_out_again() {
        let path = TOKENS.fill(&["acme.example", "Lab 01/ä"]);
        assert_eq!(path, "/v1/accounts/acme.example/virtual-accounts/Lab%2001%2F%C3%A4/tokens");
        assert_eq!(TOKENS.take(&format!("/services//api{path}")).unwrap(), ["acme.example", "Lab 01/ä"]);
    }

    #[test]
    fn another_path_or_a_broken_escape_is_no_match() {
        assert!(TOKENS.take("/v1/accounts/a/virtual-accounts/b/licenses").is_none());
        assert!(TOKENS.take("/virtual-accounts/b/tokens").is_none());
        for bad in ["%", "%2", "%zz", "%+1", "%ff"] {
            assert_eq!(decode_segment(bad), None, "{bad}");
        }
    }
}
