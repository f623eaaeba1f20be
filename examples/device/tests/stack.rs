//! A stack in simulated time: members join, leave and come back, with what happens to reports, identities and codes.

mod support;

use device::{FolderStore, Runner, Setup};
use slp_kit::{Error, Random};
use slp_model::Udi;
use slp_transport::agent::Phase;
use slp_transport::show::ShowCommand;
use support::*;

fn stack(verb: &str, number: u32) -> String {
    format!("stack {verb} C9300-24UX TST{number:08}")
}

fn waiting(runner: &Runner) -> usize {
    lock(runner).saved().life.kept.len()
}

fn members(runner: &Runner) -> Vec<Udi> {
    lock(runner).saved().setup.members.clone()
}

/// Serial numbers of the devices that a report names, by how it names them.
fn named(report: &slp_rum::UsageReport) -> Vec<String> {
    report.ha().iter().map(|one| format!("{} {}", one.role.as_str(), one.device.serial())).collect()
}

#[test]
fn a_member_that_joins_is_named_by_the_reports_and_gets_trust_and_a_code_of_its_own() {
    let world = World::with(|settings| {
        settings.purchases.push(cssm::Purchase::new(HSEC, "hsec", 2).behind(cssm::Enforced::Export));
    });
    let folder = tempfile::tempdir().unwrap();
    let store = || Box::new(FolderStore::new(folder.path()));
    let runner = world.device_in(setup(1), store());
    lock(&runner).configure(World::smart(), world.now()).unwrap();
    world.say(&runner, "license smart trust idtoken token-of-a-test all");
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], DAY);
    world.say(&runner, &stack("join", 2));
    assert!(log_has(&runner, "PID:C9300-24UX,SN:TST00000002 joined the stack as Standby"));
    let joined = world.now().to_seconds();
    world.pass(&[&runner], 10);
    world.say(&runner, "license network-advantage 2");
    world.pass(&[&runner], 40 * DAY);
    let reports = stored(&world, &udi(1));
    let mut measured = reports.iter().flat_map(slp_rum::UsageReport::measurements);
    assert!(measured.any(|one| one.start == joined && one.count() == Some(1)), "a measurement begins with the new set");
    let of_both: Vec<_> = reports.iter().filter(|report| report.ha().len() == 2).collect();
    assert_eq!(named(of_both[0]), ["Active TST00000001", "Standby TST00000002"]);
    // no second is lost or counted twice where the set changed
    let spans: Vec<_> = reports.iter().flat_map(slp_rum::UsageReport::measurements).collect();
    assert!(spans.windows(2).all(|two| two[0].end == two[1].start), "{spans:#?}");
    assert!(delivered(&world, &udi(2)) == 0 && waiting(&runner) == 0, "the active one speaks for both");
    // it has no trust yet, and is asked for again
    let printed = world.say(&runner, "show license status");
    assert!(!printed.contains("Standby: PID"), "{printed}");
    world.say(&runner, "license smart trust idtoken token-of-a-test all force");
    world.pass(&[&runner], 60);
    world.say(&runner, "license smart authorization request add hseck9 all");
    world.pass(&[&runner], 2 * DAY);
    assert_eq!(lock(&runner).imported().codes.keys().collect::<Vec<_>>(), [&udi(1), &udi(2)]);
    world.say(&runner, "license hseck9 2");
    for (what, command) in [("udi", ShowCommand::Udi), ("authorization", ShowCommand::Authorization)] {
        let printed = world.say(&runner, &format!("show license {what}"));
        assert!(printed.contains("Standby") && printed.contains("TST00000002"), "{printed}");
        understood(command, &printed);
    }
    // all of it is there after a restart, whoever of the set the program is started for
    drop(runner);
    let runner = world.device_in(setup(2), store());
    assert_eq!(members(&runner), [udi(1), udi(2)]);
    assert_eq!(lock(&runner).imported().codes.len(), 2);
    let other = device::Device::start(setup(3), world.trusted.clone(), store(), Random::seeded(2), world.now());
    let error = other.unwrap_err().to_string();
    assert!(error.contains("another device, P:C9300-24UX,S:TST00000001") && error.contains("stack join"), "{error}");
}

