//! Lists of runs, and how many there are.

use std::ops::ControlFlow;

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{RunId, TenantId};
use reentry_core::run::RunStatus;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use crate::codes::{status_code, status_of};
use crate::columns::{column, instant};
use crate::counts::Tally;
use crate::filter::{LOOKED_MAX, SuspensionFilter};
use crate::query::{no_such_place, page_rows, place};
use crate::sqlite::fault::store_error;
use crate::sqlite::keys::FEW;
use crate::sqlite::reader::{get, one};
use crate::sqlite::waits::{self, End};
use crate::{Counts, Page, RunFilter, RunGroups, RunSummary, StoreError};

const SUMMARY: &str = "id, workflow_id, workflow, status, resource_id, created_at, updated_at";

/// An index by which runs are found. All are in the order in which runs were created.
enum Source<'f> {
    All,
    Status(RunStatus),
    Workflow(&'f str),
    Resource(&'f str),
}

/// Lists runs of a tenant.
pub(crate) fn list(
    connection: &Connection,
    tenant: &TenantId,
    filter: &RunFilter,
) -> Result<Page<RunSummary>, StoreError> {
    let wanted = page_rows(filter.limit);
    let (mut rows, mut last) = (Vec::new(), None);
    let end = walk(connection, tenant, filter, |run, place| {
        // One more tells whether there is a next page.
        if rows.len() == wanted {
            return ControlFlow::Break(());
        }
        rows.push(run);
        last = Some(place);
        ControlFlow::Continue(())
    })?;
    Ok(Page { rows, next: end.next(|| last) })
}

/// Counts runs of a tenant.
pub(crate) fn count(
    connection: &Connection,
    tenant: &TenantId,
    filter: &RunFilter,
    by: Option<RunGroups>,
) -> Result<Counts, StoreError> {
    let mut tally = Tally::default();
    let end = walk(connection, tenant, filter, |run, _| {
        tally.add_run(&run, by);
        ControlFlow::Continue(())
    })?;
    Ok(tally.counts(end.leaves_more()))
}

/// Goes along the runs that pass a filter, in the order of their list. Places are as callers are told them.
fn walk(
    connection: &Connection,
    tenant: &TenantId,
    filter: &RunFilter,
    visit: impl FnMut(RunSummary, String) -> ControlFlow<()>,
) -> Result<End<String>, StoreError> {
    filter.check()?;
    match filter.waits() {
        Some(waits) => by_waits(connection, tenant, filter, &waits, visit),
        None => by_creation(connection, tenant, filter, visit),
    }
}

/// Goes along the waits of runs; each run stands where the first of its waits does.
fn by_waits(
    connection: &Connection,
    tenant: &TenantId,
    filter: &RunFilter,
    waits: &SuspensionFilter,
    mut visit: impl FnMut(RunSummary, String) -> ControlFlow<()>,
) -> Result<End<String>, StoreError> {
    let end = waits::walk(connection, tenant, waits, |found, looked| {
        let sql = format!("SELECT {SUMMARY} FROM runs WHERE seq = ?1");
        let run = one(connection, &sql, params![found.run], summary)?;
        let Some(run) = run.filter(|run| filter.fits(run)) else { return Ok(true) };
        if !waits::is_first_of_run(connection, waits, &found, looked)? {
            return Ok(true);
        }
        Ok(visit(run, waits.told(found.place)).is_continue())
    })?;
    Ok(end.map(|place| waits.told(place)))
}

fn by_creation(
    connection: &Connection,
    tenant: &TenantId,
    filter: &RunFilter,
    mut visit: impl FnMut(RunSummary, String) -> ControlFlow<()>,
) -> Result<End<String>, StoreError> {
    let (sql, values) = question(connection, tenant, filter)?;
    let mut statement = connection.prepare_cached(&sql).map_err(store_error)?;
    let mut rows = statement.query(params_from_iter(values)).map_err(store_error)?;
    let (mut looked, mut last) = (0, None);
    while let Some(row) = rows.next().map_err(store_error)? {
        if let Some(last) = last.filter(|_| looked >= LOOKED_MAX) {
            return Ok(End::Bound(RunId::to_string(&last)));
        }
        let run = summary(row)?;
        (looked, last) = (looked + 1, Some(run.id));
        let place = run.id.to_string();
        if filter.fits(&run) && visit(run, place).is_break() {
            return Ok(End::Enough);
        }
    }
    Ok(End::Reached)
}

/// What is asked for the runs of a list, in its order, from where the page begins.
pub(crate) fn question(
    connection: &Connection,
    tenant: &TenantId,
    filter: &RunFilter,
) -> Result<(String, Vec<Value>), StoreError> {
    let after = match place::<RunId>(filter.after.as_deref())? {
        None => None,
        Some(id) => Some(place_of(connection, tenant, id)?.ok_or_else(|| no_such_place(id))?),
    };
    let source = choose(connection, tenant, filter)?;
    let (condition, mut values) = source.condition(tenant);
    let (first, last) = span(filter);
    let (begin, beyond, within, end, order) = match filter.oldest_first {
        true => (after.map_or((first, -1), |after| after.max((first, -1))), ">", "<=", last, "ASC"),
        false => {
            (after.map_or((last, i64::MAX), |after| after.min((last, i64::MAX))), "<", ">=", first, "DESC")
        }
    };
    let number = values.len();
    values.extend([begin.0, begin.1, end].map(Value::from));
    let sql = format!(
        "SELECT {SUMMARY} FROM {condition} AND (created_at, seq) {beyond} (?{}, ?{}) AND created_at {within} ?{}
        ORDER BY created_at {order}, seq {order}",
        number + 1,
        number + 2,
        number + 3
    );
    Ok((sql, values))
}

/// The first and the last instant at which runs that pass a filter were created.
fn span(filter: &RunFilter) -> (i64, i64) {
    let first = filter.created_from.map_or(0, column);
    (first, filter.created_before.map_or(i64::MAX, |before| column(before).saturating_sub(1)))
}

/// The index by which a list is read: of those that fit the filter the one with the fewest rows, as far as [`FEW`] of
/// them tell.
fn choose<'f>(
    connection: &Connection,
    tenant: &TenantId,
    filter: &'f RunFilter,
) -> Result<Source<'f>, StoreError> {
    let mut sources: Vec<Source<'f>> = Vec::new();
    sources.extend(filter.resource_id.as_deref().map(Source::Resource));
    sources.extend(filter.workflow_id.as_deref().map(Source::Workflow));
    sources.extend(filter.status.map(Source::Status));
    let Some(mut best) = sources.pop() else { return Ok(Source::All) };
    if !sources.is_empty() {
        let mut least = best.size(connection, tenant, filter)?;
        while let Some(source) = sources.pop() {
            let size = source.size(connection, tenant, filter)?;
            if size <= least {
                (least, best) = (size, source);
            }
        }
    }
    Ok(best)
}

