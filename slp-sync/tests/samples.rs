//! The samples that lie outside of the project, read where they lie: `SLP_SAMPLES` is their directory. Without it the
//! tests say so and pass.
#![expect(clippy::disallowed_methods, reason = "tests read the environment and files")]

use std::io::Cursor;
use std::path::{Path, PathBuf};

use slp_sync::bundle::{self, Compression, Content, LeafDigest, Manifest, Plan, VirtualAccount, Writer};
use slp_sync::{ErrorKind, Limits, WarningKind, Warnings, gzip, tar};

mod tamper;

fn samples() -> Option<PathBuf> {
    let found = std::env::var_os("SLP_SAMPLES").map(PathBuf::from);
    if found.is_none() {
        eprintln!("skipped: SLP_SAMPLES is not set");
    }
    found
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// The refusal of a gzip file, or what was odd about it.
fn gzip_outcome(bytes: &[u8]) -> String {
    let mut reader = gzip::Reader::new(bytes, &Limits::default());
    match reader.read_all() {
        Err(error) => word(&error),
        Ok(_) => warned(reader.warnings()),
    }
}

fn tar_outcome(bytes: &[u8], limits: &Limits) -> String {
    let packed = bytes.starts_with(&[0x1f, 0x8b]);
    let content = if packed {
        match gzip::Reader::new(bytes, limits).read_all() {
            Ok(content) => content,
            Err(error) => return word(&error),
        }
    } else {
        bytes.to_vec()
    };
    let mut reader = tar::Reader::new(&content[..], limits);
    loop {
        match reader.next_entry() {
            Err(error) => return word(&error),
            Ok(None) => return warned(reader.warnings()),
            Ok(Some(_)) => {
                if let Err(error) = reader.read() {
                    return word(&error);
                }
            }
        }
    }
}

fn bundle_outcome(bytes: &[u8]) -> String {
    let mut reader = bundle::Reader::new(bytes, &Limits::default());
    match reader.by_ref().find_map(Result::err) {
        Some(error) => word(&error),
        None => warned(&reader.summary().warnings),
    }
}

fn word(error: &slp_sync::Error) -> String {
    match error.name() {
        Some(name) => format!("{}({name})", error.kind()),
        None => error.kind().to_string(),
    }
}

fn warned(warnings: &Warnings) -> String {
    let mut words: Vec<_> = warnings.iter().map(|warning| warning.kind.as_str()).collect();
    words.dedup();
    if words.is_empty() { "ok".to_owned() } else { format!("ok, {}", words.join(", ")) }
}

#[test]
fn every_hostile_gzip_file_is_refused_for_its_own_reason() {
    let Some(samples) = samples() else { return };
    let table = [
        ("ok", "ok"),
        ("empty", "bad-gzip(empty)"),
        ("not_gzip", "bad-gzip(magic)"),
        ("wrong_method", "bad-gzip(method)"),
        ("reserved_flags", "bad-gzip(flags)"),
        ("truncated_half", "truncated"),
        ("truncated_no_trailer", "truncated"),
        ("bad_crc", "bad-checksum(gzip)"),
        ("bad_isize", "bad-checksum(gzip)"),
        ("trailing_garbage", "trailing-data"),
        ("trailing_zeros", "ok, trailing-zeros"),
        ("multi_member", "multiple-members"),
        ("fname_traversal", "ok"),
        ("fextra_64k", "ok"),
        ("bomb_100MiB", "limit(ratio)"),
    ];
    for (stem, expected) in table {
        let bytes = read(&samples.join(format!("vectors/hostile/gzip/{stem}.gz")));
        assert_eq!(gzip_outcome(&bytes), expected, "{stem}");
    }
    let bomb = read(&samples.join("vectors/hostile/gzip/bomb_100MiB.gz"));
    assert_eq!(bundle_outcome(&bomb), "limit(trailing_zero_bytes)", "as an archive");
    let nested = read(&samples.join("vectors/hostile/gzip/bomb_nested_2x.gz"));
    assert_eq!(bundle_outcome(&nested), "bad-tar(magic)");
    every_file_is_in_the_table(&samples.join("vectors/hostile/gzip"), table.len() + 1);
    let table = table.iter().map(|(stem, outcome)| (format!("gzip/{stem}.gz"), *outcome));
    the_index_says_so(&samples, table.chain([("gzip/bomb_nested_2x.gz".to_owned(), "bad-tar(magic)")]));
}

#[test]
fn every_hostile_tar_file_is_refused_for_its_own_reason() {
    let Some(samples) = samples() else { return };
    let table = [
        ("ok_slp_layout.tar", "ok"),
        ("abs_path.tar", "absolute-path"),
        ("dotdot.tar", "path-traversal"),
        ("dotdot_middle.tar", "path-traversal"),
        ("backslash.tar", "path-traversal"),
        ("drive.tar", "absolute-path"),
        ("unc.tar", "absolute-path"),
        ("symlink_escape.tar", "entry-type(symlink)"),
        ("symlink_chmod_dir.tar", "entry-type(symlink)"),
        ("hardlink_escape.tar", "entry-type(hardlink)"),
        ("chardev.tar", "entry-type(device)"),
        ("fifo.tar", "entry-type(fifo)"),
        ("setuid.tar", "ok"),
        ("duplicate_names.tar", "duplicate-entry"),
        ("case_collision.tar", "duplicate-entry"),
        ("unicode_nfc_nfd.tar", "ok, non-ascii-name"),
        ("bidi_name.tar", "bad-entry-name(control)"),
        ("control_chars_name.tar", "bad-entry-name(control)"),
        ("non_utf8_name.tar", "bad-entry-name(utf8)"),
        ("nul_in_name.tar", "ok"),
        ("empty_name.tar", "bad-entry-name(empty)"),
        ("dot_name.tar", "ok, dot-entry"),
        ("gnu_longname_8k.tar", "limit(extension_bytes)"),
        ("gnu_longname_1g.tar", "limit(extension_bytes)"),
        ("pax_path_override.tar", "path-traversal"),
        ("pax_linkpath_override.tar", "entry-type(symlink)"),
        ("pax_size_smuggle_hdr0_pax1024.tar", "parser-differential(size)"),
        ("pax_size_smuggle_hdr1024_pax0.tar", "parser-differential(size)"),
        ("size_octal_max.tar", "limit(leaf_bytes)"),
        ("size_base256_huge.tar", "bad-tar(size)"),
        ("size_base256_negative.tar", "bad-tar(size)"),
        ("size_garbage.tar", "bad-tar(size)"),
        ("bad_checksum.tar", "bad-checksum(tar)"),
        ("truncated_data.tar", "truncated"),
        ("no_eof_blocks.tar", "ok, no-end-blocks"),
        ("data_after_eof.tar", "trailing-data"),
        ("many_entries_20000.tar.gz", "limit(entries)"),
        ("deep_dirs_500.tar", "limit(name_bytes)"),
        ("gnu_sparse_1TiB.tar", "sparse"),
        ("unknown_type.tar", "entry-type(other)"),
    ];
    let mut limits = Limits::default();
    limits.entries = 10_000;
    for (name, expected) in table {
        let bytes = read(&samples.join("vectors/hostile/tar").join(name));
        assert_eq!(tar_outcome(&bytes, &limits), expected, "{name}");
    }
    let nested = read(&samples.join("vectors/hostile/tar/nested_4_levels.tar.gz"));
    assert_eq!(bundle_outcome(&nested), "limit(nesting)");
    let claimed = read(&samples.join("vectors/hostile/tar/size_octal_max.tar"));
    let items: Vec<String> = bundle::Reader::new(&claimed[..], &Limits::default())
        .map(|item| item.map_or_else(|error| word(&error), |leaf| leaf.name.into_owned()))
        .collect();
    assert_eq!(items, ["limit(leaf_bytes)", "truncated"]);
    every_file_is_in_the_table(&samples.join("vectors/hostile/tar"), table.len() + 1);
    let table = table.iter().map(|(name, outcome)| (format!("tar/{name}"), *outcome));
    the_index_says_so(&samples, table.chain([("tar/nested_4_levels.tar.gz".to_owned(), "limit(nesting)")]));
}

/// What the index of the corpus calls `accept` and `reject` is accepted and refused; the rest is for a policy to decide.
fn the_index_says_so<'t>(samples: &Path, table: impl Iterator<Item = (String, &'t str)>) {
    let text = read(&samples.join("vectors/hostile/index.json"));
    let slp_crypto::canonical::Value::Array(index) = slp_crypto::canonical::Value::read(&text).unwrap() else {
        panic!("the index is a list");
    };
    for (file, outcome) in table {
        let of_file = index.iter().filter_map(|case| case.as_object());
        let case = of_file.into_iter().find(|case| case.get("file").and_then(|name| name.as_str()) == Some(&file));
        match case.and_then(|case| case.get("expect")).and_then(|expect| expect.as_str()) {
            Some("accept") => assert!(outcome.starts_with("ok"), "{file}: {outcome}"),
            Some("reject") => assert!(!outcome.starts_with("ok"), "{file}: {outcome}"),
            Some("policy") => {}
            other => panic!("{file}: {other:?}"),
        }
    }
}

