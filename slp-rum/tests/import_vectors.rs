//! The vectors of the spec, imported as its index says.

mod common;

use std::collections::BTreeMap;

use common::{bytes, samples};
use sha2::{Digest, Sha256};
use slp_model::error_code::Platform;
use slp_model::license::ReportState;
use slp_model::{SignedContent, Udi, UnixSeconds};
use slp_rum::TrustCode;
use slp_rum::import::{
    DeviceState, HaPeer, Judge, Leaf, LeafFault, Mode, Outcome, Plan, Refusal, ReportFacts, Situation, Verdict, import,
};

/// Knows by digest which signatures hold: `expected_spans.tsv` says so.
struct Table(BTreeMap<Vec<u8>, bool>);

impl Judge for Table {
    fn has_server_key(&self) -> bool {
        true
    }

    fn judge(&self, content: &SignedContent<'_>) -> Verdict {
        match self.0.get(&Sha256::digest(&content.bytes).to_vec()) {
            Some(true) => Verdict::Verified,
            _ => Verdict::Invalid,
        }
    }

    /// The certificates themselves are read elsewhere: here each has the key of its serial number.
    fn leaf(&self, code: &TrustCode) -> Result<Leaf, LeafFault> {
        let view = code.view();
        let key = view.udi.serial().as_bytes().to_vec();
        let start = view.not_before.ok_or(LeafFault::Unreadable)?;
        Ok(Leaf::new(view.certificates.clone().into(), key, view.udi.to_string(), start, view.not_after))
    }
}

struct Bench {
    folder: std::path::PathBuf,
    judge: Table,
}

fn device(number: u32) -> Udi {
    format!("P:TEST-SWITCH,S:TST0000000{number}").parse().unwrap()
}

fn now() -> UnixSeconds {
    "2023-11-15T01:10:00".parse().unwrap()
}

impl Bench {
    fn new() -> Option<Self> {
        let folder = samples()?.join("sdk_vectors");
        let table = String::from_utf8(bytes(&folder.join("expected_spans.tsv"))).unwrap();
        let rows = table.lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>());
        let unhex = |text: &str| -> Vec<u8> {
            (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
        };
        let known = rows.map(|cells| (unhex(cells[5]), cells[7] == "yes")).collect();
        Some(Self { folder, judge: Table(known) })
    }

    fn import(&self, name: &str, state: &DeviceState) -> Result<Plan, Refusal> {
        self.import_as(name, state, None)
    }

    fn import_as(&self, name: &str, state: &DeviceState, hint: Option<Udi>) -> Result<Plan, Refusal> {
        let mut situation = Situation::new(&self.judge, now());
        situation.hint = hint;
        import(&bytes(&self.folder.join(name)), state, &situation)
    }
}

/// Device 1 alone, two reports closed and sent.
fn fresh() -> DeviceState {
    let mut state = DeviceState::new(device(1));
    for id in [1_700_000_000_u64, 1_700_000_001] {
        let sent = ReportFacts::new(ReportState::Closed, UnixSeconds::new(1_700_009_000).ok());
        state.reports.insert((device(1), id.into()), sent);
    }
    state
}

fn both() -> DeviceState {
    let mut state = fresh();
    state.members.push(HaPeer::new(device(2)));
    state
}

fn words(plan: &Plan) -> Vec<String> {
    plan.outcomes().iter().map(ToString::to_string).collect()
}

fn report(state: &DeviceState, id: u64) -> (ReportState, bool) {
    let facts = &state.reports[&(device(1), id.into())];
    (facts.state.clone(), facts.by_pairing)
}