#[test]
fn the_reports_of_an_active_member_that_leaves_are_still_delivered_and_acknowledged() {
    for by_file in [false, true] {
        let world = World::new([]);
        let runner = world.trusted_device(setup(1).with_members([udi(2), udi(3)]));
        world.pass(&[&runner], 60);
        world.say(&runner, "license network-advantage 3");
        world.pass(&[&runner], DAY);
        *world.plugged.lock().unwrap() = false;
        for _ in 0..9 {
            world.clock.advance(DAY);
            lock(&runner).close_reports(world.now()).unwrap();
        }
        let mine = waiting(&runner);
        assert!(mine >= 9, "{mine}");
        world.clock.advance(DAY);
        world.say(&runner, &stack("leave", 1));
        assert!(log_has(&runner, "SN:TST00000001 left the stack"));
        world.say(&runner, "license network-advantage 2");
        assert_eq!((members(&runner), lock(&runner).active().clone()), (vec![udi(2), udi(3)], udi(2)));
        let udis = world.say(&runner, "show license udi");
        assert!(udis.contains("Active:PID:C9300-24UX,SN:TST00000002") && !udis.contains("TST00000001"), "{udis}");
        world.clock.advance(DAY);
        lock(&runner).reload(world.now()).unwrap();
        assert_eq!(waiting(&runner), mine + 2, "what the leaving one measured last, and what the reload ended");
        if by_file {
            world.clock.advance(DAY);
            // one answer acknowledges what each member wrote
            let file = lock(&runner).save_usage(&[], world.now()).unwrap();
            let upload = world.cloud.lock().unwrap().upload("usage.txt", &file, world.now());
            let answer = world.cloud.lock().unwrap().answer(&upload.answer.unwrap()).unwrap().to_vec();
            assert_eq!(lock(&runner).import(&answer, world.now()).unwrap(), "Import Data Successful");
        } else {
            *world.plugged.lock().unwrap() = true;
            world.pass(&[&runner], 40 * DAY);
        }
        let left: Vec<_> =
            lock(&runner).saved().life.kept.iter().map(|kept| (kept.device.clone(), kept.state.clone())).collect();
        assert!(left.is_empty(), "by file: {by_file}, {left:?}");
        let balances = world.cloud.lock().unwrap().balances(world.now());
        let advantage = balances.iter().find(|balance| balance.tag == ADVANTAGE).unwrap();
        assert_eq!(advantage.in_use, 2, "what the one that left had in use is in use no more");
        assert!(delivered(&world, &udi(1)) > mine, "by file: {by_file}");
        assert!(delivered(&world, &udi(2)) >= 1, "by file: {by_file}");
        for report in stored(&world, &udi(2)) {
            let names = named(&report);
            assert!(names.len() == 2 && !names.join(" ").contains("TST00000001"), "{names:?}");
        }
    }
}

