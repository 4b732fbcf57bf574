//! Runs: the table `runs`, and what one commit does to all tables of a run.

use reentry_core::id::{RunId, TenantId};
use reentry_core::run::{Blocked, RunState, RunStatus};
use rusqlite::{Connection, OptionalExtension, ToSql, params};

use crate::codes::{end_code, status_code};
use crate::columns::column_of;
use crate::decode::{decode_run, decode_step};
use crate::rows::{CommitRows, RunRow};
use crate::sqlite::fault::Fault;
use crate::sqlite::reader::{Reader, all, bytes, bytes_or_null, get, one, text};
use crate::sqlite::{
    call_logs, called, forks, images, log, messages, old_steps, requests, savepoints, spots, steps,
    suspensions, troubles,
};
use crate::{CommitError, StoreError, SuspensionEnd};

/// A run as it is before a commit.
struct RunBefore {
    seq: i64,
    /// Whether it stays pinned to the same definition.
    same_workflow: bool,
    same_status: bool,
    /// Whether it is found by the same resource and instant of creation, as runs are from their first commit on.
    same_origin: bool,
    /// Whether nothing brought it on any more.
    was_blocked: bool,
}

/// Stores a commit; returns how many bytes it was. When it is refused, part of it may be written: the caller undoes
/// that.
pub(crate) fn store(connection: &Connection, rows: &CommitRows) -> Result<usize, Fault> {
    let mut bytes = rows.bytes_always();
    if let Some(request) = &rows.request {
        requests::claim(connection, &rows.run, request)?;
    }
    let (seq, moves) = match claim_version(connection, rows)? {
        Some(claimed) => (update(connection, rows, &claimed)?, !claimed.same_workflow),
        None => (insert(connection, rows)?, false),
    };
    if let Some(why) = &rows.blocked {
        troubles::keep(connection, seq, why)?;
    }
    called::note(connection, seq, &rows.called)?;
    // Begun first and ended next, so that one may do both.
    for suspension in &rows.opened {
        suspensions::open(connection, rows, seq, suspension)?;
    }
    for closed in &rows.closed {
        bytes += suspensions::close(connection, rows, seq, closed)?;
    }
    let mut left = rows.dropped_images.clone();
    for reopened in &rows.reopened {
        suspensions::reopen(connection, rows, seq, reopened, &mut left)?;
        savepoints::forget_answer(connection, seq, reopened)?;
        if let Some(key) = &reopened.request {
            requests::free(connection, &rows.run, key)?;
        }
    }
    for message in &rows.took {
        messages::take(connection, &rows.run, *message)?;
    }
    forks::begin(connection, rows, seq)?;
    // Kept first and shared next, so that what is dropped last may go from one user to another.
    for (image, data) in &rows.images {
        images::store(connection, *image, data)?;
    }
    for (part, text) in &rows.parts {
        bytes += images::keep_part(connection, *part, text.text().as_bytes())?;
    }
    for image in &rows.shared_images {
        images::share(connection, *image)?;
    }
    if let Some(savepoint) = &rows.savepoint {
        bytes += savepoints::store(connection, seq, savepoint)?;
    }
    // The savepoint of this very commit is of the definition that was followed until now, too.
    if moves {
        follow(connection, &rows.run, seq)?;
    }
    for path in &rows.dropped_steps {
        left.extend(old_steps::drop_within(connection, seq, path, rows.run.version)?);
    }
    for step in &rows.steps {
        bytes += steps::store(connection, seq, step, &mut left)?;
    }
    left.into_iter().try_for_each(|image| images::drop(connection, image))?;
    if let Some(entries) = &rows.log {
        log::store(connection, seq, &rows.run, entries)?;
    }
    if let Some(log) = &rows.call_log {
        call_logs::store(connection, seq, &rows.run, log)?;
    }
    match (&rows.savepoint, rows.savepoints_max) {
        (None, _) | (_, 0) => {}
        (Some(_), max) => savepoints::keep_latest(connection, seq, max)?,
    }
    Ok(bytes)
}

