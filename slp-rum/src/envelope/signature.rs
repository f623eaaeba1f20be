//! The signature object, outer and inner: texts as received, nothing decoded.

use std::borrow::Cow;

use slp_model::license::SigningType;

use crate::Tolerance;
use crate::borrowed::Signature;
use crate::flaw::{Flaw, Layer, Notes, Path};
use crate::members::Members;

/// Where a signature stands: only an outer one names its signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignaturePlace {
    Outer,
    Inner,
}

/// Reads a signature object. Spec: rum, "Signatures".
pub(crate) fn read_signature<'t>(
    members: &mut Members<'_, 't, '_>,
    path: &Path<'_>,
    place: SignaturePlace,
) -> Result<Signature<'t>, Flaw> {
    let start = members.reader.value_offset();
    let mut signature = Signature::empty();
    let (mut signing_type, mut key, mut value) = (None, None, None);
    members.each(path, |members, name, at| {
        let here = path.member(name);
        Ok(Some(match name {
            "sudi" if place == SignaturePlace::Outer => {
                members.unless_null(&here, |members| members.signer(&here, &mut signature))?;
                0
            }
            "signing_type" => {
                let word = members.string(&here)?;
                members
                    .word::<SigningType>(&word, at, &here, |word| format!("a signing type {word} that is not known"))?;
                signing_type = Some(word);
                1
            }
            "key" => {
                key = Some(members.string(&here)?);
                2
            }
            "value" => {
                let limit = members.options().limits.signature_value_bytes;
                let text = members.string_within(limit, "signature_value_bytes", &here)?;
                judge_text(&text, members.layer, at, &here, members.notes)?;
                value = Some(text);
                3
            }
            other => {
                let raw = members.skip(&here)?;
                signature.extra.push((Cow::Owned(other.to_owned()), raw));
                return Ok(None);
            }
        }))
    })?;
    let mut needed = |text: Option<Cow<'t, str>>, name| match text {
        Some(text) => Ok(text),
        None => members.missing(start, path, name).map(|()| Cow::Borrowed("")),
    };
    signature.signing_type = needed(signing_type, "signing_type")?;
    signature.key = needed(key, "key")?;
    signature.value = needed(value, "value")?;
    Ok(signature)
}

/// Notes blanks, and text that is no Base64: the text is kept either way, and verifying comes later.
fn judge_text(text: &str, layer: Layer, at: usize, path: &Path<'_>, notes: &mut Notes<'_>) -> Result<(), Flaw> {
    if is_base64(text.as_bytes()) {
        return Ok(());
    }
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    if text.bytes().any(|byte| blank(&byte)) {
        let reason = "white space in the text of a signature: removed before decoding";
        notes.take(Tolerance::SignatureBlank, layer, at, path, reason)?;
        let packed: Vec<u8> = text.bytes().filter(|byte| !blank(byte)).collect();
        if is_base64(&packed) {
            return Ok(());
        }
    }
    let reason = "the text of a signature is not Base64: kept, but it verifies nothing";
    notes.take(Tolerance::SignatureText, layer, at, path, reason)
}

/// Standard alphabet, padded, no stray bits, not empty.
pub(crate) fn is_base64(text: &[u8]) -> bool {
    let (body, stray_bits) = match text {
        [body @ .., b'=', b'='] => (body, 0b1111),
        [body @ .., b'='] => (body, 0b11),
        body => (body, 0),
    };
    // No branch in the loop: a signature is noise, and a predictor only loses on it.
    #[expect(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch")]
    let in_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() | (*byte == b'+') | (*byte == b'/');
    !body.is_empty()
        && text.len().is_multiple_of(4)
        && body.iter().fold(true, |good, byte| good & in_alphabet(byte))
        && body.last().is_some_and(|last| sextet(*last) & stray_bits == 0)
}

/// The six bits of a character of the alphabet.
fn sextet(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => byte.wrapping_sub(b'A'),
        b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
        b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
        b'+' => 62,
        _ => 63,
    }
}

#[cfg(test)]
mod tests {
    use super::is_base64;

    #[test]
    fn base64_is_padded_and_has_no_stray_bits() {
        for good in ["AAAA", "AA==", "AAA=", "abcdef123456", "+/+/"] {
            assert!(is_base64(good.as_bytes()), "{good}");
        }
        for bad in ["", "A", "AA", "AAA", "AB==", "AAB=", "A===", "====", "AA=A", "AA-_", "FhWJQorLD=", "AAAA\n"] {
            assert!(!is_base64(bad.as_bytes()), "{bad}");
        }
    }
}
