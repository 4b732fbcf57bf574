//! Runs: the table `runs`, and what one commit does to all tables of a run.

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{RunId, TenantId};
use reentry_core::run::Run;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::codes::{status_code, status_of};
use crate::query::{no_such_place, page, page_rows, place};
use crate::rows::{CommitRows, decode_run, decode_step, instant};
use crate::sqlite::reader::{all, bytes, bytes_or_null, get, one, text};
use crate::sqlite::steps::PAYLOAD;
use crate::sqlite::writer::Fault;
use crate::sqlite::{images, steps, suspensions};
use crate::{CommitError, Page, RunFilter, RunSummary, StoreError};

/// Stores a commit. When it is refused, part of it may be written: the caller undoes that.
pub(crate) fn store(connection: &Connection, rows: &CommitRows) -> Result<(), Fault> {
    let seq = match claim_version(connection, rows)? {
        Some(seq) => update(connection, rows, seq)?,
        None => insert(connection, rows)?,
    };
    for (suspension, end) in &rows.closed {
        suspensions::close(connection, rows, seq, *suspension, *end)?;
    }
    for step in &rows.steps {
        steps::store(connection, seq, step)?;
    }
    for suspension in &rows.opened {
        suspensions::open(connection, rows, seq, suspension)?;
    }
    images::store(connection, rows)
}

/// Checks that the run is at the version that the commit builds on; returns its number if it exists.
fn claim_version(connection: &Connection, rows: &CommitRows) -> Result<Option<i64>, Fault> {
    let sql = "SELECT seq, version, tenant = ?2 FROM runs WHERE id = ?1";
    let run = connection
        .prepare_cached(sql)?
        .query_row(params![rows.run.id.as_bytes(), rows.run.tenant.as_str()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?))
        })
        .optional()?;
    match (run, rows.expected) {
        (None, None) => Ok(None),
        (Some((seq, version, true)), Some(expected)) if version == expected => Ok(Some(seq)),
        (found, expected) => {
            let version = |stored: i64| u64::try_from(stored).ok();
            // A tenant is not told about the runs of another.
            let found = found.filter(|(_, _, mine)| *mine).and_then(|(_, found, _)| version(found));
            let conflict = CommitError::VersionConflict {
                run: rows.run.id,
                expected: expected.and_then(version),
                found,
            };
            Err(Fault::Refused(conflict))
        }
    }
}

fn insert(connection: &Connection, rows: &CommitRows) -> Result<i64, Fault> {
    let run = &rows.run;
    let sql = "INSERT INTO runs
        (id, tenant, workflow, workflow_id, resource_id, status, version, created_at, updated_at, head)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    connection.prepare_cached(sql)?.execute(params![
        run.id.as_bytes(),
        run.tenant.as_str(),
        run.workflow.as_bytes(),
        run.workflow_id,
        run.resource_id,
        status_code(run.status),
        run.version,
        run.created_at,
        run.updated_at,
        run.head,
    ])?;
    Ok(connection.last_insert_rowid())
}

fn update(connection: &Connection, rows: &CommitRows, seq: i64) -> Result<i64, Fault> {
    let run = &rows.run;
    let sql = "UPDATE runs SET workflow = ?2, workflow_id = ?3, resource_id = ?4, status = ?5, version = ?6,
        created_at = ?7, updated_at = ?8, head = ?9 WHERE seq = ?1";
    connection.prepare_cached(sql)?.execute(params![
        seq,
        run.workflow.as_bytes(),
        run.workflow_id,
        run.resource_id,
        status_code(run.status),
        run.version,
        run.created_at,
        run.updated_at,
        run.head,
    ])?;
    Ok(seq)
}

/// Reads a run and its steps that are not done. One statement, so that head and steps are of one version.
pub(crate) fn read(connection: &Connection, tenant: &TenantId, id: RunId) -> Result<Option<Run>, StoreError> {
    let sql = format!(
        "SELECT runs.head, steps.path, steps.record, {PAYLOAD} FROM runs
        LEFT JOIN steps ON steps.run = runs.seq AND steps.active = 1
        WHERE runs.id = ?1 AND runs.tenant = ?2"
    );
    let mut found: Option<Run> = None;
    all(connection, &sql, params![id.as_bytes(), tenant.as_str()], |row| {
        let run = match &mut found {
            Some(run) => run,
            None => found.insert(decode_run(id, tenant, bytes(row, 0)?)?),
        };
        if let Some(record) = bytes_or_null(row, 2)? {
            let (path, step) = decode_step(id, text(row, 1)?, record, bytes_or_null(row, 3)?)?;
            run.steps.insert(path, step);
        }
        Ok(())
    })?;
    Ok(found)
}

const SUMMARY: &str = "id, workflow_id, workflow, status, resource_id, created_at, updated_at";

/// Lists runs of a tenant.
pub(crate) fn list(
    connection: &Connection,
    tenant: &TenantId,
    filter: &RunFilter,
) -> Result<Page<RunSummary>, StoreError> {
    let wanted = page_rows(filter.limit);
    let before = match place::<RunId>(filter.after.as_deref())? {
        None => i64::MAX,
        Some(id) => seq_of(connection, tenant, id)?.ok_or_else(|| no_such_place(id))?,
    };
    let by_status = if filter.status.is_some() { "AND status = ?6" } else { "AND ?6 IS NULL" };
    let sql = format!(
        "SELECT {SUMMARY} FROM runs WHERE tenant = ?1 AND seq < ?2
        AND (?3 IS NULL OR workflow_id = ?3) AND (?4 IS NULL OR resource_id = ?4) {by_status}
        ORDER BY seq DESC LIMIT ?5"
    );
    let params = params![
        tenant.as_str(),
        before,
        filter.workflow_id,
        filter.resource_id,
        one_more(wanted),
        filter.status.map(status_code),
    ];
    let rows = all(connection, &sql, params, summary)?;
    Ok(page(rows, wanted, |row| row.id.to_string()))
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

/// The number of a run in this file.
pub(crate) fn seq_of(
    connection: &Connection,
    tenant: &TenantId,
    id: RunId,
) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT seq FROM runs WHERE id = ?1 AND tenant = ?2";
    one(connection, sql, params![id.as_bytes(), tenant.as_str()], |row| get(row, 0))
}

/// Rows to ask for: one more than wanted tells whether there is a next page.
pub(crate) fn one_more(wanted: usize) -> i64 {
    i64::try_from(wanted).map_or(i64::MAX, |wanted| wanted.saturating_add(1))
}

/// Reads the tenant and the id of a run from two columns.
pub(crate) fn run_key(row: &Row<'_>, first: usize) -> Result<(TenantId, RunId), StoreError> {
    let tenant = TenantId::new(get::<String>(row, first)?);
    let tenant = tenant.map_err(|error| crate::rows::damaged("tenant", error))?;
    Ok((tenant, RunId::from_bytes(get(row, first + 1)?)))
}
