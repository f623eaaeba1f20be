//! What reading hostile files costs in memory: at most the limit of the reader and 16 MiB more.
//!
//! The attacks are made here. Those of a hostile corpus are read too, when `SLP_SAMPLES` says where one lies.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write as _;
use std::path::Path;

use slp_crypto::canonical::Value;
use slp_rum::{Document, ReadOptions};
use slp_sync::{bundle, gzip, tar};
use slp_transport::show::{CliFacts, ShowCommand};

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// Counts what the thread holds.
struct Counting;

fn grew(by: isize) {
    // At the end of a thread its counters are gone.
    let _ = LIVE.try_with(|live| {
        live.set(live.get() + by);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
    });
}

fn size(layout: Layout) -> isize {
    isize::try_from(layout.size()).unwrap_or(isize::MAX)
}

#[expect(
    unsafe_code,
    reason = "an allocator can be counted in no other way; each call goes to the system's as it came"
)]
// SAFETY: every method hands its arguments to `System` unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grew(size(layout));
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grew(size(layout));
        // SAFETY: as the caller promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        grew(-size(layout));
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, to: usize) -> *mut u8 {
        // Old and new may lie beside each other for a moment.
        let to_size = isize::try_from(to).unwrap_or(isize::MAX);
        grew(to_size);
        // SAFETY: as the caller promised.
        let moved = unsafe { System.realloc(at, layout, to) };
        grew(-size(layout));
        moved
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The most that was held at one time while `work` ran, above what was held before.
pub(crate) fn peak<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = LIVE.with(Cell::get);
    PEAK.with(|peak| peak.set(before));
    let value = work();
    let most = PEAK.with(Cell::get) - before;
    (value, u64::try_from(most).unwrap_or(0))
}

const MIB: u64 = 1 << 20;

