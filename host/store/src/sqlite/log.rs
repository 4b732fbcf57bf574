//! What watchers see: the table `log`.

use reentry_core::id::RunId;
use reentry_core::json::Json;
use rusqlite::{Connection, params};

use crate::rows::{RunRow, column_of, count, damaged, instant};
use crate::sqlite::reader::{all, get};
use crate::sqlite::writer::Fault;
use crate::{LogRow, StoreError};

/// Stores what watchers see of a commit.
pub(crate) fn store(connection: &Connection, run: i64, after: &RunRow, entries: &Json) -> Result<(), Fault> {
    let sql = "INSERT INTO log (run, version, at, entries) VALUES (?1, ?2, ?3, ?4)";
    let params = params![run, after.version, after.updated_at, entries.text()];
    connection.prepare_cached(sql)?.execute(params)?;
    Ok(())
}

/// Reads what came after a version, oldest first.
pub(crate) fn read(
    connection: &Connection,
    run: RunId,
    after: u64,
    limit: usize,
) -> Result<Vec<LogRow>, StoreError> {
    let sql = "SELECT version, at, entries FROM log
        WHERE run = (SELECT seq FROM runs WHERE id = ?1) AND version > ?2 ORDER BY version LIMIT ?3";
    all(connection, sql, params![run.as_bytes(), column_of(after), column_of(limit)], |row| {
        let entries = Json::stored(get::<String>(row, 2)?);
        Ok(LogRow {
            version: count(get(row, 0)?)?,
            at: instant(get(row, 1)?)?,
            entries: entries.map_err(|error| damaged(format_args!("log of run {run}"), error))?,
        })
    })
}
