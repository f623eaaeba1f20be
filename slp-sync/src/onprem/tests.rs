use slp_model::{EntitlementTag, UnixMillis};

use super::{Applied, OnPrem};
use crate::ErrorKind;
use crate::document::verify::Verified;
use crate::document::{
    CloudAccount, CloudLicense, HierarchyEntry, LocalAccount, ProductInstance, RegistrationAuthorization,
    RegistrationRequest, Row, SyncRequest, SyncResponse, Use, key_of,
};
use crate::error::Result;
use crate::privacy::Privacy;
use crate::warning::WarningKind;

const INSTANCE: &str = "11111111-2222-4333-8444-555555555555";

fn at(text: &str) -> UnixMillis {
    text.parse().unwrap()
}

fn tag(name: &str) -> EntitlementTag {
    format!("regid.2016-01.com.example.{name},1.0").parse().unwrap()
}

fn device(id: &str, uses: &[(&str, u64)]) -> ProductInstance {
    ProductInstance {
        id: id.into(),
        udi_pid: "TEST-SWITCH".into(),
        udi_serial_number: format!("TST{id}"),
        mode: "SLP".into(),
        hostname: Some(format!("host-{id}")),
        ip: Some("192.0.2.11".into()),
        mac: Some("00:00:5e:00:53:01".into()),
        usage: uses.iter().map(|(name, count)| Use::new(tag(name), *count)).collect(),
        ..ProductInstance::default()
    }
}

/// An On-Prem that is registered.
fn registered() -> OnPrem {
    let mut onprem = OnPrem::new(INSTANCE, "lva-1", "Default");
    let mut asked = RegistrationRequest {
        request_id: "a".into(),
        on_prem_name: "onprem-quebec".into(),
        smart_account: "Acme".into(),
        virtual_account: "Quebec VA".into(),
        ..RegistrationRequest::default()
    };
    onprem.register(&mut asked, at("2026-11-01T08:00:00Z"));
    let answer = RegistrationAuthorization {
        request_id: "a".into(),
        on_prem_name: "onprem-quebec".into(),
        collector_instance_id: INSTANCE.into(),
        smart_account: "Acme".into(),
        virtual_account: "Quebec VA".into(),
        virtual_account_id: "300400".into(),
        last_generated: asked.last_generated,
        last_sync: at("2026-11-01T09:00:00Z"),
        ..RegistrationAuthorization::default()
    };
    let mut other = answer.clone();
    other.virtual_account = "Ontario VA".into();
    let refused = onprem.authorized(&Verified::unchecked(&other, [9; 32]), at("2026-11-01T09:00:00Z")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::WrongVirtualAccount);
    onprem.authorized(&Verified::unchecked(&answer, [1; 32]), at("2026-11-01T09:00:00Z")).unwrap();
    onprem.exchange_mut().force_full();
    onprem
}

fn ask(onprem: &mut OnPrem, id: &str, now: &str) -> SyncRequest {
    let mut request = SyncRequest { request_id: id.into(), ..SyncRequest::default() };
    onprem.request(&mut request, at(now));
    request
}

/// The answer to a request: what the cloud has, or what it takes away.
fn answer(request: &SyncRequest, stamp: &str, licenses: Vec<Row<CloudLicense>>) -> SyncResponse {
    let account = CloudAccount { id: "300400".into(), name: "Quebec VA".into(), licenses };
    SyncResponse {
        request_id: request.request_id.clone(),
        on_prem_name: "onprem-quebec".into(),
        collector_instance_id: INSTANCE.into(),
        last_generated: request.last_generated,
        base_sync: request.last_sync,
        last_sync: at(stamp),
        virtual_accounts: vec![account],
        ..SyncResponse::default()
    }
}

fn apply(onprem: &mut OnPrem, response: &SyncResponse) -> Result<Applied> {
    let digest = [u8::try_from(response.request_id.len()).unwrap(); 32];
    onprem.apply(&Verified::unchecked(response, digest), response.last_sync)
}

fn purchased(name: &str, count: u64) -> Row<CloudLicense> {
    Row::Present(CloudLicense::new(tag(name), count))
}

