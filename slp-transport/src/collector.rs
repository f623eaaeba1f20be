//! A collector's work with one device, as a machine: close reports, fetch them, hand them on, bring the answers back.
//!
//! Handing on is the caller's: an [`Upload`](crate::upload::Upload) per message, or a bundle. The device keeps its reports until
//! it is acknowledged, so a restart begins again and loses nothing. Spec: transport, "a1", "Overview" W2.

use serde::{Deserialize, Serialize};
use slp_model::UnixSeconds;

use crate::device::{DeviceReports, ImportEncoding, import_fallback};
use crate::retry::{Retry, backoff, jitter};
use crate::{Error, ErrorKind, SmartLicense};

/// What happens to the work with a device.
#[derive(Debug)]
#[non_exhaustive]
pub enum CollectorEvent {
    /// Begin, or go on after a restart.
    Start,
    /// The device closed its reports, or did not.
    Closed(Result<(), Error>),
    /// The device gave its reports, or did not.
    Fetched(Result<DeviceReports, Error>),
    /// A document for the device arrived from the cloud.
    Delivered(Vec<u8>),
    /// The device took the document, or did not.
    Imported(Result<(), Error>),
    /// A deadline may have come.
    Tick,
}

/// What to do next, in the order of the list.
#[derive(Debug)]
#[non_exhaustive]
pub enum CollectorAction {
    /// Keep the state before anything that follows. What stands before it may be done twice, when the process ends in between.
    Save,
    /// Send [`CloseReports`](crate::device::CloseReports).
    Close,
    /// Send [`AllReports`](crate::device::AllReports).
    Fetch,
    /// Hand these reports on, byte for byte.
    Forward(DeviceReports),
    /// Send [`Import`](crate::device::Import).
    #[non_exhaustive]
    Import {
        /// The document.
        document: SmartLicense,
        /// How it travels.
        encoding: ImportEncoding,
    },
    /// The device took a document.
    Acknowledged,
    /// The device refused a document for good; the others are still brought.
    NotImported(Error),
    /// The device cannot be worked with for now: [`CollectorEvent::Start`] begins again. Documents that wait stay.
    Failed(Error),
}

/// Where the work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CollectorPhase {
    /// Nothing was done.
    New,
    /// Reports are being closed.
    Closing,
    /// Reports are being fetched.
    Fetching,
    /// Reports were handed on; documents are waited for.
    Waiting,
    /// A document is being imported.
    Importing,
    /// The device cannot be worked with.
    Failed,
}

/// Everything that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CollectorState {
    /// Where the work stands.
    pub phase: CollectorPhase,
    /// Documents that wait to be imported, base64.
    pub documents: Vec<SmartLicense>,
    /// Does this device want documents as XML? Remembered once it took one.
    pub raw_xml: bool,
    /// The status with which the first document was refused as base64: it is tried as XML then.
    #[serde(default)]
    pub refused_base64: Option<u16>,
    /// Spreads the waits; see [`Collector::with_seed`].
    #[serde(default)]
    pub seed: u64,
    /// Failures in a row of what is being sent.
    pub failures: u32,
    /// When to send again.
    pub due: Option<UnixSeconds>,
}

/// The work with one device.
#[derive(Clone, Debug)]
pub struct Collector {
    state: CollectorState,
}

impl Collector {
    /// A device that nothing was done with.
    pub fn new() -> Self {
        Self::resume(CollectorState {
            phase: CollectorPhase::New,
            documents: Vec::new(),
            raw_xml: false,
            refused_base64: None,
            seed: 0,
            failures: 0,
            due: None,
        })
    }

    /// A device whose reports were handed on before: only documents are brought.
    pub fn waiting() -> Self {
        let mut collector = Self::new();
        collector.state.phase = CollectorPhase::Waiting;
        collector
    }

