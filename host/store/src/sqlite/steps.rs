//! Steps: the tables `steps` and `payloads`, and how a record is stored. records.rs reads them.

use std::sync::LazyLock;

use reentry_core::id::OwnerId;
use rusqlite::{Connection, OptionalExtension, params};

use crate::rows::StepRow;
use crate::sqlite::old_steps::{self, IS_SEEN};
use crate::sqlite::writer::Fault;

/// Largest payload that is kept in the row of its step, in bytes. SQLite writes a row anew, whatever changes in it, so that a
/// larger one has a row of its own.
const PAYLOAD_INLINE_BYTES_MAX: usize = 2 << 10;

/// The payload of a row of `steps`; null if it is in the record.
pub(crate) const PAYLOAD: &str =
    "coalesce(steps.payload, (SELECT payloads.data FROM payloads WHERE payloads.step = steps.seq))";

/// What there is of a step before its record is stored.
struct Kept {
    seq: i64,
    active: bool,
    /// Whether its payload may have a row of its own.
    apart: bool,
    /// Whether a fork sees its record, or may.
    seen: bool,
}

/// Finds a step. Put together once, as every commit asks it.
static FIND: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT seq, active, payload IS NULL, CASE active WHEN 0 THEN {IS_SEEN} ELSE 0 END
        FROM steps WHERE run = ?1 AND path = ?2"
    )
});

/// Stores a step's record; returns how many bytes its payload took, which is stored with the first one only. The number of a step
/// stays that of its first record, which is the order of first calls.
pub(crate) fn store(connection: &Connection, run: i64, step: &StepRow) -> Result<usize, Fault> {
    let mut find = connection.prepare_cached(&FIND)?;
    let kept = find.query_row(params![run, step.path], |row| {
        Ok(Kept { seq: row.get(0)?, active: row.get(1)?, apart: row.get(2)?, seen: row.get(3)? })
    });
    match kept.optional()? {
        Some(kept) if kept.active => return update(connection, step, &kept).map(|()| 0),
        Some(kept) => begin_anew(connection, step, &kept)?,
        None => insert(connection, run, step)?,
    }
    Ok(step.payload.text().len())
}

/// Writes the record of a step that goes on; its payload stays. An index is written anew when its columns are named, even if
/// they stay as they are; `active` seldom changes.
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
fn begin_anew(connection: &Connection, step: &StepRow, kept: &Kept) -> Result<(), Fault> {
    if kept.seen {
        old_steps::keep(connection, kept.seq, step.version)?;
    }
    let sql = "UPDATE steps SET owner = ?2, due_at = ?3, record = ?4, version = ?5, active = ?6, payload = ?7
        WHERE seq = ?1";
    connection.prepare_cached(sql)?.execute(params![
        kept.seq,
        step.owner.as_ref().map(OwnerId::as_bytes),
        step.due_at,
        step.record,
        step.version,
        step.active,
        inline(step),
    ])?;
    if kept.apart {
        connection.prepare_cached("DELETE FROM payloads WHERE step = ?1")?.execute([kept.seq])?;
    }
    store_apart(connection, kept.seq, step)
}

fn insert(connection: &Connection, run: i64, step: &StepRow) -> Result<(), Fault> {
    let sql = "INSERT INTO steps (run, path, active, owner, due_at, record, version, payload)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    connection.prepare_cached(sql)?.execute(params![
        run,
        step.path,
        step.active,
        step.owner.as_ref().map(OwnerId::as_bytes),
        step.due_at,
        step.record,
        step.version,
        inline(step),
    ])?;
    store_apart(connection, connection.last_insert_rowid(), step)
}

/// The payload, if it is kept in the row of the step.
fn inline(step: &StepRow) -> Option<&str> {
    Some(step.payload.text()).filter(|text| text.len() <= PAYLOAD_INLINE_BYTES_MAX)
}

fn store_apart(connection: &Connection, seq: i64, step: &StepRow) -> Result<(), Fault> {
    if inline(step).is_none() {
        let sql = "INSERT INTO payloads (step, data) VALUES (?1, ?2)";
        connection.prepare_cached(sql)?.execute(params![seq, step.payload.text()])?;
    }
    Ok(())
}
