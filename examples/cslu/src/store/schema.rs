//! The tables. Times are milliseconds since 1970 UTC unless a column says otherwise.

use rusqlite::Connection;
use slp_kit::Error;

/// The form of the tables; raise it with every change, and bring older ones up here.
const VERSION: i64 = 2;

const TABLES: &str = "
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
-- One a UDI; the number names leaves of bundles and is never used again.
CREATE TABLE device (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pid TEXT NOT NULL,
    serial TEXT NOT NULL,
    hostname TEXT,
    software TEXT,
    virtual_account TEXT NOT NULL,
    address TEXT,
    listed INTEGER NOT NULL DEFAULT 0,
    contacted INTEGER,
    reported INTEGER,
    alert TEXT,
    target INTEGER REFERENCES target (id), -- the row of the list where it answered last
    UNIQUE (pid, serial)
) STRICT;
CREATE INDEX device_address ON device (address);
-- One a row of the device list that is pulled from.
CREATE TABLE target (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    host TEXT NOT NULL,
    method TEXT NOT NULL,
    username TEXT NOT NULL,
    password TEXT NOT NULL,
    device INTEGER REFERENCES device (id),
    work TEXT,                       -- the machine; none between rounds of a fresh target
    round INTEGER NOT NULL,          -- seconds: when the next round begins
    contacted INTEGER,
    alert TEXT,
    UNIQUE (host, method)
) STRICT;
CREATE TABLE report (
    id INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES device (id),
    report TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    payload TEXT NOT NULL,           -- byte for byte: what the signature covers
    envelope TEXT NOT NULL,          -- the rest of the envelope
    received INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    upload INTEGER REFERENCES upload (id),
    bundle TEXT REFERENCES bundle (name),
    answer INTEGER REFERENCES answer (id),
    UNIQUE (device, report, sha256)
) STRICT;
CREATE INDEX report_open ON report (state, device) WHERE state IN (0, 2);
CREATE INDEX report_upload ON report (upload) WHERE upload IS NOT NULL;
CREATE INDEX report_answer ON report (answer) WHERE answer IS NOT NULL;
-- A request for a code, or the return of one.
CREATE TABLE wish (
    id INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES device (id),
    request TEXT NOT NULL,
    received INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    upload INTEGER REFERENCES upload (id),
    bundle TEXT REFERENCES bundle (name),
    answer INTEGER REFERENCES answer (id),
    refusal TEXT
) STRICT;
CREATE INDEX wish_open ON wish (state, device) WHERE state <> 4;
-- A document for a device.
CREATE TABLE answer (
    id INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES device (id),
    document BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    created INTEGER NOT NULL,
    handed INTEGER NOT NULL DEFAULT 0, -- the machine of a target has it
    delivered INTEGER,
    deliveries INTEGER NOT NULL DEFAULT 0,
    UNIQUE (device, sha256)
) STRICT;
CREATE INDEX answer_open ON answer (handed, device) WHERE delivered IS NULL;
-- What a device polls for.
CREATE TABLE poll (
    id INTEGER PRIMARY KEY,
    device INTEGER NOT NULL REFERENCES device (id),
    action TEXT NOT NULL,
    created INTEGER NOT NULL,
    delivered INTEGER
) STRICT;
CREATE INDEX poll_open ON poll (device) WHERE delivered IS NULL;
CREATE INDEX poll_done ON poll (delivered) WHERE delivered IS NOT NULL;
CREATE TABLE poll_item (
    poll INTEGER NOT NULL REFERENCES poll (id) ON DELETE CASCADE,
    report INTEGER REFERENCES report (id),
    wish INTEGER REFERENCES wish (id)
) STRICT;
CREATE INDEX poll_item_poll ON poll_item (poll);
-- A submit to the cloud: its bytes, and the machine that brings them there.
CREATE TABLE upload (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    created INTEGER NOT NULL,
    again INTEGER,                   -- seconds: when to begin again after a failure
    over INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX upload_open ON upload (over) WHERE over = 0;
CREATE TABLE bundle (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
CREATE TABLE ledger (seq INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT;
";

/// A device may answer where another one is listed: members of a stack, one that replaced another.
const FROM_1: &str = "
ALTER TABLE device ADD COLUMN target INTEGER REFERENCES target (id);
UPDATE device SET target = (SELECT min(target.id) FROM target WHERE target.device = device.id);
";

pub(super) fn set_up(db: &Connection) -> Result<(), Error> {
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        0 => {
            db.execute_batch(&format!("BEGIN;{TABLES}PRAGMA user_version = {VERSION};COMMIT;"))?;
            Ok(())
        }
        1 => {
            db.execute_batch(&format!("BEGIN;{FROM_1}PRAGMA user_version = {VERSION};COMMIT;"))?;
            Ok(())
        }
        VERSION => Ok(()),
        _ => Err("written by a newer program".into()),
    }
}
