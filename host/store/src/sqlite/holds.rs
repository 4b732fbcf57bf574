//! Who holds which components, and which are published: the table `component_holds`.

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::time::Timestamp;
use rusqlite::{Connection, Params, params};

use crate::columns::{column, instant};
use crate::sqlite::components;
use crate::sqlite::fault::{Fault, store_error};
use crate::sqlite::pins::{self, Pins};
use crate::sqlite::reader::{self, all, get};
use crate::{ComponentSummary, ComponentUsage, PublishedUsage, RemoveError, StoreError};

/// Has a tenant hold a component, unless it does.
pub(crate) fn store(
    connection: &Connection,
    tenant: &TenantId,
    component: ComponentDigest,
    name: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO component_holds (tenant, component, name, at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (component, tenant) DO NOTHING";
    let params = params![tenant.as_str(), component.as_bytes(), name, column(at)];
    connection.prepare_cached(sql)?.execute(params).map(drop)
}

/// Lists what a tenant may use.
pub(crate) fn list(connection: &Connection, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
    listed(connection, "TRUE", [tenant.as_str()])
}

/// A component that a tenant may use.
pub(crate) fn one(
    connection: &Connection,
    tenant: &TenantId,
    component: ComponentDigest,
) -> Result<Option<ComponentSummary>, StoreError> {
    let found = listed(connection, "holds.component = ?2", params![tenant.as_str(), component.as_bytes()])?;
    Ok(found.into_iter().next())
}

/// The component that a tenant means by a name.
pub(crate) fn named(
    connection: &Connection,
    tenant: &TenantId,
    name: &str,
) -> Result<Option<ComponentDigest>, StoreError> {
    let sql = "SELECT component FROM component_holds WHERE name = ?2 AND (tenant = ?1 OR tenant IS NULL)
        ORDER BY tenant IS NULL, seq DESC LIMIT 1";
    reader::one(connection, sql, [tenant.as_str(), name], |row| Ok(ComponentDigest::from_bytes(get(row, 0)?)))
}

/// Lists components that a tenant holds and that no definition which it has applied uses, to which none of its runs
/// is pinned, and that a later one of their name follows.
pub(crate) fn unneeded(
    connection: &Connection,
    tenant: &TenantId,
) -> Result<Vec<ComponentSummary>, StoreError> {
    let mut unneeded = Vec::new();
    let which = "holds.tenant IS NOT NULL
        AND EXISTS (SELECT 1 FROM component_holds AS later
            WHERE later.tenant = ?1 AND later.name = holds.name AND later.seq > holds.seq)
        AND NOT EXISTS (SELECT 1 FROM workflow_components AS used JOIN applied ON applied.workflow = used.workflow
            WHERE used.component = holds.component AND applied.tenant = ?1)";
    for component in listed(connection, which, [tenant.as_str()])? {
        let pins =
            pins::of_component(connection, Some(tenant.as_str()), component.digest).map_err(store_error)?;
        if pins.runs == 0 {
            unneeded.push(component);
        }
    }
    Ok(unneeded)
}

/// Lists those of the components that tenant `?1` may use of which a condition holds: the tenant's own first.
fn listed(
    connection: &Connection,
    which: &str,
    params: impl Params,
) -> Result<Vec<ComponentSummary>, StoreError> {
    let sql = format!(
        "SELECT holds.component, holds.name, holds.tenant IS NOT NULL,
            (SELECT name FROM component_holds AS published
                WHERE published.component = holds.component AND published.tenant IS NULL),
            holds.at, components.meta, length(components.bytes)
        FROM component_holds AS holds JOIN components ON components.digest = holds.component
        WHERE (holds.tenant = ?1 OR holds.tenant IS NULL AND NOT EXISTS (SELECT 1 FROM component_holds AS own
            WHERE own.component = holds.component AND own.tenant = ?1))
        AND {which} ORDER BY holds.tenant IS NULL, holds.seq DESC"
    );
    all(connection, &sql, params, |row| {
        let digest = ComponentDigest::from_bytes(get(row, 0)?);
        Ok(ComponentSummary {
            digest,
            name: get(row, 1)?,
            held: get(row, 2)?,
            published: get(row, 3)?,
            created_at: instant(get(row, 4)?)?,
            meta: components::json(row, 5, &digest)?,
            bytes: get::<i64>(row, 6)?.unsigned_abs(),
        })
    })
}

/// The first component of a definition that a tenant may not use.
pub(crate) fn missing(
    connection: &Connection,
    tenant: &TenantId,
    workflow: &WorkflowDigest,
) -> Result<Option<ComponentDigest>, StoreError> {
    let sql = "SELECT used.component FROM workflow_components AS used WHERE used.workflow = ?1
        AND NOT EXISTS (SELECT 1 FROM component_holds AS holds
            WHERE holds.component = used.component AND (holds.tenant = ?2 OR holds.tenant IS NULL))
        ORDER BY used.component LIMIT 1";
    reader::one(connection, sql, params![workflow.as_bytes(), tenant.as_str()], |row| {
        Ok(ComponentDigest::from_bytes(get(row, 0)?))
    })
}

/// Publishes a component that a tenant holds; returns whether it does.
pub(crate) fn publish(
    connection: &Connection,
    tenant: &TenantId,
    component: ComponentDigest,
    name: &str,
    at: Timestamp,
) -> Result<bool, Fault> {
    if !is_held(connection, Some(tenant), component)? {
        return Ok(false);
    }
    end(connection, None, component)?;
    let sql = "INSERT INTO component_holds (tenant, component, name, at) VALUES (NULL, ?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![component.as_bytes(), name, column(at)])?;
    Ok(true)
}

/// Ends that a component is published, unless tenants need that.
pub(crate) fn unpublish(
    connection: &Connection,
    component: ComponentDigest,
) -> Result<Result<Vec<ComponentDigest>, RemoveError>, Fault> {
    if !is_held(connection, None, component)? {
        return Ok(Err(RemoveError::NotPublished { component }));
    }
    let usage = published_usage(connection, component)?;
    if usage.tenants > 0 {
        return Ok(Err(RemoveError::PublishedUsed { component, usage }));
    }
    end(connection, None, component)?;
    Ok(Ok(sweep(connection)?))
}

/// What of a tenant's uses a component.
pub(crate) fn usage(
    connection: &Connection,
    tenant: &TenantId,
    component: ComponentDigest,
) -> rusqlite::Result<ComponentUsage> {
    let sql = "SELECT workflows.digest, workflows.id FROM workflow_components AS used
        JOIN workflows ON workflows.digest = used.workflow
        JOIN workflow_holds AS holds ON holds.workflow = used.workflow AND holds.tenant = ?2
        WHERE used.component = ?1 ORDER BY workflows.digest";
    let mut statement = connection.prepare_cached(sql)?;
    let workflows = statement.query_map(params![component.as_bytes(), tenant.as_str()], |row| {
        Ok((WorkflowDigest::from_bytes(row.get(0)?), row.get(1)?))
    })?;
    let workflows = workflows.collect::<rusqlite::Result<_>>()?;
    let Pins { runs, open_runs } = pins::of_component(connection, Some(tenant.as_str()), component)?;
    Ok(ComponentUsage { workflows, open_runs, runs })
}

/// Ends a tenant's hold on a component, unless something of its own needs it; returns what is not kept any more.
pub(crate) fn remove(
    connection: &Connection,
    tenant: &TenantId,
    component: ComponentDigest,
) -> Result<Result<Vec<ComponentDigest>, RemoveError>, Fault> {
    if !is_held(connection, Some(tenant), component)? {
        return Ok(Err(match is_held(connection, None, component)? {
            true => RemoveError::Published { component },
            false => RemoveError::NoComponent { component },
        }));
    }
    let usage = usage(connection, tenant, component)?;
    if usage.runs > 0 || current(connection, tenant.as_str(), component)? > 0 {
        return Ok(Err(RemoveError::ComponentUsed { component, usage }));
    }
    end(connection, Some(tenant), component)?;
    Ok(Ok(sweep(connection)?))
}

fn is_held(
    connection: &Connection,
    tenant: Option<&TenantId>,
    component: ComponentDigest,
) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM component_holds WHERE component = ?1 AND tenant IS ?2)";
    let params = params![component.as_bytes(), tenant.map(TenantId::as_str)];
    connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))
}

