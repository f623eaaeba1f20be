//! What a device prints about itself and signs with its hardware key: the chain of its certificates. Spec: crypto, "SUDI
//! statements", the carriers of the command line.

use slp_crypto::{Body, Certificate, Expect, Nonce, Reason, Statement, TimePolicy, Verified};

use super::judge::Judge;
use super::row::Row;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// RSA-2048 as hexadecimal text; nothing shorter signs.
const SHORTEST: usize = 512;

/// The chain, as `show platform sudi certificate sign` or `show system integrity all trust_chain` print it.
#[derive(Debug, Default)]
struct Printed {
    /// Root, issuing CA, device.
    chain: Vec<Vec<u8>>,
    version: Option<u32>,
    signature: Vec<u8>,
}

/// A verdict for each signed chain in a capture of a terminal.
pub(super) fn rows(judge: &Judge<'_>, text: &[u8]) -> Vec<Row> {
    let text = String::from_utf8_lossy(text);
    let echoed = echoed_nonce(&text);
    printed(&text).into_iter().map(|printed| row(judge, printed, echoed)).collect()
}

fn row(judge: &Judge<'_>, printed: Printed, echoed: Option<u64>) -> Row {
    let of = "chain of a device";
    let Ok([root, sub_ca, leaf]) = <[Vec<u8>; 3]>::try_from(printed.chain) else {
        let text = "a signed chain has three certificates in front: root, issuing CA, device";
        return Row::not(of, Reason::Malformed, "statement", text);
    };
    let device = Certificate::inspect(&leaf).ok().and_then(|leaf| leaf.identity().and_then(super::certificates::udi));
    let body = Body::Chain { root, sub_ca: sub_ca.clone(), leaf: leaf.clone() };
    let mut statement = Statement::new(echoed.map(Nonce::Number), body);
    statement.version = printed.version.unwrap_or(1);
    let asked = judge.nonce.map(Nonce::Number);
    let expect = asked.as_ref().map_or_else(Expect::nothing, |nonce| Expect::nothing().nonce(nonce));
    let time = TimePolicy::At(judge.present());
    let verdict = judge.trust.store.verify_statement(&statement, &printed.signature, &leaf, &[&sub_ca], time, &expect);
    let mut row = Row::of(of, verdict.as_ref().map(Verified::evidence));
    row.device = device;
    row
}

/// Three certificates and a signature behind them, as often as they come.
fn printed(text: &str) -> Vec<Printed> {
    let (mut found, mut now, mut is_signed) = (Vec::new(), Printed::default(), false);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if line == BEGIN {
            let mut block = format!("{BEGIN}\n");
            for line in lines.by_ref() {
                block.push_str(line.trim());
                block.push('\n');
                if line.trim() == END {
                    break;
                }
            }
            now.chain.extend(Certificate::inspect_one(block.as_bytes()).ok().map(|one| one.der().to_vec()));
        } else if line.starts_with("LOCATION ") {
            now = Printed::default();
        } else if let Some(version) = line.strip_prefix("Signature version:").or(line.strip_prefix("Version:")) {
            now.version = version.trim().parse().ok();
        } else if line == "Signature:" {
            is_signed = true;
        } else if let Some(signature) = hexadecimal(line).filter(|_| is_signed) {
            now.signature = signature;
            found.push(std::mem::take(&mut now));
            is_signed = false;
        }
    }
    found
}

/// Hexadecimal digits to the end of the line and no further: the next line is often a prompt, which can begin with some.
fn hexadecimal(line: &str) -> Option<Vec<u8>> {
    if line.len() < SHORTEST {
        return None;
    }
    let digits: Option<Vec<u8>> =
        line.chars().map(|one| one.to_digit(16).and_then(|one| u8::try_from(one).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The nonce in the command that the terminal shows. It finds the signed bytes; whether it is the one that was asked
/// with, only the caller knows.
fn echoed_nonce(text: &str) -> Option<u64> {
    let command = text.lines().find(|line| line.contains("show platform sudi") || line.contains("trust_chain"))?;
    command.split_once(" nonce ")?.1.split_whitespace().next()?.parse().ok()
}
