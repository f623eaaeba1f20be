//! The typed tree of `cisco-smart-license`: answers of devices, and every node of the published module.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests read files and the environment")]

mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use slp_transport::Limits;
use slp_transport::restconf::state::{
    ConversionStatus, Licensing, Part, PolicyType, RegistrationState, RumReportState, State, TransportType,
};
use support::sample;

const MODULE: &str = "xe-2611-cisco-smart-license.yang";

#[test]
fn a_stack_of_today_is_read_and_written_again() {
    let text = include_bytes!("restconf/stack.json");
    let licensing = Licensing::from_restconf(text, &Limits::default()).unwrap();
    assert_eq!(json_of(&licensing.to_restconf()), json_of(std::str::from_utf8(text).unwrap()));
    let config = licensing.config.unwrap();
    assert_eq!(config.usage.unwrap().customer_tags.unwrap().tag1.as_deref(), Some("lab"));
    let info = licensing.state.unwrap().state_info.unwrap();
    assert_eq!(info.transport.unwrap().transport_type, Some(TransportType::Cslu));
    assert_eq!((info.usage[0].count, info.usage[0].post_paid), (Some(2), Some(false)));
    let policy = info.policy.unwrap();
    assert_eq!((policy.policy_type, policy.ack_required), (Some(PolicyType::Custom), Some(true)));
    assert_eq!(policy.perpetual.unwrap().reporting_macd, Some(90));
    assert_eq!(info.trust_code[1].is_installed, Some(false));
    assert_eq!(info.trust_code[1].udi.as_ref().unwrap().udi().unwrap().serial(), "TST00000002");
    assert_eq!(info.conversion[0].status, Some(ConversionStatus::Success));
    assert_eq!(
        info.conversion[0].status_time.as_ref().unwrap().seconds(),
        policy.install_time.unwrap().seconds(),
        "an hour later by the clock, an hour east"
    );
    let keys = &info.rum_reports_closed_keys;
    assert_eq!((keys[0].report_id, keys[1].report_id), (Some(u64::MAX), Some(1_790_000_001)));
    assert_eq!(keys[0].report_state, Some(RumReportState::Unacknowledged));
    assert_eq!(keys[1].report_state.as_ref().unwrap().as_str(), "rum-report-state-of-tomorrow");
    assert_eq!(info.factory_purchase[0].licenses[0].count, Some(1));
    let imported = info.imported_authorizations.unwrap();
    assert_eq!(imported.overall_status[0].installed_list.len(), 1);
    assert_eq!(imported.authorization_list[0].total_count, Some(1));
    assert_eq!(info.unknown.get("leaf-of-tomorrow"), Some(r#"{"a": [1, null]}"#));
}

#[test]
fn a_device_of_the_classic_way_is_read_and_written_again() {
    let text = include_bytes!("restconf/classic.json");
    let state = State::from_restconf(text, &Limits::default()).unwrap();
    assert_eq!(json_of(&state.to_restconf()), json_of(std::str::from_utf8(text).unwrap()));
    assert_eq!(state.always_enabled, None);
    let info = state.state_info.unwrap();
    let registration = info.registration.unwrap();
    assert_eq!(registration.registration_state, Some(RegistrationState::Complete));
    assert_eq!(registration.complete.unwrap().smart_account.as_deref(), Some("Example"));
    assert_eq!(info.authorization.unwrap().eval.unwrap().seconds_left, Some(7_776_000));
    assert!(info.rum_ack.is_none() && info.trust_code.is_empty());
}

#[test]
fn numbers_of_64_bits_are_read_either_way_and_a_leaf_of_another_kind_is_named() {
    let read = |text: &str| State::from_restconf(text.as_bytes(), &Limits::default());
    let keys = |keys: &str| format!(r#"{{"x:state":{{"state-info":{{"rum-reports-closed-keys":{keys}}}}}}}"#);
    let keys = |text: &str| keys(text).replace("x:", "cisco-smart-license:");
    for id in ["7", "\"7\""] {
        let state = read(&keys(&format!("[{{\"report-id\":{id}}}]"))).unwrap();
        assert!(state.to_restconf().contains(r#"[{"report-id":"7"}]"#), "{}", state.to_restconf());
    }
    let error = read(&keys(r#"[{"report-id":"7"},{"report-id":"7.0"}]"#)).unwrap_err().to_string();
    assert!(error.contains("state-info.rum-reports-closed-keys[1].report-id"), "{error}");
    assert!(read(r#"{"ietf-interfaces:state":{}}"#).is_err());
    assert!(!read(&keys("[]")).unwrap().to_restconf().contains("keys"), "an empty list is no list");
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// One statement of YANG.
#[derive(Clone, Debug)]
struct Statement {
    keyword: String,
    argument: String,
    inside: Vec<Statement>,
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return tokens };
        let length = match first {
            '"' => rest[1..].find('"').unwrap() + 2,
            '{' | '}' | ';' => 1,
            _ if rest.starts_with("//") => {
                rest = rest.split_once('\n').unwrap().1;
                continue;
            }
            _ if rest.starts_with("/*") => {
                rest = rest.split_once("*/").unwrap().1;
                continue;
            }
            _ => rest.find(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';')).unwrap_or(rest.len()),
        };
        tokens.push(rest[..length].trim_matches('"').to_owned());
        rest = &rest[length..];
    }
}

fn statements(tokens: &mut std::iter::Peekable<std::vec::IntoIter<String>>) -> Vec<Statement> {
    let mut found = Vec::new();
    while let Some(keyword) = tokens.next() {
        if keyword == "}" {
            break;
        }
        let mut argument = String::new();
        loop {
            match tokens.next().unwrap().as_str() {
                ";" => {
                    found.push(Statement { keyword, argument, inside: Vec::new() });
                    break;
                }
                "{" => {
                    let inside = statements(tokens);
                    found.push(Statement { keyword, argument, inside });
                    break;
                }
                more => argument.push_str(more),
            }
        }
    }
    found
}

impl Statement {
    fn parse(text: &str) -> Self {
        statements(&mut tokens(text).into_iter().peekable()).remove(0)
    }

    fn all<'s>(&'s self, keyword: &'s str) -> impl Iterator<Item = &'s Self> {
        self.inside.iter().filter(move |inside| inside.keyword == keyword)
    }

    fn named(&self, keyword: &str, argument: &str) -> &Self {
        let mut found = self.inside.iter().filter(|inside| inside.keyword == keyword);
        found.find(|inside| inside.argument == argument).unwrap_or_else(|| panic!("{keyword} {argument}"))
    }

    /// The value of a type, or the so-manieth word of an enumeration.
    fn value(&self, ty: &str, round: usize) -> Value {
        match ty {
            "boolean" => round.is_multiple_of(2).into(),
            "uint32" => u32::MAX.into(),
            "uint64" => u64::MAX.to_string().into(),
            "string" | "inet:uri" | "fail-message-type" | "yang:uuid" | "yang:mac-address" => "a text".into(),
            "yang:date-and-time" => "2026-01-01T00:00:00+00:00".into(),
            _ => {
                let words: Vec<_> = self.named("typedef", ty).named("type", "enumeration").all("enum").collect();
                words[round % words.len()].argument.as_str().into()
            }
        }
    }

    /// Everything that a container can hold.
    fn filled(&self, container: &Self, round: usize, nodes: &mut usize) -> Value {
        let mut members = serde_json::Map::new();
        for node in &container.inside {
            let name = node.argument.clone();
            match node.keyword.as_str() {
                "leaf" => {
                    let ty = node.all("type").next().unwrap();
                    members.insert(name, self.value(&ty.argument, round));
                }
                "container" => drop(members.insert(name, self.filled(node, round, nodes))),
                "list" => drop(members.insert(name, json!([self.filled(node, round, nodes)]))),
                "uses" | "choice" | "case" => {
                    let inside = if node.keyword == "uses" { self.named("grouping", &name) } else { node };
                    let Value::Object(more) = self.filled(inside, round, nodes) else { unreachable!() };
                    members.extend(more);
                    continue;
                }
                "description" | "key" | "when" | "config" => continue,
                other => panic!("{other} {name} is not known to this test"),
            }
            *nodes += 1;
        }
        members.into()
    }
}

/// How many nodes the flattened tree has.
fn nodes_of_tree() -> usize {
    let tree = String::from_utf8(sample("transport/yang/xe-2611-tree-cisco-smart-license.txt").unwrap()).unwrap();
    let (_, tree) = tree.split_once("\ncontainer licensing\n").unwrap();
    let lines = tree.lines().take_while(|line| line.starts_with(' ')).map(str::trim_start);
    lines.filter(|line| ["leaf ", "container ", "list "].iter().any(|kind| line.starts_with(kind))).count()
}

#[test]
fn every_node_and_every_word_of_the_module_has_its_place() {
    for name in [MODULE, "xe-1741-cisco-smart-license.yang"] {
        let Some(text) = sample(&format!("transport/yang/{name}")) else { return };
        let module = Statement::parse(&String::from_utf8(text).unwrap());
        for round in 0..10 {
            let mut nodes = 0;
            let filled = module.filled(module.named("container", "licensing"), round, &mut nodes);
            let whole = json!({ "cisco-smart-license:licensing": filled });
            assert!(nodes > 100, "{name}: {nodes}");
            let read = Licensing::from_restconf(whole.to_string().as_bytes(), &Limits::default()).unwrap();
            assert_eq!(json_of(&read.to_restconf()), whole, "{name}");
            let shown = format!("{read:?}");
            assert!(!shown.contains("members: [("), "{name}: a node has no place: {shown}");
            assert!(!shown.contains("Other("), "{name}: a word has no place: {shown}");
            if name == MODULE {
                assert_eq!(nodes, nodes_of_tree(), "this test reads the module as others do");
                assert!(!shown.contains(": None"), "a place has no node: {shown}");
                let empty = shown.replace("members: []", "").matches(": []").count();
                assert_eq!(empty, 0, "a place has no node: {shown}");
            }
        }
    }
}

#[test]
fn every_part_that_can_be_asked_for_is_a_node_of_the_module() {
    let Some(text) = sample(&format!("transport/yang/{MODULE}")) else { return };
    let module = Statement::parse(&String::from_utf8(text).unwrap());
    let licensing = module.named("container", "licensing");
    let info = licensing.named("container", "state").named("container", "state-info");
    let mut theirs: Vec<_> = info
        .inside
        .iter()
        .filter(|node| matches!(node.keyword.as_str(), "container" | "list"))
        .map(|node| format!("state/state-info/{}", node.argument))
        .collect();
    theirs.extend(["config", "state", "state/state-info", ""].map(str::to_owned));
    theirs.sort_unstable();
    assert_eq!(parts(), theirs);
}

/// Paths of the parts.
fn parts() -> Vec<String> {
    use slp_transport::restconf::state::*;
    macro_rules! paths {
        ($($ty:ty),+ $(,)?) => { vec![$( (<$ty as Part>::PATH, <$ty as Part>::name()) ),+] };
    }
    let parts: BTreeMap<_, _> = paths!(
        Licensing,
        Config,
        State,
        StateInfo,
        Registration,
        Authorization,
        Utility,
        Transport,
        Privacy,
        Evaluation,
        DeviceUdi,
        Policy,
        RumAck,
        ImportedAuthorizations,
        Vec<Usage>,
        Vec<TrustCode>,
        Vec<Conversion>,
        Vec<ReportKey>,
        Vec<FactoryPurchase>,
    )
    .into_iter()
    .collect();
    assert_eq!((parts[""], parts["state/state-info/rum-ack"]), ("licensing", "rum-ack"));
    parts.into_keys().map(str::to_owned).collect()
}
