//! Bundles as a whole: layouts, attacks that need two layers, threads, writing.

use std::io::{Cursor, Write as _};
use std::num::NonZero;

use super::{Batch, Compression, Plan, Reader, VirtualAccount, Writer, process};
use crate::gzip::{Deflater, Stored};
use crate::tar::archive;
use crate::warning::WarningKind;
use crate::{Error, ErrorKind, Limits};

/// A usage report of device `number` in its element, with an HA set.
pub(crate) fn report(number: u64, id: u64, ha: &[u64]) -> String {
    let sudi = |number: u64| format!(r#"{{\"udi_pid\":\"TEST-SWITCH\",\"udi_serial_number\":\"TST{number:08}\"}}"#);
    let set: Vec<String> =
        ha.iter().map(|member| format!(r#"{{\"role\":\"Active\",\"sudi\":{}}}"#, sudi(*member))).collect();
    let set = if set.is_empty() { String::new() } else { format!(r#",\"ha_udi\":[{}]"#, set.join(",")) };
    format!(
        r#"<RUMReport><![CDATA[{{"payload":"{{\"asset_identification\":{{\"asset\":{{\"name\":\"regid.2017-05.com.example.SWITCH,v1_00000000-0000-4000-8000-000000000001\"}},\"instance\":{{\"sudi\":{}}},\"signature\":{{\"signing_type\":\"builtin\",\"key\":\"1\",\"value\":\"AA==\"}}}},\"meta\":{{\"entitlement_tag\":\"regid.2017-05.com.example.SWITCH_A,1.0_00000000-0000-4000-8000-000000000002\",\"report_id\":{id},\"software_version\":\"17.9.1\"{set}}},\"measurements\":[{{\"log_time\":1700000000,\"metric_name\":\"ENTITLEMENT\",\"start_time\":1700000000,\"end_time\":1700000900,\"sample_interval\":900,\"num_samples\":1,\"value\":{{\"type\":\"COUNT\",\"value\":\"1\"}}}}]}}","header":{{"type":"rum"}},"signature":{{"signing_type":"SHA256","key":"1","value":"AA=="}}}}]]></RUMReport>"#,
        sudi(number)
    )
}

/// Bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    crate::gzip::tests::noise(length, 0xff)
}

fn pack(content: &[u8]) -> Vec<u8> {
    Deflater::default().compress(content).unwrap()
}

fn gz_tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    pack(&archive(entries.iter().copied(), 0).unwrap())
}

fn nested(leaves: &[(&str, &[u8])]) -> Vec<u8> {
    gz_tar(&[("UD_VA_x.tar.gz", &gz_tar(leaves))])
}

fn limits() -> Limits {
    Limits::default()
}

type Refusal = (ErrorKind, Option<&'static str>, String);

/// What comes out: the leaf or the kind and name of its error, with the place.
fn read_with(bytes: &[u8], limits: &Limits) -> Vec<Result<String, Refusal>> {
    Reader::new(bytes, limits)
        .named("UD.tar.gz")
        .map(|leaf| match leaf {
            Ok(leaf) => Ok(leaf.place().to_string()),
            Err(error) => Err((error.kind(), error.name(), error.location().to_string())),
        })
        .collect()
}

fn read(bytes: &[u8]) -> Vec<Result<String, Refusal>> {
    read_with(bytes, &limits())
}

fn refusal(bytes: &[u8]) -> Refusal {
    read(bytes).pop().unwrap().unwrap_err()
}

fn summary(bytes: &[u8]) -> super::Summary {
    let mut reader = Reader::new(bytes, &limits());
    assert!(reader.by_ref().all(|leaf| leaf.is_ok()));
    reader.summary()
}

#[test]
fn nested_flat_bare_and_uncompressed_bundles_are_read() {
    let leaves: &[(&str, &[u8])] = &[("dev_1.txt", b"<a/>"), ("dev_2.xml", b"<b/>")];
    let flat = ["UD.tar.gz!dev_1.txt", "UD.tar.gz!dev_2.xml"].map(|name| Ok(name.to_owned()));
    assert_eq!(read(&gz_tar(leaves)), flat);
    assert_eq!(read(&archive(leaves.iter().copied(), 0).unwrap()), flat);
    let inner = ["UD.tar.gz!UD_VA_x.tar.gz!dev_1.txt", "UD.tar.gz!UD_VA_x.tar.gz!dev_2.xml"];
    assert_eq!(read(&nested(leaves)), inner.map(|name| Ok(name.to_owned())));
    assert_eq!(read(b"\xef\xbb\xbf <smartLicense/>"), [Ok("UD.tar.gz!UD.tar.gz".to_owned())]);
}

#[test]
fn fused_after_the_end_and_after_a_fatal_error() {
    let bytes = gz_tar(&[("dev_1.txt", b"<a/>")]);
    let mut reader = Reader::new(&bytes[..bytes.len() - 1], &limits());
    assert!(reader.next().unwrap().is_ok());
    assert!(reader.next().unwrap().unwrap_err().is_fatal());
    assert!(reader.next().is_none());
}

#[test]
fn an_attack_in_an_inner_archive_is_placed_there() {
    let place = |text: &str| text.to_owned();
    let inner = gz_tar(&[("dev_1.txt", b"<a/>"), ("../x.txt", b"")]);
    let bundle = gz_tar(&[("UD_VA_x.tar.gz", &inner)]);
    assert_eq!(refusal(&bundle), (ErrorKind::PathTraversal, None, place("UD.tar.gz!UD_VA_x.tar.gz, byte 1024")));
    let text = gz_tar(&[("UD_VA_x.tar.gz", b"plain text")]);
    let magic = (ErrorKind::BadGzip, Some("magic"), place("UD.tar.gz!UD_VA_x.tar.gz, byte 0"));
    assert_eq!(refusal(&text), magic);
    let twice = [gz_tar(&[("dev_1.txt", b"1")]), gz_tar(&[("dev_1.txt", b"2")])].concat();
    let kind = refusal(&gz_tar(&[("UD_VA_x.tar.gz", &twice)])).0;
    assert_eq!(kind, ErrorKind::MultipleMembers);
    let bomb = gz_tar(&[("dev_1.txt", &vec![b' '; 8 * 1024 * 1024])]);
    assert_eq!(refusal(&gz_tar(&[("UD_VA_x.tar.gz", &bomb)])).1, Some("ratio"));
    let long = Deflater::default().compress(&noise(2_000)).unwrap();
    assert_eq!(refusal(&pack(&long)).1, Some("magic"), "gzip in gzip is no tar archive");
}

#[test]
fn a_fault_of_the_outer_layer_is_placed_there_even_while_an_inner_one_is_read() {
    let inner = gz_tar(&[("dev_1.txt", b"<a/>")]);
    let outer = archive([("UD_VA_x.tar.gz", &inner[..])], 0).unwrap();
    let cut = pack(&outer[..600]);
    assert_eq!(
        refusal(&cut),
        (ErrorKind::Truncated, None, "UD.tar.gz!UD_VA_x.tar.gz, byte 600".to_owned()),
        "the outer archive ends at its byte 600, inside that entry"
    );
    let whole = pack(&outer);
    let (kind, _, place) = refusal(&whole[..40]);
    assert_eq!((kind, place.as_str()), (ErrorKind::Truncated, "UD.tar.gz, byte 40"));
}

#[test]
fn archives_go_two_deep_and_no_deeper() {
    let mut bytes = gz_tar(&[("dev_1.txt", b"<a/>")]);
    bytes = gz_tar(&[("in.tar.gz", &bytes)]);
    assert!(read(&bytes)[0].is_ok());
    for _ in 0..2 {
        bytes = gz_tar(&[("in.tar.gz", &bytes)]);
        let (kind, name, place) = refusal(&bytes);
        assert_eq!((kind, name), (ErrorKind::Limit, Some("nesting")));
        assert_eq!(place, "UD.tar.gz!in.tar.gz!in.tar.gz, byte 0");
    }
}

#[test]
fn a_leaf_that_is_too_large_is_lost_alone() {
    let small = Limits { leaf_bytes: 10, ..limits() };
    let bundle = nested(&[("dev_1.txt", b"0123456789"), ("dev_2.txt", b"0123456789a"), ("dev_3.txt", b"x")]);
    let items = read_with(&bundle, &small);
    let place = "UD.tar.gz!UD_VA_x.tar.gz!dev_2.txt".to_owned();
    assert_eq!(items[1], Err((ErrorKind::Limit, Some("leaf_bytes"), place)));
    assert_eq!(items.iter().filter(|item| item.is_ok()).count(), 2);
    assert_eq!(read_with(b"<0123456789", &small)[0].as_ref().unwrap_err().1, Some("leaf_bytes"));
    assert!(read_with(b"<012345678", &small)[0].is_ok());
}

#[test]
fn what_is_no_member_of_a_bundle_is_skipped_and_named() {
    let inner = gz_tar(&[("dev_1.txt", b"x"), ("notes.pdf", b"x")]);
    let found = summary(&gz_tar(&[("UD_VA_x.tar.gz", &inner), ("README", b"x"), ("UD_VA_y.tar.gz", &gz_tar(&[]))]));
    let kinds: Vec<_> = found.warnings.iter().map(ToString::to_string).collect();
    let expected = [
        "UD_VA_x.tar.gz!notes.pdf, byte 1024: unknown-member",
        "README, byte 1024: unknown-member",
        "UD_VA_y.tar.gz: empty-archive",
    ];
    assert_eq!(kinds, expected);
    assert_eq!((found.leaves, found.archives, found.entries), (1, 2, 5));
}

#[test]
fn the_end_of_its_name_says_what_a_member_is_in_any_case() {
    let inner = gz_tar(&[("DEV_3.TXT", b"<a/>")]);
    let outer = gz_tar(&[
        ("DEV_1.TXT", b"<a/>"),
        ("dev_2.Xml", b"<a/>"),
        ("C.Tar.GZ", &inner),
        (".txt", b"<a/>"),
        ("dev_4.txt.bak", b"<a/>"),
        ("txt", b"<a/>"),
        ("x.tgz", &inner),
    ]);
    let leaves = ["DEV_1.TXT", "dev_2.Xml", "C.Tar.GZ!DEV_3.TXT", ".txt"];
    assert_eq!(read(&outer), leaves.map(|name| Ok(format!("UD.tar.gz!{name}"))));
    let unknown: Vec<String> = summary(&outer).warnings.iter().map(ToString::to_string).collect();
    let places = ["dev_4.txt.bak, byte 4096", "txt, byte 5120", "x.tgz, byte 6144"];
    assert_eq!(unknown, places.map(|place| format!("{place}: unknown-member")));
    // a file that is no archive is one leaf
    assert_eq!(read(b"{\"payload\":1}"), [Ok("UD.tar.gz!UD.tar.gz".to_owned())]);
    let nameless = Reader::new(&b"<a/>"[..], &limits()).next().unwrap().unwrap();
    assert_eq!((nameless.place().to_string().as_str(), nameless.index), ("leaf", 0));
}

#[test]
fn the_summary_counts_the_bytes_of_the_file_and_of_all_levels() {
    let inner = archive([("dev_1.txt", &b"<a/>"[..]), ("dev_2.txt", b"<b/>")], 0).unwrap();
    let packed = pack(&inner);
    let outer = archive([("UD_VA_x.tar.gz", &packed[..])], 0).unwrap();
    let bundle = pack(&outer);
    let found = summary(&bundle);
    assert_eq!(found.file_bytes, bundle.len() as u64);
    assert_eq!(found.inflated_bytes, (outer.len() + inner.len()) as u64);
    assert_eq!((found.leaves, found.refused, found.archives, found.entries), (2, 0, 1, 3));
    let plain = summary(&outer);
    assert_eq!((plain.file_bytes, plain.inflated_bytes), (outer.len() as u64, inner.len() as u64));
}

#[test]
fn a_manifest_of_the_limit_passes() {
    let manifest = b"Manifest-Version: 1.0\n";
    let bundle = gz_tar(&[("manifest.mf", manifest), ("dev_1.txt", b"<a/>")]);
    let judged = |manifest_bytes: u64| read_with(&bundle, &Limits { manifest_bytes, ..limits() }).remove(0);
    assert_eq!(judged(22), Ok("UD.tar.gz!dev_1.txt".to_owned()));
    let place = "UD.tar.gz!manifest.mf, byte 0".to_owned();
    assert_eq!(judged(21), Err((ErrorKind::Limit, Some("manifest_bytes"), place)));
}

#[test]
fn a_bundle_without_leaves_is_an_error() {
    assert_eq!(refusal(&gz_tar(&[("UD_VA_x.tar.gz", &gz_tar(&[]))])).0, ErrorKind::BundleEmpty);
    assert_eq!(refusal(&gz_tar(&[])).0, ErrorKind::BundleEmpty);
    assert_eq!(refusal(b"").1, Some("empty"));
}

#[test]
fn the_manifest_is_advice() {
    let manifest = b"Manifest-Version: 1.0\n\nName: /UD_VA_other.tar.gz\n";
    let inner = gz_tar(&[("dev_1.txt", b"x")]);
    let found = summary(&gz_tar(&[("MANIFEST.MF", manifest), ("UD_VA_x.tar.gz", &inner)]));
    assert!(found.warnings.has(WarningKind::ManifestDangling) && found.warnings.has(WarningKind::ManifestUnlisted));
    let manifest = b"Manifest-Version: 1.0\n\nName: /ud_va_X.tar.gz\n";
    let found = summary(&gz_tar(&[("manifest.mf", manifest), ("UD_VA_x.tar.gz", &inner)]));
    let kinds: Vec<_> = found.warnings.iter().map(|warning| warning.kind).collect();
    assert_eq!(kinds, [WarningKind::ManifestDangling, WarningKind::ManifestUnlisted], "names are exact");
    assert_eq!(found.manifest.unwrap().version, "1.0");
    let large = Limits { manifest_bytes: 4, ..limits() };
    let items = read_with(&gz_tar(&[("manifest.mf", manifest)]), &large);
    assert_eq!(items[0].as_ref().unwrap_err().1, Some("manifest_bytes"));
}

#[test]
fn a_manifest_may_name_leaves_that_lie_beside_it() {
    let manifest = |names: &[&str]| {
        let sections = names.iter().map(|name| format!("\nName: /{name}\nSpecification-VA: \n"));
        format!("Manifest-Version: 1.0\n{}", sections.collect::<String>()).into_bytes()
    };
    let oddities = |entries: &[(&str, &[u8])]| -> Vec<String> {
        summary(&gz_tar(entries)).warnings.iter().map(ToString::to_string).collect()
    };
    let inner = gz_tar(&[("dev_1.txt", b"x")]);
    let both = manifest(&["dev_1.txt", "dev_2.xml"]);
    // wherever the manifest lies: first, as we write it, or last
    assert_eq!(oddities(&[("manifest.mf", &both), ("dev_1.txt", b"x"), ("dev_2.xml", b"x")]), [""; 0]);
    assert_eq!(oddities(&[("dev_1.txt", b"x"), ("dev_2.xml", b"x"), ("manifest.mf", &both)]), [""; 0]);
    let mixed = manifest(&["UD_VA_x.tar.gz", "dev_2.xml"]);
    assert_eq!(oddities(&[("manifest.mf", &mixed), ("UD_VA_x.tar.gz", &inner), ("dev_2.xml", b"x")]), [""; 0]);
    assert_eq!(oddities(&[("manifest.mf", &manifest(&[])), ("dev_1.txt", b"x")]), [""; 0]);
    // the archive of a virtual account, taken apart: its section says whose the leaves are
    let account = manifest(&["UD_VA_x.tar.gz"]);
    assert_eq!(oddities(&[("manifest.mf", &account), ("dev_1.txt", b"x")]), [""; 0]);
    let lost = oddities(&[("manifest.mf", &account), ("UD_VA_y.tar.gz", &inner)]);
    assert_eq!(lost[0], "manifest.mf: manifest-dangling (\"UD_VA_x.tar.gz\" is not there)");
    // what is not there is still told, in either layout
    let none = "manifest.mf: manifest-dangling (\"dev_2.xml\" is not there)";
    assert_eq!(oddities(&[("manifest.mf", &both), ("dev_1.txt", b"x")]), [none]);
    assert_eq!(oddities(&[("manifest.mf", &mixed), ("UD_VA_x.tar.gz", &inner)]), [none]);
    // a leaf inside of an archive is no member beside the manifest
    let inside = manifest(&["UD_VA_x.tar.gz", "dev_1.txt"]);
    let told = oddities(&[("manifest.mf", &inside), ("UD_VA_x.tar.gz", &inner)]);
    assert_eq!(told, ["manifest.mf: manifest-dangling (\"dev_1.txt\" is not there)"]);
}

#[test]
fn archives_and_entries_are_counted_over_all_levels() {
    let inner = gz_tar(&[("dev_1.txt", b"x"), ("dev_2.txt", b"x")]);
    let bundle = gz_tar(&[("UD_VA_x.tar.gz", &inner), ("UD_VA_y.tar.gz", &inner)]);
    let last = |limits: &Limits| read_with(&bundle, limits).pop().unwrap().map_err(|error| error.1);
    assert!(last(&Limits { archives: 2, entries: 6, ..limits() }).is_ok());
    assert_eq!(last(&Limits { archives: 1, ..limits() }), Err(Some("archives")));
    assert_eq!(last(&Limits { entries: 5, ..limits() }), Err(Some("entries")));
    assert_eq!(last(&Limits { nesting: 1, ..limits() }), Err(Some("nesting")));
}

/// Some hundred leaves of different sizes, one of them too large for the limits of the test.
fn fleet() -> Vec<u8> {
    let contents: Vec<(String, Vec<u8>)> = (0_usize..400)
        .map(|index| {
            let length = if index == 77 { 300_000 } else { index * 37 % 9_000 };
            (format!("dev_{index}.txt"), (0..length).map(|at| (at * 31 + index * 17 + at / 7) as u8).collect())
        })
        .collect();
    let leaves: Vec<(&str, &[u8])> = contents.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
    let (first, second) = leaves.split_at(150);
    let mut stored = Stored::new(Vec::new()).unwrap();
    let inner = [gz_tar(first), gz_tar(second)];
    let outer = archive([("UD_VA_x.tar.gz", &*inner[0]), ("UD_VA_y.tar.gz", &*inner[1])], 0).unwrap();
    stored.write_all(&outer).unwrap();
    stored.finish().unwrap()
}

#[test]
fn no_number_of_threads_shows_in_the_result() {
    let bytes = fleet();
    let limits = Limits { leaf_bytes: 100_000, ratio: 10_000, ..limits() };
    let one: Vec<String> = Reader::new(&bytes[..], &limits).map(|leaf| format!("{leaf:?}")).collect();
    assert_eq!(one.len(), 400);
    for threads in [1, 2, 3, 8] {
        let mut all = Vec::new();
        let mut reader = Reader::new(&bytes[..], &limits);
        let map = |(): &mut (), batch: &mut Batch| batch.drain().map(|leaf| format!("{leaf:?}")).collect::<Vec<_>>();
        process(
            &mut reader,
            NonZero::new(threads).unwrap(),
            || (),
            map,
            |mut part| {
                all.append(&mut part);
                Ok::<(), Error>(())
            },
        )
        .unwrap();
        assert_eq!(all, one, "{threads} threads");
        assert_eq!((reader.summary().leaves, reader.summary().refused), (400, 1));
    }
}

#[test]
fn many_large_leaves_are_not_held_at_once() {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    const LEAF: usize = 4 << 20;
    /// Counts what is read.
    struct Counted<'a>(&'a [u8], &'a AtomicUsize);
    impl std::io::Read for Counted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let amount = self.0.read(buffer)?;
            self.1.fetch_add(amount, SeqCst);
            Ok(amount)
        }
    }
    let names: Vec<String> = (0..16).map(|number| format!("dev_{number}.txt")).collect();
    let content = vec![b' '; LEAF];
    let bytes = archive(names.iter().map(|name| (name.as_str(), content.as_slice())), 0).unwrap();
    let (read, done, held) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let mut reader = Reader::new(Counted(&bytes, &read), &limits());
    let map = |(): &mut (), batch: &mut Batch| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        held.fetch_max(read.load(SeqCst) - done.load(SeqCst), SeqCst);
        done.fetch_add(batch.drain().flatten().map(|leaf| leaf.bytes.len()).sum(), SeqCst);
    };
    process(&mut reader, NonZero::new(2).unwrap(), || (), map, |()| Ok::<(), Error>(())).unwrap();
    assert_eq!(done.load(SeqCst), 16 * LEAF);
    assert!(held.load(SeqCst) <= 3 * LEAF + (1 << 20), "{} bytes at once", held.load(SeqCst));
}

#[test]
fn a_batch_is_full_of_small_leaves_too() {
    let names: Vec<String> = (0..20_000).map(|number| format!("dev_{number}.txt")).collect();
    let entries = names.iter().map(|name| (name.as_str(), &b""[..]));
    let bundle = pack(&crate::tar::archive(entries, 0).unwrap());
    let mut limits = limits();
    (limits.ratio, limits.entries) = (u64::MAX, 20_000);
    let (mut reader, mut batch, mut leaves) = (Reader::new(&bundle[..], &limits), Batch::new(), 0);
    while reader.fill(&mut batch).unwrap() {
        assert!(batch.len() <= 5_000, "{} leaves of no byte in one batch", batch.len());
        leaves += batch.len();
    }
    assert_eq!(leaves, names.len());
}

#[test]
fn a_batch_of_its_weight_is_full() {
    use super::batch::{BATCH, Item};
    let name = "dev_1.txt";
    let fills = |missing: usize| {
        let content = noise(BATCH - name.len() - size_of::<Item>() - missing);
        let bundle = gz_tar(&[(name, &content), ("dev_2.txt", b"<a/>")]);
        let (mut reader, mut batch) = (Reader::new(&bundle[..], &limits()), Batch::new());
        assert!(reader.fill(&mut batch).unwrap());
        batch.len()
    };
    assert_eq!((fills(0), fills(1)), (1, 2));
}

#[test]
fn a_fatal_error_comes_behind_the_leaves_before_it_and_at_once_where_there_are_none() {
    let whole = gz_tar(&[("dev_1.txt", b"<a/>"), ("dev_2.txt", b"<b/>")]);
    let fills = |bytes: &[u8]| {
        let (mut reader, mut batch) = (Reader::new(bytes, &limits()), Batch::new());
        let one = |_| reader.fill(&mut batch).map(|more| (more, batch.len())).map_err(|error| error.kind());
        (0..3).map(one).collect::<Vec<_>>()
    };
    let end = Ok((false, 0));
    assert_eq!(fills(&whole), [Ok((true, 2)), end, end]);
    assert_eq!(fills(&whole[..whole.len() - 1]), [Ok((true, 2)), Err(ErrorKind::Truncated), end]);
    assert_eq!(fills(&whole[..20]), [Err(ErrorKind::Truncated), end, end]);
}

#[test]
fn what_stands_before_a_fatal_error_is_worked_on_and_then_the_error_comes() {
    let bytes = fleet();
    for threads in [1, 2, 4] {
        let limits = Limits { ratio: 10_000, ..limits() };
        let mut reader = Reader::new(&bytes[..bytes.len() / 2], &limits);
        let mut leaves = 0;
        let count = |(): &mut (), batch: &mut Batch| batch.drain().count();
        let error = process(
            &mut reader,
            NonZero::new(threads).unwrap(),
            || (),
            count,
            |part| {
                leaves += part;
                Ok::<(), Error>(())
            },
        )
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated);
        assert!(leaves > 50, "{leaves}");
    }
}

