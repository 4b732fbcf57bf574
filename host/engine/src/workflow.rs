//! The workflows of a tenant, written and committed.

use std::sync::Arc;

use reentry_core::digest::WorkflowDigest;
use reentry_core::json::Json;
use reentry_core::workflow::{Definition, Entry, Workflow as Committed, WorkflowBuilder};

use crate::error::Error;
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
}

impl Tenant {
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
}
