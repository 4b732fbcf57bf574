//! The library, kept in memory.

use async_trait::async_trait;
use reentry_core::digest::{ComponentDigest, WorkflowDigest};
use reentry_core::id::TenantId;
use reentry_core::time::Timestamp;

use crate::memory::MemoryStore;
use crate::{
    ComponentRecord, ComponentSummary, ComponentUsage, Library, RemoveError, StoreError, WorkflowRecord,
    WorkflowSummary,
};

#[async_trait]
impl Library for MemoryStore {
    async fn put_component(
        &self,
        tenant: &TenantId,
        name: &str,
        at: Timestamp,
        component: ComponentRecord,
    ) -> Result<(), StoreError> {
        self.data().put_component(tenant, name, at, component);
        Ok(())
    }

    async fn component(&self, digest: &ComponentDigest) -> Result<Option<ComponentRecord>, StoreError> {
        Ok(self.data().components.iter().find(|kept| kept.digest == *digest).cloned())
    }

    async fn component_of(
        &self,
        tenant: &TenantId,
        digest: &ComponentDigest,
    ) -> Result<Option<ComponentSummary>, StoreError> {
        let listed = self.data().list_components(tenant);
        Ok(listed.into_iter().find(|component| component.digest == *digest))
    }

    async fn component_named(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        Ok(self.data().component_named(tenant, name))
    }

    async fn list_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        Ok(self.data().list_components(tenant))
    }

    async fn has_components(&self) -> Result<bool, StoreError> {
        Ok(!self.data().components.is_empty())
    }

    async fn publish_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
        name: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.data().publish_component(tenant, component, name, at))
    }

    async fn unpublish_component(
        &self,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        self.data().unpublish_component(component)
    }

    async fn usage(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<ComponentUsage, StoreError> {
        Ok(self.data().usage(tenant, component))
    }

    async fn unneeded_components(&self, tenant: &TenantId) -> Result<Vec<ComponentSummary>, StoreError> {
        Ok(self.data().unneeded_components(tenant))
    }

    async fn remove_component(
        &self,
        tenant: &TenantId,
        component: &ComponentDigest,
    ) -> Result<Vec<ComponentDigest>, RemoveError> {
        self.data().remove_component(tenant, component)
    }

    async fn put_workflow(&self, tenant: &TenantId, workflow: WorkflowRecord) -> Result<(), StoreError> {
        self.data().put_workflow(tenant, workflow);
        Ok(())
    }

    async fn workflow(&self, digest: &WorkflowDigest) -> Result<Option<WorkflowRecord>, StoreError> {
        Ok(self.data().workflows.iter().find(|kept| kept.digest == *digest).cloned())
    }

    async fn holds_workflow(&self, tenant: &TenantId, digest: &WorkflowDigest) -> Result<bool, StoreError> {
        Ok(self.data().holds_workflow(tenant, digest))
    }

    async fn missing_component(
        &self,
        tenant: &TenantId,
        workflow: &WorkflowDigest,
    ) -> Result<Option<ComponentDigest>, StoreError> {
        Ok(self.data().missing_component(tenant, workflow))
    }

    async fn apply_workflow(
        &self,
        tenant: &TenantId,
        workflow: WorkflowRecord,
        at: Timestamp,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        Ok(self.data().apply_workflow(tenant, workflow, at))
    }

    async fn current_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        Ok(self.data().current_workflow(tenant, id))
    }

    async fn list_workflows(&self, tenant: &TenantId) -> Result<Vec<WorkflowSummary>, StoreError> {
        Ok(self.data().list_workflows(tenant))
    }

    async fn retire_workflow(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<WorkflowDigest>, StoreError> {
        Ok(self.data().retire_workflow(tenant, id))
    }

    async fn remove_workflow(&self, tenant: &TenantId, workflow: &WorkflowDigest) -> Result<(), RemoveError> {
        self.data().remove_workflow(tenant, workflow)
    }
}
