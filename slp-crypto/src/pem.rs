//! PEM, read strictly: labels equal, standard base64, lines up to 76. Spec: crypto, "Secrets and key files".
//!
//! Text around the blocks is passed over: captures and certificate files have it (seen).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};

/// The most bytes of a PEM text.
pub(crate) const MAX_TEXT: usize = 1 << 20;
/// The most bytes of a PEM text with a private key.
pub(crate) const MAX_KEY_TEXT: usize = 64 << 10;
/// The most blocks of a PEM text.
const MAX_BLOCKS: usize = 64;
/// Longest line of a block: the newer device answers have 76 (seen).
const MAX_LINE: usize = 76;

/// One block. Its bytes are wiped, since they may be a private key.
pub(crate) struct Block<'a> {
    pub(crate) label: &'a str,
    pub(crate) der: Zeroizing<Vec<u8>>,
}

fn fault(line: usize, text: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Pem, format!("PEM line {line}: {text}"))
}

/// Every block, in order.
pub(crate) fn blocks(text: &[u8]) -> Result<Vec<Block<'_>>, Error> {
    if text.len() > MAX_TEXT {
        return Err(Error::new(ErrorKind::Size, "a PEM file may have at most 1 MiB").named("pem_bytes"));
    }
    let mut blocks = Vec::new();
    let mut open: Option<(&str, Zeroizing<Vec<u8>>)> = None;
    let lines = text.strip_suffix(b"\n").unwrap_or(text).split(|&byte| byte == b'\n');
    for (index, line) in lines.enumerate() {
        let number = index.saturating_add(1);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(label) = label(line, "-----BEGIN ") {
            if open.is_some() {
                return Err(fault(number, "a block begins inside another one"));
            }
            if blocks.len() == MAX_BLOCKS {
                return Err(Error::new(ErrorKind::Size, "a PEM file may have at most 64 blocks").named("pem_blocks"));
            }
            // reserved beforehand: a buffer that grows would leave a copy of the key behind
            open = Some((label, Zeroizing::new(Vec::with_capacity(text.len()))));
        } else if let Some(end) = label(line, "-----END ") {
            match open.take() {
                Some((begin, body)) if begin == end => {
                    blocks.push(Block { label: begin, der: decode(&body).map_err(|what| fault(number, what))? });
                }
                Some((begin, _)) => {
                    return Err(fault(number, format_args!("the block {begin:?} ends as {end:?}")));
                }
                None => return Err(fault(number, "a block ends that did not begin")),
            }
        } else if let Some((_, body)) = &mut open {
            if line.len() > MAX_LINE {
                return Err(fault(number, "longer than 76 characters"));
            }
            if line.is_empty() {
                return Err(fault(number, "an empty line inside a block (encrypted keys have one: decrypt it first)"));
            }
            body.extend_from_slice(line);
        }
    }
    if open.is_some() { Err(Error::new(ErrorKind::Pem, "the last PEM block does not end")) } else { Ok(blocks) }
}

fn label<'a>(line: &'a [u8], mark: &str) -> Option<&'a str> {
    let label = line.strip_prefix(mark.as_bytes())?.strip_suffix(b"-----")?;
    let plain = label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'#' | b'.'));
    std::str::from_utf8(label).ok().filter(|label| plain && label.len() <= 64)
}

fn decode(body: &[u8]) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let mut der = Zeroizing::new(vec![0; body.len()]);
    let length = STANDARD.decode_slice(body, &mut der).map_err(|_| "the block is not base64")?;
    if length == 0 {
        return Err("the block is empty");
    }
    der.truncate(length);
    Ok(der)
}

/// The only block with one of these labels.
pub(crate) fn only<'a>(text: &'a [u8], labels: &[&str]) -> Result<Block<'a>, Error> {
    let mut found = blocks(text)?.into_iter().filter(|block| labels.contains(&block.label));
    let wanted = labels.first().copied().unwrap_or_default();
    let block = found
        .next()
        .ok_or_else(|| Error::new(ErrorKind::Pem, format!("there is no PEM block \"{wanted}\" in this text")))?;
    if found.next().is_some() {
        return Err(Error::new(ErrorKind::Pem, format!("there is more than one PEM block \"{wanted}\" in this text")));
    }
    Ok(block)
}

/// One block: lines of 64, LF at the end.
pub(crate) fn write(label: &str, der: &[u8]) -> String {
    // reserved beforehand: a private key may be written, and a text that grows would leave a copy behind
    let size = der.len().saturating_mul(2).saturating_add(label.len().saturating_mul(2)).saturating_add(64);
    let mut out = String::with_capacity(size);
    out.push_str("-----BEGIN ");
    out.push_str(label);
    out.push_str("-----\n");
    for line in der.chunks(48) {
        STANDARD.encode_string(line, &mut out);
        out.push('\n');
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Result<Vec<u8>, String> {
        let blocks = blocks(text.as_bytes()).map_err(|error| error.message().to_owned())?;
        Ok(blocks.into_iter().next().map(|block| block.der.to_vec()).unwrap_or_default())
    }

    #[test]
    fn text_around_blocks_and_both_line_ends_are_fine() {
        let text = "Switch# show\r\n-----BEGIN X-----\r\nAAEC\r\nAw==\r\n-----END X-----\r\nSwitch#";
        assert_eq!(first(text), Ok(vec![0, 1, 2, 3]));
    }

    #[test]
    fn a_fault_names_its_line() {
        let begin = "-----BEGIN X-----\n";
        for (body, fault) in [
            ("AAEC\n-----END Y-----\n", "PEM line 3: the block \"X\" ends as \"Y\""),
            ("AA C\n-----END X-----\n", "PEM line 3: the block is not base64"),
            ("AAECAw\n-----END X-----\n", "PEM line 3: the block is not base64"),
            ("AAECAx==\n-----END X-----\n", "PEM line 3: the block is not base64"),
            ("-----END X-----\n", "PEM line 2: the block is empty"),
            ("AAEC\n", "the last PEM block does not end"),
            ("AAEC\n-----BEGIN X-----\n", "PEM line 3: a block begins inside another one"),
        ] {
            assert_eq!(first(&format!("{begin}{body}")), Err(fault.to_owned()));
        }
        assert_eq!(first("-----END X-----"), Err("PEM line 1: a block ends that did not begin".to_owned()));
        let long = format!("{begin}{}\n-----END X-----", "A".repeat(80));
        assert_eq!(first(&long), Err("PEM line 2: longer than 76 characters".to_owned()));
        let wide = format!("{begin}{}\n-----END X-----", "A".repeat(76));
        assert_eq!(first(&wide).map(|der| der.len()), Ok(57));
    }

    #[test]
    fn sixty_four_blocks_pass_and_one_more_is_refused() {
        let text = write("X", &[1]).repeat(64);
        assert_eq!(blocks(text.as_bytes()).map(|blocks| blocks.len()).map_err(|error| error.kind()), Ok(64));
        let text = write("X", &[1]).repeat(65);
        assert_eq!(
            blocks(text.as_bytes()).map(|blocks| blocks.len()).map_err(|error| error.kind()),
            Err(ErrorKind::Size)
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let der: Vec<u8> = (0..=255).collect();
        let text = write("X", &der);
        assert!(text.lines().all(|line| line.len() <= 64));
        assert_eq!(first(&text), Ok(der));
    }
}
