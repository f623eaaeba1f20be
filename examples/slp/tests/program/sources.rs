//! PATH: files, folders, standard input.

use super::*;

/// Two good files, a cut one, and what is not read.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    let campus = bytes_of(CAMPUS);
    folder
        .file("b/controller.xml", &bytes_of(CONTROLLER))
        .file("B.TXT", &campus)
        .file("a-cut.txt", &campus[..campus.len() - 30])
        .file("notes.md", b"read me")
        .file("bundle.tar.gz", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
        .file("empty.json", b"");
    folder
}

#[test]
fn a_broken_file_costs_only_itself_and_the_status_is_1() {
    let folder = folder("broken-file");
    let call = slp(&["usage", folder.path()]);
    assert_eq!(call.status, Status::Errors);
    insta::assert_snapshot!("folder-usage", call.output);
    insta::assert_snapshot!("folder-usage-errors", folder.relative(&call.errors));
}

#[test]
fn files_are_read_in_byte_order_of_their_names() {
    let folder = folder("order");
    let call = slp(&["inspect", folder.path()]);
    let output = folder.relative(&call.output);
    let names: Vec<_> = output.lines().filter(|line| line.starts_with("DIR")).collect();
    assert_eq!(names, ["DIR/B.TXT", "DIR/a-cut.txt", "DIR/b/controller.xml", "DIR/bundle.tar.gz", "DIR/empty.json"]);
}

#[test]
fn the_number_of_threads_does_not_show() {
    let folder = folder("threads");
    let fixtures = "../../slp-rum/tests/fixtures/invalid";
    for words in [
        &["inspect"][..],
        &["inspect", "--json"],
        &["usage", "--by", "device-tag"],
        &["usage", "--format", "csv"],
        &["usage", "--format", "json"],
        &["usage", "--format", "json", "--summary"],
        &["check"],
        &["check", "--json"],
    ] {
        let call = |threads: &str| {
            let call = slp(&[words, &[folder.path(), fixtures, "--threads", threads]].concat());
            (call.status, call.output, call.errors)
        };
        let one = call("1");
        assert_eq!(one.0, Status::Errors, "{words:?}");
        for threads in ["2", "5"] {
            assert!(one == call(threads), "{words:?} with {threads} threads");
        }
    }
}

#[test]
fn standard_input_is_a_file_without_a_name() {
    let call = slp_on(&["usage", "-"], &bytes_of(CAMPUS), |_| ());
    assert_eq!((call.status, call.output), (Status::Fine, fine(&["usage", CAMPUS])));
    let call = slp_on(&["usage", "-"], b"", |_| ());
    assert_eq!(call.status, Status::Errors);
    assert_eq!(call.errors, "error: <stdin>, byte 0: nothing in it (empty)\n");
}

#[test]
fn a_path_that_is_not_there_is_an_error_and_the_others_are_read() {
    let call = slp(&["usage", "no-such-file.txt", CAMPUS]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.errors.starts_with("error: no-such-file.txt: cannot be read: "), "{}", call.errors);
    assert!(call.output.contains("12 reports with 17 measurements from 1 document; 1 rejected"), "{}", call.output);
}

#[test]
fn a_file_above_the_limit_is_refused_and_one_at_the_limit_is_read() {
    let length = bytes_of(CAMPUS).len();
    fine(&["usage", CAMPUS, "--max-document-bytes", &length.to_string()]);
    let call = slp(&["usage", CAMPUS, "--max-document-bytes", &(length - 1).to_string()]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.errors.contains("23,770 bytes, more than 23,769: raise --max-document-bytes"), "{}", call.errors);
}

#[test]
fn every_limit_can_be_raised_and_an_error_says_how() {
    let call = slp(&["usage", CAMPUS, "--limit", "payload_bytes=100"]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.errors.contains("with --limit payload_bytes=N (limit)"), "{}", call.errors);
    fine(&["usage", CAMPUS, "--limit", "payload_bytes=1M", "--limit", "json_depth=6"]);
    for words in [&["check"][..], &["inspect"], &["policy", "due"]] {
        let call = slp(&[words, &[CAMPUS, "--limit", "payload_bytes=100", "--json"]].concat());
        assert_eq!(call.status, Status::Errors, "{words:?}");
        assert!(call.output.contains("\"name\":\"payload_bytes\""), "{words:?}: {}", call.output);
    }
    let device = "PID:TEST-9300-48,SN:TST93000001";
    let import = ["import", "--dry-run", "../data/acme-ack.xml", "--device", device, "--sent", CAMPUS];
    let call = slp(&[&import[..], &["--limit", "payload_bytes=100"]].concat());
    assert!(call.errors.contains("--limit payload_bytes=N"), "{}", call.errors);
    let call = slp(&["usage", CAMPUS, "--limit", "payload=1"]);
    assert_eq!(call.status, Status::WrongCall);
    assert!(call.errors.contains("there are: ack_members, attached_devices,"), "{}", call.errors);
}

