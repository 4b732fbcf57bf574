//! Workflow definitions, who holds them and who has applied them: the tables `workflows`, `workflow_components`,
//! `workflow_holds` and `applied`.

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::json::Json;
use reentry_core::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::codes::OPEN;
use crate::columns::{column, damaged, instant};
use crate::sqlite::fault::Fault;
use crate::sqlite::pins::{self, Pins};
use crate::sqlite::reader::{all, bytes_or_null, get, one};
use crate::sqlite::spots;
use crate::{RemoveError, StoreError, WorkflowRecord, WorkflowSummary};

/// Stores a workflow definition, unless it is there, and has a tenant hold it.
pub(crate) fn store(
    connection: &Connection,
    tenant: &TenantId,
    workflow: &WorkflowRecord,
) -> Result<(), Fault> {
    let sql = "INSERT INTO workflow_holds (tenant, workflow) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![tenant.as_str(), workflow.digest.as_bytes()])?;
    let sql = "INSERT INTO workflows (digest, id, created_at, definition)
        VALUES (?1, ?2, ?3, ?4) ON CONFLICT (digest) DO NOTHING";
    let params = params![
        workflow.digest.as_bytes(),
        workflow.id,
        column(workflow.created_at),
        workflow.definition.text(),
    ];
    if connection.prepare_cached(sql)?.execute(params)? == 0 {
        return Ok(());
    }
    let sql = "INSERT OR IGNORE INTO workflow_components (workflow, component) VALUES (?1, ?2)";
    let mut insert = connection.prepare_cached(sql)?;
    for component in &workflow.components {
        insert.execute([workflow.digest.as_bytes(), component.as_bytes()])?;
    }
    Ok(())
}

/// Reads a workflow definition. One statement, so that it and its components are of one moment.
pub(crate) fn read(
    connection: &Connection,
    digest: &WorkflowDigest,
) -> Result<Option<WorkflowRecord>, StoreError> {
    let sql = "SELECT workflow_components.component, workflows.id, workflows.created_at, workflows.definition
        FROM workflows LEFT JOIN workflow_components ON workflow_components.workflow = workflows.digest
        WHERE workflows.digest = ?1 ORDER BY workflow_components.component";
    let mut found: Option<WorkflowRecord> = None;
    all(connection, sql, [digest.as_bytes()], |row| {
        let record = match &mut found {
            Some(record) => record,
            None => found.insert(WorkflowRecord {
                digest: *digest,
                id: get(row, 1)?,
                created_at: instant(get(row, 2)?)?,
                definition: Json::stored(get::<String>(row, 3)?).map_err(|error| damaged(digest, error))?,
                components: Vec::new(),
            }),
        };
        if bytes_or_null(row, 0)?.is_some() {
            record.components.push(ComponentDigest::from_bytes(get(row, 0)?));
        }
        Ok(())
    })?;
    Ok(found)
}

/// Stores a definition as the current version of its id; returns the one before.
pub(crate) fn apply(
    connection: &Connection,
    tenant: &TenantId,
    workflow: &WorkflowRecord,
    at: Timestamp,
) -> Result<Option<WorkflowDigest>, Fault> {
    let previous = retire(connection, tenant, &workflow.id)?;
    let sql = "INSERT INTO applied (tenant, workflow, id, at, current) VALUES (?1, ?2, ?3, ?4, 1)
        ON CONFLICT (tenant, workflow) DO UPDATE SET id = ?3, at = ?4, current = 1";
    let params = params![tenant.as_str(), workflow.digest.as_bytes(), workflow.id, column(at)];
    connection.prepare_cached(sql)?.execute(params)?;
    store(connection, tenant, workflow)?;
    Ok(previous)
}

/// Leaves an id without a current version; returns the one that was.
pub(crate) fn retire(
    connection: &Connection,
    tenant: &TenantId,
    id: &str,
) -> Result<Option<WorkflowDigest>, Fault> {
    let sql =
        "UPDATE applied SET current = 0 WHERE tenant = ?1 AND id = ?2 AND current = 1 RETURNING workflow";
    let mut statement = connection.prepare_cached(sql)?;
    let retired = statement.query_row([tenant.as_str(), id], |row| row.get(0)).optional()?;
    Ok(retired.map(WorkflowDigest::from_bytes))
}