/// The account of the published example, synchronized once: 5 of one licence and 15 of another, all in Default.
fn quebec() -> OnPrem {
    let mut onprem = registered();
    onprem.put_device("lva-1", device("pi-1", &[("AX", 3)])).unwrap();
    let request = ask(&mut onprem, "bb", "2026-11-02T08:00:00Z");
    assert_eq!(request.last_sync, None);
    let response = answer(&request, "2026-11-02T08:20:10.250Z", vec![purchased("ASAv30", 5), purchased("AX", 15)]);
    assert_eq!(apply(&mut onprem, &response).unwrap().alerts, []);
    // The shares that came with the answer are told once.
    let told = ask(&mut onprem, "bbbbbbbbbbbb", "2026-11-02T09:00:00Z");
    assert_eq!(said(&told), ["Default ASAv30=5/0 AX=15/3"]);
    apply(&mut onprem, &answer(&told, "2026-11-02T09:00:01Z", vec![])).unwrap();
    onprem
}

/// Accounts of a request with what is said about each: licences with shares, devices, `-` before what is gone.
fn said(request: &SyncRequest) -> Vec<String> {
    let license = |name: &str| name.replace("regid.2016-01.com.example.", "").replace(",1.0", "");
    let account = |account: &LocalAccount| {
        let licenses = account.licenses.iter().map(|row| match row {
            Row::Present(row) => format!("{}={}/{}", license(row.tag.as_str()), row.allocated, row.in_use),
            Row::Removed(tag) => format!("-{}", license(tag)),
        });
        let devices = account.product_instances.iter().map(|row| match row {
            Row::Present(device) => device.id.clone(),
            Row::Removed(id) => format!("-{id}"),
        });
        let all: Vec<String> = std::iter::once(account.name.clone()).chain(licenses).chain(devices).collect();
        all.join(" ")
    };
    request.virtual_accounts.iter().map(|row| row.present().map_or(format!("-{}", key_of(row)), account)).collect()
}

#[test]
fn the_published_example_is_a_delta_with_one_tombstone() {
    let mut onprem = quebec();
    onprem.add_account("lva-2", "IT Department").unwrap();
    onprem.add_account("lva-3", "Data Center").unwrap();
    onprem.transfer(&tag("ASAv30"), 4, "lva-1", "lva-2").unwrap();
    onprem.transfer(&tag("AX"), 7, "lva-1", "lva-2").unwrap();
    onprem.transfer(&tag("AX"), 2, "lva-1", "lva-3").unwrap();
    onprem.remove_device("pi-1").unwrap();
    onprem.set_privacy(Privacy::all());
    let request = ask(&mut onprem, "ccc", "2026-11-20T08:00:00Z");
    assert_eq!(request.last_sync, Some(at("2026-11-02T09:00:01Z")));
    assert_eq!(request.withheld, ["hostname", "ip", "mac"]);
    let delta = ["Default ASAv30=1/0 AX=6/0 -pi-1", "IT Department ASAv30=4/0 AX=7/0", "Data Center AX=2/0"];
    assert_eq!(said(&request), delta);

    let gone = Row::Removed(tag("ASAv30").as_str().to_owned());
    let applied = apply(&mut onprem, &answer(&request, "2026-11-20T08:31:00Z", vec![gone])).unwrap();
    assert_eq!(applied.alerts.iter().map(|alert| alert.default).collect::<Vec<_>>(), [-4]);
    assert_eq!(onprem.pools().allocated("lva-2", &tag("ASAv30")), 4);
    assert!(onprem.pools().is_balanced() && onprem.licenses().len() == 1);
    let next = ask(&mut onprem, "dddd", "2026-11-21T08:00:00Z");
    assert_eq!(said(&next), ["Default ASAv30=-4/0"], "what was told and answered is not told again");
}

