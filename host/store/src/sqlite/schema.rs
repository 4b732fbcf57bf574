//! The schema of the database file: its versions, and the way from one to the next.
//!
//! Knows nothing of what the tables hold; docs/format/schema.md does.

use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;
use crate::sqlite::fault::OpenFault;

/// The SQL that leads from each version to the next; the first one starts from an empty file.
const MIGRATIONS: [&str; 8] = [
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_engine.sql"),
    include_str!("migrations/0003_moved_runs.sql"),
    include_str!("migrations/0004_payloads_apart.sql"),
    include_str!("migrations/0005_troubles.sql"),
    include_str!("migrations/0006_holds.sql"),
    concat!(
        include_str!("migrations/0007_lists.sql"),
        include_str!("migrations/0007_logs.sql"),
        include_str!("migrations/0007_answers.sql"),
        include_str!("migrations/0007_claims.sql")
    ),
    concat!(include_str!("migrations/0008_blocked.sql"), include_str!("migrations/0008_tenants.sql")),
];

/// The newest schema version that this code knows.
#[allow(clippy::cast_possible_truncation, reason = "there are as many versions as files in a folder")]
const NEWEST: u32 = MIGRATIONS.len() as u32;

/// Says in the file's header whose it is: `reen` in ASCII.
const APPLICATION_ID: i32 = 0x7265_656e;

/// Refuses a file that is not ours to touch, before anything in it is changed.
///
/// # Errors
/// [`StoreError::TooNew`] for a file of a later reentry; [`OpenFault::Foreign`] for the database of another program.
pub(crate) fn check(connection: &Connection) -> Result<(), OpenFault> {
    match version(connection)? {
        found if found > NEWEST => Err(StoreError::TooNew { found, known: NEWEST }.into()),
        _ => Ok(()),
    }
}

/// Brings a checked file to the newest version, in one transaction; an empty file becomes a database of ours. The
/// caller sees to it that nobody else does so at once.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenFault> {
    let found = version(connection)?;
    if found == NEWEST {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for sql in MIGRATIONS.iter().skip(found as usize) {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", NEWEST)?;
    Ok(transaction.commit()?)
}

/// The version that a file says it has; 0 for an empty one.
fn version(connection: &Connection) -> Result<u32, OpenFault> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, u32::try_from(version)) {
        (APPLICATION_ID, Ok(version)) => Ok(version),
        (0, Ok(0)) if tables == 0 => Ok(0),
        _ => Err(OpenFault::Foreign { application }),
    }
}
