//! What a run has no more and forks still see, and what a fork sees no more: the tables `old_steps` and `hidden_steps`.

use rusqlite::{Connection, params};

use crate::sqlite::steps::PAYLOAD;
use crate::sqlite::writer::Fault;

/// Whether a row of `steps` that is not active is seen by a fork, or may be: one that begins where the run was saved. ?1 is the run.
pub(crate) const IS_SEEN: &str = "(EXISTS (SELECT 1 FROM savepoints
        WHERE savepoints.run = ?1 AND savepoints.version >= steps.version)
    OR EXISTS (SELECT 1 FROM forks WHERE forks.parent = ?1 AND forks.version >= steps.version))";

/// A row of `steps` at a path or below. ?1 is the run, ?2 the path, ?3 a text above all paths below it.
const WITHIN: &str = "run = ?1 AND path >= ?2 AND path < ?3
    AND (?2 = '' OR path = ?2 OR substr(path, length(?2) + 1, 1) IN ('.', '['))";

/// Keeps a record that is about to be written over.
pub(crate) fn keep(connection: &Connection, seq: i64, until: i64) -> Result<(), Fault> {
    let sql = format!(
        "INSERT INTO old_steps (run, path, version, until, seq, record, payload)
        SELECT run, path, version, ?2, seq, record, {PAYLOAD} FROM steps WHERE seq = ?1"
    );
    connection.prepare_cached(&sql)?.execute([seq, until])?;
    Ok(())
}

/// Drops the records at a path and below, at a version of the run.
pub(crate) fn drop_within(connection: &Connection, run: i64, path: &str, version: i64) -> Result<(), Fault> {
    // Ids are ASCII, and what follows one in a path sorts before a backslash.
    let above = if path.is_empty() { "\u{7f}".to_owned() } else { format!("{path}\\") };
    let sql = format!(
        "INSERT INTO old_steps (run, path, version, until, seq, record, payload)
        SELECT run, path, version, ?4, seq, record, {PAYLOAD} FROM steps
        WHERE {WITHIN} AND active = 0 AND {IS_SEEN}"
    );
    connection.prepare_cached(&sql)?.execute(params![run, path, above, version])?;
    let sql = format!(
        "DELETE FROM payloads WHERE step IN (SELECT seq FROM steps WHERE {WITHIN} AND payload IS NULL)"
    );
    connection.prepare_cached(&sql)?.execute(params![run, path, above])?;
    let sql = format!("DELETE FROM steps WHERE {WITHIN}");
    connection.prepare_cached(&sql)?.execute(params![run, path, above])?;
    let sql = "INSERT OR IGNORE INTO hidden_steps (run, path, version)
        SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM forks WHERE run = ?1)";
    connection.prepare_cached(sql)?.execute(params![run, path, version])?;
    Ok(())
}

/// Drops old records of a run that no fork sees, nor will.
pub(crate) fn keep_seen(connection: &Connection, run: i64) -> Result<(), Fault> {
    let sql = "DELETE FROM old_steps WHERE run = ?1
        AND NOT EXISTS (SELECT 1 FROM savepoints WHERE savepoints.run = ?1
            AND savepoints.version >= old_steps.version AND savepoints.version < old_steps.until)
        AND NOT EXISTS (SELECT 1 FROM forks WHERE forks.parent = ?1
            AND forks.version >= old_steps.version AND forks.version < old_steps.until)";
    connection.prepare_cached(sql)?.execute([run])?;
    Ok(())
}
