//! The way to the cloud: an access token, and the ids of the accounts.

use std::collections::VecDeque;
use std::fmt;

use http::Response;
use slp_kit::Error;
use slp_model::{Seconds, UnixMillis, UnixSeconds};
use slp_transport::cssm::{AuthRequest, Grant, Poll, ReportUsage, SearchAccounts, Session, TokenRequest};
use slp_transport::upload::UploadEvent;
use slp_transport::{Action, Call as _, Exchange, Nonce, PollId, Secret};

use crate::collector::{Collector, Flight, Peer};
use crate::store::set_fact;

/// What an upload wants to send.
#[derive(Debug)]
pub(crate) enum Wanted {
    Submit,
    Poll(PollId, Action, Nonce),
}

/// Token and accounts, and what waits for them.
#[derive(Default)]
pub(crate) struct Link {
    session: Option<Session>,
    renew_at: Option<UnixSeconds>,
    accounts: Option<(String, String)>,
    asking: bool,
    failures: u32,
    retry_at: Option<UnixSeconds>,
    pub(crate) waiting: VecDeque<(i64, Wanted)>,
    /// Uploads whose token was refused.
    pub(crate) refreshing: Vec<i64>,
}

impl Link {
    pub(crate) fn new(accounts: Option<(String, String)>) -> Self {
        Self { accounts, ..Self::default() }
    }

    pub(crate) fn next_deadline(&self) -> Option<UnixSeconds> {
        if self.is_idle() { None } else { self.retry_at }
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.refreshing.is_empty()
    }

    /// The token was refused.
    pub(crate) fn forget_token(&mut self) {
        self.session = None;
    }

    /// `spread` is a number below 256: it spreads the waits over a quarter of their length.
    fn failed(&mut self, now: UnixMillis, spread: u64) {
        (self.asking, self.session) = (false, None);
        let wait = 60_i64.saturating_mul(1_i64.checked_shl(self.failures).unwrap_or(i64::MAX)).clamp(60, 3_600);
        let spread = i64::try_from(spread).unwrap_or(0).saturating_mul(wait) / 1_024;
        let wait = wait.saturating_add(spread);
        self.failures = self.failures.saturating_add(1).min(16);
        self.retry_at = Some(now.to_seconds().saturating_add(Seconds::new(wait)));
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

/// The answer of an exchange, or that there was none.
pub(crate) fn answer<M: Exchange>(
    response: Option<&Response<Vec<u8>>>,
    limits: &slp_transport::Limits,
) -> Result<M::Answer, slp_transport::Error> {
    response.map_or_else(|| Err(slp_transport::Error::no_reply(M::OPERATION)), |response| M::answer(response, limits))
}

impl Collector {
    /// Sends what waits for the cloud, or asks for what it needs first.
    pub(crate) fn pump(&mut self, now: UnixMillis) -> Result<(), Error> {
        let at = now.to_seconds();
        let Some(cloud) = &self.settings.cloud else {
            return Ok(());
        };
        if self.link.is_idle() || self.link.asking {
            return Ok(());
        }
        let is_ready = self.link.session.is_some()
            && self.link.accounts.is_some()
            && self.link.renew_at.is_some_and(|renew_at| at < renew_at);
        if !is_ready {
            if self.link.retry_at.is_some_and(|retry_at| at < retry_at) {
                return Ok(());
            }
            let application = &cloud.application;
            let secret = Secret::new(application.client_secret.expose());
            let request = TokenRequest::new(application.client_id.as_str(), secret, Grant::ClientCredentials);
            let request = request.into_http(&cloud.token)?;
            self.link.asking = true;
            self.send(Peer::Cloud, Flight::Token, request);
            return Ok(());
        }
        while let Some(id) = self.link.refreshing.pop() {
            self.upload_event_or_again(id, UploadEvent::TokenRefreshed(Ok(())), now)?;
        }
        while let Some((id, wanted)) = self.link.waiting.pop_front() {
            match self.build(id, wanted, now) {
                Ok(Some(request)) => self.send(Peer::Cloud, Flight::Upload(id), request),
                Ok(None) => {}
                Err(error) => {
                    self.events.say(format!("upload {id}: it cannot be sent, {error}"));
                    self.begin_again(id, now);
                }
            }
        }
        Ok(())
    }

    fn build(&mut self, id: i64, wanted: Wanted, now: UnixMillis) -> Result<Option<http::Request<Vec<u8>>>, Error> {
        let Some(session) = &self.link.session else {
            return Ok(None);
        };
        Ok(Some(match wanted {
            Wanted::Poll(poll, action, nonce) => Poll::new(now, nonce, poll, action).into_http(session)?,
            Wanted::Submit => {
                let mut find = self.store.db().prepare_cached("SELECT kind, body FROM upload WHERE id = ?1")?;
                let (kind, body): (String, String) = find.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
                match kind.as_str() {
                    "usage" => ReportUsage::from_json(body.as_bytes(), &self.limits)?.into_http(session)?,
                    _ => AuthRequest::from_json(body.as_bytes(), &self.limits)?.into_http(session)?,
                }
            }
        }))
    }

    pub(crate) fn token_answered(
        &mut self,
        response: Option<&Response<Vec<u8>>>,
        now: UnixMillis,
    ) -> Result<(), Error> {
        let answer = answer::<TokenRequest>(response, &self.limits);
        let (Some(cloud), Ok(token)) = (&self.settings.cloud, &answer) else {
            if let Err(error) = answer {
                self.events.say(format!("no access token: {error}"));
            }
            self.link.failed(now, self.waits.below(256));
            return Ok(());
        };
        self.link.renew_at = Some(token.renew_at(now.to_seconds()));
        let base = cloud.base.clone();
        let Ok(token) = answer else { return Ok(()) };
        let session = Session::new(base, token.access_token);
        if let Some((smart, account)) = self.link.accounts.clone() {
            self.link.session = Some(session.with_accounts(smart, account));
            self.established();
            return Ok(());
        }
        let request = SearchAccounts::new().into_http(&session)?;
        self.link.session = Some(session);
        self.send(Peer::Cloud, Flight::Accounts, request);
        Ok(())
    }

    pub(crate) fn accounts_answered(
        &mut self,
        response: Option<&Response<Vec<u8>>>,
        now: UnixMillis,
    ) -> Result<(), Error> {
        let found = answer::<SearchAccounts>(response, &self.limits)
            .and_then(|found| found.select(&self.settings.domain, &self.settings.virtual_account));
        match found {
            Ok(ids) => {
                let kept = self.store.write(|db| {
                    set_fact(db, "smart_account_id", &ids.account_id)?;
                    set_fact(db, "virtual_account_id", &ids.virtual_account_id)
                });
                if kept.is_err() {
                    self.link.failed(now, self.waits.below(256));
                    return kept;
                }
                let session = self.link.session.take();
                self.link.session =
                    session.map(|session| session.with_accounts(&*ids.account_id, &*ids.virtual_account_id));
                self.link.accounts = Some((ids.account_id, ids.virtual_account_id));
                self.established();
            }
            Err(error) => {
                self.events.say(format!("the accounts cannot be used: {error}"));
                self.link.failed(now, self.waits.below(256));
            }
        }
        Ok(())
    }

    fn established(&mut self) {
        (self.link.asking, self.link.failures, self.link.retry_at) = (false, 0, None);
    }
}
