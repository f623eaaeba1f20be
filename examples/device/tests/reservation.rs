//! Reservations and authorization codes, by files and by typed codes.

mod support;

use device::FolderStore;
use slp_rum::codes::{PermanentCode, RequestCode, ReservationKind, ReturnCode, simulate};
use slp_transport::show::ShowCommand;
use support::*;

/// The code in the last line that a device printed.
fn code_of(printed: &str) -> &str {
    printed.lines().last().unwrap().split(": ").nth(1).unwrap()
}

#[test]
fn a_specific_reservation_is_requested_installed_used_and_returned() {
    let world = World::new([]);
    let folder = tempfile::tempdir().unwrap();
    let runner = world.device_in(setup(1), Box::new(FolderStore::new(folder.path())));
    assert!(refused(&world, &runner, "license smart reservation request local").contains("not configured"));
    world.say(&runner, "license smart reservation");
    let early = reservation(&world, &udi(1), HSEC, 1, world.now());
    lock(&runner).files().write("slr.xml", &early).unwrap();
    let text = refused(&world, &runner, "license smart reservation install file slr.xml");
    assert_eq!(text, "Reservation install file failed: noreservationinprogress");
    let printed = world.say(&runner, "license smart reservation request local");
    let request: RequestCode = code_of(&printed).parse().unwrap();
    assert_eq!((request.kind(), request.device()), (ReservationKind::Specific, &udi(1)));
    // a code for another device answers another request
    lock(&runner).files().write("other.xml", &reservation(&world, &udi(9), HSEC, 1, world.now())).unwrap();
    let text = refused(&world, &runner, "license smart reservation install file bootflash:other.xml");
    let mismatch = "The Reservation Authorization Code does not match the Reservation Request Code";
    assert_eq!(text, format!("Reservation install file failed: {mismatch}"));
    // the request outlives a restart
    drop(runner);
    let runner = world.device_in(setup(1), Box::new(FolderStore::new(folder.path())));
    lock(&runner).files().write("slr.xml", &early).unwrap();
    let printed = world.say(&runner, "license smart reservation install file slr.xml");
    assert!(printed.starts_with("Reservation install file successful\nLast Confirmation code "), "{printed}");
    let log = lock(&runner).take_log();
    assert!(log.iter().any(|line| line.contains("%SMART_LIC-6-RESERVED_INSTALLED")), "{log:?}");
    assert!(log.iter().any(|line| line.contains("%SMART_LIC-6-EXPORT_CONTROLLED")), "{log:?}");
    assert_eq!(refused(&world, &runner, "license smart reservation request local"), "Already registered");
    world.say(&runner, "license hseck9 1");
    assert!(refused(&world, &runner, "license hseck9 2").contains("1 authorized"));
    let facts = understood(ShowCommand::Authorization, &world.say(&runner, "show license authorization"));
    assert!(facts.value("Overall status/Active/Status").unwrap().starts_with("SPECIFIC INSTALLED on Jan 01"));
    assert!(lock(&runner).uses().iter().all(|licence| licence.reserved == (licence.tag.as_str() == HSEC)));
    assert!(refused(&world, &runner, "license smart reservation return local").contains("in use"));
    assert!(refused(&world, &runner, "no license smart reservation").contains("return it first"));
    world.say(&runner, "license hseck9 0");
    let printed = world.say(&runner, "license smart reservation return local");
    assert!(code_of(&printed).parse::<ReturnCode>().unwrap().is_usual(), "{printed}");
    assert!(lock(&runner).command("license hseck9 1", world.now()).is_err());
    // what was given back does not come again, after a restart neither
    drop(runner);
    let runner = world.device_in(setup(1), Box::new(FolderStore::new(folder.path())));
    lock(&runner).files().write("slr.xml", &early).unwrap();
    world.say(&runner, "license smart reservation request local");
    assert!(refused(&world, &runner, "license smart reservation install file slr.xml").contains("alreadyexists"));
    assert_eq!(
        refused(&world, &runner, "license smart reservation return local"),
        "No reservation authorization code installed in device"
    );
    world.say(&runner, "license smart reservation cancel");
    assert!(refused(&world, &runner, "license smart reservation cancel").contains("no reservation"));
    world.say(&runner, "no license smart reservation");
}

#[test]
fn a_permanent_reservation_answers_its_own_request_alone() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    world.say(&runner, "license smart reservation");
    let other: RequestCode = simulate::request_code(&udi(2), SOFTWARE, ReservationKind::Permanent);
    let foreign = simulate::permanent_code(&other);
    let install = |code: &PermanentCode| format!("license smart reservation install \"{code}\"");
    assert!(refused(&world, &runner, &install(&foreign)).contains("no request"));
    let printed = world.say(&runner, "license smart reservation request universal");
    let request: RequestCode = code_of(&printed).parse().unwrap();
    assert_eq!(request.kind(), ReservationKind::Permanent);
    assert!(refused(&world, &runner, &install(&foreign)).contains("does not match"));
    assert!(refused(&world, &runner, "license smart reservation install D-1").contains("groups"));
    world.say(&runner, &install(&simulate::permanent_code(&request)));
    world.say(&runner, "license hseck9 7");
    let facts = understood(ShowCommand::Authorization, &world.say(&runner, "show license authorization"));
    assert_eq!(facts.value("Overall status/Active/Status"), Some("UNIVERSAL INSTALLED"));
    lock(&runner).reload(world.now()).unwrap();
    assert!(refused(&world, &runner, "license smart reservation return local").contains("in use"));
    world.say(&runner, "license hseck9 0");
    let printed = world.say(&runner, "license smart reservation return local");
    assert!(code_of(&printed).parse::<ReturnCode>().unwrap().is_usual(), "{printed}");
    assert!(lock(&runner).command("license hseck9 1", world.now()).is_err());
}

