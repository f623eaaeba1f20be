//! Addresses and credentials: a file in TOML, and variables of the environment that come before it.
//!
//! There is no file that is read unasked: it is named with `--config` or in `SLP_CONFIG`.

mod secret; // passwords: in the file, in a file of their own, in a variable

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use slp_model::Udi;
use slp_transport::client::{Certificates, Client, ClientSettings, Pin};
use slp_transport::{BaseUrl, Limits, Secret, cssm, device};

use crate::console::Stop;
use crate::kept;
use secret::{Place, secret};

/// The most bytes of a configuration file or of a file with certificates.
const MOST: u64 = 1 << 20;

/// Everything that the file and the variables say.
#[derive(Default)]
pub(crate) struct Config {
    file: File,
    /// Where the file lies: what it names is looked for from there.
    folder: PathBuf,
    variables: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    cssm: Cloud,
    device: Access,
    devices: BTreeMap<String, Device>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Cloud {
    base: Option<String>,
    token_url: Option<String>,
    client_id: Option<String>,
    client_secret: Option<secret::Text>,
    client_secret_file: Option<PathBuf>,
    username: Option<String>,
    password: Option<secret::Text>,
    password_file: Option<PathBuf>,
    smart_account: Option<String>,
    virtual_account: Option<String>,
    requesting_system: Option<String>,
    connection: Peer,
}

/// How to reach somebody and whom to believe.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Peer {
    proxy: Option<String>,
    ca_file: Option<PathBuf>,
    pins: Vec<String>,
    check_certificates: Option<bool>,
    timeout_seconds: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Access {
    username: Option<String>,
    password: Option<secret::Text>,
    password_file: Option<PathBuf>,
    connection: Peer,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Device {
    address: String,
    #[serde(default)]
    udi: Vec<String>,
    username: Option<String>,
    password: Option<secret::Text>,
    password_file: Option<PathBuf>,
    #[serde(default)]
    connection: Peer,
}

/// A device to talk to.
#[derive(Debug)]
pub(crate) struct Target {
    /// As it was named.
    pub(crate) name: String,
    pub(crate) session: device::Session,
    pub(crate) client: ClientSettings,
}

/// The cloud to talk to.
#[derive(Debug)]
pub(crate) struct CloudTarget {
    pub(crate) base: BaseUrl,
    pub(crate) token_url: BaseUrl,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    pub(crate) person: Option<(String, Secret)>,
    pub(crate) smart_account: String,
    pub(crate) virtual_account: String,
    /// Who asks, for the cloud's records.
    pub(crate) requesting_system: Option<Udi>,
    pub(crate) client: ClientSettings,
}

impl fmt::Debug for Config {
    /// Without the variables, which may be passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("file", &self.file).field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Config {
    /// Reads the file that the argument or `SLP_CONFIG` names; without one there are the variables alone.
    pub(crate) fn load(argument: Option<&Path>, variables: &BTreeMap<String, String>) -> Result<Self, Stop> {
        let variables = variables.clone();
        let named = variables.get("SLP_CONFIG").filter(|name| !name.is_empty()).map(PathBuf::from);
        let Some(path) = argument.map(Path::to_owned).or(named) else {
            return Ok(Self { variables, ..Self::default() });
        };
        let text = kept::text(&path, MOST)?;
        // The parser quotes the line it cannot read, which may hold a secret: its place and its reason are enough.
        let file: File = toml::from_str(&text).map_err(|error| {
            let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count());
            let line = line.map(|line| format!(", line {}", line.saturating_add(1))).unwrap_or_default();
            Stop::Call(format!("{}{line}: {}", path.display(), error.message()))
        })?;
        for text in file.devices.values().flat_map(|device| &device.udi) {
            text.parse::<Udi>().map_err(|error| Stop::Call(format!("{}: {}", path.display(), error.message())))?;
        }
        Ok(Self { file, folder: path.parent().map(Path::to_owned).unwrap_or_default(), variables })
    }

    /// A variable, if it is there and not empty.
    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The device of this name in the file, else the device at this address.
    pub(crate) fn device(&self, name: &str) -> Result<Target, Stop> {
        let known = self.file.devices.get(name);
        let address = known.map_or(name, |device| device.address.as_str());
        let address = if address.contains("://") { address.to_owned() } else { format!("https://{address}") };
        let base: BaseUrl = address.parse().map_err(|error| Stop::Call(format!("{name}: {error}")))?;
        let shared = &self.file.device;
        let user = known.and_then(|device| device.username.as_deref());
        let user = user.or(self.variable("SLP_DEVICE_USERNAME")).or(shared.username.as_deref());
        let user = user.ok_or_else(|| missing("device.username", "SLP_DEVICE_USERNAME"))?;
        let own = known.map(|device| Place::new(device.password.as_ref(), device.password_file.as_deref()));
        let own = own.map_or(Ok(None), |place| secret(&place, None, &self.folder))?;
        let password = if let Some(password) = own {
            password
        } else {
            let place = Place::new(shared.password.as_ref(), shared.password_file.as_deref());
            secret(&place, self.variable("SLP_DEVICE_PASSWORD"), &self.folder)?
                .ok_or_else(|| missing("device.password_file", "SLP_DEVICE_PASSWORD"))?
        };
        let client =
            self.client(known.map(|device| &device.connection), &shared.connection, Duration::from_secs(60))?;
        Ok(Target { name: name.to_owned(), session: device::Session::new(base, user, password), client })
    }

    /// The device that the file says to be this one.
    pub(crate) fn name_of(&self, udi: &Udi) -> Option<&str> {
        let is_it =
            |device: &Device| device.udi.iter().any(|known| known.parse().is_ok_and(|known: Udi| known == *udi));
        self.file.devices.iter().find(|(_, device)| is_it(device)).map(|(name, _)| name.as_str())
    }

    /// The cloud.
    pub(crate) fn cloud(&self) -> Result<CloudTarget, Stop> {
        let cloud = &self.file.cssm;
        let text = |variable: &str, own: &Option<String>| {
            self.variable(variable).map(str::to_owned).or_else(|| own.clone()).filter(|text| !text.is_empty())
        };
        let need = |variable: &str, own: &Option<String>, key: &str| {
            text(variable, own).ok_or_else(|| missing(&format!("cssm.{key}"), variable))
        };
        let address = |variable: &str, own: &Option<String>, other: &str| -> Result<BaseUrl, Stop> {
            let address = text(variable, own).unwrap_or_else(|| other.to_owned());
            address.parse().map_err(|error| Stop::Call(format!("{error}")))
        };
        let place = Place::new(cloud.client_secret.as_ref(), cloud.client_secret_file.as_deref());
        let client_secret = secret(&place, self.variable("SLP_CLIENT_SECRET"), &self.folder)?;
        let place = Place::new(cloud.password.as_ref(), cloud.password_file.as_deref());
        let person = match text("SLP_CSSM_USERNAME", &cloud.username) {
            None => None,
            Some(name) => {
                let password = secret(&place, self.variable("SLP_CSSM_PASSWORD"), &self.folder)?;
                Some((name, password.ok_or_else(|| missing("cssm.password_file", "SLP_CSSM_PASSWORD"))?))
            }
        };
        Ok(CloudTarget {
            base: address("SLP_CSSM_BASE", &cloud.base, cssm::DEFAULT_BASE)?,
            token_url: address("SLP_CSSM_TOKEN_URL", &cloud.token_url, cssm::DEFAULT_TOKEN_URL)?,
            client_id: need("SLP_CLIENT_ID", &cloud.client_id, "client_id")?,
            client_secret: client_secret.ok_or_else(|| missing("cssm.client_secret_file", "SLP_CLIENT_SECRET"))?,
            person,
            smart_account: need("SLP_SMART_ACCOUNT", &cloud.smart_account, "smart_account")?,
            virtual_account: need("SLP_VIRTUAL_ACCOUNT", &cloud.virtual_account, "virtual_account")?,
            requesting_system: cloud.requesting_system.as_deref().map(udi).transpose()?,
            client: self.client(Some(&cloud.connection), &Peer::default(), Duration::from_secs(30))?,
        })
    }

    fn client(&self, own: Option<&Peer>, shared: &Peer, whole: Duration) -> Result<ClientSettings, Stop> {
        let own = own.unwrap_or(shared);
        let mut settings = ClientSettings::default();
        settings.whole = own
            .timeout_seconds
            .or(shared.timeout_seconds)
            .map_or(whole, |seconds| Duration::from_secs(u64::from(seconds.max(1))));
        settings.proxy = own.proxy.clone().or_else(|| shared.proxy.clone());
        // Who says anything about certificates says all about them.
        let trust = if own.says_whom_to_believe() { own } else { shared };
        settings.certificates = trust.certificates(&self.folder)?;
        settings.body_bytes = Limits::default().device_body_bytes;
        Ok(settings)
    }
}

impl CloudTarget {
    /// Are the accounts named by number, and not by domain and name?
    pub(crate) fn has_numbers(&self) -> bool {
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        is_number(&self.smart_account) && is_number(&self.virtual_account)
    }
}

impl Peer {
    fn says_whom_to_believe(&self) -> bool {
        self.ca_file.is_some() || !self.pins.is_empty() || self.check_certificates.is_some()
    }

