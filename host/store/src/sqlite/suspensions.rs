//! Suspensions: the table `suspensions`. It is what claims are decided on, and what inboxes list.

use reentry_core::id::{BlobId, SuspensionId, TenantId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::codes::{end_code, topic_code};
use crate::columns::count as number;
use crate::counts::Tally;
use crate::decode::decode_step;
use crate::query::page_rows;
use crate::rows::{ClosedRow, CommitRows, Payload, ReopenedRow, SuspensionRow};
use crate::sqlite::fault::{Fault, store_error};
use crate::sqlite::names::Names;
use crate::sqlite::reader::{bytes, bytes_or_null, get, one};
use crate::sqlite::waits::{self, Found};
use crate::sqlite::{images, spots, steps, tries};
use crate::{
    CommitError, Counts, Page, StoreError, SuspensionEnd, SuspensionFilter, SuspensionGroups, SuspensionPast,
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
        (id, tenant, run, path, labels, takes_answer, since, due_at, event, event_key, spot, assignees, version,
        continues, topic_kind)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    let topic = suspension.topic.as_ref();
    connection.prepare_cached(sql)?.execute(params![
        suspension.id.as_bytes(),
        tenant,
        run,
        suspension.path,
        suspension.labels,
        suspension.takes_answer,
        suspension.since,
        suspension.due_at,
        topic.map(|topic| &topic.name),
        topic.and_then(|topic| topic.key.as_ref()),
        spot,
        suspension.assignees,
        suspension.version,
        suspension.continues.as_ref().map(SuspensionId::as_bytes),
        topic.and_then(|topic| topic_code(topic.kind)),
    ])?;
    let bytes = |names: &Option<String>| names.clone().map(String::into_bytes);
    let names = Names { labels: bytes(&suspension.labels), assignees: bytes(&suspension.assignees) };
    Ok(names.keep(connection, tenant, run, suspension.id)?)
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
        WHERE run = ?2 AND id = ?1 AND ended IS NULL RETURNING labels, assignees";
    let actor = closed.by.actor.as_ref();
    let params = params![
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
    ];
    match connection.prepare_cached(sql)?.query_row(params, Names::read).optional()? {
        Some(names) => names.forget(connection, rows.run.tenant.as_str(), closed.id)?,
        None => {
            let (run, suspension) = (rows.run.id, closed.id);
            return Err(Fault::Refused(CommitError::SuspensionTaken { run, suspension }));
        }
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

/// Opens a suspension again that an answer ended, as it was; that answer is one of its tries from then on. Adds to
/// `left` the places of texts that it needs no more.
pub(crate) fn reopen(
    connection: &Connection,
    rows: &CommitRows,
    run: i64,
    reopened: &ReopenedRow,
    left: &mut Vec<BlobId>,
) -> Result<(), Fault> {
    let (suspension, answered) = (reopened.id, end_code(SuspensionEnd::Answered));
    let sql = "SELECT question_part, answer_part, labels, assignees FROM suspensions
        WHERE run = ?2 AND id = ?1 AND ended = ?3";
    let params = params![suspension.as_bytes(), run, answered];
    let found = connection.prepare_cached(sql)?.query_row(params, |row| {
        let part = |column| row.get::<_, Option<[u8; 16]>>(column);
        Ok((part(0)?, part(1)?, Names::read(row)?))
    });
    let Some((question, answer, names)) = found.optional()? else {
        return Err(Fault::Refused(CommitError::NotAnswered { run: rows.run.id, suspension }));
    };
    left.extend(question.map(BlobId::from_bytes));
    let is_kept = tries::refuse(connection, run, reopened, (rows.run.version, rows.run.updated_at))?;
    if !is_kept {
        left.extend(answer.map(BlobId::from_bytes));
    }
    let sql = "UPDATE suspensions SET ended = NULL, ended_at = NULL, ended_version = NULL, actor = NULL, asserted = NULL,
        via = NULL, channel = NULL, comment = NULL, question = NULL, question_part = NULL, answer = NULL,
        answer_part = NULL, dropped_refusals = CASE ?3 WHEN 1 THEN dropped_refusals
            ELSE coalesce(dropped_refusals, 0) + 1 END
        WHERE run = ?2 AND id = ?1";
    connection.prepare_cached(sql)?.execute(params![suspension.as_bytes(), run, is_kept])?;
    Ok(names.keep(connection, rows.run.tenant.as_str(), run, suspension)?)
}

/// Deletes the suspensions of a run with their tries, and lets go of the texts that are kept apart.
pub(crate) fn delete(connection: &Connection, run: i64) -> Result<(), Fault> {
    forget_names(connection, run)?;
    let sql = "SELECT question_part, answer_part FROM suspensions WHERE run = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let parts = statement.query_map([run], |row| Ok([row.get(0)?, row.get(1)?]))?;
    let parts = parts.collect::<rusqlite::Result<Vec<[Option<[u8; 16]>; 2]>>>()?;
    let own = parts.into_iter().flatten().flatten().map(BlobId::from_bytes);
    let mut left = own.chain(tries::delete(connection, run)?);
    left.try_for_each(|part| images::drop(connection, part))?;
    connection.prepare_cached("DELETE FROM suspensions WHERE run = ?1")?.execute([run])?;
    Ok(())
}

/// Lists suspensions of a tenant.
pub(crate) fn list(
    connection: &Connection,
    tenant: &TenantId,
    filter: &SuspensionFilter,
) -> Result<Page<SuspensionRecord>, StoreError> {
    let wanted = page_rows(filter.limit);
    // What was asked and what was tried are of one moment.
    let moment = connection.unchecked_transaction().map_err(store_error)?;
    let mut records = Vec::new();
    let end = waits::walk(connection, tenant, filter, |found, _| {
        // One more tells whether there is a next page.
        let is_more = records.len() == wanted;
        if !is_more {
            records.push(whole(connection, found)?);
        }
        Ok(!is_more)
    })?;
    if let (true, Some(run)) = (filter.with_tries, filter.run) {
        tries::add(connection, run, &mut records)?;
    }
    moment.commit().map_err(store_error)?;
    let next = end.next(|| records.last().map(|record| filter.place_of(record)));
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
    Ok(tally.counts(end.leaves_more()))
}

/// A suspension with the record of its step, if it is open, and what is kept of what was asked and answered. What
/// cannot be read does not hide the others.
fn whole(connection: &Connection, found: Found) -> Result<SuspensionRecord, StoreError> {
    let mut record = found.wait.record;
    let is_open = record.state.ended.is_none();
    match past(connection, found.run, record.id) {
        Err(error @ StoreError::Damaged { .. }) => record.damage = Some(error.to_string()),
        past => record.past = past?,
    }
    if !is_open {
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
        Err(error) => record.damage = Some(error.to_string()),
    }
    Ok(record)
}

/// What is kept of what was asked and answered. The tries are in a table of their own.
fn past(connection: &Connection, run: i64, id: SuspensionId) -> Result<SuspensionPast, StoreError> {
    let sql = "SELECT version, ended_version, continues, question, question_part, answer, answer_part, actor, asserted,
        via, channel, comment, dropped_refusals, dropped_late FROM suspensions WHERE run = ?1 AND id = ?2";
    let found = one(connection, sql, params![run, id.as_bytes()], |row| {
        let count = |column| get::<Option<i64>>(row, column)?.map(number).transpose();
        Ok(SuspensionPast {
            version: count(0)?,
            ended_version: count(1)?,
            continues: get::<Option<[u8; 16]>>(row, 2)?.map(SuspensionId::from_bytes),
            question: tries::text(row, 3, 4)?,
            answer: tries::text(row, 5, 6)?,
            by: tries::by(row, 7)?,
            tries: Vec::new(),
            dropped_refusals: count(12)?.unwrap_or_default(),
            dropped_late: count(13)?.unwrap_or_default(),
        })
    })?;
    Ok(found.unwrap_or_default())
}

/// Forgets the names of what is open in a run that is deleted.
fn forget_names(connection: &Connection, run: i64) -> rusqlite::Result<()> {
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