/// The current version of an id.
pub(crate) fn current(
    connection: &Connection,
    tenant: &TenantId,
    id: &str,
) -> Result<Option<WorkflowDigest>, StoreError> {
    let sql = "SELECT workflow FROM applied WHERE tenant = ?1 AND id = ?2 AND current = 1";
    one(connection, sql, [tenant.as_str(), id], |row| Ok(WorkflowDigest::from_bytes(get(row, 0)?)))
}

/// Lists the versions that a tenant has applied.
pub(crate) fn list(connection: &Connection, tenant: &TenantId) -> Result<Vec<WorkflowSummary>, StoreError> {
    let sql = format!(
        "WITH open (workflow, runs) AS (
            SELECT workflow, count(*) FROM runs WHERE tenant = ?1 AND status IN {OPEN} GROUP BY workflow
        )
        SELECT applied.id, applied.workflow, applied.at, applied.current, coalesce(open.runs, 0)
        FROM applied LEFT JOIN open ON open.workflow = applied.workflow
        WHERE applied.tenant = ?1 ORDER BY applied.id, applied.at DESC, applied.workflow"
    );
    all(connection, &sql, [tenant.as_str()], |row| {
        Ok(WorkflowSummary {
            id: get(row, 0)?,
            digest: WorkflowDigest::from_bytes(get(row, 1)?),
            applied_at: instant(get(row, 2)?)?,
            current: get(row, 3)?,
            open_runs: get::<i64>(row, 4)?.unsigned_abs(),
        })
    })
}

/// Whether a tenant holds a definition.
pub(crate) fn is_held(
    connection: &Connection,
    tenant: &TenantId,
    workflow: &WorkflowDigest,
) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM workflow_holds WHERE tenant = ?1 AND workflow = ?2)";
    let params = params![tenant.as_str(), workflow.as_bytes()];
    connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))
}

/// Removes a version from those of a tenant, and the definition unless others need it.
pub(crate) fn remove(
    connection: &Connection,
    tenant: &TenantId,
    workflow: WorkflowDigest,
) -> Result<Result<(), RemoveError>, Fault> {
    if let Some(reason) = needed(connection, tenant, workflow)? {
        return Ok(Err(reason));
    }
    let sql = "SELECT id FROM workflows WHERE digest = ?1";
    let id = connection.prepare_cached(sql)?.query_row([workflow.as_bytes()], |row| row.get(0)).optional()?;
    id.map_or(Ok(()), |id: String| spots::sweep(connection, tenant, &id))?;
    for sql in [
        "DELETE FROM applied WHERE tenant = ?1 AND workflow = ?2",
        "DELETE FROM workflow_holds WHERE tenant = ?1 AND workflow = ?2",
    ] {
        connection.prepare_cached(sql)?.execute(params![tenant.as_str(), workflow.as_bytes()])?;
    }
    sweep(connection, workflow)?;
    Ok(Ok(()))
}

/// Lets go of a definition that no tenant holds and to which no kept run is pinned.
pub(crate) fn sweep(connection: &Connection, workflow: WorkflowDigest) -> rusqlite::Result<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM workflow_holds WHERE workflow = ?1)";
    let is_held: bool = connection.prepare_cached(sql)?.query_row([workflow.as_bytes()], |row| row.get(0))?;
    if !is_held && pins::of_workflow(connection, None, workflow)?.runs == 0 {
        for sql in
            ["DELETE FROM workflows WHERE digest = ?1", "DELETE FROM workflow_components WHERE workflow = ?1"]
        {
            connection.prepare_cached(sql)?.execute([workflow.as_bytes()])?;
        }
    }
    Ok(())
}

/// Why a version cannot be removed, if it cannot.
fn needed(
    connection: &Connection,
    tenant: &TenantId,
    workflow: WorkflowDigest,
) -> Result<Option<RemoveError>, Fault> {
    if !is_held(connection, tenant, &workflow)? {
        return Ok(Some(RemoveError::NoWorkflow { workflow }));
    }
    let sql = "SELECT id FROM applied WHERE tenant = ?1 AND workflow = ?2 AND current = 1";
    let mut statement = connection.prepare_cached(sql)?;
    let current =
        statement.query_row(params![tenant.as_str(), workflow.as_bytes()], |row| row.get::<_, String>(0));
    if let Some(id) = current.optional()? {
        return Ok(Some(RemoveError::WorkflowCurrent { workflow, id }));
    }
    let Pins { runs, open_runs } = pins::of_workflow(connection, Some(tenant.as_str()), workflow)?;
    Ok((runs > 0).then_some(RemoveError::WorkflowUsed { workflow, runs, open_runs }))
}
