//! What a device gets: acknowledgement, policy, account information, codes, trust. Signed with the cloud's own keys.

use std::collections::BTreeMap;

use slp_crypto::{Signer, SigningKey};
use slp_kit::{Authority, Error, certified_until};
use slp_model::account::Account;
use slp_model::{EntitlementTag, Udi, UnixMillis, UnixSeconds};
use slp_rum::ack::{Ack, AckList};
use slp_rum::authorization::{Authorization, AuthorizationKind, Entitlement};
use slp_rum::trust::TrustGrant;
use slp_rum::write::answer::Answer;
use slp_rum::{AuthorizationCode, Content, CorrelationId, Document};

use crate::settings::Settings;

/// What a document says besides policy and account.
#[derive(Debug, Default)]
pub(crate) struct Contents<'a> {
    /// Of one device, or of every member of a stack.
    pub(crate) acks: Vec<Ack>,
    pub(crate) codes: Vec<&'a AuthorizationCode>,
    pub(crate) trust: Option<TrustGrant>,
}

/// Who signs, and what stands in every document.
#[derive(Debug)]
pub(crate) struct Scribe<'a> {
    pub(crate) authority: &'a Authority,
    pub(crate) settings: &'a Settings,
    pub(crate) policy_date: UnixSeconds,
    /// A key that nobody knows, in its place.
    pub(crate) forged: Option<&'a SigningKey>,
}

impl Scribe<'_> {
    fn key(&self) -> &SigningKey {
        self.forged.unwrap_or(self.authority.signer())
    }

    pub(crate) fn account(&self, virtual_account: &str, now: UnixMillis) -> Account {
        let mut account = Account::new(self.settings.smart_account.clone(), virtual_account);
        account.timestamp = Some(now);
        account.smart_account_id = Some(self.settings.smart_account_id.clone());
        let id = self.settings.virtual_accounts.iter().find(|known| known.name == virtual_account);
        account.virtual_account_id = id.map(|known| known.id.clone());
        account.domain = Some(self.settings.domain.clone());
        account
    }

    /// The document for one device, or for the members of a stack.
    pub(crate) fn document(
        &self,
        virtual_account: &str,
        contents: Contents<'_>,
        trace: &CorrelationId,
        now: UnixMillis,
    ) -> Result<Vec<u8>, Error> {
        let key = self.key();
        let mut sign = |content: &slp_model::SignedContent<'_>| Ok(key.sign(&content.bytes)?.to_base64());
        let mut answer = Answer::new(&mut sign);
        for code in contents.codes {
            answer.keep(code);
        }
        answer.policy(&self.settings.policy.policy(self.policy_date))?;
        if let Some(trust) = &contents.trust {
            answer.trust_code(trust)?;
        }
        if !contents.acks.is_empty() {
            answer.acknowledgement(&AckList::new(contents.acks))?;
        }
        answer.account(&self.account(virtual_account, now))?;
        answer.correlation_id(trace)?;
        Ok(answer.finish()?.into_bytes())
    }

    /// An authorization code for one device, signed: what is kept and handed out again is this one.
    pub(crate) fn code(
        &self,
        device: &Udi,
        virtual_account: &str,
        wanted: &BTreeMap<EntitlementTag, u32>,
        piid: Option<String>,
        trace: String,
        now: UnixMillis,
    ) -> Result<AuthorizationCode, Error> {
        let mut code = Authorization::new(AuthorizationKind::Slac, device.clone());
        code.account = Some(self.account(virtual_account, now));
        code.date = Some(now.to_seconds());
        code.piid = piid;
        code.correlation_id = Some(trace);
        code.entitlements = wanted
            .iter()
            .map(|(tag, count)| {
                let mut entitlement = Entitlement::new(tag.clone(), *count);
                let purchase = self.settings.purchases.iter().find(|purchase| purchase.tag == tag.as_str());
                entitlement.display_name = purchase.map(|purchase| purchase.name.clone());
                entitlement
            })
            .collect();
        let key = self.authority.signer();
        let mut sign = |content: &slp_model::SignedContent<'_>| Ok(key.sign(&content.bytes)?.to_base64());
        let mut answer = Answer::new(&mut sign);
        answer.authorization(&code)?;
        let text = answer.finish()?;
        let document = Document::parse(text.as_bytes())?;
        for content in document.contents() {
            if let Content::Authorization(code) = content? {
                return Ok(*code);
            }
        }
        Err("the code that was written cannot be read".into())
    }

    /// A certificate for the key of a device, as a trust code.
    pub(crate) fn trust(&self, device: &Udi, piid: &str, request: &str) -> Result<TrustGrant, Error> {
        let mut grant = TrustGrant::new(device.clone(), self.authority.certify_device(device, request)?);
        grant.piid = Some(piid.to_owned());
        grant.not_after = Some(certified_until());
        Ok(grant)
    }
}
