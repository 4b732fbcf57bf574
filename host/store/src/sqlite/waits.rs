//! Looking for suspensions: going along the index that keys.rs chose.
//!
//! Each key is looked up, and what the index does not know of the filter is asked of the row. That bounds the
//! work by the number of keys, and nothing is ever sorted by the database.

use reentry_core::digest::WorkflowDigest;
use reentry_core::id::{RunId, SuspensionId, TenantId};
use rusqlite::{Connection, Row, params, params_from_iter};

use crate::StoreError;
use crate::codes::end_of;
use crate::columns::{damaged, instant};
use crate::decode::decode_names;
use crate::filter::{LOOKED_MAX, SuspensionFilter, Wait, WaitPlace};
use crate::past::SuspensionPast;
use crate::query::{SuspensionRecord, SuspensionState};
use crate::sqlite::fault::store_error;
use crate::sqlite::keys::Keys;
use crate::sqlite::reader::{all, bytes_or_null, get, one, text};

/// A suspension that passes a filter.
pub(crate) struct Found {
    pub(crate) wait: Wait,
    pub(crate) place: WaitPlace,
    /// The number of its run in this file.
    pub(crate) run: i64,
}

/// How far a list was looked through.
pub(crate) enum End<P> {
    /// To its end.
    Reached,
    /// As far as was wanted.
    Enough,
    /// As far as may be looked at once: to this place.
    Bound(P),
}

impl<P> End<P> {
    /// Whether there may be more.
    pub(crate) fn leaves_more(&self) -> bool {
        !matches!(self, Self::Reached)
    }

    /// The place behind which the next page begins, `last` being that of the last row of this one.
    pub(crate) fn next(self, last: impl FnOnce() -> Option<P>) -> Option<P> {
        match self {
            Self::Reached => None,
            Self::Enough => last(),
            Self::Bound(place) => Some(place),
        }
    }

    /// The same with places of another form.
    pub(crate) fn map<Q>(self, of: impl FnOnce(P) -> Q) -> End<Q> {
        match self {
            Self::Reached => End::Reached,
            Self::Enough => End::Enough,
            Self::Bound(place) => End::Bound(of(place)),
        }
    }
}

/// The key of a suspension: its run, its id, and its deadline where the list is in the order of deadlines.
type Key = (i64, SuspensionId, i64);

/// Goes along the suspensions of a list that pass its filter, in its order, until `visit` has enough. `visit` gets
/// the number of those that were looked at so far, and adds to it what it looks at itself.
pub(crate) fn walk(
    connection: &Connection,
    tenant: &TenantId,
    filter: &SuspensionFilter,
    mut visit: impl FnMut(Found, &mut usize) -> Result<bool, StoreError>,
) -> Result<End<WaitPlace>, StoreError> {
    filter.check()?;
    let after = filter.begins_after()?;
    let Some(keys) = Keys::choose(connection, tenant, filter, after)? else { return Ok(End::Reached) };
    if !keys.in_order {
        return gather(connection, filter, keys, after, visit);
    }
    // As long as its rows are read, all that is asked on this connection is of one moment.
    let mut statement = connection.prepare_cached(&keys.sql).map_err(store_error)?;
    let mut rows = statement.query(params_from_iter(keys.values)).map_err(store_error)?;
    let (mut looked, mut last) = (0, None);
    while let Some(row) = rows.next().map_err(store_error)? {
        if let Some(last) = last.filter(|_| looked >= LOOKED_MAX) {
            return Ok(End::Bound(last));
        }
        let key @ (run, id, due) = key(row)?;
        let place = WaitPlace { due, id };
        (looked, last) = (looked + 1, Some(place));
        let Some(wait) = look_up(connection, key)?.filter(|wait| filter.fits(wait)) else { continue };
        if !visit(Found { wait, place, run }, &mut looked)? {
            return Ok(End::Enough);
        }
    }
    Ok(End::Reached)
}

