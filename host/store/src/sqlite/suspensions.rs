//! Suspensions: the table `suspensions`. It is what claims are decided on, and what inboxes list.

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{RunId, SnapshotId, SuspensionId, TenantId};
use reentry_core::json::Json;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::codes::{end_code, end_of};
use crate::query::{page, page_rows, place};
use crate::rows::{
    ClosedRow, CommitRows, Payload, ReopenedRow, SuspensionRow, as_far_as_read, count, damaged,
    decode_labels, decode_step, instant,
};
use crate::sqlite::fault::store_error;
use crate::sqlite::reader::{bytes_or_null, get, text};
use crate::sqlite::writer::Fault;
use crate::sqlite::{images, steps, tries};
use crate::{
    CommitError, Page, StoreError, SuspensionEnd, SuspensionFilter, SuspensionPast, SuspensionRecord,
    SuspensionState,
};

/// Stores a suspension that begins.
pub(crate) fn open(
    connection: &Connection,
    rows: &CommitRows,
    run: i64,
    suspension: &SuspensionRow,
) -> Result<(), Fault> {
    let sql = "INSERT INTO suspensions
        (id, tenant, run, path, labels, takes_answer, since, due_at, event, event_key, version, continues)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
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
        suspension.version,
        suspension.continues.as_ref().map(SuspensionId::as_bytes),
    ])?;
    Ok(())
}

/// Ends a suspension, which only one commit ever can. Returns how many bytes the texts took that are kept apart.
pub(crate) fn close(
    connection: &Connection,
    rows: &CommitRows,
    run: i64,
    closed: &ClosedRow,
) -> Result<usize, Fault> {
    let sql = "UPDATE suspensions SET ended = ?3, ended_at = ?4, ended_version = ?5, actor = ?6, asserted = ?7, via = ?8,
        channel = ?9, comment = ?10, question = ?11, question_part = ?12, answer = ?13, answer_part = ?14
        WHERE run = ?2 AND id = ?1 AND ended IS NULL";
    let actor = closed.by.actor.as_ref();
    let ended = connection.prepare_cached(sql)?.execute(params![
        closed.id.as_bytes(),
        run,
        end_code(closed.end),
        rows.run.updated_at,
        rows.run.version,
        actor.map(|actor| &actor.name),
        actor.map(|actor| actor.asserted),
        actor.map(|actor| &actor.via),
        closed.by.channel,
        closed.by.comment,
        here(closed.question.as_ref()),
        apart(closed.question.as_ref()),
        here(closed.answer.as_ref()),
        apart(closed.answer.as_ref()),
    ])?;
    if ended != 1 {
        return Err(Fault::Refused(CommitError::SuspensionTaken { run: rows.run.id, suspension: closed.id }));
    }
    let mut bytes = 0;
    for text in closed.texts() {
        if let Payload::Apart(part, Some(text)) = text {
            bytes += images::keep_part(connection, *part, text.text().as_bytes())?;
        }
    }
    Ok(bytes)
}

/// A text, if it is kept in the row.
fn here(text: Option<&Payload>) -> Option<&str> {
    text.filter(|text| text.part().is_none()).and_then(Payload::text)
}

/// Where it is kept otherwise.
fn apart(text: Option<&Payload>) -> Option<[u8; 16]> {
    text.and_then(Payload::part).map(|part| *part.as_bytes())
}

/// Opens a suspension again that an answer ended, as it was; that answer is one of its tries from then on. Adds to `left` the places of texts
/// that it needs no more.
pub(crate) fn reopen(
    connection: &Connection,
    rows: &CommitRows,
    run: i64,
    reopened: &ReopenedRow,
    left: &mut Vec<SnapshotId>,
) -> Result<(), Fault> {
    let (suspension, answered) = (reopened.id, end_code(SuspensionEnd::Answered));
    let sql = "SELECT question_part, answer_part FROM suspensions WHERE run = ?2 AND id = ?1 AND ended = ?3";
    let params = params![suspension.as_bytes(), run, answered];
    let parts = connection.prepare_cached(sql)?.query_row(params, |row| {
        let part = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<[u8; 16]>>(column)?);
        Ok((part(0)?, part(1)?))
    });
    let Some((question, answer)) = parts.optional()? else {
        return Err(Fault::Refused(CommitError::NotAnswered { run: rows.run.id, suspension }));
    };
    left.extend(question.map(SnapshotId::from_bytes));
    let is_kept = tries::refuse(connection, run, reopened, (rows.run.version, rows.run.updated_at))?;
    if !is_kept {
        left.extend(answer.map(SnapshotId::from_bytes));
    }
    let sql = "UPDATE suspensions SET ended = NULL, ended_at = NULL, ended_version = NULL, actor = NULL, asserted = NULL,
        via = NULL, channel = NULL, comment = NULL, question = NULL, question_part = NULL, answer = NULL,
        answer_part = NULL, dropped_refusals = CASE ?3 WHEN 1 THEN dropped_refusals
            ELSE coalesce(dropped_refusals, 0) + 1 END
        WHERE run = ?2 AND id = ?1";
    connection.prepare_cached(sql)?.execute(params![suspension.as_bytes(), run, is_kept])?;
    Ok(())
}

