//! Guests' memories, and what else is large and read by itself: the tables `images` and `image_shares`. Written once,
//! read at each resume, dropped when nobody needs them any more.
//!
//! An image has one user; further ones are counted beside it, so that neither the common case nor sharing writes it
//! again.

use reentry_core::id::BlobId;
use rusqlite::blob::ZeroBlob;
use rusqlite::{Connection, ErrorCode, MAIN_DB, params};

use crate::StoreError;
use crate::sqlite::fault::{Fault, store_error};
use crate::sqlite::reader::{Reader, get, one};

/// Larger images are written and read piece by piece: SQLite would make two copies of them on the way.
const WHOLE_BYTES_MAX: usize = 4 << 20;

/// What is read at once of a larger one.
const PIECE_BYTES: usize = 1 << 20;

/// Stores an image for its first user.
pub(crate) fn store(connection: &Connection, id: BlobId, data: &[u8]) -> Result<(), Fault> {
    let sql = "INSERT INTO images (id, data) VALUES (?1, ?2)";
    let mut insert = connection.prepare_cached(sql)?;
    if data.len() <= WHOLE_BYTES_MAX {
        insert.execute(params![id.as_bytes(), data])?;
        return Ok(());
    }
    insert.execute(params![id.as_bytes(), ZeroBlob(data.len() as u64)])?;
    let mut blob =
        connection.blob_open(MAIN_DB, c"images", c"data", connection.last_insert_rowid(), false)?;
    for (piece, at) in data.chunks(PIECE_BYTES).zip((0..).step_by(PIECE_BYTES)) {
        blob.write_at(piece, at)?;
    }
    blob.close()?;
    Ok(())
}

/// Stores a part of something, whose id follows from what it is, for one more user; returns how many bytes it took,
/// none if it is kept already.
pub(crate) fn keep_part(connection: &Connection, id: BlobId, data: &[u8]) -> Result<usize, Fault> {
    let sql = "INSERT INTO images (id, data) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING";
    match connection.prepare_cached(sql)?.execute(params![id.as_bytes(), data])? {
        0 => share(connection, id).map(|()| 0),
        _ => Ok(data.len()),
    }
}

/// One user more.
pub(crate) fn share(connection: &Connection, id: BlobId) -> Result<(), Fault> {
    let sql = "INSERT INTO image_shares (image, more) SELECT id, 1 FROM images WHERE id = ?1
        ON CONFLICT (image) DO UPDATE SET more = more + 1";
    match connection.prepare_cached(sql)?.execute([id.as_bytes()])? {
        0 => Err(Fault::refused(format!("image {id} is not kept"))),
        _ => Ok(()),
    }
}

/// One user less; the last one takes the image along.
pub(crate) fn drop(connection: &Connection, id: BlobId) -> Result<(), Fault> {
    for sql in [
        "DELETE FROM images WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM image_shares WHERE image = ?1)",
        "DELETE FROM image_shares WHERE image = ?1 AND more = 1",
        "UPDATE image_shares SET more = more - 1 WHERE image = ?1",
    ] {
        if connection.prepare_cached(sql)?.execute([id.as_bytes()])? > 0 {
            break;
        }
    }
    Ok(())
}

/// The size of an image in bytes, without reading it.
pub(crate) fn bytes(connection: &Connection, id: BlobId) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT length(data) FROM images WHERE id = ?1";
    let length = one(connection, sql, [id.as_bytes()], |row| get::<i64>(row, 0))?;
    Ok(length.map(i64::unsigned_abs))
}

/// Reads an image.
pub(crate) fn read(reader: &Reader, id: BlobId) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT iif(length(data) <= ?2, data, NULL), seq FROM images WHERE id = ?1";
    let found = one(reader, sql, params![id.as_bytes(), WHOLE_BYTES_MAX as i64], |row| {
        Ok((get::<Option<Vec<u8>>>(row, 0)?, get::<i64>(row, 1)?))
    })?;
    let data = match found {
        Some((None, seq)) => in_pieces(reader, seq)?,
        found => found.and_then(|(whole, _)| whole),
    };
    reader.count(data.as_deref());
    Ok(data)
}

/// Reads a large image. `None` when it was dropped meanwhile.
fn in_pieces(reader: &Reader, seq: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let blob = match reader.blob_open(MAIN_DB, c"images", c"data", seq, true) {
        Ok(blob) => blob,
        // No row.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => return Ok(None),
        Err(error) => return Err(store_error(error)),
    };
    let mut data = vec![0; blob.len()];
    for (piece, at) in data.chunks_mut(PIECE_BYTES).zip((0..).step_by(PIECE_BYTES)) {
        blob.read_at_exact(piece, at).map_err(store_error)?;
    }
    Ok(Some(data))
}