#[test]
fn a_lost_answer_costs_nothing_because_the_next_request_is_cumulative() {
    let mut onprem = quebec();
    onprem.put_device("lva-1", device("pi-2", &[])).unwrap();
    let lost = ask(&mut onprem, "ccc", "2026-11-03T08:00:00Z");
    onprem.remove_device("pi-1").unwrap();
    let second = ask(&mut onprem, "dddd", "2026-11-04T08:00:00Z");
    assert_eq!(said(&lost), ["Default pi-2"]);
    assert_eq!(said(&second), ["Default AX=15/0 -pi-1 pi-2"]);
    let late = answer(&lost, "2026-11-04T09:00:00Z", vec![]);
    assert_eq!(apply(&mut onprem, &late).unwrap_err().kind(), ErrorKind::StaleResponse);
    apply(&mut onprem, &answer(&second, "2026-11-04T09:00:00Z", vec![])).unwrap();
    assert_eq!(said(&ask(&mut onprem, "eeeee", "2026-11-05T08:00:00Z")), [""; 0]);
}

#[test]
fn what_changes_while_an_answer_is_out_is_told_with_the_next_request() {
    let mut onprem = quebec();
    let request = ask(&mut onprem, "ccc", "2026-11-03T08:00:00Z");
    onprem.put_device("lva-1", device("pi-2", &[("AX", 1)])).unwrap();
    apply(&mut onprem, &answer(&request, "2026-11-03T09:00:00Z", vec![])).unwrap();
    assert_eq!(said(&ask(&mut onprem, "dddd", "2026-11-04T08:00:00Z")), ["Default AX=15/4 pi-2"]);
}

#[test]
fn a_full_request_has_everything_and_removes_nothing() {
    let mut onprem = quebec();
    onprem.add_account("lva-2", "Labs").unwrap();
    onprem.put_device("lva-2", device("pi-1", &[("AX", 3)])).unwrap();
    onprem.add_account("lva-3", "Gone").unwrap();
    onprem.delete_account("lva-3").unwrap();
    onprem.exchange_mut().force_full();
    let full = ask(&mut onprem, "ccc", "2026-11-03T08:00:00Z");
    assert_eq!(said(&full), ["Default ASAv30=5/0 AX=15/0", "Labs AX=0/3 pi-1"]);
    // The same as a delta names what moved away and what was deleted.
    let mut onprem = quebec();
    onprem.add_account("lva-2", "Labs").unwrap();
    onprem.put_device("lva-2", device("pi-1", &[("AX", 3)])).unwrap();
    onprem.add_account("lva-3", "Gone").unwrap();
    onprem.delete_account("lva-3").unwrap();
    let delta = ask(&mut onprem, "ccc", "2026-11-03T08:00:00Z");
    assert_eq!(said(&delta), ["Default AX=15/0 -pi-1", "Labs AX=0/3 pi-1", "-lva-3"]);
    assert_eq!(onprem.delete_account("lva-2").unwrap_err().kind(), ErrorKind::NotEmpty);
    assert_eq!(onprem.add_account("lva-3", "x").unwrap_err().kind(), ErrorKind::DuplicateId);
    assert_eq!(onprem.remove_device("pi-9").unwrap_err().kind(), ErrorKind::UnknownDevice);
    assert_eq!(onprem.put_device("lva-9", device("pi-9", &[])).unwrap_err().kind(), ErrorKind::UnknownAccount);
}

#[test]
fn a_device_in_the_same_state_is_no_change() {
    let mut onprem = quebec();
    onprem.put_device("lva-1", device("pi-1", &[("AX", 3)])).unwrap();
    assert_eq!(said(&ask(&mut onprem, "ccc", "2026-11-03T08:00:00Z")), [""; 0]);
}

#[test]
fn active_and_standby_count_once_where_the_cloud_says_so() {
    let mut onprem = quebec();
    let mut pair = ["pi-2", "pi-3"].map(|id| device(id, &[("AX", 4)]));
    for device in &mut pair {
        device.ha_group = Some("ha-1".into());
        onprem.put_device("lva-1", device.clone()).unwrap();
    }
    let sum = ask(&mut onprem, "ccc", "2026-11-03T08:00:00Z");
    assert_eq!(said(&sum), ["Default AX=15/11 pi-2 pi-3"]);
    let mut license = CloudLicense::new(tag("AX"), 15);
    license.app_ha = true;
    apply(&mut onprem, &answer(&sum, "2026-11-03T09:00:00Z", vec![Row::Present(license)])).unwrap();
    assert_eq!(said(&ask(&mut onprem, "dddd", "2026-11-04T08:00:00Z")), ["Default AX=15/7"]);
}

