//! A device on smart transport, and the same device with files: months of it, report by report.

mod support;

use cssm::{Fault, FaultKind};
use device::{FolderStore, Transport};
use slp_transport::agent::Phase;
use slp_transport::show::{CliFacts, ShowCommand};
use support::*;

#[test]
fn direct_every_report_of_half_a_year_is_delivered_and_acknowledged() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    assert!(lock(&runner).agent().trust, "{:?}", lock(&runner).take_log());
    world.say(&runner, "license network-advantage 2");
    world.pass(&[&runner], 30 * DAY);
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], 150 * DAY);
    let device = lock(&runner);
    let written = device.saved().life.acknowledged;
    assert!(written >= 6, "{written}");
    assert_eq!(device.saved().life.kept.len(), 0, "every closed report is acknowledged and gone");
    drop(device);
    assert_eq!(delivered(&world, &udi(1)), usize::try_from(written).unwrap());
    let balances = world.cloud.lock().unwrap().balances(world.now());
    let advantage = balances.iter().find(|balance| balance.tag == ADVANTAGE).unwrap();
    assert_eq!((advantage.owned, advantage.in_use), (5, 1));
}

#[test]
fn none_a_fresh_device_counts_usage_without_server_or_token() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], 100 * DAY);
    let file = lock(&runner).save_usage(&[], world.now()).unwrap();
    let document = slp_rum::Document::parse(&file).unwrap();
    assert_eq!(document.reports().count(), 1);
    assert_eq!(delivered(&world, &udi(1)), 0);
    // carried to the cloud and back
    let upload = world.cloud.lock().unwrap().upload("usage.txt", &file, world.now());
    let answer = world.cloud.lock().unwrap().answer(&upload.answer.unwrap()).unwrap().to_vec();
    let printed = lock(&runner).import(&answer, world.now()).unwrap();
    assert_eq!(printed, "Import Data Successful");
    assert_eq!(lock(&runner).saved().life.kept.len(), 0);
    assert!(lock(&runner).saved().last_ack.is_some());
    // a second time nothing changes
    assert_eq!(lock(&runner).import(&answer, world.now()).unwrap(), "Import Data Successful");
}

#[test]
fn an_export_controlled_licence_runs_with_a_code_alone_and_stops_with_its_return() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    let refused = lock(&runner).command("license hseck9 1", world.now()).unwrap_err().to_string();
    assert!(refused.contains("needs an authorization code: 1 wanted, 0 authorized"), "{refused}");
    world.say(&runner, "license smart authorization request add hseck9 local");
    world.pass(&[&runner], 2 * DAY);
    world.say(&runner, "license hseck9 1");
    let refused = lock(&runner).command("license smart authorization return local online", world.now()).unwrap_err();
    assert!(refused.to_string().contains("use"), "{refused}");
    world.say(&runner, "license hseck9 0");
    let printed = world.say(&runner, "license smart authorization return local online");
    assert!(printed.contains("Return code: C"), "{printed}");
    world.pass(&[&runner], DAY);
    assert!(world.cloud.lock().unwrap().device(&udi(1)).unwrap().code.is_none());
    assert!(lock(&runner).command("license hseck9 1", world.now()).is_err());
}

#[test]
fn bad_answers_lose_no_report_and_acknowledge_none() {
    for kind in
        [FaultKind::Forged, FaultKind::WrongDevice, FaultKind::Silence, FaultKind::LostAnswer, FaultKind::Status(503)]
    {
        let world = World::new([]);
        let runner = world.trusted_device(setup(1));
        world.pass(&[&runner], 60);
        let start = world.now().to_seconds();
        let end = slp_kit::later(world.now(), 90 * DAY).to_seconds();
        world.cloud.lock().unwrap().add_faults([
            Fault::new(kind, "usage_reporting").between(start, end),
            Fault::new(kind, "trust_sync").between(start, end),
        ]);
        world.say(&runner, "license network-advantage 1");
        world.pass(&[&runner], 90 * DAY);
        assert_eq!(lock(&runner).saved().life.acknowledged, 0, "{kind:?}");
        assert!(!lock(&runner).saved().life.kept.is_empty(), "{kind:?}");
        // the fault ends: everything is delivered, and acknowledged
        world.pass(&[&runner], 70 * DAY);
        let device = lock(&runner);
        assert_eq!(
            device.saved().life.kept.len(),
            0,
            "{kind:?} {:?} {:#?}",
            device.agent().phase,
            device.agent().counters
        );
        assert!(device.saved().life.acknowledged > 0, "{kind:?}");
        let acknowledged = usize::try_from(device.saved().life.acknowledged).unwrap();
        drop(device);
        assert_eq!(delivered(&world, &udi(1)), acknowledged, "{kind:?}");
    }
}

