//! The data model, asked by the SDK's own client over a real socket.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use device::{Access, Device, Runner, Served, Transport};
use slp_kit::{Authority, Clock, ManualClock};
use slp_transport::client::{Certificates, Client, ClientSettings, Pin};
use slp_transport::cssm::Token;
use slp_transport::device::{AllReports, CloseReports, Import, Session};
use slp_transport::restconf::state::{Licensing, Part, Read, RumReportState, StateInfo, TransportType};
use slp_transport::restconf::{ReadState, ReportKey, RpcCall, RpcPath};
use slp_transport::rpc::{FilePath, Rpc};
use slp_transport::{BaseUrl, Error, ErrorKind, Limits, Secret};
use support::*;

/// A device behind TLS, and a client that knows its certificate.
struct Bench {
    world: World,
    runner: Runner,
    client: Client,
    session: Session,
    address: SocketAddr,
    _served: Served,
    _runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new(runner: impl FnOnce(&World) -> Runner) -> Self {
        let world = World::new([]);
        let runner = runner(&world);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let leaf = Authority::new("Certificate of a device").unwrap().certify_server(&["127.0.0.1"]).unwrap();
        let (chain, key) = (leaf.chain_pem.as_bytes(), leaf.key_pem.as_bytes());
        let time: Arc<ManualClock> = Arc::clone(&world.clock);
        let clock: Arc<dyn Clock> = time;
        let (device, access) = (Arc::clone(&runner.device), Access::new("slp", "hunter2"));
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let served = runtime.block_on(device::serve_tls(device, access, clock, anywhere, chain, key)).unwrap();
        let certificate = slp_crypto::Certificate::inspect_pem(chain).unwrap().remove(0).unwrap();
        let mut settings = ClientSettings::default();
        settings.certificates = Certificates::Pinned(vec![Pin::Certificate(*certificate.sha256())]);
        let base: BaseUrl = format!("https://{}", served.0).parse().unwrap();
        Self {
            world,
            runner,
            client: Client::new(settings).unwrap(),
            session: Session::new(base, "slp", Secret::new("hunter2")),
            address: served.0,
            _served: served,
            _runtime: runtime,
        }
    }

    fn call(&self, rpc: Rpc) -> Result<slp_transport::rpc::RpcAnswer, Error> {
        let answer = self.client.call(&self.session, RpcCall::new(rpc), &Limits::default());
        self.runner.turn().unwrap();
        answer
    }

    /// The word of a refusal.
    fn refused(&self, rpc: Rpc) -> String {
        self.call(rpc).unwrap_err().refusal().unwrap().message_code.clone().unwrap()
    }

    fn state(&self, leaf: &str) -> Result<serde_json::Value, Error> {
        let raw = self.client.call(&self.session, ReadState::new(leaf), &Limits::default())?;
        Ok(serde_json::from_str(raw.as_str()).unwrap())
    }

    /// A part of the state by its type: nothing in it is unknown to the type.
    fn read<T: Part + std::fmt::Debug>(&self) -> T {
        let part = self.client.call(&self.session, Read::<T>::new(), &Limits::default()).unwrap();
        let shown = format!("{part:?}");
        assert!(!shown.contains("members: [(") && !shown.contains("Other("), "{shown}");
        part
    }

    fn keys(&self) -> Vec<ReportKey> {
        let raw = self.client.call(&self.session, ReadState::report_keys(), &Limits::default()).unwrap();
        let keys = ReportKey::list(&raw, &Limits::default()).unwrap();
        assert_eq!(self.read::<Vec<ReportKey>>(), keys);
        keys
    }

    fn device(&self) -> std::sync::MutexGuard<'_, Device> {
        lock(&self.runner)
    }
}

fn path(text: &str) -> FilePath {
    FilePath::new(text).unwrap()
}

#[test]
fn a_puller_reads_the_keys_saves_the_reports_carries_them_and_brings_the_answer_back() {
    let bench = Bench::new(|world| world.device(setup(1)));
    bench.world.say(&bench.runner, "license network-advantage 2");
    bench.world.pass(&[&bench.runner], 3 * DAY);
    assert!(bench.keys().is_empty(), "an open report is in no list");
    assert_eq!(bench.call(Rpc::SaveUsageUnreported(path("bootflash:usage.txt"))).unwrap().return_code, "success");
    let keys = bench.keys();
    let [key] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!(key.report_state, Some(RumReportState::Unacknowledged));
    assert_eq!(key.report_start_time.as_ref().unwrap().as_str(), "2026-01-01T00:00:00Z");
    assert_eq!(bench.refused(Rpc::SaveUsageUnreported(path("again.txt"))), "notfound");
    // the file is copied, its answer is copied back
    let file = bench.device().files().read("usage.txt", 1 << 20).unwrap();
    let document = slp_rum::Document::parse(&file).unwrap();
    assert_eq!(document.reports().next().unwrap().unwrap().id().get(), key.report_id.unwrap());
    let upload = bench.world.cloud.lock().unwrap().upload("usage.txt", &file, bench.world.now());
    let answer = bench.world.cloud.lock().unwrap().answer(&upload.answer.unwrap()).unwrap().to_vec();
    bench.device().files().write("ack.txt", &answer).unwrap();
    assert_eq!(bench.call(Rpc::ImportFile(path("bootflash:ack.txt"))).unwrap().return_code, "success");
    assert!(bench.keys().is_empty());
    assert_eq!(bench.state("rum-ack/last-received-time").unwrap(), "2026-01-04T00:00:00Z");
    assert_eq!(bench.state("policy/policy-type").unwrap(), "policy-type-custom");
}

