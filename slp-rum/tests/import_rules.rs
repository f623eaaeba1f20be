//! The import rules: what a device does with documents of a server, good and bad. Spec: ack-auth, "Table".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use slp_model::account::Account;
use slp_model::error_code::{DeviceError, Platform};
use slp_model::license::{HaRole, ReportState};
use slp_model::policy::{Policy, Requirement};
use slp_model::{SignedContent, Udi, UnixMillis, UnixSeconds};
use slp_rum::ack::conversion::{ConversionAck, ConversionStatus};
use slp_rum::import::{
    DeviceState, HaPeer, ImportClass, Judge, Leaf, LeafFault, Mode, NoKeys, Outcome, Plan, Refusal, ReportFacts,
    SignatureRule, Situation, Verdict, import, may_request_trust, may_return,
};
use slp_rum::trust::TrustGrant;
use slp_rum::write::answer::{self, Answer};
use slp_rum::{Ack, AckList, Authorization, AuthorizationKind, Content, Document, Entitlement, TermDate, TrustCode};

#[path = "import_rules/acks.rs"]
mod acks;

const NOW: &str = "2023-11-15T01:10:00";

fn time(text: &str) -> UnixSeconds {
    text.parse().unwrap()
}

fn device(number: u32) -> Udi {
    format!("P:TEST-SWITCH,S:TST0000000{number}").parse().unwrap()
}

/// The signature of this test: a digest. Whoever changes a byte does not change the digest with it.
fn digest(content: &SignedContent<'_>) -> String {
    STANDARD.encode(Sha256::digest(&content.bytes))
}

type SignResult = Result<String, Box<dyn std::error::Error + Send + Sync>>;

#[expect(clippy::unnecessary_wraps, reason = "what a server would call can fail")]
fn sign(content: &SignedContent<'_>) -> SignResult {
    Ok(digest(content))
}

/// Knows the key of the server; other verdicts by the first characters of the signature.
#[derive(Clone, Copy, Default)]
struct Server {
    leaf: Option<LeafFault>,
    other_key: bool,
    ended: bool,
}

impl Judge for Server {
    fn has_server_key(&self) -> bool {
        true
    }

    fn judge(&self, content: &SignedContent<'_>) -> Verdict {
        match content.signature.as_deref() {
            None => Verdict::Malformed,
            Some("KEYU") => Verdict::KeyUnknown,
            Some("EXPI") => Verdict::SignerExpired,
            Some("CHAI") => Verdict::ChainBroken,
            Some("DEVE") => Verdict::WrongEnvironment,
            Some("NOTC") => Verdict::NotCheckable,
            Some(text) if text == digest(content) => Verdict::Verified,
            Some(_) => Verdict::Invalid,
        }
    }

    fn leaf(&self, code: &TrustCode) -> Result<Leaf, LeafFault> {
        if let Some(fault) = self.leaf {
            return Err(fault);
        }
        let view = code.view();
        let key = if self.other_key { b"other".to_vec() } else { view.udi.serial().into() };
        let (start, end) =
            (view.not_before.unwrap(), if self.ended { Some(time("2023-11-15")) } else { view.not_after });
        Ok(Leaf::new(view.certificates.clone().into(), key, view.udi.to_string(), start, end))
    }
}

fn code(kind: AuthorizationKind, device: Udi, issued: &str) -> Authorization {
    let mut code = Authorization::new(kind, device);
    match kind {
        AuthorizationKind::Slac => code.date = Some(time(issued)),
        _ => code.timestamp = Some(time(issued).to_millis()),
    }
    code.success = Some(true);
    code.entitlements = vec![Entitlement::new("regid.2020-01.com.cisco.TEST,1.0_x".parse().unwrap(), 2)];
    code
}

fn slac(number: u32, issued: &str) -> Authorization {
    code(AuthorizationKind::Slac, device(number), issued)
}

