//! Disks that are full, folders that are read-only, readers that go away, files that change while they are read: a clear
//! error, and nothing half-written.

use slp_sync::tar;

use super::bundles::compressed;
use super::exports::{AT, ack_bundle, devices, tree};
use super::*;

#[test]
fn what_cannot_be_written_leaves_nothing_behind() {
    let folder = Folder::new("unwritable");
    let (leaves, _) = devices(&folder, 3);
    let fleet = folder.0.join("fleet-3.tar.gz").to_str().unwrap().to_owned();
    folder.file("file", b"no folder");
    let inside = folder.0.join("file/x.tar.gz").to_str().unwrap().to_owned();
    let before = tree(&folder.0);
    for words in [
        &["bundle", "create", "-o", &inside, "--at", AT, &leaves][..],
        &["fleet", "--devices", "3", "-o", &inside],
        &["bundle", "extract", &fleet, "-o", &inside],
        &["ack", "split", &fleet, "--bundle", &fleet, "-o", &inside],
    ] {
        let call = slp(words);
        assert_eq!(call.status, Status::Errors, "{words:?}");
        assert!(call.errors.contains("cannot be written: "), "{words:?}: {}", call.errors);
        assert!(tree(&folder.0) == before, "{words:?}");
    }
}

/// A folder in which this user may not write. Root may anywhere, so the run is then somebody else's.
#[cfg(unix)]
#[test]
fn a_folder_that_is_read_only_is_an_error_and_nothing_is_half_written() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;

    let folder = Folder::new("read-only");
    let (leaves, _) = devices(&folder, 3);
    let fleet = folder.0.join("fleet-3.tar.gz").to_str().unwrap().to_owned();
    let closed = folder.0.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    let is_root = fs::metadata(&closed).unwrap().uid() == 0;
    let inside = closed.join("x.tar.gz").to_str().unwrap().to_owned();
    let before = tree(&folder.0);
    for words in [
        &["bundle", "create", "-o", &inside, "--at", AT, &leaves][..],
        &["bundle", "create", "-o", closed.to_str().unwrap(), "--at", AT, "--ledger", &inside, &leaves],
        &["fleet", "--devices", "3", "-o", &inside],
        &["bundle", "extract", &fleet, "-o", &inside],
        &["ack", "split", &fleet, "--bundle", &fleet, "-o", &inside],
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_slp"));
        command.args(words);
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        let Ok(call) = command.output() else {
            eprintln!("skipped: nobody else may run this program");
            break;
        };
        let errors = String::from_utf8(call.stderr).unwrap();
        assert_eq!(call.status.code(), Some(1), "{words:?}: {errors}");
        assert!(errors.contains("cannot be written: Permission denied"), "{words:?}: {errors}");
        assert!(tree(&folder.0) == before, "{words:?}");
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Who reads the output may go: that is no error, and what stands in files is whole.
#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_the_run_and_leaves_whole_files() {
    let folder = Folder::new("closed-pipe");
    let (leaves, out) = devices(&folder, 40);
    let fleet = folder.0.join("fleet-3.tar.gz").to_str().unwrap().to_owned();
    let (name, ack) = ack_bundle(&bytes_of(&fleet), "", |_, answer, _| Some(answer));
    folder.file(&name, &ack);
    let (ack, answers) = (folder.0.join(name), folder.0.join("answers"));
    let bundle = folder.0.join("b.tar.gz");
    let pipe = |words: &[&str]| {
        // the reader is gone before the first word
        let script = "exec 3>&1; { \"$0\" \"$@\"; echo $? >&3; } | true";
        let mut command = std::process::Command::new("sh");
        let call = command.args(["-c", script, env!("CARGO_BIN_EXE_slp")]).args(words).output().unwrap();
        let (status, errors) = (String::from_utf8(call.stdout).unwrap(), String::from_utf8(call.stderr).unwrap());
        assert!(!errors.contains("panic") && errors.lines().count() <= 1, "{words:?}: {errors}");
        status.trim().to_owned()
    };
    for words in [
        &["bundle", "list", "--json", &fleet][..],
        &["usage", "--format", "json", &fleet],
        &["check", "--json", &fleet],
    ] {
        assert!(["0", "1", "2"].contains(&&*pipe(words)), "{words:?}");
    }
    pipe(&["bundle", "create", "-o", bundle.to_str().unwrap(), "--at", AT, &leaves]);
    assert!(slp(&["bundle", "list", bundle.to_str().unwrap()]).status == Status::Fine, "the bundle is whole");
    pipe(&["ack", "split", "--json", ack.to_str().unwrap(), "--bundle", &fleet, "-o", answers.to_str().unwrap()]);
    assert_eq!(tree(&answers).len(), 40);
    assert!(tree(&answers).iter().all(|(name, bytes)| name.starts_with("ACK_") && bytes.ends_with(b"</smartLicense>")));
    assert!(tree(Path::new(&out)).is_empty());
}

