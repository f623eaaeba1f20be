//! What happens to devices: they are replaced, renamed, reset, their clocks are set, their disks fill up, they are killed.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use device::{Device, FolderStore, Saved, Store};
use slp_kit::{Error, Random};
use slp_model::{Seconds, UnixSeconds};
use slp_rum::UsageReport;
use slp_transport::syslog::{LogEvent, LogMessage};
use support::*;

#[test]
fn a_replaced_device_starts_anew_and_takes_nothing_that_was_for_the_old_one() {
    let world = World::new([]);
    let folder = tempfile::tempdir().unwrap();
    let old = world.device_in(setup(1), Box::new(FolderStore::new(folder.path())));
    world.say(&old, "license network-advantage 1");
    world.pass(&[&old], 10 * DAY);
    let file = lock(&old).save_usage(&[], world.now()).unwrap();
    let upload = world.cloud.lock().unwrap().upload("usage.txt", &file, world.now());
    let answer = world.cloud.lock().unwrap().answer(&upload.answer.unwrap()).unwrap().to_vec();
    drop(old);
    // the new one does not take the old one's disk for its own
    let disk = Box::new(FolderStore::new(folder.path()));
    let error = Device::start(setup(2), world.trusted.clone(), disk, Random::seeded(2), world.now()).unwrap_err();
    assert!(error.to_string().contains("state of another device, P:C9300-24UX,S:TST00000001"), "{error}");
    let new = world.device(setup(2));
    let error = lock(&new).import(&answer, world.now()).unwrap_err().to_string();
    assert!(error.contains("codevalidationfailed (73)") && error.contains("TST00000001"), "{error}");
    world.say(&new, "license network-advantage 1");
    world.pass(&[&new], 10 * DAY);
    let file = lock(&new).save_usage(&[], world.now()).unwrap();
    world.cloud.lock().unwrap().upload("usage.txt", &file, world.now());
    assert_eq!((delivered(&world, &udi(1)), delivered(&world, &udi(2))), (1, 1));
}

#[test]
fn a_renamed_device_is_known_by_its_new_name_and_keeps_everything_else() {
    let world = World::new([]);
    let folder = tempfile::tempdir().unwrap();
    let runner = world.device_in(setup(1), Box::new(FolderStore::new(folder.path())));
    lock(&runner).configure(World::smart(), world.now()).unwrap();
    world.say(&runner, "license smart trust idtoken token-of-a-test local");
    world.say(&runner, "license network-advantage 1");
    world.say(&runner, "hostname first");
    world.pass(&[&runner], 40 * DAY);
    let name = |world: &World| world.cloud.lock().unwrap().device(&udi(1)).unwrap().hostname.clone();
    assert_eq!(name(&world).as_deref(), Some("first"));
    world.say(&runner, "hostname second");
    drop(runner);
    let runner = world.device_in(setup(1), Box::new(FolderStore::new(folder.path())));
    world.pass(&[&runner], 40 * DAY);
    assert_eq!(name(&world).as_deref(), Some("second"));
    assert_eq!(lock(&runner).saved().life.kept.len(), 0);
    assert!(String::from_utf8(lock(&runner).save_usage(&[], world.now()).unwrap()).unwrap().contains("\"second\""));
    for bad in ["hostname -\u{e9}", &format!("hostname {}", "x".repeat(64))] {
        assert!(lock(&runner).command(bad, world.now()).is_err(), "{bad}");
    }
    world.say(&runner, "no hostname");
    assert!(!String::from_utf8(lock(&runner).save_usage(&[], world.now()).unwrap()).unwrap().contains("hostname"));
}

#[test]
fn a_device_that_is_reset_to_factory_forgets_all_and_uses_no_report_id_again() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    world.say(&runner, "license smart authorization request add hseck9 local");
    world.pass(&[&runner], 20 * DAY);
    let key = lock(&runner).public_key(0).unwrap().clone();
    let before = stored(&world, &udi(1));
    assert!(!before.is_empty() && !lock(&runner).imported().codes.is_empty());
    let printed = world.say(&runner, "license smart factory reset");
    assert!(printed.contains("reload required"), "{printed}");
    world.say(&runner, "reload");
    let device = lock(&runner);
    assert_ne!(device.public_key(0), Some(&key));
    assert!(device.saved().life.open.is_empty() && device.imported().codes.is_empty() && !device.agent().trust);
    assert!(device.imported().policy.is_none() && device.next_deadline().is_none());
    drop(device);
    lock(&runner).configure(World::smart(), world.now()).unwrap();
    world.say(&runner, "license smart trust idtoken token-of-a-test all");
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], 40 * DAY);
    let after = stored(&world, &udi(1));
    assert!(after.len() > before.len());
    assert_eq!(lock(&runner).saved().life.kept.len(), 0);
}

