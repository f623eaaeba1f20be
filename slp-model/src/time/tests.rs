use super::*;

fn at(text: &str) -> UnixSeconds {
    text.parse().unwrap()
}

fn span(start: i64, end: i64) -> Span {
    Span::new(UnixSeconds::new(start).unwrap(), UnixSeconds::new(end).unwrap()).unwrap()
}

fn refusal(text: &str) -> String {
    let error = text.parse::<UnixSeconds>().expect_err(text);
    assert_eq!(error.kind(), ErrorKind::BadTime, "{text}");
    assert!(text.parse::<UnixMillis>().is_err(), "{text}");
    error.to_string()
}

#[test]
fn times_are_written_as_dates_of_the_calendar() {
    for (seconds, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (978_220_800, "2000-12-31T00:00:00Z"),
        (1_671_880_245, "2022-12-24T11:10:45Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
    ] {
        assert_eq!(UnixSeconds::new(seconds).unwrap().to_string(), text);
        assert_eq!(at(text).get(), seconds);
    }
    assert_eq!(UnixMillis::MAX.to_string(), "9999-12-31T23:59:59.999Z");
    assert_eq!(UnixMillis::new(1_671_880_245_007).unwrap().to_string(), "2022-12-24T11:10:45.007Z");
}

#[test]
fn people_may_leave_out_what_is_clear() {
    for text in
        ["2022-12-24T11:10", "2022-12-24T11:10Z", "2022-12-24T11:10:00", "2022-12-24T11:10:00.9999Z", "1671880200"]
    {
        assert_eq!(at(text).to_string(), "2022-12-24T11:10:00Z", "{text}");
    }
    assert_eq!(at("2022-12-24"), at("2022-12-24T00:00:00Z"));
    assert_eq!("2022-12-24T11:10:45.5".parse::<UnixMillis>().unwrap().get(), 1_671_880_245_500);
    assert_eq!("2022-12-24T11:10:45.0129".parse::<UnixMillis>().unwrap().get(), 1_671_880_245_012);
    assert_eq!("1671880245012".parse::<UnixMillis>().unwrap().get(), 1_671_880_245_012);
}

#[test]
fn other_texts_are_no_times() {
    for text in [
        "",
        " ",
        "-1",
        "+1",
        "1.5",
        "2022-12",
        "2022-1-01",
        "22-12-24",
        "2022/12/24",
        "2022-12-24 11:10",
        "2022-12-24T",
        "2022-12-24T11",
        "2022-12-24T11:10:",
        "2022-12-24T11:10:45.",
        "2022-12-24T11:10:45.0123456789",
        "2022-12-24T11:10.5",
        "2022-12-24T11:10:45+00:00",
        "2022-12-24T11:10:45ZZ",
        "2022-12-24Z",
        "2022-12-24t11:10",
        "２022-12-24",
        "2022-12-2é",
        "Dec 24 11:10:45 2022 UTC",
    ] {
        assert!(refusal(text).contains("is not of a form such as"), "{text}");
    }
    for text in [
        "2022-00-01",
        "2022-13-01",
        "2022-01-00",
        "2022-04-31",
        "2023-02-29",
        "2100-02-29",
        "1969-12-31",
        "0000-01-01",
        "2022-12-24T24:00",
        "2022-12-24T23:60",
        "2016-12-31T23:59:60Z",
    ] {
        assert!(refusal(text).contains("is no date of the calendar"), "{text}");
    }
    assert_eq!(at("2000-02-29"), at("951782400"));
}

#[test]
fn refusals_say_what_was_expected() {
    insta::assert_snapshot!(refusal("yesterday"), @r#"time "yesterday" is not of a form such as 2022-12-24, 2022-12-24T11:10:45Z (UTC alone) or whole seconds since 1970"#);
    insta::assert_snapshot!(refusal("2023-02-29"), @r#"time "2023-02-29" is no date of the calendar from 1970 to 9999, or no time of a day"#);
    insta::assert_snapshot!(refusal("253402300800000"), @r#"time "253402300800000" is outside 0 to 253402300799: expected whole seconds since 1970, not milliseconds"#);
    insta::assert_snapshot!("1671880245000".parse::<UnixSeconds>().unwrap_err(), @r#"time "1671880245000" is outside 0 to 253402300799: expected whole seconds since 1970, not milliseconds"#);
    insta::assert_snapshot!("99999999999999999999".parse::<UnixMillis>().unwrap_err(), @r#"time "99999999999999999999" is outside 0 to 253402300799999: expected whole milliseconds since 1970"#);
    insta::assert_snapshot!(UnixSeconds::new(-1).unwrap_err(), @"time -1 is outside 0 to 253402300799: expected whole seconds since 1970, not milliseconds");
    insta::assert_snapshot!(UnixMillis::new(u64::MAX).unwrap_err(), @"time 18446744073709551615 is above 253402300799999: expected whole milliseconds since 1970");
    insta::assert_snapshot!(Span::new(UnixSeconds::MAX, UnixSeconds::MIN).unwrap_err(), @"the end 1970-01-01T00:00:00Z lies before the start 9999-12-31T23:59:59Z; expected a start that is no later than the end");
}

#[test]
fn the_range_ends_at_1970_and_9999() {
    assert!(UnixSeconds::new(253_402_300_799).is_ok() && UnixSeconds::new(253_402_300_800).is_err());
    assert!(UnixMillis::new(253_402_300_799_999).is_ok() && UnixMillis::new(253_402_300_800_000).is_err());
    assert_eq!(UnixSeconds::MAX.to_millis().get(), 253_402_300_799_000);
    assert_eq!(UnixMillis::MAX.to_seconds(), UnixSeconds::MAX);
    assert_eq!(UnixSeconds::MAX.checked_add(Seconds::new(1)), None);
    assert_eq!(UnixSeconds::MIN.checked_add(Seconds::new(-1)), None);
    assert_eq!(UnixSeconds::MAX.saturating_add(Seconds::new(i64::MAX)), UnixSeconds::MAX);
    assert_eq!(UnixSeconds::MAX.saturating_add(Seconds::new(i64::MIN)), UnixSeconds::MIN);
}

#[test]
fn milliseconds_are_cut_to_the_second_they_lie_in() {
    assert_eq!(UnixMillis::new(1_999).unwrap().to_seconds().get(), 1);
}

#[test]
fn json_is_an_integer_in_range() {
    assert_eq!(serde_json::to_string(&(at("10"), at("10").to_millis(), Seconds::new(-3))).unwrap(), "[10,10000,-3]");
    assert_eq!(serde_json::from_str::<UnixSeconds>("10").unwrap(), at("10"));
    insta::assert_snapshot!(serde_json::from_str::<UnixSeconds>("-1").unwrap_err(), @"time -1 is outside 0 to 253402300799: expected whole seconds since 1970, not milliseconds");
    insta::assert_snapshot!(serde_json::from_str::<UnixMillis>("253402300800000").unwrap_err(), @"time 253402300800000 is above 253402300799999: expected whole milliseconds since 1970");
    assert!(serde_json::from_str::<UnixSeconds>("1.0").is_err());
}

#[test]
fn a_span_has_its_start_and_not_its_end() {
    let days = span(10, 20);
    assert!(days.contains(at("10")) && days.contains(at("19")));
    assert!(!days.contains(at("9")) && !days.contains(at("20")));
    assert_eq!((days.length(), days.is_empty()), (Seconds::new(10), false));
    assert!(span(10, 10).is_empty() && !span(10, 10).contains(at("10")));
    assert_eq!(span(0, 86_400).to_string(), "1970-01-01T00:00:00Z/1970-01-02T00:00:00Z");
}

#[test]
fn spans_overlap_in_the_seconds_of_both() {
    assert_eq!(span(10, 20).overlap(&span(15, 30)), Some(span(15, 20)));
    assert_eq!(span(10, 20).overlap(&span(12, 13)), Some(span(12, 13)));
    assert_eq!(span(10, 20).overlap(&span(20, 30)), None);
    assert_eq!(span(10, 20).overlap(&span(15, 15)), None);
    assert_eq!(span(10, 20).overlap(&span(30, 40)), None);
}

#[test]
fn lengths_read_in_two_units() {
    let human = |seconds| Seconds::new(seconds).human();
    assert_eq!([human(0), human(59), human(60), human(3_599)], ["0 s", "59 s", "1 min", "59 min 59 s"]);
    assert_eq!(
        [human(86_399), human(86_400), human(86_401), human(-273_600)],
        ["23 h 59 min", "1 d", "1 d", "-3 d 4 h"]
    );
    assert_eq!(human(i64::MIN), "-106751991167300 d 15 h");
    assert_eq!(Seconds::new(86_399).to_string(), "86399 s");
    assert_eq!(Seconds::from_days(90), Seconds::new(7_776_000));
    assert_eq!(Seconds::new(i64::MAX).checked_add(Seconds::new(1)), None);
    assert_eq!(Seconds::new(i64::MIN).checked_sub(Seconds::new(1)), None);
}

#[test]
fn lengths_and_spans_read_back_what_they_show() {
    for seconds in [0, 86_399, -3_433, i64::MAX, i64::MIN] {
        assert_eq!(Seconds::new(seconds).to_string().parse::<Seconds>().unwrap(), Seconds::new(seconds));
    }
    assert_eq!("900".parse::<Seconds>().unwrap().get(), 900);
    assert!("an hour".parse::<Seconds>().is_err());
    assert!("5ss".parse::<Seconds>().is_err());
    let span = Span::new(UnixSeconds::new(1_700_000_000).unwrap(), UnixSeconds::new(1_700_003_600).unwrap()).unwrap();
    assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
    let json = serde_json::to_string(&span).unwrap();
    assert_eq!(json, r#"{"start":1700000000,"end":1700003600}"#);
    assert_eq!(serde_json::from_str::<Span>(&json).unwrap(), span);
    assert!(serde_json::from_str::<Span>(r#"{"start":2,"end":1}"#).is_err());
    assert_eq!("x".parse::<Span>().unwrap_err().kind(), ErrorKind::BadSpan);
}
