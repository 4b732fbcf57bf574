//! Guests' memories: the table `images`. Written once, read at each resume, dropped when nobody needs them any more.

use reentry_core::id::SnapshotId;
use rusqlite::{Connection, params};

use crate::StoreError;
use crate::rows::CommitRows;
use crate::sqlite::reader::{get, one};
use crate::sqlite::writer::Fault;

/// Stores the images that a commit brings, and drops those that it ends.
pub(crate) fn store(connection: &Connection, rows: &CommitRows) -> Result<(), Fault> {
    for (id, data) in &rows.images {
        let sql = "INSERT INTO images (id, data) VALUES (?1, ?2)";
        connection.prepare_cached(sql)?.execute(params![id.as_bytes(), data])?;
    }
    for id in &rows.dropped_images {
        connection.prepare_cached("DELETE FROM images WHERE id = ?1")?.execute([id.as_bytes()])?;
    }
    Ok(())
}

/// The size of an image in bytes, without reading it.
pub(crate) fn bytes(connection: &Connection, id: SnapshotId) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT length(data) FROM images WHERE id = ?1";
    let length = one(connection, sql, [id.as_bytes()], |row| get::<i64>(row, 0))?;
    Ok(length.map(i64::unsigned_abs))
}

/// Reads an image.
pub(crate) fn read(connection: &Connection, id: SnapshotId) -> Result<Option<Vec<u8>>, StoreError> {
    one(connection, "SELECT data FROM images WHERE id = ?1", [id.as_bytes()], |row| get(row, 0))
}
