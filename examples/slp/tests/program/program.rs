//! What holds for all commands.

use std::process::{Command, Stdio};

use super::*;

#[test]
fn help_shows_examples_and_is_no_error() {
    for (name, words) in [
        ("help", &["--help"][..]),
        ("help-inspect", &["inspect", "--help"]),
        ("help-usage", &["usage", "--help"]),
        ("help-check", &["check", "--help"]),
        ("help-policy-due", &["policy", "due", "--help"]),
        ("help-import", &["import", "--help"]),
        ("help-show", &["show", "--help"]),
        ("help-pull", &["pull", "--help"]),
        ("help-upload", &["upload", "--help"]),
        ("help-poll", &["poll", "--help"]),
        ("help-push-ack", &["push-ack", "--help"]),
        ("help-verify", &["verify", "--help"]),
        ("help-keys-new", &["keys", "new", "--help"]),
        ("help-keys-show", &["keys", "show", "--help"]),
        ("help-keys-certificate", &["keys", "certificate", "--help"]),
        ("help-sign", &["sign", "--help"]),
        ("help-bundle-create", &["bundle", "create", "--help"]),
        ("help-bundle-list", &["bundle", "list", "--help"]),
        ("help-bundle-extract", &["bundle", "extract", "--help"]),
        ("help-ack-split", &["ack", "split", "--help"]),
        ("help-fleet", &["fleet", "--help"]),
        ("help-sync-inspect", &["sync", "inspect", "--help"]),
        ("help-sync-verify", &["sync", "verify", "--help"]),
    ] {
        let text = fine(words);
        assert!(text.contains("Examples:\n  slp "), "{name}");
        insta::assert_snapshot!(name, text);
    }
}

/// A reader that went away.
struct Gone;

impl io::Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_goes_away_does_not_make_bad_data_good() {
    let folder = Folder::new("gone");
    let file = folder.file("cut.json", b"{\"usage\":[").0.join("cut.json");
    let pem = slp_crypto::Signer::public_key(&verify::key("p256")).to_pem();
    let (file, trust) = (file.to_str().unwrap(), folder.file("trust/a.pub.pem", pem.as_bytes()).0.join("trust"));
    let trust = trust.to_str().unwrap();
    for (words, status) in [
        (&["verify", file, "--trust", trust][..], Status::Errors),
        (&["verify", file, "--trust", trust, "--json"], Status::Errors),
        (&["verify", CAMPUS, "--trust", trust, "--require-verified"], Status::Errors),
        (&["verify", CAMPUS, "--trust", trust], Status::Fine),
        (&["keys", "show", CAMPUS], Status::Errors),
        (&["usage", CAMPUS], Status::Fine),
    ] {
        let (mut input, mut output, mut errors) = (&b""[..], Gone, Vec::new());
        let console = Console::new(&mut input, &mut output, &mut errors, "2024-08-01".parse().unwrap());
        assert_eq!(slp::run(["slp"].iter().chain(words).map(OsString::from), console), status, "{words:?}");
        assert_eq!(slp(words).status, status, "{words:?}: as with a reader");
    }
}

#[test]
fn a_limit_that_no_option_raises_names_no_option() {
    let folder = Folder::new("too-big");
    let big = folder.file("big.pem", &vec![b'a'; (1 << 20) + 1]).0.join("big.pem");
    let (big, out) = (big.to_str().unwrap(), folder.0.join("out"));
    let out = out.to_str().unwrap();
    for words in [
        &["keys", "show", big][..],
        &["keys", "certificate", big, "--ca", "x", "-o", out],
        &["verify", CAMPUS, "--trust", big],
        &["fleet", "--devices", "1", "--signatures", "real", "--key", big, "-o", out],
    ] {
        let call = slp(words);
        assert_eq!(call.status, Status::Errors, "{words:?}");
        let said = format!("{}{}", call.output, call.errors);
        assert!(said.contains("1,048,577 bytes, more than the 1,048,576 that"), "{words:?}: {said}");
        assert!(!said.contains("--max-document-bytes"), "{words:?}: {said}");
    }
    assert!(slp(&["usage", big, "--max-document-bytes", "1M"]).errors.contains("raise --max-document-bytes"));
}

#[test]
fn a_wrong_call_ends_with_status_2_and_says_why() {
    for (words, says) in [
        (&[][..], "Usage: slp"),
        (&["usage"], "<PATH>..."),
        (&["usages", "x"], "unrecognized subcommand"),
        (&["usage", CAMPUS, "--by", "colour"], "tag, device, device-tag"),
        (&["usage", CAMPUS, "--threads", "0"], "expected 1 to 64"),
        (&["usage", CAMPUS, "--max-document-bytes", "big"], "such as 16777216 or 16M"),
        (&["usage", CAMPUS, "--from", "yesterday"], "yesterday"),
        (&["usage", CAMPUS, "--summary", "--by", "tag"], "cannot be used with"),
        (&["usage", CAMPUS, "--summary", "--format", "csv"], "use json"),
        (
            &["usage", CAMPUS, "--from", "2024-02-01", "--to", "2024-01-01"],
            "--from 2024-02-01T00:00:00Z lies after --to",
        ),
        (&["check", CAMPUS, "--to", "2024-01-01"], "--from"),
        (&["inspect", "-", "-"], "give - once"),
        (&["inspect", "-", "-", "--json"], "give - once"),
        (&["verify", "-", "-", "--trust", ".", "--json"], "give - once"),
        (&["verify", CAMPUS], "--trust"),
        (&["verify", "--trust", "."], "<PATH>..."),
        (&["verify", CAMPUS, "--trust", ".", "--at", "noon"], "noon"),
        (&["verify", CAMPUS, "--pins", "all"], "sudi, manufacturing, kgv"),
        (&["keys", "new"], "--output"),
        (&["keys", "new", "-o", "a.pub.pem"], "NAME.key.pem"),
        (&["keys", "new", "-o", "a.key.pem", "--algorithm", "rsa"], "p256, p384, ed25519"),
        (&["keys", "show", "-", "-"], "give - once"),
        (&["keys", "certificate", "k", "-o", "c"], "--ca"),
        (&["keys", "certificate", "k", "--ca", "A", "--issuer", "x", "-o", "c"], "--issuer-key"),
        (&["sign", "a.json", "-o", "b.json"], "--key"),
    ] {
        let call = slp(words);
        assert_eq!(call.status, Status::WrongCall, "{words:?}");
        assert!(call.errors.contains(says), "{words:?}: {}", call.errors);
        assert_eq!(call.output, "", "{words:?}");
    }
}

