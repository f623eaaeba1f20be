//! `GET {base}/v2/accounts/search`: which accounts this token may see. Spec: transport, "Find ids".

use http::{Method, Request, Response, StatusCode};

use crate::cssm::Session;
use crate::message::{self, Serve, Template};
use crate::wire::record;
use crate::{Call, Error, Exchange, Limits, StatusWord};

const PATH: Template = Template("/v2/accounts/search");

/// Asks for the accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchAccounts;

impl SearchAccounts {
    /// Asks for the accounts.
    pub fn new() -> Self {
        Self
    }
}

record! {
    /// The accounts. None means that the token has no access.
    pub struct FoundAccounts {
        /// A code, if there is something to say.
        message_code: said_null String = "message_code",
        /// Those that the token may see.
        accounts: list FoundAccount = "accounts",
        /// What the server says about it, for people.
        message: said_null String = "message",
        /// How it went: `COMPLETE` (seen).
        status: req StatusWord = "status",
    }
}

record! {
    /// One Smart Account. Ids are strings here (seen).
    pub struct FoundAccount {
        /// A decimal number.
        account_id: req String = "account_id",
        /// Its domain, which [`select`](FoundAccounts::select) looks for in any case.
        domain: req String = "domain",
        /// Its name for people.
        name: req String = "name",
        /// Its virtual accounts.
        virtual_accounts: list FoundVirtualAccount = "virtual_accounts",
    }
}

record! {
    /// One virtual account.
    pub struct FoundVirtualAccount {
        /// Does what has no virtual account go here?
        default: or_default bool = "default",
        /// Its name for people.
        name: req String = "name",
        /// A decimal number.
        virtual_account_id: req String = "virtual_account_id",
    }
}

/// The ids of one Smart Account and one virtual account in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SelectedAccounts {
    /// Number of the Smart Account, for the header `X-CSW-SMART-ACCOUNT-ID`.
    pub account_id: String,
    /// Number of the virtual account, for the header `X-CSW-VIRTUAL-ACCOUNT-ID`.
    pub virtual_account_id: String,
}

impl SelectedAccounts {
    /// These two numbers, where they are known already.
    pub fn new(account_id: impl Into<String>, virtual_account_id: impl Into<String>) -> Self {
        Self { account_id: account_id.into(), virtual_account_id: virtual_account_id.into() }
    }
}

impl FoundAccounts {
    /// Picks the account of this domain (in any case) and the virtual account of exactly this name.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) if one of them is not there, or is there twice.
    pub fn select(&self, domain: &str, virtual_account: &str) -> Result<SelectedAccounts, Error> {
        let account = only(
            self.accounts.iter().filter(|account| account.domain.eq_ignore_ascii_case(domain)),
            "Smart Account",
            domain,
        )?;
        let found = only(
            account.virtual_accounts.iter().filter(|found| found.name == virtual_account),
            "virtual account",
            virtual_account,
        )?;
        Ok(SelectedAccounts {
            account_id: account.account_id.clone(),
            virtual_account_id: found.virtual_account_id.clone(),
        })
    }
}

fn only<T>(mut found: impl Iterator<Item = T>, what: &str, name: &str) -> Result<T, Error> {
    let name = slp_model::Quoted(name);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Error::argument(format!("no {what} {name} is visible with this token"))),
        (Some(_), Some(_)) => Err(Error::argument(format!("more than one {what} is called {name}"))),
    }
}

impl Exchange for SearchAccounts {
    type Answer = FoundAccounts;
    const OPERATION: &'static str = "GET /v2/accounts/search";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<FoundAccounts, Error> {
        let found: FoundAccounts = message::body_of(response, limits, Self::OPERATION)?;
        if matches!(found.status, StatusWord::Failed | StatusWord::Error) {
            return Err(message::failed(response, Self::OPERATION));
        }
        Ok(found)
    }
}

impl Call<Session> for SearchAccounts {
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        session.request(Method::GET, &PATH.fill(&[]), None)
    }
}

impl Serve for SearchAccounts {
    fn from_http(request: &Request<Vec<u8>>, _: &Limits) -> Result<Self, Error> {
        message::not_served(request, &Method::GET, Self::OPERATION)?;
        message::take(PATH, request, Self::OPERATION).map(|_| Self)
    }

    fn respond(answer: &FoundAccounts) -> Result<Response<Vec<u8>>, Error> {
        Ok(message::respond(StatusCode::OK, answer.to_json()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn the_domain_matches_in_any_case_and_a_name_found_twice_is_an_error() {
        let virtual_account = |name: &str, id: &str| FoundVirtualAccount::new(name, id);
        let mut account = FoundAccount::new("77", "acme.example", "Acme");
        account.virtual_accounts =
            vec![virtual_account("A", "1"), virtual_account("B", "2"), virtual_account("B", "3")];
        let mut found = FoundAccounts::new(StatusWord::Complete);
        found.accounts.push(account);
        let selected = found.select("ACME.example", "A").unwrap();
        assert_eq!((selected.account_id.as_str(), selected.virtual_account_id.as_str()), ("77", "1"));
        for (domain, name) in [("acme.example", "a"), ("acme.example", "B"), ("other", "A")] {
            assert_eq!(found.select(domain, name).unwrap_err().kind(), ErrorKind::Argument);
        }
    }
}
