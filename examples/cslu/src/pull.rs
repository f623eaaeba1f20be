//! The work with listed devices: their reports are closed and fetched, their documents imported.

use std::collections::BTreeMap;

use http::{Request, Response};
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};
use slp_kit::{Error, Events};
use slp_model::{Seconds, UnixMillis, UnixSeconds};
use slp_transport::collector::{Collector as Machine, CollectorAction, CollectorEvent, CollectorPhase, CollectorState};
use slp_transport::device::{AllReports, CloseReports, DeviceReports, Import, ImportEncoding, Session};
use slp_transport::{BaseUrl, Call as _, ErrorKind, Limits, Secret};

use crate::collector::{Collector, Flight, Peer};
use crate::link::answer;
use crate::receive;
use crate::settings::Settings;
use crate::store::devices::millis;
use crate::store::reports::Item;
use crate::store::{ReportState, answers, devices};

/// The machine of one device.
pub(crate) type Work = Machine;

/// What a message to a device is.
#[derive(Debug)]
pub(crate) enum Step {
    Close,
    Fetch,
    Import,
}

impl Step {
    /// What an answer to this means for the machine.
    pub(crate) fn event(&self, response: Option<&Response<Vec<u8>>>, limits: &Limits) -> CollectorEvent {
        match self {
            Self::Close => CollectorEvent::Closed(answer::<CloseReports>(response, limits)),
            Self::Fetch => CollectorEvent::Fetched(answer::<AllReports>(response, limits)),
            Self::Import => CollectorEvent::Imported(answer::<Import>(response, limits)),
        }
    }
}

/// What an event leads to at one device, before it is kept.
struct Change {
    target: i64,
    work: Machine,
    actions: Vec<CollectorAction>,
    seen: Vec<Seen>,
    /// The document that an import was about.
    importing: Option<Vec<u8>>,
    /// The document that the event brings.
    handed: Option<i64>,
    /// When the next round begins, if one begins here.
    round: Option<i64>,
    is_kept: bool,
}

/// Seconds until what could not be kept is begun again.
const AGAIN: i64 = 60;
/// What the CSLU of the vendor shows about a device that does not answer (seen).
const FAILED_TO_CONNECT: &str = "Failed to Connect";
/// Stays until the listed device answers again, or the list names the other one.
const ANOTHER: &str = "Another device answers here";

impl Collector {
    /// Takes up the work that was under way.
    pub(crate) fn open_work(&mut self, now: UnixMillis) -> Result<(), Error> {
        let mut find = self.store.db().prepare("SELECT id, work FROM target WHERE work IS NOT NULL")?;
        let mut rows = find.query([])?;
        while let Some(row) = rows.next()? {
            let (id, state): (i64, String) = (row.get(0)?, row.get(1)?);
            let state: CollectorState = serde_json::from_str(&state)?;
            if !matches!(state.phase, CollectorPhase::New | CollectorPhase::Failed) {
                self.interrupted.insert(id, now.to_seconds());
            }
            self.work.insert(id, Machine::resume(state));
        }
        Ok(())
    }