impl Source<'_> {
    /// The index and what is asked of it, as SQL, and the values that the text names.
    fn condition(&self, tenant: &TenantId) -> (&'static str, Vec<Value>) {
        let tenant = Value::from(tenant.as_str().to_owned());
        match self {
            Self::All => ("runs INDEXED BY runs_of_tenant WHERE tenant = ?1", vec![tenant]),
            Self::Status(status) => (
                "runs INDEXED BY runs_by_status WHERE tenant = ?1 AND status = ?2",
                vec![tenant, status_code(*status).into()],
            ),
            Self::Workflow(id) => (
                "runs INDEXED BY runs_by_workflow WHERE tenant = ?1 AND workflow_id = ?2",
                vec![tenant, Value::from((*id).to_owned())],
            ),
            Self::Resource(id) => (
                "runs INDEXED BY runs_by_resource WHERE tenant = ?1 AND resource_id = ?2",
                vec![tenant, Value::from((*id).to_owned())],
            ),
        }
    }

    /// How many rows there are within the filter's span of time, up to one more than [`FEW`].
    fn size(
        &self,
        connection: &Connection,
        tenant: &TenantId,
        filter: &RunFilter,
    ) -> Result<i64, StoreError> {
        let (condition, mut values) = self.condition(tenant);
        let number = values.len();
        let (first, last) = span(filter);
        values.extend([first, last].map(Value::from));
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {condition} AND created_at BETWEEN ?{} AND ?{} LIMIT {})",
            number + 1,
            number + 2,
            FEW + 1
        );
        Ok(one(connection, &sql, params_from_iter(values), |row| get(row, 0))?.unwrap_or_default())
    }
}

/// Where a run stands in lists.
fn place_of(connection: &Connection, tenant: &TenantId, id: RunId) -> Result<Option<(i64, i64)>, StoreError> {
    let sql = "SELECT created_at, seq FROM runs WHERE id = ?1 AND tenant = ?2";
    one(connection, sql, params![id.as_bytes(), tenant.as_str()], |row| Ok((get(row, 0)?, get(row, 1)?)))
}

fn summary(row: &Row<'_>) -> Result<RunSummary, StoreError> {
    Ok(RunSummary {
        id: RunId::from_bytes(get(row, 0)?),
        workflow_id: get(row, 1)?,
        workflow: WorkflowDigest::from_bytes(get(row, 2)?),
        status: status_of(get(row, 3)?)?,
        resource_id: get(row, 4)?,
        created_at: instant(get(row, 5)?)?,
        updated_at: instant(get(row, 6)?)?,
    })
}
