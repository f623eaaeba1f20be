//! What reading a nested bundle costs at the least: inflating its layers, and nothing else.
//!
//! `cargo run --release -p slp --example inflate_rate -- BUNDLE` prints bytes and seconds. Nothing is checked here.

use std::error::Error;
use std::io::{self, Read};
use std::time::Instant;

use flate2::bufread::GzDecoder;

#[expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a program that measures")]
fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("a bundle is wanted")?;
    let started = Instant::now();
    let file = io::BufReader::with_capacity(64 << 10, std::fs::File::open(path)?);
    let mut outer = io::BufReader::with_capacity(64 << 10, GzDecoder::new(file));
    let (mut header, mut inflated) = ([0; 512], 0_u64);
    while outer.read_exact(&mut header).is_ok() && header[0] != 0 {
        let size = u64::from_str_radix(std::str::from_utf8(&header[124..135])?.trim(), 8)?;
        let is_archive = header[..100].windows(7).any(|part| part == b".tar.gz");
        let mut body = outer.by_ref().take(size);
        inflated += if is_archive {
            let inner = GzDecoder::new(io::BufReader::with_capacity(64 << 10, &mut body));
            io::copy(&mut io::BufReader::with_capacity(64 << 10, inner), &mut io::sink())?
        } else {
            size
        };
        io::copy(&mut body, &mut io::sink())?;
        io::copy(&mut outer.by_ref().take(size.next_multiple_of(512) - size), &mut io::sink())?;
    }
    println!("{inflated} bytes inflated in {:.3} s", started.elapsed().as_secs_f64());
    Ok(())
}