fn every_file_is_in_the_table(directory: &Path, expected: usize) {
    let files = std::fs::read_dir(directory).unwrap().count();
    assert_eq!(files, expected, "files in {}", directory.display());
}

const GOLDEN: &str = "UD_SA_Acme_Enterprise_26Nov24_10_20_30_123.tar.gz";

fn golden_plan(inner: Compression) -> Plan {
    let mut plan = Plan::new("Acme Enterprise", "2026-11-24T10:20:30.123Z".parse().unwrap());
    plan.smart_account_id = "100200".into();
    plan.collector_instance_id = "3f0c1d52-7a64-4c0e-9b1d-5a2e6f708192".into();
    plan.virtual_accounts =
        vec![VirtualAccount::new("Default", "300400"), VirtualAccount::new("Branch Offices", "300401")];
    plan.inner = inner;
    plan
}

#[test]
fn the_golden_bundles_are_reproduced_byte_for_byte() {
    let Some(samples) = samples() else { return };
    let golden = samples.join("sync/golden");
    let leaf = |number: u64| read(&golden.join(format!("stored/dev_{number}_26Nov24_10_20_30_123.txt")));
    for (inner, directory, digest) in [
        (Compression::Stored, "stored", "44f9e06645055f0043a592e97365eb685170f7849bc25ff260ba4f6d7e2f934e"),
        (Compression::Deflate, "default", "de3a6a4cc569594d69b599c4c3e32098ad979575ce1e10153edd6d0d4943c1c2"),
    ] {
        let plan = golden_plan(inner);
        let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan).unwrap();
        assert_eq!(writer.archives()[0], "UD_VA_Branch_Offices_26Nov24_10_20_30_123.tar.gz");
        writer.add_leaf(0, 10, &leaf(10)).unwrap();
        writer.add_leaf(1, 1, &leaf(1)).unwrap();
        writer.add_leaf(1, 2, &leaf(2)).unwrap();
        let (bytes, sealed) = writer.finish().unwrap();
        assert_eq!(sealed.name, GOLDEN);
        assert!(bytes == read(&golden.join(directory).join(GOLDEN)), "{directory} bundle differs");
        assert_eq!(hex(&sealed.sha256), digest);
        let content = "44dd29f094fa2e59e96f20d21a1734c9dce5123adff192158bb3ef2c4271894e";
        assert_eq!(sealed.content_sha256_hex(), content);
    }
    let manifest = golden_plan(Compression::Stored).manifest().unwrap().to_bytes().unwrap();
    assert_eq!(manifest, read(&golden.join("stored/manifest.mf")));
}

