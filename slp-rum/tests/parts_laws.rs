//! Laws of the parts beside reports, and of their import.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use slp_model::account::Account;
use slp_model::license::ReportState;
use slp_model::policy::{Policy, Requirement};
use slp_model::{SignedContent, Udi, UnixSeconds};
use slp_rum::import::{DeviceState, Judge, Outcome, ReportFacts, Situation, Verdict, import};
use slp_rum::write::answer::Answer;
use slp_rum::{Ack, AckList, Authorization, AuthorizationKind, Content, Document, Entitlement};

type SignResult = Result<String, Box<dyn std::error::Error + Send + Sync>>;

fn digest(content: &SignedContent<'_>) -> String {
    STANDARD.encode(Sha256::digest(&content.bytes))
}

#[expect(clippy::unnecessary_wraps, reason = "what a server would call can fail")]
fn sign(content: &SignedContent<'_>) -> SignResult {
    Ok(digest(content))
}

struct Server;

impl Judge for Server {
    fn has_server_key(&self) -> bool {
        true
    }

    fn judge(&self, content: &SignedContent<'_>) -> Verdict {
        match content.signature.as_deref() {
            Some(text) if text == digest(content) => Verdict::Verified,
            Some(_) => Verdict::Invalid,
            None => Verdict::Malformed,
        }
    }
}

fn device() -> Udi {
    "P:TEST,S:TST00000001".parse().unwrap()
}

fn now() -> UnixSeconds {
    "2023-11-15T01:10:00".parse().unwrap()
}

/// Texts with everything that XML and JSON have to escape.
fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "&", "<", ">", "'", "\"", "]]>", "é", "\\", " "]), 0..12)
        .prop_map(|pieces| pieces.concat())
}

fn policy() -> impl Strategy<Value = Policy> {
    let days = || prop::option::of(any::<u32>());
    let requirement = || (days(), days(), days()).prop_map(|(a, b, c)| Requirement::new(a, b, c));
    (text(), prop::option::of(text()), requirement(), requirement(), prop::option::of(any::<bool>())).prop_map(
        |(name, version, export, perpetual, ack)| {
            let mut policy = Policy::new(name);
            (policy.version, policy.export, policy.perpetual) = (version, export, perpetual);
            policy.ack_required = ack;
            policy
        },
    )
}

fn code() -> impl Strategy<Value = Authorization> {
    (text(), text(), prop::collection::vec((text(), any::<u32>()), 1..4), 0..2_000_000_000_i64).prop_map(
        |(smart, piid, entitlements, issued)| {
            let mut code = Authorization::new(AuthorizationKind::Slac, device());
            code.account = Some(Account::new(smart, "x"));
            (code.piid, code.date) = (Some(piid), UnixSeconds::new(issued).ok());
            code.entitlements = entitlements
                .into_iter()
                .map(|(name, count)| {
                    let mut one = Entitlement::new("tag".parse().unwrap(), count);
                    one.display_name = Some(name);
                    one
                })
                .collect();
            code
        },
    )
}

/// A message may hold what XML cannot: it stands in JSON, which escapes it.
fn message() -> impl Strategy<Value = String> {
    (text(), prop::sample::select(vec!["", "\u{fffe}", "\u{ffff}", "]]>\u{ffff}", "\u{1}"]), text())
        .prop_map(|(before, odd, after)| [&*before, odd, &*after].concat())
}

fn acks() -> impl Strategy<Value = AckList> {
    prop::collection::btree_map(0..6_u64, prop::option::of(message()), 0..6).prop_map(|acks| {
        AckList::new(acks.into_iter().map(|(id, refused)| match refused {
            None => Ack::accepted(device(), id.into()),
            Some(message) => Ack::refused(device(), id.into(), 45, message),
        }))
    })
}

fn document(code: &Authorization, policy: &Policy, acks: &AckList) -> String {
    let mut sign = sign;
    let mut answer = Answer::new(&mut sign);
    answer.acknowledgement(acks).unwrap().policy(policy).unwrap().authorization(code).unwrap();
    answer.finish().unwrap()
}

