//! Archives of other programs are read, and other programs read ours. A program that is not there is named and left out.
#![expect(clippy::disallowed_methods, reason = "tests read files")]

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use slp_sync::bundle::{Plan, Reader, Writer};
use slp_sync::{Limits, WarningKind};

/// An empty directory of this test's own.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path).unwrap();
    }
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Runs a program; false, said aloud, if it is not there.
fn run(directory: &Path, command: &[&str]) -> bool {
    let (program, arguments) = command.split_first().unwrap();
    let Ok(output) = Command::new(program).args(arguments).current_dir(directory).output() else {
        eprintln!("skipped: no program {program}");
        return false;
    };
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    true
}

const LEAVES: [&str; 2] = ["dev_1_26Nov24_10_20_30_123.txt", "dev_2_26Nov24_10_20_30_123.txt"];

const PYTHON: &str = "import sys, tarfile
kind = getattr(tarfile, sys.argv[1])
with tarfile.open(sys.argv[2], 'w:gz', format=kind) as archive:
    for name in sys.argv[3:]:
        archive.add(name)";

#[test]
fn archives_of_common_programs_are_read_flat_and_nested() {
    let folder = directory("made-by-others");
    let content = |leaf: usize| "<smartLicense/>\n".repeat(leaf * 700 + 1);
    for (leaf, name) in LEAVES.iter().enumerate() {
        std::fs::write(folder.join(name), content(leaf)).unwrap();
    }
    let makers: [&[&str]; 8] = [
        &["tar", "--format=gnu", "-czf"],
        &["tar", "--format=ustar", "-czf"],
        &["tar", "--format=posix", "-czf"],
        &["bsdtar", "-czf"],
        &["busybox", "tar", "-czf"],
        &["python3", "-c", PYTHON, "USTAR_FORMAT"],
        &["python3", "-c", PYTHON, "PAX_FORMAT"],
        &["python3", "-c", PYTHON, "GNU_FORMAT"],
    ];
    let mut made = 0;
    for (number, maker) in makers.iter().enumerate() {
        let (inner, outer) = (format!("UD_VA_{number}.tar.gz"), format!("UD_SA_{number}.tar.gz"));
        if !run(&folder, &[maker, &[inner.as_str()][..], &LEAVES[..]].concat()) {
            continue;
        }
        made += 1;
        run(&folder, &[maker, &[outer.as_str(), inner.as_str()][..]].concat());
        // leaves beside a manifest that names them, and a whole folder, whose names begin with ./
        let (beside, whole) = (format!("UD_SA_beside_{number}.tar.gz"), format!("UD_SA_whole_{number}.tar.gz"));
        let sections = LEAVES.map(|leaf| format!("\nName: /{leaf}\nSpecification-VA: \n")).concat();
        let manifest = format!("Manifest-Version: 1.0\n{sections}");
        let all = folder.join("all");
        std::fs::create_dir_all(&all).unwrap();
        for place in [&folder, &all] {
            std::fs::write(place.join("manifest.mf"), &manifest).unwrap();
        }
        for (leaf, name) in LEAVES.iter().enumerate() {
            std::fs::write(all.join(name), content(leaf)).unwrap();
        }
        run(&folder, &[maker, &[beside.as_str(), "manifest.mf"][..], &LEAVES[..]].concat());
        run(&all, &[maker, &[format!("../{whole}").as_str(), "."][..]].concat());
        for (file, archives) in [(&inner, 0), (&outer, 1), (&beside, 0), (&whole, 0)] {
            let bytes = std::fs::read(folder.join(file)).unwrap();
            let mut reader = Reader::new(&bytes[..], &Limits::default());
            let leaves = reader.by_ref().map(|leaf| leaf.unwrap_or_else(|error| panic!("{maker:?}: {error}")));
            let mut leaves: Vec<_> = leaves.map(|leaf| (leaf.name.into_owned(), leaf.bytes.into_owned())).collect();
            // a folder comes in the order of its file system
            leaves.sort();
            let wanted = LEAVES.iter().enumerate().map(|(leaf, name)| ((*name).to_owned(), content(leaf).into_bytes()));
            assert!(leaves == wanted.collect::<Vec<_>>(), "{maker:?}: {file}");
            let summary = reader.summary();
            assert_eq!(summary.archives, archives);
            let expected = [WarningKind::PaxUnknown, WarningKind::DotEntry];
            let odd = summary.warnings.iter().find(|warning| !expected.contains(&warning.kind));
            assert!(odd.is_none(), "{maker:?}: {odd:?}");
        }
    }
    assert!(made > 0, "not one program that makes archives");
}

#[test]
fn common_programs_read_what_is_written_here() {
    let folder = directory("made-here");
    let plan = Plan::new("Acme", "2026-11-24T10:20:30.123Z".parse().unwrap());
    let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan).unwrap();
    for number in 1..=2 {
        let content = "<smartLicense/>\n".repeat(usize::try_from(number * 70_000).unwrap());
        writer.add_leaf(0, number, content.as_bytes()).unwrap();
    }
    let (bytes, sealed) = writer.finish().unwrap();
    std::fs::write(folder.join(&sealed.name), bytes).unwrap();
    let inner = "UD_VA_26Nov24_10_20_30_123.tar.gz";
    let mut readers = 0;
    for reader in [&["tar"][..], &["bsdtar"], &["busybox", "tar"]] {
        if !run(&folder, &[reader, &["-xzf", &sealed.name]].concat()) {
            continue;
        }
        readers += 1;
        run(&folder, &[reader, &["-xzf", inner]].concat());
        for (leaf, name) in LEAVES.iter().enumerate() {
            let bytes = std::fs::read(folder.join(name)).unwrap();
            assert_eq!(bytes.len(), (leaf + 1) * 70_000 * 16, "{reader:?}");
            std::fs::remove_file(folder.join(name)).unwrap();
        }
        assert!(folder.join("manifest.mf").exists());
    }
    let python = "import sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    for member in archive:
        open('py-' + member.name, 'wb').write(archive.extractfile(member).read())";
    if run(&folder, &["python3", "-c", python, inner]) {
        readers += 1;
        for (leaf, name) in LEAVES.iter().enumerate() {
            let bytes = std::fs::read(folder.join(format!("py-{name}"))).unwrap();
            assert_eq!(bytes.len(), (leaf + 1) * 70_000 * 16, "python3");
        }
    }
    for name in [sealed.name.as_str(), inner] {
        run(&folder, &["gzip", "-t", name]);
        for lister in [&["tar"][..], &["bsdtar"], &["busybox", "tar"]] {
            run(&folder, &[lister, &["-tzf", name]].concat());
        }
    }
    assert!(readers > 0, "not one program that reads archives");
}
