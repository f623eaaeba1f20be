//! The cloud as `slp upload` and `slp poll` talk to it: token, accounts, messages.

pub(crate) mod job; // a message and how far it is, on disk
pub(crate) mod run; // a job on its way

use slp_model::UnixMillis;
use slp_transport::client::Client;
use slp_transport::cssm::{
    AccessToken, CloudAnswer, Grant, Poll, ReportUsage, RequestingSystem, SearchAccounts, SelectedAccounts, Session,
    TokenRequest,
};
use slp_transport::{Action, Call as _, Error, Exchange as _, Limits, Nonce, PollId, Secret, printable};

use crate::commands::request::{self, words};
use crate::config::{self, CloudTarget};
use crate::console::Stop;

/// A connection with a token.
pub(crate) struct Cloud {
    target: CloudTarget,
    client: Client,
    session: Session,
    limits: Limits,
}

impl Cloud {
    /// Gets a token.
    pub(crate) fn connect(target: CloudTarget) -> Result<Self, Stop> {
        let (client, limits) = (config::client(&target.client)?, Limits::default());
        // What the peer says may repeat the secrets of this request: it is not shown.
        let token = token(&target, &client, &limits).map_err(|error| {
            let advice = request::advice(&error).map(|advice| format!("; {advice}")).unwrap_or_default();
            Stop::Data(format!("no token: {error}{advice}"))
        })?;
        let session = session(&target, token);
        Ok(Self { target, client, session, limits })
    }

    /// The numbers of the accounts of the configuration.
    pub(crate) fn accounts(&self) -> Result<SelectedAccounts, Stop> {
        if let Some(accounts) = numbers(&self.target) {
            return Ok(accounts);
        }
        let found = self.client.call(&self.session, SearchAccounts::new(), &self.limits);
        let selected = found.and_then(|found| found.select(&self.target.smart_account, &self.target.virtual_account));
        selected.map_err(|error| Stop::Data(words(&error)))
    }

    /// The messages that follow are for these accounts.
    pub(crate) fn use_accounts(&mut self, accounts: &SelectedAccounts) {
        let token = Session::new(self.target.base.clone(), AccessToken::new(""));
        let session = std::mem::replace(&mut self.session, token);
        self.session = session.with_accounts(&*accounts.account_id, &*accounts.virtual_account_id);
    }

    fn submit(&self, body: &[u8]) -> Result<CloudAnswer, Error> {
        let response = self.client.send(&submit_request(&self.session, body, &self.limits)?)?;
        ReportUsage::answer(&response, &self.limits)
    }

    fn poll(&self, now: UnixMillis, nonce: Nonce, id: PollId, action: Action) -> Result<CloudAnswer, Error> {
        self.client.call(&self.session, Poll::new(now, nonce, id, action), &self.limits)
    }

    fn refresh(&mut self) -> Result<(), Error> {
        let token = token(&self.target, &self.client, &self.limits)?;
        let empty = Session::new(self.target.base.clone(), AccessToken::new(""));
        self.session = std::mem::replace(&mut self.session, empty).with_token(token);
        Ok(())
    }
}

/// A session that says who asks, if the configuration does.
fn session(target: &CloudTarget, token: AccessToken) -> Session {
    let session = Session::new(target.base.clone(), token);
    match &target.requesting_system {
        Some(udi) => session.with_requesting_system(RequestingSystem::new(udi.pid(), udi.serial())),
        None => session,
    }
}

/// The message that was kept, the same bytes each time.
fn submit_request(session: &Session, body: &[u8], limits: &Limits) -> Result<http::Request<Vec<u8>>, Error> {
    let mut request = ReportUsage::from_json(body, limits)?.into_http(session)?;
    request.body_mut().clear();
    request.body_mut().extend_from_slice(body);
    Ok(request)
}

fn token_request(target: &CloudTarget) -> TokenRequest {
    let again = |secret: &Secret| Secret::new(secret.expose());
    let grant = match &target.person {
        None => Grant::ClientCredentials,
        Some((name, password)) => Grant::password(name, again(password)),
    };
    TokenRequest::new(&*target.client_id, again(&target.client_secret), grant)
}

fn token(target: &CloudTarget, client: &Client, limits: &Limits) -> Result<AccessToken, Error> {
    Ok(client.call(&target.token_url, token_request(target), limits)?.access_token)
}

/// The accounts, if the configuration has their numbers.
fn numbers(target: &CloudTarget) -> Option<SelectedAccounts> {
    let (smart, part) = (&target.smart_account, &target.virtual_account);
    target.has_numbers().then(|| SelectedAccounts::new(smart, part))
}

/// What would be sent to begin with, and a session to make the rest with. Numbers that only the cloud knows are 0 in it.
pub(crate) fn rehearse(target: &CloudTarget) -> Result<(Vec<String>, Session), Error> {
    let mut requests = vec![printable(&token_request(target).into_http(&target.token_url)?)];
    let session = session(target, AccessToken::new("token"));
    let accounts = numbers(target).unwrap_or_else(|| SelectedAccounts::new("0", "0"));
    if numbers(target).is_none() {
        requests.push(printable(&SearchAccounts::new().into_http(&session)?));
    }
    Ok((requests, session.with_accounts(accounts.account_id, accounts.virtual_account_id)))
}

/// A submit as it would be sent.
pub(crate) fn rehearse_submit(session: &Session, body: &[u8]) -> Result<String, Error> {
    submit_request(session, body, &Limits::default()).map(|request| printable(&request))
}

/// A poll as it would be sent.
pub(crate) fn rehearse_poll(session: Session, job: &job::Job, now: UnixMillis) -> Result<(String, Session), Error> {
    let session = session.with_accounts(&*job.smart_account, &*job.virtual_account);
    let id = job.upload.poll_id.unwrap_or(PollId::from(0));
    let request = Poll::new(now, job.upload.nonce.clone(), id, job.upload.action.clone()).into_http(&session)?;
    Ok((printable(&request), session))
}
