//! Definitions that steps of a run have called: the table `called_workflows`. Kept as long as the run is, which may
//! go back to them.

use reentry_core::digest::WorkflowDigest;
use rusqlite::{Connection, params};

/// Notes definitions that a run follows beside its own.
pub(crate) fn note(connection: &Connection, seq: i64, called: &[WorkflowDigest]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO called_workflows (run, workflow) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    for workflow in called {
        connection.prepare_cached(sql)?.execute(params![seq, workflow.as_bytes()])?;
    }
    Ok(())
}