/// A slip in a call costs no file: what is no ledger is not cut, a key is not written over, and nothing is named `-`.
#[test]
fn a_wrong_output_costs_no_file() {
    let folder = Folder::new("wrong-output");
    let report = r#"{"data":{"reports":[]}}"#;
    let (other, out) = (folder.0.join("report.json"), folder.0.join("out.tar.gz"));
    let (other, out) = (other.to_str().unwrap(), out.to_str().unwrap());
    for content in [report.to_owned(), format!("{report}\n"), "hello\n".to_owned()] {
        folder.file("report.json", content.as_bytes());
        for words in [
            &["bundle", "create", CAMPUS, "--ledger", other, "-o", out][..],
            &["ack", "split", CAMPUS, "--ledger", other, "-o", out],
        ] {
            let call = slp(words);
            assert_eq!(call.status, Status::Errors, "{words:?}: {}", call.errors);
            assert!(call.errors.contains("this is no ledger of exports"), "{}", call.errors);
            assert_eq!(bytes_of(other), content.as_bytes());
            assert!(!Path::new(out).exists());
        }
    }
    for words in [
        &["fleet", "--devices", "1", "-o", "-"][..],
        &["bundle", "create", CAMPUS, "-o", "-"],
        &["bundle", "extract", CAMPUS, "-o", "-"],
        &["ack", "split", CAMPUS, "--bundle", CAMPUS, "-o", "-"],
        &["keys", "new", "-o", "-"],
        &["sign", CAMPUS, "--key", CAMPUS, "-o", "-"],
        &["pull", "192.0.2.7", "-o", "-"],
    ] {
        let call = slp(words);
        assert_eq!((call.status, &*call.output), (Status::WrongCall, ""), "{words:?}");
        assert!(call.errors.contains("results go into a file or a folder, not to standard output"), "{}", call.errors);
    }
    assert!(!Path::new("-").exists());
}

/// Where a ledger should be there may be a pipe, which has no end.
#[cfg(unix)]
#[test]
fn a_ledger_that_is_no_file_is_refused_and_nobody_waits() {
    let folder = Folder::new("ledger-pipe");
    let (pipe, out) = (folder.0.join("pipe"), folder.0.join("out.tar.gz"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (pipe, out) = (pipe.to_str().unwrap(), out.to_str().unwrap());
    for ledger in [pipe, "/dev/zero"] {
        for words in [
            &["bundle", "create", CAMPUS, "--ledger", ledger, "-o", out][..],
            &["ack", "split", CAMPUS, "--ledger", ledger, "-o", out],
        ] {
            let call = slp(words);
            assert_eq!(call.status, Status::Errors, "{words:?}: {}", call.errors);
            assert!(call.errors.contains("not a regular file"), "{}", call.errors);
        }
    }
}

#[test]
fn an_output_that_ends_like_a_folder_is_made_one() {
    let folder = Folder::new("output-folder");
    let out = format!("{}/up/load/", folder.path());
    fine(&["bundle", "create", CAMPUS, "-o", &out, "--at", AT]);
    fine(&["fleet", "--devices", "1", "-o", &out]);
    let names: Vec<String> = tree(Path::new(&out)).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["UD_SA_26Nov24_10_20_30_123.tar.gz", "UD_SA_Fleet_24Jan01_00_00_00_000.tar.gz"]);
}

/// Files of this process may not grow beyond a few blocks: as a full disk, but for the words.
#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_leaves_no_partial_result() {
    let folder = Folder::new("full-disk");
    let (leaves, out) = devices(&folder, 60);
    let fleet = folder.0.join("fleet-3.tar.gz").to_str().unwrap().to_owned();
    let big = vec![b' '; 40_000];
    let (name, ack) = ack_bundle(&bytes_of(&fleet), "", |_, mut answer, _| {
        answer.splice(14..14, big.iter().copied());
        Some(answer)
    });
    folder.file(&name, &ack);
    let ack = folder.0.join(name).to_str().unwrap().to_owned();
    let large = folder.0.join("large.tgz");
    folder.file("large.tgz", &compressed(&tar::archive([("dev_1.txt", &*big)], 0).unwrap()));
    let new = |name: &str| folder.0.join(name).to_str().unwrap().to_owned();
    let ledger = new("l.jsonl");
    let before = tree(&folder.0);
    for words in [
        &["bundle", "create", "-o", &out, "--at", AT, &leaves][..],
        &["fleet", "--devices", "300", "-o", &new("f")],
        &["bundle", "extract", large.to_str().unwrap(), "-o", &new("e")],
        &["ack", "split", &ack, "--bundle", &fleet, "-o", &new("a")],
        &["bundle", "list", "--json", &fleet],
    ] {
        let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\" > \"$OUTPUT\"";
        let output = folder.0.join("stdout");
        let call = std::process::Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_slp")])
            .args(words)
            .env("OUTPUT", &output)
            .output()
            .unwrap();
        fs::remove_file(output).unwrap();
        let errors = String::from_utf8(call.stderr).unwrap();
        assert_eq!(call.status.code(), Some(1), "{words:?}: {errors}");
        let says =
            if words[1] == "list" { "standard output: File too large" } else { "cannot be written: File too large" };
        assert!(errors.contains(says), "{words:?}: {errors}");
        assert!(tree(&folder.0) == before, "{words:?}");
    }
    // with a ledger the next run finishes what is begun
    let words = ["bundle", "create", "-o", &out, "--at", AT, "--ledger", &ledger, &leaves];
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"";
    let mut limited = std::process::Command::new("sh");
    let call = limited.args(["-c", script, env!("CARGO_BIN_EXE_slp")]).args(words).output().unwrap();
    assert_eq!(call.status.code(), Some(1), "{}", String::from_utf8_lossy(&call.stderr));
    assert!(fs::read_dir(&out).unwrap().next().is_none(), "no partial result");
    fine(&words);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
}

