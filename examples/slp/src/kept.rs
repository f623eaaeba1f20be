//! What is kept on disk between runs: small files, read through a limit, written whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::console::Stop;
use crate::files::{Fresh, unwritten};
use crate::input::open;

/// A whole file of at most so many bytes.
pub(crate) fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, Stop> {
    let fault = |error: &dyn std::fmt::Display| Stop::Data(format!("{}: cannot be read: {error}", path.display()));
    let file = open(path).map_err(|error| fault(&error))?;
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| fault(&error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
        return Ok(bytes);
    }
    Err(fault(&format!("it has more than {most} bytes")))
}

/// The same as text.
pub(crate) fn text(path: &Path, most: u64) -> Result<String, Stop> {
    String::from_utf8(bytes(path, most)?)
        .map_err(|_| Stop::Data(format!("{}: cannot be read: it is not UTF-8 text", path.display())))
}

/// What a JSON file says; nothing yet where there is none.
pub(crate) fn read_json<T: DeserializeOwned + Default>(path: &Path, most: u64) -> Result<T, Stop> {
    if !path.exists() {
        return Ok(T::default());
    }
    serde_json::from_slice(&bytes(path, most)?).map_err(|error| Stop::Data(format!("{}: {error}", path.display())))
}

/// Replaces a JSON file.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Stop> {
    let text = serde_json::to_vec_pretty(value).map_err(|error| Stop::Data(format!("{}: {error}", path.display())))?;
    replace(path, &text)
}

/// Makes a folder and those above it.
pub(crate) fn folder(path: &Path) -> Result<(), Stop> {
    fs::create_dir_all(path).map_err(|error| Stop::Data(format!("{}: cannot be made: {error}", path.display())))
}

/// Writes a file so that it has the old content or the new one, whenever the machine stops.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), Stop> {
    written(path, content, Fresh::replace(path))
}

/// Writes a file that must not be there yet; whole or not at all.
pub(crate) fn create(path: &Path, content: &[u8]) -> Result<(), Stop> {
    written(path, content, Fresh::create(path))
}

fn written(path: &Path, content: &[u8], file: io::Result<Fresh>) -> Result<(), Stop> {
    let whole = file.and_then(|mut file| {
        file.write_all(content)?;
        file.keep()
    });
    whole.map_err(|error| unwritten(path, &error))
}

/// Adds one line to a file. A line that was cut by a stop of the machine has no end; it is taken away before, since the new
/// one would become a part of it.
pub(crate) fn add_line(path: &Path, line: &str) -> Result<(), Stop> {
    let add = || {
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        cut_torn_line(&mut file)?;
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_all()
    };
    add().map_err(|error: io::Error| unwritten(path, &error))
}

/// Takes away what stands behind the last line end, looking at the last byte first: nearly always there is nothing.
fn cut_torn_line(file: &mut File) -> io::Result<()> {
    let whole = file.metadata()?.len();
    let mut end = whole;
    let mut byte = [0];
    while let Some(before) = end.checked_sub(1) {
        file.seek(SeekFrom::Start(before))?;
        file.read_exact(&mut byte)?;
        if byte == *b"\n" {
            break;
        }
        end = before;
    }
    if end < whole { file.set_len(end) } else { Ok(()) }
}

/// The whole lines of a file; none where there is no file.
pub(crate) fn lines(path: &Path, most: u64) -> Result<Vec<String>, Stop> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = text(path, most)?;
    Ok(text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(str::to_owned).collect())
}

/// Text as the part of a file's name: letters, digits, `.`, `-` and `_`; never a path, never hidden.
pub(crate) fn safe(text: &str) -> String {
    let keep = |one: char| one.is_ascii_alphanumeric() || matches!(one, '.' | '-');
    let safe: String = text.chars().take(100).map(|one| if keep(one) { one } else { '_' }).collect();
    if safe.starts_with('.') || safe.is_empty() { format!("_{safe}") } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path() {
        assert_eq!(safe("../../etc/passwd"), "_.._.._etc_passwd");
        assert_eq!(safe("https://192.0.2.1:443"), "https___192.0.2.1_443");
        assert_eq!(safe(""), "_");
    }

    #[test]
    fn a_file_is_replaced_whole_and_created_once() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let path = folder.join("a.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(bytes(&path, 3).unwrap(), b"two");
        assert!(bytes(&path, 2).is_err());
        assert!(create(&path, b"three").is_err(), "it is there");
        assert_eq!(text(&path, 9).unwrap(), "two");
        create(&folder.join("b.json"), b"four").unwrap();
        assert_eq!(fs::read_dir(folder).unwrap().count(), 2, "nothing is left over");
        let list = folder.join("list");
        add_line(&list, "one").unwrap();
        add_line(&list, "two").unwrap();
        OpenOptions::new().append(true).open(&list).unwrap().write_all(b"cut").unwrap();
        assert_eq!(lines(&list, 99).unwrap(), ["one", "two"]);
        add_line(&list, "three").unwrap();
        assert_eq!(lines(&list, 99).unwrap(), ["one", "two", "three"], "what was cut takes no other line with it");
        fs::write(&list, b"cut").unwrap();
        add_line(&list, "one").unwrap();
        assert_eq!(text(&list, 99).unwrap(), "one\n");
        assert!(lines(&folder.join("none"), 99).unwrap().is_empty());
    }
}
