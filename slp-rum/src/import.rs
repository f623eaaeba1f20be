//! What a device does with a document: a pure function of what it knows, the document, and what is known about its
//! signatures. Spec: ack-auth, "Import rules" (choice, unless marked there).
//!
//! A document is taken part by part or, at the first fault that concerns all of it, not at all.
//!
//! ```
//! use slp_rum::import::{DeviceState, NoKeys, Outcome, Situation, import};
//!
//! let state = DeviceState::new("P:TEST,S:TST00000001".parse()?);
//! let bytes = b"<smartLicensePolicy><policyCode><name>Example</name></policyCode><signature>AAAA</signature>\
//!     </smartLicensePolicy>";
//! let plan = import(bytes, &state, &Situation::new(&NoKeys::new(), "2023-11-15".parse()?)).unwrap();
//! assert_eq!(plan.outcomes()[0].outcome, Outcome::Installed);
//! assert_eq!(plan.to_string(), "Import Data Successful");
//! let state = plan.into_state(); // the plan changed nothing; the new state is the caller's to keep
//! assert_eq!(state.policy.unwrap().policy.name, "Example");
//! # Ok::<(), slp_model::Error>(())
//! ```

use std::collections::BTreeSet;
use std::fmt;

use slp_model::error_code::DeviceError;
use slp_model::{Quoted, ReportId, Udi, UnixMillis, UnixSeconds};

mod age; // which of two codes or policies is the older one
mod judge; // who says whether a signature holds
mod outcome; // what became of each part
mod parts; // reading everything, checking every signature
mod reports; // acknowledgements take effect
mod state; // what a device knows before and after
mod trusting; // trust codes take effect

pub use judge::{Judge, Leaf, LeafFault, NoKeys, SignatureRule, Verdict};
pub use outcome::{ImportClass, MemberOutcome, Outcome, PartOutcome, Plan, Refusal};
pub use state::{
    Confirm, DeviceState, HaPeer, HistoryEntry, InstalledCode, InstalledPolicy, Mode, ReportFacts, ReturnedCode,
    TrustState,
};

use self::age::Age;
use self::parts::Parts;
use self::reports::Fallback;
use crate::authorization::AuthorizationKind;
use crate::codes::{ReservationKind, simulate};
use crate::{AuthorizationCode, PolicyFile, ReadOptions, Statement};

/// What an import looks at beside the document and the state.
#[non_exhaustive]
pub struct Situation<'s> {
    /// Judges signatures and certificates.
    pub judge: &'s dyn Judge,
    /// When a signature has to hold.
    pub rule: SignatureRule,
    /// The time.
    pub now: UnixSeconds,
    /// The device that somebody else says the document is for: an interface, or whoever calls.
    pub hint: Option<Udi>,
    /// The reports of the file that this one answers by its name.
    pub by_name: Option<BTreeSet<(Udi, ReportId)>>,
    /// Makes confirmation codes. How real devices do it is not known: the default makes simulated ones.
    pub confirm: &'s Confirm<'s>,
    /// Limits and tolerances. The default takes documents up to 4 MiB.
    pub options: ReadOptions,
}

impl<'s> Situation<'s> {
    /// This judge, at this time.
    pub fn new(judge: &'s dyn Judge, now: UnixSeconds) -> Self {
        let mut options = ReadOptions::default();
        options.limits.document_bytes = 4 << 20;
        Self {
            judge,
            rule: SignatureRule::default(),
            now,
            hint: None,
            by_name: None,
            confirm: &simulate::confirmation_code,
            options,
        }
    }
}

impl fmt::Debug for Situation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Situation")
            .field("rule", &self.rule)
            .field("now", &self.now)
            .field("hint", &self.hint)
            .finish_non_exhaustive()
    }
}

/// Works out what a device does with a document. Nothing is changed: the plan holds the new state.
///
/// # Errors
/// [`Refusal`] when a rule fires that concerns the whole document: it cannot be read, a signature does not hold, it is for
/// other devices, a code of ours is of another kind or for another product instance.
pub fn import(bytes: &[u8], state: &DeviceState, situation: &Situation<'_>) -> Result<Plan, Refusal> {
    let mut parts = parts::read(bytes, &situation.options)?;
    parts.check_signatures(situation.judge, situation.rule)?;
    let warnings = std::mem::take(&mut parts.warnings);
    let mut run = Run { state: state.clone(), parts: &parts, situation, outcomes: Vec::new(), warnings };
    run.match_devices()?;
    run.check_codes()?;
    run.take_policy();
    run.take_codes();
    run.take_trust();
    run.take_acks();
    run.take_account();
    Ok(run.finish())
}

