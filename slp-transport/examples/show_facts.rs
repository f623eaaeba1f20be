//! Facts from what a device prints: `show license all | cargo run --example show_facts`.

#![expect(clippy::print_stdout, reason = "a program may print")]

use std::io::Read as _;

use slp_transport::Limits;
use slp_transport::show::CliFacts;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = Vec::new();
    std::io::stdin().take(1 << 24).read_to_end(&mut text)?;
    let facts = CliFacts::detect(&text, &Limits::default()).ok_or("no command is known that prints this")?;
    for fact in &facts.facts {
        println!("{:>5}  {}: {}", fact.line, fact.path, fact.value);
    }
    for line in &facts.unparsed {
        println!("{:>5}  not understood: {}", line.line, line.text);
    }
    Ok(())
}
