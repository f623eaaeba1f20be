use slp_model::UnixSeconds;

use super::*;
use crate::{ReadOptions, ReportKind, UsageReport};

fn time(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(seconds).unwrap()
}

fn draft() -> TelemetryDraft {
    let device = Udi::new("TEST-STACK", "TST00000001").unwrap();
    let product = SoftwareTag::new("regid.2000-01.com.cisco.TEST,1.0_00000000-0000-4000-8000-0000000000aa").unwrap();
    let mut draft = TelemetryDraft::new(ReportId::new(1_700_000_009), device, product);
    let mut snapshot = Snapshot::new(time(1_700_000_000), time(1_700_086_400));
    snapshot.log_time = Some(time(1_700_086_404));
    snapshot.set_utc_offset(-25_200);
    for (name, text) in
        [("x_a", "1"), ("software_version", "17.11.01"), ("metadata", ""), ("policy_version", "17.11.1")]
    {
        snapshot.info.insert(name.to_owned(), text.to_owned());
    }
    snapshot.inventory.push(InventoryItem::new("c93xx Stack", "TST00000001", "TEST-STACK"));
    snapshot.inventory.push(InventoryItem::new("Slot \"1\"\\", "", "é\u{ffff}"));
    draft.snapshots.push(snapshot);
    draft.snapshots.push(Snapshot::new(time(1_700_000_000), time(1_700_172_800)));
    draft
}

#[test]
fn a_snapshot_is_a_pair_of_measurements() {
    insta::assert_snapshot!(draft().to_text().unwrap().replace(",{", ",\n{"), @r#"
    {"version":"2.0","asset_identification":{"report_id":1700000009,"asset":{"name":"regid.2000-01.com.cisco.TEST,1.0_00000000-0000-4000-8000-0000000000aa"},"instance":{"sudi":{"udi_pid":"TEST-STACK","udi_serial_number":"TST00000001"}}},"meta":{"report_type":"telemetry","utility_enabled":false,"ha_udi":[{"role":"Active","sudi":{"udi_pid":"TEST-STACK","udi_serial_number":"TST00000001"}}]},"measurements":[{"start_time":1700000000,"end_time":1700086400,"metric_name":"Telemetry Meta Info","values":[{"type":"report_id","value":"1700086400"},
    {"type":"policy_version","value":"17.11.1"},
    {"type":"timezone","value":"18446744073709526416"},
    {"type":"software_version","value":"17.11.01"},
    {"type":"metadata","value":""},
    {"type":"x_a","value":"1"}],"log_time":1700086404},
    {"start_time":1700000000,"end_time":1700086400,"meta":[{"type":"report_id","value":"1700086400"}],"metric_name":"hardware_inventory","values":[{"type":"json_encode","value":"[{\"cname\":\"c93xx Stack\",\"serial_no\":\"TST00000001\",\"part_no\":\"TEST-STACK\"},
    {\"cname\":\"Slot \\\"1\\\"\\\\\",\"serial_no\":\"\",\"part_no\":\"é\\uffff\"}]"}],"log_time":1700086404},
    {"start_time":1700000000,"end_time":1700172800,"metric_name":"Telemetry Meta Info","values":[{"type":"report_id","value":"1700172800"}]},
    {"start_time":1700000000,"end_time":1700172800,"meta":[{"type":"report_id","value":"1700172800"}],"metric_name":"hardware_inventory","values":[{"type":"json_encode","value":"[]"}]}]}
    "#);
}

#[test]
fn it_reads_back_as_telemetry_without_a_warning() {
    let draft = draft();
    let text = draft.to_text().unwrap();
    let outer = crate::Signature::new("builtin".into(), "k", "AAAA");
    let report = UsageReport::from_payload(text, None, Some(outer), &ReadOptions::strict()).unwrap();
    assert_eq!(*report.kind(), ReportKind::Telemetry);
    assert_eq!(report.snapshots(), draft.snapshots);
    assert_eq!((report.id(), report.device()), (draft.id, &draft.device));
    assert_eq!(report.entitlement_tag(), None);
}

fn refused(change: impl FnOnce(&mut TelemetryDraft)) -> String {
    let mut draft = draft();
    change(&mut draft);
    draft.to_text().unwrap_err().to_string()
}

#[test]
fn what_would_not_read_back_the_same_is_refused() {
    let info = |name: &'static str| {
        refused(|draft| {
            draft.snapshots.last_mut().unwrap().info.insert(name.to_owned(), "3600".to_owned());
        })
    };
    insta::assert_snapshot!(refused(|draft| draft.snapshots.clear()), @"payload$.measurements: a telemetry report without snapshots");
    insta::assert_snapshot!(refused(|draft| draft.ha.clear()), @"payload$.meta.ha_udi: no member of the redundant set: the device itself is one");
    insta::assert_snapshot!(refused(|draft| draft.snapshots.push(draft.snapshots[0].clone())), @"payload$.measurements[4]: a second snapshot of the same key");
    insta::assert_snapshot!(info("report_id"), @"payload$.measurements[2]: values named report_id or json_encode: the key and the inventory are fields of their own");
    insta::assert_snapshot!(info("json_encode"), @"payload$.measurements[2]: values named report_id or json_encode: the key and the inventory are fields of their own");
    insta::assert_snapshot!(info("timezone"), @"payload$.measurements[2]: the offset from GMT is not the one that the value timezone says");
    insta::assert_snapshot!(refused(|draft| draft.snapshots[1].utc_offset = Some(0)), @"payload$.measurements[2]: the offset from GMT is not the one that the value timezone says");
}

#[test]
fn the_offset_from_gmt_wraps_below_zero() {
    let mut snapshot = Snapshot::new(time(0), time(1));
    for (offset, text) in [(-25_200, "18446744073709526416"), (0, "0"), (50_400, "50400")] {
        snapshot.set_utc_offset(offset);
        assert_eq!(snapshot.info["timezone"], text);
        assert_eq!(utc_offset(text), Some(offset));
    }
}