/// One import under way.
struct Run<'r> {
    state: DeviceState,
    parts: &'r Parts,
    situation: &'r Situation<'r>,
    outcomes: Vec<PartOutcome>,
    warnings: Vec<String>,
}

impl Run<'_> {
    /// The codes of the document that are for a member, with the member's own UDI.
    fn our_codes(&self) -> impl Iterator<Item = (&AuthorizationCode, &HaPeer)> {
        self.parts.codes.iter().filter_map(|code| Some((code, self.state.member(&code.view().udi)?)))
    }

    fn match_devices(&self) -> Result<(), Refusal> {
        let devices = self.parts.devices();
        let is_ours = |device: &&Udi| self.state.member(device).is_some();
        if !devices.is_empty() && !devices.iter().any(is_ours) {
            let named: BTreeSet<String> = devices.iter().map(ToString::to_string).collect();
            let named = named.into_iter().take(3).collect::<Vec<_>>().join("; ");
            let text = format!("the document is for other devices: {named}");
            let is_classic = matches!(self.state.mode, Mode::Classic { .. }) && !self.parts.codes.is_empty();
            let error = match &self.state.mode {
                Mode::Classic { pending: None } if is_classic => DeviceError::NoReservationInProgress,
                Mode::Classic { .. } if is_classic => DeviceError::ReservationMismatch,
                _ => DeviceError::CodeValidationFailed,
            };
            return Err(Refusal::new(error, text));
        }
        for (code, member) in self.our_codes() {
            let (known, new) = (member.piid.as_deref(), code.view().piid.as_deref().unwrap_or_default());
            if known.is_some_and(|known| !new.is_empty() && !known.eq_ignore_ascii_case(new)) {
                let text = "the code is for another product instance of this device";
                return Err(Refusal::new(DeviceError::MatchIdentifier, text).at(code.place().clone()));
            }
            self.match_request(code, member)?;
        }
        Ok(())
    }

    /// The classic way: a reservation answers a pending request, unless it is installed already.
    fn match_request(&self, code: &AuthorizationCode, member: &HaPeer) -> Result<(), Refusal> {
        let Mode::Classic { pending } = &self.state.mode else {
            return Ok(());
        };
        if code.view().kind != AuthorizationKind::Slr {
            return Ok(());
        }
        let installed = self.state.codes.get(&member.device);
        if installed.is_some_and(|installed| age::of_code(code, installed) == Age::Same) {
            return Ok(());
        }
        match pending {
            None => {
                let text = "no reservation was asked for: make a request first";
                Err(Refusal::new(DeviceError::NoReservationInProgress, text).at(code.place().clone()))
            }
            // a request for all licences (PLR) is answered with a typed code
            Some(request)
                if !request.device().matches(&code.view().udi) || request.kind() == ReservationKind::Permanent =>
            {
                let text = "the code does not match the request";
                Err(Refusal::new(DeviceError::ReservationMismatch, text).at(code.place().clone()))
            }
            Some(_) => Ok(()),
        }
    }

    fn check_codes(&self) -> Result<(), Refusal> {
        for (code, _) in self.our_codes() {
            let view = code.view();
            let is = |text: Option<&str>, wanted: &str| text.is_none_or(|text| text == wanted);
            if !is(view.version.as_deref(), "C") {
                let text =
                    format!("version {} of the code is not known", Quoted(view.version.as_deref().unwrap_or_default()));
                return Err(Refusal::new(DeviceError::ReservationVersionOutOfBound, text).at(code.place().clone()));
            }
            if !is(view.flag.as_deref(), "A") {
                let text =
                    format!("flag {} of the code is not known", Quoted(view.flag.as_deref().unwrap_or_default()));
                let refusal = Refusal::new(DeviceError::InvalidResponse, text).at(code.place().clone());
                return Err(refusal.on_xr(DeviceError::InvalidAuthCodeType));
            }
        }
        Ok(())
    }

    fn downloaded(&self) -> Option<UnixMillis> {
        self.parts.account.as_ref()?.view().timestamp
    }

    fn take_policy(&mut self) {
        let Some(file) = &self.parts.policy else { return };
        let outcome = self.policy_outcome(file);
        let downloaded = self.downloaded();
        match (&mut self.state.policy, outcome.outcome) {
            (_, Outcome::Skipped) => {}
            // it was in force at that time too
            (Some(installed), Outcome::Unchanged) => installed.downloaded = installed.downloaded.max(downloaded),
            (policy, _) => {
                let mut installed = InstalledPolicy::new(file.view().clone(), self.situation.now);
                installed.downloaded = downloaded;
                *policy = Some(installed);
            }
        }
        self.outcomes.push(outcome);
    }

    fn policy_outcome(&self, file: &PolicyFile) -> PartOutcome {
        let part = |outcome| PartOutcome::new(ImportClass::Policy, None, outcome);
        let Some(installed) = &self.state.policy else {
            return part(Outcome::Installed);
        };
        match age::of_policy(file.view(), &installed.policy, self.downloaded(), installed.downloaded) {
            Age::Same => part(Outcome::Unchanged),
            Age::Older => {
                part(Outcome::Skipped).because(DeviceError::IgnoreEvent, "an older policy than the installed one")
            }
            Age::Newer => part(Outcome::Replaced),
        }
    }

    fn take_codes(&mut self) {
        let parts = self.parts;
        for code in &parts.codes {
            let outcome = match self.state.member(&code.view().udi).map(|member| member.device.clone()) {
                Some(local) => self.take_code(code, &local),
                None => PartOutcome::new(ImportClass::Authorization, Some(code.view().udi.clone()), Outcome::Skipped)
                    .because(DeviceError::CodeValidationFailed, "for another device"),
            };
            self.outcomes.push(outcome);
        }
        if self.state.asked_for_all && !parts.codes.is_empty() {
            let without: BTreeSet<_> = self
                .state
                .members
                .iter()
                .map(|member| &member.device)
                .filter(|udi| !self.state.codes.contains_key(udi))
                .collect();
            self.warnings.extend(without.iter().map(|udi| format!("{udi} got no code (no-code-for-member)")));
        }
    }

    fn take_code(&mut self, code: &AuthorizationCode, local: &Udi) -> PartOutcome {
        let now = self.situation.now;
        let part = |outcome| PartOutcome::new(ImportClass::Authorization, Some(local.clone()), outcome);
        let skipped = |error, text: &str| part(Outcome::Skipped).because(error, text);
        let is_classic = matches!(self.state.mode, Mode::Classic { .. });
        let installed = self.state.codes.get(local);
        let age = installed.map(|installed| age::of_code(code, installed));
        if age == Some(Age::Same) {
            let same = part(Outcome::Unchanged);
            return if is_classic {
                same.because(DeviceError::ReservationAlreadyInstalled, "this code is installed already")
            } else {
                same
            };
        }
        if age::was_returned(code, &self.state.returned) {
            return skipped(DeviceError::AlreadyExists, "this code was given back before")
                .on_xr(DeviceError::PreviouslyInstalled);
        }
        if age == Some(Age::Older) {
            return skipped(DeviceError::AlreadyExists, "an older code than the installed one")
                .on_xr(DeviceError::PreviouslyInstalled);
        }
        let view = code.view();
        if view.success == Some(false) {
            return skipped(DeviceError::ResponseFailed, "the server could not grant it");
        }
        if view.entitlements.iter().all(|one| one.has_ended(now)) {
            return skipped(DeviceError::CodeValidationFailed, "every term in it has ended (terms-ended)");
        }
        let mut outcome = part(if installed.is_some() { Outcome::Replaced } else { Outcome::Installed });
        for one in view.entitlements.iter().filter(|one| !one.grants(now)) {
            outcome
                .warnings
                .push(format!("{} grants nothing: it failed, has ended or has not begun", Quoted(one.tag.as_str())));
        }
        if installed.is_some() || view.kind == AuthorizationKind::Slr {
            outcome.confirmation = Some((self.situation.confirm)(code));
        }
        self.state.codes.insert(local.clone(), InstalledCode::new(code, now));
        if let Some(piid) = view.piid.as_ref().filter(|piid| !piid.is_empty()) {
            for member in self.state.members.iter_mut().filter(|member| member.device == *local) {
                member.piid.get_or_insert_with(|| piid.clone());
            }
        }
        if is_classic && view.kind == AuthorizationKind::Slr {
            self.state.mode = Mode::classic(None);
        }
        outcome
    }

    fn take_trust(&mut self) {
        let parts = self.parts;
        for code in &parts.trust {
            let outcome = match self.state.member(&code.view().udi).map(|member| member.device.clone()) {
                Some(local) => trusting::trust(&mut self.state, &local, code, self.situation.judge, self.situation.now),
                None => PartOutcome::new(ImportClass::TrustCode, Some(code.view().udi.clone()), Outcome::Skipped)
                    .because(DeviceError::CodeValidationFailed, "for another device"),
            };
            self.outcomes.push(outcome);
        }
    }

    fn take_acks(&mut self) {
        let parts = self.parts;
        let named: BTreeSet<&Udi> = parts.devices().into_iter().collect();
        let of_document = if named.len() == 1 { named.first().copied() } else { None };
        let named = of_document.or(self.situation.hint.as_ref());
        let only = self.state.only_device().cloned();
        let lists: Vec<_> = parts.acks.iter().map(Statement::view).collect();
        let around = Fallback {
            device: named.or(only.as_ref()),
            named,
            by_name: self.situation.by_name.as_ref(),
            downloaded: self.downloaded().map(UnixMillis::to_seconds),
            told: reports::told(&self.state, &lists, named.or(only.as_ref())),
        };
        let mut paired = None;
        for list in lists {
            let now = self.situation.now;
            self.outcomes.push(reports::acknowledge(&mut self.state, list, &around, &mut paired, now));
        }
        for ack in &parts.conversions {
            self.outcomes.push(reports::convert(&mut self.state, ack.view(), &around));
        }
    }

    fn take_account(&mut self) {
        let Some(file) = &self.parts.account else { return };
        let part = |outcome| PartOutcome::new(ImportClass::AccountInfo, None, outcome);
        let stored = self.state.account.as_ref();
        let outcome = match stored {
            None => part(Outcome::Installed),
            Some(stored) if stored == file.view() => part(Outcome::Unchanged),
            Some(stored) => match (file.view().timestamp, stored.timestamp) {
                (Some(new), Some(old)) if new < old => part(Outcome::Skipped)
                    .because(DeviceError::IgnoreEvent, "older than the account information stored"),
                _ => part(Outcome::Replaced),
            },
        };
        if matches!(outcome.outcome, Outcome::Installed | Outcome::Replaced) {
            self.state.account = Some(file.view().clone());
        }
        self.outcomes.push(outcome);
    }

    fn finish(mut self) -> Plan {
        let now = self.situation.now;
        let entries = self.outcomes.iter().map(|outcome| outcome.history(now));
        self.state.history.extend(entries);
        Plan::new(self.state, self.outcomes, self.warnings)
    }
}

