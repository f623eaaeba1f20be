//! Each path that goes through a collector, for months, report by report.

mod support;

use slp_model::UnixSeconds;
use support::*;

#[test]
fn cslu_connected_push_every_report_reaches_the_cloud_and_is_acknowledged() {
    let world = World::new(Plan::new(true, false), 1);
    for number in 1..=3 {
        world.say(number, "license network-advantage 2");
    }
    world.pass(100 * DAY);
    world.assert_all_is_well(3);
    let balances = world.cloud.lock().unwrap().balances(world.now());
    assert_eq!(balances.iter().find(|balance| balance.tag == ADVANTAGE).unwrap().in_use, 6);
}

#[test]
fn cslu_connected_pull_every_report_reaches_the_cloud_and_is_acknowledged() {
    let world = World::new(Plan::new(true, true), 1);
    for number in 1..=3 {
        world.say(number, "license network-advantage 2");
    }
    world.pass(100 * DAY + 600);
    world.assert_all_is_well(3);
    let table = world.collector().table().unwrap();
    assert_eq!(table.len(), 3);
    assert_eq!(table[0].device, format!("{} {}", host(1), udi(1)));
    assert!(table.iter().all(|row| row.alerts.is_empty() && row.open == 0), "{table:?}");
}

#[test]
fn cslu_offline_push_bundles_go_out_and_their_answers_come_back() {
    let world = World::new(Plan::new(false, false), 1);
    for number in 1..=3 {
        world.say(number, "license network-advantage 2");
    }
    let mut bundles = 0;
    for _ in 0..4 {
        world.pass(31 * DAY);
        bundles += world.carry();
    }
    world.pass(DAY);
    assert!(bundles >= 3, "{bundles}");
    world.assert_all_is_well(3);
    assert!(world.accepted.lock().unwrap().is_empty(), "nothing went by API");
}

#[test]
fn cslu_offline_pull_bundles_go_out_and_their_answers_are_imported() {
    let world = World::new(Plan::new(false, true), 1);
    for number in 1..=3 {
        world.say(number, "license network-advantage 2");
    }
    for _ in 0..4 {
        world.pass(31 * DAY);
        world.carry();
    }
    // a round would fetch the next report: the answer is in before
    world.pass(60);
    world.assert_all_is_well(3);
}

#[test]
fn cslu_offline_the_ledger_says_which_answers_devices_were_given_and_how() {
    for (pull, via) in [(false, "push"), (true, "pull")] {
        let world = World::new(Plan { devices: 2, ..Plan::new(false, pull) }, 1);
        for number in 1..=2 {
            world.say(number, "license network-advantage 2");
        }
        world.pass(31 * DAY);
        assert_eq!(world.carry(), 1);
        let given = |world: &World| {
            let ledger = world.collector().ledger().unwrap();
            ledger.lines().filter(|line| line.contains(&format!("\"via\":\"{via}\""))).count()
        };
        assert_eq!(given(&world), 0, "the answers are here, not there");
        world.pass(2 * DAY);
        world.reopen();
        assert_eq!(given(&world), 2);
        world.reopen();
        assert_eq!(given(&world), 2, "once each");
    }
}

#[test]
fn cslu_offline_a_code_is_asked_for_by_bundle_and_comes_back_in_its_answer() {
    let mut plan = Plan::new(false, false);
    plan.devices = 1;
    let world = World::new(plan, 1);
    world.say(1, "license smart authorization request add hseck9 local");
    world.pass(DAY);
    assert_eq!(world.carry(), 1);
    world.pass(DAY);
    world.say(1, "license hseck9 1");
    assert!(world.cloud.lock().unwrap().device(&udi(1)).unwrap().code.is_some());
}

#[test]
fn cslu_connected_a_code_is_asked_for_and_given_back_through_the_collector() {
    let mut plan = Plan::new(true, false);
    plan.devices = 1;
    let world = World::new(plan, 1);
    world.say(1, "license smart authorization request add hseck9 local");
    world.pass(DAY);
    world.say(1, "license hseck9 1");
    world.pass(DAY);
    world.say(1, "license hseck9 0");
    world.say(1, "license smart authorization return local online");
    world.pass(DAY);
    assert!(world.cloud.lock().unwrap().device(&udi(1)).unwrap().code.is_none());
}

#[test]
fn a_collector_works_for_one_account() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cslu.db");
    let open = |domain: &str| {
        let settings = cslu::Settings::new(domain, "Default");
        let store = cslu::Store::open(&path).unwrap();
        let now: UnixSeconds = "2026-01-01T00:00:00Z".parse().unwrap();
        cslu::Collector::open(store, settings, slp_kit::Random::seeded(1), now.to_millis())
    };
    assert!(open("account.example").is_ok());
    assert!(open("other.example").unwrap_err().to_string().contains("one account"));
}

#[test]
fn an_operator_asks_for_a_code_for_a_device_that_is_pulled_from() {
    for connected in [true, false] {
        let world = World::new(Plan { devices: 1, ..Plan::new(connected, true) }, 1);
        world.pass(60);
        world.say(1, "license network-advantage 1");
        world.pass(31 * DAY);
        let (tag, now) = (HSEC.parse().unwrap(), world.now());
        let refused = world.collector().ask_for_code(&udi(9), &tag, 1, now).unwrap_err().to_string();
        assert!(refused.contains("is not known here: list it"), "{refused}");
        assert!(world.collector().ask_for_code(&udi(1), &tag, 0, now).is_err());
        for _ in 0..2 {
            world.collector().ask_for_code(&udi(1), &tag, 1, now).unwrap();
        }
        // as when another process asked, and `serve` starts after it
        world.reopen();
        world.pass(DAY);
        if !connected {
            assert_eq!(world.carry(), 1);
            world.pass(DAY);
        }
        world.say(1, "license hseck9 1");
        assert!(world.cloud.lock().unwrap().device(&udi(1)).unwrap().code.is_some(), "connected: {connected}");
        let table = world.collector().table().unwrap();
        assert!(table.iter().all(|row| row.alerts.is_empty()), "{table:?}");
    }
}
