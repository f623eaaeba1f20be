use super::*;

/// A folder with a configuration file and a password, removed when it is dropped.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("slp.toml"), text).unwrap();
        std::fs::write(folder.path().join("password"), "from a file\r\n").unwrap();
        Self(folder)
    }

    fn config(&self, variables: &[(&str, &str)]) -> Result<Config, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::load(Some(&self.0.path().join("slp.toml")), &variables).map_err(said)
    }
}

/// What a file says that is gone afterwards: passwords in files of their own are out of reach.
fn config(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    Folder::new(text).config(variables)
}

fn said(stop: Stop) -> String {
    match stop {
        Stop::Call(text) | Stop::Data(text) => text,
        Stop::Output(error) => error.to_string(),
    }
}

const DEVICES: &str = r#"
[device]
username = "slp"
password_file = "password"
connection = { pins = ["sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"] }

[devices.edge]
address = "192.0.2.1:8443"
udi = ["PID:C9300-24UX,SN:TST00000001"]
password = "its own"

[devices.edge.connection]
check_certificates = false
"#;

#[test]
fn a_device_has_what_it_says_and_shares_the_rest() {
    let folder = Folder::new(DEVICES);
    let config = folder.config(&[("SLP_DEVICE_PASSWORD", "from the environment")]).unwrap();
    let edge = config.device("edge").unwrap();
    assert_eq!(edge.session.base().to_string(), "https://192.0.2.1:8443");
    assert_eq!(edge.client.certificates, Certificates::Unchecked);
    let shown = format!("{config:?}");
    assert!(!shown.contains("its own") && !shown.contains("from the environment"), "{shown}");
    let other = config.device("198.51.100.7").unwrap();
    assert!(matches!(&other.client.certificates, Certificates::Pinned(pins) if pins.len() == 1));
    assert_eq!(config.name_of(&"PID:C9300-24UX,SN:TST00000001".parse().unwrap()), Some("edge"));
}

#[test]
fn certificates_are_checked_unless_the_file_says_no_in_as_many_words() {
    let plain = config("[device]\nusername = \"a\"\npassword = \"b\"\n", &[]).unwrap();
    assert_eq!(plain.device("192.0.2.1").unwrap().client.certificates, Certificates::Public);
    let both =
        config("[device]\nusername = \"a\"\npassword = \"b\"\nconnection = { pins = [\"x\"], ca_file = \"y\" }\n", &[])
            .unwrap();
    assert!(said(both.device("192.0.2.1").unwrap_err()).contains("give one of"));
}

#[test]
fn variables_come_before_the_file() {
    let text = "[cssm]\nclient_id = \"file\"\nclient_secret = \"s\"\nsmart_account = \"1\"\nvirtual_account = \"2\"\n";
    let cloud = config(text, &[("SLP_CLIENT_ID", "variable"), ("SLP_SMART_ACCOUNT", "")]).unwrap().cloud().unwrap();
    assert_eq!((cloud.client_id.as_str(), cloud.smart_account.as_str()), ("variable", "1"));
    assert_eq!(cloud.base.to_string(), cssm::DEFAULT_BASE);
    let nothing = Config::load(None, &BTreeMap::new()).unwrap().cloud().unwrap_err();
    assert!(said(nothing).contains("SLP_CLIENT_ID"));
}

#[test]
fn a_wrong_word_has_its_line_and_no_secret_is_repeated() {
    let error = config("[cssm]\nclient_secret = \"hunter2\"\nclientid = \"x\"\n", &[]).unwrap_err();
    assert!(error.contains("line") && error.contains("clientid"), "{error}");
    let error = config("[cssm]\nclient_secret = hunter2\n", &[]).unwrap_err();
    assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
    for secret in ["client_secret = 12345678", "password = 12345678.5", "password = true", "password = 1979-05-27"] {
        let error = config(&format!("[cssm]\n{secret}\n"), &[]).unwrap_err();
        let (name, value) = secret.split_once(" = ").unwrap();
        assert!(error.contains("line 2") && error.contains("in quotes") && !error.contains(value), "{name}: {error}");
    }
}
