//! Reading: connections that only read, kept for the next reader.
//!
//! SQLite shows a reader every commit that was made before it began, so that whoever has got the answer to a commit
//! sees it.

use std::cell::Cell;
use std::ops::Deref;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rusqlite::{Connection, Params, Row};

use crate::StoreError;
use crate::columns::damaged;
use crate::sqlite::fault::store_error;
use crate::sqlite::open::Files;

/// Connections kept open for the next readers. More are opened when more read at once, and closed after use.
const IDLE_MAX: usize = 8;

/// Readers of one store.
pub(crate) struct Readers {
    files: Files,
    idle: Mutex<Vec<Connection>>,
    bytes: AtomicU64,
}

/// A connection that reads, and how much was read by it.
pub(crate) struct Reader {
    connection: Connection,
    bytes: Cell<usize>,
}

impl Deref for Reader {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Reader {
    /// Counts what was read.
    pub(crate) fn count(&self, read: Option<&[u8]>) {
        self.bytes.set(self.bytes.get() + read.map_or(0, <[u8]>::len));
    }
}

impl Readers {
    /// Readers without any connection yet.
    pub(crate) fn new(files: Files) -> Self {
        Self { files, idle: Mutex::new(Vec::new()), bytes: AtomicU64::new(0) }
    }

    /// Reads on the calling thread. For what costs microseconds; anything longer belongs on a thread that may block.
    pub(crate) fn read<T>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let kept = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        let connection = match kept {
            Some(connection) => connection,
            None => self.files.connect_for_reads().map_err(store_error)?,
        };
        let reader = Reader { connection, bytes: Cell::new(0) };
        let answer = question(&reader);
        self.bytes.fetch_add(reader.bytes.get() as u64, Relaxed);
        if let Ok(mut idle) = self.idle.lock()
            && idle.len() < IDLE_MAX
        {
            idle.push(reader.connection);
        }
        answer
    }

    /// Bytes of heads, records, payloads and memories that were read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }
}

/// Asks for rows and turns each into an answer.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut decode: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let mut rows = statement.query(params).map_err(store_error)?;
    let mut answers = Vec::new();
    while let Some(row) = rows.next().map_err(store_error)? {
        answers.push(decode(row)?);
    }
    Ok(answers)
}

/// Asks for at most one row.
pub(crate) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    decode: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let mut rows = statement.query(params).map_err(store_error)?;
    rows.next().map_err(store_error)?.map(decode).transpose()
}

/// One column of a row.
pub(crate) fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, column: usize) -> Result<T, StoreError> {
    row.get(column).map_err(store_error)
}

/// One column of a row as its bytes, without copying them; `None` for NULL.
pub(crate) fn bytes_or_null<'row>(
    row: &'row Row<'_>,
    column: usize,
) -> Result<Option<&'row [u8]>, StoreError> {
    let value = row.get_ref(column).map_err(store_error)?;
    value.as_bytes_or_null().map_err(|error| damaged("row", error))
}

/// One column of a row as its bytes, without copying them.
pub(crate) fn bytes<'row>(row: &'row Row<'_>, column: usize) -> Result<&'row [u8], StoreError> {
    bytes_or_null(row, column)?.ok_or_else(|| damaged("row", format_args!("column {column} is NULL")))
}

/// One column of a row as text, without copying it.
pub(crate) fn text<'row>(row: &'row Row<'_>, column: usize) -> Result<&'row str, StoreError> {
    std::str::from_utf8(bytes(row, column)?).map_err(|error| damaged("text", error))
}
