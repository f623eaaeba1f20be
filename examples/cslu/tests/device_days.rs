//! What happens to devices, seen from their collector: replaced, renamed, reset, out of time, out of room, out of line.

mod support;

use cslu::ReportState;
use cssm::FaultKind;
use slp_model::UnixSeconds;
use slp_transport::push::{Identity, PiRequest, UsageReporting};
use slp_transport::{DeviceUsage, Nonce};
use support::*;

const USE: &str = "license network-advantage 1";
const YEAR: i64 = 365 * DAY;

fn world(pull: bool, seed: u64) -> World {
    World::new(Plan { devices: 1, ..Plan::new(true, pull) }, seed)
}

/// What is under way comes to its end; by pull, with the next round.
fn settle(world: &World) {
    world.say(1, "license smart sync all");
    world.pass(6 * DAY + 900);
}

/// How many reports the device in this place wrote and has acknowledged; none waits.
fn acknowledged(world: &World, number: u32) -> usize {
    let device = world.device(number);
    let life = &device.saved().life;
    assert!(life.kept.is_empty(), "{:?}", life.kept);
    usize::try_from(life.acknowledged).unwrap()
}

fn alerts(world: &World) -> Vec<String> {
    world.collector().table().unwrap().into_iter().flat_map(|row| row.alerts).collect()
}

#[test]
fn a_device_that_is_replaced_reports_under_its_own_name_and_nothing_of_the_old_one_is_lost() {
    for pull in [false, true] {
        let world = world(pull, 11);
        world.say(1, USE);
        world.pass(31 * DAY);
        settle(&world);
        let before = acknowledged(&world, 1);
        world.replace(1, setup(9));
        world.say(1, USE);
        world.pass(31 * DAY);
        settle(&world);
        assert!(before >= 2, "{before}");
        assert_eq!(world.assert_kept(&udi(1)), before, "pull: {pull}");
        assert_eq!(world.assert_kept(&udi(9)), acknowledged(&world, 1), "pull: {pull}");
        assert!(acknowledged(&world, 1) >= 2);
        assert_eq!(world.collector().table().unwrap().len(), 2, "pull: {pull}");
        assert!(alerts(&world).is_empty(), "pull: {pull}");
    }
}

#[test]
fn a_device_in_the_place_of_one_that_the_list_names_is_shown_and_its_reports_are_taken() {
    let world = world(true, 12);
    let list = |number: u32| {
        let columns = "host,connect_method,username,password,udi_pid,udi_serial_number";
        format!("{columns}\n{},REST_API,slp,{PASSWORD},C9300-24UX,TST{number:08}\n", host(1))
    };
    world.collector().take_list(list(1).as_bytes(), world.now()).unwrap();
    world.replace(1, setup(9));
    world.say(1, USE);
    world.pass(31 * DAY);
    settle(&world);
    assert_eq!(world.assert_kept(&udi(9)), acknowledged(&world, 1));
    assert_eq!(alerts(&world), ["Another device answers here"]);
    world.collector().take_list(list(9).as_bytes(), world.now()).unwrap();
    settle(&world);
    assert!(alerts(&world).is_empty());
}

#[test]
fn a_device_that_is_renamed_stays_the_one_that_it_was() {
    let world = World::new(Plan { devices: 0, ..Plan::new(false, false) }, 13);
    let report = |id: u64| {
        let start: UnixSeconds = world.now().to_seconds();
        slp_kit::sample::report(&udi(1), id, 1, &[(start, start.saturating_add(900.into()))]).unwrap()
    };
    for (number, name) in [(1, "access-1"), (2, "access-1-renamed")] {
        let mut identity = Identity::new(udi(1), SOFTWARE);
        identity.hostname = Some(name.into());
        let mut data = UsageReporting::new();
        data.reports = DeviceUsage::group(&[report(number)]).unwrap();
        let nonce = Nonce::from_random([u8::try_from(number).unwrap(); 16]);
        let message = PiRequest::of(&identity, world.now(), nonce, data.into());
        world.collector().push(None, &message, world.now());
        let table = world.collector().table().unwrap();
        assert_eq!((table.len(), table[0].reports), (1, number));
        assert_eq!(table[0].device, format!("{name} {}", udi(1)));
    }
}

#[test]
fn a_device_that_is_reset_to_factory_goes_on_under_its_name() {
    for pull in [false, true] {
        let world = world(pull, 14);
        world.say(1, USE);
        world.pass(31 * DAY);
        settle(&world);
        let before = acknowledged(&world, 1);
        world.replace(1, setup(1));
        world.say(1, USE);
        world.pass(31 * DAY);
        settle(&world);
        assert_eq!(world.assert_kept(&udi(1)), before + acknowledged(&world, 1), "pull: {pull}");
        assert!(alerts(&world).is_empty(), "pull: {pull}");
    }
}

