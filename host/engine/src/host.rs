//! The embedder's object: what is set up once, and what everything else hangs on.

use std::sync::Arc;
use std::time::Duration;

use reentry_core::digest::ComponentDigest;
use reentry_core::id::{OwnerId, RunId, TenantId};
use reentry_core::run::{Durability, Run as RunState};
use reentry_core::workflow::{Definition, WorkflowBuilder};
use reentry_store::{
    Commit, ComponentSummary, Counts, OwnerGuard, Page, RunFilter, RunGroups, RunSummary, Store, StoreError,
    StoreStats, SuspensionFilter, SuspensionGroups,
};
use reentry_wasm::Phase;
use tokio::sync::Semaphore;

use crate::builder::HostBuilder;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::component::Component;
use crate::decide::{load, new_run_refused};
use crate::error::Error;
use crate::fault::{FaultHook, FaultPoint, Stored};
use crate::flights::Flights;
use crate::inbox::{Waiting, waiting};
use crate::inputs::Inputs;
use crate::late::Late;
use crate::live::Live;
use crate::observer::Observer;
use crate::registry::Registry;
use crate::run::Run;
use crate::stop::Stop;
use crate::workflow::{PendingWorkflow, Workflow};

/// A host of workflows: one store, one WebAssembly runtime, one tenant's view of both. Cheap to clone.
///
/// Several hosts, in one process or in many, may share a store.
#[derive(Clone)]
pub struct Host {
    pub(crate) inner: Arc<Inner>,
    pub(crate) tenant: TenantId,
}

/// What all clones of a host share.
pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) registry: Registry,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: Chance,
    pub(crate) observer: Arc<dyn Observer>,
    /// Secret from which the keys of all seals are made.
    pub(crate) key: [u8; 32],
    /// Names this host in the records of the calls it performs.
    pub(crate) owner: OwnerId,
    /// Held as long as the host lives: when it is gone, others may take its calls over.
    pub(crate) _alive: Box<dyn OwnerGuard>,
    /// One permit a call into a guest; as many as the runtime has slots.
    pub(crate) calls: Semaphore,
    /// How many there are.
    pub(crate) calls_max: u32,
    /// Runs that this process is driving.
    pub(crate) flights: Flights,
    /// Whether no further call is to be begun, and what is left to do.
    pub(crate) stop: Stop,
    /// Large inputs of workflows that were used lately.
    pub(crate) inputs: Inputs,
    /// Late tries that are only counted.
    pub(crate) late: Late,
    /// Tells those in this process who listen.
    pub(crate) live: Arc<Live>,
    /// How many savepoints a run keeps.
    pub(crate) savepoints_max: u32,
    /// Most bytes of one value that comes in.
    pub(crate) value_bytes: usize,
    /// How long a call that nobody wants any more may go on.
    pub(crate) cancel_grace: Duration,
    /// The longest delay before a further try for which a driver stays with its run, in milliseconds.
    pub(crate) sit_through_ms: u64,
    /// How safely a result is stored before it is acknowledged.
    pub(crate) durability: Durability,
    pub(crate) faults: Option<FaultHook>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("owner", &self.inner.owner).field("tenant", &self.tenant).finish()
    }
}

impl Inner {
    pub(crate) fn fault(&self, point: FaultPoint) {
        if let Some(hook) = &self.faults {
            hook(point);
        }
    }
}

impl Host {
    /// Sets up a host.
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// The same host as another tenant sees it: with its own runs, components and workflows, and those components that are published to
    /// all. Bytes that several tenants have are kept once, and none of them can tell.
    pub fn for_tenant(&self, tenant: TenantId) -> Self {
        Self { inner: Arc::clone(&self.inner), tenant }
    }

    /// The tenant on whose behalf this handle acts, and of which alone it sees anything.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Adds a component: checks, instruments and compiles it, asks it for its steps, and keeps it for the tenant. Durable on return. Adding
    /// the same bytes again changes nothing, their name neither.
    ///
    /// # Errors
    /// `Guest` when the component cannot be accepted, with the reasons.
    pub async fn add_component(&self, name: &str, bytes: &[u8]) -> Result<Component, Error> {
        self.add_component_with(name, bytes, &|_| {}).await
    }

    /// The same, and tells how far it is: compiling a large component takes seconds.
    ///
    /// # Errors
    /// As [`Self::add_component`].
    pub async fn add_component_with(
        &self,
        name: &str,
        bytes: &[u8],
        progress: &(dyn Fn(Phase) + Send + Sync),
    ) -> Result<Component, Error> {
        let (digest, meta) = self.inner.registry.add(&self.tenant, name, bytes, progress).await?;
        Ok(Component { digest, meta })
    }

    /// A component that the tenant has added before, or that is published.
    ///
    /// # Errors
    /// `NotFound` when there is none, whether another tenant has it or not.
    pub async fn component(&self, digest: ComponentDigest) -> Result<Component, Error> {
        Ok(Component { digest, meta: self.inner.registry.meta_of(&self.tenant, digest).await? })
    }