#[test]
fn ids_count_on_by_one_across_licences_and_whatever_the_clock_does() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    let first = u64::try_from(world.now().to_seconds().get()).unwrap();
    let mut ids = Vec::new();
    for step in [0, 365 * DAY, -400 * DAY, 3_600] {
        world.say(&runner, &format!("clock set {step}"));
        world.say(&runner, "license network-advantage 1");
        world.clock.advance(DAY);
        lock(&runner).close_reports(world.now()).unwrap();
        ids.push(lock(&runner).saved().life.kept.last().unwrap().id.get());
    }
    assert_eq!(ids, [first, first + 1, first + 2, first + 3]);
}

#[test]
fn a_clock_set_back_further_than_the_report_is_old_can_still_be_reported() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    world.clock.advance(600);
    world.say(&runner, "clock set -3600");
    world.clock.advance(600);
    world.say(&runner, "license network-advantage 2");
    world.clock.advance(600);
    world.say(&runner, "clock set 3600");
    world.pass(&[&runner], 3 * DAY);
    let reports = stored(&world, &udi(1));
    let all: Vec<_> = reports.iter().flat_map(UsageReport::measurements).collect();
    let elapsed: Vec<i64> = all.iter().map(|one| one.elapsed().get()).collect();
    assert_eq!(elapsed[..3], [600, 600, 600], "{all:#?}");
    assert_eq!(elapsed.iter().sum::<i64>(), all[all.len() - 1].end.since(all[0].start).get());
    let deltas: Vec<i64> = reports
        .iter()
        .flat_map(UsageReport::measurements)
        .filter_map(|one| one.clock_delta.map(Seconds::get))
        .collect();
    assert_eq!(deltas, [-3_600, 3_600]);
    assert_eq!(lock(&runner).saved().life.kept.len(), 0);
    for far in [i64::MAX, i64::MIN, 200 * 366 * DAY] {
        assert!(lock(&runner).command(&format!("clock set {far}"), world.now()).is_err(), "{far}");
    }
}

/// Nobody writes anything.
#[derive(Debug)]
struct Nowhere;

impl Store for Nowhere {
    fn save(&mut self, _: &Saved) -> Result<(), Error> {
        Ok(())
    }

    fn load(&self) -> Result<Option<Saved>, Error> {
        Ok(None)
    }
}

#[test]
fn a_licence_that_flaps_makes_several_reports_that_can_all_be_read() {
    let world = World::new([]);
    let runner = world.device_in(setup(1), Box::new(Nowhere));
    for turn in 0..2_500_u64 {
        world.clock.advance(1);
        lock(&runner).use_license("network-advantage", turn % 2 + 1, world.now()).unwrap();
    }
    world.clock.advance(1);
    let file = lock(&runner).save_usage(&[], world.now()).unwrap();
    let document = slp_rum::Document::parse(&file).unwrap();
    let lengths: Vec<usize> = document.reports().map(|report| report.unwrap().measurements().len()).collect();
    assert_eq!(lengths, [1_000, 1_000, 500]);
    let upload = world.cloud.lock().unwrap().upload("usage.txt", &file, world.now());
    let answer = world.cloud.lock().unwrap().answer(&upload.answer.unwrap()).unwrap().to_vec();
    lock(&runner).import(&answer, world.now()).unwrap();
    let life = lock(&runner).saved().life.clone();
    assert!(life.kept.is_empty());
    assert!(life.changes.values().all(|changes| changes.len() <= 3), "what is covered is forgotten");
}

#[test]
fn reports_that_were_thrown_away_never_stand_in_the_way_of_the_others() {
    let world = World::new([]);
    let mut setup = setup(1);
    setup.room = 3;
    let runner = world.trusted_device(setup);
    world.pass(&[&runner], 60);
    *world.plugged.lock().unwrap() = false;
    world.say(&runner, "license network-advantage 1");
    // more than a message holds
    for _ in 0..600 {
        world.clock.advance(60);
        lock(&runner).close_reports(world.now()).unwrap();
    }
    assert_eq!(lock(&runner).agent().reports.len(), 3);
    assert!(log_has(&runner, "want of room"));
    *world.plugged.lock().unwrap() = true;
    world.pass(&[&runner], 3 * DAY);
    assert_eq!(lock(&runner).saved().life.kept.len(), 0);
    assert!(delivered(&world, &udi(1)) >= 3);
}

