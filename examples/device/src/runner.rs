//! A clock and a network for a device.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use slp_kit::{Clock, Error, Network};
use slp_model::UnixSeconds;

use crate::instance::Device;

/// More messages than one turn can need: a server that never stops answering "again" is left alone until the next turn.
const MESSAGES: usize = 1_000;

/// Runs one device.
#[derive(Clone)]
pub struct Runner {
    /// The device.
    pub device: Arc<Mutex<Device>>,
    network: Arc<dyn Network>,
    clock: Arc<dyn Clock>,
}

impl Runner {
    /// This device, on this network, at this clock's time.
    pub fn new(device: Arc<Mutex<Device>>, network: Arc<dyn Network>, clock: Arc<dyn Clock>) -> Self {
        Self { device, network, clock }
    }

    /// Does what is due, and sends until there is nothing to send. How many messages went out.
    ///
    /// # Errors
    /// When the state of the device cannot be kept.
    pub fn turn(&self) -> Result<usize, Error> {
        self.lock().tick(self.clock.now())?;
        let mut sent = 0;
        while sent < MESSAGES {
            let outgoing = self.lock().take_outgoing();
            if outgoing.is_empty() {
                break;
            }
            for message in outgoing {
                // the device is not locked while the network takes its time
                let response = self.network.send(&message.request);
                self.lock().answered(message.exchange, response.as_ref(), self.clock.now())?;
                sent += 1;
            }
        }
        Ok(sent)
    }

    /// When the device has something to do.
    pub fn next_deadline(&self) -> Option<UnixSeconds> {
        self.lock().next_deadline()
    }

    /// The device, for this thread alone.
    pub fn lock(&self) -> std::sync::MutexGuard<'_, Device> {
        self.device.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("device", &self.device).finish_non_exhaustive()
    }
}
