//! Laws of the writers: what is built reads back equal, and what is written is written the same way again.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use slp_model::license::{CloseReason, HaRole, HeaderType, MetricName, SigningType, TerminationReason, ValueType};
use slp_model::open_enum::OpenEnum;
use slp_model::{EntitlementTag, ReportId, Seconds, SoftwareTag, Udi, UnixMillis, UnixSeconds};
use slp_rum::write::{CloudRequest, DeviceFile, RestUsage, TelemetryDraft, UsageDraft, envelope};
use slp_rum::{
    Document, Generation, HaMember, Header, InventoryItem, Measurement, Member, ReadOptions, ReportKind, Signature,
    Snapshot, Tolerance, UsageReport,
};

/// Any text, with what is special to JSON and XML made frequent.
fn text() -> impl Strategy<Value = String> {
    let odd = select(vec![
        "]]>", "]]", ">", "<", "&amp;", "\"", "\\", "\\u0041", "/", "\u{0}", "\n", "\u{1f}", "\u{7f}", "\u{2028}",
        "\u{feff}", "\u{fffe}", "\u{ffff}", "é", "😀", "  ", "a",
    ]);
    prop_oneof![any::<String>(), proptest::collection::vec(odd, 0..8).prop_map(|parts| parts.concat()),]
}

fn device() -> impl Strategy<Value = Udi> {
    (r"[^,\pC\pZ]{1,12}", r"[^,\pC\pZ]([^,\pC]{0,10}[^,\pC\pZ])?")
        .prop_filter_map("a device", |(pid, serial)| Udi::new(pid, serial).ok())
}

fn tag() -> impl Strategy<Value = String> {
    prop_oneof![
        "regid\\.[0-9]{4}-[0-9]{2}\\.com\\.cisco\\.[A-Za-z0-9_-]{1,20},1\\.0_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        text().prop_filter("a tag", |text| {
            let text = text.trim_ascii();
            !text.is_empty() && text.chars().count() <= 255
        }),
    ]
}

fn time() -> impl Strategy<Value = UnixSeconds> {
    (0..=UnixSeconds::MAX.get()).prop_map(|seconds| UnixSeconds::new(seconds).expect("in range"))
}

fn word<W: OpenEnum + std::fmt::Debug>(known: &'static [&'static str]) -> impl Strategy<Value = W> {
    prop_oneof![3 => select(known).prop_map(str::to_owned), 1 => text()].prop_map(|word| W::from_word(word))
}

fn ha(device: Udi) -> impl Strategy<Value = Vec<HaMember>> {
    let member = (word::<HaRole>(HaRole::KNOWN), prop_oneof![Just(device), self::device()]);
    proptest::collection::vec(member.prop_map(|(role, device)| HaMember::new(role, device)), 1..4)
}

fn measurement() -> impl Strategy<Value = Measurement> {
    let devices = || proptest::option::of(proptest::collection::vec(device(), 0..4));
    let value = prop_oneof![
        any::<u64>().prop_map(|count| (ValueType::Count, count.to_string())),
        text().prop_map(|text| (ValueType::from("x_rate"), text)),
    ];
    let meta = (
        proptest::option::of(any::<i64>()),
        proptest::option::of(word::<TerminationReason>(TerminationReason::KNOWN)),
        proptest::option::of(word::<CloseReason>(CloseReason::KNOWN)),
        devices(),
        devices(),
    );
    (time(), time(), time(), any::<i64>(), any::<u64>(), word::<MetricName>(MetricName::KNOWN), value, meta).prop_map(
        |(log_time, start, end, length, samples, metric, (value_type, value), meta)| {
            let mut one = Measurement::new(start, end, 0);
            (one.log_time, one.metric) = (Some(log_time), metric);
            (one.length, one.samples) = (Some(Seconds::new(length)), Some(samples));
            (one.value_type, one.value) = (Some(value_type), Some(value));
            one.clock_delta = meta.0.map(Seconds::new);
            (one.termination, one.close, one.added, one.removed) = (meta.1, meta.2, meta.3, meta.4);
            one
        },
    )
}