    /// The component that a name means: of the tenant's own of that name the one added last; without one, of those published under it the one
    /// published last.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn component_named(&self, name: &str) -> Result<Option<Component>, Error> {
        let Some(digest) = self.inner.store.component_named(&self.tenant, name).await? else {
            return Ok(None);
        };
        match self.component(digest).await {
            // Somebody removed it just now.
            Err(Error::NoComponent(_)) => Ok(None),
            found => found.map(Some),
        }
    }

    /// The components that the tenant may use: first its own, the newest first, then those that are published and not its own, the newest
    /// first.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn components(&self) -> Result<Vec<ComponentSummary>, Error> {
        Ok(self.inner.store.list_components(&self.tenant).await?)
    }

    /// Begins a workflow, to be committed on this host.
    pub fn workflow(&self, id: impl Into<String>) -> PendingWorkflow {
        PendingWorkflow { host: self.clone(), builder: WorkflowBuilder::new(id) }
    }

    /// Commits a definition for the tenant. Durable on return; the same definition again gives the same workflow.
    ///
    /// # Errors
    /// [`Error::Definition`] with everything that is wrong with it.
    pub async fn commit(&self, definition: impl Into<Definition>) -> Result<Workflow, Error> {
        let workflow = self.inner.registry.commit(&self.tenant, &definition.into()).await?;
        Ok(Workflow { host: self.clone(), workflow })
    }

    /// A run, by its id. The handle has seen the run as it is now; of one that cannot be read it has seen nothing.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such run.
    pub async fn run(&self, id: RunId) -> Result<Run, Error> {
        let version = match load(&self.inner, &self.tenant, id).await {
            Ok(run) => run.version,
            Err(Error::Store(StoreError::Damaged { .. })) => 0,
            Err(error) => return Err(error),
        };
        Ok(Run::new(self.clone(), id, version))
    }

    /// Lists runs, newest first. A page may be short, or empty, and have a `next` all the same: see [`Page`].
    ///
    /// # Errors
    /// `Refused` for a filter that nothing passes, and a place that is none; `Unavailable`, `Damaged`.
    pub async fn runs(&self, filter: RunFilter) -> Result<Page<RunSummary>, Error> {
        Ok(self.inner.store.list_runs(&self.tenant, filter).await?)
    }

    /// Counts the runs of a list, in all and by what they have in common. Up to 10,000 are looked at, so that the work is bounded:
    /// [`Counts::more`] says whether there may be more.
    ///
    /// # Errors
    /// As [`Self::runs`].
    pub async fn count_runs(&self, filter: RunFilter, by: Option<RunGroups>) -> Result<Counts, Error> {
        Ok(self.inner.store.count_runs(&self.tenant, filter, by).await?)
    }

    /// Runs of which the first or last hexadecimal digits of the id are given, newest first, at most `limit`. Grows with the tenant's runs.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn runs_with_digits(&self, digits: &str, limit: usize) -> Result<Vec<RunId>, Error> {
        Ok(self.inner.store.runs_with_digits(&self.tenant, digits, limit).await?)
    }

    /// The run that was created or answered most recently.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn last_run(&self) -> Result<Option<RunId>, Error> {
        Ok(self.inner.store.last_run(&self.tenant).await?)
    }

    /// Gives the space of what was deleted back to the file system; returns how many bytes. Takes as long as there is much to give back;
    /// others may write meanwhile. A data folder of an early version is written anew once, for which all hosts on it wait: that is
    /// left for later while others are alive and it would take long.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn give_back_space(&self) -> Result<u64, Error> {
        Ok(self.inner.store.give_back_space().await?)
    }

    /// Lists what waits for an answer, oldest first: payload, schema of the answer, labels, age. A page may be short, or empty, and have a
    /// `next` all the same: see [`Page`].
    ///
    /// # Errors
    /// `Refused` for a filter that nothing passes, and a place that is none; `Unavailable`, `Damaged`.
    pub async fn inbox(&self, filter: SuspensionFilter) -> Result<Page<Waiting>, Error> {
        let page = self.inner.store.list_suspensions(&self.tenant, filter).await?;
        let mut rows = Vec::with_capacity(page.rows.len());
        for record in page.rows {
            rows.push(waiting(&self.inner, &self.tenant, record).await?);
        }
        Ok(Page { rows, next: page.next })
    }

    /// Counts what waits for an answer, as [`Self::count_runs`] does runs.
    ///
    /// # Errors
    /// As [`Self::inbox`].
    pub async fn count_inbox(
        &self,
        filter: SuspensionFilter,
        by: Option<SuspensionGroups>,
    ) -> Result<Counts, Error> {
        Ok(self.inner.store.count_suspensions(&self.tenant, filter, by).await?)
    }

    /// Figures of the store since this host was set up.
    pub fn store_stats(&self) -> StoreStats {
        self.inner.store.stats()
    }

    /// A run that waits to be started, not stored.
    pub(crate) fn pending(
        &self,
        workflow: &reentry_core::workflow::Workflow,
        resource_id: Option<String>,
    ) -> RunState {
        let now = self.inner.clock.now();
        let pinned = (workflow.digest(), workflow.id().to_owned());
        let run = RunState::new(self.inner.chance.run_id(now), self.tenant.clone(), pinned, now);
        RunState { resource_id, ..run }
    }

    /// Stores a run that waits to be started.
    pub(crate) async fn create_run(
        &self,
        workflow: &reentry_core::workflow::Workflow,
        resource_id: Option<String>,
    ) -> Result<Run, Error> {
        self.inner.registry.check_components(&self.tenant, workflow.digest()).await?;
        let run = self.pending(workflow, resource_id);
        let id = run.id;
        let commit = Commit::new(run, None, Durability::Visible);
        self.inner.fault(FaultPoint::BeforeCommit(Stored::Created));
        self.inner.store.commit(commit).await.map_err(|error| new_run_refused(id, error))?;
        self.inner.fault(FaultPoint::AfterCommit(Stored::Created));
        Ok(Run::new(self.clone(), id, 0))
    }
}
