//! Laws over values made of arbitrary bytes.

use arbitrary::{Result, Unstructured};
use slp_model::account::Account;
use slp_model::license::{CloseReason, SigningType, TerminationReason, ValueType};
use slp_model::policy::{Policy, Requirement};
use slp_model::{EntitlementTag, ReportId, Seconds, SignedContent, SoftwareTag, Udi, UnixMillis, UnixSeconds};
use slp_rum::continuity::{Facts, check};
use slp_rum::usage::{Evidence, GroupBy, write_csv};
use slp_rum::write::answer::Answer;
use slp_rum::write::{CloudRequest, DeviceFile, RestUsage, UsageDraft};
use slp_rum::{
    Ack, AckList, Authorization, AuthorizationKind, Content, Document, Entitlement, Header, Measurement, ReadOptions,
    Signature, UsageReport,
};
use slp_sync::bundle::{Claims, ExportIndex, LeafDigest, Pairer, Reader, Refusal, Verdict};
use slp_sync::{ExportedLeaf, Limits, tar};

use crate::said;

/// A text in which everything special to XML and JSON is frequent.
fn text(input: &mut Unstructured<'_>) -> Result<String> {
    const ODD: [&str; 24] = [
        "]]>", "]]", ">", "<", "&amp;", "&", "\"", "'", "\\", "\\u0041", "/", "\u{0}", "\n", "\r", "\u{1f}", "\u{7f}",
        "\u{2028}", "\u{feff}", "\u{fffe}", "\u{ffff}", "é", "😀", " ", "a",
    ];
    let pieces = (0..input.int_in_range(0..=6)?).map(|_| {
        Ok(if input.ratio(1, 4)? { input.arbitrary::<char>()?.to_string() } else { (*input.choose(&ODD)?).to_owned() })
    });
    pieces.collect::<Result<Vec<_>>>().map(|pieces| pieces.concat())
}

fn some<T>(input: &mut Unstructured<'_>, make: impl FnOnce(&mut Unstructured<'_>) -> Result<T>) -> Result<Option<T>> {
    if input.arbitrary()? { make(input).map(Some) } else { Ok(None) }
}

fn time(input: &mut Unstructured<'_>) -> Result<UnixSeconds> {
    let seconds = input.int_in_range(0..=UnixSeconds::MAX.get())?;
    Ok(UnixSeconds::new(seconds).expect("a time"))
}

fn device(input: &mut Unstructured<'_>) -> Result<Udi> {
    let (pid, serial) = (text(input)?, text(input)?);
    Ok(Udi::new(pid, serial).unwrap_or_else(|_| crate::DEVICE.parse().expect("a device")))
}

fn measurement(input: &mut Unstructured<'_>) -> Result<Measurement> {
    let mut one = Measurement::new(time(input)?, time(input)?, 0);
    one.log_time = Some(time(input)?);
    one.length = Some(Seconds::new(input.arbitrary()?));
    one.samples = Some(input.arbitrary()?);
    (one.value_type, one.value) = if input.arbitrary()? {
        (Some(ValueType::Count), Some(input.arbitrary::<u64>()?.to_string()))
    } else {
        (Some(ValueType::from("x_rate")), Some(text(input)?))
    };
    one.clock_delta = some(input, |input| input.arbitrary().map(Seconds::new))?;
    one.termination = some(input, text)?.map(|word| TerminationReason::from(&*word));
    one.close = some(input, text)?.map(|word| CloseReason::from(&*word));
    one.added = some(input, |input| (0..input.int_in_range(0..=2)?).map(|_| device(input)).collect())?;
    Ok(one)
}

fn draft(input: &mut Unstructured<'_>) -> Result<UsageDraft> {
    let (id, device) = (ReportId::new(input.arbitrary()?), device(input)?);
    let product = SoftwareTag::new(text(input)?).unwrap_or_else(|_| SoftwareTag::new("t").expect("a tag"));
    let licence = EntitlementTag::new(text(input)?).unwrap_or_else(|_| EntitlementTag::new("t").expect("a tag"));
    let new = if input.arbitrary()? { UsageDraft::v1 } else { UsageDraft::v2 };
    let mut draft = new(id, device, product, licence);
    draft.product_instance_id = some(input, text)?;
    draft.software_version = some(input, text)?;
    draft.measurements = (0..input.int_in_range(1..=3)?).map(|_| measurement(input)).collect::<Result<_>>()?;
    Ok(draft)
}