fn policy(version: &str) -> Policy {
    let mut policy = Policy::new("Example Policy");
    policy.version = Some(version.to_owned());
    policy.date = Some(time("2023-10-01T08:00:00"));
    policy.export = Requirement::new(None, Some(0), Some(30));
    policy
}

fn account(millis: u64) -> Account {
    let mut account = Account::new("Example & Sons", "DEFAULT");
    account.timestamp = UnixMillis::new(millis).ok();
    account
}

fn grant(number: u32, start: &str) -> TrustGrant {
    let pem = format!("-----BEGIN CERTIFICATE-----\n{start}\n-----END CERTIFICATE-----\n");
    let mut grant = TrustGrant::new(device(number), pem);
    grant.not_before = Some(time(start));
    grant.not_after = Some(time("2031-11-13T01:00:00"));
    grant
}

/// A document with these parts.
fn document(build: impl FnOnce(&mut Answer<'_>)) -> String {
    let mut sign = sign;
    let mut answer = Answer::new(&mut sign);
    build(&mut answer);
    answer.finish().unwrap()
}

fn of_code(code: &Authorization) -> String {
    document(|answer| {
        answer.authorization(code).unwrap();
    })
}

fn of_policy(policy: &Policy) -> String {
    document(|answer| {
        answer.policy(policy).unwrap();
    })
}

fn of_acks(acks: impl IntoIterator<Item = Ack>) -> String {
    document(|answer| {
        answer.acknowledgement(&AckList::new(acks)).unwrap();
    })
}

/// A document with this text as its acknowledgement.
fn of_ack_text(text: &str) -> String {
    let signature = STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "<smartLicense><smartLicenseRumAck><data><![CDATA[{text}]]></data><signature>{signature}</signature>\
         </smartLicenseRumAck></smartLicense>"
    )
}

/// Device 1 alone, with reports 10 (sent), 11 (sent) and 12 (open).
fn fresh() -> DeviceState {
    let mut state = DeviceState::new(device(1));
    let sent = |state| ReportFacts::new(state, Some(time("2023-11-15T00:50:00")));
    state.reports.insert((device(1), 10.into()), sent(ReportState::Unacknowledged));
    state.reports.insert((device(1), 11.into()), sent(ReportState::Closed));
    state.reports.insert((device(1), 12.into()), ReportFacts::new(ReportState::Open, None));
    state
}

fn run(text: &str, state: &DeviceState) -> Result<Plan, Refusal> {
    import(text.as_bytes(), state, &Situation::new(&Server::default(), time(NOW)))
}

fn after(text: &str, state: &DeviceState) -> DeviceState {
    run(text, state).unwrap().into_state()
}

fn outcomes(plan: &Plan) -> Vec<(ImportClass, Outcome, &'static str)> {
    plan.outcomes().iter().map(|part| (part.class, part.outcome, part.error.as_str())).collect()
}

fn full(version: &str, issued: &str, millis: u64) -> String {
    document(|answer| {
        answer.authorization(&slac(1, issued)).unwrap().policy(&policy(version)).unwrap();
        answer.trust_code(&grant(1, "2023-11-15T00:55:00")).unwrap().account(&account(millis)).unwrap();
        let acks = [Ack::accepted(device(1), 10.into()), Ack::refused(device(1), 11.into(), 45, "no")];
        answer.acknowledgement(&AckList::new(acks)).unwrap();
    })
}