#[test]
fn a_code_is_asked_for_by_file_installed_by_file_and_given_back_by_file() {
    let world = World::new([]);
    let runner = world.device(setup(1));
    assert_eq!(
        refused(&world, &runner, "license smart authorization request save slac.txt"),
        "The requested item was not found"
    );
    assert!(refused(&world, &runner, "license smart authorization request add unknown local").contains("not know"));
    world.say(&runner, "license smart authorization request add hseck9 local 1");
    world.say(&runner, "license smart authorization request save bootflash:slac.txt");
    let file = lock(&runner).files().read("slac.txt", 1 << 20).unwrap();
    let upload = world.cloud.lock().unwrap().upload("slac.txt", &file, world.now());
    let answer = world.cloud.lock().unwrap().answer(&upload.answer.unwrap()).unwrap().to_vec();
    lock(&runner).files().write("answer.txt", &answer).unwrap();
    assert_eq!(world.say(&runner, "license smart import answer.txt"), "Import Data Successful");
    assert_eq!(
        refused(&world, &runner, "license smart authorization request save slac.txt"),
        "The requested item was not found",
        "what came is not asked for again"
    );
    world.say(&runner, "license hseck9 1");
    assert!(refused(&world, &runner, "license smart authorization return local offline").contains("in use"));
    world.say(&runner, "license hseck9 0");
    assert_eq!(
        refused(&world, &runner, "license smart authorization return local online"),
        "Device configured for Offline transport",
        "nobody would hear of it: the code stays"
    );
    assert!(!lock(&runner).imported().codes.is_empty());
    let printed = world.say(&runner, "license smart authorization return all offline back.txt");
    let code = code_of(&printed).to_owned();
    let facts = understood(ShowCommand::Authorization, &world.say(&runner, "show license authorization"));
    assert_eq!(facts.value("Overall status/Active/Last return code"), Some(code.as_str()));
    let file = lock(&runner).files().read("back.txt", 1 << 20).unwrap();
    world.cloud.lock().unwrap().upload("back.txt", &file, world.now());
    assert!(world.cloud.lock().unwrap().device(&udi(1)).unwrap().code.is_none());
    // the document still has a policy, and the code in it never comes again
    world.say(&runner, "license smart import answer.txt");
    assert!(lock(&runner).imported().codes.is_empty());
}

#[test]
fn codes_of_a_set_add_up_and_each_member_gives_back_its_own() {
    let world = World::new([]);
    let folder = tempfile::tempdir().unwrap();
    let setup = || setup(1).with_members([udi(2), udi(3)]);
    let runner = world.device_in(setup(), Box::new(FolderStore::new(folder.path())));
    world.say(&runner, "license smart reservation");
    let printed = world.say(&runner, "license smart reservation request all");
    assert_eq!(printed.matches("Request code: CB-").count(), 3, "{printed}");
    for number in [1, 2] {
        let document = reservation(&world, &udi(number), HSEC, 1, world.now());
        lock(&runner).files().write("slr.xml", &document).unwrap();
        world.say(&runner, "license smart reservation install file slr.xml");
    }
    world.say(&runner, "license hseck9 2");
    let printed = world.say(&runner, "show license all");
    let facts = understood(ShowCommand::All, &printed);
    assert_eq!(facts.value("Authorizations/hseck9 (hseck9)/Total available count"), Some("2"), "{printed}");
    assert!(printed.contains("Member: PID:C9300-24UX,SN:TST00000003"), "{printed}");
    world.say(&runner, "license hseck9 1");
    // two are there, one is in use: one may go
    world.say(&runner, "license smart reservation return local");
    assert!(refused(&world, &runner, "license smart reservation return all").contains("in use"));
    drop(runner);
    let runner = world.device_in(setup(), Box::new(FolderStore::new(folder.path())));
    assert_eq!(lock(&runner).imported().codes.keys().collect::<Vec<_>>(), [&udi(2)]);
}

#[test]
fn of_a_document_for_two_members_one_gives_back_and_the_other_keeps_across_restarts() {
    let world = World::new([]);
    let folder = tempfile::tempdir().unwrap();
    let setup = || setup(1).with_members([udi(2)]);
    let runner = world.device_in(setup(), Box::new(FolderStore::new(folder.path())));
    let texts =
        [1, 2].map(|number| String::from_utf8(reservation(&world, &udi(number), HSEC, 1, world.now())).unwrap());
    let inner = texts
        .each_ref()
        .map(|text| text.strip_prefix("<smartLicense>").and_then(|text| text.strip_suffix("</smartLicense>")).unwrap());
    let both = format!("<smartLicense>{}{}</smartLicense>", inner[0], inner[1]);
    lock(&runner).import(both.as_bytes(), world.now()).unwrap();
    assert_eq!(lock(&runner).imported().codes.len(), 2);
    world.say(&runner, "license smart authorization return local offline");
    for _ in 0..2 {
        let runner = world.device_in(setup(), Box::new(FolderStore::new(folder.path())));
        assert_eq!(lock(&runner).imported().codes.keys().collect::<Vec<_>>(), [&udi(2)]);
        assert_eq!(lock(&runner).imported().returned.len(), 1);
    }
}
