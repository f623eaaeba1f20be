use slp_model::{EntitlementTag, UnixMillis};

use super::{CloudAccount, CloudLicense, Content, Document, HierarchyEntry, Line, LocalAccount, LocalLicense, Notice};
use super::{ProductInstance, Row, SyncRequest, SyncResponse, Use};
use crate::{ErrorKind, Limits};

const UUID: &str = "11111111-2222-4333-8444-555555555555";
const CERT: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

fn at(text: &str) -> UnixMillis {
    text.parse().unwrap()
}

fn tag(name: &str) -> EntitlementTag {
    format!("regid.2016-01.com.example.{name},1.0").parse().unwrap()
}

fn response() -> SyncResponse {
    let mut response = SyncResponse {
        request_id: UUID.into(),
        on_prem_name: "onprem-quebec".into(),
        collector_instance_id: UUID.into(),
        last_generated: at("2026-11-02T08:00:00.000Z"),
        last_sync: at("2026-11-02T08:20:10.250Z"),
        ..SyncResponse::default()
    };
    for slot in [&mut response.id_cert, &mut response.sub_ca_cert, &mut response.signing_cert] {
        *slot = CERT.into();
    }
    let mut license = CloudLicense::new(tag("FIREWALL"), 5);
    license.lines = Some(vec![Line {
        quantity: 5,
        license_type: "TERM".into(),
        end_date: Some("2028-12-31".into()),
        status: "ACTIVE".into(),
        ..Line::default()
    }]);
    response.virtual_accounts.push(CloudAccount {
        id: "300400".into(),
        name: "Quebec VA".into(),
        licenses: vec![Row::Present(license)],
    });
    response
}

fn request() -> SyncRequest {
    let mut request = SyncRequest {
        request_id: UUID.into(),
        on_prem_name: "onprem-quebec".into(),
        local_account: "Quebec".into(),
        smart_account: "Acme".into(),
        virtual_account: "Quebec VA".into(),
        id_cert: CERT.into(),
        signing_cert: CERT.into(),
        last_generated: at("2026-11-02T08:00:00.000Z"),
        ..SyncRequest::default()
    };
    request.virtual_accounts.push(Row::Present(LocalAccount {
        id: "lva-1".into(),
        name: "Default".into(),
        default: true,
        licenses: vec![Row::Present(LocalLicense::new(tag("FIREWALL"), -4))],
        product_instances: vec![Row::Present(ProductInstance {
            id: "pi-1".into(),
            udi_pid: "TEST-SWITCH".into(),
            udi_serial_number: "TST00000001".into(),
            mode: "SLP".into(),
            ..ProductInstance::default()
        })],
        ..LocalAccount::default()
    }));
    request
}

fn document(content: SyncResponse) -> crate::error::Result<Document> {
    Document::new(&Content::SyncResponse(Box::new(content)))
}

fn read(text: &str) -> (ErrorKind, Option<&'static str>, String) {
    let error = Document::read(text.as_bytes(), &Limits::default()).unwrap_err();
    (error.kind(), error.name(), error.location().path.clone())
}

#[test]
fn what_is_built_is_read_back() {
    let built = document(response()).unwrap();
    let bytes = built.to_bytes();
    let read = Document::read(&bytes, &Limits::default()).unwrap();
    assert_eq!((read.content(), read.digest()), (built.content(), built.digest()));
    let sync = Document::new(&Content::SyncRequest(Box::new(request()))).unwrap();
    let text = String::from_utf8(sync.to_bytes()).unwrap();
    assert!(text.contains("\"last_sync\":null") && text.ends_with("}\n"), "{text}");
    assert!(!text.contains("lent") && !text.contains("withheld"), "what is zero or empty is left out");
}

#[test]
fn order_blanks_and_a_byte_order_mark_do_not_matter_and_unknown_members_are_kept() {
    let bytes = document(response()).unwrap().to_bytes();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let spread = format!("\u{feff}{{\n \"zz_later\": [1, null],{}", text.strip_prefix('{').unwrap());
    let read = Document::read(spread.as_bytes(), &Limits::default()).unwrap();
    assert!(String::from_utf8(read.to_bytes()).unwrap().contains("\"zz_later\":[1,null]"));
    assert_ne!(read.digest(), document(response()).unwrap().digest(), "unknown members are signed too");
    let blank =
        spread.replacen('{', "{\"signature\":\"AA\\nAA\",\"signatures\":{\"id\":\"AA AA\",\"signing\":\"AAAA\"},", 1);
    let read = Document::read(blank.as_bytes(), &Limits::default()).unwrap();
    let odd: Vec<String> = read.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(odd, ["byte 0: bom", "$.signature: base64-blank", "$.signatures.id: base64-blank"]);
    assert!(Document::read(&bytes, &Limits::default()).unwrap().warnings().is_empty());
}

