//! Makes reports as text, reads them, and takes them in as evidence.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fmt::Write as _;

use slp_model::{Finding, Udi, UnixSeconds};
use slp_rum::Document;
use slp_rum::continuity::{self, Facts};
use slp_rum::usage::Evidence;

pub(crate) const TAG: &str = "regid.2020-01.com.cisco.TEST_A,1.0_00000000-0000-4000-8000-000000000001";
pub(crate) const OTHER_TAG: &str = "regid.2020-01.com.cisco.TEST_B,1.0_00000000-0000-4000-8000-000000000002";
const SOFTWARE: &str = "regid.2020-01.com.cisco.TEST_9K,1.0_00000000-0000-4000-8000-000000000009";
pub(crate) const PID: &str = "TEST-9K";

/// 2023-11-14T22:13:20Z.
pub(crate) const T0: i64 = 1_700_000_000;

#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) serial: String,
    pub(crate) tag: String,
    pub(crate) id: u64,
    pub(crate) measurements: Vec<Measurement>,
    /// Role and serial number.
    pub(crate) ha: Vec<(String, String)>,
    pub(crate) signature: Option<String>,
    pub(crate) signer: Option<String>,
    pub(crate) inner: String,
    pub(crate) software_version: String,
    /// White space in the payload, for other bytes that say the same.
    pub(crate) blank: &'static str,
    pub(crate) kind: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub(crate) struct Measurement {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) log_time: i64,
    pub(crate) interval: i64,
    pub(crate) samples: u64,
    pub(crate) metric: &'static str,
    /// JSON text of `value`, or nothing.
    pub(crate) value: Option<String>,
    /// Members of `meta`, as JSON text.
    pub(crate) meta: Vec<(&'static str, String)>,
}

pub(crate) fn report(id: u64, measurements: impl IntoIterator<Item = Measurement>) -> Report {
    Report {
        serial: "TST00000001".into(),
        tag: TAG.into(),
        id,
        measurements: measurements.into_iter().collect(),
        ha: vec![("Active".into(), "TST00000001".into())],
        signature: Some("c2lnbmF0dXJl".into()),
        signer: Some("TST00000001".into()),
        inner: "aW5uZXI=".into(),
        software_version: "17.09.02".into(),
        blank: "",
        kind: None,
    }
}

/// `count` licences over `[T0 + start, T0 + end)`.
pub(crate) fn count(start: i64, end: i64, count: u64) -> Measurement {
    Measurement::between(T0 + start, T0 + end, count)
}

