//! The attributes of a tag, and of the XML declaration, to the letter of XML 1.0.

/// One attribute: name and value, quotes taken off, references left as they are.
pub(super) type Attribute<'t> = (&'t str, &'t str);

/// Why the text of attributes is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// More than the limit.
    TooMany,
    /// Not `name="value"` pairs with white space in front, a name twice, or a character that may not stand there.
    Broken,
    /// Of a declaration: a version of XML other than 1.0.
    Version,
}

/// Reads all attributes of `text`, which begins behind the name of the tag. At most `limit` are read.
pub(super) fn attributes(text: &str, limit: usize) -> Result<Vec<Attribute<'_>>, Fault> {
    let blank = |character: char| matches!(character, ' ' | '\t' | '\r' | '\n');
    let mut found: Vec<Attribute<'_>> = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches(blank);
        if trimmed.is_empty() {
            return Ok(found);
        }
        if found.len() >= limit {
            return Err(Fault::TooMany);
        }
        let (name, value) = trimmed.split_once('=').ok_or(Fault::Broken)?;
        let name = name.trim_end_matches(blank);
        let value = value.trim_start_matches(blank);
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\'')).ok_or(Fault::Broken)?;
        let (value, behind) = value.get(1..).and_then(|value| value.split_once(quote)).ok_or(Fault::Broken)?;
        let separated = trimmed.len() < rest.len();
        let repeated = found.iter().any(|(other, _)| *other == name);
        if !separated || !is_name(name) || repeated || value.contains('<') || !references_are_closed(value) {
            return Err(Fault::Broken);
        }
        found.push((name, value));
        rest = behind;
    }
}

/// Every `&` begins one of the five named references or a numbered one.
fn references_are_closed(value: &str) -> bool {
    value.split('&').skip(1).all(|piece| {
        piece.split_once(';').is_some_and(|(name, _)| match name.strip_prefix('#') {
            None => matches!(name, "lt" | "gt" | "amp" | "apos" | "quot"),
            Some(number) => {
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                code.ok().and_then(char::from_u32).is_some_and(super::is_xml_char)
            }
        })
    })
}

/// Is it a name of XML? Letters beyond ASCII are taken as they come.
pub(super) fn is_name(name: &str) -> bool {
    // nearly every name is plain
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && name.as_bytes().iter().all(plain) {
        return true;
    }
    let start = |c: char| c.is_alphabetic() || c == '_' || c == ':';
    let mut characters = name.chars();
    characters.next().is_some_and(start)
        && characters.all(|c| start(c) || c.is_alphanumeric() || matches!(c, '-' | '.' | '\u{b7}') || !c.is_ascii())
}

/// The content of an XML declaration behind `xml`: what encoding it states. `Err` when it is none.
pub(super) fn declared_encoding(text: &str) -> Result<Option<&str>, Fault> {
    let found = attributes(text, 3)?;
    let (version, rest) = found.split_first().ok_or(Fault::Broken)?;
    if version.0 != "version" {
        return Err(Fault::Broken);
    }
    if version.1 != "1.0" {
        return Err(Fault::Version);
    }
    let (encoding, rest) = match rest {
        [("encoding", encoding), rest @ ..] => (Some(*encoding), rest),
        rest => (None, rest),
    };
    match rest {
        [] | [("standalone", "yes" | "no")] => Ok(encoding),
        _ => Err(Fault::Broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_pairs_with_white_space_in_front() {
        assert_eq!(attributes(" a='1'\n b = \"x&lt;'\" ", 9), Ok(vec![("a", "1"), ("b", "x&lt;'")]));
        assert_eq!(attributes(" ", 9), Ok(vec![]));
        for broken in [
            " a",
            " a=1",
            " a='1'b='2'",
            " a='1' a='2'",
            " a='<'",
            " a='&'",
            " a='&x;'",
            " a='&#0;'",
            " =''",
            "a='1'",
            " 1a=''",
            " a='1' /",
        ] {
            assert_eq!(attributes(broken, 9), Err(Fault::Broken), "{broken}");
        }
        assert_eq!(attributes(" a='' b=''", 1), Err(Fault::TooMany));
    }

    #[test]
    fn a_declaration_has_a_version_first() {
        assert_eq!(declared_encoding(" version='1.0'"), Ok(None));
        assert_eq!(declared_encoding(" version=\"1.0\" encoding=\"UTF-8\" standalone='no'"), Ok(Some("UTF-8")));
        for broken in [
            "",
            " encoding='UTF-8'",
            " version='1.0'!encoding='UTF-8'",
            " version='1.0' x='1'",
            " version='1.0' standalone='no' encoding='UTF-8'",
        ] {
            assert_eq!(declared_encoding(broken), Err(Fault::Broken), "{broken}");
        }
        for other in ["1.1", "3", "1", ""] {
            assert_eq!(declared_encoding(&format!(" version='{other}'")), Err(Fault::Version), "{other}");
        }
    }
}
