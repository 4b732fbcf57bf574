//! Steps: the table `steps`, and how a record is stored. records.rs reads them.

use std::sync::LazyLock;

use reentry_core::id::{BlobId, OwnerId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::StoreError;
use crate::rows::{Payload, StepRow};
use crate::sqlite::fault::Fault;
use crate::sqlite::old_steps::{self, IS_SEEN};
use crate::sqlite::{images, reader};

/// The payload of a row of `steps`, wherever it is kept; null if it is in the record.
pub(crate) const PAYLOAD: &str =
    "coalesce(steps.payload, (SELECT images.data FROM images WHERE images.id = steps.part))";

/// What there is of a step before its record is stored.
struct Kept {
    seq: i64,
    active: bool,
    /// Where its payload is kept, if that is apart.
    part: Option<BlobId>,
    /// Whether a fork sees its record, or may.
    seen: bool,
}

/// Finds a step. Put together once, as every commit asks it.
static FIND: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT seq, active, part, CASE active WHEN 0 THEN {IS_SEEN} ELSE 0 END
        FROM steps WHERE run = ?1 AND path = ?2"
    )
});

/// Stores a step's record; returns how many bytes its payload took, which is stored with the first one only, and adds
/// to `left` the place of one that it needs no more. The number of a step stays that of its first record, which is
/// the order of first calls.
pub(crate) fn store(
    connection: &Connection,
    run: i64,
    step: &StepRow,
    left: &mut Vec<BlobId>,
) -> Result<usize, Fault> {
    let mut find = connection.prepare_cached(&FIND)?;
    let kept = find.query_row(params![run, step.path], |row| {
        let part = row.get::<_, Option<[u8; 16]>>(2)?.map(BlobId::from_bytes);
        Ok(Kept { seq: row.get(0)?, active: row.get(1)?, part, seen: row.get(3)? })
    });
    match kept.optional()? {
        Some(kept) if kept.active => update(connection, step, &kept).map(|()| 0),
        Some(kept) => begin_anew(connection, step, &kept, left),
        None => insert(connection, run, step),
    }
}

/// Writes the record of a step that goes on; its payload stays. An index is written anew when its columns are named,
/// even if they stay as they are; `active` seldom changes.
fn update(connection: &Connection, step: &StepRow, kept: &Kept) -> Result<(), Fault> {
    let owner = step.owner.as_ref().map(OwnerId::as_bytes);
    if step.active {
        let sql = "UPDATE steps SET owner = ?2, due_at = ?3, record = ?4, version = ?5 WHERE seq = ?1";
        let params = params![kept.seq, owner, step.due_at, step.record, step.version];
        connection.prepare_cached(sql)?.execute(params)?;
    } else {
        let sql =
            "UPDATE steps SET owner = ?2, due_at = ?3, record = ?4, version = ?5, active = ?6 WHERE seq = ?1";
        let params = params![kept.seq, owner, step.due_at, step.record, step.version, step.active];
        connection.prepare_cached(sql)?.execute(params)?;
    }
    Ok(())
}

/// Writes the record of a step that was done or had not begun, its payload included.
fn begin_anew(
    connection: &Connection,
    step: &StepRow,
    kept: &Kept,
    left: &mut Vec<BlobId>,
) -> Result<usize, Fault> {
    let bytes = keep_payload(connection, step)?;
    if kept.seen {
        old_steps::keep(connection, kept.seq, step.version)?;
    } else {
        left.extend(kept.part);
    }
    let sql =
        "UPDATE steps SET owner = ?2, due_at = ?3, record = ?4, version = ?5, active = ?6, payload = ?7,
        part = ?8 WHERE seq = ?1";
    connection.prepare_cached(sql)?.execute(params![
        kept.seq,
        step.owner.as_ref().map(OwnerId::as_bytes),
        step.due_at,
        step.record,
        step.version,
        step.active,
        within(step),
        step.payload.part().as_ref().map(BlobId::as_bytes),
    ])?;
    Ok(bytes)
}

fn insert(connection: &Connection, run: i64, step: &StepRow) -> Result<usize, Fault> {
    let bytes = keep_payload(connection, step)?;
    let sql = "INSERT INTO steps (run, path, active, owner, due_at, record, version, payload, part)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.prepare_cached(sql)?.execute(params![
        run,
        step.path,
        step.active,
        step.owner.as_ref().map(OwnerId::as_bytes),
        step.due_at,
        step.record,
        step.version,
        within(step),
        step.payload.part().as_ref().map(BlobId::as_bytes),
    ])?;
    Ok(bytes)
}

/// The payload, if it is kept in the row of the step.
fn within(step: &StepRow) -> Option<&str> {
    match &step.payload {
        Payload::Within(text) => Some(text.text()),
        Payload::Apart(..) => None,
    }
}

/// Sees to it that a payload which is kept apart is there for one more step; returns how many bytes the payload takes
/// that were not there.
fn keep_payload(connection: &Connection, step: &StepRow) -> Result<usize, Fault> {
    match &step.payload {
        Payload::Within(text) => Ok(text.text().len()),
        Payload::Apart(part, Some(text)) => images::keep_part(connection, *part, text.text().as_bytes()),
        Payload::Apart(part, None) => images::share(connection, *part).map(|()| 0),
    }
}

/// Where a payload is kept, from a column.
pub(crate) fn part(row: &Row<'_>, column: usize) -> Result<Option<BlobId>, StoreError> {
    Ok(reader::get::<Option<[u8; 16]>>(row, column)?.map(BlobId::from_bytes))
}