/// What is built reads back equal, and the payload is the same bytes in every container.
pub fn write_read(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let _ = run_write_read(&mut input);
}

fn run_write_read(input: &mut Unstructured<'_>) -> Result<()> {
    let draft = draft(input)?;
    let inner = Signature::new(SigningType::from(&*text(input)?), text(input)?, text(input)?);
    let outer = Signature::new(SigningType::from(&*text(input)?), text(input)?, text(input)?).by(device(input)?);
    let payload = match draft.to_signed_text(&inner) {
        Ok(payload) => payload,
        Err(error) => {
            said(&error);
            return Ok(());
        }
    };
    let report = UsageReport::from_payload(payload, Some(Header::rum()), Some(outer), &ReadOptions::default());
    let report = report.expect("what was built is read");
    assert_eq!((report.id(), report.device()), (draft.id, &draft.device));
    assert_eq!((report.software_tag(), report.entitlement_tag()), (&draft.software_tag, Some(&draft.entitlement_tag)));
    assert_eq!(report.software_version(), draft.software_version.as_deref());
    assert_eq!(report.product_instance_id(), draft.product_instance_id.as_deref());
    assert_eq!(report.measurements(), draft.measurements.as_slice());
    let texts = [
        DeviceFile::new().report(&report).to_text().expect("a file"),
        RestUsage::new().reports([&report]).to_text().expect("an answer"),
        CloudRequest::new(UnixMillis::MAX, &text(input)?).reports([&report]).to_text().expect("a request"),
    ];
    for text in &texts {
        let document = Document::parse(text.as_bytes()).expect("what was written is read");
        let again = document.reports().next().expect("one report").expect("what was written is read");
        assert_eq!(again.payload_text(), report.payload_text());
        let (one, other) = (again.outer_signature().expect("signed"), report.outer_signature().expect("signed"));
        assert_eq!((&one.signing_type, &one.key, &one.value), (&other.signing_type, &other.key, &other.value));
        assert_eq!(one.signer, other.signer);
    }
    Ok(())
}

/// Licence documents that are built read back equal.
pub fn answer_write_read(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let _ = run_answer(&mut input);
}

fn run_answer(input: &mut Unstructured<'_>) -> Result<()> {
    let device: Udi = crate::DEVICE.parse().expect("a device");
    let mut policy = Policy::new(text(input)?);
    policy.version = some(input, text)?;
    policy.export = Requirement::new(input.arbitrary()?, input.arbitrary()?, input.arbitrary()?);
    policy.ack_required = input.arbitrary()?;
    let mut code = Authorization::new(AuthorizationKind::Slac, device.clone());
    code.account = Some(Account::new(text(input)?, text(input)?));
    code.piid = Some(text(input)?);
    code.date = some(input, |input| Ok(UnixSeconds::new(input.int_in_range(0..=2_000_000_000)?).expect("a time")))?;
    for _ in 0..input.int_in_range(1..=3)? {
        let mut one = Entitlement::new("tag".parse().expect("a tag"), input.arbitrary()?);
        one.display_name = some(input, text)?;
        code.entitlements.push(one);
    }
    let acks = (0..input.int_in_range(0..=3)?).map(|id: u64| {
        let id = ReportId::new(id);
        Ok(match some(input, text)? {
            None => Ack::accepted(device.clone(), id),
            Some(message) => Ack::refused(device.clone(), id, input.arbitrary()?, message),
        })
    });
    let acks = AckList::new(acks.collect::<Result<Vec<_>>>()?);
    let mut sign = |_: &SignedContent<'_>| Ok("AAAA".to_owned());
    let mut answer = Answer::new(&mut sign);
    let written = answer.acknowledgement(&acks).is_ok()
        && answer.policy(&policy).map_err(|error| said(&error)).is_ok()
        && answer.authorization(&code).map_err(|error| said(&error)).is_ok();
    let Some(text) = written.then(|| answer.finish().ok()).flatten() else { return Ok(()) };
    let document = Document::parse(text.as_bytes()).expect("what was written is read");
    assert!(document.warnings().is_empty());
    let contents: Vec<_> = document.contents().map(|content| content.expect("what was written is read")).collect();
    let mut found = 0;
    for content in &contents {
        found += 1;
        match content {
            Content::Authorization(one) => assert_eq!(one.view(), &code),
            Content::Policy(one) => assert_eq!(one.view(), &policy),
            Content::Acknowledgement(one) => assert_eq!(one.view(), &acks),
            other => panic!("nobody wrote {other:?}"),
        }
    }
    assert_eq!(found, 3, "{text}");
    Ok(())
}