#[test]
fn what_a_server_writes_is_taken_whole_and_the_second_time_changes_nothing() {
    let mut state = fresh();
    state.trust.entry(device(1)).or_default().pending_keys = vec![b"TST00000001".to_vec()];
    let text = full("3", "2023-11-15T01:00:00", 1_700_010_001_277);
    let plan = run(&text, &state).unwrap();
    let classes: Vec<_> = plan.outcomes().iter().map(|part| part.class.as_str()).collect();
    assert_eq!(classes, ["POLICY", "AUTH", "TRUST CODE", "RUM ACK", "ACCOUNT INFO"]);
    assert!(plan.outcomes().iter().all(|part| part.outcome == Outcome::Installed), "{:?}", outcomes(&plan));
    assert_eq!((plan.error(), plan.to_string()), (DeviceError::Success, "Import Data Successful".to_owned()));
    assert_eq!(plan.outcomes()[1].confirmation, None, "a first SLAC has none");
    let refused = plan.outcomes()[3].members[1].warning.as_deref();
    assert_eq!(refused, Some("the server refuses the report: 45 verifysignaturefailed, no"));
    let state = plan.into_state();
    assert_eq!(state.reports[&(device(1), 10.into())].state, ReportState::Acknowledged);
    assert_eq!(state.reports[&(device(1), 11.into())].state, ReportState::Closed);
    assert_eq!(state.last_ack, Some(time(NOW)));
    assert_eq!(state.history.len(), 5);
    assert!(state.members[0].piid.is_some(), "the product instance id is adopted");

    // the same again, an hour later: nothing is new, and the policy keeps its install time (Q5, Q6)
    let judge = Server::default();
    let later = Situation::new(&judge, time("2023-11-15T02:10:00"));
    let plan = import(text.as_bytes(), &state, &later).unwrap();
    assert!(plan.outcomes().iter().all(|part| part.outcome == Outcome::Unchanged), "{:?}", outcomes(&plan));
    assert!(plan.outcomes().iter().all(|part| part.confirmation.is_none() && part.notification().is_none()));
    assert_eq!(plan.state().policy.as_ref().unwrap().installed_at, time(NOW));
    let mut same = plan.into_state();
    same.history.clone_from(&state.history);
    assert_eq!(same, state, "an old file does not even count as a newer acknowledgement");
}

#[test]
fn a_newer_code_replaces_and_gives_a_confirmation_code() {
    let state = after(&of_code(&slac(1, "2023-11-15T01:00:00")), &fresh());
    let plan = run(&of_code(&slac(1, "2023-11-15T01:05:00")), &state).unwrap();
    assert_eq!(outcomes(&plan), [(ImportClass::Authorization, Outcome::Replaced, "success")]);
    assert!(plan.outcomes()[0].confirmation.as_ref().unwrap().is_usual());
    let slr = code(AuthorizationKind::Slr, device(1), "2023-11-15T01:00:00");
    let plan = run(&of_code(&slr), &fresh()).unwrap();
    assert_eq!(plan.outcomes()[0].outcome, Outcome::Installed);
    assert!(plan.outcomes()[0].confirmation.is_some(), "an SLR has one from the start");
}

