//! `slp pull`, `slp upload`, `slp poll`, `slp push-ack` against peers on this machine.

use std::sync::Arc;

use super::peers::{self, Cloud, Device, Peer};
use super::*;

/// The reports of the first device of the campus, as they travel.
fn envelopes() -> Vec<slp_transport::RumEnvelope> {
    let bytes = bytes_of(CAMPUS);
    let document = slp_rum::Document::parse(&bytes).unwrap();
    let reports = document.reports().map(Result::unwrap).collect::<Vec<_>>();
    slp_transport::DeviceUsage::group(&reports).unwrap().remove(0).usage
}

/// A folder with a configuration for a device and a cloud.
fn configured(name: &str, device: &Peer, cloud: &Peer) -> Folder {
    let folder = Folder::new(name);
    let text = format!(
        "[cssm]\nbase = \"{}\"\ntoken_url = \"{}\"\nclient_id = \"me\"\nclient_secret_file = \"secret\"\n\
         smart_account = \"ACME.example\"\nvirtual_account = \"Lab\"\n\
         requesting_system = \"PID:TEST-COLLECTOR,SN:TST00000009\"\nconnection = {{ ca_file = \"cloud.pem\" }}\n\
         [device]\nusername = \"slp\"\nconnection = {{ pins = [\"{}\"] }}\n[devices.edge]\naddress = \"{}\"\n",
        cloud.url(""),
        cloud.url("/token"),
        device.pin,
        device.address
    );
    folder
        .file("slp.toml", text.as_bytes())
        .file("secret", b"hunter2\n")
        .file("cloud.pem", cloud.certificate.as_bytes());
    folder
}

/// Calls the program in a folder: words that begin with `DIR/` lie in it.
fn call(folder: &Folder, words: &[&str]) -> Call {
    let words: Vec<String> = words.iter().map(|word| word.replace("DIR", folder.path())).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    slp_on(&words, b"", |console| {
        console.variables = [("SLP_CONFIG", format!("{}/slp.toml", folder.path()))]
            .into_iter()
            .chain([("SLP_DEVICE_PASSWORD", "hunter2".to_owned())])
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
    })
}

fn names(folder: &str, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.filter(|name| name.ends_with(ending)).collect();
    names.sort();
    names
}

#[test]
fn reports_go_to_the_cloud_and_acknowledgements_come_home() {
    let device = Arc::new(Device { reports: envelopes(), ..Device::default() });
    let cloud = Arc::new(Cloud { storm: 2.into(), stale: 1.into(), ..Cloud::default() });
    let folder = configured("circle", &peers::device(&device), &peers::cloud(&cloud));

    let pulled = call(&folder, &["pull", "edge", "-o", "DIR/reports"]);
    assert_eq!((pulled.status, &*pulled.errors), (Status::Fine, ""));
    assert_eq!(*device.closed.lock().unwrap(), 1);
    let file = names(&format!("{}/reports", folder.path()), ".json").remove(0);
    let text = String::from_utf8(bytes_of(&format!("{}/reports/{file}", folder.path()))).unwrap();
    assert_eq!(
        text,
        format!(
            "{{\"usage\":[{}]}}",
            device.reports.iter().map(slp_transport::RumEnvelope::to_json).collect::<Vec<_>>().join(",")
        )
    );

    // A token that is no good is replaced once, two bad gateways are waited for.
    let sent = call(&folder, &["upload", "DIR/reports", "--state", "DIR/jobs"]);
    assert_eq!(sent.status, Status::Fine, "{}", sent.errors);
    assert!(sent.output.ends_with("of 1 device, accepted; fetch the answer with slp poll\n"), "{}", sent.output);
    assert!(sent.errors.contains("the peer answered with status 503: once more in 2 s"), "{}", sent.errors);
    assert!(!sent.errors.contains("slp-pulled.index"), "what pull keeps is no input: {}", sent.errors);
    let taken = cloud.taken.lock().unwrap()[0].clone();
    let texts = |envelopes: &[slp_transport::RumEnvelope]| {
        envelopes.iter().map(|envelope| envelope.payload.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&taken[0].usage), texts(&device.reports), "what is signed is not touched");

    // Not due yet: nothing is asked, and nothing is lost.
    let early = call(&folder, &["poll", "--state", "DIR/jobs", "-o", "DIR/acks"]);
    assert_eq!((early.status, *cloud.polls.lock().unwrap()), (Status::Fine, 0), "{}", early.errors);
    assert!(early.output.contains("not ready, ask again from 2024-08-01T00:00:36Z on"), "{}", early.output);
    let answered = call(&folder, &["poll", "--state", "DIR/jobs", "-o", "DIR/acks", "--wait"]);
    assert_eq!((answered.status, &*answered.errors), (Status::Fine, ""));
    assert_eq!(*cloud.polls.lock().unwrap(), 2);
    assert_eq!(names(&format!("{}/acks", folder.path()), ".txt").len(), 1);

    let pushed = call(&folder, &["push-ack", "DIR/acks", "--pulled", "DIR/reports"]);
    assert_eq!((pushed.status, &*pushed.errors), (Status::Fine, ""));
    assert_eq!(device.imported.lock().unwrap().len(), 1, "as XML, after base64 was refused");
    assert!(device.imported.lock().unwrap()[0].starts_with(b"<smartLicense><smartLicenseRumAck>"));
    let again = call(&folder, &["push-ack", "DIR/acks", "--pulled", "DIR/reports"]);
    assert_eq!((again.status, &*again.output), (Status::Fine, ""));
    assert!(again.errors.contains("nothing to bring: 1 document was taken before"), "{}", again.errors);
    assert_eq!(device.imported.lock().unwrap().len(), 1, "what a device took is not brought again");
    let done = call(&folder, &["poll", "--state", "DIR/jobs", "-o", "DIR/acks"]);
    assert_eq!((done.status, &*done.output, &*done.errors), (Status::Fine, "", "note: no answer is waited for\n"));
}

