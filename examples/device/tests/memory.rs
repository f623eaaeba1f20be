//! Ten thousand devices fit into 1 GiB: what a device of a fleet costs, the cloud that it talks to included.
#![expect(clippy::disallowed_methods, reason = "a test reads what the system says about its process")]

mod support;

use support::*;

/// The share of a device, when ten thousand have 1 GiB.
const SHARE: usize = (1 << 30) / 10_000;

fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? * 1_024)
}

#[test]
fn a_device_with_trust_policy_code_and_reports_stays_below_its_share() {
    let Some(_) = resident() else {
        eprintln!("skipped: the system does not tell how much memory a process has");
        return;
    };
    let world = World::with(|settings| {
        settings.purchases.push(cssm::Purchase::new(HSEC, "hsec", 10_000).behind(cssm::Enforced::Export));
    });
    let make = |numbers: std::ops::Range<u32>| -> Vec<device::Runner> {
        let runners: Vec<_> = numbers.map(|number| world.trusted_device(setup(number))).collect();
        for runner in &runners {
            world.say(runner, "license network-advantage 2");
            world.say(runner, "license smart authorization request add hseck9 local");
        }
        world.pass(&runners.iter().collect::<Vec<_>>(), 2 * DAY);
        for runner in &runners {
            // a closed report waits, another one is open
            lock(runner).close_reports(world.now()).unwrap();
            assert!(lock(runner).agent().trust && lock(runner).imported().policy.is_some());
        }
        runners
    };
    // what all of them share is there already
    let first = make(1..20);
    let before = resident().unwrap();
    let fleet = make(100..400);
    let each = (resident().unwrap().saturating_sub(before)) / fleet.len();
    drop((first, fleet));
    assert!(each < SHARE, "{each} bytes for each device, {SHARE} are its share");
    eprintln!("{each} bytes for each device");
}
