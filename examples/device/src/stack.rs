//! A stack: which member is active, who joins, who leaves. Spec: rum, "Life cycle"; ack-auth, "Life cycle".
//!
//! What the vendor's devices do with reports and codes of a member that is gone is not public; this is our choice. The set
//! keeps the reports of a member that was active, delivers them and takes their acknowledgements. Trust, key and codes
//! belong to the member: it takes them along, and has them again when it comes back. A licence that only its code allowed
//! goes out of use: acquire before use.

use std::collections::VecDeque;

use slp_kit::Error;
use slp_model::{Udi, UnixMillis, UnixSeconds};
use slp_rum::import::HaPeer;
use slp_transport::agent::{Agent, Event, Mode};

use crate::exchange::{InFlight, Outgoing};
use crate::instance::{Device, keys_of, new_key};
use crate::life::Ending;
use crate::store::{Former, Saved};
use crate::syslog;

/// Members of a set: a message names so many (spec: transport, "Request envelope").
pub(crate) const MEMBERS: usize = 64;
/// Members that left and are remembered for what they took along.
const FORMER: usize = 64;

/// A device as it was: what it goes back to when a change cannot be kept. The store does not know the id token, nor what is
/// on its way.
struct Before {
    saved: Saved,
    agent: Agent,
    outbox: Vec<Outgoing>,
    in_flight: Option<InFlight>,
    log: VecDeque<String>,
}

impl Device {
    /// The next member becomes active, the standby: reports of the old one end, its own begin.
    ///
    /// # Errors
    /// When there is no other member, and as [`tick`](Self::tick).
    pub fn switch_over(&mut self, now: UnixMillis) -> Result<(), Error> {
        let members = self.saved.setup.members.len();
        if members < 2 {
            return Err("there is no other member to become active".into());
        }
        self.activate((self.saved.active + 1) % members, now)?;
        self.act(Event::UsageChanged, now)?;
        self.save()
    }

    fn activate(&mut self, member: usize, now: UnixMillis) -> Result<(), Error> {
        let local = self.local(now);
        self.close(Ending::Reload, local)?;
        self.saved.active = member;
        for (index, peer) in self.state.members.iter_mut().enumerate() {
            peer.role = Some(self.saved.setup.role(member, index));
        }
        // trust is a member's own: without it the new one sends nothing to the cloud
        let has_trust = self.state.trust.get(self.active()).is_some_and(|trust| trust.installed.is_some());
        let mut agent = self.agent.state().clone();
        if agent.mode == Mode::Smart && agent.trust != has_trust {
            agent.trust = has_trust;
            self.agent = Agent::resume(agent);
            self.forget_messages();
            self.act(Event::Boot, now)?;
        }
        Ok(())
    }

    /// A device joins, as the last member. It counts from now on: measurements go on in the same reports, which name it
    /// when they end. One that comes back has its key, trust and codes; a new one has none.
    ///
    /// # Errors
    /// For one that is a member already, for the 65th, and when the state cannot be kept: nothing has changed then.
    pub fn join(&mut self, member: &Udi, now: UnixMillis) -> Result<(), Error> {
        if self.saved.setup.members.contains(member) {
            return Err(format!("{member} is a member of this set already").into());
        }
        if self.saved.setup.members.len() >= MEMBERS {
            return Err(format!("a set has {MEMBERS} members at most").into());
        }
        let before = self.before();
        let joined = self.take_in(member.clone(), now);
        self.or_back(before, joined)?;
        let role = self.saved.setup.role(self.saved.active, self.saved.setup.members.len() - 1);
        self.note(syslog::joined(member, &role));
        Ok(())
    }

    fn take_in(&mut self, member: Udi, now: UnixMillis) -> Result<(), Error> {
        let local = self.local(now);
        let key = match self.saved.former.iter().position(|former| former.device == member) {
            Some(place) => {
                let former = self.saved.former.remove(place);
                self.saved.reservation.permanent.extend(former.permanent.map(|code| (member.clone(), code)));
                former.key
            }
            None => new_key()?,
        };
        self.saved.life.mark(local);
        self.saved.keys.push(key);
        self.saved.setup.members.push(member);
        self.set_changed(local, now)
    }