#[test]
fn the_first_error_of_the_caller_ends_the_work() {
    let bytes = fleet();
    let limits = Limits { ratio: 10_000, ..limits() };
    for threads in [1, 2, 4] {
        let mut reader = Reader::new(&bytes[..], &limits);
        let count = |(): &mut (), batch: &mut Batch| batch.drain().count();
        let result = process(
            &mut reader,
            NonZero::new(threads).unwrap(),
            || (),
            count,
            |_| Err(Error::new(ErrorKind::Io, "the disk is full")),
        );
        assert_eq!(result.unwrap_err().message(), "the disk is full");
    }
}

#[test]
#[should_panic(expected = "a scoped thread panicked")]
fn a_panic_of_a_worker_is_passed_on_and_nobody_waits_for_ever() {
    let bytes = fleet();
    let mut reader = Reader::new(&bytes[..], &Limits { ratio: 10_000, ..limits() });
    let main = std::thread::current().id();
    let map = |(): &mut (), batch: &mut Batch| {
        assert_eq!(std::thread::current().id(), main, "only the calling thread survives");
        batch.drain().count()
    };
    // The first batch always goes to a worker.
    drop(process(&mut reader, NonZero::new(3).unwrap(), || (), map, |_| Ok::<(), Error>(())));
}

fn plan() -> Plan {
    let mut plan = Plan::new("Acme Enterprise", "2026-11-24T10:20:30.123Z".parse().unwrap());
    plan.virtual_accounts = vec![
        VirtualAccount::new("Default", "7"),
        VirtualAccount::new("Branch", "8"),
        VirtualAccount::new("Default", "9"),
    ];
    plan
}

