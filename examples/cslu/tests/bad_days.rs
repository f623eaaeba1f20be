//! The collector is killed, the cloud is late, wrong or silent: nothing is lost, and nothing goes out twice.

mod support;

use cslu::{Moment, ReportState};
use cssm::FaultKind;
use support::*;

/// One life: kills at random points of the store, for two months; then a month without.
fn killed(plan: Plan, seed: u64) -> u32 {
    let world = World::new(plan, seed);
    let mut numbers = fastrand::Rng::with_seed(seed);
    world.cut_after(numbers.u64(1..30));
    for number in 1..=plan.devices {
        world.say(number, "license network-advantage 2");
    }
    for _ in 0..4 {
        world.pass_with(16 * DAY + 900, |world| {
            if world.cut.lock().unwrap().left.is_none() {
                world.cut_after(numbers.u64(1..60));
            }
        });
        if !plan.connected {
            world.carry();
        }
    }
    world.cut.lock().unwrap().left = None;
    world.pass(2 * DAY);
    // what the cloud has and did not answer, for nobody knew whether it arrived, goes the other road
    world.carry();
    world.pass(900);
    if !plan.pull {
        // devices poll on
        world.pass(2 * DAY);
    }
    world.assert_all_is_well(2);
    world.cut.lock().unwrap().kills
}

/// Thirty-five lives of each of four kinds: it takes seconds, and finds what one life does not.
fn lives(connected: bool, pull: bool) {
    let mut kills = 0;
    for seed in 0..35 {
        kills += killed(Plan { devices: 2, ..Plan::new(connected, pull) }, seed);
    }
    assert!(kills > 100, "{kills}");
}

#[test]
fn a_collector_that_is_killed_during_pushes_and_uploads_loses_nothing_and_sends_nothing_twice() {
    lives(true, false);
}

#[test]
fn a_collector_that_is_killed_during_pulls_and_uploads_loses_nothing_and_sends_nothing_twice() {
    lives(true, true);
}

#[test]
fn a_collector_that_is_killed_during_pushes_exports_and_imports_loses_nothing() {
    lives(false, false);
}

#[test]
fn a_collector_that_is_killed_during_pulls_exports_and_imports_loses_nothing() {
    lives(false, true);
}

/// The cloud does this for forty days; then a month passes, with the operator's round if it is needed.
fn faulty(plan: Plan, kind: FaultKind, on: &str, carry: bool) -> World {
    let world = World::new(plan, 3);
    let end = slp_kit::later(world.now(), 40 * DAY).to_seconds();
    world.cloud.lock().unwrap().add_faults([fault(kind, on).between(world.now().to_seconds(), end)]);
    for number in 1..=plan.devices {
        world.say(number, "license network-advantage 1");
    }
    world.pass(41 * DAY);
    world.pass(31 * DAY);
    let waiting = world.collector().store().reports().unwrap();
    let waiting = waiting.iter().filter(|report| report.state == ReportState::Unanswered).count();
    assert_eq!(waiting > 0, carry, "{kind:?} {waiting}");
    if carry {
        assert!(world.collector().table().unwrap().iter().any(|row| !row.alerts.is_empty()));
        assert_eq!(world.carry(), 1);
        world.pass(2 * DAY);
    }
    world
}

#[test]
fn a_cloud_that_answers_late_or_twice_is_waited_for() {
    for pull in [false, true] {
        for kind in [FaultKind::Slow(30 * 3_600), FaultKind::Twice] {
            faulty(Plan::new(true, pull), kind, "any", false).assert_all_is_well(2);
        }
    }
}

#[test]
fn answers_for_another_device_forged_or_lost_are_not_taken_and_a_bundle_brings_the_right_ones() {
    for pull in [false, true] {
        for kind in [FaultKind::WrongDevice, FaultKind::Forged, FaultKind::LostAnswer] {
            faulty(Plan::new(true, pull), kind, "reportusage", true).assert_all_is_well(2);
        }
    }
}

#[test]
fn without_the_key_of_the_cloud_the_devices_are_the_judges() {
    for pull in [false, true] {
        let plan = Plan { key: false, ..Plan::new(true, pull) };
        let world = faulty(plan, FaultKind::Forged, "reportusage", true);
        // a device that pushes shows with its next pushes what it did not take
        world.pass(65 * DAY);
        world.carry();
        world.pass(2 * DAY + 900);
        world.assert_all_is_well(2);
    }
}

