//! What waits for somebody to act: steps that are due, and calls by their owners. Answered from the indexes of `steps`.

use std::collections::HashSet;

use reentry_core::id::{OwnerId, RunId, TenantId};
use reentry_core::run::RunStatus;
use reentry_core::time::Timestamp;
use rusqlite::{Connection, params};

use crate::StoreError;
use crate::codes::status_code;
use crate::columns::{column, instant};
use crate::sqlite::claims::{Candidate, Claimer, OF_RUN};
use crate::sqlite::fault::store_error;
use crate::sqlite::reader::{all, get, one};
use crate::sqlite::run_key::run_key;

/// Runs with a step that is due and that nobody else has claimed, each once, the earliest first, but for some.
pub(crate) fn due(
    connection: &Connection,
    claimer: &Claimer,
    except: &HashSet<RunId>,
    limit: usize,
) -> Result<Vec<Candidate<(TenantId, RunId)>>, StoreError> {
    // Runs whose first steps are due at one instant come in the order in which they were stored.
    let sql = format!(
        "SELECT steps.run, runs.tenant, runs.id, runs.version, claims.owner
        FROM steps JOIN runs ON runs.seq = steps.run {OF_RUN}
        WHERE steps.due_at <= ?1 AND runs.status <> ?3 ORDER BY steps.due_at, steps.run"
    );
    let mut statement = connection.prepare_cached(&sql).map_err(store_error)?;
    let blocked = status_code(RunStatus::Blocked);
    let params = params![column(claimer.now), claimer.owner.as_bytes(), blocked];
    let mut rows = statement.query(params).map_err(store_error)?;
    let (mut seen, mut due) = (HashSet::new(), Vec::new());
    while due.len() < limit
        && let Some(row) = rows.next().map_err(store_error)?
    {
        if seen.insert(get::<i64>(row, 0)?) {
            let (tenant, run) = run_key(row, 1)?;
            if !except.contains(&run) {
                let key = (*run.as_bytes(), Some(get(row, 3)?));
                due.extend(claimer.candidate(row, 4, key, (tenant, run))?);
            }
        }
    }
    Ok(due)
}

/// The earliest instant after another one at which a step is due.
pub(crate) fn next_due(connection: &Connection, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(due_at) FROM steps WHERE due_at > ?1";
    let first = one(connection, sql, [column(after)], |row| get::<Option<i64>>(row, 0))?;
    first.flatten().map(instant).transpose()
}

/// A run with a call whose owner is dead, and that owner.
type Orphan = (TenantId, RunId, OwnerId);

/// Runs with a call whose owner is dead and that nobody else has claimed, once for each such owner, but for some.
///
/// Looks through the calls of running runs, which are as many as the hosts together can make at once: an index of
/// owners would have to be written at the begin and the end of every call.
pub(crate) fn orphans(
    connection: &Connection,
    claimer: &Claimer,
    except: &HashSet<RunId>,
    limit: usize,
) -> Result<Vec<Candidate<Orphan>>, StoreError> {
    let sql = format!(
        "SELECT DISTINCT steps.owner, runs.tenant, runs.id, runs.version, claims.owner FROM runs
        JOIN steps ON steps.run = runs.seq AND steps.active = 1 AND steps.owner IS NOT NULL {OF_RUN}
        WHERE runs.status = ?3 ORDER BY steps.owner, runs.seq"
    );
    let mut statement = connection.prepare_cached(&sql).map_err(store_error)?;
    let running = status_code(RunStatus::Running);
    let params = params![column(claimer.now), claimer.owner.as_bytes(), running];
    let mut rows = statement.query(params).map_err(store_error)?;
    let mut orphans = Vec::new();
    while orphans.len() < limit
        && let Some(row) = rows.next().map_err(store_error)?
    {
        let owner = OwnerId::from_bytes(get(row, 0)?);
        if claimer.is_dead(owner)? {
            let (tenant, run) = run_key(row, 1)?;
            if !except.contains(&run) {
                let key = (*run.as_bytes(), Some(get(row, 3)?));
                orphans.extend(claimer.candidate(row, 4, key, (tenant, run, owner))?);
            }
        }
    }
    Ok(orphans)
}

/// Running runs with a call of an owner.
pub(crate) fn owned(connection: &Connection, owner: OwnerId) -> Result<Vec<(TenantId, RunId)>, StoreError> {
    let sql = "SELECT runs.tenant, runs.id FROM runs WHERE runs.status = ?1 AND EXISTS (SELECT 1 FROM steps
            WHERE steps.run = runs.seq AND steps.active = 1 AND steps.owner = ?2)
        ORDER BY runs.seq";
    let params = params![status_code(RunStatus::Running), owner.as_bytes()];
    all(connection, sql, params, |row| run_key(row, 0))
}
