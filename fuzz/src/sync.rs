//! Bundles and what they are made of, synchronization documents, lists and ledgers.

use std::io::Cursor;

use slp_model::UnixMillis;
use slp_sync::bundle::{
    Batch, BundleName, Claims, Composer, ExportIndex, LeafName, Manifest, Plan, Reader, VirtualAccount, Writer,
    answered_names, leaf_number, pair,
};
use slp_sync::document::Document;
use slp_sync::inventory::{self, Rules};
use slp_sync::ledger::Ledger;
use slp_sync::{Input, Limits, Privacy, Warnings, gzip, tar};

use crate::said;

/// Limits that bombs reach soon.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.inflated_bytes = 16 << 20;
    limits
}

/// One byte a call.
struct Drops<'a>(&'a [u8]);

impl std::io::Read for Drops<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let length = out.len().min(1);
        std::io::Read::read(&mut self.0, &mut out[..length])
    }
}

/// A gzip member: how the bytes arrive changes nothing, and what was inflated can be packed again.
pub fn gzip(data: &[u8]) {
    let limits = limits();
    let whole = gzip::Reader::new(data, &limits).read_all();
    if data.len() < 4_096 {
        let drops = gzip::Reader::new(Input::new(Drops(data), u64::MAX), &limits).read_all();
        match (&whole, &drops) {
            (Ok(one), Ok(other)) => assert_eq!(one, other),
            // Where a ratio is exceeded depends on how far the inflater has looked ahead: the place moves by some bytes.
            (Err(one), Err(other)) => {
                let texts = (said(one), said(other));
                assert_eq!((one.kind(), one.name()), (other.kind(), other.name()), "{texts:?}");
            }
            _ => panic!("the way of reading decides: {:?} {:?}", whole.is_ok(), drops.is_ok()),
        }
    }
    let content = whole.unwrap_or_else(|_| data.to_vec());
    if content.len() < 1 << 16 {
        let packed = gzip::Deflater::default().compress(&content).expect("memory");
        let again = gzip::Reader::new(&packed[..], &Limits::bulk()).read_all();
        assert_eq!(again.expect("what was packed is read"), content);
    }
}

/// A tar archive: what comes out can be archived again.
pub fn tar(data: &[u8]) {
    let limits = limits();
    let mut reader = tar::Reader::new(data, &limits);
    let mut entries = Vec::new();
    loop {
        match reader.next_entry() {
            Err(error) => return drop(said(&error)),
            Ok(None) => break,
            Ok(Some(entry)) => match reader.read() {
                Err(error) => return drop(said(&error)),
                Ok(bytes) => entries.push((entry.name.to_string(), bytes)),
            },
        }
    }
    let lent = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let Ok(again) = tar::archive(lent, 0) else { return };
    let mut reader = tar::Reader::new(&again[..], &Limits::bulk());
    for (name, bytes) in &entries {
        let entry = reader.next_entry().expect("what was archived is read").expect("as many entries");
        assert_eq!((&*entry.name, &reader.read().expect("its bytes")), (name.as_str(), bytes));
    }
    assert!(reader.next_entry().expect("the end").is_none());
}

/// A bundle: both ways of reading say the same, and the good leaves can be bundled again.
pub fn bundle(data: &[u8]) {
    whole_bundle(data);
    // Mutations seldom get through gzip: the same bytes inside.
    if data.len() < 1 << 16 {
        let packed = gzip::Deflater::default().compress(data).expect("memory");
        whole_bundle(&packed);
    }
}

fn whole_bundle(data: &[u8]) {
    let limits = limits();
    let mut leaves = Vec::new();
    let mut words = Vec::new();
    let mut reader = Reader::new(data, &limits).named("UD.tar.gz");
    for leaf in reader.by_ref() {
        match leaf {
            Ok(leaf) => leaves.push(leaf),
            Err(error) => words.push(said(&error)),
        }
    }
    let _ = reader.summary();
    let mut batched = Vec::new();
    let (mut reader, mut batch) = (Reader::new(data, &limits).named("UD.tar.gz"), Batch::new());
    loop {
        match reader.fill(&mut batch) {
            Err(error) => {
                batched.push(Err(said(&error)));
                break;
            }
            Ok(false) => break,
            Ok(true) => batched.extend(
                batch.drain().map(|leaf| leaf.map(|leaf| leaf.place().to_string()).map_err(|error| said(&error))),
            ),
        }
    }
    assert_eq!(batched.iter().filter(|one| one.is_ok()).count(), leaves.len());
    assert_eq!(batched.into_iter().filter_map(Result::err).collect::<Vec<_>>(), words);
    if let Ok((index, _)) = ExportIndex::read("UD.tar.gz", &mut Reader::new(data, &limits)) {
        // A bundle is no answer to itself, but is judged as one.
        let answered = pair(&index, &mut Reader::new(data, &limits));
        if let Ok((pairing, _)) = answered {
            let _ = (pairing.state(), pairing.missing().count(), pairing.events().count());
        }
    }
    for leaf in &leaves {
        let _ = Claims::read(&leaf.bytes).map_err(|error| said(&leaf.locate(error)));
    }
    bundled_again(&leaves);
}

