//! What watchers see: the table `log`.

use reentry_core::id::{RunId, TenantId};
use reentry_core::json::Json;
use rusqlite::{Connection, params};

use crate::columns::{column_of, count, damaged, instant};
use crate::rows::RunRow;
use crate::sqlite::fault::Fault;
use crate::sqlite::reader::{all, get};
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
    tenant: &TenantId,
    run: RunId,
    after: u64,
    limit: usize,
) -> Result<Vec<LogRow>, StoreError> {
    let sql = "SELECT version, at, entries FROM log
        WHERE run = (SELECT seq FROM runs WHERE id = ?1 AND tenant = ?4) AND version > ?2 ORDER BY version LIMIT ?3";
    let params = params![run.as_bytes(), column_of(after), column_of(limit), tenant.as_str()];
    all(connection, sql, params, |row| {
        let entries = Json::stored(get::<String>(row, 2)?);
        Ok(LogRow {
            version: count(get(row, 0)?)?,
            at: instant(get(row, 1)?)?,
            entries: entries.map_err(|error| damaged(format_args!("log of run {run}"), error))?,
        })
    })
}
