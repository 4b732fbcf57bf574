//! Where runs wait: the table `spots`. A spot is a step of a workflow, whatever the repetition, of one tenant.

use reentry_core::id::TenantId;
use reentry_core::path::StepPath;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use crate::StoreError;
use crate::filter::{SuspensionFilter, stands_at, without_indexes};
use crate::rows::RunRow;
use crate::sqlite::fault::{Fault, store_error};
use crate::sqlite::reader::{get, text};

/// Most spots that one list is put together from. Steps of one name in more workflows are found by looking through
/// all that is open.
pub(crate) const SPOTS_MAX: usize = 256;

/// Most spots of a tenant that are looked through for those of a step.
const LOOKED_MAX: usize = 10_000;

/// The number of a spot, which it gets when a run waits there first.
pub(crate) fn of(
    connection: &Connection,
    tenant: &str,
    workflow_id: &str,
    step: &str,
) -> rusqlite::Result<i64> {
    let sql = "SELECT seq FROM spots WHERE tenant = ?1 AND workflow_id = ?2 AND step = ?3";
    let params = params![tenant, workflow_id, step];
    if let Some(seq) = connection.prepare_cached(sql)?.query_row(params, |row| row.get(0)).optional()? {
        return Ok(seq);
    }
    let sql = "INSERT INTO spots (tenant, workflow_id, step) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params)?;
    Ok(connection.last_insert_rowid())
}

/// Has what a run waits for stand in the workflow that it follows now.
pub(crate) fn follow(connection: &Connection, run: &RunRow, seq: i64) -> Result<(), Fault> {
    let open = {
        let sql = "SELECT id, path FROM suspensions WHERE run = ?1 AND ended IS NULL";
        let mut statement = connection.prepare_cached(sql)?;
        let open = statement.query_map([seq], |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get(1)?)))?;
        open.collect::<rusqlite::Result<Vec<(_, String)>>>()?
    };
    for (id, path) in open {
        let step = path.parse().map_or(path, |path: StepPath| without_indexes(&path));
        let spot = of(connection, run.tenant.as_str(), &run.workflow_id, &step)?;
        let sql = "UPDATE suspensions SET spot = ?3 WHERE run = ?1 AND id = ?2";
        connection.prepare_cached(sql)?.execute(params![seq, id, spot])?;
    }
    Ok(())
}

/// The spots at which all stands that passes a filter by workflow or step; `None` if there are too many, or there is
/// no such filter.
pub(crate) fn matching(
    connection: &Connection,
    tenant: &TenantId,
    filter: &SuspensionFilter,
) -> Result<Option<Vec<i64>>, StoreError> {
    let SuspensionFilter { workflow_id, step, .. } = filter;
    if workflow_id.is_none() && step.is_none() {
        return Ok(None);
    }
    let mut values = vec![Value::from(tenant.as_str().to_owned())];
    let mut sql = "SELECT seq, step FROM spots WHERE tenant = ?1".to_owned();
    if let Some(id) = workflow_id {
        values.push(id.clone().into());
        sql.push_str(" AND workflow_id = ?2");
    }
    let step = step.as_ref().map(any_repetition);
    let mut statement = connection.prepare_cached(&sql).map_err(store_error)?;
    let mut rows = statement.query(params_from_iter(values)).map_err(store_error)?;
    let (mut looked, mut found) = (0, Vec::new());
    while let Some(row) = rows.next().map_err(store_error)? {
        looked += 1;
        if looked > LOOKED_MAX || found.len() > SPOTS_MAX {
            return Ok(None);
        }
        let spot = text(row, 1)?.parse::<StepPath>();
        if step.as_ref().is_none_or(|step| spot.is_ok_and(|spot| stands_at(&spot, step))) {
            found.push(get(row, 0)?);
        }
    }
    Ok((found.len() <= SPOTS_MAX).then_some(found))
}

/// Forgets the spots of a workflow at which nothing waits any more.
pub(crate) fn sweep(connection: &Connection, tenant: &TenantId, workflow_id: &str) -> rusqlite::Result<()> {
    let sql = "DELETE FROM spots WHERE tenant = ?1 AND workflow_id = ?2 AND NOT EXISTS
        (SELECT 1 FROM suspensions WHERE suspensions.spot = spots.seq AND suspensions.ended IS NULL)";
    connection.prepare_cached(sql)?.execute(params![tenant.as_str(), workflow_id])?;
    Ok(())
}

fn any_repetition(step: &StepPath) -> StepPath {
    step.segments().iter().fold(StepPath::root(), |path, segment| path.child(&segment.id))
}
