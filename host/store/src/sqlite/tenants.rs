//! What there is of each tenant, over all tables that name one.

use std::collections::BTreeMap;

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use rusqlite::{Connection, params};

use crate::codes::{OPEN, tenant_state_of};
use crate::sqlite::fault::Fault;
use crate::sqlite::reader::{all, get};
use crate::sqlite::run_key::tenant_of;
use crate::sqlite::{holds, workflows};
use crate::{RemoveError, StoreError, TenantSummary};

/// Lists the tenants that were added or of which anything is kept, by name.
pub(crate) fn list(connection: &Connection) -> Result<Vec<TenantSummary>, StoreError> {
    let sql = format!(
        "SELECT tenant, 0, count(*) FROM runs GROUP BY tenant
        UNION ALL SELECT tenant, 1, count(*) FROM runs WHERE status IN {OPEN} GROUP BY tenant
        UNION ALL SELECT tenant, 2, count(*) FROM component_holds WHERE tenant IS NOT NULL GROUP BY tenant
        UNION ALL SELECT tenant, 3, count(*) FROM workflow_holds GROUP BY tenant
        UNION ALL SELECT tenant, 4, count(*) FROM messages GROUP BY tenant
        UNION ALL SELECT tenant, 5, state FROM tenants"
    );
    let mut tenants = BTreeMap::new();
    all(connection, &sql, [], |row| {
        let tenant = tenant_of(row, 0)?;
        let found = tenants.entry(tenant.clone()).or_insert_with(|| TenantSummary::of(tenant));
        let count = get::<i64>(row, 2)?.unsigned_abs();
        match get::<i64>(row, 1)? {
            0 => found.runs = count,
            1 => found.open_runs = count,
            2 => found.components = count,
            3 => found.workflows = count,
            4 => found.messages = count,
            _ => found.state = tenant_state_of(get(row, 2)?)?,
        }
        Ok(())
    })?;
    Ok(tenants.into_values().collect())
}

/// Drops all that is kept of a tenant, unless it has runs; returns the components that are not kept any more.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
) -> Result<Result<Vec<ComponentDigest>, RemoveError>, Fault> {
    let sql = format!("SELECT count(*), coalesce(sum(status IN {OPEN}), 0) FROM runs WHERE tenant = ?1");
    let (runs, open_runs): (i64, i64) = connection
        .prepare_cached(&sql)?
        .query_row([tenant.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if runs > 0 {
        let (tenant, runs, open_runs) = (tenant.clone(), runs.unsigned_abs(), open_runs.unsigned_abs());
        return Ok(Err(RemoveError::TenantUsed { tenant, runs, open_runs }));
    }
    let held = {
        let mut statement =
            connection.prepare_cached("SELECT workflow FROM workflow_holds WHERE tenant = ?1")?;
        let held =
            statement.query_map([tenant.as_str()], |row| Ok(WorkflowDigest::from_bytes(row.get(0)?)))?;
        held.collect::<rusqlite::Result<Vec<_>>>()?
    };
    for table in ["applied", "workflow_holds", "component_holds", "messages", "requests", "spots", "tenants"]
    {
        let sql = format!("DELETE FROM {table} WHERE tenant = ?1");
        connection.prepare_cached(&sql)?.execute(params![tenant.as_str()])?;
    }
    for workflow in held {
        workflows::sweep(connection, workflow)?;
    }
    Ok(Ok(holds::sweep(connection)?))
}
