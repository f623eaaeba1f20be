use super::*;

fn parsed(text: &str) -> Oid {
    text.parse().unwrap()
}

#[test]
fn a_trap_lies_under_one_and_an_object_under_nought() {
    assert_eq!(Notification::RUM_ACK_RECEIVED.oid().to_string(), "1.3.6.1.4.1.9.9.831.1.45");
    assert_eq!(Notification::of(&parsed(".1.3.6.1.4.1.9.9.831.1.45")), Some(Notification::RUM_ACK_RECEIVED));
    assert_eq!(Notification::of(&parsed("1.3.6.1.4.1.9.9.831.0.45")), None);
    assert_eq!(Notification::of(&parsed("1.3.6.1.4.1.9.9.830.1.45")), None);
    assert_eq!(Notification::RUM_ACK_RECEIVED.to_string(), "RUMACKReceived");
    assert_eq!(Notification::from_number(54).to_string(), "notification 54");
    assert_eq!(Notification::from_number(0).name(), None);
}

#[test]
fn trust_that_failed_has_no_objects() {
    let trap = Trap::read(&Notification::TRUST_INSTALL_FAILED.oid(), []).unwrap();
    assert_eq!((trap.device.as_deref(), trap.udi(), trap.others.len()), (None, None, 0));
}

#[test]
fn what_does_not_fit_is_kept_and_never_guessed() {
    let (days, state) = (oid(object::DAYS_TO_REPORT), oid(object::INITIAL_ACK_STATE));
    let objects = [
        (days.clone(), "soon"),
        (days.clone(), "364"),
        (days, "365"),
        (state, "4"),
        (parsed("1.3.6.1.2.1.1.3.0"), "up"),
        (parsed("1.3.6.1.4.1.9.9.831.0.13.1"), "no such file"),
    ];
    let trap = Trap::read(&Notification::REPORTING_REQUIRED.oid(), objects).unwrap();
    assert_eq!((trap.days, trap.ack_state, trap.message.as_deref()), (Some(364), Some(4), Some("no such file")));
    assert_eq!(trap.others.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["soon", "365", "up"]);
    assert_eq!(INITIAL_ACK_STATE.word(4), Some("notReceived"));
}

#[test]
fn a_cell_of_the_licence_table_has_a_column_and_a_row() {
    let cell = parsed("1.3.6.1.4.1.9.9.831.0.5.1.1.5.1");
    assert_eq!(EntitlementColumn::of(&cell), Some((EntitlementColumn::EnforceMode, 1)));
    assert_eq!(EntitlementColumn::of(&parsed("1.3.6.1.4.1.9.9.831.0.5.1.1.1.1")), None, "the index cannot be read");
    assert_eq!(ENFORCE_MODE.word(15), Some("inUse"));
}

#[test]
fn an_identifier_is_numbers_and_dots() {
    for wrong in ["", ".", "1..2", "1.x", "1.-2", "1.+2", "1.4294967296", &"1.".repeat(200)] {
        assert!(wrong.parse::<Oid>().is_err(), "{wrong}");
    }
}
