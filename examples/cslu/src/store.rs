//! What survives: one SQLite file, write-ahead log, synchronized at every commit.
//!
//! Every change goes through [`Store::write`]: one transaction, durable before its result is seen. Passwords of listed
//! devices lie in it as they are, since a schedule needs them: on Unix only the owner may read the file.

pub(crate) mod answers; // documents for devices
pub(crate) mod devices; // who reports, who is listed
pub(crate) mod reports; // reports and wishes, and how far they are
mod schema; // the tables

use std::fmt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use slp_kit::Error;

pub use reports::{ReportState, StoredReport};

/// When a [`Watch`] is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Moment {
    /// A transaction is about to be committed.
    Before,
    /// It was committed.
    After,
}

/// Is asked before and after every transaction; an error of it ends the write there. Tests cut runs with it.
pub type Watch = Box<dyn FnMut(Moment) -> Result<(), Error> + Send>;

/// Where a collector keeps everything.
pub struct Store {
    db: Connection,
    watch: Option<Watch>,
    /// Is every commit on the disk before it counts?
    synchronous: bool,
    /// Does the next one wait for the disk?
    waits: bool,
}

impl Store {
    /// Opens this file, or makes it. It is this program's until it is closed.
    ///
    /// # Errors
    /// Those of the file system and of SQLite: also while another program has it; a file that a newer program wrote.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_as(path, "FULL")
    }

    /// As [`open`](Self::open), without waiting for the disk: what was written survives a kill of the program, and not a
    /// loss of power. For tests and demonstrations.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_unsynchronized(path: &Path) -> Result<Self, Error> {
        Self::open_as(path, "OFF")
    }

    fn open_as(path: &Path, synchronous: &str) -> Result<Self, Error> {
        let named = |error: Error| Error::from(format!("{}: {}", path.display(), explain(error)));
        let mut options = std::fs::OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        drop(options.open(path).map_err(|error| named(error.into()))?);
        let db = Connection::open(path).map_err(|error| named(error.into()))?;
        let set = |name: &str, value: &str| db.pragma_update(None, name, value).map_err(|error| named(error.into()));
        // what is under way is known to one program alone
        set("locking_mode", "EXCLUSIVE")?;
        set("journal_mode", "WAL")?;
        set("synchronous", synchronous)?;
        let store = Self::set_up(db).map_err(named)?;
        Ok(Self { synchronous: synchronous == "FULL", ..store })
    }

    /// In memory: gone with the process.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn in_memory() -> Result<Self, Error> {
        Self::set_up(Connection::open_in_memory()?)
    }

    fn set_up(db: Connection) -> Result<Self, Error> {
        db.busy_timeout(Duration::from_secs(2))?;
        db.pragma_update(None, "foreign_keys", true)?;
        db.set_prepared_statement_cache_capacity(64);
        // 8 MiB of pages, 16 MiB of log: what a round touches is read once, and written back once
        db.pragma_update(None, "cache_size", -8_192)?;
        db.pragma_update(None, "wal_autocheckpoint", 4_096)?;
        schema::set_up(&db)?;
        Ok(Self { db, watch: None, synchronous: false, waits: true })
    }

    /// Has this one asked before and after every transaction.
    pub fn watch(&mut self, watch: Watch) {
        self.watch = Some(watch);
    }

    /// One transaction. What it returns is durable; after an error nothing of it is there, unless the watch said no after
    /// the commit.
    pub(crate) fn write<T>(&mut self, step: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        self.wait_for_disk(true).and_then(|()| self.commit(step)).map_err(explain)
    }

    /// As [`write`](Self::write), for what can be had again: it survives a kill of the program, and a loss of power once
    /// something else was written. Devices keep their reports until they are acknowledged.
    pub(crate) fn write_soon<T>(&mut self, step: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        self.wait_for_disk(false).and_then(|()| self.commit(step)).map_err(explain)
    }

    fn wait_for_disk(&mut self, waits: bool) -> Result<(), Error> {
        if self.synchronous && self.waits != waits {
            self.db.pragma_update(None, "synchronous", if waits { "FULL" } else { "NORMAL" })?;
            self.waits = waits;
        }
        Ok(())
    }

    fn commit<T>(&mut self, step: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let transaction = self.db.transaction()?;
        let done = step(&transaction)?;
        if let Some(watch) = &mut self.watch {
            watch(Moment::Before)?;
        }
        transaction.commit()?;
        if let Some(watch) = &mut self.watch {
            watch(Moment::After)?;
        }
        Ok(done)
    }

    pub(crate) fn db(&self) -> &Connection {
        &self.db
    }

    /// Everything that is known of the reports of all devices, in the order in which they came.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn reports(&self) -> Result<Vec<StoredReport>, Error> {
        reports::all(&self.db)
    }
}