fn fresh() -> DeviceState {
    let mut state = DeviceState::new(device());
    for id in 0..4_u64 {
        let word = if id == 3 { ReportState::Open } else { ReportState::Closed };
        state.reports.insert((device(), id.into()), ReportFacts::new(word, Some(now())));
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn what_is_written_reads_back_equal(code in code(), policy in policy(), acks in acks()) {
        let text = document(&code, &policy, &acks);
        let document = Document::parse(text.as_bytes()).unwrap();
        prop_assert!(document.warnings().is_empty());
        let contents: Vec<_> = document.contents().map(Result::unwrap).collect();
        let [Content::Authorization(a), Content::Policy(b), Content::Acknowledgement(c)] = &contents[..] else {
            return Err(TestCaseError::fail(format!("{contents:?}")));
        };
        prop_assert_eq!(a.view(), &code);
        prop_assert_eq!(b.view(), &policy);
        prop_assert_eq!(c.view(), &acks);
        for content in &contents {
            let signed = content.signed_content().unwrap();
            prop_assert_eq!(signed.signature.as_deref(), Some(&*digest(&signed)));
        }
    }

    #[test]
    fn white_space_around_parts_changes_neither_bytes_nor_meaning(code in code(), policy in policy(), acks in acks()) {
        let text = document(&code, &policy, &acks);
        let spaced = text.replace("<smartLicenseP", "\r\n\t <smartLicenseP").replace("</smartLicense>", "\n</smartLicense>\n");
        let signed = |text: &str| -> Vec<Vec<u8>> {
            let document = Document::parse(text.as_bytes()).unwrap();
            document.contents().map(|content| content.unwrap().signed_content().unwrap().bytes.to_vec()).collect()
        };
        prop_assert_eq!(signed(&text), signed(&spaced));
    }

    #[test]
    fn an_import_applied_twice_is_applied_once(code in code(), policy in policy(), acks in acks()) {
        let text = document(&code, &policy, &acks);
        let server = Server;
        let situation = Situation::new(&server, now());
        let once = import(text.as_bytes(), &fresh(), &situation).unwrap().into_state();
        let plan = import(text.as_bytes(), &once, &situation).unwrap();
        prop_assert!(!plan.outcomes().iter().any(|part| part.outcome == Outcome::Replaced));
        let mut twice = plan.into_state();
        twice.history.clone_from(&once.history);
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn a_changed_byte_is_never_taken_for_what_was_signed(
        code in code(), policy in policy(), acks in acks(), at in any::<prop::sample::Index>(), bit in 0..7_u8,
    ) {
        let text = document(&code, &policy, &acks);
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let server = Server;
        if let Ok(plan) = import(&bytes, &fresh(), &Situation::new(&server, now())) {
            // what may change is outside the signatures: names of parts and devices, white space
            let before = import(text.as_bytes(), &fresh(), &Situation::new(&server, now())).unwrap();
            if let (Some(one), Some(other)) = (&plan.state().policy, &before.state().policy) {
                prop_assert_eq!(&one.policy, &other.policy);
            }
            for (device, installed) in &plan.state().codes {
                prop_assert_eq!(Some(&installed.signed), before.state().codes.get(device).map(|code| &code.signed));
            }
            for (key, facts) in &plan.state().reports {
                let same = facts == &before.state().reports[key];
                prop_assert!(same || facts == &fresh().reports[key]);
            }
        }
    }

    #[test]
    fn no_input_makes_a_reader_panic(pieces in prop::collection::vec(prop::sample::select(vec![
        "<smartLicense>", "</smartLicense>", "<smartLicenseRumAck>", "</smartLicenseRumAck>", "<data>", "</data>",
        "<![CDATA[", "]]>", "[", "]", "{", "}", "\"sudi\":", "\"report_id\":", "1", ",", "<signature>", "</signature>",
        "<specificPLR>", "</specificPLR>", "<authorizationCode>", "</authorizationCode>", "<udi>", "</udi>", "P:a,S:b",
        "<a/>", "&lt;", "&x;", "<!---->", "<?x?>", "é", "\u{0}", " ", "<smartLicensePolicy>", "</smartLicensePolicy>",
    ]), 0..40)) {
        let text = pieces.concat();
        if let Ok(document) = Document::parse(text.as_bytes()) {
            prop_assert_eq!(&*document.to_bytes(), text.as_bytes());
            for content in document.contents().flatten() {
                prop_assert!(text.contains(content.raw()));
            }
        }
        let server = Server;
        let _ = import(text.as_bytes(), &fresh(), &Situation::new(&server, now()));
    }
}
