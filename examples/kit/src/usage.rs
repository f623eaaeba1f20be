//! What devices send about their use, read before any of it is kept.

use slp_rum::UsageReport;
use slp_transport::{DeviceUsage, RumEnvelope};

/// The reports of a message, each with its envelope. A device sends its own and those of its redundant set.
///
/// # Errors
/// What cannot be read, or comes under the name of another device, in words for who sent it.
pub fn reports_of(usage: &[DeviceUsage]) -> Result<Vec<(UsageReport, &RumEnvelope)>, String> {
    let mut reports = Vec::new();
    for device in usage {
        let udi = device.sudi.udi().map_err(|error| error.to_string())?;
        for envelope in &device.usage {
            let report = envelope.to_report().map_err(|error| error.to_string())?;
            if *report.device() != udi && !report.ha().iter().any(|member| member.device == udi) {
                return Err(format!("report {} of {} came under the name of {udi}", report.id(), report.device()));
            }
            reports.push((report, envelope));
        }
    }
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use slp_transport::cssm::ReportUsage;
    use slp_transport::{Limits, Sudi};

    use super::reports_of;

    #[test]
    fn a_report_under_the_name_of_another_device_spoils_the_whole_message() {
        let body = include_bytes!("../../cssm/reportusage.json");
        let mut usage = ReportUsage::from_json(body, &Limits::default()).unwrap().reports;
        let reports = reports_of(&usage).unwrap();
        assert!(!reports.is_empty());
        let mut other = usage.first().unwrap().clone();
        other.sudi = Sudi::from(&"P:TEST-OTHER,S:TST99999999".parse().unwrap());
        usage.push(other);
        let told = reports_of(&usage).unwrap_err();
        assert!(told.ends_with("came under the name of P:TEST-OTHER,S:TST99999999"), "{told}");
    }
}
