//! What went wrong when runs were brought on: the table `troubles`.

use reentry_core::id::{RunId, TenantId};
use reentry_core::run::RunStatus;
use rusqlite::{Connection, OptionalExtension, params};

use crate::codes::{FINAL, status_code};
use crate::sqlite::fault::Fault;

/// Counts one more time; blocks the run if that is enough.
pub(crate) fn note(
    connection: &Connection,
    tenant: &TenantId,
    run: RunId,
    reason: &str,
    blocks_at: u32,
) -> Result<u32, Fault> {
    let sql = format!("SELECT seq FROM runs WHERE id = ?1 AND tenant = ?2 AND status NOT IN {FINAL}");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_row(params![run.as_bytes(), tenant.as_str()], |row| row.get::<_, i64>(0));
    let Some(seq) = found.optional()? else { return Ok(0) };
    let sql = "INSERT INTO troubles (run, count, reason) VALUES (?1, 1, ?2)
        ON CONFLICT (run) DO UPDATE SET count = count + 1, reason = excluded.reason RETURNING count";
    let count: u32 = connection.prepare_cached(sql)?.query_row(params![seq, reason], |row| row.get(0))?;
    if count >= blocks_at {
        let blocked = status_code(RunStatus::Blocked);
        connection.prepare_cached("UPDATE runs SET status = ?2 WHERE seq = ?1")?.execute([seq, blocked])?;
    }
    Ok(count)
}

/// Forgets what went wrong.
pub(crate) fn forget(connection: &Connection, seq: i64) -> Result<(), Fault> {
    connection.prepare_cached("DELETE FROM troubles WHERE run = ?1")?.execute([seq])?;
    Ok(())
}
