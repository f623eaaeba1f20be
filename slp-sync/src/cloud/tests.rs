use proptest::prelude::*;
use slp_model::{EntitlementTag, UnixMillis};

use super::{Cloud, Holdings, Reply, Viewed, ViewedAccount};
use crate::ErrorKind;
use crate::document::verify::Verified;
use crate::document::{
    CloudLicense, Content, Document, LocalLicense, ProductInstance, RegistrationAuthorization, RegistrationRequest,
    Row, SyncRequest, SyncResponse, Use, key_of,
};
use crate::onprem::OnPrem;

const INSTANCE: &str = "11111111-2222-4333-8444-555555555555";
const DAY: u64 = 86_400_000;
const START: u64 = 1_780_000_000_000;

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

fn tag(number: usize) -> EntitlementTag {
    format!("regid.2016-01.com.example.L{number},1.0").parse().unwrap()
}

/// A cloud, an On-Prem that is registered there, and the time.
struct World {
    cloud: Cloud,
    onprem: OnPrem,
    now: u64,
    requests: u64,
}

impl World {
    fn new() -> Self {
        let mut cloud = Cloud::new(364);
        let mut holdings = Holdings::new("Quebec VA");
        holdings.set(CloudLicense::new(tag(0), 5));
        cloud.add_virtual_account("300400", holdings);
        let mut onprem = OnPrem::new(INSTANCE, "lva-1", "Default");
        let mut asked = RegistrationRequest { request_id: "r".into(), ..RegistrationRequest::default() };
        onprem.register(&mut asked, at(START));
        let answer = RegistrationAuthorization {
            request_id: "r".into(),
            collector_instance_id: INSTANCE.into(),
            virtual_account_id: "300400".into(),
            last_generated: asked.last_generated,
            last_sync: cloud.register(INSTANCE, "300400", at(START)).unwrap(),
            ..RegistrationAuthorization::default()
        };
        onprem.authorized(&Verified::unchecked(&answer, [1; 32]), at(START)).unwrap();
        Self { cloud, onprem, now: START, requests: 0 }
    }

    fn ask(&mut self) -> SyncRequest {
        self.now += DAY;
        self.requests += 1;
        let mut request = SyncRequest { request_id: format!("c-{}", self.requests), ..SyncRequest::default() };
        self.onprem.request(&mut request, at(self.now));
        request
    }

    fn send(&mut self, request: &SyncRequest) -> crate::error::Result<Reply> {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&request.last_generated.get().to_be_bytes());
        self.cloud.answer(&Verified::unchecked((request, INSTANCE.to_owned()), digest), at(self.now))
    }

    fn answer(&mut self, request: &SyncRequest) -> SyncResponse {
        let Ok(Reply::New(response)) = self.send(request) else { panic!("a new answer") };
        *response
    }

    fn apply(&mut self, response: &SyncResponse) -> super::Result<crate::onprem::Applied> {
        let mut digest = [2; 32];
        digest[..8].copy_from_slice(&response.last_sync.get().to_be_bytes());
        self.onprem.apply(&Verified::unchecked(response, digest), at(self.now))
    }

    fn synchronize(&mut self) -> SyncResponse {
        let request = self.ask();
        let response = self.answer(&request);
        self.apply(&response).unwrap();
        response
    }

    /// What the cloud would know from everything that the On-Prem has.
    fn whole(&self) -> Viewed {
        let mut onprem = self.onprem.clone();
        onprem.exchange_mut().force_full();
        let mut request = SyncRequest::default();
        onprem.request(&mut request, at(self.now));
        let mut whole = Viewed::default();
        whole.take(&request);
        whole
    }
}

fn device(number: usize, count: u64) -> ProductInstance {
    ProductInstance {
        id: format!("pi-{number}"),
        usage: vec![Use::new(tag(number % 3), count)],
        ..ProductInstance::default()
    }
}

fn codes(response: &SyncResponse) -> Vec<&str> {
    response.notices.iter().map(|notice| notice.code.as_str()).collect()
}

