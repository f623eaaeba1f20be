//! The words of an operator, and what the device prints.

mod support;

use slp_transport::show::ShowCommand;
use support::*;

#[test]
fn everything_that_is_printed_is_understood_in_every_state_of_the_device() {
    let world = World::new([]);
    let fresh = world.device(setup(7));
    let runner = world.trusted_device(setup(1).with_members([udi(2), udi(3)]));
    world.pass(&[&runner], 60);
    let commands = [
        ("all", ShowCommand::All),
        ("status", ShowCommand::Status),
        ("summary", ShowCommand::Summary),
        ("usage", ShowCommand::Usage),
        ("udi", ShowCommand::Udi),
        ("authorization", ShowCommand::Authorization),
        ("rum id all", ShowCommand::RumIdAll),
    ];
    let show = |runner| {
        for (what, command) in commands {
            let printed = world.say(runner, &format!("show license {what}"));
            let facts =
                slp_transport::show::CliFacts::read(command, printed.as_bytes(), &slp_transport::Limits::default());
            assert!(facts.unparsed.is_empty(), "{what}: {:?}\n{printed}", facts.unparsed);
        }
    };
    show(&fresh);
    show(&runner);
    world.say(&runner, "hostname switch-1");
    world.say(&runner, "license network-advantage 2");
    world.say(&runner, "license smart authorization request add hseck9 all");
    world.pass(&[&runner], 2 * DAY);
    world.say(&runner, "license network-advantage 1");
    show(&runner);
    let all = understood(ShowCommand::All, &world.say(&runner, "show license all"));
    assert_eq!(all.value("License Usage/network-advantage (network-advantage)/Count"), Some("1"));
    assert_eq!(all.value("Product Information/UDI"), Some("PID:C9300-24UX,SN:TST00000001"));
    assert!(
        all.value("Usage Report Summary/Total").is_some() && all.value("Usage Reporting/Last ACK received").is_some()
    );
    world.say(&runner, "redundancy force-switchover");
    let status = understood(ShowCommand::Udi, &world.say(&runner, "show license udi"));
    assert_eq!(status.value("Product Information/UDI"), Some("PID:C9300-24UX,SN:TST00000002"));
    show(&runner);
    world.say(&runner, "license smart transport cslu https://cslu.example/cslu/v1/pi");
    show(&runner);
    world.say(&runner, "license smart factory reset");
    show(&runner);
}

#[test]
fn usage_is_saved_whole_by_days_by_id_and_what_was_never_sent() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    let refused = |command: &str| lock(&runner).command(command, world.now()).unwrap_err().to_string();
    assert_eq!(refused("license smart save usage all file a.txt"), "The requested item was not found");
    world.say(&runner, "license network-advantage 1");
    world.clock.advance(DAY);
    let ids = |name: &str| -> Vec<u64> {
        let file = lock(&runner).files().read(name, 1 << 20).unwrap();
        let document = slp_rum::Document::parse(&file).unwrap();
        document.reports().map(|report| report.unwrap().id().get()).collect()
    };
    world.say(&runner, "license smart save usage unreported file bootflash:a.txt");
    let first = ids("a.txt")[0];
    world.clock.advance(10 * DAY);
    world.say(&runner, "license smart save usage unreported file b.txt");
    assert_eq!(ids("b.txt"), [first + 1]);
    assert_eq!(refused("license smart save usage unreported file c.txt"), "The requested item was not found");
    world.say(&runner, &format!("license smart save usage rum-id {first} file c.txt"));
    assert_eq!(ids("c.txt"), [first]);
    world.say(&runner, "license smart save usage days 5 file d.txt");
    assert_eq!(ids("d.txt"), [first + 1]);
    world.say(&runner, "license smart save usage all file e.txt");
    assert_eq!(ids("e.txt"), [first, first + 1]);
    world.say(&runner, "license smart save trust-request trust.txt");
    let trust = String::from_utf8(lock(&runner).files().read("trust.txt", 1 << 20).unwrap()).unwrap();
    assert!(trust.contains("smartLicenseTrustRequest") && trust.contains("CERTIFICATE REQUEST"), "{trust}");
    for path in ["../a.txt", "/tmp/a.txt", "flash:x/a.txt"] {
        assert!(refused(&format!("license smart save usage all file {path}")).contains("own disk"), "{path}");
    }
    assert!(refused("license smart import nothing.txt").contains("nullpointer"));
}

#[test]
fn a_code_for_all_members_is_asked_for_each_of_them_with_its_count() {
    let world = World::new([]);
    let runner = world.device(setup(1).with_members([udi(2)]));
    world.say(&runner, "license smart authorization request replace hseck9 all 3");
    world.say(&runner, "license smart authorization request save request.txt");
    let file = lock(&runner).files().read("request.txt", 1 << 20).unwrap();
    let document = slp_rum::Document::parse(&file).unwrap();
    let entries: Vec<_> = document
        .contents()
        .filter_map(|content| match content.unwrap() {
            slp_rum::Content::AuthorizationRequest(request) => Some(request.view().clone()),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(entries.len(), 2);
    for (entry, number) in entries.iter().zip([1, 2]) {
        assert_eq!(entry.device, Some(udi(number)));
        assert_eq!((entry.keys[0].entitlement.as_str(), entry.keys[0].count), (HSEC, Some(3)));
        assert_eq!(entry.mode, Some(slp_rum::auth_request::RequestMode::Replace));
    }
}

#[test]
fn a_command_that_is_not_known_changes_nothing() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    for line in [
        "",
        "license",
        "license smart",
        "license smart sync",
        "license smart sync all now",
        "license smart transport smart",
        "license smart transport smart not-an-address",
        "license smart authorization request add hseck9 local 0",
        "license smart authorization request add hseck9 local many",
        "license smart trust idtoken x local forced",
        "license network-advantage -1",
        "license network-advantage 99999999999999999999",
        "clock set tomorrow",
        "show license",
        "show license everything",
        "license smart save usage days x file a.txt",
    ] {
        assert!(lock(&runner).command(line, world.now()).is_err(), "{line}");
    }
    assert!(lock(&runner).saved().life.open.is_empty() && lock(&runner).saved().wanted.is_empty());
}