#[test]
fn the_service_and_the_data_model_show_one_device() {
    let bench = Bench::new(|world| world.device(setup(1)));
    let limits = Limits::default();
    bench.world.say(&bench.runner, "license network-advantage 1");
    bench.world.clock.advance(DAY);
    bench.client.call(&bench.session, CloseReports::new(), &limits).unwrap();
    let closed = bench.keys().remove(0);
    assert_eq!(closed.report_state, Some(RumReportState::Closed));
    let reports = bench.client.call(&bench.session, AllReports::new(), &limits).unwrap();
    assert_eq!(reports.usage.len(), 1);
    // asked for by one road, seen by the other; and still so after a restart
    assert_eq!(bench.keys()[0].report_state, Some(RumReportState::Unacknowledged));
    assert_eq!(bench.state("udi").unwrap(), serde_json::json!({ "pid": "C9300-24UX", "sn": "TST00000001" }));
    let usage = bench.state("usage").unwrap();
    assert_eq!(usage[0]["count"], 1);
    assert_eq!(bench.state("transport/transport-type").unwrap(), "transport-type-off");
    for nothing in ["rum-report", "usage/count", "udi/pid/x", "trust-code=nobody", ".."] {
        assert_eq!(bench.state(nothing).unwrap_err().refusal().unwrap().status, 404, "{nothing}");
    }
    let refused = bench.client.call(&bench.session, Import::new("<smartLicense/>"), &limits).unwrap_err();
    assert_eq!(refused.refusal().unwrap().status, 422);
}

#[test]
fn the_whole_tree_says_what_its_parts_say_and_names_the_collector_where_it_was_set() {
    let bench = Bench::new(|world| world.device(setup(2)));
    let info = bench.read::<Licensing>().state.unwrap().state_info.unwrap();
    assert_eq!(bench.read::<StateInfo>(), info);
    assert_eq!(info.transport.unwrap().transport_type, Some(TransportType::Off));
    assert_eq!(info.trust_code.len(), 1);
    for list in ["usage", "conversion", "factory-purchase", "imported-authorizations/authorization-list"] {
        assert_eq!(bench.state(list).unwrap(), serde_json::json!([]), "{list}");
    }
    assert_eq!(bench.state("udi/usage").unwrap_err().refusal().unwrap().status, 404);
    let cslu = Transport::Cslu("http://192.0.2.9:8182/cslu/v1/pi".into());
    lock(&bench.runner).configure(cslu, bench.world.now()).unwrap();
    let licensing = bench.read::<Licensing>();
    let transport = licensing.config.unwrap().transport.unwrap();
    assert_eq!(transport.transport_cslu.unwrap().url_cslu.as_deref(), Some("http://192.0.2.9:8182/cslu/v1/pi"));
    let transport = licensing.state.unwrap().state_info.unwrap().transport.unwrap();
    assert_eq!((transport.transport_type, transport.url_settings), (Some(TransportType::Cslu), None));
    lock(&bench.runner).configure(World::smart(), bench.world.now()).unwrap();
    let transport = bench.read::<StateInfo>().transport.unwrap();
    assert!(transport.url_settings.unwrap().url_registration.unwrap().starts_with("http"));
}

#[test]
fn trust_and_codes_are_asked_for_and_given_back_by_procedure() {
    let bench = Bench::new(|world| world.device(setup(1)));
    let trust = || Rpc::id_token_trust(Token::new("token-of-a-test"));
    assert_eq!(bench.refused(trust()), "commdisabled");
    lock(&bench.runner).configure(World::smart(), bench.world.now()).unwrap();
    assert_eq!(bench.refused(Rpc::authorization_request("hseck9")), "commdisabled");
    assert_eq!(bench.call(trust()).unwrap().return_code, "registrationinprogress");
    bench.world.pass(&[&bench.runner], 600);
    let installed = bench.state("trust-code").unwrap();
    assert_eq!((&installed[0]["is-installed"], &installed[0]["key_udi"]), (&true.into(), &udi(1).to_string().into()));
    assert_eq!(bench.refused(trust()), "alreadyregistered");
    assert_eq!(bench.refused(Rpc::authorization_request("unknown")), "notfound");
    assert_eq!(bench.refused(Rpc::authorization_return()), "noauthorizationinstalled");
    bench.call(Rpc::authorization_request("hseck9")).unwrap();
    bench.world.pass(&[&bench.runner], 2 * DAY);
    let codes = bench.state("imported-authorizations").unwrap();
    assert_eq!(codes["authorization-list"][0]["total-count"], 1);
    assert_eq!(codes["overall-status"][0]["installed-list"][0]["install-type"], "authorization-type-auth-code");
    bench.world.say(&bench.runner, "license hseck9 1");
    assert_eq!(bench.refused(Rpc::authorization_return()), "smpostnotallow");
    bench.world.say(&bench.runner, "license hseck9 0");
    let back = bench.call(Rpc::authorization_return_offline(true, path("return.txt"))).unwrap();
    let code = back.authorization_return_string.unwrap();
    assert!(code.parse::<slp_rum::codes::ReturnCode>().unwrap().is_usual(), "{code}");
    let file = bench.device().files().read("return.txt", 1 << 20).unwrap();
    assert!(String::from_utf8(file).unwrap().contains(&code));
    assert_eq!(bench.refused(Rpc::RenewAuth), "notsupported");
}

