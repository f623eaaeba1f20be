//! Who reports, and who is listed.

use rusqlite::{Connection, OptionalExtension as _, params};
use slp_kit::Error;
use slp_model::{Udi, UnixMillis};

/// Milliseconds as SQLite keeps them.
pub(crate) fn millis(time: UnixMillis) -> i64 {
    i64::try_from(time.get()).unwrap_or(i64::MAX)
}

/// The number of a device that is known.
pub(crate) fn find(db: &Connection, udi: &Udi) -> Result<Option<i64>, Error> {
    let mut find = db.prepare_cached("SELECT id FROM device WHERE pid = ?1 AND serial = ?2")?;
    Ok(find.query_row([udi.pid(), udi.serial()], |row| row.get(0)).optional()?)
}

/// The number of a device, known or new.
pub(crate) fn add(db: &Connection, udi: &Udi, virtual_account: &str) -> Result<i64, Error> {
    if let Some(id) = find(db, udi)? {
        return Ok(id);
    }
    let sql = "INSERT INTO device (pid, serial, virtual_account) VALUES (?1, ?2, ?3)";
    db.prepare_cached(sql)?.execute([udi.pid(), udi.serial(), virtual_account])?;
    Ok(db.last_insert_rowid())
}

/// A device spoke.
pub(crate) fn heard(
    db: &Connection,
    id: i64,
    address: Option<&str>,
    hostname: Option<&str>,
    software: Option<&str>,
    now: UnixMillis,
) -> Result<(), Error> {
    let sql = "UPDATE device SET contacted = ?2, address = coalesce(?3, address), hostname = coalesce(?4, hostname), \
               software = coalesce(?5, software) WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![id, millis(now), address, hostname, software])?;
    Ok(())
}

/// A device gave reports at this row of the list.
pub(crate) fn answered_at(
    db: &Connection,
    id: i64,
    target: i64,
    software: Option<&str>,
    now: UnixMillis,
) -> Result<(), Error> {
    let sql = "UPDATE device SET contacted = ?3, reported = ?3, target = ?2, software = coalesce(?4, software) \
               WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![id, target, millis(now), software])?;
    Ok(())
}

/// A device reported.
pub(crate) fn reported(db: &Connection, id: i64, now: UnixMillis) -> Result<(), Error> {
    db.prepare_cached("UPDATE device SET reported = ?2 WHERE id = ?1")?.execute(params![id, millis(now)])?;
    Ok(())
}

/// All is well again, unless reports of the device still wait for an operator.
pub(crate) fn well(db: &Connection, id: i64) -> Result<(), Error> {
    let sql = "UPDATE device SET alert = NULL WHERE id = ?1 \
               AND NOT EXISTS (SELECT 1 FROM report WHERE device = ?1 AND state = 2)";
    db.prepare_cached(sql)?.execute([id])?;
    Ok(())
}

/// What an operator has to see about a device.
pub(crate) fn alert(db: &Connection, id: i64, text: &str) -> Result<(), Error> {
    db.prepare_cached("UPDATE device SET alert = ?2 WHERE id = ?1")?.execute(params![id, text])?;
    Ok(())
}

pub(crate) fn udi(db: &Connection, id: i64) -> Result<Udi, Error> {
    let mut find = db.prepare_cached("SELECT pid, serial FROM device WHERE id = ?1")?;
    let (pid, serial): (String, String) = find.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Udi::new(pid, serial)?)
}

/// Is another device known at this address?
pub(crate) fn is_address_of_other(db: &Connection, address: &str, id: Option<i64>) -> Result<bool, Error> {
    let mut find = db.prepare_cached("SELECT 1 FROM device WHERE address = ?1 AND id IS NOT ?2 LIMIT 1")?;
    Ok(find.exists(params![address, id])?)
}

/// Is a device listed: itself, or a row without a UDI at its address?
pub(crate) fn is_listed(db: &Connection, id: Option<i64>, address: Option<&str>) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM device WHERE id = ?1 AND listed \
               UNION ALL SELECT 1 FROM target WHERE host = ?2 AND device IS NULL LIMIT 1";
    Ok(db.prepare_cached(sql)?.exists(params![id, address])?)
}
