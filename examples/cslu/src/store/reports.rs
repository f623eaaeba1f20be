//! Reports and wishes, and how far they are.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use slp_kit::Error;
use slp_model::{Udi, UnixMillis};
use slp_rum::UsageReport;
use slp_transport::{Limits, PayloadText, RumEnvelope};

use super::devices::millis;

/// How far a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ReportState {
    /// Here, and nowhere else.
    Received,
    /// In an upload or in a bundle.
    Forwarded,
    /// The cloud has it, and no document that acknowledges it came back: it waits for the next bundle.
    Unanswered,
    /// The document for its device is here.
    Answered,
    /// Its device has the document.
    Acknowledged,
    /// The cloud does not want it.
    Refused,
}

impl ReportState {
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Received => 0,
            Self::Forwarded => 1,
            Self::Unanswered => 2,
            Self::Answered => 3,
            Self::Acknowledged => 4,
            Self::Refused => 5,
        }
    }

    fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Received,
            1 => Self::Forwarded,
            2 => Self::Unanswered,
            3 => Self::Answered,
            4 => Self::Acknowledged,
            _ => Self::Refused,
        }
    }

    /// Is there nothing more to wait for?
    pub(crate) fn is_final(self) -> bool {
        self >= Self::Answered
    }
}

/// A report as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredReport {
    /// The device that it names.
    pub device: Udi,
    /// Its id, as digits.
    pub id: String,
    /// The signed text, byte for byte.
    pub payload: String,
    /// How far it is.
    pub state: ReportState,
    /// The upload that took it.
    pub upload: Option<i64>,
    /// The bundle that took it last.
    pub bundle: Option<String>,
}

/// A row that work is done with.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) row: i64,
    pub(crate) device: i64,
    pub(crate) report: String,
    pub(crate) state: ReportState,
    pub(crate) answer: Option<i64>,
}

const ITEM: &str = "id, device, report, state, answer";

fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    Ok(Item {
        row: row.get(0)?,
        device: row.get(1)?,
        report: row.get(2)?,
        state: ReportState::from_code(row.get(3)?),
        answer: row.get(4)?,
    })
}

/// Keeps a report; what is there of it, and whether it is new, and whether another one is there under its id.
pub(crate) fn keep(
    db: &Connection,
    device: i64,
    report: &UsageReport,
    envelope: &RumEnvelope,
    now: UnixMillis,
) -> Result<(Item, bool), Error> {
    let (id, sha256) = (report.id().to_string(), report.payload_sha256());
    let mut find =
        db.prepare_cached(&format!("SELECT {ITEM} FROM report WHERE device = ?1 AND report = ?2 AND sha256 = ?3"))?;
    if let Some(known) = find.query_row(params![device, id, sha256], item).optional()? {
        return Ok((known, false));
    }
    let mut around = envelope.clone();
    around.payload = PayloadText::from("");
    let sql =
        "INSERT INTO report (device, report, sha256, payload, envelope, received) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let payload = envelope.payload.as_str();
    db.prepare_cached(sql)?.execute(params![device, id, sha256, payload, around.to_json(), millis(now)])?;
    let row = db.last_insert_rowid();
    Ok((Item { row, device, report: id, state: ReportState::Received, answer: None }, true))
}

/// The report in this row, if it is this payload of this device.
pub(crate) fn at(db: &Connection, row: i64, device: i64, sha256: [u8; 32]) -> Result<Option<Item>, Error> {
    let sql = format!("SELECT {ITEM} FROM report WHERE id = ?1 AND device = ?2 AND sha256 = ?3");
    Ok(db.prepare_cached(&sql)?.query_row(params![row, device, sha256], item).optional()?)
}

/// How many payloads there are under this id.
pub(crate) fn versions(db: &Connection, item: &Item) -> Result<i64, Error> {
    let mut count = db.prepare_cached("SELECT count(*) FROM report WHERE device = ?1 AND report = ?2")?;
    Ok(count.query_row(params![item.device, item.report], |row| row.get(0))?)
}

pub(crate) fn of_poll(db: &Connection, poll: i64) -> Result<Vec<Item>, Error> {
    let sql =
        format!("SELECT {ITEM} FROM report WHERE id IN (SELECT report FROM poll_item WHERE poll = ?1) ORDER BY id");
    let mut find = db.prepare_cached(&sql)?;
    Ok(find.query_map([poll], item)?.collect::<Result<_, _>>()?)
}

pub(crate) fn of_upload(db: &Connection, upload: i64) -> Result<Vec<Item>, Error> {
    let mut find = db.prepare_cached(&format!("SELECT {ITEM} FROM report WHERE upload = ?1 ORDER BY device, id"))?;
    Ok(find.query_map([upload], item)?.collect::<Result<_, _>>()?)
}

pub(crate) fn of_bundle(db: &Connection, bundle: &str, device: i64) -> Result<Vec<Item>, Error> {
    let sql = format!("SELECT {ITEM} FROM report WHERE bundle = ?1 AND device = ?2 ORDER BY id");
    let mut find = db.prepare_cached(&sql)?;
    Ok(find.query_map(params![bundle, device], item)?.collect::<Result<_, _>>()?)
}

