//! The handle of one tenant: what may be done for it, and nothing else.

use std::sync::Arc;

use reentry_core::digest::ComponentDigest;
use reentry_core::id::{RunId, TenantId};
use reentry_core::run::{Durability, RunState};
use reentry_core::workflow::{Definition, WorkflowBuilder};
use reentry_store::{
    Commit, ComponentSummary, Counts, Page, RunFilter, RunGroups, RunSummary, StoreError, SuspensionFilter,
    SuspensionGroups,
};
use reentry_wasm::Phase;

use crate::component::Component;
use crate::decide::{load, new_run_refused};
use crate::error::Error;
use crate::fault::{FaultPoint, Stored};
use crate::inbox::{Waiting, waiting};
use crate::run::Run;
use crate::shared::Shared;
use crate::workflow::{PendingWorkflow, Workflow};

/// What one tenant has on a host: its components, workflows, runs, inbox and messages, and the components that are
/// published to all. Cheap to clone; made by [`Host::tenant`](crate::Host::tenant).
///
/// A handle reaches nothing of other tenants and nothing of the host's: code that serves a tenant is given this,
/// never the host.
#[derive(Clone)]
pub struct Tenant {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: TenantId,
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tenant").field(&self.id).finish()
    }
}

impl Tenant {
    /// Returns the tenant's id.
    pub fn id(&self) -> &TenantId {
        &self.id
    }

    /// Adds a component: checks, instruments and compiles it, asks it for its steps, and keeps it for the tenant.
    /// Durable on return. Adding the same bytes again changes nothing, not even their name.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (host, tenant, ask) = asks().await?;
    /// use reentry::{ComponentizeOptions, componentize};
    ///
    /// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ask.wat"));
    /// // A core module that an SDK built; most languages make the component themselves.
    /// let module = wat::parse_str(text)?;
    /// let component = tenant.add_component("ask", &componentize(&module, ComponentizeOptions::default())?).await?;
    /// assert_eq!(component.steps()[0].id, "ask");
    /// assert_eq!(tenant.component_named("ask").await?.unwrap().digest(), component.digest());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Guest` when the component cannot be accepted, with the reasons.
    pub async fn add_component(&self, name: &str, bytes: &[u8]) -> Result<Component, Error> {
        self.add_component_with(name, bytes, &|_| {}).await
    }

    /// Adds a component as [`Self::add_component`] does, and reports progress: compiling a large one takes seconds.
    ///
    /// # Errors
    /// As [`Self::add_component`].
    pub async fn add_component_with(
        &self,
        name: &str,
        bytes: &[u8],
        progress: &(dyn Fn(Phase) + Send + Sync),
    ) -> Result<Component, Error> {
        let grants = self.policy().await?.grants;
        let (digest, meta) = self.shared.registry.add(&self.id, name, bytes, grants, progress).await?;
        Ok(Component { digest, meta })
    }

    /// Returns a component that the tenant has added before, or that is published.
    ///
    /// # Errors
    /// `NotFound` when there is none, whether another tenant has it or not.
    pub async fn component(&self, digest: ComponentDigest) -> Result<Component, Error> {
        Ok(Component { digest, meta: self.shared.registry.meta_of(&self.id, digest).await? })
    }

