//! Documents that come back: what they change, and what of them is kept.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use slp_crypto::Signer as _;
use slp_kit::Error;
use slp_model::error_code::DeviceError;
use slp_model::{Udi, UnixMillis, UnixSeconds};
use slp_rum::import::{
    DeviceState, HaPeer, ImportClass, Outcome, PartOutcome, ReportFacts, ReturnedCode, Situation, import,
};
use slp_rum::{AuthorizationCode, Content, Document};
use slp_transport::agent::{Event, Imported, ReportKey};

use crate::fault::Fault;
use crate::instance::Device;
use crate::store::Imported as Kept;
use crate::syslog;

/// What an import did.
#[derive(Debug)]
pub(crate) struct Taken {
    /// What the device prints.
    pub(crate) text: String,
    pub(crate) outcomes: Vec<PartOutcome>,
}

impl Taken {
    /// The codes that an operator has to give back to the cloud, by device.
    pub(crate) fn confirmations(&self) -> impl Iterator<Item = (&Udi, &str)> {
        let confirmed = |part: &'_ PartOutcome| part.device.is_some() && part.confirmation.is_some();
        self.outcomes
            .iter()
            .filter(move |part| confirmed(part))
            .filter_map(|part| Some((part.device.as_ref()?, part.confirmation.as_ref()?.as_str())))
    }
}

impl Device {
    /// Imports a document by hand. What became of it, in the words of the device.
    ///
    /// # Errors
    /// The refusal, in the words of the device, or that the state cannot be kept: nothing has changed then.
    pub fn import(&mut self, bytes: &[u8], now: UnixMillis) -> Result<String, Error> {
        let taken = self.try_import(bytes, now)?;
        let mut text = taken.text.clone();
        for (device, code) in taken.confirmations() {
            let _ = write!(
                text,
                "\nLast Confirmation code UDI: PID:{},SN:{}\n    Confirmation code: {code}",
                device.pid(),
                device.serial()
            );
        }
        Ok(text)
    }

    pub(crate) fn try_import(&mut self, bytes: &[u8], now: UnixMillis) -> Result<Taken, Fault> {
        let local = self.local(now);
        let before = (self.saved.clone(), self.state.clone());
        let taken = self.take_document(bytes, local)?;
        if let Err(error) = self.save() {
            (self.saved, self.state) = before;
            self.acknowledged.clear();
            let failed = DeviceError::StorageFailToStore;
            let text = format!("Import Data Failed: {} (25): {error}", failed.as_str());
            return Err(Fault::denied(failed, text));
        }
        let acknowledged: Vec<ReportKey> =
            std::mem::take(&mut self.acknowledged).into_iter().map(|(udi, id)| ReportKey::new(udi, id)).collect();
        self.delete(&acknowledged);
        if !acknowledged.is_empty() {
            self.act(Event::Imported(Imported::Acknowledgement(acknowledged)), now)?;
        }
        let took = |class| taken.outcomes.iter().any(|part| part.class == class && part.outcome != Outcome::Skipped);
        let what = if took(ImportClass::TrustCode) { Imported::TrustCode } else { Imported::Other };
        self.act(Event::Imported(what), now)?;
        self.follow_policy(now)?;
        self.remind(local);
        self.save()?;
        Ok(taken)
    }

    /// Imports a document into the state at hand; `acknowledged` has the reports that it names.
    pub(crate) fn take_document(&mut self, bytes: &[u8], local: UnixSeconds) -> Result<Taken, Fault> {
        let kept = self.saved.life.kept.iter();
        self.state.reports = kept
            .map(|kept| ((kept.device.clone(), kept.id), ReportFacts::new(kept.state.clone(), kept.sent_at)))
            .collect();
        self.state.asked_for_all = self.saved.wanted.iter().any(|wanted| wanted.all);
        let awaited = self.awaited();
        self.state.members.extend(awaited.iter().cloned());
        let planned = import(bytes, &self.state, &Situation::new(&self.trusted, local));
        self.state.members.truncate(self.saved.setup.members.len());
        let plan = match planned {
            Ok(plan) => plan,
            Err(refusal) => {
                self.note(refusal.to_string());
                return Err(refusal.into());
            }
        };
        let (mut text, mut error, mut outcomes) = (plan.to_string(), plan.error(), plan.outcomes().to_vec());
        self.state = plan.into_state();
        self.state.members.truncate(self.saved.setup.members.len());
        for peer in &awaited {
            // a member that left has its reports acknowledged here, and nothing else
            self.state.codes.remove(&peer.device);
            self.state.trust.remove(&peer.device);
            let of_it = |part: &&mut PartOutcome| {
                matches!(part.class, ImportClass::Authorization | ImportClass::TrustCode)
                    && part.device.as_ref() == Some(&peer.device)
                    && part.outcome != Outcome::Skipped
            };
            for part in outcomes.iter_mut().filter(of_it) {
                (part.outcome, part.error) = (Outcome::Skipped, DeviceError::CodeValidationFailed);
                (part.reason, part.confirmation) = ("for a member that left".to_owned(), None);
            }
        }
        if error == DeviceError::Success
            && let Some(first) = outcomes.first()
            && outcomes.iter().all(|part| part.outcome == Outcome::Skipped)
        {
            error = first.error;
            text = format!("Import Data Failed: {error} ({})", slp_model::error_code::ErrorCode::of(error).number());
        }
        let is_refused = error != DeviceError::Success;
        self.state.history.clear();
        self.saved.last_ack = self.state.last_ack;
        let mut holds = BTreeSet::new();
        for part in &outcomes {
            self.note_part(part);
            let device = part.device.as_ref().map(ToString::to_string).unwrap_or_default();
            match part.class {
                ImportClass::RumAck => {
                    for member in part.members.iter().filter(|member| member.outcome != Outcome::Skipped) {
                        if let (Some(device), Some(report)) = (&member.device, member.report) {
                            self.acknowledged.insert((device.clone(), report));
                        }
                    }
                }
                ImportClass::ConversionAck => {}
                class if matches!(part.outcome, Outcome::Installed | Outcome::Replaced) => {
                    holds.insert(format!("{class} {device}"));
                }
                _ => {}
            }
            if let (Some(udi), Some(code)) = (&part.device, &part.confirmation)
                && let Some(last) = self.saved.last_codes(udi)
            {
                last.confirmed = Some(code.as_str().to_owned());
            }
        }
        self.keep(bytes, holds, local);
        self.forget_wishes(local);
        // nothing of it was for us, or good for anything
        if is_refused { Err(Fault::denied(error, text)) } else { Ok(Taken { text, outcomes }) }
    }

