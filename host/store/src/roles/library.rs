//! The library: components, workflow definitions, and the names that tenants have for them.

use async_trait::async_trait;
use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::time::Timestamp;

use crate::{
    ComponentRecord, ComponentSummary, ComponentUsage, RemoveError, StoreError, WorkflowRecord,
    WorkflowSummary,
};

/// The library: components, workflow definitions, and the names that tenants have for them.
#[async_trait]
pub trait Library: Send + Sync + 'static {
    /// Keeps a component, and has a tenant hold it under a name from an instant on; durable on return. Of a component
    /// that is kept already the first record stays; of one that the tenant holds already, its name and the instant.
    async fn put_component(
        &self,
        tenant: &TenantId,
        name: &str,
        at: Timestamp,
        component: ComponentRecord,
    ) -> Result<(), StoreError>;

    /// Reads a component, whoever holds it: for runs that are pinned to it. What a tenant names goes through
    /// [`component_of`](Self::component_of).
    async fn component(&self, digest: &ComponentDigest) -> Result<Option<ComponentRecord>, StoreError>;

    /// A component that a tenant may use: one that it holds, or one that is published.
    async fn component_of(
        &self,
        tenant: &TenantId,
        digest: &ComponentDigest,
    ) -> Result<Option<ComponentSummary>, StoreError>;

    /// The component that a tenant means by a name: of those that it holds under that name the latest; without one,
    /// of those that are published under it the latest.
    async fn component_named(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<ComponentDigest>, StoreError>;

    /// Lists the components that a tenant may use: first those that it holds, the latest first, then those that are
    /// published and that it does not hold, the latest first.
    async fn list_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError>;

    /// Whether any component is kept.
    async fn has_components(&self) -> Result<bool, StoreError>;

    /// Publishes a component that a tenant holds to all tenants under a name, or anew under another one; durable on
    /// return. Returns whether the tenant holds it; otherwise nothing changes.
    async fn publish_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
        name: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends that a component is published; durable on return. Returns the components that are not kept any more, as
    /// [`remove_component`](Self::remove_component) does.
    ///
    /// # Errors
    /// [`RemoveError::NotPublished`]; [`RemoveError::PublishedUsed`] while a tenant that does not hold it itself has
    /// a current version or a kept run that needs it. Nothing changes then.
    async fn unpublish_component(
        &self,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError>;

    /// What of a tenant's uses a component. Grows with the runs that have not ended, and those of the workflows that
    /// use it.
    async fn usage(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<ComponentUsage, StoreError>;

    /// Components that a tenant holds and does not need, the latest first: no definition that it has applied uses
    /// them, current or not, no kept run of it is pinned to them, and it holds a later one of their name. Grows with
    /// the runs that have not ended, for each of them.
    async fn unneeded_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError>;

    /// Ends a tenant's hold on a component; durable on return. Components that no tenant holds, that are not
    /// published and to which no kept run of any tenant is pinned are not kept any more; they are returned.
    /// Definitions that use them stay: without them nobody can run these.
    ///
    /// # Errors
    /// [`RemoveError::NoComponent`] when the tenant may not use it; [`RemoveError::Published`] when it does not hold
    /// it itself; [`RemoveError::ComponentUsed`] while a definition that uses it is the current version of its id for
    /// the tenant, or some kept run of the tenant, ended or not, is pinned to it. Nothing is removed then.
    async fn remove_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError>;

    /// Keeps a workflow definition, and has a tenant hold it; durable on return. Doing so again changes nothing.
    async fn put_workflow(&self, tenant: &TenantId, workflow: WorkflowRecord) -> Result<(), StoreError>;

    /// Reads a workflow definition, whoever holds it: for runs that are pinned to it. What a tenant names is looked
    /// for with [`holds_workflow`](Self::holds_workflow) first.
    async fn workflow(&self, digest: &WorkflowDigest) -> Result<Option<WorkflowRecord>, StoreError>;

    /// Whether a tenant holds a workflow definition: it was kept or applied for it, and not removed.
    async fn holds_workflow(&self, tenant: &TenantId, digest: &WorkflowDigest) -> Result<bool, StoreError>;

    /// The first component, by digest, that a definition uses and a tenant may not use; none for a definition that is
    /// not kept.
    async fn missing_component(
        &self,
        tenant: &TenantId,
        workflow: &WorkflowDigest,
    ) -> Result<Option<ComponentDigest>, StoreError>;

    /// Keeps a workflow definition, has a tenant hold it, and makes it the current version of its id for the tenant;
    /// durable on return. Returns the version that was current before, which may be the same.
    async fn apply_workflow(
        &self,
        tenant: &TenantId,
        workflow: WorkflowRecord,
        at: Timestamp,
    ) -> Result<Option<WorkflowDigest>, StoreError>;

    /// The current version of a workflow for a tenant.
    async fn current_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError>;

    /// Lists all versions that a tenant has applied, by id, the latest applied first. Grows with the tenant's runs
    /// that have not ended.
    async fn list_workflows(&self, tenant: &TenantId) -> Result<Vec<WorkflowSummary>, StoreError>;

    /// Leaves a tenant without a current version of a workflow; durable on return. Returns the one that was. Its runs
    /// go on.
    async fn retire_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError>;

    /// Removes a version from those that a tenant has applied, ends its hold on the definition, and removes that
    /// itself unless another tenant holds it or a kept run is pinned to it; durable on return.
    ///
    /// # Errors
    /// [`RemoveError::NoWorkflow`] when the tenant does not hold it; [`RemoveError::WorkflowCurrent`];
    /// [`RemoveError::WorkflowUsed`] while a kept run of the tenant, ended or not, is pinned to it. Nothing is
    /// removed then.
    async fn remove_workflow(&self, tenant: &TenantId, workflow: &WorkflowDigest) -> Result<(), RemoveError>;
}
