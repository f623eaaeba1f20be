//! A fuzz target to start from: a law, as a plain function over bytes. `cargo run --example fuzz_template -- FILES` replays
//! it over files.
//!
//! For libFuzzer put `law` into the library of a crate of your own, and this into `fuzz_targets/NAME.rs`:
//! `libfuzzer_sys::fuzz_target!(|data: &[u8]| my_crate::law(data));`

#![expect(clippy::print_stdout, reason = "a program may print")]
#![expect(clippy::disallowed_methods, reason = "a program may read files")]

use slp_rum::Document;
use slp_rum::write::DeviceFile;

/// What was read can be written, and reads back with the same payloads. How many reports it held for.
fn law(data: &[u8]) -> usize {
    let Ok(document) = Document::parse(data) else { return 0 };
    assert_eq!(&*document.to_bytes(), data, "a document is kept as it came");
    let reports: Vec<_> = document.reports().filter_map(Result::ok).collect();
    let Ok(text) = DeviceFile::new().reports(&reports).to_text() else { return 0 };
    let again = Document::parse(text.as_bytes()).expect("what is written can be read");
    for (first, second) in reports.iter().zip(again.reports()) {
        let second = second.expect("what is written can be read");
        assert_eq!(first.payload_text(), second.payload_text(), "payloads are never touched");
    }
    reports.len()
}

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        println!("the law holds for {} reports of {path}", law(&std::fs::read(&path)?));
    }
    Ok(())
}
