//! How much a server takes at once, and from one address.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant};

use super::ServerSettings;

/// Senders of a second that are counted one by one; those beyond share one count.
const ADDRESSES: usize = 10_000;
/// Whom those beyond are counted as.
const STRANGERS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
const SECOND: Duration = Duration::from_secs(1);

pub(super) struct Limiter {
    /// Those at work.
    work: Arc<Semaphore>,
    /// Those at work and those that wait.
    places: Arc<Semaphore>,
    per_second: u32,
    seen: Mutex<Seen>,
}

/// Who was here, since when is counted, and how often.
struct Seen {
    senders: BTreeMap<IpAddr, (Instant, u32)>,
    /// When those that were quiet were last forgotten.
    swept: Option<Instant>,
}

pub(super) enum Admit {
    Yes((OwnedSemaphorePermit, OwnedSemaphorePermit)),
    Rate,
    Busy,
}

impl Limiter {
    pub(super) fn new(settings: &ServerSettings) -> Self {
        let at_once = settings.at_once.clamp(1, Semaphore::MAX_PERMITS / 4);
        let places = at_once.saturating_add(settings.waiting).min(Semaphore::MAX_PERMITS / 2);
        Self {
            work: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(places)),
            per_second: settings.per_second,
            seen: Mutex::new(Seen { senders: BTreeMap::new(), swept: None }),
        }
    }

    pub(super) async fn admit(&self, from: Option<SocketAddr>) -> Admit {
        if from.is_some_and(|from| self.is_too_fast(from.ip())) {
            return Admit::Rate;
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Admit::Busy;
        };
        match Arc::clone(&self.work).acquire_owned().await {
            Ok(work) => Admit::Yes((place, work)),
            Err(_) => Admit::Busy,
        }
    }

    fn is_too_fast(&self, address: IpAddr) -> bool {
        if self.per_second == 0 {
            return false;
        }
        let now = Instant::now();
        // A handler that panicked elsewhere does not matter here.
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Seen { senders, swept } = &mut *seen;
        let mut sender = sender(address);
        if senders.len().saturating_add(1) >= ADDRESSES && !senders.contains_key(&sender) {
            if swept.is_none_or(|swept| now.duration_since(swept) >= SECOND) {
                *swept = Some(now);
                senders.retain(|_, (since, _)| now.duration_since(*since) < SECOND);
            }
            if senders.len().saturating_add(1) >= ADDRESSES {
                sender = STRANGERS;
            }
        }
        let (since, count) = senders.entry(sender).or_insert((now, 0));
        if now.duration_since(*since) >= SECOND {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count > self.per_second
    }
}

/// A host of the sixth version has a network of 2^64 addresses to choose from: the network counts.
fn sender(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        fourth @ IpAddr::V4(_) => fourth,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    fn limiter(per_second: u32) -> Limiter {
        Limiter::new(&ServerSettings { per_second, ..ServerSettings::default() })
    }

    fn known(limiter: &Limiter) -> usize {
        limiter.seen.lock().unwrap().senders.len()
    }

    #[test]
    fn a_flood_of_addresses_has_a_bound_and_those_that_are_known_keep_their_own_count() {
        let limiter = limiter(20);
        let address = |number: u32| IpAddr::V4(Ipv4Addr::from(0x0a00_0000 | number));
        for number in 0..30_000 {
            limiter.is_too_fast(address(number));
        }
        assert!(known(&limiter) <= ADDRESSES, "{}", known(&limiter));
        assert!(!limiter.is_too_fast(address(1)));
        assert!(limiter.is_too_fast(address(40_000)), "strangers beyond that share one count");
    }

    #[test]
    fn a_network_of_the_sixth_version_is_one_sender() {
        let limiter = limiter(1);
        let address = |tail: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, tail));
        assert!(!limiter.is_too_fast(address(1)));
        assert!(limiter.is_too_fast(address(2)));
        assert!(!limiter.is_too_fast(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1))));
        let mapped = Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped();
        assert!(!limiter.is_too_fast(IpAddr::V6(mapped)));
        assert!(
            !limiter.is_too_fast(IpAddr::V6(Ipv4Addr::new(192, 0, 2, 2).to_ipv6_mapped())),
            "as the fourth version"
        );
    }
}
