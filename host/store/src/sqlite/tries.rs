//! Answers that did not count: the table `tries`.

use reentry_core::actor::{Actor, By};
use reentry_core::id::{BlobId, RunId, SuspensionId, TenantId};
use reentry_core::json::Json;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::codes::{end_code, try_code, try_of};
use crate::columns::{column, column_of, count, damaged, instant};
use crate::past::{LATE_TRIES_KEPT_MAX, REFUSALS_BYTES_MAX, REFUSALS_KEPT_MAX};
use crate::rows::ReopenedRow;
use crate::sqlite::fault::Fault;
use crate::sqlite::reader::{all, get};
use crate::sqlite::steps;
use crate::{LateTry, StoreError, SuspensionEnd, SuspensionRecord, Text, Try, TryKind};

/// How many tries of a kind are kept of a suspension, and what their answers take.
struct Kept {
    tries: i64,
    bytes: i64,
}

fn kept(connection: &Connection, run: i64, id: SuspensionId, kind: TryKind) -> Result<Kept, Fault> {
    let sql = "SELECT count(*), coalesce(sum(bytes), 0) FROM tries WHERE run = ?1 AND suspension = ?2 AND kind = ?3";
    let params = params![run, id.as_bytes(), try_code(kind)];
    let kept = connection
        .prepare_cached(sql)?
        .query_row(params, |row| Ok(Kept { tries: row.get(0)?, bytes: row.get(1)? }))?;
    Ok(kept)
}

/// The number of the next try of a suspension.
const NEXT: &str = "(SELECT coalesce(max(seq), 0) + 1 FROM tries WHERE run = ?1 AND suspension = ?2)";

/// Makes a try of the answer that a suspension ended with, which its step has refused. Returns whether there was
/// room; its text stays where it is kept then.
pub(crate) fn refuse(
    connection: &Connection,
    run: i64,
    reopened: &ReopenedRow,
    (version, at): (i64, i64),
) -> Result<bool, Fault> {
    let kept = kept(connection, run, reopened.id, TryKind::Refused)?;
    if kept.tries >= column_of(REFUSALS_KEPT_MAX) || kept.bytes >= column_of(REFUSALS_BYTES_MAX) {
        return Ok(false);
    }
    let sql = format!(
        "INSERT INTO tries (run, suspension, seq, kind, version, at, refused_version, refused_at, bytes,
            actor, asserted, via, channel, part, message, answer, comment)
        SELECT run, id, {NEXT}, ?3, ?4, ended_at, ?5, ?8, coalesce(length(CAST(answer AS BLOB)),
            (SELECT length(data) FROM images WHERE images.id = answer_part), 0),
            actor, asserted, via, channel, answer_part, ?6, answer, comment
        FROM suspensions WHERE run = ?1 AND id = ?2 AND ended = ?7"
    );
    connection.prepare_cached(&sql)?.execute(params![
        run,
        reopened.id.as_bytes(),
        try_code(TryKind::Refused),
        reopened.claim,
        version,
        reopened.message,
        end_code(SuspensionEnd::Answered),
        at,
    ])?;
    Ok(true)
}

/// Keeps an answer that came too late, or counts how many there were.
pub(crate) fn note_late(
    connection: &Connection,
    tenant: &TenantId,
    run: RunId,
    late: &LateTry,
    times: u64,
) -> Result<(), Fault> {
    let sql = "SELECT suspensions.run FROM suspensions JOIN runs ON runs.seq = suspensions.run
        WHERE runs.id = ?1 AND runs.tenant = ?2 AND suspensions.id = ?3";
    let params = params![run.as_bytes(), tenant.as_str(), late.suspension.as_bytes()];
    let found = connection.prepare_cached(sql)?.query_row(params, |row| row.get::<_, i64>(0));
    let Some(run) = found.optional()? else { return Ok(()) };
    let has_room =
        kept(connection, run, late.suspension, TryKind::Late)?.tries < column_of(LATE_TRIES_KEPT_MAX);
    let dropped = times.saturating_sub(u64::from(has_room));
    if has_room {
        let sql = format!(
            "INSERT INTO tries (run, suspension, seq, kind, version, at, bytes, actor, asserted, via, channel, message,
                comment)
            VALUES (?1, ?2, {NEXT}, ?3, ?4, ?5, 0, ?6, ?7, ?8, ?9, ?10, ?11)"
        );
        let actor = late.by.actor.as_ref();
        connection.prepare_cached(&sql)?.execute(params![
            run,
            late.suspension.as_bytes(),
            try_code(TryKind::Late),
            column_of(late.version),
            column(late.at),
            actor.map(|actor| &actor.name),
            actor.map(|actor| actor.asserted),
            actor.map(|actor| &actor.via),
            late.by.channel,
            late.message,
            late.by.comment,
        ])?;
    }
    if dropped > 0 {
        let sql =
            "UPDATE suspensions SET dropped_late = coalesce(dropped_late, 0) + ?3 WHERE run = ?1 AND id = ?2";
        connection.prepare_cached(sql)?.execute(params![
            run,
            late.suspension.as_bytes(),
            column_of(dropped)
        ])?;
    }
    Ok(())
}

