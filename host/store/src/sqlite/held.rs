//! What waits for somebody to act: steps that are due, and calls by their owners. Answered from the indexes of `steps`.

use std::collections::HashSet;

use reentry_core::id::{OwnerId, RunId, TenantId};
use reentry_core::run::RunStatus;
use reentry_core::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::StoreError;
use crate::claims::{Batch, Except};
use crate::codes::status_code;
use crate::columns::{column, instant};
use crate::sqlite::claims::{Candidate, Claimer, OF_RUN};
use crate::sqlite::fault::store_error;
use crate::sqlite::reader::{all, get, one};
use crate::sqlite::rotation::Rotation;
use crate::sqlite::run_key::run_key;

/// A run in which something is due.
type Due = (TenantId, RunId);

/// Names the first tenant after ?1 that waits for a time.
pub(crate) const FOLLOWING: &str = "SELECT tenant FROM suspensions INDEXED BY suspensions_due
    WHERE ended IS NULL AND due_at IS NOT NULL AND tenant > ?1 ORDER BY tenant LIMIT 1";

/// Asks for the runs of the tenant ?4 in which a suspension has waited long enough, as [`due`] does for those of all.
pub(crate) fn due_of_sql() -> String {
    format!(
        "SELECT suspensions.run, runs.tenant, runs.id, runs.version, claims.owner
        FROM suspensions JOIN runs ON runs.seq = suspensions.run {OF_RUN}
        WHERE suspensions.tenant = ?4 AND suspensions.takes_answer IN (0, 1) AND suspensions.ended IS NULL
        AND suspensions.due_at <= ?1 AND runs.status <> ?3 AND EXISTS (SELECT 1 FROM steps
            WHERE steps.run = runs.seq AND steps.active = 1 AND steps.due_at <= ?1)"
    )
}

/// Runs with a step that is due and that nobody else has claimed, each once, the earliest first, but for some; of each
/// tenant its share.
///
/// Where tenants that have their shares have very many, others are looked for by themselves, in turn: by what their
/// suspensions wait for. A try of theirs that was put off comes when it is among the earliest.
pub(crate) fn due(
    connection: &Connection,
    claimer: &Claimer,
    except: &Except<RunId>,
    rotation: &Rotation,
    limit: usize,
) -> Result<Vec<Candidate<Due>>, StoreError> {
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
    let (mut seen, mut due) = (HashSet::new(), Batch::new(limit));
    while !due.is_enough() {
        let Some(row) = rows.next().map_err(store_error)? else { return Ok(due.finish()) };
        if seen.insert(get::<i64>(row, 0)?) {
            offer(row, claimer, except, &mut due)?;
        }
    }
    let room = due.make_room();
    if room > 0 {
        rotation.each(connection, FOLLOWING, |tenant| {
            if !due.has_some(tenant) && !except.tenants.contains(tenant) {
                due_of(connection, claimer, except, tenant, (&mut seen, &mut due, room.div_ceil(5)))?;
            }
            Ok(due.is_full())
        })?;
    }
    Ok(due.finish())
}

/// A few runs of one tenant in which something is due.
fn due_of(
    connection: &Connection,
    claimer: &Claimer,
    except: &Except<RunId>,
    tenant: &TenantId,
    (seen, due, most): (&mut HashSet<i64>, &mut Batch<Candidate<Due>>, usize),
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(&due_of_sql()).map_err(store_error)?;
    let blocked = status_code(RunStatus::Blocked);
    let params = params![column(claimer.now), claimer.owner.as_bytes(), blocked, tenant.as_str()];
    let mut rows = statement.query(params).map_err(store_error)?;
    let before = due.offered();
    while due.offered() - before < most
        && let Some(row) = rows.next().map_err(store_error)?
    {
        if seen.insert(get::<i64>(row, 0)?) {
            offer(row, claimer, except, due)?;
        }
    }
    Ok(())
}

/// Takes in a run, unless it is not to be claimed.
fn offer(
    row: &Row<'_>,
    claimer: &Claimer,
    except: &Except<RunId>,
    due: &mut Batch<Candidate<Due>>,
) -> Result<(), StoreError> {
    let (tenant, run) = run_key(row, 1)?;
    if except.tenants.contains(&tenant) {
        due.pass_over();
    } else if !except.ids.contains(&run) {
        let key = (*run.as_bytes(), Some(get(row, 3)?));
        if let Some(candidate) = claimer.candidate(row, 4, key, (tenant.clone(), run))? {
            due.offer(&tenant, candidate);
        }
    }
    Ok(())
}

/// The earliest instant after another one at which a step is due.
pub(crate) fn next_due(connection: &Connection, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(due_at) FROM steps WHERE due_at > ?1";
    let first = one(connection, sql, [column(after)], |row| get::<Option<i64>>(row, 0))?;
    first.flatten().map(instant).transpose()
}

/// A run with a call whose owner is dead, and that owner.
type Orphan = (TenantId, RunId, OwnerId);

/// Runs with a call whose owner is dead and that nobody else has claimed, once for each such owner, but for some; of
/// each tenant its share.
///
/// Looks through the calls of running runs, which are as many as the hosts together can make at once: an index of
/// owners would have to be written at the begin and the end of every call.
pub(crate) fn orphans(
    connection: &Connection,
    claimer: &Claimer,
    except: &Except<RunId>,
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
    let mut orphans = Batch::new(limit);
    while let Some(row) = rows.next().map_err(store_error)? {
        let owner = OwnerId::from_bytes(get(row, 0)?);
        if claimer.is_dead(owner)? {
            let (tenant, run) = run_key(row, 1)?;
            if !except.holds(&tenant, &run) {
                let key = (*run.as_bytes(), Some(get(row, 3)?));
                if let Some(candidate) = claimer.candidate(row, 4, key, (tenant.clone(), run, owner))? {
                    orphans.offer(&tenant, candidate);
                }
            }
        }
    }
    Ok(orphans.finish())
}

/// Running runs with a call of an owner.
pub(crate) fn owned(connection: &Connection, owner: OwnerId) -> Result<Vec<(TenantId, RunId)>, StoreError> {
    let sql = "SELECT runs.tenant, runs.id FROM runs WHERE runs.status = ?1 AND EXISTS (SELECT 1 FROM steps
            WHERE steps.run = runs.seq AND steps.active = 1 AND steps.owner = ?2)
        ORDER BY runs.seq";
    let params = params![status_code(RunStatus::Running), owner.as_bytes()];
    all(connection, sql, params, |row| run_key(row, 0))
}