#[test]
fn of_a_bundle_that_breaks_off_nothing_is_uploaded() {
    let folder = configured("broken-bundle", &peers::device(&Arc::default()), &peers::cloud(&Arc::default()));
    let made = call(&folder, &["fleet", "--devices", "3", "--reports", "2", "--seed", "1", "-o", "DIR/fleet.tar.gz"]);
    assert_eq!(made.status, Status::Fine, "{}", made.errors);
    let mut bytes = bytes_of(&format!("{}/fleet.tar.gz", folder.path()));
    let upload = |paths: &[&str]| {
        let mut words = vec!["upload", "--state", "DIR/jobs", "--dry-run"];
        words.extend(paths);
        call(&folder, &words)
    };
    let whole = upload(&["DIR/fleet.tar.gz"]);
    assert!(whole.status == Status::Fine && whole.output.contains("usage"), "{}", whole.errors);
    // the checksum of the outer layer stands behind all leaves
    let checksum = bytes.len().checked_sub(8).unwrap();
    bytes[checksum] ^= 1;
    folder.file("broken.tar.gz", &bytes);
    let (alone, beside) = (upload(&[CAMPUS]), upload(&["DIR/broken.tar.gz", CAMPUS]));
    assert!(beside.status == Status::Errors && beside.output == alone.output, "{} bytes", beside.output.len());
    assert!(beside.errors.contains("nothing of this bundle is uploaded"), "{}", beside.errors);
    let broken = upload(&["DIR/broken.tar.gz"]);
    assert!(broken.status == Status::Errors && broken.output.is_empty(), "{}", broken.output);
    assert!(broken.errors.contains("there is no report to upload"), "{}", broken.errors);
}

