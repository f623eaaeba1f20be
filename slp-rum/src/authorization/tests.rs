use super::*;

fn time(text: &str) -> UnixSeconds {
    text.parse().unwrap()
}

#[test]
fn term_dates_are_read_in_every_form_of_the_spec() {
    for (text, expected) in [
        ("2024-10-31", "2024-10-31"),
        ("2024-10-31T05:06:07", "2024-10-31T05:06:07"),
        ("2024-10-31T05:06:07Z", "2024-10-31T05:06:07"),
        ("2024-oCt-31", "2024-10-31"),
        ("2024-OCT-31 UTC", "2024-10-31"),
        ("1730332800", "2024-10-31"),
        ("1730332800999", "2024-10-31"),
    ] {
        assert_eq!(TermDate::read(text).time(), Some(time(expected)), "{text}");
        assert_eq!(TermDate::read(text).to_string(), text);
    }
    for text in ["2024-10-32", "31.10.2024", "173033280012", "2024-XYZ-31", "[R]", "2024-10-31 05:06:07"] {
        let date = TermDate::read(text);
        assert_eq!(date.time(), None, "{text}");
        assert!(!date.has_passed(UnixSeconds::MAX) && date.has_begun(UnixSeconds::MIN), "{text}");
    }
}

#[test]
fn a_term_runs_from_the_first_second_of_its_start_to_the_last_of_its_end() {
    let mut one = Entitlement::new("tag".parse().unwrap(), 3);
    (one.start, one.end) = (Some(TermDate::read("2023-11-01")), Some(TermDate::read("2024-10-31")));
    for (now, grants) in [
        ("2023-10-31T23:59:59", false),
        ("2023-11-01T00:00:00", true),
        ("2024-10-31T23:59:59", true),
        ("2024-11-01T00:00:00", false),
    ] {
        assert_eq!(one.grants(time(now)), grants, "{now}");
    }
}

#[test]
fn counts_of_one_tag_add_up_and_failed_ones_grant_nothing() {
    let tag: EntitlementTag = "tag".parse().unwrap();
    let mut code = Authorization::new(AuthorizationKind::Slac, "P:TEST,S:TST00000001".parse().unwrap());
    let mut failed = Entitlement::new(tag.clone(), 5);
    failed.success = Some(false);
    let other = Entitlement::new("other".parse().unwrap(), 7);
    code.entitlements = vec![Entitlement::new(tag.clone(), 2), failed, Entitlement::new(tag.clone(), u32::MAX), other];
    assert_eq!(code.authorized_count(&tag, time("2024-01-01")), 2 + u64::from(u32::MAX));
}
