//! Which answer of the cloud belongs to which device? `cargo run --example split_acks -- UD_….tar.gz ACK_UD_….tar.gz`.

#![expect(clippy::print_stdout, reason = "a program may print")]
#![expect(clippy::disallowed_methods, reason = "a program may read files")]

use std::fs::File;
use std::io::BufReader;

use slp_sync::Limits;
use slp_sync::bundle::{ExportIndex, Reader, Verdict, answer_file_name, pair};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bundle, answer] = arguments.as_slice() else { return Err("give BUNDLE ANSWER".into()) };
    let open = |path: &String| Ok::<_, std::io::Error>(BufReader::new(File::open(path)?));
    let limits = Limits::default();
    let (index, unread) = ExportIndex::read(bundle, &mut Reader::new(open(bundle)?, &limits))?;
    let (pairing, unread_answers) = pair(&index, &mut Reader::new(open(answer)?, &limits))?;
    for error in unread.iter().chain(&unread_answers) {
        println!("not read: {error}");
    }
    for answer in pairing.answers() {
        let leaf = answer.exported.and_then(|leaf| index.leaf(leaf));
        match leaf.filter(|_| answer.verdict == Verdict::Acked) {
            Some(leaf) => {
                let (file, count) = (answer_file_name(leaf.device), answer.acked.len());
                println!("{} -> {file}, {count} acknowledged", answer.name);
            }
            None => println!("{} is {} and goes nowhere", answer.name, answer.verdict.as_str()),
        }
    }
    for leaf in pairing.missing().filter_map(|leaf| index.leaf(leaf)) {
        println!("nothing came for {}", leaf.device);
    }
    Ok(())
}
