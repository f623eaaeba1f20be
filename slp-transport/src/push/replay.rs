//! The same message twice: the stored answer again, not the work again. Spec: transport, "Response envelope" (choice).

use std::collections::{BTreeMap, VecDeque};

use sha2::{Digest as _, Sha256};
use slp_model::{Udi, UnixSeconds};

use crate::Nonce;
use crate::push::Tenant;

/// How long an answer is kept, seconds: a day.
const KEPT: i64 = 86_400;

/// What a server remembers of the messages of the last day: per device and nonce, the digest of the body and the answer.
///
/// One guard serves one account. A server of several needs one for each: a device may bring one and the same message to two of
/// them, when its address was changed, and each has an answer of its own.
#[derive(Clone, Debug)]
pub struct ReplayGuard<T> {
    /// By the digest of device and nonce: what a device calls itself may be long.
    seen: BTreeMap<[u8; 32], ([u8; 32], T)>,
    order: VecDeque<(UnixSeconds, [u8; 32])>,
    capacity: usize,
}

/// What a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replay<T> {
    /// It was not seen before: do the work, then [`store`](ReplayGuard::store) the answer.
    Fresh,
    /// It was: here is the answer.
    Repeated(T),
    /// Its nonce was used with another body: status 409, `PI_NONCE_REUSED`.
    Reused,
}

impl<T: Clone> ReplayGuard<T> {
    /// Remembers at most so many messages; the oldest are forgotten first.
    pub fn new(capacity: usize) -> Self {
        Self { seen: BTreeMap::new(), order: VecDeque::new(), capacity }
    }

    /// Was this message here before?
    pub fn check(&mut self, udi: &Udi, nonce: &Nonce, body: &[u8], now: UnixSeconds) -> Replay<T> {
        self.check_key(&message_key(None, udi, nonce), &sha256(body), now)
    }

    pub(crate) fn check_key(&mut self, key: &[u8; 32], body: &[u8; 32], now: UnixSeconds) -> Replay<T> {
        while let Some((time, ..)) = self.order.front() {
            if now.since(*time).get() < KEPT {
                break;
            }
            self.forget_oldest();
        }
        match self.seen.get(key) {
            None => Replay::Fresh,
            Some((digest, answer)) if digest == body => Replay::Repeated(answer.clone()),
            Some(_) => Replay::Reused,
        }
    }

    /// Keeps the answer to a message.
    pub fn store(&mut self, udi: &Udi, nonce: &Nonce, body: &[u8], answer: T, now: UnixSeconds) {
        self.store_key(message_key(None, udi, nonce), sha256(body), answer, now);
    }

    pub(crate) fn store_key(&mut self, key: [u8; 32], body: [u8; 32], answer: T, now: UnixSeconds) {
        while !self.order.is_empty() && self.order.len() >= self.capacity {
            self.forget_oldest();
        }
        if self.seen.insert(key, (body, answer)).is_none() {
            self.order.push_back((now, key));
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.order.pop_front() {
            self.seen.remove(&key);
        }
    }
}

/// A message by account, device and nonce. No account has an empty name, and none of the texts has a control character.
pub(crate) fn message_key(tenant: Option<&Tenant>, udi: &Udi, nonce: &Nonce) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(tenant.map_or(0, Tenant::number).to_be_bytes());
    for part in [tenant.map_or("", Tenant::name), udi.pid(), udi.serial(), nonce.as_str()] {
        digest.update(part);
        digest.update([0]);
    }
    digest.finalize().into()
}

pub(crate) fn sha256(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_gets_the_stored_answer_and_another_body_is_refused_for_a_day() {
        let udi = Udi::new("C8000V", "TST00000001").unwrap();
        let nonce = Nonce::from_random([1; 16]);
        let at = |text: &str| text.parse::<UnixSeconds>().unwrap();
        let (start, next) = (at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
        let mut guard = ReplayGuard::new(2);
        assert_eq!(guard.check(&udi, &nonce, b"a", start), Replay::Fresh);
        guard.store(&udi, &nonce, b"a", 7, start);
        assert_eq!(guard.check(&udi, &nonce, b"a", start), Replay::Repeated(7));
        assert_eq!(guard.check(&udi, &nonce, b"b", start), Replay::Reused);
        assert_eq!(guard.check(&udi, &nonce, b"b", next), Replay::Fresh);
    }

    #[test]
    fn what_is_remembered_of_a_message_has_a_size_of_its_own() {
        let long = "x".repeat(60_000);
        let udi = Udi::new(&long, &long).unwrap().with_uuid(long.clone()).with_mac_address(long.clone());
        let mut guard = ReplayGuard::new(2);
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        guard.store(&udi, &Nonce::from_random([1; 16]), b"", 1, now);
        assert!(format!("{guard:?}").len() < 5_000, "what a device calls itself is not kept");
        let other = Udi::new(&long, format!("{long}y")).unwrap();
        assert_eq!(guard.check(&other, &Nonce::from_random([1; 16]), b"", now), Replay::Fresh);
        assert_eq!(guard.check(&udi, &Nonce::from_random([1; 16]), b"", now), Replay::Repeated(1));
    }

    #[test]
    fn no_more_than_its_capacity_is_kept() {
        let udi = Udi::new("C8000V", "TST00000001").unwrap();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut guard = ReplayGuard::new(2);
        for byte in 0..3 {
            guard.store(&udi, &Nonce::from_random([byte; 16]), b"", byte, now);
        }
        assert_eq!(guard.check(&udi, &Nonce::from_random([0; 16]), b"", now), Replay::Fresh);
        assert_eq!(guard.check(&udi, &Nonce::from_random([2; 16]), b"", now), Replay::Repeated(2));
    }
}
