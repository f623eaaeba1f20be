//! The named attacks on the tar layer, made here.

use std::io::Read as _;

use super::{BLOCK, Reader, archive};
use crate::ErrorKind::{
    self, AbsolutePath, BadChecksum, BadEntryName, BadTar, DuplicateEntry, DuplicateManifest, EntryType, Limit,
    ParserDifferential, PathTraversal, Sparse, TrailingData, Truncated,
};
use crate::warning::WarningKind;
use crate::{Limits, Warnings};

/// A header block with a right checksum, any field of it wrong on purpose.
struct Block([u8; BLOCK]);

impl Block {
    fn new(name: &[u8], size: u64, kind: u8) -> Self {
        let mut block = Self(super::ustar("x", size, 0).unwrap());
        block.0[0] = 0;
        block.put(0, name).put(156, &[kind])
    }

    fn put(mut self, at: usize, bytes: &[u8]) -> Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn magic(self, magic: &[u8]) -> Self {
        self.put(257, magic)
    }

    fn done(mut self) -> Vec<u8> {
        self.0[148..156].fill(b' ');
        let sum: u32 = self.0.iter().map(|byte| u32::from(*byte)).sum();
        self.0[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.0.to_vec()
    }
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    out.resize(out.len().next_multiple_of(BLOCK), 0);
    out
}

fn file(name: &[u8], content: &[u8]) -> Vec<u8> {
    typed(name, content, b'0')
}

fn typed(name: &[u8], content: &[u8], kind: u8) -> Vec<u8> {
    [Block::new(name, content.len() as u64, kind).done(), padded(content)].concat()
}

/// An `x` header with these records.
fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let record = |(key, value): &(&str, &str)| {
        let rest = format!(" {key}={value}\n");
        let length =
            (rest.len() + 1..rest.len() + 9).find(|length| length.to_string().len() + rest.len() == *length).unwrap();
        format!("{length}{rest}")
    };
    typed(b"././@PaxHeader", records.iter().map(record).collect::<String>().as_bytes(), b'x')
}

fn long_name(name: &[u8]) -> Vec<u8> {
    [Block::new(b"././@LongLink", name.len() as u64, b'L').magic(b"ustar  \0").done(), padded(name)].concat()
}

fn tar(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut out = parts.concat();
    out.resize(out.len() + 2 * BLOCK, 0);
    out
}

