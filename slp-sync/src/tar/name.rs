//! Which entry names are accepted. A name is a label: nothing is ever created on a disk under it.

use slp_model::Quoted;

use crate::error::{Error, ErrorKind, Result};

/// What to do with an entry of this name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its name, without a leading `./`.
    Take(String),
    /// It is `.`: the directory that was packed.
    Skip,
}

fn refuse(kind: ErrorKind, name: &str, text: &str) -> Error {
    Error::new(kind, format!("entry name {}: {text}", Quoted(name))).fatal()
}

fn bad(word: &'static str, name: &str, text: &str) -> Error {
    refuse(ErrorKind::BadEntryName, name, text).named(word)
}

/// The algorithm of the specification, step by step. Spec: sync, "Entry name algorithm".
pub(crate) fn check(bytes: &[u8], directory: bool, limit: u64) -> Result<Verdict> {
    let Ok(full) = std::str::from_utf8(bytes) else {
        return Err(bad("utf8", &String::from_utf8_lossy(bytes), "it is not UTF-8"));
    };
    if matches!(full, "." | "./") {
        return Ok(Verdict::Skip);
    }
    let mut name = full.strip_prefix("./").unwrap_or(full);
    if directory {
        // A directory ends with a slash; it is to be refused for being one, not for its slash.
        name = name.strip_suffix('/').unwrap_or(name);
    }
    if name.is_empty() {
        return Err(bad("empty", full, "it is empty"));
    }
    if u64::try_from(name.len()).unwrap_or(u64::MAX) > limit {
        return Err(Error::limit("name_bytes", limit, "bytes of an entry name").fatal());
    }
    if name.chars().any(|character| character.is_control() || turns_text(character)) {
        return Err(bad("control", name, "it holds control characters"));
    }
    if name.starts_with('/') || name.starts_with("\\\\") || drive(name) {
        return Err(refuse(ErrorKind::AbsolutePath, name, "it starts at a root, a drive or a host"));
    }
    if name.split(['/', '\\']).any(|part| part == "..") {
        return Err(refuse(ErrorKind::PathTraversal, name, "it leads out of its directory"));
    }
    if name.contains('\\') {
        return Err(bad("backslash", name, "it holds a backslash"));
    }
    if name.contains('/') {
        return Err(bad("directory", name, "files of a bundle lie in no directory"));
    }
    Ok(Verdict::Take(name.to_owned()))
}

fn drive(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic()) && characters.next() == Some(':')
}

/// Marks, embeddings, overrides and isolates: they change how the text around them is shown.
fn turns_text(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::{Verdict, check};
    use crate::ErrorKind::{self, AbsolutePath, BadEntryName, Limit, PathTraversal};

    #[test]
    fn a_name_is_refused_for_the_first_rule_that_it_breaks() {
        let long = "d/".repeat(120) + "f.txt";
        let table: &[(&[u8], ErrorKind, Option<&str>)] = &[
            (b"\xff\xfe.txt", BadEntryName, Some("utf8")),
            (b"", BadEntryName, Some("empty")),
            (long.as_bytes(), Limit, Some("name_bytes")),
            (b"a\x1b[2Jb.txt", BadEntryName, Some("control")),
            ("report\u{202e}txt.exe".as_bytes(), BadEntryName, Some("control")),
            (b"/etc/passwd", AbsolutePath, None),
            (b"\\\\host\\share\\x", AbsolutePath, None),
            (b"\\\\?\\C:\\x", AbsolutePath, None),
            (b"C:\\x", AbsolutePath, None),
            (b"C:x", AbsolutePath, None),
            (b".//etc/passwd", AbsolutePath, None),
            (b"../dev_1.txt", PathTraversal, None),
            (b"a/../../x", PathTraversal, None),
            (b"..\\x", PathTraversal, None),
            (b"..", PathTraversal, None),
            (b"a\\b.txt", BadEntryName, Some("backslash")),
            (b"dir/dev_1.txt", BadEntryName, Some("directory")),
            (b"././dev_1.txt", BadEntryName, Some("directory")),
        ];
        for (name, kind, word) in table {
            let error = check(name, false, 200).unwrap_err();
            assert_eq!((error.kind(), error.name()), (*kind, *word), "{}", String::from_utf8_lossy(name));
            assert!(error.is_fatal());
        }
    }

    #[test]
    fn good_names_pass_and_a_leading_dot_slash_is_dropped() {
        for (name, taken) in [("dev_1.txt", "dev_1.txt"), ("./dev_1.txt", "dev_1.txt"), ("a..b", "a..b"), (":x", ":x")]
        {
            assert_eq!(check(name.as_bytes(), false, 200).unwrap(), Verdict::Take(taken.to_owned()));
        }
        assert_eq!(check(b".", true, 200).unwrap(), Verdict::Skip);
        assert_eq!(check(b"./", true, 200).unwrap(), Verdict::Skip);
        assert_eq!(check(b"UD_VA/", true, 200).unwrap(), Verdict::Take("UD_VA".to_owned()));
        assert!(check("n".repeat(200).as_bytes(), false, 200).is_ok());
    }
}