#[test]
fn a_golden_bundle_is_read_back_to_its_parts() {
    let Some(samples) = samples() else { return };
    let golden = samples.join("sync/golden");
    let bytes = read(&golden.join("default").join(GOLDEN));
    let mut reader = bundle::Reader::new(&bytes[..], &Limits::default()).named(GOLDEN);
    let mut content = Content::new();
    content.manifest(&read(&golden.join("stored/manifest.mf")));
    for leaf in reader.by_ref() {
        let leaf = leaf.unwrap();
        assert_eq!(*leaf.bytes, *read(&golden.join("stored").join(&*leaf.name)));
        content.leaf(leaf.archive.as_deref().unwrap(), &leaf.name, LeafDigest::of(&leaf.bytes));
    }
    assert_eq!(hex(&content.finish()), "44dd29f094fa2e59e96f20d21a1734c9dce5123adff192158bb3ef2c4271894e");
    let summary = reader.summary();
    assert!(summary.warnings.is_empty());
    assert_eq!(summary.manifest.unwrap().uuid().as_deref(), Some("3f0c1d52-7a64-4c0e-9b1d-5a2e6f708192"));
}

#[test]
fn the_bundle_of_the_published_program_reads_with_a_dangling_manifest() {
    let Some(samples) = samples() else { return };
    let folder = samples.join("sync/xe-sip-bundle");
    let bytes = read(&folder.join("UD_SA_26Nov24_02_09_27_970_py.tar.gz"));
    let mut reader = bundle::Reader::new(&bytes[..], &Limits::default());
    let leaves: Vec<_> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(leaves.len(), 1);
    assert_eq!((&*leaves[0].name, leaves[0].number()), ("dev_2_26Nov24_02_09_27_970.txt", Some(2)));
    assert_eq!(*leaves[0].bytes, *read(&folder.join("dev_2_26Nov24_02_09_27_970.txt")));
    let kinds: Vec<_> = reader.summary().warnings.iter().map(|warning| warning.kind).collect();
    assert_eq!(kinds, [WarningKind::ManifestDangling, WarningKind::ManifestUnlisted]);
}

