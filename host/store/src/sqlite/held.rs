//! What waits for somebody to act: steps that are due, and calls by their owners. Answered from the indexes of `steps`.

use std::collections::HashSet;

use reentry_core::id::{OwnerId, RunId, TenantId};
use reentry_core::run::RunStatus;
use reentry_core::time::Timestamp;
use rusqlite::{Connection, params};

use crate::StoreError;
use crate::codes::status_code;
use crate::rows::{column, instant};
use crate::sqlite::fault::store_error;
use crate::sqlite::reader::{all, get, one};
use crate::sqlite::run_key::run_key;

/// Runs with a step that is due, each once, the earliest first, but for some.
pub(crate) fn due(
    connection: &Connection,
    now: Timestamp,
    except: &HashSet<RunId>,
    limit: usize,
) -> Result<Vec<(TenantId, RunId)>, StoreError> {
    // Runs whose first steps are due at one instant come in the order in which they were stored.
    let sql = "SELECT steps.run, runs.tenant, runs.id FROM steps JOIN runs ON runs.seq = steps.run
        WHERE steps.due_at <= ?1 AND runs.status <> ?2 ORDER BY steps.due_at, steps.run";
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let mut rows = statement.query([column(now), status_code(RunStatus::Blocked)]).map_err(store_error)?;
    let (mut seen, mut due) = (HashSet::new(), Vec::new());
    while due.len() < limit
        && let Some(row) = rows.next().map_err(store_error)?
    {
        if seen.insert(get::<i64>(row, 0)?) {
            due.extend(Some(run_key(row, 1)?).filter(|(_, run)| !except.contains(run)));
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

/// Runs with a call whose owner is dead, once for each such owner, but for some.
///
/// Looks through the calls of running runs, which are as many as the hosts together can make at once: an index of owners
/// would have to be written at the begin and the end of every call.
pub(crate) fn orphans(
    connection: &Connection,
    except: &HashSet<RunId>,
    limit: usize,
    is_dead: impl Fn(OwnerId) -> Result<bool, StoreError>,
) -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError> {
    let sql = "SELECT DISTINCT steps.owner, runs.tenant, runs.id FROM runs
        JOIN steps ON steps.run = runs.seq AND steps.active = 1 AND steps.owner IS NOT NULL
        WHERE runs.status = ?1 ORDER BY steps.owner, runs.seq";
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let mut rows = statement.query([status_code(RunStatus::Running)]).map_err(store_error)?;
    let (mut known, mut orphans) = (None, Vec::new());
    while orphans.len() < limit
        && let Some(row) = rows.next().map_err(store_error)?
    {
        let owner = OwnerId::from_bytes(get(row, 0)?);
        let dead = match known {
            Some((same, dead)) if same == owner => dead,
            _ => is_dead(owner)?,
        };
        known = Some((owner, dead));
        if dead {
            let orphan = Some(run_key(row, 1)?).filter(|(_, run)| !except.contains(run));
            orphans.extend(orphan.map(|(tenant, run)| (tenant, run, owner)));
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