#[test]
fn an_upload_that_breaks_off_goes_on_with_the_same_bytes() {
    let device = Arc::new(Device::default());
    let cloud = Arc::new(Cloud { storm: 6.into(), ..Cloud::default() });
    let folder = configured("interrupted", &peers::device(&device), &peers::cloud(&cloud));
    let broken = call(&folder, &["upload", CAMPUS, "--state", "DIR/jobs"]);
    assert_eq!(broken.status, Status::Errors, "six storms are one more than is waited for");
    assert!(broken.errors.contains("status 503; try again later"), "{}", broken.errors);
    let jobs = format!("{}/jobs", folder.path());
    let request = bytes_of(&format!("{jobs}/{}", names(&jobs, ".request")[0]));
    let answered = call(&folder, &["poll", "--state", "DIR/jobs", "-o", "DIR/acks", "--wait"]);
    assert_eq!((answered.status, &*answered.errors), (Status::Fine, ""));
    let taken = cloud.taken.lock().unwrap();
    assert_eq!(taken.len(), 1);
    let sent = slp_transport::cssm::ReportUsage::from_json(&request, &slp_transport::Limits::default()).unwrap();
    assert_eq!(sent.reports, taken[0]);
    let acks = names(&format!("{}/acks", folder.path()), ".txt");
    assert_eq!(acks.len(), taken[0].len());
    // The answer names devices that nobody knows the address of.
    let pushed = call(&folder, &["push-ack", "DIR/acks"]);
    assert_eq!(pushed.status, Status::Errors);
    assert!(pushed.errors.contains("neither the configuration nor --pulled says"), "{}", pushed.errors);
}

#[test]
fn an_answer_that_was_kept_is_handed_out_without_asking_again() {
    let cloud = Arc::new(Cloud::default());
    let peer = peers::cloud(&cloud);
    let folder = configured("kept-answer", &peer, &peer);
    call(&folder, &["upload", CAMPUS, "--state", "DIR/jobs"]);
    call(&folder, &["poll", "--state", "DIR/jobs", "-o", "DIR/acks", "--wait"]);
    let acks = names(&format!("{}/acks", folder.path()), ".txt");
    let asked = *cloud.polls.lock().unwrap();
    // As if the process had ended between keeping the answer and handing it out.
    let jobs = format!("{}/jobs", folder.path());
    let name = names(&jobs, ".job").remove(0);
    let job = String::from_utf8(bytes_of(&format!("{jobs}/{name}"))).unwrap();
    folder.file(&format!("jobs/{name}"), job.replace("\"stage\": \"done\"", "\"stage\": \"answered\"").as_bytes());
    fs::remove_dir_all(format!("{}/acks", folder.path())).unwrap();
    let again = call(&folder, &["poll", "--state", "DIR/jobs", "-o", "DIR/acks"]);
    assert_eq!((again.status, &*again.errors), (Status::Fine, ""));
    assert_eq!(names(&format!("{}/acks", folder.path()), ".txt"), acks);
    assert_eq!(*cloud.polls.lock().unwrap(), asked);
}