/// Every refusal and every part passed over that the table names, with its number.
#[expect(clippy::too_many_lines, reason = "a table")]
#[test]
fn each_wrong_document_is_refused_with_the_number_of_the_table_and_changes_nothing() {
    let good = of_code(&slac(1, "2023-11-15T01:00:00"));
    let with = |change: &dyn Fn(&mut Authorization)| {
        let mut code = slac(1, "2023-11-15T01:00:00");
        change(&mut code);
        of_code(&code)
    };
    let signed_as = |signature: &str| {
        let (start, rest) = good.split_once("<signature>").unwrap();
        let (_, end) = rest.split_once("</signature>").unwrap();
        format!("{start}<signature>{signature}</signature>{end}")
    };
    let mut classic = fresh();
    classic.mode = Mode::classic(None);
    let mut asked = fresh();
    asked.mode = Mode::classic(Some("CB-ZTEST-SWITCH:TST00000002-ATSTabcde-00".parse().unwrap()));
    let mut asked_for_all = fresh();
    asked_for_all.mode = Mode::classic(Some("DB-ZTEST-SWITCH:TST00000001-ATSTabcde-00".parse().unwrap()));
    let mut known_piid = fresh();
    known_piid.members[0].piid = Some("24418faf-0000-0000-0000-000000000000".to_owned());
    let slr = of_code(&code(AuthorizationKind::Slr, device(1), "2023-11-15T01:00:00"));
    let no_count = good.replace("<count>2</count>", "");
    let alone = fresh();
    let policy = of_policy(&policy("3"));
    let deep = format!("<smartLicense>{}{}</smartLicense>", "<a>".repeat(20), "</a>".repeat(20));
    let many = format!("<smartLicense>{}</smartLicense>", "<a/>".repeat(1_025));
    let cases: &[(&str, &str, &DeviceState, u16)] = &[
        ("too deep", &deep, &alone, 6),
        ("too many children", &many, &alone, 6),
        ("base64 broken", "PHNtYXJ0TGljZW5z=ZT4", &alone, 103),
        ("an archive", "PK\u{3}\u{4}", &alone, 103),
        ("base64 of another root", &STANDARD.encode("<html></html>"), &alone, 23),
        ("base64 of a cut document", &STANDARD.encode(good.get(..good.len() / 2).unwrap()), &alone, 17),
        ("base64 of a tampered document", &STANDARD.encode(good.replace("<count>2", "<count>9")), &alone, 45),
        ("a typed code", "CB-ZTEST-SWITCH:TST00000001-ATSTabcde-00", &alone, 103),
        ("empty", "", &alone, 17),
        ("cut", good.get(..good.len() / 2).unwrap(), &alone, 17),
        ("two roots", &format!("{good}{good}"), &alone, 17),
        ("cve-2026-20029: a doctype", &format!("<!DOCTYPE a SYSTEM \"file:///etc/passwd\">{good}"), &alone, 17),
        ("an entity", &good.replace("TST00000001", "&x;"), &alone, 17),
        ("a comment in signed bytes", &good.replace("<flag>", "<!-- x --><flag>"), &alone, 17),
        ("an instruction in signed bytes", &good.replace("<flag>", "<?x y?><flag>"), &alone, 17),
        ("a comment in a leaf", &good.replace("<flag>A", "<flag>A<!---->"), &alone, 17),
        ("an element in a leaf", &good.replace("<flag>A", "<flag>A<b/>"), &alone, 17),
        ("a part twice", &good.replace("<flag>A</flag>", "<flag>A</flag><flag>A</flag>"), &alone, 17),
        ("text between elements", &good.replace("<flag>", "x<flag>"), &alone, 17),
        (
            "two policies",
            &policy.replace(
                "<smartLicensePolicy>",
                &format!(
                    "{}<smartLicensePolicy>",
                    policy.trim_start_matches("<smartLicense>").trim_end_matches("</smartLicense>")
                ),
            ),
            &alone,
            17,
        ),
        ("unknown root", "<html></html>", &alone, 23),
        ("nothing for a device", "<smartLicense><smartLicenseFuture/></smartLicense>", &alone, 23),
        ("an answer of an interface", "{\"usage\":[]}", &alone, 23),
        ("an answer of the cloud", "{\"acknowledgements\":[{\"smart_license\":\"QUJD\"}]}", &alone, 23),
        ("an answer that is cut", "{\"smart_license\":", &alone, 23),
        ("udi missing", &good.replace("<udi>P:TEST-SWITCH,S:TST00000001</udi>", ""), &alone, 101),
        ("udi empty", &good.replace("P:TEST-SWITCH,S:TST00000001", ""), &alone, 101),
        ("udi without serial", &good.replace(",S:TST00000001", ""), &alone, 101),
        ("count missing", &no_count, &alone, 101),
        ("count out of range", &good.replace("<count>2", "<count>4294967296"), &alone, 101),
        ("tag empty", &good.replace("regid.2020-01.com.cisco.TEST,1.0_x", ""), &alone, 101),
        (
            "policy without its element",
            "<smartLicensePolicy><signature>AAAA</signature></smartLicensePolicy>",
            &alone,
            17,
        ),
        ("days out of range", &policy.replace(">30<", ">-1<"), &alone, 17),
        ("tampered", &good.replace("<count>2", "<count>9"), &alone, 45),
        (
            "apostrophes turned into quotes",
            &with(&|code| code.account = Some(Account::new("a'b", "c"))).replace('\'', "\""),
            &alone,
            45,
        ),
        ("signature absent", &signed_as(""), &alone, 45),
        ("another key", &signed_as("KEYU"), &alone, 45),
        ("signer ended", &signed_as("EXPI"), &alone, 47),
        ("not checkable", &signed_as("NOTC"), &alone, 99),
        ("chain broken", &signed_as("CHAI"), &alone, 99),
        ("development key", &signed_as("DEVE"), &alone, 105),
        ("version unknown", &with(&|code| code.version = Some("D".to_owned())), &alone, 114),
        ("flag unknown", &with(&|code| code.flag = Some("B".to_owned())), &alone, 24),
        ("another device", &of_code(&slac(2, "2023-11-15T01:00:00")), &alone, 73),
        ("another product instance", &good, &known_piid, 28),
        ("classic without request", &slr, &classic, 75),
        ("classic with the request of another", &slr, &asked, 77),
        ("classic with a request for all licences", &slr, &asked_for_all, 77),
    ];
    let mut texts = String::new();
    for (name, text, state, number) in cases {
        let before = (*state).clone();
        let refusal = match run(text, state) {
            Err(refusal) => refusal,
            Ok(plan) => panic!("{name}: {:?}", outcomes(&plan)),
        };
        assert_eq!(refusal.code(Platform::Xe).number(), *number, "{name}: {refusal}");
        assert_eq!(**state, before, "{name}");
        texts.push_str(name);
        texts.push_str("\n    ");
        texts.push_str(&refusal.to_string());
        texts.push('\n');
    }
    assert!(cases.len() >= 25);
    insta::assert_snapshot!(texts);
}

