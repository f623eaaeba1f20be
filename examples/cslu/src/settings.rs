//! Accounts, secrets, rules: what an operator gives, as TOML. There is no default account and no default password.

use std::fmt;

use serde::{Deserialize, Deserializer};
use slp_crypto::PublicKey;
use slp_kit::Error;
use slp_transport::server::ServerSettings;
use slp_transport::{BaseUrl, Secret};

/// Everything that a run needs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// The domain of the one Smart Account that this collector works for.
    pub domain: String,
    /// Its name, for bundles.
    #[serde(default)]
    pub smart_account: String,
    /// The virtual account.
    pub virtual_account: String,
    /// How the cloud is reached; without it the collector is disconnected, and bundles are carried.
    pub cloud: Option<Cloud>,
    /// The public key with which the cloud signs documents, PEM. Without it answers are passed on unchecked.
    #[serde(default, deserialize_with = "key")]
    pub documents_key: Option<PublicKey>,
    /// Who may ask for health and jobs. Without it nobody may.
    pub admin: Option<Admin>,
    /// Are devices behind address translation? They are known by UDI then, and have to be listed before.
    #[serde(default)]
    pub nat: bool,
    /// May listed devices alone report?
    #[serde(default)]
    pub listed_only: bool,
    /// Are devices off this machine pulled over plain HTTP? Their password is there for everybody to read then.
    #[serde(default)]
    pub plain_pull: bool,
    /// Seconds from a report to the upload that takes it: others may come along.
    #[serde(default = "default_forward")]
    pub forward_seconds: u32,
    /// Seconds between polls, as devices are told (60 in the product, doc).
    #[serde(default = "default_poll")]
    pub poll_seconds: u32,
    /// Seconds between two rounds of pulls.
    #[serde(default = "default_pull")]
    pub pull_seconds: u32,
    /// Devices that are pulled from at once.
    #[serde(default = "default_at_once")]
    pub pulls_at_once: usize,
    /// Spreads the waits before messages are repeated, so that many collectors do not come back at once. The same number
    /// gives the same waits again. Default: another one in each run.
    pub seed: Option<u64>,
    /// Pushes of one address in a second; one more gets 429. 0: as many as there are. Default 20.
    pub pushes_per_second: Option<u32>,
    /// Pushes at work at once. Default 64.
    pub pushes_at_once: Option<usize>,
    /// Pushes that wait; one more gets 503. Default 1,024.
    pub pushes_waiting: Option<usize>,
}

fn default_forward() -> u32 {
    60
}

fn default_poll() -> u32 {
    60
}

fn default_pull() -> u32 {
    30 * 86_400
}

fn default_at_once() -> usize {
    16
}

/// How the cloud is reached.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Cloud {
    /// Where the calls begin.
    #[serde(deserialize_with = "address")]
    pub base: BaseUrl,
    /// Where access tokens are made.
    #[serde(deserialize_with = "address")]
    pub token: BaseUrl,
    /// The application.
    pub application: Application,
}

impl Cloud {
    /// A cloud at these addresses, for this application.
    pub fn new(base: BaseUrl, token: BaseUrl, application: Application) -> Self {
        Self { base, token, application }
    }
}

/// The application in whose name the cloud is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Application {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    #[serde(deserialize_with = "secret")]
    pub client_secret: Secret,
}

impl Application {
    /// This application.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self { client_id: client_id.into(), client_secret: Secret::new(client_secret) }
    }
}

/// Who may ask for health and jobs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Admin {
    /// The name.
    pub user: String,
    /// The password.
    #[serde(deserialize_with = "secret")]
    pub password: Secret,
}

impl Admin {
    /// This user.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: Secret::new(password) }
    }
}