fn write(plan: &Plan, threads: usize) -> (Vec<u8>, super::Sealed) {
    let deflater = Deflater::new(NonZero::new(threads).unwrap()).unwrap();
    let mut writer = Writer::with_deflater(Vec::new(), Cursor::new(Vec::new()), plan, &deflater).unwrap();
    for archive in 0..3 {
        for number in 0..40_u64 {
            let bytes: Vec<u8> = (0..50_000_u64).map(|at| (at * number + at / 3) as u8).collect();
            writer.add_leaf(archive, number, &bytes).unwrap();
        }
    }
    writer.finish().unwrap()
}

#[test]
fn the_same_input_gives_the_same_bytes_on_any_number_of_threads() {
    let (one, sealed) = write(&plan(), 1);
    assert_eq!(sealed.leaves, 120);
    for threads in [1, 2, 5] {
        let (bytes, again) = write(&plan(), threads);
        assert!(bytes == one && again == sealed, "{threads} threads");
    }
    let stored = Plan { inner: Compression::Stored, ..plan() };
    let (bytes, again) = write(&stored, 2);
    assert_eq!(again.content_sha256, sealed.content_sha256, "the content is the same, the packing is not");
    assert!(bytes.len() > one.len());
    for bytes in [bytes, one] {
        let found = summary(&bytes);
        assert_eq!((found.leaves, found.archives, found.warnings.total()), (120, 3, 0));
    }
}