    fn note_part(&mut self, part: &PartOutcome) {
        let members = &self.saved.setup.members;
        if part.device.as_ref().is_some_and(|device| !members.iter().any(|member| member.matches(device))) {
            return;
        }
        let exports = part.device.as_ref().and_then(|device| self.state.codes.get(device)).is_some_and(|code| {
            let features = self.saved.setup.features.iter();
            let mut export = features.filter(|feature| feature.class == slp_model::policy::LicenseClass::Export);
            export.any(|feature| code.authorization.entitlements.iter().any(|one| one.tag == feature.tag))
        });
        for line in syslog::of_part(part, exports) {
            self.note(line);
        }
    }

    /// Keeps a document for what of it holds now, and lets go of older ones of which nothing holds any more.
    fn keep(&mut self, bytes: &[u8], holds: BTreeSet<String>, local: UnixSeconds) {
        let Ok(document) = std::str::from_utf8(bytes) else { return };
        if holds.is_empty() {
            return;
        }
        for older in &mut self.saved.documents {
            older.holds.retain(|held| !holds.contains(held));
        }
        self.saved.documents.retain(|older| !older.holds.is_empty());
        self.saved.documents.push(Kept { at: local, text: document.to_owned(), holds });
    }

    /// Builds the state of imports from the documents that hold.
    pub(crate) fn restore(&mut self) {
        self.state = DeviceState::default();
        let members = self.saved.setup.members.iter().enumerate();
        let peer = |(index, member): (usize, &Udi)| {
            HaPeer::new(member.clone()).in_role(self.saved.setup.role(self.saved.active, index))
        };
        self.state.members = members.map(peer).collect();
        for (member, key) in self.saved.setup.members.iter().zip(&self.keys) {
            self.state.trust.entry(member.clone()).or_default().pending_keys = vec![key.public_key().spki().to_vec()];
        }
        for kept in &self.saved.returned {
            if let Ok(plan) = import(kept.text.as_bytes(), &self.state, &Situation::new(&self.trusted, kept.at)) {
                // a document may hold codes of members that gave nothing back
                let given_back =
                    |device: &Udi| kept.holds.contains(&format!("{} {device}", ImportClass::Authorization));
                let codes = plan.state().codes.iter().filter(|(device, _)| given_back(device));
                let marks: Vec<_> = codes.map(|(_, code)| ReturnedCode::of(&code.authorization)).collect();
                self.state.returned.extend(marks);
            }
        }
        for kept in &self.saved.documents {
            if let Ok(plan) = import(kept.text.as_bytes(), &self.state, &Situation::new(&self.trusted, kept.at)) {
                self.state = plan.into_state();
            }
        }
        self.state.history.clear();
        self.state.last_ack = self.saved.last_ack;
    }

    /// The code of a member, as it was imported.
    pub(crate) fn code(&self, member: &Udi) -> Option<(AuthorizationCode, usize)> {
        let installed = self.state.codes.get(member)?;
        for (index, kept) in self.saved.documents.iter().enumerate() {
            let Ok(document) = Document::parse(kept.text.as_bytes()) else { continue };
            for content in document.contents().flatten() {
                if let Content::Authorization(code) = content
                    && code.signature() == installed.signature.as_deref()
                    && code.view().udi.matches(member)
                {
                    return Some((*code, index));
                }
            }
        }
        None
    }

    /// When a part of a class was installed for a member.
    pub(crate) fn installed_at(&self, class: ImportClass, member: &Udi) -> Option<UnixSeconds> {
        let held = format!("{class} {member}");
        self.saved.documents.iter().rev().find(|kept| kept.holds.contains(&held)).map(|kept| kept.at)
    }
}