fn draft() -> impl Strategy<Value = UsageDraft> {
    let fixed = (any::<u64>(), device(), tag(), tag(), any::<bool>());
    fixed.prop_flat_map(|(id, device, product, licence, is_v2)| {
        let (id, product) = (ReportId::new(id), SoftwareTag::new(product).expect("a tag"));
        let licence = EntitlementTag::new(licence).expect("a tag");
        let optional = || proptest::option::of(text());
        let measurements = proptest::collection::vec(measurement(), 1..4);
        let utility = proptest::option::of(any::<bool>());
        (optional(), optional(), utility, ha(device.clone()), measurements).prop_map(move |rest| {
            let new = if is_v2 { UsageDraft::v2 } else { UsageDraft::v1 };
            let mut draft = new(id, device.clone(), product.clone(), licence.clone());
            (draft.product_instance_id, draft.software_version) = (rest.0, rest.1);
            draft.utility_enabled = rest.2.filter(|_| is_v2);
            (draft.ha, draft.measurements) = (rest.3, rest.4);
            draft
        })
    })
}

fn snapshots() -> impl Strategy<Value = Vec<Snapshot>> {
    let item = (text(), text(), text()).prop_map(|(name, serial, part)| InventoryItem::new(name, serial, part));
    let inventory = proptest::collection::vec(item, 0..4);
    let name = prop_oneof![select(vec!["software_version", "metadata", "version"]).prop_map(str::to_owned), text()]
        .prop_filter("a value of its own", |name| !matches!(name.as_str(), "report_id" | "json_encode" | "timezone"));
    let info = proptest::collection::btree_map(name, text(), 0..5);
    let offset = proptest::option::of(-86_400..=86_400_i32);
    let one = (time(), time(), proptest::option::of(time()), info, offset, inventory);
    proptest::collection::btree_map(text(), one, 1..4).prop_map(|by_key| {
        let snapshot =
            |(key, (start, end, log_time, info, offset, inventory)): (String, (_, _, _, BTreeMap<_, _>, _, _))| {
                let mut snapshot = Snapshot::new(start, end);
                (snapshot.key, snapshot.log_time, snapshot.info, snapshot.inventory) = (key, log_time, info, inventory);
                if let Some(offset) = offset {
                    snapshot.set_utc_offset(offset);
                }
                snapshot
            };
        by_key.into_iter().map(snapshot).collect()
    })
}

/// Unknown members with values of any shape, blanks included.
fn extra() -> impl Strategy<Value = Vec<Member>> {
    let raw = select(vec![
        "null",
        "-0",
        "2.50",
        " [ 1 , 2.50 , \"b\\/c ]]> d\" ] ",
        "{ \"a b\" : { } , \"\\u00e9\" : \"  \" }",
        "\"\u{ffff}\"",
    ]);
    let name = text().prop_map(|name| format!("x_{name}"));
    proptest::collection::btree_map(name, raw, 0..3)
        .prop_map(|members| members.into_iter().map(|(name, raw)| Member::new(name, raw)).collect())
}

fn inner_signature() -> impl Strategy<Value = Signature> {
    (word::<SigningType>(SigningType::KNOWN), text(), text(), extra()).prop_map(|(kind, key, value, extra)| {
        let mut signature = Signature::new(kind, key, value);
        signature.extra = extra;
        signature
    })
}

fn outer_signature() -> impl Strategy<Value = Signature> {
    (inner_signature(), proptest::option::of(device()), extra()).prop_map(|(mut signature, signer, extra)| {
        if let Some(signer) = signer {
            signature = signature.by(signer);
            signature.signer_extra = extra;
        }
        signature
    })
}

fn header() -> impl Strategy<Value = Option<Header>> {
    let header = (proptest::option::of(word::<HeaderType>(HeaderType::KNOWN)), extra()).prop_map(|(kind, extra)| {
        let mut header = Header::rum();
        (header.kind, header.extra) = (kind, extra);
        header
    });
    proptest::option::of(header)
}