#[test]
fn each_fault_has_its_kind_and_its_place() {
    let good = String::from_utf8(document(response()).unwrap().to_bytes()).unwrap();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        read(&good.replacen(from, to, 1))
    };
    let fault = |kind, name, path: &str| (kind, name, path.to_owned());
    let license = "$.virtual_accounts[0].licenses[0]";
    assert_eq!(with("slp-sync/1", "slp-sync/2"), fault(ErrorKind::UnsupportedFormat, None, "$.format"));
    assert_eq!(with("\"sync_response\"", "\"sync\""), fault(ErrorKind::WrongKind, None, "$.kind"));
    assert_eq!(with("_DER", "_RAW"), fault(ErrorKind::UnsupportedAlgorithm, None, "$.signature_algorithm"));
    assert_eq!(with("\"purchased\":5,", ""), fault(ErrorKind::MissingMember, None, &format!("{license}.purchased")));
    assert_eq!(with("\"purchased\":5", "\"purchased\":-5").0, ErrorKind::BadNumber);
    assert_eq!(with("\"purchased\":5", "\"purchased\":5.0").0, ErrorKind::BadNumber);
    assert_eq!(with("\"purchased\":5", "\"purchased\":9007199254740992").0, ErrorKind::BadNumber);
    assert_eq!(with("\"purchased\":5", "\"purchased\":6"), fault(ErrorKind::LicenseSumMismatch, None, license));
    let time = fault(ErrorKind::BadValue, Some("timestamp"), "$.last_sync");
    assert_eq!(with("2026-11-02T08:20:10.250Z", "2026-11-02T08:20:10.250+01:00"), time);
    assert_eq!(with("2026-11-02T08:20:10.250Z", "2026-13-02T08:20:10Z"), time);
    assert_eq!(with("\"300400\"", "\"30x\""), fault(ErrorKind::BadValue, Some("id"), "$.virtual_accounts[0].id"));
    assert_eq!(with("AAAA", "junk !").1, Some("pem"));
    assert_eq!(with("2028-12-31", "2028-02-31").1, Some("date"));
    assert_eq!(with("onprem-quebec", "a\\u0000b").1, Some("string"));
    assert_eq!(with("\"Quebec VA\"", "\"Quebec VA\",\"name\":\"x\"").0, ErrorKind::DuplicateMember);
    assert_eq!(with("\"kind\"", "\"kind\" \"kind\"").0, ErrorKind::Json);
}

#[test]
fn other_files_are_told_apart() {
    assert_eq!(read("<smartLicense/>").0, ErrorKind::WrongContainer);
    assert_eq!(read("PK\u{3}\u{4}").0, ErrorKind::WrongContainer);
    #[cfg(not(feature = "yaml"))]
    assert_eq!(read("---\nformat: slp-sync/1\n").0, ErrorKind::UnsupportedEncoding);
    #[cfg(feature = "yaml")]
    assert_eq!(read("---\nformat: slp-sync/1\n"), (ErrorKind::MissingMember, None, "$.kind".into()));
    assert_eq!(read("").0, ErrorKind::Json);
    assert_eq!(read("[]").0, ErrorKind::Json);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(17), "]".repeat(17));
    assert_eq!(read(&deep).1, Some("json_depth"));
    let limits = Limits { document_bytes: 10, ..Limits::default() };
    assert_eq!(Document::read(b"{          }", &limits).unwrap_err().name(), Some("document_bytes"));
}

#[test]
fn the_name_of_the_server_is_read_in_three_spellings() {
    let good = String::from_utf8(document(response()).unwrap().to_bytes()).unwrap();
    for name in ["On-Prem_name", "satellite_name"] {
        let other = good.replacen("on_prem_name", name, 1);
        let read = Document::read(other.as_bytes(), &Limits::default()).unwrap();
        let Content::SyncResponse(content) = read.content() else { panic!("a response") };
        assert_eq!(content.on_prem_name, "onprem-quebec");
    }
}

