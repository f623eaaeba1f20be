//! Writes strings, and raw text without its blanks.

use super::unescape::{equal, marks};

/// Which characters of a string are escaped. All profiles escape `"`, `\` and the characters below U+0020 (as `\b \t \n
/// \f \r` or `\u00xx`, lower-case); everything else stays as it is, but for what a profile names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// Usage reports: U+FFFE and U+FFFF too, since XML cannot hold them. Spec: rum, "Writer rules" J.
    Rum,
    /// Acknowledgements: every `>` too, so that `]]>` cannot occur, and as for reports U+FFFE and U+FFFF. Spec: ack-auth,
    /// "Members we write".
    Ack,
    /// RFC 8785. Spec: crypto, "Canonical JSON".
    Canonical,
    /// Requests and answers over HTTP. Spec: transport, "JSON".
    Http,
}

/// Adds `text` as a JSON string, quotes included.
///
/// ```
/// use slp_model::json::{Profile, write_string};
///
/// let mut out = String::new();
/// write_string(&mut out, "a\"]]>\u{1}/é", Profile::Ack);
/// assert_eq!(out, r#""a\"]]\u003e\u0001/é""#);
/// ```
pub fn write_string(out: &mut String, text: &str, profile: Profile) {
    out.reserve(text.len().saturating_add(2));
    out.push('"');
    let mut rest = text;
    while let Some((plain, tail)) = rest.split_at_checked(candidate(rest.as_bytes(), profile)) {
        out.push_str(plain);
        let mut characters = tail.chars();
        match characters.next() {
            None => break,
            Some(character) if needs_escape(character, profile) => escape(out, character),
            Some(character) => out.push(character),
        }
        rest = characters.as_str();
    }
    out.push('"');
}

/// Where the first character stands that may need an escape, or the length. It is found by its first byte, so it is
/// never in the middle of a character.
fn candidate(bytes: &[u8], profile: Profile) -> usize {
    // the first byte of U+FFFE and U+FFFF, and of few others
    const LAST: u8 = 0xef;
    let (lead, other) = match profile {
        Profile::Rum => (LAST, LAST),
        Profile::Ack => (LAST, b'>'),
        Profile::Canonical | Profile::Http => (b'"', b'"'),
    };
    let mut at = 0_usize;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let found = marks(word) | equal(word, lead) | equal(word, other);
        if found != 0 {
            return at.saturating_add(usize::try_from(found.trailing_zeros() / 8).unwrap_or(0));
        }
        at = at.saturating_add(8);
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let found = rest.iter().position(|byte| [lead, other].contains(byte) || super::unescape::special(*byte));
    at.saturating_add(found.unwrap_or(rest.len()))
}

fn needs_escape(character: char, profile: Profile) -> bool {
    match character {
        '"' | '\\' | '\u{0}'..='\u{1f}' => true,
        '>' => profile == Profile::Ack,
        '\u{fffe}' | '\u{ffff}' => matches!(profile, Profile::Rum | Profile::Ack),
        _ => false,
    }
}

fn escape(out: &mut String, character: char) {
    let short = match character {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        other => {
            out.push_str("\\u");
            let code = u32::from(other);
            for shift in [12_u32, 8, 4, 0] {
                let digit = (code >> shift) & 0xf;
                out.push(char::from_digit(digit, 16).unwrap_or('0'));
            }
            return;
        }
    };
    out.push_str(short);
}

/// Adds a JSON text with the white space outside its strings left out and nothing else touched: `2.50`, `\/` and `null`
/// stay as they were written. The text must be JSON; it is not checked again.
pub fn write_compact(out: &mut String, raw: &str) {
    let mut in_string = false;
    let mut escaped = false;
    for character in raw.chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if matches!(character, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            in_string = character == '"';
        }
        out.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILES: [Profile; 4] = [Profile::Rum, Profile::Ack, Profile::Canonical, Profile::Http];

    fn written(text: &str, profile: Profile) -> String {
        let mut out = String::from("x:");
        write_string(&mut out, text, profile);
        out.strip_prefix("x:").unwrap().to_owned()
    }

    #[test]
    fn every_profile_escapes_quotes_backslashes_and_control_characters() {
        for profile in PROFILES {
            assert_eq!(written("", profile), r#""""#);
            assert_eq!(written("\"\\/\u{8}\t\n\u{c}\r", profile), r#""\"\\/\b\t\n\f\r""#);
            for code in (0..0x20_u8).filter(|code| !b"\x08\t\n\x0c\r".contains(code)) {
                assert_eq!(written(&char::from(code).to_string(), profile), format!("\"\\u{code:04x}\""));
            }
            let kept = "\u{20}\u{7f}\u{80}é\u{2028}\u{2029}\u{d7ff}\u{e000}\u{fffd}\u{1fffe}😀\u{10ffff}<&'";
            assert_eq!(written(kept, profile), format!("\"{kept}\""));
        }
    }

    #[test]
    fn profiles_differ_in_three_characters_only() {
        for (text, rum, ack, canonical, http) in [
            ("]]>", "]]>", "]]\\u003e", "]]>", "]]>"),
            ("\u{fffe}", "\\ufffe", "\\ufffe", "\u{fffe}", "\u{fffe}"),
            ("a\u{ffff}é", "a\\uffffé", "a\\uffffé", "a\u{ffff}é", "a\u{ffff}é"),
            ("0123456>\u{ffff}", "0123456>\\uffff", "0123456\\u003e\\uffff", "0123456>\u{ffff}", "0123456>\u{ffff}"),
        ] {
            for (profile, expected) in PROFILES.into_iter().zip([rum, ack, canonical, http]) {
                assert_eq!(written(text, profile), format!("\"{expected}\""), "{profile:?}");
            }
        }
    }

    #[test]
    fn compact_text_loses_blanks_outside_strings_and_nothing_else() {
        let mut out = String::from("x:");
        write_compact(&mut out, " { \"a b\" :\t[ 1.50 ,\r\n \"\\\" \\\\\" , null , \"\\/ é\" ] } ");
        assert_eq!(out, r#"x:{"a b":[1.50,"\" \\",null,"\/ é"]}"#);
    }
}