type Outcome = Result<(Vec<String>, Warnings), (ErrorKind, Option<&'static str>)>;

fn read_with(bytes: &[u8], limits: &Limits) -> Outcome {
    let mut reader = Reader::new(bytes, limits);
    let mut names = Vec::new();
    let refused = |error: crate::Error| {
        assert!(error.location().byte.is_some(), "{error} has no offset");
        (error.kind(), error.name())
    };
    while let Some(entry) = reader.next_entry().map_err(refused)? {
        let mut content = Vec::new();
        reader
            .read_to_end(&mut content)
            .map_err(|error| refused(*error.into_inner().unwrap().downcast::<crate::Error>().unwrap()))?;
        assert_eq!(content.len() as u64, entry.size);
        names.push(entry.name);
    }
    Ok((names, reader.warnings().clone()))
}

fn read(bytes: &[u8]) -> Outcome {
    read_with(bytes, &Limits::default())
}

#[test]
fn every_attack_on_names_and_types_is_refused_for_its_own_reason() {
    let good = || file(b"a.txt", b"x");
    let huge = Block::new(b"n", 0, b'0').put(124, b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff").done();
    let negative = Block::new(b"n", 0, b'0').put(124, &[0xff; 12]).done();
    let garbage = Block::new(b"n", 0, b'0').put(124, b"zzzzzzzzzzz\0").done();
    let mut checksum = Block::new(b"n", 0, b'0').done();
    checksum[148..156].copy_from_slice(b"0000000\0");
    let table: Vec<(&str, Vec<u8>, ErrorKind, Option<&str>)> = vec![
        ("abs-path", tar(&[file(b"/etc/passwd", b"x")]), AbsolutePath, None),
        ("dotdot", tar(&[file(b"../dev_1.txt", b"x")]), PathTraversal, None),
        ("dotdot-middle", tar(&[file(b"a/../../x", b"x")]), PathTraversal, None),
        ("backslash-dotdot", tar(&[file(b"..\\x", b"x")]), PathTraversal, None),
        ("backslash", tar(&[file(b"a\\b.txt", b"x")]), BadEntryName, Some("backslash")),
        ("drive", tar(&[file(b"C:\\x", b"x")]), AbsolutePath, None),
        ("unc", tar(&[file(b"\\\\host\\share\\x", b"x")]), AbsolutePath, None),
        ("directory-prefix", tar(&[file(b"dir/dev_1.txt", b"x")]), BadEntryName, Some("directory")),
        ("prefix-field", tar(&[Block::new(b"x", 0, b'0').put(345, b"/etc").done()]), AbsolutePath, None),
        ("symlink", tar(&[typed(b"d", b"", b'2'), good()]), EntryType, Some("symlink")),
        ("hardlink", tar(&[typed(b"h", b"", b'1')]), EntryType, Some("hardlink")),
        ("chardev", tar(&[typed(b"null", b"", b'3')]), EntryType, Some("device")),
        ("blockdev", tar(&[typed(b"sda", b"", b'4')]), EntryType, Some("device")),
        ("fifo", tar(&[typed(b"p", b"", b'6')]), EntryType, Some("fifo")),
        ("unknown-type", tar(&[typed(b"n", b"", b'Z')]), EntryType, Some("other")),
        ("contiguous", tar(&[typed(b"n", b"", b'7')]), EntryType, Some("other")),
        ("directory-entry", tar(&[typed(b"UD_VA/", b"", b'5')]), EntryType, Some("directory")),
        ("name-before-type", tar(&[typed(b"../p", b"", b'6')]), PathTraversal, None),
        ("gnu-sparse", tar(&[typed(b"s.txt", b"", b'S')]), Sparse, None),
        ("pax-sparse", tar(&[pax(&[("GNU.sparse.major", "1")]), good()]), Sparse, None),
        ("duplicate-names", tar(&[good(), good()]), DuplicateEntry, None),
        ("case-collision", tar(&[file(b"DEV_1.txt", b"1"), file(b"dev_1.txt", b"2")]), DuplicateEntry, None),
        ("dot-slash-collision", tar(&[file(b"./a.txt", b"1"), good()]), DuplicateEntry, None),
        ("two-manifests", tar(&[file(b"manifest.mf", b""), file(b"MANIFEST.MF", b"")]), DuplicateManifest, None),
        ("bidi-name", tar(&[file("a\u{202e}b".as_bytes(), b"")]), BadEntryName, Some("control")),
        ("control-chars-name", tar(&[file(b"a\x1bb", b"")]), BadEntryName, Some("control")),
        ("non-utf8-name", tar(&[file(b"\xff\xfe.txt", b"")]), BadEntryName, Some("utf8")),
        ("empty-name", tar(&[file(b"", b"")]), BadEntryName, Some("empty")),
        ("gnu-longname-8k", tar(&[long_name(&[b'n'; 8_000]), good()]), Limit, Some("extension_bytes")),
        ("gnu-longname-1g", Block::new(b"././@LongLink", 1 << 30, b'L').done(), Limit, Some("extension_bytes")),
        ("huge-pax", Block::new(b"././@PaxHeader", 1 << 30, b'x').done(), Limit, Some("extension_bytes")),
        ("gnu-longlink", tar(&[typed(b"././@LongLink", b"/etc", b'K'), good()]), EntryType, Some("symlink")),
        ("pax-path-override", tar(&[pax(&[("path", "../x")]), good()]), PathTraversal, None),
        ("pax-linkpath", tar(&[pax(&[("linkpath", "/etc")]), good()]), EntryType, Some("symlink")),
        ("pax-size-0-1024", tar(&[pax(&[("size", "1024")]), file(b"a", b"")]), ParserDifferential, Some("size")),
        ("pax-size-1024-0", tar(&[pax(&[("size", "0")]), file(b"a", &[1; 1024])]), ParserDifferential, Some("size")),
        ("pax-gnu-mixed", tar(&[pax(&[("path", "b")]), long_name(b"c"), good()]), ParserDifferential, Some("path")),
        ("gnu-pax-mixed", tar(&[long_name(b"c"), pax(&[("path", "b")]), good()]), ParserDifferential, Some("path")),
        (
            "pax-twice",
            tar(&[pax(&[("uid", "1")]), pax(&[("uid", "1")]), good()]),
            ParserDifferential,
            Some("extension"),
        ),
        ("longname-twice", tar(&[long_name(b"b"), long_name(b"c"), good()]), ParserDifferential, Some("extension")),
        ("pax-dangling", tar(&[good(), pax(&[("uid", "1")])]), ParserDifferential, Some("extension")),
        ("pax-unterminated", tar(&[typed(b"p", b"99 path=x\n", b'x'), good()]), BadTar, Some("pax")),
        ("pax-global", tar(&[typed(b"pax_global_header", b"", b'g'), good()]), ParserDifferential, Some("global")),
        ("size-octal-max", Block::new(b"n", super::header::SIZE_MAX, b'0').done(), Truncated, None),
        ("size-base256-huge", tar(&[huge]), BadTar, Some("size")),
        ("size-base256-negative", tar(&[negative]), BadTar, Some("size")),
        ("size-garbage", tar(&[garbage]), BadTar, Some("size")),
        ("bad-checksum", tar(&[checksum]), BadChecksum, Some("tar")),
        ("bad-magic", tar(&[Block::new(b"n", 0, b'0').magic(b"xstar\x0000").done()]), BadTar, Some("magic")),
        ("truncated-data", file(b"a.txt", &[b'y'; 5000])[..2048].to_vec(), Truncated, None),
        ("truncated-header", good()[..100].to_vec(), Truncated, None),
        ("data-after-eof", [tar(&[good()]), tar(&[file(b"b.txt", b"x")])].concat(), TrailingData, None),
        ("data-after-one-zero-block", [good(), vec![0; BLOCK], good()].concat(), TrailingData, None),
        ("endless-zeros", [tar(&[good()]), vec![0; 1024 * 1024 + 1]].concat(), Limit, Some("trailing_zero_bytes")),
        ("deep-dirs", tar(&[pax(&[("path", &"d/".repeat(120))]), good()]), Limit, Some("name_bytes")),
    ];
    for (attack, bytes, kind, word) in table {
        assert_eq!(read(&bytes).unwrap_err(), (kind, word), "{attack}");
        let error = refusal(&bytes);
        assert!(error.location().byte.is_some(), "{attack} says where: {error}");
        // what has a good name is named, by its place; a bad name is quoted
        let is_good = [EntryType, Sparse].contains(&kind) && !attack.starts_with("pax") && attack != "gnu-longlink";
        if is_good || word == Some("size") && kind == ParserDifferential || attack == "size-octal-max" {
            assert!(!error.location().entries.is_empty(), "{attack} says which: {error}");
        }
        if kind == BadEntryName || kind == PathTraversal || kind == AbsolutePath {
            assert!(error.message().starts_with("entry name "), "{attack} quotes it: {error}");
        }
    }
}

/// The error of an archive that has one.
fn refusal(bytes: &[u8]) -> crate::Error {
    let mut reader = Reader::new(bytes, &Limits::default());
    loop {
        match reader.next_entry().map(|entry| entry.map(|_| reader.read().map(drop))) {
            Err(error) | Ok(Some(Err(error))) => return error,
            Ok(found) => assert!(found.is_some(), "no error"),
        }
    }
}

#[test]
fn what_is_odd_but_harmless_is_accepted_and_named() {
    let (names, warnings) = read(&tar(&[file(b"ok.txt\0../evil", b"x")])).unwrap();
    assert_eq!((names, warnings.is_empty()), (vec!["ok.txt".to_owned()], true));

    let (names, warnings) = read(&tar(&[typed(b"./", b"", b'5'), typed(b".", b"", b'5'), file(b"./a", b"")])).unwrap();
    assert_eq!((names, warnings.total()), (vec!["a".to_owned()], 2));
    assert!(warnings.has(WarningKind::DotEntry));

    let (names, warnings) = read(&file(b"a", b"x")).unwrap();
    assert_eq!((names.len(), warnings.has(WarningKind::NoEndBlocks)), (1, true));

    let twins = [file("caf\u{e9}.txt".as_bytes(), b"1"), file("cafe\u{301}.txt".as_bytes(), b"2")];
    let (names, warnings) = read(&tar(&twins)).unwrap();
    assert_eq!((names.len(), warnings.total()), (2, 2));
    assert!(warnings.has(WarningKind::NonAsciiName));

    let (_, warnings) = read(&tar(&[pax(&[("mtime", "1.5"), ("VENDOR.x", "1")]), file(b"a", b"")])).unwrap();
    assert!(warnings.has(WarningKind::PaxUnknown) && warnings.total() == 1);

    let setuid = Block::new(b"s.txt", 0, b'0').put(100, b"0006755\0").done();
    assert!(read(&tar(&[setuid])).unwrap().1.is_empty());
}

#[test]
fn what_an_extension_header_does_is_placed_at_that_header() {
    let odd = [file(b"a", b"x"), pax(&[("VENDOR.x", "1")])];
    let (_, warnings) = read(&tar(&[&odd[..], &[file(b"b", b"")]].concat())).unwrap();
    let told: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["byte 1024: pax-unknown (\"VENDOR.x\")"]);
    assert_eq!(refusal(&tar(&odd)).location().byte, Some(1024), "no entry comes after it");
}

#[test]
fn names_come_from_the_prefix_a_pax_path_or_a_long_name() {
    let name = "n".repeat(150);
    for parts in [[pax(&[("path", &name)]), file(b"short", b"x")], [long_name(name.as_bytes()), file(b"short", b"x")]] {
        assert_eq!(read(&tar(&parts)).unwrap().0, vec![name.clone()]);
    }
    let gnu = Block::new(b"a", 0, b'0').magic(b"ustar  \0").put(345, b"15000000000").done();
    assert_eq!(read(&tar(&[gnu])).unwrap().0, ["a"], "a GNU header has times where the prefix would stand");
}

#[test]
fn entries_are_counted() {
    let files: Vec<Vec<u8>> = (0..20).map(|index| file(format!("e{index}").as_bytes(), b"")).collect();
    let limits = Limits { entries: 20, ..Limits::default() };
    assert_eq!(read_with(&tar(&files), &limits).unwrap().0.len(), 20);
    let limits = Limits { entries: 19, ..Limits::default() };
    assert_eq!(read_with(&tar(&files), &limits).unwrap_err(), (Limit, Some("entries")));
}

#[test]
fn each_limit_lets_its_own_number_pass_and_refuses_one_more() {
    let limits =
        Limits { trailing_zero_bytes: 700, extension_bytes: 20, name_bytes: 8, leaf_bytes: 600, ..Limits::default() };
    let with_zeros = |count: usize| [tar(&[file(b"a", b"x")]), vec![0; count]].concat();
    let named = |length: usize| tar(&[long_name(&vec![b'n'; length]), file(b"a", b"x")]);
    let record = |length: usize| tar(&[pax(&[("comment", &"c".repeat(length - 12))]), file(b"a", b"x")]);
    for (what, good, bad) in [
        ("trailing_zero_bytes", with_zeros(700), with_zeros(701)),
        ("extension_bytes", record(20), record(21)),
        ("name_bytes", named(8), named(9)),
    ] {
        assert_eq!(read_with(&good, &limits).map(|(names, _)| names.len()), Ok(1), "{what}");
        assert_eq!(read_with(&bad, &limits), Err((Limit, Some(what))));
    }
    let content = |length: usize| {
        let bytes = tar(&[file(b"a", b"x"), file(b"b", &vec![b'y'; length])]);
        let mut reader = Reader::new(&bytes[..], &limits);
        while reader.next_entry().unwrap().unwrap().name != "b" {}
        let content = reader.read().map(|content| content.len());
        content.map_err(|error| (error.name().map(str::to_owned), error.location().to_string()))
    };
    assert_eq!(content(600), Ok(600));
    assert_eq!(content(601), Err((Some("leaf_bytes".to_owned()), "b, byte 1536".to_owned())));
}

#[test]
fn an_archive_ends_with_two_blocks_of_zeros() {
    let ended = |blocks: usize| {
        let bytes = [file(b"a", b"x"), vec![0; blocks * BLOCK]].concat();
        let (_, warnings) = read(&bytes).unwrap();
        let told: Vec<_> = warnings.iter().map(|warning| (warning.kind, warning.at.byte)).collect();
        told
    };
    let missing = [(WarningKind::NoEndBlocks, Some(1024))];
    assert_eq!((ended(0), ended(1)), (missing.to_vec(), missing.to_vec()));
    assert_eq!((ended(2), ended(20)), (vec![], vec![]));
    // what follows is placed where it begins
    let place = |bytes: &[u8]| refusal(bytes).location().byte;
    assert_eq!(place(&[file(b"a", b"x"), vec![0; 700], b"z".to_vec(), vec![0; 323]].concat()), Some(1724));
    assert_eq!(place(&[file(b"a", b"x"), vec![0; 1024 + 3], b"z".to_vec()].concat()), Some(2051));
}

#[test]
fn a_cut_at_any_byte_of_an_entry_is_noticed() {
    let whole = file(b"a.txt", &[b'y'; 700]);
    for length in 1..whole.len() {
        assert_eq!(read(&whole[..length]).unwrap_err().0, Truncated, "{length}");
    }
}

#[test]
fn a_refusal_names_entry_and_offset() {
    let bytes = tar(&[file(b"a.txt", b"x"), file(b"a.txt", b"x")]);
    let mut reader = Reader::new(&bytes[..], &Limits::default());
    reader.next_entry().unwrap();
    let error = reader.next_entry().unwrap_err();
    assert_eq!(error.to_string(), "a.txt, byte 1024: a second entry of this name");
    let cut = file(b"a.txt", &[b'y'; 5000]);
    let mut reader = Reader::new(&cut[..2048], &Limits::default());
    reader.next_entry().unwrap();
    let text = "a.txt, byte 2048: the archive ends inside this entry: fetch or copy the archive again";
    assert_eq!(reader.read().unwrap_err().to_string(), text);
}

#[test]
fn an_independent_reader_agrees_on_what_we_write() {
    let entries = [("manifest.mf", &b"Manifest-Version: 1.0\n"[..]), ("dev_1.txt", &[7; 513]), ("empty", b"")];
    let bytes = archive(entries, 1_795_515_630).unwrap();
    let mut other = tar::Archive::new(&bytes[..]);
    for (entry, (name, content)) in other.entries().unwrap().zip(entries) {
        let mut entry = entry.unwrap();
        assert_eq!(entry.path().unwrap().to_str().unwrap(), name);
        assert_eq!((entry.header().mtime().unwrap(), entry.header().mode().unwrap()), (1_795_515_630, 0o644));
        let mut read = Vec::new();
        entry.read_to_end(&mut read).unwrap();
        assert_eq!(read, content);
    }
    assert_eq!(self::read(&bytes).unwrap().0, ["manifest.mf", "dev_1.txt", "empty"]);
}
