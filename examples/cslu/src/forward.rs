//! Connected: what was received goes to the cloud by its API, in batches, and the answers come back.
//!
//! A report stands in one upload alone. Its bytes are kept before they are sent, so that a repeat sends the same; when
//! nobody knows whether they arrived, the cloud's "duplicate" says that they did. It gives no document then: such reports
//! wait for the next bundle, whose answer acknowledges them.

use rusqlite::{Connection, params};
use slp_kit::{Error, Random};
use slp_model::{Seconds, UnixMillis};
use slp_transport::cssm::{AuthRequest, AuthorizationFor, CloudAnswer, ReportUsage};
use slp_transport::upload::{Deliveries, Upload, UploadAction, UploadEvent, UploadOutcome, UploadPhase, UploadState};
use slp_transport::{Action, DeviceUsage, ErrorKind, Limits, Retry, Sudi, batches};

use crate::collector::Collector;
use crate::documents;
use crate::link::{Wanted, answer};
use crate::settings::Settings;
use crate::store::devices::millis;
use crate::store::reports::{Item, Wish};
use crate::store::{ReportState, answers, devices, reports};

/// Reports that are read at once: those of one message to the cloud.
const BATCH: i64 = 500;
/// Seconds until a failed upload begins again.
const AGAIN: i64 = 3_600;
/// Up to so many seconds more, so that many collectors do not come back at once.
const SPREAD: u64 = 900;
/// Seconds until what could not be kept is tried again.
const RETRY: i64 = 60;
/// What an operator reads about reports that the cloud has and did not acknowledge.
const UNANSWERED: &str = "Reports without acknowledgement: export them";

impl Collector {
    /// Takes up what was under way.
    pub(crate) fn open_uploads(&mut self, now: UnixMillis) -> Result<(), Error> {
        let mut find = self.store.db().prepare("SELECT id, state, again FROM upload WHERE over = 0")?;
        let mut rows = find.query([])?;
        while let Some(row) = rows.next()? {
            let (id, state, again): (i64, String, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let state: UploadState = serde_json::from_str(&state)?;
            self.uploads.insert(id, Upload::resume(state));
            let again = again.and_then(|again| slp_model::UnixSeconds::new(again).ok());
            self.sleeping.insert(id, again.unwrap_or(now.to_seconds()));
        }
        drop(rows);
        drop(find);
        if self.settings.cloud.is_none() {
            // they wait until there is a cloud again
            self.uploads.clear();
            self.sleeping.clear();
        }
        self.schedule_forward(now);
        Ok(())
    }

    /// Something may have been received.
    pub(crate) fn schedule_forward(&mut self, now: UnixMillis) {
        if self.settings.cloud.is_some() && self.forward_at.is_none() {
            let wait = Seconds::new(i64::from(self.settings.forward_seconds));
            self.forward_at = Some(now.to_seconds().saturating_add(wait));
        }
    }

    pub(crate) fn forward_tick(&mut self, now: UnixMillis) -> Result<(), Error> {
        let at = now.to_seconds();
        if self.forward_at.is_some_and(|due| due <= at) {
            self.forward_at = Some(at.saturating_add(Seconds::new(RETRY)));
            self.new_uploads(now)?;
            self.forward_at = None;
        }
        let due: Vec<i64> = self.sleeping.iter().filter(|(_, due)| **due <= at).map(|(id, _)| *id).collect();
        for id in due {
            self.sleeping.remove(&id);
            self.upload_event_or_again(id, UploadEvent::Start, now)?;
        }
        let due = self.uploads.iter().filter(|(_, upload)| upload.next_deadline().is_some_and(|due| due <= at));
        for id in due.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.upload_event(id, UploadEvent::Tick, now)?;
        }
        Ok(())
    }

    fn new_uploads(&mut self, now: UnixMillis) -> Result<(), Error> {
        loop {
            let Self { store, random, waits, .. } = self;
            let mut dice = Dice { random, waits };
            let made = store.write(|db| {
                let items = reports::open(db, &[ReportState::Received], BATCH)?;
                let mut made = usage_uploads(db, &mut dice, &items, now)?;
                if items.is_empty() {
                    let wishes = reports::wishes(db, "state", ReportState::Received.code())?;
                    made.extend(wish_upload(db, &mut dice, &wishes, now)?);
                }
                Ok(made)
            })?;
            if made.is_empty() {
                return Ok(());
            }
            for (id, state) in made {
                self.uploads.insert(id, Upload::resume(state));
                self.sleeping.insert(id, now.to_seconds());
            }
        }
    }