/// Deletes the suspensions of a run with their tries, and lets go of the texts that are kept apart.
pub(crate) fn delete(connection: &Connection, run: i64) -> Result<(), Fault> {
    let sql = "SELECT question_part, answer_part FROM suspensions WHERE run = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let parts = statement.query_map([run], |row| Ok([row.get(0)?, row.get(1)?]))?;
    let parts = parts.collect::<rusqlite::Result<Vec<[Option<[u8; 16]>; 2]>>>()?;
    let own = parts.into_iter().flatten().flatten().map(SnapshotId::from_bytes);
    let mut left = own.chain(tries::delete(connection, run)?);
    left.try_for_each(|part| images::drop(connection, part))?;
    connection.prepare_cached("DELETE FROM suspensions WHERE run = ?1")?.execute([run])?;
    Ok(())
}

const COLUMNS: &str = " suspensions.id, runs.id, runs.workflow_id, runs.workflow, suspensions.path,
    suspensions.labels, suspensions.since, suspensions.due_at, suspensions.ended, suspensions.ended_at, steps.record,
    steps.payload, steps.part, suspensions.version, suspensions.ended_version, suspensions.continues,
    suspensions.question, suspensions.question_part, suspensions.answer, suspensions.answer_part,
    suspensions.actor, suspensions.asserted, suspensions.via, suspensions.channel, suspensions.comment,
    suspensions.dropped_refusals, suspensions.dropped_late";

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
    let (only, picked) = match filter.only.as_slice() {
        [] => (None, "AND ?5 IS NULL"),
        only => (Some(hex_of(only)?), "AND suspensions.id IN (SELECT unhex(value) FROM json_each(?5))"),
    };
    let open = if filter.with_ended { "" } else { "AND suspensions.ended IS NULL" };
    let sql = format!(
        "SELECT {COLUMNS} {FROM} AND suspensions.id {beyond} ?2 {of_run} {open} {picked} ORDER BY suspensions.id {order}"
    );
    let run = filter.run.as_ref().map(RunId::as_bytes);

    // What was asked and what was tried are of one moment.
    let moment = connection.unchecked_transaction().map_err(store_error)?;
    let mut statement = connection.prepare_cached(&sql).map_err(store_error)?;
    let params = params![tenant.as_str(), after.as_bytes(), filter.with_timers, run, only];
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
    if let (true, Some(run)) = (filter.with_tries, filter.run) {
        tries::add(connection, run, &mut records)?;
    }
    drop(rows);
    drop(statement);
    moment.commit().map_err(store_error)?;
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
    let (past, past_damage) = match past(row, 13) {
        Err(error @ StoreError::Damaged { .. }) => (SuspensionPast::default(), Some(error.to_string())),
        past => (past?, None),
    };
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
        past,
        damage: damage.or(past_damage),
    })
}

/// Ids as a JSON array of their hexadecimal digits.
fn hex_of(ids: &[SuspensionId]) -> Result<String, StoreError> {
    let digits: Vec<String> =
        ids.iter().map(|id| format!("{:032x}", u128::from_be_bytes(*id.as_bytes()))).collect();
    let digits = Json::record(&digits).map_err(|error| StoreError::Refused(error.to_string()))?;
    Ok(digits.text().to_owned())
}

/// What is kept of what was asked and answered, from the columns from `first` on. The tries are in a table of their own.
fn past(row: &Row<'_>, first: usize) -> Result<SuspensionPast, StoreError> {
    let number = |column| get::<Option<i64>>(row, first + column)?.map(count).transpose();
    Ok(SuspensionPast {
        version: number(0)?,
        ended_version: number(1)?,
        continues: get::<Option<[u8; 16]>>(row, first + 2)?.map(SuspensionId::from_bytes),
        question: tries::text(row, first + 3, first + 4)?,
        answer: tries::text(row, first + 5, first + 6)?,
        by: tries::by(row, first + 7)?,
        tries: Vec::new(),
        dropped_refusals: number(12)?.unwrap_or_default(),
        dropped_late: number(13)?.unwrap_or_default(),
    })
}
