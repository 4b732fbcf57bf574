//! What holds for the whole database: the table `settings`.

use rusqlite::{Connection, params};

use crate::StoreError;
use crate::sqlite::fault::Fault;
use crate::sqlite::reader::{get, one};

const KEY_FINGERPRINT: &str = "key-fingerprint";

/// Reads the fingerprint of the key that seals what is kept.
pub(crate) fn key_fingerprint(connection: &Connection) -> Result<Option<[u8; 32]>, StoreError> {
    let sql = "SELECT value FROM settings WHERE name = ?1";
    one(connection, sql, [KEY_FINGERPRINT], |row| get(row, 0))
}

/// Keeps it, unless there is one.
pub(crate) fn keep_key_fingerprint(connection: &Connection, fingerprint: [u8; 32]) -> Result<(), Fault> {
    let sql = "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![KEY_FINGERPRINT, fingerprint])?;
    Ok(())
}