    pub(crate) fn upload_answered(
        &mut self,
        id: i64,
        response: Option<&http::Response<Vec<u8>>>,
        now: UnixMillis,
    ) -> Result<(), Error> {
        // both submits and the poll have answers of one shape
        let answer: Result<CloudAnswer, _> = answer::<ReportUsage>(response, &self.limits);
        self.upload_event_or_again(id, UploadEvent::answered(answer), now)
    }

    /// When something cannot be kept, the upload stands where it stood, and begins again in a minute.
    pub(crate) fn upload_event_or_again(&mut self, id: i64, event: UploadEvent, now: UnixMillis) -> Result<(), Error> {
        let done = self.upload_event(id, event, now);
        if done.is_err() {
            self.begin_again(id, now);
        }
        done
    }

    /// An upload begins again in a minute.
    pub(crate) fn begin_again(&mut self, id: i64, now: UnixMillis) {
        self.sleeping.insert(id, now.to_seconds().saturating_add(Seconds::new(RETRY)));
    }

    pub(crate) fn upload_event(&mut self, id: i64, event: UploadEvent, now: UnixMillis) -> Result<(), Error> {
        let Some(mut upload) = self.uploads.get(&id).cloned() else {
            return Ok(());
        };
        let before = upload.state().clone();
        let actions = upload.handle(event, now.to_seconds());
        let mut ended = None;
        let Self { store, settings, random, waits, events, limits, .. } = self;
        store.write(|db| {
            if *upload.state() != before {
                let state = serde_json::to_string(upload.state())?;
                let sql = "UPDATE upload SET state = ?2, again = NULL WHERE id = ?1";
                db.prepare_cached(sql)?.execute(params![id, state])?;
            }
            for action in &actions {
                if let UploadAction::Finished(outcome) = action {
                    let dice = Dice { random: &mut *random, waits: &mut *waits };
                    let mut end = End { db, settings, dice, limits, id, state: upload.state(), now };
                    ended = Some(end.of(outcome)?);
                }
            }
            Ok(())
        })?;
        self.uploads.insert(id, upload);
        for action in actions {
            match action {
                UploadAction::Submit => self.link.waiting.push_back((id, Wanted::Submit)),
                UploadAction::Poll { id: poll, action, nonce, .. } => {
                    self.link.waiting.push_back((id, Wanted::Poll(poll, action, nonce)));
                }
                UploadAction::RefreshToken => {
                    self.link.forget_token();
                    self.link.refreshing.push(id);
                }
                UploadAction::OtherNonce => events.say(format!("upload {id}: the answer has another nonce")),
                UploadAction::Finished(outcome) => events.say(format!("upload {id}: {}", word(&outcome))),
                _ => {}
            }
        }
        match ended {
            None => {}
            Some(Ended::Again(seconds)) => {
                self.sleeping.insert(id, now.to_seconds().saturating_add(Seconds::new(seconds)));
            }
            Some(Ended::Over(next)) => {
                // documents for listed devices may have come
                self.woken = Some(now.to_seconds());
                self.uploads.remove(&id);
                for (id, state) in next {
                    self.uploads.insert(id, Upload::resume(state));
                    self.sleeping.insert(id, now.to_seconds());
                }
            }
        }
        Ok(())
    }
}

fn word(outcome: &UploadOutcome) -> String {
    match outcome {
        UploadOutcome::Done(_) => "answered".into(),
        UploadOutcome::AlreadyReported => "the cloud has these reports already".into(),
        UploadOutcome::Failed(error) => format!("failed, {error}"),
        UploadOutcome::Expired => "no result in a day, asked for again".into(),
        _ => "ended".into(),
    }
}

/// What follows the end of an upload.
enum Ended {
    /// It begins again after so many seconds.
    Again(i64),
    /// It is over, and these take its place.
    Over(Vec<(i64, UploadState)>),
}

/// What others must not guess, and what spreads waits.
struct Dice<'a> {
    random: &'a mut Random,
    waits: &'a mut Random,
}

/// An upload that ended.
struct End<'a> {
    db: &'a Connection,
    settings: &'a Settings,
    dice: Dice<'a>,
    limits: &'a Limits,
    id: i64,
    state: &'a UploadState,
    now: UnixMillis,
}