    fn certificates(&self, folder: &Path) -> Result<Certificates, Stop> {
        let checked = self.check_certificates.unwrap_or(true);
        match (&self.ca_file, self.pins.as_slice(), checked) {
            (None, [], true) => Ok(Certificates::Public),
            (Some(path), [], true) => Ok(Certificates::Private(kept::bytes(&folder.join(path), MOST)?)),
            (None, pins, true) => {
                let pins: Result<Vec<Pin>, _> = pins.iter().map(|pin| pin.parse()).collect();
                Ok(Certificates::Pinned(pins.map_err(|error| Stop::Call(error.to_string()))?))
            }
            (None, [], false) => Ok(Certificates::Unchecked),
            _ => Err(Stop::Call("give one of ca_file, pins and check_certificates = false".to_owned())),
        }
    }
}

/// A client for these settings.
pub(crate) fn client(settings: &ClientSettings) -> Result<Client, Stop> {
    Client::new(settings.clone()).map_err(|error| Stop::Call(error.to_string()))
}

fn udi(text: &str) -> Result<Udi, Stop> {
    text.parse().map_err(|error: slp_model::Error| Stop::Call(format!("cssm.requesting_system: {}", error.message())))
}

fn missing(key: &str, variable: &str) -> Stop {
    Stop::Call(format!("{key} is missing: give it in the configuration file, or in the variable {variable}"))
}

#[cfg(test)]
mod tests;
