//! Components and workflows: nothing goes wrong with them.

use async_trait::async_trait;
use reentry::core::digest::{ComponentDigest, WorkflowDigest};
use reentry::core::id::TenantId;
use reentry::core::time::Timestamp;
use reentry::store::*;

use super::HeldStore;
use crate::disk::{Written, now};

#[async_trait]
impl Library for HeldStore {
    async fn put_component(
        &self,
        tenant: &TenantId,
        name: &str,
        at: Timestamp,
        component: ComponentRecord,
    ) -> Result<(), StoreError> {
        now(self.inner().put_component(tenant, name, at, component))
    }

    async fn component(&self, digest: &ComponentDigest) -> Result<Option<ComponentRecord>, StoreError> {
        now(self.inner().component(digest))
    }

    async fn component_of(
        &self,
        tenant: &TenantId,
        digest: &ComponentDigest,
    ) -> Result<Option<ComponentSummary>, StoreError> {
        now(self.inner().component_of(tenant, digest))
    }

    async fn component_named(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        now(self.inner().component_named(tenant, name))
    }

    async fn list_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        now(self.inner().list_components(tenant))
    }

    async fn has_components(&self) -> Result<bool, StoreError> {
        now(self.inner().has_components())
    }

    async fn publish_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
        name: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        now(self.inner().publish_component(tenant, component, name, at))
    }

    async fn unpublish_component(
        &self,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        now(self.inner().unpublish_component(component))
    }

    async fn usage(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<ComponentUsage, StoreError> {
        now(self.inner().usage(tenant, component))
    }

    async fn unneeded_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        now(self.inner().unneeded_components(tenant))
    }

    async fn remove_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        now(self.inner().remove_component(tenant, component))
    }

    async fn put_workflow(&self, tenant: &TenantId, workflow: WorkflowRecord) -> Result<(), StoreError> {
        now(self.inner().put_workflow(tenant, workflow.clone()))?;
        self.disk.wrote(Written::Workflow(workflow), Durability::Durable);
        Ok(())
    }

    async fn workflow(&self, digest: &WorkflowDigest) -> Result<Option<WorkflowRecord>, StoreError> {
        now(self.inner().workflow(digest))
    }

    async fn holds_workflow(&self, tenant: &TenantId, digest: &WorkflowDigest) -> Result<bool, StoreError> {
        now(self.inner().holds_workflow(tenant, digest))
    }

    async fn missing_component(
        &self,
        tenant: &TenantId,
        workflow: &WorkflowDigest,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        now(self.inner().missing_component(tenant, workflow))
    }

    async fn apply_workflow(
        &self,
        tenant: &TenantId,
        workflow: WorkflowRecord,
        at: Timestamp,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        now(self.inner().apply_workflow(tenant, workflow, at))
    }

    async fn current_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        now(self.inner().current_workflow(tenant, id))
    }

    async fn list_workflows(&self, tenant: &TenantId) -> Result<Vec<WorkflowSummary>, StoreError> {
        now(self.inner().list_workflows(tenant))
    }

    async fn retire_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        now(self.inner().retire_workflow(tenant, id))
    }

    async fn remove_workflow(&self, tenant: &TenantId, workflow: &WorkflowDigest) -> Result<(), RemoveError> {
        now(self.inner().remove_workflow(tenant, workflow))
    }
}