#[test]
fn ids_that_a_reset_device_uses_again_are_shown_and_both_reports_are_kept() {
    for pull in [false, true] {
        let world = world(pull, 15);
        let start = world.now();
        world.say(1, USE);
        world.pass(31 * DAY);
        settle(&world);
        let before = acknowledged(&world, 1);
        // its clock stands at the beginning again, too: its ids follow the clock
        world.replace(1, setup(1));
        let back = i64::try_from((world.now().get() - start.get()) / 1_000).unwrap();
        world.say(1, &format!("clock set -{back}"));
        world.say(1, USE);
        world.pass(31 * DAY);
        settle(&world);
        let said = world.collector().take_events().join("\n");
        assert!(said.contains("came with other content; both are kept"), "pull: {pull}: {said}");
        assert_eq!(world.assert_kept(&udi(1)), before + acknowledged(&world, 1), "pull: {pull}");
        let cloud = world.cloud.lock().unwrap();
        assert!(cloud.device(&udi(1)).unwrap().reports.values().any(|versions| versions.len() == 2));
    }
}

#[test]
fn a_clock_set_back_an_hour_and_forward_a_year_loses_nothing_on_the_way() {
    for pull in [false, true] {
        let world = world(pull, 16);
        world.say(1, USE);
        world.pass(10 * DAY);
        world.say(1, "clock set -3600");
        world.pass(10 * DAY);
        world.say(1, &format!("clock set {YEAR}"));
        world.pass(40 * DAY);
        settle(&world);
        world.assert_all_is_well(3);
        // a step that a report shows is shown to the cloud
        let stored = world.collector().store().reports().unwrap();
        assert!(stored.iter().any(|report| report.payload.contains("-3600")), "pull: {pull}");
        assert!(stored.iter().any(|report| report.payload.contains(&YEAR.to_string())), "pull: {pull}");
    }
}

#[test]
fn a_device_that_runs_out_of_room_delivers_what_it_still_has() {
    for pull in [false, true] {
        let world = world(pull, 17);
        let mut small = setup(1);
        small.room = 3;
        world.replace(1, small);
        world.say(1, USE);
        *world.reachable.lock().unwrap() = false;
        let gone = world.hosts.lock().unwrap().remove(&host(1)).unwrap();
        for _ in 0..8 {
            world.pass(10 * DAY);
            let now = world.now();
            world.device(1).close_reports(now).unwrap();
        }
        *world.reachable.lock().unwrap() = true;
        world.hosts.lock().unwrap().insert(host(1), gone);
        settle(&world);
        let purged = world.device(1).saved().life.purged;
        assert!(purged >= 5, "{purged}");
        assert_eq!(world.assert_kept(&udi(1)), acknowledged(&world, 1), "pull: {pull}");
        assert!(acknowledged(&world, 1) >= 3);
        assert!(world.device(1).take_log().iter().any(|line| line.contains("thrown away unacknowledged")));
    }
}

#[test]
fn a_stack_member_that_becomes_active_reports_and_the_answers_find_it() {
    for pull in [false, true] {
        let world = world(pull, 18);
        world.replace(1, setup(1).with_members([udi(2)]));
        world.say(1, USE);
        world.pass(31 * DAY);
        world.say(1, "redundancy force-switchover");
        world.pass(31 * DAY);
        settle(&world);
        let (first, second) = (world.assert_kept(&udi(1)), world.assert_kept(&udi(2)));
        assert!(first >= 1 && second >= 1, "pull: {pull}: {first}, {second}");
        assert_eq!(first + second, acknowledged(&world, 1), "pull: {pull}");
        assert!(alerts(&world).is_empty(), "pull: {pull}: {:?}", alerts(&world));
    }
}

#[test]
fn answers_that_come_out_of_order_find_their_reports() {
    let world = world(true, 19);
    world.cloud.lock().unwrap().add_faults([fault(FaultKind::Slow(12 * 86_400), "reportusage").times(1)]);
    world.say(1, USE);
    world.pass(11 * DAY);
    let states: Vec<_> = world.collector().store().reports().unwrap().iter().map(|report| report.state).collect();
    assert_eq!(states, [ReportState::Forwarded, ReportState::Acknowledged], "the second is answered first");
    world.pass(20 * DAY);
    settle(&world);
    world.assert_all_is_well(5);
}

#[test]
fn an_access_token_that_is_refused_is_asked_for_again_and_a_throttled_collector_waits() {
    for pull in [false, true] {
        let world = world(pull, 20);
        world.cloud.lock().unwrap().add_faults([
            fault(FaultKind::Status(401), "reportusage").times(1),
            fault(FaultKind::Status(401), "poll").times(1),
            fault(FaultKind::Status(429), "reportusage").times(3),
            fault(FaultKind::Status(503), "poll").times(3),
        ]);
        world.say(1, USE);
        world.pass(61 * DAY);
        settle(&world);
        world.assert_all_is_well(2);
        let said = world.collector().take_events().join("\n");
        assert!(!said.contains("hush") && !said.contains("Bearer"), "{said}");
    }
}
