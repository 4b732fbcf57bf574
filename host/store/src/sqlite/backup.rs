//! A copy of the database, written while others use it.

use std::path::Path;

use rusqlite::Connection;

use crate::StoreError;
use crate::sqlite::fault::store_error;
use crate::sqlite::open::private_file;

/// Writes the database as it is at one moment, what is only in the log included, to a file of its own.
pub(crate) fn write(connection: &Connection, to: &Path) -> Result<(), StoreError> {
    let unavailable = |error: std::io::Error| StoreError::Unavailable(Box::new(error));
    let name = to.to_str().ok_or_else(|| {
        StoreError::Refused(format!("{} is no Unicode text, as the name of a backup must be", to.display()))
    })?;
    // Made first, so that nobody else can read it; SQLite takes an empty file.
    let file = private_file().create_new(true).open(to).map_err(unavailable)?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(store_error)?;
    file.sync_all().map_err(unavailable)
}
