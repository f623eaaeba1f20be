//! Documents for devices, and what devices poll for.

use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};
use slp_kit::Error;
use slp_model::UnixMillis;

use super::devices::millis;
use super::reports::ReportState;

/// A result can be fetched again for so long after the first time: 30 days, in milliseconds.
const KEPT: i64 = 30 * 86_400_000;

/// Keeps a document for a device; the same document is kept once.
pub(crate) fn keep(db: &Connection, device: i64, document: &[u8], now: UnixMillis) -> Result<i64, Error> {
    let sha256: [u8; 32] = Sha256::digest(document).into();
    let mut find = db.prepare_cached("SELECT id FROM answer WHERE device = ?1 AND sha256 = ?2")?;
    if let Some(id) = find.query_row(params![device, sha256], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    let sql = "INSERT INTO answer (device, document, sha256, created) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?.execute(params![device, document, sha256, millis(now)])?;
    Ok(db.last_insert_rowid())
}

/// Whose it is, and its bytes.
pub(crate) fn document(db: &Connection, answer: i64) -> Result<(i64, Vec<u8>), Error> {
    let mut find = db.prepare_cached("SELECT device, document FROM answer WHERE id = ?1")?;
    Ok(find.query_row([answer], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// How often a device was given it.
pub(crate) fn deliveries(db: &Connection, answer: i64) -> Result<i64, Error> {
    let mut find = db.prepare_cached("SELECT deliveries FROM answer WHERE id = ?1")?;
    Ok(find.query_row([answer], |row| row.get(0))?)
}

/// A device has it: its reports are acknowledged.
pub(crate) fn delivered(db: &Connection, answer: i64, now: UnixMillis) -> Result<(), Error> {
    let sql = "UPDATE answer SET delivered = coalesce(delivered, ?2), deliveries = deliveries + 1 WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![answer, millis(now)])?;
    for table in ["report", "wish"] {
        let sql = format!("UPDATE {table} SET state = ?2 WHERE answer = ?1 AND state = ?3");
        let states = (ReportState::Acknowledged.code(), ReportState::Answered.code());
        db.prepare_cached(&sql)?.execute(params![answer, states.0, states.1])?;
    }
    Ok(())
}

/// The device did not take it: its reports wait for another one, and an operator sees it.
pub(crate) fn not_taken(db: &Connection, answer: i64) -> Result<(), Error> {
    let sql = "UPDATE device SET alert = 'Acknowledgement not taken' \
               WHERE id = (SELECT device FROM answer WHERE id = ?1)";
    db.prepare_cached(sql)?.execute([answer])?;
    let sql = "UPDATE report SET state = ?2, answer = NULL WHERE answer = ?1 AND state IN (3, 4)";
    db.prepare_cached(sql)?.execute(params![answer, ReportState::Unanswered.code()])?;
    Ok(())
}

/// Documents that nobody delivered yet, of devices that are pulled from: target, answer, document.
pub(crate) fn for_targets(db: &Connection) -> Result<Vec<(i64, i64, Vec<u8>)>, Error> {
    let sql = "SELECT target.id, answer.id, answer.document FROM answer JOIN device ON device.id = answer.device \
               JOIN target ON target.id = device.target \
               WHERE answer.delivered IS NULL AND answer.handed = 0 ORDER BY answer.id";
    let mut find = db.prepare_cached(sql)?;
    let found = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The machine of a target has it.
pub(crate) fn handed(db: &Connection, answer: i64) -> Result<(), Error> {
    db.prepare_cached("UPDATE answer SET handed = 1 WHERE id = ?1")?.execute([answer])?;
    Ok(())
}

/// The answer for a device at this target that has these bytes.
pub(crate) fn of_target(db: &Connection, target: i64, document: &[u8]) -> Result<Option<i64>, Error> {
    let sha256: [u8; 32] = Sha256::digest(document).into();
    let sql = "SELECT answer.id FROM answer JOIN device ON device.id = answer.device \
               WHERE device.target = ?1 AND answer.sha256 = ?2";
    Ok(db.prepare_cached(sql)?.query_row(params![target, sha256], |row| row.get(0)).optional()?)
}

/// A result that a device will poll for.
pub(crate) fn add_poll(
    db: &Connection,
    id: i64,
    device: i64,
    action: &str,
    reports: &[i64],
    wishes: &[i64],
    now: UnixMillis,
) -> Result<(), Error> {
    let sql = "INSERT INTO poll (id, device, action, created) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?.execute(params![id, device, action, millis(now)])?;
    let mut add = db.prepare_cached("INSERT INTO poll_item (poll, report, wish) VALUES (?1, ?2, ?3)")?;
    for report in reports {
        add.execute(params![id, report, None::<i64>])?;
    }
    for wish in wishes {
        add.execute(params![id, None::<i64>, wish])?;
    }
    Ok(())
}

pub(crate) fn is_poll(db: &Connection, id: i64, action: &str) -> Result<bool, Error> {
    Ok(db.prepare_cached("SELECT 1 FROM poll WHERE id = ?1 AND action = ?2")?.exists(params![id, action])?)
}

pub(crate) fn poll_delivered(db: &Connection, id: i64, now: UnixMillis) -> Result<(), Error> {
    let sql = "UPDATE poll SET delivered = coalesce(delivered, ?2) WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![id, millis(now)])?;
    Ok(())
}

/// Forgets results that were fetched long ago.
pub(crate) fn forget_polls(db: &Connection, now: UnixMillis) -> Result<(), Error> {
    let before = millis(now).saturating_sub(KEPT);
    db.prepare_cached("DELETE FROM poll WHERE delivered < ?1")?.execute([before])?;
    Ok(())
}

/// Polls of a device that nobody answered yet.
pub(crate) fn open_polls(db: &Connection, device: i64) -> Result<Vec<i64>, Error> {
    let mut find = db.prepare_cached("SELECT id FROM poll WHERE device = ?1 AND delivered IS NULL")?;
    Ok(find.query_map([device], |row| row.get(0))?.collect::<Result<_, _>>()?)
}