#[test]
fn each_vector_is_imported_as_the_index_says() {
    let Some(bench) = Bench::new() else { return };
    let fresh = fresh();
    let code = |name: &str, state: &DeviceState| bench.import(name, state).unwrap_err().code(Platform::Xe).number();

    let plan = bench.import("v01_slac.xml", &fresh).unwrap();
    let installed = |class: &str| format!("Import {class}: installed");
    let udi = "P:TEST-SWITCH,S:TST00000001";
    assert_eq!(words(&plan), [installed("POLICY"), installed(&format!("AUTH {udi}")), installed("ACCOUNT INFO")]);
    for name in ["v11_slac_spaced.xml", "v12_slac_base64.txt"] {
        let same = bench.import(name, &fresh).unwrap();
        assert_eq!((words(&same), same.state().codes == plan.state().codes), (words(&plan), true), "{name}");
        assert_eq!(same.warnings().len(), 1, "{name}");
    }
    let after_v01 = plan.into_state();

    // Q5, Q6: policy and authorization ride along again
    let plan = bench.import("v02_ack.xml", &after_v01).unwrap();
    let unchanged = |class: &str| format!("Import {class}: unchanged");
    assert_eq!(words(&plan)[..3], [unchanged("POLICY"), unchanged(&format!("AUTH {udi}")), installed("RUM ACK")]);
    assert_eq!(report(plan.state(), 1_700_000_000), (ReportState::Acknowledged, false));
    assert_eq!(report(plan.state(), 1_700_000_001), (ReportState::Closed, false));
    let escaped = bench.import("v19_ack_escaped_text.xml", &after_v01).unwrap();
    assert_eq!(escaped.state().reports, plan.state().reports);

    let after_v03 = bench.import("v03_policy.xml", &fresh).unwrap();
    assert_eq!(words(&after_v03), [installed("POLICY")]);
    assert_eq!(words(&bench.import("v20_signature_wrapped.xml", &fresh).unwrap()), [installed("POLICY")]);
    let older = bench.import("v16_policy_older.xml", after_v03.state()).unwrap();
    assert_eq!(older.outcomes()[0].code().number(), 108);

    let plan = bench.import("v04_slr.xml", &fresh).unwrap();
    assert!(plan.outcomes()[0].confirmation.is_some());
    let mut classic = fresh.clone();
    classic.mode = Mode::classic(None);
    assert_eq!(code("v04_slr.xml", &classic), 75);

    let mut set = both();
    for number in [1, 2] {
        let key = device(number).serial().as_bytes().to_vec();
        set.trust.entry(device(number)).or_default().pending_keys.push(key);
    }
    let plan = bench.import("v06_trust_code_ha.xml", &set).unwrap();
    assert!(plan.outcomes().iter().all(|part| part.outcome == Outcome::Installed), "{:?}", words(&plan));

    let mut set = both();
    set.converting = [device(1), device(2)].into();
    let plan = bench.import("v07_conversion_ack.xml", &set).unwrap();
    let states: Vec<_> =
        plan.state().converted.values().filter_map(slp_rum::ack::conversion::ConversionStatus::device_state).collect();
    assert_eq!(states, [3, 5]);

    assert_eq!(code("v10_slac_tampered.xml", &fresh), 45);
    assert_eq!(code("v13_dtd_refused.xml", &fresh), 17);
    assert_eq!(code("v14_slac_other_device.xml", &fresh), 73);
    let plan = bench.import("v15_slac_two_devices.xml", &fresh).unwrap();
    let codes: Vec<_> = plan.outcomes().iter().map(|part| part.code().number()).collect();
    assert_eq!(codes, [0, 0, 73, 0]);
    assert_eq!(bench.import("v15_slac_two_devices.xml", &both()).unwrap().state().codes.len(), 2);

    let plan = bench.import("v17_ack_near_names.xml", &fresh).unwrap();
    for id in [1_700_000_000, 1_700_000_001] {
        assert_eq!(report(plan.state(), id), (ReportState::Acknowledged, false));
    }
    let plan = bench.import("v18_ack_opaque.xml", &fresh).unwrap();
    assert_eq!(
        (plan.outcomes()[0].code().number(), plan.outcomes()[0].reason.as_str()),
        (9, "no report is named, and nothing tells which one is meant (unpaired)")
    );
    let plan = bench.import_as("v18_ack_opaque.xml", &fresh, Some(device(1))).unwrap();
    for id in [1_700_000_000, 1_700_000_001] {
        assert_eq!(report(plan.state(), id), (ReportState::Acknowledged, true));
    }
    let plan = bench.import("v21_signature_92.xml", &fresh).unwrap();
    assert_eq!(words(&plan), [installed("ACCOUNT INFO")]);
}

/// Q8: a template without names is a document, and no code.
#[test]
fn the_empty_template_is_refused_as_a_code_that_lacks_an_element() {
    let Some(bench) = Bench::new() else { return };
    let template = bytes(&bench.folder.join("../slr_virl2_client_invalid_template.xml"));
    let refusal = import(&template, &fresh(), &Situation::new(&bench.judge, now())).unwrap_err();
    assert_eq!(refusal.code(Platform::Xe).number(), 101);
}