    pub(crate) fn pull_tick(&mut self, now: UnixMillis) -> Result<(), Error> {
        let at = now.to_seconds();
        let mut find = self
            .store
            .db()
            .prepare_cached("SELECT id FROM target WHERE method = 'REST_API' AND round <= ?1 ORDER BY id")?;
        let due = find.query_map([at.get()], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        drop(find);
        let next = at.saturating_add(Seconds::new(i64::from(self.settings.pull_seconds))).get();
        let mut changes: Vec<Change> = Vec::new();
        for target in due {
            changes.push(self.begin_round(target, next, at));
        }
        self.change(changes, now)?;
        // a round that began took it up already
        let interrupted: Vec<i64> =
            self.interrupted.iter().filter(|(_, due)| **due <= at).map(|(target, _)| *target).collect();
        self.events(interrupted.into_iter().map(|target| (target, CollectorEvent::Start, None)), now)?;
        let documents = answers::for_targets(self.store.db())?;
        for (target, ..) in &documents {
            if !self.work.contains_key(target) {
                let seed = self.waits.below(u64::MAX);
                self.work.insert(*target, Machine::new().with_seed(seed));
            }
        }
        let delivered = documents
            .into_iter()
            .map(|(target, document, bytes)| (target, CollectorEvent::Delivered(bytes), Some(document)));
        self.events(delivered, now)?;
        let due = self.work.iter().filter(|(_, work)| work.next_deadline().is_some_and(|due| due <= at));
        let due: Vec<i64> = due.map(|(target, _)| *target).collect();
        self.events(due.into_iter().map(|target| (target, CollectorEvent::Tick, None)), now)
    }

    /// Begins from the start; documents that wait for the device stay.
    fn begin_round(&mut self, target: i64, next: i64, at: UnixSeconds) -> Change {
        let mut state = self.work.get(&target).cloned().unwrap_or_default().state().clone();
        (state.phase, state.due, state.failures) = (CollectorPhase::New, None, 0);
        if state.seed == 0 {
            state.seed = self.waits.below(u64::MAX);
        }
        let mut work = Machine::resume(state);
        let actions = work.handle(CollectorEvent::Start, at);
        let (seen, importing, handed) = (Vec::new(), None, None);
        Change { target, work, actions, seen, importing, handed, round: Some(next), is_kept: true }
    }

    /// A round for every listed device, now.
    ///
    /// # Errors
    /// Those of the store.
    pub fn pull_now(&mut self, now: UnixMillis) -> Result<(), Error> {
        let round = now.to_seconds().get();
        self.store.write(|db| {
            db.execute("UPDATE target SET round = ?1", [round])?;
            Ok(())
        })
    }

    /// Answers of devices: all of them are kept in one transaction.
    pub(crate) fn pulls_answered(&mut self, answers: Vec<(i64, CollectorEvent)>, now: UnixMillis) -> Result<(), Error> {
        let targets: Vec<i64> = answers.iter().map(|(target, _)| *target).collect();
        let done = self.events(answers.into_iter().map(|(target, event)| (target, event, None)), now);
        if done.is_err() {
            // nothing is under way there any more
            let again = now.to_seconds().saturating_add(Seconds::new(AGAIN));
            self.interrupted.extend(targets.into_iter().map(|target| (target, again)));
        }
        done
    }

    /// What events lead to, with the document that each brings: kept with all consequences in one transaction, then sent.
    fn events(
        &mut self,
        events: impl IntoIterator<Item = (i64, CollectorEvent, Option<i64>)>,
        now: UnixMillis,
    ) -> Result<(), Error> {
        let mut changes: Vec<Change> = Vec::new();
        for (target, event, handed) in events {
            let earlier = changes.iter().rev().find(|change| change.target == target).map(|change| &change.work);
            let Some(work) = earlier.or_else(|| self.work.get(&target)) else { continue };
            changes.push(change(target, work.clone(), event, handed, now.to_seconds(), &self.limits)?);
        }
        self.change(changes, now)
    }

    fn change(&mut self, changes: Vec<Change>, now: UnixMillis) -> Result<(), Error> {
        let Self { store, settings, events, familiar, .. } = self;
        if changes.iter().any(|change| change.is_kept) {
            store.write_soon(|db| {
                let mut desk = Desk { db, settings, events, familiar, now };
                let kept = changes.iter().filter(|change| change.is_kept);
                kept.into_iter().try_for_each(|change| desk.keep(change))
            })?;
        }
        for Change { target, work, actions, .. } in changes {
            self.interrupted.remove(&target);
            self.work.insert(target, work);
            for action in actions {
                if let Err(error) = self.act(target, action, now) {
                    self.events.say(format!("{}: {error}", host(self.store.db(), target)));
                }
            }
        }
        Ok(())
    }

    fn act(&mut self, target: i64, action: CollectorAction, now: UnixMillis) -> Result<(), Error> {
        match action {
            CollectorAction::Close => self.say(target, Step::Close, None)?,
            CollectorAction::Fetch => self.say(target, Step::Fetch, None)?,
            CollectorAction::Import { document, encoding, .. } => {
                let bytes = document.decode(&self.limits)?;
                self.say(target, Step::Import, Some((bytes, encoding)))?;
            }
            CollectorAction::Forward(_) => self.schedule_forward(now),
            CollectorAction::NotImported(error) => {
                let host = host(self.store.db(), target);
                self.events.say(format!("{host}: a document was not taken, {error}"));
            }
            CollectorAction::Failed(error) => {
                let host = host(self.store.db(), target);
                self.events.say(format!("{host}: given up until the next round, {error}"));
            }
            _ => {}
        }
        Ok(())
    }

    fn say(&mut self, target: i64, step: Step, import: Option<(Vec<u8>, ImportEncoding)>) -> Result<(), Error> {
        let mut find = self.store.db().prepare_cached("SELECT host, username, password FROM target WHERE id = ?1")?;
        let (host, user, password): (String, String, String) =
            find.query_row([target], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        drop(find);
        let session = Session::new(address(&host, &self.settings)?, user, Secret::new(password));
        let request: Request<Vec<u8>> = match (&step, import) {
            (Step::Close, _) => CloseReports::new().into_http(&session)?,
            (Step::Import, Some((document, encoding))) => {
                Import::new(document).with_encoding(encoding).into_http(&session)?
            }
            _ => AllReports::new().into_http(&session)?,
        };
        self.send(Peer::Device, Flight::Pull(target, step), request);
        Ok(())
    }
}

/// What an event leads to.
fn change(
    target: i64,
    mut work: Machine,
    event: CollectorEvent,
    handed: Option<i64>,
    at: UnixSeconds,
    limits: &Limits,
) -> Result<Change, Error> {
    let importing = match (&event, work.state().documents.first()) {
        (CollectorEvent::Imported(_), Some(document)) => Some(document.decode(limits)?),
        _ => None,
    };
    // Closed or not: a process that begins again closes them in any case, so this need not be on the disk. That the device
    // answered is noted with what it answers next.
    let is_closed = matches!(event, CollectorEvent::Closed(Ok(()))) && work.state().failures == 0;
    let mut seen = Vec::new();
    if matches!(event, CollectorEvent::Fetched(Err(_))) && work.state().failures == 0 {
        seen.push(Seen::Well);
    }
    seen.extend(self::seen(&event));
    let actions = work.handle(event, at);
    Ok(Change { target, work, actions, seen, importing, handed, round: None, is_kept: !is_closed })
}

/// Where each listed device's last answer is in the store: the row of a report, by the hash of its payload.
pub(crate) type Familiar = BTreeMap<i64, BTreeMap<[u8; 32], i64>>;

/// Events at work, in one transaction.
struct Desk<'a> {
    db: &'a Connection,
    settings: &'a Settings,
    events: &'a mut Events,
    familiar: &'a mut Familiar,
    now: UnixMillis,
}

impl Desk<'_> {
    /// Keeps what an event leads to.
    fn keep(&mut self, change: &Change) -> Result<(), Error> {
        let (db, target) = (self.db, change.target);
        let state = serde_json::to_string(change.work.state())?;
        let sql = "UPDATE target SET work = ?2, round = coalesce(?3, round) WHERE id = ?1";
        db.prepare_cached(sql)?.execute(params![target, state, change.round])?;
        for seen in &change.seen {
            note(db, target, seen, self.now)?;
        }
        if let Some(answer) = change.handed {
            answers::handed(db, answer)?;
        }
        let answer = match &change.importing {
            Some(document) => answers::of_target(db, target, document)?,
            None => None,
        };
        for action in &change.actions {
            match (action, answer) {
                (CollectorAction::Forward(reports), _) => self.take(target, reports)?,
                (CollectorAction::Acknowledged, Some(answer)) => answers::delivered(db, answer, self.now)?,
                (CollectorAction::NotImported(_), Some(answer)) => answers::not_taken(db, answer)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Keeps the reports of a device. One that cannot be read is said, and costs itself alone.
    fn take(&mut self, target: i64, reports: &DeviceReports) -> Result<(), Error> {
        let db = self.db;
        let sql = "SELECT target.device, coalesce(listed, 0) FROM target LEFT JOIN device ON device.id = target.device \
                   WHERE target.id = ?1";
        let mut find = db.prepare_cached(sql)?;
        let (mut device, is_listed): (Option<i64>, bool) =
            find.query_row([target], |row| Ok((row.get(0)?, row.get(1)?)))?;
        drop(find);
        let mut familiar = BTreeMap::new();
        // the devices that speak, each with the software that its last new report names
        let mut speakers: BTreeMap<i64, Option<String>> = BTreeMap::new();
        let mut is_another = None;
        for envelope in &reports.usage {
            let sha256: [u8; 32] = Sha256::digest(envelope.payload.as_str()).into();
            let item = if let Some(item) = self.familiar(target, device, sha256)? {
                is_another = Some(false);
                speakers.entry(item.device).or_default();
                item
            } else {
                let report = match envelope.to_report() {
                    Ok(report) => report,
                    Err(error) => {
                        self.events.say(format!("{}: a report cannot be read, {error}", host(db, target)));
                        note(db, target, &Seen::Fault("Report not readable"), self.now)?;
                        continue;
                    }
                };
                let item = receive::keep(db, self.settings, self.events, &report, envelope, self.now)?;
                speakers.insert(item.device, Some(report.software_tag().as_str().to_owned()));
                // a member of a stack speaks for all of them; another device in the place of one that the operator named
                // does not
                let is_other = match device {
                    Some(device) if device != item.device => {
                        let listed = devices::udi(db, device)?;
                        !report.ha().iter().any(|member| member.device == listed)
                    }
                    _ => false,
                };
                is_another = Some(is_other && is_listed);
                if device.is_none() || is_other && !is_listed {
                    device = Some(item.device);
                    let sql = "UPDATE target SET device = ?2 WHERE id = ?1";
                    db.prepare_cached(sql)?.execute(params![target, item.device])?;
                }
                item
            };
            familiar.insert(sha256, item.row);
            if let (ReportState::Acknowledged, Some(answer)) = (item.state, item.answer) {
                // the device still has it: it gets the document again
                let sql = "UPDATE answer SET handed = 0, delivered = NULL WHERE id = ?1";
                db.prepare_cached(sql)?.execute([answer])?;
            }
        }
        for (device, software) in speakers {
            devices::answered_at(db, device, target, software.as_deref(), self.now)?;
        }
        match is_another {
            Some(true) => note(db, target, &Seen::Fault(ANOTHER), self.now)?,
            Some(false) => {
                let sql = "UPDATE target SET alert = NULL WHERE id = ?1 AND alert = ?2";
                db.prepare_cached(sql)?.execute(params![target, ANOTHER])?;
            }
            None => {}
        }
        self.familiar.insert(target, familiar);
        Ok(())
    }

    /// A report that the device gave last time too, under the same name: devices keep theirs until they are acknowledged, so
    /// most of an answer is known, and need not be read again. The store has the last word.
    fn familiar(&self, target: i64, device: Option<i64>, sha256: [u8; 32]) -> Result<Option<Item>, Error> {
        let row = self.familiar.get(&target).and_then(|known| known.get(&sha256));
        match (device, row) {
            (Some(device), Some(row)) => receive::again(self.db, *row, device, sha256),
            _ => Ok(None),
        }
    }
}

/// Where a listed device is, as people know it.
fn host(db: &Connection, target: i64) -> String {
    let find = db.prepare_cached("SELECT host FROM target WHERE id = ?1");
    let host = find.and_then(|mut find| find.query_row([target], |row| row.get(0)));
    host.unwrap_or_else(|_| format!("row {target} of the list"))
}

/// HTTPS, unless the operator asked for something else.
fn address(host: &str, settings: &Settings) -> Result<BaseUrl, Error> {
    let scheme = if settings.plain_pull { "http" } else { "https" };
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    Ok(format!("{scheme}://{host}").parse()?)
}

/// What an answer says about the way to a device.
enum Seen {
    Well,
    Fault(&'static str),
}

fn seen(event: &CollectorEvent) -> Option<Seen> {
    let error = match event {
        CollectorEvent::Closed(Ok(())) | CollectorEvent::Fetched(Ok(_)) | CollectorEvent::Imported(Ok(())) => {
            return Some(Seen::Well);
        }
        CollectorEvent::Closed(Err(error))
        | CollectorEvent::Fetched(Err(error))
        | CollectorEvent::Imported(Err(error)) => error,
        _ => return None,
    };
    Some(Seen::Fault(match error.kind() {
        ErrorKind::NoReply | ErrorKind::Empty => FAILED_TO_CONNECT,
        ErrorKind::Tls => "Certificate not trusted",
        ErrorKind::Auth | ErrorKind::Forbidden => "Credentials refused",
        ErrorKind::NotFound => "Service not found",
        _ => "Device answers with an error",
    }))
}

fn note(db: &Connection, target: i64, seen: &Seen, now: UnixMillis) -> Result<(), Error> {
    match seen {
        Seen::Fault(text) => {
            db.prepare_cached("UPDATE target SET alert = ?2 WHERE id = ?1")?.execute(params![target, text])?;
        }
        Seen::Well => {
            let sql = "UPDATE target SET alert = CASE WHEN alert = ?3 THEN alert END, contacted = ?2 WHERE id = ?1";
            db.prepare_cached(sql)?.execute(params![target, millis(now), ANOTHER])?;
        }
    }
    Ok(())
}
