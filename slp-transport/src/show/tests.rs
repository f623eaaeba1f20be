//! Captures that somebody made to cost more than they should.

use super::*;

/// Bytes of all paths and values.
fn held(facts: &CliFacts) -> usize {
    facts.facts.iter().flat_map(|fact| [fact.path.len(), fact.value.len()]).sum()
}

#[test]
fn a_long_name_is_not_repeated_in_the_paths_of_what_follows() {
    let long = "x".repeat(50_000);
    let read = |command: ShowCommand, head: &str, line: &str, count: usize| {
        let text = format!("{head}{}", line.repeat(count));
        let facts = CliFacts::read(command, text.as_bytes(), &Limits::default());
        assert!(held(&facts) < 4 * text.len(), "{} bytes of {}", held(&facts), text.len());
        facts
    };
    let facts = read(ShowCommand::Usage, &format!("{long} (y):\n"), "  Count: 1\n", 500);
    assert_eq!((facts.unparsed.len(), facts.unparsed[0].line), (1, 1));
    assert_eq!(facts.value("License Usage/Count"), Some("1"));
    read(ShowCommand::TechSupport, &format!("License Usage\n=====\nHandle: {long}\n"), "  License: x\n", 500);
    read(ShowCommand::License, &format!("Index 1 Feature: {long}\n"), "  Period left: x\n", 500);
    let event = format!("2026-01-02 03:04:05.678 UTC SAEVT_{long} ");
    read(ShowCommand::EventLog, &event, "a=\"b\" ", 500);
    let named = format!("{} (y):\n  Count: 1\n", "x".repeat(100));
    let facts = read(ShowCommand::Usage, &named, "", 0);
    assert_eq!((facts.unparsed.len(), facts.facts.len()), (0, 1), "real names are shorter than this");
}

#[test]
fn so_many_facts_are_kept_and_what_is_not_read_is_said() {
    let limits = Limits { cli_facts: 10, ..Limits::default() };
    for (line, facts, unparsed) in [("  Count: 1\n", 10, 0), ("strange\n", 0, 10)] {
        let read = |count: usize| CliFacts::read(ShowCommand::Usage, line.repeat(count).as_bytes(), &limits);
        let all = read(10);
        assert_eq!((all.facts.len(), all.unparsed.len(), all.warnings.len()), (facts, unparsed, 0));
        let cut = read(30);
        assert_eq!((cut.facts.len(), cut.unparsed.len(), cut.lines), (facts, unparsed, 10));
        assert_eq!((cut.warnings.len(), cut.warnings[0].line), (1, Some(11)));
        assert!(cut.warnings[0].text.contains("limit cli_facts"), "{}", cut.warnings[0].text);
    }
}

#[test]
fn a_line_of_very_many_facts_is_none_that_a_device_prints() {
    let line = |count: usize| format!("License Usage:\n{}\n", "Count: 1  ".repeat(count));
    let read = |count: usize| CliFacts::read(ShowCommand::Usage, line(count).as_bytes(), &Limits::default());
    assert_eq!(read(64).facts.len(), 64);
    assert_eq!((read(65).facts.len(), read(65).unparsed.len()), (0, 1));
}

#[test]
fn what_stands_behind_a_name_that_is_too_long_is_not_of_the_name_before_it() {
    let long = "x".repeat(200);
    for (command, first, second, line, one) in [
        (ShowCommand::Usage, "a (b):", format!("{long} (y):"), "Count: 1", "License Usage/a (b)/Count"),
        (
            ShowCommand::TechSupport,
            "License Usage\n=====\nHandle: 1",
            format!("Handle: {long}"),
            "License: x",
            "License Usage/Handle 1/License",
        ),
        (
            ShowCommand::License,
            "Index 1 Feature: a",
            format!("Index 2 Feature: {long}"),
            "Period left: x",
            "Classic licences/Index 1 a/Period left",
        ),
    ] {
        let text = format!("{first}\n  {line}\n{second}\n  {line}\n");
        let facts = CliFacts::read(command, text.as_bytes(), &Limits::default());
        assert_eq!(facts.all(one).count(), 1, "{:?}", facts.facts);
        let (section, key) = (one.split('/').next().unwrap(), one.rsplit('/').next().unwrap());
        assert_eq!(facts.all(&format!("{section}/{key}")).count(), 1, "{:?}", facts.facts);
    }
}

#[test]
fn facts_of_one_line_are_counted_too_and_lines_without_facts_are_not() {
    let limits = Limits { cli_facts: 10, ..Limits::default() };
    let event = format!("2026-01-02 03:04:05.678 UTC SAEVT_X {}\n", "a=\"\" ".repeat(30));
    let facts = CliFacts::read(ShowCommand::EventLog, event.as_bytes(), &limits);
    assert_eq!((facts.facts.len(), facts.warnings.len()), (10, 1));
    let text = format!("{}device#\n", "  Count: 1\n".repeat(10));
    let facts = CliFacts::read(ShowCommand::Usage, text.as_bytes(), &limits);
    assert_eq!((facts.facts.len(), facts.lines, facts.warnings.len()), (10, 11, 0));
}
