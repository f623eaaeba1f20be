//! Accounts, purchases, secrets: what an operator gives, as TOML.

use std::fmt;

use serde::Deserialize;
use slp_kit::Error;
use slp_model::policy::{Policy, Requirement};
use slp_model::{EntitlementTag, UnixSeconds};
use slp_transport::Secret;

use crate::Fault;

/// Everything that a run needs. Members that are not given have defaults: one account, one virtual account, no client,
/// no token, no purchase.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Settings {
    /// Name of the Smart Account.
    pub smart_account: String,
    /// Its domain.
    pub domain: String,
    /// Its id, decimal.
    pub smart_account_id: String,
    /// Its virtual accounts; the first is the default one.
    pub virtual_accounts: Vec<VirtualAccount>,
    /// Who may ask for access tokens.
    pub clients: Vec<Client>,
    /// Users, for the password grant.
    pub users: Vec<User>,
    /// Tokens for devices.
    pub id_tokens: Vec<IdToken>,
    /// What was bought.
    pub purchases: Vec<Purchase>,
    /// The policy that every device gets.
    pub policy: PolicySettings,
    /// Seconds until a result is ready. 0: with the first answer where the road allows it.
    pub result_seconds: u32,
    /// Seconds between polls, as devices and clients are told (300 seen).
    pub poll_seconds: u32,
    /// How long an access token lives (3,599 seen).
    pub token_seconds: u32,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            smart_account: "Example Account".into(),
            domain: "account.example".into(),
            smart_account_id: "100001".into(),
            virtual_accounts: vec![VirtualAccount { name: "Default".into(), id: "200001".into() }],
            clients: Vec::new(),
            users: Vec::new(),
            id_tokens: Vec::new(),
            purchases: Vec::new(),
            policy: PolicySettings::default(),
            result_seconds: 60,
            poll_seconds: 300,
            token_seconds: 3_599,
            faults: Vec::new(),
        }
    }
}

/// A virtual account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VirtualAccount {
    /// Its name.
    pub name: String,
    /// Its id, decimal.
    pub id: String,
}

/// Who may ask for access tokens.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret.
    #[serde(deserialize_with = "secret")]
    pub secret: Secret,
}

/// A user, for the password grant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct User {
    /// The name.
    pub name: String,
    /// The password.
    #[serde(deserialize_with = "secret")]
    pub password: Secret,
}

/// A token with which devices ask for trust.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct IdToken {
    /// The token.
    #[serde(deserialize_with = "secret")]
    pub token: Secret,
    /// The virtual account that its devices come to. Default: the first.
    pub virtual_account: Option<String>,
    /// How many devices may still use it. Default: any number.
    pub uses: Option<u32>,
    /// Until when it may be used.
    #[serde(default, deserialize_with = "time")]
    pub until: Option<UnixSeconds>,
}

impl Client {
    /// A client of this id and secret.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { id: id.into(), secret: Secret::new(secret) }
    }
}

impl IdToken {
    /// A token for any number of devices.
    pub fn new(token: impl Into<String>) -> Self {
        Self { token: Secret::new(token), virtual_account: None, uses: None, until: None }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdToken").field("uses", &self.uses).field("until", &self.until).finish_non_exhaustive()
    }
}

/// What has to be bought before it is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Enforced {
    /// Nothing: use first, report later.
    #[default]
    No,
    /// An authorization code is needed.
    Enforced,
    /// An authorization code is needed, because of export control.
    Export,
}

/// Licences that were bought.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Purchase {
    /// The full tag.
    pub tag: String,
    /// The name that people read.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// Needs a code?
    #[serde(default)]
    pub enforced: Enforced,
}

impl Purchase {
    /// So many of these, for which no code is needed.
    pub fn new(tag: impl Into<String>, name: impl Into<String>, quantity: u32) -> Self {
        Self { tag: tag.into(), name: name.into(), quantity, enforced: Enforced::No }
    }

    /// The same, behind a code.
    #[must_use]
    pub fn behind(mut self, enforced: Enforced) -> Self {
        self.enforced = enforced;
        self
    }
}

/// Days per class of licences; what is not given is left out of the policy.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PolicyDays {
    /// Until the first report.
    pub first: Option<u32>,
    /// Between reports.
    pub ongoing: Option<u32>,
    /// From a change to its report.
    pub change: Option<u32>,
}

