//! The program as an operator starts it: what it says when it cannot keep its state.
#![expect(clippy::disallowed_methods, reason = "tests write files")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

fn command(store: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_device"));
    command.arg("--store").arg(store).stdin(Stdio::null());
    command
}

/// What the program says when it refuses to start: one line.
fn refused(store: &Path) -> String {
    let done = command(store).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success() && done.stdout.is_empty(), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("device: ") && said.contains(store.to_str().unwrap()), "{said}");
    said
}

/// A device that runs and has answered, and what it says: who stops listening makes its next line fail.
fn running(store: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut program =
        command(store).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    program.stdin.as_mut().unwrap().write_all(b"show license udi\n").unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(program.stdout.take().unwrap());
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "UDI: PID:C9300-24UX,SN:TST00000001\n");
    (program, said)
}

#[test]
fn a_missing_folder_is_made_and_a_second_process_is_told_whose_store_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("deep/below");
    let (mut first, _said) = running(&store);
    let said = refused(&store);
    assert!(said.contains("another process runs the device of this folder: stop it first"), "{said}");
    // the lock ends with the process, however it ends
    first.kill().unwrap();
    first.wait().unwrap();
    let (mut second, _heard) = running(&store);
    drop(second.stdin.take());
    assert!(second.wait().unwrap().success());
}

#[test]
fn a_file_in_the_place_of_a_folder_and_a_store_that_cannot_be_read_are_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    assert!(refused(&file).contains("a file stands where a folder has to be: give another folder"));
    let store = folder.path().join("store");
    let (mut first, _said) = running(&store);
    drop(first.stdin.take());
    first.wait().unwrap();
    let state = store.join("device.json");
    let good = std::fs::read_to_string(&state).unwrap();
    for (bad, words) in [
        (good[..good.len() / 2].to_owned(), "it is damaged"),
        ("a letter".to_owned(), "this is not the state of a device"),
        (String::new(), "this is not the state of a device"),
        (
            good.replacen("\"version\":1", "\"version\":2", 1),
            "has version 2, this program reads version 1: run the release",
        ),
        ("{\"version\":7}".to_owned(), "has version 7"),
        (good.replacen("\"active\":0", "\"active\":3", 1), "do not fit together): put a copy in its place"),
        (good.replace("TST00000001", "TST00000009"), "the state of another device"),
    ] {
        std::fs::write(&state, &bad).unwrap();
        let said = refused(&store);
        assert!(said.contains(words), "{words}: {said}");
        assert_eq!(std::fs::read_to_string(&state).unwrap(), bad, "it is left as it is");
        assert!(!said.contains("PRIVATE KEY"), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_nobody_may_write_is_said() {
    // nobody makes folders there, the administrator neither
    let said = refused(Path::new("/proc/device-of-a-test"));
    assert!(said.contains("give another folder") || said.contains("put it back"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_fleet_has_more_devices_than_a_process_has_open_files_at_first() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = |limits: &str| {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{limits} && exec \"$0\" \"$@\"")).arg(env!("CARGO_BIN_EXE_device"));
        shell.args(["--fleet", "60", "--store"]).arg(folder.path()).stdin(Stdio::null()).output().unwrap()
    };
    let done = fleet("ulimit -Sn 40");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(folder.path().join("59/device.json").is_file());
    // where the limit cannot be raised, that is said
    let done = fleet("ulimit -n 40");
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success() && said.contains("Too many open files"), "{said}");
}