/// May a device give its code back now? Not an import, but near it: a code goes before anything is sent.
///
/// # Errors
/// Number 35 (IOS XR 171) while a licence of the code is in use, 76 without a code.
pub fn may_return(state: &DeviceState, device: &Udi, is_in_use: bool) -> Result<(), Refusal> {
    if !state.codes.contains_key(device) {
        return Err(Refusal::new(DeviceError::NoAuthorizationInstalled, "no code is installed"));
    }
    if is_in_use {
        let text = "a licence that the code authorizes is in use";
        return Err(Refusal::new(DeviceError::SmPostNotAllow, text).on_xr(DeviceError::LicenseInUse));
    }
    Ok(())
}

/// May a device ask for trust now?
///
/// # Errors
/// Number 40 (IOS XR 173) while it is trusted, unless forced.
pub fn may_request_trust(state: &DeviceState, device: &Udi, is_forced: bool) -> Result<(), Refusal> {
    let is_trusted = state.trust.get(device).is_some_and(|trust| trust.installed.is_some());
    if is_trusted && !is_forced {
        let refusal = Refusal::new(DeviceError::AlreadyRegistered, "a trust code is installed; force it to replace it");
        return Err(refusal.on_xr(DeviceError::TrustCodeAlreadyInstalled));
    }
    Ok(())
}
