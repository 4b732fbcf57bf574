//! The store in one SQLite file: for one machine, any number of processes.
//!
//! [`SqliteStore`] joins the parts, and `roles` has what it does as a store: one thread writes (`writer`), one makes
//! durable (`sync`), one tidies the log (`checkpoint`), and whoever reads does so on a connection of its own
//! (`reader`). One file for each table. docs/format/schema.md describes the database,
//! docs/decisions/0003-two-durabilities-on-sqlite.md what "durable" rests on.

mod backup;
mod call_logs;
mod called;
mod checkpoint;
#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used)]
mod claim_plans;
mod claims;
mod components;
mod deletion;
mod fault;
mod forks;
mod health;
mod held;
mod holds;
mod images;
mod in_use;
mod keys;
#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used)]
mod list_plans;
mod log;
mod messages;
mod names;
mod old_steps;
mod open;
mod owners;
mod pins;
mod queue;
mod reader;
mod records;
mod requests;
mod roles;
mod rotation;
mod run_key;
mod run_lists;
mod runs;
mod savepoints;
mod schema;
mod settings;
mod space;
mod spots;
mod steps;
mod suspensions;
mod sync;
mod tenant_records;
mod tenants;
mod threads;
mod tries;
mod troubles;
mod waits;
mod workflows;
mod writer;

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use reentry_core::id::{OwnerId, TenantId};
use reentry_core::time::Timestamp;
use rusqlite::Connection;

pub use fault::{OpenError, OpenFault};

use crate::turns::{Share, Turns};
use crate::{CommitError, Durability, StoreError};
use claims::{Candidate, Claimer};
use fault::Fault;
use open::Files;
use owners::Locks;
use queue::Whose;
use reader::{Reader, Readers};
use rotation::Rotation;
use threads::Threads;
use writer::{Change, Work};

/// Long reads at once, each on a thread of its own. Bounds connections and threads; more wait their turn, and no tenant
/// has all of them.
const SCANS_MAX: u32 = 4;

/// Largest image that is read on the caller's thread, in bytes: about 50 us. Larger ones would hold up other tasks.
const INLINE_BYTES_MAX: u64 = 256 << 10;

/// Most records that are read on the caller's thread, for the same reason.
const INLINE_RECORDS_MAX: usize = 16;

/// A store in one SQLite file.
///
/// Dropping it waits until what was committed is answered and its threads have ended.
pub struct SqliteStore {
    // Dropped before the threads: whoever closes the last connection moves the log into the database, which only a
    // connection that writes can.
    readers: Arc<Readers>,
    threads: Threads,
    owners: Arc<Locks>,
    scans: Turns<Whose>,
    files: Files,
    /// Whose turn it is where a few have very much that is due, or very much mail.
    due_of: Arc<Rotation>,
    mail_of: Arc<Rotation>,
}

impl SqliteStore {
    /// Opens the database at `path`, or makes it, with its folder. Blocks while it does.
    ///
    /// On unix, new files and folders are readable by this user alone. The file system must be a local one: SQLite's
    /// write-ahead log and the locks of owners do not work over a network. No other part of the process may open and
    /// close the database file by itself, which would release SQLite's locks on it.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] for a database of a newer reentry, [`StoreError::Damaged`] for one that cannot be read,
    /// [`StoreError::Unavailable`] with an [`OpenError`] that names the path for everything else.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        Self::open_files(path).map_err(|fault| fault.at(path))
    }

    /// Whether the database was in use when it was copied without its log, or when the log was removed: what was
    /// stored last may be missing then. Told once in the host's log, and no proof: a copy that SQLite itself made of
    /// a database in use says so, too, and is whole.
    pub fn log_is_missing(&self) -> bool {
        self.threads.log_is_missing
    }

    fn open_files(path: &Path) -> Result<Self, OpenFault> {
        let files = Files::prepare(path)?;
        Ok(Self {
            threads: Threads::start(&files)?,
            owners: Arc::new(Locks::new(files.owners.clone())),
            readers: Arc::new(Readers::new(files.clone())),
            scans: Turns::new(SCANS_MAX, || Duration::ZERO),
            files,
            due_of: Arc::default(),
            mail_of: Arc::default(),
        })
    }

    /// Reads what may be long on a thread that may block, for a tenant or for the host itself.
    async fn scan<T: Send + 'static>(
        &self,
        whose: Option<&TenantId>,
        question: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let readers = Arc::clone(&self.readers);
        self.blocking(whose, move || readers.read(question)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        whose: Option<&TenantId>,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self.scans.take(&whose.cloned(), Share::default()).await;
        // The turn is over when the work is, even if the one who asked for it is gone by then.
        let work = move || {
            let done = work();
            drop(turn);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Unavailable(Box::new(error)))?
    }

    /// Claims what a look finds, for one owner. Looks again when others were faster to all of it.
    async fn claim<T: Clone + Send + Sync + 'static>(
        &self,
        owner: OwnerId,
        now: Timestamp,
        look: impl Fn(&Reader, &Claimer) -> Result<Vec<Candidate<T>>, StoreError> + Send + Sync + 'static,
    ) -> Result<Vec<T>, StoreError> {
        let look = Arc::new(look);
        loop {
            let (look, locks) = (Arc::clone(&look), Arc::clone(&self.owners));
            let found = self.scan(None, move |reader| look(reader, &Claimer::new(owner, now, locks))).await?;
            if found.is_empty() {
                return Ok(Vec::new());
            }
            let found = Arc::new(found);
            let bytes = SMALL * found.len();
            let claimed = {
                let found = Arc::clone(&found);
                let work = move |connection: &Connection| claims::claim(connection, owner, now, &found);
                self.write(None, Durability::Visible, bytes, work).await?
            };
            let got = found.iter().zip(claimed).filter(|(_, is_ours)| *is_ours);
            let got: Vec<T> = got.map(|(one, _)| one.what.clone()).collect();
            if !got.is_empty() {
                return Ok(got);
            }
        }
    }

    /// Lets go of what an owner has claimed.
    async fn unclaim(&self, owner: OwnerId, ids: Vec<[u8; 16]>) -> Result<(), StoreError> {
        let work = move |connection: &Connection| claims::let_go(connection, owner, &ids);
        self.write(None, Durability::Visible, SMALL, work).await
    }

    /// Makes a change that is no commit, for a tenant or for the host itself; returns what it found out.
    async fn write<T: Send + 'static>(
        &self,
        whose: Option<&TenantId>,
        durability: Durability,
        bytes: usize,
        work: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = mpsc::channel();
        // Told as soon as it is done, true once the change is answered.
        let work: Work = Box::new(move |connection| {
            // Whoever does not wait any more does not want to know.
            let _ = tell.send(work(connection)?);
            Ok(())
        });
        match self.threads.store(whose.cloned(), Change::Other { bytes, work }, durability).await {
            Ok(()) => told.try_recv().map_err(|error| StoreError::Unavailable(Box::new(error))),
            Err(CommitError::Store(error)) => Err(error),
            Err(conflict) => Err(StoreError::Unavailable(Box::new(conflict))),
        }
    }
}

/// Bytes of a change that writes a row or two.
const SMALL: usize = 256;
