//! The named attacks that reach a leaf, a document or an answer, each refused for its own reason; those on the archive
//! formats themselves stand beside the layers. The fixtures are built here, because some are large.

use std::fmt::Write as _;

use slp_sync::bundle::{BundleName, Claims, ExportIndex, Level, Reader};
use slp_sync::document::Document;
use slp_sync::gzip::Deflater;
use slp_sync::{ErrorKind, Limits, WarningKind, tar};

/// A usage report of device `number` in its element.
fn report(number: u64) -> String {
    let sudi = format!(r#"{{\"udi_pid\":\"TEST-SWITCH\",\"udi_serial_number\":\"TST{number:08}\"}}"#);
    format!(
        r#"<RUMReport><![CDATA[{{"payload":"{{\"asset_identification\":{{\"asset\":{{\"name\":\"regid.2017-05.com.example.SWITCH,v1_00000000-0000-4000-8000-000000000001\"}},\"instance\":{{\"sudi\":{sudi}}},\"signature\":{{\"signing_type\":\"builtin\",\"key\":\"1\",\"value\":\"AA==\"}}}},\"meta\":{{\"entitlement_tag\":\"regid.2017-05.com.example.SWITCH_A,1.0_00000000-0000-4000-8000-000000000002\",\"report_id\":{number},\"software_version\":\"17.9.1\"}},\"measurements\":[]}}","header":{{"type":"rum"}},"signature":{{"signing_type":"SHA256","key":"1","value":"AA=="}}}}]]></RUMReport>"#
    )
}

fn leaf(number: u64) -> String {
    format!("<smartLicense>{}</smartLicense>", report(number))
}

fn pack(content: &[u8]) -> Vec<u8> {
    Deflater::default().compress(content).unwrap()
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    pack(&tar::archive(entries.iter().copied(), 0).unwrap())
}

/// What a reader of the leaves gets from a bundle: how many are good, and the words of those that are not.
fn outcome(leaves: &[(&str, &[u8])]) -> (usize, Vec<String>) {
    let bundle = archive(&[("UD_VA_x.tar.gz", &archive(leaves))]);
    let (index, refused) = ExportIndex::read("UD.tar.gz", &mut Reader::new(&bundle[..], &Limits::default())).unwrap();
    let word = |error: &slp_sync::Error| error.name().unwrap_or(error.kind().as_str()).to_owned();
    (index.leaves().len(), refused.iter().map(word).collect())
}

#[test]
fn a_hostile_leaf_is_lost_alone() {
    let one = report(2);
    let root = |inside: &str| format!("<smartLicense>{inside}</smartLicense>").into_bytes();
    let doctype =
        |subset: &str| format!("<!DOCTYPE smartLicense {subset}><smartLicense>{one}</smartLicense>").into_bytes();
    let laughs = (1..10).fold("<!ENTITY l0 \"lol\">".to_owned(), |text, level| {
        format!("{text}<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10))
    });
    let attributes = (0..20_000).fold(String::new(), |mut text, number| {
        let _ = write!(text, " a{number}=\"\"");
        text
    });
    let namespaces = attributes.replace(" a", " xmlns:a");
    let payload = |from: &str, to: &str| {
        assert!(one.contains(from), "{from}");
        root(&one.replacen(from, to, 1))
    };
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("billion_laughs", doctype(&format!("[{laughs}]")), "xml"),
        ("xxe_file", doctype("[<!ENTITY x SYSTEM \"file:///etc/passwd\">]"), "xml"),
        ("external_dtd", doctype("SYSTEM \"http://example.com/x.dtd\""), "xml"),
        ("dtd_internal", doctype("[<!ELEMENT smartLicense ANY>]"), "xml"),
        ("undefined_entity", root("<RUMReport>&x;</RUMReport>"), "xml"),
        ("deep_50000", root(&("<a>".repeat(50_000) + &"</a>".repeat(50_000))), "limit"),
        ("attrs_20000", root(&format!("<a{attributes}/>{one}")), "limit"),
        ("xmlns_20000", root(&format!("<a{namespaces}/>{one}")), "limit"),
        ("cdata_unterminated", b"<smartLicense><RUMReport><![CDATA[{</RUMReport></smartLicense>".to_vec(), "truncated"),
        ("comment_inside", root(&one.replacen("<RUMReport>", "<RUMReport><!-- x -->", 1)), "structure"),
        ("pi_inside", root(&one.replacen("<RUMReport>", "<RUMReport><?x y?>", 1)), "structure"),
        ("two_roots", [leaf(2), leaf(2)].concat().into_bytes(), "xml"),
        ("trailing_text", format!("{} x", leaf(2)).into_bytes(), "xml"),
        ("wrong_root", b"<html></html>".to_vec(), "unknown-root"),
        ("wrong_case", b"<smartlicense></smartlicense>".to_vec(), "unknown-root"),
        ("nested_report", root(&format!("<RUMReport>{one}</RUMReport>")), "structure"),
        ("utf16le", leaf(2).encode_utf16().flat_map(u16::to_le_bytes).collect(), "encoding"),
        (
            "invalid_utf8",
            payload("17.9.1", "\u{1}").iter().map(|byte| if *byte == 1 { 0xff } else { *byte }).collect(),
            "encoding",
        ),
        ("nul_char", payload("17.9.1", "\0"), "encoding"),
        (
            "deep_nesting_200",
            payload(r#"\"measurements\":[]"#, &format!(r#"\"measurements\":{}{}"#, "[".repeat(200), "]".repeat(200))),
            "limit",
        ),
        ("payload_dup_key", payload(r#"\"report_id\":2"#, r#"\"report_id\":2,\"report_id\":3"#), "duplicate-member"),
        (
            "dup_key_escaped",
            payload(r#"\"report_id\":2"#, r#"\"report_id\":2,\"report\\u005fid\":3"#),
            "duplicate-member",
        ),
        ("payload_lone_surrogate", payload("17.9.1", r"\\ud800"), "json"),
        ("empty", Vec::new(), "empty"),
    ];
    for (attack, bytes, word) in table {
        let (first, last) = (leaf(1), leaf(3));
        let found = outcome(&[("dev_1.txt", first.as_bytes()), ("dev_2.txt", &bytes), ("dev_3.txt", last.as_bytes())]);
        assert_eq!(found, (2, vec![word.to_owned()]), "{attack}");
    }
}

#[test]
fn an_odd_leaf_is_read() {
    let one = leaf(1);
    let table: Vec<(&str, String)> = vec![
        ("bom_utf8", format!("\u{feff}{one}")),
        ("cdata_split", one.replacen("17.9.1", "17.]]><![CDATA[9.1", 1)),
        ("cdata_plus_text", one.replacen("<RUMReport>", "<RUMReport> \n ", 1)),
        ("crlf", one.replacen("<RUMReport>", "\r\n<RUMReport>", 1)),
        ("escaped_text", one.replace("<![CDATA[", "").replace("]]>", "").replace("AA==", "A&#65;==")),
    ];
    for (oddity, text) in table {
        assert_eq!(outcome(&[("dev_1.txt", text.as_bytes())]), (1, vec![]), "{oddity}");
    }
}

#[test]
fn one_bad_leaf_in_ten_thousand_costs_one() {
    let leaves: Vec<(String, String)> = (0..10_000)
        .map(|number| (format!("dev_{number}.txt"), if number == 7_777 { "<html/>".to_owned() } else { leaf(number) }))
        .collect();
    let leaves: Vec<(&str, &[u8])> = leaves.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    assert_eq!(outcome(&leaves), (9_999, vec!["unknown-root".to_owned()]));
}

#[test]
fn duplicate_udi() {
    let (one, same) = (leaf(1), leaf(1));
    let bundle = archive(&[("dev_1.txt", one.as_bytes()), ("dev_2.txt", same.as_bytes())]);
    let mut reader = Reader::new(&bundle[..], &Limits::default()).named("UD.tar.gz");
    let (index, refused) = ExportIndex::read("UD.tar.gz", &mut reader).unwrap();
    assert_eq!((index.leaves().len(), refused.len()), (2, 0));
    let warnings: Vec<_> = index.warnings().iter().map(|warning| (warning.kind, warning.at.to_string())).collect();
    assert_eq!(warnings, [(WarningKind::DuplicateDevice, "UD.tar.gz!dev_2.txt".to_owned())]);
}

#[test]
fn hostile_bundles_are_refused_as_a_whole() {
    let refused = |bundle: &[u8], limits: &Limits| {
        let error = Reader::new(bundle, limits).find_map(Result::err).unwrap();
        (error.kind(), error.name(), error.is_fatal())
    };
    let (limits, good) = (Limits::default(), leaf(1));
    let inner = archive(&[("dev_1.txt", good.as_bytes())]);
    let bomb = archive(&[("dev_1.txt", &vec![b' '; 15 << 20])]);
    let bomb = archive(&[("UD_VA_x.tar.gz", &bomb)]);
    assert_eq!(refused(&bomb, &limits), (ErrorKind::Limit, Some("ratio"), true), "bomb in a VA archive");
    let deep = archive(&[("UD_VA_y.tar.gz", &archive(&[("UD_VA_x.tar.gz", &inner)]))]);
    assert_eq!(refused(&deep, &limits), (ErrorKind::Limit, Some("nesting"), true), "quine: itself inside itself");
    let text = archive(&[("UD_VA_x.tar.gz", b"not an archive")]);
    assert_eq!(refused(&text, &limits), (ErrorKind::BadGzip, Some("magic"), true), "not_archive_named_so");
    let twice = archive(&[("UD_VA_x.tar.gz", &inner), ("UD_VA_x.tar.gz", &inner)]);
    assert_eq!(refused(&twice, &limits), (ErrorKind::DuplicateEntry, None, true), "duplicate_va");
    let empty = archive(&[("manifest.mf", b"Manifest-Version: 1.0\n")]);
    assert_eq!(refused(&empty, &limits), (ErrorKind::BundleEmpty, None, true), "name_without_leaf");
    let large = archive(&[("manifest.mf", &vec![b'\n'; (1 << 20) + 1]), ("dev_1.txt", good.as_bytes())]);
    assert_eq!(refused(&large, &limits), (ErrorKind::Limit, Some("manifest_bytes"), true), "oversized_manifest");
    let mut few = Limits::default();
    few.inflated_bytes = 4_096;
    assert_eq!(refused(&archive(&[("UD_VA_x.tar.gz", &inner)]), &few).1, Some("inflated_bytes"));
    few = Limits::default();
    few.archive_bytes = 100;
    assert_eq!(refused(&archive(&[("UD_VA_x.tar.gz", &inner)]), &few).1, Some("archive_bytes"));
}

#[test]
fn a_bundle_cut_or_changed_at_any_byte_is_never_taken_for_whole() {
    let bundle = archive(&[("UD_VA_x.tar.gz", &archive(&[("dev_1.txt", leaf(1).as_bytes())]))]);
    let read = |bytes: &[u8]| -> Result<Vec<Vec<u8>>, slp_sync::Error> {
        Reader::new(bytes, &Limits::default()).map(|leaf| leaf.map(|leaf| leaf.bytes.into_owned())).collect()
    };
    let whole = read(&bundle).unwrap();
    for length in 0..bundle.len() {
        assert!(read(&bundle[..length]).is_err(), "cut at {length}");
    }
    for at in 0..bundle.len() {
        let mut changed = bundle.clone();
        changed[at] ^= 0x10;
        // Time, flags and system of a gzip header are nobody's business; whatever is read is what was written.
        assert!(read(&changed).map_or(true, |leaves| leaves == whole), "changed at {at}");
    }
}

#[test]
fn leaf_without_id() {
    let one = leaf(1);
    let bundle = archive(&[("readme.txt", one.as_bytes())]);
    let leaf = Reader::new(&bundle[..], &Limits::default()).next().unwrap().unwrap();
    assert_eq!((&*leaf.name, leaf.number()), ("readme.txt", None));
}

#[test]
fn claims_flood() {
    let ack = r#"{"sudi":{"udi_pid":"TEST-SWITCH","udi_serial_number":"TST00000001"},"report_id":1,"status":"ACK"},"#;
    let answer = |many: usize| {
        let list = ack.repeat(many);
        let list = list.trim_end_matches(',');
        format!(
            "<smartLicense><smartLicenseRumAck><data><![CDATA[[{list}]]]></data><signature>AAAA</signature></smartLicenseRumAck></smartLicense>"
        )
    };
    assert!(Claims::read(answer(1_000).as_bytes()).unwrap().is_acknowledgement);
    let mut limits = Limits::default();
    limits.leaf.limits.ack_members = 999;
    let error = Claims::with(answer(1_000).as_bytes(), &limits.leaf_options()).unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::BadLeaf, Some("limit")));
}

#[test]
fn hostile_documents_are_refused_each_for_its_own_reason() {
    let good = r#"{"format":"slp-sync/1","kind":"sync_request","signature_algorithm":"ECDSA_P256_SHA256_DER","request_id":"11111111-2222-4333-8444-555555555555","on_prem_name":"x","local_account":"x","smart_account":"x","virtual_account":"x","id_cert":"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n","signing_cert":"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n","last_generated":"2026-11-02T08:00:00.000Z","last_sync":"2026-11-01T08:00:00.000Z","virtual_accounts":[{"id":"lva-1","removed":true}],"odd":7}"#;
    Document::read(good.as_bytes(), &Limits::default()).unwrap();
    let cert = r"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let two = format!("{cert}{cert}");
    let junk = format!("hello {cert}");
    let deep = format!("{}{}", "[".repeat(17), "]".repeat(17));
    for (attack, from, to, kind, name) in [
        ("big_int", "7}", "9007199254740992}", ErrorKind::BadNumber, None),
        ("exponent", "7}", "1e3}", ErrorKind::BadNumber, None),
        ("fraction", "7}", "7.0}", ErrorKind::BadNumber, None),
        ("minus_zero", "7}", "-0}", ErrorKind::BadNumber, None),
        ("nan", "7}", "NaN}", ErrorKind::Json, None),
        ("trailing_comma", "7}", "7,}", ErrorKind::Json, None),
        ("trailing_data", "7}", "7}{}", ErrorKind::Json, None),
        ("deep_nesting", "7}", &format!("{deep}}}"), ErrorKind::Limit, Some("json_depth")),
        ("lone_surrogate", "7}", "\"\\ud800\"}", ErrorKind::Json, None),
        ("dup_key_nested", "7}", "{\"a\":1,\"\\u0061\":2}}", ErrorKind::DuplicateMember, None),
        ("nul_escape", "\"on_prem_name\":\"x\"", "\"on_prem_name\":\"\\u0000\"", ErrorKind::BadValue, Some("string")),
        (
            "removed_with_data",
            "\"removed\":true",
            "\"name\":\"x\",\"removed\":true",
            ErrorKind::BadValue,
            Some("removed"),
        ),
        ("tombstone_in_full", "\"2026-11-01T08:00:00.000Z\"", "null", ErrorKind::TombstoneInFull, None),
        ("two_certs", cert, &two, ErrorKind::BadValue, Some("pem")),
        ("cert_with_junk", cert, &junk, ErrorKind::BadValue, Some("pem")),
        ("other_label", "BEGIN CERTIFICATE-", "BEGIN PRIVATE KEY-", ErrorKind::BadValue, Some("pem")),
        ("year_10000", "2026-11-02", "+12026-11-02", ErrorKind::BadValue, Some("timestamp")),
        (
            "leap_second",
            "08:00:00.000Z\",\"last_sync",
            "08:00:60.000Z\",\"last_sync",
            ErrorKind::BadValue,
            Some("timestamp"),
        ),
    ] {
        assert!(good.contains(from), "{attack}");
        let error = Document::read(good.replacen(from, to, 1).as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!((error.kind(), error.name()), (kind, name), "{attack}: {error}");
    }
    let limits = |change: &dyn Fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        Document::read(good.as_bytes(), &limits).unwrap_err().name()
    };
    assert_eq!(limits(&|limits| limits.document_bytes = 100), Some("document_bytes"));
    assert_eq!(limits(&|limits| limits.pem_bytes = 10), Some("pem_bytes"));
}

#[test]
fn names_of_bundles_are_never_paths() {
    for hostile in ["../../etc/passwd", "..\\x", "a/b", "\u{202e}gpj", "C:\\x", "\0", "", " ", "é"] {
        let name =
            BundleName::new(Level::SmartAccount, hostile, "2026-11-24T10:20:30.123Z".parse().unwrap()).to_string();
        let plain = name.chars().all(|one| one.is_ascii_alphanumeric() || "._-".contains(one));
        assert!(plain && name.starts_with("UD_SA_") && name.ends_with("_123.tar.gz"), "{name}");
    }
}