impl PolicyDays {
    /// These three.
    pub const fn new(first: u32, ongoing: u32, change: u32) -> Self {
        Self { first: Some(first), ongoing: Some(ongoing), change: Some(change) }
    }

    const fn requirement(self) -> Requirement {
        Requirement::new(self.first, self.ongoing, self.change)
    }
}

/// The policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PolicySettings {
    /// Its name.
    pub name: String,
    /// Perpetual licences.
    pub perpetual: PolicyDays,
    /// Subscriptions.
    pub subscription: PolicyDays,
    /// Enforced licences.
    pub enforced: PolicyDays,
    /// Export-controlled licences.
    pub export: PolicyDays,
}

impl Default for PolicySettings {
    fn default() -> Self {
        Self {
            name: "Example Policy".into(),
            perpetual: PolicyDays::new(90, 365, 90),
            subscription: PolicyDays::new(90, 90, 90),
            enforced: PolicyDays { first: None, ongoing: Some(0), change: Some(90) },
            export: PolicyDays { first: None, ongoing: Some(0), change: Some(90) },
        }
    }
}

impl PolicySettings {
    pub(crate) fn policy(&self, at: UnixSeconds) -> Policy {
        let mut policy = Policy::new(self.name.clone());
        policy.version = Some("1.0".into());
        policy.date = Some(at);
        policy.ack_required = Some(true);
        policy.perpetual = self.perpetual.requirement();
        policy.subscription = self.subscription.requirement();
        policy.enforced = self.enforced.requirement();
        policy.export = self.export.requirement();
        policy
    }
}

impl Settings {
    /// Reads TOML.
    ///
    /// # Errors
    /// When it is none, has a member that is not known, or says something that cannot be: no virtual account, an id that is
    /// no number, a tag that is none.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        // its own text shows the line, and with it a secret
        let named = |error: toml::de::Error| {
            let line = slp_kit::line_at(text, error.span().map_or(0, |span| span.start));
            Error::from(format!("line {line}: {}", error.message()))
        };
        let settings: Self = toml::from_str(text).map_err(named)?;
        settings.check()?;
        Ok(settings)
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.virtual_accounts.is_empty() {
            return Err("at least one virtual account is needed".into());
        }
        let ids = self.virtual_accounts.iter().map(|account| &account.id).chain([&self.smart_account_id]);
        for id in ids {
            if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(format!("the account id {id:?} is no decimal number").into());
            }
        }
        for purchase in &self.purchases {
            purchase.tag.parse::<EntitlementTag>()?;
        }
        for token in &self.id_tokens {
            if let Some(name) = token.virtual_account.as_ref()
                && !self.virtual_accounts.iter().any(|account| account.name == *name)
            {
                return Err(format!("an id token names the virtual account {name:?}, which is not there").into());
            }
        }
        Ok(())
    }
}

fn secret<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Secret, D::Error> {
    let text = String::deserialize(input).map_err(|_| serde::de::Error::custom("a secret has to be a text in quotes"));
    text.map(Secret::new)
}

pub(crate) fn time<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<UnixSeconds>, D::Error> {
    let text = Option::<String>::deserialize(input)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_and_hide_their_secrets() {
        let text = "smart_account_id = '7'\nclients = [{id = 'c', secret = 'hush'}]\nid_tokens = [{token = 'hush', uses = 2}]\n\
                    [[purchases]]\ntag = 'regid.2017-03.com.cisco.advantagek9,1.0_x'\nname = 'a'\nquantity = 3\nenforced = 'export'";
        let settings = Settings::from_toml(text).unwrap();
        assert_eq!((settings.purchases[0].enforced, settings.id_tokens[0].uses), (Enforced::Export, Some(2)));
        assert!(!format!("{settings:?}").contains("hush"));
    }

    #[test]
    fn settings_that_cannot_be_are_refused_with_their_reason() {
        for (text, reason) in [
            ("virtual_accounts = []", "at least one virtual account"),
            ("smart_account_id = 'x'", "no decimal number"),
            ("colour = 'red'", "unknown field"),
            ("id_tokens = [{token = 't', virtual_account = 'Elsewhere'}]", "Elsewhere"),
            ("[[purchases]]\ntag = ''\nname = 'a'\nquantity = 3", "tag"),
        ] {
            let error = Settings::from_toml(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