#[test]
fn the_third_member_of_a_stack_becomes_active_and_says_who_it_is() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1).with_members([udi(2), udi(3)]));
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 3");
    world.pass(&[&runner], 10 * DAY);
    world.say(&runner, "redundancy force-switchover");
    world.pass(&[&runner], 10 * DAY);
    // the answer to what the old one reported comes after it is active no more
    *world.plugged.lock().unwrap() = false;
    world.say(&runner, "redundancy force-switchover");
    world.pass(&[&runner], 10 * DAY);
    *world.plugged.lock().unwrap() = true;
    world.pass(&[&runner], 40 * DAY);
    assert_eq!(lock(&runner).saved().life.kept.len(), 0, "{:#?}", lock(&runner).agent());
    for (active, number) in [0, 1, 2].into_iter().zip([1, 2, 3]) {
        let reports = stored(&world, &udi(number));
        assert!(!reports.is_empty(), "{number}");
        for report in reports {
            let roles: Vec<String> =
                report.ha().iter().map(|one| format!("{} {}", one.role.as_str(), one.device.serial())).collect();
            assert_eq!(roles[0], format!("Active TST{number:08}"));
            assert_eq!(roles.iter().filter(|role| role.starts_with("Standby")).count(), 1, "{roles:?}");
            assert_eq!(roles.iter().filter(|role| role.starts_with("Member")).count(), 1, "{roles:?}");
            assert_eq!(roles.len(), 3, "{active}");
        }
    }
    let alone = world.device(setup(4));
    assert!(lock(&alone).command("redundancy force-switchover", world.now()).is_err());
}

#[test]
fn an_acknowledgement_that_cannot_be_kept_changes_nothing() {
    let world = World::new([]);
    let disk = Disk::new(usize::MAX);
    let full = Arc::clone(&disk.left);
    let runner = world.device_in(setup(1), Box::new(disk));
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], 3 * DAY);
    let file = lock(&runner).save_usage(&[], world.now()).unwrap();
    let upload = world.cloud.lock().unwrap().upload("usage.txt", &file, world.now());
    let answer = world.cloud.lock().unwrap().answer(&upload.answer.unwrap()).unwrap().to_vec();
    full.store(0, Ordering::SeqCst);
    let kept = || {
        let device = lock(&runner);
        (device.saved().life.clone(), device.imported().policy.clone())
    };
    let before = kept();
    let error = lock(&runner).import(&answer, world.now()).unwrap_err().to_string();
    assert!(error.contains("storagefailtostore (25)"), "{error}");
    assert_eq!(kept(), before);
    full.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(lock(&runner).import(&answer, world.now()).unwrap(), "Import Data Successful");
    assert_eq!(lock(&runner).saved().life.kept.len(), 0);
}

#[test]
fn the_log_has_the_lines_of_the_vendor_and_they_are_read_back() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    lock(&runner).configure(device::Transport::Cslu("https://cslu.example/cslu/v1/pi".into()), world.now()).unwrap();
    *world.plugged.lock().unwrap() = false;
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], 600);
    let events: Vec<LogEvent> =
        log(&runner).iter().filter_map(|line| LogMessage::read(line)).map(|one| one.event).collect();
    assert!(
        events.iter().any(
            |event| matches!(event, LogEvent::CommunicationFailed { peer: Some(peer), .. } if peer.contains("CSLU"))
        )
    );
    assert!(
        events.iter().any(|event| matches!(event, LogEvent::ReportingRequired { days: Some(365), .. })),
        "{events:?}"
    );
    *world.plugged.lock().unwrap() = true;
    lock(&runner).configure(World::smart(), world.now()).unwrap();
    world.say(&runner, "license smart trust idtoken not-a-token local");
    world.say(&runner, "license smart trust idtoken token-of-a-test local");
    world.pass(&[&runner], 60);
    assert!(lock(&runner).command("license hseck9 1", world.now()).is_err());
    world.say(&runner, "license smart authorization request add hseck9 local");
    world.pass(&[&runner], 2 * DAY);
    world.say(&runner, "license smart authorization return local online");
    let lines = log(&runner);
    for name in [
        "3-TRUST_CODE_INSTALL_FAILED",
        "6-TRUST_CODE_INSTALL_SUCCESS",
        "6-POLICY_INSTALL_SUCCESS",
        "3-NOT_AUTHORIZED",
        "6-AUTHORIZATION_INSTALL_SUCCESS",
        "6-EXPORT_CONTROLLED",
        "6-AUTHORIZATION_REMOVED",
    ] {
        let found = lines.iter().filter_map(|line| LogMessage::read(line));
        assert!(found.into_iter().any(|one| format!("{}-{}", one.severity, one.name) == name), "{name}: {lines:#?}");
    }
    assert!(!lines.iter().any(|line| line.contains("token-of-a-test")), "no secret in the log");
}