#[test]
fn a_bundle_whose_answer_is_another_devices_or_forged_is_answered_by_a_second_upload() {
    for kind in [FaultKind::WrongDevice, FaultKind::Forged] {
        let world = World::new(Plan::new(false, false), 4);
        world.cloud.lock().unwrap().add_faults([fault(kind, "upload").times(1)]);
        for number in 1..=3 {
            world.say(number, "license network-advantage 1");
        }
        world.pass(31 * DAY);
        let (name, bytes) = world.exported();
        for (round, answered) in [(0, 0), (1, 3)] {
            let answer = world.cloud.lock().unwrap().upload(&name, &bytes, world.now()).answer.unwrap();
            let bytes = world.cloud.lock().unwrap().answer(&answer).unwrap().to_vec();
            let imported = world.collector().import(&answer, &bytes, world.now()).unwrap();
            assert_eq!((imported.answered, imported.refused), (answered, 3 - answered), "{kind:?} {round}");
        }
        // nothing is exported again, and the answer may come twice
        assert_eq!(world.carry(), 0);
        world.pass(DAY);
        world.assert_all_is_well(1);
    }
}

#[test]
fn a_cloud_that_is_silent_or_away_for_three_months_gets_everything_afterwards() {
    for pull in [false, true] {
        for silent in [false, true] {
            let world = World::new(Plan::new(true, pull), 5);
            let end = slp_kit::later(world.now(), 90 * DAY).to_seconds();
            if silent {
                let silence = fault(FaultKind::Silence, "any").between(world.now().to_seconds(), end);
                world.cloud.lock().unwrap().add_faults([silence]);
            } else {
                *world.plugged.lock().unwrap() = false;
            }
            for number in 1..=3 {
                world.say(number, "license network-advantage 1");
            }
            world.pass(90 * DAY);
            assert!(world.cloud.lock().unwrap().device(&udi(1)).is_none());
            *world.plugged.lock().unwrap() = true;
            world.pass(5 * DAY + 7_200);
            world.assert_all_is_well(3);
        }
    }
}

#[test]
fn a_cloud_that_refuses_the_application_is_asked_again_and_no_secret_is_said() {
    let world = World::new(Plan { devices: 1, ..Plan::new(true, false) }, 10);
    let end = slp_kit::later(world.now(), 3 * DAY).to_seconds();
    let refuse = fault(FaultKind::Status(401), "token").between(world.now().to_seconds(), end);
    world.cloud.lock().unwrap().add_faults([refuse]);
    world.say(1, "license network-advantage 1");
    world.pass(3 * DAY);
    let said = world.collector().take_events();
    assert!((10..100).contains(&said.len()), "once an hour: {}", said.len());
    assert!(said.iter().all(|line| line.contains("no access token") && !line.contains("hush")), "{said:?}");
    world.pass(DAY);
    world.assert_all_is_well(1);
}

#[test]
fn a_result_that_takes_three_months_is_polled_for_until_it_is_there() {
    let world = World::new(Plan { devices: 1, ..Plan::new(true, true) }, 6);
    world.cloud.lock().unwrap().add_faults([fault(FaultKind::Slow(90 * 86_400), "reportusage").times(1)]);
    world.say(1, "license network-advantage 1");
    world.pass(100 * DAY + 900);
    world.assert_all_is_well(15);
}

#[test]
fn a_report_that_the_cloud_refuses_costs_itself_alone() {
    let world = World::new(Plan { devices: 5, ..Plan::new(true, false) }, 7);
    *world.poison.lock().unwrap() = Some("TST00000003".into());
    for number in 1..=5 {
        world.say(number, "license network-advantage 1");
    }
    world.pass(DAY);
    for report in world.collector().store().reports().unwrap() {
        let refused = report.device == udi(3);
        let state = if refused { ReportState::Refused } else { ReportState::Acknowledged };
        assert_eq!(report.state, state, "{report:?}");
    }
    let table = world.collector().table().unwrap();
    assert_eq!(table[2].alerts, ["Report refused by the cloud"]);
    assert!(table.iter().filter(|row| !row.alerts.is_empty()).count() == 1);
}

