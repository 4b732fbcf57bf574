//! Whether the log belongs beside the database: a copy of the database alone lacks what was stored last, and looks
//! whole.
//!
//! As long as the database is in use, it says so itself, in its own pages, from before the first commit that is in
//! the log alone. The last process that uses it takes that back, and SQLite removes the log then. So a database that
//! says it is in use and has no log beside it was copied without the log, or its log was removed. However processes
//! end, the log stays where it is.
//!
//! That is no proof: copies by SQLite's own means are whole and say so too, and another program may have moved the
//! log into the database after all hosts were killed. It is told, and not refused.

use std::cell::Cell;
use std::fs::File;

use rusqlite::Connection;

use crate::sqlite::fault::OpenFault;
use crate::sqlite::open::{Files, private_file};

/// Name of the lock file that all who use the database share.
const LOCK: &str = "in-use.lock";

/// One that uses the database, until it is dropped.
pub(crate) struct InUse {
    files: Files,
    /// Shared by all who use it; the system frees it with the process.
    lock: File,
    /// Whether the database is known to say that it is in use.
    is_said: Cell<bool>,
}

impl InUse {
    /// Joins those who use the database. The caller is the one opener at this moment.
    pub(crate) fn join(files: &Files) -> Result<Self, OpenFault> {
        let path = files.owners.join(LOCK);
        let lock = private_file().create(true).truncate(false).open(&path).map_err(OpenFault::file(&path))?;
        lock.lock_shared().map_err(OpenFault::file(&path))?;
        Ok(Self { files: files.clone(), lock, is_said: Cell::new(false) })
    }

    /// Has the database say that it is in use, before anything is written that is in the log alone. Returns how many
    /// fsyncs that took.
    pub(crate) fn say(&self, connection: &Connection) -> rusqlite::Result<u64> {
        if self.is_said.get() {
            return Ok(0);
        }
        let is_new = !is_said(connection)?;
        if is_new {
            connection.execute(SAY, [])?;
            // Into the database itself. The log is found after a loss of power, as its name is on disk since the
            // database was opened.
            connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        }
        self.is_said.set(true);
        Ok(if is_new { 2 } else { 0 })
    }

    /// Leaves, and closes the connection. The last one takes back that the database is in use.
    pub(crate) fn leave(self, connection: Connection) {
        // No other process can join meanwhile.
        let Ok(_one_opener) = self.files.lock() else { return };
        let is_last = self.lock.unlock().is_ok() && self.lock.try_lock().is_ok();
        if is_last && let Err(error) = take_back(&connection) {
            tracing::warn!(%error, "the database could not be told that it is not in use any more");
        }
        drop(connection);
    }
}

const SAY: &str = "INSERT INTO settings (name, value) VALUES ('in-use', x'') ON CONFLICT (name) DO NOTHING";

fn take_back(connection: &Connection) -> rusqlite::Result<()> {
    if is_said(connection)? {
        connection.execute("DELETE FROM settings WHERE name = 'in-use'", [])?;
    }
    Ok(())
}

/// Whether the database says that it is in use.
pub(crate) fn is_said(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM settings WHERE name = 'in-use'")?.exists([])
}

/// Tells that the log is missing.
pub(crate) fn tell_missing_log(files: &Files) {
    tracing::warn!(
        "{} was in use when it was copied, or when its log was removed: {} is not beside it, and what was stored last may be \
         missing (answers, results, whole runs). Make copies with `reentry backup`, or of all files of the folder while no \
         host uses it. This is told once",
        files.database.display(),
        files.wal.display()
    );
}
