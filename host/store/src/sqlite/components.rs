//! Components and workflow definitions: written once, never changed, found by digest.

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::json::Json;
use rusqlite::{Connection, Row, params};

use crate::rows::{column, damaged, instant};
use crate::sqlite::reader::{all, get, one};
use crate::sqlite::writer::Fault;
use crate::{ComponentRecord, ComponentSummary, StoreError, WorkflowRecord};

/// Stores a component, unless it is there.
pub(crate) fn store_component(connection: &Connection, component: &ComponentRecord) -> Result<(), Fault> {
    let sql = "INSERT INTO components (digest, name, created_at, meta, base, bytes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (digest) DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![
        component.digest.as_bytes(),
        component.name,
        column(component.created_at),
        component.meta.text(),
        component.base,
        component.bytes,
    ])?;
    Ok(())
}

/// Reads a component.
pub(crate) fn component(
    connection: &Connection,
    digest: &ComponentDigest,
) -> Result<Option<ComponentRecord>, StoreError> {
    let sql = "SELECT name, created_at, meta, base, bytes FROM components WHERE digest = ?1";
    one(connection, sql, [digest.as_bytes()], |row| {
        Ok(ComponentRecord {
            digest: *digest,
            name: get(row, 0)?,
            created_at: instant(get(row, 1)?)?,
            meta: json(row, 2, digest)?,
            base: get(row, 3)?,
            bytes: get(row, 4)?,
        })
    })
}

/// Lists components without their bytes.
pub(crate) fn list_components(connection: &Connection) -> Result<Vec<ComponentSummary>, StoreError> {
    let sql = "SELECT digest, name, created_at, meta, length(bytes) FROM components ORDER BY seq DESC";
    all(connection, sql, [], |row| {
        let digest = ComponentDigest::from_bytes(get(row, 0)?);
        Ok(ComponentSummary {
            digest,
            name: get(row, 1)?,
            created_at: instant(get(row, 2)?)?,
            meta: json(row, 3, &digest)?,
            bytes: get::<i64>(row, 4)?.unsigned_abs(),
        })
    })
}

/// Stores a workflow definition, unless it is there.
pub(crate) fn store_workflow(connection: &Connection, workflow: &WorkflowRecord) -> Result<(), Fault> {
    let sql = "INSERT INTO workflows (digest, id, created_at, definition)
        VALUES (?1, ?2, ?3, ?4) ON CONFLICT (digest) DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![
        workflow.digest.as_bytes(),
        workflow.id,
        column(workflow.created_at),
        workflow.definition.text(),
    ])?;
    Ok(())
}

/// Reads a workflow definition.
pub(crate) fn workflow(
    connection: &Connection,
    digest: &WorkflowDigest,
) -> Result<Option<WorkflowRecord>, StoreError> {
    let sql = "SELECT id, created_at, definition FROM workflows WHERE digest = ?1";
    one(connection, sql, [digest.as_bytes()], |row| {
        Ok(WorkflowRecord {
            digest: *digest,
            id: get(row, 0)?,
            created_at: instant(get(row, 1)?)?,
            definition: json(row, 2, digest)?,
            components: Vec::new(),
        })
    })
}

fn json(row: &Row<'_>, column: usize, of: &impl std::fmt::Display) -> Result<Json, StoreError> {
    Json::parse(get::<String>(row, column)?).map_err(|error| damaged(of, error))
}