impl End<'_> {
    fn of(&mut self, outcome: &UploadOutcome) -> Result<Ended, Error> {
        let next = match outcome {
            UploadOutcome::Done(results) => {
                let items = reports::of_upload(self.db, self.id)?;
                let wishes = reports::wishes(self.db, "upload", self.id)?;
                let mut asked = Vec::new();
                for device in items.iter().map(|item| item.device).chain(wishes.iter().map(|wish| wish.device)) {
                    asked.push(devices::udi(self.db, device)?);
                }
                asked.dedup();
                let deliveries = Deliveries::of(results, &asked, self.limits);
                self.reports(&items, &deliveries)?;
                self.wishes(&wishes, &deliveries)?;
                Vec::new()
            }
            UploadOutcome::AlreadyReported => {
                self.unanswered()?;
                // a code that was granted and not heard of is granted again
                for wish in reports::wishes(self.db, "upload", self.id)? {
                    reports::end_wish(self.db, wish.row, ReportState::Received, None, None)?;
                }
                Vec::new()
            }
            UploadOutcome::Failed(error) if is_refusal(error) => self.refused(error)?,
            UploadOutcome::Expired if self.state.poll_id.is_some() => return self.again(0),
            _ => {
                let spread = i64::try_from(self.dice.waits.below(SPREAD))?;
                return self.again(AGAIN.saturating_add(spread));
            }
        };
        let sql = "UPDATE upload SET over = 1, body = '' WHERE id = ?1";
        self.db.prepare_cached(sql)?.execute([self.id])?;
        Ok(Ended::Over(next))
    }

    fn again(&self, seconds: i64) -> Result<Ended, Error> {
        let at = self.now.to_seconds().saturating_add(Seconds::new(seconds));
        self.db.prepare_cached("UPDATE upload SET again = ?2 WHERE id = ?1")?.execute(params![self.id, at.get()])?;
        Ok(Ended::Again(seconds))
    }

    fn reports(&mut self, items: &[Item], deliveries: &Deliveries) -> Result<(), Error> {
        let acknowledged = deliveries.deliveries.iter().filter(|delivery| delivery.action == Action::Acknowledgements);
        for delivery in acknowledged {
            let (Some(document), Some(device)) = (&delivery.document, devices::find(self.db, &delivery.device)?) else {
                continue;
            };
            match documents::judge(self.settings, &delivery.device, document) {
                Ok(claims) => {
                    documents::take(self.db, device, document, &claims, items, self.now)?;
                    devices::well(self.db, device)?;
                }
                Err(text) => devices::alert(self.db, device, text)?,
            }
        }
        self.unanswered()
    }

    /// Reports of this upload that no document acknowledges: a bundle has to.
    fn unanswered(&self) -> Result<(), Error> {
        for item in reports::of_upload(self.db, self.id)? {
            if item.state == ReportState::Forwarded {
                reports::set_state(self.db, item.row, ReportState::Unanswered)?;
                let sql = "UPDATE device SET alert = coalesce(alert, ?2) WHERE id = ?1";
                self.db.prepare_cached(sql)?.execute(params![item.device, UNANSWERED])?;
            }
        }
        Ok(())
    }

    fn wishes(&self, wishes: &[Wish], deliveries: &Deliveries) -> Result<(), Error> {
        for wish in wishes {
            let udi = devices::udi(self.db, wish.device)?;
            let mut found = deliveries
                .deliveries
                .iter()
                .filter(|delivery| delivery.action == Action::Authorizations && delivery.device == udi);
            let refused = deliveries.refused.iter().find(|(sudi, _)| sudi.is(&udi));
            match (found.next(), refused) {
                (Some(delivery), _) => match &delivery.document {
                    // a return has no document
                    None => reports::end_wish(self.db, wish.row, ReportState::Acknowledged, None, None)?,
                    Some(document) => match documents::judge(self.settings, &udi, document) {
                        Ok(_) => {
                            let answer = answers::keep(self.db, wish.device, document, self.now)?;
                            reports::end_wish(self.db, wish.row, ReportState::Answered, Some(answer), None)?;
                        }
                        Err(text) => {
                            devices::alert(self.db, wish.device, text)?;
                            reports::end_wish(self.db, wish.row, ReportState::Refused, None, Some(text))?;
                        }
                    },
                },
                (None, refused) => {
                    let said = refused.and_then(|(_, error)| error.refusal()).and_then(|said| said.message.clone());
                    let text = said.unwrap_or_else(|| "the cloud did not answer this request".into());
                    reports::end_wish(self.db, wish.row, ReportState::Refused, None, Some(&text))?;
                }
            }
        }
        Ok(())
    }

    /// The cloud refused. One report may have spoiled the rest: the halves are tried by themselves.
    fn refused(&mut self, error: &slp_transport::Error) -> Result<Vec<(i64, UploadState)>, Error> {
        if self.state.poll_id.is_some() {
            // it was taken, and its result is gone
            self.unanswered()?;
        }
        let message = error.refusal().and_then(|refusal| refusal.message.clone()).unwrap_or_default();
        for wish in reports::wishes(self.db, "upload", self.id)? {
            reports::end_wish(self.db, wish.row, ReportState::Refused, None, Some(&message))?;
        }
        let items = reports::of_upload(self.db, self.id)?;
        let items: Vec<Item> = items.into_iter().filter(|item| item.state == ReportState::Forwarded).collect();
        match items.as_slice() {
            [] => Ok(Vec::new()),
            [item] => {
                reports::set_state(self.db, item.row, ReportState::Refused)?;
                devices::alert(self.db, item.device, "Report refused by the cloud")?;
                Ok(Vec::new())
            }
            items => {
                let (first, second) = items.split_at(items.len() / 2);
                let mut halves = usage_uploads(self.db, &mut self.dice, first, self.now)?;
                halves.extend(usage_uploads(self.db, &mut self.dice, second, self.now)?);
                Ok(halves)
            }
        }
    }
}