#[test]
fn a_code_leaves_with_its_member_the_licence_stops_and_both_come_back_together() {
    let world = World::new([]);
    let runner = world.device(setup(1).with_members([udi(2)]));
    let code = reservation(&world, &udi(2), HSEC, 1, world.now());
    lock(&runner).import(&code, world.now()).unwrap();
    world.say(&runner, "license hseck9 1");
    world.say(&runner, "license network-advantage 2");
    world.clock.advance(DAY);
    world.say(&runner, &stack("leave", 2));
    let life = lock(&runner).saved().life.clone();
    assert_eq!((life.count("hseck9"), life.count("network-advantage")), (0, 2), "the rest is never impacted");
    assert!(log_has(&runner, "%SMART_LIC-3-NOT_AUTHORIZED: The feature hseck9"));
    assert!(refused(&world, &runner, "license hseck9 1").contains("0 authorized"));
    // the code of a member that is not there is for another device, while its reports wait or not
    let again = reservation(&world, &udi(2), HSEC, 3, slp_kit::later(world.now(), 60));
    assert!(lock(&runner).import(&again, world.now()).unwrap_err().to_string().contains("73"));
    assert!(lock(&runner).imported().codes.is_empty() && lock(&runner).imported().returned.is_empty());
    world.clock.advance(DAY);
    lock(&runner).reload(world.now()).unwrap();
    world.say(&runner, &stack("join", 2));
    world.say(&runner, "license hseck9 1");
    assert_eq!(lock(&runner).imported().codes.keys().collect::<Vec<_>>(), [&udi(2)]);
}

#[test]
fn a_code_for_a_member_that_left_is_passed_over_while_its_reports_are_acknowledged() {
    let world = World::new([]);
    let runner = world.device(setup(1).with_members([udi(2)]));
    world.say(&runner, "license network-advantage 2");
    world.clock.advance(DAY);
    let file = lock(&runner).save_usage(&[], world.now()).unwrap();
    world.say(&runner, &stack("leave", 1));
    let upload = world.cloud.lock().unwrap().upload("usage.txt", &file, world.now());
    let answer = world.cloud.lock().unwrap().answer(&upload.answer.unwrap()).unwrap().to_vec();
    let code = String::from_utf8(reservation(&world, &udi(1), HSEC, 1, world.now())).unwrap();
    let code = code.strip_prefix("<smartLicense>").unwrap().strip_suffix("</smartLicense>").unwrap().to_owned();
    // alone it is refused
    let alone = format!("<smartLicense>{code}</smartLicense>");
    let error = lock(&runner).import(alone.as_bytes(), world.now()).unwrap_err().to_string();
    assert_eq!(error, "Import Data Failed: codevalidationfailed (73)");
    let answer = String::from_utf8(answer).unwrap().replacen("<smartLicense>", &format!("<smartLicense>{code}"), 1);
    lock(&runner).import(answer.as_bytes(), world.now()).unwrap();
    let device = lock(&runner);
    assert!(device.imported().codes.is_empty() && device.imported().members.len() == 1);
    assert!(device.saved().life.kept.iter().all(|kept| kept.device == udi(2)), "{:?}", device.saved().life.kept);
}

#[test]
fn a_member_without_trust_that_becomes_active_says_so_and_goes_on_with_a_token() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    lock(&runner).configure(World::smart(), world.now()).unwrap();
    world.say(&runner, "license smart trust idtoken token-of-a-test local");
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], 2 * DAY);
    world.say(&runner, &stack("join", 2));
    world.say(&runner, &stack("leave", 1));
    assert_eq!(lock(&runner).agent().phase, Phase::NoTrust);
    assert!(log_has(&runner, "Insufficient trust for direct communication"));
    world.pass(&[&runner], 10 * DAY);
    assert_eq!(delivered(&world, &udi(2)), 0);
    world.say(&runner, "license smart trust idtoken token-of-a-test local");
    world.pass(&[&runner], 40 * DAY);
    assert!(waiting(&runner) == 0 && delivered(&world, &udi(2)) > 0, "{:#?}", lock(&runner).agent());
}

#[test]
fn the_standby_is_the_one_that_becomes_active() {
    let world = World::new([]);
    let runner = world.device(setup(1).with_members([udi(2), udi(3)]));
    for _ in 0..4 {
        let printed = world.say(&runner, "show license udi");
        let standby = printed.lines().find_map(|line| line.trim().strip_prefix("Standby:")).unwrap().to_owned();
        world.say(&runner, "redundancy force-switchover");
        let printed = world.say(&runner, "show license udi");
        assert!(printed.starts_with(&format!("UDI: {standby}\n")), "{standby}: {printed}");
    }
}

