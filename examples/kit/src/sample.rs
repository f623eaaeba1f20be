//! Invented devices and reports: for tests and benches of the programs. Their signatures are letters, and nobody checks them.

use slp_model::license::SigningType;
use slp_model::{ReportId, Udi, UnixSeconds};
use slp_rum::write::UsageDraft;
use slp_rum::{Measurement, ReadOptions, Signature, UsageReport};

use crate::Error;

/// The tag of a perpetual licence.
pub const ADVANTAGE: &str = "regid.2017-03.com.cisco.advantagek9,1.0_00000000-0000-4000-8000-000000000001";
/// The tag of an export-controlled licence.
pub const HSEC: &str = "regid.2019-03.com.cisco.DNA_HSEC,1.0_00000000-0000-4000-8000-000000000002";
/// The tag of a device's software.
pub const SOFTWARE: &str = "regid.2017-05.com.cisco.C9300,v1_00000000-0000-4000-8000-0000000000aa";

/// A device under a number.
///
/// # Errors
/// None: every number makes a name.
pub fn device(number: u32) -> Result<Udi, Error> {
    Ok(Udi::new("C9300-24UX", format!("TST{number:08}"))?)
}

/// A report of so many [`ADVANTAGE`], each interval from its start to its end.
///
/// # Errors
/// When the intervals cannot be those of a report.
pub fn report(
    device: &Udi,
    id: u64,
    count: u64,
    intervals: &[(UnixSeconds, UnixSeconds)],
) -> Result<UsageReport, Error> {
    let mut draft = UsageDraft::v2(ReportId::new(id), device.clone(), SOFTWARE.parse()?, ADVANTAGE.parse()?);
    draft.measurements.extend(intervals.iter().map(|(start, end)| Measurement::new(*start, *end, count)));
    // as long as those of RSA keys with 2,048 bits
    let signature = |letter: &str| Signature::new(SigningType::Sha256, "12345678", letter.repeat(344));
    let payload = draft.to_signed_text(&signature("A"))?;
    let outer = signature("B").by(device.clone());
    Ok(UsageReport::from_payload(payload, None, Some(outer), &ReadOptions::strict())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_read_as_it_was_meant() {
        let at = |seconds: i64| UnixSeconds::new(1_790_000_000 + seconds).unwrap();
        let report = report(&device(7).unwrap(), 3, 2, &[(at(0), at(900)), (at(900), at(1_800))]).unwrap();
        assert_eq!((report.device().serial(), report.id().get()), ("TST00000007", 3));
        assert_eq!(report.entitlement_tag().unwrap().as_str(), ADVANTAGE);
        let counts: Vec<_> = report.measurements().iter().map(|one| (one.end, one.count())).collect();
        assert_eq!(counts, [(at(900), Some(2)), (at(1_800), Some(2))]);
    }
}
