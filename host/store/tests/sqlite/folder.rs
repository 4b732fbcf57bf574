//! A folder with a database, removed at the end.

use std::path::PathBuf;
use std::sync::Arc;

use reentry_store::Store;
use reentry_store::conformance::BackEnd;
use reentry_store::sqlite::SqliteStore;

/// A folder with a database.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("the system has a folder for temporary files"))
    }

    /// Where the database is, or will be.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.path().join("runs.db")
    }
}

impl BackEnd for Folder {
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.database()).expect("the database can be opened"))
    }
}