#[test]
fn what_cannot_join_or_leave_is_refused_and_changes_nothing() {
    let world = World::new([]);
    let disk = Disk::new(usize::MAX);
    let runner = world.device_in(setup(1), Box::new(disk.clone()));
    assert!(refused(&world, &runner, &stack("leave", 1)).contains("the last member cannot leave"));
    assert!(refused(&world, &runner, &stack("leave", 9)).contains("is no member"));
    assert!(refused(&world, &runner, &stack("join", 1)).contains("is a member of this set already"));
    for number in 2..=64 {
        world.say(&runner, &stack("join", number));
    }
    assert!(refused(&world, &runner, &stack("join", 65)).contains("64 members at most"));
    let big = setup(1).with_members((2..=65).map(udi));
    let error =
        device::Device::start(big, world.trusted.clone(), Box::new(Disk::new(9)), Random::seeded(1), world.now());
    assert!(error.unwrap_err().to_string().contains("64 members at most"));
    // a full disk: the set is as it was, in memory too
    world.say(&runner, &stack("leave", 64));
    for command in [stack("join", 64), stack("leave", 1), stack("leave", 7)] {
        let before = (members(&runner), lock(&runner).active().clone());
        disk.fill();
        assert!(refused(&world, &runner, &command).contains("nothing more is written"), "{command}");
        assert_eq!((members(&runner), lock(&runner).active().clone()), before, "{command}");
        disk.make_room();
        lock(&runner).close_reports(world.now()).unwrap();
    }
    // those that left are remembered, but not for ever
    for number in 100..200 {
        world.say(&runner, &stack("join", number));
        world.say(&runner, &stack("leave", number));
    }
    assert_eq!(lock(&runner).saved().former.len(), 64);
}

#[test]
fn a_change_of_the_set_that_cannot_be_kept_loses_no_id_token_and_no_message() {
    for command in [stack("join", 3), stack("leave", 1), stack("leave", 2)] {
        for is_sent in [false, true] {
            let world = World::new([]);
            let disk = Disk::new(usize::MAX);
            let runner = world.device_in(setup(1).with_members([udi(2)]), Box::new(disk.clone()));
            lock(&runner).configure(World::smart(), world.now()).unwrap();
            lock(&runner).take_log();
            lock(&runner).command("license smart trust idtoken token-of-a-test all", world.now()).unwrap();
            if is_sent {
                // nobody answers: it is asked again later, with the same token
                *world.plugged.lock().unwrap() = false;
                runner.turn().unwrap();
                *world.plugged.lock().unwrap() = true;
            }
            let before = log(&runner);
            disk.fill();
            assert!(refused(&world, &runner, &command).contains("nothing more is written"), "{command}");
            assert_eq!(log(&runner), Vec::<String>::new(), "{command}: nothing has happened, {before:?}");
            disk.make_room();
            runner.turn().unwrap();
            world.pass(&[&runner], 600);
            assert!(lock(&runner).agent().trust, "{command}, sent: {is_sent}: {:#?}", lock(&runner).agent());
            for member in [udi(1), udi(2)] {
                assert!(lock(&runner).imported().trust.contains_key(&member), "{command}, sent: {is_sent}: {member}");
            }
        }
    }
}

#[test]
fn reports_that_no_report_ties_to_the_device_stay_out_of_its_file_and_go_by_message() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    world.say(&runner, "license network-advantage 1");
    world.clock.advance(DAY);
    world.say(&runner, "license network-advantage 0");
    lock(&runner).close_reports(world.now()).unwrap();
    // nothing is in use any more, so no report names both
    world.say(&runner, &stack("join", 2));
    world.say(&runner, &stack("leave", 1));
    world.say(&runner, "license network-advantage 1");
    world.clock.advance(DAY);
    let file = lock(&runner).save_usage(&[], world.now()).unwrap();
    let document = slp_rum::Document::parse(&file).unwrap();
    let devices: Vec<Udi> = document.reports().map(|report| report.unwrap().device().clone()).collect();
    assert_eq!(devices, [udi(2)]);
    assert!(log_has(&runner, "1 reports of a member that left are in no file"));
    lock(&runner).configure(World::smart(), world.now()).unwrap();
    world.say(&runner, "license smart trust idtoken token-of-a-test local");
    world.pass(&[&runner], 40 * DAY);
    assert_eq!((delivered(&world, &udi(1)), waiting(&runner)), (1, 0));
}

