//! At most forty characters of somebody's text, safe to print on a terminal and in a log.

use std::fmt;

/// The most characters of a value that an error text shows.
const SHOWN: usize = 40;

/// Text of a document as an error message shows it: in double quotes, control characters escaped, cut after 40
/// characters. `Display` never writes a raw control character, so a hostile file cannot drive the operator's terminal.
///
/// ```
/// assert_eq!(slp_model::Quoted("two\u{1b}[2J").to_string(), r#""two\u{1b}[2J""#);
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper for formatting, it will not grow")]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for (index, character) in self.0.chars().enumerate() {
            if index == SHOWN {
                f.write_str("…")?;
                break;
            }
            match character {
                '"' => f.write_str("\\\"")?,
                '\'' => f.write_str("'")?,
                other if is_unprintable(other) && !other.is_control() => write!(f, "{}", other.escape_unicode())?,
                other => write!(f, "{}", other.escape_debug())?,
            }
        }
        f.write_str("\"")
    }
}

/// Does a character move the cursor, change colours, change how the text around it is shown, or hide? Control characters,
/// bidirectional marks and overrides, zero-width and soft hyphens, joiners and separators, annotation marks, tags that
/// spell hidden text: programs escape them before they print text of a document.
///
/// ```
/// assert!(slp_model::is_unprintable('\u{202e}') && !slp_model::is_unprintable('é'));
/// ```
pub fn is_unprintable(character: char) -> bool {
    let steers = matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    );
    character.is_control() || steers
}

#[cfg(test)]
mod tests {
    use super::{Quoted, is_unprintable};

    #[test]
    fn forty_characters_are_shown_and_then_a_mark() {
        assert_eq!(Quoted(&"é".repeat(40)).to_string(), format!("\"{}\"", "é".repeat(40)));
        assert_eq!(Quoted(&"é".repeat(41)).to_string(), format!("\"{}…\"", "é".repeat(40)));
    }

    #[test]
    fn no_character_that_hides_or_steers_gets_through() {
        let hidden =
            ['\u{ad}', '\u{61c}', '\u{180e}', '\u{200b}', '\u{feff}', '\u{fff9}', '\u{fffb}', '\u{e0000}', '\u{e007f}'];
        for character in hidden {
            assert!(is_unprintable(character), "{}", character.escape_unicode());
        }
        for character in '\0'..=char::MAX {
            let text = Quoted(character.encode_utf8(&mut [0; 4])).to_string();
            assert!(!text.contains(is_unprintable), "{}", character.escape_unicode());
        }
    }

    #[test]
    fn nothing_that_moves_the_cursor_or_the_reading_direction_gets_through() {
        assert_eq!(Quoted("a\r\n\u{202e}\u{7f}\"").to_string(), r#""a\r\n\u{202e}\u{7f}\"""#);
    }
}