#[test]
fn the_first_synchronization_brings_everything_there_is_since_the_registration() {
    let mut world = World::new();
    world.onprem.put_device("lva-1", device(0, 2)).unwrap();
    let response = world.synchronize();
    assert_eq!((response.base_sync, codes(&response)), (Some(at(START)), vec![]));
    // The registration said nothing about licences, so this delta has to say it all.
    assert_eq!(world.onprem.pools().purchased(&tag(0)), 5);
    let account: &ViewedAccount = &world.cloud.view(INSTANCE).unwrap().accounts["lva-1"];
    assert!(account.default && account.devices.contains_key("pi-0"));
    let empty = world.synchronize();
    assert!(empty.virtual_accounts.is_empty() && empty.hierarchies.is_none(), "nothing is new");
}

#[test]
fn what_was_there_before_the_registration_is_told_with_the_first_delta() {
    let mut world = World::new();
    let request = world.ask();
    assert!(request.last_sync.is_some(), "a delta");
    world.answer(&request);
    assert_eq!(*world.cloud.view(INSTANCE).unwrap(), world.whole());
}

#[test]
fn a_delta_has_what_changed_and_a_tombstone_for_what_ended() {
    let mut world = World::new();
    world.synchronize();
    let holdings = world.cloud.holdings_mut("300400").unwrap();
    holdings.set(CloudLicense::new(tag(1), 7));
    holdings.remove(&tag(0));
    let request = world.ask();
    let response = world.answer(&request);
    let rows: Vec<&str> = response.virtual_accounts[0].licenses.iter().map(key_of).collect();
    assert_eq!(rows, [tag(0).as_str(), tag(1).as_str()]);
    assert!(response.virtual_accounts[0].licenses[0].present().is_none());
    world.apply(&response).unwrap();
    assert_eq!((world.onprem.pools().purchased(&tag(0)), world.onprem.pools().purchased(&tag(1))), (0, 7));
}

#[test]
fn the_same_request_gets_the_same_file_again_and_an_older_one_none() {
    let mut world = World::new();
    let first = world.ask();
    world.answer(&first);
    world.cloud.answered(INSTANCE, b"the file".to_vec());
    assert_eq!(world.send(&first).unwrap(), Reply::Again(b"the file".to_vec()));
    let second = world.ask();
    world.answer(&second);
    assert_eq!(world.send(&first).unwrap_err().kind(), ErrorKind::StaleRequest);
    assert!(matches!(world.send(&second).unwrap(), Reply::New(_)), "its answer was never finished");
}

#[test]
fn who_is_unknown_removed_or_too_late_gets_no_answer() {
    let mut world = World::new();
    let request = world.ask();
    let stranger = Verified::unchecked((&request, "stranger".to_owned()), [0; 32]);
    assert_eq!(world.cloud.answer(&stranger, at(START)).unwrap_err().kind(), ErrorKind::UnknownInstance);
    let mut removed = World { cloud: world.cloud.clone(), onprem: world.onprem.clone(), now: world.now, requests: 9 };
    removed.cloud.remove(INSTANCE);
    assert_eq!(removed.send(&request).unwrap_err().kind(), ErrorKind::InstanceRemoved);
    world.now = START + 364 * DAY + 1;
    assert_eq!(world.send(&request).unwrap_err().kind(), ErrorKind::InstanceRemoved);
    world.now = START + 10 * DAY;
    assert_eq!(world.send(&request).unwrap_err().kind(), ErrorKind::InstanceRemoved, "for good");
    let again = |world: &mut World, instance: &str, account: &str| {
        world.cloud.register(instance, account, at(START)).map_err(|error| error.kind())
    };
    assert_eq!(again(&mut world, INSTANCE, "300400"), Err(ErrorKind::DuplicateId));
    assert_eq!(again(&mut world, "new", "1"), Err(ErrorKind::WrongVirtualAccount));
    assert!(again(&mut world, "new", "300400").is_ok());
    assert_eq!(again(&mut world, "newer", "300400"), Err(ErrorKind::WrongVirtualAccount), "one On-Prem for each");
}

