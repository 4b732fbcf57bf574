//! Deleting runs that have ended, with all that is kept of them in every table.

use reentry_core::id::{RunId, TenantId};
use reentry_core::run::{EntryRecord, RunStatus};
use reentry_core::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::DeleteError;
use crate::codes::{FINAL, status_of};
use crate::columns::{column, column_of};
use crate::decode::parts_of_head;
use crate::sqlite::fault::Fault;
use crate::sqlite::{images, old_steps, savepoints, suspensions};

/// Deletes a run, unless it has not ended or forks read it.
pub(crate) fn delete_run(
    connection: &Connection,
    tenant: &TenantId,
    run: RunId,
) -> Result<Result<(), DeleteError>, Fault> {
    let sql = "SELECT seq, status FROM runs WHERE id = ?1 AND tenant = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row(params![run.as_bytes(), tenant.as_str()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    });
    let Some((seq, status)) = found.optional()? else { return Ok(Err(DeleteError::NotFound { run })) };
    match status_of(status) {
        Ok(status) if status.is_final() => {}
        // What has no status cannot be brought on.
        Ok(RunStatus::Blocked) | Err(_) => drop_images(connection, seq)?,
        Ok(status) => return Ok(Err(DeleteError::NotFinal { run, status })),
    }
    let sql = "SELECT runs.id FROM forks JOIN runs ON runs.seq = forks.run
        WHERE forks.parent = ?1 ORDER BY runs.seq";
    let mut statement = connection.prepare_cached(sql)?;
    let forks = statement.query_map([seq], |row| Ok(RunId::from_bytes(row.get(0)?)))?;
    let forks = forks.collect::<rusqlite::Result<Vec<_>>>()?;
    if !forks.is_empty() {
        return Ok(Err(DeleteError::HasForks { run, forks }));
    }
    delete(connection, seq, run)?;
    Ok(Ok(()))
}

/// Lets go of the memories of steps that are not done, as far as their records can be read.
fn drop_images(connection: &Connection, seq: i64) -> Result<(), Fault> {
    let mut statement =
        connection.prepare_cached("SELECT record FROM steps WHERE run = ?1 AND active = 1")?;
    let steps = statement.query_map([seq], |row| {
        let record = row.get_ref(0)?.as_bytes_or_null().ok().flatten();
        Ok(record.and_then(|record| serde_json::from_slice::<EntryRecord>(record).ok()))
    })?;
    let steps = steps.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut images = steps.iter().flatten().filter_map(|step| step.doing.image());
    images.try_for_each(|image| images::drop(connection, image))
}

/// Deletes runs that have ended and changed last before an instant, those that forks read left out.
pub(crate) fn delete_before(
    connection: &Connection,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<RunId>, Fault> {
    // Goes from one definition to the next, so that what ended later is not looked at.
    let ended = format!("runs INDEXED BY runs_ended WHERE runs.status IN {FINAL}");
    let sql = format!(
        "WITH RECURSIVE used (workflow) AS (
            SELECT min(workflow) FROM {ended}
            UNION ALL
            SELECT (SELECT min(runs.workflow) FROM {ended} AND runs.workflow > used.workflow)
            FROM used WHERE used.workflow IS NOT NULL
        )
        SELECT runs.seq, runs.id FROM used CROSS JOIN {ended}
        AND runs.workflow = used.workflow AND runs.updated_at < ?1
        AND NOT EXISTS (SELECT 1 FROM forks WHERE forks.parent = runs.seq) LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let runs = statement.query_map([column(before), column_of(limit)], |row| {
        Ok((row.get::<_, i64>(0)?, RunId::from_bytes(row.get(1)?)))
    })?;
    let runs = runs.collect::<rusqlite::Result<Vec<_>>>()?;
    runs.iter().try_for_each(|(seq, run)| delete(connection, *seq, *run))?;
    Ok(runs.into_iter().map(|(_, run)| run).collect())
}

/// Deletes what is kept of a run. Its number may be given to another run then, so nothing may be left under it.
fn delete(connection: &Connection, seq: i64, run: RunId) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached("SELECT head FROM runs WHERE seq = ?1")?;
    let parts = statement.query_row([seq], |row| Ok(row.get_ref(0)?.as_bytes().map(parts_of_head)))?;
    parts.unwrap_or_default().into_iter().try_for_each(|part| images::drop(connection, part))?;
    savepoints::delete(connection, seq)?;
    old_steps::drop_payloads(connection, seq)?;
    suspensions::delete(connection, seq)?;
    for sql in [
        "DELETE FROM steps WHERE run = ?1",
        "DELETE FROM old_steps WHERE run = ?1",
        "DELETE FROM hidden_steps WHERE run = ?1",
        "DELETE FROM log WHERE run = ?1",
        "DELETE FROM call_logs WHERE run = ?1",
        "DELETE FROM forks WHERE run = ?1",
        "DELETE FROM troubles WHERE run = ?1",
        "DELETE FROM called_workflows WHERE run = ?1",
        "DELETE FROM runs WHERE seq = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([seq])?;
    }
    for sql in ["DELETE FROM requests WHERE run = ?1", "DELETE FROM claims WHERE id = ?1"] {
        connection.prepare_cached(sql)?.execute([run.as_bytes()])?;
    }
    Ok(())
}
