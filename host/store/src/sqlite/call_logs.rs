//! What guests logged: the table `call_logs`, a row a call.
//!
//! Each row counts what its run logged before, so that neither the bound nor what was dropped needs a look at all of
//! them.

use reentry_core::id::{RunId, TenantId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::columns::{column_of, count, damaged, instant};
use crate::commit::{CallLog, RUN_LOG_BYTES_MAX};
use crate::query::{PAGE_ROWS_MAX, done, dropped, no_such_log_place};
use crate::rows::{NewCallLog, RunRow};
use crate::sqlite::fault::Fault;
use crate::sqlite::forks::{self, Layer};
use crate::sqlite::reader::{all, get, one, text};
use crate::{CallLogFilter, CallLogRow, CallLogs, LogPlace, StoreError};

/// Stores what a guest logged during a call, and drops the oldest of its run as far as there is too much then.
pub(crate) fn store(
    connection: &Connection,
    run: i64,
    after: &RunRow,
    log: &NewCallLog,
) -> Result<(), Fault> {
    let sql = "SELECT lines_before + lines, bytes_before + bytes FROM call_logs
        WHERE run = ?1 ORDER BY version DESC LIMIT 1";
    let last = connection.prepare_cached(sql)?.query_row([run], |row| Ok((row.get(0)?, row.get(1)?)));
    let (lines, bytes): (i64, i64) = last.optional()?.unwrap_or_default();
    let sql = "INSERT INTO call_logs
        (run, version, at, path, call, attempt, lines, lines_before, bytes, bytes_before, text)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    connection.prepare_cached(sql)?.execute(params![
        run,
        after.version,
        after.updated_at,
        log.path,
        log.call,
        log.attempt,
        log.lines,
        lines,
        log.bytes(),
        bytes,
        log.text,
    ])?;
    let from = bytes.saturating_add(log.bytes()).saturating_sub(column_of(RUN_LOG_BYTES_MAX));
    if from > 0 { drop_before(connection, run, after.version, from) } else { Ok(()) }
}

/// Drops rows until the oldest begins at so many bytes of the run's log or later; the latest stays, whatever it has.
fn drop_before(connection: &Connection, run: i64, latest: i64, bytes: i64) -> Result<(), Fault> {
    // The oldest first, one by one: a condition on all of them would look at each.
    let sql = "DELETE FROM call_logs WHERE run = ?1 AND version < ?2 AND bytes_before < ?3
        AND version = (SELECT min(version) FROM call_logs WHERE run = ?1)";
    let mut statement = connection.prepare_cached(sql)?;
    while statement.execute([run, latest, bytes])? > 0 {}
    Ok(())
}

/// Reads a page of what guests logged in a run and in its parents.
pub(crate) fn read(
    connection: &Connection,
    tenant: &TenantId,
    run: RunId,
    filter: &CallLogFilter,
) -> Result<CallLogs, StoreError> {
    let mut layers = forks::layers(connection, tenant, run)?;
    layers.reverse();
    if layers.is_empty() {
        return Ok(CallLogs::default());
    }
    let mut page = CallLogs { next: filter.after, ..CallLogs::default() };
    let mut from = filter.after;
    for layer in layers {
        let id = one(connection, "SELECT id FROM runs WHERE seq = ?1", [layer.run], |row| get(row, 0))?;
        let id = RunId::from_bytes(id.ok_or_else(|| damaged("forks", "a parent is missing"))?);
        let begins = match from {
            Some(place) if place.run != id => continue,
            Some(place) => place,
            None => LogPlace { run: id, version: 0, lines: 0 },
        };
        from = None;
        if page.more {
            break;
        }
        read_layer(connection, layer, begins, filter, &mut page)?;
    }
    match from {
        Some(place) => Err(no_such_log_place(place)),
        None => Ok(page),
    }
}

/// Adds what one of the runs has logged.
fn read_layer(
    connection: &Connection,
    layer: Layer,
    begins: LogPlace,
    filter: &CallLogFilter,
    page: &mut CallLogs,
) -> Result<(), StoreError> {
    let (run, after, until) = (begins.run, column_of(begins.version), layer.version.unwrap_or(i64::MAX));
    let sql = "SELECT version, lines_before FROM call_logs WHERE run = ?1 AND version > ?2
        ORDER BY version LIMIT 1";
    let first =
        one(connection, sql, [layer.run, after], |row| Ok((get::<i64>(row, 0)?, count(get(row, 1)?)?)))?;
    let wanted = PAGE_ROWS_MAX.saturating_sub(page.rows.len());
    if wanted == 0 && first.is_some() {
        page.more = true;
        return Ok(());
    }
    page.dropped = page.dropped.saturating_add(dropped(begins, first, until));
    // Looked for first, so that what is stored meanwhile is not passed over.
    let sql = "SELECT version, lines_before + lines FROM call_logs
        WHERE run = ?1 AND version > ?2 AND version <= ?3 ORDER BY version DESC LIMIT 1";
    let last = one(connection, sql, [layer.run, after, until], |row| {
        Ok(LogPlace { run, version: count(get(row, 0)?)?, lines: count(get(row, 1)?)? })
    })?;
    let sql = "SELECT version, at, path, call, attempt, lines, text, lines_before FROM call_logs
        WHERE run = ?1 AND version > ?2 AND version <= ?3
        AND (?4 IS NULL OR path = ?4 OR substr(path, 1, length(?4) + 1) IN (?4 || '.', ?4 || '['))
        ORDER BY version LIMIT ?5";
    let step = filter.step.as_ref().map(ToString::to_string).filter(|path| !path.is_empty());
    let until = last.map_or(after, |last| column_of(last.version));
    let params = params![layer.run, after, until, step, column_of(wanted.saturating_add(1))];
    let rows = all(connection, sql, params, |row| Ok((call_log(run, row)?, count(get(row, 7)?)?)))?;
    page.more = rows.len() > wanted;
    for (row, before) in rows.into_iter().take(wanted) {
        let lines = before.saturating_add(row.log.lines);
        page.next = Some(LogPlace { run, version: row.version, lines });
        page.rows.push(row);
    }
    if !page.more {
        page.next = done(begins, last, layer.version).or(page.next);
    }
    Ok(())
}

fn call_log(run: RunId, row: &Row<'_>) -> Result<CallLogRow, StoreError> {
    let path = text(row, 2)?;
    let path =
        path.parse().map_err(|error| damaged(format_args!("log of run {run}, step `{path}`"), error))?;
    let log = CallLog {
        path,
        call: get(row, 3)?,
        attempt: get(row, 4)?,
        lines: count(get(row, 5)?)?,
        text: get(row, 6)?,
    };
    Ok(CallLogRow { run, version: count(get(row, 0)?)?, at: instant(get(row, 1)?)?, log })
}
