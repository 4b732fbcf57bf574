//! Steps: the table `steps`, and the questions that are answered from its indexes: what is due, and who holds what.

use std::collections::HashSet;

use reentry_core::id::{OwnerId, RunId, TenantId};
use reentry_core::path::StepPath;
use reentry_core::run::{RunStatus, Step};
use reentry_core::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::StoreError;
use crate::codes::status_code;
use crate::rows::{StepRow, column, decode_step, instant};
use crate::sqlite::fault::store_error;
use crate::sqlite::reader::{all, bytes, bytes_or_null, get, one, text};
use crate::sqlite::runs::run_key;
use crate::sqlite::writer::Fault;

/// Largest payload that is kept in the row of its step, in bytes. SQLite writes a row anew, whatever changes in it, so that a
/// larger one has a row of its own.
const PAYLOAD_INLINE_BYTES_MAX: usize = 2 << 10;

/// The payload of a row of `steps`; null if it is in the record.
pub(crate) const PAYLOAD: &str =
    "coalesce(steps.payload, (SELECT payloads.data FROM payloads WHERE payloads.step = steps.seq))";

/// What there is of a step before its record is stored.
struct Kept {
    seq: i64,
    active: bool,
    /// Whether its payload may have a row of its own.
    apart: bool,
}

/// Stores a step's record. The number of a step stays that of its first record, which is the order of first calls.
pub(crate) fn store(connection: &Connection, run: i64, step: &StepRow) -> Result<(), Fault> {
    let sql = "SELECT seq, active, payload IS NULL FROM steps WHERE run = ?1 AND path = ?2";
    let mut find = connection.prepare_cached(sql)?;
    let kept = find.query_row(params![run, step.path], |row| {
        Ok(Kept { seq: row.get(0)?, active: row.get(1)?, apart: row.get(2)? })
    });
    match kept.optional()? {
        Some(kept) if kept.active => update(connection, step, &kept),
        Some(kept) => begin_anew(connection, step, &kept),
        None => insert(connection, run, step),
    }
}

/// Writes the record of a step that goes on; its payload stays. An index is written anew when its columns are named, even if
/// they stay as they are; `active` seldom changes.
fn update(connection: &Connection, step: &StepRow, kept: &Kept) -> Result<(), Fault> {
    let owner = step.owner.as_ref().map(OwnerId::as_bytes);
    if step.active {
        let sql = "UPDATE steps SET owner = ?2, due_at = ?3, record = ?4, version = ?5 WHERE seq = ?1";
        let params = params![kept.seq, owner, step.due_at, step.record, step.version];
        connection.prepare_cached(sql)?.execute(params)?;
    } else {
        let sql =
            "UPDATE steps SET owner = ?2, due_at = ?3, record = ?4, version = ?5, active = ?6 WHERE seq = ?1";
        let params = params![kept.seq, owner, step.due_at, step.record, step.version, step.active];
        connection.prepare_cached(sql)?.execute(params)?;
    }
    Ok(())
}

/// Writes the record of a step that was done or had not begun, its payload included.
fn begin_anew(connection: &Connection, step: &StepRow, kept: &Kept) -> Result<(), Fault> {
    let sql = "UPDATE steps SET owner = ?2, due_at = ?3, record = ?4, version = ?5, active = ?6, payload = ?7
        WHERE seq = ?1";
    connection.prepare_cached(sql)?.execute(params![
        kept.seq,
        step.owner.as_ref().map(OwnerId::as_bytes),
        step.due_at,
        step.record,
        step.version,
        step.active,
        inline(step),
    ])?;
    if kept.apart {
        drop_payload(connection, kept.seq)?;
    }
    store_apart(connection, kept.seq, step)
}

fn insert(connection: &Connection, run: i64, step: &StepRow) -> Result<(), Fault> {
    let sql = "INSERT INTO steps (run, path, active, owner, due_at, record, version, payload)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    connection.prepare_cached(sql)?.execute(params![
        run,
        step.path,
        step.active,
        step.owner.as_ref().map(OwnerId::as_bytes),
        step.due_at,
        step.record,
        step.version,
        inline(step),
    ])?;
    store_apart(connection, connection.last_insert_rowid(), step)
}

/// The payload, if it is kept in the row of the step.
fn inline(step: &StepRow) -> Option<&str> {
    Some(step.payload.text()).filter(|text| text.len() <= PAYLOAD_INLINE_BYTES_MAX)
}

fn store_apart(connection: &Connection, seq: i64, step: &StepRow) -> Result<(), Fault> {
    if inline(step).is_none() {
        let sql = "INSERT INTO payloads (step, data) VALUES (?1, ?2)";
        connection.prepare_cached(sql)?.execute(params![seq, step.payload.text()])?;
    }
    Ok(())
}

fn drop_payload(connection: &Connection, seq: i64) -> Result<(), Fault> {
    connection.prepare_cached("DELETE FROM payloads WHERE step = ?1")?.execute([seq])?;
    Ok(())
}

/// Reads one step's record.
pub(crate) fn read(connection: &Connection, run: RunId, path: &StepPath) -> Result<Option<Step>, StoreError> {
    let sql = format!(
        "SELECT record, {PAYLOAD} FROM steps WHERE run = (SELECT seq FROM runs WHERE id = ?1) AND path = ?2"
    );
    let path = path.to_string();
    one(connection, &sql, params![run.as_bytes(), path], |row| {
        decode_step(run, &path, bytes(row, 0)?, bytes_or_null(row, 1)?).map(|(_, step)| step)
    })
}

/// Reads all steps of a run in the order of their first call.
pub(crate) fn list(connection: &Connection, run: RunId) -> Result<Vec<(StepPath, Step)>, StoreError> {
    let sql = format!(
        "SELECT path, record, {PAYLOAD} FROM steps WHERE run = (SELECT seq FROM runs WHERE id = ?1) ORDER BY seq"
    );
    all(connection, &sql, [run.as_bytes()], |row| {
        decode_step(run, text(row, 0)?, bytes(row, 1)?, bytes_or_null(row, 2)?)
    })
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

/// Runs with a call whose owner is dead, once for each such owner.
///
/// Looks through the calls of running runs, which are as many as the hosts together can make at once: an index of owners
/// would have to be written at the begin and the end of every call.
pub(crate) fn orphans(
    connection: &Connection,
    limit: usize,
    is_dead: impl Fn(OwnerId) -> Result<bool, StoreError>,
) -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError> {
    let sql = "SELECT DISTINCT steps.owner, runs.tenant, runs.id FROM runs
        JOIN steps ON steps.run = runs.seq AND steps.active = 1 AND steps.owner IS NOT NULL
        WHERE runs.status = ?1 ORDER BY steps.owner, runs.seq";
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let mut rows = statement.query([status_code(RunStatus::Running)]).map_err(store_error)?;
    let (mut known, mut orphans) = (None, Vec::new());
    while orphans.len() < limit
        && let Some(row) = rows.next().map_err(store_error)?
    {
        let owner = OwnerId::from_bytes(get(row, 0)?);
        let dead = match known {
            Some((same, dead)) if same == owner => dead,
            _ => is_dead(owner)?,
        };
        known = Some((owner, dead));
        if dead {
            let (tenant, run) = run_key(row, 1)?;
            orphans.push((tenant, run, owner));
        }
    }
    Ok(orphans)
}
