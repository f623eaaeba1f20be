//! The table of error numbers against the one taken from the vendor's data models.

use slp_model::error_code::{ErrorCode, Platform};

#[test]
#[expect(clippy::disallowed_methods, reason = "samples lie where the environment says")]
#[expect(clippy::print_stderr, reason = "an absent sample is said aloud")]
fn numbers_and_words_are_those_of_the_data_models() {
    let Ok(samples) = std::env::var("SLP_SAMPLES") else {
        eprintln!("skipped: SLP_SAMPLES is not set");
        return;
    };
    let table = std::fs::read_to_string(format!("{samples}/ack-auth/error_codes.tsv")).unwrap();
    let mut rows = 0;
    for line in table.lines().skip(1) {
        let cells: Vec<_> = line.split('\t').collect();
        let number = cells[0].parse().unwrap();
        for (platform, word) in [(Platform::Xe, cells[1]), (Platform::Xr, cells[2])] {
            assert_eq!(ErrorCode::new(platform, number).word().unwrap_or_default(), word, "{platform} {number}");
        }
        rows += 1;
    }
    assert_eq!(rows, 174);
}
