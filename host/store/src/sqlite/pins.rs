//! Which runs are pinned to which definitions: to the one that they follow, to those that they followed when a
//! savepoint was made, and to those that their steps have called.
//!
//! Those that have ended are found by an index; those that have not are looked through, so that no run has to write
//! another index when it begins.

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use rusqlite::{Connection, params};

use crate::codes::{FINAL, OPEN};

/// Runs that are pinned to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pins {
    /// All that are kept.
    pub(crate) runs: u64,
    /// Those that have not ended.
    pub(crate) open_runs: u64,
}

/// Counts runs, of one tenant or of all, that are pinned to a definition.
pub(crate) fn of_workflow(
    connection: &Connection,
    tenant: Option<&str>,
    workflow: WorkflowDigest,
) -> rusqlite::Result<Pins> {
    count(connection, "workflow = ?1", workflow.as_bytes(), tenant)
}

/// Counts runs, of one tenant or of all, that are pinned to a definition with a step of a component.
pub(crate) fn of_component(
    connection: &Connection,
    tenant: Option<&str>,
    component: ComponentDigest,
) -> rusqlite::Result<Pins> {
    let uses = "workflow IN (SELECT workflow FROM workflow_components WHERE component = ?1)";
    count(connection, uses, component.as_bytes(), tenant)
}

fn count(
    connection: &Connection,
    which: &str,
    digest: &[u8; 32],
    tenant: Option<&str>,
) -> rusqlite::Result<Pins> {
    let whose = if tenant.is_some() { "tenant = ?2" } else { "?2 IS NULL" };
    let count = |from: &str, statuses: &str| {
        let sql = format!("SELECT count(*) FROM {from} WHERE status IN {statuses} AND {which} AND {whose}");
        let mut statement = connection.prepare_cached(&sql)?;
        statement.query_row(params![digest, tenant], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    };
    let open_runs = count("runs", OPEN)?;
    // Named, as SQLite would rather look through all that have ended.
    let ended = count("runs INDEXED BY runs_ended", FINAL)?;
    let sql = format!(
        "SELECT count(*), coalesce(sum(status IN {OPEN}), 0) FROM runs
        WHERE seq IN (
            SELECT run FROM savepoints WHERE {which} UNION SELECT run FROM called_workflows WHERE {which}
        ) AND NOT ({which}) AND {whose}"
    );
    let (others, open_others) =
        connection.prepare_cached(&sql)?.query_row(params![digest, tenant], |row| {
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, i64>(1)?.unsigned_abs()))
        })?;
    Ok(Pins { runs: open_runs + ended + others, open_runs: open_runs + open_others })
}