#[test]
fn many_errors_are_counted_not_listed() {
    let folder = Folder::new("many-errors");
    for number in 0..23 {
        folder.file(&format!("{number}.txt"), b"");
    }
    let call = slp(&["usage", folder.path()]);
    assert_eq!((call.status, call.errors.lines().count()), (Status::Errors, 21));
    assert!(call.errors.ends_with("error: 3 errors more: `slp check --json` tells all of them\n"), "{}", call.errors);
}

#[test]
fn an_empty_folder_is_told() {
    let folder = Folder::new("nothing");
    for words in [&["usage"][..], &["check"], &["inspect"], &["policy", "due"]] {
        let call = slp(&[words, &[folder.path()]].concat());
        assert_eq!((call.status, &*call.errors), (Status::Fine, "note: nothing to read: the folders are empty\n"));
    }
}

#[test]
fn deviations_that_were_taken_are_counted() {
    let says = "note: 1 deviation tolerated: `slp inspect` shows each of them\n";
    for words in [&["usage"][..], &["usage", "--summary"], &["check"]] {
        assert_eq!(slp(&[words, &[CONTROLLER]].concat()).errors, says, "{words:?}");
        assert_eq!(slp(&[words, &[CAMPUS]].concat()).errors, "", "{words:?}");
    }
}

#[test]
fn a_file_of_a_gibibyte_is_refused_before_it_is_read() {
    let folder = Folder::new("large");
    let file = folder.file("large.txt", b"<smartLicense>").0.join("large.txt");
    fs::OpenOptions::new().write(true).open(file).unwrap().set_len(1 << 30).unwrap();
    let call = slp(&["usage", "--summary", folder.path()]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.errors.contains("1,073,741,824 bytes, more than 16,777,216"), "{}", call.errors);
}

#[test]
fn many_skipped_entries_are_counted_not_listed() {
    let folder = Folder::new("skipped");
    for number in 0..8 {
        folder.file(&format!("{number}.md"), b"");
    }
    let call = slp(&["usage", folder.path()]);
    assert_eq!(call.status, Status::Fine);
    assert_eq!(call.errors.lines().count(), 6);
    assert!(call.errors.ends_with("note: 3 more skipped\n"), "{}", call.errors);
}

/// A named pipe would wait for its writer, a device may have no end.
#[cfg(unix)]
#[test]
fn a_path_that_is_no_file_is_refused_by_name_and_nobody_waits() {
    let folder = folder("no-files");
    let (pipe, socket) = (folder.0.join("pipe.txt"), folder.0.join("socket.txt"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [pipe.to_str().unwrap(), socket.to_str().unwrap(), "/dev/null"] {
        let says = "cannot be read: not a regular file: save it to one, or send it to standard input and give -";
        for words in [&["usage"][..], &["check"], &["inspect"], &["usage", "--threads", "1"]] {
            let call = slp(&[words, &[path, CAMPUS]].concat());
            assert_eq!(call.status, Status::Errors, "{words:?} {path}");
            assert!([call.errors, call.output].concat().contains(says), "{words:?} {path}");
        }
        for words in [
            &["check", CAMPUS, "--ids"][..],
            &["policy", "due", CAMPUS, "--policy"],
            &["bundle", "list"],
            &["sync", "inspect"],
        ] {
            let call = slp(&[words, &[path]].concat());
            assert_eq!(call.status, Status::Errors, "{words:?} {path}");
            assert!([call.errors, call.output].concat().contains("not a regular file"), "{words:?} {path}");
        }
    }
    let call = slp(&["usage", folder.path()]);
    assert!(
        folder.relative(&call.errors).contains("note: DIR/pipe.txt: skipped, not a regular file\n"),
        "{}",
        call.errors
    );
}

#[cfg(unix)]
#[test]
fn links_are_followed_as_a_path_and_not_inside_a_folder() {
    let folder = folder("links");
    let link = folder.0.join("c-link.txt");
    std::os::unix::fs::symlink(folder.0.join("B.TXT"), &link).unwrap();
    let loops = folder.0.join("loop");
    std::os::unix::fs::symlink(&folder.0, loops).unwrap();
    let call = slp(&["usage", "--summary", folder.path()]);
    let errors = folder.relative(&call.errors);
    assert!(errors.contains("note: DIR/c-link.txt: skipped, a link\n"), "{errors}");
    assert!(errors.contains("note: DIR/loop: skipped, a link\n"), "{errors}");
    fine(&["usage", link.to_str().unwrap()]);
}
