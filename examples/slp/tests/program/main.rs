//! The commands as a person calls them: exit status, results, messages.

mod answers;
mod bundles;
mod check;
mod exports;
mod import;
mod inspect;
mod keys;
mod kills;
mod peers;
mod policy;
mod program;
mod schemas;
mod show;
mod sign;
mod sources;
mod sync_files;
mod together;
mod transport;
mod trouble;
mod usage;
mod verify;
mod verify_documents;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use slp::{Console, Status};

/// Tests run in the folder of the package.
const CAMPUS: &str = "../data/acme-campus.txt";
const CONTROLLER: &str = "../data/wireless-controller.xml";

/// How a call ended.
struct Call {
    status: Status,
    output: String,
    errors: String,
}

/// Calls the program with these words, and 2024-08-01 as the present.
fn slp(words: &[&str]) -> Call {
    slp_on(words, b"", |_| ())
}

fn slp_on(words: &[&str], mut input: &[u8], set: impl FnOnce(&mut Console<'_>)) -> Call {
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let mut console = Console::new(&mut input, &mut output, &mut errors, "2024-08-01".parse().unwrap());
    set(&mut console);
    let status = slp::run(["slp"].iter().chain(words).map(OsString::from), console);
    let call = Call { status, output: String::from_utf8(output).unwrap(), errors: String::from_utf8(errors).unwrap() };
    schemas::check(words, &call.output);
    call
}

/// A call that has to end well, with nothing but notes beside its results.
fn fine(words: &[&str]) -> String {
    let call = slp(words);
    assert_eq!(call.status, Status::Fine, "{words:?}: {}{}", call.output, call.errors);
    assert!(call.errors.lines().all(|line| line.starts_with("note: ")), "{words:?}: {}", call.errors);
    call.output
}

#[expect(clippy::disallowed_methods, reason = "our own small files")]
fn bytes_of(path: &str) -> Vec<u8> {
    fs::read(path).unwrap()
}

/// A fixture of the reader.
fn fixture(name: &str) -> String {
    let folder = Path::new("../../slp-rum/tests/fixtures").join(name);
    let mut inputs = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let input = inputs.find(|path| path.file_stem().is_some_and(|stem| stem == "input"));
    input.unwrap().to_str().unwrap().to_owned()
}

/// A fresh folder of this name.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if path.exists() {
            fs::remove_dir_all(&path).unwrap();
        }
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> &Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    /// Text without the place where tests keep their folders.
    fn relative(&self, text: &str) -> String {
        text.replace(self.path(), "DIR")
    }
}