#[test]
fn three_months_without_an_answer_then_all_of_it() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    *world.plugged.lock().unwrap() = false;
    world.pass(&[&runner], 90 * DAY);
    let waiting = lock(&runner).saved().life.kept.len();
    assert!(waiting > 10, "one closed report a day: {waiting}");
    *world.plugged.lock().unwrap() = true;
    world.pass(&[&runner], 3 * DAY);
    assert_eq!(lock(&runner).saved().life.kept.len(), 0);
    assert!(delivered(&world, &udi(1)) >= waiting);
}

#[test]
fn a_device_that_runs_out_of_room_says_so_and_goes_on() {
    let world = World::new([]);
    let mut setup = setup(1);
    setup.room = 5;
    let runner = world.trusted_device(setup);
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    *world.plugged.lock().unwrap() = false;
    world.pass(&[&runner], 30 * DAY);
    let life = lock(&runner).saved().life.clone();
    let (kept, purged) = (life.kept.len(), life.purged);
    assert!(kept == 5 && purged > 10, "{kept} {purged}");
    assert!(log_has(&runner, "want of room"));
    *world.plugged.lock().unwrap() = true;
    world.pass(&[&runner], 3 * DAY);
    assert_eq!(lock(&runner).saved().life.kept.len(), 0);
}

#[test]
fn a_device_that_is_killed_at_any_save_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new([]);
    let runner = world.device_in(setup(1), Box::new(FolderStore::new(folder.path())));
    lock(&runner).configure(World::smart(), world.now()).unwrap();
    world.say(&runner, "license smart trust idtoken token-of-a-test all");
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    drop(runner);
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..40 {
        // the process is gone; the next one finds the folder
        let runner = world.device_in(setup(1), Box::new(FolderStore::new(folder.path())));
        for kept in &lock(&runner).saved().life.kept {
            ids.insert(kept.id);
        }
        lock(&runner).tick(world.now()).unwrap();
        // messages went out, and their answers came too late
        for message in lock(&runner).take_outgoing() {
            let _ = world.network.send(&message.request);
        }
        world.clock.advance(DAY);
    }
    let runner = world.device_in(setup(1), Box::new(FolderStore::new(folder.path())));
    world.pass(&[&runner], 3 * DAY);
    assert!(lock(&runner).agent().trust, "trust survived");
    assert_eq!(lock(&runner).saved().life.kept.len(), 0);
    let cloud = world.cloud.lock().unwrap();
    let stored = &cloud.device(&udi(1)).unwrap().reports;
    assert!(ids.len() > 20 && ids.iter().all(|id| stored.contains_key(id)));
    assert!(stored.values().all(|versions| versions.len() == 1), "no id was used twice");
}

#[test]
fn a_member_of_a_stack_becomes_active_and_its_reports_follow() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1).with_members([udi(2)]));
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], 40 * DAY);
    world.say(&runner, "redundancy force-switchover");
    world.pass(&[&runner], 40 * DAY);
    assert_eq!(lock(&runner).saved().life.kept.len(), 0, "{:?}", lock(&runner).agent());
    assert!(delivered(&world, &udi(1)) > 0);
    assert!(delivered(&world, &udi(2)) > 0);
    let balances = world.cloud.lock().unwrap().balances(world.now());
    let advantage = balances.iter().find(|balance| balance.tag == ADVANTAGE).unwrap();
    assert_eq!(advantage.in_use, 1, "one usage for active and standby");
}