#[test]
fn tombstones_stand_in_deltas_with_their_key_alone() {
    let mut delta = response();
    delta.base_sync = Some(at("2026-11-01T00:00:00Z"));
    delta.virtual_accounts[0].licenses = vec![Row::Removed(tag("FIREWALL").as_str().to_owned())];
    let text = String::from_utf8(document(delta.clone()).unwrap().to_bytes()).unwrap();
    assert!(text.contains("{\"removed\":true,\"tag\":\"regid.2016-01.com.example.FIREWALL,1.0\"}"));
    assert_eq!(read(&text.replacen("\"removed\":true", "\"purchased\":1,\"removed\":true", 1)).1, Some("removed"));
    delta.base_sync = None;
    assert_eq!(document(delta).unwrap_err().kind(), ErrorKind::TombstoneInFull);
    let mut full = request();
    full.virtual_accounts.push(Row::Removed("lva-2".into()));
    let made = Document::new(&Content::SyncRequest(Box::new(full.clone())));
    assert_eq!(made.unwrap_err().kind(), ErrorKind::TombstoneInFull);
    full.last_sync = Some(at("2026-11-01T00:00:00Z"));
    assert!(Document::new(&Content::SyncRequest(Box::new(full))).is_ok());
}

#[test]
fn keys_are_unique_and_one_account_is_the_default() {
    let refused = |change: &dyn Fn(&mut SyncRequest)| {
        let mut request = request();
        change(&mut request);
        let error = Document::new(&Content::SyncRequest(Box::new(request))).unwrap_err();
        (error.kind(), error.location().path.clone())
    };
    let twice = refused(&|request| request.virtual_accounts.push(request.virtual_accounts[0].clone()));
    assert_eq!(twice, (ErrorKind::DuplicateId, "$.virtual_accounts[1]".into()));
    let none = refused(&|request| {
        if let Row::Present(account) = &mut request.virtual_accounts[0] {
            (account.default, account.licenses) = (false, Vec::new());
        }
    });
    assert_eq!(none.0, ErrorKind::BadValue);
    let below = refused(&|request| {
        if let Row::Present(account) = &mut request.virtual_accounts[0] {
            account.default = false;
        }
    });
    assert_eq!(below, (ErrorKind::BadNumber, "$.virtual_accounts[0].licenses[0].allocated".into()));
    let used_twice = refused(&|request| {
        if let Row::Present(account) = &mut request.virtual_accounts[0]
            && let Row::Present(device) = &mut account.product_instances[0]
        {
            device.usage = vec![Use::new(tag("FIREWALL"), 1), Use::new(tag("FIREWALL"), 2)];
        }
    });
    assert_eq!(used_twice, (ErrorKind::DuplicateId, "$.virtual_accounts[0].product_instances[0].usage[1]".into()));
    let withheld = refused(&|request| request.withheld = vec!["ip".into(), "ip".into()]);
    assert_eq!(withheld, (ErrorKind::DuplicateId, "$.withheld[1]".into()));
    let mut twins = response();
    let entry = |names: [&str; 2]| HierarchyEntry { id: "cuwl".into(), tiers: names.map(tag).to_vec() };
    twins.hierarchies = Some(vec![entry(["A", "B"]), entry(["C", "D"])]);
    let error = document(twins).unwrap_err();
    assert_eq!((error.kind(), &*error.location().path), (ErrorKind::DuplicateId, "$.hierarchies[1]"));
}

#[test]
fn the_code_of_a_notice_is_a_word_for_programs() {
    for (code, is_good) in
        [("full_requested", true), ("", false), ("Full", false), ("a b", false), (&*"a".repeat(65), false)]
    {
        let mut response = response();
        response.notices = vec![Notice { severity: "MINOR".into(), code: code.into(), text: String::new() }];
        let made = document(response);
        assert_eq!(made.map_err(|error| error.name()).err(), (!is_good).then_some(Some("code")), "{code}");
    }
}

#[test]
fn a_document_that_could_not_be_read_back_is_not_written() {
    let blank = Document::new(&Content::RegistrationRequest(Box::default()));
    assert_eq!(blank.unwrap_err().kind(), ErrorKind::BadValue);
    let mut long = response();
    long.on_prem_name = "n".repeat(65);
    assert_eq!(document(long).unwrap_err().location().path, "$.on_prem_name");
}