/// Puts other content in the place of a file when the first error is told.
struct Swap {
    path: PathBuf,
    content: Option<Vec<u8>>,
    told: Vec<u8>,
}

impl io::Write for Swap {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.told.extend_from_slice(text);
        if String::from_utf8_lossy(&self.told).contains("error")
            && let Some(content) = self.content.take()
        {
            fs::write(&self.path, content)?;
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The answer is read twice. Between that a leaf which is too long is told, and the file becomes another one.
#[test]
fn an_answer_that_changes_while_it_is_read_is_not_delivered() {
    let folder = Folder::new("changing");
    let (_, out) = devices(&folder, 3);
    let fleet = folder.0.join("fleet-3.tar.gz").to_str().unwrap().to_owned();
    let padded = |spaces: [usize; 3]| {
        ack_bundle(&bytes_of(&fleet), "Fleet", |number, mut answer, _| {
            let at = answer.len() - "</smartLicense>".len();
            let spaces = vec![b' '; spaces[usize::try_from(number - 1).unwrap()]];
            answer.splice(at..at, spaces);
            Some(answer)
        })
    };
    let (name, first) = padded([0, 0, 100_000]);
    let (_, second) = padded([1, 1, 100_000]);
    folder.file(&name, &first);
    let path = folder.0.join(name);
    let words = ["slp", "ack", "split", path.to_str().unwrap(), "--bundle", &fleet, "-o", &out];
    let words = words.into_iter().chain(["--limit", "document_bytes=64K"]).map(OsString::from);
    let (mut input, mut output) = (io::empty(), Vec::new());
    let mut errors = Swap { path: path.clone(), content: Some(second), told: Vec::new() };
    let status = slp::run(words, Console::new(&mut input, &mut output, &mut errors, "2024-08-01".parse().unwrap()));
    let told = String::from_utf8(errors.told).unwrap();
    assert_eq!(status, Status::Errors, "{told}");
    assert!(told.contains("the answer changed while it was read"), "{told}");
    assert!(tree(Path::new(&out)).is_empty());
}

/// Answers that name nothing may be alike to the byte.
#[test]
fn devices_that_are_answered_alike_all_get_their_answer() {
    let folder = Folder::new("alike");
    let (leaves, out) = devices(&folder, 3);
    let (bundle, ledger) = (folder.0.join("UD_SA_26Nov24_10_20_30_123.tar.gz"), folder.0.join("l.jsonl"));
    let (bundle, ledger) = (bundle.to_str().unwrap(), ledger.to_str().unwrap());
    fine(&["bundle", "create", "-o", bundle, "--at", AT, "--ledger", ledger, &leaves]);
    let masked =
        b"<smartLicense><smartLicenseRumAck><data>[masked]</data><signature>AAAA</signature></smartLicenseRumAck>\
        </smartLicense>";
    let (name, ack) = ack_bundle(&bytes_of(bundle), "", |_, _, _| Some(masked.to_vec()));
    folder.file(&name, &ack);
    let ack = folder.0.join(name);
    let words = ["ack", "split", ack.to_str().unwrap(), "--ledger", ledger, "-o", &out, "--at", AT];
    for _ in 0..2 {
        fine(&words);
        assert_eq!(tree(Path::new(&out)).iter().filter(|(_, bytes)| bytes == masked).count(), 3);
    }
}
