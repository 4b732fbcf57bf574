//! Workflows of a tenant: written, committed, and made runs of.

use std::sync::Arc;

use reentry_core::digest::WorkflowDigest;
use reentry_core::json::Json;
use reentry_core::workflow::{Definition, Entry, Workflow as Committed};

use crate::error::Error;
use crate::new_run::{NewRun, Started};
use crate::options::StartOptions;
use crate::run::Run;
use crate::tenant::Tenant;

/// A workflow that is being written.
#[derive(Clone, Debug)]
#[must_use = "a workflow does nothing before it is committed"]
pub struct PendingWorkflow {
    pub(crate) tenant: Tenant,
    pub(crate) definition: Definition,
}

reentry_core::verbs!(PendingWorkflow);
reentry_core::workflow_settings!(PendingWorkflow);

impl PendingWorkflow {
    fn with(mut self, set: impl FnOnce(&mut Definition)) -> Self {
        set(&mut self.definition);
        self
    }

    /// Adds an entry of any verb.
    pub fn entry(self, entry: impl Into<Entry>) -> Self {
        let entry = entry.into();
        self.with(|definition| definition.steps.push(entry))
    }

    /// Checks the whole definition, pins it with its components, and keeps it. Durable on return.
    ///
    /// # Errors
    /// [`Error::Definition`] with everything that is wrong with it.
    pub async fn commit(self) -> Result<Workflow, Error> {
        self.tenant.commit(self.definition).await
    }
}

/// A committed workflow. It never changes; a changed definition is another workflow with another digest.
#[derive(Clone)]
pub struct Workflow {
    pub(crate) tenant: Tenant,
    pub(crate) workflow: Arc<Committed>,
}

impl std::fmt::Debug for Workflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Workflow({} {})", self.id(), self.digest())
    }
}

impl Workflow {
    /// Its id, which all versions share.
    pub fn id(&self) -> &str {
        self.workflow.id()
    }

    /// Its digest, which is that of this very definition with these very components.
    pub fn digest(&self) -> WorkflowDigest {
        self.workflow.digest()
    }

    /// Returns the definition in canonical form.
    pub fn definition(&self) -> &Json {
        self.workflow.definition()
    }

    /// Makes a run and starts it in one change: nothing is left of one whose start is refused. Otherwise as
    /// [`Run::start`].
    ///
    /// # Errors
    /// As [`Run::start`].
    pub async fn start(&self, options: StartOptions) -> Result<Started, Error> {
        self.new_run(None).start(options).await
    }

    /// Makes a run with an id. Nothing of it is stored before it is started.
    pub fn new_run(&self, resource_id: Option<String>) -> NewRun {
        NewRun::of(self.clone(), resource_id)
    }

    /// Creates a run, with status `pending`. On return it survives the end of this process, not the loss of power.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot be used.
    pub async fn create_run(&self) -> Result<Run, Error> {
        self.tenant.create_run(&self.workflow, None).await
    }

    /// Creates a run with a resource: what it is about. Runs can be listed by it, and steps can read it.
    ///
    /// # Errors
    /// As [`Self::create_run`].
    pub async fn create_run_about(&self, resource_id: impl Into<String>) -> Result<Run, Error> {
        self.tenant.create_run(&self.workflow, Some(resource_id.into())).await
    }
}
