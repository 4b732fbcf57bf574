//! The store in one SQLite file: for one machine, any number of processes.
//!
//! [`SqliteStore`] joins the parts: one thread writes (`writer`), one makes durable (`sync`), one tidies the log
//! (`checkpoint`), and whoever reads does so on a connection of its own (`reader`). One file for each table.
//! docs/format/schema.md describes the database, docs/decisions/0003-two-durabilities-on-sqlite.md what "durable" rests on.

mod backup;
mod call_logs;
mod called;
mod checkpoint;
mod components;
mod deletion;
mod fault;
mod forks;
mod health;
mod held;
mod holds;
mod images;
mod in_use;
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
mod reader;
mod records;
mod requests;
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
mod tenants;
mod threads;
mod tries;
mod troubles;
mod waits;
mod workflows;
mod writer;

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, mpsc};

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
    Ancestor, CallLogFilter, CallLogs, Commit, CommitError, ComponentRecord, ComponentSummary,
    ComponentUsage, Counts, DeleteError, Durability, LateTry, LogRow, Message, OwnerGuard, Page, RemoveError,
    RequestRecord, RunFilter, RunGroups, RunSummary, Savepoint, SavepointKind, SavepointSummary, Sent, Store,
    StoreError, StoreStats, SuspensionFilter, SuspensionGroups, SuspensionRecord, TenantSummary,
    WorkflowRecord, WorkflowSummary,
};
use fault::store_error;
use open::Files;
use owners::Owners;
use reader::{Reader, Readers};
use threads::Threads;
use writer::{Change, Fault, Work};

/// Long reads at once, each on a thread of its own. Bounds connections and threads; more wait their turn.
const SCANS_MAX: usize = 4;

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
    owners: Arc<Owners>,
    scans: Semaphore,
    files: Files,
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

    /// Whether the database was in use when it was copied without its log, or when the log was removed: what was stored last may be missing
    /// then. Told once in the host's log, and no proof: a copy that SQLite itself made of a database in use says so, too, and is whole.
    pub fn log_is_missing(&self) -> bool {
        self.threads.log_is_missing
    }

    fn open_files(path: &Path) -> Result<Self, OpenFault> {
        let files = Files::prepare(path)?;
        Ok(Self {
            threads: Threads::start(&files)?,
            owners: Arc::new(Owners::new(files.owners.clone())),
            readers: Arc::new(Readers::new(files.clone())),
            scans: Semaphore::new(SCANS_MAX),
            files,
        })
    }

    /// Reads what may be long on a thread that may block.
    async fn scan<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
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

    /// Makes a change that is no commit; returns what it found out.
    async fn write<T: Send + 'static>(
        &self,
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
        match self.threads.store(Change::Other { bytes, work }, durability).await {
            Ok(()) => told.try_recv().map_err(|error| StoreError::Unavailable(Box::new(error))),
            Err(CommitError::Store(error)) => Err(error),
            Err(conflict) => Err(StoreError::Unavailable(Box::new(conflict))),
        }
    }
}

