//! The program as an operator calls it: what it refuses, what it says, and what it never says.
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SETTINGS: &str = r#"
domain = "account.example"
virtual_account = "Default"
admin = { user = "ana", password = "hush-of-ana" }
[cloud]
base = "http://127.0.0.1:9/services/api/smart-accounts-and-licensing"
token = "http://127.0.0.1:9/as/token.oauth2"
application = { client_id = "example", client_secret = "hush-of-the-application" }
"#;

struct Place {
    _folder: tempfile::TempDir,
    settings: PathBuf,
    store: PathBuf,
}

impl Place {
    fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cslu.toml");
        std::fs::write(&path, settings).unwrap();
        Self { store: folder.path().join("cslu.db"), settings: path, _folder: folder }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cslu"));
        command.arg("--settings").arg(&self.settings).arg("--store").arg(&self.store).args(words);
        command
    }

    /// What the program says when it refuses.
    fn refused(&self, words: &[&str]) -> String {
        let done = self.command(words).output().unwrap();
        assert!(!done.status.success(), "{words:?}");
        String::from_utf8(done.stderr).unwrap()
    }
}

#[test]
fn plain_http_is_for_loopback_unless_it_is_asked_for() {
    let place = Place::new(SETTINGS);
    let said = place.refused(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(said, "cslu: give --chain and --key, or --plain on a loopback address\n");
    let said = place.refused(&["serve", "--listen", "0.0.0.0:0", "--plain"]);
    assert_eq!(said, "cslu: --plain is for loopback addresses, unless --plain-on-network says otherwise\n");
}

#[test]
fn a_file_that_is_no_store_is_left_as_it_is_and_the_operator_told_what_to_do() {
    let place = Place::new(SETTINGS);
    let letter = b"a letter, not a database: ".repeat(100);
    std::fs::write(&place.store, &letter).unwrap();
    let said = place.refused(&["show"]);
    assert!(said.contains("cslu.db: this file is no store of a collector, or it is damaged: put a copy"), "{said}");
    assert_eq!(std::fs::read(&place.store).unwrap(), letter);
}

#[test]
fn settings_that_cannot_be_read_are_refused_without_their_secrets() {
    let place = Place::new(&SETTINGS.replace("client_secret", "secret_of_client"));
    let said = place.refused(&["show"]);
    assert!(said.contains("cslu.toml: line 8: unknown field `secret_of_client`"), "{said}");
    assert!(!said.contains("hush"), "{said}");
    let place = Place::new(&SETTINGS.replace("\"hush-of-the-application\"", "4711"));
    let said = place.refused(&["show"]);
    assert!(said.contains("a secret has to be a text in quotes") && !said.contains("4711"), "{said}");
}

/// A file of the program, or nothing.
fn bytes_of(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_default()
}

#[test]
fn the_log_of_a_day_with_strangers_has_no_secret_in_it() {
    let place = Place::new(SETTINGS);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--plain"];
    let mut program = place.command(&serve).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(program.stderr.take().unwrap());
    let mut said = String::new();
    log.read_line(&mut said).unwrap();
    let address = said.trim().strip_prefix("devices push to http://").unwrap().strip_suffix("/cslu/v1/pi").unwrap();
    let ask = |lines: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(format!("{lines}\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    // ana:hush-of-somebody, ana:hush-of-ana
    let wrong = ask("GET /cslu/v1/health?key=hush HTTP/1.1\r\nAuthorization: Basic YW5hOmh1c2gtb2Ytc29tZWJvZHk=");
    assert!(wrong.starts_with("HTTP/1.1 401 "), "{wrong}");
    let right = ask("GET /cslu/v1/health HTTP/1.1\r\nAuthorization: Basic YW5hOmh1c2gtb2YtYW5h");
    assert!(right.starts_with("HTTP/1.1 200 "), "{right}");
    let nonsense = ask("GET /cslu/v1/pi HTTP/1.1\r\nAuthorization: Bearer hush");
    assert!(nonsense.starts_with("HTTP/1.1 405 "), "{nonsense}");
    // the log comes once a second: two lines of it
    for _ in 0..2 {
        log.read_line(&mut said).unwrap();
    }
    program.kill().unwrap();
    program.wait().unwrap();
    log.read_to_string(&mut said).unwrap();
    assert!(said.contains("GET /cslu/v1/health: refused, 401 Unauthorized"), "{said}");
    assert!(said.contains("GET /cslu/v1/pi: refused, 405 Method Not Allowed"), "{said}");
    for text in [said.into_bytes(), bytes_of(&place.store), bytes_of(&place.store.with_extension("db-wal"))] {
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("hush") && !text.contains("aHVzaC") && !text.contains("YW5hO"), "{text}");
    }
}