#[test]
fn loans_are_told_and_a_bad_answer_changes_nothing() {
    let mut onprem = quebec();
    onprem.put_device("lva-1", device("pi-2", &[("LOW", 2)])).unwrap();
    let request = ask(&mut onprem, "ccc", "2026-11-03T08:00:00Z");
    let mut response = answer(&request, "2026-11-03T09:00:00Z", vec![purchased("LOW", 0), purchased("AX", 9)]);
    let tiers = |id: &str| HierarchyEntry { id: id.into(), tiers: vec![tag("AX"), tag("LOW")] };
    response.hierarchies = Some(vec![tiers("h"), tiers("i")]);
    let before = onprem.clone();
    assert_eq!(apply(&mut onprem, &response).unwrap_err().kind(), ErrorKind::HierarchyConflict);
    response.hierarchies = None;
    response.virtual_accounts[0].licenses.push(purchased("HUGE", u64::MAX));
    assert_eq!(apply(&mut onprem, &response).unwrap_err().kind(), ErrorKind::BadValue);
    response.virtual_accounts[0].licenses.pop();
    assert_eq!(onprem, before, "not a thing");
    response.hierarchies = Some(vec![tiers("h")]);
    apply(&mut onprem, &response).unwrap();
    let next = ask(&mut onprem, "dddd", "2026-11-04T08:00:00Z");
    let Row::Present(account) = &next.virtual_accounts[0] else { panic!("an account") };
    let loans: Vec<_> = account.licenses.iter().filter_map(Row::present).map(|row| (row.lent, row.borrowed)).collect();
    assert_eq!((said(&next), loans), (vec!["Default AX=9/3 LOW=0/2".to_owned()], vec![(2, 0), (0, 2)]));
    assert!(apply(&mut onprem.clone(), &response).unwrap().already, "the same again");
    // Loans stay until an answer says otherwise; a full one without hierarchies ends them.
    onprem.exchange_mut().force_full();
    let full = ask(&mut onprem, "eeeee", "2026-11-05T08:00:00Z");
    let mut nothing = answer(&full, "2026-11-05T09:00:00Z", vec![]);
    nothing.virtual_accounts.clear();
    assert_eq!(apply(&mut onprem, &nothing).unwrap_err().kind(), ErrorKind::MissingMember);
    apply(&mut onprem, &answer(&full, "2026-11-05T09:00:00Z", vec![purchased("AX", 9)])).unwrap();
    assert_eq!(onprem.pools().standing("lva-1", &tag("LOW")).unwrap().shortage, 2);
    assert_eq!(onprem.pools().purchased(&tag("ASAv30")), 0, "not listed in a full answer");
}

#[test]
fn what_is_withheld_is_in_no_request() {
    let mut onprem = quebec();
    onprem.set_privacy(Privacy { ip: true, ..Privacy::default() });
    let request = ask(&mut onprem, "ccc", "2026-11-03T08:00:00Z");
    assert_eq!(
        (said(&request), request.withheld.as_slice()),
        (vec!["Default pi-1".to_owned()], &["ip".to_owned()][..])
    );
    let text = format!("{request:?}");
    assert!(!text.contains("192.0.2.11") && text.contains("host-pi-1") && text.contains("5e:00"));
}

#[test]
fn an_answer_under_another_name_or_from_the_future_is_taken_and_told() {
    let mut onprem = quebec();
    let request = ask(&mut onprem, "ccc", "2026-11-03T08:00:00Z");
    let mut response = answer(&request, "2026-11-03T09:00:00Z", vec![]);
    response.on_prem_name = "onprem-montreal".into();
    let early = at("2026-11-03T07:59:59Z");
    let applied = onprem.apply(&Verified::unchecked(&response, [7; 32]), early).unwrap();
    assert_eq!(applied.warnings, [WarningKind::NameChanged, WarningKind::ClockBehindCloud]);
}