#[test]
fn a_device_that_is_away_or_has_another_password_is_shown_and_comes_back() {
    let world = World::new(Plan { devices: 2, ..Plan::new(true, true) }, 8);
    let gone = world.hosts.lock().unwrap().remove(&host(1)).unwrap();
    for number in 1..=2 {
        world.say(number, "license network-advantage 1");
    }
    let list = format!("host,connect_method,username,password\n{},REST_API,slp,wrong-hush\n", host(2));
    world.collector().take_list(list.as_bytes(), world.now()).unwrap();
    world.pass(6 * DAY);
    let alerts: Vec<String> = world.collector().table().unwrap().into_iter().flat_map(|row| row.alerts).collect();
    assert_eq!(alerts, ["Failed to Connect", "Credentials refused"]);
    let screen = cslu::print_table(&world.collector().table().unwrap());
    let head: Vec<&str> =
        screen.lines().next().unwrap().split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
    let columns = ["Device", "Product Type", "Virtual Account", "Last Contacted", "Last Reported", "Reports", "Alerts"];
    assert_eq!(head, columns, "of the vendor's program");
    let jobs = world.collector().jobs().unwrap();
    assert!(jobs.iter().any(|job| job.job_name == "device_pull" && job.next_run.is_some()), "its schedule: {jobs:?}");
    let said = world.collector().take_events().join("\n");
    assert!(said.contains(&format!("{}: given up until the next round", host(1))) && !said.contains("hush"), "{said}");
    world.hosts.lock().unwrap().insert(host(1), gone);
    let list = format!("host,connect_method,username,password\n{},REST_API,slp,{PASSWORD}\n", host(2));
    world.collector().take_list(list.as_bytes(), world.now()).unwrap();
    world.pass(10 * DAY + 900);
    world.assert_all_is_well(1);
    assert!(world.collector().table().unwrap().iter().all(|row| row.alerts.is_empty()));
    // a list never gives a password away
    let list = String::from_utf8(world.collector().list().unwrap()).unwrap();
    assert!(list.contains(&host(1)) && !list.contains("hush"), "{list}");
}

#[test]
fn a_bad_row_takes_nothing_of_the_list_and_shows_no_password() {
    let world = World::new(Plan { devices: 0, ..Plan::new(true, false) }, 9);
    let list = "host,connect_method,username,password\n192.0.2.1,REST_API,slp,hush\n,REST_API,slp,hush\n";
    let error = world.collector().take_list(list.as_bytes(), world.now()).unwrap_err().to_string();
    assert!(error.starts_with("row 3") && !error.contains("hush"), "{error}");
    assert!(world.collector().table().unwrap().is_empty());
}

/// When a collector with this seed for its waits does something, while neither cloud nor devices answer.
fn waits(seed: u64, world: u64) -> Vec<i64> {
    let plan = Plan { devices: 2, waits: Some(seed), ..Plan::new(true, true) };
    let world = World::new(plan, world);
    for number in 1..=2 {
        world.say(number, "license network-advantage 1");
    }
    world.pass(5 * DAY + 60);
    // the devices closed their first reports: something for the cloud, which is away, and the devices go too
    *world.plugged.lock().unwrap() = false;
    world.hosts.lock().unwrap().clear();
    let mut times = Vec::new();
    world.pass_with(6 * DAY, |world| times.push(world.now().to_seconds().get()));
    let said = world.collector().take_events().join("\n");
    assert!(said.contains("no access token") && said.contains("given up until the next round"), "{said}");
    times
}

#[test]
fn the_waits_of_a_collector_follow_its_seed() {
    let first = waits(7, 21);
    assert_eq!(first, waits(7, 22), "whatever its nonces and ids are");
    assert_ne!(first, waits(8, 21));
}

#[test]
fn what_could_not_be_kept_begins_again_in_a_minute_without_a_restart() {
    for pull in [false, true] {
        let world = World::new(Plan { devices: 2, ..Plan::new(true, pull) }, 23);
        for number in 1..=2 {
            world.say(number, "license network-advantage 1");
        }
        // a disk that is full each fifth time, for two months: nothing is reopened
        let mut count = 0_u32;
        world.collector().watch(Box::new(move |moment| {
            count += u32::from(moment == Moment::Before);
            if moment == Moment::Before && count.is_multiple_of(5) { Err("the disk is full".into()) } else { Ok(()) }
        }));
        world.pass_that_fails(62 * DAY);
        world.collector().watch(Box::new(|_| Ok(())));
        world.pass(6 * DAY);
        // what the cloud has, and whose answer could not be kept, goes the other road
        world.carry();
        world.pass(2 * DAY + 900);
        world.assert_all_is_well(2);
    }
}

#[test]
fn messages_that_were_given_out_and_not_sent_are_given_out_again() {
    let world = World::new(Plan::new(true, true), 24);
    let now = world.now();
    world.collector().tick(now).unwrap();
    let given = world.collector().take_outgoing();
    let numbers = |outgoing: &[cslu::Outgoing]| outgoing.iter().map(|one| one.exchange).collect::<Vec<_>>();
    let first = numbers(&given);
    assert_eq!(first.len(), 3);
    assert!(world.collector().take_outgoing().is_empty(), "each is given out once");
    world.collector().take_back(given);
    assert_eq!(numbers(&world.collector().take_outgoing()), first);
}