    /// Returns the component of a name: the one that the tenant added last under it, or else the one published last
    /// under it.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn component_named(&self, name: &str) -> Result<Option<Component>, Error> {
        let Some(digest) = self.shared.store.component_named(&self.id, name).await? else {
            return Ok(None);
        };
        match self.component(digest).await {
            // Somebody removed it just now.
            Err(Error::NoComponent(_)) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Lists the components that the tenant may use: its own, then those that are published, each the newest first.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn components(&self) -> Result<Vec<ComponentSummary>, Error> {
        Ok(self.shared.store.list_components(&self.id).await?)
    }

    /// Begins a workflow of this tenant. It exists once it is committed.
    pub fn workflow(&self, id: impl Into<String>) -> PendingWorkflow {
        PendingWorkflow { tenant: self.clone(), definition: WorkflowBuilder::new(id).definition() }
    }

    /// Commits a definition for the tenant. Durable on return; the same definition again gives the same workflow.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (host, tenant, ask) = asks().await?;
    /// use reentry::Definition;
    /// use serde_json::json;
    ///
    /// let definition: Definition = serde_json::from_value(json!({
    ///     "id": "approval",
    ///     "steps": [{"then": {"component": ask.digest(), "step": "ask"}}, {"map": {"to": "input.approved"}}],
    /// }))?;
    /// let workflow = tenant.commit(definition).await?;
    /// assert_eq!(workflow.id(), "approval");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Definition`] with everything that is wrong with it.
    pub async fn commit(&self, definition: impl Into<Definition>) -> Result<Workflow, Error> {
        let workflow = self.shared.registry.commit(&self.id, &definition.into()).await?;
        Ok(Workflow { tenant: self.clone(), workflow })
    }

    /// Returns a run by its id. The handle has seen the run as it is now, or nothing of a run that cannot be read.
    ///
    /// # Errors
    /// `NotFound` when the tenant has no such run.
    pub async fn run(&self, id: RunId) -> Result<Run, Error> {
        let version = match load(&self.shared, &self.id, id).await {
            Ok(run) => run.version,
            Err(Error::Store(StoreError::Damaged { .. })) => 0,
            Err(error) => return Err(error),
        };
        Ok(Run::new(self.clone(), id, version))
    }

    /// Lists runs, newest first. A page may be short, or empty, and have a `next` all the same: see [`Page`].
    ///
    /// # Errors
    /// `Refused` for a filter that nothing can pass and for an invalid cursor; `Unavailable`, `Damaged`.
    pub async fn runs(&self, filter: RunFilter) -> Result<Page<RunSummary>, Error> {
        Ok(self.shared.store.list_runs(&self.id, filter).await?)
    }

    /// Counts the runs of a list, in all and by what they have in common. Up to 10,000 are looked at, so that the
    /// work is bounded: [`Counts::more`] says whether there may be more.
    ///
    /// # Errors
    /// As [`Self::runs`].
    pub async fn count_runs(&self, filter: RunFilter, by: Option<RunGroups>) -> Result<Counts, Error> {
        Ok(self.shared.store.count_runs(&self.id, filter, by).await?)
    }

    /// Lists the runs whose ids begin or end with these hexadecimal digits, newest first, at most `limit`. The cost
    /// grows with the tenant's runs.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn runs_with_digits(&self, digits: &str, limit: usize) -> Result<Vec<RunId>, Error> {
        Ok(self.shared.store.runs_with_digits(&self.id, digits, limit).await?)
    }

    /// Returns the run that was created or answered most recently.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn last_run(&self) -> Result<Option<RunId>, Error> {
        Ok(self.shared.store.last_run(&self.id).await?)
    }

    /// Lists what waits for an answer, oldest first: payload, schema of the answer, labels, age. A page may be short,
    /// or empty, and have a `next` all the same: see [`Page`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/doc.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (host, tenant, ask) = asks().await?;
    /// use reentry::{StartOptions, SuspensionFilter};
    /// use serde_json::json;
    ///
    /// # let workflow = tenant.workflow("approval").then(ask.step("ask")).commit().await?;
    /// workflow.start(StartOptions::input(json!({"amount": 120}))).await?;
    /// let waiting = tenant.inbox(SuspensionFilter::default()).await?.rows;
    /// assert_eq!(waiting[0].title, "ask");
    /// assert_eq!(waiting[0].payload.as_ref().unwrap().text(), r#"{"amount":120}"#);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Refused` for a filter that nothing can pass and for an invalid cursor; `Unavailable`, `Damaged`.
    pub async fn inbox(&self, filter: SuspensionFilter) -> Result<Page<Waiting>, Error> {
        let page = self.shared.store.list_suspensions(&self.id, filter).await?;
        let mut rows = Vec::with_capacity(page.rows.len());
        for record in page.rows {
            rows.push(waiting(&self.shared, &self.id, record).await?);
        }
        Ok(Page { rows, next: page.next })
    }

    /// Counts what waits for an answer, as [`Self::count_runs`] counts runs.
    ///
    /// # Errors
    /// As [`Self::inbox`].
    pub async fn count_inbox(
        &self,
        filter: SuspensionFilter,
        by: Option<SuspensionGroups>,
    ) -> Result<Counts, Error> {
        Ok(self.shared.store.count_suspensions(&self.id, filter, by).await?)
    }

    /// A run that waits to be started, not stored.
    pub(crate) fn pending(
        &self,
        workflow: &reentry_core::workflow::Workflow,
        resource_id: Option<String>,
    ) -> RunState {
        let now = self.shared.clock.now();
        let pinned = (workflow.digest(), workflow.id().to_owned());
        let run = RunState::new(self.shared.chance.run_id(now), self.id.clone(), pinned, now);
        RunState { resource_id, ..run }
    }

    /// Stores a run that waits to be started.
    pub(crate) async fn create_run(
        &self,
        workflow: &reentry_core::workflow::Workflow,
        resource_id: Option<String>,
    ) -> Result<Run, Error> {
        self.shared.registry.check_components(&self.id, workflow.digest()).await?;
        let run = Arc::new(self.pending(workflow, resource_id));
        let id = run.id;
        let commit = Commit::new(Arc::clone(&run), None, Durability::Visible);
        self.shared.fault(FaultPoint::BeforeCommit(Stored::Created));
        self.shared.store.commit(commit).await.map_err(|error| new_run_refused(id, error))?;
        self.shared.fault(FaultPoint::AfterCommit(Stored::Created));
        self.shared.recent.note(&run);
        Ok(Run::new(self.clone(), id, 0))
    }
}