impl Measurement {
    pub(crate) fn between(start: i64, end: i64, count: u64) -> Self {
        let mut one = Self {
            start,
            end,
            log_time: start,
            interval: end - start,
            samples: 0,
            metric: "ENTITLEMENT",
            value: Some(format!(r#"{{"type":"COUNT","value":"{count}"}}"#)),
            meta: Vec::new(),
        };
        one.samples = one.usual_samples(0);
        one
    }

    fn usual_samples(&self, delta: i64) -> u64 {
        u64::try_from(((self.end - self.start).saturating_sub(delta).saturating_add(450)) / 900 + 1).unwrap_or(1)
    }

    pub(crate) fn delta(mut self, delta: i64) -> Self {
        self.samples = self.usual_samples(delta);
        self.meta.push(("clock_change_delta", format!("\"{delta}\"")));
        self
    }

    pub(crate) fn closed(mut self, reason: &str) -> Self {
        self.meta.retain(|(name, _)| *name != "termination_reason");
        self.meta.push(("termination_reason", format!("\"{reason}\"")));
        self
    }

    pub(crate) fn lists(mut self, removed: &[&str], added: &[&str]) -> Self {
        for (name, list) in [("removed_sudi_list", removed), ("added_sudi_list", added)] {
            let list: Vec<_> = list.iter().map(|serial| sudi("TEST-AP", serial)).collect();
            self.meta.push((name, format!("[{}]", list.join(","))));
        }
        self
    }

    fn json(&self) -> String {
        let meta: Vec<_> = self.meta.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let meta = if meta.is_empty() { String::new() } else { format!("\"meta\":{{{}}},", meta.join(",")) };
        let value = self.value.as_ref().map(|value| format!(",\"value\":{value}")).unwrap_or_default();
        format!(
            r#"{{"log_time":{},"metric_name":"{}","start_time":{},"end_time":{},{meta}"sample_interval":{},"num_samples":{}{value}}}"#,
            self.log_time, self.metric, self.start, self.end, self.interval, self.samples
        )
    }
}

fn sudi(pid: &str, serial: &str) -> String {
    format!(r#"{{"udi_pid":"{pid}","udi_serial_number":"{serial}"}}"#)
}

impl Report {
    /// Closed because somebody asked for it.
    pub(crate) fn closed(self) -> Self {
        self.closed_by("CurrentUsageRequested")
    }

    pub(crate) fn closed_by(mut self, reason: &str) -> Self {
        if let Some(last) = self.measurements.pop() {
            self.measurements.push(last.closed(reason));
        }
        self
    }

    pub(crate) fn on(mut self, serial: &str) -> Self {
        self.serial = serial.into();
        self.ha = vec![("Active".into(), serial.into())];
        self.signer = Some(serial.into());
        self
    }

    pub(crate) fn tagged(mut self, tag: &str) -> Self {
        self.tag = tag.into();
        self
    }

    pub(crate) fn ha(mut self, members: &[(&str, &str)]) -> Self {
        self.ha = members.iter().map(|(role, serial)| ((*role).into(), (*serial).into())).collect();
        self
    }

    pub(crate) fn signed(mut self, value: Option<&str>) -> Self {
        self.signature = value.map(Into::into);
        self
    }

    pub(crate) fn payload(&self) -> String {
        let ha: Vec<_> = self
            .ha
            .iter()
            .map(|(role, serial)| format!(r#"{{"role":"{role}","sudi":{}}}"#, sudi(PID, serial)))
            .collect();
        let measurements: Vec<_> = self.measurements.iter().map(Measurement::json).collect();
        let report_type = self.kind.map(|word| format!(r#""report_type":"{word}","#)).unwrap_or_default();
        format!(
            concat!(
                r#"{{"version":"2.0",{blank}"asset_identification":{{"report_id":{id},"asset":{{"name":"{software}"}},"#,
                r#""instance":{{"sudi":{sudi}}}}},"signature":{{"signing_type":"builtin","key":"k","value":"{inner}"}},"#,
                r#""meta":{{"entitlement_tag":"{tag}",{report_type}"utility_enabled":false,"#,
                r#""software_version":"{version}","ha_udi":[{ha}]}},"measurements":[{measurements}]}}"#
            ),
            blank = self.blank,
            id = self.id,
            software = SOFTWARE,
            sudi = sudi(PID, &self.serial),
            inner = self.inner,
            tag = self.tag,
            report_type = report_type,
            version = self.software_version,
            ha = ha.join(","),
            measurements = measurements.join(","),
        )
    }

    pub(crate) fn envelope(&self) -> String {
        let mut text = format!("{{\"payload\":{}", serde_json::to_string(&self.payload()).unwrap());
        if let Some(value) = &self.signature {
            let signer = self.signer.as_ref().map(|serial| format!("\"sudi\":{},", sudi(PID, serial)));
            let signer = signer.unwrap_or_default();
            write!(text, r#","signature":{{{signer}"signing_type":"builtin","key":"k","value":"{value}"}}"#).unwrap();
        }
        text + "}"
    }
}

/// A device's answer with these reports.
pub(crate) fn document<'a>(reports: impl IntoIterator<Item = &'a Report>) -> String {
    let envelopes: Vec<_> = reports.into_iter().map(Report::envelope).collect();
    format!("{{\"usage\":[{}]}}", envelopes.join(","))
}

/// Takes in every report of a document.
pub(crate) fn take_in(evidence: &mut Evidence, document: &str, source: &str) {
    let document = Document::parse(document.as_bytes()).unwrap();
    let mut reports = document.borrowed_reports();
    while let Some(report) = reports.next() {
        evidence.add(&report.unwrap(), source).unwrap();
    }
}

pub(crate) fn evidence<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Evidence {
    let mut evidence = Evidence::new();
    take_in(&mut evidence, &document(reports), "usage.json");
    evidence
}

pub(crate) fn findings<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Vec<Finding> {
    continuity::check(&evidence(reports), &Facts::default())
}

/// (start, end, count, id), starts and ends counted from [`T0`].
pub(crate) fn intervals(evidence: &Evidence) -> Vec<(i64, i64, u64, u64)> {
    evidence.intervals().map(|one| (one.start.get() - T0, one.end.get() - T0, one.count, one.report_id.get())).collect()
}

pub(crate) fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| &*finding.id).collect()
}

pub(crate) fn udi(serial: &str) -> Udi {
    Udi::new(PID, serial).unwrap()
}

pub(crate) fn time(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(seconds).unwrap()
}

/// Of the same arithmetic as the first complete report that became known, with invented serial numbers.
/// Spec: rum, "Worked example".
pub(crate) fn worked_example() -> Report {
    let mut report = report(
        1_671_840_750,
        [
            Measurement::between(1_671_880_245, 1_671_966_644, 2).lists(&[], &["TSTAP000001", "TSTAP000002"]),
            Measurement::between(1_671_966_644, 1_672_341_045, 3).lists(&[], &["TSTAP000003"]),
            Measurement::between(1_672_341_045, 1_673_790_212, 3).delta(-3_433).closed("ProductReload"),
        ],
    );
    let samples = [97, 417, 1_615];
    for (one, samples) in report.measurements.iter_mut().zip(samples) {
        one.samples = samples;
    }
    let last = report.measurements.last_mut().unwrap();
    last.meta.push(("close_reason", "\"ProductReload\"".into()));
    last.log_time = 1_672_338_319;
    report
}