#[test]
fn a_reload_ends_the_reports_and_says_so_and_usage_goes_on() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 2");
    world.clock.advance(20);
    world.say(&runner, "reload");
    assert_eq!(lock(&runner).saved().life.count("network-advantage"), 2);
    world.pass(&[&runner], 3 * DAY);
    let reports = stored(&world, &udi(1));
    let ends: Vec<_> = reports
        .iter()
        .map(|report| report.measurements().last().unwrap())
        .map(|last| last.termination.as_ref().unwrap().as_str().to_owned())
        .collect();
    assert_eq!(ends[..2], ["ProductReload", "CurrentUsageRequested"]);
    assert_eq!(reports[0].measurements()[0].end, reports[1].measurements()[0].start);
    let measured = reports[1].measurements()[0].clone();
    let samples = (measured.elapsed().get() + 450) / 900 + 1;
    assert_eq!(measured.samples, u64::try_from(samples).ok(), "one sample in fifteen minutes");
}

#[test]
fn a_policy_that_comes_with_an_answer_sets_the_interval_of_pushes() {
    let world = World::with(|settings| settings.policy.perpetual = cssm::PolicyDays::new(90, 7, 30));
    let runner = world.device(setup(1));
    world.say(&runner, "license network-advantage 1");
    lock(&runner).configure(World::smart(), world.now()).unwrap();
    world.say(&runner, "license smart trust idtoken token-of-a-test local");
    world.pass(&[&runner], 60);
    assert_eq!(lock(&runner).agent().interval, Some(Seconds::from_days(7)));
}

#[test]
fn that_a_collector_asked_for_a_report_is_known_after_a_restart() {
    let world = World::new([]);
    let disk = Disk::new(usize::MAX);
    let runner = world.device_in(setup(1), Box::new(disk.clone()));
    world.say(&runner, "license network-advantage 1");
    world.clock.advance(DAY);
    lock(&runner).close_reports(world.now()).unwrap();
    let access = device::Access::new("slp", "hunter2");
    let mut request = http::Request::new(Vec::new());
    *request.uri_mut() = "/smartlic-service/all-reports".parse().unwrap();
    request.headers_mut().insert("authorization", "Basic c2xwOmh1bnRlcjI=".parse().unwrap());
    // a disk that is full: the reports stay here, since nobody would know that they went
    disk.left.store(0, Ordering::SeqCst);
    assert_eq!(lock(&runner).rest(&access, &request, world.now()).status(), 500);
    disk.left.store(usize::MAX, Ordering::SeqCst);
    assert_eq!(lock(&runner).rest(&access, &request, world.now()).status(), 200);
    drop(runner);
    let runner = world.device_in(setup(1), Box::new(disk));
    assert_eq!(lock(&runner).saved().life.kept[0].state, slp_model::license::ReportState::Unacknowledged);
}

#[test]
fn texts_of_others_reach_the_log_without_control_characters_and_short() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    let hostile = format!("\u{1b}[2J{}", "x".repeat(5_000));
    assert!(
        lock(&runner)
            .import(format!("<smartLicense><smartLicenseRumAck x='{hostile}'/>").as_bytes(), world.now())
            .is_err()
    );
    let access = device::Access::new("slp", "hunter2");
    let mut request = http::Request::new(
        br#"{"cisco-smart-license:input":{"feature-name":"\u001b[2Jx\n%SMART_LIC-6-X: y"}}"#.to_vec(),
    );
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = "/restconf/operations/cisco-smart-license:authorization-request-online".parse().unwrap();
    request.headers_mut().insert("authorization", "Basic c2xwOmh1bnRlcjI=".parse().unwrap());
    lock(&runner).configure(device::Transport::Cslu("https://cslu.example/x".into()), world.now()).unwrap();
    lock(&runner).rest(&access, &request, world.now());
    let lines = log(&runner);
    assert!(lines.iter().any(|line| line.contains("does not know the licence")), "{lines:?}");
    assert!(lines.iter().all(|line| line.len() <= 1_000 && !line.contains(char::is_control)), "{lines:?}");
}

