//! A clock and a network for a collector.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Response;
use slp_kit::{Clock, Error, Network};

use crate::collector::{Collector, Outgoing, Peer};

/// More messages than one turn can need: peers that never stop asking for more are left alone until the next turn.
const MESSAGES: usize = 100_000;

/// Runs one collector.
#[derive(Clone)]
pub struct Runner {
    /// The collector.
    pub collector: Arc<Mutex<Collector>>,
    cloud: Arc<dyn Network>,
    devices: Arc<dyn Network>,
    clock: Arc<dyn Clock>,
}

impl Runner {
    /// This collector, with a way to the cloud and one to devices, at this clock's time.
    pub fn new(
        collector: Arc<Mutex<Collector>>,
        cloud: Arc<dyn Network>,
        devices: Arc<dyn Network>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { collector, cloud, devices, clock }
    }

    /// Does what is due, and sends until there is nothing to send: messages that are ready together go at once, a thread
    /// each. How many went out.
    ///
    /// # Errors
    /// When something cannot be kept.
    pub fn turn(&self) -> Result<usize, Error> {
        self.lock().tick(self.clock.now())?;
        let mut sent = 0;
        while sent < MESSAGES {
            let outgoing = self.lock().take_outgoing();
            match outgoing.as_slice() {
                [] => break,
                [one] => self.exchange(one)?,
                many => std::thread::scope(|scope| {
                    let threads: Vec<_> = many.iter().map(|one| scope.spawn(|| self.exchange(one))).collect();
                    for thread in threads {
                        thread.join().map_err(|_| Error::from("a message could not be sent: its thread ended"))??;
                    }
                    Ok::<(), Error>(())
                })?,
            }
            sent += outgoing.len();
        }
        Ok(sent)
    }

    /// Sends one message and brings its answer. The collector is not locked while the network takes its time.
    fn exchange(&self, outgoing: &Outgoing) -> Result<(), Error> {
        let network = match outgoing.to {
            Peer::Cloud => &self.cloud,
            Peer::Device => &self.devices,
        };
        let response: Option<Response<Vec<u8>>> = network.send(&outgoing.request);
        self.lock().answered(outgoing.exchange, response.as_ref(), self.clock.now())
    }

    fn lock(&self) -> MutexGuard<'_, Collector> {
        self.collector.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("collector", &self.collector).finish_non_exhaustive()
    }
}
