//! The words of an operator, and what the device prints.

mod support;

use slp_transport::show::{CliFacts, ShowCommand};
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
        ("tech support", ShowCommand::TechSupport),
        ("eventlog", ShowCommand::EventLog),
        ("eventlog 30", ShowCommand::EventLog),
    ];
    let show = |runner| {
        for (what, command) in commands {
            let printed = world.say(runner, &format!("show license {what}"));
            let facts = CliFacts::read(command, printed.as_bytes(), &slp_transport::Limits::default());
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

#[test]
fn tech_support_says_how_every_kind_of_message_went_and_what_is_due() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1).with_members([udi(2)]));
    world.pass(&[&runner], 60);
    world.say(&runner, "license network-advantage 2");
    world.pass(&[&runner], DAY);
    *world.plugged.lock().unwrap() = false;
    world.say(&runner, "license smart sync all");
    world.pass(&[&runner], 60);
    let facts = understood(ShowCommand::TechSupport, &world.say(&runner, "show license tech support"));
    let trust = facts.find("Communication Statistics/Trust Establishment/Attempts").unwrap().attempts().unwrap();
    assert_eq!((trust.total, trust.success, trust.fail), (1, 1, 0));
    let sync = facts.find("Communication Statistics/Trust Sync/Attempts").unwrap().attempts().unwrap();
    assert!(sync.fail >= 1, "{sync:?}");
    let last = facts.value("Communication Statistics/Trust Sync/Last Response").unwrap();
    assert!(last.starts_with("NO REPLY on Jan 02 "), "{last}");
    assert_eq!(facts.value("Communication Statistics/Communication Level Allowed"), Some("DIRECT"));
    assert_eq!(facts.value("License Usage/Handle 1/Count"), Some("2"));
    assert_eq!(facts.value("License Usage/Handle 1/Status"), Some("IN USE(15)"));
    assert!(facts.value("Usage Report Summary/Total").is_some());
    let printed = world.say(&runner, "show license tech support");
    assert_eq!(slp_transport::show::ShowCommand::detect(&printed), Some(ShowCommand::TechSupport));
    assert!(!printed.contains("PRIVATE KEY") && !printed.contains("token-of-a-test"));
}

#[test]
fn the_interval_of_pushes_is_configured_kept_and_shortened_by_a_policy_alone() {
    let world = World::with(|settings| settings.policy.perpetual = cssm::PolicyDays::new(90, 60, 30));
    let folder = tempfile::tempdir().unwrap();
    let start = || world.device_in(setup(1), Box::new(device::FolderStore::new(folder.path())));
    let runner = start();
    let days = |runner: &device::Runner| lock(runner).agent().interval.unwrap().get() / DAY;
    for bad in ["0", "366", "-1", "many"] {
        let error = lock(&runner).command(&format!("license smart usage interval {bad}"), world.now()).unwrap_err();
        assert!(error.to_string().contains("1 to 365"), "{bad}: {error}");
    }
    world.say(&runner, "license smart usage interval 7");
    drop(runner);
    let runner = start();
    lock(&runner).configure(World::smart(), world.now()).unwrap();
    world.say(&runner, "license smart trust idtoken token-of-a-test local");
    world.say(&runner, "license network-advantage 1");
    world.pass(&[&runner], DAY);
    let facts = understood(ShowCommand::Status, &world.say(&runner, "show license status"));
    assert_eq!(facts.find("Usage Reporting/Reporting push interval").unwrap().push_interval().unwrap().days, 7);
    let before = delivered(&world, &udi(1));
    world.pass(&[&runner], 14 * DAY);
    assert_eq!(delivered(&world, &udi(1)), before + 2, "a report a week");
    // a policy that asks for fewer days wins, one that asks for more does not
    world.say(&runner, "license smart usage interval 200");
    assert_eq!(days(&runner), 60);
    world.say(&runner, "no license smart usage interval");
    assert_eq!(days(&runner), 30);
}

#[test]
fn address_and_transport_are_chosen_apart_as_on_a_device() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    let refused = lock(&runner).command("license smart transport cslu", world.now()).unwrap_err().to_string();
    assert!(refused.contains("'license smart url cslu URL' first"), "{refused}");
    world.say(&runner, "license smart url cslu http://192.0.2.1:8182/cslu/v1/pi");
    assert_eq!(lock(&runner).saved().transport, device::Transport::Off);
    world.say(&runner, "license smart transport cslu");
    world.say(&runner, "license smart url cslu http://192.0.2.2:8182/cslu/v1/pi");
    assert_eq!(lock(&runner).saved().transport.address(), Some("http://192.0.2.2:8182/cslu/v1/pi"));
    world.say(&runner, "license smart transport off");
    world.say(&runner, "license smart transport cslu");
    assert_eq!(lock(&runner).saved().transport.address(), Some("http://192.0.2.2:8182/cslu/v1/pi"));
}

#[test]
fn one_report_its_neighbours_the_events_and_the_history_are_shown() {
    let world = World::new([]);
    let runner = world.trusted_device(setup(1));
    let history = world.say(&runner, "show license history message");
    let limits = slp_transport::Limits::default();
    let read = |text: &str| CliFacts::read(ShowCommand::HistoryMessage, text.as_bytes(), &limits);
    assert!(read(&world.say(&world.device(setup(2)), "show license history message")).unparsed.is_empty(), "{history}");
    assert!(world.say(&runner, "show license eventlog").contains("No EventLog Found."));
    *world.plugged.lock().unwrap() = false;
    world.say(&runner, "license network-advantage 2");
    for _ in 0..2 {
        world.clock.advance(DAY);
        lock(&runner).close_reports(world.now()).unwrap();
    }
    let [first, second] = [0, 1].map(|place| lock(&runner).saved().life.kept[place].id.get());
    let facts =
        understood(ShowCommand::RumIdDetail, &world.say(&runner, &format!("show license rum id {second} detail")));
    let value = |key: &str| facts.value(&format!("Smart Licensing Usage Report Detail/{key}")).map(str::to_owned);
    assert_eq!(value("Previous Report Id"), Some(first.to_string()));
    assert_eq!(value("Next Report Id"), Some((second + 1).to_string()));
    assert_eq!(
        (value("State").as_deref(), value("Feature Name").as_deref()),
        (Some("CLOSED"), Some("network-advantage"))
    );
    let open =
        understood(ShowCommand::RumIdDetail, &world.say(&runner, &format!("show license rum id {}", second + 1)));
    assert_eq!(open.value("Smart Licensing Usage Report Detail/State"), Some("OPEN"));
    assert!(world.say(&runner, "show license rum id 7").contains("there is no usage report 7"));
    let events = understood(ShowCommand::EventLog, &world.say(&runner, "show license eventlog"));
    assert_eq!(events.value("Event Log/SAEVT_ENDPOINT_USAGE/count"), Some("2"));
    assert!(world.say(&runner, "show license eventlog 1").contains("No EventLog Found."), "it is two days old");
    world.say(&runner, "license smart clear eventlog");
    assert!(world.say(&runner, "show license eventlog").contains("No EventLog Found."));
    // what is public of the history is understood; lines of ours stand for the rest, and are shown as they are
    *world.plugged.lock().unwrap() = true;
    world.pass(&[&runner], 3 * DAY);
    let history = world.say(&runner, "show license history message");
    let facts = read(&history);
    assert!(facts.unparsed.iter().all(|line| line.text.contains(" on ") || line.text.contains(" since ")), "{history}");
    let policy = facts.unparsed.iter().filter(|line| line.text.contains("in force since")).count();
    assert!(policy >= 2, "policy and trust: {history}");
}
