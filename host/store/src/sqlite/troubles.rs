//! What went wrong when runs were brought on, and why runs are blocked: the table `troubles`.

use reentry_core::id::{RunId, TenantId};
use reentry_core::run::{Blocked, RunStatus};
use rusqlite::{Connection, OptionalExtension, params};

use crate::codes::{FINAL, status_code};
use crate::sqlite::fault::Fault;

/// Counts one more time; blocks the run if that is enough.
pub(crate) fn note(
    connection: &Connection,
    tenant: &TenantId,
    run: RunId,
    why: &Blocked,
    blocks_at: u32,
) -> Result<u32, Fault> {
    let sql = format!("SELECT seq FROM runs WHERE id = ?1 AND tenant = ?2 AND status NOT IN {FINAL}");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_row(params![run.as_bytes(), tenant.as_str()], |row| row.get::<_, i64>(0));
    let Some(seq) = found.optional()? else { return Ok(0) };
    let count = put(connection, seq, why, 1)?;
    if count >= blocks_at {
        let blocked = status_code(RunStatus::Blocked);
        connection.prepare_cached("UPDATE runs SET status = ?2 WHERE seq = ?1")?.execute([seq, blocked])?;
    }
    Ok(count)
}

/// Keeps why a commit blocked a run.
pub(crate) fn keep(connection: &Connection, seq: i64, why: &Blocked) -> Result<(), Fault> {
    put(connection, seq, why, 0).map(|_| ())
}

/// Keeps what went wrong last, which counts so many times; returns how often it went wrong.
fn put(connection: &Connection, seq: i64, why: &Blocked, times: u32) -> Result<u32, Fault> {
    let sql =
        "INSERT INTO troubles (run, count, reason, code) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (run) DO UPDATE
        SET count = count + excluded.count, reason = excluded.reason, code = excluded.code RETURNING count";
    let params = params![seq, times, why.reason, why.code];
    Ok(connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))?)
}

/// Forgets what went wrong.
pub(crate) fn forget(connection: &Connection, seq: i64) -> Result<(), Fault> {
    connection.prepare_cached("DELETE FROM troubles WHERE run = ?1")?.execute([seq])?;
    Ok(())
}