#[test]
fn a_dry_run_prints_the_requests_and_sends_nothing() {
    let nobody = Peer { address: "192.0.2.1:443".parse().unwrap(), certificate: String::new(), pin: pin() };
    let folder = configured("dry", &nobody, &nobody);
    folder.file("cloud.pem", b"").file("one.json", &one());
    folder.file("acks/ACK.txt", br#"<smartLicense><smartLicenseRumAck><data><![CDATA[[{"sudi":{"udi_pid":"TEST-9300-48","udi_serial_number":"TST93000001"},"report_id":1,"status":"ACK"}]]]></data><signature>AAAA</signature></smartLicenseRumAck></smartLicense>"#);
    folder.file(
        "pulled/slp-pulled.index",
        br#"{"devices":{"edge":[{"udi_pid":"TEST-9300-48","udi_serial_number":"TST93000001"}]}}"#,
    );
    for (name, words) in [
        ("pull-dry-run", &["pull", "edge", "198.51.100.7", "-o", "DIR/out", "--dry-run"][..]),
        ("upload-dry-run", &["upload", "DIR/one.json", "--state", "DIR/out", "--dry-run"]),
        ("push-ack-dry-run", &["push-ack", "DIR/acks", "--pulled", "DIR/pulled", "--dry-run"]),
    ] {
        let call = call(&folder, words);
        assert_eq!(call.status, Status::Fine, "{name}: {}", call.errors);
        assert_eq!(call.errors.contains("account numbers are 0"), name == "upload-dry-run");
        assert!(!call.output.contains("hunter2"), "{name}");
        insta::assert_snapshot!(name, folder.relative(&call.output));
    }
    assert!(!Path::new(&format!("{}/out", folder.path())).exists(), "nothing is kept");
}

fn pin() -> String {
    format!("sha256:{}", "00".repeat(32))
}

/// A short REST answer with one report.
fn one() -> Vec<u8> {
    br#"{"usage":[{"payload":"{\"asset_identification\":{\"asset\":{\"name\":\"regid.2017-05.com.cisco.C9300,v1_x\"},\"instance\":{\"sudi\":{\"udi_pid\":\"C9300-24UX\",\"udi_serial_number\":\"TST00000001\"}}},\"meta\":{\"report_id\":1780000001,\"entitlement_tag\":\"regid.2017-03.com.cisco.advantagek9,1.0_x\"},\"measurements\":[]}","header":{"type":"rum"},"signature":{"signing_type":"builtin","key":"k","value":"AAAA"}}]}"#.to_vec()
}

#[test]
fn a_device_that_shows_another_certificate_is_not_given_a_password() {
    let device = Arc::new(Device { reports: envelopes(), ..Device::default() });
    let mut peer = peers::device(&device);
    peer.pin = pin();
    let folder = configured("pinned", &peer, &peer);
    let call = call(&folder, &["pull", "edge", "-o", "DIR/reports"]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.errors.contains("cannot prove who it is"), "{}", call.errors);
    assert_eq!(*device.closed.lock().unwrap(), 0);
}

#[test]
fn an_error_page_is_told_and_the_other_devices_are_still_asked() {
    let device = Arc::new(Device { reports: envelopes(), ..Device::default() });
    let good = peers::device(&device);
    let bad = peers::serve(|_| http::Response::new(b"<html>login</html>".to_vec()));
    let folder = configured("page", &good, &good);
    let text = String::from_utf8(bytes_of(&format!("{}/slp.toml", folder.path()))).unwrap();
    let more = format!("[devices.odd]\naddress = \"{}\"\nconnection = {{ pins = [\"{}\"] }}\n", bad.address, bad.pin);
    folder.file("slp.toml", (text + &more).as_bytes());
    let call = call(&folder, &["pull", "odd", "edge", "-o", "DIR/reports"]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.errors.contains("GET /smartlic-service/all-reports: the body is a page"), "{}", call.errors);
    assert!(call.output.starts_with("edge: "), "{}", call.output);
}

#[test]
fn a_report_that_cannot_be_read_is_kept_with_the_others() {
    let good = envelopes().remove(0).to_json();
    let body = format!("{{\"usage\":[{good},{{\"payload\":7}}]}}");
    let answer = body.clone();
    let peer = peers::serve(move |request| {
        let is_list = request.uri().path().ends_with("all-reports");
        http::Response::new(if is_list { answer.clone().into_bytes() } else { Vec::new() })
    });
    let folder = configured("unread", &peer, &peer);
    let call = call(&folder, &["pull", "edge", "-o", "DIR/reports"]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.errors.contains("$.usage[1].payload: a number instead of a string"), "{}", call.errors);
    let file = names(&format!("{}/reports", folder.path()), ".json").remove(0);
    assert_eq!(bytes_of(&format!("{}/reports/{file}", folder.path())), body.as_bytes());
}

#[test]
fn a_job_that_cannot_be_read_does_not_keep_the_others_back() {
    let cloud = Arc::new(Cloud::default());
    let peer = peers::cloud(&cloud);
    let folder = configured("damaged-job", &peer, &peer);
    call(&folder, &["upload", CAMPUS, "--state", "DIR/jobs"]);
    folder.file("jobs/0.job", b"{");
    let call = call(&folder, &["poll", "--state", "DIR/jobs", "-o", "DIR/acks", "--wait"]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.errors.contains("0.job"), "{}", call.errors);
    assert!(call.output.contains(" document"), "{}", call.output);
}

#[test]
fn what_is_not_configured_is_named_with_its_variable() {
    for (words, says) in [
        (&["pull", "192.0.2.1", "-o", "x"][..], "SLP_DEVICE_USERNAME"),
        (&["upload", CAMPUS], "SLP_CLIENT_ID"),
        (&["poll", "-o", "x", "--config", "no-such-file.toml"], "no-such-file.toml"),
    ] {
        let call = slp(words);
        assert_ne!(call.status, Status::Fine, "{words:?}");
        assert!(call.errors.contains(says), "{words:?}: {}", call.errors);
    }
}
