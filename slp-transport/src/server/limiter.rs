//! How much a server takes at once, and from one address.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Duration, Instant};

use super::ServerSettings;

/// Addresses that are remembered; beyond, those of the last second alone.
const ADDRESSES: usize = 10_000;

pub(super) struct Limiter {
    /// Those at work.
    work: Arc<Semaphore>,
    /// Those at work and those that wait.
    places: Arc<Semaphore>,
    per_second: u32,
    seen: Mutex<BTreeMap<IpAddr, (Instant, u32)>>,
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
            seen: Mutex::new(BTreeMap::new()),
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
        if seen.len() >= ADDRESSES {
            seen.retain(|_, (since, _)| now.duration_since(*since) < Duration::from_secs(1));
        }
        let (since, count) = seen.entry(address).or_insert((now, 0));
        if now.duration_since(*since) >= Duration::from_secs(1) {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count > self.per_second
    }
}
