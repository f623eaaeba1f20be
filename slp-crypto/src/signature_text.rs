//! Signatures as text. Spec: crypto, "Signature text".

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The most bytes of a signature text.
const MAX_TEXT: usize = 16 << 10;

/// The bytes, and whether white space had to be removed (documents wrap values, doc).
pub(crate) fn decode(text: &str) -> Result<(Vec<u8>, bool), String> {
    if text.len() > MAX_TEXT {
        return Err("the signature text is longer than 16 KiB".to_owned());
    }
    let blank = |character: char| matches!(character, ' ' | '\t' | '\r' | '\n');
    let wrapped = text.contains(blank);
    let dense = if wrapped { Cow::Owned(text.replace(blank, "")) } else { Cow::Borrowed(text) };
    if dense.is_empty() {
        return Err("the signature text is empty".to_owned());
    }
    match STANDARD.decode(dense.as_bytes()) {
        Ok(bytes) => Ok((bytes, wrapped)),
        Err(_) if dense.contains(['-', '_']) => {
            Err("the signature is in the URL alphabet; only standard base64 is signed with".to_owned())
        }
        Err(_) => {
            Err("the signature is not base64 of the standard alphabet with padding: it was cut or edited".to_owned())
        }
    }
}

/// Standard alphabet, padded, no line breaks.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_removed_and_told_and_nothing_else_is_forgiven() {
        assert_eq!(decode("AAECAw=="), Ok((vec![0, 1, 2, 3], false)));
        for text in ["AAEC Aw==", "AAEC\r\nAw==", "AAECAw==\n", "\tAAECAw=="] {
            assert_eq!(decode(text), Ok((vec![0, 1, 2, 3], true)), "{text:?}");
        }
        for text in ["", " ", "AAECAw", "AAECAw=", "AAECAx==", "-_-_", "AAECAw==AAECAw==", "====", "AAEC\u{a0}Aw=="] {
            assert!(decode(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn sixteen_kibibytes_pass_and_one_more_is_refused() {
        assert!(decode(&"A".repeat(16 << 10)).is_ok());
        assert!(decode(&"A".repeat((16 << 10) + 4)).is_err());
    }
}