/// Reports in one of these states, device by device, oldest first.
pub(crate) fn open(db: &Connection, states: &[ReportState], most: i64) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    for state in states {
        let sql = format!("SELECT {ITEM} FROM report WHERE state = ?1 ORDER BY device, id LIMIT ?2");
        let mut find = db.prepare_cached(&sql)?;
        let found = find.query_map(params![state.code(), most], item)?.collect::<Result<Vec<_>, _>>()?;
        items.extend(found);
    }
    items.sort_by_key(|item| (item.device, item.row));
    Ok(items)
}

pub(crate) fn envelope(db: &Connection, row: i64) -> Result<RumEnvelope, Error> {
    let mut find = db.prepare_cached("SELECT payload, envelope FROM report WHERE id = ?1")?;
    let (payload, around): (String, String) = find.query_row([row], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut envelope = RumEnvelope::from_json(around.as_bytes(), &Limits::default())?;
    envelope.payload = payload.into();
    Ok(envelope)
}

pub(crate) fn set_state(db: &Connection, row: i64, state: ReportState) -> Result<(), Error> {
    db.prepare_cached("UPDATE report SET state = ?2 WHERE id = ?1")?.execute(params![row, state.code()])?;
    Ok(())
}

pub(crate) fn set_answer(db: &Connection, row: i64, state: ReportState, answer: i64) -> Result<(), Error> {
    let sql = "UPDATE report SET state = ?2, answer = ?3 WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![row, state.code(), answer])?;
    Ok(())
}

pub(crate) fn into_upload(db: &Connection, row: i64, upload: i64) -> Result<(), Error> {
    let sql = "UPDATE report SET state = ?2, upload = ?3 WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![row, ReportState::Forwarded.code(), upload])?;
    Ok(())
}

pub(crate) fn into_bundle(db: &Connection, row: i64, bundle: &str) -> Result<(), Error> {
    let sql = "UPDATE report SET state = ?2, bundle = ?3 WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![row, ReportState::Forwarded.code(), bundle])?;
    Ok(())
}

pub(super) fn all(db: &Connection) -> Result<Vec<StoredReport>, Error> {
    let sql = "SELECT pid, serial, report, payload, state, upload, bundle FROM report \
               JOIN device ON device.id = report.device ORDER BY report.id";
    let mut find = db.prepare(sql)?;
    let mut rows = find.query([])?;
    let mut reports = Vec::new();
    while let Some(row) = rows.next()? {
        reports.push(StoredReport {
            device: Udi::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?)?,
            id: row.get(2)?,
            payload: row.get(3)?,
            state: ReportState::from_code(row.get(4)?),
            upload: row.get(5)?,
            bundle: row.get(6)?,
        });
    }
    Ok(reports)
}

/// A wish of a device, as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) row: i64,
    pub(crate) device: i64,
    pub(crate) request: String,
    pub(crate) state: ReportState,
    pub(crate) answer: Option<i64>,
    pub(crate) refusal: Option<String>,
}

const WISH: &str = "id, device, request, state, answer, refusal";

fn wish(row: &Row<'_>) -> rusqlite::Result<Wish> {
    Ok(Wish {
        row: row.get(0)?,
        device: row.get(1)?,
        request: row.get(2)?,
        state: ReportState::from_code(row.get(3)?),
        answer: row.get(4)?,
        refusal: row.get(5)?,
    })
}

/// Keeps a wish. The same wish that nobody answered yet is not kept twice.
pub(crate) fn keep_wish(db: &Connection, device: i64, request: &str, now: UnixMillis) -> Result<Wish, Error> {
    let sql = format!("SELECT {WISH} FROM wish WHERE device = ?1 AND request = ?2 AND state < 3");
    if let Some(known) = db.prepare_cached(&sql)?.query_row(params![device, request], wish).optional()? {
        return Ok(known);
    }
    let sql = "INSERT INTO wish (device, request, received) VALUES (?1, ?2, ?3)";
    db.prepare_cached(sql)?.execute(params![device, request, millis(now)])?;
    Ok(Wish {
        row: db.last_insert_rowid(),
        device,
        request: request.to_owned(),
        state: ReportState::Received,
        answer: None,
        refusal: None,
    })
}

/// Wishes that this condition picks: `state = 0`, `upload = 7`.
pub(crate) fn wishes(db: &Connection, column: &str, value: impl rusqlite::ToSql) -> Result<Vec<Wish>, Error> {
    let sql = match column {
        "poll" => {
            format!("SELECT {WISH} FROM wish WHERE id IN (SELECT wish FROM poll_item WHERE poll = ?1) ORDER BY id")
        }
        column => format!("SELECT {WISH} FROM wish WHERE {column} = ?1 ORDER BY device, id"),
    };
    let mut find = db.prepare_cached(&sql)?;
    Ok(find.query_map([value], wish)?.collect::<Result<_, _>>()?)
}

/// A wish went somewhere: `upload` or `bundle`.
pub(crate) fn forward_wish(db: &Connection, row: i64, column: &str, to: impl rusqlite::ToSql) -> Result<(), Error> {
    let sql = format!("UPDATE wish SET state = 1, {column} = ?2 WHERE id = ?1");
    db.prepare_cached(&sql)?.execute(params![row, to])?;
    Ok(())
}

pub(crate) fn end_wish(
    db: &Connection,
    row: i64,
    state: ReportState,
    answer: Option<i64>,
    refusal: Option<&str>,
) -> Result<(), Error> {
    let sql = "UPDATE wish SET state = ?2, answer = coalesce(?3, answer), refusal = ?4 WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![row, state.code(), answer, refusal])?;
    Ok(())
}
