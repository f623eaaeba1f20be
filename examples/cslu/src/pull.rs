//! The work with listed devices: their reports are closed and fetched, their documents imported.

use http::{Request, Response};
use rusqlite::{Connection, params};
use slp_kit::{Error, Events};
use slp_model::{Seconds, UnixMillis};
use slp_transport::collector::{Collector as Machine, CollectorAction, CollectorEvent, CollectorPhase, CollectorState};
use slp_transport::device::{AllReports, CloseReports, DeviceReports, Import, ImportEncoding, Session};
use slp_transport::{BaseUrl, Call as _, ErrorKind, Secret};

use crate::collector::{Collector, Flight, Peer};
use crate::link::answer;
use crate::receive;
use crate::settings::Settings;
use crate::store::devices::millis;
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

/// What the CSLU of the vendor shows about a device that does not answer (seen).
const FAILED_TO_CONNECT: &str = "Failed to Connect";
/// Stays until the listed device answers again, or the list names the other one.
const ANOTHER: &str = "Another device answers here";

impl Collector {
    /// Takes up the work that was under way.
    pub(crate) fn open_work(&mut self) -> Result<(), Error> {
        let mut find = self.store.db().prepare("SELECT id, work FROM target WHERE work IS NOT NULL")?;
        let mut rows = find.query([])?;
        while let Some(row) = rows.next()? {
            let (id, state): (i64, String) = (row.get(0)?, row.get(1)?);
            let state: CollectorState = serde_json::from_str(&state)?;
            if !matches!(state.phase, CollectorPhase::New | CollectorPhase::Failed) {
                self.interrupted.insert(id);
            }
            self.work.insert(id, Machine::resume(state));
        }
        Ok(())
    }

