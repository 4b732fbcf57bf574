//! Steps: the table `steps`, and the questions that are answered from its indexes: what is due, and who holds what.

use std::collections::HashSet;

use reentry_core::id::{OwnerId, RunId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::run::Step;
use reentry_core::time::Timestamp;
use rusqlite::{Connection, params};

use crate::StoreError;
use crate::rows::{StepRow, column, decode_step, instant};
use crate::sqlite::fault::store_error;
use crate::sqlite::reader::{all, bytes, get, one, text};
use crate::sqlite::runs::run_key;
use crate::sqlite::writer::Fault;

/// Stores a step's record. The number of a step stays that of its first record, which is the order of first calls.
pub(crate) fn store(connection: &Connection, run: i64, step: &StepRow) -> Result<(), Fault> {
    let sql = "INSERT INTO steps (run, path, active, owner, due_at, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (run, path) DO UPDATE SET
        active = excluded.active, owner = excluded.owner, due_at = excluded.due_at, record = excluded.record";
    let owner = step.owner.as_ref().map(OwnerId::as_bytes);
    connection.prepare_cached(sql)?.execute(params![
        run,
        step.path,
        step.active,
        owner,
        step.due_at,
        step.record
    ])?;
    Ok(())
}

/// Reads one step's record.
pub(crate) fn read(connection: &Connection, run: RunId, path: &StepPath) -> Result<Option<Step>, StoreError> {
    let sql = "SELECT record FROM steps WHERE run = (SELECT seq FROM runs WHERE id = ?1) AND path = ?2";
    let path = path.to_string();
    one(connection, sql, params![run.as_bytes(), path], |row| {
        decode_step(run, &path, bytes(row, 0)?).map(|(_, step)| step)
    })
}

/// Reads all steps of a run in the order of their first call.
pub(crate) fn list(connection: &Connection, run: RunId) -> Result<Vec<(StepPath, Step)>, StoreError> {
    let sql = "SELECT path, record FROM steps WHERE run = (SELECT seq FROM runs WHERE id = ?1) ORDER BY seq";
    all(connection, sql, [run.as_bytes()], |row| decode_step(run, text(row, 0)?, bytes(row, 1)?))
}

/// Runs with a step that is due, each once, the earliest first.
pub(crate) fn due(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(TenantId, RunId)>, StoreError> {
    // Runs whose first steps are due at one instant come in the order in which they were stored.
    let sql = "SELECT steps.run, runs.tenant, runs.id FROM steps JOIN runs ON runs.seq = steps.run
        WHERE steps.due_at <= ?1 ORDER BY steps.due_at, steps.run";
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let mut rows = statement.query([column(now)]).map_err(store_error)?;
    let (mut seen, mut due) = (HashSet::new(), Vec::new());
    while due.len() < limit
        && let Some(row) = rows.next().map_err(store_error)?
    {
        if seen.insert(get::<i64>(row, 0)?) {
            due.push(run_key(row, 1)?);
        }
    }
    Ok(due)
}

/// The earliest instant at which a step is due.
pub(crate) fn next_due(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(due_at) FROM steps WHERE due_at IS NOT NULL";
    let first = one(connection, sql, [], |row| get::<Option<i64>>(row, 0))?;
    first.flatten().map(instant).transpose()
}

/// The owners of calls, each once. Skips from one owner to the next in the index: there are few owners and many calls.
pub(crate) fn owners(connection: &Connection) -> Result<Vec<OwnerId>, StoreError> {
    let sql = "WITH RECURSIVE owners (owner) AS (
            SELECT min(owner) FROM steps WHERE owner IS NOT NULL
            UNION ALL
            SELECT (SELECT min(owner) FROM steps WHERE owner > owners.owner) FROM owners WHERE owners.owner IS NOT NULL
        ) SELECT owner FROM owners WHERE owner IS NOT NULL";
    all(connection, sql, [], |row| Ok(OwnerId::from_bytes(get(row, 0)?)))
}

/// Runs with a call of this owner, each once.
pub(crate) fn owned_by(
    connection: &Connection,
    owner: OwnerId,
    limit: usize,
) -> Result<Vec<(TenantId, RunId)>, StoreError> {
    let sql = "SELECT DISTINCT runs.tenant, runs.id FROM steps JOIN runs ON runs.seq = steps.run
        WHERE steps.owner = ?1 ORDER BY steps.run LIMIT ?2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    all(connection, sql, params![owner.as_bytes(), limit], |row| run_key(row, 0))
}