/// A reader that bytes of any kind may come to: its name, the limit that bounds what it holds, and itself.
type Bounded = (&'static str, u64, fn(&[u8]));

fn readers() -> Vec<Bounded> {
    fn small() -> slp_sync::Limits {
        let mut limits = slp_sync::Limits::default();
        (limits.leaf_bytes, limits.inflated_bytes) = (MIB, 4 * MIB);
        limits
    }
    vec![
        ("document", 16 * MIB, |data| read_document(data, &ReadOptions::default())),
        ("document of 1 MiB", MIB, |data| {
            let mut options = ReadOptions::default();
            // The places of reports, 100,000 at most by default, are kept beside the text.
            (options.limits.document_bytes, options.limits.reports_per_document) = (1 << 20, 10_000);
            read_document(data, &options);
        }),
        ("gzip of 4 MiB", 4 * MIB, |data| {
            let _ = gzip::Reader::new(data, &small()).read_all();
        }),
        ("tar", 16 * MIB, |data| read_tar(data, &slp_sync::Limits::default())),
        ("tar of 1 MiB", MIB, |data| read_tar(data, &small())),
        ("bundle", 16 * MIB, |data| {
            for leaf in bundle::Reader::new(data, &slp_sync::Limits::default()) {
                let _ = leaf.map(|leaf| bundle::Claims::read(&leaf.bytes));
            }
        }),
        ("bundle of 1 MiB", MIB, |data| {
            bundle::Reader::new(data, &small()).for_each(drop);
        }),
        ("canonical JSON", 64 * MIB, |data| drop(Value::read(data))),
        ("synchronization document", 64 * MIB, |data| {
            let _ = slp_sync::document::Document::read(data, &slp_sync::Limits::default());
        }),
        ("certificates", MIB, |data| drop(slp_crypto::Certificate::inspect_pem(data))),
        ("answers", 16 * MIB, crate::transport::http_body),
        ("commands", 16 * MIB, crate::transport::show),
    ]
}

fn read_document(data: &[u8], options: &ReadOptions) {
    if let Ok(document) = Document::parse_with(data, options) {
        document.reports().for_each(drop);
        document.contents().for_each(drop);
        let _ = (document.warnings(), document.damage());
    }
}

fn read_tar(data: &[u8], limits: &slp_sync::Limits) {
    let mut reader = tar::Reader::new(data, limits);
    while let Ok(Some(_)) = reader.next_entry() {
        if reader.read().is_err() {
            return;
        }
    }
}

fn pack(data: &[u8]) -> Vec<u8> {
    gzip::Deflater::default().compress(data).expect("memory")
}

/// A tar header with this size, as octal text or as a number of more bits, and this type.
fn header(size: &[u8; 12], kind: u8) -> Vec<u8> {
    let mut block = tar::archive([("dev_1.txt", &b""[..])], 0).expect("memory");
    block.truncate(512);
    block[124..136].copy_from_slice(size);
    block[156] = kind;
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// The attacks, made anew.
fn attacks() -> Vec<(String, Vec<u8>)> {
    let bomb = pack(&vec![0; 64 << 20]);
    let leaf = b"<smartLicense></smartLicense>";
    let mut nested = tar::archive([("dev_1.txt", &leaf[..])], 0).expect("memory");
    for _ in 0..4 {
        nested = tar::archive([("UD_VA_x.tar.gz", &pack(&nested)[..])], 0).expect("memory");
    }
    let names: Vec<String> = (0..20_000).map(|number| format!("dev_{number}.txt")).collect();
    let many = tar::archive(names.iter().map(|name| (name.as_str(), &leaf[..])), 0).expect("memory");
    let numbered = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
    let entities = numbered(10, &|level| format!("<!ENTITY e{level} \"{}\">", format!("&e{};", level + 1).repeat(10)));
    let text = [
        ("entities", format!("<!DOCTYPE x [{entities}]><smartLicense>&e0;</smartLicense>")),
        ("deep elements", format!("<smartLicense>{}", "<a>".repeat(100_000))),
        ("attributes", format!("<smartLicense{}/>", numbered(20_000, &|at| format!(" a{at}=''")))),
        ("namespaces", format!("<smartLicense{}/>", numbered(20_000, &|at| format!(" xmlns:a{at}='urn:x'")))),
        ("siblings", format!("<smartLicense>{}</smartLicense>", "<x/>".repeat(200_000))),
        ("empty reports", format!("<smartLicense>{}</smartLicense>", "<RUMReport/>".repeat(60_000))),
        ("comments", format!("<smartLicense>{}</smartLicense>", "<!---->".repeat(100_000))),
        ("references", format!("<smartLicense><RUMReport>{}</RUMReport></smartLicense>", "&#65;".repeat(200_000))),
        ("deep arrays", format!("{{\"usage\":{}", "[".repeat(200_000))),
        ("many arrays", format!("{{\"usage\":[{}[]]}}", "[],".repeat(300_000))),
        ("many numbers", format!("[{}0]", "0,".repeat(500_000))),
        ("many members", format!("{{{}\"x\":0}}", numbered(60_000, &|at| format!("\"m{at}\":0,")))),
        ("escapes", format!("{{\"usage\":[{{\"payload\":\"{}\"}}]}}", "\\u0041".repeat(150_000))),
        ("blocks", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".repeat(15_000)),
        ("lines", "a: b\n".repeat(150_000)),
        ("yaml flow", format!("a: {}", "[".repeat(100_000))),
        ("yaml aliases", format!("a: &a [x]\nb: [{}]\n", "*a,".repeat(100_000))),
    ];
    let mut all: Vec<(String, Vec<u8>)> = text.map(|(name, text)| (name.to_owned(), text.into_bytes())).into();
    all.extend([
        ("bomb".to_owned(), bomb.clone()),
        ("bomb in a bomb".to_owned(), pack(&bomb)),
        ("bomb in a bundle".to_owned(), pack(&tar::archive([("UD_VA_x.tar.gz", &bomb[..])], 0).expect("memory"))),
        ("five levels".to_owned(), pack(&nested)),
        ("twenty thousand entries".to_owned(), pack(&many)),
        ("long name of 1 GiB".to_owned(), header(b"10000000000\0", b'L')),
        ("extension of 1 GiB".to_owned(), header(b"10000000000\0", b'x')),
        ("8 GiB without content".to_owned(), header(b"77777777777\0", b'0')),
        ("2^63 bytes".to_owned(), header(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", b'0')),
        ("less than nothing".to_owned(), header(&[0xff; 12], b'0')),
        ("sparse".to_owned(), header(b"00000001000\0", b'S')),
    ]);
    all
}

fn held(name: &str, bytes: &[u8]) {
    for (reader, limit, read) in readers() {
        println!("{name}: {reader}");
        let ((), most) = peak(|| read(bytes));
        assert!(most <= limit + 16 * MIB, "{name}: the reader for {reader} held {} KiB", most >> 10);
    }
}

#[test]
fn no_attack_makes_a_reader_hold_more_than_its_limit_and_16_mib() {
    for (name, bytes) in attacks() {
        held(&name, &bytes);
    }
}

#[test]
fn no_hostile_file_makes_a_reader_hold_more_than_its_limit_and_16_mib() {
    let folder = std::env::var_os("SLP_SAMPLES").map(|root| Path::new(&root).join("vectors/hostile"));
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        let _ = writeln!(std::io::stderr(), "skipped for want of samples (SLP_SAMPLES): the hostile files");
        return;
    };
    let mut count = 0;
    for kind in ["gzip", "tar", "xml", "json", "base64"] {
        for file in std::fs::read_dir(folder.join(kind)).expect("a folder") {
            let path = file.expect("a file").path();
            held(&path.to_string_lossy(), &std::fs::read(&path).expect("a file"));
            count += 1;
        }
    }
    assert!(count > 90, "{count}");
}

/// Canonical JSON of 64 MiB, made of these in arrays of at most half a million.
fn dense(unit: &str) -> Vec<u8> {
    let row = format!("[{}0],", unit.repeat(500_000));
    let rows = ((64 << 20) - 8) / row.len();
    format!("[{}0]", row.repeat(rows)).into_bytes()
}

#[test]
fn canonical_json_of_64_mib_takes_no_more_memory_than_its_limit_says() {
    let mut greatest = 0;
    for unit in ["[0],", "{\"\":0},", "{\"a\":{}},", "[0,0,0,0,0],", "[],", "\"\","] {
        let text = dense(unit);
        let (read, most) = peak(|| Value::read(&text).map(drop).map_err(|error| error.name()));
        assert!(most <= 256 * MIB + 16 * MIB, "{unit} held {} KiB", most >> 10);
        assert!(matches!(read, Ok(()) | Err(Some("memory_bytes"))), "{unit}: {read:?}");
        greatest = greatest.max(most);
    }
    // it is this limit that ends them, and nothing earlier
    assert!(greatest > 200 * MIB, "{} KiB", greatest >> 10);
}

/// Captures of so many bytes that are made to be held: of facts, of lines that nobody understands, of what is named.
fn captures(bytes: usize) -> Vec<(&'static str, String)> {
    fn fill(bytes: usize, head: &str, one: impl Fn(usize) -> String) -> String {
        let mut text = head.to_owned();
        for at in 0.. {
            let more = one(at);
            if text.len() + more.len() > bytes {
                break;
            }
            text.push_str(&more);
        }
        text
    }
    let fact = "  Last ACK received: never\n";
    vec![
        ("facts", fill(bytes, "Usage Reporting:\n", |_| fact.to_owned())),
        ("lines", fill(bytes, "Usage Reporting:\n", |_| "?\n".to_owned())),
        ("sections", fill(bytes, "", |_| format!("Usage Reporting:\n{fact}Transport:\n  Type: cslu\n"))),
        ("licences", fill(bytes, "License Usage\n=====\n\n", |at| format!("l{at} (L{at}):\n  Count: 1\n"))),
        ("report ids", fill(bytes, "", |at| format!("{}, CLOSED, N, a-licence\n", 1_700_000_000 + at))),
        ("deep lines", fill(bytes, "Usage Reporting:\n", |at| format!("{}a:\n", " ".repeat(at % 500)))),
        ("long lines", fill(bytes, "Usage Reporting:\n", |_| format!("  Last ACK received: {}\n", "x".repeat(60_000)))),
        ("one line", format!("Usage Reporting:\n  Last ACK received: {}\n", "x".repeat(bytes))),
    ]
}

#[test]
fn a_capture_is_held_as_far_as_the_limit_of_facts_and_no_further() {
    let read = |command, text: &str, most: usize| {
        let mut limits = slp_transport::Limits::default();
        limits.cli_facts = most;
        let facts = CliFacts::read(command, text.as_bytes(), &limits);
        assert!(facts.facts.len() + facts.unparsed.len() <= most, "{command}");
        assert!(CliFacts::detect(text.as_bytes(), &limits).is_none_or(|facts| facts.facts.len() <= most));
    };
    for (name, text) in captures(64 << 10) {
        for command in ShowCommand::ALL {
            let ((), most) = peak(|| read(command, &text, 100));
            assert!(most <= 2 * MIB, "{name}: {command} held {} KiB", most >> 10);
        }
    }
    // what the longest capture may make a reader hold, under the limits that everybody has
    let limits = slp_transport::Limits::default();
    for (name, text) in captures(limits.cli_bytes - 100) {
        let ((), most) = peak(|| read(ShowCommand::All, &text, limits.cli_facts));
        println!("{name}: {} KiB", most >> 10);
        assert!(most <= 16 * MIB + 16 * MIB, "{name} held {} KiB", most >> 10);
    }
}

#[test]
fn what_is_held_is_counted() {
    let (kept, most) = peak(|| {
        drop(vec![1_u8; 5 << 20]);
        vec![1_u8; 1 << 20]
    });
    assert!((5 * MIB..6 * MIB).contains(&most), "{most}");
    let ((), most) = peak(|| drop(kept));
    assert_eq!(most, 0);
}
