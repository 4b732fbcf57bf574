//! Savepoints: the table `savepoints`. Each names images, which are kept as long as it is.

use reentry_core::id::{BlobId, RunId, SuspensionId, TenantId};
use reentry_core::json::Json;
use rusqlite::{Connection, Params, Row, params};

use crate::codes::{kind_code, kind_of};
use crate::columns::damaged;
use crate::rows::{ReopenedRow, SavepointRow};
use crate::sqlite::fault::Fault;
use crate::sqlite::reader::{all, bytes, get, one};
use crate::sqlite::{images, old_steps};
use crate::{Savepoint, SavepointKind, SavepointSummary, StoreError};

/// Stores a savepoint of a run; returns how many bytes its parts took that were not kept yet.
pub(crate) fn store(connection: &Connection, run: i64, savepoint: &SavepointRow) -> Result<usize, Fault> {
    let sql = "INSERT INTO savepoints (run, version, kind, suspension, at, images, state)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let ids: Vec<u8> = savepoint.images.iter().flat_map(|id| *id.as_bytes()).collect();
    connection.prepare_cached(sql)?.execute(params![
        run,
        savepoint.version,
        kind_code(savepoint.kind),
        savepoint.suspension.as_ref().map(SuspensionId::as_bytes),
        savepoint.at,
        ids,
        savepoint.state.text(),
    ])?;
    let mut bytes = 0;
    for image in &savepoint.images {
        match savepoint.parts.iter().find(|(id, _)| id == image) {
            Some((_, part)) => bytes += images::keep_part(connection, *image, part)?,
            None => images::share(connection, *image)?,
        }
    }
    Ok(bytes)
}

/// Notes of the savepoints of a run, which is about to follow another definition, which one they are of.
pub(crate) fn note_workflow(connection: &Connection, run: i64) -> Result<(), Fault> {
    let sql = "UPDATE savepoints SET workflow = (SELECT workflow FROM runs WHERE seq = ?1)
        WHERE run = ?1 AND workflow IS NULL";
    connection.prepare_cached(sql)?.execute([run])?;
    Ok(())
}

/// Forgets the oldest savepoints of a run until it has no more than `max`, and the records that only forks from them
/// would see.
pub(crate) fn keep_latest(connection: &Connection, run: i64, max: u32) -> Result<(), Fault> {
    let sql = "SELECT seq, images FROM savepoints WHERE run = ?1 ORDER BY version DESC LIMIT -1 OFFSET ?2";
    let forgotten = forget(connection, sql, params![run, max])?;
    if forgotten > 0 { old_steps::keep_seen(connection, run) } else { Ok(()) }
}

/// Forgets the savepoint of an answer that was refused, and the records that only forks from it would see.
pub(crate) fn forget_answer(connection: &Connection, run: i64, answer: &ReopenedRow) -> Result<(), Fault> {
    let sql = "SELECT seq, images FROM savepoints WHERE run = ?1 AND version = ?2 AND suspension = ?3";
    let forgotten = forget(connection, sql, params![run, answer.savepoint, answer.id.as_bytes()])?;
    if forgotten > 0 { old_steps::keep_seen(connection, run) } else { Ok(()) }
}

/// Forgets all savepoints of a run.
pub(crate) fn delete(connection: &Connection, run: i64) -> Result<(), Fault> {
    forget(connection, "SELECT seq, images FROM savepoints WHERE run = ?1", [run]).map(drop)
}

/// Forgets the savepoints that a statement finds; returns how many.
fn forget(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
    let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    for (seq, ids) in &found {
        connection.prepare_cached("DELETE FROM savepoints WHERE seq = ?1")?.execute([seq])?;
        // Twice the same image is there twice.
        let (ids, _) = ids.as_chunks::<16>();
        ids.iter().try_for_each(|id| images::drop(connection, BlobId::from_bytes(*id)))?;
    }
    Ok(found.len())
}

/// Reads the latest savepoint that ended a suspension.
pub(crate) fn of_suspension(
    connection: &Connection,
    tenant: &TenantId,
    run: RunId,
    suspension: SuspensionId,
) -> Result<Option<Savepoint>, StoreError> {
    let sql = "SELECT version, kind, suspension, at, images, state FROM savepoints
        WHERE run = (SELECT seq FROM runs WHERE id = ?1 AND tenant = ?3) AND suspension = ?2 ORDER BY version DESC LIMIT 1";
    let params = params![run.as_bytes(), suspension.as_bytes(), tenant.as_str()];
    one(connection, sql, params, |row| decode(run, row)?.decode())
}

/// Reads the latest savepoint of a kind.
pub(crate) fn last(
    connection: &Connection,
    tenant: &TenantId,
    run: RunId,
    kind: SavepointKind,
) -> Result<Option<Savepoint>, StoreError> {
    let sql = "SELECT version, kind, suspension, at, images, state FROM savepoints
        WHERE run = (SELECT seq FROM runs WHERE id = ?1 AND tenant = ?3) AND kind = ?2 ORDER BY version DESC LIMIT 1";
    let params = params![run.as_bytes(), kind_code(kind), tenant.as_str()];
    one(connection, sql, params, |row| decode(run, row)?.decode())
}

/// Lists the savepoints of a run, oldest first.
pub(crate) fn list(
    connection: &Connection,
    tenant: &TenantId,
    run: RunId,
) -> Result<Vec<SavepointSummary>, StoreError> {
    let sql = "SELECT version, kind, suspension, at, x'', 'null' FROM savepoints
        WHERE run = (SELECT seq FROM runs WHERE id = ?1 AND tenant = ?2) ORDER BY version";
    all(connection, sql, params![run.as_bytes(), tenant.as_str()], |row| decode(run, row)?.summary())
}

fn decode(run: RunId, row: &Row<'_>) -> Result<SavepointRow, StoreError> {
    let what = || format!("savepoint of run {run}");
    let (ids, rest) = bytes(row, 4)?.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(damaged(what(), "the last id of an image is cut off"));
    }
    Ok(SavepointRow {
        version: get(row, 0)?,
        kind: kind_of(get(row, 1)?)?,
        suspension: get::<Option<[u8; 16]>>(row, 2)?.map(SuspensionId::from_bytes),
        at: get(row, 3)?,
        images: ids.iter().map(|id| BlobId::from_bytes(*id)).collect(),
        parts: Vec::new(),
        state: Json::stored(get::<String>(row, 5)?).map_err(|error| damaged(what(), error))?,
    })
}
