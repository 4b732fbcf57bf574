//! Space of deleted rows goes back to the file system.
//!
//! A database keeps free pages at first. They are cut off in steps, each one transaction of the writer's, so that
//! commits come in between. That needs a file in which each page knows who refers to it. Files that were made without
//! this are written anew once.

use rusqlite::Connection;

use crate::sqlite::fault::Fault;
use crate::sqlite::fault::OpenFault;
use crate::sqlite::open::Files;

/// Pages (4 KiB) that one step moves and cuts off, at most: some milliseconds.
const PAGES_PER_STEP: u32 = 256;

/// Largest file that is written anew although other hosts are alive, in bytes: they wait for it, for less than a
/// second.
const ANEW_BYTES_MAX: u64 = 64 << 20;

/// How SQLite names the mode in which free pages can be cut off in steps.
const INCREMENTAL: i64 = 2;

/// Makes new files such that free pages can be cut off. Says nothing to files that have tables already.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "auto_vacuum", INCREMENTAL)
}

/// Whether free pages can be cut off in steps.
pub(crate) fn is_prepared(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(pragma(connection, "auto_vacuum")? == INCREMENTAL)
}

/// Bytes of the database, free pages included.
pub(crate) fn bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let (pages, size) = (pragma(connection, "page_count")?, pragma(connection, "page_size")?);
    Ok(pages.unsigned_abs().saturating_mul(size.unsigned_abs()))
}

/// Cuts off some free pages; says whether there are more.
pub(crate) fn step(connection: &Connection) -> Result<bool, Fault> {
    let before = pragma(connection, "freelist_count")?;
    // A page is cut off for each row that is read.
    let mut statement = connection.prepare_cached(&format!("PRAGMA incremental_vacuum({PAGES_PER_STEP})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    let after = pragma(connection, "freelist_count")?;
    Ok(after > 0 && after < before)
}

/// Writes a file anew so that free pages can be cut off, unless that would hold up other hosts for long. Others wait
/// while it lasts, those that begin too.
pub(crate) fn write_anew(files: &Files, others_are_alive: bool) -> Result<(), OpenFault> {
    let _one_opener = files.lock()?;
    let connection = files.connect()?;
    if is_prepared(&connection)? || (others_are_alive && bytes(&connection)? > ANEW_BYTES_MAX) {
        return Ok(());
    }
    connection.execute_batch("VACUUM")?;
    Ok(())
}

/// Moves what is in the log into the database as far as readers allow, which is when the file gets smaller.
pub(crate) fn settle(files: &Files) -> Result<(), OpenFault> {
    let connection = files.connect_for_checkpoints()?;
    Ok(connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?)
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}