/// The same JSON with white space between its tokens.
fn with_blanks(json: &str, blank: &str) -> String {
    let (mut out, mut in_string, mut escaped) = (String::new(), false, false);
    for character in json.chars() {
        let is_mark = !in_string && "{}[]:,".contains(character);
        if is_mark {
            out.push_str(blank);
        }
        out.push(character);
        if is_mark {
            out.push_str(blank);
        }
        in_string = if in_string { escaped || character != '"' } else { character == '"' };
        escaped = in_string && !escaped && character == '\\';
    }
    out
}

/// A signed report, its payload perhaps not in the strict form, as devices may write it.
fn report() -> impl Strategy<Value = UsageReport> {
    let blank = select(vec!["", " ", "\n\t", "\r\n"]);
    (draft(), inner_signature(), header(), outer_signature(), blank).prop_map(|(draft, inner, header, outer, blank)| {
        let payload = with_blanks(&draft.to_signed_text(&inner).expect("a payload"), blank);
        UsageReport::from_payload(payload, header, Some(outer), &ReadOptions::default()).expect("a report")
    })
}

fn read(text: &str) -> Vec<UsageReport> {
    let document = Document::parse(text.as_bytes()).expect("what we write is a document");
    document.reports().map(|report| report.expect("with reports")).collect()
}

/// Two reports say the same, whatever they came in.
fn same(one: &UsageReport, other: &UsageReport) -> Result<(), TestCaseError> {
    prop_assert_eq!(one.payload_text(), other.payload_text());
    prop_assert_eq!(one.payload_sha256(), other.payload_sha256());
    prop_assert_eq!(one.measurements(), other.measurements());
    prop_assert_eq!((one.id(), one.device(), one.ha()), (other.id(), other.device(), other.ha()));
    let (one, other) = (one.outer_signature().expect("signed"), other.outer_signature().expect("signed"));
    prop_assert_eq!((&one.signing_type, &one.key, &one.value), (&other.signing_type, &other.key, &other.value));
    prop_assert_eq!(&one.signer, &other.signer);
    Ok(())
}

/// A signature around a payload, so that it is not a bare one.
fn outer() -> slp_rum::Signature {
    slp_rum::Signature::new("builtin".into(), "k", "AAAA")
}