/// Whoever writes `slp usage *` in a folder of strangers calls with their file names.
#[test]
fn words_of_a_wrong_call_do_not_drive_the_terminal() {
    for (words, says) in [
        (&["usage", "--\u{1b}]0;mine\u{7}.txt"][..], "'--\\u{1b}]0;mine\\u{7}.txt'"),
        (&["usage", "--\u{9b}2J"], "'--\\u{9b}2J'"),
        (&["\u{1b}[2J"], "'\\u{1b}[2J'"),
        (&["usage", CAMPUS, "--by", "\u{1b}[31mtag"], "'\\u{1b}[31mtag'"),
        (&["usage", CAMPUS, "--threads", "\u{1b}]0;\n\u{202e}"], "\\u{1b}]0;\\u{a}\\u{202e}"),
        (&["usage", CAMPUS, "--limit", "\u{1b}c=1"], "\\u{1b}c=1"),
        (&["check", CAMPUS, "--from", "\u{1b}c"], "\\u{1b}c"),
    ] {
        for is_terminal in [false, true] {
            let call = slp_on(words, b"", |console| console.errors_is_terminal = is_terminal);
            assert_eq!(call.status, Status::WrongCall, "{words:?}");
            let is_bad = |character: char| character.is_control() && character != '\n' || character == '\u{202e}';
            assert!(!call.errors.contains(is_bad), "{words:?}: {:?}", call.errors);
            assert!(call.errors.contains(says), "{words:?}: {}", call.errors);
            assert!(call.errors.contains("--help"), "the whole message is there: {}", call.errors);
        }
    }
    let help = slp_on(&["--help"], b"", |console| console.output_is_terminal = true);
    assert!(help.output.contains("\u{1b}["), "help has its styles");
}

#[test]
fn colours_come_with_a_terminal_and_go_with_a_word() {
    let colored = |words: &[&str], terminal: bool, no_color: bool| {
        let call = slp_on(words, b"", |console| {
            (console.output_is_terminal, console.no_color) = (terminal, no_color);
        });
        call.output.contains("\u{1b}[")
    };
    for command in ["inspect", "usage", "check"] {
        assert!(!colored(&[command, CAMPUS], false, false), "{command}");
        assert!(colored(&[command, CAMPUS], true, false), "{command}");
        assert!(!colored(&[command, CAMPUS], true, true), "{command}");
        assert!(colored(&[command, CAMPUS, "--color", "always"], false, true), "{command}");
        assert!(!colored(&[command, CAMPUS, "--color", "never"], true, false), "{command}");
    }
    assert!(!colored(&["usage", CAMPUS, "--format", "json", "--color", "always"], true, false), "JSON is for programs");
}

/// Takes so many bytes and is gone then.
struct Reader(usize);

impl io::Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly_and_with_its_status() {
    let missed = ["policy", "due", CAMPUS, "--policy", "../data/acme-ack.xml", "--class", "export"];
    for (words, is_fine) in [
        (&["inspect", CAMPUS][..], true),
        (&["usage", CAMPUS, "--format", "csv"], true),
        (&["check", CAMPUS], true),
        (&["--help"], true),
        // what was found does not get lost
        (&["inspect", "../../slp-rum/tests/fixtures/invalid"], false),
        (&["inspect", "--json", "../../slp-rum/tests/fixtures/invalid"], false),
        (&["check", CAMPUS, "no-such-file.txt"], false),
        (&missed, false),
    ] {
        let (mut input, mut output, mut errors) = (io::empty(), Reader(100), Vec::new());
        let console = Console::new(&mut input, &mut output, &mut errors, "2024-08-01".parse().unwrap());
        let status = slp::run(["slp"].iter().chain(words).map(OsString::from), console);
        assert_eq!(status, if is_fine { Status::Fine } else { Status::Errors }, "{words:?}");
        assert!(!String::from_utf8(errors).unwrap().contains("error"), "{words:?}");
    }
}

#[test]
fn the_program_itself_gives_the_exit_status_of_its_library() {
    let status = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slp"));
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap().code()
    };
    assert_eq!(status(&["usage", CAMPUS]), Some(0));
    assert_eq!(status(&["usage", "no-such-file.txt"]), Some(1));
    assert_eq!(status(&["usage"]), Some(2));
}
