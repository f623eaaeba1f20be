//! A device on smart transport, and the same device with files: months of it, report by report.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use cssm::{Fault, FaultKind};
use device::{FolderStore, MemoryStore, Saved, Store, Transport};
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
    assert!(lock(&runner).take_log().iter().any(|line| line.contains("want of room")));
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
}

#[test]
fn a_clock_set_back_an_hour_and_forward_a_year_is_shown_and_loses_nothing() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], 7_200);
    world.say(&runner, "clock set -3000");
    world.pass(&[&runner], 7_200);
    world.say(&runner, "clock set 3000");
    world.pass(&[&runner], 40 * DAY);
    let cloud = world.cloud.lock().unwrap();
    let stored = &cloud.device(&udi(1)).unwrap().reports;
    let deltas: Vec<i64> = stored
        .values()
        .flatten()
        .flat_map(|stored| {
            let signature = slp_rum::Signature::new(slp_model::license::SigningType::Sha256, "k", "AAAA");
            let options = slp_rum::ReadOptions::default();
            let report = slp_rum::UsageReport::from_payload(stored.payload.as_str(), None, Some(signature), &options);
            report
                .unwrap()
                .measurements()
                .iter()
                .filter_map(|m| m.clock_delta.map(slp_model::Seconds::get))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(deltas, [-3_000, 3_000]);
    drop(cloud);
    world.say(&runner, &format!("clock set {}", 365 * DAY));
    world.pass(&[&runner], 40 * DAY);
    assert!(lock(&runner).take_log().iter().any(|line| line.contains("the clock of the server differs")));
    assert_eq!(lock(&runner).saved().life.kept.len(), 0);
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
    assert!(lock(&runner).take_log().iter().any(|line| line.contains("Insufficient trust")));
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

/// A disk that fills up.
#[derive(Debug)]
struct Filling(MemoryStore, Arc<AtomicBool>, Arc<AtomicUsize>);

impl Store for Filling {
    fn save(&mut self, saved: &Saved) -> Result<(), slp_kit::Error> {
        if self.1.load(Ordering::SeqCst) {
            return Err("no space left".into());
        }
        self.2.fetch_add(1, Ordering::SeqCst);
        self.0.save(saved)
    }

    fn load(&self) -> Result<Option<Saved>, slp_kit::Error> {
        self.0.load()
    }
}

#[test]
fn nothing_is_sent_that_could_not_be_kept_and_one_event_is_kept_once() {
    let (full, saves) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let world = World::new([]);
    let store = Filling(MemoryStore::new(), Arc::clone(&full), Arc::clone(&saves));
    let runner = world.device_in(setup(1), Box::new(store));
    lock(&runner).configure(World::smart(), world.now()).unwrap();
    world.say(&runner, "license smart trust idtoken token-of-a-test all");
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    world.clock.advance(DAY);
    let mut device = lock(&runner);
    full.store(true, Ordering::SeqCst);
    let error = device.tick(world.now()).unwrap_err();
    assert_eq!(error.to_string(), "no space left");
    assert!(device.take_outgoing().is_empty(), "what goes out has to be kept first");
    drop(device);
    full.store(false, Ordering::SeqCst);
    world.pass(&[&runner], 3 * DAY);
    assert!(delivered(&world, &udi(1)) > 0);
    world.say(&runner, "license network-advantage 2");
    world.clock.advance(DAY);
    let before = saves.load(Ordering::SeqCst);
    let mut device = lock(&runner);
    device.tick(world.now()).unwrap();
    assert_eq!(device.take_outgoing().len(), 1);
    // the reports that were closed, and the message about them
    assert!(saves.load(Ordering::SeqCst) - before <= 2, "{}", saves.load(Ordering::SeqCst) - before);
}