/// Words and tags may be anything; the shape of what is built needs no tolerance.
fn is_about_a_word(tolerance: Tolerance) -> bool {
    use Tolerance::{SignatureBlank, SignatureText, TagForm, UnknownWord};
    matches!(tolerance, UnknownWord | TagForm | SignatureText | SignatureBlank)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_usage_payload_that_is_built_reads_back_equal(
        draft in draft(),
        inner in proptest::option::of(inner_signature()),
    ) {
        let text = match &inner {
            Some(inner) => draft.to_signed_text(inner),
            None => draft.to_text(),
        };
        let report = UsageReport::from_payload(text.expect("a payload"), None, Some(outer()), &ReadOptions::default());
        let report = report.expect("what we build is read");
        prop_assert_eq!(report.kind(), &ReportKind::Usage);
        prop_assert_eq!(report.id(), draft.id);
        prop_assert_eq!(report.device(), &draft.device);
        prop_assert_eq!(report.product_instance_id(), draft.product_instance_id.as_deref());
        prop_assert_eq!(report.software_tag(), &draft.software_tag);
        prop_assert_eq!(report.entitlement_tag(), Some(&draft.entitlement_tag));
        prop_assert_eq!(report.software_version(), draft.software_version.as_deref());
        prop_assert_eq!(report.utility_enabled(), draft.utility_enabled);
        prop_assert_eq!(report.ha(), draft.ha.as_slice());
        prop_assert_eq!(report.measurements(), draft.measurements.as_slice());
        // Unknown members lose the blanks outside their strings when they are written.
        let texts = |one: &Signature| (one.signing_type.clone(), one.key.clone(), one.value.clone());
        prop_assert_eq!(report.inner_signature().map(texts), inner.as_ref().map(texts));
        prop_assert_eq!(report.inner_signature().map(|one| one.extra.len()), inner.map(|one| one.extra.len()));
        for warning in report.warnings() {
            prop_assert!(is_about_a_word(warning.tolerance), "{}", warning);
        }
    }

    #[test]
    fn a_telemetry_payload_that_is_built_reads_back_equal(
        id in any::<u64>(),
        device in device(),
        snapshots in snapshots(),
    ) {
        let mut draft = TelemetryDraft::new(ReportId::new(id), device, SoftwareTag::new("t").expect("a tag"));
        draft.snapshots = snapshots;
        let text = draft.to_text().expect("a payload");
        let report = UsageReport::from_payload(text, None, Some(outer()), &ReadOptions::default());
        let report = report.expect("what we build is read");
        prop_assert_eq!(report.kind(), &ReportKind::Telemetry);
        prop_assert_eq!(report.generation(), &Generation::V2);
        prop_assert_eq!((report.id(), report.device()), (draft.id, &draft.device));
        prop_assert_eq!(report.snapshots(), draft.snapshots.as_slice());
        for warning in report.warnings() {
            prop_assert!(is_about_a_word(warning.tolerance), "{}", warning);
        }
    }

    #[test]
    fn a_device_file_that_is_read_is_written_the_same_again(report in report()) {
        let file = DeviceFile::new().reports([&report, &report]).to_text().expect("a file");
        let again = read(&file);
        prop_assert_eq!(again.len(), 2);
        for one in &again {
            same(one, &report)?;
        }
        prop_assert_eq!(DeviceFile::new().reports(&again).to_text().expect("a file"), file);
    }

    #[test]
    fn an_independent_library_reads_the_same_text_out_of_a_device_file(report in report()) {
        let file = DeviceFile::new().report(&report).to_text().expect("a file");
        let document = roxmltree::Document::parse(&file).expect("well-formed XML");
        let elements: Vec<_> = document.root_element().children().collect();
        prop_assert_eq!(elements.len(), 1);
        let text: String = elements[0].children().filter_map(|node| node.text()).collect();
        prop_assert_eq!(&text, &envelope(&report).expect("an envelope"));
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        prop_assert_eq!(json["payload"].as_str(), Some(report.payload_text()));
    }

    #[test]
    fn an_answer_that_is_read_is_written_the_same_again(one in report(), two in report(), members in extra()) {
        let answer = RestUsage::new().reports([&one, &two]).members(&members).to_text().expect("an answer");
        let again = read(&answer);
        prop_assert_eq!(again.len(), 2);
        same(&again[0], &one)?;
        same(&again[1], &two)?;
        prop_assert!(again.iter().all(|report| report.header().is_some()));
        prop_assert_eq!(RestUsage::new().reports(&again).members(&members).to_text().expect("an answer"), answer);
    }

    #[test]
    fn a_cloud_request_that_is_read_is_written_the_same_again(
        reports in proptest::collection::vec(report(), 0..3),
        nonce in text(),
    ) {
        let request = |reports: &[UsageReport]| {
            CloudRequest::new(UnixMillis::MAX, &nonce).reports(reports).to_text().expect("a request")
        };
        // One device comes back after the others: its reports stand together.
        let order: Vec<UsageReport> = reports.iter().chain(reports.first()).cloned().collect();
        let body = request(&order);
        let again = read(&body);
        prop_assert_eq!(again.len(), order.len());
        for report in &order {
            let is_it = |one: &&UsageReport| one.payload_text() == report.payload_text();
            let count = |list: &[UsageReport]| list.iter().filter(is_it).count();
            prop_assert_eq!(count(&again), count(&order));
        }
        prop_assert_eq!(request(&again), body);
    }

    #[test]
    fn the_payload_is_the_same_bytes_in_every_container(report in report()) {
        let from_file = read(&DeviceFile::new().report(&report).to_text().expect("a file"));
        let from_answer = read(&RestUsage::new().reports(&from_file).to_text().expect("an answer"));
        let request = CloudRequest::new(UnixMillis::MIN, "").reports(&from_answer);
        let from_cloud = read(&request.to_text().expect("a request"));
        let from_envelope = read(&envelope(&from_cloud[0]).expect("an envelope"));
        for one in [&from_file, &from_answer, &from_cloud, &from_envelope] {
            prop_assert_eq!(one.len(), 1);
            same(&one[0], &report)?;
        }
    }
}
