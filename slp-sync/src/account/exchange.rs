//! Which responses are taken: replayed, stale, foreign and out-of-order ones are told apart and refused.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use slp_model::UnixMillis;

use crate::error::{Error, ErrorKind, Result};
use crate::warning::WarningKind;

/// How many request ids and digests are remembered.
const REMEMBERED: usize = 16;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RequestKind {
    /// To be registered: document A.
    Registration,
    /// To be synchronized: document C.
    Synchronization,
}

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ResponseKind {
    /// The answer to a registration: document B.
    Authorization,
    /// The answer to a synchronization: document D.
    Response,
}

/// The request that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pending {
    /// What was asked.
    pub kind: RequestKind,
    /// Its id, which the answer repeats.
    pub request_id: String,
    /// When it was written, which the answer repeats too.
    pub last_generated: UnixMillis,
    /// The watermark that it named; none asks for everything.
    pub asked_last_sync: Option<UnixMillis>,
    /// The change counter when it was written.
    pub change_mark: u64,
}

/// What has to be known of a response, taken from a document whose signature holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseFacts {
    /// What it is.
    pub kind: ResponseKind,
    /// Whose it is.
    pub collector_instance_id: String,
    /// SHA-256 of its canonical bytes.
    pub digest: [u8; 32],
    /// The request that it answers.
    pub request_id: String,
    /// The time of that request.
    pub last_generated: UnixMillis,
    /// Its watermark: the time up to which the cloud tells what it knows.
    pub last_sync: UnixMillis,
    /// What it builds on; none: it is full.
    pub base_sync: Option<UnixMillis>,
    /// The virtual accounts that it speaks about.
    pub virtual_accounts: Vec<String>,
    /// Does it ask for a full request next?
    pub full_requested: bool,
}

impl ResponseFacts {
    /// A full response without virtual accounts.
    pub fn new(
        kind: ResponseKind,
        collector_instance_id: impl Into<String>,
        digest: [u8; 32],
        request_id: impl Into<String>,
        last_generated: UnixMillis,
        last_sync: UnixMillis,
    ) -> Self {
        Self {
            kind,
            collector_instance_id: collector_instance_id.into(),
            digest,
            request_id: request_id.into(),
            last_generated,
            last_sync,
            base_sync: None,
            virtual_accounts: Vec::new(),
            full_requested: false,
        }
    }
}

/// What to do with a response that is not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Apply it, in one transaction.
    Apply(Vec<WarningKind>),
    /// It is the one that was applied last: nothing changes.
    AlreadyApplied,
}

/// What an On-Prem keeps about its exchange of one account with the cloud. Spec: sync, "Synchronization procedure".
/// Its stored form is that of serde.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    instance: String,
    virtual_account: Option<String>,
    pending: Option<Pending>,
    voided: VecDeque<String>,
    applied: VecDeque<[u8; 32]>,
    last_sync: Option<UnixMillis>,
    last_generated: Option<UnixMillis>,
    sent_mark: u64,
    force_full: bool,
}

impl Exchange {
    /// The exchange of this instance, nothing sent yet.
    pub fn new(instance: impl Into<String>) -> Self {
        Self {
            instance: instance.into(),
            virtual_account: None,
            pending: None,
            voided: VecDeque::new(),
            applied: VecDeque::new(),
            last_sync: None,
            last_generated: None,
            sent_mark: 0,
            force_full: false,
        }
    }

    /// The request that waits for its answer.
    pub fn pending(&self) -> Option<&Pending> {
        self.pending.as_ref()
    }

    /// The watermark of the last applied document.
    pub fn last_sync(&self) -> Option<UnixMillis> {
        self.last_sync
    }

    /// Objects with a change counter above this go into the next delta.
    pub fn sent_mark(&self) -> u64 {
        self.sent_mark
    }

    /// The next request asks for everything: by the operator's wish, after a restore, in doubt after a failover.
    pub fn force_full(&mut self) {
        self.force_full = true;
    }

    /// A request is written: one is outstanding at most, an older one is void. Returns what the document has to say: its
    /// time, later than that of any before, and the watermark (none: a full request without tombstones).
    pub fn request(
        &mut self,
        kind: RequestKind,
        request_id: impl Into<String>,
        now: UnixMillis,
        change_mark: u64,
    ) -> &Pending {
        let after_last = self.last_generated.map_or(0, |last| last.get().saturating_add(1));
        let last_generated = UnixMillis::new(now.get().max(after_last)).unwrap_or(UnixMillis::MAX);
        self.last_generated = Some(last_generated);
        if let Some(old) = self.pending.take() {
            remember(&mut self.voided, old.request_id);
        }
        let full = self.force_full || kind == RequestKind::Registration;
        self.pending.insert(Pending {
            kind,
            request_id: request_id.into(),
            last_generated,
            asked_last_sync: self.last_sync.filter(|_| !full),
            change_mark,
        })
    }