/// Bytes of a change that writes a row or two.
const SMALL: usize = 256;

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let durability = commit.durability;
        let rows = CommitRows::encode(commit)?;
        self.threads.store(Change::Run(Box::new(rows)), durability).await
    }

    async fn note_trouble(
        &self,
        tenant: &TenantId,
        run: RunId,
        reason: &str,
        blocks_at: u32,
    ) -> Result<u32, StoreError> {
        let (tenant, reason) = (tenant.clone(), reason.to_owned());
        let work =
            move |connection: &Connection| troubles::note(connection, &tenant, run, &reason, blocks_at);
        self.write(Durability::Visible, SMALL, work).await
    }

    async fn note_late_try(
        &self,
        tenant: &TenantId,
        run: RunId,
        late: LateTry,
        times: u64,
    ) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        let work = move |connection: &Connection| tries::note_late(connection, &tenant, run, &late, times);
        self.write(Durability::Visible, SMALL, work).await
    }

    async fn run(&self, tenant: &TenantId, id: RunId) -> Result<Option<Run>, StoreError> {
        self.readers.read(|connection| runs::read(connection, tenant, id))
    }

    async fn lineage(&self, run: RunId) -> Result<Vec<Ancestor>, StoreError> {
        self.readers.read(|connection| forks::lineage(connection, run))
    }

    async fn step(&self, run: RunId, path: &StepPath) -> Result<Option<Step>, StoreError> {
        self.readers.read(|connection| records::one(connection, run, path))
    }

    async fn steps(&self, run: RunId) -> Result<Vec<(StepPath, Step)>, StoreError> {
        self.scan(move |connection| records::every(connection, run)).await
    }

    async fn outputs(
        &self,
        run: RunId,
        paths: &[StepPath],
    ) -> Result<Vec<(StepPath, Option<Step>)>, StoreError> {
        if paths.len() <= INLINE_RECORDS_MAX {
            return self.readers.read(|connection| records::named(connection, run, paths));
        }
        let paths = paths.to_vec();
        self.scan(move |connection| records::named(connection, run, &paths)).await
    }

    async fn children(&self, run: RunId, path: &StepPath) -> Result<Vec<(StepPath, Step)>, StoreError> {
        let path = path.clone();
        self.scan(move |connection| records::children(connection, run, &path)).await
    }

    async fn image(&self, id: SnapshotId) -> Result<Option<Vec<u8>>, StoreError> {
        match self.readers.read(|connection| images::bytes(connection, id))? {
            None => Ok(None),
            Some(bytes) if bytes <= INLINE_BYTES_MAX => self.readers.read(|c| images::read(c, id)),
            Some(_) => self.scan(move |connection| images::read(connection, id)).await,
        }
    }

    async fn log(&self, run: RunId, after: u64, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        self.scan(move |connection| log::read(connection, run, after, limit)).await
    }

    async fn call_logs(&self, run: RunId, filter: &CallLogFilter) -> Result<CallLogs, StoreError> {
        let filter = filter.clone();
        self.scan(move |connection| call_logs::read(connection, run, &filter)).await
    }

    async fn savepoint(&self, run: RunId, suspension: SuspensionId) -> Result<Option<Savepoint>, StoreError> {
        self.scan(move |connection| savepoints::of_suspension(connection, run, suspension)).await
    }

    async fn last_savepoint(&self, run: RunId, kind: SavepointKind) -> Result<Option<Savepoint>, StoreError> {
        self.scan(move |connection| savepoints::last(connection, run, kind)).await
    }

    async fn savepoints(&self, run: RunId) -> Result<Vec<SavepointSummary>, StoreError> {
        self.scan(move |connection| savepoints::list(connection, run)).await
    }

    async fn list_runs(&self, tenant: &TenantId, filter: RunFilter) -> Result<Page<RunSummary>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| run_lists::list(connection, &tenant, &filter)).await
    }

    async fn count_runs(
        &self,
        tenant: &TenantId,
        filter: RunFilter,
        by: Option<RunGroups>,
    ) -> Result<Counts, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| run_lists::count(connection, &tenant, &filter, by)).await
    }

    async fn runs_with_digits(
        &self,
        tenant: &TenantId,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        let (tenant, digits) = (tenant.clone(), digits.to_ascii_lowercase());
        self.scan(move |connection| runs::with_digits(connection, &tenant, &digits, limit)).await
    }

    async fn last_run(&self, tenant: &TenantId) -> Result<Option<RunId>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| runs::last(connection, &tenant)).await
    }

    async fn give_back_space(&self) -> Result<u64, StoreError> {
        let size = || self.scan(|connection| space::bytes(connection).map_err(store_error));
        let before = size().await?;
        if !self.scan(|connection| space::is_prepared(connection).map_err(store_error)).await? {
            let (files, owners) = (self.files.clone(), Arc::clone(&self.owners));
            self.blocking(move || {
                let others_are_alive = owners.others_are_alive()?;
                space::write_anew(&files, others_are_alive).map_err(|fault| fault.at(&files.database))
            })
            .await?;
        }
        if self.scan(|connection| space::is_prepared(connection).map_err(store_error)).await? {
            while self.write(Durability::Visible, SMALL, space::step).await? {}
        }
        let files = self.files.clone();
        self.blocking(move || space::settle(&files).map_err(|fault| fault.at(&files.database))).await?;
        Ok(before.saturating_sub(size().await?))
    }

    async fn delete_run(&self, tenant: &TenantId, id: RunId) -> Result<(), DeleteError> {
        let tenant = tenant.clone();
        let work = move |connection: &Connection| deletion::delete_run(connection, &tenant, id);
        self.write(Durability::Durable, SMALL, work).await?
    }

    async fn delete_runs_before(&self, before: Timestamp, limit: usize) -> Result<Vec<RunId>, StoreError> {
        let work = move |connection: &Connection| deletion::delete_before(connection, before, limit);
        self.write(Durability::Visible, SMALL, work).await
    }

    async fn list_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
    ) -> Result<Page<SuspensionRecord>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| suspensions::list(connection, &tenant, &filter)).await
    }

    async fn count_suspensions(
        &self,
        tenant: &TenantId,
        filter: SuspensionFilter,
        by: Option<SuspensionGroups>,
    ) -> Result<Counts, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| suspensions::count(connection, &tenant, &filter, by)).await
    }

    async fn due(
        &self,
        now: Timestamp,
        except: &HashSet<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        let except = except.clone();
        self.scan(move |connection| held::due(connection, now, &except, limit)).await
    }

    async fn next_due(&self, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.readers.read(|connection| held::next_due(connection, after))
    }

    async fn register_owner(&self, owner: OwnerId) -> Result<Box<dyn OwnerGuard>, StoreError> {
        let owners = Arc::clone(&self.owners);
        self.blocking(move || owners.register(owner)).await
    }

    async fn is_dead(&self, owner: OwnerId) -> Result<bool, StoreError> {
        let owners = Arc::clone(&self.owners);
        self.blocking(move || owners.is_dead(owner)).await
    }

    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let to = to.to_owned();
        self.scan(move |connection| backup::write(connection, &to)).await
    }

    async fn list_tenants(&self) -> Result<Vec<TenantSummary>, StoreError> {
        self.scan(|connection| tenants::list(connection)).await
    }

    async fn delete_tenant(&self, tenant: &TenantId) -> Result<Vec<ComponentDigest>, RemoveError> {
        let tenant = tenant.clone();
        let work = move |connection: &Connection| tenants::delete(connection, &tenant);
        self.write(Durability::Durable, SMALL, work).await?
    }

    async fn key_fingerprint(&self) -> Result<Option<[u8; 32]>, StoreError> {
        self.readers.read(|connection| settings::key_fingerprint(connection))
    }

    async fn keep_key_fingerprint(&self, fingerprint: [u8; 32]) -> Result<(), StoreError> {
        let work = move |connection: &Connection| settings::keep_key_fingerprint(connection, fingerprint);
        self.write(Durability::Durable, SMALL, work).await
    }

    async fn orphans(
        &self,
        except: &HashSet<RunId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, RunId, OwnerId)>, StoreError> {
        let (owners, except) = (Arc::clone(&self.owners), except.clone());
        let is_dead = move |owner| owners.is_dead(owner);
        self.scan(move |connection| held::orphans(connection, &except, limit, is_dead)).await
    }

    async fn owned(&self, owner: OwnerId) -> Result<Vec<(TenantId, RunId)>, StoreError> {
        self.scan(move |connection| held::owned(connection, owner)).await
    }

    async fn request(&self, tenant: &TenantId, key: &str) -> Result<Option<RequestRecord>, StoreError> {
        self.readers.read(|connection| requests::read(connection, tenant, key))
    }

    async fn answer_request(&self, tenant: &TenantId, key: &str, answer: Json) -> Result<(), StoreError> {
        let (tenant, key, bytes) = (tenant.clone(), key.to_owned(), answer.text().len());
        let work = move |connection: &Connection| requests::answer(connection, &tenant, &key, &answer);
        self.write(Durability::Visible, bytes, work).await
    }

    async fn send(&self, message: Message) -> Result<Sent, StoreError> {
        let bytes = message.payload.text().len();
        let work = move |connection: &Connection| messages::send(connection, &message);
        self.write(Durability::Durable, bytes, work).await
    }

    async fn mail(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let (tenant, name, key) = (tenant.clone(), name.to_owned(), key.map(str::to_owned));
        self.scan(move |connection| messages::list(connection, &tenant, &name, key.as_deref(), limit)).await
    }

    async fn message(&self, tenant: &TenantId, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.readers.read(|connection| messages::read(connection, tenant, id))
    }

    async fn waiting_for(
        &self,
        tenant: &TenantId,
        name: &str,
        key: Option<&str>,
    ) -> Result<Vec<(RunId, SuspensionId)>, StoreError> {
        let (tenant, name, key) = (tenant.clone(), name.to_owned(), key.map(str::to_owned));
        self.scan(move |connection| messages::waiting_for(connection, &tenant, &name, key.as_deref())).await
    }

    async fn deliverable(
        &self,
        except: &HashSet<MessageId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, MessageId)>, StoreError> {
        let except = except.clone();
        self.scan(move |connection| messages::deliverable(connection, &except, limit)).await
    }

    async fn expire_mail(&self, now: Timestamp, taken_before: Timestamp) -> Result<u64, StoreError> {
        let work = move |connection: &Connection| messages::expire(connection, now, taken_before);
        self.write(Durability::Visible, SMALL, work).await
    }

    async fn put_component(
        &self,
        tenant: &TenantId,
        name: &str,
        at: Timestamp,
        component: ComponentRecord,
    ) -> Result<(), StoreError> {
        let (tenant, name) = (tenant.clone(), name.to_owned());
        let bytes = component.bytes.len() + component.base.len();
        let work = move |connection: &Connection| {
            components::store(connection, &component, &name)?;
            Ok(holds::store(connection, &tenant, component.digest, &name, at)?)
        };
        self.write(Durability::Durable, bytes, work).await
    }

    async fn component(&self, digest: &ComponentDigest) -> Result<Option<ComponentRecord>, StoreError> {
        let digest = *digest;
        self.scan(move |connection| components::read(connection, &digest)).await
    }

    async fn component_of(
        &self,
        tenant: &TenantId,
        digest: &ComponentDigest,
    ) -> Result<Option<ComponentSummary>, StoreError> {
        self.readers.read(|connection| holds::one(connection, tenant, *digest))
    }

    async fn component_named(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        self.readers.read(|connection| holds::named(connection, tenant, name))
    }

    async fn list_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| holds::list(connection, &tenant)).await
    }

    async fn has_components(&self) -> Result<bool, StoreError> {
        self.readers.read(|connection| components::any(connection))
    }

    async fn publish_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
        name: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (tenant, component, name) = (tenant.clone(), *component, name.to_owned());
        let work = move |connection: &Connection| holds::publish(connection, &tenant, component, &name, at);
        self.write(Durability::Durable, SMALL, work).await
    }

    async fn unpublish_component(
        &self,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        let component = *component;
        let work = move |connection: &Connection| holds::unpublish(connection, component);
        self.write(Durability::Durable, SMALL, work).await?
    }

    async fn usage(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<ComponentUsage, StoreError> {
        let (tenant, component) = (tenant.clone(), *component);
        self.scan(move |connection| holds::usage(connection, &tenant, component).map_err(store_error)).await
    }

    async fn unneeded_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| holds::unneeded(connection, &tenant)).await
    }

    async fn remove_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        let (tenant, component) = (tenant.clone(), *component);
        let work = move |connection: &Connection| holds::remove(connection, &tenant, component);
        self.write(Durability::Durable, SMALL, work).await?
    }

    async fn put_workflow(&self, tenant: &TenantId, workflow: WorkflowRecord) -> Result<(), StoreError> {
        let (tenant, bytes) = (tenant.clone(), workflow.definition.text().len());
        let work = move |connection: &Connection| workflows::store(connection, &tenant, &workflow);
        self.write(Durability::Durable, bytes, work).await
    }

    async fn workflow(&self, digest: &WorkflowDigest) -> Result<Option<WorkflowRecord>, StoreError> {
        self.readers.read(|connection| workflows::read(connection, digest))
    }

    async fn holds_workflow(&self, tenant: &TenantId, digest: &WorkflowDigest) -> Result<bool, StoreError> {
        self.readers.read(|connection| workflows::is_held(connection, tenant, digest).map_err(store_error))
    }

    async fn missing_component(
        &self,
        tenant: &TenantId,
        workflow: &WorkflowDigest,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        self.readers.read(|connection| holds::missing(connection, tenant, workflow))
    }

    async fn apply_workflow(
        &self,
        tenant: &TenantId,
        workflow: WorkflowRecord,
        at: Timestamp,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        let (tenant, bytes) = (tenant.clone(), workflow.definition.text().len());
        let work = move |connection: &Connection| workflows::apply(connection, &tenant, &workflow, at);
        self.write(Durability::Durable, bytes, work).await
    }

    async fn current_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        self.readers.read(|connection| workflows::current(connection, tenant, id))
    }

    async fn list_workflows(&self, tenant: &TenantId) -> Result<Vec<WorkflowSummary>, StoreError> {
        let tenant = tenant.clone();
        self.scan(move |connection| workflows::list(connection, &tenant)).await
    }

    async fn retire_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        let (tenant, id) = (tenant.clone(), id.to_owned());
        let work = move |connection: &Connection| workflows::retire(connection, &tenant, &id);
        self.write(Durability::Durable, SMALL, work).await
    }

    async fn remove_workflow(&self, tenant: &TenantId, workflow: &WorkflowDigest) -> Result<(), RemoveError> {
        let (tenant, workflow) = (tenant.clone(), *workflow);
        let work = move |connection: &Connection| workflows::remove(connection, &tenant, workflow);
        self.write(Durability::Durable, SMALL, work).await?
    }

    fn stats(&self) -> StoreStats {
        StoreStats { bytes_read: self.readers.bytes(), ..self.threads.stats() }
    }
}