#[test]
fn parts_that_are_passed_over_carry_the_number_of_the_table() {
    let installed = after(&full("3", "2023-11-15T01:00:00", 1_700_010_001_277), &{
        let mut state = fresh();
        state.trust.entry(device(1)).or_default().pending_keys = vec![b"TST00000001".to_vec()];
        state
    });
    let mut returned = fresh();
    let old = slac(1, "2023-11-15T01:00:00");
    let text = of_code(&old);
    let parsed = Document::parse(text.as_bytes()).unwrap();
    let Some(Ok(Content::Authorization(statement))) = parsed.contents().next() else { panic!() };
    returned.returned.push(slp_rum::import::ReturnedCode::of(statement.view()));
    let mut failed = slac(1, "2023-11-15T01:00:00");
    failed.success = Some(false);
    let mut ended = slac(1, "2023-11-15T01:00:00");
    ended.entitlements[0].end = Some(TermDate::read("2023-11-14"));
    let conversion = ConversionAck::new(device(1), "tag", ConversionStatus::Success);
    let alone = fresh();
    let cases: &[(&str, String, &DeviceState, u16)] = &[
        ("an older policy", of_policy(&policy("2")), &installed, 108),
        ("an older code", of_code(&slac(1, "2023-11-15T00:59:59")), &installed, 81),
        ("a code given back before", text.clone(), &returned, 81),
        ("a code that the server could not grant", of_code(&failed), &alone, 37),
        ("all terms ended", of_code(&ended), &alone, 73),
        ("an unknown report", of_acks([Ack::accepted(device(1), 99.into())]), &alone, 9),
        ("an open report", of_acks([Ack::accepted(device(1), 12.into())]), &alone, 20),
        (
            "an opaque member without pair",
            document(|_| {}).replace("</smartLicense>", "")
                + of_ack_text(r#"[{"r":1}]"#).trim_start_matches("<smartLicense>"),
            &alone,
            9,
        ),
        ("a status of no known meaning", of_ack_text(r#"[{"report_id":10,"status":"MAYBE"}]"#), &alone, 24),
        (
            "an older account",
            document(|answer| {
                answer.account(&account(1)).unwrap();
            }),
            &installed,
            108,
        ),
        (
            "an earlier certificate",
            document(|answer| {
                answer.trust_code(&grant(1, "2023-11-14T00:00:00")).unwrap();
            }),
            &installed,
            40,
        ),
        (
            "a conversion that nobody started",
            document(|answer| {
                answer.conversions(&[conversion]).unwrap();
            }),
            &alone,
            134,
        ),
    ];
    for (name, text, state, number) in cases {
        let plan = run(text, state).unwrap();
        let part = &plan.outcomes()[0];
        assert_eq!((part.outcome, part.code().number()), (Outcome::Skipped, *number), "{name}: {part}");
        assert_eq!(plan.error(), part.error, "{name}");
        let mut now = plan.into_state();
        now.history.clone_from(&state.history);
        assert_eq!(now, **state, "{name}");
    }
}

#[test]
fn trust_codes_are_held_against_key_name_validity_and_time() {
    let mut state = fresh();
    state.trust.entry(device(1)).or_default().pending_keys = vec![b"TST00000001".to_vec()];
    let text = |start: &str| {
        document(|answer| {
            answer.trust_code(&grant(1, start)).unwrap();
        })
    };
    let number = |judge: Server, start: &str, state: &DeviceState| {
        let plan = import(text(start).as_bytes(), state, &Situation::new(&judge, time(NOW))).unwrap();
        plan.outcomes()[0].code().number()
    };
    let server = Server::default();
    let start = "2023-11-15T00:55:00";
    assert_eq!(number(server, start, &state), 0);
    assert_eq!(number(server, start, &fresh()), 48, "no such key is pending");
    assert_eq!(number(Server { other_key: true, ..server }, start, &state), 48);
    assert_eq!(number(Server { ended: true, ..server }, start, &state), 48, "the code names another end");
    assert_eq!(number(Server { leaf: Some(LeafFault::Unreadable), ..server }, start, &state), 49);
    assert_eq!(number(Server { leaf: Some(LeafFault::ChainBroken), ..server }, start, &state), 99);
    assert_eq!(number(Server { leaf: Some(LeafFault::NotChecked), ..server }, start, &state), 99);
    assert_eq!(number(server, "2023-11-15T02:10:00", &state), 0, "an hour ahead is the clock's business");
    assert_eq!(number(server, "2023-11-15T02:10:01", &state), 41);
    let late = Situation::new(&server, time("2031-11-13T01:00:01"));
    assert_eq!(import(text(start).as_bytes(), &state, &late).unwrap().outcomes()[0].code().number(), 42);
    let state = after(&text(start), &state);
    assert!(state.trust[&device(1)].pending_keys.is_empty());
    assert_eq!(run(&text(start), &state).unwrap().outcomes()[0].outcome, Outcome::Unchanged);
    assert_eq!(run(&text("2023-11-15T01:00:00"), &state).unwrap().outcomes()[0].outcome, Outcome::Replaced);
    assert_eq!(may_request_trust(&state, &device(1), false).unwrap_err().code(Platform::Xr).number(), 173);
    assert!(may_request_trust(&state, &device(1), true).is_ok());
}

#[test]
fn a_document_for_several_devices_gives_each_member_its_own() {
    let both = document(|answer| {
        answer.authorization(&slac(1, "2023-11-15T01:00:00")).unwrap();
        answer.authorization(&slac(2, "2023-11-15T01:00:00")).unwrap();
    });
    let plan = run(&both, &fresh()).unwrap();
    let found: Vec<_> = plan.outcomes().iter().map(|part| (part.outcome, part.code().number())).collect();
    assert_eq!(found, [(Outcome::Installed, 0), (Outcome::Skipped, 73)]);
    assert_eq!(plan.error(), DeviceError::Success);
    let mut set = fresh();
    set.members = vec![HaPeer::new(device(1)).in_role(HaRole::Active), HaPeer::new(device(2)).in_role(HaRole::Standby)];
    let plan = run(&both, &set).unwrap();
    assert!(plan.outcomes().iter().all(|part| part.outcome == Outcome::Installed));
    assert_eq!(plan.state().codes.len(), 2);
    // Q9: two roles with one UDI are one target; and a member that got nothing is named
    set.members = vec![HaPeer::new(device(1)).in_role(HaRole::Active), HaPeer::new(device(1)).in_role(HaRole::Standby)];
    set.asked_for_all = true;
    let plan = run(&of_code(&slac(1, "2023-11-15T01:00:00")), &set).unwrap();
    assert_eq!((plan.outcomes().len(), plan.warnings().len()), (1, 0));
    assert_eq!(plan.state().members[1].piid, plan.state().members[0].piid);
    set.members.push(HaPeer::new(device(2)));
    let plan = run(&of_code(&slac(1, "2023-11-15T01:00:00")), &set).unwrap();
    assert_eq!(plan.warnings(), ["P:TEST-SWITCH,S:TST00000002 got no code (no-code-for-member)"]);
}

#[test]
fn without_a_key_nothing_is_called_valid_but_everything_is_said() {
    let text = of_code(&slac(1, "2023-11-15T01:00:00"));
    let keyless = NoKeys::new();
    let mut situation = Situation::new(&keyless, time(NOW));
    let plan = import(text.as_bytes(), &fresh(), &situation).unwrap();
    assert_eq!(plan.warnings().len(), 1);
    assert!(plan.warnings()[0].ends_with("the signature was not checked (not-checkable)"));
    let several = document(|answer| {
        answer.authorization(&slac(1, "2023-11-15T01:00:00")).unwrap().policy(&policy("3")).unwrap();
        answer.account(&account(1)).unwrap();
    });
    let plan = import(several.as_bytes(), &fresh(), &situation).unwrap();
    insta::assert_snapshot!(plan.warnings().join("; "), @"3 signatures were not checked (not-checkable), the first at line 1, column 558, smartLicensePolicy/policyCode");
    situation.rule = SignatureRule::Required;
    let refusal = import(text.as_bytes(), &fresh(), &situation).unwrap_err();
    assert_eq!(refusal.error(), DeviceError::CouldNotValidateTrustChain);
    situation.rule = SignatureRule::Ignore;
    assert!(import(text.as_bytes(), &fresh(), &situation).unwrap().warnings().is_empty());
}

#[test]
fn a_code_of_the_classic_way_answers_its_request_once() {
    let mut state = fresh();
    state.mode = Mode::classic(Some("CB-ZTEST-SWITCH:TST00000001-ATSTabcde-00".parse().unwrap()));
    let mut sign = sign;
    let slr = code(AuthorizationKind::Slr, device(1), "2023-11-15T01:00:00");
    let text = answer::authorization(&slr, &mut sign).unwrap();
    let state = after(&text, &state);
    assert_eq!(state.mode, Mode::classic(None));
    let plan = run(&text, &state).unwrap();
    assert_eq!(outcomes(&plan), [(ImportClass::Authorization, Outcome::Unchanged, "reservationalreadyinstalled")]);
}

#[test]
fn a_store_that_fails_changes_nothing_and_a_code_in_use_stays() {
    let plan = run(&of_code(&slac(1, "2023-11-15T01:00:00")), &fresh()).unwrap();
    let refusal = plan.clone().apply(|_| Err("disk full")).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "Import Data Failed: storagefailtostore (25): the new state could not be stored: disk full; nothing has changed"
    );
    let state = plan.apply(|_| Ok::<(), &str>(())).unwrap();
    assert_eq!(may_return(&state, &device(1), true).unwrap_err().code(Platform::Xr).number(), 171);
    assert_eq!(may_return(&fresh(), &device(1), false).unwrap_err().error(), DeviceError::NoAuthorizationInstalled);
    assert!(may_return(&state, &device(1), false).is_ok());
    assert_eq!(Refusal::missing_file("not found").error(), DeviceError::NullPointer);
}

#[test]
fn some_terms_may_end_and_the_rest_is_granted() {
    let mut partly = slac(1, "2023-11-15T01:00:00");
    let mut ended = partly.entitlements[0].clone();
    ended.end = Some(TermDate::read("2023-11-14"));
    partly.entitlements.push(ended);
    let plan = run(&of_code(&partly), &fresh()).unwrap();
    assert_eq!(plan.outcomes()[0].outcome, Outcome::Installed);
    assert_eq!(plan.outcomes()[0].warnings.len(), 1);
    let tag = &partly.entitlements[0].tag;
    assert_eq!(plan.state().codes[&device(1)].authorization.authorized_count(tag, time(NOW)), 2);
}

#[test]
fn text_that_is_utf_16_is_no_base64() {
    let judge = Server::default();
    for bytes in [&b"\xff\xfe<\0s\0"[..], b"\xfe\xff\0<\0s", b"<\0s\0"] {
        let refusal = import(bytes, &fresh(), &Situation::new(&judge, time(NOW))).unwrap_err();
        assert_eq!((refusal.code(Platform::Xe).number(), refusal.code(Platform::Xr).number()), (17, 165));
    }
}

/// A licence upload of another product read files of its server that way.
#[test]
fn cve_2026_20029_no_dtd_and_no_entity_is_ever_processed() {
    let good = of_code(&slac(1, "2023-11-15T01:00:00"));
    let named = "<!DOCTYPE smartLicense [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    for text in [
        format!("{named}{}", good.replace("TST00000001", "&x;")),
        format!("<?xml version=\"1.0\"?>{named}{good}"),
        format!("<!DOCTYPE smartLicense SYSTEM \"http://192.0.2.1/x.dtd\">{good}"),
        good.replace("<flag>A", "<flag>&x;"),
        good.replace("<flag>A", "<flag>&#x0;"),
        good.replace("<smartLicense>", "<smartLicense><!DOCTYPE a>"),
    ] {
        for text in [STANDARD.encode(&text), text] {
            let refusal = run(&text, &fresh()).unwrap_err();
            assert_eq!(
                (refusal.code(Platform::Xe).number(), refusal.code(Platform::Xr).number()),
                (17, 165),
                "{refusal}"
            );
            let read = Document::parse(text.as_bytes());
            assert!(read.is_err() || read.unwrap().damage().is_some(), "{text}");
        }
    }
}

/// Account information alone tells nothing about the age of the policy that is installed.
#[test]
fn another_policy_is_as_old_as_the_document_that_it_came_with() {
    let named = |name: &str, millis| {
        let mut policy = policy("3");
        policy.name = name.to_owned();
        document(|answer| {
            answer.policy(&policy).unwrap().account(&account(millis)).unwrap();
        })
    };
    let account_alone = document(|answer| {
        answer.account(&account(10)).unwrap();
    });
    let outcome = |text: &str, state: &DeviceState| run(text, state).unwrap().outcomes()[0].outcome;
    let state = after(&account_alone, &after(&named("A", 5), &fresh()));
    assert_eq!(outcome(&named("B", 7), &state), Outcome::Replaced, "newer than A, which came at 5");
    assert_eq!(outcome(&named("B", 4), &state), Outcome::Skipped);
    let state = after(&named("A", 9), &state);
    assert_eq!(outcome(&named("B", 7), &state), Outcome::Skipped, "A was still in force at 9");
}