#[test]
fn archives_are_sorted_and_twins_are_numbered() {
    let names: Vec<String> = plan().archives().iter().map(|(name, account)| format!("{name} {}", account.id)).collect();
    let expected = [
        "UD_VA_Branch_26Nov24_10_20_30_123.tar.gz 8",
        "UD_VA_Default-2_26Nov24_10_20_30_123.tar.gz 9",
        "UD_VA_Default_26Nov24_10_20_30_123.tar.gz 7",
    ];
    assert_eq!(names, expected);
    let ack = Plan { ack: true, ..plan() };
    assert!(ack.manifest().is_none());
    assert!(ack.archives().iter().all(|(name, _)| name.to_string().starts_with("ACK_UD_VA_")));
}

#[test]
fn a_refused_leaf_leaves_the_writer_usable() {
    let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan()).unwrap();
    writer.add_leaf(1, 5, b"x").unwrap();
    assert_eq!(writer.add_leaf(1, 5, b"y").unwrap_err().kind(), ErrorKind::DuplicateEntry);
    assert_eq!(writer.add_leaf(0, 6, b"y").unwrap_err().kind(), ErrorKind::BadValue, "closed");
    assert_eq!(writer.add_leaf(3, 6, b"y").unwrap_err().kind(), ErrorKind::BadValue, "none");
    writer.add_leaf(2, 5, b"y").unwrap();
    let (bytes, sealed) = writer.finish().unwrap();
    assert_eq!(sealed.leaves, 2);
    let found = summary(&bytes);
    assert_eq!((found.leaves, found.archives), (2, 3), "an archive without leaves is written empty");
    let empty = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan()).unwrap();
    assert_eq!(empty.finish().unwrap_err().kind(), ErrorKind::BundleEmpty);
}