/// What an operator can do about an error of SQLite; others stay as they are.
fn explain(error: Error) -> Error {
    let code = error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    let help = match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program has the store open: stop it first"
        }
        Some(ErrorCode::DiskFull) => "the disk is full: make room; devices keep their reports meanwhile",
        Some(ErrorCode::NotADatabase) => {
            "this file is no store of a collector, or it is damaged: put a copy in its place, or give another name"
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            "the store is damaged: put a copy in its place, or begin with a new one; devices send again what nobody \
             acknowledged"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "the store cannot be written: look at its permissions"
        }
        Some(ErrorCode::SystemIoFailure) => "the disk cannot be read or written",
        _ => return error,
    };
    format!("{help} ({error})").into()
}

/// A fact about the collector itself.
pub(crate) fn fact(db: &Connection, name: &str) -> Result<Option<String>, Error> {
    let mut find = db.prepare_cached("SELECT value FROM fact WHERE name = ?1")?;
    Ok(find.query_row([name], |row| row.get(0)).optional()?)
}

pub(crate) fn set_fact(db: &Connection, name: &str, value: &str) -> Result<(), Error> {
    let sql = "INSERT INTO fact (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    db.prepare_cached(sql)?.execute(params![name, value])?;
    Ok(())
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.db.path()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cslu.db");
        let mut store = Store::open(&path).unwrap();
        store.write(|db| set_fact(db, "a", "1")).unwrap();
        store.watch(Box::new(|moment| if moment == Moment::Before { Err("killed".into()) } else { Ok(()) }));
        assert!(store.write(|db| set_fact(db, "a", "2")).is_err());
        drop(store);
        let store = Store::open(&path).unwrap();
        assert_eq!(fact(store.db(), "a").unwrap().as_deref(), Some("1"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
        }
    }

    #[test]
    fn what_counts_at_once_waits_for_the_disk_whatever_was_written_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("cslu.db")).unwrap();
        let mode = |db: &Connection| Ok(db.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0))?);
        let (full, normal) = (2, 1);
        assert_eq!(store.write_soon(mode).unwrap(), normal);
        assert_eq!(store.write_soon(mode).unwrap(), normal);
        assert_eq!(store.write(mode).unwrap(), full);
        assert_eq!(store.write(mode).unwrap(), full);
        assert_eq!(store.write_soon(mode).unwrap(), normal);
    }

    #[test]
    fn a_store_is_one_programs_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cslu.db");
        let store = Store::open(&path).unwrap();
        assert!(Store::open(&path).unwrap_err().to_string().contains("locked"));
        drop(store);
        assert!(Store::open(&path).is_ok());
    }

    #[test]
    fn a_full_disk_keeps_nothing_of_a_transaction_and_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("cslu.db")).unwrap();
        let pages: i64 = store.db().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        store.db().pragma_update(None, "max_page_count", pages + 2).unwrap();
        let text = "x".repeat(100_000);
        let error = store.write(|db| set_fact(db, "long", &text)).unwrap_err().to_string();
        assert!(error.starts_with("the disk is full: make room"), "{error}");
        assert_eq!(fact(store.db(), "long").unwrap(), None);
        store.db().pragma_update(None, "max_page_count", 1_000_000).unwrap();
        store.write(|db| set_fact(db, "long", &text)).unwrap();
        assert!(fact(store.db(), "long").unwrap().is_some());
    }

    #[test]
    fn a_file_that_is_no_store_or_is_damaged_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cslu.db");
        std::fs::write(&path, b"a letter, not a database: ".repeat(100)).unwrap();
        let error = Store::open(&path).unwrap_err().to_string();
        assert!(error.contains("cslu.db: this file is no store of a collector, or it is damaged"), "{error}");
        std::fs::remove_file(&path).unwrap();
        drop(Store::open(&path).unwrap());
        // the schema lies on the first pages
        let mut bytes = slp_kit::read_whole(&path, 1 << 20).unwrap();
        bytes[100..8_000].fill(0xee);
        std::fs::write(&path, bytes).unwrap();
        let error = Store::open(&path).unwrap_err().to_string();
        assert!(error.contains("cslu.db: the store is damaged"), "{error}");
    }

    #[test]
    fn a_store_of_the_first_form_is_brought_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cslu.db");
        let store = Store::open(&path).unwrap();
        store
            .db()
            .execute_batch(
                "INSERT INTO device (id, pid, serial, virtual_account) VALUES (7, 'P', 'S', 'Default');
                 INSERT INTO target (id, host, method, username, password, device, round)
                 VALUES (3, 'h', 'REST_API', '', '', 7, 0);
                 ALTER TABLE device DROP COLUMN target;
                 PRAGMA user_version = 1;",
            )
            .unwrap();
        drop(store);
        let store = Store::open(&path).unwrap();
        let target: i64 = store.db().query_row("SELECT target FROM device WHERE id = 7", [], |row| row.get(0)).unwrap();
        assert_eq!(target, 3);
    }

    #[test]
    fn a_store_of_a_newer_program_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cslu.db");
        let store = Store::open(&path).unwrap();
        store.db().pragma_update(None, "user_version", 99).unwrap();
        drop(store);
        assert!(Store::open(&path).unwrap_err().to_string().contains("newer"));
    }
}
