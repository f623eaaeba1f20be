//! One invented device and its reports, shaped as real ones are.

use slp_crypto::{Signer, SigningKey};
use slp_model::license::{SigningType, TerminationReason};
use slp_model::{EntitlementTag, ReportId, SoftwareTag, Udi, UnixSeconds};
use slp_rum::write::{DeviceFile, UsageDraft};
use slp_rum::{Header, Measurement, ReadOptions, Signature, UsageReport};

use super::random::Random;
use crate::arguments::Fleet;

/// Licences, made up.
const TAGS: [&str; 4] = [
    "regid.2020-01.com.cisco.TEST_STACK_A,1.0_00000000-0000-4000-8000-00000000000a",
    "regid.2020-01.com.cisco.TEST_BANDWIDTH_50M,1.0_00000000-0000-4000-8000-00000000000b",
    "regid.2020-01.com.cisco.TEST_SECURITY,1.0_00000000-0000-4000-8000-00000000000c",
    "regid.2020-01.com.cisco.TEST_HSEC,1.0_00000000-0000-4000-8000-00000000000d",
];
const SOFTWARE: &str = "regid.2020-01.com.cisco.TEST_SWITCH,v1_00000000-0000-4000-8000-000000000001";
const PRODUCTS: [&str; 3] = ["TEST-SWITCH-24", "TEST-SWITCH-48", "TEST-ROUTER-16"];
/// The key that real signatures name.
const KEY: &str = "00000001";

/// How signatures are made.
pub(super) enum Sign<'a> {
    Noise,
    With(&'a SigningKey),
}

type Failure = Box<dyn std::error::Error>;

impl Sign<'_> {
    fn sign(&self, text: impl FnOnce() -> Result<String, Failure>, random: &mut Random) -> Result<Signature, Failure> {
        Ok(match self {
            Self::Noise => {
                let key = format!("{:08}", random.between(0, 100_000_000));
                // 256 bytes: the last digit holds four bits that are none
                let digits = random.base64(86);
                let value = format!("{}A==", digits.get(..341).unwrap_or_default());
                Signature::new(SigningType::Sha256, key, value)
            }
            Self::With(key) => Signature::new(SigningType::Sha256, KEY, key.sign(text()?.as_bytes())?.to_base64()),
        })
    }
}

/// Writes the file of a device.
pub(super) fn write(text: &mut String, fleet: &Fleet, number: u64, sign: &Sign<'_>) -> Result<(), Failure> {
    let mut random = Random::of(fleet.seed, number);
    let product = random.one_of(&PRODUCTS).copied().unwrap_or("TEST-SWITCH");
    let device = Udi::new(product, format!("TST{number:08}"))?;
    let first = 1_600_000_000_u64.saturating_add(random.between(0, 50_000_000));
    let mut clocks = [0_u64; TAGS.len()];
    let mut reports = Vec::new();
    for index in 0..fleet.reports {
        let id = first.saturating_add(index);
        let at = usize::try_from(index).unwrap_or(0).checked_rem(TAGS.len()).unwrap_or(0);
        let (Some(tag), Some(clock)) = (TAGS.get(at), clocks.get_mut(at)) else { continue };
        if *clock == 0 {
            *clock = id;
        }
        let draft = draft(&mut random, &device, id, tag, clock)?;
        let inner = sign.sign(|| Ok(draft.to_text()?), &mut random)?;
        let payload = draft.to_signed_text(&inner)?;
        let outer = sign.sign(|| Ok(payload.clone()), &mut random)?.by(device.clone());
        let report = UsageReport::from_payload(payload, Some(Header::rum()), Some(outer), &ReadOptions::strict())?;
        reports.push(report);
    }
    DeviceFile::new().reports(&reports).write_to(text)?;
    Ok(())
}

fn draft(random: &mut Random, device: &Udi, id: u64, tag: &str, clock: &mut u64) -> Result<UsageDraft, Failure> {
    let (id, software, tag) = (ReportId::from(id), SOFTWARE.parse::<SoftwareTag>()?, tag.parse::<EntitlementTag>()?);
    let make = if random.between(0, 2) == 0 { UsageDraft::v1 } else { UsageDraft::v2 };
    let mut draft = make(id, device.clone(), software, tag);
    draft.software_version = Some("17.09.02".to_owned());
    let mut count = random.between(1, 9);
    for _ in 0..random.between(1, 5) {
        let length = random.between(900, 400_000);
        let end = clock.saturating_add(length);
        let time = |seconds: u64| UnixSeconds::new(i64::try_from(seconds).unwrap_or(i64::MAX));
        let mut measurement = Measurement::new(time(*clock)?, time(end)?, count);
        measurement.samples = Some((length / 900).saturating_add(1));
        draft.measurements.push(measurement);
        *clock = end;
        count = if random.between(0, 2) == 0 { count.saturating_sub(1) } else { count.saturating_add(1) };
    }
    if let Some(last) = draft.measurements.last_mut() {
        last.termination = Some(TerminationReason::CurrentUsageRequested);
    }
    Ok(draft)
}
