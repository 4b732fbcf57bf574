//! Components: the table `components`. Written once, never changed, found by digest.

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::json::Json;
use rusqlite::{Connection, Row, params};

use crate::rows::{column, damaged, instant};
use crate::sqlite::fault::store_error;
use crate::sqlite::pins::{self, Pins};
use crate::sqlite::reader::{all, get, one};
use crate::sqlite::writer::Fault;
use crate::{ComponentRecord, ComponentSummary, ComponentUsage, RemoveError, StoreError};

/// Stores a component, unless it is there.
pub(crate) fn store(connection: &Connection, component: &ComponentRecord) -> Result<(), Fault> {
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
pub(crate) fn read(
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
pub(crate) fn list(connection: &Connection) -> Result<Vec<ComponentSummary>, StoreError> {
    listed(connection, "")
}

/// Lists components that no applied definition uses, no run is pinned to, and that a later one of their name follows.
pub(crate) fn unneeded(connection: &Connection) -> Result<Vec<ComponentSummary>, StoreError> {
    let mut unneeded = Vec::new();
    let listed = listed(
        connection,
        "WHERE EXISTS (SELECT 1 FROM components AS later WHERE later.name = components.name AND later.seq > components.seq)
        AND NOT EXISTS (SELECT 1 FROM workflow_components AS used JOIN applied ON applied.workflow = used.workflow
            WHERE used.component = components.digest)",
    )?;
    for component in listed {
        if pins::of_component(connection, component.digest).map_err(store_error)?.runs == 0 {
            unneeded.push(component);
        }
    }
    Ok(unneeded)
}

fn listed(connection: &Connection, which: &str) -> Result<Vec<ComponentSummary>, StoreError> {
    let sql = format!(
        "SELECT digest, name, created_at, meta, length(bytes) FROM components {which} ORDER BY seq DESC"
    );
    all(connection, &sql, [], |row| {
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

/// Who uses a component.
pub(crate) fn usage(connection: &Connection, component: ComponentDigest) -> rusqlite::Result<ComponentUsage> {
    let sql = "SELECT workflows.digest, workflows.id FROM workflow_components
        JOIN workflows ON workflows.digest = workflow_components.workflow
        WHERE workflow_components.component = ?1 ORDER BY workflows.digest";
    let mut statement = connection.prepare_cached(sql)?;
    let workflows = statement.query_map([component.as_bytes()], |row| {
        Ok((WorkflowDigest::from_bytes(row.get(0)?), row.get(1)?))
    })?;
    let workflows = workflows.collect::<rusqlite::Result<_>>()?;
    let Pins { runs, open_runs } = pins::of_component(connection, component)?;
    Ok(ComponentUsage { workflows, open_runs, runs })
}

/// Removes a component, unless a definition that somebody needs uses it.
pub(crate) fn remove(
    connection: &Connection,
    component: ComponentDigest,
) -> Result<Result<(), RemoveError>, Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM components WHERE digest = ?1),
        EXISTS (SELECT 1 FROM workflow_components AS used JOIN applied ON applied.workflow = used.workflow
            WHERE used.component = ?1 AND applied.current = 1)";
    let mut statement = connection.prepare_cached(sql)?;
    let (is_kept, is_current): (bool, bool) =
        statement.query_row([component.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if !is_kept {
        return Ok(Err(RemoveError::NoComponent { component }));
    }
    let usage = usage(connection, component)?;
    if is_current || usage.runs > 0 {
        return Ok(Err(RemoveError::ComponentUsed { component, usage }));
    }
    connection.prepare_cached("DELETE FROM components WHERE digest = ?1")?.execute([component.as_bytes()])?;
    Ok(Ok(()))
}

fn json(row: &Row<'_>, column: usize, of: &impl std::fmt::Display) -> Result<Json, StoreError> {
    Json::stored(get::<String>(row, column)?).map_err(|error| damaged(of, error))
}
