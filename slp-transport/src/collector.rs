//! A collector's work with one device, as a machine: close reports, fetch them, hand them on, bring the answers back.
//!
//! Handing on is the caller's: an [`Upload`](crate::upload::Upload) per message, or a bundle. The device keeps its reports until
//! it is acknowledged, so a restart begins again and loses nothing. Spec: transport, "a1", "Overview" W2.

use serde::{Deserialize, Serialize};
use slp_model::UnixSeconds;

use crate::device::{DeviceReports, ImportEncoding, import_fallback};
use crate::retry::{Retry, backoff};
use crate::{Error, ErrorKind, SmartLicense};

/// What happens.
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

/// What to do.
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
    /// The device refused a document; the others are still brought.
    NotImported(Error),
    /// The device cannot be worked with.
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
    /// Does this device want documents as XML? Remembered once seen.
    pub raw_xml: bool,
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
            CollectorEvent::Closed(result) if self.state.phase == CollectorPhase::Closing => match result {
                Ok(()) => self.fetch(&mut out),
                // Somebody else closes them just now: what is closed can be fetched.
                Err(error) if error.refusal().is_some_and(|refusal| refusal.status == 409) => self.fetch(&mut out),
                Err(error) => self.failed(error, now, &mut out),
            },
            CollectorEvent::Fetched(result) if self.state.phase == CollectorPhase::Fetching => match result {
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
            CollectorEvent::Imported(result) if self.state.phase == CollectorPhase::Importing => {
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
        if self.state.raw_xml { ImportEncoding::RawXml } else { ImportEncoding::Base64 }
    }

    fn imported(&mut self, result: Result<(), Error>, now: UnixSeconds, out: &mut Vec<CollectorAction>) {
        let error = match result {
            Ok(()) => {
                self.drop_first();
                out.push(CollectorAction::Acknowledged);
                return self.import(out);
            }
            Err(error) => error,
        };
        if import_fallback(self.encoding(), &error) == Some(ImportEncoding::RawXml) {
            self.state.raw_xml = true;
            return self.send(out);
        }
        if matches!(error.kind(), ErrorKind::Auth | ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::Tls) {
            return self.failed(error, now, out);
        }
        match backoff(error.retry(), self.state.failures, now, 0) {
            Some(wait) if error.retry() != Retry::Auth => {
                self.state.failures = self.state.failures.saturating_add(1);
                self.state.due = Some(now.saturating_add(wait));
            }
            _ => {
                self.drop_first();
                out.push(CollectorAction::NotImported(error));
                self.import(out);
            }
        }
    }

    fn failed(&mut self, error: Error, now: UnixSeconds, out: &mut Vec<CollectorAction>) {
        // A wrong password does not get better: it would lock the account.
        let wait =
            if error.retry() == Retry::Auth { None } else { backoff(error.retry(), self.state.failures, now, 0) };
        if let Some(wait) = wait {
            self.state.failures = self.state.failures.saturating_add(1);
            self.state.due = Some(now.saturating_add(wait));
        } else {
            self.state.phase = CollectorPhase::Failed;
            out.push(CollectorAction::Failed(error));
        }
    }
}

