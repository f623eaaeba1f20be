//! Authorization codes (SLAC): asked for, in force, given back. Spec: ack-auth, "Life cycle".

use std::collections::BTreeSet;

use slp_kit::Error;
use slp_model::error_code::DeviceError;
use slp_model::{Udi, UnixMillis, UnixSeconds};
use slp_rum::auth_request::{RequestEntry, RequestMode, RequestedKey};
use slp_rum::codes::simulate;
use slp_rum::import::{ImportClass, ReturnedCode, may_return};
use slp_rum::write::{DeviceFile, request as write_request};
use slp_transport::Sudi;
use slp_transport::agent::{Event, Phase};
use slp_transport::cssm::{AuthorizationFor, AuthorizationMode, WantedKey};

use crate::fault::Fault;
use crate::instance::Device;
use crate::setup::{Feature, Transport};
use crate::store::{Imported, Wanted};
use crate::syslog;

/// Codes for an operator to type in elsewhere, by member.
pub(crate) type Codes = Vec<(Udi, String)>;

/// How a return reaches the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Road {
    Online,
    Offline,
}

impl Device {
    /// How many of a licence the codes of all members allow: over a redundant set they add up (seen).
    pub(crate) fn authorized(&self, feature: &Feature, local: UnixSeconds) -> u64 {
        self.authorized_without(feature, &[], local)
    }

    fn authorized_without(&self, feature: &Feature, without: &[Udi], local: UnixSeconds) -> u64 {
        if self.saved.reservation.permanent.iter().any(|(device, _)| !without.contains(device)) {
            return u64::MAX;
        }
        let codes = self.state.codes.iter().filter(|(device, _)| !without.contains(device));
        let counts = codes.map(|(_, code)| code.authorization.authorized_count(&feature.tag, local));
        counts.fold(0, u64::saturating_add)
    }

    /// Is a licence in use that nothing would authorize without the codes of these members?
    pub(crate) fn needs_codes_of(&self, members: &[Udi], local: UnixSeconds) -> bool {
        self.saved.setup.features.iter().any(|feature| {
            let count = self.saved.life.count(&feature.name);
            feature.needs_code() && count > self.authorized_without(feature, members, local)
        })
    }

    /// The members that a command means: the active one alone, or all, the active one first.
    pub(crate) fn addressed(&self, all: bool) -> Vec<Udi> {
        let active = self.active().clone();
        let others = self.saved.setup.members.iter().filter(|member| all && **member != active);
        std::iter::once(active.clone()).chain(others.cloned()).collect()
    }

    /// Asks for a code: by message where there is somebody to ask, and in the file that can be saved.
    pub(crate) fn ask_for_code(&mut self, wanted: Wanted, now: UnixMillis) -> Result<(), Fault> {
        self.feature(&wanted.feature)?;
        if wanted.count == 0 {
            return Err(Fault::denied(DeviceError::BadInputParams, "a code for no licence at all"));
        }
        let feature = wanted.feature.clone();
        self.saved.wanted.retain(|older| older.feature != feature);
        self.saved.wanted.push(wanted);
        self.act(Event::auth_requested(feature), now)?;
        Ok(self.save()?)
    }

    /// Wishes that codes have met are no wishes any more.
    pub(crate) fn forget_wishes(&mut self, local: UnixSeconds) {
        let mut wanted = std::mem::take(&mut self.saved.wanted);
        wanted.retain(|wish| {
            let Ok(feature) = self.feature(&wish.feature) else { return false };
            let met = |device: &Udi| {
                let code = self.state.codes.get(device);
                let count = code.map_or(0, |code| code.authorization.authorized_count(&feature.tag, local));
                count >= u64::from(wish.count)
            };
            !self.addressed(wish.all).iter().all(met)
        });
        self.saved.wanted = wanted;
    }

    /// What is asked for these licences, member by member.
    fn wishes(&self, features: &[String]) -> Result<Vec<(Udi, RequestMode, Vec<RequestedKey>)>, Fault> {
        let mut wishes = Vec::new();
        let active = self.active();
        for member in self.addressed(true) {
            let (mut keys, mut mode) = (Vec::new(), RequestMode::Add);
            for name in features {
                let wish = self.saved.wanted.iter().find(|wanted| wanted.feature == *name);
                if member == *active || wish.is_some_and(|wish| wish.all) {
                    keys.push(RequestedKey::new(
                        self.feature(name)?.tag.to_string(),
                        wish.map_or(1, |wish| wish.count),
                    ));
                    if wish.is_some_and(|wish| wish.replace) {
                        mode = RequestMode::Replace;
                    }
                }
            }
            if !keys.is_empty() {
                wishes.push((member, mode, keys));
            }
        }
        Ok(wishes)
    }