#[test]
fn a_lost_answer_is_a_delta_from_the_same_place() {
    let mut world = World::new();
    world.synchronize();
    let base = world.onprem.exchange().last_sync();
    let lost = world.ask();
    world.answer(&lost);
    world.cloud.holdings_mut("300400").unwrap().set(CloudLicense::new(tag(2), 1));
    let response = world.synchronize();
    assert_eq!((response.base_sync, codes(&response)), (base, vec![]));
    assert_eq!(world.onprem.pools().purchased(&tag(2)), 1);
}

#[test]
fn an_old_backup_gets_everything_and_is_asked_for_everything() {
    let mut world = World::new();
    world.synchronize();
    let backup = world.onprem.clone();
    world.onprem.put_device("lva-1", device(7, 1)).unwrap();
    world.synchronize();
    world.synchronize();
    world.onprem = backup;
    let response = world.synchronize();
    assert_eq!((response.base_sync, codes(&response)), (None, vec!["full_requested"]));
    let next = world.ask();
    assert_eq!(next.last_sync, None);
    world.answer(&next);
    assert_eq!(*world.cloud.view(INSTANCE).unwrap(), world.whole(), "the lost device is gone at the cloud too");
}

#[test]
fn shares_that_do_not_add_up_are_told() {
    let mut world = World::new();
    world.synchronize();
    let mut request = world.ask();
    request.virtual_accounts = vec![Row::Present(crate::document::LocalAccount {
        id: "lva-1".into(),
        licenses: vec![Row::Present(LocalLicense::new(tag(0), 6))],
        ..crate::document::LocalAccount::default()
    })];
    assert_eq!(codes(&world.answer(&request)), ["allocation_mismatch"]);
}

#[test]
fn what_is_answered_can_be_written_as_a_document() {
    let mut world = World::new();
    let request = world.ask();
    let mut response = world.answer(&request);
    response.request_id = INSTANCE.into();
    response.on_prem_name = "onprem-quebec".into();
    let cert = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for slot in [&mut response.id_cert, &mut response.sub_ca_cert, &mut response.signing_cert] {
        *slot = cert.into();
    }
    Document::new(&Content::SyncResponse(Box::new(response))).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_lost_both_sides_agree_after_the_next_exchange_that_is_not(
        steps in proptest::collection::vec((0_u8..11, 0_usize..4, 0_usize..4, 0_u64..9), 1..50)
    ) {
        let mut world = World::new();
        let ids = ["lva-1", "lva-2", "lva-3", "lva-4"];
        for (step, a, b, count) in steps {
            match step {
                0 => drop(world.onprem.add_account(ids[a], "x")),
                1 => drop(world.onprem.delete_account(ids[a])),
                2 | 3 => drop(world.onprem.put_device(ids[a], device(b, count))),
                4 => drop(world.onprem.remove_device(&format!("pi-{a}"))),
                5 => drop(world.onprem.transfer(&tag(b % 3), count, ids[a], ids[(a + 1) % 4])),
                6 => world.cloud.holdings_mut("300400").unwrap().set(CloudLicense::new(tag(b % 3), count)),
                7 => world.cloud.holdings_mut("300400").unwrap().remove(&tag(b % 3)),
                // A request that never arrives, and an answer that does not.
                8 => drop(world.ask()),
                9 => {
                    let request = world.ask();
                    world.answer(&request);
                }
                _ => {
                    let response = world.synchronize();
                    prop_assert_eq!(codes(&response), Vec::<&str>::new());
                }
            }
            prop_assert!(world.onprem.pools().is_balanced());
        }
        // The first brings the cloud's news, the second takes what they changed back.
        world.synchronize();
        let request = world.ask();
        world.answer(&request);
        prop_assert_eq!(world.cloud.view(INSTANCE).unwrap(), &world.whole());
        let cloud = world.cloud.holdings_mut("300400").unwrap().purchased();
        for number in 0..3 {
            let known = cloud.get(&tag(number)).copied().unwrap_or(0);
            prop_assert_eq!(world.onprem.pools().purchased(&tag(number)), known);
        }
    }
}