fn switch(number: u64) -> Udi {
    format!("P:TEST-SWITCH,S:TST{number:08}").parse().expect("a device")
}

/// Pairing: the order of the answers decides nothing, an exported leaf is answered once, and nobody acknowledges what
/// was not sent.
pub fn pairing(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let _ = run_pairing(&mut input);
}

fn run_pairing(input: &mut Unstructured<'_>) -> Result<()> {
    let name = |number: u64| format!("dev_{number}_26Nov24_10_20_30_123.txt");
    let mut leaves = Vec::new();
    for number in 1..=input.int_in_range(1..=4)? {
        let device = switch(input.int_in_range(1..=5)?);
        let mut leaf = ExportedLeaf::new("", name(number), device, LeafDigest::of(b"x"));
        leaf.reports = (0..input.int_in_range(0..=2)?).map(|id: u64| ReportId::new(number * 10 + id)).collect();
        if input.ratio(1, 4)? {
            leaf.ha.push(switch(input.int_in_range(1..=9)?));
        }
        leaves.push(leaf);
    }
    let index = ExportIndex::new("UD_SA_26Nov24_10_20_30_123.tar.gz", leaves);
    let mut answers = Vec::new();
    for _ in 0..input.int_in_range(0..=5)? {
        let number = input.int_in_range(1..=6)?;
        let leaf = match input.int_in_range(0..=3)? {
            0 => format!("dev_{number}.txt"),
            1 => "answer.txt".to_owned(),
            _ => format!("ACK_{}", name(number)),
        };
        let mut claims = if input.ratio(1, 8)? { Claims::default() } else { Claims::opaque() };
        for _ in 0..input.int_in_range(0..=2)? {
            claims.devices.push(switch(input.int_in_range(1..=9)?));
        }
        for _ in 0..input.int_in_range(0..=2)? {
            claims.acked.push(ReportId::new(input.int_in_range(1..=6)? * 10 + input.int_in_range(0..=2)?));
        }
        if input.ratio(1, 5)? {
            claims.refused.push(Refusal::new(ReportId::new(number * 10), "45", "no"));
        }
        // The same bytes claim the same.
        let bytes = format!("{claims:?} {}", input.int_in_range(1..=3_u8)?).into_bytes();
        answers.push((leaf, bytes, claims));
        if input.ratio(1, 4)? {
            let copy = input.choose(&answers)?.clone();
            answers.push(copy);
        }
    }
    let told = |order: &mut dyn Iterator<Item = usize>| {
        let mut pairer = Pairer::new(&index);
        for at in order {
            let Some((name, bytes, claims)) = answers.get(at) else { continue };
            // Leaves come out of readers alone.
            let archive = tar::archive([(name.as_str(), bytes.as_slice())], 0).expect("memory");
            let leaf = Reader::new(&archive[..], &Limits::default()).next().expect("a leaf").expect("a leaf");
            pairer.add(&leaf, claims);
        }
        let pairing = pairer.finish();
        let mut told: Vec<_> = Vec::new();
        let mut taken = Vec::new();
        for answer in pairing.answers() {
            told.push((answer.sha256, answer.verdict, answer.exported, answer.acked.to_vec(), answer.refused.to_vec()));
            if answer.verdict == Verdict::Acked {
                let exported = answer.exported.expect("an acknowledgement of something");
                assert!(!taken.contains(&exported), "a leaf answered twice: {answer:?}");
                taken.push(exported);
                let reports = index.leaf(exported).expect("a leaf of the index").reports;
                assert!(answer.acked.iter().all(|id| reports.contains(id)), "acknowledged what was not sent");
            }
        }
        let _ = (pairing.state(), pairing.missing().count(), pairing.events().count());
        told.sort();
        told
    };
    let count = answers.len();
    let first = told(&mut (0..count));
    assert_eq!(told(&mut (0..count).rev()), first, "backwards");
    let turn = input.int_in_range(0..=count)?;
    assert_eq!(told(&mut (0..count).map(|at| (at + turn) % count.max(1))), first, "turned");
    Ok(())
}