impl Default for Collector {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Exchange, Limits};

    fn at(seconds: i64) -> UnixSeconds {
        UnixSeconds::new(1_790_000_000_i64.saturating_add(seconds)).unwrap()
    }

    fn status(status: u16) -> Result<(), Error> {
        let response = http::Response::builder().status(status).body(Vec::new()).unwrap();
        crate::device::CloseReports::answer(&response, &Limits::default())
    }

    fn waiting() -> Collector {
        let mut collector = Collector::new();
        let actions = collector.handle(CollectorEvent::Start, at(0));
        assert!(matches!(actions[..], [CollectorAction::Save, CollectorAction::Close]));
        let actions = collector.handle(CollectorEvent::Closed(Ok(())), at(1));
        assert!(matches!(actions[..], [CollectorAction::Save, CollectorAction::Fetch]));
        let actions = collector.handle(CollectorEvent::Fetched(Ok(DeviceReports::default())), at(2));
        let forwarded_first = matches!(actions[..], [CollectorAction::Forward(_), CollectorAction::Save]);
        assert!(forwarded_first, "a state that says so is kept once the reports are handed on");
        collector
    }

    fn import(actions: &[CollectorAction]) -> Option<(Vec<u8>, ImportEncoding)> {
        actions.iter().find_map(|action| match action {
            CollectorAction::Import { document, encoding } => {
                Some((document.decode(&Limits::default()).unwrap(), *encoding))
            }
            _ => None,
        })
    }

    #[test]
    fn documents_are_brought_one_after_the_other_and_none_twice() {
        let mut collector = waiting();
        let actions = collector.handle(CollectorEvent::Delivered(b"<a/>".to_vec()), at(3));
        assert_eq!(import(&actions), Some((b"<a/>".to_vec(), ImportEncoding::Base64)));
        assert!(import(&collector.handle(CollectorEvent::Delivered(b"<b/>".to_vec()), at(3))).is_none());
        assert!(collector.handle(CollectorEvent::Delivered(b"<b/>".to_vec()), at(3)).is_empty());
        let actions = collector.handle(CollectorEvent::Imported(Ok(())), at(4));
        assert_eq!(import(&actions), Some((b"<b/>".to_vec(), ImportEncoding::Base64)));
        collector.handle(CollectorEvent::Imported(Ok(())), at(5));
        assert!(collector.state().documents.is_empty());
    }

    #[test]
    fn a_device_that_wants_xml_is_remembered() {
        let mut collector = waiting();
        collector.handle(CollectorEvent::Delivered(b"<a/>".to_vec()), at(3));
        let actions = collector.handle(CollectorEvent::Imported(status(415)), at(4));
        assert_eq!(import(&actions), Some((b"<a/>".to_vec(), ImportEncoding::RawXml)));
        collector.handle(CollectorEvent::Imported(Ok(())), at(5));
        let actions = collector.handle(CollectorEvent::Delivered(b"<b/>".to_vec()), at(6));
        assert_eq!(import(&actions), Some((b"<b/>".to_vec(), ImportEncoding::RawXml)));
        let actions = collector.handle(CollectorEvent::Imported(status(422)), at(7));
        assert!(actions.iter().any(|action| matches!(action, CollectorAction::NotImported(_))));
    }

    #[test]
    fn a_wrong_password_is_tried_once_and_a_busy_device_five_times() {
        let mut collector = Collector::new();
        collector.handle(CollectorEvent::Start, at(0));
        let actions = collector.handle(CollectorEvent::Closed(status(401)), at(1));
        assert!(actions.iter().any(|action| matches!(action, CollectorAction::Failed(_))));
        let mut collector = Collector::new();
        let mut now = at(0);
        collector.handle(CollectorEvent::Start, now);
        let mut tries = 1;
        loop {
            collector.handle(CollectorEvent::Closed(status(503)), now);
            let Some(due) = collector.next_deadline() else { break };
            now = due;
            assert!(matches!(collector.handle(CollectorEvent::Tick, now)[..], [_, CollectorAction::Close]));
            tries += 1;
        }
        assert_eq!(tries, 6);
    }

    #[test]
    fn a_kept_state_goes_on_where_it_stood() {
        let mut collector = waiting();
        collector.handle(CollectorEvent::Delivered(b"<a/>".to_vec()), at(3));
        let kept = serde_json::to_string(collector.state()).unwrap();
        let mut again = Collector::resume(serde_json::from_str(&kept).unwrap());
        let actions = again.handle(CollectorEvent::Start, at(9));
        assert_eq!(import(&actions), Some((b"<a/>".to_vec(), ImportEncoding::Base64)));
    }
}