/// The same for few keys that are in another order.
fn gather(
    connection: &Connection,
    filter: &SuspensionFilter,
    keys: Keys,
    after: Option<WaitPlace>,
    mut visit: impl FnMut(Found, &mut usize) -> Result<bool, StoreError>,
) -> Result<End<WaitPlace>, StoreError> {
    let mut gathered = Vec::new();
    for key in all(connection, &keys.sql, params_from_iter(keys.values), key)? {
        let Some(wait) = look_up(connection, key)?.filter(|wait| filter.fits(wait)) else { continue };
        let place = filter.place_of(&wait.record);
        if after.is_none_or(|after| filter.precedes(after, place)) {
            gathered.push(Found { wait, place, run: key.0 });
        }
    }
    gathered.sort_by_key(|found| found.place);
    if filter.latest_first {
        gathered.reverse();
    }
    let mut looked = 0;
    for found in gathered {
        if !visit(found, &mut looked)? {
            return Ok(End::Enough);
        }
    }
    Ok(End::Reached)
}

/// Whether a run has no other suspension that passes a filter and comes before this one in its list. Adds to `looked`
/// how many it looked at.
pub(crate) fn is_first_of_run(
    connection: &Connection,
    filter: &SuspensionFilter,
    found: &Found,
    looked: &mut usize,
) -> Result<bool, StoreError> {
    let open = if filter.has_ended() { "" } else { "AND ended IS NULL" };
    let sql = format!("SELECT run, id, 0 FROM suspensions WHERE run = ?1 {open}");
    for key in all(connection, &sql, [found.run], key)? {
        *looked += 1;
        if key.1 != found.wait.record.id
            && let Some(wait) = look_up(connection, key)?.filter(|wait| filter.fits(wait))
            && filter.precedes(filter.place_of(&wait.record), found.place)
        {
            return Ok(false);
        }
    }
    Ok(true)
}

fn key(row: &Row<'_>) -> Result<Key, StoreError> {
    Ok((get(row, 0)?, SuspensionId::from_bytes(get(row, 1)?), get(row, 2)?))
}

const LOOK_UP: &str = "SELECT runs.id, runs.workflow_id, runs.workflow, runs.resource_id, suspensions.path, labels,
    assignees, takes_answer, since, due_at, ended, ended_at, actor
    FROM suspensions JOIN runs ON runs.seq = suspensions.run WHERE suspensions.run = ?1 AND suspensions.id = ?2";

/// Reads what a filter looks at; `None` for a key of what is not there.
fn look_up(connection: &Connection, (run, id, _): Key) -> Result<Option<Wait>, StoreError> {
    one(connection, LOOK_UP, params![run, id.as_bytes()], |row| {
        let path = text(row, 4)?.parse();
        let ended = match (get::<Option<i64>>(row, 10)?, get::<Option<i64>>(row, 11)?) {
            (Some(end), Some(at)) => Some((end_of(end)?, instant(at)?)),
            _ => None,
        };
        let labels = decode_names(id, "labels", bytes_or_null(row, 5)?);
        let assignees = decode_names(id, "assignees", bytes_or_null(row, 6)?);
        let damage = labels.as_ref().err().or(assignees.as_ref().err()).map(ToString::to_string);
        let record = SuspensionRecord {
            id,
            run: RunId::from_bytes(get(row, 0)?),
            workflow_id: get(row, 1)?,
            workflow: WorkflowDigest::from_bytes(get(row, 2)?),
            path: path.map_err(|error| damaged(format_args!("path of {id}"), error))?,
            labels: labels.unwrap_or_default(),
            since: instant(get(row, 8)?)?,
            due_at: get::<Option<i64>>(row, 9)?.map(instant).transpose()?,
            state: SuspensionState { ended },
            step: None,
            past: SuspensionPast::default(),
            damage,
        };
        Ok(Wait {
            record,
            takes_answer: get(row, 7)?,
            assignees: assignees.unwrap_or_default(),
            actor: get(row, 12)?,
            resource_id: get(row, 3)?,
        })
    })
}
