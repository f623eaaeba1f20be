//! What a check costs beside the backend's bare work, on a machine that does other things too.
//!
//! Bare and checked work take turns in short slices of one thread's CPU time, and the median of the ratios counts, so
//! that a load from outside meets both alike. `cargo run --release -p slp-crypto --example rates`; CPU time is read from
//! `/proc`, so this is for Linux.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use ring::signature::{ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm};
use slp_crypto::{KeyScope, Signer, SigningKey, TimePolicy, TrustStore, Verifier};
use slp_model::{Place, SignedContent, Udi};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const RSA: &[u8] = include_bytes!("../tests/fixtures/keys/rsa2048.pem");
const P256: &[u8] = include_bytes!("../tests/fixtures/keys/p256.pem");

/// A usage report of a real device has about as many bytes (seen).
const REPORT: usize = 2_800;
/// Turns of each.
const SLICES: usize = 11;
/// Checks in a turn: a quarter of a second, since the kernel counts CPU time in ticks of some milliseconds.
const TURN: u32 = 10_000;
/// Reports of a batch.
const BATCH: usize = 20_000;

#[expect(clippy::print_stdout, reason = "a program may print")]
fn main() -> Result<()> {
    for (name, pem, algorithm, head) in [
        ("RSA-2048", RSA, &RSA_PKCS1_2048_8192_SHA256 as &'static dyn VerificationAlgorithm, 24),
        ("P-256", P256, &ECDSA_P256_SHA256_ASN1, 26),
    ] {
        let key = SigningKey::from_pem(pem)?;
        let (trust, report) = (trusting(&key)?, report(&key)?);
        let verifier = Verifier::new(&trust);
        let signature = key.sign(&report.bytes)?;
        let inner = key.public_key().spki().get(head..).unwrap_or_default();
        let public = UnparsedPublicKey::new(algorithm, inner);
        let bare = || public.verify(black_box(&report.bytes), signature.as_bytes()).is_ok();
        let checked = || verifier.verify(black_box(&report), TimePolicy::Ignore).is_ok();
        let (rate, ratio) = take_turns(bare, checked)?;
        println!("{name:<9} bare {rate:>7.0}/s of CPU time; checked {ratio:.3} of that");
    }
    batch()
}

/// The rate of the first, and how much of it the second reaches.
fn take_turns(first: impl Fn() -> bool, second: impl Fn() -> bool) -> Result<(f64, f64)> {
    let slice = |work: &dyn Fn() -> bool| -> Result<Duration> {
        let start = thread_time()?;
        for _ in 0..TURN {
            assert!(work(), "this has to verify");
        }
        Ok(thread_time()?.saturating_sub(start))
    };
    let (mut rates, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..SLICES {
        let (one, other) = (slice(&first)?, slice(&second)?);
        rates.push(f64::from(TURN) / one.as_secs_f64());
        ratios.push(one.as_secs_f64() / other.as_secs_f64());
    }
    Ok((median(rates), median(ratios)))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// A batch by one thread and by two, beside as many bare checks by as many threads: two cores may share what one has to
/// itself, and that is no cost of the batch.
#[expect(clippy::print_stdout, reason = "a program may print")]
fn batch() -> Result<()> {
    let key = SigningKey::from_pem(RSA)?;
    let (trust, reports) = (trusting(&key)?, vec![report(&key)?; BATCH]);
    let verifier = Verifier::new(&trust);
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key().spki().get(24..).unwrap_or(&[]));
    let signature = key.sign(&payload())?;
    let bare = |reports: &[SignedContent<'_>]| {
        for report in reports {
            assert!(public.verify(black_box(&report.bytes), signature.as_bytes()).is_ok(), "this has to verify");
        }
    };
    let (_, alone) = timed(|| bare(&reports))?;
    for threads in [1, 2] {
        let (bare, bare_clock) = timed(|| {
            std::thread::scope(|scope| {
                for part in reports.chunks(BATCH / threads) {
                    scope.spawn(|| bare(part));
                }
            });
        })?;
        let batch = verifier.batch(&reports, TimePolicy::Ignore)?;
        let (taken, taken_clock) = timed(|| {
            std::thread::scope(|scope| {
                for _ in 1..threads {
                    scope.spawn(|| batch.work());
                }
                batch.work();
            });
            let good = batch.finish().iter().filter(|verdict| verdict.is_ok()).count();
            assert_eq!(good, BATCH, "all have to verify");
        })?;
        let clock = |by: Duration| alone.as_secs_f64() / by.as_secs_f64();
        println!(
            "batch of {BATCH} by {threads}: CPU time {:.3} of as many bare checks by {threads}; on the clock {:.2} times a \
             bare thread, bare checks by {threads} {:.2} times",
            taken.as_secs_f64() / bare.as_secs_f64(),
            clock(taken_clock),
            clock(bare_clock),
        );
    }
    Ok(())
}

/// CPU time of the process, and time on the clock.
#[expect(clippy::disallowed_methods, reason = "a program may look at the clock")]
fn timed(work: impl FnOnce()) -> Result<(Duration, Duration)> {
    let (start, clock) = (process_time()?, Instant::now());
    work();
    Ok((process_time()?.saturating_sub(start), clock.elapsed()))
}

/// CPU time of this thread.
fn thread_time() -> Result<Duration> {
    let text = read("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split_whitespace().next().ok_or("no number in schedstat")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

/// CPU time of all threads, those that have ended too: hundredths of a second.
fn process_time() -> Result<Duration> {
    let text = read("/proc/self/stat")?;
    let (_, numbers) = text.rsplit_once(')').ok_or("no name in stat")?;
    let mut numbers = numbers.split_whitespace().skip(11).map(str::parse::<u64>);
    let (Some(user), Some(system)) = (numbers.next(), numbers.next()) else { return Err("stat is short".into()) };
    Ok(Duration::from_millis((user? + system?) * 10))
}

#[expect(clippy::disallowed_methods, reason = "a program may read files")]
fn read(path: &str) -> Result<String> {
    Ok(std::fs::read_to_string(path)?)
}

fn payload() -> Vec<u8> {
    (0..REPORT).map(|index| u8::try_from(index % 251).unwrap_or(0)).collect()
}

fn report(key: &SigningKey) -> Result<SignedContent<'static>> {
    let mut report = SignedContent::new(payload(), Place::UsageReport);
    report.signature = Some(key.sign(&report.bytes)?.to_base64().into());
    report.signing_word = Some("SHA256".into());
    report.key_text = Some("00000001".into());
    report.signer = Some(Udi::new("C9300-24UX", "TST00000001")?);
    Ok(report)
}

fn trusting(key: &SigningKey) -> Result<TrustStore> {
    let mut trust = TrustStore::empty();
    trust.add_key(KeyScope::Signer(Udi::new("C9300-24UX", "TST00000001")?), key.public_key().clone());
    Ok(trust)
}
