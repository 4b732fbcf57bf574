//! Suspensions: the table `suspensions`. It is what claims are decided on, and what inboxes list.

use reentry_core::id::{SuspensionId, TenantId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::codes::end_code;
use crate::counts::Tally;
use crate::query::page_rows;
use crate::rows::{CommitRows, SuspensionRow, decode_step};
use crate::sqlite::names::Names;
use crate::sqlite::reader::{bytes, bytes_or_null, one};
use crate::sqlite::waits::{self, End, Found};
use crate::sqlite::writer::Fault;
use crate::sqlite::{spots, steps};
use crate::{
    CommitError, Counts, Page, StoreError, SuspensionEnd, SuspensionFilter, SuspensionGroups,
    SuspensionRecord,
};

/// Stores a suspension that begins.
pub(crate) fn open(
    connection: &Connection,
    rows: &CommitRows,
    run: i64,
    suspension: &SuspensionRow,
) -> Result<(), Fault> {
    let tenant = rows.run.tenant.as_str();
    let spot = spots::of(connection, tenant, &rows.run.workflow_id, &suspension.step)?;
    let sql = "INSERT INTO suspensions
        (id, tenant, run, path, labels, takes_answer, since, due_at, event, event_key, spot, assignees)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let (event, key) = suspension.event.as_ref().map(|(name, key)| (name, key.as_ref())).unzip();
    connection.prepare_cached(sql)?.execute(params![
        suspension.id.as_bytes(),
        tenant,
        run,
        suspension.path,
        suspension.labels,
        suspension.takes_answer,
        suspension.since,
        suspension.due_at,
        event,
        key.flatten(),
        spot,
        suspension.assignees,
    ])?;
    let bytes = |names: &Option<String>| names.clone().map(String::into_bytes);
    let names = Names { labels: bytes(&suspension.labels), assignees: bytes(&suspension.assignees) };
    Ok(names.keep(connection, tenant, run, suspension.id)?)
}

/// Ends a suspension, which only one commit ever can.
pub(crate) fn close(
    connection: &Connection,
    rows: &CommitRows,
    run: i64,
    suspension: SuspensionId,
    end: SuspensionEnd,
) -> Result<(), Fault> {
    let sql = "UPDATE suspensions SET ended = ?3, ended_at = ?4 WHERE run = ?2 AND id = ?1 AND ended IS NULL
        RETURNING labels, assignees";
    let params = params![suspension.as_bytes(), run, end_code(end), rows.run.updated_at];
    match connection.prepare_cached(sql)?.query_row(params, Names::read).optional()? {
        Some(names) => Ok(names.forget(connection, rows.run.tenant.as_str(), suspension)?),
        None => Err(Fault::Refused(CommitError::SuspensionTaken { run: rows.run.id, suspension })),
    }
}

/// Opens a suspension again that an answer ended, as it was.
pub(crate) fn reopen(
    connection: &Connection,
    rows: &CommitRows,
    run: i64,
    suspension: SuspensionId,
) -> Result<(), Fault> {
    let sql = "UPDATE suspensions SET ended = NULL, ended_at = NULL WHERE run = ?2 AND id = ?1 AND ended = ?3
        RETURNING labels, assignees";
    let params = params![suspension.as_bytes(), run, end_code(SuspensionEnd::Answered)];
    match connection.prepare_cached(sql)?.query_row(params, Names::read).optional()? {
        Some(names) => Ok(names.keep(connection, rows.run.tenant.as_str(), run, suspension)?),
        None => Err(Fault::Refused(CommitError::NotAnswered { run: rows.run.id, suspension })),
    }
}

/// Lists suspensions of a tenant.
pub(crate) fn list(
    connection: &Connection,
    tenant: &TenantId,
    filter: &SuspensionFilter,
) -> Result<Page<SuspensionRecord>, StoreError> {
    let wanted = page_rows(filter.limit);
    let mut records = Vec::new();
    let end = waits::walk(connection, tenant, filter, |found, _| {
        // One more tells whether there is a next page.
        let is_more = records.len() == wanted;
        if !is_more {
            records.push(with_step(connection, found)?);
        }
        Ok(!is_more)
    })?;
    let last = || records.last().map(|record| filter.place_of(record));
    let next = match end {
        End::Reached => None,
        End::Enough => last(),
        End::Bound(place) => Some(place),
    };
    Ok(Page { next: next.map(|place| filter.told(place)), rows: records })
}

/// Counts suspensions of a tenant.
pub(crate) fn count(
    connection: &Connection,
    tenant: &TenantId,
    filter: &SuspensionFilter,
    by: Option<SuspensionGroups>,
) -> Result<Counts, StoreError> {
    let mut tally = Tally::default();
    let end = waits::walk(connection, tenant, filter, |found, _| {
        tally.add_wait(&found.wait, by);
        Ok(true)
    })?;
    Ok(tally.counts(!matches!(end, End::Reached)))
}

/// A suspension with the record of its step, if it is open.
fn with_step(connection: &Connection, found: Found) -> Result<SuspensionRecord, StoreError> {
    let mut record = found.wait.record;
    if record.state.ended.is_some() {
        return Ok(record);
    }
    let path = record.path.to_string();
    let sql = "SELECT record, payload, part FROM steps WHERE run = ?1 AND path = ?2";
    let step = one(connection, sql, params![found.run, path], |row| {
        let (text, payload) = (bytes(row, 0)?, bytes_or_null(row, 1)?);
        decode_step(record.run, &path, text, payload, steps::part(row, 2)?)
    });
    match step {
        Ok(step) => record.step = step.map(|(_, step)| step),
        // What cannot be read does not hide the others.
        Err(error) => record.damage = Some(error.to_string()),
    }
    Ok(record)
}

/// Forgets the names of what is open in a run that is deleted.
pub(crate) fn forget_names(connection: &Connection, run: i64) -> rusqlite::Result<()> {
    let sql = "SELECT tenant, id, labels, assignees FROM suspensions
        WHERE run = ?1 AND ended IS NULL AND (labels IS NOT NULL OR assignees IS NOT NULL)";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([run])?;
    while let Some(row) = rows.next()? {
        let (tenant, id): (String, [u8; 16]) = (row.get("tenant")?, row.get("id")?);
        Names::read(row)?.forget(connection, &tenant, SuspensionId::from_bytes(id))?;
    }
    Ok(())
}
