//! Many devices in one process, on one runtime.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use slp_kit::{Clock, Error};
use slp_model::{Seconds, UnixSeconds};
use tokio::sync::{Notify, Semaphore};
use tokio::task::{JoinSet, spawn_blocking};

use crate::runner::Runner;

/// Devices that send at the same time.
const AT_ONCE: usize = 32;
/// The longest time until all deadlines are looked at: a collector may have changed them.
const LOOK: Seconds = Seconds::new(60);
/// Until a device is asked again that could not keep its state, or had nothing to do.
const AGAIN: Seconds = Seconds::new(10);

/// Devices that live side by side: each has its own deadlines, and none waits for another one's network.
pub struct Fleet {
    runners: Vec<Runner>,
    clock: Arc<dyn Clock>,
    changed: Notify,
}

impl Fleet {
    /// These devices, at this clock's time.
    pub fn new(runners: Vec<Runner>, clock: Arc<dyn Clock>) -> Self {
        Self { runners, clock, changed: Notify::new() }
    }

    /// The devices.
    pub fn runners(&self) -> &[Runner] {
        &self.runners
    }

    /// Somebody did something to devices: [`live`](Self::live) looks at all deadlines again.
    pub fn changed(&self) {
        self.changed.notify_one();
    }

    /// Every device does what is due and sends what there is to send. Their places and what went wrong.
    pub async fn turn(&self) -> Vec<(usize, Error)> {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut turns = JoinSet::new();
        for (number, runner) in self.runners.iter().enumerate() {
            let (runner, places) = (runner.clone(), Arc::clone(&places));
            turns.spawn(async move {
                let _place = places.acquire_owned().await;
                (number, turned(runner).await)
            });
        }
        let mut faults = Vec::new();
        while let Some(done) = turns.join_next().await {
            if let Ok((number, Err(error))) = done {
                faults.push((number, error));
            }
        }
        faults.sort_by_key(|(number, _)| *number);
        faults
    }

    /// Lets the devices live, deadline by deadline, until it is dropped. `done` hears of every turn of a device.
    pub async fn live(&self, mut done: impl FnMut(usize, Result<usize, Error>)) {
        let mut turns = JoinSet::new();
        let mut busy = BTreeSet::new();
        // by device, since two may be due at one moment
        let mut due: BTreeMap<usize, UnixSeconds> = self.deadlines(&busy);
        let mut looked = self.clock.seconds();
        loop {
            let now = self.clock.seconds();
            if now.since(looked) >= LOOK {
                (due, looked) = (self.deadlines(&busy), now);
            }
            let ready: Vec<usize> = due.iter().filter(|(_, at)| **at <= now).map(|(number, _)| *number).collect();
            for number in ready.into_iter().take(AT_ONCE.saturating_sub(busy.len())) {
                due.remove(&number);
                if let Some(runner) = self.runners.get(number).cloned() {
                    busy.insert(number);
                    turns.spawn(async move { (number, turned(runner).await) });
                }
            }
            let next = due.values().min().map_or(LOOK, |at| at.since(now).min(LOOK));
            let wait = Duration::from_secs(u64::try_from(next.get()).unwrap_or(0));
            tokio::select! {
                Some(turn) = turns.join_next() => {
                    let Ok((number, result)) = turn else { continue };
                    busy.remove(&number);
                    let (now, again) = (self.clock.seconds(), self.clock.seconds().saturating_add(AGAIN));
                    if let Some(at) = self.runners.get(number).and_then(Runner::next_deadline) {
                        // what is due still did nothing, or could not be kept
                        due.insert(number, if at <= now || result.is_err() { at.max(again) } else { at });
                    }
                    done(number, result);
                }
                () = tokio::time::sleep(wait), if busy.len() < AT_ONCE => {}
                () = self.changed.notified() => due = self.deadlines(&busy),
            }
        }
    }

    fn deadlines(&self, busy: &BTreeSet<usize>) -> BTreeMap<usize, UnixSeconds> {
        let idle = self.runners.iter().enumerate().filter(|(number, _)| !busy.contains(number));
        idle.filter_map(|(number, runner)| Some((number, runner.next_deadline()?))).collect()
    }
}

/// A turn of a device, on a thread that may wait for the network. One that panics is an error of its own.
async fn turned(runner: Runner) -> Result<usize, Error> {
    match spawn_blocking(move || runner.turn()).await {
        Ok(result) => result,
        Err(error) => Err(error.into()),
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("devices", &self.runners.len()).finish_non_exhaustive()
    }
}
