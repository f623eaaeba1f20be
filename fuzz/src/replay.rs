//! Every target over every file that is committed for it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::TARGETS;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn names(path: &Path) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(path) else { return BTreeSet::new() };
    entries.map(|entry| entry.expect("a folder").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_target_takes_its_corpus_and_what_was_found_before() {
    for target in TARGETS {
        let mut count = 0;
        for kind in ["corpus", "artifacts"] {
            let folder = folder(kind).join(target.name);
            for name in names(&folder) {
                // The harness keeps the output of a failing test: the last name is the file that failed.
                println!("{kind}/{}/{name}", target.name);
                (target.run)(&std::fs::read(folder.join(&name)).expect("a file"));
                count += 1;
            }
        }
        assert!(count > 0, "{} has no corpus", target.name);
    }
}

#[test]
fn every_target_has_a_program_a_corpus_and_a_line_in_the_readme() {
    let known: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let programs = names(&folder("fuzz_targets")).iter().map(|name| name.trim_end_matches(".rs").to_owned()).collect();
    assert_eq!(known, programs);
    assert_eq!(known, names(&folder("corpus")));
    assert!(names(&folder("artifacts")).is_subset(&known));
    let readme = std::fs::read_to_string(folder("README.md")).expect("a text");
    for name in &known {
        assert!(readme.contains(&format!("| `{name}` |")), "{name} is not in the table of the README");
    }
}

#[test]
fn what_is_committed_is_small() {
    for kind in ["corpus", "artifacts"] {
        for target in names(&folder(kind)) {
            let folder = folder(kind).join(target);
            for name in names(&folder) {
                let size = std::fs::metadata(folder.join(&name)).expect("a file").len();
                assert!(size <= 64 << 10, "{} has {size} bytes", folder.join(name).display());
            }
        }
    }
}