    /// Judges a response whose signature holds. The first failure is returned, nothing is changed.
    ///
    /// # Errors
    /// In this order: [`ErrorKind::WrongInstance`], [`ErrorKind::Replay`] (an older document),
    /// [`ErrorKind::StaleResponse`], [`ErrorKind::NoPendingRequest`], [`ErrorKind::UnknownRequest`],
    /// [`ErrorKind::WrongKind`], [`ErrorKind::Replay`] (an older watermark), [`ErrorKind::NotFull`],
    /// [`ErrorKind::WrongBase`], [`ErrorKind::WrongVirtualAccount`].
    pub fn judge(&self, facts: &ResponseFacts) -> Result<Outcome> {
        let refuse = |kind, text: &str| Err(Error::new(kind, text));
        if facts.collector_instance_id != self.instance {
            return refuse(ErrorKind::WrongInstance, "this document is for another On-Prem");
        }
        if self.applied.back() == Some(&facts.digest) {
            return Ok(Outcome::AlreadyApplied);
        }
        if self.applied.contains(&facts.digest) {
            return refuse(ErrorKind::Replay, "this document was applied before, and later ones since");
        }
        if self.voided.contains(&facts.request_id) {
            return refuse(ErrorKind::StaleResponse, "this document answers a request that a later one replaced");
        }
        let Some(pending) = &self.pending else {
            return refuse(ErrorKind::NoPendingRequest, "nothing was asked: write a request first");
        };
        if facts.request_id != pending.request_id || facts.last_generated != pending.last_generated {
            return refuse(ErrorKind::UnknownRequest, "this document answers another request");
        }
        let fits = match pending.kind {
            RequestKind::Registration => ResponseKind::Authorization,
            RequestKind::Synchronization => ResponseKind::Response,
        };
        if facts.kind != fits {
            return refuse(ErrorKind::WrongKind, "this document is not of the kind that was asked for");
        }
        if self.last_sync.is_some_and(|last| facts.last_sync <= last) {
            return refuse(ErrorKind::Replay, "its watermark is not later than the last one");
        }
        match (facts.base_sync, pending.asked_last_sync) {
            (Some(_), None) if facts.kind == ResponseKind::Response => {
                return refuse(ErrorKind::NotFull, "everything was asked for, and a delta came");
            }
            (Some(base), asked) if asked != Some(base) => {
                return refuse(ErrorKind::WrongBase, "it builds on another state than ours");
            }
            _ => {}
        }
        let other = |account: &String| self.virtual_account.as_ref().is_some_and(|ours| ours != account);
        if facts.kind == ResponseKind::Response && facts.virtual_accounts.iter().any(other) {
            return refuse(ErrorKind::WrongVirtualAccount, "it speaks about another virtual account");
        }
        let unasked = facts.base_sync.is_none() && pending.asked_last_sync.is_some();
        Ok(Outcome::Apply(if unasked { vec![WarningKind::FullInsteadOfDelta] } else { Vec::new() }))
    }

    /// A response was applied: call it in the same transaction, after [`judge`](Self::judge) said so.
    ///
    /// # Errors
    /// As [`judge`](Self::judge); [`ErrorKind::Replay`] if it is applied already.
    pub fn applied(&mut self, facts: &ResponseFacts) -> Result<()> {
        if self.judge(facts)? == Outcome::AlreadyApplied {
            return Err(Error::new(ErrorKind::Replay, "it is applied already"));
        }
        if let Some(pending) = self.pending.take() {
            self.sent_mark = pending.change_mark;
        }
        if facts.kind == ResponseKind::Authorization {
            self.virtual_account = facts.virtual_accounts.first().cloned();
        }
        self.last_sync = Some(facts.last_sync);
        self.force_full = facts.full_requested;
        remember(&mut self.applied, facts.digest);
        Ok(())
    }

    /// Gives the pending request up.
    pub fn void_pending(&mut self) {
        if let Some(old) = self.pending.take() {
            remember(&mut self.voided, old.request_id);
        }
    }
}

fn remember<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() >= REMEMBERED {
        list.pop_front();
    }
    list.push_back(item);
}
