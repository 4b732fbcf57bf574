//! Reading steps' records: those of a run, and for a fork those of its parents too.

use std::collections::{HashMap, HashSet};

use reentry_core::id::{RunId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::EntryRecord;
use rusqlite::{Connection, Row, params};

use crate::StoreError;
use crate::decode::decode_whole_step;
use crate::rows::is_within;
use crate::sqlite::fault::store_error;
use crate::sqlite::forks::{self, Layer};
use crate::sqlite::reader::{self, Reader, all, bytes, bytes_or_null, get, text};
use crate::sqlite::steps::{self, PAYLOAD};

/// Which steps of a run are read, as SQL; ?2 is its text.
struct Which {
    sql: &'static str,
    text: Option<String>,
}

/// A record as it was read, and the number of its row.
struct Found {
    seq: i64,
    path: StepPath,
    step: EntryRecord,
}

/// Reads one step's record.
pub(crate) fn one(
    reader: &Reader,
    tenant: &TenantId,
    run: RunId,
    path: &StepPath,
) -> Result<Option<EntryRecord>, StoreError> {
    let sql = format!(
        "SELECT record, {PAYLOAD}, part FROM steps
        WHERE run = (SELECT seq FROM runs WHERE id = ?1 AND tenant = ?3) AND path = ?2"
    );
    let text = path.to_string();
    let own = reader::one(reader, &sql, params![run.as_bytes(), text, tenant.as_str()], |row| {
        step(reader, run, &text, row, 0).map(|(_, step)| step)
    })?;
    match own {
        Some(step) => Ok(Some(step)),
        None => Ok(named(reader, tenant, run, std::slice::from_ref(path))?.pop().and_then(|(_, step)| step)),
    }
}

/// Reads the first of the records that a step had from a version on and has no more.
pub(crate) fn old(
    reader: &Reader,
    tenant: &TenantId,
    run: RunId,
    path: &StepPath,
    version: u64,
) -> Result<Option<EntryRecord>, StoreError> {
    let sql = "SELECT record, coalesce(payload,
            (SELECT images.data FROM images WHERE images.id = old_steps.part)), part FROM old_steps
        WHERE run = (SELECT seq FROM runs WHERE id = ?1 AND tenant = ?3) AND path = ?2 AND version >= ?4
        ORDER BY version LIMIT 1";
    let (text, version) = (path.to_string(), i64::try_from(version).unwrap_or(i64::MAX));
    reader::one(reader, sql, params![run.as_bytes(), text, tenant.as_str(), version], |row| {
        step(reader, run, &text, row, 0).map(|(_, step)| step)
    })
}

/// Reads a step with its payload from the columns from `first` on: the record, the payload, where that is kept.
fn step(
    reader: &Reader,
    run: RunId,
    path: &str,
    row: &Row<'_>,
    first: usize,
) -> Result<(StepPath, EntryRecord), StoreError> {
    let (record, payload) = (bytes(row, first)?, bytes_or_null(row, first + 1)?);
    reader.count(Some(record));
    reader.count(payload);
    decode_whole_step(run, path, record, payload, steps::part(row, first + 2)?)
}

/// Reads the records of all steps.
pub(crate) fn every(
    reader: &Reader,
    tenant: &TenantId,
    run: RunId,
) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
    read(reader, tenant, run, &Which { sql: "?2 IS NULL", text: None })
}

/// Reads the records of the named steps, in that order.
pub(crate) fn named(
    reader: &Reader,
    tenant: &TenantId,
    run: RunId,
    paths: &[StepPath],
) -> Result<Vec<(StepPath, Option<EntryRecord>)>, StoreError> {
    let text = Json::record(paths).map_err(|error| StoreError::Refused(error.to_string()))?.text().to_owned();
    let which = Which { sql: "path IN (SELECT value FROM json_each(?2))", text: Some(text) };
    let found: HashMap<StepPath, EntryRecord> = read(reader, tenant, run, &which)?.into_iter().collect();
    Ok(paths.iter().map(|path| (path.clone(), found.get(path).cloned())).collect())
}

/// Reads the records of the repetitions of a step, in the order of their indexes.
pub(crate) fn children(
    reader: &Reader,
    tenant: &TenantId,
    run: RunId,
    path: &StepPath,
) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
    if path.last().is_none_or(|last| last.index.is_some()) {
        return Ok(Vec::new());
    }
    // What lies below a repetition is in the same range of the index; its path has a dot after the bracket.
    let sql = r"path >= ?2 || '[' AND path < ?2 || '\' AND instr(substr(path, length(?2) + 2), '.') = 0";
    let mut found = read(reader, tenant, run, &Which { sql, text: Some(path.to_string()) })?;
    found.sort_by_key(|(path, _)| path.last().and_then(|last| last.index));
    Ok(found)
}

/// Reads records as they were at one moment, in the order in which the steps were first called.
fn read(
    reader: &Reader,
    tenant: &TenantId,
    run: RunId,
    which: &Which,
) -> Result<Vec<(StepPath, EntryRecord)>, StoreError> {
    let moment = reader.unchecked_transaction().map_err(store_error)?;
    let layers = forks::layers(reader, tenant, run)?;
    let (mut seen, mut hidden) = (HashSet::new(), Vec::<String>::new());
    let mut found = Vec::new();
    for layer in &layers {
        let mut records = records(reader, run, *layer, which)?;
        if layers.len() > 1 {
            records.retain(|found| {
                let path = found.path.to_string();
                !hidden.iter().any(|above| is_within(&path, above)) && seen.insert(path)
            });
            hidden.extend(hidden_from(reader, *layer)?);
        }
        records.sort_by_key(|found| found.seq);
        found.push(records);
    }
    moment.commit().map_err(store_error)?;
    // Parents first.
    let mut records: Vec<_> =
        found.into_iter().rev().flatten().map(|found| (found.path, found.step)).collect();
    if layers.len() > 1 {
        records.sort_by_key(|(_, step)| step.entry.started_at);
    }
    Ok(records)
}

/// Reads what is seen of one run.
fn records(
    reader: &Reader,
    run: RunId,
    layer: Layer,
    Which { sql: which, text: wanted }: &Which,
) -> Result<Vec<Found>, StoreError> {
    let own = format!("SELECT seq, path, record, {PAYLOAD}, part FROM steps WHERE run = ?1 AND {which}");
    let sql = match layer.version {
        None => format!("{own} AND ?3 IS NULL"),
        Some(_) => format!(
            "{own} AND active = 0 AND version <= ?3
            UNION ALL SELECT seq, path, record, coalesce(payload,
                (SELECT images.data FROM images WHERE images.id = old_steps.part)), part FROM old_steps
            WHERE run = ?1 AND {which} AND version <= ?3 AND until > ?3"
        ),
    };
    all(reader, &sql, params![layer.run, wanted, layer.version], |row| {
        let (path, step) = step(reader, run, text(row, 1)?, row, 2)?;
        Ok(Found { seq: get(row, 0)?, path, step })
    })
}

/// The paths of steps of its parents that a run does not show any more.
fn hidden_from(connection: &Connection, layer: Layer) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT path FROM hidden_steps WHERE run = ?1 AND (?2 IS NULL OR version <= ?2)";
    all(connection, sql, params![layer.run, layer.version], |row| get(row, 0))
}
