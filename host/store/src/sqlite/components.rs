//! Components: the table `components`. Written once, never changed, found by digest.

use reentry_core::digest::ComponentDigest;
use reentry_core::json::Json;
use rusqlite::{Connection, Row, params};

use crate::columns::{column, damaged, instant};
use crate::sqlite::reader::{get, one};
use crate::{ComponentRecord, StoreError};

/// Stores a component, unless it is there, with the name that it was added under first.
pub(crate) fn store(
    connection: &Connection,
    component: &ComponentRecord,
    name: &str,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO components (digest, name, created_at, meta, base, bytes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (digest) DO NOTHING";
    let params = params![
        component.digest.as_bytes(),
        name,
        column(component.created_at),
        component.meta.text(),
        component.base,
        component.bytes,
    ];
    connection.prepare_cached(sql)?.execute(params).map(drop)
}

/// Reads a component.
pub(crate) fn read(
    connection: &Connection,
    digest: &ComponentDigest,
) -> Result<Option<ComponentRecord>, StoreError> {
    let sql = "SELECT created_at, meta, base, bytes FROM components WHERE digest = ?1";
    one(connection, sql, [digest.as_bytes()], |row| {
        Ok(ComponentRecord {
            digest: *digest,
            created_at: instant(get(row, 0)?)?,
            meta: json(row, 1, digest)?,
            base: get(row, 2)?,
            bytes: get(row, 3)?,
        })
    })
}

/// Whether there is any.
pub(crate) fn any(connection: &Connection) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM components)";
    one(connection, sql, [], |row| get(row, 0)).map(|any| any == Some(true))
}

/// Deletes a component.
pub(crate) fn delete(connection: &Connection, component: ComponentDigest) -> rusqlite::Result<()> {
    let sql = "DELETE FROM components WHERE digest = ?1";
    connection.prepare_cached(sql)?.execute([component.as_bytes()]).map(drop)
}

pub(crate) fn json(row: &Row<'_>, column: usize, of: &impl std::fmt::Display) -> Result<Json, StoreError> {
    Json::stored(get::<String>(row, column)?).map_err(|error| damaged(of, error))
}