fn usage_report(input: &mut Unstructured<'_>) -> Result<UsageReport> {
    let base = 1_700_000_000;
    let device = switch(input.int_in_range(1..=2)?);
    let tags = ["regid.2020-01.com.cisco.TEST_A,1.0_x", "regid.2020-01.com.cisco.TEST_B,1.0_x"];
    let tag = input.choose(&tags)?.parse().expect("a tag");
    let product = "regid.2020-01.com.cisco.TEST_9K,1.0_x".parse().expect("a tag");
    let mut draft = UsageDraft::v2(ReportId::new(input.int_in_range(1..=4)?), device.clone(), product, tag);
    for _ in 0..input.int_in_range(1..=3)? {
        let start = base + 600 * input.int_in_range(0..=20_i64)?;
        let end = start + 600 * input.int_in_range(-1..=7_i64)?;
        let instant = |seconds| UnixSeconds::new(seconds).expect("a time");
        let mut one = Measurement::new(instant(start), instant(end), input.int_in_range(0..=3)?);
        one.log_time = Some(instant(start));
        one.length = Some(Seconds::new(end - start));
        one.samples = Some(1);
        one.clock_delta = some(input, |input| Ok(Seconds::new(input.int_in_range(-5_000..=5_000)?)))?;
        if input.ratio(1, 4)? {
            one.termination =
                Some(TerminationReason::from(*input.choose(&["ProductReload", "CurrentUsageRequested"])?));
        }
        draft.measurements.push(one);
    }
    let outer = Signature::new(SigningType::from("builtin"), "k", *input.choose(&["AAAA", "BBBB"])?).by(device);
    let payload = draft.to_text().expect("a payload");
    Ok(UsageReport::from_payload(payload, None, Some(outer), &ReadOptions::default()).expect("what was built is read"))
}

fn answers(evidence: &Evidence) -> String {
    let mut text = String::new();
    write_csv(evidence.intervals(), &mut text).expect("memory");
    for by in [GroupBy::Tag, GroupBy::Device, GroupBy::DeviceTag] {
        text.push_str(&serde_json::to_string(&evidence.sums(by, None)).expect("sums are written"));
    }
    let ids: Vec<String> = check(evidence, &Facts::default())
        .iter()
        .filter(|finding| finding.id != "RUM-DUP")
        .map(|finding| finding.id.to_string())
        .collect();
    text + &ids.join(" ")
}

/// Usage: a function of the set of reports. Neither order nor repetition nor the cut into files shows; the intervals of
/// one device and licence do not overlap.
pub fn usage_folding(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let _ = run_usage(&mut input);
}

fn run_usage(input: &mut Unstructured<'_>) -> Result<()> {
    let reports: Vec<UsageReport> =
        (0..input.int_in_range(1..=6)?).map(|_| usage_report(input)).collect::<Result<_>>()?;
    let add = |evidence: &mut Evidence, report: &UsageReport, source: &str| {
        evidence.add(&report.as_borrowed(), source).expect("a report");
    };
    let mut plain = Evidence::new();
    for report in &reports {
        add(&mut plain, report, "one.txt");
    }
    let cut = input.int_in_range(0..=reports.len())?;
    let (first, second) = reports.split_at(cut);
    let (mut evidence, mut other) = (Evidence::new(), Evidence::new());
    for report in second.iter().rev() {
        add(&mut evidence, report, "two.txt");
    }
    for report in first.iter().rev() {
        add(&mut other, report, "three.txt");
        add(&mut other, report, "four.txt");
    }
    if input.arbitrary()? {
        evidence.merge(other).expect("room");
    } else {
        other.merge(evidence).expect("room");
        evidence = other;
    }
    assert_eq!(answers(&evidence), answers(&plain));
    let intervals: Vec<_> = plain.intervals().collect();
    for pair in intervals.windows(2) {
        let [one, next] = pair else { continue };
        assert!(one.start < one.end && next.start < next.end, "an interval without length");
        let same = one.device == next.device && one.entitlement_tag == next.entitlement_tag;
        assert!(!same || one.end <= next.start, "intervals that overlap");
    }
    Ok(())
}
