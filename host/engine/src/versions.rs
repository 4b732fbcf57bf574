//! Versions of workflows: which one is current, who uses which, and how a waiting run moves to another.

use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::workflow::Definition;
use reentry_store::{ComponentSummary, ComponentUsage, RemoveError, WorkflowSummary};

use crate::error::Error;
use crate::tenant::Tenant;
use crate::workflow::Workflow;

/// A definition that is the current version of its id now.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Applied {
    /// The version.
    pub workflow: Workflow,
    /// The version that was current before; the same when nothing changed.
    pub previous: Option<WorkflowDigest>,
}

impl Tenant {
    /// Commits a definition and makes it the current version of its id for the tenant: the one that is found by the
    /// id, and that steps call by it. Runs stay with the version that they follow. Durable on return.
    ///
    /// # Errors
    /// [`Error::Definition`] with everything that is wrong with it.
    pub async fn apply_workflow(&self, definition: impl Into<Definition>) -> Result<Applied, Error> {
        let (workflow, previous) = self.shared.registry.apply(&self.id, &definition.into()).await?;
        Ok(Applied { workflow: Workflow { tenant: self.clone(), workflow }, previous })
    }

    /// Returns the current version of a workflow.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn workflow_by_id(&self, id: &str) -> Result<Workflow, Error> {
        let current = self.shared.store.current_workflow(&self.id, id).await?;
        self.workflow_by_digest(current.ok_or_else(|| Error::NoCurrentWorkflow(id.to_owned()))?).await
    }

    /// Returns a version of a workflow that the tenant has committed or applied, current or not.
    ///
    /// # Errors
    /// `NotFound` when there is none, whether another tenant has it or not, and when the tenant may not use its
    /// components.
    pub async fn workflow_by_digest(&self, digest: WorkflowDigest) -> Result<Workflow, Error> {
        Ok(Workflow {
            tenant: self.clone(),
            workflow: self.shared.registry.workflow_of(&self.id, digest).await?,
        })
    }

    /// Lists all versions that the tenant has applied, by id, the latest applied first.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn workflows(&self) -> Result<Vec<WorkflowSummary>, Error> {
        Ok(self.shared.store.list_workflows(&self.id).await?)
    }

    /// Leaves a workflow without a current version; its runs go on. Returns the version that was. Durable on return.
    ///
    /// # Errors
    /// `NotFound` when there was none.
    pub async fn retire_workflow(&self, id: &str) -> Result<WorkflowDigest, Error> {
        let retired = self.shared.store.retire_workflow(&self.id, id).await?;
        retired.ok_or_else(|| Error::NoCurrentWorkflow(id.to_owned()))
    }

    /// Removes a version that is no longer needed. Durable on return.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for the current version of an id, and while a kept run is pinned to it.
    pub async fn remove_workflow(&self, digest: WorkflowDigest) -> Result<(), Error> {
        self.shared.store.remove_workflow(&self.id, &digest).await?;
        self.shared.registry.forget_workflow(digest);
        Ok(())
    }

    /// Returns what of the tenant uses a component.
    ///
    /// # Errors
    /// `NotFound` when the tenant may use no such component.
    pub async fn component_usage(&self, digest: ComponentDigest) -> Result<ComponentUsage, Error> {
        let seen = self.shared.store.component_of(&self.id, &digest).await?;
        seen.ok_or(Error::NoComponent(digest))?;
        Ok(self.shared.store.usage(&self.id, &digest).await?)
    }

    /// Removes a component of the tenant's that it does not need any more; its bytes and their compiled code with it,
    /// unless another tenant has the same, they are published, or a kept run needs them. Durable on return.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` while a current version of a workflow or a kept run of the tenant needs it, and for one
    /// that is published and not the tenant's own.
    pub async fn remove_component(&self, digest: ComponentDigest) -> Result<(), Error> {
        let gone = self.shared.store.remove_component(&self.id, &digest).await?;
        self.shared.registry.forget(gone);
        Ok(())
    }

    /// Components of the tenant's that it does not need: no version of a workflow that it has applied uses them, no
    /// kept run of it is pinned to them, and a later one has their name. Looks through the runs that have not ended,
    /// for each of them.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`.
    pub async fn prunable_components(&self) -> Result<Vec<ComponentSummary>, Error> {
        Ok(self.shared.store.unneeded_components(&self.id).await?)
    }

    /// Removes the components of the tenant's that it does not need; returns them. Durable on return.
    ///
    /// # Errors
    /// `Unavailable`, `Damaged`; some of them may be removed then.
    pub async fn prune_components(&self) -> Result<Vec<ComponentSummary>, Error> {
        let mut removed = Vec::new();
        for component in self.prunable_components().await? {
            match self.remove_component(component.digest).await {
                Ok(()) => removed.push(component),
                // Somebody removed it, or has begun to use it.
                Err(Error::Remove(
                    RemoveError::NoComponent { .. }
                    | RemoveError::Published { .. }
                    | RemoveError::ComponentUsed { .. },
                )) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(removed)
    }
}
