//! What acknowledgements do to the reports of a device.

use super::*;

#[test]
fn opaque_members_acknowledge_what_they_are_paired_with_and_a_name_corrects_them() {
    let text = of_ack_text(r#"[{"r":"10","s":1}]"#);
    let judge = Server::default();
    let mut situation = Situation::new(&judge, time(NOW));
    situation.hint = Some(device(1));
    let plan = import(text.as_bytes(), &fresh(), &situation).unwrap();
    assert_eq!(outcomes(&plan), [(ImportClass::RumAck, Outcome::Installed, "success")]);
    let state = plan.into_state();
    let facts = |state: &DeviceState, id: u64| {
        let facts = &state.reports[&(device(1), id.into())];
        (facts.state.clone(), facts.by_pairing)
    };
    assert_eq!(facts(&state, 10), (ReportState::Acknowledged, true));
    assert_eq!(facts(&state, 11), (ReportState::Acknowledged, true));
    assert_eq!(facts(&state, 12), (ReportState::Open, false));
    let named = of_acks([Ack::accepted(device(1), 10.into()), Ack::refused(device(1), 11.into(), 45, "no")]);
    let state = after(&named, &state);
    assert_eq!(facts(&state, 10), (ReportState::Acknowledged, false));
    assert_eq!(facts(&state, 11), (ReportState::Closed, false));
    // a file name that points elsewhere than the device marks nothing
    situation.by_name = Some([(device(1), 12.into())].into());
    let plan = import(text.as_bytes(), &fresh(), &situation).unwrap();
    assert!(plan.outcomes()[0].reason.ends_with("tell of different ones (pairing-conflict)"));
}

#[test]
fn conversions_that_run_end_as_the_server_says() {
    let mut state = fresh();
    state.converting.insert(device(1));
    let text = |status| {
        let ack = ConversionAck::new(device(1), "tag", status);
        document(|answer| {
            answer.conversions(&[ack]).unwrap();
        })
    };
    let running = after(&text(ConversionStatus::InProgress), &state);
    assert!(running.converting.contains(&device(1)));
    let done = after(&text(ConversionStatus::Success), &running);
    assert_eq!(done.converted[&device(1)].device_state(), Some(3));
    assert!(done.converting.is_empty());
    let plan = run(&text(ConversionStatus::Success), &done).unwrap();
    assert_eq!(plan.outcomes()[0].outcome, Outcome::Unchanged);
}

#[test]
fn an_acknowledgement_that_only_repeats_puts_off_no_date() {
    let text = of_acks([Ack::accepted(device(1), 10.into())]);
    let mut state = after(&text, &fresh());
    state.last_ack = Some(time("2023-11-15T01:10:00"));
    let judge = Server::default();
    let later = Situation::new(&judge, time("2024-06-01"));
    let again = import(text.as_bytes(), &state, &later).unwrap();
    assert_eq!(outcomes(&again), [(ImportClass::RumAck, Outcome::Unchanged, "success")]);
    assert_eq!(again.state().last_ack, state.last_ack);
    // a name that confirms what was only guessed does count
    state.reports.get_mut(&(device(1), 10.into())).unwrap().by_pairing = true;
    let named = import(text.as_bytes(), &state, &later).unwrap();
    assert_eq!(outcomes(&named), [(ImportClass::RumAck, Outcome::Installed, "success")]);
    assert_eq!(named.state().last_ack, Some(time("2024-06-01")));
}

#[test]
fn a_refused_report_has_to_be_sent_anew_and_is_refused_once() {
    let text = of_acks([Ack::refused(device(1), 10.into(), 45, "no")]);
    let state = after(&text, &fresh());
    let facts = &state.reports[&(device(1), 10.into())];
    assert_eq!((facts.state.clone(), facts.sent_at, facts.message.as_deref()), (ReportState::Closed, None, Some("no")));
    assert_eq!(outcomes(&run(&text, &state).unwrap()), [(ImportClass::RumAck, Outcome::Unchanged, "success")]);
    // a member that names nothing does not mean it: nobody has sent it since
    let judge = Server::default();
    let mut situation = Situation::new(&judge, time(NOW));
    situation.hint = Some(device(1));
    let plan = import(of_ack_text(r#"[{"r":1}]"#).as_bytes(), &state, &situation).unwrap();
    assert_eq!(plan.state().reports[&(device(1), 10.into())].state, ReportState::Closed);
    assert_eq!(plan.state().reports[&(device(1), 11.into())].state, ReportState::Acknowledged);
}

#[test]
fn several_members_that_name_nothing_are_paired_alike() {
    let judge = Server::default();
    let mut situation = Situation::new(&judge, time(NOW));
    situation.hint = Some(device(1));
    let plan = import(of_ack_text(r#"[{"r":1},{"r":2},3]"#).as_bytes(), &fresh(), &situation).unwrap();
    let part = &plan.outcomes()[0];
    let found: Vec<_> = part.members.iter().map(|member| member.outcome).collect();
    assert_eq!(found, [Outcome::Installed, Outcome::Unchanged, Outcome::Unchanged]);
    let guess = "no report is named: the 2 that were sent count as acknowledged, which is a guess (by_pairing)";
    let warnings: Vec<_> = part.members.iter().filter_map(|member| member.warning.as_deref()).collect();
    assert_eq!((warnings, part.warnings.len()), (vec![guess], 0), "said once, where it belongs");
}

#[test]
fn what_a_server_says_cannot_drive_a_terminal() {
    let text =
        of_ack_text(r#"[{"report_id":10,"status":"ERROR","error_code":"\u001b[2J","message":"a\u001b[1A\nb\u202ec"}]"#);
    let plan = run(&text, &fresh()).unwrap();
    insta::assert_snapshot!(
        plan.outcomes()[0].members[0].warning.as_deref().unwrap(),
        @r#"the server refuses the report: code "\u{1b}[2J", a\u{1b}[1A\u{a}b\u{202e}c"#
    );
}

#[test]
fn a_member_that_names_nothing_does_not_mean_reports_that_others_name() {
    let judge = Server::default();
    let mut situation = Situation::new(&judge, time(NOW));
    situation.hint = Some(device(1));
    let run = |text: &str| import(of_ack_text(text).as_bytes(), &fresh(), &situation).unwrap().into_state();
    let state = |state: &DeviceState, id: u64| state.reports[&(device(1), id.into())].state.clone();
    let pending = run(r#"[{"report_id":10,"status":"PENDING"},{"r":1}]"#);
    assert_eq!(state(&pending, 10), ReportState::Unacknowledged, "the server said something else about it");
    assert_eq!(state(&pending, 11), ReportState::Acknowledged);
    // whatever their order: a refusal and a guess give one state
    let refused = r#"{"report_id":10,"status":"ERROR","error_code":"45"},{"report_id":11,"status":"ERROR"}"#;
    let (before, after) = (run(&format!(r#"[{refused},{{"r":1}}]"#)), run(&format!(r#"[{{"r":1}},{refused}]"#)));
    assert_eq!(before.reports, after.reports);
    assert_eq!((before.last_ack, after.last_ack), (None, None), "nothing was acknowledged");
}

#[test]
fn a_file_name_that_points_to_reports_of_others_pairs_nothing() {
    let judge = Server::default();
    let mut situation = Situation::new(&judge, time(NOW));
    situation.by_name = Some([(device(2), 10.into()), (device(1), 99.into())].into());
    let plan = import(of_ack_text(r#"[{"r":1}]"#).as_bytes(), &fresh(), &situation).unwrap();
    assert_eq!(outcomes(&plan), [(ImportClass::RumAck, Outcome::Skipped, "notfound")]);
    situation.by_name = Some([(device(2), 10.into()), (device(1), 10.into())].into());
    let plan = import(of_ack_text(r#"[{"r":1}]"#).as_bytes(), &fresh(), &situation).unwrap();
    assert_eq!(plan.state().reports[&(device(1), 10.into())].state, ReportState::Acknowledged);
}

#[test]
fn what_a_server_says_about_a_conversion_cannot_drive_a_terminal() {
    let mut state = fresh();
    state.converting.insert(device(1));
    let mut failed = ConversionAck::new(device(1), "tag", ConversionStatus::Failed);
    (failed.error_code, failed.message) = (Some("134".to_owned()), Some(String::from("a\u{1b}[2Jb")));
    let text = document(|answer| {
        answer.conversions(&[failed]).unwrap();
    });
    let plan = run(&text, &state).unwrap();
    let warning = plan.outcomes()[0].members[0].warning.as_deref().unwrap();
    insta::assert_snapshot!(warning, @r"the conversion failed: 134 noconversioninprogress, a\u{1b}[2Jb");
}

#[test]
fn a_conversion_that_still_runs_is_no_news_the_second_time() {
    let mut state = fresh();
    state.converting.insert(device(1));
    let ack = ConversionAck::new(device(1), "tag", ConversionStatus::InProgress);
    let text = document(|answer| {
        answer.conversions(&[ack]).unwrap();
    });
    let plan = run(&text, &state).unwrap();
    assert_eq!(plan.outcomes()[0].outcome, Outcome::Installed);
    assert_eq!(run(&text, plan.state()).unwrap().outcomes()[0].outcome, Outcome::Unchanged);
}

/// Every order of the parts of one document, and of the members of one acknowledgement, gives one state.
#[test]
fn the_order_in_which_a_document_says_it_does_not_matter() {
    let one = |text: &str| text.trim_start_matches("<smartLicense>").trim_end_matches("</smartLicense>").to_owned();
    let parts = [
        one(&of_code(&slac(1, "2023-11-15T01:00:00"))),
        one(&of_policy(&policy("3"))),
        one(&of_ack_text(r#"[{"r":1}]"#)),
        one(&of_acks([Ack::refused(device(1), 10.into(), 45, "no")])),
        one(&of_ack_text(r#"[{"report_id":11,"status":"WAIT"},{"report_id":10,"status":"ACK"}]"#)),
        one(&document(|answer| {
            answer.account(&account(7)).unwrap();
        })),
    ];
    let judge = Server::default();
    let mut situation = Situation::new(&judge, time(NOW));
    situation.hint = Some(device(1));
    let mut states: Vec<DeviceState> = Vec::new();
    for order in orders(parts.len()) {
        let text: String = order.iter().map(|index| &*parts[*index]).collect();
        let text = format!("<smartLicense>{text}</smartLicense>");
        let mut state = import(text.as_bytes(), &fresh(), &situation).unwrap().into_state();
        state.history.clear();
        if !states.contains(&state) {
            states.push(state);
        }
    }
    assert_eq!(states.len(), 1, "{states:#?}");
}

/// Every order of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let put = |order: &Vec<usize>, at: usize| {
        let mut order = order.clone();
        order.insert(at, count - 1);
        order
    };
    shorter.iter().flat_map(|order| (0..count).map(move |at| put(order, at))).collect()
}