/// A life of a device with everything in it. It is killed at the write with this number, and started again; whether it lived
/// so long.
fn lives(kill: usize) -> bool {
    let world = World::new([]);
    let disk = Disk::new(kill);
    let starts = AtomicUsize::new(0);
    let start = |disk: &Disk| {
        let random = Random::seeded(starts.fetch_add(1, Ordering::SeqCst) as u64);
        let device = Device::start(setup(1), world.trusted.clone(), Box::new(disk.clone()), random, world.now())?;
        Ok::<_, Error>(world.run(device))
    };
    let mut runner = start(&disk).unwrap_or_else(|_| {
        disk.left.store(usize::MAX, Ordering::SeqCst);
        start(&disk).unwrap()
    });
    let transport = format!("license smart transport smart https://cloud.example{}", cssm::SMART_PATH);
    let steps: [(&str, i64); 8] = [
        (&transport, 0),
        ("license smart trust idtoken token-of-a-test all", 60),
        ("license network-advantage 1", DAY),
        ("license network-advantage 2", 600),
        ("license smart authorization request add hseck9 local", 2 * DAY),
        ("license smart sync all", 600),
        ("license smart authorization return local online", 600),
        ("license smart save usage all file usage.txt", DAY),
    ];
    for (command, seconds) in steps {
        let said = lock(&runner).command(command, world.now()).map(drop);
        let done = said.and_then(|()| world.try_pass(&runner, seconds));
        if done.is_err() && disk.left.load(Ordering::SeqCst) == 0 {
            // what was on its way is lost, and the operator says it again
            disk.left.store(usize::MAX, Ordering::SeqCst);
            runner = start(&disk).unwrap();
            let _ = lock(&runner).command(command, world.now());
            world.try_pass(&runner, seconds).unwrap();
        }
    }
    let lived = disk.left.load(Ordering::SeqCst) > 0 && disk.left.load(Ordering::SeqCst) < usize::MAX / 2;
    disk.left.store(usize::MAX, Ordering::SeqCst);
    world.pass(&[&runner], 40 * DAY);
    let device = lock(&runner);
    assert!(device.agent().trust && device.saved().life.kept.is_empty(), "killed at {kill}: {:#?}", device.agent());
    // a return is sent once: one that is lost leaves its code with the device, for somebody to type in
    let returned = device.saved().last_codes.iter().any(|last| last.returned.is_some());
    let is_known = world.cloud.lock().unwrap().device(&udi(1)).unwrap().code.is_none();
    assert!(device.imported().codes.is_empty() && (is_known || returned), "killed at {kill}");
    drop(device);
    // from the first use on there is no gap, and nothing twice
    let mut spans: BTreeMap<UnixSeconds, (UnixSeconds, u64)> = BTreeMap::new();
    for report in stored(&world, &udi(1)) {
        for one in report.measurements() {
            assert!(spans.insert(one.start, (one.end, one.count().unwrap())).is_none(), "killed at {kill}");
        }
    }
    let mut last: Option<UnixSeconds> = None;
    for (start, (end, _)) in spans {
        assert!(last.is_none_or(|last| last == start), "killed at {kill}: a gap or an overlap before {start}");
        last = Some(end);
    }
    lived
}

#[test]
fn a_device_that_is_killed_at_any_write_loses_no_report_no_trust_and_no_second_of_usage() {
    let mut kill = 0;
    while !lives(kill) {
        kill += 1;
        assert!(kill < 500);
    }
    assert!(kill > 20, "{kill} writes");
}

#[test]
fn a_state_that_does_not_fit_together_is_refused() {
    let world = World::new([]);
    let disk = Disk::new(usize::MAX);
    drop(world.device_in(setup(1), Box::new(disk.clone())));
    let good = disk.bytes.lock().unwrap().clone().unwrap();
    for (from, to) in
        [("\"active\":0", "\"active\":7"), ("\"version\":1", "\"version\":9"), ("\"keys\":[", "\"keys\":[\"x\",")]
    {
        let text = String::from_utf8(good.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        *disk.bytes.lock().unwrap() = Some(text.replacen(from, to, 1).into_bytes());
        let store = Box::new(disk.clone());
        assert!(Device::start(setup(1), world.trusted.clone(), store, Random::seeded(2), world.now()).is_err(), "{to}");
    }
}