#[test]
fn after_a_full_disk_nothing_more_is_written() {
    #[derive(Debug)]
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut writer = Writer::new(Full(66_000), Cursor::new(Vec::new()), &plan()).unwrap();
    let mut failed = None;
    for archive in 0..3 {
        if let Err(error) = writer.add_leaf(archive, 1, &noise(90_000)) {
            failed = Some(error);
            break;
        }
    }
    let error = failed.unwrap();
    assert_eq!((error.kind(), error.is_fatal(), error.is_retryable()), (ErrorKind::Io, true, true));
    assert_eq!(writer.add_leaf(2, 9, b"x").unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(writer.finish().unwrap_err().kind(), ErrorKind::Io);
}

fn device_file(number: u64, id: u64) -> String {
    format!("<smartLicense>{}</smartLicense>", report(number, id, &[]))
}

#[test]
fn a_bad_file_is_refused_alone_and_the_rest_goes_in() {
    let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan()).unwrap();
    let with_mark = format!("\u{feff}{}", device_file(1, 10));
    let exported = writer.add(0, 1, with_mark.as_bytes()).unwrap();
    assert_eq!((exported.device.serial(), exported.number()), ("TST00000001", Some(1)));
    let mut refused = |bytes: &str| {
        let error = writer.add(0, 2, bytes.as_bytes()).unwrap_err();
        (error.kind(), error.name())
    };
    assert_eq!(refused("<html/>"), (ErrorKind::BadLeaf, Some("unknown-root")));
    assert_eq!(refused(&device_file(1, 11)), (ErrorKind::DuplicateDevice, None));
    let two = format!("<smartLicense>{}{}</smartLicense>", report(2, 20, &[]), report(3, 30, &[]));
    assert_eq!(refused(&two), (ErrorKind::Inconsistent, None));
    let bare = writer.add(1, 2, report(2, 20, &[]).as_bytes()).unwrap();
    assert_eq!(bare.digest, super::LeafDigest::of(device_file(2, 20).as_bytes()), "it becomes a device file");
    let (bytes, sealed) = writer.finish().unwrap();
    assert_eq!(sealed.leaves, 2);
    let mut reader = Reader::new(&bytes[..], &limits());
    let (index, refused) = super::ExportIndex::read(&sealed.name, &mut reader).unwrap();
    assert_eq!((index.len(), refused.len()), (2, 0));
    let back = index.leaf(0).unwrap();
    assert_eq!((back.archive, back.leaf, back.device), (&*exported.archive, &*exported.leaf, &exported.device));
    assert_eq!((back.ha, back.reports), (&*exported.ha, &*exported.reports), "what went in is what is read back");
}

#[test]
fn an_index_of_a_bundle_names_the_leaves_that_cannot_be_read() {
    let good = device_file(1, 10);
    let bundle = nested(&[("dev_1.txt", good.as_bytes()), ("dev_2.txt", b"<smartLicense><RUMReport>")]);
    let mut reader = Reader::new(&bundle[..], &limits()).named("UD.tar.gz");
    let (index, refused) = super::ExportIndex::read("UD.tar.gz", &mut reader).unwrap();
    assert_eq!(index.len(), 1);
    assert_eq!((refused[0].kind(), refused[0].name()), (ErrorKind::BadLeaf, Some("truncated")));
    assert!(refused[0].to_string().starts_with("UD.tar.gz!UD_VA_x.tar.gz!dev_2.txt, line 1"), "{}", refused[0]);
    // a leaf is read under the limits that the reader was given
    let mut narrow = limits();
    narrow.leaf.limits.payload_bytes = 100;
    let mut reader = Reader::new(&bundle[..], &narrow);
    let (index, refused) = super::ExportIndex::read("UD.tar.gz", &mut reader).unwrap();
    assert_eq!((index.len(), refused[0].name()), (0, Some("limit")));
}
