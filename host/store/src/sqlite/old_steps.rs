//! What a run has no more and forks still see, and what a fork sees no more: the tables `old_steps` and `hidden_steps`.

use reentry_core::id::BlobId;
use rusqlite::{Connection, Params, params};

use crate::sqlite::fault::Fault;
use crate::sqlite::images;

/// Whether a row of `steps` that is not active is seen by a fork, or may be: one that begins where the run was saved.
/// ?1 is the run.
pub(crate) const IS_SEEN: &str = "(EXISTS (SELECT 1 FROM savepoints
        WHERE savepoints.run = ?1 AND savepoints.version >= steps.version)
    OR EXISTS (SELECT 1 FROM forks WHERE forks.parent = ?1 AND forks.version >= steps.version))";

/// A row of `steps` at a path or below. ?1 is the run, ?2 the path, ?3 a text above all paths below it.
const WITHIN: &str = "run = ?1 AND path >= ?2 AND path < ?3
    AND (?2 = '' OR path = ?2 OR substr(path, length(?2) + 1, 1) IN ('.', '['))";

/// Keeps a record that is about to be written over, and with it what its payload needs.
pub(crate) fn keep(connection: &Connection, seq: i64, until: i64) -> Result<(), Fault> {
    let sql = "INSERT INTO old_steps (run, path, version, until, seq, record, payload, part)
        SELECT run, path, version, ?2, seq, record, payload, part FROM steps WHERE seq = ?1";
    connection.prepare_cached(sql)?.execute([seq, until])?;
    Ok(())
}

/// Drops the records at a path and below, at a version of the run. Returns where the payloads are that they need no
/// more.
pub(crate) fn drop_within(
    connection: &Connection,
    run: i64,
    path: &str,
    version: i64,
) -> Result<Vec<BlobId>, Fault> {
    // Ids are ASCII, and what follows one in a path sorts before a backslash.
    let above = if path.is_empty() { "\u{7f}".to_owned() } else { format!("{path}\\") };
    let sql = format!(
        "INSERT INTO old_steps (run, path, version, until, seq, record, payload, part)
        SELECT run, path, version, ?4, seq, record, payload, part FROM steps
        WHERE {WITHIN} AND active = 0 AND {IS_SEEN}"
    );
    connection.prepare_cached(&sql)?.execute(params![run, path, above, version])?;
    let sql = format!(
        "SELECT part FROM steps WHERE {WITHIN} AND part IS NOT NULL AND NOT (active = 0 AND {IS_SEEN})"
    );
    let left = parts(connection, &sql, params![run, path, above])?;
    let sql = format!("DELETE FROM steps WHERE {WITHIN}");
    connection.prepare_cached(&sql)?.execute(params![run, path, above])?;
    let sql = "INSERT OR IGNORE INTO hidden_steps (run, path, version)
        SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM forks WHERE run = ?1)";
    connection.prepare_cached(sql)?.execute(params![run, path, version])?;
    Ok(left)
}

/// Drops old records of a run that no fork sees, nor will.
pub(crate) fn keep_seen(connection: &Connection, run: i64) -> Result<(), Fault> {
    const UNSEEN: &str = "FROM old_steps WHERE run = ?1
        AND NOT EXISTS (SELECT 1 FROM savepoints WHERE savepoints.run = ?1
            AND savepoints.version >= old_steps.version AND savepoints.version < old_steps.until)
        AND NOT EXISTS (SELECT 1 FROM forks WHERE forks.parent = ?1
            AND forks.version >= old_steps.version AND forks.version < old_steps.until)";
    drop_parts(connection, &format!("SELECT part {UNSEEN} AND part IS NOT NULL"), [run])?;
    connection.prepare_cached(&format!("DELETE {UNSEEN}"))?.execute([run])?;
    Ok(())
}

/// Lets go of the payloads of all records of a run, which are about to be deleted.
pub(crate) fn drop_payloads(connection: &Connection, run: i64) -> Result<(), Fault> {
    let sql = "SELECT part FROM steps WHERE run = ?1 AND part IS NOT NULL
        UNION ALL SELECT part FROM old_steps WHERE run = ?1 AND part IS NOT NULL";
    drop_parts(connection, sql, [run])
}

/// One user less of each payload that a statement finds.
fn drop_parts(connection: &Connection, sql: &str, params: impl Params) -> Result<(), Fault> {
    let left = parts(connection, sql, params)?;
    left.into_iter().try_for_each(|part| images::drop(connection, part))
}

/// Where the payloads are that a statement finds.
fn parts(connection: &Connection, sql: &str, params: impl Params) -> Result<Vec<BlobId>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let parts = statement.query_map(params, |row| Ok(BlobId::from_bytes(row.get(0)?)))?;
    Ok(parts.collect::<rusqlite::Result<Vec<_>>>()?)
}
