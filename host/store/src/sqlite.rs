//! The store in one SQLite file: for one machine, any number of processes.
//!
//! [`SqliteStore`] joins the parts: one thread writes (`writer`), one makes durable (`sync`), one tidies the log
//! (`checkpoint`), and whoever reads does so on a connection of its own (`reader`). One file for each table.
//! docs/format/schema.md describes the database, docs/decisions/0003-two-durabilities-on-sqlite.md what "durable" rests on.

mod checkpoint;
mod components;
mod fault;
mod health;
mod images;
mod open;
mod owners;
mod reader;
mod runs;
mod schema;
mod steps;
mod suspensions;
mod sync;
mod threads;
mod writer;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::{MessageId, OwnerId, RunId, SnapshotId, SuspensionId, TenantId};
use reentry_core::json::Json;
use reentry_core::path::StepPath;
use reentry_core::run::{Run, Step};
use reentry_core::time::Timestamp;
use rusqlite::Connection;
use tokio::sync::Semaphore;

pub use fault::{OpenError, OpenFault};

use crate::rows::CommitRows;
use crate::{
    Commit, CommitError, ComponentRecord, ComponentSummary, ComponentUsage, DeleteError, Durability, LogRow,
    Message, OwnerGuard, Page, RemoveError, RequestRecord, RunFilter, RunSummary, Savepoint, SavepointKind,
    SavepointSummary, Sent, Store, StoreError, StoreStats, SuspensionFilter, SuspensionRecord,
    WorkflowRecord, WorkflowSummary,
};
use open::Files;
use owners::Owners;
use reader::Readers;
use threads::Threads;
use writer::Change;

/// Long reads at once, each on a thread of its own. Bounds connections and threads; more wait their turn.
const SCANS_MAX: usize = 4;

/// Largest image that is read on the caller's thread, in bytes: about 50 us. Larger ones would hold up other tasks.
const INLINE_BYTES_MAX: u64 = 256 << 10;

/// A store in one SQLite file.
///
/// Dropping it waits until what was committed is answered and its threads have ended.
pub struct SqliteStore {
    // Dropped before the threads: whoever closes the last connection moves the log into the database, which only a
    // connection that writes can.
    readers: Arc<Readers>,
    threads: Threads,
    owners: Arc<Owners>,
    scans: Semaphore,
}

