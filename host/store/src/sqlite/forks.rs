//! Forks: the table `forks`, and through which runs a run is seen.

use reentry_core::id::{RunId, TenantId};
use rusqlite::{Connection, params};

use crate::columns::count;
use crate::rows::CommitRows;
use crate::sqlite::fault::Fault;
use crate::sqlite::reader::{all, get};
use crate::{Ancestor, CommitError, StoreError};

/// A run whose records are seen, and up to which version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layer {
    pub(crate) run: i64,
    /// `None` for the run itself, all of whose records are seen.
    pub(crate) version: Option<i64>,
}

/// Stores from where a new run begins.
pub(crate) fn begin(connection: &Connection, rows: &CommitRows, run: i64) -> Result<(), Fault> {
    let Some((parent, version)) = rows.fork_of else { return Ok(()) };
    let there = "FROM runs WHERE id = ?2 AND tenant = ?3 AND version >= ?4 AND seq <> ?1";
    let sql = format!(
        "INSERT INTO forks (run, parent, version) SELECT ?1, seq, ?4 {there} AND (version = ?4
            OR EXISTS (SELECT 1 FROM savepoints WHERE savepoints.run = runs.seq AND savepoints.version = ?4))"
    );
    let params = params![run, parent.as_bytes(), rows.run.tenant.as_str(), version];
    if connection.prepare_cached(&sql)?.execute(params)? > 0 {
        return Ok(());
    }
    let sql = format!("SELECT 1 {there}");
    Err(match (connection.prepare_cached(&sql)?.exists(params)?, u64::try_from(version)) {
        (true, Ok(version)) => Fault::Refused(CommitError::ParentChanged { parent, version }),
        _ => Fault::refused(format!("there is no version {version} of run {parent} to fork")),
    })
}

/// The run ?1 of the tenant ?2 and its parents.
const LAYERS: &str = "WITH RECURSIVE layers (run, version, depth) AS (
        SELECT seq, NULL, 0 FROM runs WHERE id = ?1 AND tenant = ?2
        UNION ALL
        SELECT forks.parent, forks.version, depth + 1 FROM layers JOIN forks ON forks.run = layers.run
    )";

/// The run and its parents, the nearest first; nothing for a run that is not there.
pub(crate) fn layers(
    connection: &Connection,
    tenant: &TenantId,
    run: RunId,
) -> Result<Vec<Layer>, StoreError> {
    let sql = format!("{LAYERS} SELECT run, version FROM layers ORDER BY depth");
    all(connection, &sql, params![run.as_bytes(), tenant.as_str()], |row| {
        Ok(Layer { run: get(row, 0)?, version: get(row, 1)? })
    })
}

/// The run and its parents, the one first with which it all began.
pub(crate) fn lineage(
    connection: &Connection,
    tenant: &TenantId,
    run: RunId,
) -> Result<Vec<Ancestor>, StoreError> {
    let sql = format!(
        "{LAYERS} SELECT runs.id, layers.version FROM layers JOIN runs ON runs.seq = layers.run ORDER BY depth DESC"
    );
    all(connection, &sql, params![run.as_bytes(), tenant.as_str()], |row| {
        let until = get::<Option<i64>>(row, 1)?.map(count).transpose()?;
        Ok(Ancestor { run: RunId::from_bytes(get(row, 0)?), until })
    })
}