#[test]
fn a_clock_set_back_an_hour_and_forward_a_year_is_shown_and_loses_nothing() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], 7_200);
    // an hour is where the clocks of device and cloud begin to differ too much
    world.say(&runner, "clock set -3600");
    world.say(&runner, "license smart sync all");
    assert!(log_has(&runner, "the clock of the server differs by an hour or more"));
    world.pass(&[&runner], 7_200);
    log(&runner);
    world.say(&runner, "clock set 3600");
    world.say(&runner, "license smart sync all");
    assert!(!log_has(&runner, "the clock of the server differs"));
    world.pass(&[&runner], 40 * DAY);
    world.say(&runner, &format!("clock set {}", 365 * DAY));
    world.pass(&[&runner], 40 * DAY);
    assert!(log_has(&runner, "the clock of the server differs"));
    assert_eq!(lock(&runner).saved().life.kept.len(), 0);
    let reports = stored(&world, &udi(1));
    let all: Vec<_> = reports.iter().flat_map(slp_rum::UsageReport::measurements).collect();
    let deltas: Vec<i64> = all.iter().filter_map(|one| one.clock_delta.map(slp_model::Seconds::get)).collect();
    assert_eq!(deltas, [-3_600, 3_600, 365 * DAY]);
    assert!(all.windows(2).all(|two| two[0].end == two[1].start), "no second is lost on its own clock: {all:#?}");
    let acknowledged = usize::try_from(lock(&runner).saved().life.acknowledged).unwrap();
    assert_eq!(reports.len(), acknowledged);
}

#[test]
fn a_device_whose_clock_is_an_hour_off_gets_no_trust_until_it_is_set() {
    for (off, is_trusted) in [(-3_600, false), (3_600, false), (-3_599, true), (3_599, true)] {
        let world = World::new([]);
        let runner = world.device(setup(1));
        lock(&runner).configure(World::smart(), world.now()).unwrap();
        world.say(&runner, &format!("clock set {off}"));
        world.say(&runner, "license smart trust idtoken token-of-a-test local");
        world.pass(&[&runner], 60);
        assert_eq!(lock(&runner).agent().trust, is_trusted, "{off}");
        world.say(&runner, &format!("clock set {}", -off));
        world.say(&runner, "license smart trust idtoken token-of-a-test local force");
        world.pass(&[&runner], 60);
        assert!(lock(&runner).agent().trust, "{off}");
    }
}

#[test]
fn neither_a_shortage_nor_an_acknowledgement_that_is_overdue_stops_a_feature() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 9");
    world.pass(&[&runner], 10 * DAY);
    let balances = world.cloud.lock().unwrap().balances(world.now());
    let advantage = balances.iter().find(|balance| balance.tag == ADVANTAGE).unwrap();
    assert_eq!((advantage.owned, advantage.in_use), (5, 9), "more than was bought");
    *world.plugged.lock().unwrap() = false;
    world.pass(&[&runner], 95 * DAY);
    let since = world.now().to_seconds().since(lock(&runner).saved().last_ack.unwrap());
    assert!(since.get() > 90 * DAY, "the acknowledgement is overdue");
    world.say(&runner, "license network-advantage 12");
    let all = understood(ShowCommand::All, &world.say(&runner, "show license all"));
    let value = |name: &str| all.value(&format!("License Usage/network-advantage (network-advantage)/{name}"));
    assert_eq!((value("Count"), value("Status")), (Some("12"), Some("IN USE")));
}