#[test]
fn whoever_asks_for_something_else_is_told_so_and_nothing_happens() {
    let bench = Bench::new(|world| world.device(setup(1)));
    bench.world.say(&bench.runner, "license network-advantage 1");
    bench.world.clock.advance(DAY);
    let before = bench.device().saved().life.clone();
    for wrong in ["../usage.txt", "/etc/passwd", "tftp://192.0.2.1/usage.txt", "flash:a/b"] {
        assert_eq!(bench.refused(Rpc::SaveUsageAll(path(wrong))), "BadInputParams", "{wrong}");
        assert!(bench.call(Rpc::ImportFile(path(wrong))).is_err());
    }
    assert_eq!(bench.refused(Rpc::ImportFile(path("not-there.txt"))), "nullpointer");
    let send = |method: &str, at: &str, body: &str, with: bool| {
        let mut request = http::Request::new(body.as_bytes().to_vec());
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = format!("https://{}{at}", bench.address).parse().unwrap();
        if with {
            request.headers_mut().insert("authorization", "Basic c2xwOmh1bnRlcjI=".parse().unwrap());
        }
        let response = bench.client.send(&request).unwrap();
        (response.status().as_u16(), String::from_utf8(response.into_body()).unwrap())
    };
    let save = "/restconf/operations/cisco-smart-license:rum-save-usage-all";
    assert_eq!(send("POST", save, "", false).0, 401);
    assert_eq!(send("GET", "/restconf/data/cisco-smart-license:licensing", "", false).0, 401);
    for (method, at, body, status, tag) in [
        ("POST", save, "", 400, "missing-element"),
        ("POST", save, "[", 400, "malformed-message"),
        ("POST", save, "{}", 400, "malformed-message"),
        ("POST", save, r#"{"x:input":{}}"#, 400, "unknown-element"),
        ("POST", save, r#"{"cisco-smart-license:input":{"file-path":7}}"#, 400, "bad-element"),
        ("POST", save, r#"{"cisco-smart-license:input":{"file-path":""}}"#, 400, "bad-element"),
        ("POST", save, r#"{"cisco-smart-license:input":{"file-path":"a","x":1}}"#, 400, "unknown-element"),
        ("PUT", save, "{}", 405, "operation-not-supported"),
        ("POST", "/restconf/operations/cisco-smart-license:reboot", "", 404, "invalid-value"),
        ("GET", "/restconf/data/ietf-interfaces:interfaces", "", 404, "invalid-value"),
        ("GET", "/restconf/data/cisco-smart-license:licensing/%zz", "", 404, "invalid-value"),
        ("GET", "/restconf/data/cisco-smart-license:licensing?depth=1", "", 400, "invalid-value"),
    ] {
        let (answered, text) = send(method, at, body, true);
        assert_eq!(answered, status, "{method} {at} {body}: {text}");
        assert!(text.contains(&format!("\"error-tag\":\"{tag}\"")), "{method} {at} {body}: {text}");
    }
    let entry = format!("/restconf/data/cisco-smart-license:licensing/state/state-info/usage={ADVANTAGE}/count");
    assert_eq!(send("GET", &entry, "", true), (200, r#"{"cisco-smart-license:count":1}"#.to_owned()));
    assert_eq!(send("POST", save, &" ".repeat(70_000), true).0, 413);
    assert_eq!(bench.device().saved().life, before);
    // the other path, and a client that sends plain HTTP to the port
    let call = RpcCall::new(Rpc::SaveUsageAll(path("usage.txt"))).under(RpcPath::Data);
    assert_eq!(bench.client.call(&bench.session, call, &Limits::default()).unwrap().return_code, "success");
    let base: BaseUrl = format!("http://{}", bench.address).parse().unwrap();
    let plain = Session::new(base, "slp", Secret::new("hunter2"));
    let error = bench.client.call(&plain, ReadState::new("udi"), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoReply);
    assert_eq!(bench.state("udi/sn").unwrap(), "TST00000001");
}