/// Did the cloud understand, and say no?
fn is_refusal(error: &slp_transport::Error) -> bool {
    error.kind() == ErrorKind::Server && error.retry() == Retry::Never
}

/// Uploads that take these reports, which are sorted by device.
fn usage_uploads(
    db: &Connection,
    dice: &mut Dice<'_>,
    items: &[Item],
    now: UnixMillis,
) -> Result<Vec<(i64, UploadState)>, Error> {
    let mut usage: Vec<DeviceUsage> = Vec::new();
    let mut last = None;
    for item in items {
        if last != Some(item.device) {
            last = Some(item.device);
            usage.push(entry(db, item.device)?);
        }
        if let Some(entry) = usage.last_mut() {
            entry.usage.push(reports::envelope(db, item.row)?);
        }
    }
    let mut rows = items.iter().map(|item| item.row);
    let mut made = Vec::new();
    for batch in batches(usage) {
        let count = batch.iter().map(|device| device.usage.len()).sum();
        let nonce = dice.random.nonce();
        let body = ReportUsage::of(now, nonce.clone(), batch).to_json();
        let upload = Upload::new(nonce, Action::Acknowledgements, dice.waits.below(1 << 32));
        let id = add(db, "usage", &body, upload.state(), now)?;
        for row in rows.by_ref().take(count) {
            reports::into_upload(db, row, id)?;
        }
        made.push((id, upload.state().clone()));
    }
    Ok(made)
}

fn wish_upload(
    db: &Connection,
    dice: &mut Dice<'_>,
    wishes: &[Wish],
    now: UnixMillis,
) -> Result<Option<(i64, UploadState)>, Error> {
    if wishes.is_empty() {
        return Ok(None);
    }
    let nonce = dice.random.nonce();
    let mut list = Vec::new();
    for wish in wishes {
        list.push(AuthorizationFor::from_json(wish.request.as_bytes(), &Limits::default())?);
    }
    let body = AuthRequest::of(now, nonce.clone(), list).to_json();
    let upload = Upload::new(nonce, Action::Authorizations, dice.waits.below(1 << 32));
    let id = add(db, "authorization", &body, upload.state(), now)?;
    for wish in wishes {
        reports::forward_wish(db, wish.row, "upload", id)?;
    }
    Ok(Some((id, upload.state().clone())))
}

fn entry(db: &Connection, device: i64) -> Result<DeviceUsage, Error> {
    let mut entry = DeviceUsage::new(Sudi::from(&devices::udi(db, device)?));
    let mut find = db.prepare_cached("SELECT hostname, software FROM device WHERE id = ?1")?;
    (entry.hostname, entry.software_tag_identifier) = find.query_row([device], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(entry)
}

fn add(db: &Connection, kind: &str, body: &str, state: &UploadState, now: UnixMillis) -> Result<i64, Error> {
    debug_assert_eq!(state.phase, UploadPhase::New);
    let sql = "INSERT INTO upload (kind, body, state, created) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?.execute(params![kind, body, serde_json::to_string(state)?, millis(now)])?;
    Ok(db.last_insert_rowid())
}