/// A stack to which a member comes, whose active one goes and comes back. It is killed at the write with this number, and
/// started again; whether it lived so long.
fn lives(kill: usize) -> bool {
    let world = World::new([]);
    let disk = Disk::new(kill);
    let starts = std::sync::atomic::AtomicU64::new(0);
    let start = |setup: Setup| {
        let store = Box::new(disk.clone());
        let random = Random::seeded(starts.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
        let device = device::Device::start(setup, world.trusted.clone(), store, random, world.now())?;
        Ok::<_, Error>(world.run(device))
    };
    let revive = || disk.left.store(usize::MAX, std::sync::atomic::Ordering::SeqCst);
    let is_dead = || disk.left.load(std::sync::atomic::Ordering::SeqCst) == 0;
    let mut runner = start(setup(1)).unwrap_or_else(|_| {
        revive();
        start(setup(1)).unwrap()
    });
    let transport = format!("license smart transport smart https://cloud.example{}", cssm::SMART_PATH);
    let steps: [(&str, i64); 9] = [
        (&transport, 0),
        ("license smart trust idtoken token-of-a-test all", 60),
        ("license network-advantage 1", DAY),
        (&stack("join", 2), 60),
        ("license smart trust idtoken token-of-a-test all force", 600),
        ("license network-advantage 2", DAY),
        (&stack("leave", 1), DAY),
        (&stack("join", 1), DAY),
        ("license smart sync all", 600),
    ];
    for (command, seconds) in steps {
        let said = lock(&runner).command(command, world.now()).map(drop);
        let done = said.and_then(|()| world.try_pass(&runner, seconds));
        if done.is_err() && is_dead() {
            // what was on its way is lost, and the operator says it again; it may have been kept already
            revive();
            runner = start(setup(1)).unwrap();
            let _ = lock(&runner).command(command, world.now());
            world.try_pass(&runner, seconds).unwrap();
        }
    }
    let lived = disk.left.load(std::sync::atomic::Ordering::SeqCst) < usize::MAX / 2;
    revive();
    world.pass(&[&runner], 40 * DAY);
    let device = lock(&runner);
    let mut set = device.saved().setup.members.clone();
    set.sort();
    assert_eq!(set, [udi(1), udi(2)], "killed at {kill}");
    assert!(device.agent().trust && device.saved().life.kept.is_empty(), "killed at {kill}: {:#?}", device.agent());
    for member in [udi(1), udi(2)] {
        let trust = device.imported().trust.get(&member);
        assert!(trust.is_some_and(|trust| trust.installed.is_some()), "killed at {kill}: {member} has no trust");
    }
    drop(device);
    // no gap and no overlap, whoever was active
    let reports = [stored(&world, &udi(1)), stored(&world, &udi(2))].concat();
    let mut spans: Vec<_> =
        reports.iter().flat_map(slp_rum::UsageReport::measurements).map(|one| (one.start, one.end)).collect();
    spans.sort();
    assert!(spans.windows(2).all(|two| two[0].1 == two[1].0), "killed at {kill}: {spans:?}");
    lived
}

#[test]
fn a_stack_that_is_killed_at_any_write_loses_no_member_no_trust_and_no_second_of_usage() {
    let mut kill = 0;
    while !lives(kill) {
        kill += 1;
        assert!(kill < 500);
    }
    assert!(kill > 30, "{kill} writes");
}