#[test]
fn the_manifest_of_the_published_program_is_written_back_as_it_was() {
    let Some(samples) = samples() else { return };
    let bytes = read(&samples.join("sync/manifest-xe-sip.mf"));
    let mut warnings = Warnings::default();
    let manifest = Manifest::parse(&bytes, &mut warnings);
    assert!(warnings.is_empty());
    assert_eq!(manifest.uuid().as_deref(), Some("foofoo"));
    assert_eq!(String::from_utf8(manifest.to_bytes().unwrap()).unwrap(), String::from_utf8(bytes).unwrap());
}

#[test]
fn acknowledgement_bundles_are_read() {
    let Some(samples) = samples() else { return };
    for (folder, leaves) in [("ack_mixed", 3), ("ack_complete", 3)] {
        let bytes = read(&samples.join("sync/golden").join(folder).join(format!("ACK_{GOLDEN}")));
        let mut reader = bundle::Reader::new(&bytes[..], &Limits::default());
        assert_eq!(reader.by_ref().map(Result::unwrap).count(), leaves);
        assert!(reader.summary().warnings.is_empty() && reader.summary().manifest.is_none());
    }
    let cut = bundle::Reader::new(&[0x1f, 0x8b][..], &Limits::default()).next().unwrap().unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::Truncated);
}

#[test]
fn the_golden_ledger_is_read_and_written_back_line_by_line() {
    use slp_sync::ledger::{AckEntry, Basis, Begin, BundleState, Event, Ledger, Via};

    let Some(samples) = samples() else { return };
    let bytes = read(&samples.join("sync/golden/ledger.jsonl"));
    let (ledger, kept) = Ledger::open(&bytes[..]).unwrap();
    assert_eq!(kept, bytes.len() as u64);
    let exported = ledger.bundle(GOLDEN).unwrap();
    assert_eq!(exported.state(), BundleState::PartlyAcked);
    let (sha256, size) = exported.seal.unwrap();

    let mut again = Ledger::new();
    let mut begin = Begin::new("Quebec", exported.begin.content_sha256, exported.begin.leaves.clone());
    begin.level = Compression::Stored;
    let leaf = "dev_1_26Nov24_10_20_30_123.txt";
    let answer = exported.acks.get(leaf).unwrap();
    let mut ack = AckEntry::new(leaf, Basis::Udi, answer.reports.clone(), answer.sha256);
    (ack.partial, ack.refused) = (true, answer.refused.clone());
    let events = [
        ("2026-11-24T10:20:30.123Z", Event::Begin(begin)),
        ("2026-11-24T10:20:30.900Z", Event::seal(sha256, size)),
        ("2026-11-24T12:00:00.000Z", Event::Ack(ack)),
        ("2026-11-24T12:00:05.000Z", Event::delivered(leaf, Via::Push)),
    ];
    let mut text = String::new();
    for (time, event) in events {
        text.push_str(&again.append(GOLDEN, time.parse().unwrap(), event).unwrap());
    }
    assert_eq!(text, String::from_utf8(bytes).unwrap());
}