/// Adds to suspensions of a run the tries to answer them.
pub(crate) fn add(
    connection: &Connection,
    run: RunId,
    records: &mut [SuspensionRecord],
) -> Result<(), StoreError> {
    let ids = || records.iter().map(|record| record.id);
    let Some((first, last)) = ids().min().zip(ids().max()) else { return Ok(()) };
    let sql = "SELECT suspension, kind, version, at, refused_version, refused_at, message, answer, part,
            actor, asserted, via, channel, comment FROM tries
        WHERE run = (SELECT seq FROM runs WHERE id = ?1) AND suspension BETWEEN ?2 AND ?3
        ORDER BY suspension, seq";
    let params = params![run.as_bytes(), first.as_bytes(), last.as_bytes()];
    let tries = all(connection, sql, params, |row| Ok((SuspensionId::from_bytes(get(row, 0)?), read(row)?)))?;
    for (id, one) in tries {
        let of = records.iter_mut().find(|record| record.id == id);
        of.into_iter().for_each(|record| record.past.tries.push(one.clone()));
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Try, StoreError> {
    Ok(Try {
        kind: try_of(get(row, 1)?)?,
        version: count(get(row, 2)?)?,
        at: instant(get(row, 3)?)?,
        refused: match (get::<Option<i64>>(row, 4)?, get::<Option<i64>>(row, 5)?) {
            (Some(version), Some(at)) => Some((count(version)?, instant(at)?)),
            _ => None,
        },
        message: get(row, 6)?,
        answer: text(row, 7, 8)?,
        by: by(row, 9)?,
    })
}

/// A text that is in one column, or in the place that the other one names.
pub(crate) fn text(row: &Row<'_>, here: usize, apart: usize) -> Result<Option<Text>, StoreError> {
    match steps::part(row, apart)? {
        Some(part) => Ok(Some(Text::Apart(part))),
        None => {
            let text = get::<Option<String>>(row, here)?.map(Json::stored).transpose();
            Ok(text.map_err(|error| damaged("question or answer", error))?.map(Text::Here))
        }
    }
}

/// Who gave an answer, from five columns.
pub(crate) fn by(row: &Row<'_>, first: usize) -> Result<By, StoreError> {
    let actor = match get::<Option<String>>(row, first)? {
        None => None,
        Some(name) => {
            let (asserted, via) =
                (get::<Option<bool>>(row, first + 1)?, get::<Option<String>>(row, first + 2)?);
            Some(Actor { name, asserted: asserted.unwrap_or_default(), via: via.unwrap_or_default() })
        }
    };
    Ok(By { actor, channel: get(row, first + 3)?, comment: get(row, first + 4)? })
}

/// Deletes the tries of a run; returns where their answers are that it needs no more.
pub(crate) fn delete(connection: &Connection, run: i64) -> Result<Vec<BlobId>, Fault> {
    let mut statement =
        connection.prepare_cached("SELECT part FROM tries WHERE run = ?1 AND part IS NOT NULL")?;
    let parts = statement.query_map([run], |row| Ok(BlobId::from_bytes(row.get(0)?)))?;
    let parts = parts.collect::<rusqlite::Result<Vec<_>>>()?;
    connection.prepare_cached("DELETE FROM tries WHERE run = ?1")?.execute([run])?;
    Ok(parts)
}
