//! What SQLite and the file system report, sorted by what can be done about it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::columns::damaged;
use crate::{CommitError, StoreError};

/// A database file that could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the database {}: {fault}", path.display())]
pub struct OpenError {
    /// The file.
    pub path: PathBuf,
    /// What is in the way.
    #[source]
    pub fault: OpenFault,
}

/// What is in the way of opening a database file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenFault {
    /// A file or folder could not be made, read or locked.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// SQLite could not use the file.
    #[error("{0}: check that it is a database, and that this process may read and write it and its folder")]
    Database(#[from] rusqlite::Error),
    /// A database, but not one of reentry.
    #[error(
        "it belongs to another program (application id {application}): name a file that does not exist yet, or one made by reentry"
    )]
    Foreign {
        /// The application id in its header.
        application: i32,
    },
    /// The file system cannot hold a write-ahead log.
    #[error(
        "its journal mode stays `{found}`, expected `wal`: use a local file system, not one shared over a network"
    )]
    NoWal {
        /// The journal mode that SQLite offered.
        found: String,
    },
    /// This program was linked with an SQLite that can lose data.
    #[error("SQLite {found} is linked, expected 3.51.3 or later: earlier ones can damage a write-ahead log")]
    OldSqlite {
        /// The version linked.
        found: &'static str,
    },
    /// The schema is not ours to touch.
    #[error(transparent)]
    Schema(#[from] StoreError),
}

impl OpenFault {
    /// A fault of one file or folder.
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        |source| Self::File { path: path.to_owned(), source }
    }

    /// The fault as the error of the store at `path`.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        match self {
            Self::Schema(error) => error,
            Self::Database(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                damaged(format_args!("database {}", path.display()), error)
            }
            fault => StoreError::Unavailable(Box::new(OpenError { path: path.to_owned(), fault })),
        }
    }
}

/// What an error of SQLite means to the one who asked.
pub(crate) fn store_error(error: rusqlite::Error) -> StoreError {
    match (&error, error.sqlite_error_code()) {
        (_, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) => damaged("database", error),
        (rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..), _) => {
            damaged("row", error)
        }
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

/// Why a change could not be stored.
pub(crate) enum Fault {
    /// This change alone is refused.
    Refused(CommitError),
    /// The transaction is broken, and with it the whole group.
    Broken(rusqlite::Error),
}

impl Fault {
    /// A change that makes no sense.
    pub(crate) fn refused(reason: String) -> Self {
        Self::Refused(StoreError::Refused(reason).into())
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        if is_of_the_change(&error) { Self::refused(error.to_string()) } else { Self::Broken(error) }
    }
}

/// Whether an error is the fault of the very change that was to be stored.
fn is_of_the_change(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig))
}

/// Whether the same may succeed later: another process writes for long, or the disk is full. Nothing is stored then,
/// and SQLite knows that nothing is. After any other error of a write it is not known what the disk holds.
pub(crate) fn is_passing(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull))
}