#[test]
fn the_golden_device_lists_are_read() {
    use slp_sync::inventory::{Rules, read as read_list, write};

    let Some(samples) = samples() else { return };
    let golden = samples.join("sync/golden");
    let rules = Rules::new(false, vec!["Default".into(), "=Formula LVA".into()]);
    let list = read(&golden.join("devices_import_errors.csv"));
    let (inventory, errors) = read_list(&list, &rules, &Limits::default()).unwrap();
    let found: Vec<_> = errors.iter().map(|error| (error.row, error.fault.as_str())).collect();
    let expected = [
        (3, "missing-host"),
        (4, "missing-credentials"),
        (5, "bad-method"),
        (6, "duplicate-device"),
        (7, "bad-uuid"),
        (9, "too-many-fields"),
        (10, "bad-host"),
    ];
    assert_eq!(found, expected);
    assert_eq!(inventory.devices.len(), 2);
    assert_eq!(inventory.other_columns, ["Site"]);

    // An export has no passwords.
    let export = read(&golden.join("devices_export.csv"));
    let mut rules = Rules::new(false, vec!["Default".into(), "IT Department, East".into()]);
    let (_, errors) = read_list(&export, &rules, &Limits::default()).unwrap();
    assert!(errors.iter().all(|error| error.fault.as_str() == "missing-credentials") && errors.len() == 2);
    rules.without_credentials = true;
    let (inventory, errors) = read_list(&export, &rules, &Limits::default()).unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(write(&inventory), export);
}

#[test]
fn the_golden_answers_are_paired() {
    use slp_sync::bundle::{ExportIndex, Verdict, answered_names, pair};
    use slp_sync::ledger::{BundleState, Ledger};

    let Some(samples) = samples() else { return };
    let golden = samples.join("sync/golden");
    let upload = read(&golden.join("default").join(GOLDEN));
    let mut reader = bundle::Reader::new(&upload[..], &Limits::default());
    let (index, refused) = ExportIndex::read(GOLDEN, &mut reader).unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    let (ledger, _) = Ledger::open(&read(&golden.join("ledger.jsonl"))[..]).unwrap();
    let of_ledger = ExportIndex::of_ledger(GOLDEN, ledger.bundle(GOLDEN).unwrap());
    assert!(of_ledger.leaves().eq(index.leaves()), "the ledger says what the bundle holds");

    let file = format!("ACK_{GOLDEN}");
    assert!(answered_names(&file).contains(&GOLDEN.to_owned()));
    let answer = |folder: &str| {
        let bytes = read(&golden.join(folder).join(&file));
        let (pairing, refused) = pair(&index, &mut bundle::Reader::new(&bytes[..], &Limits::default())).unwrap();
        assert!(refused.is_empty(), "{refused:?}");
        pairing
    };
    let mixed = answer("ack_mixed");
    let verdicts: Vec<_> = mixed.answers().map(|answer| (answer.verdict, answer.partial)).collect();
    assert_eq!(verdicts, [(Verdict::Acked, true), (Verdict::Mismatched, false), (Verdict::Foreign, false)]);
    let first = mixed.answers().next().unwrap();
    assert_eq!(
        (first.acked[0].get(), first.refused[0].report.get(), &*first.refused[0].code),
        (1_795_000_001, 1_795_000_002, "45")
    );
    let missing: Vec<_> = mixed.missing().map(|at| index.leaf(at).unwrap().number()).collect();
    assert_eq!((missing, mixed.state()), (vec![Some(10)], BundleState::PartlyAcked));
    let leaf = first.name.strip_prefix("ACK_").unwrap();
    assert!(
        ledger.is_applied(GOLDEN, leaf, &first.sha256),
        "the golden ledger has this answer: importing it again is a no-op"
    );
    assert_eq!(answer("ack_complete").state(), BundleState::Acked);
}

mod documents {
    use slp_crypto::canonical::{self, Value};
    use slp_crypto::{Certificate, PublicKey, TimePolicy, TrustStore};
    use slp_sync::account::{Exchange, Outcome, RequestKind};
    use slp_sync::document::verify::{self, OwnKeys};
    use slp_sync::document::{Content, Document, RegistrationAuthorization};
    use slp_sync::{Error, ErrorKind, Limits};

    use super::{Path, hex, read, samples};