#[test]
fn a_code_that_takes_its_time_is_shown_when_it_is_there_and_then_the_feature_starts() {
    let world = World::new([Fault::new(FaultKind::Slow(7_200), "authorization_request")]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    world.say(&runner, "license smart authorization request add hseck9 local");
    world.pass(&[&runner], 3_600);
    let shown = || world.say(&runner, "show license authorization");
    assert!(!shown().contains("hseck9"), "{}", shown());
    assert!(refused(&world, &runner, "license hseck9 1").contains("0 authorized"));
    world.pass(&[&runner], 7_200);
    understood(ShowCommand::Authorization, &shown());
    assert!(shown().contains("hseck9") && shown().contains("SMART AUTHORIZATION INSTALLED"), "{}", shown());
    world.say(&runner, "license hseck9 1");
}

#[test]
fn a_change_of_the_count_begins_a_measurement_and_a_report_names_no_host_and_no_address() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    world.say(&runner, "hostname host-of-a-test");
    for count in [1, 2, 5] {
        world.say(&runner, &format!("license network-advantage {count}"));
        world.clock.advance(3_600);
    }
    let file = lock(&runner).save_usage(&[], world.now()).unwrap();
    let document = slp_rum::Document::parse(&file).unwrap();
    let report = document.reports().next().unwrap().unwrap();
    let measured: Vec<_> = report.measurements().iter().map(|one| (one.count(), one.elapsed().get())).collect();
    assert_eq!(measured, [(Some(1), 3_600), (Some(2), 3_600), (Some(5), 3_600)]);
    assert!(report.measurements().windows(2).all(|two| two[0].end == two[1].start));
    let text = report.payload_text();
    assert!(!text.contains("host-of-a-test"), "{text}");
    for member in ["hostname", "host", "ip", "ip_address", "address", "mac", "mac_address", "call_home"] {
        assert!(!text.contains(&format!("\"{member}\"")), "{member}: {text}");
    }
}

#[test]
fn a_device_without_trust_sends_nothing_and_says_why() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    lock(&runner).configure(World::smart(), world.now()).unwrap();
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], 10 * DAY);
    assert_eq!(lock(&runner).agent().phase, Phase::NoTrust);
    assert!(world.cloud.lock().unwrap().device(&udi(1)).is_none());
    assert!(log_has(&runner, "Insufficient trust"));
    lock(&runner).configure(Transport::Off, world.now()).unwrap();
}

#[test]
fn what_the_device_prints_is_understood_by_the_reader_of_what_devices_print() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 2");
    world.pass(&[&runner], 2 * DAY);
    for (what, command) in
        [("summary", ShowCommand::Summary), ("usage", ShowCommand::Usage), ("status", ShowCommand::Status)]
    {
        let printed = world.say(&runner, &format!("show license {what}"));
        let facts = CliFacts::read(command, printed.as_bytes(), &slp_transport::Limits::default());
        assert!(facts.unparsed.is_empty(), "{what}: {:?}\n{printed}", facts.unparsed);
        assert!(!facts.facts.is_empty(), "{what}");
    }
}

#[test]
fn nothing_is_sent_that_could_not_be_kept_and_one_event_is_kept_once() {
    let world = World::new([]);
    let disk = Disk::new(usize::MAX);
    let runner = world.device_in(setup(1), Box::new(disk.clone()));
    lock(&runner).configure(World::smart(), world.now()).unwrap();
    world.say(&runner, "license smart trust idtoken token-of-a-test all");
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    world.clock.advance(DAY);
    let mut device = lock(&runner);
    disk.fill();
    let error = device.tick(world.now()).unwrap_err();
    assert_eq!(error.to_string(), "nothing more is written");
    assert!(device.take_outgoing().is_empty(), "what goes out has to be kept first");
    drop(device);
    disk.make_room();
    world.pass(&[&runner], 3 * DAY);
    assert!(delivered(&world, &udi(1)) > 0);
    world.say(&runner, "license network-advantage 2");
    world.clock.advance(DAY);
    let before = disk.written();
    let mut device = lock(&runner);
    device.tick(world.now()).unwrap();
    assert_eq!(device.take_outgoing().len(), 1);
    // the reports that were closed, and the message about them
    assert!(disk.written() - before <= 2, "{}", disk.written() - before);
}