    pub(crate) fn pull_tick(&mut self, now: UnixMillis) -> Result<(), Error> {
        for target in std::mem::take(&mut self.interrupted) {
            self.work_event(target, CollectorEvent::Start, None, now)?;
        }
        let at = now.to_seconds();
        let mut find = self
            .store
            .db()
            .prepare_cached("SELECT id FROM target WHERE method = 'REST_API' AND round <= ?1 ORDER BY id")?;
        let due = find.query_map([at.get()], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        drop(find);
        for target in due {
            self.begin_round(target, now)?;
        }
        for (target, document, bytes) in answers::for_targets(self.store.db())? {
            self.work.entry(target).or_default();
            self.work_event(target, CollectorEvent::Delivered(bytes), Some(document), now)?;
        }
        let due = self.work.iter().filter(|(_, work)| work.next_deadline().is_some_and(|due| due <= at));
        for target in due.map(|(target, _)| *target).collect::<Vec<_>>() {
            self.work_event(target, CollectorEvent::Tick, None, now)?;
        }
        Ok(())
    }

    /// Begins from the start; documents that wait for the device stay.
    fn begin_round(&mut self, target: i64, now: UnixMillis) -> Result<(), Error> {
        let next = now.to_seconds().saturating_add(Seconds::new(i64::from(self.settings.pull_seconds)));
        let mut state = self.work.get(&target).cloned().unwrap_or_default().state().clone();
        (state.phase, state.due, state.failures) = (CollectorPhase::New, None, 0);
        let text = serde_json::to_string(&state)?;
        self.store.write_soon(|db| {
            let sql = "UPDATE target SET round = ?2, work = ?3 WHERE id = ?1";
            db.prepare_cached(sql)?.execute(params![target, next.get(), text])?;
            Ok(())
        })?;
        self.work.insert(target, Machine::resume(state));
        self.work_event(target, CollectorEvent::Start, None, now)
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

    pub(crate) fn pull_answered(
        &mut self,
        target: i64,
        step: &Step,
        response: Option<&Response<Vec<u8>>>,
        now: UnixMillis,
    ) -> Result<(), Error> {
        let event = match step {
            Step::Close => CollectorEvent::Closed(answer::<CloseReports>(response, &self.limits)),
            Step::Fetch => CollectorEvent::Fetched(answer::<AllReports>(response, &self.limits)),
            Step::Import => CollectorEvent::Imported(answer::<Import>(response, &self.limits)),
        };
        self.work_event(target, event, None, now)
    }

    /// What an event leads to: kept with its consequences in one transaction, then sent. `handed` is the document that the
    /// event brings.
    fn work_event(
        &mut self,
        target: i64,
        event: CollectorEvent,
        handed: Option<i64>,
        now: UnixMillis,
    ) -> Result<(), Error> {
        let Some(mut work) = self.work.get(&target).cloned() else {
            return Ok(());
        };
        let importing = match (&event, work.state().documents.first()) {
            (CollectorEvent::Imported(_), Some(document)) => Some(document.decode(&self.limits)?),
            _ => None,
        };
        let seen = seen(&event);
        let actions = work.handle(event, now.to_seconds());
        let Self { store, settings, events, .. } = self;
        store.write_soon(|db| {
            let state = serde_json::to_string(work.state())?;
            db.prepare_cached("UPDATE target SET work = ?2 WHERE id = ?1")?.execute(params![target, state])?;
            if let Some(seen) = &seen {
                note(db, target, seen, now)?;
            }
            if let Some(answer) = handed {
                answers::handed(db, answer)?;
            }
            let answer = match &importing {
                Some(document) => answers::of_target(db, target, document)?,
                None => None,
            };
            for action in &actions {
                match (action, answer) {
                    (CollectorAction::Forward(reports), _) => take(db, settings, events, target, reports, now)?,
                    (CollectorAction::Acknowledged, Some(answer)) => answers::delivered(db, answer, now)?,
                    (CollectorAction::NotImported(_), Some(answer)) => answers::not_taken(db, answer)?,
                    _ => {}
                }
            }
            Ok(())
        })?;
        self.work.insert(target, work);
        for action in actions {
            match action {
                CollectorAction::Close => self.say(target, Step::Close, None)?,
                CollectorAction::Fetch => self.say(target, Step::Fetch, None)?,
                CollectorAction::Import { document, encoding, .. } => {
                    let bytes = document.decode(&self.limits)?;
                    self.say(target, Step::Import, Some((bytes, encoding)))?;
                }
                CollectorAction::Forward(_) => self.schedule_forward(now),
                CollectorAction::NotImported(error) => {
                    self.events.say(format!("target {target}: a document was not taken, {error}"));
                }
                CollectorAction::Failed(error) => {
                    self.events.say(format!("target {target}: given up until the next round, {error}"));
                }
                _ => {}
            }
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

/// Keeps the reports of a device. One that cannot be read is said, and costs itself alone.
fn take(
    db: &Connection,
    settings: &Settings,
    events: &mut Events,
    target: i64,
    reports: &DeviceReports,
    now: UnixMillis,
) -> Result<(), Error> {
    let sql = "SELECT target.device, coalesce(listed, 0) FROM target LEFT JOIN device ON device.id = target.device \
               WHERE target.id = ?1";
    let mut find = db.prepare_cached(sql)?;
    let (mut device, is_listed): (Option<i64>, bool) =
        find.query_row([target], |row| Ok((row.get(0)?, row.get(1)?)))?;
    drop(find);
    for envelope in &reports.usage {
        let report = match envelope.to_report() {
            Ok(report) => report,
            Err(error) => {
                events.say(format!("target {target}: a report cannot be read, {error}"));
                note(db, target, &Seen::Fault("Report not readable"), now)?;
                continue;
            }
        };
        let item = receive::keep(db, settings, events, &report, envelope, now)?;
        devices::heard(db, item.device, None, None, Some(report.software_tag().as_str()), now)?;
        devices::reported(db, item.device, now)?;
        devices::answered_at(db, item.device, target)?;
        // a member of a stack speaks for all of them; another device in the place of one that the operator named does not
        let is_other = match device {
            Some(device) if device != item.device => {
                let listed = devices::udi(db, device)?;
                !report.ha().iter().any(|member| member.device == listed)
            }
            _ => false,
        };
        if is_other && is_listed {
            note(db, target, &Seen::Fault(ANOTHER), now)?;
        } else if is_other || device.is_none() {
            device = Some(item.device);
            let sql = "UPDATE target SET device = ?2 WHERE id = ?1";
            db.prepare_cached(sql)?.execute(params![target, item.device])?;
        } else {
            let sql = "UPDATE target SET alert = NULL WHERE id = ?1 AND alert = ?2";
            db.prepare_cached(sql)?.execute(params![target, ANOTHER])?;
        }
        if let (ReportState::Acknowledged, Some(answer)) = (item.state, item.answer) {
            // the device still has it: it gets the document again
            let sql = "UPDATE answer SET handed = 0, delivered = NULL WHERE id = ?1";
            db.prepare_cached(sql)?.execute([answer])?;
        }
    }
    Ok(())
}