fn bundled_again(leaves: &[slp_sync::bundle::Leaf<'_>]) {
    let mut plan = Plan::new("Example", UnixMillis::new(1_795_602_030_123).expect("a time"));
    plan.virtual_accounts = vec![VirtualAccount::new("One", "1")];
    let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan).expect("memory");
    let mut written = Vec::new();
    for (leaf, number) in leaves.iter().zip(1..) {
        if writer.add(0, number, &leaf.bytes).is_ok() {
            written.push(number);
        }
    }
    let Ok((bytes, _)) = writer.finish() else {
        assert!(written.is_empty(), "a bundle with leaves was not finished");
        return;
    };
    let again: Vec<_> =
        Reader::new(&bytes[..], &Limits::bulk()).filter_map(|leaf| leaf.expect("written").number()).collect();
    assert_eq!(again, written);
}

/// The manifest of a bundle: written and read again it says the same.
pub fn manifest(data: &[u8]) {
    let mut warnings = Warnings::default();
    let manifest = Manifest::parse(data, &mut warnings);
    let _ = manifest.uuid();
    for warning in warnings.iter() {
        let _ = (warning.kind.as_str(), warning.at.to_string());
    }
    if let Ok(bytes) = manifest.to_bytes() {
        let again = Manifest::parse(&bytes, &mut Warnings::default());
        assert_eq!(again.to_bytes().expect("written once"), bytes);
    }
}

/// Names of bundles and leaves.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = (leaf_number(text), answered_names(text));
    match text.parse::<BundleName>() {
        Err(error) => drop(said(&error)),
        Ok(name) => {
            assert_eq!(name.to_string(), text);
            assert_eq!(name.acknowledgement().to_string().parse::<BundleName>().ok(), Some(name.acknowledgement()));
            assert_eq!(name.upload().acknowledgement(), name.acknowledgement());
        }
    }
    if let Ok(name) = text.parse::<LeafName>() {
        assert_eq!(name.to_string().parse::<LeafName>().ok(), Some(name.clone()));
        assert_eq!(leaf_number(text), Some(name.number));
    }
    let at = UnixMillis::new(1_795_602_030_123).expect("a time");
    let made = BundleName::new(slp_sync::bundle::Level::SmartAccount, text, at);
    assert_eq!(made.to_string().parse::<BundleName>().ok(), Some(made));
}

/// Synchronization documents, in JSON and YAML: written and read again they say the same.
pub fn sync_document(data: &[u8]) {
    match Document::read(data, &Limits::default()) {
        Err(error) => drop(said(&error)),
        Ok(document) => {
            let text = document.to_bytes();
            let again = Document::read(&text, &Limits::default()).expect("what was written is read");
            assert_eq!(again.to_bytes(), text);
            assert_eq!(again.digest(), document.digest());
            let made = Document::new(document.content()).expect("what was read can be written");
            assert_eq!(made.content(), document.content());
        }
    }
}

/// The device list: written, without its secrets, and read again it is written the same way.
pub fn csv(data: &[u8]) {
    let rules = Rules::new(false, vec!["One".to_owned()]);
    let mut lenient = Rules::new(true, Vec::new());
    lenient.without_credentials = true;
    for mut rules in [rules, lenient] {
        let (inventory, errors) = match inventory::read(data, &rules, &Limits::default()) {
            Ok(read) => read,
            Err(error) => {
                said(&error);
                continue;
            }
        };
        for error in errors {
            let _ = (error.fault.as_str(), error.row, error.line);
        }
        let text = inventory::write(&inventory);
        rules.without_credentials = true;
        let (again, errors) = inventory::read(&text, &rules, &Limits::default()).expect("what was written is read");
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(inventory::write(&again), text);
    }
}

/// A ledger: what holds is a prefix, and read again it holds as a whole.
pub fn ledger(data: &[u8]) {
    match Ledger::open(data) {
        Err(error) => drop(said(&error)),
        Ok((ledger, kept)) => {
            let kept = usize::try_from(kept).expect("no longer than the data");
            let (again, whole) = Ledger::open(&data[..kept]).expect("what holds is read");
            assert_eq!(usize::try_from(whole).ok(), Some(kept));
            assert_eq!(again.bundles().count(), ledger.bundles().count());
        }
    }
}

/// Files of one device become one leaf, which is a leaf by itself.
pub fn compose(data: &[u8]) {
    let middle = data.len() / 2;
    for privacy in [Privacy::default(), Privacy::all()] {
        let composer = Composer::new(&Limits::default()).privacy(privacy);
        for files in [&[data][..], &[data, data], &[&data[..middle], &data[middle..]]] {
            match composer.leaf(files) {
                Err(error) => drop(said(&error)),
                Ok(leaf) => {
                    let again = composer.leaf(&[&leaf.bytes]).expect("a leaf is a leaf");
                    assert_eq!(again.bytes, leaf.bytes);
                }
            }
        }
    }
}
