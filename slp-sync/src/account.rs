//! The life of a local account and its deadlines: a pure state machine over times that are given to it.
//!
//! The deadline clock starts at the **stamp in the last applied document**, not at the time of its import. A clock that
//! is set back never extends a deadline; one that jumps ahead expires nothing until it is confirmed. Spec: sync, "Account
//! life cycle and deadlines" (choice, the numbers are doc).

mod clock;
mod exchange;

pub use clock::{ClockEvent, Deadlines, Evaluation, Health, SyncClock};
pub use exchange::{Exchange, Outcome, Pending, RequestKind, ResponseFacts, ResponseKind};

use serde::{Deserialize, Serialize};
use slp_model::{UnixMillis, word_enum};

use crate::error::{Error, ErrorKind, Result};

word_enum! {
    /// Where an account stands. Words: the names.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum AccountState: "state of an account" {
        /// Asked for; a system administrator decides.
        Requested = "Requested",
        /// Refused; the end.
        Rejected = "Rejected",
        /// Approved, not yet known to the cloud.
        Unregistered = "Unregistered",
        /// A registration request was written.
        Pending = "Pending",
        /// Known to the cloud.
        Registered = "Registered",
        /// Not synchronized in time; only a new registration, with a new instance id, helps.
        Expired = "Expired",
        /// Shut down.
        Deactivated = "Deactivated",
        /// Gone; the end.
        Deleted = "Deleted",
    }
}

/// A local account: its state, and the clock that it lives by. Its stored form is that of serde.
///
/// ```
/// use slp_sync::account::{Account, AccountState, Deadlines, Health};
///
/// let mut account = Account::requested(Deadlines::network());
/// account.approve()?;
/// account.request_written("11111111-2222-4333-8444-555555555555")?;
/// let stamp = "2026-11-01T09:12:44.500Z".parse()?;
/// account.registered(stamp)?;
/// let evaluation = account.evaluate("2026-11-20T00:00:00Z".parse()?);
/// assert_eq!((account.state(), evaluation.health), (AccountState::Registered, Health::Current));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    state: AccountState,
    instance: Option<String>,
    former: Vec<String>,
    clock: SyncClock,
}

impl Account {
    /// An account that was asked for.
    pub fn requested(deadlines: Deadlines) -> Self {
        Self { state: AccountState::Requested, instance: None, former: Vec::new(), clock: SyncClock::new(deadlines) }
    }

    /// Where it stands.
    pub fn state(&self) -> AccountState {
        self.state
    }

    /// The instance id of the present registration.
    pub fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }

    /// The clock: watermark, time seen.
    pub fn clock(&self) -> &SyncClock {
        &self.clock
    }

    fn go(&mut self, from: &[AccountState], to: AccountState) -> Result<()> {
        if !from.contains(&self.state) {
            let text = format!("an account that is {} does not become {}", self.state.as_str(), to.as_str());
            return Err(Error::new(ErrorKind::AccountState, text).named("transition"));
        }
        self.state = to;
        Ok(())
    }

    /// A system administrator agrees.
    ///
    /// # Errors
    /// [`ErrorKind::AccountState`] if the account is not Requested.
    pub fn approve(&mut self) -> Result<()> {
        self.go(&[AccountState::Requested], AccountState::Unregistered)
    }

    /// A system administrator refuses.
    ///
    /// # Errors
    /// As [`approve`](Self::approve).
    pub fn reject(&mut self) -> Result<()> {
        self.go(&[AccountState::Requested], AccountState::Rejected)
    }

    /// A registration request was written for this instance id, which must be new: also an expired account begins again
    /// with one of its own.
    ///
    /// # Errors
    /// [`ErrorKind::AccountState`] if the account is neither Unregistered nor Expired, or the id was used before.
    pub fn request_written(&mut self, instance: impl Into<String>) -> Result<()> {
        let instance = instance.into();
        if self.instance.as_deref() == Some(&*instance) || self.former.contains(&instance) {
            let text = "every registration has an instance id of its own";
            return Err(Error::new(ErrorKind::AccountState, text).named("instance"));
        }
        self.go(&[AccountState::Unregistered, AccountState::Expired], AccountState::Pending)?;
        self.former.extend(self.instance.replace(instance));
        Ok(())
    }

    /// The registration request was given up.
    ///
    /// # Errors
    /// [`ErrorKind::AccountState`] if none is pending.
    pub fn request_voided(&mut self) -> Result<()> {
        self.go(&[AccountState::Pending], AccountState::Unregistered)
    }

    /// The authorization was applied; `stamp` is its `last_sync`.
    ///
    /// # Errors
    /// [`ErrorKind::AccountState`] if no request is pending.
    pub fn registered(&mut self, stamp: UnixMillis) -> Result<()> {
        self.go(&[AccountState::Pending], AccountState::Registered)?;
        self.clock.restart(stamp);
        Ok(())
    }

    /// A synchronization response was applied; `stamp` is its `last_sync`.
    ///
    /// # Errors
    /// [`ErrorKind::AccountState`] if the account is not Registered.
    pub fn synchronized(&mut self, stamp: UnixMillis) -> Result<()> {
        self.go(&[AccountState::Registered], AccountState::Registered)?;
        self.clock.restart(stamp);
        Ok(())
    }

    /// What `now` means for the account. A registered account whose deadline has passed becomes Expired, for good: drop
    /// its product instances, expire its tokens, void what is pending.
    pub fn evaluate(&mut self, now: UnixMillis) -> Evaluation {
        let mut evaluation = self.clock.evaluate(now);
        match self.state {
            AccountState::Registered if evaluation.health == Health::Expired && !evaluation.provisional => {
                self.state = AccountState::Expired;
                evaluation.expired_now = true;
            }
            AccountState::Expired => evaluation.health = Health::Expired,
            _ => {}
        }
        evaluation
    }

    /// An operator says that the clock is right.
    pub fn confirm_clock(&mut self, now: UnixMillis) {
        self.clock.confirm(now);
    }

    /// Shuts the account down: first remove its product instances and synchronize.
    ///
    /// # Errors
    /// [`ErrorKind::AccountState`]: `unsynchronized` if product instances are left or a removal was not synchronized;
    /// `transition` if the account is not Registered or Expired.
    pub fn deactivate(&mut self, product_instances: u64, unsynchronized: bool) -> Result<()> {
        if product_instances > 0 || unsynchronized {
            let text = "remove all product instances and synchronize before the account is deactivated";
            return Err(Error::new(ErrorKind::AccountState, text).named("unsynchronized"));
        }
        self.go(&[AccountState::Registered, AccountState::Expired], AccountState::Deactivated)
    }

    /// Deletes the account.
    ///
    /// # Errors
    /// [`ErrorKind::AccountState`] if it is not Deactivated.
    pub fn delete(&mut self) -> Result<()> {
        self.go(&[AccountState::Deactivated], AccountState::Deleted)
    }
}

#[cfg(test)]
mod tests;