    /// A member leaves. When it is the active one, the standby becomes active first. Its reports stay with the set until they
    /// are acknowledged.
    ///
    /// # Errors
    /// For one that is no member, for the last one, and when the state cannot be kept: nothing has changed then. On the disk a
    /// step before the one that failed may stand, the switchover or the set without the member; each is a state of its own,
    /// which the next save replaces, and from which a restart goes on.
    pub fn leave(&mut self, member: &Udi, now: UnixMillis) -> Result<(), Error> {
        let place = self.saved.setup.members.iter().position(|known| known == member);
        let place = place.ok_or_else(|| format!("{member} is no member of this set"))?;
        if self.saved.setup.members.len() == 1 {
            return Err(
                "the last member cannot leave: what is left without it is another device, with a new store".into()
            );
        }
        let before = self.before();
        let left = self.let_go(place, now);
        self.or_back(before, left)?;
        self.note(syslog::left(member));
        Ok(())
    }

    fn let_go(&mut self, place: usize, now: UnixMillis) -> Result<(), Error> {
        let local = self.local(now);
        if place == self.saved.active {
            self.activate((place + 1) % self.saved.setup.members.len(), now)?;
        } else {
            self.saved.life.mark(local);
        }
        let device = self.saved.setup.members.remove(place);
        let key = self.saved.keys.remove(place);
        if place < self.saved.active {
            self.saved.active -= 1;
        }
        let reservation = &mut self.saved.reservation;
        let permanent = reservation.permanent.iter().position(|(owner, _)| *owner == device);
        let permanent = permanent.map(|place| reservation.permanent.remove(place).1);
        // a request that nobody answered yet is void: its answer would be for a device that is not here
        reservation.requested.retain(|(owner, _)| *owner != device);
        self.saved.former.push(Former { device, key, permanent });
        self.forget_former();
        self.set_changed(local, now)
    }

    /// Members that left long ago are forgotten, but for those whose reports wait.
    fn forget_former(&mut self) {
        let Saved { former, life, .. } = &mut self.saved;
        while former.len() > FORMER {
            let waits = |former: &Former| life.kept.iter().any(|kept| kept.device == former.device);
            let Some(place) = former.iter().position(|former| !waits(former)) else { return };
            former.remove(place);
        }
    }

    /// The members are others now: who is trusted, what codes allow, what is reported.
    fn set_changed(&mut self, local: UnixSeconds, now: UnixMillis) -> Result<(), Error> {
        self.keys = keys_of(&self.saved)?;
        self.restore();
        let features: Vec<_> =
            self.saved.setup.features.iter().filter(|feature| feature.needs_code()).cloned().collect();
        for feature in features {
            let allowed = self.authorized(&feature, local);
            if self.saved.life.count(&feature.name) > allowed {
                self.saved.life.set_count(&feature, allowed, local);
                self.note(syslog::not_authorized(&feature.name, false));
            }
        }
        if self.saved.life.is_long() {
            self.close(Ending::Requested, local)?;
        }
        self.act(Event::UsageChanged, now)?;
        self.save()
    }

    fn before(&self) -> Before {
        Before {
            saved: self.saved.clone(),
            agent: self.agent.clone(),
            outbox: self.outbox.clone(),
            in_flight: self.in_flight.clone(),
            log: self.log.clone(),
        }
    }

    fn or_back(&mut self, before: Before, done: Result<(), Error>) -> Result<(), Error> {
        if done.is_err() {
            (self.saved, self.agent) = (before.saved, before.agent);
            (self.outbox, self.in_flight, self.log) = (before.outbox, before.in_flight, before.log);
            self.keys = keys_of(&self.saved)?;
            self.restore();
        }
        done
    }

    /// Members that left and whose reports wait: acknowledgements are still for them.
    pub(crate) fn awaited(&self) -> Vec<HaPeer> {
        let waits = |former: &&Former| self.saved.life.kept.iter().any(|kept| kept.device == former.device);
        self.saved.former.iter().filter(waits).map(|former| HaPeer::new(former.device.clone())).collect()
    }
}