impl SqliteStore {
    /// Opens the database at `path`, or makes it, with its folder. Blocks while it does.
    ///
    /// On unix, new files and folders are readable by this user alone. The file system must be a local one: SQLite's
    /// write-ahead log and the locks of owners do not work over a network. No other part of the process may open and close
    /// the database file by itself, which would release SQLite's locks on it.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] for a database of a newer reentry, [`StoreError::Damaged`] for one that cannot be read,
    /// [`StoreError::Unavailable`] with an [`OpenError`] that names the path for everything else.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        Self::open_files(path).map_err(|fault| fault.at(path))
    }

    fn open_files(path: &Path) -> Result<Self, OpenFault> {
        let files = Files::prepare(path)?;
        Ok(Self {
            threads: Threads::start(&files)?,
            owners: Arc::new(Owners::new(files.owners.clone())),
            readers: Arc::new(Readers::new(files)),
            scans: Semaphore::new(SCANS_MAX),
        })
    }

    /// Reads what may be long on a thread that may block.
    async fn scan<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let readers = Arc::clone(&self.readers);
        self.blocking(move || readers.read(question)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _turn = self.scans.acquire().await.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Unavailable(Box::new(error)))?
    }

    /// Stores what is no commit, durably.
    async fn put(&self, change: Change) -> Result<(), StoreError> {
        match self.threads.store(change, Durability::Durable).await {
            Ok(()) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
            Err(conflict) => Err(StoreError::Unavailable(Box::new(conflict))),
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let durability = commit.durability;
        let rows = CommitRows::encode(commit)?;
        if rows.uses_what_is_not_kept_yet() {
            return Err(StoreError::Refused("not kept in SQLite yet".to_owned()).into());
        }
        self.threads.store(Change::Run(Box::new(rows)), durability).await
    }

    async fn run(&self, tenant: &TenantId, id: RunId) -> Result<Option<Run>, StoreError> {
        self.readers.read(|connection| runs::read(connection, tenant, id))
    }

    async fn step(&self, run: RunId, path: &StepPath) -> Result<Option<Step>, StoreError> {
        self.readers.read(|connection| steps::read(connection, run, path))
    }

    async fn steps(&self, run: RunId) -> Result<Vec<(StepPath, Step)>, StoreError> {
        self.scan(move |connection| steps::list(connection, run)).await
    }

    async fn image(&self, id: SnapshotId) -> Result<Option<Vec<u8>>, StoreError> {
        match self.readers.read(|connection| images::bytes(connection, id))? {
            None => Ok(None),
            Some(bytes) if bytes <= INLINE_BYTES_MAX => self.readers.read(|c| images::read(c, id)),
            Some(_) => self.scan(move |connection| images::read(connection, id)).await,
        }
    }

    async fn list_runs(&self, tenant: &TenantId, filter: RunFilter) -> Result<Page<RunSummary>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| runs::list(connection, &tenant, &filter)).await
    }

    async fn list_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
    ) -> Result<Page<SuspensionRecord>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| suspensions::list(connection, &tenant, &filter)).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        self.scan(move |connection| steps::due(connection, now, limit)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.readers.read(steps::next_due)
    }

    async fn register_owner(&self, owner: OwnerId) -> Result<Box<dyn OwnerGuard>, StoreError> {
        let owners = Arc::clone(&self.owners);
        self.blocking(move || owners.register(owner)).await
    }

    async fn orphans(&self, limit: usize) -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError> {
        let owners = Arc::clone(&self.owners);
        self.scan(move |connection| steps::orphans(connection, limit, |owner| owners.is_dead(owner))).await
    }

    async fn put_component(&self, component: ComponentRecord) -> Result<(), StoreError> {
        self.put(Change::Component(Box::new(component))).await
    }

    async fn component(&self, digest: &ComponentDigest) -> Result<Option<ComponentRecord>, StoreError> {
        let digest = *digest;
        self.scan(move |connection| components::component(connection, &digest)).await
    }

    async fn list_components(&self) -> Result<Vec<ComponentSummary>, StoreError> {
        self.scan(components::list_components).await
    }

    async fn put_workflow(&self, workflow: WorkflowRecord) -> Result<(), StoreError> {
        self.put(Change::Workflow(Box::new(workflow))).await
    }

    async fn workflow(&self, digest: &WorkflowDigest) -> Result<Option<WorkflowRecord>, StoreError> {
        self.readers.read(|connection| components::workflow(connection, digest))
    }

    async fn outputs(
        &self,
        _run: RunId,
        _paths: &[StepPath],
    ) -> Result<Vec<(StepPath, Option<Step>)>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn children(&self, _run: RunId, _path: &StepPath) -> Result<Vec<(StepPath, Step)>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn log(&self, _run: RunId, _after: u64, _limit: usize) -> Result<Vec<LogRow>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn savepoint(
        &self,
        _run: RunId,
        _suspension: SuspensionId,
    ) -> Result<Option<Savepoint>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn last_savepoint(
        &self,
        _run: RunId,
        _kind: SavepointKind,
    ) -> Result<Option<Savepoint>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn savepoints(&self, _run: RunId) -> Result<Vec<SavepointSummary>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn delete_run(&self, _tenant: &TenantId, _id: RunId) -> Result<(), DeleteError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()).into())
    }

    async fn delete_runs_before(&self, _before: Timestamp, _limit: usize) -> Result<Vec<RunId>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn owned(&self, _owner: OwnerId) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn request(&self, _tenant: &TenantId, _key: &str) -> Result<Option<RequestRecord>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn answer_request(&self, _tenant: &TenantId, _key: &str, _answer: Json) -> Result<(), StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn send(&self, _message: Message) -> Result<Sent, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn mail(
        &self,
        _tenant: &TenantId,
        _name: &str,
        _key: Option<&str>,
        _limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn message(&self, _tenant: &TenantId, _id: MessageId) -> Result<Option<Message>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn waiting_for(
        &self,
        _tenant: &TenantId,
        _name: &str,
        _key: Option<&str>,
    ) -> Result<Vec<(RunId, SuspensionId)>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn deliverable(&self, _limit: usize) -> Result<Vec<(TenantId, MessageId)>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn expire_mail(&self, _now: Timestamp, _taken_before: Timestamp) -> Result<u64, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn usage(&self, _component: &ComponentDigest) -> Result<ComponentUsage, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn remove_component(&self, _component: &ComponentDigest) -> Result<(), RemoveError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()).into())
    }

    async fn apply_workflow(
        &self,
        _tenant: &TenantId,
        _workflow: WorkflowRecord,
        _at: Timestamp,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn current_workflow(
        &self,
        _tenant: &TenantId,
        _id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn list_workflows(&self, _tenant: &TenantId) -> Result<Vec<WorkflowSummary>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn retire_workflow(
        &self,
        _tenant: &TenantId,
        _id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()))
    }

    async fn remove_workflow(
        &self,
        _tenant: &TenantId,
        _workflow: &WorkflowDigest,
    ) -> Result<(), RemoveError> {
        Err(StoreError::Refused("not kept in SQLite yet".to_owned()).into())
    }

    fn stats(&self) -> StoreStats {
        self.threads.stats()
    }
}