/// Checks that the run is at the version that the commit builds on; returns what there is of it.
fn claim_version(connection: &Connection, rows: &CommitRows) -> Result<Option<RunBefore>, Fault> {
    let run = &rows.run;
    let sql = "SELECT seq, version, tenant = ?2, workflow = ?3, status = ?4, status = ?5,
        resource_id IS ?6 AND created_at = ?7 FROM runs WHERE id = ?1";
    let params = params![
        run.id.as_bytes(),
        run.tenant.as_str(),
        run.workflow.as_bytes(),
        status_code(run.status),
        status_code(RunStatus::Blocked),
        run.resource_id,
        run.created_at,
    ];
    let found = connection.prepare_cached(sql)?.query_row(params, |row| {
        let claimed = RunBefore {
            seq: row.get(0)?,
            same_workflow: row.get(3)?,
            same_status: row.get(4)?,
            was_blocked: row.get(5)?,
            same_origin: row.get(6)?,
        };
        Ok((claimed, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?))
    });
    match (found.optional()?, rows.expected) {
        (None, None) => Ok(None),
        (Some((claimed, version, true)), Some(expected))
            if version == expected && claimed.was_blocked == rows.was_blocked =>
        {
            Ok(Some(claimed))
        }
        (found, expected) => {
            let version = |stored: i64| u64::try_from(stored).ok();
            // A tenant is not told about the runs of another.
            let found = found.filter(|(_, _, mine)| *mine).and_then(|(_, found, _)| version(found));
            let conflict =
                CommitError::VersionConflict { run: run.id, expected: expected.and_then(version), found };
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

/// Writes the head. An index is written anew when its columns are named, even if they stay as they are.
fn update(connection: &Connection, rows: &CommitRows, claimed: &RunBefore) -> Result<i64, Fault> {
    let run = &rows.run;
    let mut params: Vec<&dyn ToSql> = vec![&claimed.seq, &run.version, &run.updated_at, &run.head];
    let mut sql = "UPDATE runs SET version = ?2, updated_at = ?3, head = ?4".to_owned();
    let status = status_code(run.status);
    if !claimed.same_status {
        params.push(&status);
        sql.push_str(", status = ?5");
        if claimed.was_blocked {
            troubles::forget(connection, claimed.seq)?;
        }
    }
    if !claimed.same_origin {
        let sql = "UPDATE runs SET resource_id = ?2, created_at = ?3 WHERE seq = ?1";
        let params = params![claimed.seq, run.resource_id, run.created_at];
        connection.prepare_cached(sql)?.execute(params)?;
    }
    sql.push_str(" WHERE seq = ?1");
    connection.prepare_cached(&sql)?.execute(params.as_slice())?;
    Ok(claimed.seq)
}

/// Lets a run follow another definition from now on.
fn follow(connection: &Connection, run: &RunRow, seq: i64) -> Result<(), Fault> {
    savepoints::note_workflow(connection, seq)?;
    connection
        .prepare_cached("UPDATE runs SET workflow = ?2 WHERE seq = ?1")?
        .execute(params![seq, run.workflow.as_bytes()])?;
    // Another version of the same workflow stands where the one before did.
    let sql = "UPDATE runs SET workflow_id = ?2 WHERE seq = ?1 AND workflow_id <> ?2";
    match connection.prepare_cached(sql)?.execute(params![seq, run.workflow_id])? {
        0 => Ok(()),
        _ => spots::follow(connection, run, seq),
    }
}

/// Reads a run and its steps that are not done. One statement, so that head and steps are of one version.
pub(crate) fn read(reader: &Reader, tenant: &TenantId, id: RunId) -> Result<Option<RunState>, StoreError> {
    let mut found: Option<RunState> = None;
    all(reader, READ, params![id.as_bytes(), tenant.as_str()], |row| {
        let run = match &mut found {
            Some(run) => run,
            None => {
                let head = bytes(row, 0)?;
                reader.count(Some(head));
                let mut run = decode_run(id, tenant, head)?;
                let reason: Option<String> = get(row, 5)?;
                let code = get(row, 6)?;
                run.blocked = reason.map(|reason| Blocked::stored(code, reason));
                found.insert(run)
            }
        };
        if let Some(record) = bytes_or_null(row, 2)? {
            let payload = bytes_or_null(row, 3)?;
            reader.count(Some(record));
            reader.count(payload);
            let (path, step) = decode_step(id, text(row, 1)?, record, payload, steps::part(row, 4)?)?;
            run.steps.insert(path, step);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Payloads that are kept apart are left there.
const READ: &str = "SELECT runs.head, steps.path, steps.record, steps.payload, steps.part,
    CASE runs.status WHEN 8 THEN (SELECT reason FROM troubles WHERE troubles.run = runs.seq) END,
    CASE runs.status WHEN 8 THEN (SELECT code FROM troubles WHERE troubles.run = runs.seq) END FROM runs
    LEFT JOIN steps ON steps.run = runs.seq AND steps.active = 1
    WHERE runs.id = ?1 AND runs.tenant = ?2";

/// Runs of which an end of the id is given.
pub(crate) fn with_digits(
    connection: &Connection,
    tenant: &TenantId,
    digits: &str,
    limit: usize,
) -> Result<Vec<RunId>, StoreError> {
    let sql = "SELECT id FROM runs WHERE tenant = ?1
        AND (substr(lower(hex(id)), 1, length(?2)) = ?2 OR substr(lower(hex(id)), -length(?2)) = ?2)
        ORDER BY created_at DESC, seq DESC LIMIT ?3";
    all(connection, sql, params![tenant.as_str(), digits, column_of(limit)], |row| {
        Ok(RunId::from_bytes(get(row, 0)?))
    })
}

/// The run that was created or answered last.
pub(crate) fn last(connection: &Connection, tenant: &TenantId) -> Result<Option<RunId>, StoreError> {
    let sql = "SELECT id FROM (
            SELECT * FROM (SELECT id, created_at AS at, seq FROM runs WHERE tenant = ?1
                ORDER BY created_at DESC, seq DESC LIMIT 1)
            UNION ALL
            SELECT * FROM (SELECT runs.id, suspensions.ended_at AS at, runs.seq FROM suspensions
                JOIN runs ON runs.seq = suspensions.run
                WHERE suspensions.tenant = ?1 AND suspensions.ended = ?2
                ORDER BY suspensions.ended_at DESC, runs.seq DESC LIMIT 1)
        ) ORDER BY at DESC, seq DESC LIMIT 1";
    one(connection, sql, params![tenant.as_str(), end_code(SuspensionEnd::Answered)], |row| {
        Ok(RunId::from_bytes(get(row, 0)?))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rusqlite::StatementStatus::VmStep;

    use super::*;
    use crate::sqlite::open::Files;

    /// The work of reading a run with two open steps and so many that are done, or items that have not begun: steps
    /// of SQLite's machine.
    fn work(done: u32) -> i32 {
        let folder = tempfile::tempdir().unwrap();
        let connection = Files::prepare(&folder.path().join("runs.db")).unwrap().open().unwrap().connection;
        let sql = "INSERT INTO runs (id, tenant, workflow, workflow_id, status, version, created_at, updated_at, head)
            VALUES (?1, 't', x'', 'w', 3, 1, 1, 1, '{}')";
        connection.execute(sql, [[7; 16]]).unwrap();
        for step in 0..done + 2 {
            let sql = "INSERT INTO steps (run, path, active, record) VALUES (1, 's' || ?1, ?2, '{}')";
            connection.execute(sql, params![step, step >= done]).unwrap();
        }
        let mut statement = connection.prepare(READ).unwrap();
        let mut rows = statement.query(params![[7_u8; 16], "t"]).unwrap();
        let mut found = 0;
        while rows.next().unwrap().is_some() {
            found += 1;
        }
        drop(rows);
        assert_eq!(found, 2);
        statement.get_status(VmStep)
    }

    #[test]
    fn reading_a_run_looks_at_what_is_open_alone() {
        let few = work(1);
        assert!(few > 0);
        assert_eq!(work(1_000), few);
    }
}
