//! Suspensions: the table `suspensions`. It is what claims are decided on, and what inboxes list.

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{RunId, SuspensionId, TenantId};
use rusqlite::{Connection, Row, params};

use crate::codes::{end_code, end_of};
use crate::query::{page, page_rows, place};
use crate::rows::{CommitRows, SuspensionRow, as_far_as_read, damaged, decode_labels, decode_step, instant};
use crate::sqlite::fault::store_error;
use crate::sqlite::reader::{bytes_or_null, get, text};
use crate::sqlite::steps;
use crate::sqlite::writer::Fault;
use crate::{
    CommitError, Page, StoreError, SuspensionEnd, SuspensionFilter, SuspensionRecord, SuspensionState,
};

/// Stores a suspension that begins.
pub(crate) fn open(
    connection: &Connection,
    rows: &CommitRows,
    run: i64,
    suspension: &SuspensionRow,
) -> Result<(), Fault> {
    let sql = "INSERT INTO suspensions
        (id, tenant, run, path, labels, takes_answer, since, due_at, event, event_key)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let (event, key) = suspension.event.as_ref().map(|(name, key)| (name, key.as_ref())).unzip();
    connection.prepare_cached(sql)?.execute(params![
        suspension.id.as_bytes(),
        rows.run.tenant.as_str(),
        run,
        suspension.path,
        suspension.labels,
        suspension.takes_answer,
        suspension.since,
        suspension.due_at,
        event,
        key.flatten(),
    ])?;
    Ok(())
}

/// Ends a suspension, which only one commit ever can.
pub(crate) fn close(
    connection: &Connection,
    rows: &CommitRows,
    run: i64,
    suspension: SuspensionId,
    end: SuspensionEnd,
) -> Result<(), Fault> {
    let sql = "UPDATE suspensions SET ended = ?3, ended_at = ?4 WHERE run = ?2 AND id = ?1 AND ended IS NULL";
    let params = params![suspension.as_bytes(), run, end_code(end), rows.run.updated_at];
    if connection.prepare_cached(sql)?.execute(params)? == 1 {
        Ok(())
    } else {
        Err(Fault::Refused(CommitError::SuspensionTaken { run: rows.run.id, suspension }))
    }
}

/// Opens a suspension again that an answer ended, as it was.
pub(crate) fn reopen(
    connection: &Connection,
    rows: &CommitRows,
    run: i64,
    suspension: SuspensionId,
) -> Result<(), Fault> {
    let sql =
        "UPDATE suspensions SET ended = NULL, ended_at = NULL WHERE run = ?2 AND id = ?1 AND ended = ?3";
    let params = params![suspension.as_bytes(), run, end_code(SuspensionEnd::Answered)];
    if connection.prepare_cached(sql)?.execute(params)? == 1 {
        Ok(())
    } else {
        Err(Fault::Refused(CommitError::NotAnswered { run: rows.run.id, suspension }))
    }
}

const COLUMNS: &str = " suspensions.id, runs.id, runs.workflow_id, runs.workflow, suspensions.path,
    suspensions.labels, suspensions.since, suspensions.due_at, suspensions.ended, suspensions.ended_at, steps.record,
    steps.payload, steps.part";

const FROM: &str = "FROM suspensions JOIN runs ON runs.seq = suspensions.run
    LEFT JOIN steps ON suspensions.ended IS NULL AND steps.run = suspensions.run AND steps.path = suspensions.path
    WHERE suspensions.tenant = ?1 AND (?3 OR suspensions.takes_answer)";

/// Lists suspensions of a tenant.
pub(crate) fn list(
    connection: &Connection,
    tenant: &TenantId,
    filter: &SuspensionFilter,
) -> Result<Page<SuspensionRecord>, StoreError> {
    filter.check()?;
    let wanted = page_rows(filter.limit);
    // Ids sort by time, and none is as low or as high as these.
    let (beyond, order, end) = if filter.latest_first { ("<", "DESC", 0xff) } else { (">", "ASC", 0) };
    let after =
        place::<SuspensionId>(filter.after.as_deref())?.unwrap_or(SuspensionId::from_bytes([end; 16]));
    let of_run = if filter.run.is_some() {
        "AND suspensions.run = (SELECT seq FROM runs WHERE id = ?4)"
    } else {
        "AND ?4 IS NULL"
    };
    let open = if filter.with_ended { "" } else { "AND suspensions.ended IS NULL" };
    let sql = format!(
        "SELECT {COLUMNS} {FROM} AND suspensions.id {beyond} ?2 {of_run} {open} ORDER BY suspensions.id {order}"
    );
    let run = filter.run.as_ref().map(RunId::as_bytes);

    let mut statement = connection.prepare_cached(&sql).map_err(store_error)?;
    let params = params![tenant.as_str(), after.as_bytes(), filter.with_timers, run];
    let mut rows = statement.query(params).map_err(store_error)?;
    let mut records = Vec::new();
    while records.len() <= wanted
        && let Some(row) = rows.next().map_err(store_error)?
    {
        let record = record(row)?;
        if filter.label.as_ref().is_none_or(|label| record.labels.contains(label)) {
            records.push(record);
        }
    }
    Ok(page(records, wanted, |record| record.id.to_string()))
}

fn record(row: &Row<'_>) -> Result<SuspensionRecord, StoreError> {
    let id = SuspensionId::from_bytes(get(row, 0)?);
    let run = RunId::from_bytes(get(row, 1)?);
    let path = text(row, 4)?;
    let ended = match (get::<Option<i64>>(row, 8)?, get::<Option<i64>>(row, 9)?) {
        (Some(end), Some(at)) => Some((end_of(end)?, instant(at)?)),
        _ => None,
    };
    let step = bytes_or_null(row, 10)?;
    let payload = bytes_or_null(row, 11)?;
    let part = steps::part(row, 12)?;
    let step = step.map(|record| decode_step(run, path, record, payload, part)).transpose();
    let (step, labels, damage) = as_far_as_read(step, decode_labels(id, bytes_or_null(row, 5)?));
    Ok(SuspensionRecord {
        id,
        run,
        workflow_id: get(row, 2)?,
        workflow: WorkflowDigest::from_bytes(get(row, 3)?),
        path: path.parse().map_err(|error| damaged(format_args!("path of {id}"), error))?,
        labels,
        since: instant(get(row, 6)?)?,
        due_at: get::<Option<i64>>(row, 7)?.map(instant).transpose()?,
        state: SuspensionState { ended },
        step: step.map(|(_, step)| step),
        damage,
    })
}