impl Settings {
    /// A disconnected collector for this account.
    pub fn new(domain: impl Into<String>, virtual_account: impl Into<String>) -> Self {
        Self {
            domain: domain.into(),
            smart_account: String::new(),
            virtual_account: virtual_account.into(),
            cloud: None,
            documents_key: None,
            admin: None,
            nat: false,
            listed_only: false,
            plain_pull: false,
            forward_seconds: default_forward(),
            poll_seconds: default_poll(),
            pull_seconds: default_pull(),
            pulls_at_once: default_at_once(),
            seed: None,
            pushes_per_second: None,
            pushes_at_once: None,
            pushes_waiting: None,
        }
    }

    /// Reads TOML.
    ///
    /// # Errors
    /// When it is none, has a member that is not known, or names no account.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        // its own text shows the line, and with it a secret
        let named = |error: toml::de::Error| {
            let line = slp_kit::line_at(text, error.span().map_or(0, |span| span.start));
            Error::from(format!("line {line}: {}", error.message()))
        };
        let settings: Self = toml::from_str(text).map_err(named)?;
        if settings.domain.is_empty() || settings.virtual_account.is_empty() {
            return Err("the domain of the Smart Account and the name of the virtual account are needed".into());
        }
        if settings.pulls_at_once == 0 || settings.pull_seconds == 0 {
            return Err("pulls_at_once and pull_seconds must not be 0".into());
        }
        if settings.pushes_at_once == Some(0) {
            return Err("pushes_at_once must not be 0: nothing would ever be answered".into());
        }
        Ok(settings)
    }

    /// How much the listener takes.
    pub fn server(&self) -> ServerSettings {
        let mut server = ServerSettings::default();
        server.per_second = self.pushes_per_second.unwrap_or(server.per_second);
        server.at_once = self.pushes_at_once.unwrap_or(server.at_once);
        server.waiting = self.pushes_waiting.unwrap_or(server.waiting);
        server
    }

    pub(crate) fn smart_account(&self) -> &str {
        if self.smart_account.is_empty() { &self.domain } else { &self.smart_account }
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("user", &self.user).finish_non_exhaustive()
    }
}

fn secret<'de, D: Deserializer<'de>>(input: D) -> Result<Secret, D::Error> {
    let text = String::deserialize(input).map_err(|_| serde::de::Error::custom("a secret has to be a text in quotes"));
    text.map(Secret::new)
}

fn address<'de, D: Deserializer<'de>>(input: D) -> Result<BaseUrl, D::Error> {
    String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
}

fn key<'de, D: Deserializer<'de>>(input: D) -> Result<Option<PublicKey>, D::Error> {
    let text = Option::<String>::deserialize(input)?;
    text.map(|text| PublicKey::from_pem(text.as_bytes()).map_err(serde::de::Error::custom)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_the_listener_are_settings() {
        let account = "domain = 'account.example'\nvirtual_account = 'Default'";
        assert_eq!(Settings::from_toml(account).unwrap().server(), ServerSettings::default());
        let text = format!("{account}\npushes_per_second = 0\npushes_at_once = 2\npushes_waiting = 3");
        let server = Settings::from_toml(&text).unwrap().server();
        assert_eq!((server.per_second, server.at_once, server.waiting), (0, 2, 3));
        let error = Settings::from_toml(&format!("{account}\npushes_at_once = 0")).unwrap_err().to_string();
        assert!(error.contains("pushes_at_once"), "{error}");
    }

    #[test]
    fn settings_read_hide_their_secrets_and_have_no_default_account() {
        let text = "domain = 'account.example'\nvirtual_account = 'Default'\nadmin = {user = 'ana', password = 'hush'}\n\
                    [cloud]\nbase = 'https://cloud.example/api'\ntoken = 'https://cloud.example/token'\n\
                    application = {client_id = 'c', client_secret = 'hush'}";
        let settings = Settings::from_toml(text).unwrap();
        assert_eq!(settings.poll_seconds, 60);
        assert!(!format!("{settings:?}").contains("hush"));
        assert!(Settings::from_toml("virtual_account = 'Default'").is_err());
        assert!(Settings::from_toml("domain = ''\nvirtual_account = 'Default'").is_err());
        assert!(Settings::from_toml(&format!("colour = 'red'\n{text}")).unwrap_err().to_string().contains("unknown"));
    }
}