fn end(
    connection: &Connection,
    tenant: Option<&TenantId>,
    component: ComponentDigest,
) -> rusqlite::Result<()> {
    let sql = "DELETE FROM component_holds WHERE component = ?1 AND tenant IS ?2";
    let params = params![component.as_bytes(), tenant.map(TenantId::as_str)];
    connection.prepare_cached(sql)?.execute(params).map(drop)
}

/// How many definitions with a step of a component are the current version of an id for a tenant.
fn current(connection: &Connection, tenant: &str, component: ComponentDigest) -> rusqlite::Result<u64> {
    let sql =
        "SELECT count(*) FROM workflow_components AS used JOIN applied ON applied.workflow = used.workflow
        WHERE used.component = ?1 AND applied.current = 1 AND applied.tenant = ?2";
    let params = params![component.as_bytes(), tenant];
    connection.prepare_cached(sql)?.query_row(params, |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

/// What needs a component because it is published.
fn published_usage(connection: &Connection, component: ComponentDigest) -> rusqlite::Result<PublishedUsage> {
    // Each tenant that has a definition with a step of it, or a run that is pinned to one.
    let sql = "WITH used (workflow) AS (SELECT workflow FROM workflow_components WHERE component = ?1),
        tenants (tenant) AS (
            SELECT tenant FROM applied WHERE current = 1 AND workflow IN used
            UNION SELECT tenant FROM runs WHERE workflow IN used
            UNION SELECT runs.tenant FROM savepoints JOIN runs ON runs.seq = savepoints.run
                WHERE savepoints.workflow IN used
            UNION SELECT runs.tenant FROM called_workflows AS called JOIN runs ON runs.seq = called.run
                WHERE called.workflow IN used
        )
        SELECT tenant FROM tenants WHERE NOT EXISTS (SELECT 1 FROM component_holds AS own
            WHERE own.component = ?1 AND own.tenant = tenants.tenant)";
    let mut statement = connection.prepare_cached(sql)?;
    let tenants = statement.query_map([component.as_bytes()], |row| row.get::<_, String>(0))?;
    let mut usage = PublishedUsage::default();
    for tenant in tenants {
        let tenant = tenant?;
        let Pins { runs, open_runs } = pins::of_component(connection, Some(&tenant), component)?;
        usage.tenants += 1;
        usage.current += current(connection, &tenant, component)?;
        usage.runs += runs;
        usage.open_runs += open_runs;
    }
    Ok(usage)
}

/// Lets go of components that no tenant holds, that are not published, and to which no kept run is pinned.
pub(crate) fn sweep(connection: &Connection) -> rusqlite::Result<Vec<ComponentDigest>> {
    let sql = "SELECT digest FROM components WHERE digest NOT IN (SELECT component FROM component_holds)";
    let mut statement = connection.prepare_cached(sql)?;
    let unheld = statement.query_map([], |row| Ok(ComponentDigest::from_bytes(row.get(0)?)))?;
    let unheld = unheld.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut gone = Vec::new();
    for component in unheld {
        if pins::of_component(connection, None, component)?.runs == 0 {
            components::delete(connection, component)?;
            gone.push(component);
        }
    }
    Ok(gone)
}