    /// The wishes as a message carries them.
    pub(crate) fn wishes_of_message(&self, features: &[String]) -> Result<Vec<AuthorizationFor>, Fault> {
        let wishes = self.wishes(features)?.into_iter().map(|(member, mode, keys)| {
            let mut wish = AuthorizationFor::new(Sudi::from(&member));
            let add = mode == RequestMode::Add;
            wish.mode = Some(if add { AuthorizationMode::Add } else { AuthorizationMode::Replace });
            wish.hostname.clone_from(&self.saved.setup.hostname);
            let keys = keys.into_iter();
            wish.keys = keys.map(|key| WantedKey::new(key.entitlement, u64::from(key.count.unwrap_or(1)))).collect();
            wish
        });
        Ok(wishes.collect())
    }

    /// The wishes as a file carries them.
    pub(crate) fn wishes_of_file(&self, features: &[String]) -> Result<Vec<RequestEntry>, Fault> {
        let wishes = self.wishes(features)?.into_iter();
        Ok(wishes.map(|(member, mode, keys)| RequestEntry::request(member, mode, keys)).collect())
    }

    /// The file of everything that was asked for.
    pub(crate) fn request_file(&mut self, now: UnixMillis) -> Result<Vec<u8>, Fault> {
        let features: Vec<String> = self.saved.wanted.iter().map(|wanted| wanted.feature.clone()).collect();
        if features.is_empty() {
            return Err(nothing());
        }
        let entries = self.wishes_of_file(&features)?;
        self.file_of(&entries, now)
    }

    /// A file that says who the device is, and these requests.
    fn file_of(&mut self, entries: &[RequestEntry], now: UnixMillis) -> Result<Vec<u8>, Fault> {
        let local = self.local(now);
        let facts = write_request::system_info(&self.facts(local))?;
        let file = DeviceFile::new().element(facts)?.element(write_request::authorization_request(entries)?)?;
        Ok(file.to_text()?.into_bytes())
    }

    /// Gives codes back. They are gone first, then the cloud is told, once (doc). What an operator would type elsewhere, and
    /// the file for the road by hand.
    pub(crate) fn give_back(&mut self, all: bool, road: Road, now: UnixMillis) -> Result<(Codes, Vec<u8>), Fault> {
        let addressed = self.addressed(all);
        let local = self.local(now);
        let has_code: Vec<Udi> =
            addressed.iter().filter(|member| self.state.codes.contains_key(*member)).cloned().collect();
        let in_use = self.needs_codes_of(&has_code, local);
        may_return(&self.state, has_code.first().unwrap_or(self.active()), in_use)?;
        if road == Road::Online {
            if self.saved.transport == Transport::Off {
                return Err(Fault::denied(DeviceError::CommDisabled, "Device configured for Offline transport"));
            }
            if self.agent.state().phase == Phase::NoTrust {
                let text = "Insufficient trust for direct communication";
                return Err(Fault::denied(DeviceError::CommDisabled, text));
            }
        }
        let given_back = self.remove_codes(&has_code)?;
        if road == Road::Online {
            self.saved.returning.extend(given_back.iter().cloned());
            self.act(Event::AuthReturned, now)?;
        }
        self.save()?;
        let entries: Vec<RequestEntry> =
            given_back.iter().map(|(member, code)| RequestEntry::giving_back(member.clone(), code.as_str())).collect();
        let file = self.file_of(&entries, now)?;
        Ok((given_back, file))
    }

    /// Takes codes out of use; they never come again. Their return codes.
    pub(crate) fn remove_codes(&mut self, members: &[Udi]) -> Result<Vec<(Udi, String)>, Error> {
        let mut given_back = Vec::new();
        for member in members {
            let (code, index) = self.code(member).ok_or("the document of an installed code is gone")?;
            let text = simulate::return_code(&code).as_str().to_owned();
            let held = format!("{} {member}", ImportClass::Authorization);
            if let Some(kept) = self.saved.documents.get_mut(index) {
                let (at, text) = (kept.at, kept.text.clone());
                kept.holds.remove(&held);
                self.saved.returned.push(Imported { at, text, holds: BTreeSet::from([held]) });
            }
            self.saved.documents.retain(|kept| !kept.holds.is_empty());
            self.state.codes.remove(member);
            self.state.returned.push(ReturnedCode::of(code.view()));
            if let Some(last) = self.saved.last_codes(member) {
                last.returned = Some(text.clone());
            }
            self.note(syslog::authorization_removed(member));
            given_back.push((member.clone(), text));
        }
        Ok(given_back)
    }
}

/// What a device says when there is nothing to save (seen).
pub(crate) fn nothing() -> Fault {
    Fault::denied(DeviceError::NotFound, "The requested item was not found")
}