    /// The same, with a number that spreads the waits of many devices; draw it once per device.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.state.seed = seed;
        self
    }

    /// Takes up a kept state. Handle [`CollectorEvent::Start`] next.
    pub fn resume(state: CollectorState) -> Self {
        Self { state }
    }

    /// What to keep.
    pub fn state(&self) -> &CollectorState {
        &self.state
    }

    /// When to call [`handle`](Self::handle) with [`CollectorEvent::Tick`] at the latest.
    pub fn next_deadline(&self) -> Option<UnixSeconds> {
        self.state.due
    }

    /// What an event at this time leads to, in order.
    pub fn handle(&mut self, event: CollectorEvent, now: UnixSeconds) -> Vec<CollectorAction> {
        let before = self.state.clone();
        let mut out = Vec::new();
        // While a repeat is waited for, nothing is under way: an answer then is one that came twice.
        let awaits = self.state.due.is_none();
        match event {
            CollectorEvent::Start => {
                (self.state.due, self.state.failures) = (None, 0);
                match self.state.phase {
                    CollectorPhase::Importing => self.send(&mut out),
                    CollectorPhase::Waiting if !self.state.documents.is_empty() => self.import(&mut out),
                    CollectorPhase::Waiting => {}
                    _ => {
                        self.state.phase = CollectorPhase::Closing;
                        self.send(&mut out);
                    }
                }
            }
            CollectorEvent::Closed(result) if awaits && self.state.phase == CollectorPhase::Closing => match result {
                Ok(()) => self.fetch(&mut out),
                // Somebody else closes them just now: what is closed can be fetched.
                Err(error) if is_busy(&error) => self.fetch(&mut out),
                Err(error) => self.failed(error, now, &mut out),
            },
            CollectorEvent::Fetched(result) if awaits && self.state.phase == CollectorPhase::Fetching => match result {
                Ok(reports) => {
                    (self.state.phase, self.state.failures) = (CollectorPhase::Waiting, 0);
                    out.push(CollectorAction::Forward(reports));
                    self.import(&mut out);
                }
                Err(error) => self.failed(error, now, &mut out),
            },
            CollectorEvent::Delivered(document) => {
                let document = SmartLicense::encode(&document);
                if !self.state.documents.contains(&document) {
                    self.state.documents.push(document);
                }
                if self.state.phase == CollectorPhase::Waiting {
                    self.import(&mut out);
                }
            }
            CollectorEvent::Imported(result) if awaits && self.state.phase == CollectorPhase::Importing => {
                self.imported(result, now, &mut out);
            }
            CollectorEvent::Tick if self.state.due.is_some_and(|due| due <= now) => {
                self.state.due = None;
                self.send(&mut out);
            }
            _ => {}
        }
        if self.state != before {
            // Reports are handed on before the state says so: handed on twice does no harm, never loses them.
            let first = out.iter().position(|action| !matches!(action, CollectorAction::Forward(_)));
            out.insert(first.unwrap_or(out.len()), CollectorAction::Save);
        }
        out
    }

    fn fetch(&mut self, out: &mut Vec<CollectorAction>) {
        (self.state.phase, self.state.failures) = (CollectorPhase::Fetching, 0);
        self.send(out);
    }

    /// Begins with the first document, if there is one.
    fn import(&mut self, out: &mut Vec<CollectorAction>) {
        self.state.refused_base64 = None;
        if self.state.documents.is_empty() {
            self.state.phase = CollectorPhase::Waiting;
            return;
        }
        (self.state.phase, self.state.failures) = (CollectorPhase::Importing, 0);
        self.send(out);
    }

    fn send(&mut self, out: &mut Vec<CollectorAction>) {
        match self.state.phase {
            CollectorPhase::Closing => out.push(CollectorAction::Close),
            CollectorPhase::Fetching => out.push(CollectorAction::Fetch),
            CollectorPhase::Importing => {
                if let Some(document) = self.state.documents.first() {
                    let document = document.clone();
                    out.push(CollectorAction::Import { document, encoding: self.encoding() });
                }
            }
            _ => {}
        }
    }

    /// The first document is done with. A kept state that was tampered with may have none.
    fn drop_first(&mut self) {
        if !self.state.documents.is_empty() {
            self.state.documents.remove(0);
        }
    }

    fn encoding(&self) -> ImportEncoding {
        if self.state.raw_xml || self.state.refused_base64.is_some() {
            ImportEncoding::RawXml
        } else {
            ImportEncoding::Base64
        }
    }

    fn imported(&mut self, result: Result<(), Error>, now: UnixSeconds, out: &mut Vec<CollectorAction>) {
        let error = match result {
            Ok(()) => {
                self.state.raw_xml |= self.state.refused_base64.is_some();
                self.drop_first();
                out.push(CollectorAction::Acknowledged);
                return self.import(out);
            }
            Err(error) => error,
        };
        if import_fallback(self.encoding(), &error) == Some(ImportEncoding::RawXml) {
            self.state.refused_base64 = status_of(&error);
            return self.send(out);
        }
        let refused_base64 = self.state.refused_base64;
        if status_of(&error) == Some(415) && (self.state.raw_xml || refused_base64 == Some(500)) {
            // It does not take XML: it changed its mind, or was broken for a moment when it was given base64.
            (self.state.raw_xml, self.state.refused_base64) = (false, None);
            if refused_base64.is_some() {
                self.repeat(Retry::Transient, error, now, out);
            } else {
                self.send(out);
            }
            return;
        }
        if is_about_the_device(&error) {
            return self.failed(error, now, out);
        }
        self.drop_first();
        out.push(CollectorAction::NotImported(error));
        self.import(out);
    }

    fn failed(&mut self, error: Error, now: UnixSeconds, out: &mut Vec<CollectorAction>) {
        // A wrong password does not get better: it would lock the account.
        let retry = match error.retry() {
            Retry::Auth => Retry::Never,
            // Another import is at work (choice): it ends.
            Retry::Never if is_busy(&error) && self.state.phase == CollectorPhase::Importing => Retry::Transient,
            retry => retry,
        };
        self.repeat(retry, error, now, out);
    }

    /// Waits and sends again, if that may help and was not done too often.
    fn repeat(&mut self, retry: Retry, error: Error, now: UnixSeconds, out: &mut Vec<CollectorAction>) {
        let wait = backoff(retry, self.state.failures, now, jitter(&mut self.state.seed));
        if let Some(wait) = wait {
            self.state.failures = self.state.failures.saturating_add(1);
            self.state.due = Some(now.saturating_add(wait));
        } else {
            self.state.phase = CollectorPhase::Failed;
            out.push(CollectorAction::Failed(error));
        }
    }
}

/// Does it say nothing about the document that was brought? The document is kept then.
fn is_about_the_device(error: &Error) -> bool {
    let refused = matches!(
        error.kind(),
        ErrorKind::Auth | ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::Tls | ErrorKind::Redirect
    );
    refused || error.retry() != Retry::Never || is_busy(error)
}

/// 409: a close or an import is at work already. Spec: transport, "a1" (choice).
fn is_busy(error: &Error) -> bool {
    status_of(error) == Some(409)
}

fn status_of(error: &Error) -> Option<u16> {
    error.refusal().map(|refusal| refusal.status)
}

impl Default for Collector {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