    fn document(folder: &Path, name: &str) -> Document {
        let bytes = read(&folder.join(name));
        let document = Document::read(&bytes, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(document.to_bytes() == bytes, "{name} is not written back as it was");
        document
    }

    fn now() -> TimePolicy {
        TimePolicy::Now("2026-11-24T00:00:00Z".parse().unwrap())
    }

    fn der(pem: &str) -> Certificate {
        Certificate::inspect_pem(pem.as_bytes()).unwrap().remove(0).unwrap()
    }

    fn authorization(folder: &Path) -> RegistrationAuthorization {
        let document = document(folder, "registration_authorization.json");
        let Content::RegistrationAuthorization(content) = document.content() else { panic!("an authorization") };
        (**content).clone()
    }

    fn setting(folder: &Path) -> (TrustStore, OwnKeys) {
        let mut trust = TrustStore::empty();
        trust.add_anchor(der(&String::from_utf8(read(&folder.join("root.pem"))).unwrap()).der()).unwrap();
        let content = authorization(folder);
        let key = |pem: &str| -> PublicKey { der(pem).key().unwrap().clone() };
        let mut own = OwnKeys::new(key(&content.id_cert));
        own.signing = content.collector_signing_cert.as_deref().map(key);
        own.local_ca = content.local_sub_ca_cert.as_deref().map(key);
        (trust, own)
    }

    #[test]
    fn the_golden_documents_are_written_back_and_have_their_digests() {
        let Some(samples) = samples() else { return };
        let folder = samples.join("sync/golden/documents");
        for (name, digest) in [
            ("registration_request.json", "12793b4947cc259f2650681c105805cf8936b06fba58c4e04b006824da6a6466"),
            ("registration_authorization.json", "c082b8fc96b828b50ad5b7d4e98e421a0987825e00739b005ab6fc86a4af2d1a"),
            ("sync_request_full.json", "bc207a3989e1db566e0e97655396975fa626eb122d897a321c75cb5d0564fe7d"),
            ("sync_response_full.json", "29803b76b450696965a8fec3feb3f4df73ace09ee099019e8ee699f5b534524b"),
            ("sync_request_delta.json", "62a96d0df4cde663e9a3e603dfce6a893d636be7f1c8e702c3f8b53d841f45f7"),
            ("sync_response_delta.json", "9ff8646fee67accff4b8fc36c188cef6a9979bf279dcfd52f5cd83bd7c1a5d97"),
        ] {
            let document = document(&folder, name);
            assert_eq!(hex(&document.digest()), digest, "{name}");
            // What the typed reading knows is all there is: it gives the same body again.
            assert_eq!(Document::new(document.content()).unwrap().digest(), document.digest(), "{name}");
        }
    }

    #[test]
    fn the_golden_documents_verify_and_the_bad_ones_say_why() {
        let Some(samples) = samples() else { return };
        let folder = samples.join("sync/golden/documents");
        let (trust, own) = setting(&folder);
        let sub_ca = der(&authorization(&folder).sub_ca_cert);
        let registration = document(&folder, "registration_request.json");
        assert_eq!(verify::registration(&registration, &trust, now()).unwrap().signers().len(), 2);
        let answer = document(&folder, "registration_authorization.json");
        let verified = verify::authorization(&answer, &own, &trust, now()).unwrap();
        assert_eq!(verified.get().virtual_account_id, "300400");
        for name in ["sync_request_full.json", "sync_request_delta.json"] {
            let document = document(&folder, name);
            let verified = verify::request(&document, sub_ca.der(), &trust, now()).unwrap();
            assert_eq!(verified.get().1, "3f0c1d52-7a64-4c0e-9b1d-5a2e6f708192");
        }
        let response = |name: &str| -> Result<(), Error> {
            verify::response(&document(&folder, name), &own, &trust, now()).map(drop)
        };
        for name in ["sync_response_full.json", "sync_response_delta.json"] {
            response(name).unwrap();
        }
        for (name, kind) in [
            ("bad_signature_purchased_50.json", ErrorKind::BadSignature),
            ("bad_signature_bare_canonical.json", ErrorKind::BadSignature),
            ("bad_signature_other_kind.json", ErrorKind::BadSignature),
            ("wrong_role_signed_by_collector.json", ErrorKind::WrongRole),
            ("wrong_instance.json", ErrorKind::WrongInstance),
        ] {
            assert_eq!(response(name).unwrap_err().kind(), kind, "{name}");
        }
        assert_eq!(response("registration_authorization.json").unwrap_err().kind(), ErrorKind::WrongKind);

        let late = TimePolicy::Now("2046-06-01T00:00:00Z".parse().unwrap());
        let full = document(&folder, "sync_response_full.json");
        let kind = |trust: &TrustStore, own: &OwnKeys, time| {
            verify::response(&full, own, trust, time).map(drop).unwrap_err().kind()
        };
        assert_eq!(kind(&trust, &own, late), ErrorKind::CertExpired);
        let early = TimePolicy::Now("2025-12-31T22:00:00Z".parse().unwrap());
        assert_eq!(kind(&trust, &own, early), ErrorKind::CertNotYetValid);
        let skewed = TimePolicy::Now("2025-12-31T23:30:00Z".parse().unwrap());
        verify::response(&full, &own, &trust, skewed).map(drop).unwrap();
        assert_eq!(kind(&TrustStore::empty(), &own, now()), ErrorKind::UntrustedChain);
        let mut stranger = own.clone();
        stranger.id = own.signing.clone().unwrap();
        assert_eq!(kind(&trust, &stranger, now()), ErrorKind::KeyMismatch);
    }

    #[test]
    fn tampering_with_any_field_of_a_signed_document_is_noticed() {
        let Some(samples) = samples() else { return };
        let folder = samples.join("sync/golden/documents");
        let (trust, own) = setting(&folder);
        let sub_ca = der(&authorization(&folder).sub_ca_cert);
        for name in ["registration_request", "registration_authorization", "sync_request_delta", "sync_response_full"] {
            let bytes = read(&folder.join(format!("{name}.json")));
            let whole = Value::read_with(&bytes, &canonical::Limits::default()).unwrap();
            for (path, value) in crate::tamper::tampered(&whole) {
                let Ok(changed) = Document::read(&value.to_bytes(), &Limits::default()) else { continue };
                let verified = match changed.content() {
                    Content::RegistrationRequest(_) => verify::registration(&changed, &trust, now()).map(drop),
                    Content::RegistrationAuthorization(_) => {
                        verify::authorization(&changed, &own, &trust, now()).map(drop)
                    }
                    Content::SyncRequest(_) => verify::request(&changed, sub_ca.der(), &trust, now()).map(drop),
                    _ => verify::response(&changed, &own, &trust, now()).map(drop),
                };
                assert!(verified.is_err(), "{name} {path}");
            }
        }
    }

    #[cfg(feature = "yaml")]
    #[test]
    fn a_document_in_yaml_has_the_bytes_and_the_signature_of_the_one_in_json() {
        let Some(samples) = samples() else { return };
        let folder = samples.join("sync/golden/documents");
        let (trust, own) = setting(&folder);
        let yaml = Document::read(&read(&folder.join("sync_response_full.yaml")), &Limits::default()).unwrap();
        assert_eq!(yaml.digest(), document(&folder, "sync_response_full.json").digest());
        verify::response(&yaml, &own, &trust, now()).map(drop).unwrap();
    }

    #[test]
    fn a_whole_exchange_is_applied_once_and_in_order() {
        let Some(samples) = samples() else { return };
        let folder = samples.join("sync/golden/documents");
        let (trust, own) = setting(&folder);
        let mut exchange = Exchange::new("3f0c1d52-7a64-4c0e-9b1d-5a2e6f708192");
        let registration = document(&folder, "registration_request.json");
        let Content::RegistrationRequest(asked) = registration.content() else { panic!("a request") };
        exchange.request(RequestKind::Registration, asked.request_id.as_str(), asked.last_generated, 0);
        let answer = document(&folder, "registration_authorization.json");
        let verified = verify::authorization(&answer, &own, &trust, now()).unwrap();
        exchange.applied(&verified.get().facts(verified.digest())).unwrap();
        for (request, response) in [
            ("sync_request_full.json", "sync_response_full.json"),
            ("sync_request_delta.json", "sync_response_delta.json"),
        ] {
            let request = document(&folder, request);
            let Content::SyncRequest(asked) = request.content() else { panic!("a request") };
            if asked.last_sync.is_none() {
                exchange.force_full();
            }
            let id = asked.request_id.as_str();
            let pending = exchange.request(RequestKind::Synchronization, id, asked.last_generated, 1);
            assert_eq!((pending.last_generated, pending.asked_last_sync), (asked.last_generated, asked.last_sync));
            let response = document(&folder, response);
            let verified = verify::response(&response, &own, &trust, now()).unwrap();
            let facts = verified.get().facts(verified.digest());
            assert_eq!(exchange.judge(&facts).unwrap(), Outcome::Apply(vec![]));
            exchange.applied(&facts).unwrap();
            assert_eq!(exchange.judge(&facts).unwrap(), Outcome::AlreadyApplied);
        }
        assert_eq!(exchange.last_sync(), Some("2026-11-20T08:31:00.000Z".parse().unwrap()));
    }
}
